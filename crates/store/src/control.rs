//! The control database of a cluster: organisations, offers, contracts, what is metered, and how
//! far the sample people of an organisation are loaded. The installer works in all of it; a
//! municipality's LGWAN login sees the offers and its own contracts.

pub mod assistant;
mod catalogue;
mod contract;
pub mod cost;
mod deletion;
pub mod deposit;
mod ending;
pub mod evidence;
mod fit;
pub mod group;
pub mod invoice;
pub mod mail;
mod offer;
mod part;
pub mod plane;
pub mod prefecture;
pub mod quota;
pub mod reference;
mod relocation;
mod rollout;
mod service;
pub mod subsidy;
mod training;
pub mod watch;
pub mod wave;

use std::future::poll_fn;

use base::said;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_postgres::{AsyncMessage, Client, NoTls, Row};

use crate::StoreError;
use crate::organisation::{Installer, Organisation, check_identifier, is_copy};
use crate::schema;

pub use catalogue::{
    Asked, Found, MOST_FOUND, business_list, offer_search, offers_numbered, offers_of,
};
pub use contract::{
    Act, Bid, Contract, Draft, Ending, Step, act_list, bid_list, contract_confirm, contract_draft,
    contract_list, contract_step, contracts_of,
};
pub use ending::{deletion_own, ending_ask, ending_call_off, ending_decide};
pub use fit::{
    Fit, NewFit, NewSettled, Settled, fit_keep, fit_list, fit_read, fit_settle, settled_list,
};
pub use offer::{
    Offer, Publication, hash_vendors, offer_codes, offer_documents, offer_list, offer_publish,
    offer_report, offer_report_set, offer_uses, offer_withdraw, offers_without_report,
    package_keep, package_load, system_names,
};
pub use service::{
    change_alone, change_due, change_let_go, contract_changed, contract_end, contract_in_service,
    contract_is_moving, contract_moving, contract_sign, contract_waits, executor_act, meter,
    metered,
};
pub use training::training_of;

pub use deletion::{
    Deletion, DeletionState, LastExport, contracts_end, deletion_begin, deletion_export,
    deletion_last, deletion_note, deletion_record, deletion_step,
};
pub use part::{Part, part_list, parts_keep, tie_list};
pub use relocation::{
    Relocation, RelocationState, leaving_alone, relocated, relocation_begin, relocation_end,
    relocation_home, relocation_last, relocation_measured, relocation_seat, relocation_step,
};
pub use rollout::{
    ROLLED_BY, contract_roll, contract_roll_back, contract_rolled, incident_since, offer_in_force,
    offer_same_terms,
};

/// Its name.
pub const DATABASE: &str = "kumoi_control";

/// What is heard of a database, as long as the connection lives.
pub type Heard = (Client, Receiver<String>);

/// Opens the control database, creating it the first time.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn control_open(installer: &Installer) -> Result<Client, StoreError> {
    installer.shared_open(DATABASE, &schema::CONTROL).await
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

/// Registers an organisation that is new here; the executor hears of it and opens it.
///
/// # Errors
/// [`StoreError::Refused`] for an identifier that cannot be one, [`StoreError::Conflict`] when the
/// identifier or the code is taken.
pub async fn organisation_add(
    client: &Client,
    organisation: &Organisation,
) -> Result<(), StoreError> {
    check_identifier(&organisation.id)?;
    if is_copy(&organisation.id) {
        return Err(StoreError::Refused(
            "「_kenshu」「_kensho」で終わる識別子は、研修環境と検証環境だけが使います".to_owned(),
        ));
    }
    let (id, code) = (&organisation.id, &organisation.code);
    let taken = "select 1 from control.organisation where id = $1 or code = $2";
    if client.query_opt(&format!("{taken} limit 1"), &[id, code]).await?.is_some() {
        return Err(StoreError::Conflict(said!(
            "識別子「{id}」か団体コード {code} の団体がもうあります",
            "There is an organisation “{id}” or one with the code {code} already"
        )));
    }
    organisation_register(client, organisation).await?;
    client.execute("select pg_notify('kumoi_signed', $1)", &[id]).await?;
    Ok(())
}

/// Every registered organisation, by identifier.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn organisation_list(client: &Client) -> Result<Vec<Organisation>, StoreError> {
    let sql = "select id, code, name, name_en, kind, sample from control.organisation order by id";
    let one = |row: &Row| {
        Ok(Organisation {
            id: row.try_get(0)?,
            code: row.try_get(1)?,
            name: row.try_get(2)?,
            name_en: row.try_get(3)?,
            kind: row.try_get(4)?,
            sample: row.try_get(5)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(one).collect()
}

/// Lets an organisation's LGWAN login in, to the offers and its own contracts.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn buyer_admit(client: &Client, organisation: &Organisation) -> Result<(), StoreError> {
    let login = format!("{}_lgwan", organisation.id);
    let sql =
        format!("grant connect on database {DATABASE} to {login}; grant kumoi_buyer to {login}");
    client.batch_execute(&sql).await?;
    Ok(())
}

/// Hears of contracts that are signed: the organisation each time.
///
/// # Errors
/// [`StoreError::Database`]. The channel ends with the connection.
pub async fn signed_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_signed").await
}

/// So many hints are kept at most.
const HINTS: usize = 64;

/// Hears of what a database tells under a name.
pub(crate) async fn listen(
    installer: &Installer,
    database: &str,
    name: &str,
) -> Result<Heard, StoreError> {
    let (client, connection) = installer.config(database).connect(NoTls).await?;
    // Hints are worth nothing in number: who may tell may also flood.
    let (sender, receiver) = channel(HINTS);
    tokio::spawn(async move {
        let mut connection = std::pin::pin!(connection);
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(told) = message
                && let Err(TrySendError::Closed(_)) = sender.try_send(told.payload().to_owned())
            {
                return;
            }
        }
    });
    client.batch_execute(&format!("listen {name}")).await?;
    Ok((client, receiver))
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
