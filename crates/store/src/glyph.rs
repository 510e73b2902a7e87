//! 同定: characters that could not be printed, where each stands, and what a person decided. The
//! source is kept as it came; nothing here changes a register.

use base::said;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::{GenericClient, StoreError};

/// Where a character stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlyphPlace {
    /// System.
    pub system: String,
    /// Register.
    pub register: String,
    /// Key of the row; empty when it stands in no row (the template, the head of the body).
    pub subject: String,
    /// Item.
    pub item: String,
}

/// A character that was met.
#[derive(Clone, Debug)]
pub struct NewGlyph {
    /// Code points (`U+E000`).
    pub code: String,
    /// The character itself with its variation selector, as recorded.
    pub source: String,
    /// JSON pointer into what was to be printed.
    pub path: String,
    /// Where it stands.
    pub place: GlyphPlace,
    /// Who met it.
    pub reported_by: String,
}

/// A character with what became of it.
#[derive(Clone, Debug)]
pub struct Glyph {
    /// Its number.
    pub id: i64,
    /// What was met.
    pub met: NewGlyph,
    /// When.
    pub reported_at: Timestamp,
    /// What it was identified as; `None` while nobody decided, or when nothing fits.
    pub settled_as: Option<String>,
    /// When it was decided that nothing is changed.
    pub settled_at: Option<Timestamp>,
    /// Who decided.
    pub settled_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The case that writes it into the register, and its stage.
    pub case: Option<(i64, String)>,
}

/// Keeps a character for identification. One that is known at this place is not doubled.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn glyph_report(client: &impl GenericClient, new: &NewGlyph) -> Result<(), StoreError> {
    let GlyphPlace { system, register, subject, item } = &new.place;
    client
        .execute(
            "insert into core.glyph
               (code, source, place, system, register, subject, item, reported_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
            &[&new.code, &new.source, &new.path, system, register, subject, item, &new.reported_by],
        )
        .await?;
    Ok(())
}

const COLUMNS: &str = "g.id, g.code, g.source, g.place, g.system, g.register, g.subject, g.item, \
     g.reported_by, g.reported_at, g.settled_as, g.settled_at, g.settled_by, g.reason, c.id, \
     c.stage from core.glyph g left join core.cases c on c.id = g.case_id";

/// Characters, the oldest first; those whose case is `done` and those settled come when asked for.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn glyph_list(
    client: &impl GenericClient,
    done: &str,
    settled: bool,
) -> Result<Vec<Glyph>, StoreError> {
    let sql = format!(
        "select {COLUMNS}
         where (g.settled_at is not null or coalesce(c.stage = $1, false)) = $2
         order by g.id limit 200"
    );
    client.query(&sql, &[&done, &settled]).await?.iter().map(read).collect()
}

/// A character by its number; with `lock` it stays locked until the transaction ends.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn glyph_read(
    client: &impl GenericClient,
    id: i64,
    lock: bool,
) -> Result<Glyph, StoreError> {
    let lock = if lock { "for update of g" } else { "" };
    let sql = format!("select {COLUMNS} where g.id = $1 {lock}");
    let row = client.query_opt(&sql, &[&id]).await?;
    read(&row.ok_or_else(|| StoreError::NotFound(said!("同定の番号 {id}", "Character no. {id}")))?)
}

/// A decision about a character.
#[derive(Clone, Debug)]
pub struct Settlement<'a> {
    /// The character, when one fits.
    pub chosen: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// By whom.
    pub by: &'a str,
    /// The case that writes it into the register; without one the matter ends here.
    pub case: Option<i64>,
}

/// Records a decision.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn glyph_settle(
    client: &impl GenericClient,
    id: i64,
    settlement: &Settlement<'_>,
) -> Result<(), StoreError> {
    client
        .execute(
            "update core.glyph set settled_as = $2, reason = $3, settled_by = $4, case_id = $5,
               settled_at = case when $5::bigint is null then now() end
             where id = $1",
            &[&id, &settlement.chosen, &settlement.reason, &settlement.by, &settlement.case],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Glyph, StoreError> {
    let case: Option<i64> = row.try_get(14)?;
    let stage: Option<String> = row.try_get(15)?;
    Ok(Glyph {
        id: row.try_get(0)?,
        met: NewGlyph {
            code: row.try_get(1)?,
            source: row.try_get(2)?,
            path: row.try_get(3)?,
            place: GlyphPlace {
                system: row.try_get(4)?,
                register: row.try_get(5)?,
                subject: row.try_get(6)?,
                item: row.try_get(7)?,
            },
            reported_by: row.try_get(8)?,
        },
        reported_at: row.try_get(9)?,
        settled_as: row.try_get(10)?,
        settled_at: row.try_get(11)?,
        settled_by: row.try_get(12)?,
        reason: row.try_get(13)?,
        case: case.zip(stage),
    })
}
