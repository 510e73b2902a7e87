//! One subject of a run, worked out as at the counter with the whole trace: one is a set of one.

use std::sync::Arc;

use definition::model::{Procedure, RunSubjects, System};
use rules::value::{Record, Value};
use serde_json::json;
use store::register::{Table, rows, rows_by};
use store::run::{Run, run_read};
use store::{GenericClient, ItemValue, Row};

use super::compile::Frame;
use super::revision::revised;
use super::{MAY_ENTER, asked, run_of};
use crate::facts::{Facts, parameters, row as row_facts};
use crate::plan::{Finding, Placeholders, Plan, plan};
use crate::{Actor, Office, OfficeError};

/// What the run does for one subject.
#[derive(Debug)]
pub struct Explained {
    /// The run.
    pub run: Run,
    /// What would be written, what is wrong, and every calculation with its trace.
    pub plan: Plan,
}

/// Works one subject of a run out from the rows as they are now; the look is in the audit.
///
/// # Errors
/// [`OfficeError::NotFound`] when there is no such subject; [`OfficeError::Forbidden`].
pub async fn run_explain(
    office: &Office,
    actor: &Actor,
    (id, key): (i64, &str),
) -> Result<Explained, OfficeError> {
    actor.require(MAY_ENTER)?;
    let client = office.database.client().await?;
    let run = run_read(&*client, id, false).await?;
    let system = office.version(&*client, &run.entered.system, &run.entered.package).await?;
    let today = base::date::day_in_japan(run.begun_at.unwrap_or(actor.at));
    let own = run_of(&system, &run.entered.run)?;
    let ordinance = store::parameter::ordinance_values(&*client, today).await?;
    let frame = Frame { ordinance, ..Frame::new(asked(own, &run.entered.asked)?, today) };
    let (system, frame) = revised(&system, &run, &frame);
    let detail = json!({ "run": id });
    actor.audit(&*client, "run.explain", &own.name, vec![key.to_owned()], detail).await?;
    let plan = subject_plan(office, &*client, (&system, &run), (&frame, key)).await?;
    Ok(Explained { run, plan })
}

async fn subject_plan(
    office: &Office,
    client: &impl GenericClient,
    (system, run): (&Arc<System>, &Run),
    (frame, key): (&Frame, &str),
) -> Result<Plan, OfficeError> {
    let own = run_of(system, &run.entered.run)?;
    let procedure = crate::procedure_of(system, &own.procedure)?;
    let mut outer = Record::new();
    let mut facts = Facts::default();
    for (name, value) in parameters(system, &frame.ordinance, frame.today) {
        outer.insert(name.as_str(), value.clone());
        facts.set(&name, value);
    }
    for (name, value) in &frame.asked {
        outer.insert(name.as_str(), value.clone());
    }
    for name in ["本日", "届出日"] {
        outer.insert(name, frame.today);
        facts.set(name, frame.today);
    }
    let subject = subject(office, client, (system, own), key).await?;
    outer.insert(own.subject(), subject.clone());
    facts.set(own.subject(), subject);
    lists(client, (system, own), (frame, key), &mut outer).await?;
    for (name, by) in &own.values {
        let value = by.evaluate(&outer).value;
        let value = value.unwrap_or_else(|error| Value::unknown(&**name, error.to_string()));
        outer.insert(name.as_str(), value);
    }
    let mut findings = Vec::new();
    for check in &own.checks {
        if check.must.evaluate(&outer).value != Ok(Value::from(true)) {
            let message = &check.message;
            findings.push(Finding::error(None, base::said!("{message}", "{message}")));
        }
    }
    fields((procedure, own), &outer, &mut facts);
    let set = frame.ordinance.iter();
    facts.set = set.map(|(name, value)| (name.clone(), Value::from(*value))).collect();
    plan(system, procedure, facts, findings, &mut Placeholders::default())
}

/// The subject's row as it is now.
async fn subject(
    office: &Office,
    client: &impl GenericClient,
    (system, own): (&Arc<System>, &definition::model::Run),
    key: &str,
) -> Result<Value, OfficeError> {
    let (of, register) = match &own.subjects {
        RunSubjects::Own(id) => (system, id.as_str()),
        RunSubjects::Used(name) => {
            let used = system.uses.iter().find(|used| used.name == *name);
            let missing = || OfficeError::Definition(format!("「{name}」がありません"));
            let used = used.ok_or_else(missing)?;
            (office.system(&used.system)?, used.register.as_str())
        }
    };
    let table = Table::new(of, register)?;
    let missing = || OfficeError::NotFound(base::said!("対象者「{key}」", "The subject “{key}”"));
    let row = rows(client, table, &[key.to_owned()]).await?.pop().ok_or_else(missing)?;
    Ok(Value::from(row_facts(table.register, &row)))
}

/// The rows that belong to the subject.
async fn lists(
    client: &impl GenericClient,
    (system, own): (&Arc<System>, &definition::model::Run),
    (frame, key): (&Frame, &str),
    outer: &mut Record,
) -> Result<(), OfficeError> {
    for list in &own.lists {
        let table = Table::new(system, &list.register)?;
        let Some(item) = table.register.item(&list.by) else { continue };
        let found = rows_by(client, table, item, key).await?;
        let found: Vec<Value> = found
            .iter()
            .filter(|row| row.meta.closed_on.is_none())
            .filter(|row| list.same.iter().all(|same| is_same(table, row, same, frame)))
            .map(|row| Value::from(row_facts(table.register, row)))
            .collect();
        outer.insert(list.name.as_str(), found);
    }
    Ok(())
}

/// The procedure's form as the run fills it.
fn fields(
    (procedure, own): (&Procedure, &definition::model::Run),
    outer: &Record,
    facts: &mut Facts,
) {
    let given = |name: &str| own.inputs.iter().find(|(field, _)| field == name).map(|(_, by)| by);
    for group in &procedure.form {
        if group.repeat.is_some() {
            let value = given(&group.name).and_then(|by| by.evaluate(outer).value.ok());
            facts.set(&group.name, value.unwrap_or_else(|| Vec::<Value>::new().into()));
            continue;
        }
        for field in &group.fields {
            let value = match given(&field.name).or(field.default.as_ref()) {
                Some(by) => by
                    .evaluate(outer)
                    .value
                    .unwrap_or_else(|error| Value::unknown(field.name.as_str(), error.to_string())),
                None => Value::Null,
            };
            facts.set(&field.name, value);
        }
    }
}

fn is_same(table: Table<'_>, row: &Row, same: &(String, String), frame: &Frame) -> bool {
    let (item, ask) = same;
    let at = table.register.items.iter().position(|own| own.name == *item);
    let value = at.and_then(|at| row.values[at].as_ref());
    match (value, frame.asked.get(ask)) {
        (Some(ItemValue::Date(date)), Some(Value::Date(day))) => date.certain() == Some(**day),
        (Some(ItemValue::Integer(own)), Some(Value::Number(number))) => {
            number.to_integer() == Some(*own)
        }
        _ => false,
    }
}
