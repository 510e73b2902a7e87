//! `intakes/*.yaml`: a procedure for every line of a file.

use std::collections::BTreeSet;

use base::diagnostic::Diagnostic;

use super::register::check_id;
use super::run::opening_procedure;
use super::{Package, with_file};
use crate::keys::{INTAKE, INTAKE_KEY, INTAKE_LIST, INTAKE_MATCH};
use crate::model::{Field, FieldGroup, Intake, IntakeList, IntakeMatch, Procedure, System};
use crate::reader::{Fields, Reader};
use crate::yaml::{Node, Place};

/// Reads every intake, in order.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let mut intakes = Vec::new();
    for (stem, path, text) in package.folder("intakes", ".yaml") {
        let one = |reader: &mut Reader<'_>, node: &Node| read(reader, node, (stem, system));
        intakes.extend(with_file(path, text, out, one).flatten());
    }
    intakes.sort_by(|a: &Intake, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    system.intakes = intakes;
}

fn read(reader: &mut Reader<'_>, node: &Node, (stem, system): (&str, &System)) -> Option<Intake> {
    let fields = reader.map(node, INTAKE);
    let id = reader.required(&fields, "id");
    check_id(reader, fields.place_of("id"), &id, stem);
    let procedure = opening_procedure(reader, &fields, (system, "取込"))?;
    let mut given = Given { procedure, fields: BTreeSet::new(), headings: BTreeSet::new() };
    let asks = given.asks(reader, &fields);
    let values = given.free(reader, &fields, "values", false);
    if fields.get("columns").is_none() {
        reader.missing(&fields, "columns");
    }
    let columns = given.free(reader, &fields, "columns", true);
    let lists = given.lists(reader, &fields);
    let matching = fields.get("match").and_then(|node| given.matching(reader, node, system));
    given.complete(reader, node);
    Some(Intake {
        id,
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        statute: reader.required(&fields, "statute"),
        order: reader.parsed(&fields, "order", 100),
        guidance: reader.optional(&fields, "guidance"),
        guidance_en: reader.in_english(&fields, "guidance", "guidance_en"),
        procedure: procedure.id.clone(),
        asks,
        values,
        columns,
        lists,
        matching,
    })
}

/// Where each field of the procedure comes from.
struct Given<'s> {
    procedure: &'s Procedure,
    fields: BTreeSet<String>,
    headings: BTreeSet<String>,
}

impl<'s> Given<'s> {
    fn field(&self, name: &str) -> Option<&'s Field> {
        let single = self.procedure.form.iter().filter(|group| group.repeat.is_none());
        single.flat_map(|group| &group.fields).find(|field| field.name == name)
    }

    /// A field that is filled here for the first time.
    fn fill(&mut self, reader: &mut Reader<'_>, place: Place, name: &str) {
        if self.field(name).is_none() {
            let known = self.procedure.form.iter().filter(|group| group.repeat.is_none());
            let known = known.flat_map(|group| &group.fields).map(|field| field.name.as_str());
            let message = format!("欄「{name}」が手続「{}」にありません", self.procedure.name);
            reader.unknown(place, message, name, known);
        } else if !self.fields.insert(name.to_owned()) {
            let message = format!("欄「{name}」が二度決められています");
            let help = "asks、values、columns、match のどれか一つに書いてください".to_owned();
            reader.error(place, message, Some(help));
        }
    }

    fn heading(&mut self, reader: &mut Reader<'_>, node: &Node, heading: String) {
        if !self.headings.insert(heading.clone()) {
            let message = format!("見出し「{heading}」が二度使われています");
            let help = "見出しごとに違う名前にしてください".to_owned();
            reader.error(node.place, message, Some(help));
        }
    }

    fn asks(&mut self, reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<String> {
        let mut out = Vec::new();
        for node in reader.list(fields.get("asks")) {
            let Some(name) = reader.scalar(node) else { continue };
            self.fill(reader, node.place, &name);
            out.push(name);
        }
        out
    }

    fn free(
        &mut self,
        reader: &mut Reader<'_>,
        fields: &Fields<'_>,
        key: &str,
        is_heading: bool,
    ) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (name, place, node) in reader.free_map(fields.get(key)) {
            let Some(text) = reader.scalar(node) else { continue };
            self.fill(reader, place, &name);
            if is_heading {
                self.heading(reader, node, text.clone());
            }
            out.push((name, text));
        }
        out
    }

    fn lists(&mut self, reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<IntakeList> {
        let mut out = Vec::new();
        for (name, place, node) in reader.free_map(fields.get("lists")) {
            let own = reader.map(node, INTAKE_LIST);
            let repeated = |group: &&FieldGroup| group.repeat.is_some();
            let groups = self.procedure.form.iter().filter(repeated);
            let Some(group) = groups.clone().find(|group| group.name == name) else {
                let message =
                    format!("繰り返す欄「{name}」が手続「{}」にありません", self.procedure.name);
                reader.unknown(place, message, &name, groups.map(|group| group.name.as_str()));
                continue;
            };
            let most = within(reader, &own, group);
            let mut columns = Vec::new();
            if own.get("columns").is_none() {
                reader.missing(&own, "columns");
            }
            for (field, place, node) in reader.free_map(own.get("columns")) {
                let Some(heading) = reader.scalar(node) else { continue };
                if group.fields.iter().all(|known| known.name != field) {
                    let known = group.fields.iter().map(|field| field.name.as_str());
                    let message = format!("欄「{field}」が「{name}」にありません");
                    reader.unknown(place, message, &field, known);
                }
                if !heading.contains("{n}") {
                    let message = format!("見出し「{heading}」に {{n}} がありません");
                    let help = "何人目かの番号が入るところに {n} を書いてください".to_owned();
                    reader.error(node.place, message, Some(help));
                }
                columns.push((field, heading));
            }
            let needed = group.fields.iter().filter(|field| is_needed(field));
            for field in needed.filter(|own| columns.iter().all(|(name, _)| *name != own.name)) {
                let message = format!("必須の欄「{}」の値がどこからも来ません", field.name);
                let help = format!("「{name}」の columns に書いてください");
                reader.error(own.place_of("columns"), message, Some(help));
            }
            let list = IntakeList { group: name, most, columns };
            for number in 1..=list.most {
                let headings: Vec<String> = list.headings(number).map(|(_, own)| own).collect();
                headings.into_iter().for_each(|heading| self.heading(reader, node, heading));
            }
            out.push(list);
        }
        out
    }

    fn matching(
        &mut self,
        reader: &mut Reader<'_>,
        node: &Node,
        system: &System,
    ) -> Option<IntakeMatch> {
        let own = reader.map(node, INTAKE_MATCH);
        let field = reader.required(&own, "field");
        // A file may bring the number itself.
        if !self.fields.contains(&field) {
            self.fill(reader, own.place_of("field"), &field);
        }
        let subjects = reader.required(&own, "subjects");
        let Some(used) = system.uses.iter().find(|used| used.name == subjects) else {
            let known = system.uses.iter().map(|used| used.name.as_str());
            let message = format!("「{subjects}」が uses にありません");
            reader.unknown(own.place_of("subjects"), message, &subjects, known);
            return None;
        };
        let mut keys = |key: &str| {
            let mut out = Vec::new();
            for node in reader.list(own.get(key)) {
                let one = reader.map(node, INTAKE_KEY);
                let mut items = Vec::new();
                for node in reader.list(one.get("items")) {
                    let Some(name) = reader.scalar(node) else { continue };
                    let shared = |item: &&crate::model::Item| self.field(&item.name).is_some();
                    let known = used.items.iter().filter(shared).map(|item| item.name.as_str());
                    if !known.clone().any(|known| known == name) {
                        let message = format!(
                            "「{name}」は「{subjects}」の項目で、手続の欄でもあるものではありません"
                        );
                        reader.unknown(node.place, message, &name, known);
                    }
                    items.push(name);
                }
                if items.is_empty() {
                    reader.missing(&one, "items");
                }
                out.push(items);
            }
            out
        };
        let (by, near) = (keys("by"), keys("near"));
        if by.is_empty() {
            reader.missing(&own, "by");
        }
        Some(IntakeMatch { field, subjects, by, near })
    }

    /// A field that must be filled comes from somewhere.
    fn complete(&self, reader: &mut Reader<'_>, node: &Node) {
        let single = self.procedure.form.iter().filter(|group| group.repeat.is_none());
        let needed = single.flat_map(|group| &group.fields);
        let needed = needed.filter(|field| is_needed(field));
        for field in needed.filter(|field| !self.fields.contains(&field.name)) {
            let message = format!("必須の欄「{}」の値がどこからも来ません", field.name);
            let help = "asks、values、columns のどれかに書いてください".to_owned();
            reader.error(node.place, message, Some(help));
        }
    }
}

/// Whether the procedure cannot do without a value from outside.
fn is_needed(field: &Field) -> bool {
    field.required && field.when.is_none() && field.default.is_none()
}

/// How many entries of a group stand side by side: no more than the procedure takes.
fn within(reader: &mut Reader<'_>, own: &Fields<'_>, group: &FieldGroup) -> u32 {
    if own.get("most").is_none() {
        reader.missing(own, "most");
        return 1;
    }
    let most = reader.parsed(own, "most", 1);
    let limit = group.repeat.map_or(1, |(_, most)| most);
    if (1..=limit).contains(&most) {
        return most;
    }
    let message = format!("「{}」は{limit}件までです（most は {most}）", group.name);
    let help = format!("most を 1 から {limit} までにしてください");
    reader.error(own.place_of("most"), message, Some(help));
    1
}
