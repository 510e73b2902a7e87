//! The way in for staff, the same in every zone of theirs: the organisations of a node and the
//! sign-in page of one. The page of a sample organisation shows its invented accounts and their
//! current codes; no other page ever does. Nobody is signed in here.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::said::Said;
use jiff::Timestamp;
use maud::{Markup, html};
use office::access::role;
use office::staff;
use serde::Deserialize;
use store::Database;
use store::organisation::Organisation;

use crate::component::form::{
    ButtonKind, Field, FieldError, PasswordUse, PostForm, button, error_summary, one_time_code,
    password, post_form, text,
};
use crate::component::language::{Language, pick};
use crate::component::page::{Layout, Page};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::desk::remembered;

/// What is entered.
#[derive(Deserialize)]
pub struct Entered {
    /// Sign-in name.
    pub id: String,
    /// Password.
    pub password: String,
    /// One-time or registration code.
    pub code: String,
}

/// The language asked for.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
}

impl Asked {
    /// The language, where the address says one.
    pub fn language(&self) -> Option<Language> {
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

/// A zone's door to one organisation.
pub struct Door<'a> {
    /// The organisation.
    pub organisation: &'a Organisation,
    /// Its staff.
    pub staff: &'a Database,
    /// The zone's name in both languages.
    pub zone: (&'a str, &'a str),
    /// What stands before the organisation in addresses.
    pub base: &'a str,
    /// How those who come in are spoken of.
    pub people: &'a People,
}

/// How a zone speaks of those who come in, in both languages.
#[derive(Debug)]
pub struct People {
    /// What to do at the list of organisations.
    pub choose: (&'static str, &'static str),
    /// The heading of that list.
    pub list: (&'static str, &'static str),
    /// The sign-in name.
    pub id: (&'static str, &'static str),
    /// The heading of the invented accounts.
    pub samples: (&'static str, &'static str),
    /// What is said above them.
    pub invented: (&'static str, &'static str),
    /// What else there is to do at the list: where, and its words.
    pub more: Option<(&'static str, (&'static str, &'static str))>,
}

/// 職員, at their municipality.
pub const STAFF: People = People {
    choose: (
        "職員の方は、団体を選んでサインインしてください。",
        "Staff: choose your organisation and sign in.",
    ),
    list: ("団体の選択", "Organisations"),
    id: ("職員ID", "Staff ID"),
    samples: ("見本の職員", "Sample accounts"),
    invented: ("見本の団体だけに表示します。", "Shown for sample bodies only."),
    more: None,
};

/// 事業者の担当者.
pub const VENDORS: People = People {
    choose: (
        "業務システムを公開する事業者の方は、自社を選んでサインインしてください。",
        "Vendors: choose your company and sign in.",
    ),
    list: ("事業者の選択", "Vendors"),
    id: ("担当者ID", "User ID"),
    samples: ("見本の担当者", "Sample accounts"),
    invented: ("見本の事業者だけに表示します。", "Shown for sample vendors only."),
    more: Some(("/vendors/register", ("事業者の登録を申請する", "Apply to become a vendor"))),
};

/// 運用担当 of the national operator.
pub const OPERATORS: People = People {
    choose: (
        "基盤を運用する方は、組織を選んでサインインしてください。",
        "Operators of the platform: choose your organisation and sign in.",
    ),
    list: ("運用する組織の選択", "Operators"),
    id: ("運用担当ID", "Operator ID"),
    samples: ("見本の運用担当", "Sample accounts"),
    invented: ("見本の組織だけに表示します。", "Shown for sample operators only."),
    more: None,
};

/// Officials of a prefecture.
pub const PREFECTURES: People = People {
    choose: (
        "都道府県の職員の方は、都道府県を選んでサインインしてください。",
        "Officials of prefectures: choose your prefecture and sign in.",
    ),
    list: ("都道府県の選択", "Prefectures"),
    id: ("職員ID", "Staff ID"),
    samples: ("見本の職員", "Sample accounts"),
    invented: ("見本の都道府県だけに表示します。", "Shown for sample prefectures only."),
    more: None,
};

/// The list of organisations of this node: the organisation is chosen before sign-in.
pub fn organisations(
    asked: &Asked,
    (zone, base, people): ((&str, &str), &str, &People),
    all: &[&Organisation],
) -> Response {
    let language = asked.language().unwrap_or_default();
    let say = |ja, en| pick(language, ja, en);
    let kept = kept(asked.language(), language);
    let content = html! {
        p { (say(people.choose.0, people.choose.1)) }
        ul {
            @for organisation in all {
                li { a href={ (base) "/" (organisation.id) "/sign-in" (kept) } {
                    (pick(language, &organisation.name, &organisation.name_en))
                } }
            }
        }
        @if let Some((to, words)) = people.more {
            p { a href={ (to) (kept) } { (say(words.0, words.1)) } }
        }
    };
    let other = format!("{base}/?lang={}", language.other().tag());
    let page = Page {
        layout: Layout::Entrance,
        zone: say(zone.0, zone.1),
        language_href: &other,
        sample: all.iter().all(|organisation| organisation.sample),
        ..Page::new(language, say("雲居", "Kumoi"), say(people.list.0, people.list.1), content)
    };
    page.render().into_response()
}

/// The language of the page, and what keeps it on the next one.
pub struct Spoken {
    /// The language.
    pub language: Language,
    /// The query that keeps it; empty for none.
    pub kept: String,
}

impl Spoken {
    /// By the address, else remembered, else Japanese.
    pub fn of(asked: &Asked, headers: &HeaderMap) -> Spoken {
        let language = asked.language().or_else(|| remembered(headers)).unwrap_or_default();
        Spoken { language, kept: kept(asked.language(), language) }
    }

    /// One of two texts by language.
    pub fn say<'a>(&self, japanese: &'a str, english: &'a str) -> &'a str {
        pick(self.language, japanese, english)
    }
}

/// The sign-in page, with why the last try was refused.
pub async fn sign_in_page(
    door: &Door<'_>,
    spoken: &Spoken,
    id: &str,
    failure: Option<&Said>,
) -> Response {
    let language = spoken.language;
    let (organisation, people) = (door.organisation, door.people);
    let address = format!("{}/{}/sign-in", door.base, organisation.id);
    let action = format!("{address}{}", spoken.kept);
    let failure = failure.map(|said| pick(language, &said.ja, &said.en));
    let say = |ja, en| pick(language, ja, en);
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "id", message }).into_iter().collect();
    let fields = html! {
        (text(&Field::new(language, "id", say(people.id.0, people.id.1)).required(true).value(id)
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
        samples(door, language).await
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
        zone: say(door.zone.0, door.zone.1),
        sample: organisation.sample,
        language_href: &other,
        ..Page::new(language, &name, say("サインイン", "Sign in"), content)
    };
    let status = if failure.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (status, page.render()).into_response()
}

/// The invented accounts of a sample organisation.
async fn samples(door: &Door<'_>, language: Language) -> Markup {
    let people = door.people;
    let Ok(accounts) = staff::sample_codes(door.staff, Timestamp::now()).await else {
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
            h2 { (say(people.samples.0, people.samples.1)) }
            p { (say(people.invented.0, people.invented.1))
                (say("パスワードはどれも ", " Password: ")) code { "kumoi-mihon-2026" } }
            (table(&Table {
                caption: say("いま有効なコード（30秒ごとに変わり、一度だけ使えます）", "Codes valid now, each once"),
                columns: vec![
                    Column::text(say(people.id.0, people.id.1)),
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
