//! Facts that are not known, named to people in both languages. It asks and guesses nothing.

use base::said;
use base::said::Said;
use definition::model::{Procedure, System};
use rules::value::OpenQuestion;

/// The open facts with the reason of each.
pub(super) fn facts(
    (system, procedure): (&System, &Procedure),
    questions: &[OpenQuestion],
) -> Said {
    let named: Vec<Said> = questions
        .iter()
        .map(|OpenQuestion { fact, reason }| {
            let (name, why) = (english((system, procedure), fact), why(reason));
            said!("{fact}（{reason}）", "{name} ({why})")
        })
        .collect();
    Said::join(&named, "、", ", ")
}

/// The English name of a fact where the definition has one, else its own name quoted.
fn english((system, procedure): (&System, &Procedure), fact: &str) -> String {
    let last = fact.rsplit('.').next().unwrap_or(fact);
    let item = || system.registers.iter().find_map(|register| register.item(last));
    match procedure.field(last) {
        Some(field) => field.name_en.clone(),
        None => item().map_or_else(|| format!("“{fact}”"), |item| item.name_en.clone()),
    }
}

/// Why a fact is not known; reasons come from rules and facts in Japanese.
fn why(reason: &str) -> &'static str {
    use crate::facts::{NOT_IN_FORCE, SECRET, UNCERTAIN};
    match reason {
        SECRET => "secret, procedures do not see it",
        UNCERTAIN => "the date is not known",
        _ if reason.ends_with(NOT_IN_FORCE) => "no value in force on that day",
        _ => "not known",
    }
}
