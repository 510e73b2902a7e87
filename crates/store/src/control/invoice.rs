//! 請求書 of record in the control database: each has the next number of its issuer and year, which
//! the database gives. None is ever changed; a wrong one is cancelled by another that takes all of
//! it back. What an invoice says and how its amounts come about is said elsewhere.

use base::date::Date;
use base::said;
use serde_json::Value;
use tokio_postgres::{Row, Transaction};

use crate::{GenericClient, StoreError};

/// The number of an invoice: the year of its issue, and the how manieth it is.
pub type Number = (i32, i32);

/// An invoice as it was issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// Its number; nothing yet before it is written.
    pub number: Number,
    /// 登録番号 of the issuer.
    pub registration: String,
    /// Name of the issuer.
    pub issuer: String,
    /// An invented issuer.
    pub sample: bool,
    /// Whose.
    pub organisation: String,
    /// 書類の交付を受ける者.
    pub recipient: String,
    /// Day of issue.
    pub issued: Date,
    /// First day of the month that is billed.
    pub month: Date,
    /// Method of allocation, and its run.
    pub derived: (String, i64),
    /// Lines and sums by tax rate.
    pub content: (Value, Value),
    /// Yen with tax.
    pub total_yen: i64,
    /// The entry in the books of deposits.
    pub entry: Option<i64>,
    /// The invoice that this one cancels, and why.
    pub cancels: Option<(Number, String)>,
}

const COLUMNS: &str = "year, number, registration, issuer, sample, organisation, recipient, issued,
    month, method, run, lines, taxes, total_yen, entry, cancels_year, cancels_number, reason";

/// Writes an invoice; the number that it got.
///
/// # Errors
/// [`StoreError::Database`], also when one for that body and month stands, or when it does not take
/// back all of what it cancels.
pub async fn invoice_add(
    transaction: &Transaction<'_>,
    invoice: &Issued,
    actor: &str,
) -> Result<Number, StoreError> {
    let year = i32::from(invoice.issued.year());
    let (cancels, reason) = invoice.cancels.clone().unzip();
    let (cancels_year, cancels_number) = cancels.unzip();
    let sql = "insert into control.invoice (year, registration, issuer, sample, organisation,
            recipient, issued, month, method, run, lines, taxes, total_yen, entry, cancels_year,
            cancels_number, reason, actor)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        returning number";
    let row = transaction
        .query_one(
            sql,
            &[
                &year,
                &invoice.registration,
                &invoice.issuer,
                &invoice.sample,
                &invoice.organisation,
                &invoice.recipient,
                &invoice.issued,
                &invoice.month,
                &invoice.derived.0,
                &invoice.derived.1,
                &invoice.content.0,
                &invoice.content.1,
                &invoice.total_yen,
                &invoice.entry,
                &cancels_year,
                &cancels_number,
                &reason.unwrap_or_default(),
                &actor,
            ],
        )
        .await?;
    Ok((year, row.try_get(0)?))
}

/// The invoices of a month that this login may see, with those that cancel one, in the order of
/// their numbers.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn invoice_list(
    client: &impl GenericClient,
    month: Date,
) -> Result<Vec<Issued>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.invoice where month = $1
         order by registration, year, number"
    );
    client.query(&sql, &[&month]).await?.iter().map(read).collect()
}

/// All invoices that this login may see, with those that cancel one, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn invoices_seen(client: &impl GenericClient) -> Result<Vec<Issued>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.invoice order by issued desc, year desc, number desc,
             registration"
    );
    client.query(&sql, &[]).await?.iter().map(read).collect()
}

/// An invoice by its number.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn invoice_read(
    client: &impl GenericClient,
    registration: &str,
    (year, number): Number,
) -> Result<Issued, StoreError> {
    let sql = format!(
        "select {COLUMNS} from control.invoice
         where registration = $1 and year = $2 and number = $3"
    );
    let found = client.query_opt(&sql, &[&registration, &year, &number]).await?;
    let row = found.ok_or_else(|| {
        StoreError::NotFound(said!("請求書 {year}-{number}", "invoice {year}-{number}"))
    })?;
    read(&row)
}

fn read(row: &Row) -> Result<Issued, StoreError> {
    let cancels: Option<i32> = row.try_get(15)?;
    let cancels = match cancels {
        Some(year) => Some(((year, row.try_get(16)?), row.try_get(17)?)),
        None => None,
    };
    Ok(Issued {
        number: (row.try_get(0)?, row.try_get(1)?),
        registration: row.try_get(2)?,
        issuer: row.try_get(3)?,
        sample: row.try_get(4)?,
        organisation: row.try_get(5)?,
        recipient: row.try_get(6)?,
        issued: row.try_get(7)?,
        month: row.try_get(8)?,
        derived: (row.try_get(9)?, row.try_get(10)?),
        content: (row.try_get(11)?, row.try_get(12)?),
        total_yen: row.try_get(13)?,
        entry: row.try_get(14)?,
        cancels,
    })
}
