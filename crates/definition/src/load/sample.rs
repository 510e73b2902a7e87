//! `samples.yaml`: how the people of a sample organisation fill the registers.

use base::diagnostic::Diagnostic;

use super::register::unknown_register;
use super::{Package, with_file};
use crate::keys::{SAMPLE, SAMPLE_EACH};
use crate::model::{Sample, SampleEach, System};
use crate::reader::Reader;
use crate::yaml::Node;

/// Reads the mapping, if there is one.
pub(super) fn read(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let Some(text) = package.files.get("samples.yaml") else { return };
    let samples = with_file("samples.yaml", text, out, |reader, node| {
        let nodes = reader.list(Some(node));
        nodes.iter().map(|node| read_one(reader, node, system)).collect()
    });
    system.samples = samples.unwrap_or_default();
}

fn read_one(reader: &mut Reader<'_>, node: &Node, system: &System) -> Sample {
    let fields = reader.map(node, SAMPLE);
    let id = reader.required(&fields, "register");
    let each = fields.get("each").and_then(|n| reader.choice(n, SAMPLE_EACH));
    let mut items = Vec::new();
    match system.register(&id) {
        None => unknown_register(reader, fields.place_of("register"), &id, system),
        Some(register) => {
            for (name, place, node) in reader.free_map(fields.get("items")) {
                if register.item(&name).is_none() {
                    let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
                    let known = register.items.iter().map(|i| i.name.as_str());
                    reader.unknown(place, message, &name, known);
                }
                items.extend(reader.scalar(node).map(|fact| (name, fact)));
            }
        }
    }
    Sample {
        register: id,
        each: each.unwrap_or(SampleEach::Person),
        items,
        only: reader.optional(&fields, "only"),
    }
}
