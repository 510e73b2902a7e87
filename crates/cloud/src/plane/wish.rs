//! 要望: the environments that an operator wants, as a YAML file. Every name is checked against the
//! tree; nothing is filled in that was not written but the group, which follows from the body.

use std::collections::{BTreeMap, BTreeSet};

use definition::plain_read;
use serde::Deserialize;

use super::environment::{Environment, Kind, Origin, Region};
use super::tree::Tree;
use crate::CloudError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    environments: Vec<One>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    body: String,
    kind: Kind,
    provider: String,
    regions: BTreeSet<Region>,
    budget_yen: u64,
    #[serde(default)]
    systems: BTreeMap<String, String>,
    #[serde(default)]
    origin: Option<Origin>,
}

/// Reads a file of wishes.
///
/// # Errors
/// [`CloudError::Plane`] with file, what is wrong and what to do.
pub fn wish_read(file: &str, text: &str, tree: &Tree) -> Result<Vec<Environment>, CloudError> {
    let wrong = |what: String| CloudError::Plane(format!("{file}: {what}"));
    let value = plain_read(file, text).map_err(|it| CloudError::Plane(it.to_string()))?;
    let wish: Wish = serde_json::from_value(value).map_err(|it| wrong(it.to_string()))?;
    let one = |one: One| {
        let body = tree.bodies.get(&one.body).ok_or_else(|| {
            wrong(format!(
                "団体「{}」は木にありません。団体コード（6桁）で書いてください",
                one.body
            ))
        })?;
        if one.kind == Kind::Shared {
            return Err(wrong("kind は production か verification です".to_owned()));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let odd = |name: &String| name.is_empty() || !name.chars().all(plain);
        let odd = one.systems.keys().chain([&one.provider]).find(|name| odd(name)).cloned();
        if let Some(name) = odd {
            return Err(wrong(format!("「{name}」は使えません（英小文字、数字、-）")));
        }
        if one.regions.is_empty() {
            return Err(wrong(format!("{} の regions に east か west を書いてください", one.body)));
        }
        Ok(Environment {
            regions: one.regions,
            budget_yen: one.budget_yen,
            systems: one.systems,
            origin: one.origin.unwrap_or(Origin::Compliant),
            ..body.environment(one.kind, &one.provider)
        })
    };
    wish.environments.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let text = format!("environments:\n  - {{{line}}}\n");
        let shown = match wish_read("wish.yaml", &text, &Tree::nation().unwrap()) {
            Ok(all) => all.iter().map(|it| format!("{} {}", it.lane, it.group)).collect(),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn wishes_are_checked() {
        const REST: &str = "provider: aws, regions: [east], budget_yen: 1000";
        check(
            &format!("body: 131016, kind: production, {REST}"),
            expect!["wish.yaml: invalid type: integer `131016`, expected a string"],
        );
        check(
            &format!("body: '131016', kind: production, {REST}"),
            expect!["131016.production.aws production/13"],
        );
        check(
            &format!("body: '131010', kind: production, {REST}"),
            expect!["wish.yaml: 団体「131010」は木にありません。団体コード（6桁）で書いてください"],
        );
        check(
            &format!("body: '131016', kind: shared, {REST}"),
            expect!["wish.yaml: kind は production か verification です"],
        );
        check(
            "body: '131016', kind: verification, provider: aws, regions: [], budget_yen: 1",
            expect!["wish.yaml: 131016 の regions に east か west を書いてください"],
        );
        check(
            &format!("body: '131016', kind: verification, {REST}, systems: {{'a b': '1'}}"),
            expect!["wish.yaml: 「a b」は使えません（英小文字、数字、-）"],
        );
        check(
            &format!("body: union_a, kind: production, {REST}, origin: {{lifted: '1'}}"),
            expect!["union_a.production.aws production/13"],
        );
    }

    #[test]
    fn the_tree_is_the_nation() {
        let tree = Tree::nation().unwrap();
        let count = |kind| tree.of(kind).count();
        assert_eq!(count(super::super::tree::BodyKind::Municipality), 1741);
        assert_eq!(count(super::super::tree::BodyKind::Prefecture), 47);
        assert!(tree.bodies.values().all(|it| it.sample == it.id.contains('_')));
    }
}
