//! 既存の環境の一括登録: environments of the second common platform and lifted systems from a CSV
//! file. They are put on the books as they stand and never touched; a file is taken whole or not.

use std::collections::{BTreeMap, BTreeSet};

use super::blueprint::Scope;
use super::books::{Books, Wanted};
use super::environment::{Environment, Kind, Lane, Origin};
use super::table::{Faults, Row, table_read};
use super::tree::Tree;
use super::wish::reference_odd;
use crate::CloudError;

/// The columns: body, kind, provider, where it comes from, the provider's name for it.
const COLUMNS: [&str; 5] = ["団体", "種類", "プロバイダー", "出自", "環境の名"];

/// Reads environments that are to be enrolled, with the scope of a blueprint about them alone.
///
/// # Errors
/// [`CloudError::Plane`] with every line and column that is wrong.
pub fn enrol_read(
    (file, text): (&str, &str),
    tree: &Tree,
    books: &Books,
) -> Result<(Wanted, Scope), CloudError> {
    let rows = table_read((file, text), &COLUMNS)?;
    let mut faults = Faults::new(file, &COLUMNS);
    let known = books.references();
    let (mut lanes, mut references) = (BTreeMap::new(), BTreeSet::new());
    for row in &rows {
        let Some(one) = environment(row, tree, &mut faults) else { continue };
        let (name, reference) = (one.lane.to_string(), row.cell(4).to_owned());
        let provider = one.lane.provider.clone();
        match known.get(&(provider.as_str(), reference.as_str())) {
            Some(lane) if *lane != name => {
                faults.add(row, 4, format!("「{reference}」は {lane} として台帳にあります"));
            }
            _ => {}
        }
        if books.lanes.get(&name).is_some_and(|parts| parts.contains_key("account")) {
            faults.add(row, 0, format!("{name} は、作った環境として台帳にあります"));
        }
        if !references.insert((provider, reference)) {
            faults.add(row, 4, "同じ環境が二度書かれています".to_owned());
        }
        if lanes.insert(name.clone(), one).is_some() {
            faults.add(row, 0, format!("{name} が二度書かれています"));
        }
    }
    faults.none()?;
    let scope = Scope::Lanes(lanes.keys().cloned().collect());
    let environments = lanes.into_values().collect();
    Ok((Wanted { foundations: Vec::new(), environments }, scope))
}

fn environment(row: &Row, tree: &Tree, faults: &mut Faults<'_>) -> Option<Environment> {
    let [body, kind, provider, origin, reference] = [0, 1, 2, 3, 4].map(|at| row.cell(at));
    let known = tree.bodies.get(body);
    if known.is_none() {
        faults.add(row, 0, format!("団体「{body}」は木にありません"));
    }
    let kinds = [Kind::Production, Kind::Verification];
    let kind = kinds.into_iter().find(|it| it.word() == kind || it.id() == kind);
    if kind.is_none() {
        faults.add(row, 1, "本番か検証です".to_owned());
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !provider.is_empty() && provider.chars().all(plain);
    if !good {
        faults.add(row, 2, format!("「{provider}」は使えません（英小文字、数字、-）"));
    }
    let name = reference.to_owned();
    let origins = [Origin::CommonPlatform(name.clone()), Origin::Lifted(name)];
    let origin_named = origins.into_iter().find(|it| it.word() == origin);
    if origin_named.is_none() {
        faults.add(row, 3, "第二期共通プラットフォームかリフト済みの既存です".to_owned());
    }
    let odd = reference_odd(provider, reference);
    let is_odd = odd.is_some();
    if let Some(what) = odd {
        faults.add(row, 4, what);
    }
    let (body, kind, origin) = (known?, kind?, origin_named?);
    if !good || is_odd {
        return None;
    }
    let lane = Lane { body: body.id.clone(), kind, provider: provider.to_owned() };
    Some(Environment { lane, budget_yen: 0, origin, ..body.environment(kind, provider) })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(rows: &str, expected: Expect) {
        let text = format!("団体,種類,プロバイダー,出自,環境の名\n{rows}");
        let tree = Tree::nation().unwrap();
        let shown = match enrol_read(("既存.csv", &text), &tree, &Books::default()) {
            Ok((wanted, _)) => {
                let line = |it: &Environment| format!("{} {:?}\n", it.lane, it.origin);
                wanted.environments.iter().map(line).collect()
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn a_good_file_is_taken_whole() {
        check(
            "131016,本番,aws,リフト済みの既存,111111111111\r\n\
             011002,検証,aws,第二期共通プラットフォーム,222222222222\n",
            expect![[r#"
                011002.verification.aws CommonPlatform("222222222222")
                131016.production.aws Lifted("111111111111")
            "#]],
        );
    }

    #[test]
    fn a_bad_file_says_every_place_and_nothing_is_taken() {
        check(
            "131016,本番,aws,リフト済みの既存,111111111111\n\
             999999,本部,AWS,移した,1 1\n\
             131016,production,aws,リフト済みの既存,111111111111\n",
            expect![[r#"
                既存.csv: 3行目 1列目（団体）: 団体「999999」は木にありません
                既存.csv: 3行目 2列目（種類）: 本番か検証です
                既存.csv: 3行目 3列目（プロバイダー）: 「AWS」は使えません（英小文字、数字、-）
                既存.csv: 3行目 4列目（出自）: 第二期共通プラットフォームかリフト済みの既存です
                既存.csv: 3行目 5列目（環境の名）: 「1 1」は AWS の環境の名ではありません
                既存.csv: 4行目 5列目（環境の名）: 同じ環境が二度書かれています
                既存.csv: 4行目 1列目（団体）: 131016.production.aws が二度書かれています"#]],
        );
        check("131016,本番\n", expect!["既存.csv: 2行目の列は 2 です。5 列で書いてください"]);
        check("", expect!["既存.csv: 見出しのほかに行がありません"]);
    }
}
