//! Every row of a database at one moment, as digests: a count and two sums a chunk, the same for
//! the same rows in whatever order. The rows themselves never leave the server.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use super::receive::TABLES;
use super::{Seat, quoted};
use crate::StoreError;

/// Into how many chunks the rows of a table fall, by their key.
const CHUNKS: i32 = 256;

/// A connection that knows the tables of a database and waits for the moment.
pub struct Watch {
    client: Client,
    tables: Vec<Table>,
}

/// One moment of a database.
pub struct Moment(Watch);

struct Table {
    name: String,
    rows: String,
}

/// A table's chunks: number → (rows, sums).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSum {
    /// `schema.table`.
    pub table: String,
    /// The chunks that hold a row.
    pub chunks: BTreeMap<i32, (i64, String)>,
}

impl TableSum {
    /// How many rows.
    pub fn rows(&self) -> i64 {
        self.chunks.values().map(|(rows, _)| rows).sum()
    }

    /// The chunks that are not the same.
    pub fn differing(&self, other: &TableSum) -> Vec<i32> {
        (0..CHUNKS).filter(|at| self.chunks.get(at) != other.chunks.get(at)).collect()
    }
}

/// Makes ready to look at a database.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn watch(seat: &Seat, database: &str) -> Result<Watch, StoreError> {
    let client = seat.connect_anew(database).await?;
    let mut tables = Vec::new();
    for row in client.query(TABLES, &[]).await? {
        let (schema, name, oid): (String, String, u32) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let columns = "select quote_ident(a.attname),
               exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary
                 and a.attnum = any(i.indkey::int2[]))
             from pg_attribute a where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
             order by a.attname";
        let columns = client.query(columns, &[&oid]).await?;
        let mut all: Vec<String> = Vec::new();
        let mut key: Vec<String> = Vec::new();
        for column in columns {
            let name: String = column.try_get(0)?;
            if column.try_get(1)? {
                key.push(name.clone());
            }
            all.push(name);
        }
        let from = format!("{}.{}", quoted(&schema), quoted(&name));
        let rows = format!(
            "select hashtextextended(row({})::text, 0) as k, row({})::text as v from {from}",
            key.join(", "),
            all.join(", ")
        );
        tables.push(Table { name: format!("{schema}.{name}"), rows });
    }
    Ok(Watch { client, tables })
}

impl Watch {
    /// The present moment; it stays until the value goes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn moment(self) -> Result<Moment, StoreError> {
        // The first statement takes the moment, not the beginning.
        let sql = "begin isolation level repeatable read read only; select 1";
        self.client.batch_execute(sql).await?;
        Ok(Moment(self))
    }
}

impl Moment {
    /// The digests of all tables.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sums(&self) -> Result<Vec<TableSum>, StoreError> {
        let mut out = Vec::new();
        for Table { name, rows } in &self.0.tables {
            let sql = format!(
                "with r as ({rows})
                 select (k & {})::integer, count(*),
                   sum(hashtextextended(v, 1))::text || ' ' || sum(hashtextextended(v, 2))::text
                 from r group by 1",
                CHUNKS - 1
            );
            let mut chunks = BTreeMap::new();
            for row in self.0.client.query(&sql, &[]).await? {
                chunks.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
            }
            out.push(TableSum { table: name.clone(), chunks });
        }
        Ok(out)
    }

    /// The rows of some chunks of a table: digest of the key → digest of the row.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rows(
        &self,
        table: &str,
        chunks: &[i32],
    ) -> Result<BTreeMap<i64, String>, StoreError> {
        let Some(table) = self.0.tables.iter().find(|one| one.name == table) else {
            return Ok(BTreeMap::new());
        };
        let sql = format!(
            "with r as ({})
             select k, hashtextextended(v, 1)::text || ' ' || hashtextextended(v, 2)::text
             from r where (k & {})::integer = any($1)",
            table.rows,
            CHUNKS - 1
        );
        let rows = self.0.client.query(&sql, &[&chunks]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}
