//! An answer of another authority: each record with its items by their standard names, from when it
//! holds, and the article by which it was given.

use base::date::Date;
use definition::System;
use definition::model::{Item, ItemKind};
use maud::{Markup, html};
use mesh::net::Given;
use serde_json::Value;

use crate::component::day::{day_text, moment_text};
use crate::component::page::section;
use crate::counter::desk::Desk;

/// The answer.
pub fn view(desk: &Desk, given: &Given) -> Markup {
    let records = given.body["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let moment = given.body["as_of"].as_str().and_then(|it| it.parse().ok());
    html! {
        dl.reasons {
            @if let Some(moment) = moment {
                div { dt { (desk.say("回答の時点", "As of")) } dd { (moment_text(desk.language, moment)) } }
            }
            @if let Some(basis) = &given.basis {
                div { dt { (desk.say("根拠", "Basis")) } dd lang="ja" { (basis) } }
            }
        }
        @for record in records { (record_view(desk, record)) }
    }
}

fn record_view(desk: &Desk, record: &Value) -> Markup {
    let day = |name: &str| record[name].as_str().and_then(|text| text.parse::<Date>().ok());
    let from = day("valid_from").map(|day| day_text(desk.language, day)).unwrap_or_default();
    let heading = format!("{from}{}", desk.say("から", " onward"));
    let items = record["items"].as_object();
    let lines = items.into_iter().flatten().filter(|(_, value)| !value.is_null());
    section(
        &heading,
        html! {
            @if let Some(closed) = day("closed_on") {
                p { (day_text(desk.language, closed)) (desk.say("に消除されています", " (removed)")) }
            }
            dl.reasons {
                @for (number, value) in lines {
                    @let known = item(desk, number);
                    div {
                        dt { @match known {
                            Some((_, item)) => { (desk.say(&item.name, &item.name_en)) }
                            None => { (number) }
                        } }
                        dd lang="ja" { (text(desk, known, value)) }
                    }
                }
            }
        },
    )
}

/// The item with this number of the standard, as a system here has it too.
fn item<'d>(desk: &'d Desk, number: &str) -> Option<(&'d System, &'d Item)> {
    desk.place.office.systems.iter().find_map(|system| {
        let mut items = system.registers.iter().flat_map(|register| &register.items);
        let found = items.find(|item| item.number.as_deref() == Some(number))?;
        Some((&**system, found))
    })
}

/// A value in words.
fn text(desk: &Desk, known: Option<(&System, &Item)>, value: &Value) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let Some((system, item)) = known else { return plain };
    match &item.kind {
        ItemKind::Code(_) => {
            let name = item.codes(system).and_then(|list| list.name_of(&plain));
            name.map_or(plain.clone(), str::to_owned)
        }
        ItemKind::Date { .. } => {
            plain.parse::<Date>().map_or(plain, |day| day_text(desk.language, day))
        }
        ItemKind::Flag => match value {
            Value::Bool(true) => desk.say("はい", "Yes").to_owned(),
            _ => desk.say("いいえ", "No").to_owned(),
        },
        _ => plain,
    }
}
