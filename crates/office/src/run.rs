//! 一括処理: a procedure for everybody in one run, as at the counter and as fast as the machine.
//!
//! A run is entered by one person and decided by another; a trial (試算) reckons and writes nothing.
//! It passes over its subjects in the order of their keys, ten thousand at a time: each chunk is
//! one transaction with its rows, one journal entry with their digest, and how far the run has
//! come, so that it can be killed at any moment and goes on behind the last subject. Who cannot be
//! decided waits with the reasons and holds nobody up.

mod chunk;
mod compile;
mod explain;
pub mod revision;
mod source;
mod total;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::date::Date;
use base::said;
use definition::model::{Procedure, Run as RunDefinition, System};
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use jiff::Timestamp;
use rules::Type;
use rules::value::{Decimal, Record, Value};
use serde_json::{Map, Value as Json, json};
use store::bulk::ordered::moment;
use store::bulk::{copy_rows, digest};
use store::job::job_enqueue;
use store::journal::{NewEntry, journal_append};
use store::parameter::ordinance_values;
use store::register::Table;
use store::run::{
    NewRun, Run, run_enter, run_list, run_read, run_update, stage, waiting_add, waiting_list,
};
use store::series::series_take;
use store::{GenericClient, StoreError};
use tokio::sync::mpsc;

use crate::access::role;
use crate::case::may_decide;
use crate::plan::Finding;
use crate::{Actor, Office, OfficeError};
use chunk::{Chunk, Reader};
use compile::{Compiled, compile, compile_pair};
use work::{Terms, Worked};

pub use compile::Frame;
pub use explain::{Explained, run_explain};
pub use store::run::Waiting;
pub use total::{Report, Total, Totals};

/// Subjects that pass at a time: a transaction and a journal entry.
const CHUNK: usize = 10_000;
/// Chunks that are worked out at the same time.
const AT_ONCE: usize = 2;
/// The kind of job that takes a run further.
pub const JOB: &str = "run";
/// How long a job goes on before others have their turn.
const SLICE: Duration = Duration::from_secs(20);

/// The run of a system.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub fn run_of<'s>(system: &'s System, id: &str) -> Result<&'s RunDefinition, OfficeError> {
    let missing = || OfficeError::NotFound(said!("一括処理「{id}」", "The bulk run “{id}”"));
    system.run(id).ok_or_else(missing)
}

/// Whether every run of a system can pass over columns, with the law of what it would ask today.
///
/// # Errors
/// [`OfficeError::Definition`] with what cannot.
pub fn check(
    systems: &[Arc<System>],
    system: &Arc<System>,
    today: Date,
) -> Result<(), OfficeError> {
    for run in &system.runs {
        let asked = defaults(run, today);
        let frame = Frame { compares: true, ..Frame::new(asked, today) };
        compile(systems, (system, run), &frame)?;
    }
    Ok(())
}

/// What stands in the questions of a run at first.
pub fn defaults(run: &RunDefinition, today: Date) -> BTreeMap<String, Value> {
    let facts: Record = [(Arc::<str>::from("本日"), Value::from(today))].into_iter().collect();
    let value = |ask: &definition::model::Ask| {
        let found = ask.default.as_ref().and_then(|by| by.evaluate(&facts).value.ok());
        (ask.name.clone(), found.unwrap_or(Value::Null))
    };
    run.asks.iter().map(value).collect()
}

/// What was asked, read from what a person wrote.
///
/// # Errors
/// [`OfficeError::Invalid`] with what is wrong at which question.
fn asked(run: &RunDefinition, given: &Json) -> Result<BTreeMap<String, Value>, OfficeError> {
    let mut asked = BTreeMap::new();
    let mut findings = Vec::new();
    for ask in &run.asks {
        let text = given.get(&ask.name).and_then(Json::as_str).unwrap_or_default().trim();
        let value = match ask.ty {
            Type::Date => base::date::LooseDate::parse(text)
                .ok()
                .and_then(|date| date.certain())
                .map(Value::from),
            _ => text.parse::<i64>().ok().and_then(|n| Decimal::new(n, 0)).map(Value::from),
        };
        let (name, name_en) = (&ask.name, &ask.name_en);
        match value {
            Some(value) => {
                asked.insert(name.clone(), value);
            }
            None if ask.ty == Type::Date => findings.push(Finding::at(
                name,
                said!(
                    "「{name}」に日付を入れてください（例 令和8年4月1日、2026-04-01）",
                    "Enter a date for “{name_en}” (such as 2026-04-01)"
                ),
            )),
            None => findings.push(Finding::at(
                name,
                said!("「{name}」に整数を入れてください", "Enter a whole number for “{name_en}”"),
            )),
        }
    }
    if findings.is_empty() { Ok(asked) } else { Err(OfficeError::Invalid(findings)) }
}

/// Roles that enter runs.
const MAY_ENTER: &[&str] = &[role::COUNTER, role::CHIEF, role::MANAGER];

/// Enters a run; a trial begins at once, the other waits for somebody else's decision.
///
/// # Errors
/// [`OfficeError::Invalid`] when something asked is missing or wrong; [`OfficeError::Definition`]
/// when it cannot be run; [`OfficeError::Forbidden`].
pub async fn enter(
    office: &Office,
    actor: &Actor,
    (system, run): (&str, &str),
    (given, trial): (&Json, bool),
) -> Result<i64, OfficeError> {
    submit(office, actor, (system, run), (given, trial, &Map::new())).await
}

async fn submit(
    office: &Office,
    actor: &Actor,
    (system, run): (&str, &str),
    (given, trial, changes): (&Json, bool, &Map<String, Json>),
) -> Result<i64, OfficeError> {
    actor.require(MAY_ENTER)?;
    let system = office.system(system)?;
    let run = run_of(system, run)?;
    let frame = Frame::new(asked(run, given)?, actor.today());
    compile(&office.systems, (system, run), &frame)?;
    let kept = frame.asked.iter().map(|(name, value)| (name.clone(), kept(value)));
    let mut kept: Map<String, Json> = kept.collect();
    revision::keep(&mut kept, changes);
    let new = NewRun {
        system: system.id.clone(),
        run: run.id.clone(),
        package: system.hash.clone(),
        asked: Json::Object(kept),
        trial,
        entered_by: actor.id.clone(),
    };
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let id = run_enter(&transaction, &new).await?;
    let detail = json!({ "run": id, "trial": trial, "asked": new.asked });
    actor.audit(&transaction, "run.enter", &run.name, Vec::new(), detail).await?;
    if trial {
        enqueue(&transaction, id, actor.at).await?;
    }
    transaction.commit().await?;
    office.database.work_left();
    Ok(id)
}

/// A value of what was asked as it is kept.
fn kept(value: &Value) -> Json {
    match value {
        Value::Date(day) => json!(day.to_string()),
        other => json!(other.to_string()),
    }
}

async fn enqueue(client: &impl GenericClient, id: i64, at: Timestamp) -> Result<(), OfficeError> {
    let key = format!("{id}/{}", at.as_microsecond());
    Ok(job_enqueue(client, JOB, &key, &json!({ "run": id }), at).await?)
}

/// 決裁: the run will be carried out.
///
/// # Errors
/// [`OfficeError::Forbidden`] for who entered it or may not decide; [`OfficeError::Conflict`] when
/// it waits for no decision.
pub async fn approve(office: &Office, actor: &Actor, id: i64) -> Result<(), OfficeError> {
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut run = run_read(&transaction, id, true).await?;
    awaits(&run, &[stage::TO_DECIDE])?;
    let (system, of) = (&run.entered.system, office.system(&run.entered.system)?);
    let own = run_of(of, &run.entered.run)?;
    let place = (system.as_str(), own.procedure.as_str());
    let rule = may_decide(&transaction, actor, place, &run.entered.entered_by).await?;
    let manner = rule.manner;
    let proposal = revision::proposal(&run);
    match &proposal {
        Some(proposal) => revision::adopt(&transaction, actor, &mut run, proposal).await?,
        None => run.stage = stage::DUE.to_owned(),
    }
    run.approved_by = Some(actor.id.clone());
    run.approved_as = Some(manner.clone());
    run.approved_at = Some(actor.at);
    run_update(&transaction, &run).await?;
    let detail = json!({ "run": id, "manner": manner });
    actor.audit(&transaction, "run.approve", &own.name, Vec::new(), detail).await?;
    if proposal.is_none() {
        enqueue(&transaction, id, actor.at).await?;
    }
    transaction.commit().await?;
    office.database.work_left();
    Ok(())
}

fn awaits(run: &Run, stages: &[&str]) -> Result<(), OfficeError> {
    if stages.contains(&run.stage.as_str()) {
        return Ok(());
    }
    let (id, now) = (run.id, &run.stage);
    Err(OfficeError::Conflict(said!(
        "一括処理 {id} はいま「{now}」のため、この操作はできません",
        "Bulk run {id} is at the stage “{now}”, so this cannot be done"
    )))
}

/// 取下げ before it has begun; a run that broke off can be withdrawn too, and what it wrote stays.
///
/// # Errors
/// [`OfficeError::Conflict`] when it runs or is done.
pub async fn withdraw(office: &Office, actor: &Actor, id: i64) -> Result<(), OfficeError> {
    actor.require(MAY_ENTER)?;
    act(office, actor, id, (&[stage::TO_DECIDE, stage::HALTED], stage::WITHDRAWN)).await
}

/// Takes up a run that broke off, behind the last subject it wrote.
///
/// # Errors
/// [`OfficeError::Conflict`] when it did not break off.
pub async fn resume(office: &Office, actor: &Actor, id: i64) -> Result<(), OfficeError> {
    actor.require(MAY_ENTER)?;
    act(office, actor, id, (&[stage::HALTED], stage::DUE)).await
}

async fn act(
    office: &Office,
    actor: &Actor,
    id: i64,
    (from, to): (&[&str], &str),
) -> Result<(), OfficeError> {
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut run = run_read(&transaction, id, true).await?;
    awaits(&run, from)?;
    run.stage = to.to_owned();
    run.error = None;
    run_update(&transaction, &run).await?;
    let detail = json!({ "run": id, "stage": to });
    actor.audit(&transaction, "run.stage", "一括処理", Vec::new(), detail).await?;
    if to == stage::DUE {
        enqueue(&transaction, id, actor.at).await?;
    }
    transaction.commit().await?;
    office.database.work_left();
    Ok(())
}

/// The latest runs.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn list(office: &Office, limit: i64) -> Result<Vec<Run>, OfficeError> {
    let client = office.database.client().await?;
    Ok(run_list(&*client, limit).await?)
}

/// A run.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub async fn read(office: &Office, id: i64) -> Result<Run, OfficeError> {
    let client = office.database.client().await?;
    Ok(run_read(&*client, id, false).await?)
}

/// Those who wait, behind one; the look is in the audit.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn waiting(
    office: &Office,
    actor: &Actor,
    id: i64,
    (after, limit): (&str, i64),
) -> Result<Vec<Waiting>, OfficeError> {
    actor.require(MAY_ENTER)?;
    let client = office.database.client().await?;
    let found = waiting_list(&*client, id, (after, limit)).await?;
    let subjects = found.iter().map(|one| one.subject.clone()).collect();
    actor.audit(&*client, "run.waiting", "一括処理", subjects, json!({ "run": id })).await?;
    Ok(found)
}

/// A job that takes a run further: a slice of it, and another job while it is not done.
///
/// # Errors
/// [`OfficeError::Store`]; what breaks the run off is kept with it.
pub(crate) async fn job(office: &Office, at: Timestamp, content: &Json) -> Result<(), OfficeError> {
    let id = content.get("run").and_then(Json::as_i64).unwrap_or_default();
    match advance(office, id, at, Some(SLICE)).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let client = office.database.client().await?;
            enqueue(&*client, id, Timestamp::now()).await?;
            office.database.work_left();
            Ok(())
        }
        Err(error) => {
            let client = office.database.client().await?;
            let mut run = run_read(&*client, id, false).await?;
            run.stage = stage::HALTED.to_owned();
            run.error = Some(error.to_string());
            run_update(&*client, &run).await?;
            Err(error)
        }
    }
}

/// Takes a run further until it is done, or for so long; whether it is done.
///
/// # Errors
/// [`OfficeError::Conflict`] when it may not run; [`OfficeError::Store`]; what was written stays.
pub async fn advance(
    office: &Office,
    id: i64,
    at: Timestamp,
    most: Option<Duration>,
) -> Result<bool, OfficeError> {
    let client = office.database.client().await?;
    let mut run = run_read(&*client, id, false).await?;
    awaits(&run, &[stage::DUE, stage::RUNNING])?;
    let system = office.version(&*client, &run.entered.system, &run.entered.package).await?;
    let own = run_of(&system, &run.entered.run)?;
    let procedure = crate::procedure_of(&system, &own.procedure)?;
    let begun = run.begun_at.unwrap_or(at);
    let today = base::date::day_in_japan(begun);
    let ordinance = ordinance_values(&*client, today).await?;
    let frame = Frame { ordinance, ..Frame::new(asked(own, &run.entered.asked)?, today) };
    let (before, compiled) = programs(office, (&system, own), (&run, frame))?;
    if run.begun_at.is_none() {
        let actor = Actor::automatic(at);
        let detail = json!({ "run": id, "everybody": own.subject() });
        actor.audit(&*client, "run.read", &own.name, Vec::new(), detail).await?;
    }
    run.stage = stage::RUNNING.to_owned();
    run.begun_at = Some(begun);
    run_update(&*client, &run).await?;
    drop(client);
    let terms = Terms {
        today,
        at: begun,
        reason: procedure.reason.clone(),
        totals: own.totals.clone(),
        trial: run.entered.trial,
    };
    let passing = Passing { office, system: &system, procedure, before, compiled, terms };
    let is_done = passing.pass(&mut run, most.map(|most| Instant::now() + most)).await?;
    if is_done {
        let client = office.database.client().await?;
        run.stage = stage::DONE.to_owned();
        run.ended_at = Some(Timestamp::now());
        run_update(&*client, &run).await?;
    }
    Ok(is_done)
}

/// The programs of a run; of a revision also those of the law as it is.
fn programs(
    office: &Office,
    (system, own): (&Arc<System>, &RunDefinition),
    (run, frame): (&Run, Frame),
) -> Result<(Option<Arc<Compiled>>, Arc<Compiled>), OfficeError> {
    if revision::changes(run).is_empty() {
        return Ok((None, Arc::new(compile(&office.systems, (system, own), &frame)?)));
    }
    let frame = Frame { compares: true, ..frame };
    let (revised, other) = revision::revised(system, run, &frame);
    let pair = compile_pair(&office.systems, (system, &frame), (&revised, &other), own)?;
    Ok((Some(Arc::new(pair.0)), Arc::new(pair.1)))
}

/// A run as it passes over its subjects.
struct Passing<'r> {
    office: &'r Office,
    system: &'r Arc<System>,
    procedure: &'r Procedure,
    /// Of a revision, the law as it is.
    before: Option<Arc<Compiled>>,
    compiled: Arc<Compiled>,
    terms: Terms,
}

impl Passing<'_> {
    /// Whether all of them are done; `false` at the end of the time.
    async fn pass(&self, run: &mut Run, until: Option<Instant>) -> Result<bool, OfficeError> {
        let tables = self.compiled.lists.len() + 1;
        let aside = self.office.database.aside(tables)?;
        let mut clients = Vec::with_capacity(tables);
        for _ in 0..tables {
            clients.push(aside.client().await?);
        }
        let moment = moment(&mut clients).await?;
        let mut reader = Reader::open(&self.compiled, &moment, run.last_key.as_deref()).await?;
        let (sender, receiver) = mpsc::channel(AT_ONCE);
        let reading = async move {
            while until.is_none_or(|until| Instant::now() < until) {
                let Some(chunk) = reader.next(CHUNK).await? else { return Ok(true) };
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            Ok::<_, OfficeError>(false)
        };
        let (is_done, ()) = tokio::try_join!(reading, self.write(run, receiver))?;
        Ok(is_done)
    }

    /// Works chunks out on threads of their own and writes them in order.
    async fn write(
        &self,
        run: &mut Run,
        mut chunks: mpsc::Receiver<Chunk>,
    ) -> Result<(), OfficeError> {
        let mut at_work = FuturesOrdered::new();
        loop {
            tokio::select! {
                chunk = chunks.recv(), if at_work.len() < AT_ONCE => match chunk {
                    Some(chunk) => at_work.push_back(self.work(chunk)?),
                    None if at_work.is_empty() => return Ok(()),
                    None => {
                        while let Some(worked) = at_work.next().await {
                            self.commit(run, ended(worked)?).await?;
                        }
                        return Ok(());
                    }
                },
                Some(worked) = at_work.next() => self.commit(run, ended(worked)?).await?,
            }
        }
    }

    fn work(
        &self,
        chunk: Chunk,
    ) -> Result<tokio::task::JoinHandle<Result<Worked, OfficeError>>, OfficeError> {
        let (compiled, system) = (self.compiled.clone(), self.system.clone());
        let (terms, database) = (self.terms.clone(), self.office.database.clone());
        let before = self.before.clone();
        Ok(tokio::task::spawn_blocking(move || {
            let with = (&terms, database.vault()?);
            match before {
                None => work::work(&compiled, &system, &chunk, with),
                Some(before) => work::compare((&before, &compiled), &system, &chunk, with),
            }
        }))
    }

    /// Writes a chunk and how far the run has come, in one transaction.
    async fn commit(&self, run: &mut Run, worked: Worked) -> Result<(), OfficeError> {
        let mut client = self.office.database.client().await?;
        let transaction = client.transaction().await?;
        let found = run_read(&transaction, run.id, true).await?;
        let id = run.id;
        if found.last_key != run.last_key || found.stage != stage::RUNNING {
            return Err(OfficeError::Conflict(said!(
                "一括処理 {id} は、ほかで進められたか止められました",
                "Bulk run {id} was taken further or stopped elsewhere"
            )));
        }
        let mut report: Report = serde_json::from_value(found.totals).unwrap_or_default();
        report.totals.add(worked.report.totals.clone());
        report.difference.add(&worked.report.difference);
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        run.last_key = Some(worked.last_key.clone());
        run.seen += count(worked.seen);
        run.chosen += count(worked.chosen);
        run.written += count(worked.written);
        run.waiting += count(worked.waiting.len());
        run.totals = serde_json::to_value(report).unwrap_or_default();
        waiting_add(&transaction, run.id, &worked.waiting).await?;
        run_update(&transaction, run).await?;
        if !self.terms.trial && worked.written > 0 {
            self.rows(&transaction, run, worked).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The rows with their numbers, behind the entry that wrote them.
    async fn rows(
        &self,
        transaction: &store::Transaction<'_>,
        run: &Run,
        worked: Worked,
    ) -> Result<(), OfficeError> {
        let mut firsts = Vec::with_capacity(worked.sheets.len());
        for sheet in &worked.sheets {
            let series = format!("{}.{}", self.system.id, sheet.register);
            firsts.push(series_take(transaction, &series, sheet.numbers).await?);
        }
        let mut counts = serde_json::Map::new();
        let mut sheets = worked.sheets;
        for sheet in &mut sheets {
            sheet.rows.number(&firsts);
            counts.insert(sheet.register.clone(), json!(sheet.rows.len()));
        }
        let digest = digest(sheets.iter().map(|sheet| &sheet.rows));
        let entry = NewEntry {
            recorded_at: self.terms.at,
            system: self.system.id.clone(),
            procedure: self.procedure.id.clone(),
            event: None,
            reason: self.procedure.reason.clone(),
            case_id: None,
            subjects: Vec::new(),
            effective_on: self.terms.today,
            filed_on: None,
            actor: run.entered.entered_by.clone(),
            approver: run.approved_by.clone(),
            run_id: Some(run.id),
            content: json!({ "rows": counts, "digest": digest, "last": worked.last_key }),
        };
        let event_id = journal_append(transaction, &entry).await?;
        for sheet in sheets {
            let table = Table::new(self.system, &sheet.register)?;
            copy_rows(transaction, table, sheet.rows, false, event_id).await?;
        }
        Ok(())
    }
}

fn ended(
    worked: Result<Result<Worked, OfficeError>, tokio::task::JoinError>,
) -> Result<Worked, OfficeError> {
    worked.map_err(|error| OfficeError::Store(StoreError::Pool(error.to_string())))?
}
