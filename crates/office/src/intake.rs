//! 取込: a procedure for every line of a sent file.
//!
//! A line is the procedure's form, filled from its cells: the same reading, the same checks and the
//! same effects as at the counter, with every mistake at its column. Lines that are whole go in,
//! five hundred in one transaction with one journal entry; the others wait with their words, and a
//! person puts them right or leaves them out. The file is sealed and goes with its last line.

mod file;
mod line;

use aws_lc_rs::digest;
use base::said;
use definition::model::{Intake as IntakeDefinition, Procedure, System};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use store::intake::{
    Intake, IntakeRow, NewIntake, intake_content, intake_enter, intake_list, intake_read,
    intake_row, intake_row_settle, intake_rows_add, intake_rows_waiting, intake_update, stage,
};
use store::job::job_enqueue;
use store::journal::NewEntry;
use store::{GenericClient, ItemValue};

use self::file::Sheet;
use self::line::{Judged, Place, candidates, judge, judge_line};
use crate::access::role;
use crate::case::{issue_many, protected_person, write};
use crate::plan::{Finding, Issued, Plan, Step, plan};
use crate::{Actor, Office, OfficeError};

pub use file::FILE_BYTES;
pub use line::Candidate;

/// The kind of job that takes an intake further.
pub const JOB: &str = "intake";
/// Lines that go in at a time: a transaction and a journal entry.
const CHUNK: usize = 500;
/// Lines that are worked out at the same time, on one connection.
const AT_ONCE: usize = 16;
/// Chunks of one job; then others have their turn.
const TURN: usize = 20;
/// Roles that send files and settle lines.
const MAY_ENTER: &[&str] = &[role::COUNTER, role::CHIEF, role::MANAGER];

/// The intake of a system.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub fn intake_of<'s>(system: &'s System, id: &str) -> Result<&'s IntakeDefinition, OfficeError> {
    let missing = || OfficeError::NotFound(said!("取込「{id}」", "The intake “{id}”"));
    system.intake(id).ok_or_else(missing)
}

/// A file as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct SentFile<'f> {
    /// Its name.
    pub name: &'f str,
    /// Its bytes.
    pub bytes: &'f [u8],
}

/// Takes a file: its headings must be known and what is asked must be right. Its lines follow as a
/// job; a trial (確かめるだけ) writes nothing but its report.
///
/// # Errors
/// [`OfficeError::Invalid`] with everything that is wrong; [`OfficeError::Conflict`] when the same
/// file was taken in before; [`OfficeError::Forbidden`].
pub async fn enter(
    office: &Office,
    actor: &Actor,
    (system, intake): (&str, &str),
    (given, trial): (&Json, bool),
    sent: SentFile<'_>,
) -> Result<i64, OfficeError> {
    actor.require(MAY_ENTER)?;
    let system = office.system(system)?;
    let intake = intake_of(system, intake)?;
    let procedure = crate::procedure_of(system, &intake.procedure)?;
    let (asked, mut findings) = asked(office, actor, (system, intake, procedure), given)?;
    let sheet = Sheet::read(sent.bytes, (intake, procedure));
    let sheet = match sheet {
        Ok(sheet) if findings.is_empty() => sheet,
        Ok(_) => return Err(OfficeError::Invalid(findings)),
        Err(wrong) => {
            findings.extend(wrong);
            return Err(OfficeError::Invalid(findings));
        }
    };
    let digest = digest::digest(&digest::SHA256, sent.bytes);
    let new = NewIntake {
        system: system.id.clone(),
        intake: intake.id.clone(),
        package: system.hash.clone(),
        file_name: sent.name.chars().filter(|sign| !sign.is_control()).take(200).collect(),
        encoding: sheet.encoding.to_owned(),
        digest: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        asked,
        trial,
        entered_by: actor.id.clone(),
        lines: sheet.lines,
    };
    let sealed = office.database.vault()?.seal(&seal_place(&new.digest), &sheet.text)?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let Some(id) = intake_enter(&transaction, &new, &sealed).await? else {
        let name = &new.file_name;
        return Err(OfficeError::Conflict(said!(
            "「{name}」と同じ内容のファイルは、もう取り込まれています",
            "A file with the same content as “{name}” was taken in before"
        )));
    };
    let detail = json!({ "intake": id, "trial": trial, "asked": new.asked, "file": new.digest,
        "lines": new.lines });
    actor.audit(&transaction, "intake.enter", &intake.name, Vec::new(), detail).await?;
    enqueue(&transaction, id, actor.at).await?;
    transaction.commit().await?;
    office.database.work_left();
    Ok(id)
}

/// What the sealed content is bound to.
fn seal_place(digest: &str) -> String {
    format!("core.intake/{digest}")
}

/// What was asked, as the fields of the procedure take it.
fn asked(
    office: &Office,
    actor: &Actor,
    (system, intake, procedure): (&System, &IntakeDefinition, &Procedure),
    given: &Json,
) -> Result<(Json, Vec<Finding>), OfficeError> {
    let own = |name: &String| Some((name.clone(), given.get(name)?.clone()));
    let form: Map<String, Json> = intake.asks.iter().filter_map(own).collect();
    let context = crate::form::FormContext {
        system,
        procedure,
        mode: office.number_mode(),
        vault: office.database.vault()?,
        today: actor.today(),
    };
    let mut parsed = crate::form::parse(context, &Json::Object(form));
    let is_asked = |finding: &Finding| {
        finding.at.as_ref().is_some_and(|at| intake.asks.iter().any(|name| name == at))
    };
    parsed.findings.retain(is_asked);
    parsed.stored.retain(|name, _| intake.asks.iter().any(|own| own == name));
    Ok((Json::Object(parsed.stored), parsed.findings))
}

async fn enqueue(client: &impl GenericClient, id: i64, at: Timestamp) -> Result<(), OfficeError> {
    let key = format!("{id}/{}", at.as_microsecond());
    Ok(job_enqueue(client, JOB, &key, &json!({ "intake": id }), at).await?)
}

/// The latest intakes.
///
/// # Errors
/// [`OfficeError::Store`].
pub async fn list(office: &Office, limit: i64) -> Result<Vec<Intake>, OfficeError> {
    let client = office.database.client().await?;
    Ok(intake_list(&*client, limit).await?)
}

/// An intake.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub async fn read(office: &Office, id: i64) -> Result<Intake, OfficeError> {
    let client = office.database.client().await?;
    Ok(intake_read(&*client, id, false).await?)
}

/// Lines that wait, behind one; the look is in the audit.
///
/// # Errors
/// [`OfficeError::Forbidden`].
pub async fn waiting(
    office: &Office,
    actor: &Actor,
    id: i64,
    page: (i64, i64),
) -> Result<Vec<IntakeRow>, OfficeError> {
    actor.require(MAY_ENTER)?;
    let client = office.database.client().await?;
    let found = intake_rows_waiting(&*client, id, page).await?;
    let lines: Vec<i64> = found.iter().map(|row| row.line).collect();
    let detail = json!({ "intake": id, "lines": lines });
    actor.audit(&*client, "intake.waiting", "取込", Vec::new(), detail).await?;
    Ok(found)
}

/// Takes up an intake that broke off, behind the last line that is done.
///
/// # Errors
/// [`OfficeError::Conflict`] when it did not break off.
pub async fn resume(office: &Office, actor: &Actor, id: i64) -> Result<(), OfficeError> {
    actor.require(MAY_ENTER)?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut own = intake_read(&transaction, id, true).await?;
    if own.stage != stage::HALTED {
        let now = &own.stage;
        return Err(OfficeError::Conflict(said!(
            "取込 {id} はいま「{now}」のため、この操作はできません",
            "Intake {id} is at the stage “{now}”, so this cannot be done"
        )));
    }
    own.stage = stage::DUE.to_owned();
    own.error = None;
    intake_update(&transaction, &own).await?;
    actor.audit(&transaction, "intake.resume", "取込", Vec::new(), json!({ "intake": id })).await?;
    enqueue(&transaction, id, actor.at).await?;
    transaction.commit().await?;
    office.database.work_left();
    Ok(())
}

/// A job that takes an intake further, and another while it is not done.
///
/// # Errors
/// [`OfficeError::Store`]; what breaks it off is kept with it.
pub(crate) async fn job(office: &Office, at: Timestamp, content: &Json) -> Result<(), OfficeError> {
    let id = content.get("intake").and_then(Json::as_i64).unwrap_or_default();
    match advance(office, id, at).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let client = office.database.client().await?;
            enqueue(&*client, id, Timestamp::now()).await?;
            office.database.work_left();
            Ok(())
        }
        Err(error) => {
            let client = office.database.client().await?;
            let mut own = intake_read(&*client, id, false).await?;
            if own.stage != stage::DONE {
                own.stage = stage::HALTED.to_owned();
                own.error = Some(error.to_string());
                intake_update(&*client, &own).await?;
            }
            Err(error)
        }
    }
}

/// Takes an intake further by some chunks; whether it is done.
///
/// # Errors
/// [`OfficeError::Conflict`] when it was taken further elsewhere; what was written stays.
pub async fn advance(office: &Office, id: i64, at: Timestamp) -> Result<bool, OfficeError> {
    let client = office.database.client().await?;
    let own = intake_read(&*client, id, false).await?;
    if own.stage == stage::DONE {
        return Ok(true);
    }
    let system = office.version(&*client, &own.entered.system, &own.entered.package).await?;
    let intake = intake_of(&system, &own.entered.intake)?;
    let procedure = crate::procedure_of(&system, &intake.procedure)?;
    let sealed = intake_content(&*client, id).await?;
    let text = office.database.vault()?.open_sealed(&seal_place(&own.entered.digest), &sealed)?;
    let sheet = Sheet::again(text);
    let asked = own.entered.asked.clone();
    let place = Place { office, system: &system, procedure, intake, asked: &asked };
    drop(client);
    let mut rows = sheet.rows(usize::try_from(own.done).unwrap_or_default());
    let mut own = own;
    for _ in 0..TURN {
        let lines: Vec<file::Line> = rows.by_ref().take(CHUNK).collect();
        let is_last = lines.len() < CHUNK;
        own = chunk(place, own, (&sheet, &lines, is_last), at).await?;
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Works some lines out and writes them with how far the intake has come.
async fn chunk(
    place: Place<'_>,
    own: Intake,
    (sheet, lines, is_last): (&Sheet, &[file::Line], bool),
    at: Timestamp,
) -> Result<Intake, OfficeError> {
    let mut client = place.office.database.client().await?;
    let actor = Actor::automatic(at);
    let mut judged: Vec<(i64, Judged)> = Vec::with_capacity(lines.len());
    for group in lines.chunks(AT_ONCE) {
        let mut at_work = Vec::with_capacity(group.len());
        for line in group {
            at_work.push(judge_line(place, &**client, &actor, (sheet, line)));
        }
        let done = try_join_all(at_work).await?;
        judged.extend(group.iter().map(|line| line.number).zip(done));
    }
    refuse_twice(place, &mut judged);
    let transaction = client.transaction().await?;
    let mut next = intake_read(&transaction, own.id, true).await?;
    if next.done != own.done || next.stage == stage::DONE {
        let id = own.id;
        return Err(OfficeError::Conflict(said!(
            "取込 {id} は、ほかで進められました",
            "Intake {id} was taken further elsewhere"
        )));
    }
    let (good, bad): (Vec<_>, Vec<_>) =
        judged.into_iter().partition(|(_, one)| one.plan.findings.is_empty());
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    next.done += count(lines.len());
    next.taken += count(good.len());
    next.waiting += count(bad.len());
    next.stage = if is_last { stage::DONE } else { stage::RUNNING }.to_owned();
    next.ended_at = is_last.then(Timestamp::now);
    next.error = None;
    if !next.entered.trial {
        let goods: Vec<&Judged> = good.iter().map(|(_, one)| one).collect();
        let lines = good.first().zip(good.last()).map(|(first, last)| (first.0, last.0));
        let by = (next.entered.entered_by.clone(), at);
        take_in(place, &transaction, (&next, by), (&goods, lines)).await?;
    }
    let rows: Vec<(i64, Json, Json)> = bad
        .into_iter()
        .map(|(line, one)| (line, one.form, findings_json(&one.plan.findings)))
        .collect();
    intake_rows_add(&transaction, own.id, &rows).await?;
    intake_update(&transaction, &next).await?;
    transaction.commit().await?;
    Ok(next)
}

/// Two lines of one chunk that would open the same row: the second waits.
fn refuse_twice(place: Place<'_>, judged: &mut [(i64, Judged)]) {
    let Some(register) = place.system.register(&place.procedure.register) else { return };
    let at = |name: &String| register.items.iter().position(|item| item.name == *name);
    let positions: Vec<usize> = place.procedure.duplicates.iter().filter_map(at).collect();
    if positions.is_empty() {
        return;
    }
    let mut seen: Vec<Vec<Option<ItemValue>>> = Vec::new();
    for (_, one) in judged {
        let opened = one.plan.steps.iter().find_map(|step| match step {
            Step::Open { register: id, values, .. } if *id == register.id => {
                Some(positions.iter().map(|at| values[*at].clone()).collect::<Vec<_>>())
            }
            _ => None,
        });
        let Some(key) = opened.filter(|key| key.iter().any(Option::is_some)) else { continue };
        if !seen.contains(&key) {
            seen.push(key);
        } else {
            let names = place.procedure.duplicates.join("・");
            one.plan.findings.push(Finding::error(
                None,
                said!(
                    "{names}が同じ行が、このファイルの前の行にもあります。二重でないかを確かめてください",
                    "An earlier line of this file has the same {names}"
                ),
            ));
        }
    }
}

fn findings_json(findings: &[Finding]) -> Json {
    let one = |finding: &Finding| {
        let (message, message_en) = (&finding.message, &finding.message_en);
        json!({ "at": finding.at, "message": message, "message_en": message_en })
    };
    findings.iter().map(one).collect()
}

/// Writes the rows of whole lines behind one journal entry.
async fn take_in(
    place: Place<'_>,
    transaction: &store::Transaction<'_>,
    (own, (by, at)): (&Intake, (String, Timestamp)),
    (judged, lines): (&[&Judged], Option<(i64, i64)>),
) -> Result<(), OfficeError> {
    let Some((from, to)) = lines else { return Ok(()) };
    let (system, procedure) = (place.system, place.procedure);
    let counted: Vec<_> = judged.iter().map(|one| &one.taken).collect();
    let numbers = issue_many(transaction, &counted).await?;
    let mut all = Plan::default();
    for (one, left) in judged.iter().zip(numbers) {
        let mut numbers = Issued { left };
        let whole = plan(system, procedure, one.facts.clone(), one.findings.clone(), &mut numbers)?;
        all.steps.extend(whole.steps);
    }
    let entry = NewEntry {
        recorded_at: at,
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        event: None,
        reason: procedure.reason.clone(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: base::date::day_in_japan(at),
        filed_on: None,
        actor: by,
        approver: None,
        run_id: None,
        content: json!({ "intake": own.id, "from": from, "to": to, "lines": judged.len() }),
    };
    write(place.office, transaction, system, &all, entry).await?;
    Ok(())
}

/// A line that waits, with those whose it may be.
#[derive(Debug)]
pub struct Opened {
    /// The intake.
    pub intake: Intake,
    /// The line.
    pub row: IntakeRow,
    /// Whose it may be.
    pub candidates: Vec<Candidate>,
    /// Somebody is among them whom only the protection officer may see.
    pub hidden: bool,
}

/// One line; the look is in the audit.
///
/// # Errors
/// [`OfficeError::NotFound`]; [`OfficeError::Forbidden`].
pub async fn line(
    office: &Office,
    actor: &Actor,
    (id, number): (i64, i64),
) -> Result<Opened, OfficeError> {
    actor.require(MAY_ENTER)?;
    let client = office.database.client().await?;
    let own = intake_read(&*client, id, false).await?;
    let row = intake_row(&*client, (id, number), false).await?;
    let system = office.version(&*client, &own.entered.system, &own.entered.package).await?;
    let intake = intake_of(&system, &own.entered.intake)?;
    let procedure = crate::procedure_of(&system, &intake.procedure)?;
    let place = Place { office, system: &system, procedure, intake, asked: &own.entered.asked };
    let (found, hidden) = candidates(place, &**client, actor, &row.form).await?;
    let subjects = found.iter().map(|one| one.key.clone()).collect();
    let detail = json!({ "intake": id, "line": number });
    actor.audit(&*client, "intake.line", &intake.name, subjects, detail).await?;
    Ok(Opened { intake: own, row, candidates: found, hidden })
}

/// What a person does with a line that waits.
#[derive(Clone, Debug)]
pub enum Settling<'s> {
    /// Takes it in with these fields.
    Take(&'s Map<String, Json>),
    /// Leaves it out.
    LeaveOut(&'s str),
}

/// Takes a line in as a person put it right, or leaves it out with the reason.
///
/// # Errors
/// [`OfficeError::Invalid`] with what is still wrong; [`OfficeError::Conflict`] when it does not
/// wait or the intake was only a trial; [`OfficeError::Forbidden`].
pub async fn settle(
    office: &Office,
    actor: &Actor,
    (id, number): (i64, i64),
    settling: Settling<'_>,
) -> Result<(), OfficeError> {
    actor.require(MAY_ENTER)?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut own = intake_read(&transaction, id, true).await?;
    let mut row = intake_row(&transaction, (id, number), true).await?;
    if own.entered.trial || row.stage != stage::WAITING {
        return Err(OfficeError::Conflict(said!(
            "{number}行目は、もう処理されたか、確かめるだけの取込の行です",
            "Line {number} is settled already or belongs to a trial"
        )));
    }
    let system = office.version(&transaction, &own.entered.system, &own.entered.package).await?;
    let intake = intake_of(&system, &own.entered.intake)?;
    let procedure = crate::procedure_of(&system, &intake.procedure)?;
    let asked = own.entered.asked.clone();
    let place = Place { office, system: &system, procedure, intake, asked: &asked };
    row.settled_by = Some(actor.id.clone());
    row.settled_at = Some(actor.at);
    own.waiting -= 1;
    match settling {
        Settling::LeaveOut(reason) if reason.trim().is_empty() => {
            let said = said!("除外する理由を入れてください", "Say why it is left out");
            return Err(OfficeError::Invalid(vec![Finding::at("reason", said)]));
        }
        Settling::LeaveOut(reason) => {
            row.stage = stage::LEFT_OUT.to_owned();
            row.reason = Some(reason.trim().to_owned());
            own.left_out += 1;
        }
        Settling::Take(fields) => {
            let mut form = row.form.clone();
            for (name, value) in fields {
                form[name] = value.clone();
            }
            let judged = judge(place, &transaction, actor, form).await?;
            if !actor.has(role::PROTECTION)
                && concerns_protected(place, &transaction, &judged).await?
            {
                return Err(protected_person());
            }
            if judged.plan.has_errors() {
                return Err(OfficeError::Invalid(judged.plan.findings));
            }
            row.stage = stage::TAKEN.to_owned();
            row.form = judged.form.clone();
            row.findings = json!([]);
            own.taken += 1;
            let by = (actor.id.clone(), actor.at);
            take_in(place, &transaction, (&own, by), (&[&judged], Some((number, number)))).await?;
        }
    }
    intake_row_settle(&transaction, (id, number), &row).await?;
    intake_update(&transaction, &own).await?;
    let detail = json!({ "intake": id, "line": number, "stage": row.stage });
    actor.audit(&transaction, "intake.settle", &intake.name, Vec::new(), detail).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether the person of the line is concealed (支援措置).
async fn concerns_protected(
    place: Place<'_>,
    client: &impl GenericClient,
    judged: &Judged,
) -> Result<bool, OfficeError> {
    let Some(matching) = &place.intake.matching else { return Ok(false) };
    let key = judged.form.get(&matching.field).and_then(Json::as_str).unwrap_or_default();
    let table = line::table(place, matching)?;
    let found = store::register::rows(client, table, &[key.to_owned()]).await?;
    Ok(found.iter().any(|row| crate::register::concealed(table, row)))
}
