//! 費用 in the control database: imported bills as daily sums, rates of exchange, owners of accounts,
//! figures to allocate by, and what was allocated. Amounts are decimals as texts, exact both ways.

mod allocated;
mod basis;
mod goal;
mod made;
mod own;
mod used;

use std::pin::pin;

use base::date::Date;
use base::said;
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use jiff::Timestamp;
use tokio_postgres::{Client, Row, Transaction};

use crate::{GenericClient, StoreError};

pub use allocated::{Run, Share, run_add, run_last, share_list};
pub use basis::{
    Budget, Measure, Owner, Rate, budget_list, budget_put, measure_list, measure_put,
    organisation_names, owner_list, owner_put, owners_renamed, rate_list, rate_put,
};
pub use goal::{Stated, goal_state, goal_stated};
pub use made::{MadeCurrency, MadeService, made_add, own_currencies, own_services};
pub use own::{OwnShare, own_shares};
pub use used::{Used, used_list};

/// Bytes handed to the connection at a time.
const PIECE: usize = 256 * 1024;

/// An import of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Who imported it.
    pub actor: String,
    /// Names of the files.
    pub files: Vec<String>,
    /// Rows.
    pub rows: i64,
    /// Bytes of the raw files.
    pub raw_bytes: i64,
    /// Moments without a zone, read as UTC.
    pub zoneless: i64,
    /// Texts that were the literal `NULL`.
    pub literal_nulls: i64,
    /// The folder of the raw files, below the folder of all.
    pub folder: String,
    /// The import that this one replaces.
    pub replaces: Option<i64>,
}

/// What an import covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The import; 0 before it is written.
    pub import: i64,
    /// Who provides.
    pub provider: String,
    /// Who is billed.
    pub billing_account: String,
    /// The billing period, end excluded.
    pub period: (Timestamp, Timestamp),
    /// Currency.
    pub currency: String,
    /// Rows.
    pub rows: i64,
    /// Billed cost.
    pub billed: String,
}

/// A daily sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Day.
    pub day: Date,
    /// Begin of the billing period.
    pub period_from: Timestamp,
    /// Who provides.
    pub provider: String,
    /// Provider's name in the older column, and in the later one.
    pub names: [String; 2],
    /// Who is billed.
    pub billing_account: String,
    /// Account.
    pub account: String,
    /// Service.
    pub service: String,
    /// Its category.
    pub service_category: String,
    /// Region.
    pub region: String,
    /// Category of the charge.
    pub charge: String,
    /// Environment by its tag.
    pub environment: String,
    /// Currency.
    pub currency: String,
    /// Rows.
    pub rows: i64,
    /// Billed, effective, list and contracted cost.
    pub costs: [String; 4],
}

/// One import at a time: two that replace the same bill must not both find it in force.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn import_turn(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.batch_execute("select pg_advisory_xact_lock(hashtext('cost_import'))").await?;
    Ok(())
}

/// What is in force of all imports, in order.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn scope_list(client: &impl GenericClient) -> Result<Vec<Scope>, StoreError> {
    let sql = "select import, provider, billing_account, period_from, period_to, currency, rows,
                 billed::text
               from control.cost_scope where current
               order by provider, billing_account, period_from, currency";
    let scope = |row: &Row| {
        Ok(Scope {
            import: row.try_get(0)?,
            provider: row.try_get(1)?,
            billing_account: row.try_get(2)?,
            period: (row.try_get(3)?, row.try_get(4)?),
            currency: row.try_get(5)?,
            rows: row.try_get(6)?,
            billed: row.try_get(7)?,
        })
    };
    client.query(sql, &[]).await?.iter().map(scope).collect()
}

/// Writes an import with what it covers; its number. What it replaces is in force no more.
///
/// # Errors
/// [`StoreError::Conflict`] if that was replaced already, [`StoreError::Database`].
pub async fn import_add(
    transaction: &Transaction<'_>,
    import: &Import,
    scopes: &[Scope],
) -> Result<i64, StoreError> {
    if let Some(before) = import.replaces {
        let sql = "update control.cost_scope set current = false where import = $1 and current";
        if transaction.execute(sql, &[&before]).await? == 0 {
            return Err(StoreError::Conflict(said!(
                "置き換える請求（{before}）は、もう置き換えられています。もう一度お試しください",
                "the bill {before} has been replaced already; try again"
            )));
        }
    }
    let row = transaction
        .query_one(
            "insert into control.cost_import
               (actor, files, rows, raw_bytes, zoneless, literal_nulls, replaces, folder)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
            &[
                &import.actor,
                &import.files,
                &import.rows,
                &import.raw_bytes,
                &import.zoneless,
                &import.literal_nulls,
                &import.replaces,
                &import.folder,
            ],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    let sql = "insert into control.cost_scope (import, provider, billing_account, period_from,
                 period_to, currency, rows, billed)
               values ($1, $2, $3, $4, $5, $6, $7, $8::text::numeric)";
    for scope in scopes {
        let (from, to) = scope.period;
        let (who, account) = (&scope.provider, &scope.billing_account);
        transaction
            .execute(
                sql,
                &[&id, who, account, &from, &to, &scope.currency, &scope.rows, &scope.billed],
            )
            .await?;
    }
    Ok(id)
}

/// Takes an import out of force, with who and why.
///
/// # Errors
/// [`StoreError::NotFound`] when no such import is in force.
pub async fn import_withdraw(
    transaction: &Transaction<'_>,
    import: i64,
    (actor, reason): (&str, &str),
) -> Result<(), StoreError> {
    let sql = "update control.cost_scope set current = false where import = $1 and current";
    if transaction.execute(sql, &[&import]).await? == 0 {
        return Err(StoreError::NotFound(said!("有効な請求 {import}", "bill {import} in force")));
    }
    let sql = "insert into control.cost_withdrawal (import, actor, reason) values ($1, $2, $3)";
    transaction.execute(sql, &[&import, &actor, &reason]).await?;
    Ok(())
}

/// Copies the daily sums of an import; how many there were.
///
/// # Errors
/// [`StoreError::Database`]; nothing stays when the caller rolls back.
pub async fn day_copy(
    transaction: &Transaction<'_>,
    import: i64,
    days: impl Iterator<Item = Day>,
) -> Result<u64, StoreError> {
    let sql = "copy control.cost_daily (import, day, period_from, provider, provider_name,
        service_provider_name, billing_account, account, service, service_category, region, charge,
        environment, currency, rows, billed, effective, list, contracted) from stdin";
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(sql).await?);
    let mut piece = BytesMut::with_capacity(PIECE + 1024);
    for day in days {
        line_write(&mut piece, import, &day);
        if piece.len() >= PIECE {
            sink.send(piece.split().freeze()).await?;
        }
    }
    sink.send(piece.freeze()).await?;
    Ok(sink.finish().await?)
}

/// A line of COPY's text format.
fn line_write(piece: &mut BytesMut, import: i64, day: &Day) {
    let head = format!("{import}\t{}\t{}", day.day, day.period_from);
    piece.extend_from_slice(head.as_bytes());
    let texts = [
        &day.provider,
        &day.names[0],
        &day.names[1],
        &day.billing_account,
        &day.account,
        &day.service,
        &day.service_category,
        &day.region,
        &day.charge,
        &day.environment,
        &day.currency,
    ];
    for text in texts {
        piece.extend_from_slice(b"\t");
        for byte in text.bytes() {
            match byte {
                b'\\' => piece.extend_from_slice(b"\\\\"),
                b'\t' => piece.extend_from_slice(b"\\t"),
                b'\n' => piece.extend_from_slice(b"\\n"),
                b'\r' => piece.extend_from_slice(b"\\r"),
                _ => piece.extend_from_slice(&[byte]),
            }
        }
    }
    let tail = format!("\t{}\t{}\n", day.rows, day.costs.join("\t"));
    piece.extend_from_slice(tail.as_bytes());
}

/// The folders of raw files that imports have, for sweeping what a broken-off one left.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn folder_list(client: &impl GenericClient) -> Result<Vec<String>, StoreError> {
    let sql = "select folder from control.cost_import order by id";
    client.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The daily sums in force of bills whose period begins, in Japan, from a day until before another;
/// without regions, and of the categories of charges only `Tax` apart from all others.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn day_list(
    client: &impl GenericClient,
    (from, until): (Date, Date),
) -> Result<Vec<Day>, StoreError> {
    let sql = "
        select day, period_from, provider, billing_account, account, service,
            min(service_category), environment, currency, sum(rows)::bigint,
            trim_scale(sum(billed))::text, trim_scale(sum(effective))::text,
            trim_scale(sum(list))::text, trim_scale(sum(contracted))::text,
            case when charge = 'Tax' then charge else '' end
        from control.cost_daily d
        where (period_from at time zone 'Asia/Tokyo')::date >= $1
          and (period_from at time zone 'Asia/Tokyo')::date < $2
          and exists (select from control.cost_scope s where s.import = d.import and s.current)
        group by 1, 2, 3, 4, 5, 6, 8, 9, 15
        order by 1, 2, 3, 4, 5, 6, 8, 9, 15";
    let day = |row: &Row| -> Result<Day, StoreError> {
        Ok(Day {
            day: row.try_get(0)?,
            period_from: row.try_get(1)?,
            provider: row.try_get(2)?,
            names: [String::new(), String::new()],
            billing_account: row.try_get(3)?,
            account: row.try_get(4)?,
            service: row.try_get(5)?,
            service_category: row.try_get(6)?,
            region: String::new(),
            charge: row.try_get(14)?,
            environment: row.try_get(7)?,
            currency: row.try_get(8)?,
            rows: row.try_get(9)?,
            costs: [row.try_get(10)?, row.try_get(11)?, row.try_get(12)?, row.try_get(13)?],
        })
    };
    client.query(sql, &[&from, &until]).await?.iter().map(day).collect()
}

/// Begins a transaction on a connection to the control database.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn transaction_begin(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    Ok(client.transaction().await?)
}

/// Commits it.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn transaction_commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.commit().await?)
}
