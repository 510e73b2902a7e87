//! What a standard must lay down and does not: versions, deadlines, errors, concurrency.

use super::super::{ErrorKind, Interface, Standard};
use super::{Disagreement, Fault};
use crate::model::Located;

/// Every gap of a standard with interfaces; layouts of our own are not asked.
pub(super) fn find(standard: &Standard, out: &mut Vec<Disagreement>) {
    if standard.interfaces.is_empty() {
        return;
    }
    if standard.version.is_none() {
        out.push(Disagreement {
            item: Some(standard.place.clone()),
            ..gap(
                None,
                "項目定義の版",
                "項目定義に版と日付がなく、どの版のAPIと揃うのかが分からない",
                "項目定義に版と日付を書く",
            )
        });
    }
    for interface in &standard.interfaces {
        of_interface(interface, out);
    }
}

fn gap(at: Option<&Located>, subject: &str, words: impl Into<String>, fix: &str) -> Disagreement {
    Disagreement {
        fault: Fault::Open,
        subject: subject.to_owned(),
        item: None,
        interface: at.cloned(),
        words: words.into(),
        fix: fix.to_owned(),
    }
}

fn of_interface(interface: &Interface, out: &mut Vec<Disagreement>) {
    let at = Some(&interface.place);
    if !interface.timeout_binding {
        let words = format!(
            "タイムアウトの {} 秒が目安とされ、合否を決める秒数がない",
            interface.timeout_seconds
        );
        out.push(gap(at, "タイムアウト", words, "確定した秒数か、定めてよい範囲を書く"));
    }
    if interface.retry_limit.is_none() {
        let words = "再依頼の回数の上限と、前の番号の扱いがない";
        out.push(gap(at, "再依頼", words, "回数と間隔、途中まで成立した番号の扱いを書く"));
    }
    if interface.concurrency.is_none() {
        let words = "同じ人の依頼が同時に届いたときの扱いがなく、二重に付番されうる";
        out.push(gap(at, "同時の依頼", words, "先の依頼だけを受けるのか、排他の仕方を書く"));
    }
    let failing = interface.responses.iter().filter(|one| one.status >= 400 && !one.errors);
    let failing: Vec<_> = failing.collect();
    if let Some(first) = failing.first() {
        let list: Vec<String> = failing.iter().map(|one| one.status.to_string()).collect();
        let words =
            format!("{} の応答にエラーコードがなく、文でしか見分けられない", list.join("、"));
        out.push(gap(Some(&first.place), "エラーコード", words, "応答ごとのコードを定める"));
    }
    undecided_error(interface, out);
}

/// A parameter that is required only sometimes: is leaving it out «missing» or «unrelated»?
fn undecided_error(interface: &Interface, out: &mut Vec<Disagreement>) {
    let code = |kind| interface.errors.iter().find(|error| error.kind == kind);
    let (Some(missing), Some(relation)) = (code(ErrorKind::Missing), code(ErrorKind::Relation))
    else {
        return;
    };
    let conditional = |it: &&super::Parameter| !it.required && it.when.is_some();
    let Some(first) = interface.request.parameters.iter().find(conditional) else { return };
    let count = interface.request.parameters.iter().filter(conditional).count();
    let words = format!(
        "条件付き必須の引数（{}など {count} 個）がないとき、{} と {} のどちらを返すかが決まらない",
        first.name, missing.code, relation.code
    );
    let fix = "条件付き必須がないときのエラーコードを一つに定める";
    out.push(gap(Some(&first.place), "条件付き必須の誤り", words, fix));
}
