//! Reading masked views for others: chosen items only, as JSON under their data item numbers. What
//! is secret, concealed or restricted is not in the view, whoever asks.

use definition::model::Item;

use super::{Table, quote};
use crate::{GenericClient, StoreError};

/// The most rows of one subject that are handed out.
const ROWS: usize = 100;

/// A reading that is made once and asked many times.
#[derive(Clone, Debug)]
pub struct MaskedRead {
    rows: String,
    is_there: String,
}

impl MaskedRead {
    /// Reads `items` of the rows whose item `by` has a value. Items without a number of the
    /// standard and secret ones are left out.
    pub fn new(table: Table<'_>, by: &Item, items: &[&Item]) -> MaskedRead {
        let view = view_of(table);
        let own = items.iter().filter(|item| !item.secret);
        let columns: Vec<String> = own
            .filter_map(|item| {
                let number = item.number.as_deref()?;
                Some(format!("v.{} as {}", quote(&item.romaji), quote(number)))
            })
            .collect();
        let by = quote(&by.romaji);
        MaskedRead {
            rows: format!(
                "select to_json(t)::text from (select v.valid_from, v.closed_on,
                   (select to_json(i) from (select {}) i) as items
                 from {view} v where v.{by} = $1 order by v.valid_from desc limit {ROWS}) t",
                columns.join(", ")
            ),
            is_there: format!("select exists (select from {view} v where v.{by} = $1)"),
        }
    }

    /// The rows, each as a JSON object `{valid_from, closed_on, items}`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rows(
        &self,
        client: &impl GenericClient,
        value: &str,
    ) -> Result<Vec<String>, StoreError> {
        let rows = client.query(&self.rows, &[&value]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Whether the view shows such a row.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_there(
        &self,
        client: &impl GenericClient,
        value: &str,
    ) -> Result<bool, StoreError> {
        Ok(client.query_one(&self.is_there, &[&value]).await?.try_get(0)?)
    }
}

/// Qualified name of the masked view of a register.
fn view_of(table: Table<'_>) -> String {
    let name = format!("{}_masked", table.register.id.replace('-', "_"));
    format!("{}.{}", quote(&table.system.schema()), quote(&name))
}
