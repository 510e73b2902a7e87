//! 申出: what the catalogue offers, the packages behind it by their hash, and the report and the
//! vendor's documents beside each. What a body contracted stays readable after a withdrawal.

use std::collections::BTreeMap;

use base::said;
use definition::{Package, System};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Row};

use crate::{GenericClient, StoreError};

/// 申出: an offer of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its number.
    pub id: i64,
    /// Who offers it: the name for people.
    pub vendor: String,
    /// The vendor's identifier.
    pub vendor_id: String,
    /// System offered.
    pub system: String,
    /// 業務ID of the standardised business; `None` for what stands beside them.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its English name.
    pub name_en: String,
    /// Its version.
    pub version: String,
    /// Hash of the package.
    pub hash: String,
    /// The price list, where there is one.
    pub price: Option<Value>,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was withdrawn: no new contract from then on.
    pub withdrawn_at: Option<Timestamp>,
    /// When a newer package of the vendor took its place: no new draft from then on.
    pub replaced_at: Option<Timestamp>,
    /// Whether the gate found it conforming; `None` while the report is not there.
    pub conforms: Option<bool>,
    /// File names of the vendor's documents.
    pub documents: Vec<String>,
}

pub(super) const COLUMNS: &str = "o.id, o.vendor, o.system, o.name, o.version, o.hash, o.price,
    o.published_at, o.withdrawn_at, (o.report ->> 'passes')::boolean, o.name_en,
    array(select jsonb_object_keys(o.documents)), o.vendor_id, o.replaced_at, o.code";

pub(super) fn read(row: &Row, at: usize) -> Result<Offer, StoreError> {
    Ok(Offer {
        id: row.try_get(at)?,
        vendor: row.try_get(at + 1)?,
        system: row.try_get(at + 2)?,
        name: row.try_get(at + 3)?,
        name_en: row.try_get(at + 10)?,
        version: row.try_get(at + 4)?,
        hash: row.try_get(at + 5)?,
        price: row.try_get(at + 6)?,
        published_at: row.try_get(at + 7)?,
        withdrawn_at: row.try_get(at + 8)?,
        conforms: row.try_get(at + 9)?,
        documents: row.try_get(at + 11)?,
        vendor_id: row.try_get(at + 12)?,
        replaced_at: row.try_get(at + 13)?,
        code: row.try_get(at + 14)?,
    })
}

/// What a vendor publishes.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'p> {
    /// Who: the identifier, and the name for people.
    pub vendor: (&'p str, &'p str),
    /// 業務ID of the standardised business; `None` for what stands beside them.
    pub code: Option<&'p str>,
    /// The price list, where there is one.
    pub price: Option<&'p Value>,
    /// The report of the gate, where it was held.
    pub report: Option<&'p Value>,
    /// 手引き, 契約条件, 部品表: file name → text.
    pub documents: &'p BTreeMap<String, String>,
    /// When the vendor has sent it in; `None` for now.
    pub sent_at: Option<Timestamp>,
    /// Whether it is a 部品.
    pub part: bool,
}

/// 業務システムの名, by organisation and identifier, as each body contracted it: another vendor's words
/// for the same identifier are not its.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn system_names(
    client: &impl GenericClient,
) -> Result<BTreeMap<(String, String), String>, StoreError> {
    let sql = "select distinct on (c.organisation, o.system) c.organisation, o.system, o.name
               from control.contract c join control.offer o on o.id = c.offer
               where c.state in ('提供中', '終了')
               order by c.organisation, o.system, c.state = '提供中' desc, c.id desc";
    let rows = client.query(sql, &[]).await?;
    let name = |row: &Row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?));
    rows.iter().map(name).collect()
}

/// Publishes a package as an offer of a vendor. Of the packages of one system the one that was sent
/// in last takes the place of the others: one whose turn comes late is replaced at once, and what
/// was sent in before a withdrawal does not end it. The same package again is the same offer, with
/// the report and the documents that were judged first: a confirmation points to them.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_publish(
    client: &Client,
    publication: &Publication<'_>,
    system: &System,
) -> Result<i64, StoreError> {
    package_keep(client, system).await?;
    let (vendor_id, vendor) = publication.vendor;
    let row = client
        .query_one(
            "with published as (
               insert into control.offer as o
                 (vendor, system, name, version, hash, price, report, documents, name_en,
                  vendor_id, code, part, sent_at, replaced_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, coalesce($12, now()),
                 (select now() where exists (
                    select from control.offer n where n.vendor_id = $10 and n.system = $2
                      and n.sent_at > coalesce($12, now()))))
               on conflict (vendor_id, system, hash) do update set
                 published_at = case when o.withdrawn_at is null and o.replaced_at is null
                                then o.published_at else now() end,
                 sent_at = greatest(o.sent_at, excluded.sent_at),
                 withdrawn_at = case when excluded.sent_at >= o.withdrawn_at then null
                                else o.withdrawn_at end,
                 withdrawal_reason = case when excluded.sent_at >= o.withdrawn_at then null
                                     else o.withdrawal_reason end,
                 replaced_at = (select coalesce(o.replaced_at, now()) where exists (
                    select from control.offer n where n.vendor_id = $10 and n.system = $2
                      and n.hash <> $5 and n.sent_at > greatest(o.sent_at, excluded.sent_at))),
                 vendor = excluded.vendor, name_en = excluded.name_en, price = excluded.price,
                 code = excluded.code, part = excluded.part,
                 documents = case when o.report is not null or excluded.documents = '{}'
                             then o.documents else excluded.documents end,
                 report = coalesce(o.report, excluded.report)
               returning o.id, o.sent_at),
             replaced as (
               update control.offer o set replaced_at = now() from published
               where o.vendor_id = $10 and o.system = $2 and o.id <> published.id
                 and o.replaced_at is null and o.sent_at <= published.sent_at)
             select id from published",
            &[
                &vendor,
                &system.id,
                &system.name,
                &system.version,
                &system.hash,
                &publication.price,
                &publication.report,
                &Json(publication.documents),
                &system.name_en,
                &vendor_id,
                &publication.code,
                &publication.sent_at,
                &publication.part,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Keeps the texts of a package under its hash.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn package_keep(client: &Client, system: &System) -> Result<(), StoreError> {
    let sql = "insert into control.package (hash, files) values ($1, $2) on conflict do nothing";
    client.execute(sql, &[&system.hash, &Json(&*system.files)]).await?;
    super::catalogue::words_keep(client, system).await
}

/// The package with this hash, loaded.
///
/// # Errors
/// [`StoreError::Refused`] when its texts cannot be read by this program.
pub async fn package_load(
    client: &impl GenericClient,
    hash: &str,
) -> Result<Option<System>, StoreError> {
    let sql = "select files from control.package where hash = $1";
    let Some(row) = client.query_opt(sql, &[&hash]).await? else { return Ok(None) };
    let Json(files) = row.try_get(0)?;
    let loaded = definition::load_installed(&Package { files });
    loaded.map(Some).map_err(|found| {
        let first = found.first().map(ToString::to_string).unwrap_or_default();
        StoreError::Refused(format!("カタログの業務システムを読めません（{first}）"))
    })
}

/// Every offer in force, by system and vendor: of each vendor the package published last.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_list(client: &impl GenericClient) -> Result<Vec<Offer>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.offer o
         where o.withdrawn_at is null and o.replaced_at is null and not o.part
         order by o.system, o.vendor_id, o.published_at desc, o.id desc"
    );
    client.query(&sql, &[]).await?.iter().map(|row| read(row, 0)).collect()
}

/// The report of the gate on an offer, also of one that was withdrawn.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_report(
    client: &impl GenericClient,
    id: i64,
) -> Result<Option<Value>, StoreError> {
    let sql = "select report from control.offer where id = $1";
    match client.query_opt(sql, &[&id]).await? {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

/// The vendor's documents of an offer: file name → text.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_documents(
    client: &impl GenericClient,
    id: i64,
) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = "select documents from control.offer where id = $1";
    match client.query_opt(sql, &[&id]).await? {
        Some(row) => {
            let Json(documents) = row.try_get(0)?;
            Ok(documents)
        }
        None => Ok(BTreeMap::new()),
    }
}

/// Offers in force that the gate was never held against, the oldest first: number and hash.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offers_without_report(client: &Client) -> Result<Vec<(i64, String)>, StoreError> {
    // A package from before packages were kept cannot be judged any more.
    let sql = "select o.id, o.hash from control.offer o join control.package p on p.hash = o.hash
               where o.report is null and o.withdrawn_at is null order by o.id";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The identifiers of the systems that are offered or contracted, each with the 業務ID that it was
/// first offered under; `beside` stands for what has none. A withdrawal frees no identifier under
/// which somebody has a contract.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_codes(
    client: &impl GenericClient,
    beside: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = "select distinct on (o.system) o.system, coalesce(o.code, $1) from control.offer o
               where not o.part and (o.withdrawn_at is null or exists (
                 select from control.contract c
                 where c.offer = o.id and c.state not in ('取下げ', '終了')))
               order by o.system, o.id";
    let rows = client.query(sql, &[&beside]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Keeps the report of the gate on an offer.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_report_set(client: &Client, id: i64, report: &Value) -> Result<(), StoreError> {
    client.execute("update control.offer set report = $2 where id = $1", &[&id, &report]).await?;
    Ok(())
}

/// Takes a vendor's offer of a package back: no new contract from now on, those there are go on.
///
/// # Errors
/// [`StoreError::NotFound`] when this vendor never offered it.
pub async fn offer_withdraw(
    client: &Client,
    (vendor_id, hash): (&str, &str),
    reason: &str,
) -> Result<(), StoreError> {
    let sql = "update control.offer set withdrawn_at = coalesce(withdrawn_at, now()),
                 withdrawal_reason = coalesce(withdrawal_reason, $3)
               where vendor_id = $1 and hash = $2";
    match client.execute(sql, &[&vendor_id, &hash, &reason]).await? {
        0 => Err(StoreError::NotFound(said!("{vendor_id}の申出", "an offer of {vendor_id}"))),
        _ => Ok(()),
    }
}

/// Whose packages have one of these hashes: identifiers of vendors, each once.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn hash_vendors(
    client: &impl GenericClient,
    hashes: &[String],
) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct vendor_id from control.offer where hash = any($1) order by 1";
    client.query(sql, &[&hashes]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many bodies have a contract that is not over for each vendor's package: vendor, hash,
/// bodies.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_uses(client: &Client) -> Result<Vec<(String, String, i32)>, StoreError> {
    let sql = "select o.vendor_id, o.hash, count(distinct c.organisation)
                 filter (where c.state in ('締結', '移行待ち', '提供中'))::integer
               from control.offer o left join control.contract c on c.offer = o.id
               group by o.vendor_id, o.hash";
    let rows = client.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
