//! Gathers what a procedure's facts are made of: the form, subjects, their relations, rows of other
//! systems, ordinance values. Reads only; what the facts are is [`super::assemble`]'s.

use definition::model::{Procedure, Register, Relation, System, Use};
use futures_util::future::try_join_all;
use serde_json::Value as Json;
use store::register::{Table, rows, rows_by, rows_locked};
use store::{GenericClient, Row};

use super::assemble::{Found, Gathered, UsedRow, assemble, filed_on, text_of, used_key};
use super::reference::references;
use crate::form::{FormContext, Parsed, parse};
use crate::plan::{self, Finding, Plan, Step};
use crate::{Actor, Office, OfficeError};

/// Gathers facts; with `lock` the subjects stay locked until the transaction ends.
///
/// # Errors
/// [`OfficeError::Store`] and [`OfficeError::Definition`].
pub async fn gather(
    office: &Office,
    client: &impl GenericClient,
    actor: &Actor,
    (system, procedure): (&System, &Procedure),
    (input, lock): (&Json, bool),
) -> Result<Gathered, OfficeError> {
    let context = FormContext {
        system,
        procedure,
        mode: office.number_mode(),
        vault: office.database.vault()?,
        today: actor.today(),
    };
    let parsed = parse(context, input);
    let table = Table::new(system, &procedure.register)?;
    let keys: Vec<String> = parsed.subjects.iter().map(|(key, _)| key.clone()).collect();
    let subjects = if lock {
        rows_locked(client, table, &keys).await?
    } else {
        rows(client, table, &keys).await?
    };
    let today = actor.today();
    let filed = filed_on(&parsed.facts, today);
    let first = subjects.first();
    let place = (system, procedure);
    let referred = referred(client, system, (procedure, &parsed), lock);
    let events = super::cancel::events(office, client, place, (&parsed, lock));
    let used = async {
        let mut used = Vec::new();
        for one in &system.uses {
            let key = used_key(&parsed.facts, one, table.register, first);
            used.push(used_row(office, client, one, key).await?);
        }
        Ok::<_, OfficeError>(used)
    };
    let ordinance = async {
        let values = store::parameter::ordinance_values(client, filed).await;
        values.map_err(OfficeError::from)
    };
    // Asked for at once, they share one way to the server.
    let related = relations(client, system, table.register, first);
    let (used, relations, ordinance, referred, events) =
        tokio::try_join!(used, related, ordinance, referred, events)?;
    let found = Found { referred, events, relations, ordinance, used, subjects };
    assemble((system, procedure), parsed, found, today)
}

/// The rows that fields name by their keys.
async fn referred(
    client: &impl GenericClient,
    system: &System,
    (procedure, parsed): (&Procedure, &Parsed),
    lock: bool,
) -> Result<Vec<Option<Row>>, OfficeError> {
    let mut out = Vec::new();
    for (place, key) in references(procedure, parsed) {
        let table = Table::new(system, &place.register)?;
        let found = if lock {
            rows_locked(client, table, &[key]).await?
        } else {
            rows(client, table, &[key]).await?
        };
        out.push(found.into_iter().next());
    }
    Ok(out)
}

/// The error of a plan that would change nothing.
pub(super) async fn unchanged(
    client: &impl GenericClient,
    (system, procedure): (&System, &Procedure),
    plan: &Plan,
) -> Result<Option<Finding>, OfficeError> {
    let mut known = Vec::new();
    for step in &plan.steps {
        if let Step::Change { register, key, .. } = step {
            let table = Table::new(system, register)?;
            let found = rows(client, table, std::slice::from_ref(key)).await?;
            known.extend(found.into_iter().map(|row| (register, key, row)));
        }
    }
    let row = |register: &str, key: &str| {
        let mut rows = known.iter().filter(|(of, own, _)| *of == register && *own == key);
        rows.next().map(|(.., row)| row)
    };
    Ok(plan::unchanged(procedure, plan, row))
}

/// Rows related to the first subject, in the order of the register's relations.
async fn relations(
    client: &impl GenericClient,
    system: &System,
    register: &Register,
    subject: Option<&Row>,
) -> Result<Vec<Vec<Row>>, OfficeError> {
    let one = async |relation: &Relation| {
        let table = Table::new(system, &relation.register)?;
        let key = subject.and_then(|row| text_of(register, row, &relation.by));
        match (key, table.register.item(&relation.by)) {
            (Some(key), Some(item)) => Ok(rows_by(client, table, item, &key).await?),
            _ => Ok(Vec::new()),
        }
    };
    try_join_all(register.relations.iter().map(one)).await
}

/// A row of another system's register, with the declared items only.
pub(crate) async fn used_row(
    office: &Office,
    client: &impl GenericClient,
    used: &Use,
    key: Option<String>,
) -> Result<UsedRow, OfficeError> {
    let Some(key) = key else { return Ok(UsedRow::Absent) };
    let Ok(other) = office.system(&used.system) else { return Ok(UsedRow::NotInstalled) };
    let table = Table::new(other, &used.register)?;
    let Some(row) = rows(client, table, &[key]).await?.pop() else { return Ok(UsedRow::Absent) };
    let value = |name: &str| {
        let at = table.register.items.iter().position(|item| item.name == name);
        at.and_then(|at| row.values[at].clone())
    };
    let values = used.items.iter().map(|item| value(&item.name)).collect();
    Ok(UsedRow::Values { values, concealed: crate::register::concealed(table, &row) })
}
