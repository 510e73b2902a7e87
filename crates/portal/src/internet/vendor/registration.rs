//! 事業者の登録: anybody asks at the entrance to become a vendor, and asks with a word of their own how
//! that stands. The entrance's login leaves the application and reads no other; nobody is admitted
//! here.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::Form;
use axum::extract::{ConnectInfo, Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::said;
use base::said::Said;
use cloud::registration::{applicant_check, word_digest, word_new};
use maud::{Markup, html};
use store::StoreError;
use store::market::{Standing, application_add, application_standing};

use super::InternetState;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, post_form, text,
};
use crate::component::notice::{Notice, Tone};
use crate::component::page::{Layout, Page, section};
use crate::component::record::{Group, Item, Record, Value, record};
use crate::counter::desk::source;
use crate::counter::refusal::{Refusal, page as refused};
use crate::entrance::{Asked, Spoken};
use crate::member::Zone;

/// Where it lies.
const PATH: &str = "/vendors/register";
const STATE_PATH: &str = "/vendors/register/state";

/// The fields of the application: name, label and hint in both languages, and what a browser may
/// fill in.
const FIELDS: [(&str, [&str; 2], [&str; 2], Option<&str>); 5] = [
    (
        "corporate_number",
        ["法人番号（13桁）", "Corporate number (13 digits)"],
        ["国税庁の法人番号公表サイトにある番号", "As published by the National Tax Agency"],
        None,
    ),
    ("name", ["事業者の名称", "Name of the company"], ["", ""], Some("organization")),
    ("name_en", ["事業者の英語の名称", "Its English name"], ["英数字で", "In Latin letters"], None),
    ("contact", ["担当者の氏名", "Name of the contact"], ["", ""], Some("name")),
    (
        "mail",
        ["担当者のメールアドレス", "Mail of the contact"],
        ["承認の連絡に使います", "For word of the admission"],
        Some("email"),
    ),
];

type Wrong = Vec<(&'static str, Said)>;
type Entered = HashMap<String, String>;

/// The form.
pub async fn form(
    State(state): State<InternetState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.entrance {
        Some(_) => form_page(&spoken, &Entered::new(), &Vec::new()),
        None => refused(&Refusal::NotFound, spoken.language, "/vendors"),
    }
}

fn form_page(spoken: &Spoken, entered: &Entered, wrong: &Wrong) -> Response {
    let say = |[ja, en]: [&'static str; 2]| spoken.say(ja, en);
    let message = |said: &Said| spoken.say(&said.ja, &said.en).to_owned();
    let messages: Vec<(&str, String)> =
        wrong.iter().map(|(field, said)| (*field, message(said))).collect();
    let errors: Vec<FieldError<'_>> =
        messages.iter().map(|(field, message)| FieldError { field, message }).collect();
    let of = |name: &str| {
        messages.iter().find(|(field, _)| *field == name).map(|(_, message)| message.as_str())
    };
    let field = |(name, label, hint, filled): (&'static str, _, _, Option<&'static str>)| {
        let value = entered.get(name).map(String::as_str).unwrap_or_default();
        let field = Field::new(spoken.language, name, say(label)).required(true).value(value);
        let field = field.hint(say(hint)).error(of(name));
        filled.map_or(field, |token| field.autocomplete(token))
    };
    let action = format!("{PATH}{}", spoken.kept);
    let form = PostForm { action: &action, csrf: "", enter: None, multipart: false };
    let content = html! {
        (error_summary(spoken.language, &errors))
        p { (spoken.say("業務システムを公開する事業者として登録を申請します。デジタル庁が申請の内容を確かめ、承認すると、\
            サインインのしかたを担当者に届けます。申請のあとに出る受付番号と照会の語で、結果を照会できます。",
            "Apply to become a vendor who publishes systems. The Digital Agency checks the \
            application; once it is admitted, the contact is told how to sign in. Ask for the \
            result with the number and the word that follow the application.")) }
        p { a href={ (STATE_PATH) (spoken.kept) } {
            (spoken.say("申請の結果を照会する", "Ask how an application stands")) } }
        (post_form(&form, html! {
            @for one in FIELDS { (text(&field(one))) }
            (button(ButtonKind::Primary, spoken.say("申請する", "Apply")))
        }))
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = spoken.say("事業者の登録の申請", "Application of a vendor");
    whole(spoken, (status, PATH), title, (Vec::new(), content))
}

/// A page of the entrance.
fn whole(
    spoken: &Spoken,
    (status, path): (StatusCode, &str),
    title: &str,
    (notices, content): (Vec<Notice<'_>>, Markup),
) -> Response {
    let other = format!("{path}?lang={}", spoken.language.other().tag());
    let page = Page {
        layout: Layout::Entrance,
        zone: spoken.say(InternetState::TITLE.0, InternetState::TITLE.1),
        language_href: &other,
        notices,
        ..Page::new(spoken.language, spoken.say("雲居", "Kumoi"), title, content)
    };
    (status, page.render()).into_response()
}

/// Takes an application in; the number and the word are shown once.
pub async fn apply(
    State(state): State<InternetState>,
    Query(asked): Query<Asked>,
    (headers, peer): (HeaderMap, Option<Extension<ConnectInfo<SocketAddr>>>),
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(entrance) = &state.entrance else {
        return refused(&Refusal::NotFound, spoken.language, "/vendors");
    };
    let given = |name: &str| entered.get(name).map(String::as_str).unwrap_or_default();
    let applicant = match applicant_check(given) {
        Ok(applicant) => applicant,
        Err(wrong) => return form_page(&spoken, &entered, &wrong),
    };
    let made = async {
        let word = word_new().map_err(|error| StoreError::Pool(error.to_string()))?;
        let from = (&*word_digest(&word), &*source(peer));
        let id = application_add(&*entrance.client().await?, &applicant, from).await?;
        Ok((id, word))
    };
    match made.await {
        Ok((id, word)) => taken_in(&spoken, id, &word),
        Err(StoreError::Conflict(said)) => {
            form_page(&spoken, &entered, &vec![("corporate_number", said)])
        }
        Err(error) => refused(&error.into(), spoken.language, "/vendors"),
    }
}

fn taken_in(spoken: &Spoken, id: i64, word: &str) -> Response {
    let number = id.to_string();
    let items = vec![
        Item::new(spoken.say("受付番号", "Number"), Value::Plain(&number)),
        Item::new(spoken.say("照会の語", "Word"), Value::Plain(word)),
    ];
    let content = html! {
        (card(spoken, items))
        p { (spoken.say("照会の語は、いまだけ表示します。受付番号と合わせて控えてください。",
            "The word is shown now only. Write both down.")) }
        p { a href={ (STATE_PATH) (spoken.kept) } {
            (spoken.say("申請の結果を照会する", "Ask how an application stands")) } }
    };
    let said = spoken.say("申請を受け付けました。", "The application was received.");
    let title = spoken.say("事業者の登録の申請", "Application of a vendor");
    whole(spoken, (StatusCode::OK, PATH), title, (vec![Notice::new(Tone::Success, said)], content))
}

fn card(spoken: &Spoken, items: Vec<Item<'_>>) -> Markup {
    record(&Record {
        language: spoken.language,
        heading: html! { (spoken.say("申請", "Application")) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

/// The form to ask how one stands.
pub async fn state_form(
    State(state): State<InternetState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    match state.entrance {
        Some(_) => state_page(&spoken, ("", ""), None, html! {}),
        None => refused(&Refusal::NotFound, spoken.language, "/vendors"),
    }
}

fn state_page(
    spoken: &Spoken,
    (number, word): (&str, &str),
    failure: Option<&Said>,
    found: Markup,
) -> Response {
    let failure = failure.map(|said| spoken.say(&said.ja, &said.en));
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "number", message }).into_iter().collect();
    let action = format!("{STATE_PATH}{}", spoken.kept);
    let form = PostForm { action: &action, csrf: "", enter: None, multipart: false };
    let field = |name: &'static str, ja, en| {
        Field::new(spoken.language, name, spoken.say(ja, en)).required(true)
    };
    let content = html! {
        (error_summary(spoken.language, &errors))
        (found)
        (section(spoken.say("照会", "Ask"), post_form(&form, html! {
            (text(&field("number", "受付番号", "Number").value(number).error(failure)))
            (text(&field("word", "照会の語", "Word").value(word)))
            (button(ButtonKind::Primary, spoken.say("照会する", "Ask")))
        })))
    };
    let status = match failure {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let title = spoken.say("登録の申請の照会", "How an application stands");
    whole(spoken, (status, STATE_PATH), title, (Vec::new(), content))
}

/// How the application of a number stands, for who knows its word.
pub async fn state(
    State(state): State<InternetState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let spoken = Spoken::of(&asked, &headers);
    let Some(entrance) = &state.entrance else {
        return refused(&Refusal::NotFound, spoken.language, "/vendors");
    };
    let given = |name: &str| entered.get(name).map(|text| text.trim()).unwrap_or_default();
    let (number, word) = (given("number"), given("word"));
    let made = async {
        let Ok(id) = number.parse() else { return Ok(None) };
        application_standing(&*entrance.client().await?, id, &word_digest(word)).await
    };
    let found = match made.await {
        Ok(found) => found,
        Err(error) => return refused(&StoreError::into(error), spoken.language, "/vendors"),
    };
    match found {
        Some(standing) => state_page(&spoken, ("", ""), None, stands(&spoken, &standing)),
        None => {
            let said = said!(
                "この受付番号と照会の語の申請はありません。控えを確かめてください",
                "There is no application with this number and word. Check what you wrote down"
            );
            state_page(&spoken, (number, ""), Some(&said), html! {})
        }
    }
}

fn stands(spoken: &Spoken, standing: &Standing) -> Markup {
    let state = match standing.state.as_str() {
        "受付" => spoken.say("受付。デジタル庁が確かめています。", "Received, being checked."),
        "却下" => spoken.say("却下", "Refused"),
        "承認" => spoken.say(
            "承認。サインインの用意をしています。数秒後に、もう一度照会してください。",
            "Admitted. Signing in is being prepared; ask again in a few seconds.",
        ),
        _ => spoken.say(
            "登録。デジタル庁が担当者に届けるサインインのしかたで、サインインしてください。",
            "Registered. Sign in as the Digital Agency tells the contact.",
        ),
    };
    let mut items = vec![Item::wide(spoken.say("状態", "State"), Value::Plain(state))];
    if let Some(reason) = &standing.reason {
        items.push(Item::wide(spoken.say("理由", "Reason"), Value::Glyphs(reason)));
    }
    let open = standing.state == "登録";
    let address = format!("/vendors/{}/sign-in{}", standing.vendor, spoken.kept);
    html! {
        (card(spoken, items))
        @if open { p { a href=(address) { (spoken.say("サインイン", "Sign in")) } } }
    }
}
