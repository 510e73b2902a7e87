//! 部品 of the catalogue, and which packages build them in. Offers like every other, which nobody can
//! contract.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// 部品: a package that others build in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose.
    pub vendor: String,
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The hash of its package.
    pub hash: String,
    /// Whether its vendor took it back.
    pub withdrawn: bool,
    /// Its texts.
    pub files: BTreeMap<String, String>,
}

/// Every part that was ever offered, also those that a newer one replaced: who builds an older one
/// in may go on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn part_list(client: &impl GenericClient) -> Result<Vec<Part>, StoreError> {
    let sql = "select o.vendor_id, o.system, o.name, o.version, o.hash, o.withdrawn_at is not null,
                 p.files
               from control.offer o join control.package p on p.hash = o.hash
               where o.part order by o.id";
    let part = |row: &Row| {
        let Json(files) = row.try_get(6)?;
        Ok(Part {
            vendor: row.try_get(0)?,
            id: row.try_get(1)?,
            name: row.try_get(2)?,
            version: row.try_get(3)?,
            hash: row.try_get(4)?,
            withdrawn: row.try_get(5)?,
            files,
        })
    };
    client.query(sql, &[]).await?.iter().map(part).collect()
}

/// Writes down which parts a vendor's package builds in.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn parts_keep(
    client: &Client,
    (offer, parts): (i64, &[String]),
) -> Result<(), StoreError> {
    let sql = "insert into control.offer_part (offer, part)
               select $1, o.id from control.offer o where o.part and o.hash = any($2)
               on conflict do nothing";
    client.execute(sql, &[&offer, &parts]).await?;
    Ok(())
}

/// What vendors are told: vendor, hash, whether it is a part, and what it is tied to: the systems
/// on offer that build a part in, or the parts that a system builds in.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn tie_list(client: &Client) -> Result<Vec<(String, String, bool, Value)>, StoreError> {
    let sql = "
        select o.vendor_id, o.hash, o.part, jsonb_agg(jsonb_build_object('vendor', t.vendor,
            'name', t.name, 'version', t.version, 'withdrawn', t.withdrawn_at is not null)
            order by t.id)
        from control.offer o
        join control.offer_part p on case when o.part then p.part = o.id else p.offer = o.id end
        join control.offer t on t.id = case when o.part then p.offer else p.part end
        where not o.part or t.withdrawn_at is null
        group by o.id
        union all
        select o.vendor_id, o.hash, o.part, '[]' from control.offer o
        where o.part and not exists (select from control.offer_part p
            join control.offer t on t.id = p.offer
            where p.part = o.id and t.withdrawn_at is null)";
    let rows = client.query(sql, &[]).await?;
    let tie = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    rows.iter().map(tie).collect()
}
