//! Reading masked views for others: chosen items only, as JSON under their data item numbers. What
//! is secret, concealed or restricted is not in the view, whoever asks.

use definition::model::Item;

use super::{Table, quote};
use crate::{GenericClient, StoreError};

/// The most rows of one subject that are handed out.
const ROWS: usize = 100;

/// A reading that is made once and asked many times.
#[derive(Clone, Debug)]
pub struct MaskedRead(String);

/// What is known of whom a linkage means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedRows {
    /// The subject's key here.
    pub subject: String,
    /// The subject is shown in every register of people: nobody conceals it.
    pub is_shown: bool,
    /// The rows, each a JSON object `{valid_from, closed_on, items}`, the newest first.
    pub rows: Vec<String>,
}

impl MaskedRead {
    /// Reads `items` of the rows whose item `by` is the subject. Items without a number of the
    /// standard and secret ones are left out. `people` are registers that conceal some of theirs.
    pub fn new((table, by): (Table<'_>, &Item), items: &[&Item], people: &[Table<'_>]) -> Self {
        let own = items.iter().filter(|item| !item.secret);
        let columns: Vec<String> = own
            .filter_map(|item| {
                let number = item.number.as_deref()?;
                Some(format!("v.{} as {}", quote(&item.romaji), quote(number)))
            })
            .collect();
        let shown: String = people
            .iter()
            .map(|&own| {
                let key = quote(own.register.key_column());
                format!(" and exists (select from {} p where p.{key} = l.subject)", view_of(own))
            })
            .collect();
        let (columns, view, by) = (columns.join(", "), view_of(table), quote(&by.romaji));
        MaskedRead(format!(
            "select l.subject, true{shown}, array(select to_json(t)::text from (
               select v.valid_from, v.closed_on, (select to_json(i) from (select {columns}) i) items
               from {view} v where v.{by} = l.subject order by v.valid_from desc limit {ROWS}) t)
             from core.linkage l where l.code_index = $1"
        ))
    }

    /// What is known of whom the linkage with this index means; `None` of nobody.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rows(
        &self,
        client: &impl GenericClient,
        index: &[u8],
    ) -> Result<Option<MaskedRows>, StoreError> {
        let Some(row) = client.query_opt(&self.0, &[&index]).await? else { return Ok(None) };
        let (subject, is_shown, rows) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Some(MaskedRows { subject, is_shown, rows }))
    }
}

/// Qualified name of the masked view of a register.
fn view_of(table: Table<'_>) -> String {
    let name = format!("{}_masked", table.register.id.replace('-', "_"));
    format!("{}.{}", quote(&table.system.schema()), quote(&name))
}
