//! The queue: open cases by their due days, what of them is mine, and where to start. Filters stand
//! in the address and name no person.

mod filter;

use axum::extract::Query;
use axum::response::Response;
use maud::{Markup, html};
use office::access::role;
use office::case::stage;
use store::case::{Case, case_queue};

use super::desk::Desk;
use super::refusal::Refusal;
use super::words::{People, case_title, word};
use crate::component::day::{day, day_text};
use crate::component::form::{ButtonKind, button_link, button_row};
use crate::component::notice::{Notice, Tone, badge, tiles};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Due, Row, Table, due_badge, table};
use filter::Filter;

/// The first page after sign-in.
pub async fn page(desk: Desk, Query(filter): Query<Filter>) -> Response {
    if desk.actor.roles.iter().all(|r| r == role::ADMINISTRATOR) {
        return super::administration::page(desk).await;
    }
    let ended = ended(&desk);
    let notices = ended.iter().map(|words| Notice::new(Tone::Warning, words)).collect();
    match show(&desk, &filter).await {
        Ok(content) => desk.page(desk.say("事案の一覧", "Queue"), notices, content),
        Err(refusal) => desk.refuse(refusal),
    }
}

/// What is served no more because its contract has ended.
fn ended(desk: &Desk) -> Vec<String> {
    let say = |one: &store::install::EndedSystem| {
        let day = day_text(desk.language, one.on);
        let ja =
            format!("「{}」は、契約が{day}で終わったため使えません。記録は残っています", one.name);
        let en = format!(
            "“{}” is no longer served: its contract ended after {day}. Its records are kept",
            one.name
        );
        desk.say(&ja, &en).to_owned()
    };
    desk.place.office.ended.iter().map(say).collect()
}

async fn show(desk: &Desk, filter: &Filter) -> Result<Markup, Refusal> {
    let all = queue(desk).await?;
    let people = People::read(desk).await?;
    let counts = filter::counts(desk, &all);
    let shown: Vec<Case> = all.iter().filter(|case| filter.keeps(desk, case)).cloned().collect();
    let caption = match (desk.language, filter.is_empty()) {
        (crate::component::language::Language::Japanese, true) => {
            format!("{}件（期限の早い順）", all.len())
        }
        (crate::component::language::Language::Japanese, false) => {
            format!("{}件中{}件（期限の早い順）", all.len(), shown.len())
        }
        (_, true) => format!("{} by due day", all.len()),
        (_, false) => format!("{} of {} by due day", shown.len(), all.len()),
    };
    let empty = match filter.is_empty() {
        true => desk.say("処理を待つ事案はありません。", "Nothing is waiting."),
        false => desk.say(
            "この条件に合う事案はありません。条件を外してください。",
            "No case meets these conditions. Clear them.",
        ),
    };
    let list = CaseList { caption: &caption, empty, people: &people };
    Ok(html! {
        (tiles(desk.say("件数", "Counts"), &filter::tile_list(&counts)))
        (start_buttons(desk))
        (section(desk.say("処理を待つ事案", "Waiting cases"), html! {
            (filter.form(desk, &all))
            (case_table(desk, &shown, &list))
        }))
    })
}

async fn queue(desk: &Desk) -> Result<Vec<Case>, Refusal> {
    let works = [role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER];
    desk.actor.require(&works)?;
    let client = desk.place.office.database.client().await?;
    let cases = case_queue(&**client, stage::DONE, 200).await?;
    let subjects = cases.iter().flat_map(|case| case.entered.subjects.clone()).collect();
    let detail = serde_json::json!({"cases": cases.len()});
    desk.actor.audit(&**client, "case.queue", "事案の一覧", subjects, detail).await?;
    Ok(cases)
}

/// Procedures that begin without a subject.
fn start_buttons(desk: &Desk) -> Markup {
    use definition::model::{ProcedureKind, Selection};
    if !desk.actor.has(role::COUNTER) {
        return html! {};
    }
    let mut buttons = Vec::new();
    for system in desk.place.office.systems.iter() {
        let fresh = system
            .procedures
            .iter()
            .filter(|p| p.selection == Selection::New && p.kind != ProcedureKind::Reaction);
        for (at, procedure) in fresh.enumerate() {
            let href = desk.href(&format!("/start/{}/{}", system.id, procedure.id));
            let kind = if at == 0 && buttons.is_empty() {
                ButtonKind::Primary
            } else {
                ButtonKind::Secondary
            };
            buttons.push(button_link(kind, desk.say(&procedure.name, &procedure.name_en), &href));
        }
    }
    button_row(&buttons)
}

/// What stands around a table of cases.
pub struct CaseList<'a> {
    /// What is listed and in which order.
    pub caption: &'a str,
    /// What to say when there is none.
    pub empty: &'a str,
    /// Who is behind sign-in names.
    pub people: &'a People,
}

/// A table of cases.
pub fn case_table(desk: &Desk, cases: &[Case], list: &CaseList<'_>) -> Markup {
    let hrefs: Vec<String> =
        cases.iter().map(|case| desk.href(&format!("/cases/{}", case.id))).collect();
    let rows = cases
        .iter()
        .zip(&hrefs)
        .map(|(case, href)| Row {
            href: Some(href),
            cells: vec![
                Cell::Component(html! {
                    span.case-name {
                        span.case-title { (case_title(desk, case)) }
                        span.case-number { (desk.say("受付番号 ", "No. ")) (case.id) }
                    }
                }),
                Cell::Component(stage_badge(desk, case)),
                Cell::Component(due(desk, case)),
                Cell::Text(word(desk.language, &case.entered.origin)),
                Cell::Component(list.people.show(desk.language, &case.entered.entered_by)),
            ],
        })
        .collect();
    table(&Table {
        caption: list.caption,
        columns: vec![
            Column::text(desk.say("手続・氏名", "Case")),
            Column::text(desk.say("状態", "Stage")),
            Column::text(desk.say("期限", "Due")),
            Column::text(desk.say("きっかけ", "Origin")),
            Column::text(desk.say("入力者", "Entered by")),
        ],
        rows,
        empty: list.empty,
        stacked: true,
    })
}

/// The due day; of an open case with how near it is, in words.
fn due(desk: &Desk, case: &Case) -> Markup {
    let today = desk.actor.today();
    let date = day(desk.language, case.entered.due_on);
    if stage::DONE.contains(&case.entered.stage.as_str()) {
        return date;
    }
    let soon = today.saturating_add(jiff::Span::new().days(1));
    let urgency = match case.entered.due_on {
        day if day < today => Due::Overdue,
        day if day <= soon => Due::Soon,
        _ => Due::Fine,
    };
    due_badge(desk.language, urgency, &date)
}

fn stage_badge(desk: &Desk, case: &Case) -> Markup {
    let tone = match case.entered.stage.as_str() {
        stage::RETURNED | stage::TO_DO => Tone::Warning,
        stage::REGISTERED | stage::AUTOMATIC => Tone::Success,
        _ => Tone::Information,
    };
    let stage = word(desk.language, &case.entered.stage);
    match case.post_review_due {
        true => badge(tone, &format!("{stage}{}", desk.say("・後閲待ち", ", post-review due"))),
        false => badge(tone, stage),
    }
}
