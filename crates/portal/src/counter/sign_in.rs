//! Signing in and out. The page of a sample organisation shows its invented accounts and their
//! current codes; no other page ever does.

use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said::Said;
use jiff::Timestamp;
use maud::{Markup, html};
use office::access::role;
use office::staff::Opened;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde_json::json;

use super::desk::{COOKIE, Desk, ZONE, remembered, source};
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

impl Asked {
    fn language(&self) -> Option<Language> {
        self.lang.as_deref().and_then(Language::from_tag)
    }
}

/// What keeps the language on the next page: nothing while it is Japanese without being asked for.
fn kept(asked: Option<Language>, language: Language) -> String {
    match (asked, language) {
        (None, Language::Japanese) => String::new(),
        _ => format!("?lang={}", language.tag()),
    }
}

/// The list of organisations of this node: the organisation is chosen before sign-in.
pub async fn entrance(State(state): State<CounterState>, Query(asked): Query<Asked>) -> Response {
    let language = asked.language().unwrap_or_default();
    let say = |ja, en| pick(language, ja, en);
    let kept = kept(asked.language(), language);
    let content = html! {
        p { (say("職員の方は、団体を選んでサインインしてください。",
            "Staff: choose your organisation and sign in.")) }
        ul {
            @for place in state.places() {
                @let organisation = &place.office.organisation;
                li { a href={ "/" (organisation.id) "/sign-in" (kept) } {
                    (pick(language, &organisation.name, &organisation.name_en))
                } }
            }
        }
    };
    let other = format!("/?lang={}", language.other().tag());
    let page = Page {
        layout: Layout::Entrance,
        zone: say("個人番号利用事務系", "Office zone"),
        language_href: &other,
        sample: state.places().all(|place| place.office.organisation.sample),
        ..Page::new(language, say("雲居", "Kumoi"), say("団体の選択", "Organisations"), content)
    };
    page.render().into_response()
}

/// The sign-in page.
pub async fn form(
    State(state): State<CounterState>,
    Path(organisation): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.place(&organisation) {
        Some(place) => render(&place, &spoken, "", None).await,
        None => page(&Refusal::NotFound, spoken.language, "/"),
    }
}

/// The language of the page, and what keeps it on the next one.
struct Spoken {
    language: Language,
    kept: String,
}

impl Spoken {
    /// By the address, else remembered, else Japanese.
    fn of(asked: &Asked, headers: &HeaderMap) -> Spoken {
        let language = asked.language().or_else(|| remembered(headers)).unwrap_or_default();
        Spoken { language, kept: kept(asked.language(), language) }
    }
}

async fn render(place: &Place, spoken: &Spoken, id: &str, failure: Option<&Said>) -> Response {
    let language = spoken.language;
    let organisation = &place.office.organisation;
    let address = format!("/{}/sign-in", organisation.id);
    let action = format!("{address}{}", spoken.kept);
    let failure = failure.map(|said| pick(language, &said.ja, &said.en));
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
    let other = format!("{address}?lang={}", language.other().tag());
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
            let name = |id| pick(language, role::name(id), role::name_en(id));
            let roles: Vec<&str> = roles.iter().map(|id| name(id)).collect();
            (id, roles.join(say("・", ", ")), code)
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
    (headers, peer): (HeaderMap, Option<Extension<ConnectInfo<SocketAddr>>>),
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(place) = state.place(&organisation) else {
        return page(&Refusal::NotFound, spoken.language, "/");
    };
    let given = (entered.id.trim(), entered.password.as_str(), entered.code.as_str());
    if let Err(error) = staff::try_count(&place.staff, &source(peer), given.0).await {
        let mut response = render(&place, &spoken, &entered.id, Some(&error.said())).await;
        if matches!(error, OfficeError::TooMany(_)) {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        return with_patience(&error.into(), response);
    }
    match staff::sign_in(&place.staff, given, ZONE, Timestamp::now()).await {
        Ok(opened) => {
            // What was contracted a moment ago is there when its first user comes.
            let taken_up = state.refresh(&organisation).await.map(|_| ());
            let noted = signed_in(&place, &opened.token).await;
            if let Err(error) = taken_up.and(noted) {
                return page(&error.into(), spoken.language, "/");
            }
            let cookie = session_cookie(&organisation, &opened.token);
            let to = format!("{}{}", first_page(&organisation, &opened), spoken.kept);
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, to)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(OfficeError::SignIn(said)) => render(&place, &spoken, &entered.id, Some(&said)).await,
        Err(error) => page(&error.into(), spoken.language, "/"),
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
pub async fn sign_out(desk: Desk, headers: HeaderMap, Form(token): Form<Token>) -> Response {
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
