//! One row of a register: record, household and other relations, history, any past state, and what
//! can be done with it.

mod around;
mod past;
mod record_view;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use definition::model::{Register, Subject};
use maud::{Markup, html};
use office::OfficeError;
use office::register::{Page, RowView, Shown, page as read, secret};
use serde::Deserialize;

use super::cancel_link::cancel_links;
use super::desk::Desk;
use super::queue::{CaseList, case_table};
use super::refusal::Refusal;
use super::words::People;
use crate::component::form::{
    ButtonKind, Field, PostForm, button_link, button_with, post_form, text,
};
use crate::component::notice::{Notice, Tone};
use crate::component::page::{disclosure, section};
use crate::component::record::{protected_banner, resident_page};
pub use past::whole_day;
use past::{Asked, Past};

type Place = (String, String, String, String);

/// The page of a row.
pub async fn page(
    desk: Desk,
    Path((_, system, register, key)): Path<Place>,
    Query(asked): Query<Asked>,
) -> Response {
    match show(&desk, (&system, &register), &key, &asked).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn show(
    desk: &Desk,
    (system, register): (&str, &str),
    key: &str,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let today = desk.actor.today();
    let past = asked.past(today)?;
    let as_of = past.map(Past::as_of).transpose()?;
    let office = &desk.place.office;
    let model = office.system(system)?.register(register).ok_or(Refusal::NotFound)?;
    let found = read(office, &desk.actor, (system, register), key, as_of, "記録の閲覧").await;
    let found = match (found, past) {
        (Err(OfficeError::NotFound(_)), Some(past)) => return Ok(past::nothing(desk, past)),
        (found, _) => found?,
    };
    let people = People::read(desk).await?;
    let words = past.map(|past| past.words(desk.language, today));
    let mut notices = Vec::new();
    if let Some((heading, body)) = &words {
        let link = (desk.address.as_str(), desk.say("いまの状態に戻る", "Back to the present"));
        notices.push(Notice { tone: Tone::Warning, heading, body, link: Some(link) });
    }
    if found.withdrawn {
        notices.push(Notice::new(
            Tone::Warning,
            desk.say("取り消された記載です", "The event that opened this record was cancelled"),
        ));
    } else if found.row.closed_on.is_some() {
        notices.push(Notice::new(Tone::Warning, closed(desk, model.subject)));
    }
    let content = html! {
        @if found.row.concealed { (protected_banner(desk.language)) }
        (resident_page(
            around::around(desk, (system, register), &found, past),
            work(desk, (system, model), &found, (past, &people)),
        ))
    };
    let title = desk.say(&model.name, &model.name_en);
    let title = match past {
        Some(_) => format!("{title}{}", desk.say("（過去の状態）", " (a past state)")),
        None => title.to_owned(),
    };
    Ok(desk.page(&title, notices, content))
}

fn closed<'a>(desk: &Desk, subject: Subject) -> &'a str {
    match subject {
        Subject::Person => desk.say("消除された記録（除票）です", "This record is removed"),
        Subject::Household => {
            desk.say("消除された記録です（世帯に人がいません）", "This household has ended")
        }
        Subject::Thing => desk.say("廃止された記録です", "This record has ended"),
    }
}

fn work(
    desk: &Desk,
    (system, register): (&str, &Register),
    found: &Page,
    (past, people): (Option<Past>, &People),
) -> Markup {
    let href = desk.href(&format!("/rows/{system}/{}/{}/reveal", register.id, found.row.key));
    let (heading, empty) = match register.subject {
        Subject::Person => (
            desk.say("この人の事案", "Cases of this person"),
            desk.say("この人の事案はありません。", "This person has no cases."),
        ),
        Subject::Household => (
            desk.say("この世帯の事案", "Cases of this household"),
            desk.say("この世帯の事案はありません。", "This household has no cases."),
        ),
        Subject::Thing => (
            desk.say("この記録の事案", "Cases of this record"),
            desk.say("この記録の事案はありません。", "This record has no cases."),
        ),
    };
    let list = CaseList {
        caption: desk.say("事案（新しいものが上）", "Cases, newest first"),
        empty,
        people,
    };
    html! {
        (record_view::record_view(desk, register, &found.row))
        @if past.is_none() { (reveal_form(desk, &href, &found.row)) }
        (section(desk.say("履歴", "History"),
            record_view::history_view(desk, register, &found.history, people)))
        @if past.is_none() {
            (cancel_links(desk, (system, &register.id), found))
            (section(heading, case_table(desk, &found.cases, &list)))
            (super::certificate::document_table(desk, &found.documents, people))
        }
    }
}

/// A secret is shown once, after its purpose is written down.
fn reveal_form(desk: &Desk, action: &str, row: &RowView) -> Markup {
    let secrets: Vec<&Shown> =
        row.groups.iter().flat_map(|(_, values)| values).filter(|value| value.masked).collect();
    if secrets.is_empty() || !row.cleared {
        return html! {};
    }
    let form = PostForm { action, csrf: &desk.csrf, enter: None, multipart: false };
    let label =
        desk.say("番号を表示する（目的を記録します）", "Show a number (the purpose is recorded)");
    let fields = html! {
        (text(&Field::new(desk.language, "purpose", desk.say("表示する目的", "Purpose")).required(true)))
        @for value in &secrets {
            @let label = desk.say(&value.name, &value.name_en);
            (button_with(ButtonKind::Secondary, label, "item", &value.name))
        }
    };
    disclosure(label, post_form(&form, fields))
}

/// What revealing carries.
#[derive(Deserialize)]
pub struct Reveal {
    csrf: Option<String>,
    #[serde(default)]
    item: String,
    #[serde(default)]
    purpose: String,
}

/// Shows one secret.
pub async fn reveal(
    desk: Desk,
    Path((_, system, register, key)): Path<Place>,
    Form(asked): Form<Reveal>,
) -> Response {
    if let Err(refusal) = desk.check(asked.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    let back = desk.href(&format!("/rows/{system}/{register}/{key}"));
    let place = (system.as_str(), register.as_str());
    let what = (key.as_str(), asked.item.as_str());
    match secret(&desk.place.office, &desk.actor, place, what, &asked.purpose).await {
        Ok(text) => {
            let text = text.unwrap_or_else(|| desk.say("記録なし", "None").to_owned());
            let model = desk.place.office.system(&system).ok();
            let register = model.and_then(|system| system.register(&register));
            let item = register.and_then(|register| register.item(&asked.item));
            let item = item.map_or("", |item| desk.say(&item.name, &item.name_en));
            let content = html! {
                p { (item) "　" strong.glyphs { (text) } }
                (button_link(ButtonKind::Secondary, desk.say("記録に戻る", "Back"), &back))
            };
            desk.page(desk.say("番号の表示", "Number"), Vec::new(), content)
        }
        Err(error) => desk.refuse(error),
    }
}
