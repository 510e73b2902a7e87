//! What may be started on a row: the procedure's own `startable` rules and whether it takes closed
//! rows, decided from the row alone. It reads nothing and knows no person: who may start is asked
//! elsewhere.

use base::date::Date;
use base::said;
use base::said::Said;
use definition::System;
use definition::model::{Procedure, ProcedureKind, Selection};
use rules::value::Value;
use store::Row;
use store::register::Table;

use crate::facts;
use crate::plan::Finding;

/// A procedure of a row's register, and why it cannot be started on that row.
#[derive(Clone, Debug)]
pub struct Start {
    /// Procedure.
    pub procedure: String,
    /// Official name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// What sort it is.
    pub kind: ProcedureKind,
    /// Why not; `None` when it can be started.
    pub refusal: Option<Finding>,
}

/// The procedures that begin from a row of this register, in the order of the menus.
pub(crate) fn starts(system: &System, table: Table<'_>, row: &Row, today: Date) -> Vec<Start> {
    let from_rows = |procedure: &&Procedure| {
        procedure.register == table.register.id
            && procedure.selection != Selection::New
            && procedure.kind != ProcedureKind::Reaction
    };
    let start = |procedure: &Procedure| Start {
        procedure: procedure.id.clone(),
        name: procedure.name.clone(),
        name_en: procedure.name_en.clone(),
        kind: procedure.kind,
        refusal: refusal(procedure, table, row, today),
    };
    system.procedures.iter().filter(from_rows).map(start).collect()
}

/// Why a procedure cannot be started on a row: the first reason. A rule that cannot be decided is
/// an open question: it does not refuse here, the procedure's own checks ask it.
pub(crate) fn refusal(
    procedure: &Procedure,
    table: Table<'_>,
    row: &Row,
    today: Date,
) -> Option<Finding> {
    let refuse = |said| Some(Finding::error(None, said));
    match (procedure.open_subjects, row.meta.closed_on.is_some()) {
        (Some(true), true) => {
            return refuse(said!(
                "もう消除されている対象が選ばれています",
                "The record chosen is removed already"
            ));
        }
        (Some(false), false) => {
            return refuse(said!(
                "消除されていない対象が選ばれています",
                "The record chosen is not removed"
            ));
        }
        _ => {}
    }
    let mut record = facts::row(table.register, row);
    record.insert("本日", Value::from(today));
    let broken = procedure
        .startable
        .iter()
        .find(|rule| matches!(rule.when.evaluate(&record).value, Ok(Value::Boolean(false))))?;
    refuse(Said { ja: broken.message.clone(), en: broken.message_en.clone() })
}
