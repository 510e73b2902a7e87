//! Signing in and out. The page of a sample organisation shows its invented accounts and their
//! current codes; no other page ever does.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use office::access::role;
use office::staff::Opened;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde_json::json;

use super::desk::{COOKIE, Desk, ZONE, source};
use super::refusal::{Refusal, page, with_patience};
use super::{CounterState, Place};
use crate::component::form::{
    ButtonKind, Field, FieldError, PasswordUse, PostForm, button, error_summary, one_time_code,
    password, post_form, text,
};
use crate::component::language::{Language, pick};
use crate::component::page::{Layout, Page};
use crate::component::table::{Cell, Column, Row, Table, table};

/// What is entered.
#[derive(Deserialize)]
pub struct Entered {
    id: String,
    password: String,
    code: String,
}

/// The language asked for.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
}

/// The list of organisations of this node: the organisation is chosen before sign-in.
pub async fn entrance(State(state): State<CounterState>) -> Response {
    let content = html! {
        p { "職員の方は、団体を選んでサインインしてください。" }
        ul {
            @for place in state.places() {
                @let organisation = &place.office.organisation;
                li { a href={ "/" (organisation.id) "/sign-in" } { (organisation.name) } }
            }
        }
    };
    let page = Page {
        layout: Layout::Entrance,
        zone: "個人番号利用事務系",
        sample: state.places().all(|place| place.office.organisation.sample),
        ..Page::new(Language::Japanese, "雲居", "団体の選択", content)
    };
    page.render().into_response()
}

/// The sign-in page.
pub async fn form(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let language = asked.lang.as_deref().and_then(Language::from_tag).unwrap_or_default();
    match state.place(&organisation) {
        Some(place) => render(&place, language, "", None).await,
        None => page(&Refusal::NotFound, language, "/"),
    }
}

async fn render(place: &Place, language: Language, id: &str, failure: Option<&str>) -> Response {
    let organisation = &place.office.organisation;
    let action = format!("/{}/sign-in", organisation.id);
    let say = |ja, en| pick(language, ja, en);
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "id", message }).into_iter().collect();
    let fields = html! {
        (text(&Field::new(language, "id", say("職員ID", "Staff ID")).required(true).value(id)
            .autocomplete("username").error(failure)))
        (password(&Field::new(language, "password", say("パスワード", "Password")).required(true),
            PasswordUse::Current))
        (one_time_code(&Field::new(language, "code", say("ワンタイムコード（6桁）", "One-time code"))
            .hint(say("再登録のときは、管理者から受け取った登録用コード",
                "To register anew: the registration code from the administrator"))
            .required(true)))
        (button(ButtonKind::Primary, say("サインイン", "Sign in")))
    };
    let form = PostForm { action: &action, csrf: "", enter: None, multipart: false };
    let samples = if organisation.sample {
        samples(place, language).await
    } else {
        html! {}
    };
    let content = html! {
        (error_summary(language, &errors))
        (post_form(&form, fields))
        (samples)
    };
    let other = format!("{action}?lang={}", language.other().tag());
    let name = say(&organisation.name, &organisation.name_en).to_owned();
    let page = Page {
        layout: Layout::Entrance,
        zone: say("個人番号利用事務系", "Office zone"),
        sample: organisation.sample,
        language_href: &other,
        ..Page::new(language, &name, say("サインイン", "Sign in"), content)
    };
    let status = if failure.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (status, page.render()).into_response()
}

/// The invented accounts of a sample organisation.
async fn samples(place: &Place, language: Language) -> Markup {
    let Ok(accounts) = staff::sample_codes(&place.staff, Timestamp::now()).await else {
        return html! {};
    };
    let say = |ja, en| pick(language, ja, en);
    let lines: Vec<(String, String, String)> = accounts
        .into_iter()
        .map(|(id, _, roles, code)| {
            let roles: Vec<&str> = roles.iter().map(|id| role::name(id)).collect();
            (id, roles.join("・"), code)
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(id, roles, code)| Row {
            href: None,
            cells: vec![Cell::Text(id), Cell::Text(roles), Cell::Text(code)],
        })
        .collect();
    html! {
        section {
            h2 { (say("見本の職員", "Sample accounts")) }
            p { (say("見本の団体だけに表示します。パスワードはどれも ", "Shown for sample bodies only. Password: ")) code { "kumoi-mihon-2026" } }
            (table(&Table {
                caption: say("いま有効なコード（30秒ごとに変わり、一度だけ使えます）", "Codes valid now, each once"),
                columns: vec![
                    Column::text(say("職員ID", "Staff ID")),
                    Column::text(say("役割", "Roles")),
                    Column::text(say("コード", "Code")),
                ],
                rows,
                empty: "",
                stacked: false,
            }))
        }
    }
}

/// Signs in.
pub async fn submit(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Form(entered): Form<Entered>,
) -> Response {
    let language = asked.lang.as_deref().and_then(Language::from_tag).unwrap_or_default();
    let Some(place) = state.place(&organisation) else {
        return page(&Refusal::NotFound, language, "/");
    };
    let given = (entered.id.trim(), entered.password.as_str(), entered.code.as_str());
    if let Err(error) = staff::try_count(&place.staff, &source(peer), given.0).await {
        let message = error.to_string();
        let mut response = render(&place, language, &entered.id, Some(&message)).await;
        if matches!(error, OfficeError::TooMany(_)) {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        return with_patience(&error.into(), response);
    }
    match staff::sign_in(&place.staff, given, ZONE, Timestamp::now()).await {
        Ok(opened) => {
            // What was contracted a moment ago is there when its first user comes.
            if let Err(error) = state.refresh(&organisation).await {
                return page(&error.into(), language, "/");
            }
            if let Err(error) = signed_in(&place, &opened.token).await {
                return page(&error.into(), language, "/");
            }
            let cookie = session_cookie(&organisation, &opened.token);
            let to = first_page(&organisation, &opened);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(OfficeError::SignIn(message)) => {
            render(&place, language, &entered.id, Some(&message)).await
        }
        Err(error) => page(&error.into(), language, "/"),
    }
}

/// Where a session leads first.
pub fn first_page(organisation: &str, opened: &Opened) -> String {
    match (opened.setup, opened.renewal) {
        (true, _) => format!("/{organisation}/one-time-code"),
        (false, true) => format!("/{organisation}/password"),
        (false, false) => format!("/{organisation}"),
    }
}

/// The cookie of a session.
pub fn session_cookie(organisation: &str, token: &str) -> String {
    format!("{COOKIE}={token}; Path=/{organisation}; HttpOnly; SameSite=Strict; Max-Age=36000")
}

/// The audit row of a sign-in.
async fn signed_in(place: &Place, token: &str) -> Result<(), OfficeError> {
    let request = "POST sign-in".to_owned();
    let Some((actor, ..)) = super::desk::signed_in(place, token, request).await? else {
        return Ok(());
    };
    let client = place.office.database.client().await?;
    actor.audit(&**client, "session.open", "サインイン", Vec::new(), json!({})).await
}

/// What signing out carries.
#[derive(Deserialize)]
pub struct Token {
    csrf: Option<String>,
}

/// Signs out.
pub async fn sign_out(
    desk: Desk,
    headers: axum::http::HeaderMap,
    Form(token): Form<Token>,
) -> Response {
    if let Err(refusal) = desk.check(token.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    let token = super::desk::cookie(&headers, COOKIE).unwrap_or_default();
    if let Err(error) = leave(&desk, &token).await {
        return desk.refuse(error);
    }
    let cookie = format!("{COOKIE}=; Path={}; HttpOnly; Max-Age=0", desk.href(""));
    let to = desk.href("/sign-in");
    (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, to)]).into_response()
}

async fn leave(desk: &Desk, token: &str) -> Result<(), OfficeError> {
    let client = desk.place.office.database.client().await?;
    desk.actor.audit(&**client, "session.close", "サインアウト", Vec::new(), json!({})).await?;
    staff::sign_out(&desk.place.staff, token).await
}
