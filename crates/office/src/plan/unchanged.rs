//! A plan that would change nothing: the clerk meant something else. Pure.

use base::said;
use definition::model::{Procedure, ProcedureKind};
use store::register::Change;
use store::{ItemValue, Row};

use super::{Finding, Plan, Step};

/// The error of a procedure whose whole plan leaves every row as it is. A reaction may find that
/// there is nothing to do; a certificate changes nothing anyway.
pub(crate) fn unchanged<'r>(
    procedure: &Procedure,
    plan: &Plan,
    row: impl Fn(&str, &str) -> Option<&'r Row>,
) -> Option<Finding> {
    let idle = matches!(procedure.kind, ProcedureKind::Reaction | ProcedureKind::Certificate);
    if idle || plan.has_errors() || procedure.effects.is_empty() {
        return None;
    }
    let stays = |step: &Step| match step {
        Step::Change { register, key, change } => match change {
            Change::Amend { patch, .. } | Change::Correct { patch } => {
                row(register, key).is_some_and(|row| patch.iter().all(|value| same(row, value)))
            }
            Change::Close { .. } => false,
        },
        _ => false,
    };
    plan.steps.iter().all(stays).then(|| {
        let said = said!(
            "この内容では記録が何も変わりません。変わる欄を入力してください",
            "With this content no record would change. Fill in a field that changes one"
        );
        Finding::error(None, said)
    })
}

/// A masked secret is handed back as it is.
fn same(row: &Row, (at, value): &(usize, Option<ItemValue>)) -> bool {
    *value == Some(ItemValue::Masked) || row.values.get(*at) == Some(value)
}
