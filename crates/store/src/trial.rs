//! 試しの団体: a database that lives as long as a trial of a package. It holds nobody's data, nobody
//! but the installer can sign in to it, and what a crash leaves behind goes at the next trial.

use definition::System;
use tokio_postgres::Client;

use crate::organisation::{Installer, alone, database_drop};
use crate::register::{RowWrite, Table, open_many};
use crate::schema::OFFICE;
use crate::vault::Vault;
use crate::{StoreError, install};

/// The database of a trial.
fn database(name: &str) -> String {
    format!("kumoi_trial_{name}")
}

/// How long one statement of a trial may take.
const STATEMENT: &str = "set statement_timeout = '60s'";

/// Opens an empty organisation with the systems that the one to be tried stands beside. `name`
/// consists of lower-case letters, digits and `_`.
///
/// # Errors
/// [`StoreError`]; none of them is the doing of the system that is tried.
pub async fn trial_open(
    installer: &Installer,
    name: &str,
    systems: &[&System],
) -> Result<Client, StoreError> {
    let postgres = installer.connect("postgres").await?;
    let database = database(name);
    alone(&postgres, &database).await?;
    database_drop(&postgres, &database).await?;
    postgres.batch_execute(&format!("create database {database} owner kumoi_owner")).await?;
    let sql = format!("revoke all on database {database} from public");
    postgres.batch_execute(&sql).await?;
    let mut client = installer.connect(&database).await?;
    client.batch_execute(STATEMENT).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role kumoi_owner").await?;
    OFFICE.bring_up(&transaction).await?;
    for system in systems {
        install::install(&transaction, system).await?;
    }
    transaction.commit().await?;
    Ok(client)
}

/// Installs the system that is tried.
///
/// # Errors
/// [`StoreError`]; the system's doing where [`StoreError::is_of_definition`] says so.
pub async fn trial_install(client: &mut Client, system: &System) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role kumoi_owner").await?;
    install::install(&transaction, system).await?;
    transaction.commit().await?;
    Ok(())
}

/// Drops what trials that were cut off have left. Nobody may be trying anything.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn trials_sweep(installer: &Installer) -> Result<(), StoreError> {
    let postgres = installer.connect("postgres").await?;
    let sql = "select datname::text from pg_database where datname ~ '^kumoi_trial_[a-z0-9_]+$'";
    for row in postgres.query(sql, &[]).await? {
        let name: String = row.try_get(0)?;
        database_drop(&postgres, &name).await?;
    }
    Ok(())
}

/// Fills a register of a trial: each row as it is, and as it was a day before.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn trial_fill(
    client: &Client,
    table: Table<'_>,
    rows: &[RowWrite],
    vault: &Vault,
) -> Result<(), StoreError> {
    client.batch_execute("set role kumoi_owner").await?;
    open_many(client, table, rows, Some(vault)).await?;
    let (current, history) = (table.current(), table.history());
    let sql = format!(
        "insert into {history} select * from {current};
         update {history} set recorded_to = recorded_from + interval '1.000001 days';
         update {current} set version_no = 2, recorded_from = recorded_from + interval '1 day';
         insert into core.series values ('{}.next', {} + 1) on conflict do nothing;
         reset role",
        table.system.id,
        rows.len()
    );
    client.batch_execute(&sql).await?;
    Ok(())
}

/// Ends a trial.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn trial_drop(installer: &Installer, name: &str) -> Result<(), StoreError> {
    let postgres = installer.connect("postgres").await?;
    alone(&postgres, &database(name)).await?;
    database_drop(&postgres, &database(name)).await
}
