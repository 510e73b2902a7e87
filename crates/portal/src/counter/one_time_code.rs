//! Setting up one-time codes: whoever signed in with a registration code reads the new secret here,
//! puts it into an authenticator app and proves it with a code. It is never shown again.

use axum::Form;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::OfficeError;
use office::staff::{code_confirm, code_secret, sample_codes};
use serde::Deserialize;
use serde_json::json;

use super::desk::Desk;
use super::refusal::Refusal;
use super::sign_in::{first_page, session_cookie};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, one_time_code, post_form,
};

/// The secret and the form; whose codes are set up is told so.
pub async fn form(desk: Desk) -> Response {
    match view(&desk, None).await {
        Ok(content) => desk.page(title(&desk), Vec::new(), content),
        Err(Refusal::Office(OfficeError::Conflict(said))) => {
            desk.page(title(&desk), Vec::new(), html! { p { (desk.say(&said.ja, &said.en)) } })
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

fn title(desk: &Desk) -> &str {
    desk.say("ワンタイムパスワードの登録", "Set up one-time codes")
}

async fn view(desk: &Desk, error: Option<&str>) -> Result<Markup, Refusal> {
    let secret = code_secret(&desk.place.staff, &desk.actor).await?;
    let sample = sample(desk).await?;
    let errors: Vec<FieldError<'_>> =
        error.map(|message| FieldError { field: "code", message }).into_iter().collect();
    let action = desk.href("/one-time-code");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("認証アプリに表示された6桁のコード", "Six digits that the app shows");
    let groups: Vec<&str> = secret.as_bytes().chunks(4).flat_map(std::str::from_utf8).collect();
    Ok(html! {
        (error_summary(desk.language, &errors))
        ol {
            li { (desk.say(
                "認証アプリに、次の鍵を手で入力して登録します（種類は時刻、6桁、30秒）。",
                "Enter this key by hand in your authenticator app (by time, 6 digits, 30 seconds).",
            )) }
            li { (desk.say(
                "アプリに表示された6桁のコードを下の欄に入れて、登録を終えます。",
                "Finish with the six digits that the app shows.",
            )) }
        }
        dl.items.subjects {
            div.item.wide { dt { (desk.say("鍵", "Key")) } dd { code { (groups.join(" ")) } } }
            @if let Some(code) = sample {
                div.item.wide {
                    dt { (desk.say("見本のコード", "Sample code")) }
                    dd { code { (code) } (desk.say(
                        "（見本の団体だけに表示します）", " (shown for sample bodies only)")) }
                }
            }
        }
        p { (desk.say(
            "この鍵は、登録を終えるともう表示しません。ほかの人に見せたり、書き残したりしないでください。",
            "The key is not shown again after this. Show it to nobody and keep no copy.",
        )) }
        (post_form(&form, html! {
            (one_time_code(&Field::new(desk.language, "code", label).required(true).error(error)))
            (button(ButtonKind::Primary, desk.say("登録を終える", "Finish")))
        }))
    })
}

/// The code of now, for a sample organisation, whose people have no authenticator.
async fn sample(desk: &Desk) -> Result<Option<String>, Refusal> {
    if !desk.place.office.organisation.sample {
        return Ok(None);
    }
    let codes = sample_codes(&desk.place.staff, desk.actor.at).await?;
    Ok(codes.into_iter().find(|(id, ..)| *id == desk.actor.id).map(|(.., code)| code))
}

/// What is entered.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    code: String,
}

/// Ends the setting up.
pub async fn submit(desk: Desk, Form(entered): Form<Entered>) -> Response {
    match perform(&desk, &entered).await {
        Ok((cookie, to)) => {
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            let message = findings.first().map(|finding| desk.message(finding));
            match view(&desk, message).await {
                Ok(content) => {
                    let mut response = desk.page(title(&desk), Vec::new(), content);
                    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                    response
                }
                Err(refusal) => desk.refuse(refusal),
            }
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, entered: &Entered) -> Result<(String, String), Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let client = desk.place.office.database.client().await?;
    let purpose = "ワンタイムパスワードの登録";
    desk.actor.audit(&**client, "code.register", purpose, Vec::new(), json!({})).await?;
    let opened = code_confirm(&desk.place.staff, &desk.actor, &entered.code).await?;
    let organisation = &desk.place.office.organisation.id;
    Ok((session_cookie(organisation, &opened.token), first_page(organisation, &opened)))
}
