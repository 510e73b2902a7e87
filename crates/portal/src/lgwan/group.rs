//! 共同利用: the groups of a body or a prefecture, who joined by whose decision, and their course.
//! The same pages for a municipality and for a prefecture that leads; each sees its own groups.

pub mod plan;
mod view;

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use cloud::group::PATTERNS;
use maud::{Markup, html};
use store::control::group::{
    Joining, JointGroup, JointMember, Known, body_list, group_list, group_make, member_invite,
    member_list, member_step,
};
use store::{Client, StoreError};

use super::BUYERS;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, error_summary, post_form, radios,
    text, textarea,
};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::member::{Member, Zone};
use crate::route::Access;

/// The most letters of a name and of a longer text.
const NAME: usize = 100;
const TEXT: usize = 2000;

/// What was entered, and what is wrong with it: field and message.
#[derive(Default)]
pub(super) struct Given {
    pub(super) entered: HashMap<String, String>,
    pub(super) faults: Vec<(&'static str, String)>,
}

impl Given {
    pub(super) fn of(entered: HashMap<String, String>) -> Given {
        Given { entered, faults: Vec::new() }
    }

    pub(super) fn value(&self, field: &str) -> &str {
        self.entered.get(field).map(|text| text.trim()).unwrap_or_default()
    }

    pub(super) fn fault(&mut self, field: &'static str, message: &str) {
        self.faults.push((field, message.to_owned()));
    }

    /// Notes a text that is missing or too long.
    pub(super) fn needs(&mut self, field: &'static str, (missing, most): (&str, usize)) {
        let length = self.value(field).chars().count();
        if length == 0 {
            self.fault(field, missing);
        } else if length > most {
            let message = format!("{most}字までで入れてください（いま{length}字）");
            self.faults.push((field, message));
        }
    }

    pub(super) fn errors(&self) -> Vec<FieldError<'_>> {
        self.faults.iter().map(|(field, message)| FieldError { field, message }).collect()
    }

    /// A field with what was entered and what is wrong with it.
    pub(super) fn field<'f, Z: Zone>(
        &'f self,
        member: &Member<Z>,
        name: &'static str,
        label: &'f str,
    ) -> Field<'f> {
        let wrong = self.faults.iter().find(|(field, _)| *field == name);
        let field = Field::new(member.language, name, label).required(true);
        field.value(self.value(name)).error(wrong.map(|(_, message)| message.as_str()))
    }

    /// The page, with 422 where something is wrong.
    pub(super) fn status(&self, mut response: Response) -> Response {
        if !self.faults.is_empty() {
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        response
    }
}

pub(super) fn may<Z: Zone>(member: &Member<Z>) -> bool {
    matches!(BUYERS, Access::Roles(roles) if roles.iter().any(|role| member.actor.has(role)))
}

pub(super) fn see<Z: Zone>(member: &Member<Z>, rest: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, member.href(rest))]).into_response()
}

/// A form that posts to an address of this organisation.
pub(super) fn sending<Z: Zone>(member: &Member<Z>, rest: &str, content: Markup) -> Markup {
    let action = member.href(rest);
    let form = PostForm { action: &action, csrf: &member.csrf, enter: None, multipart: false };
    post_form(&form, content)
}

/// The name of a body by its identifier.
pub(super) fn called<'k>(bodies: &'k [Known], id: &'k str) -> &'k str {
    bodies.iter().find(|one| one.id == id).map_or(id, |one| &one.name)
}

/// The groups that the organisation leads or stands in, and the form for another.
pub async fn all<Z: Zone>(member: Member<Z>) -> Response {
    member.answer(listed(&member, &Given::default()).await)
}

async fn listed<Z: Zone>(member: &Member<Z>, given: &Given) -> Result<Response, Refusal> {
    let client = member.cloud().await?;
    let (groups, bodies) = (group_list(&*client).await?, body_list(&*client).await?);
    let mut lines = Vec::new();
    for one in &groups {
        let members = member_list(&*client, one.id).await?;
        let joined = members.iter().filter(|it| it.has_joined()).count();
        let own = members.iter().find(|it| it.organisation == member.body.organisation.id);
        let place = own.map_or_else(|| "―".to_owned(), |it| it.state.clone());
        let href = member.href(&format!("/groups/{}", one.id));
        lines.push((href, one, place, format!("{joined} / {}", members.len())));
    }
    let rows = lines
        .iter()
        .map(|(href, one, place, count)| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(&one.name),
                Cell::Japanese(called(&bodies, &one.lead)),
                Cell::Text(&one.pattern),
                Cell::Japanese(place),
                Cell::Text(count),
            ],
        })
        .collect();
    let content = html! {
        (error_summary(member.language, &given.errors()))
        (table(&Table {
            caption: member.say("この団体の共同利用", "Groups of this organisation"),
            columns: vec![
                Column::text(member.say("名称", "Name")),
                Column::text(member.say("代表", "Lead")),
                Column::text(member.say("型", "Pattern")),
                Column::text(member.say("この団体", "This body")),
                Column::number(member.say("参加 / 招いた団体", "Joined / invited")),
            ],
            rows,
            empty: member.say("まだありません。招かれると、ここに出ます。", "None yet."),
            stacked: true,
        }))
        @if may(member) { (founding(member, given)) }
    };
    let page = member.page(member.say("共同利用", "Joint use"), Vec::new(), content);
    Ok(given.status(page))
}

fn founding<Z: Zone>(member: &Member<Z>, given: &Given) -> Markup {
    let labels = PATTERNS.map(|(letter, words)| format!("{letter}　{words}"));
    let choices: Vec<Choice<'_>> =
        PATTERNS.iter().zip(&labels).map(|((id, _), label)| Choice::recorded(id, label)).collect();
    let hint = member.say(
        "市区町村が代表のときは、その団体も招かれます。参加は団体ごとに、二人で決めます。",
        "A municipality that leads is invited too. Each body joins by two of its own people.",
    );
    section(
        member.say("共同利用を始める", "Begin a group"),
        html! {
            p { (hint) }
            (sending(member, "/groups", html! {
                (text(&given.field(member, "name", member.say("名称", "Name"))))
                (radios(&given.field(member, "pattern", member.say("検証の型", "Pattern")), &choices))
                (textarea(&given.field(member, "purpose", member.say("何をするためか", "Purpose")), 3))
                (button(ButtonKind::Primary, member.say("始める", "Begin")))
            }))
        },
    )
}

/// Makes a group.
pub async fn make<Z: Zone>(
    member: Member<Z>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        member.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        given.needs("name", ("名を入れてください", NAME));
        given.needs("purpose", ("何をするためかを入れてください", TEXT));
        if PATTERNS.iter().all(|(letter, _)| *letter != given.value("pattern")) {
            given.fault("pattern", "型を選んでください");
        }
        if !given.faults.is_empty() {
            return listed(&member, &given).await;
        }
        let mut client = member.cloud().await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let new = (given.value("name"), given.value("pattern"), given.value("purpose"));
        let id = group_make(&transaction, new, &member.actor.id).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(see(&member, &format!("/groups/{id}")))
    };
    member.answer(made.await)
}

/// A group as this organisation stands in it.
pub(super) struct Scene {
    pub(super) group: JointGroup,
    pub(super) members: Vec<JointMember>,
    pub(super) bodies: Vec<Known>,
    /// Whether this organisation leads it.
    pub(super) leads: bool,
}

impl Scene {
    /// The own place in it.
    pub(super) fn own<Z: Zone>(&self, member: &Member<Z>) -> Option<&JointMember> {
        self.members.iter().find(|it| it.organisation == member.body.organisation.id)
    }
}

pub(super) async fn scene<Z: Zone>(
    member: &Member<Z>,
    client: &Client,
    id: i64,
) -> Result<Scene, Refusal> {
    let groups = group_list(&**client).await?;
    let group = groups.into_iter().find(|one| one.id == id).ok_or(Refusal::NotFound)?;
    Ok(Scene {
        leads: group.lead == member.body.organisation.id,
        members: member_list(&**client, id).await?,
        bodies: body_list(&**client).await?,
        group,
    })
}

/// One group.
pub async fn one<Z: Zone>(member: Member<Z>, Path((_, id)): Path<(String, i64)>) -> Response {
    member.answer(view::shown(&member, id, &Given::default()).await)
}

/// What a form of a group asks for, and whether it needs a reason.
fn joining(step: &str) -> Option<(Joining, bool)> {
    Some(match step {
        "draft" => (Joining::Draft, false),
        "decide" => (Joining::Decide, false),
        "decline" => (Joining::Decline, false),
        "leave" => (Joining::Leave, true),
        "leave-decide" => (Joining::LeaveDecide, false),
        "stay" => (Joining::Stay, false),
        _ => return None,
    })
}

/// Takes a step in a group: the own joining and leaving, or inviting as its lead.
pub async fn step<Z: Zone>(
    member: Member<Z>,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        member.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let joining = joining(&step);
        if joining.is_some_and(|(_, needs)| needs) {
            given.needs("reason", ("脱退の理由を入れてください", TEXT));
        }
        if joining.is_none() && step != "invite" {
            return Err(Refusal::NotFound);
        }
        if step == "invite" && given.value("organisation").is_empty() {
            given.fault("organisation", "招く団体を選んでください");
        }
        if !given.faults.is_empty() {
            return view::shown(&member, id, &given).await;
        }
        let client = member.cloud().await?;
        let scene = scene(&member, &client, id).await?;
        let said = (member.actor.id.as_str(), given.value("reason"));
        match joining {
            Some((joining, _)) => member_step(&*client, (id, joining), said).await?,
            None => {
                let asked = given.value("organisation");
                if scene.bodies.iter().all(|one| one.id != asked || !one.joins) {
                    let none = said!("招ける市区町村", "a municipality to invite");
                    return Err(StoreError::NotFound(none).into());
                }
                member_invite(&*client, (id, asked), (said.0, "")).await?;
            }
        }
        Ok(see(&member, &format!("/groups/{id}")))
    };
    member.answer(made.await)
}
