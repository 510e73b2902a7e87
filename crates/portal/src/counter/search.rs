//! Search. The question travels in the body, never in an address: it is personal data.

use axum::Form;
use axum::response::Response;
use definition::model::Subject;
use maud::{Markup, html};
use office::OfficeError;
use office::register::{Query, Summary, search};
use serde::Deserialize;

use super::desk::{Desk, label};
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, Width, button, error_summary, field_row,
    post_form, select, text,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone, badge};
use crate::component::table::{Cell, Column, Row, Table, table};

/// What is entered.
#[derive(Clone, Default, Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    register: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    address: String,
}

/// Registers that can be searched, people first: `system/register` and name.
fn registers(desk: &Desk) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for system in desk.place.office.systems.iter() {
        for register in &system.registers {
            if register.items.iter().any(|item| item.search.is_some()) {
                let name = desk.say(&register.name, &register.name_en);
                let rank = register.subject != Subject::Person;
                out.push((rank, format!("{}/{}", system.id, register.id), name.to_owned()));
            }
        }
    }
    out.sort_by_key(|(rank, ..)| *rank);
    out.into_iter().map(|(_, id, name)| (id, name)).collect()
}

/// The empty form.
pub async fn form(desk: Desk) -> Response {
    let content = view(&desk, &Entered::default(), &[], None);
    desk.page(desk.say("検索", "Search"), Vec::new(), content)
}

/// The rows found.
pub async fn results(desk: Desk, Form(entered): Form<Entered>) -> Response {
    if let Err(refusal) = desk.check(entered.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    let title = desk.say("検索", "Search").to_owned();
    match find(&desk, &entered).await {
        Ok(found) => {
            let more = i64::try_from(found.len()).unwrap_or_default() > office::register::LIMIT;
            let heading =
                desk.say("50件を超えます。条件を足してください", "More than 50. Add a condition");
            let notices = if more { vec![Notice::new(Tone::Warning, heading)] } else { Vec::new() };
            let content = view(&desk, &entered, &[], Some(&found));
            desk.page(&title, notices, content)
        }
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let errors: Vec<FieldError<'_>> = findings
                .iter()
                .map(|f| FieldError {
                    field: f.at.as_deref().unwrap_or("q"),
                    message: desk.message(f),
                })
                .collect();
            desk.page(&title, Vec::new(), view(&desk, &entered, &errors, None))
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn find(desk: &Desk, entered: &Entered) -> Result<Vec<Summary>, Refusal> {
    let known = registers(desk);
    let chosen = known.iter().find(|(id, _)| *id == entered.register).or(known.first());
    let (system, register) =
        chosen.and_then(|(id, _)| id.split_once('/')).ok_or(Refusal::NotFound)?;
    let query = Query {
        text: entered.q.clone(),
        date: entered.date.clone(),
        address: entered.address.clone(),
    };
    Ok(search(&desk.place.office, &desk.actor, (system, register), &query, "窓口の検索").await?)
}

fn view(
    desk: &Desk,
    entered: &Entered,
    errors: &[FieldError<'_>],
    found: Option<&[Summary]>,
) -> Markup {
    let language = desk.language;
    let error = |name: &str| errors.iter().find(|e| e.field == name).map(|e| e.message);
    let known = registers(desk);
    let choices: Vec<Choice<'_>> = known.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let chosen = if entered.register.is_empty() {
        known.first().map_or("", |(id, _)| id.as_str())
    } else {
        &entered.register
    };
    let action = desk.href("/search");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let folded = desk.say(
        "漢字・片仮名・平仮名。先頭の一致。ヂとジ、小さい仮名、異体字は区別しません",
        "Kanji or kana, from the beginning; variants and small kana count as the same",
    );
    let fields = html! {
        (field_row(&[
            text(&Field::new(language, "q", desk.say("氏名、振り仮名、番号", "Name, kana or number"))
                .hint(folded)
                .value(&entered.q).error(error("q"))),
            text(&Field::new(language, "date", desk.say("生年月日", "Date of birth"))
                .hint(desk.say("昭和55年4月1日、1980-04-01、昭和55年", "1980-04-01 or “昭和55年”"))
                .value(&entered.date).error(error("date")).width(Width::Medium)),
        ]))
        (field_row(&[
            text(&Field::new(language, "address", desk.say("住所", "Address"))
                .hint(desk.say("都道府県名から", "From the prefecture"))
                .value(&entered.address).error(error("address"))),
            select(&Field::new(language, "register", desk.say("台帳", "Register"))
                .value(chosen).width(Width::Medium), &choices),
        ]))
        (button(ButtonKind::Primary, desk.say("検索", "Search")))
    };
    html! {
        (error_summary(language, errors))
        (post_form(&form, fields))
        @if let Some(found) = found { (list(desk, chosen, found)) }
    }
}

/// One item of a row that was found.
fn cell<'a>(desk: &Desk, row: &'a Summary, name: &str) -> Cell<'a> {
    match row.values.iter().find(|value| value.name == name) {
        Some(value) if value.hidden => {
            Cell::Component(badge(Tone::Danger, desk.say("取扱注意", "Restricted")))
        }
        Some(value) => value.text.as_deref().map_or(Cell::Text(""), Cell::Glyphs),
        None => Cell::Text(""),
    }
}

/// Columns of the list: the register's searched items.
fn list(desk: &Desk, chosen: &str, found: &[Summary]) -> Markup {
    let Some((system, register)) = chosen.split_once('/') else { return html! {} };
    let Ok(model) = desk.place.office.system(system) else { return html! {} };
    let Some(model) = model.register(register) else { return html! {} };
    let shown: Vec<(&str, String)> = model
        .items
        .iter()
        .filter(|item| item.search.is_some() && item.name != model.key)
        .filter(|item| {
            let filled = |row: &Summary| {
                row.values.iter().any(|v| v.name == item.name && (v.text.is_some() || v.hidden))
            };
            found.iter().any(filled)
        })
        .map(|item| (item.name.as_str(), label(desk.say(&item.name, &item.name_en))))
        .collect();
    let most = usize::try_from(office::register::LIMIT).unwrap_or(usize::MAX);
    let any_closed = found.iter().any(|row| row.closed);
    let rows_shown = found.len().min(most);
    let hrefs: Vec<String> = found
        .iter()
        .take(most)
        .map(|row| desk.href(&format!("/rows/{system}/{register}/{}", row.key)))
        .collect();
    let rows = found
        .iter()
        .zip(&hrefs)
        .map(|(row, href)| {
            let mut cells = vec![Cell::Text(&row.key)];
            cells.extend(shown.iter().map(|(name, _)| cell(desk, row, name)));
            if any_closed {
                cells.push(match row.closed {
                    true => Cell::Component(badge(Tone::Warning, desk.say("消除", "Removed"))),
                    false => Cell::Text(""),
                });
            }
            Row { href: Some(href), cells }
        })
        .collect();
    let key = model.item(&model.key).map_or("", |item| desk.say(&item.name, &item.name_en));
    let mut columns = vec![Column::text(key)];
    columns.extend(shown.iter().map(|(_, label)| Column::text(label)));
    if any_closed {
        columns.push(Column::text(desk.say("状態", "State")));
    }
    let more = found.len() > most;
    let caption = match (desk.language, more) {
        (Language::Japanese, false) => format!("{rows_shown}件"),
        (Language::Japanese, true) => format!("{rows_shown}件（ほかにもあります）"),
        (Language::English, false) => format!("{rows_shown} found"),
        (Language::English, true) => format!("{rows_shown} shown, there are more"),
    };
    table(&Table {
        caption: &caption,
        columns,
        rows,
        empty: desk.say(
            "見つかりません。振り仮名や生年月日でも探してください。",
            "Nothing found. Try kana or the date of birth.",
        ),
        stacked: true,
    })
}
