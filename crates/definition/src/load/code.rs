//! `codes/*.yaml`: code lists.

use std::collections::{BTreeMap, HashSet};

use base::diagnostic::Diagnostic;

use super::{Package, with_file};
use crate::keys::{CODE_ENTRY, CODES};
use crate::model::{CodeEntry, CodeList};
use crate::reader::Reader;
use crate::yaml::Node;

/// Reads every code list; one file holds one list, named by its `name`.
pub(crate) fn read_all(
    package: &Package,
    codes: &mut BTreeMap<String, CodeList>,
    out: &mut Vec<Diagnostic>,
) {
    for (_, path, text) in package.folder("codes", ".yaml") {
        let list = with_file(path, text, out, |reader, node| read(reader, node, codes));
        codes.extend(list.map(|list| (list.name.clone(), list)));
    }
}

fn read(reader: &mut Reader<'_>, node: &Node, codes: &BTreeMap<String, CodeList>) -> CodeList {
    let fields = reader.map(node, CODES);
    let mut entries: Vec<CodeEntry> = Vec::new();
    let mut names = HashSet::new();
    for (code, place, node) in reader.free_map(fields.get("entries")) {
        let (name, name_en) = match node.scalar() {
            Some(name) => (name.to_owned(), name.to_owned()),
            None => {
                let inner = reader.map(node, CODE_ENTRY);
                (reader.required(&inner, "name"), reader.required(&inner, "name_en"))
            }
        };
        if !names.insert(name.clone()) {
            let help = "一つの名称に一つのコードを付けてください".to_owned();
            reader.error(place, format!("「{name}」に二つのコードがあります"), Some(help));
        }
        entries.push(CodeEntry { code, name, name_en });
    }
    if entries.is_empty() {
        reader.error(
            fields.place,
            "コードが一つもありません",
            Some("entries: に「コード: { name, name_en }」を書いてください".into()),
        );
    }
    let name = reader.required(&fields, "name");
    if codes.contains_key(&name) {
        let help = "名称を変えるか、どちらかのファイルを消してください".to_owned();
        let message = format!("コード一覧「{name}」が別のファイルにもあります");
        reader.error(fields.place_of("name"), message, Some(help));
    }
    CodeList { name, entries }
}
