//! 要望: the environments that an operator wants, and those that are to be closed, as a YAML file.
//! Every name is checked against the tree; nothing is filled in that was not written but the group,
//! which follows from the body.

use std::collections::{BTreeMap, BTreeSet};

use definition::plain_read;
use serde::Deserialize;

use super::blueprint::Scope;
use super::environment::{Environment, Kind, Lane, Origin, Region};
use super::tree::{Body, Tree};
use crate::CloudError;

/// The largest budget of an environment a month, in yen: more than any body spends in a year. What
/// is larger is a slip, and would be too large for the sums of a nation.
pub const LARGEST_BUDGET: u64 = 1_000_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    environments: Vec<One>,
    #[serde(default)]
    close: Vec<Closed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    body: String,
    kind: Kind,
    provider: String,
}

/// What an operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    /// Environments as they are to be.
    pub environments: Vec<Environment>,
    /// Environments that are not to be there any more, by name.
    pub closed: BTreeSet<String>,
}

impl Wished {
    /// A blueprint about these environments alone: what is not named stays as it is.
    pub fn scope(&self) -> Scope {
        let named = self.environments.iter().map(|it| it.lane.to_string());
        Scope::Lanes(named.chain(self.closed.iter().cloned()).collect())
    }
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
pub fn wish_read(file: &str, text: &str, tree: &Tree) -> Result<Wished, CloudError> {
    let wrong = |what: String| CloudError::Plane(format!("{file}: {what}"));
    let value = plain_read(file, text).map_err(|it| CloudError::Plane(it.to_string()))?;
    let wish: Wish = serde_json::from_value(value).map_err(|it| wrong(it.to_string()))?;
    if wish.environments.is_empty() && wish.close.is_empty() {
        return Err(wrong("environments か close に環境を一つ以上書いてください".to_owned()));
    }
    let one = |one: One| {
        let body = body_of(tree, (&one.body, one.kind)).map_err(wrong)?;
        let names = one.systems.keys().chain([&one.provider]);
        if let Some(what) = names_odd(names) {
            return Err(wrong(what));
        }
        if one.regions.is_empty() {
            return Err(wrong(format!("{} の regions に east か west を書いてください", one.body)));
        }
        let odd = systems_odd(&one.systems).or_else(|| budget_odd(one.budget_yen));
        if let Some(what) = odd.or_else(|| origin_odd(&one)) {
            return Err(wrong(format!("{} の{}: {what}", one.body, one.kind.word())));
        }
        Ok(Environment {
            regions: one.regions,
            budget_yen: one.budget_yen,
            systems: one.systems,
            origin: one.origin.unwrap_or(Origin::Compliant),
            ..body.environment(one.kind, &one.provider)
        })
    };
    let environments: Vec<Environment> =
        wish.environments.into_iter().map(one).collect::<Result<_, _>>()?;
    let closed = |it: Closed| {
        body_of(tree, (&it.body, it.kind)).map_err(wrong)?;
        match names_odd([&it.provider].into_iter()) {
            Some(what) => Err(wrong(what)),
            None => {
                let Closed { body, kind, provider } = it;
                Ok(Lane { body, kind, provider }.to_string())
            }
        }
    };
    let closed: BTreeSet<String> = wish.close.into_iter().map(closed).collect::<Result<_, _>>()?;
    let both = environments.iter().find(|it| closed.contains(&it.lane.to_string()));
    let both = both.map(|it| format!("{} が environments と close の両方にあります", it.lane));
    match both.or_else(|| enrolled_twice(&environments)) {
        Some(what) => Err(wrong(what)),
        None => Ok(Wished { environments, closed }),
    }
}

/// The body of an environment that somebody may wish for.
fn body_of<'t>(tree: &'t Tree, (body, kind): (&str, Kind)) -> Result<&'t Body, String> {
    let found = tree.bodies.get(body).ok_or_else(|| {
        format!("団体「{body}」は木にありません。団体コード（6桁）で書いてください")
    })?;
    match kind {
        Kind::Shared => Err("kind は production か verification です".to_owned()),
        _ => Ok(found),
    }
}

fn names_odd<'n>(mut names: impl Iterator<Item = &'n String>) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let odd = |name: &&String| name.is_empty() || !name.chars().all(plain);
    names.find(odd).map(|name| format!("「{name}」は使えません（英小文字、数字、-）"))
}

/// What cannot be a system or its version: both become part of names and texts at providers.
fn systems_odd(systems: &BTreeMap<String, String>) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    systems.iter().find_map(|(system, version)| {
        if system.len() > 38 {
            return Some(format!("システムの名「{system}」は38文字までです"));
        }
        let good = (1..=64).contains(&version.len()) && version.chars().all(plain);
        (!good).then(|| {
            format!("{system} の版「{version}」は使えません（英数字と . - _ +、64文字まで）")
        })
    })
}

fn budget_odd(yen: u64) -> Option<String> {
    (yen > LARGEST_BUDGET).then(|| {
        format!("budget_yen は月 {LARGEST_BUDGET} 円（1兆円）までです。桁を確かめてください")
    })
}

/// What an environment that is only enrolled cannot have.
fn origin_odd(one: &One) -> Option<String> {
    let reference = one.origin.as_ref()?.reference()?;
    if !one.systems.is_empty() || one.budget_yen != 0 {
        let what = "登録だけの環境に systems と budget_yen は書けません（budget_yen は 0）";
        return Some(what.to_owned());
    }
    reference_odd(&one.provider, reference)
}

/// What cannot be a provider's name for an environment.
pub(super) fn reference_odd(provider: &str, reference: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let good = (1..=64).contains(&reference.len()) && reference.chars().all(plain);
    (!good).then(|| format!("「{reference}」は {provider} の環境の名ではありません"))
}

/// One that is there once cannot be two environments of the books.
fn enrolled_twice(all: &[Environment]) -> Option<String> {
    let mut seen = BTreeSet::new();
    all.iter().find_map(|one| {
        let reference = one.origin.reference()?;
        let fresh = seen.insert((one.lane.provider.as_str(), reference));
        (!fresh).then(|| {
            format!(
                "{} の「{reference}」が二度書かれています。一つにしてください",
                one.lane.provider
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let text = format!("environments:\n  - {{{line}}}\n");
        let shown = match wish_read("wish.yaml", &text, &Tree::nation().unwrap()) {
            Ok(all) => {
                let own = all.environments.iter().map(|it| format!("{} {}", it.lane, it.group));
                own.chain(all.closed.iter().map(|it| format!(" close {it}"))).collect()
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn wishes_are_checked() {
        const REST: &str = "provider: aws, regions: [east], budget_yen: 1000";
        const FREE: &str = "provider: aws, regions: [east], budget_yen: 0";
        check(
            &format!("body: '131016', kind: production, {REST}, systems: {{a: '1</Value>'}}"),
            expect![
                "wish.yaml: 131016 の本番: a の版「1</Value>」は使えません（英数字と . - _ +、64文字まで）"
            ],
        );
        check(
            &format!("body: '131016', kind: production, {REST}, origin: {{lifted: '1'}}"),
            expect![
                "wish.yaml: 131016 の本番: 登録だけの環境に systems と budget_yen は書けません（budget_yen は 0）"
            ],
        );
        check(
            &format!("body: '131016', kind: production, {FREE}, origin: {{lifted: ' '}}"),
            expect!["wish.yaml: 131016 の本番: 「 」は aws の環境の名ではありません"],
        );
        check(
            &format!(
                "body: '131016', kind: production, {FREE}, origin: {{lifted: '1'}}}}\n  - {{\
                 body: '011002', kind: production, {FREE}, origin: {{lifted: '1'}}"
            ),
            expect!["wish.yaml: aws の「1」が二度書かれています。一つにしてください"],
        );
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
        const CLOSE: &str = "close: [{body: '131016', kind: verification, provider: aws}]";
        check(
            &format!("body: '131016', kind: production, {REST}}}\n{CLOSE}\n#"),
            expect!["131016.production.aws production/13 close 131016.verification.aws"],
        );
        check(
            &format!("body: '131016', kind: verification, {REST}}}\n{CLOSE}\n#"),
            expect!["wish.yaml: 131016.verification.aws が environments と close の両方にあります"],
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
            &format!("body: union_a, kind: production, {FREE}, origin: {{lifted: '1'}}"),
            expect!["union_a.production.aws production/13"],
        );
    }

    #[test]
    fn a_budget_has_a_bound() {
        check(
            "body: '131016', kind: production, provider: aws, regions: [east],
             budget_yen: 1000000000001",
            expect![
                "wish.yaml: 131016 の本番: budget_yen は月 1000000000000 円（1兆円）までです。桁を確かめてください"
            ],
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
