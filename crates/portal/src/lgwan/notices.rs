//! 通知: what the organisation was told (budgets, invoices, incidents), and the addresses that get
//! it by mail too. Its administrator adds an address and confirms it by the code that went there.
//! Sends nothing itself.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use store::StoreError;
use store::control::mail::{
    Address, Told, address_ask, address_confirm, address_list, address_remove, notice_list,
    relay_known,
};

use super::{ADMINISTRATORS, Buyer};
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, Width, button, error_summary, hidden, post_form, text,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::route::Access;

/// How many notices are shown.
const MOST: i64 = 100;
/// How often a code may be tried.
const TRIES: i32 = 5;

/// What was sent, and what is wrong with it: field and message.
#[derive(Default)]
struct Refused {
    fault: Option<(&'static str, String)>,
    entered: HashMap<String, String>,
}

impl Refused {
    fn value(&self, field: &str) -> &str {
        self.entered.get(field).map(|text| text.trim()).unwrap_or_default()
    }

    /// What is wrong with a field, for the address that the form was about.
    fn error(&self, field: &str, id: Option<&str>) -> Option<&str> {
        let about = id.is_none_or(|id| self.value("address") == id);
        let (wrong, message) = self.fault.as_ref()?;
        (*wrong == field && about).then_some(message.as_str())
    }
}

/// The whole page.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(shown(&buyer, &Refused::default()).await)
}

/// Adds an address, confirms one by its code, or removes one.
pub async fn step(
    buyer: Buyer,
    Path((_, step)): Path<(String, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut refused = Refused { fault: None, entered };
        refused.fault = taken(&buyer, &step, &refused).await?;
        if refused.fault.is_some() {
            let mut response = shown(&buyer, &refused).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
        let to = buyer.href("/notices");
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
    };
    buyer.answer(made.await)
}

/// What is wrong, if the step was not taken.
async fn taken(
    buyer: &Buyer,
    step: &str,
    given: &Refused,
) -> Result<Option<(&'static str, String)>, Refusal> {
    let client = buyer.cloud().await?;
    let id = given.value("address").parse::<i64>();
    match (step, id) {
        ("add", _) => {
            let asked = address_ask(&*client, given.value("mail"), &buyer.actor.id).await;
            match asked {
                Ok(()) => Ok(None),
                Err(StoreError::Conflict(said)) => {
                    Ok(Some(("mail", pick(buyer.language, &said.ja, &said.en).to_owned())))
                }
                Err(error) => Err(error.into()),
            }
        }
        ("confirm", Ok(id)) => {
            if address_confirm(&*client, id, given.value("code")).await? {
                return Ok(None);
            }
            let words = buyer.say(
                "番号が違うか、期限（一日、五回まで）が過ぎました。届いたメールを確かめるか、宛先を加え直してください",
                "The code is wrong or too old (a day, five tries). Look at the mail, or add the \
                 address again",
            );
            Ok(Some(("code", words.to_owned())))
        }
        ("remove", Ok(id)) => {
            address_remove(&*client, id).await?;
            Ok(None)
        }
        _ => Err(Refusal::NotFound),
    }
}

async fn shown(buyer: &Buyer, refused: &Refused) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let (told, addresses) = (notice_list(&*client, MOST).await?, address_list(&*client).await?);
    let unset = buyer.say(
        "送信先のメールサーバが設定されていません。通知は、この画面だけに出ます。",
        "No mail server is set up: notices appear on this page only.",
    );
    let mut notices = Vec::new();
    if !relay_known(&*client).await? {
        notices.push(Notice::new(Tone::Warning, unset));
    }
    let may = matches!(ADMINISTRATORS, Access::Roles(roles) if buyer.actor.require(roles).is_ok());
    let errors: Vec<FieldError<'_>> =
        refused.fault.iter().map(|(field, message)| FieldError { field, message }).collect();
    let content = html! {
        (error_summary(buyer.language, &errors))
        (section(buyer.say("届いた通知", "Notices"), list(buyer, &told)))
        (section(buyer.say("メールの宛先", "Mail addresses"), html! {
            (whereto(buyer, &addresses))
            @if may {
                @for one in &addresses { (forms(buyer, one, refused)) }
                (adding(buyer, refused))
            } @else {
                p { (buyer.say("宛先を決めるのは、この団体の管理者です。",
                    "Addresses are set by this organisation's administrator.")) }
            }
        }))
    };
    Ok(buyer.page(buyer.say("通知", "Notices"), notices, content))
}

fn list(buyer: &Buyer, told: &[Told]) -> Markup {
    let words: Vec<[String; 4]> = told
        .iter()
        .map(|it| {
            let at = moment_text(buyer.language, it.at);
            [at, it.subject.clone(), it.words.clone(), mailed(buyer, it)]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("新しいものから 100 件まで", "The last 100"),
        columns: vec![
            Column::text(buyer.say("時", "At")),
            Column::text(buyer.say("件名", "Subject")),
            Column::text(buyer.say("内容", "Words")),
            Column::text(buyer.say("メール", "Mail")),
        ],
        rows,
        empty: buyer.say(
            "通知はまだありません。予算の警報、請求書の発行、障害がここに出ます。",
            "None yet. Alarms of the budget, invoices and incidents appear here.",
        ),
        stacked: true,
    })
}

fn mailed(buyer: &Buyer, told: &Told) -> String {
    if told.addresses == 0 {
        return buyer.say("宛先なし", "No address").to_owned();
    }
    let state = format!("{} / {}", told.sent, told.addresses);
    match told.fault.is_empty() {
        true => format!("{}{state}", buyer.say("送信済 ", "Sent ")),
        false => format!("{}{state}、{}", buyer.say("送信済 ", "Sent "), told.fault),
    }
}

fn state_of(buyer: &Buyer, one: &Address) -> String {
    let words = match (&one.confirmed_at, one.state.as_deref()) {
        (Some(at), _) => {
            let since = buyer.say("確認済", "Confirmed");
            return format!("{since} {}", moment_text(buyer.language, *at));
        }
        _ if one.tries >= TRIES => ("番号を五回間違えました", "Five wrong codes"),
        (None, Some("送信済")) => ("確認の番号を送りました", "The code was sent"),
        (None, Some("送れない")) => ("確認の番号を送れません", "The code cannot be sent"),
        (None, _) => ("確認の番号の送信待ち", "The code is to be sent"),
    };
    buyer.say(words.0, words.1).to_owned()
}

fn whereto(buyer: &Buyer, addresses: &[Address]) -> Markup {
    let words: Vec<[String; 3]> = addresses
        .iter()
        .map(|it| [it.address.clone(), state_of(buyer, it), it.added_by.clone()])
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("通知を送る宛先", "Where notices go"),
        columns: vec![
            Column::text(buyer.say("宛先", "Address")),
            Column::text(buyer.say("状態", "State")),
            Column::text(buyer.say("加えた人", "Added by")),
        ],
        rows,
        empty: buyer.say("宛先はありません。", "There are no addresses."),
        stacked: true,
    })
}

fn post(buyer: &Buyer, step: &str, content: Markup) -> Markup {
    let action = buyer.href(&format!("/notices/{step}"));
    post_form(
        &PostForm { action: &action, csrf: &buyer.csrf, enter: None, multipart: false },
        content,
    )
}

/// To confirm an address and to remove it.
fn forms(buyer: &Buyer, one: &Address, refused: &Refused) -> Markup {
    let id = one.id.to_string();
    let label = format!("{}（{}）", buyer.say("確認の番号", "Code"), one.address);
    let remove = format!("{}（{}）", buyer.say("宛先を外す", "Remove"), one.address);
    let code = Field::new(buyer.language, "code", &label).required(true).width(Width::Medium);
    let code = code
        .hint(buyer.say("宛先に届いたメールにあります。", "It is in the mail that went there."))
        .error(refused.error("code", Some(&id)));
    html! {
        @if one.confirmed_at.is_none() && one.tries < TRIES {
            (post(buyer, "confirm", html! {
                (hidden("address", &id))
                (text(&code))
                (button(ButtonKind::Primary, buyer.say("確認する", "Confirm")))
            }))
        }
        (post(buyer, "remove", html! {
            (hidden("address", &id))
            (button(ButtonKind::Secondary, &remove))
        }))
    }
}

fn adding(buyer: &Buyer, refused: &Refused) -> Markup {
    let label = buyer.say("加える宛先", "New address");
    let mail =
        Field::new(buyer.language, "mail", label).required(true).value(refused.value("mail"));
    let mail = mail
        .hint(buyer.say(
            "部署のアドレスにしてください。五つまで。確認の番号がそこへ届きます。",
            "An address of an office, five at most. A code goes there.",
        ))
        .error(refused.error("mail", None));
    post(
        buyer,
        "add",
        html! {
            (text(&mail))
            (button(ButtonKind::Primary, buyer.say("宛先を加える", "Add")))
        },
    )
}
