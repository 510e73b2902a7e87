//! Looking at registers: search, one row with its relations, past states by both times, secrets.
//!
//! Every look leaves an audit row with its purpose and all subjects shown, committed before the
//! page goes out. Concealed rows (支援措置) show nothing of their whereabouts to anybody without
//! the role for it, and nothing says why.

mod query;
mod related;
mod warm;

use base::date::Date;
use base::said;
use definition::System;
use definition::model::Item;
use futures_util::TryFutureExt;
use jiff::Timestamp;
use rules::value::{Record, Value};
use serde_json::json;
use store::case::{Case, case_of_subject};
use store::document::{Document, document_latest};
use store::register::{Table, reveal, row, rows, rows_as_of, rows_history};
use store::{ItemValue, Row};

use crate::access::role;
use crate::facts::{display, value_of};
use crate::start::{Start, starts};
use crate::{Actor, Office, OfficeError};

pub use query::{LIMIT, Query, Summary, search};
pub use warm::warm;

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Item name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The text; `None` when absent.
    pub text: Option<String>,
    /// A secret that can be revealed with a purpose.
    pub masked: bool,
    /// Hidden because the row is concealed.
    pub hidden: bool,
    /// An uncertain date (不詳日).
    pub uncertain: bool,
}

/// A row as it is shown.
#[derive(Clone, Debug)]
pub struct RowView {
    /// Key.
    pub key: String,
    /// Title (氏名).
    pub title: String,
    /// Groups of values.
    pub groups: Vec<(String, Vec<Shown>)>,
    /// Derived by rules in force: name, value and article.
    pub derived: Vec<(String, String, String)>,
    /// The row is concealed.
    pub concealed: bool,
    /// The values may be shown to this person.
    pub cleared: bool,
    /// Day it was closed.
    pub closed_on: Option<Date>,
    /// Version.
    pub version_no: i32,
    /// Holds from (異動日).
    pub valid_from: Date,
    /// Believed from (処理日時).
    pub recorded_from: Timestamp,
}

/// Which past state: on a day (異動日) as it was believed at a moment (処理日時).
pub type AsOf = (Date, Timestamp);

/// A row that belongs to the one shown.
#[derive(Clone, Debug)]
pub struct Related {
    /// System.
    pub system: String,
    /// Register.
    pub register: String,
    /// Key.
    pub key: String,
    /// Title.
    pub title: String,
    /// Values of the register's first group, in words.
    pub values: Vec<Shown>,
    /// Concealed.
    pub concealed: bool,
    /// Closed.
    pub closed: bool,
    /// Procedures that can be started on it now; none on a past state.
    pub startable: Vec<String>,
}

/// A row with everything around it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The row, now or as asked.
    pub row: RowView,
    /// The event that opened the row was cancelled: only its past is left.
    pub withdrawn: bool,
    /// Relations: name, English name, rows; as they stood then on a past state.
    pub relations: Vec<(String, String, Vec<Related>)>,
    /// The procedures of this row for this person, with what stands against each; none on a past
    /// state, none for who may enter nothing or may not handle this row.
    pub starts: Vec<Start>,
    /// Everything recorded, in order of recording.
    pub history: Vec<HistoryView>,
    /// Cases.
    pub cases: Vec<Case>,
    /// Documents issued.
    pub documents: Vec<Document>,
}

/// Whether a recorded version still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 現在: in force and believed.
    Current,
    /// 履歴: followed by another.
    Followed,
    /// 取消・修正: taken back or put right.
    Corrected,
}

/// One recorded version.
#[derive(Clone, Debug)]
pub struct HistoryView {
    /// 履歴番号.
    pub version_no: i32,
    /// 異動事由.
    pub reason: String,
    /// Holds from.
    pub valid_from: Date,
    /// Holds until the day before.
    pub valid_to: Date,
    /// 処理日時 of the event that made it.
    pub recorded_from: Timestamp,
    /// Believed until; `None` while still believed.
    pub recorded_to: Option<Timestamp>,
    /// Whether it still holds.
    pub standing: Standing,
    /// What differs from the version recorded before: name, old, new.
    pub changes: Vec<(String, Option<String>, Option<String>)>,
    /// Journal entry.
    pub event_id: i64,
    /// 届出日 of that entry.
    pub filed_on: Option<Date>,
    /// Who entered it.
    pub actor: String,
    /// The entry still stands and names the rows that it wrote, so it can be cancelled.
    pub cancellable: bool,
}

/// True when the row's whereabouts must not be shown.
pub fn concealed(table: Table<'_>, row: &Row) -> bool {
    let Some(name) = &table.register.concealed_by else { return false };
    let at = table.register.items.iter().position(|item| &item.name == name);
    at.is_some_and(|at| row.values[at] == Some(ItemValue::Flag(true)))
}

/// A register that this person may open; to others a restricted one is not there.
fn table_open<'s>(
    actor: &Actor,
    system: &'s System,
    register: &str,
) -> Result<Table<'s>, OfficeError> {
    let table = Table::new(system, register)?;
    match table.register.restricted && !actor.has(role::PROTECTION) {
        true => {
            Err(OfficeError::NotFound(said!("台帳「{register}」", "The register “{register}”")))
        }
        false => Ok(table),
    }
}

/// The page of a row; with `as_of` the state on a day as believed at a moment.
///
/// # Errors
/// [`OfficeError::NotFound`] when there never was such a row (or was none then).
pub async fn page(
    office: &Office,
    actor: &Actor,
    (system, register): (&str, &str),
    key: &str,
    as_of: Option<AsOf>,
    purpose: &str,
) -> Result<Page, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let system = office.system(system)?;
    let table = table_open(actor, system, register)?;
    let client = office.database.client().await?;
    let (name, name_en) = (&table.register.name, &table.register.name_en);
    let missing = || OfficeError::NotFound(said!("{name}「{key}」", "{name_en} “{key}”"));
    let (now, withdrawn) = match row(&*client, table, key).await? {
        Some(now) => (now, false),
        None => (rows_history(&*client, table, key).await?.pop().ok_or_else(missing)?, true),
    };
    let hidden = concealed(table, &now);
    let shown = match as_of {
        None => now.clone(),
        Some((day, moment)) => {
            let then = rows_as_of(&*client, table, &[key.to_owned()], day, moment).await?;
            let what = said!(
                "{day} の時点の{name}「{key}」の記録",
                "The record of {name_en} “{key}” as of {day}"
            );
            then.into_iter().next().ok_or(OfficeError::NotFound(what))?
        }
    };
    let cleared = !hidden || actor.has(role::PROTECTION);
    let (around, history, mut cases, mut documents) = tokio::try_join!(
        related::relations(office, &client, (system, table), &shown, (actor, as_of)),
        history(&client, system, table, key, cleared),
        case_of_subject(&*client, key, 50).map_err(OfficeError::from),
        document_latest(&*client, Some(key), 50).map_err(OfficeError::from),
    )?;
    let (relations, mut subjects) = around;
    // A household and a person may have the same number: what names it must mean this register.
    let own = |of: &str, procedure: &str| {
        let found = system.procedure(procedure).filter(|_| of == system.id);
        found.is_some_and(|procedure| procedure.register == table.register.id)
    };
    cases.retain(|case| own(&case.entered.system, &case.entered.procedure));
    documents.retain(|one| own(&one.document.system, &one.document.procedure));
    subjects.insert(0, key.to_owned());
    subjects.dedup();
    let detail = json!({"register": table.register.id, "concealed": hidden, "cleared": cleared});
    let action = format!("{}.view", system.id);
    actor.audit(&*client, &action, purpose, subjects, detail).await?;
    let enters = actor.has(role::COUNTER) || actor.has(role::PROTECTION);
    let starts = match as_of {
        None if enters && cleared && !withdrawn => starts(system, table, &now, actor.today()),
        _ => Vec::new(),
    };
    let day = as_of.map_or_else(|| actor.today(), |(day, _)| day);
    let row = row_view(system, table, &shown, (hidden, cleared), day);
    Ok(Page { row, withdrawn, relations, starts, history, cases, documents })
}

/// A row in words.
pub fn row_view(
    system: &System,
    table: Table<'_>,
    row: &Row,
    (hidden, cleared): (bool, bool),
    today: Date,
) -> RowView {
    let mut groups: Vec<(String, Vec<Shown>)> = Vec::new();
    for (item, value) in table.register.items.iter().zip(&row.values) {
        if item.internal {
            continue;
        }
        let shown = shown(system, item, value.as_ref(), cleared);
        match groups.iter_mut().find(|(name, _)| *name == item.group) {
            Some((_, list)) => list.push(shown),
            None => groups.push((item.group.clone(), vec![shown])),
        }
    }
    RowView {
        key: table.key_of(row).to_owned(),
        title: title_of(table, row),
        groups,
        derived: derived(system, table, row, today),
        concealed: hidden,
        cleared,
        closed_on: row.meta.closed_on,
        version_no: row.meta.version_no,
        valid_from: row.meta.valid_from,
        recorded_from: row.meta.recorded_from,
    }
}

/// Keys of current rows with their titles, in the order of the keys. A page that names people has
/// its own audit row with the same keys.
///
/// # Errors
/// [`OfficeError::Store`], [`OfficeError::NotFound`] for an unknown register.
pub async fn titles(
    office: &Office,
    (system, register): (&str, &str),
    keys: &[String],
) -> Result<Vec<(String, String)>, OfficeError> {
    let table = Table::new(office.system(system)?, register)?;
    let client = office.database.client().await?;
    let found = rows(&*client, table, keys).await?;
    Ok(found.iter().map(|row| (table.key_of(row).to_owned(), title_of(table, row))).collect())
}

pub(crate) fn title_of(table: Table<'_>, row: &Row) -> String {
    let at = table.register.items.iter().position(|item| item.name == table.register.title);
    let text = at.and_then(|at| row.values[at].as_ref()).and_then(ItemValue::as_text);
    text.unwrap_or_default().to_owned()
}

fn shown(system: &System, item: &Item, value: Option<&ItemValue>, cleared: bool) -> Shown {
    let hidden = item.conceal && !cleared;
    let uncertain = matches!(value, Some(ItemValue::Date(date)) if date.certain().is_none());
    Shown {
        name: item.name.clone(),
        name_en: item.name_en.clone(),
        text: if hidden { None } else { display(system, item, value) },
        masked: item.secret && value.is_some(),
        hidden,
        uncertain,
    }
}

/// What the rules in force say of a row.
fn derived(
    system: &System,
    table: Table<'_>,
    row: &Row,
    today: Date,
) -> Vec<(String, String, String)> {
    let mut record = Record::new();
    for (item, value) in table.register.items.iter().zip(&row.values) {
        record.insert(item.name.as_str(), value_of(&item.name, value.as_ref()));
    }
    record.insert("本日", Value::from(today));
    system
        .rules
        .iter()
        .filter(|rule| rule.register == table.register.id)
        .filter(|rule| rule.from <= today && today <= rule.to)
        .filter_map(|rule| match rule.expression.evaluate(&record).value {
            Ok(Value::Null) | Err(_) => None,
            Ok(Value::Unknown(_)) => {
                Some((rule.name.clone(), "不詳".to_owned(), rule.article.clone()))
            }
            Ok(value) => Some((rule.name.clone(), words(&value), rule.article.clone())),
        })
        .collect()
}

fn words(value: &Value) -> String {
    match value {
        Value::Date(day) => base::era::japanese(**day),
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(true) => "はい".to_owned(),
        Value::Boolean(false) => "いいえ".to_owned(),
        other => other.to_string(),
    }
}

async fn history(
    client: &store::Client,
    system: &System,
    table: Table<'_>,
    key: &str,
    cleared: bool,
) -> Result<Vec<HistoryView>, OfficeError> {
    let rows = rows_history(&**client, table, key).await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.meta.event_id).collect();
    let entries = store::journal::journal_entries(&**client, &numbers).await?;
    let place = (table.register.id.as_str(), key);
    let touching = store::undo::events_touching(&**client, &system.id, place).await?;
    let standing_events = crate::case::standing(&touching);
    let stands = |id: i64| standing_events.iter().any(|entry| entry.event_id == id);
    let mut out: Vec<HistoryView> = Vec::new();
    let mut before: Option<&Row> = None;
    // A row that was recorded again only to end earlier is shown once.
    let cut = |row: &&Row| {
        rows.iter().any(|again| {
            again.meta.recorded_from == row.meta.recorded_to
                && again.meta.valid_from == row.meta.valid_from
                && again.values == row.values
        })
    };
    for row in rows.iter().filter(|row| !cut(row)) {
        let changes = match before {
            Some(before) => changes(system, table, before, row, cleared),
            None => Vec::new(),
        };
        let open = row.meta.recorded_to >= store::value::record_open();
        let replaced = entries.iter().find(|e| e.entry.recorded_at == row.meta.recorded_to);
        let entry = entries.iter().find(|entry| entry.event_id == row.meta.event_id);
        out.push(HistoryView {
            version_no: row.meta.version_no,
            reason: row.meta.reason.clone(),
            valid_from: row.meta.valid_from,
            valid_to: row.meta.valid_to,
            recorded_from: entry.map_or(row.meta.recorded_from, |e| e.entry.recorded_at),
            recorded_to: (!open).then_some(row.meta.recorded_to),
            standing: standing(system, row, replaced),
            changes,
            event_id: row.meta.event_id,
            filed_on: entry.and_then(|entry| entry.entry.filed_on),
            actor: entry.map(|entry| entry.entry.actor.clone()).unwrap_or_default(),
            cancellable: stands(row.meta.event_id),
        });
        before = Some(row);
    }
    Ok(out)
}

/// A version that another event replaced is history, unless that event takes back or puts right.
fn standing(system: &System, row: &Row, replaced: Option<&store::journal::Entry>) -> Standing {
    use definition::model::Verb;
    if let Some(event) = replaced {
        let procedure = system.procedure(&event.entry.procedure);
        let rights = procedure.is_some_and(|procedure| {
            let verbs = procedure.effects.iter().map(|effect| &effect.verb);
            verbs.into_iter().any(|v| matches!(v, Verb::Correct { .. } | Verb::Cancel { .. }))
        });
        return if rights { Standing::Corrected } else { Standing::Followed };
    }
    match row.meta.valid_to >= base::date::FOREVER {
        true => Standing::Current,
        false => Standing::Followed,
    }
}

fn changes(
    system: &System,
    table: Table<'_>,
    before: &Row,
    after: &Row,
    cleared: bool,
) -> Vec<(String, Option<String>, Option<String>)> {
    table
        .register
        .items
        .iter()
        .zip(before.values.iter().zip(&after.values))
        .filter(|(item, (old, new))| !item.internal && old != new)
        .map(|(item, (old, new))| {
            let text = |value: &Option<ItemValue>| match item.conceal && !cleared {
                true => Some("表示できません".to_owned()),
                false => display(system, item, value.as_ref()),
            };
            (item.name.clone(), text(old), text(new))
        })
        .collect()
}

/// The plain text of a secret item, after its audit row with the purpose.
///
/// # Errors
/// [`OfficeError::Invalid`] without a purpose.
pub async fn secret(
    office: &Office,
    actor: &Actor,
    (system, register): (&str, &str),
    (key, item): (&str, &str),
    purpose: &str,
) -> Result<Option<String>, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    if purpose.trim().is_empty() {
        let said = said!("表示する目的を入力してください", "Enter the purpose of showing it");
        return Err(OfficeError::invalid("purpose", said));
    }
    let system = office.system(system)?;
    let table = table_open(actor, system, register)?;
    let item = table.register.item(item).filter(|item| item.secret);
    let item = item.ok_or_else(|| OfficeError::NotFound(said!("項目", "The item")))?;
    let client = office.database.client().await?;
    let shown = row(&*client, table, key).await?;
    if shown.is_some_and(|row| concealed(table, &row)) && !actor.has(role::PROTECTION) {
        return Err(crate::error::protected());
    }
    let detail = json!({"register": table.register.id, "item": item.name});
    let action = format!("{}.reveal", system.id);
    actor.audit(&*client, &action, purpose, vec![key.to_owned()], detail).await?;
    Ok(reveal(&*client, table, item, key, office.database.vault()?).await?)
}
