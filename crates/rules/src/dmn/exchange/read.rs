//! A decision table of a model as one of ours, wherever the model was made.

use roxmltree::{Document, Node, ParsingOptions};

use super::{OWN, POLICIES, feel, known_names, own};
use crate::dmn::feel::Names;
use crate::dmn::read::logic::{TableText, table};
use crate::dmn::read::{broken_xml, check_depth, children, name_of, text_of};
use crate::law::{HEAD_KEYS, HitPolicy, Places, WrittenRow, WrittenTable};
use crate::types::Scope;

/// Elements, attributes and texts of one model.
const MAX_NODES: u32 = 200_000;

/// A decision with one table, as it stands in a model.
pub struct DmnTable {
    /// The decision's name.
    pub name: String,
    /// The file that the table was written from, without ending.
    pub stem: Option<String>,
    /// What the model says that has no place in our table, in words.
    pub left: Vec<String>,
    head: Vec<String>,
    end: Vec<String>,
    policy: String,
    text: TableText,
    arrow: String,
    notes: Vec<Vec<String>>,
    /// Our own text of a cell, the heads of the columns first.
    own: Vec<Vec<Option<String>>>,
    places: Places,
    names: Vec<String>,
}

impl DmnTable {
    /// Reads the table of a model; where there are several, that of the decision of this name.
    ///
    /// # Errors
    /// Why there is no such table, in Japanese.
    pub fn read(xml: &str, decision: Option<&str>) -> Result<DmnTable, String> {
        let xml = xml.trim_start_matches('\u{feff}');
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(xml, options);
        let document = document.map_err(|error| broken_xml(&error))?;
        check_depth(&document)?;
        let root = document.root_element();
        if root.tag_name().name() != "definitions" {
            return Err(
                "DMN の definitions がありません。DMN のファイルか確かめてください。".into()
            );
        }
        let tables = children(root, "decision").filter_map(|own| Some((own, grid(own)?)));
        let tables: Vec<(Node<'_, '_>, Node<'_, '_>)> = tables.collect();
        let wanted = |own: Node<'_, '_>| decision.is_none_or(|name| name_of(own) == name);
        let mut found = tables.iter().filter(|(own, _)| wanted(*own));
        let (Some((decision, grid)), None) = (found.next(), found.next()) else {
            let names: Vec<String> = tables.iter().map(|(own, _)| name_of(*own)).collect();
            return Err(match names.as_slice() {
                [] => "判定表（decisionTable）を持つ decision がありません。".to_owned(),
                names => format!(
                    "どの判定表か決まりません。--decision で一つを選んでください: {}",
                    names.join("、")
                ),
            });
        };
        let names = root.children().filter(|child| child.attribute("name").is_some());
        let names = names.map(|child| name_of(child)).collect();
        one(*decision, *grid, names)
    }

    /// The table in our language with the places of its cells. `scope` is what the rule may name;
    /// a model without a head of ours takes that of `before`.
    ///
    /// # Errors
    /// What cannot be said in our language, each with its place, in Japanese.
    pub fn table(
        &self,
        scope: &Scope,
        before: Option<&WrittenTable>,
    ) -> Result<(WrittenTable, Places), Vec<String>> {
        // An input that is nothing but words is a name, though nobody declares it.
        let heads = self.text.inputs.iter().map(|column| column.text.trim());
        let heads = heads.filter(|text| text.chars().all(|c| c.is_alphanumeric() || c == ' '));
        let known = known_names(scope, self.names.iter().map(String::as_str).chain(heads));
        let mut errors = Vec::new();
        let mut said = |feel: &str, tests: bool, own: &Option<String>, place: &String| {
            let own = own.as_deref().filter(|own| back(own, tests, scope).as_deref() == Some(feel));
            let found = own.map_or_else(|| ours(feel, tests, &known, scope), |own| Ok(own.into()));
            found.unwrap_or_else(|why| {
                errors.push(format!("{place}: 「{}」: {why}", feel.trim()));
                String::new()
            })
        };
        let heads = self.text.inputs.iter().zip(self.own[0].iter().zip(&self.places.columns));
        let mut columns: Vec<String> =
            heads.map(|(column, (own, place))| said(&column.text, false, own, place)).collect();
        columns.push(self.arrow.clone());
        let mut rows = Vec::new();
        for (at, (tests, answers)) in self.text.rows.iter().enumerate() {
            let places = self.own[at + 1].iter().zip(&self.places.rows[at]);
            let texts = tests.iter().map(|text| (text, true));
            let texts = texts.chain(answers.iter().map(|text| (text, false)));
            let cells = texts.zip(places);
            let cells = cells.map(|((text, tests), (own, place))| said(text, tests, own, place));
            rows.push(WrittenRow { cells: cells.collect(), notes: self.notes[at].clone() });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let taken = before.filter(|_| self.head.is_empty());
        let head = taken.map_or_else(|| self.head.clone(), |before| before.head.clone());
        let mut table = WrittenTable { head, columns, rows, end: self.end.clone() };
        table.set_head("判定表", &self.policy);
        Ok((table, self.places.clone()))
    }

    /// What a line of the model's own head says after `key:`.
    pub fn head(&self, key: &str) -> Option<&str> {
        let lines = self.head.iter();
        lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(':')).next().map(str::trim)
    }
}

fn grid<'a>(decision: Node<'a, 'a>) -> Option<Node<'a, 'a>> {
    children(decision, "decisionTable").next()
}

fn place(node: Node<'_, '_>) -> String {
    let place = node.document().text_pos_at(node.range().start);
    format!("{}行{}文字目", place.row, place.col)
}

/// The decision as it stands, if it gives one value of one table.
fn one(decision: Node<'_, '_>, grid: Node<'_, '_>, names: Vec<String>) -> Result<DmnTable, String> {
    let text = table(grid);
    let policy = policy(&text).map_err(|why| format!("{}: {why}", place(grid)))?;
    if text.outputs.len() != 1 || text.inputs.is_empty() {
        return Err(format!(
            "{}: 入力が{}個、出力が{}個あります。入力は一つ以上、出力は一つにしてください。",
            place(grid),
            text.inputs.len(),
            text.outputs.len()
        ));
    }
    if text.outputs[0].default.is_some() {
        return Err(format!(
            "{}: 既定の答え（defaultOutputEntry）は使えません。その場合の行を書いてください。",
            place(grid)
        ));
    }
    let heads: Vec<Node<'_, '_>> = children(grid, "input").collect();
    let entries = |name: &'static str| heads.iter().map(move |head| children(*head, name).next());
    let expressions: Vec<Option<Node<'_, '_>>> = entries("inputExpression").collect();
    let mut own = vec![expressions.iter().map(|node| own_text((*node)?)).collect()];
    let columns = heads.iter().zip(&expressions).map(|(head, node)| place(node.unwrap_or(*head)));
    let mut places = Places { columns: columns.collect(), rows: Vec::new() };
    let output = children(grid, "output").next();
    places.columns.extend(output.map(place));
    let mut notes = Vec::new();
    for rule in children(grid, "rule") {
        let cells: Vec<Node<'_, '_>> =
            children(rule, "inputEntry").chain(children(rule, "outputEntry")).collect();
        if children(rule, "inputEntry").count() != heads.len() || cells.len() != heads.len() + 1 {
            return Err(format!("{}: 行の欄の数が列の数と違います。", place(rule)));
        }
        own.push(cells.iter().map(|cell| own_text(*cell)).collect());
        places.rows.push(cells.into_iter().map(place).collect());
        notes.push(notes_of(rule));
    }
    let has_values = text.inputs.iter().chain(&text.outputs).any(|column| column.values.is_some());
    let left = has_values.then_some(
        "値の範囲（inputValues・outputValues）は取り込みません。条件は行に書いてください。",
    );
    let label = output.and_then(|output| output.attribute("label"));
    let arrow = label.map(str::trim).filter(|label| label.starts_with('→')).unwrap_or("→");
    let (stem, head, end) = head_of(decision);
    Ok(DmnTable {
        name: name_of(decision),
        stem,
        left: left.into_iter().map(str::to_owned).collect(),
        head,
        end,
        policy,
        arrow: arrow.to_owned(),
        text,
        notes,
        own,
        places,
        names,
    })
}

fn own_text(node: Node<'_, '_>) -> Option<String> {
    node.attribute((OWN, "text")).map(str::to_owned)
}

fn notes_of(rule: Node<'_, '_>) -> Vec<String> {
    let entries = children(rule, "annotationEntry").filter_map(|entry| text_of(entry, "text"));
    let all: Vec<String> = text_of(rule, "description").into_iter().chain(entries).collect();
    all.iter().flat_map(|text| lines(text)).collect()
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// File, head and closing notes, from our extension or else from the decision's description.
fn head_of(decision: Node<'_, '_>) -> (Option<String>, Vec<String>, Vec<String>) {
    let mut extensions = children(decision, "extensionElements");
    let rule = extensions
        .find_map(|all| all.children().find(|child| child.tag_name() == (OWN, "rule").into()));
    let Some(rule) = rule else {
        let described = text_of(decision, "description").map(|text| lines(&text));
        let described = described.unwrap_or_default();
        let is_head = |line: &String| {
            let keyed = |key: &str| line.strip_prefix(key).is_some_and(|it| it.starts_with(':'));
            HEAD_KEYS.iter().any(|key| keyed(key))
        };
        let is_ours = described.iter().any(is_head);
        return (None, if is_ours { described } else { Vec::new() }, Vec::new());
    };
    let text = |node: Node<'_, '_>| {
        let text: String = node.children().filter_map(|child| child.text()).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let head = children(rule, "head").map(|line| match line.attribute("key") {
        Some(key) => format!("{key}: {}", text(line)),
        None => text(line),
    });
    let end = children(rule, "end").map(text).collect();
    (rule.attribute("file").map(str::to_owned), head.collect(), end)
}

/// The word of our policy.
fn policy(text: &TableText) -> Result<String, String> {
    let aggregation = text.aggregation.as_deref().filter(|_| text.policy == "COLLECT");
    let known =
        POLICIES.iter().find(|(_, policy, sum)| *policy == text.policy && *sum == aggregation);
    let word = |policy: HitPolicy| {
        HitPolicy::WORDS.iter().find(|(_, own)| *own == policy).map(|(word, _)| *word)
    };
    known.and_then(|(policy, ..)| word(*policy)).map(str::to_owned).ok_or_else(|| {
        format!(
            "ヒットポリシー「{}{}」は使えません。U・A・F・C+・C#・C<・C> のどれかにしてください。",
            text.policy,
            aggregation.map(|sum| format!(" {sum}")).unwrap_or_default()
        )
    })
}

/// What our own text of a cell is in FEEL.
fn back(own: &str, tests: bool, scope: &Scope) -> Option<String> {
    let found = if tests { feel::tests(own, scope) } else { feel::expression(own, scope) };
    found.ok().map(|(feel, _)| feel)
}

fn ours(feel: &str, tests: bool, names: &Names, scope: &Scope) -> Result<String, String> {
    match (tests, feel.trim()) {
        (true, _) => own::tests(feel, names, scope),
        (false, "") => Ok("null".to_owned()),
        (false, _) => own::expression(feel, names, scope),
    }
}
