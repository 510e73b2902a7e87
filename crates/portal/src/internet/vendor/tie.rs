//! Who builds a 部品 in, or the parts that a system builds in, as the executor told it. Works out
//! nothing itself.

use maud::{Markup, html};
use serde_json::Value as Json;
use store::market::Submission;

use super::Seller;
use crate::component::table::{Cell, Column, Row, Table, table};

/// The list; nothing for a system without parts.
pub(super) fn ties(seller: &Seller, submission: &Submission) -> Markup {
    let (is_part, tied) = &submission.ties;
    let tied = tied.as_array().map(Vec::as_slice).unwrap_or_default();
    if !is_part && tied.is_empty() {
        return html! {};
    }
    let text = |one: &'_ Json, key: &str| {
        one.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let lines: Vec<[String; 3]> =
        tied.iter().map(|one| ["name", "version", "vendor"].map(|key| text(one, key))).collect();
    let withdrawn = |one: &Json| {
        let is_withdrawn = one.get("withdrawn").and_then(Json::as_bool);
        match is_withdrawn.unwrap_or_default() {
            true => seller.say(
                "取下げ。次の版では組み込めません",
                "Withdrawn; the next version cannot build it in",
            ),
            false => seller.say("公開", "On offer"),
        }
    };
    let rows = tied.iter().zip(&lines).map(|(one, [name, version, vendor])| Row {
        href: None,
        cells: vec![
            Cell::Japanese(name),
            Cell::Text(version),
            Cell::Japanese(vendor),
            Cell::Text(withdrawn(one)),
        ],
    });
    let list = table(&Table {
        caption: match is_part {
            true => seller.say("この部品を組み込む業務システム", "Systems that build this part in"),
            false => seller.say("組み込んだ部品", "Parts built in"),
        },
        columns: vec![
            Column::text(seller.say("名称", "Name")),
            Column::text(seller.say("版", "Version")),
            Column::text(seller.say("事業者", "Vendor")),
            Column::text(seller.say("状態", "State")),
        ],
        rows: rows.collect(),
        empty: seller.say("まだありません。", "None yet."),
        stacked: true,
    });
    html! {
        @if *is_part {
            p { (seller.say("部品です。ほかの業務システムに組み込まれ、団体とは契約しません。取り下げても、組み込んだ\
                公開済みの版は動き続け、その事業者に知らせます。", "A part: others build it in, and no body \
                contracts it. Withdrawn, it stays in the versions on offer that build it in, and \
                their vendors are told.")) }
        }
        (list)
    }
}
