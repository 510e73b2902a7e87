//! The queue: open cases with their due dates, and where to start.

use axum::response::Response;
use maud::html;
use office::access::role;
use office::case::stage;
use store::case::{Case, case_queue};

use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::form::{ButtonKind, button_link, button_row};
use crate::component::notice::{Tile, Tone, badge, tiles};
use crate::component::table::{Cell, Column, Due, Row, Table, due_badge, table};

/// The first page after sign-in.
pub async fn page(desk: Desk) -> Response {
    if desk.actor.roles.iter().all(|r| r == role::ADMINISTRATOR) {
        return super::administration::page(desk).await;
    }
    let cases = match queue(&desk).await {
        Ok(cases) => cases,
        Err(refusal) => return desk.refuse(refusal),
    };
    let today = desk.actor.today();
    let late = cases.iter().filter(|case| case.entered.due_on < today).count();
    let waiting = |wanted: &str| cases.iter().filter(|c| c.entered.stage == wanted).count();
    let counts = [
        (
            desk.say("決裁待ち", "To be decided"),
            waiting(stage::ENTERED) + waiting(stage::REVIEWED),
            Tone::Information,
        ),
        (
            desk.say("差戻し・要処理", "Returned or to do"),
            waiting(stage::RETURNED) + waiting(stage::TO_DO),
            Tone::Warning,
        ),
        (desk.say("期限切れ", "Overdue"), late, Tone::Danger),
    ];
    let words: Vec<String> = counts.iter().map(|(_, n, _)| format!("{n}件")).collect();
    let home = desk.href("");
    let tile_list: Vec<Tile<'_>> = counts
        .iter()
        .zip(&words)
        .map(|((label, _, tone), count)| Tile { href: &home, label, count, tone: *tone })
        .collect();
    let content = html! {
        (tiles(desk.say("件数", "Counts"), &tile_list))
        (start_buttons(&desk))
        (case_table(&desk, &cases))
    };
    desk.page(desk.say("事案の一覧", "Queue"), Vec::new(), content)
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
fn start_buttons(desk: &Desk) -> maud::Markup {
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

/// A table of cases.
pub fn case_table(desk: &Desk, cases: &[Case]) -> maud::Markup {
    let today = desk.actor.today();
    let soon = today.saturating_add(jiff::Span::new().days(1));
    let hrefs: Vec<String> =
        cases.iter().map(|case| desk.href(&format!("/cases/{}", case.id))).collect();
    let texts: Vec<(String, String)> = cases
        .iter()
        .map(|case| (case.id.to_string(), base::era::japanese(case.entered.due_on)))
        .collect();
    let rows = cases
        .iter()
        .zip(&hrefs)
        .zip(&texts)
        .map(|((case, href), (number, due))| {
            let open = !stage::DONE.contains(&case.entered.stage.as_str());
            let urgency = match case.entered.due_on {
                day if day < today => Due::Overdue,
                day if day <= soon => Due::Soon,
                _ => Due::Fine,
            };
            let due = if open {
                due_badge(desk.language, urgency, due)
            } else {
                html! { (due) }
            };
            Row {
                href: Some(href),
                cells: vec![
                    Cell::Text(number),
                    Cell::Glyphs(&case.entered.title),
                    Cell::Component(stage_badge(case)),
                    Cell::Component(due),
                    Cell::Text(&case.entered.origin),
                    Cell::Text(&case.entered.entered_by),
                ],
            }
        })
        .collect();
    table(&Table {
        caption: desk.say("事案", "Cases"),
        columns: vec![
            Column::number(desk.say("受付番号", "No.")),
            Column::text(desk.say("件名", "Case")),
            Column::text(desk.say("状態", "Stage")),
            Column::text(desk.say("期限", "Due")),
            Column::text(desk.say("きっかけ", "Origin")),
            Column::text(desk.say("入力者", "Entered by")),
        ],
        rows,
        empty: desk.say("処理を待つ事案はありません。", "Nothing is waiting."),
        stacked: false,
    })
}

fn stage_badge(case: &Case) -> maud::Markup {
    let tone = match case.entered.stage.as_str() {
        stage::RETURNED | stage::TO_DO => Tone::Warning,
        stage::REGISTERED | stage::AUTOMATIC => Tone::Success,
        _ => Tone::Information,
    };
    let text = match case.post_review_due {
        true => format!("{}・後閲待ち", case.entered.stage),
        false => case.entered.stage.clone(),
    };
    badge(tone, &text)
}
