//! `examples/*.md`: prose with a block of facts and the expected decision.

use base::diagnostic::Diagnostic;
use rules::law::FactKind;
use serde_json::{Map, Value};

use crate::load::Package;
use crate::model::{Example, ExampleOf, Procedure, Selection, System};
use crate::reader::Reader;
use crate::yaml::{self, Kind, Node, Place};

const PROCEDURE: &str = "手続";
const CALCULATION: &str = "算定";
const TODAY: &str = "本日";
const FORM: &str = "届出";
const SUBJECTS: &str = "対象者";
const EVENT: &str = "事象";
const RECORDED: &str = "異動";

/// Reads every example.
pub(crate) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let mut examples = Vec::new();
    for (_, path, text) in package.folder("examples", ".md") {
        examples.extend(read(path, text, system, out));
    }
    system.examples = examples;
}

fn read(path: &str, text: &str, system: &System, out: &mut Vec<Diagnostic>) -> Option<Example> {
    let mut fail = |line: u32, message: &str, help: &str| {
        out.push(Diagnostic::error(path, (line, 1), message).with_help(help));
        None
    };
    let Some((line, facts)) = block(text, "facts") else {
        let help = "「```facts」から「```」までに、手続・本日・届出などの事実を書いてください";
        return fail(1, "事実の囲み（```facts）がありません", help);
    };
    let Some((_, decision)) = block(text, "decision") else {
        let help = "空の「```decision」の囲みを置き、kumoi check --write で書かせてください";
        return fail(1, "決定の囲み（```decision）がありません", help);
    };
    let node = match yaml::parse(path, &facts) {
        Ok(node) => node,
        Err(diagnostic) => {
            out.push(moved(diagnostic, line));
            return None;
        }
    };
    let mut found = Vec::new();
    let of = check(&mut Reader { file: path, diagnostics: &mut found }, &node, system);
    out.extend(found.into_iter().map(|diagnostic| moved(diagnostic, line)));
    let title = text.lines().find_map(|l| l.strip_prefix("# ")).unwrap_or(path).to_owned();
    let facts = json_of(&node);
    Some(Example { file: path.to_owned(), title, of: of?, facts, decision })
}

/// The facts of an example file and the line of their fence.
pub(crate) fn facts_of(path: &str, text: &str) -> Option<(u32, String)> {
    let example = path.starts_with("examples/") && path.ends_with(".md");
    example.then(|| block(text, "facts")).flatten()
}

/// A diagnostic of a block, moved to its line in the file.
fn moved(diagnostic: Diagnostic, fence: u32) -> Diagnostic {
    Diagnostic { line: diagnostic.line + fence, ..diagnostic }
}

/// The text of a fenced block and the line of its fence.
fn block(text: &str, name: &str) -> Option<(u32, String)> {
    let fence = format!("```{name}");
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| line.trim_end() != fence);
    let (at, _) = lines.next()?;
    let body: Vec<&str> =
        lines.map(|(_, l)| l).take_while(|line| !line.starts_with("```")).collect();
    Some((u32::try_from(at + 1).unwrap_or(u32::MAX), body.join("\n")))
}

/// The line of the fence that opens the decision of an example file.
pub fn decision_line(text: &str) -> Option<u32> {
    block(text, "decision").map(|(line, _)| line)
}

/// The text of an example file with another decision; `None` when it has no block for one.
pub fn with_decision(text: &str, decision: &str) -> Option<String> {
    let fence = decision_line(text)? as usize;
    let lines: Vec<&str> = text.lines().collect();
    let end = lines[fence..].iter().position(|line| line.starts_with("```"))? + fence;
    let decision: Vec<&str> = decision.trim_end().lines().collect();
    let mut out = [&lines[..fence], &decision, &lines[end..]].concat().join("\n");
    out.push('\n');
    Some(out)
}

/// Every name in the facts must mean something; answers what it is an example of.
fn check(reader: &mut Reader<'_>, node: &Node, system: &System) -> Option<ExampleOf> {
    let entries = reader.free_map(Some(node));
    if let Some((_, _, node)) = entries.iter().find(|(name, ..)| name == CALCULATION) {
        return check_calculation(reader, node, &entries, system).map(ExampleOf::Calculation);
    }
    let chosen = entries.iter().find(|(name, ..)| name == PROCEDURE);
    let Some((_, _, node)) = chosen else {
        let help = "「手続: …」に procedures/ の、又は「算定: …」に calculations/ のファイル名（id）を書いてください";
        reader.error(node.place, "「手続」も「算定」もありません", Some(help.to_owned()));
        return None;
    };
    let id = reader.scalar(node)?;
    let Some(procedure) = system.procedure(&id) else {
        let known = system.procedures.iter().map(|p| p.id.as_str());
        reader.unknown(node.place, format!("手続「{id}」がありません"), &id, known);
        return None;
    };
    let register = system.register(&procedure.register)?;
    for (name, place, node) in &entries {
        let relation = register.relations.iter().find(|relation| relation.name == *name);
        let used = system.uses.iter().find(|used| used.name == *name);
        // Rows that are there already stand under their relation, or under the register's name.
        let related = relation.and_then(|r| system.register(&r.register));
        let named = || system.registers.iter().find(|register| register.name == *name);
        let row_of = related.or_else(named).map(|register| &register.items);
        match name.as_str() {
            PROCEDURE | TODAY | SUBJECTS | EVENT => {}
            FORM => check_form(reader, node, procedure),
            RECORDED => check_recorded(reader, node, system),
            _ => match row_of.or(used.map(|used| &used.items)) {
                Some(items) => check_rows(reader, node, items.iter().map(|i| i.name.as_str())),
                None => {
                    let own = [PROCEDURE, TODAY, FORM, SUBJECTS, EVENT, RECORDED];
                    let relations = register.relations.iter().map(|r| r.name.as_str());
                    let uses = system.uses.iter().map(|used| used.name.as_str());
                    let registers = system.registers.iter().map(|r| r.name.as_str());
                    let known = own.into_iter().chain(relations).chain(uses).chain(registers);
                    let message = format!("事実「{name}」は使えません");
                    reader.unknown(*place, message, name, known);
                }
            },
        }
    }
    Some(ExampleOf::Procedure(id))
}

/// The facts of a calculation stand as they are; what is left out is not known.
fn check_calculation(
    reader: &mut Reader<'_>,
    chosen: &Node,
    entries: &[(String, Place, &Node)],
    system: &System,
) -> Option<String> {
    let id = reader.scalar(chosen)?;
    let Some(own) = system.calculation(&id) else {
        let known = system.calculations.iter().map(|own| own.id());
        reader.unknown(chosen.place, format!("算定「{id}」がありません"), &id, known);
        return None;
    };
    let facts = &own.law.calculation().facts;
    for (name, place, node) in entries.iter().filter(|(name, ..)| name != CALCULATION) {
        match facts.iter().find(|fact| fact.name == *name).map(|fact| &fact.kind) {
            Some(FactKind::One(_)) => {
                reader.scalar(node);
            }
            Some(FactKind::List { fields, .. }) => {
                check_names(reader, node, fields.iter().map(|field| field.name.as_str()));
            }
            None => {
                let known = facts.iter().map(|fact| fact.name.as_str()).chain([CALCULATION]);
                reader.unknown(*place, format!("事実「{name}」は使えません"), name, known);
            }
        }
    }
    Some(id)
}

fn check_form(reader: &mut Reader<'_>, node: &Node, procedure: &Procedure) {
    let single = procedure.form.iter().filter(|g| g.repeat.is_none() && !g.per_subject);
    let mut known: Vec<&str> =
        single.flat_map(|g| &g.fields).map(|field| field.name.as_str()).collect();
    known.extend(procedure.form.iter().filter(|g| g.repeat.is_some()).map(|g| g.name.as_str()));
    if procedure.selection != Selection::New {
        known.push(SUBJECTS);
    }
    for (name, place, node) in reader.free_map(Some(node)) {
        if !known.contains(&name.as_str()) {
            let message = format!("欄「{name}」は手続「{}」にありません", procedure.name);
            reader.unknown(place, message, &name, known.iter().copied());
        }
        let groups = procedure.form.iter();
        let own = groups.filter(|g| g.name == name || (g.per_subject && name == SUBJECTS));
        let fields: Vec<&str> =
            own.flat_map(|g| &g.fields).map(|field| field.name.as_str()).collect();
        if matches!(node.kind, Kind::List(_)) && !fields.is_empty() {
            check_rows(reader, node, fields.into_iter().chain(["key"]));
        }
    }
}

/// Recorded events: number, and the rows that each changed and opened.
fn check_recorded(reader: &mut Reader<'_>, node: &Node, system: &System) {
    for event in reader.list(Some(node)) {
        for (name, place, node) in reader.free_map(Some(event)) {
            match name.as_str() {
                "番号" => {}
                "前" | "新規" => {
                    for (name, place, node) in reader.free_map(Some(node)) {
                        let register = system.registers.iter().find(|one| one.name == name);
                        let Some(register) = register else {
                            let known = system.registers.iter().map(|one| one.name.as_str());
                            let message = format!("台帳「{name}」がありません");
                            reader.unknown(place, message, &name, known);
                            continue;
                        };
                        check_rows(reader, node, register.items.iter().map(|i| i.name.as_str()));
                    }
                }
                _ => {
                    let message = format!("「{name}」はここにありません");
                    reader.unknown(place, message, &name, ["番号", "前", "新規"]);
                }
            }
        }
    }
}

/// One row or a list of rows whose names are known.
fn check_rows<'k>(reader: &mut Reader<'_>, node: &Node, known: impl IntoIterator<Item = &'k str>) {
    check_names(reader, node, known.into_iter().chain(["閉鎖日", "記載日"]));
}

/// One group of names or a list of them.
fn check_names<'k>(reader: &mut Reader<'_>, node: &Node, known: impl IntoIterator<Item = &'k str>) {
    let known: Vec<&str> = known.into_iter().collect();
    let rows = match &node.kind {
        Kind::List(rows) => rows.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for row in rows {
        if row.scalar().is_some_and(|text| text.is_empty() || text == "null") {
            continue;
        }
        for (name, place, _) in reader.free_map(Some(row)) {
            if !known.contains(&name.as_str()) {
                let message = format!("項目「{name}」はここにありません");
                reader.unknown(place, message, &name, known.iter().copied());
            }
        }
    }
}

/// YAML as JSON: scalars stay texts except plain true, false and null.
fn json_of(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar { text, plain: true } if text == "null" || text.is_empty() => Value::Null,
        Kind::Scalar { text, plain: true } if text == "true" => Value::Bool(true),
        Kind::Scalar { text, plain: true } if text == "false" => Value::Bool(false),
        Kind::Scalar { text, .. } => Value::String(text.clone()),
        Kind::List(items) => Value::Array(items.iter().map(json_of).collect()),
        Kind::Map(entries) => {
            let pair = |(key, value): &(Node, Node)| {
                (key.scalar().unwrap_or_default().to_owned(), json_of(value))
            };
            Value::Object(entries.iter().map(pair).collect::<Map<_, _>>())
        }
    }
}
