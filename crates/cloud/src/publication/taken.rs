//! 業務の識別名と名称: one identifier is one business, and what the state has standardised is not
//! offered as a business of a body's own under a like name.

use std::collections::BTreeMap;

use definition::System;
use definition::standard::Standard;

use super::RULE;
use crate::gate::{Area, Finding, SURROUNDING, asking};
use crate::part::is_part;

/// 標準化対象事務: their official names, one a line, each with the short names that it is called by.
const STANDARDISED: &str = include_str!("../../../../standards/businesses.txt");

/// What is added to a name without making it another business's.
const TELLS_NOTHING: &str = "標準準拠 自治体 市区町村 市町村 システム サービス クラウド パッケージ オンライン \
                             業務 事務 支援 対応 共通 統合 総合 管理 台帳 給付 賦課 徴収 資格 証明 発行 次期 \
                             新 版 号 の 用 型 等 関係 関連 その他";

/// 業務ID by the identifiers of systems.
pub type Taken = BTreeMap<String, String>;

/// The identifiers of systems with the businesses they are of.
pub fn taken<'s>(systems: impl IntoIterator<Item = &'s System>) -> Taken {
    systems.into_iter().map(|system| (system.id.clone(), system.code.clone())).collect()
}

/// Whether a package stands under an identifier and a name that are its business's own. A part may
/// be named after what it is used for.
pub fn identity(system: &System, standards: &[Standard], taken: &Taken) -> Vec<Finding> {
    let name = (!is_part(system)).then(|| name(system, standards));
    [identifier(system, taken)].into_iter().chain(name).collect()
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

/// What merely holds the name of a standardised
/// business may be another: that is for people to settle.
fn name(system: &System, standards: &[Standard]) -> Finding {
    let asked = "標準の対象の業務の名称を、ほかの業務が名乗らない";
    let finding = asking(Area::Business, asked, RULE.to_owned(), place(system, "name"));
    if system.code != SURROUNDING {
        return finding.pass(system.name.clone());
    }
    let listed = STANDARDISED.lines().flat_map(|line| {
        let official = line.split('、').next().unwrap_or(line);
        line.split('、').map(move |name| (name, official, None))
    });
    let loaded = standards.iter().map(|it| (it.name.as_str(), it.name.as_str(), Some(&*it.id)));
    let all: Vec<(&str, &str, Option<&str>)> = loaded.chain(listed).collect();
    let own = folded(&system.name);
    if let Some((_, official, id)) = all.iter().find(|(known, ..)| is_same(&own, &folded(known))) {
        let which = id.map(|id| format!("（{id}）")).unwrap_or_default();
        let found = format!("「{}」は標準の対象の業務「{official}」{which}に当たる", system.name);
        return finding.fail(found, remedy(official, *id));
    }
    match all.iter().find(|(known, ..)| own.contains(&folded(known))) {
        None => finding.pass(system.name.clone()),
        Some((known, official, _)) => finding.unchecked(format!(
            "「{}」は「{known}」を含む。標準の対象の業務「{official}」と別の業務であることを、契約する団体が確かめる",
            system.name
        )),
    }
}

/// Whether a name is a known one but for words that tell no business.
fn is_same(own: &str, known: &str) -> bool {
    let Some((before, after)) = own.split_once(known) else { return false };
    let mut rest = format!("{before}{after}");
    for word in TELLS_NOTHING.split_whitespace() {
        rest = rest.replace(&folded(word), "");
    }
    // Letters and figures of the West tell nothing either.
    rest.chars().all(|c| c < '\u{3000}')
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
