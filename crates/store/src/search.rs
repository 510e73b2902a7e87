//! Finding rows: by number, by folded kana or kanji prefix, by date with uncertain parts, by
//! address, or exactly by a secret through its index.

use base::date::{Date, LooseDate};
use definition::model::{Item, Search};
use tokio_postgres::types::ToSql;

use crate::register::{Table, quote};
use crate::value::{Cell, ItemValue, Row};
use crate::vault::Vault;
use crate::{GenericClient, StoreError};

/// One thing that is asked for; all of them must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Criterion {
    /// The key itself.
    Key(String),
    /// Prefix of any item searched in this way.
    Prefix(Search, String),
    /// A date item, with uncertain parts matched.
    Date(LooseDate),
    /// An item has exactly this text.
    Exact(String, String),
    /// A secret item, by exact match only.
    Secret(String, String),
}

/// The folded key of an address: kana and kanji folded, hyphens and digits unified.
pub fn fold_address(text: &str) -> String {
    base::kanji::fold(&base::kana::fold(text))
}

/// Rows that meet all criteria, in order of the first folded key, at most `limit`.
///
/// # Errors
/// [`StoreError::Database`]; [`StoreError::Vault`] when a secret is sought without keys.
pub async fn search(
    client: &impl GenericClient,
    table: Table<'_>,
    criteria: &[Criterion],
    limit: i64,
    vault: Option<&Vault>,
) -> Result<Vec<Row>, StoreError> {
    let mut query = Query { parameters: Vec::new(), conditions: Vec::new(), order: None };
    for criterion in criteria {
        query.add(table, criterion, vault)?;
    }
    if query.conditions.is_empty() {
        return Ok(Vec::new());
    }
    let order = query.order.unwrap_or_else(|| quote(table.register.key_column()));
    let sql = format!(
        "select {} from {} where {} order by {order} limit {limit}",
        table.read_columns(),
        table.current(),
        query.conditions.join(" and "),
    );
    let parameters: Vec<&(dyn ToSql + Sync)> =
        query.parameters.iter().map(|cell| cell as &(dyn ToSql + Sync)).collect();
    let found = client.query(&sql, &parameters).await?;
    let rows: Result<Vec<Row>, StoreError> = found.iter().map(|sql| table.row(sql)).collect();
    let mut rows = rows?;
    for criterion in criteria {
        if let Criterion::Date(wanted) = criterion {
            rows.retain(|row| date_matches(table, row, wanted));
        }
    }
    Ok(rows)
}

fn date_matches(table: Table<'_>, row: &Row, wanted: &LooseDate) -> bool {
    table.register.items.iter().zip(&row.values).any(|(item, value)| {
        item.search == Some(Search::Date)
            && matches!(value, Some(ItemValue::Date(date)) if date.matches(wanted))
    })
}

struct Query {
    parameters: Vec<Cell>,
    conditions: Vec<String>,
    order: Option<String>,
}

impl Query {
    fn bind(&mut self, cell: Cell) -> String {
        self.parameters.push(cell);
        format!("${}", self.parameters.len())
    }

    fn add(
        &mut self,
        table: Table<'_>,
        criterion: &Criterion,
        vault: Option<&Vault>,
    ) -> Result<(), StoreError> {
        match criterion {
            Criterion::Key(key) => {
                let mark = self.bind(Cell::Text(Some(key.clone())));
                let column = quote(table.register.key_column());
                self.conditions.push(format!("{column} = {mark}"));
            }
            Criterion::Prefix(kind, text) => self.prefix(table, *kind, text),
            Criterion::Date(date) => self.date(table, date),
            Criterion::Exact(name, text) => {
                let item = item(table, name)?;
                let mark = self.bind(Cell::Text(Some(text.clone())));
                self.conditions.push(format!("{} = {mark}", quote(&item.romaji)));
            }
            Criterion::Secret(name, text) => {
                let item = item(table, name)?;
                let vault = vault.ok_or(StoreError::Vault("鍵なしでは探せません"))?;
                let index = vault.index(&table.place(item), text);
                let mark = self.bind(Cell::Bytes(Some(index)));
                let column = quote(&format!("{}_index", item.romaji));
                self.conditions.push(format!("{column} = {mark}"));
            }
        }
        Ok(())
    }

    fn prefix(&mut self, table: Table<'_>, kind: Search, text: &str) {
        let folded = match kind {
            Search::Kana => base::kana::fold(text),
            Search::Name => base::kanji::fold(text),
            _ => fold_address(text),
        };
        let items: Vec<&Item> =
            table.register.items.iter().filter(|item| item.search == Some(kind)).collect();
        if items.is_empty() || folded.is_empty() {
            self.conditions.push("false".to_owned());
            return;
        }
        let low = self.bind(Cell::Text(Some(folded.clone())));
        let high = self.bind(Cell::Text(Some(format!("{folded}\u{10FFFF}"))));
        let ranges: Vec<String> = items
            .iter()
            .map(|item| {
                let column = quote(&format!("{}_key", item.romaji));
                format!("({column} >= {low} and {column} < {high})")
            })
            .collect();
        self.conditions.push(format!("({})", ranges.join(" or ")));
        self.order.get_or_insert_with(|| quote(&format!("{}_key", items[0].romaji)));
    }

    /// Uncertain dates lie at an effective day inside their known period, so a whole year is
    /// fetched and the exact comparison is made on the rows.
    fn date(&mut self, table: Table<'_>, date: &LooseDate) {
        let columns: Vec<String> = table
            .register
            .items
            .iter()
            .filter(|item| item.search == Some(Search::Date))
            .map(|item| quote(&item.romaji))
            .collect();
        let Some(day) = date.effective().filter(|_| !columns.is_empty()) else {
            self.conditions.push("false".to_owned());
            return;
        };
        let year = |month: i8, last: i8| Date::new(day.year(), month, last).unwrap_or(day);
        let (low, high) = match date.certain() {
            Some(_) => (day, year(12, 31)),
            None => (year(1, 1), year(12, 31)),
        };
        let (from, to) = (self.bind(Cell::Date(Some(low))), self.bind(Cell::Date(Some(high))));
        let ranges: Vec<String> = columns
            .iter()
            .map(|column| match date.certain() {
                Some(_) => format!(
                    "({column} = {from} or ({column} between {from} and {to}
                       and {}_fusho\" is not null))",
                    column.trim_end_matches('"')
                ),
                None => format!("({column} between {from} and {to})"),
            })
            .collect();
        self.conditions.push(format!("({})", ranges.join(" or ")));
    }
}

fn item<'s>(table: Table<'s>, name: &str) -> Result<&'s Item, StoreError> {
    let found = table.register.item(name);
    found.ok_or_else(|| StoreError::NotFound(format!("項目「{name}」")))
}
