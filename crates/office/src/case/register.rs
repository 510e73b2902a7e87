//! 本登録: the plan is made again under lock, numbers are issued, rows, journal and follow-up work
//! are written in the caller's transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use base::date::{FOREVER, start_in_japan};
use base::said;
use definition::model::{Procedure, Register, System};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use store::GenericClient;
use store::case::Case;
use store::journal::{NewEntry, journal_append};
use store::register::{
    Change, RowWrite, Stamp, Table, apply, open_many, rows, rows_locked, rows_recorded, undo,
};
use store::series::series_take;
use store::value::record_open;
use store::{ItemValue, Row, RowMeta, Transaction};

use super::cancel::follow_up;
use super::enter::{duplicates, refuse_findings};
use super::gather::unchanged;
use super::{Gathered, gather};
use crate::facts::{date_text, display};
use crate::plan::{Issued, Placeholders, Plan, Shape, Step, UndoneRow, plan};
use crate::{Actor, Office, OfficeError, procedure_of};

/// A change of one row in words.
#[derive(Clone, Debug)]
pub struct ChangeView {
    /// Register.
    pub register: String,
    /// What is done (新規, 変更, 修正, 消除, 取消).
    pub verb: &'static str,
    /// The row's title.
    pub title: String,
    /// Label, English label, old and new value.
    pub items: Vec<(String, String, Option<String>, Option<String>)>,
}

/// Registers a case finally; the number of its journal entry and its subjects are returned.
///
/// # Errors
/// [`OfficeError::Conflict`] when a subject changed since entry, [`OfficeError::Invalid`] when the
/// checks no longer hold.
pub async fn register_finally(
    office: &Office,
    transaction: &Transaction<'_>,
    actor: &Actor,
    case: &Case,
) -> Result<(i64, Vec<String>), OfficeError> {
    let entered = &case.entered;
    // A case ends on the procedure that it began with.
    let system = &*office.version(transaction, &entered.system, &entered.package).await?;
    let procedure = procedure_of(system, &entered.procedure)?;
    let gathered =
        gather(office, transaction, actor, (system, procedure), (&entered.form, true)).await?;
    same_versions(transaction, system, procedure, case).await?;
    let Gathered { facts, findings, subjects, .. } = gathered;
    let mut counted = Placeholders::default();
    let draft = plan(system, procedure, facts.clone(), findings.clone(), &mut counted)?;
    refuse_findings(&draft, entered.acknowledged)?;
    let left = issue(transaction, &counted).await?;
    let mut plan = plan(system, procedure, facts, findings, &mut Issued { left })?;
    plan.findings.extend(duplicates(office, transaction, system, procedure, &plan).await?);
    plan.findings.extend(unchanged(transaction, (system, procedure), &plan).await?);
    refuse_findings(&plan, entered.acknowledged)?;
    let entry = journal_entry(actor, case, system, procedure, (&plan, &subjects));
    let touched = entry.subjects.clone();
    let event = write(office, transaction, system, &plan, entry).await?;
    crate::forward::note(office, transaction, (system, procedure), (&subjects, event)).await?;
    Ok((event, touched))
}

/// Two clerks on one resident: who comes second looks again.
async fn same_versions(
    transaction: &Transaction<'_>,
    system: &System,
    procedure: &Procedure,
    case: &Case,
) -> Result<(), OfficeError> {
    let table = Table::new(system, &procedure.register)?;
    let now = rows(transaction, table, &case.entered.subjects).await?;
    let versions: Vec<i32> = now.iter().map(|row| row.meta.version_no).collect();
    if versions == case.entered.versions {
        return Ok(());
    }
    let id = case.id;
    Err(OfficeError::Conflict(said!(
        "受付番号 {id} の対象者は、受付の後に別の異動が登録されました。差し戻して、最新の記録で入力し直してください",
        "Another event was registered for the persons of case no. {id} after it was entered. \
         Return it and enter it again on the latest record"
    )))
}

async fn issue(
    transaction: &Transaction<'_>,
    counted: &Placeholders,
) -> Result<VecDeque<String>, OfficeError> {
    Ok(issue_many(transaction, &[counted]).await?.pop().unwrap_or_default())
}

/// Takes the numbers of many plans, each series once.
pub(crate) async fn issue_many(
    transaction: &Transaction<'_>,
    counted: &[&Placeholders],
) -> Result<Vec<VecDeque<String>>, OfficeError> {
    let all = || counted.iter().flat_map(|one| &one.taken);
    let mut next: HashMap<&str, i64> = HashMap::new();
    for (series, _) in all() {
        if !next.contains_key(series.as_str()) {
            let count = all().filter(|(own, _)| own == series).count();
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            next.insert(series, series_take(transaction, series, count).await?);
        }
    }
    let mut number = |(series, shape): &(String, Shape)| {
        let serial = next.get_mut(series.as_str()).map_or(0, |next| {
            *next += 1;
            *next - 1
        });
        shape.write(u64::try_from(serial).unwrap_or_default())
    };
    Ok(counted.iter().map(|one| one.taken.iter().map(&mut number).collect()).collect())
}

fn journal_entry(
    actor: &Actor,
    case: &Case,
    system: &System,
    procedure: &Procedure,
    (plan, chosen): (&Plan, &[Row]),
) -> NewEntry {
    let entered = &case.entered;
    let mut content = event_content(system, procedure, plan, chosen);
    content["package"] = json!(system.hash);
    if !plan.assessed.is_empty() {
        content["assessed"] = json!(plan.assessed);
    }
    let subjects = subjects_of(system, procedure, plan);
    NewEntry {
        recorded_at: actor.at,
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        event: procedure.event.clone(),
        reason: procedure.reason.clone(),
        case_id: (case.id > 0).then_some(case.id),
        subjects: subjects.into_iter().collect(),
        effective_on: plan.effective_on.unwrap_or_else(|| actor.today()),
        filed_on: plan.filed_on,
        actor: entered.entered_by.clone(),
        approver: Some(actor.id.clone()).filter(|id| *id != entered.entered_by),
        run_id: None,
        content,
    }
}

/// Every row that the plan writes in the register that the event is about: whoever looks at one of
/// them finds the entry in its history.
fn subjects_of(system: &System, procedure: &Procedure, plan: &Plan) -> BTreeSet<String> {
    let register_id = register_of(system, procedure);
    let opened = plan.steps.iter().filter_map(|step| match step {
        Step::Open { register, values, .. } if register == register_id => {
            let at = system.register(register)?.key_index();
            values[at].as_ref().and_then(ItemValue::as_text).map(str::to_owned)
        }
        _ => None,
    });
    let changed = plan.steps.iter().flat_map(Step::touched);
    let changed = changed.filter(|(register, _)| *register == register_id);
    opened.chain(changed.map(|(_, key)| key.to_owned())).collect()
}

/// The register that a procedure's event is about; its own where it publishes none.
fn register_of<'s>(system: &'s System, procedure: &'s Procedure) -> &'s str {
    let event = system.events.iter().find(|event| Some(&event.id) == procedure.event.as_ref());
    event.map_or(&procedure.register, |event| &event.register)
}

/// What the event says: the published items, after the change, of everybody whom it is about, which
/// is who was chosen or is new. A row that is only changed along with them, as of the member who
/// becomes head when another leaves, is no subject of the event: other systems do not react to it.
/// Secrets never stand here.
fn event_content(system: &System, procedure: &Procedure, plan: &Plan, before: &[Row]) -> Json {
    let event = system.events.iter().find(|event| Some(&event.id) == procedure.event.as_ref());
    let register_id = register_of(system, procedure);
    let Some(register) = system.register(register_id) else { return json!({}) };
    let chosen = register_id == procedure.register;
    let names: Vec<&str> = match event {
        Some(event) => event.items.iter().map(String::as_str).collect(),
        None => vec![register.key.as_str()],
    };
    let mut subjects = Map::new();
    let mut cancels = None;
    for step in &plan.steps {
        let (key, values) = match step {
            Step::Open { register: id, values, .. } if id.as_str() == register_id => {
                let key = values[register.key_index()].as_ref().and_then(ItemValue::as_text);
                (key.unwrap_or_default().to_owned(), values.clone())
            }
            Step::Change { register: id, key, change } if id.as_str() == register_id => {
                let index = register.key_index();
                let same = |row: &&Row| {
                    row.values[index].as_ref().and_then(ItemValue::as_text) == Some(key.as_str())
                };
                let mut values = match before.iter().find(same) {
                    Some(row) => row.values.clone(),
                    None if chosen => continue,
                    None => vec![None; register.items.len()],
                };
                values[index].get_or_insert_with(|| ItemValue::Text(key.clone()));
                patch_of(change).iter().for_each(|(at, value)| values[*at].clone_from(value));
                (key.clone(), values)
            }
            Step::Cancel(event) => {
                let is_subject =
                    |row: &&UndoneRow| row.register == register_id && event.is_subject(&row.key);
                for row in event.rows.iter().filter(is_subject) {
                    let values = row.before.as_ref().unwrap_or(&row.now);
                    subjects.insert(row.key.clone(), items_json(register, &names, values));
                }
                cancels = Some(event.event_id);
                continue;
            }
            _ => continue,
        };
        subjects.insert(key, items_json(register, &names, &values));
    }
    match cancels {
        Some(event) => json!({ "subjects": subjects, "cancels": event }),
        None => json!({ "subjects": subjects }),
    }
}

fn items_json(register: &Register, names: &[&str], values: &[Option<ItemValue>]) -> Json {
    let mut out = Map::new();
    for (item, value) in register.items.iter().zip(values) {
        if !names.contains(&item.name.as_str()) || item.secret {
            continue;
        }
        let json = match value {
            None | Some(ItemValue::Masked) => Json::Null,
            Some(ItemValue::Text(text)) => json!(text),
            Some(ItemValue::Integer(number)) => json!(number),
            Some(ItemValue::Flag(flag)) => json!(flag),
            Some(ItemValue::Date(date)) => json!(date_text(*date)),
        };
        out.insert(item.name.clone(), json);
    }
    Json::Object(out)
}

fn patch_of(change: &Change) -> &[(usize, Option<ItemValue>)] {
    match change {
        Change::Amend { patch, .. } | Change::Correct { patch } | Change::Close { patch, .. } => {
            patch
        }
    }
}

/// The rows that a plan writes, by register, in the order of their keys.
fn touched(system: &System, plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |register: &str, key: &str| {
        out.entry(register.to_owned()).or_default().push(key.to_owned());
    };
    for step in &plan.steps {
        step.touched().into_iter().for_each(|(register, key)| add(register, key));
        if let Step::Open { register: id, values, .. } = step
            && let Some(register) = system.register(id)
            && let Some(ItemValue::Text(key)) = &values[register.key_index()]
        {
            add(id, key);
        }
    }
    for keys in out.values_mut() {
        keys.sort();
        keys.dedup();
    }
    out
}

/// Locks the rows that are there, so that the numbers of events follow the order in which a row was
/// written, and puts the moment of the entry after everything that was recorded of them. The next
/// 履歴番号 of rows that are not there now, but once were, is returned.
async fn take_turn(
    client: &impl GenericClient,
    system: &System,
    touched: &BTreeMap<String, Vec<String>>,
    entry: &mut NewEntry,
) -> Result<HashMap<(String, String), i32>, OfficeError> {
    let mut next = HashMap::new();
    let micros = Timestamp::from_microsecond(entry.recorded_at.as_microsecond());
    entry.recorded_at = micros.unwrap_or(entry.recorded_at);
    for (register, keys) in touched {
        let table = Table::new(system, register)?;
        rows_locked(client, table, keys).await?;
        for (key, version, at) in rows_recorded(client, table, keys).await? {
            entry.recorded_at = entry.recorded_at.max(at + Duration::from_micros(1));
            next.insert((register.clone(), key), version + 1);
        }
    }
    Ok(next)
}

/// Writes a plan under its journal entry.
pub(crate) async fn write(
    office: &Office,
    transaction: &Transaction<'_>,
    system: &System,
    plan: &Plan,
    mut entry: NewEntry,
) -> Result<i64, OfficeError> {
    let client = transaction;
    let touched = touched(system, plan);
    let next = take_turn(client, system, &touched, &mut entry).await?;
    entry.content["touched"] = json!(touched);
    let event_id = journal_append(client, &entry).await?;
    let stamp = Stamp { event_id, at: entry.recorded_at, reason: entry.reason.clone() };
    let vault = Some(office.database.vault()?);
    let mut opens: Vec<(&str, Vec<RowWrite>)> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Open { register, values, day } => {
                let key = system.register(register).map(|register| &values[register.key_index()]);
                let key = key.and_then(Option::as_ref).and_then(ItemValue::as_text);
                let place = (register.clone(), key.unwrap_or_default().to_owned());
                let version = next.get(&place).copied().unwrap_or(1);
                let meta = first_meta(&stamp, *day, version);
                let row = RowWrite { values: values.clone(), meta };
                match opens.iter_mut().find(|(id, _)| *id == register.as_str()) {
                    Some((_, rows)) => rows.push(row),
                    None => opens.push((register, vec![row])),
                }
            }
            Step::Change { register, key, change } => {
                let table = Table::new(system, register)?;
                apply(client, table, key, change, &stamp, vault).await?;
            }
            Step::Cancel(event) => {
                for row in &event.rows {
                    let table = Table::new(system, &row.register)?;
                    undo(client, table, (&row.key, event.since), &stamp, vault).await?;
                }
                let by = entry.approver.as_deref().unwrap_or(&entry.actor);
                follow_up(office, client, (event.event_id, entry.case_id), by).await?;
            }
            Step::Timer { on, procedure, key } => {
                let unique = format!("{event_id}/{procedure}/{key}");
                let content = json!({"system": system.id, "package": system.hash,
                    "procedure": procedure, "key": key});
                let at = start_in_japan(*on).unwrap_or(Timestamp::MIN);
                store::job::job_enqueue(client, "timer", &unique, &content, at).await?;
            }
            Step::Notify { .. } => {}
        }
    }
    for (register, rows) in &opens {
        // Its text differs with the number of rows: not worth remembering.
        open_many(&**client, Table::new(system, register)?, rows, vault).await?;
    }
    if entry.event.is_some() {
        let content = json!({ "event": event_id });
        let at = start_in_japan(entry.effective_on)
            .map_or(entry.recorded_at, |start| start.max(entry.recorded_at));
        let unique = event_id.to_string();
        store::job::job_enqueue(client, "reaction", &unique, &content, at).await?;
    }
    Ok(event_id)
}

fn first_meta(stamp: &Stamp, day: base::date::Date, version_no: i32) -> RowMeta {
    RowMeta {
        version_no,
        valid_from: day,
        valid_to: FOREVER,
        recorded_from: stamp.at,
        recorded_to: record_open(),
        event_id: stamp.event_id,
        reason: stamp.reason.clone(),
        closed_on: None,
    }
}

/// The changes of a plan in words, with old values read from the registers.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn changes_of(
    client: &impl GenericClient,
    system: &System,
    plan: &Plan,
) -> Result<Vec<ChangeView>, OfficeError> {
    let mut out = Vec::new();
    for step in &plan.steps {
        let view = match step {
            Step::Open { register, values, .. } => {
                let Some(register) = system.register(register) else { continue };
                let all: Vec<usize> = (0..values.len()).collect();
                view(system, register, "新規", (None, values), &all)
            }
            Step::Change { register, key, change } => {
                let table = Table::new(system, register)?;
                let before = rows(client, table, std::slice::from_ref(key)).await?.pop();
                let old = before.map_or_else(Vec::new, |row| row.values);
                let mut new = old.clone();
                new.resize(table.register.items.len(), None);
                let patch = patch_of(change);
                patch.iter().for_each(|(at, value)| new[*at].clone_from(value));
                let changed: Vec<usize> = patch
                    .iter()
                    .map(|(at, _)| *at)
                    .filter(|at| old.get(*at).and_then(Option::as_ref) != new[*at].as_ref())
                    .collect();
                let verb = match change {
                    Change::Amend { .. } => "変更",
                    Change::Correct { .. } => "修正",
                    Change::Close { .. } => "消除",
                };
                view(system, table.register, verb, (Some(&old), &new), &changed)
            }
            Step::Cancel(event) => {
                out.extend(event.rows.iter().filter_map(|row| undone_view(system, row)));
                continue;
            }
            Step::Timer { .. } | Step::Notify { .. } => continue,
        };
        out.push(view);
    }
    Ok(out)
}

/// A row that is taken back: its present values, and those that come again.
fn undone_view(system: &System, row: &UndoneRow) -> Option<ChangeView> {
    let register = system.register(&row.register)?;
    let none = vec![None; row.now.len()];
    let before = row.before.as_ref().unwrap_or(&none);
    let changed: Vec<usize> = (0..row.now.len()).filter(|at| row.now[*at] != before[*at]).collect();
    let verb = if row.before.is_some() { "取消" } else { "新規の取消" };
    let mut view = view(system, register, verb, (Some(&row.now), before), &changed);
    let title = register.items.iter().position(|item| item.name == register.title)?;
    if let Some(text) = row.now[title].as_ref().and_then(ItemValue::as_text) {
        view.title = text.to_owned();
    }
    Some(view)
}

fn view(
    system: &System,
    register: &Register,
    verb: &'static str,
    (old, new): (Option<&Vec<Option<ItemValue>>>, &[Option<ItemValue>]),
    changed: &[usize],
) -> ChangeView {
    let title_at = register.items.iter().position(|item| item.name == register.title);
    let show = |values: &[Option<ItemValue>], at: usize| {
        display(system, &register.items[at], values.get(at).and_then(Option::as_ref))
            .map(|text| if register.items[at].secret { "＊＊＊＊".to_owned() } else { text })
    };
    let items = changed
        .iter()
        .filter(|at| !register.items[**at].internal)
        .map(|at| {
            let item = &register.items[*at];
            let old = old.and_then(|values| show(values, *at));
            (item.name.clone(), item.name_en.clone(), old, show(new, *at))
        })
        .filter(|(.., old, new)| old.is_some() || new.is_some())
        .collect();
    ChangeView {
        register: register.name.clone(),
        verb,
        title: title_at.and_then(|at| show(new, at)).unwrap_or_default(),
        items,
    }
}
