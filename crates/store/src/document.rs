//! Issued documents: numbered once, content kept, voided with their number and never deleted.

use base::said;
use jiff::Timestamp;
use serde_json::Value;

use crate::{GenericClient, StoreError};

/// A document to be issued.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// 発行番号.
    pub number: String,
    /// Case.
    pub case_id: Option<i64>,
    /// System.
    pub system: String,
    /// Procedure.
    pub procedure: String,
    /// Template.
    pub notice: String,
    /// Hash of the package whose template it is.
    pub package: String,
    /// Title.
    pub title: String,
    /// Keys of the subjects.
    pub subjects: Vec<String>,
    /// What is printed; secrets are left out and filled at printing.
    pub content: Value,
    /// Fee in yen.
    pub fee_yen: i64,
    /// Who issued it.
    pub issued_by: String,
}

/// A document.
#[derive(Clone, Debug)]
pub struct Document {
    /// What was issued.
    pub document: NewDocument,
    /// When.
    pub issued_at: Timestamp,
    /// When it was voided (書損).
    pub voided_at: Option<Timestamp>,
    /// Why.
    pub void_reason: Option<String>,
}

/// Records a document with the digest of its PDF and its pages.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn document_issue(
    client: &impl GenericClient,
    document: &NewDocument,
    (pdf, pages): (&[u8], u32),
) -> Result<(), StoreError> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pdf);
    let pages = i32::try_from(pages).unwrap_or(i32::MAX);
    client
        .execute(
            "insert into core.document (number, case_id, system, procedure, notice, package, title,
               subjects, content, fee_yen, issued_by, digest, pages)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            &[
                &document.number,
                &document.case_id,
                &document.system,
                &document.procedure,
                &document.notice,
                &document.package,
                &document.title,
                &document.subjects,
                &document.content,
                &document.fee_yen,
                &document.issued_by,
                &digest.as_ref(),
                &pages,
            ],
        )
        .await?;
    Ok(())
}

/// Voids a document (書損); the number stays used.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not there or voided already.
pub async fn document_void(
    client: &impl GenericClient,
    number: &str,
    actor: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let changed = client
        .execute(
            "update core.document set voided_at = now(), voided_by = $2, void_reason = $3
             where number = $1 and voided_at is null",
            &[&number, &actor, &reason],
        )
        .await?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::Conflict(said!(
        "発行番号 {number} はありません、または書損済みです",
        "There is no document {number}, or it is void already"
    )))
}

const COLUMNS: &str = "number, case_id, system, procedure, notice, package, title, subjects, \
     content, fee_yen, issued_by, issued_at, voided_at, void_reason";

/// A document by its number.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn document_read(
    client: &impl GenericClient,
    number: &str,
) -> Result<Document, StoreError> {
    let sql = format!("select {COLUMNS} from core.document where number = $1");
    let row = client.query_opt(&sql, &[&number]).await?;
    read(&row.ok_or_else(|| StoreError::NotFound(said!("発行番号 {number}", "Document {number}")))?)
}

/// The latest documents, newest first; of one subject when given.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn document_latest(
    client: &impl GenericClient,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<Document>, StoreError> {
    // All documents of the subject first: in order of time almost none is of this subject.
    let of_subject = "(select * from core.document where subjects @> array[$1::text] offset 0)";
    let all = "(select * from core.document where $1::text is null)";
    let from = if subject.is_some() { of_subject } else { all };
    let sql = format!(
        "select {COLUMNS} from {from} as own order by issued_at desc, number desc limit $2"
    );
    client.query(&sql, &[&subject, &limit]).await?.iter().map(read).collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Document, StoreError> {
    Ok(Document {
        document: NewDocument {
            number: row.try_get(0)?,
            case_id: row.try_get(1)?,
            system: row.try_get(2)?,
            procedure: row.try_get(3)?,
            notice: row.try_get(4)?,
            package: row.try_get(5)?,
            title: row.try_get(6)?,
            subjects: row.try_get(7)?,
            content: row.try_get(8)?,
            fee_yen: row.try_get(9)?,
            issued_by: row.try_get(10)?,
        },
        issued_at: row.try_get(11)?,
        voided_at: row.try_get(12)?,
        void_reason: row.try_get(13)?,
    })
}
