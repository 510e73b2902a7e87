//! 取消 of a recorded event: what it wrote, what stands in the way, and what it set going.
//!
//! A whole event is taken back or nothing of it; never one that a later event builds on, never a
//! cancellation, never twice.

use base::said;
use base::said::Said;
use definition::System;
use definition::model::{FieldKind, Procedure, Verb};
use rules::value::Value;
use serde_json::{Map, Value as Json, json};
use store::GenericClient;
use store::case::{Case, NewCase, case_act, case_open, case_read, case_update};
use store::install::vendor_change_after;
use store::journal::{Entry, journal_entry};
use store::register::{Table, row, rows, rows_before};
use store::undo::events_touching;
use store::undo::{event_cancelled_by, event_cases, event_lock, event_timers_withdraw};

use super::{Act, stage};
use crate::form::Parsed;
use crate::plan::{Finding, Undoable, UndoneRow};
use crate::{Office, OfficeError};
use base::date::day_in_japan;

/// The recorded events that a form names; with `lock` nobody else cancels or reacts to them until
/// the transaction ends.
pub(super) async fn events(
    office: &Office,
    client: &impl GenericClient,
    (system, procedure): (&System, &Procedure),
    (parsed, lock): (&Parsed, bool),
) -> Result<Vec<Undoable>, OfficeError> {
    let mut out = Vec::new();
    let subject = parsed.subjects.first().map(|(key, _)| key.as_str()).unwrap_or_default();
    for (_, field) in procedure.fields().filter(|(_, field)| field.kind == FieldKind::Event) {
        let number = match parsed.facts.record.get(&field.name) {
            Some(Value::Number(number)) => number.to_integer(),
            _ => None,
        };
        let Some(event_id) = number else { continue };
        if lock {
            event_lock(client, event_id).await?;
        }
        let search = Search { office, client, system, at: &field.name };
        out.push(search.undoable(event_id, (&procedure.register, subject)).await?);
    }
    Ok(out)
}

/// The rows that an entry wrote, by register.
fn touched_by(entry: &Entry) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (register, keys) in entry.entry.content["touched"].as_object().into_iter().flatten() {
        for key in keys.as_array().into_iter().flatten().filter_map(Json::as_str) {
            out.push((register.clone(), key.to_owned()));
        }
    }
    out
}

/// The event that an entry cancels, if it is a cancellation.
fn cancels(entry: &Entry) -> Option<i64> {
    entry.entry.content["cancels"].as_i64()
}

/// The events among `entries` that still stand: no cancellations and none that was cancelled.
pub(crate) fn standing(entries: &[Entry]) -> Vec<&Entry> {
    let gone: Vec<i64> = entries.iter().filter_map(cancels).collect();
    let stands = |entry: &&Entry| cancels(entry).is_none() && !gone.contains(&entry.event_id);
    entries.iter().filter(stands).collect()
}

struct Search<'a, C: GenericClient> {
    office: &'a Office,
    client: &'a C,
    system: &'a System,
    at: &'a str,
}

impl<C: GenericClient> Search<'_, C> {
    fn finding(&self, said: Said, warning: bool) -> Finding {
        Finding { warning, ..Finding::at(self.at, said) }
    }

    async fn undoable(
        &self,
        event_id: i64,
        subject: (&str, &str),
    ) -> Result<Undoable, OfficeError> {
        let mut out = Undoable {
            event_id,
            since: jiff::Timestamp::UNIX_EPOCH,
            subjects: Vec::new(),
            rows: Vec::new(),
            concealed: false,
            findings: Vec::new(),
        };
        let entry = match journal_entry(self.client, event_id).await {
            Ok(entry) if entry.entry.system == self.system.id => entry,
            Ok(_) | Err(store::StoreError::NotFound(_)) => {
                let said = said!(
                    "選んだ異動が記録にありません。履歴から選び直してください",
                    "The event chosen is not recorded. Choose again from the history"
                );
                out.findings.push(self.finding(said, false));
                return Ok(out);
            }
            Err(other) => return Err(other.into()),
        };
        out.since = entry.entry.recorded_at;
        out.subjects = entry.entry.event_subjects();
        out.findings.extend(self.obstacle(&entry, subject).await?);
        if !out.findings.is_empty() {
            return Ok(out);
        }
        for (register, key) in touched_by(&entry) {
            let table = Table::new(self.system, &register)?;
            let Some(now) = row(self.client, table, &key).await? else { continue };
            let later = self.later(table, &key, &entry).await?;
            out.findings.extend(later);
            let before = rows_before(self.client, table, &key, out.since).await?;
            out.concealed |= crate::register::concealed(table, &now);
            let before = before.map(|row| row.values);
            out.rows.push(UndoneRow { register, key, now: now.values, before });
        }
        out.findings.extend(self.reactions(event_id).await?);
        Ok(out)
    }

    /// Why the event itself cannot be cancelled.
    async fn obstacle(
        &self,
        entry: &Entry,
        (register, key): (&str, &str),
    ) -> Result<Option<Finding>, OfficeError> {
        let touched = touched_by(entry);
        let said = if cancels(entry).is_some() {
            said!(
                "取消の記録は取り消せません。元の届出を、もう一度入力してください",
                "A cancellation cannot be cancelled. Enter the original notification again"
            )
        } else if let Some(by) = event_cancelled_by(self.client, entry.event_id).await? {
            let Said { ja, en } = named(&by);
            said!(
                "この異動はもう取り消されています（{ja}）",
                "This event was cancelled already ({en})"
            )
        } else if vendor_change_after(self.client, &self.system.id, entry.event_id).await? {
            said!(
                "この異動は事業者の変更の前に登録されたもので、取り消せません。誤りは職権修正で正してください",
                "This event was registered before the vendor was changed and cannot be cancelled. \
                 Correct what is wrong by a correction of the office"
            )
        } else if touched.is_empty() {
            said!(
                "この異動は一括の処理で書かれたもので、取り消せません。誤りは職権修正で正してください",
                "This event was written in bulk and cannot be cancelled. Correct what is wrong by \
                 a correction of the office"
            )
        } else if !touched.iter().any(|(own, row)| own == register && row == key) {
            said!(
                "選んだ異動は、この対象の記録を書いていません。履歴から選び直してください",
                "The event chosen did not write this record. Choose again from the history"
            )
        } else {
            return Ok(None);
        };
        Ok(Some(self.finding(said, false)))
    }

    /// The last event on the row that builds on this one.
    async fn later(
        &self,
        table: Table<'_>,
        key: &str,
        entry: &Entry,
    ) -> Result<Option<Finding>, OfficeError> {
        let place = (table.register.id.as_str(), key);
        let entries = events_touching(self.client, &self.system.id, place).await?;
        let last = standing(&entries).last().filter(|last| last.event_id > entry.event_id).copied();
        Ok(last.map(|last| {
            let (name, name_en) = (&table.register.name, &table.register.name_en);
            let Said { ja, en } = named(last);
            let said = said!(
                "この異動の後に、{name}「{key}」には別の異動が登録されています（{ja}）。先にその異動を取り消してください",
                "After this event another one was registered for {name_en} {key} ({en}). Cancel \
                 that one first"
            );
            self.finding(said, false)
        }))
    }

    /// What the event set going in this and other systems.
    async fn reactions(&self, event_id: i64) -> Result<Vec<Finding>, OfficeError> {
        let mut out = Vec::new();
        for id in event_cases(self.client, event_id).await? {
            let case = case_read(self.client, id, false).await?;
            let (system, procedure) = (&case.entered.system, &case.entered.procedure);
            let Ok((system, procedure)) = self.office.procedure(system, procedure) else {
                continue;
            };
            // What waits to cancel this very event follows from it in name only.
            if canceller(system, &procedure.register).is_some_and(|(own, _)| own.id == procedure.id)
            {
                continue;
            }
            let (own, own_en) = (&system.name, &system.name_en);
            let (name, name_en) = (&procedure.name, &procedure.name_en);
            let what = format!("{own}の「{name}」（受付番号 {id}）");
            let what_en = format!("“{name_en}” of {own_en} (case no. {id})");
            let said = match case.event_id {
                None if stage::DONE.contains(&case.entered.stage.as_str()) => continue,
                None => said!(
                    "この異動をきっかけに{what}が処理を待っています。取消の登録と同時に取り下げます",
                    "This event set {what_en} going, which waits. It is withdrawn when the \
                     cancellation is registered"
                ),
                Some(done) if event_cancelled_by(self.client, done).await?.is_some() => continue,
                Some(_) if canceller(system, &procedure.register).is_some() => said!(
                    "この異動をきっかけに{what}が登録されています。取消の登録と同時に、{own}に取消の仕事を立てます",
                    "This event set {what_en} going, which is registered. When the cancellation is \
                     registered, {own_en} gets the work of cancelling it"
                ),
                Some(_) => said!(
                    "この異動をきっかけに{what}が登録されています。{own}の担当に、取消を伝えてください",
                    "This event set {what_en} going, which is registered. Tell the people of \
                     {own_en} about the cancellation"
                ),
            };
            out.push(self.finding(said, true));
        }
        Ok(out)
    }
}

/// An entry as people know it.
fn named(entry: &Entry) -> Said {
    let day = day_in_japan(entry.entry.recorded_at);
    let (written, reason) = (base::era::japanese(day), &entry.entry.reason);
    match entry.entry.case_id {
        Some(id) => said!(
            "受付番号 {id}、事由 {reason}、処理日 {written}",
            "case no. {id}, reason “{reason}”, recorded on {day}"
        ),
        None => said!("事由 {reason}、処理日 {written}", "reason “{reason}”, recorded on {day}"),
    }
}

/// The procedure of a system by which events on a register are cancelled, and its field for them.
pub fn canceller<'s>(system: &'s System, register: &str) -> Option<(&'s Procedure, &'s str)> {
    system.procedures.iter().filter(|procedure| procedure.register == register).find_map(|one| {
        let verbs = one.effects.iter().any(|effect| matches!(effect.verb, Verb::Cancel { .. }));
        let (_, field) = one.fields().find(|(_, field)| field.kind == FieldKind::Event)?;
        verbs.then_some((one, field.name.as_str()))
    })
}

/// What a cancellation brings with it: timers of the event are withdrawn, and so is what it set
/// going and waits; what was registered waits for its own cancellation.
pub(super) async fn follow_up(
    office: &Office,
    client: &impl GenericClient,
    (event_id, own): (i64, Option<i64>),
    actor: &str,
) -> Result<(), OfficeError> {
    event_timers_withdraw(client, event_id).await?;
    let note = "きっかけの異動が取り消されたため";
    let cases = event_cases(client, event_id).await?;
    // The case that cancels may itself be one that the event set going.
    for id in cases.into_iter().filter(|id| Some(*id) != own) {
        let mut case = case_read(client, id, true).await?;
        if let Some(done) = case.event_id {
            if event_cancelled_by(client, done).await?.is_none() {
                ask(office, client, &case, done, note).await?;
            }
        } else if let Some(next) = Act::Withdraw.after(&case.entered.stage) {
            case.entered.stage = next.to_owned();
            case_update(client, &case).await?;
            case_act(client, id, Act::Withdraw.word(), actor, Some(note)).await?;
        }
    }
    Ok(())
}

/// Opens the case in which a person cancels what a reaction registered.
async fn ask(
    office: &Office,
    client: &impl GenericClient,
    reaction: &Case,
    event_id: i64,
    note: &str,
) -> Result<(), OfficeError> {
    let entered = &reaction.entered;
    let Ok((system, procedure)) = office.procedure(&entered.system, &entered.procedure) else {
        return Ok(());
    };
    let Some((own, field)) = canceller(system, &procedure.register) else { return Ok(()) };
    let entry = journal_entry(client, event_id).await?;
    let touched = touched_by(&entry);
    let Some((_, key)) = touched.iter().find(|(register, _)| *register == own.register) else {
        return Ok(());
    };
    let table = Table::new(system, &own.register)?;
    let found = rows(client, table, std::slice::from_ref(key)).await?;
    let names: Vec<String> =
        found.iter().map(|row| crate::register::title_of(table, row)).collect();
    let mut form = Map::from_iter([(field.to_owned(), json!(event_id.to_string()))]);
    form.insert("対象者".to_owned(), json!([{ "key": key }]));
    let today = day_in_japan(entry.entry.recorded_at);
    let new = NewCase {
        system: system.id.clone(),
        procedure: own.id.clone(),
        package: system.hash.clone(),
        stage: stage::TO_DO.to_owned(),
        origin: "事象".to_owned(),
        origin_event: Some(event_id),
        title: super::title(system, own, &names),
        subjects: vec![key.clone()],
        versions: found.iter().map(|row| row.meta.version_no).collect(),
        form: Json::Object(form),
        identity: json!({}),
        acknowledged: false,
        filed_on: None,
        effective_on: None,
        due_on: super::due(today, own),
        entered_by: crate::Actor::automatic(entry.entry.recorded_at).id,
    };
    match case_open(client, &new).await {
        Ok(id) => Ok(case_act(client, id, "要処理", &new.entered_by, Some(note)).await?),
        // It waits already, or somebody decided not to cancel it.
        Err(store::StoreError::Conflict(_)) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
