//! One of our tables as a model: XML of DMN 1.5 with a diagram, so that modellers show it.

use std::fmt::Write;

use super::{OWN, POLICIES, feel, known_names, own};
use crate::law::{HEAD_KEYS, HitPolicy, WrittenTable};
use crate::types::{Scope, Type};

/// What opens every model.
const NAMESPACES: &str = "xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" \
     xmlns:dmndi=\"https://www.omg.org/spec/DMN/20230324/DMNDI/\" \
     xmlns:dc=\"http://www.omg.org/spec/DMN/20180521/DC/\" \
     xmlns:di=\"http://www.omg.org/spec/DMN/20180521/DI/\"";

/// A text in FEEL, and ours where coming back would not give it.
struct Said {
    feel: String,
    own: Option<String>,
    /// The type, of an input that is a name.
    ty: Option<String>,
}

/// The table of the file `rules/{stem}.feel` as a model; `scope` is what the rule may name.
///
/// # Errors
/// What DMN cannot say, each with its cell, in Japanese.
pub fn write(table: &WrittenTable, stem: &str, scope: &Scope) -> Result<String, Vec<String>> {
    let mut model = Model { scope, names: Vec::new(), types: Vec::new(), errors: Vec::new() };
    let inputs = table.columns.len().saturating_sub(1);
    let columns: Vec<Said> = table.columns[..inputs]
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let said = model.said(text, false, || format!("見出しの{}列目", at + 1));
            let ty = scope.get(text).map(|ty| model.type_name(ty));
            Said { ty: ty.filter(|ty| ty != "Any"), ..said }
        })
        .collect();
    let mut rows = Vec::new();
    for (at, row) in table.rows.iter().enumerate() {
        let cells = row.cells.iter().enumerate().map(|(column, text)| {
            let place = || format!("{}行目の{}列目", at + 1, column + 1);
            model.said(text, column < inputs, place)
        });
        rows.push(cells.collect::<Vec<Said>>());
    }
    let name = stem.split('.').next().unwrap_or(stem);
    let answer = model.type_name(scope.get(name).unwrap_or(&Type::Null));
    let needs: Vec<(String, String)> = std::mem::take(&mut model.names)
        .into_iter()
        .filter_map(|name| Some((model.needed(&name, scope.get(&name)?), name)))
        .map(|(ty, name)| (name, ty))
        .collect();
    if !model.errors.is_empty() {
        return Err(model.errors);
    }
    let policy = table.head("判定表").and_then(HitPolicy::find).unwrap_or(HitPolicy::Unique);
    let mut out = opening(stem, &model.types);
    for (at, (name, ty)) in needs.iter().enumerate() {
        input_data(&mut out, at + 1, name, ty);
    }
    decision_head(&mut out, (name, stem, &answer), table, needs.len());
    decision_table(&mut out, table, policy, (name, &answer), (&columns, &rows));
    out += "  </decision>\n";
    diagram(&mut out, needs.len());
    Ok(out + "</definitions>\n")
}

struct Model<'s> {
    scope: &'s Scope,
    names: Vec<String>,
    types: Vec<String>,
    errors: Vec<String>,
}

impl Model<'_> {
    /// A cell in FEEL; what cannot be said is noted with its place.
    fn said(&mut self, text: &str, tests: bool, place: impl Fn() -> String) -> Said {
        let found = match tests {
            true => feel::tests(text, self.scope),
            false => feel::expression(text, self.scope),
        };
        let (feel, names) = match found {
            Ok(found) => found,
            Err(why) => {
                self.errors.push(format!("{}「{text}」: {why}", place()));
                return Said { feel: String::new(), own: None, ty: None };
            }
        };
        let known = known_names(self.scope, []);
        let back = match tests {
            true => own::tests(&feel, &known, self.scope),
            false => own::expression(&feel, &known, self.scope),
        };
        let more = names.into_iter().filter(|name| !self.names.contains(name));
        let more: Vec<String> = more.collect();
        self.names.extend(more);
        let own = (back.as_deref() != Ok(text)).then(|| text.to_owned());
        Said { feel, own, ty: None }
    }

    fn needed(&mut self, name: &str, ty: &Type) -> String {
        let found = self.type_name(ty);
        if found == "Any" {
            self.errors.push(format!("「{name}」の型が、この規則の施行の期間に決まりません。"));
        }
        found
    }

    /// The name of a type; lists and records are defined in the model.
    fn type_name(&mut self, ty: &Type) -> String {
        let (many, fields) = match ty {
            Type::Number { .. } => return "number".to_owned(),
            Type::Text => return "string".to_owned(),
            Type::Boolean => return "boolean".to_owned(),
            Type::Date => return "date".to_owned(),
            Type::Null | Type::Duration | Type::Scalar(_) => return "Any".to_owned(),
            Type::List(element) => (self.type_name(element), None),
            Type::Record(fields) => (String::new(), Some(fields)),
        };
        let mut inner = String::new();
        for (name, ty) in fields.iter().flat_map(|fields| fields.fields()) {
            let ty = self.type_name(ty);
            let _ = write!(
                inner,
                "<itemComponent name=\"{}\"><typeRef>{ty}</typeRef></itemComponent>",
                escaped(name)
            );
        }
        let name = format!("t{}", self.types.len() + 1);
        self.types.push(match fields {
            Some(_) => format!("<itemDefinition name=\"{name}\">{inner}</itemDefinition>"),
            None => format!(
                "<itemDefinition name=\"{name}\" isCollection=\"true\"><typeRef>{many}</typeRef>\
                 </itemDefinition>"
            ),
        });
        name
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' => out += "&#10;",
            '\t' => out += "&#9;",
            c => out.push(c),
        }
    }
    out
}

fn opening(stem: &str, types: &[String]) -> String {
    let stem = escaped(stem);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions {NAMESPACES} \
         xmlns:kumoi=\"{OWN}\" id=\"definitions\" name=\"{stem}\" namespace=\"{OWN}:{stem}\">\n"
    );
    for own in types {
        let _ = writeln!(out, "  {own}");
    }
    out
}

fn input_data(out: &mut String, at: usize, name: &str, ty: &str) {
    let name = escaped(name);
    let _ = writeln!(
        out,
        "  <inputData id=\"data{at}\" name=\"{name}\">\n    <variable id=\"data{at}v\" \
         name=\"{name}\" typeRef=\"{ty}\"/>\n  </inputData>"
    );
}

fn decision_head(
    out: &mut String,
    (name, stem, ty): (&str, &str, &str),
    table: &WrittenTable,
    needs: usize,
) {
    let name = escaped(name);
    let _ = writeln!(out, "  <decision id=\"decision\" name=\"{name}\">\n    <extensionElements>");
    let _ = writeln!(out, "      <kumoi:rule file=\"{}\">", escaped(stem));
    for line in &table.head {
        let key = HEAD_KEYS.iter().find_map(|key| {
            let value = line.strip_prefix(key)?.strip_prefix(": ")?;
            (value.trim() == value).then_some((key, value))
        });
        let _ = match key {
            Some((key, value)) => {
                writeln!(out, "        <kumoi:head key=\"{key}\">{}</kumoi:head>", escaped(value))
            }
            None => writeln!(out, "        <kumoi:head>{}</kumoi:head>", escaped(line)),
        };
    }
    for line in &table.end {
        let _ = writeln!(out, "        <kumoi:end>{}</kumoi:end>", escaped(line));
    }
    let _ = writeln!(
        out,
        "      </kumoi:rule>\n    </extensionElements>\n    <variable id=\"decisionv\" \
         name=\"{name}\" typeRef=\"{ty}\"/>"
    );
    for at in 1..=needs {
        let _ = writeln!(
            out,
            "    <informationRequirement id=\"need{at}\">\n      <requiredInput \
             href=\"#data{at}\"/>\n    </informationRequirement>"
        );
    }
}

fn decision_table(
    out: &mut String,
    table: &WrittenTable,
    policy: HitPolicy,
    (name, ty): (&str, &str),
    (columns, rows): (&[Said], &[Vec<Said>]),
) {
    let own = POLICIES.iter().find(|(own, ..)| *own == policy);
    let (_, hit, aggregation) = own.unwrap_or(&POLICIES[0]);
    let sum = aggregation.map(|sum| format!(" aggregation=\"{sum}\"")).unwrap_or_default();
    let _ = writeln!(out, "    <decisionTable id=\"table\" hitPolicy=\"{hit}\"{sum}>");
    for (at, said) in columns.iter().enumerate() {
        let at = at + 1;
        let _ = writeln!(out, "      <input id=\"input{at}\">");
        text(out, 8, ("inputExpression", &format!("input{at}e")), said);
        *out += "      </input>\n";
    }
    let arrow = table.columns.last().map_or("→", String::as_str);
    let _ = writeln!(
        out,
        "      <output id=\"output1\" label=\"{}\" name=\"{}\" typeRef=\"{ty}\"/>\n      \
         <annotation name=\"注\"/>",
        escaped(arrow),
        escaped(name)
    );
    for (at, (row, written)) in rows.iter().zip(&table.rows).enumerate() {
        let at = at + 1;
        let _ = writeln!(out, "      <rule id=\"rule{at}\">");
        for (column, said) in row.iter().enumerate() {
            let kind = if column < columns.len() { "inputEntry" } else { "outputEntry" };
            text(out, 8, (kind, &format!("rule{at}c{}", column + 1)), said);
        }
        let _ = writeln!(
            out,
            "        <annotationEntry><text>{}</text></annotationEntry>\n      </rule>",
            escaped(&written.notes.join("\n"))
        );
    }
    *out += "    </decisionTable>\n";
}

/// An element with a text, and ours beside it where FEEL cannot give it back.
fn text(out: &mut String, indent: usize, (kind, id): (&str, &str), said: &Said) {
    let own = said.own.as_ref().map(|own| format!(" kumoi:text=\"{}\"", escaped(own)));
    let ty = said.ty.as_ref().map(|ty| format!(" typeRef=\"{ty}\""));
    let (own, ty) = (own.unwrap_or_default(), ty.unwrap_or_default());
    let feel = escaped(&said.feel);
    let _ =
        writeln!(out, "{:indent$}<{kind} id=\"{id}\"{ty}{own}><text>{feel}</text></{kind}>", "",);
}

/// Where everything stands in a diagram: the inputs in a line, the decision above them.
fn diagram(out: &mut String, inputs: usize) {
    let shape = |id: &str, x: usize, y: usize| {
        format!(
            "      <dmndi:DMNShape id=\"{id}s\" dmnElementRef=\"{id}\"><dc:Bounds x=\"{x}\" \
             y=\"{y}\" width=\"180\" height=\"60\"/></dmndi:DMNShape>\n"
        )
    };
    *out += "  <dmndi:DMNDI>\n    <dmndi:DMNDiagram id=\"diagram\">\n";
    *out += &shape("decision", 40, 40);
    for at in 1..=inputs {
        let x = 40 + (at - 1) * 220;
        *out += &shape(&format!("data{at}"), x, 200);
        let _ = writeln!(
            out,
            "      <dmndi:DMNEdge id=\"need{at}e\" dmnElementRef=\"need{at}\"><di:waypoint \
             x=\"{}\" y=\"200\"/><di:waypoint x=\"130\" y=\"100\"/></dmndi:DMNEdge>",
            x + 90
        );
    }
    *out += "    </dmndi:DMNDiagram>\n  </dmndi:DMNDI>\n";
}
