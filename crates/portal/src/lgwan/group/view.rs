//! How a group is shown: its members with what each can do about its own place, its plans and its
//! course. Nothing is changed here.

use axum::response::Response;
use cloud::group::PATTERNS;
use maud::{Markup, html};
use store::control::group::{JointAct, JointGroup, JointPlan, group_course, plan_list};
use store::control::offers_numbered;

use super::{Given, Scene, called, may, scene, sending};
use crate::component::day::{moment, moment_text};
use crate::component::form::{
    ButtonKind, Choice, button, button_link, error_summary, select, textarea,
};
use crate::component::page::{disclosure, section};
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::member::{Member, Zone};

/// The page of a group; 422 with what was refused of a form on it.
pub(super) async fn shown<Z: Zone>(
    member: &Member<Z>,
    id: i64,
    given: &Given,
) -> Result<Response, Refusal> {
    let client = member.cloud().await?;
    let scene = scene(member, &client, id).await?;
    let plans = plan_list(&*client, id).await?;
    let ids: Vec<i64> = plans.iter().map(|plan| plan.offer).collect();
    let offers = offers_numbered(&*client, &ids).await?;
    let course = group_course(&*client, id).await?;
    let named = |plan: &JointPlan| {
        let offer = offers.iter().find(|one| one.id == plan.offer);
        offer.map_or_else(String::new, |it| format!("{}（{} {}）", it.name, it.vendor, it.version))
    };
    let lines: Vec<(String, String, &JointPlan)> = plans
        .iter()
        .map(|plan| (member.href(&format!("/groups/{id}/plans/{}", plan.id)), named(plan), plan))
        .collect();
    let content = html! {
        (error_summary(member.language, &given.errors()))
        (card(member, &scene))
        (section(member.say("構成団体", "Members"), members(member, &scene)))
        @if may(member) { (place(member, &scene, given)) }
        (section(member.say("共同調達", "Joint procurement"), html! {
            (table(&Table {
                caption: member.say("案", "Plans"),
                columns: vec![
                    Column::text(member.say("申出", "Offer")),
                    Column::text(member.say("状態", "State")),
                    Column::text(member.say("作った人", "By")),
                ],
                rows: lines.iter().map(|(href, name, plan)| Row {
                    href: Some(href),
                    cells: vec![Cell::Japanese(name), Cell::Text(&plan.state),
                        Cell::Japanese(&plan.made.1)],
                }).collect(),
                empty: member.say("案はまだありません。代表の団体が作ります。", "None yet."),
                stacked: true,
            }))
            @if scene.leads {
                p { (button_link(ButtonKind::Secondary, member.say("案を作る", "Make a plan"),
                    &member.href(&format!("/groups/{id}/plans")))) }
            }
        }))
        (disclosure(member.say("経過", "Course"), acts(member, &scene, &course)))
    };
    let title = scene.group.name.clone();
    Ok(given.status(member.page(&title, Vec::new(), content)))
}

fn card<Z: Zone>(member: &Member<Z>, scene: &Scene) -> Markup {
    let JointGroup { name, lead, pattern, purpose, made, .. } = &scene.group;
    let words = PATTERNS.iter().find(|(letter, _)| letter == pattern).map_or("", |(_, it)| it);
    let pattern = format!("{pattern}　{words}");
    let made = format!("{}　{}", moment_text(member.language, made.0), made.1);
    let items = vec![
        Item::new(member.say("代表", "Lead"), Value::Glyphs(called(&scene.bodies, lead))),
        Item::new(member.say("検証の型", "Pattern"), Value::Glyphs(&pattern)),
        Item::wide(member.say("何をするためか", "Purpose"), Value::Glyphs(purpose)),
        Item::new(member.say("始めた時", "Begun"), Value::Glyphs(&made)),
    ];
    record(&Record {
        language: member.language,
        heading: html! { span lang="ja" { (name) } },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

fn members<Z: Zone>(member: &Member<Z>, scene: &Scene) -> Markup {
    let unknown = member.say("―", "–");
    let lines: Vec<(String, String)> = scene
        .members
        .iter()
        .map(|one| {
            let residents = one.residents.map(|(_, count)| i64::from(count));
            let residents = residents.map(|count| base::money::Yen(count).grouped());
            let since = moment_text(member.language, one.changed_at);
            (residents.unwrap_or_else(|| unknown.to_owned()), since)
        })
        .collect();
    let rows = scene
        .members
        .iter()
        .zip(&lines)
        .map(|(one, (residents, since))| Row {
            href: None,
            cells: vec![
                Cell::Japanese(called(&scene.bodies, &one.organisation)),
                Cell::Text(&one.state),
                Cell::Text(since),
                Cell::Text(residents),
            ],
        })
        .collect();
    html! {
        p { (member.say("契約は団体ごとです。参加した団体どうしには、計った住民の数と、この案から起案した契約の\
            状態だけが見えます。", "Each body has its own contract. Those who joined see of one another the \
            residents that were metered and the state of contracts drafted from a plan.")) }
        (table(&Table {
            caption: member.say("招いた団体", "Bodies"),
            columns: vec![
                Column::text(member.say("団体", "Body")),
                Column::text(member.say("状態", "State")),
                Column::text(member.say("いつから", "Since")),
                Column::number(member.say("住民（計った数）", "Residents (metered)")),
            ],
            rows,
            empty: member.say("まだ招いていません。", "Nobody was invited yet."),
            stacked: true,
        }))
    }
}

/// What can be done about the own place, and inviting as the lead.
fn place<Z: Zone>(member: &Member<Z>, scene: &Scene, given: &Given) -> Markup {
    let at = |step: &str| format!("/groups/{}/{step}", scene.group.id);
    let own = scene.own(member);
    let drafted = own.and_then(|it| it.drafted_by.as_deref()) == Some(member.actor.id.as_str());
    let open: &[(&str, &str, &str)] = match own.map(|it| it.state.as_str()) {
        Some("招待") => {
            &[("draft", "参加を起案する", "Draft joining"), ("decline", "辞退する", "Decline")]
        }
        Some("参加の起案") if drafted => &[("decline", "辞退する", "Decline")],
        Some("参加の起案") => {
            &[("decide", "参加を決裁する", "Decide joining"), ("decline", "辞退する", "Decline")]
        }
        Some("脱退の起案") if drafted => &[("stay", "脱退をやめる", "Stay")],
        Some("脱退の起案") => &[
            ("leave-decide", "脱退を決裁する", "Decide leaving"),
            ("stay", "脱退をやめる", "Stay"),
        ],
        _ => &[],
    };
    html! {
        @if !open.is_empty() {
            (section(member.say("この団体の参加", "This body's place"), html! {
                @if drafted {
                    p { (member.say("決裁は、起案した人とは別の人がします。", "Somebody else decides.")) }
                }
                @for (number, (step, ja, en)) in open.iter().enumerate() {
                    @let first = number == 0;
                    @let kind = if first { ButtonKind::Primary } else { ButtonKind::Secondary };
                    (sending(member, &at(step), button(kind, member.say(ja, en))))
                }
            }))
        }
        @if own.is_some_and(|it| it.state == "参加") {
            (disclosure(member.say("脱退する", "Leave"), html! {
                p { (member.say("脱退しても、この団体の契約はそのままです。", "Own contracts stay.")) }
                (sending(member, &at("leave"), html! {
                    (textarea(&given.field(member, "reason", member.say("理由", "Reason")), 2))
                    (button(ButtonKind::Secondary, member.say("脱退を起案する", "Draft leaving")))
                }))
            }))
        }
        @if scene.leads { (inviting(member, scene, given)) }
    }
}

fn inviting<Z: Zone>(member: &Member<Z>, scene: &Scene, given: &Given) -> Markup {
    let out = |id: &str| {
        let there = scene.members.iter().find(|one| one.organisation == id);
        there.is_none_or(|one| ["辞退", "脱退"].contains(&one.state.as_str()))
    };
    let choices: Vec<Choice<'_>> = scene
        .bodies
        .iter()
        .filter(|one| one.joins && out(&one.id))
        .map(|one| Choice::recorded(&one.id, &one.name))
        .collect();
    let at = format!("/groups/{}/invite", scene.group.id);
    section(
        member.say("団体を招く", "Invite a body"),
        sending(
            member,
            &at,
            html! {
                (select(&given.field(member, "organisation", member.say("団体", "Body")), &choices))
                (button(ButtonKind::Secondary, member.say("招く", "Invite")))
            },
        ),
    )
}

fn acts<Z: Zone>(member: &Member<Z>, scene: &Scene, course: &[JointAct]) -> Markup {
    let rows = course
        .iter()
        .map(|one| Row {
            href: None,
            cells: vec![
                Cell::Component(moment(member.language, one.at)),
                Cell::Japanese(called(&scene.bodies, &one.organisation)),
                Cell::Japanese(&one.actor),
                Cell::Japanese(&one.act),
                Cell::Japanese(&one.note),
            ],
        })
        .collect();
    table(&Table {
        caption: member.say("したこと", "What was done"),
        columns: vec![
            Column::text(member.say("時", "When")),
            Column::text(member.say("団体", "Body")),
            Column::text(member.say("した人", "By")),
            Column::text(member.say("したこと", "Act")),
            Column::text(member.say("内容", "Note")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
