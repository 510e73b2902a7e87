//! A case: what it would change, who did what, and the acts that are open to this person.

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use definition::System;
use definition::model::Register;
use maud::{Markup, html};
use office::access::role;
use office::case::{
    Act, CaseInput, case_approve, case_assessed, case_post_review, case_preview_in, case_return,
    case_reviewed, case_withdraw, purpose, stage,
};
use office::register::titles;
use serde::Deserialize;
use store::case::{Case, CaseAct, case_acts, case_read};

use super::assessed::assessed_views;
use super::desk::Desk;
use super::entered::{Content, word_list};
use super::procedure::change_views;
use super::refusal::Refusal;
use super::words::{People, case_title, word};
use crate::component::day::moment;
use crate::component::form::{
    ButtonKind, Field, PostForm, button, button_link, hidden, post_form, textarea,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Step, StepState, Tone, steps};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// The page of a case.
pub async fn page(desk: Desk, Path((_, id)): Path<(String, i64)>) -> Response {
    match show(&desk, id).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn show(desk: &Desk, id: i64) -> Result<Response, Refusal> {
    desk.actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let office = &desk.place.office;
    let client = office.database.client().await?;
    let case = case_read(&**client, id, false).await?;
    let acts = case_acts(&**client, id).await?;
    let entered = &case.entered;
    let began = office.version(&**client, &entered.system, &entered.package).await?;
    let detail = serde_json::json!({"case": id});
    let subjects = case.entered.subjects.clone();
    let purpose = purpose(&case.entered.title);
    desk.actor.audit(&**client, "case.view", purpose, subjects, detail).await?;
    drop(client);
    let people = People::read(desk).await?;
    let rows = subject_list(desk, &began, &case).await?;
    let mut notices = Vec::new();
    let changes = changes(desk, &began, &case).await;
    let (changes, problem) = match changes {
        Ok(changes) => (changes, None),
        Err(problem) => (html! {}, Some(problem)),
    };
    let mut returned_words = None;
    let returned = acts.iter().rfind(|act| act.act == Act::Return.word());
    let returned = returned.and_then(|act| act.note.as_deref());
    if let (Some(reason), stage::RETURNED) = (returned, case.entered.stage.as_str()) {
        let heading = desk.say(
            "差し戻されました。直して、もう一度申請してください",
            "Returned. Correct it and enter it again",
        );
        let body = match desk.language {
            Language::Japanese => reason.to_owned(),
            Language::English => format!("“{reason}”"),
        };
        returned_words = Some((heading, body));
    }
    if let Some((heading, body)) = &returned_words {
        notices.push(Notice { body, ..Notice::new(Tone::Warning, heading) });
    }
    if let Some(problem) = &problem {
        notices.push(Notice::new(Tone::Warning, problem));
    }
    let content = html! {
        p.case-heading { (case_title(desk, &case)) }
        (progress(desk, &case, acts.iter().any(|act| act.act == Act::Review.word())))
        (rows)
        (changes)
        (open_acts(desk, &case))
        (section(desk.say("経過", "Course"), act_table(desk, &acts, &people)))
    };
    let title = match desk.language {
        Language::Japanese => format!("受付番号 {id}"),
        Language::English => format!("Case no. {id}"),
    };
    Ok(desk.page(&title, notices, content))
}

/// What an open case would change; a case that is done shows what was worked out for it, and its
/// rows' history the rest.
async fn changes(desk: &Desk, began: &System, case: &Case) -> Result<Markup, String> {
    let waiting = [stage::ENTERED, stage::REVIEWED].contains(&case.entered.stage.as_str());
    if !waiting {
        let kept = case_assessed(&desk.place.office, &desk.actor, case).await;
        return Ok(assessed_views(desk, &kept.unwrap_or_default()));
    }
    let input = CaseInput {
        system: case.entered.system.clone(),
        procedure: case.entered.procedure.clone(),
        form: case.entered.form.clone(),
        identity: case.entered.identity.clone(),
        acknowledged: case.entered.acknowledged,
    };
    let office = &desk.place.office;
    match case_preview_in(office, &desk.actor, began, &input).await {
        Ok(preview) => {
            let errors: Vec<String> = preview
                .plan
                .findings
                .iter()
                .filter(|finding| !finding.warning)
                .map(|finding| desk.message(finding).to_owned())
                .collect();
            if !errors.is_empty() {
                return Err(errors.join(desk.say("　", " / ")));
            }
            let changes = &preview.changes;
            let words = began.procedure(&input.procedure).map(|procedure| {
                let (form, identity) = (&input.form, &input.identity);
                Content { system: began, procedure, form, identity, changes }.words(desk)
            });
            Ok(html! {
                (word_list(&words.unwrap_or_default()))
                (assessed_views(desk, &preview.plan.assessed))
                (change_views(desk, changes))
            })
        }
        Err(error) => {
            let said = error.said();
            Err(desk.say(&said.ja, &said.en).to_owned())
        }
    }
}

fn progress(desk: &Desk, case: &Case, reviewed: bool) -> Markup {
    let at = match case.entered.stage.as_str() {
        stage::ENTERED => 1,
        stage::REVIEWED => 2,
        stage::REGISTERED | stage::AUTOMATIC => 4,
        _ => 0,
    };
    let returned = case.entered.stage == stage::RETURNED;
    let decided = word(desk.language, case.approved_as.as_deref().unwrap_or_default());
    let words = [
        ("受付", "Received"),
        ("仮登録", "Entered"),
        ("審査", "Review"),
        ("決裁・本登録", "Decision"),
    ];
    let list: Vec<Step<'_>> = words
        .iter()
        .enumerate()
        // A case that was decided without a review had no such step.
        .filter(|(index, _)| *index != 2 || at <= 2 || reviewed)
        .map(|(index, (ja, en))| Step {
            label: desk.say(ja, en),
            state: match index {
                0 if returned => StepState::Returned,
                i if i < at => StepState::Done,
                i if i == at => StepState::Current,
                _ => StepState::Waiting,
            },
            note: if index == 3 { decided } else { "" },
        })
        .collect();
    html! {
        (steps(desk.language, desk.say("手続の進み", "Progress"), &list))
        p { (desk.say("状態: ", "Stage: ")) strong { (word(desk.language, &case.entered.stage)) }
            @if case.post_review_due { (desk.say("（後閲待ち）", " (post-review due)")) } }
    }
}

/// Whom it concerns: names that lead to the rows, with their numbers.
async fn subject_list(desk: &Desk, system: &System, case: &Case) -> Result<Markup, Refusal> {
    let office = &desk.place.office;
    let keys = &case.entered.subjects;
    let Some(procedure) = system.procedure(&case.entered.procedure) else { return Ok(html! {}) };
    let Some(register) = system.register(&procedure.register).filter(|_| !keys.is_empty()) else {
        return Ok(html! {});
    };
    let titles = titles(office, (&system.id, &register.id), keys).await?;
    Ok(html! {
        dl.items.subjects {
            @for (key, title) in &titles {
                @let row = format!("/rows/{}/{}/{key}", system.id, register.id);
                div.item.wide {
                    dt { (desk.say("対象", "Subject")) }
                    dd {
                        a href=(desk.href(&row)) { span.glyphs lang="ja" { (title) } }
                        span.key { (key_name(desk, register)) " " (key) }
                    }
                }
            }
        }
    })
}

/// What the register's key is called.
fn key_name<'a>(desk: &Desk, register: &'a Register) -> &'a str {
    register.item(&register.key).map_or("", |item| desk.say(&item.name, &item.name_en))
}

/// The acts that this stage has; who may not do one is told when trying, by name of the rule.
fn open_acts(desk: &Desk, case: &Case) -> Markup {
    let can = |act: Act| act.after(&case.entered.stage).is_some();
    let own = case.entered.entered_by == desk.actor.id;
    let decides = desk.actor.has(role::CHIEF) || desk.actor.has(role::MANAGER);
    let revise = desk.href(&format!(
        "/start/{}/{}?case={}",
        case.entered.system, case.entered.procedure, case.id
    ));
    html! {
        @if can(Act::Approve) && !own && decides {
            (act_form(desk, case, "approve", desk.say("決裁する", "Approve"), ButtonKind::Primary, ""))
        }
        @if can(Act::Review) && !own {
            (act_form(desk, case, "review", desk.say("審査済みにする", "Mark reviewed"), ButtonKind::Secondary, ""))
        }
        @if can(Act::Return) && decides {
            (act_form(desk, case, "return", desk.say("差し戻す", "Return"), ButtonKind::Secondary,
                desk.say("差戻しの理由", "Reason")))
        }
        @if can(Act::Revise) && desk.actor.has(role::COUNTER) {
            @let again = case.entered.stage == stage::RETURNED;
            @let label = if again { desk.say("直して入力する", "Correct and enter") }
                else { desk.say("入力する", "Enter") };
            p { (button_link(ButtonKind::Primary, label, &revise)) }
        }
        @if can(Act::Withdraw) && desk.actor.has(role::COUNTER) {
            @let label = desk.say("取り下げる", "Withdraw");
            (disclosure(label, act_form(desk, case, "withdraw", label, ButtonKind::Danger,
                desk.say("取り下げる理由", "Reason"))))
        }
        @if case.post_review_due && desk.actor.has(role::MANAGER) {
            (act_form(desk, case, "post-review", desk.say("後閲する", "Post-review"), ButtonKind::Primary, ""))
        }
    }
}

fn act_form(
    desk: &Desk,
    case: &Case,
    act: &str,
    label: &str,
    kind: ButtonKind,
    note: &str,
) -> Markup {
    let action = desk.href(&format!("/cases/{}/{act}", case.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    post_form(
        &form,
        html! {
            (hidden("revision", &case.revision.to_string()))
            @if !note.is_empty() {
                (textarea(&Field::new(desk.language, "note", note).required(true), 2))
            }
            (button(kind, label))
        },
    )
}

fn act_table(desk: &Desk, acts: &[CaseAct], people: &People) -> Markup {
    let rows = acts
        .iter()
        .map(|act| Row {
            href: None,
            cells: vec![
                Cell::Component(moment(desk.language, act.at)),
                Cell::Text(word(desk.language, &act.act)),
                Cell::Component(people.show(desk.language, &act.actor)),
                Cell::Component(html! { span lang="ja" { (act.note.as_deref().unwrap_or("")) } }),
            ],
        })
        .collect();
    table(&Table {
        caption: desk.say("処理の経過", "Acts"),
        columns: vec![
            Column::text(desk.say("日時", "Time")),
            Column::text(desk.say("処理", "Act")),
            Column::text(desk.say("職員", "By")),
            Column::text(desk.say("備考", "Note")),
        ],
        rows,
        empty: "",
        stacked: false,
    })
}

/// What an act carries.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    revision: i32,
    note: Option<String>,
}

/// Does an act.
pub async fn act(
    desk: Desk,
    Path((_, id, act)): Path<(String, i64, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    match perform(&desk, (id, entered.revision), &act, &entered).await {
        Ok(()) => {
            let to = desk.href(&format!("/cases/{id}"));
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(
    desk: &Desk,
    case: (i64, i32),
    act: &str,
    entered: &Entered,
) -> Result<(), Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let (office, actor) = (&desk.place.office, &desk.actor);
    let note = entered.note.as_deref().filter(|note| !note.trim().is_empty());
    match act {
        "approve" => {
            case_approve(office, actor, case, note).await?;
        }
        "review" => case_reviewed(office, actor, case, note).await?,
        "return" => case_return(office, actor, case, note.unwrap_or_default()).await?,
        "withdraw" => case_withdraw(office, actor, case, note).await?,
        "post-review" => case_post_review(office, actor, case).await?,
        _ => return Err(Refusal::NotFound),
    }
    Ok(())
}
