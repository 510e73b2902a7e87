//! Residents whose card fits no record, or several: a clerk looks and decides.

use axum::Form;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use office::access::role;
use office::front::{Clerk, Decision, LinkItems, Pending, Verdict, decide, pending};
use serde::Deserialize;
use serde_json::json;
use store::Database;

use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::form::{ButtonKind, PostForm, button_row, button_with, hidden, post_form};
use crate::component::language::Language;
use crate::component::page::section;

/// A register whose residents can see their own record.
struct Published<'d> {
    system: &'d definition::System,
    register: String,
    items: LinkItems,
}

fn published(desk: &Desk) -> Vec<Published<'_>> {
    let mut out = Vec::new();
    for system in desk.place.office.systems.iter() {
        for register in &system.registers {
            if let Some(items) = &register.published {
                let items = LinkItems::from(items);
                out.push(Published { system, register: register.id.clone(), items });
            }
        }
    }
    out
}

fn front(desk: &Desk) -> Result<&Database, Refusal> {
    desk.place.front.as_ref().ok_or(Refusal::NotFound)
}

/// The applications that wait for a decision.
pub async fn page(desk: Desk) -> Response {
    match list(&desk).await {
        Ok(content) => {
            desk.page(desk.say("住民ページの照合", "Residents to match"), Vec::new(), content)
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn list(desk: &Desk) -> Result<Markup, Refusal> {
    desk.actor.require(&[role::COUNTER, role::PROTECTION])?;
    let office = &desk.place.office.database;
    let mut sections = Vec::new();
    for own in published(desk) {
        let waiting = pending(front(desk)?, office, own.system, &own.register, &own.items).await?;
        let subjects =
            waiting.iter().flat_map(|p| p.candidates.iter().map(|c| c.key.clone())).collect();
        let client = office.client().await?;
        let detail = json!({"register": own.register, "waiting": waiting.len()});
        desk.actor.audit(&**client, "link.list", "住民ページの照合", subjects, detail).await?;
        sections.push(view(desk, &own, &waiting));
    }
    Ok(html! { @for section in &sections { (section) } })
}

fn view(desk: &Desk, own: &Published<'_>, waiting: &[Pending]) -> Markup {
    let heading = desk.say(&own.system.name, &own.system.name_en);
    let content = html! {
        @if waiting.is_empty() {
            p { (desk.say("判断を待つ申請はありません。", "Nothing is waiting.")) }
        }
        @for one in waiting { (card(desk, own, one)) }
    };
    section(heading, content)
}

/// What the card says beside the records that come near it.
fn card(desk: &Desk, own: &Published<'_>, one: &Pending) -> Markup {
    let action = desk.href("/links");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let claims = &one.claims;
    let mut buttons: Vec<Markup> = one
        .candidates
        .iter()
        .map(|candidate| {
            let label = match desk.language {
                Language::Japanese => format!("{}と連携する", candidate.key),
                Language::English => format!("Link with {}", candidate.key),
            };
            button_with(ButtonKind::Secondary, &label, "key", &candidate.key)
        })
        .collect();
    let refuse = desk.say("該当なしとする", "No such resident");
    buttons.push(button_with(ButtonKind::Danger, refuse, "key", ""));
    html! {
        section.record {
            p lang="ja" { strong.glyphs { (claims.name) } "　" (claims.birthdate) "　" (claims.address) }
            p { @for candidate in &one.candidates {
                @let row = format!("/rows/{}/{}/{}", own.system.id, own.register, candidate.key);
                a href=(desk.href(&row)) { (candidate.key) } "　"
            } }
            (post_form(&form, html! {
                (hidden("handle", &URL_SAFE_NO_PAD.encode(&one.handle)))
                (hidden("register", &format!("{}/{}", own.system.id, own.register)))
                (button_row(&buttons))
            }))
        }
    }
}

/// What a decision carries.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    handle: String,
    register: String,
    #[serde(default)]
    key: String,
}

/// Decides.
pub async fn submit(desk: Desk, Form(entered): Form<Entered>) -> Response {
    match perform(&desk, entered).await {
        Ok(()) => {
            let to = desk.href("/links");
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, entered: Entered) -> Result<(), Refusal> {
    desk.check(entered.csrf.as_deref())?;
    desk.actor.require(&[role::COUNTER, role::PROTECTION])?;
    let handle = URL_SAFE_NO_PAD.decode(&entered.handle).map_err(|_| Refusal::NotFound)?;
    let own = published(desk)
        .into_iter()
        .find(|own| entered.register == format!("{}/{}", own.system.id, own.register))
        .ok_or(Refusal::NotFound)?;
    let decision = match entered.key.as_str() {
        "" => Decision::Refuse,
        key => Decision::Link(key.to_owned()),
    };
    let clerk = Clerk { id: &desk.actor.id, role: &desk.actor.roles.join(",") };
    let office = desk.place.office.database.client().await?;
    let (subjects, outcome) = match entered.key.as_str() {
        "" => (Vec::new(), "refuse"),
        key => (vec![key.to_owned()], "link"),
    };
    let detail = json!({"register": entered.register, "outcome": outcome});
    desk.actor.audit(&**office, "link.decide", "住民ページの照合", subjects, detail).await?;
    drop(office);
    let verdict = Verdict { handle: &handle, decision, clerk };
    let databases = (front(desk)?, &desk.place.office.database);
    decide(databases, (own.system, &own.register), &own.items, verdict).await?;
    Ok(())
}
