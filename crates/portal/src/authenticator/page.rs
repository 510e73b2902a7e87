//! The pages of the sample authenticator. Each says 見本・非公式.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::response::Response;
use maud::{Markup, html};

use super::{Card, SAMPLE_PIN};
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PasswordUse, PostForm, Width, button, button_row,
    button_with, error_summary, password, post_form, radios,
};
use crate::component::language::{Language, pick};
use crate::component::page::{Layout, Page};
use crate::internet::response::POLICY;
use crate::internet::scene::Visit;

/// What the holder is asked.
pub struct Asked<'a> {
    /// Id of the request.
    pub id: &'a str,
    /// The card chosen, if one was.
    pub card: &'a str,
    /// The field that was wrong and what to do.
    pub error: Option<FieldError<'a>>,
}

impl Asked<'_> {
    fn error_of(&self, field: &str) -> Option<&str> {
        self.error.filter(|error| error.field == field).map(|error| error.message)
    }
}

fn framed(language: Language, title: &str, content: Markup) -> Markup {
    let name = pick(language, "見本の認証アプリ（非公式）", "Sample authenticator (unofficial)");
    Page { layout: Layout::Entrance, ..Page::new(language, name, title, content) }.render()
}

/// Allows the form to lead back to the client: browsers hold redirects to `form-action` too.
pub fn allow_answer(response: &mut Response, redirect_uri: &str) {
    let Ok(url) = redirect_uri.parse::<reqwest::Url>() else { return };
    let origin = url.origin().ascii_serialization();
    let allowed = format!("form-action 'self' {origin}");
    let policy = POLICY.replace("form-action 'self'", &allowed);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// What this is.
pub async fn about(visit: Visit) -> Response {
    let language = visit.language;
    let content = html! {
        p { (pick(language,
            "住民ページのログインで使う、見本の認証アプリです。実在の認証サービスではありません。",
            "A sample authenticator for signing in as a resident. It is no real service.")) }
    };
    let title = pick(language, "見本の認証アプリ", "Sample authenticator");
    visit.reply(StatusCode::OK, framed(language, title, content))
}

/// Cards and PIN.
pub fn cards(language: Language, cards: &[Card], asked: &Asked<'_>) -> Markup {
    let values: Vec<(String, String)> = cards
        .iter()
        .enumerate()
        .map(|(at, card)| (at.to_string(), format!("{}　{}", card.birthdate, card.address)))
        .collect();
    let choices: Vec<Choice<'_>> = cards
        .iter()
        .zip(&values)
        .map(|(card, (value, hint))| Choice { hint, ..Choice::new(value, &card.name) })
        .collect();
    let label = pick(language, "見本カード", "Sample card");
    let card = Field::new(language, "card", label).value(asked.card).required(true);
    let card = card.error(asked.error_of("card"));
    let label = pick(language, "暗証番号（4桁）", "PIN (4 digits)");
    let hint = format!(
        "{}{SAMPLE_PIN}",
        pick(language, "見本カードの暗証番号はすべて ", "The PIN of every sample card is ")
    );
    let pin = Field::new(language, "pin", label).hint(&hint).required(true).width(Width::Short);
    let pin = pin.error(asked.error_of("pin"));
    let errors: Vec<FieldError<'_>> = asked.error.into_iter().collect();
    let form = PostForm { action: "/authorize", csrf: asked.id, enter: None, multipart: false };
    let content = html! {
        p { (pick(language,
            "住民ページに、選んだカードの氏名・住所・生年月日・性別を渡します。",
            "Name, address, date of birth and sex of the card go to the page for residents.")) }
        (error_summary(language, &errors))
        (post_form(&form, html! {
            (radios(&card, &choices))
            (password(&pin, PasswordUse::Current))
            (button_row(&[
                button(ButtonKind::Primary, pick(language, "認証する", "Confirm")),
                button_with(ButtonKind::Secondary, pick(language, "やめる", "Cancel"), "act",
                    "cancel"),
            ]))
        }))
    };
    framed(language, pick(language, "カードで認証", "Confirm with your card"), content)
}

/// No card was chosen.
pub fn no_card(language: Language) -> &'static str {
    pick(language, "見本カードを一つ選んでください。", "Choose a sample card.")
}

/// The PIN was wrong.
pub fn wrong_pin(language: Language, left: u32) -> String {
    match language {
        Language::Japanese => {
            format!("暗証番号が違います。あと{left}回間違えると、この認証は終わります。")
        }
        Language::English => format!("The PIN is wrong. {left} more and this attempt ends."),
    }
}

/// The request names no client of ours.
pub fn refused(language: Language) -> Markup {
    let content = html! {
        p { (pick(language,
            "この認証の要求は、登録された利用者からのものではありません。住民ページからやり直して\
             ください。",
            "This request does not come from a registered client. Start again from the page for \
             residents.")) }
    };
    framed(language, pick(language, "要求を受け付けられません", "Request refused"), content)
}

/// The request is over.
pub fn expired(language: Language) -> Markup {
    let content = html! {
        p { (pick(language,
            "時間がたったか、もう終わった認証です。住民ページからやり直してください。",
            "It took too long, or this attempt is over. Start again from the page for \
             residents.")) }
    };
    framed(language, pick(language, "認証の期限が切れました", "The attempt is over"), content)
}
