//! The own password of somebody of a vendor: who signed in with an issued one, or one that ran out,
//! gets no further than this page.

use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::OfficeError;
use office::plan::Finding;
use office::staff::password_change;
use serde::Deserialize;

use super::{InternetState, Seller};
use crate::component::form::{
    ButtonKind, Field, FieldError, PasswordUse, PostForm, button, error_summary, password,
    post_form,
};
use crate::component::language::pick;
use crate::counter::refusal::Refusal;
use crate::member::sign_in::session_cookie;

/// The form.
pub async fn form(seller: Seller) -> Response {
    seller.page(title(&seller), Vec::new(), view(&seller, &[]))
}

fn title(seller: &Seller) -> &str {
    seller.say("パスワードの変更", "Change the password")
}

fn view(seller: &Seller, errors: &[FieldError<'_>]) -> Markup {
    let action = seller.href("/password");
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let field = |name: &'static str, ja: &'static str, en: &'static str| {
        let error = errors.iter().find(|error| error.field == name).map(|error| error.message);
        Field::new(seller.language, name, seller.say(ja, en)).required(true).error(error)
    };
    html! {
        (error_summary(seller.language, errors))
        p { (seller.say("12文字以上。担当者IDを含まないもの。変更すると、ほかの端末のサインインはすべて終わります。",
            "At least 12 characters, without the user ID. Every other session ends.")) }
        (post_form(&form, html! {
            (password(&field("old", "いまのパスワード", "Present password"), PasswordUse::Current))
            (password(&field("new", "新しいパスワード", "New password"), PasswordUse::New))
            (password(&field("again", "新しいパスワード（確認）", "New password again"), PasswordUse::New))
            (button(ButtonKind::Primary, title(seller)))
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

/// Changes it; the session goes on as a whole one.
pub async fn change(
    State(state): State<InternetState>,
    seller: Seller,
    Form(entered): Form<Entered>,
) -> Response {
    let made = async {
        seller.check(entered.csrf.as_deref())?;
        let given = (entered.old.as_str(), entered.new.as_str(), entered.again.as_str());
        Ok(password_change(&seller.body.staff, &seller.actor, given).await?)
    };
    match made.await {
        Ok(opened) => {
            let cookie = session_cookie(&state, &seller.body.organisation.id, &opened.token);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, seller.href(""))];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let errors: Vec<FieldError<'_>> =
                findings.iter().map(|one| error_of(&seller, one)).collect();
            let mut response = seller.page(title(&seller), Vec::new(), view(&seller, &errors));
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
        Err(refusal) => seller.refuse(refusal),
    }
}

fn error_of<'f>(seller: &Seller, one: &'f Finding) -> FieldError<'f> {
    let field = one.at.as_deref().unwrap_or("new");
    FieldError { field, message: pick(seller.language, &one.message, &one.message_en) }
}
