//! What was worked out for a case that is registered, as its journal entry keeps it.

use store::case::Case;
use store::journal::journal_entry;

use super::enter::refuse_concealed;
use super::gather;
use crate::assess::Assessed;
use crate::{Actor, Office, OfficeError, procedure_of};

/// The calculations of a registered case with their traces; none for other cases. The caller
/// answers for the audit.
///
/// # Errors
/// [`OfficeError::Forbidden`] for concealed subjects.
pub async fn case_assessed(
    office: &Office,
    actor: &Actor,
    case: &Case,
) -> Result<Vec<Assessed>, OfficeError> {
    let Some(event) = case.event_id else { return Ok(Vec::new()) };
    let client = office.database.client().await?;
    let entry = journal_entry(&**client, event).await?;
    let Some(kept) = entry.entry.content.get("assessed") else { return Ok(Vec::new()) };
    let entered = &case.entered;
    let system = &*office.version(&**client, &entered.system, &entered.package).await?;
    let procedure = procedure_of(system, &entered.procedure)?;
    let place = (system, procedure);
    let gathered = gather(office, &**client, actor, place, (&entered.form, false)).await?;
    refuse_concealed(actor, system, procedure, &gathered)?;
    let unreadable = |error: serde_json::Error| OfficeError::Definition(error.to_string());
    serde_json::from_value(kept.clone()).map_err(unreadable)
}
