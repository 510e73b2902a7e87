//! What a linked resident sees: the own record, procedures and documents, who looked.

use jiff::Timestamp;
use maud::{Markup, html};
use store::front::view::{View, ViewCase, ViewDocument, ViewItem, ViewLook};

use super::Shown;
use crate::component::language::{Language, pick};
use crate::component::notice::{Tone, badge};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};

/// The part of the view that the page shows.
pub fn linked(language: Language, view: &View, published_at: Timestamp, shown: Shown) -> Markup {
    let at = moment(language, published_at);
    html! {
        p.record-note { (pick(language, "更新：", "Updated: ")) (at) }
        @match shown {
            Shown::Record => (own_record(language, view)),
            Shown::Notices => (notices(language, view)),
            Shown::Looks => (looks(language, &view.looks)),
        }
    }
}

fn own_record(language: Language, view: &View) -> Markup {
    let groups = view
        .groups
        .iter()
        .map(|group| Group {
            heading: &group.heading,
            items: group.items.iter().map(|item| own_item(language, item)).collect(),
        })
        .collect();
    let card = Record {
        language,
        heading: html! { (pick(language, "記載事項", "Record")) },
        note: "",
        groups,
        actions: Vec::new(),
    };
    html! {
        (record(&card))
        @if !view.household.is_empty() {
            (section(pick(language, "同じ世帯の人", "Members of your household"), html! {
                ul { @for member in &view.household {
                    li { span.glyphs lang="ja" { (member) } }
                } }
            }))
        }
    }
}

fn own_item<'a>(language: Language, item: &'a ViewItem) -> Item<'a> {
    let value = match item.glyphs {
        true => Value::Glyphs(&item.value),
        false => Value::Plain(&item.value),
    };
    let label = pick(language, &item.label, &item.label_en);
    match item.value.chars().count() > 16 {
        true => Item::wide(label, value),
        false => Item::new(label, value),
    }
}

fn notices(language: Language, view: &View) -> Markup {
    html! {
        (cases(language, &view.cases))
        (documents(language, &view.documents))
    }
}

fn cases(language: Language, cases: &[ViewCase]) -> Markup {
    let rows: Vec<[String; 3]> = cases
        .iter()
        .map(|case| {
            let procedure = pick(language, &case.procedure, &case.procedure_en);
            let at = moment(language, case.entered_at);
            [format!("{procedure}（{}）", case.number), at, day(language, &case.due_on)]
        })
        .collect();
    let rows = rows.iter().zip(cases).map(|([procedure, at, due], case)| Row {
        href: None,
        cells: vec![
            Cell::Text(procedure),
            Cell::Component(badge(Tone::Information, &case.stage)),
            Cell::Text(at),
            Cell::Text(due),
        ],
    });
    table(&Table {
        caption: pick(language, "手続", "Procedures"),
        columns: vec![
            Column::text(pick(language, "手続（受付番号）", "Procedure (number)")),
            Column::text(pick(language, "状態", "State")),
            Column::text(pick(language, "受付", "Received")),
            Column::text(pick(language, "処理の目安", "Due")),
        ],
        rows: rows.collect(),
        empty: pick(language, "手続はありません。", "There are no procedures."),
        stacked: true,
    })
}

fn documents(language: Language, documents: &[ViewDocument]) -> Markup {
    let times: Vec<String> = documents.iter().map(|one| moment(language, one.issued_at)).collect();
    let rows = documents.iter().zip(&times).map(|(one, at)| Row {
        href: None,
        cells: vec![Cell::Text(&one.title), Cell::Text(&one.number), Cell::Text(at)],
    });
    table(&Table {
        caption: pick(language, "交付・通知された書類", "Documents issued"),
        columns: vec![
            Column::text(pick(language, "書類", "Document")),
            Column::text(pick(language, "発行番号", "Number")),
            Column::text(pick(language, "発行", "Issued")),
        ],
        rows: rows.collect(),
        empty: pick(language, "書類はありません。", "There are no documents."),
        stacked: true,
    })
}

fn looks(language: Language, looks: &[ViewLook]) -> Markup {
    let times: Vec<String> = looks.iter().map(|look| moment(language, look.at)).collect();
    let rows = looks.iter().zip(&times).map(|(look, at)| Row {
        href: None,
        cells: vec![Cell::Text(at), Cell::Text(&look.purpose), Cell::Text(&look.role)],
    });
    html! {
        p { (pick(language,
            "あなたの記録を見た、または変更した記録です。職員の氏名は表示しません。",
            "Every access to your record. The names of officials are not shown.")) }
        (table(&Table {
            caption: pick(language, "閲覧・変更の記録", "Accesses"),
            columns: vec![
                Column::text(pick(language, "日時", "When")),
                Column::text(pick(language, "目的", "Purpose")),
                Column::text(pick(language, "役割", "Role")),
            ],
            rows: rows.collect(),
            empty: pick(language, "記録はありません。", "There are none."),
            stacked: true,
        }))
    }
}

/// A day written in ISO 8601.
fn day(language: Language, text: &str) -> String {
    match (language, base::date::LooseDate::parse(text)) {
        (Language::Japanese, Ok(date)) => date.japanese(),
        _ => text.to_owned(),
    }
}

/// A moment in Japan's time.
fn moment(language: Language, at: Timestamp) -> String {
    let zoned = at.to_zoned(base::date::japan());
    match language {
        Language::Japanese => {
            let day = base::date::LooseDate::from(zoned.date()).japanese();
            format!("{day} {:02}:{:02}", zoned.hour(), zoned.minute())
        }
        Language::English => {
            format!("{} {:02}:{:02} JST", zoned.date(), zoned.hour(), zoned.minute())
        }
    }
}
