//! 保管金 on the page of cost: how the organisation stands today, and the entries in double entry that
//! this comes from. Enters nothing.

use base::money::Yen;
use maud::{Markup, html};
use store::control::deposit::{Booked, Statement};

use super::Buyer;
use crate::component::table::{Cell, Column, Row, Table, table};

/// How many entries are shown.
pub(super) const ENTRIES: i64 = 50;

/// The statement and the entries.
pub(super) fn all(buyer: &Buyer, list: &[Statement], booked: &[Booked]) -> Markup {
    html! {
        (statement(buyer, list))
        @if !booked.is_empty() { (entries(buyer, booked)) }
    }
}

fn statement(buyer: &Buyer, list: &[Statement]) -> Markup {
    let words: Vec<[String; 5]> = list
        .iter()
        .map(|it| {
            [it.billed, it.received, it.handed_on, it.held, it.receivable]
                .map(|amount| Yen(amount).grouped())
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("今日までの計算（円）", "Until today (yen)"),
        columns: vec![
            Column::number(buyer.say("請求", "Billed")),
            Column::number(buyer.say("受入", "Received")),
            Column::number(buyer.say("払渡", "Handed on")),
            Column::number(buyer.say("保管中", "Held")),
            Column::number(buyer.say("未収", "Owed")),
        ],
        rows,
        empty: buyer.say("保管金の記帳はまだありません。", "Nothing is booked yet."),
        stacked: true,
    })
}

fn entries(buyer: &Buyer, booked: &[Booked]) -> Markup {
    let words: Vec<[String; 6]> = booked
        .iter()
        .map(|it| {
            let (debit, credit) = (it.debit.clone(), it.credit.clone());
            let yen = Yen(it.yen).grouped();
            [it.day.to_string(), it.kind.clone(), debit, credit, yen, it.note.clone()]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("記帳（新しいものから 50 件まで）", "Entries (the last 50)"),
        columns: vec![
            Column::text(buyer.say("日", "Day")),
            Column::text(buyer.say("記帳", "Entry")),
            Column::text(buyer.say("借方", "Debit")),
            Column::text(buyer.say("貸方", "Credit")),
            Column::number(buyer.say("額（円）", "Yen")),
            Column::text(buyer.say("摘要", "For")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
