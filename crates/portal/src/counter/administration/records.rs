//! What the office did: automatic work that fails, characters that wait, how far the log is sealed,
//! the latest of the journal and of the audit. It says how many people, never who.

use maud::{Markup, html};
use office::case::stage;
use store::Client;
use store::audit::{Audit, audit_latest};
use store::glyph::glyph_list;
use store::job::job_troubled;
use store::journal::{Entry, journal_latest};
use store::seal::seal_standing;

use super::grid;
use crate::component::day::{day, moment};
use crate::component::language::Language;
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::desk::Desk;
use crate::counter::refusal::Refusal;
use crate::counter::words::People;

/// How many rows of the journal and of the audit are shown.
pub(super) const LATEST: i64 = 50;

/// The sections.
pub(super) async fn records(
    desk: &Desk,
    client: &Client,
    people: &People,
) -> Result<Markup, Refusal> {
    let journal = journal_latest(&***client, None, LATEST).await?;
    let audit = audit_latest(&***client, None, LATEST).await?;
    Ok(html! {
        (section(desk.say("失敗している自動処理", "Failing work"), troubled(desk, client).await?))
        (section(desk.say("同定を待つ文字", "Characters to identify"), glyphs(desk, client).await?))
        (section(desk.say("記録の封印", "Sealing of the records"), sealing(desk, client).await?))
        (section(desk.say("異動の記録", "Journal"), journal_table(desk, &journal, people)))
        (section(desk.say("監査の記録", "Audit"), audit_table(desk, &audit, people)))
    })
}

async fn troubled(desk: &Desk, client: &Client) -> Result<Markup, Refusal> {
    let rows: Vec<Vec<String>> = job_troubled(&***client)
        .await?
        .into_iter()
        .map(|(id, kind, attempts, error)| {
            let error = match desk.language {
                Language::Japanese => error,
                Language::English => format!("“{error}”"),
            };
            vec![id.to_string(), kind, attempts.to_string(), error]
        })
        .collect();
    let heads = [
        desk.say("番号", "No."),
        desk.say("種類", "Kind"),
        desk.say("試行", "Attempts"),
        desk.say("理由", "Reason"),
    ];
    Ok(grid(desk, desk.say("自動処理", "Automatic work"), &heads, &rows))
}

/// How many characters wait; who handles cases sees which.
async fn glyphs(desk: &Desk, client: &Client) -> Result<Markup, Refusal> {
    let found = glyph_list(&***client, stage::REGISTERED, false).await?;
    let rows: Vec<Vec<String>> = found
        .into_iter()
        .map(|g| vec![g.met.code, path(desk, g.met.path), g.met.reported_by])
        .collect();
    let heads = [
        desk.say("符号位置", "Code"),
        desk.say("場所", "Place"),
        desk.say("報告者", "Reported by"),
    ];
    Ok(grid(desk, desk.say("文字", "Characters"), &heads, &rows))
}

/// Where a character stands in its document; items have their Japanese names there.
fn path(desk: &Desk, path: String) -> String {
    match desk.language {
        Language::Japanese => path,
        Language::English => format!("“{path}”"),
    }
}

/// How far the tamper-evident log reaches, and what waits for it.
async fn sealing(desk: &Desk, client: &Client) -> Result<Markup, Refusal> {
    let standing = seal_standing(&***client).await?;
    let size = standing.size.to_string();
    let waiting = standing.waiting.to_string();
    Ok(html! {
        dl.items.subjects {
            div.item { dt { (desk.say("封印した記録", "Sealed rows")) } dd { (size) } }
            div.item { dt { (desk.say("封印を待つ記録", "Waiting rows")) } dd { (waiting) } }
            div.item {
                dt { (desk.say("最後の封印", "Last sealed")) }
                dd { @match standing.at {
                    Some(at) => (moment(desk.language, at)),
                    None => (desk.say("まだありません", "Not yet")),
                } }
            }
        }
    })
}

fn journal_table(desk: &Desk, entries: &[Entry], people: &People) -> Markup {
    let rows = entries.iter().map(|one| {
        [
            html! { (one.event_id) },
            moment(desk.language, one.entry.recorded_at),
            html! { span lang="ja" { (one.entry.reason) } },
            day(desk.language, one.entry.effective_on),
            html! { (one.entry.subjects.len()) },
            people.show(desk.language, &one.entry.actor),
            one.entry
                .approver
                .as_ref()
                .map_or_else(Markup::default, |id| people.show(desk.language, id)),
        ]
    });
    let caption = desk.say("異動の記録（新しい順 50件まで）", "Journal, the latest 50");
    let columns = [
        Column::text(desk.say("番号", "No.")),
        Column::text(desk.say("処理日時", "Recorded")),
        Column::text(desk.say("事由", "Reason")),
        Column::text(desk.say("異動日", "Effective")),
        Column::number(desk.say("人数", "Persons")),
        Column::text(desk.say("入力", "Entered by")),
        Column::text(desk.say("決裁", "Decided by")),
    ];
    record_table(desk, caption, columns, rows)
}

fn audit_table(desk: &Desk, entries: &[Audit], people: &People) -> Markup {
    let rows = entries.iter().map(|one| {
        [
            html! { (one.id) },
            moment(desk.language, one.at),
            people.show(desk.language, &one.audit.actor),
            html! { span lang="ja" { (one.audit.purpose) } },
            html! { (one.audit.subjects.len()) },
            html! { code { (one.audit.action) } },
            html! { code { (one.audit.request) } },
        ]
    });
    let caption = desk.say("監査の記録（新しい順 50件まで）", "Audit, the latest 50");
    let columns = [
        Column::text(desk.say("番号", "No.")),
        Column::text(desk.say("日時", "Time")),
        Column::text(desk.say("職員", "By")),
        Column::text(desk.say("目的", "Purpose")),
        Column::number(desk.say("人数", "Persons")),
        Column::text(desk.say("操作", "Act")),
        Column::text(desk.say("要求", "Request")),
    ];
    record_table(desk, caption, columns, rows)
}

fn record_table<const N: usize>(
    desk: &Desk,
    caption: &str,
    columns: [Column<'_>; N],
    rows: impl Iterator<Item = [Markup; N]>,
) -> Markup {
    let rows = rows.map(|row| Row { href: None, cells: row.map(Cell::Component).to_vec() });
    table(&Table {
        caption,
        columns: columns.to_vec(),
        rows: rows.collect(),
        empty: desk.say("ありません。", "None."),
        stacked: true,
    })
}
