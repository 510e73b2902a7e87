//! Readies a connection ahead of the first person who comes: the server reads its catalogues and
//! prepares what looking at registers and entering cases ask. Reads no row of anybody and writes
//! nothing.

use definition::model::Search;
use store::audit::{NewAudit, audit_append};
use store::case::{case_act, case_of_subject};
use store::document::document_latest;
use store::journal::journal_entries;
use store::parameter::{decision_rules, ordinance_values};
use store::register::{Table, row, rows, rows_by, rows_history, rows_locked, rows_recorded};
use store::search::{Criterion, search};
use store::series::series_take;
use store::undo::events_touching;
use store::{Client, StoreError};

use crate::{Office, OfficeError};
use base::date::day_in_japan;

/// The key of no row.
const NOBODY: &str = "";

/// Opens a connection, or takes the one that was used last, and readies it for search and pages.
///
/// # Errors
/// [`OfficeError::Store`] when the database cannot be reached.
pub async fn warm(office: &Office) -> Result<(), OfficeError> {
    let mut client = office.database.client().await?;
    for system in office.systems.iter() {
        for register in &system.registers {
            let table = Table { system, register };
            look(office, &client, table).await?;
            let here = (register.id.as_str(), NOBODY);
            events_touching(&*client, &system.id, here).await?;
        }
    }
    journal_entries(&*client, &[]).await?;
    case_of_subject(&*client, NOBODY, 0).await?;
    document_latest(&*client, Some(NOBODY), 0).await?;
    let today = day_in_japan(jiff::Timestamp::now());
    decision_rules(&*client, today).await?;
    ordinance_values(&*client, today).await?;
    refused(&mut client).await?;
    Ok(())
}

/// What is asked of every register, of nobody.
async fn look(office: &Office, client: &Client, table: Table<'_>) -> Result<(), StoreError> {
    let register = table.register;
    row(&**client, table, NOBODY).await?;
    rows(&**client, table, &[]).await?;
    rows_locked(&**client, table, &[]).await?;
    rows_recorded(&**client, table, &[]).await?;
    rows_history(&**client, table, NOBODY).await?;
    // By their keys registers find each other's rows.
    let all = office.systems.iter().flat_map(|system| &system.registers);
    let keys: Vec<&str> = all.map(|other| other.key.as_str()).collect();
    for item in register.items.iter().filter(|item| keys.contains(&item.name.as_str())) {
        rows_by(&**client, table, item, NOBODY).await?;
    }
    for kind in [Search::Kana, Search::Name, Search::Address] {
        let criterion = Criterion::Prefix(kind, "ア".to_owned());
        search(&**client, table, &[criterion], 0, None).await?;
    }
    Ok(())
}

/// Plans what every look and every case writes; the server refuses to write it.
async fn refused(client: &mut Client) -> Result<(), StoreError> {
    let none = NewAudit {
        actor: String::new(),
        role: String::new(),
        zone: String::new(),
        purpose: String::new(),
        action: String::new(),
        subjects: Vec::new(),
        detail: serde_json::Value::Null,
        request: String::new(),
    };
    // Refused as meant, one transaction each: they may only read.
    let reading = client.build_transaction().read_only(true).start().await?;
    let _ = audit_append(&reading, &none).await;
    reading.rollback().await?;
    let reading = client.build_transaction().read_only(true).start().await?;
    let _ = case_act(&reading, 0, "", "", None).await;
    reading.rollback().await?;
    let reading = client.build_transaction().read_only(true).start().await?;
    let _ = series_take(&reading, "", 1).await;
    Ok(reading.rollback().await?)
}
