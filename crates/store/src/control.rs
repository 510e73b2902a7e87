//! The control database of a cluster: organisations, offers, contracts, and how far the sample
//! people of an organisation are loaded. Only the installer reads it.

use definition::System;
use tokio_postgres::Client;

use crate::StoreError;
use crate::organisation::{Installer, Organisation};
use crate::schema;

const DATABASE: &str = "kumoi_control";

/// 契約: a contract of an organisation for an offer.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Number.
    pub id: i64,
    /// Organisation.
    pub organisation: String,
    /// System contracted.
    pub system: String,
    /// Package hash contracted.
    pub hash: String,
    /// 締結, 提供中, 終了.
    pub state: String,
}

/// Opens the control database, creating it the first time.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn control_open(installer: &Installer) -> Result<Client, StoreError> {
    let postgres = installer.connect("postgres").await?;
    let exists =
        postgres.query_opt("select 1 from pg_database where datname = $1", &[&DATABASE]).await?;
    if exists.is_none() {
        postgres.batch_execute(&format!("create database {DATABASE}")).await?;
        let sql = format!("revoke all on database {DATABASE} from public");
        postgres.batch_execute(&sql).await?;
    }
    let mut client = installer.connect(DATABASE).await?;
    let transaction = client.transaction().await?;
    schema::CONTROL.bring_up(&transaction).await?;
    transaction.commit().await?;
    Ok(client)
}

/// Publishes a package as an offer; the same package again is the same offer.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_publish(
    client: &Client,
    vendor: &str,
    system: &System,
) -> Result<i64, StoreError> {
    let row = client
        .query_one(
            "insert into control.offer (vendor, system, name, version, hash)
             values ($1, $2, $3, $4, $5)
             on conflict (system, hash) do update set withdrawn_at = null returning id",
            &[&vendor, &system.id, &system.name, &system.version, &system.hash],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Registers an organisation.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn organisation_register(
    client: &Client,
    organisation: &Organisation,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into control.organisation (id, code, name, name_en, kind, sample)
             values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing",
            &[
                &organisation.id,
                &organisation.code,
                &organisation.name,
                &organisation.name_en,
                &organisation.kind,
                &organisation.sample,
            ],
        )
        .await?;
    Ok(())
}

/// Signs a contract; signing again changes nothing.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_sign(
    client: &Client,
    organisation: &str,
    offer: i64,
) -> Result<i64, StoreError> {
    let row = client
        .query_one(
            "insert into control.contract (organisation, offer, state) values ($1, $2, '締結')
             on conflict (organisation, offer) do update set offer = excluded.offer returning id",
            &[&organisation, &offer],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Marks a contract as in service; what it replaces (the same system's older packages) ends.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_in_service(client: &Client, id: i64) -> Result<(), StoreError> {
    let sql = "
        with own as (
            select c.id, c.organisation, o.system from control.contract c
            join control.offer o on o.id = c.offer where c.id = $1),
        same as (
            select c.id from control.contract c join control.offer o on o.id = c.offer
            join own on own.organisation = c.organisation and own.system = o.system)
        update control.contract c
        set state = case when c.id = $1 then '提供中' else '終了' end,
            opened_at = case when c.id = $1 then coalesce(opened_at, now()) else opened_at end
        from same where same.id = c.id and (c.id = $1 or c.state = '提供中')";
    client.execute(sql, &[&id]).await?;
    Ok(())
}

/// Contracts in order of signing.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn contract_list(client: &Client) -> Result<Vec<Contract>, StoreError> {
    let rows = client
        .query(
            "select c.id, c.organisation, o.system, o.hash, c.state
             from control.contract c join control.offer o on o.id = c.offer order by c.id",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Contract {
                id: row.try_get(0)?,
                organisation: row.try_get(1)?,
                system: row.try_get(2)?,
                hash: row.try_get(3)?,
                state: row.try_get(4)?,
            })
        })
        .collect()
}

/// How many sample people are loaded: (done, wanted).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn seed_state(
    client: &Client,
    organisation: &str,
    people: i32,
) -> Result<(i32, i32), StoreError> {
    let row = client
        .query_one(
            "insert into control.seed (organisation, people) values ($1, $2)
             on conflict (organisation) do update set organisation = excluded.organisation
             returning done, people",
            &[&organisation, &people],
        )
        .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Records how far the sample people are loaded.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn seed_progress(
    client: &Client,
    organisation: &str,
    done: i32,
) -> Result<(), StoreError> {
    client
        .execute(
            "update control.seed set done = $2,
               finished_at = case when $2 >= people then now() end where organisation = $1",
            &[&organisation, &done],
        )
        .await?;
    Ok(())
}
