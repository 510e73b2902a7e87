//! 業務の識別名と名称: one identifier is one business, and what the state has standardised is not
//! offered as a business of a body's own under a like name.

use std::collections::BTreeMap;

use definition::System;
use definition::standard::Standard;

use super::RULE;
use crate::gate::{Area, Finding, SURROUNDING, asking};

/// 標準化対象事務: their official names, one a line.
const STANDARDISED: &str = include_str!("../../../../standards/businesses.txt");

/// 業務ID by the identifiers of systems.
pub type Taken = BTreeMap<String, String>;

/// The identifiers of systems with the businesses they are of.
pub fn taken<'s>(systems: impl IntoIterator<Item = &'s System>) -> Taken {
    systems.into_iter().map(|system| (system.id.clone(), system.code.clone())).collect()
}

/// Whether a package stands under an identifier and a name that are its business's own.
pub fn identity(system: &System, standards: &[Standard], taken: &Taken) -> Vec<Finding> {
    vec![identifier(system, taken), name(system, standards)]
}

fn identifier(system: &System, taken: &Taken) -> Finding {
    let asked = "識別名が、ほかの業務のものでない";
    let finding = asking(Area::Business, asked, RULE.to_owned(), place(system, "id"));
    match taken.get(&system.id).filter(|code| **code != system.code) {
        None => finding.pass(system.id.clone()),
        Some(code) => finding.fail(
            format!(
                "識別名「{}」は業務ID {code} の業務のもので、業務ID {} では使えない",
                system.id, system.code
            ),
            format!("code を「{code}」にしてその業務の条件をそろえるか、id を別の識別名にする"),
        ),
    }
}

fn name(system: &System, standards: &[Standard]) -> Finding {
    let asked = "標準の対象の業務の名称を、ほかの業務が名乗らない";
    let finding = asking(Area::Business, asked, RULE.to_owned(), place(system, "name"));
    let own = folded(&system.name);
    let listed = STANDARDISED.lines().map(|name| (name, None));
    let loaded = standards.iter().map(|one| (one.name.as_str(), Some(one.id.as_str())));
    let mut official = loaded.chain(listed).filter(|(_, id)| *id != Some(system.code.as_str()));
    let like = |official: &str| {
        let official = folded(official);
        own.contains(&official) || official.contains(&own)
    };
    let found = match system.code == SURROUNDING {
        true => official.find(|(name, _)| like(name)),
        false => None,
    };
    match found {
        None => finding.pass(system.name.clone()),
        Some((official, id)) => {
            let which = id.map(|id| format!("（{id}）")).unwrap_or_default();
            let found =
                format!("「{}」は標準の対象の業務「{official}」{which}に当たる", system.name);
            finding.fail(found, remedy(official, id))
        }
    }
}

fn remedy(official: &str, id: Option<&str>) -> String {
    match id {
        Some(id) => format!(
            "code を「{id}」にして標準の項目をそろえる。別の業務なら、「{official}」と紛れない名称にする"
        ),
        None => format!(
            "「{official}」の標準が基盤に載るのを待つ。別の業務なら、それと紛れない名称にする"
        ),
    }
}

/// A name by which nobody tells two apart: widths, kana, variants of kanji, signs and spaces.
fn folded(name: &str) -> String {
    let name = base::kanji::fold(&base::kana::fold(name));
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The line of the head that says `key`.
fn place(system: &System, key: &str) -> String {
    const HEAD: &str = "system.yaml";
    let text = system.files.get(HEAD).map_or("", String::as_str);
    let says = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    match text.lines().position(says) {
        Some(at) => format!("{HEAD}:{}", at + 1),
        None => HEAD.to_owned(),
    }
}
