//! Setting up one-time codes in the vendors' part: whoever signed in with a registration code reads
//! the new secret here and proves it with a code. It is never shown again.

use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::OfficeError;
use office::staff::{code_confirm, code_secret};
use serde::Deserialize;

use super::{InternetState, Seller};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, one_time_code, post_form,
};
use crate::component::language::pick;
use crate::counter::refusal::Refusal;
use crate::member::sign_in::{first_page, session_cookie};

/// The secret and the form; whose codes are set up is told so.
pub async fn form(seller: Seller) -> Response {
    let made = async {
        let content = match view(&seller, None).await {
            Err(Refusal::Office(OfficeError::Conflict(said))) => {
                html! { p { (seller.say(&said.ja, &said.en)) } }
            }
            other => other?,
        };
        Ok(seller.page(title(&seller), Vec::new(), content))
    };
    seller.answer(made.await)
}

fn title(seller: &Seller) -> &str {
    seller.say("ワンタイムパスワードの登録", "Set up one-time codes")
}

async fn view(seller: &Seller, error: Option<&str>) -> Result<Markup, Refusal> {
    let secret = code_secret(&seller.body.staff, &seller.actor).await?;
    let errors: Vec<FieldError<'_>> =
        error.map(|message| FieldError { field: "code", message }).into_iter().collect();
    let action = seller.href("/one-time-code");
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let label = seller.say("認証アプリに表示された6桁のコード", "Six digits that the app shows");
    let groups: Vec<&str> = secret.as_bytes().chunks(4).flat_map(std::str::from_utf8).collect();
    Ok(html! {
        (error_summary(seller.language, &errors))
        p { (seller.say("認証アプリに次の鍵を登録し（種類は時刻、6桁、30秒）、表示された6桁を入れて登録を終えます。\
            鍵は、登録を終えるともう表示しません。",
            "Put this key into your authenticator app (by time, 6 digits, 30 seconds) and finish \
            with the digits that it shows. The key is not shown again.")) }
        dl.items.subjects {
            div.item.wide {
                dt { (seller.say("鍵", "Key")) }
                dd { code { (groups.join(" ")) } }
            }
        }
        (post_form(&form, html! {
            (one_time_code(&Field::new(seller.language, "code", label).required(true)
                .error(error)))
            (button(ButtonKind::Primary, seller.say("登録を終える", "Finish")))
        }))
    })
}

/// What is entered.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    code: String,
}

/// Ends the setting up; a session to work in, or to change the password first, goes on.
pub async fn confirm(
    State(state): State<InternetState>,
    seller: Seller,
    Form(entered): Form<Entered>,
) -> Response {
    let made = async {
        seller.check(entered.csrf.as_deref())?;
        match code_confirm(&seller.body.staff, &seller.actor, &entered.code).await {
            Ok(opened) => {
                let cookie = session_cookie(&state, &seller.body.organisation.id, &opened.token);
                let to = seller.href(first_page(&opened));
                let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
                Ok((StatusCode::SEE_OTHER, headers).into_response())
            }
            Err(OfficeError::Invalid(findings)) => {
                let said = findings
                    .first()
                    .map(|one| pick(seller.language, &*one.message, &*one.message_en));
                let content = view(&seller, said).await?;
                let mut response = seller.page(title(&seller), Vec::new(), content);
                *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(response)
            }
            Err(other) => Err(other.into()),
        }
    };
    seller.answer(made.await)
}
