//! The own password: changed by who knows the old one. Who signed in with an issued password, or
//! one that ran out, gets no further than this page.

use axum::Form;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::OfficeError;
use office::plan::Finding;
use office::staff::password_change;
use serde::Deserialize;
use serde_json::json;

use super::desk::Desk;
use super::refusal::Refusal;
use super::sign_in::session_cookie;
use crate::component::form::{
    ButtonKind, Field, FieldError, PasswordUse, PostForm, button, error_summary, password,
    post_form,
};

/// The form.
pub async fn form(desk: Desk) -> Response {
    let content = view(&desk, &[]);
    desk.page(title(&desk), Vec::new(), content)
}

fn title(desk: &Desk) -> &str {
    desk.say("パスワードの変更", "Change the password")
}

fn view(desk: &Desk, findings: &[Finding]) -> Markup {
    let errors: Vec<FieldError<'_>> = findings
        .iter()
        .map(|f| FieldError { field: f.at.as_deref().unwrap_or("new"), message: desk.message(f) })
        .collect();
    let action = desk.href("/password");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let field = |name: &'static str, ja: &'static str, en: &'static str| {
        let error = errors.iter().find(|error| error.field == name).map(|error| error.message);
        Field::new(desk.language, name, desk.say(ja, en)).required(true).error(error)
    };
    html! {
        (error_summary(desk.language, &errors))
        p { (desk.say("12文字以上。職員IDを含まないもの。変更すると、ほかの端末のサインインはすべて終わります。",
            "At least 12 characters, without the staff ID. Every other session ends.")) }
        (post_form(&form, html! {
            (password(&field("old", "いまのパスワード", "Present password"), PasswordUse::Current))
            (password(&field("new", "新しいパスワード", "New password"), PasswordUse::New))
            (password(&field("again", "新しいパスワード（確認）", "New password again"), PasswordUse::New))
            (button(ButtonKind::Primary, title(desk)))
        }))
    }
}

/// What is entered.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// Changes it.
pub async fn submit(desk: Desk, Form(entered): Form<Entered>) -> Response {
    match perform(&desk, &entered).await {
        Ok(cookie) => {
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, desk.href(""))];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let mut response = desk.page(title(&desk), Vec::new(), view(&desk, &findings));
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, entered: &Entered) -> Result<String, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let given = (entered.old.as_str(), entered.new.as_str(), entered.again.as_str());
    let opened = password_change(&desk.place.staff, &desk.actor, given).await?;
    let client = desk.place.office.database.client().await?;
    let purpose = "パスワードの変更";
    desk.actor.audit(&**client, "password.change", purpose, Vec::new(), json!({})).await?;
    Ok(session_cookie(&desk.place.office.organisation.id, &opened.token))
}
