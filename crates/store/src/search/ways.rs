//! The ways in which a criterion can hold, each as a condition that one index answers.

use base::date::LooseDate;
use base::said;
use definition::model::{Item, Search};
use tokio_postgres::types::{ToSql, Type};

use super::{Criterion, fold};
use crate::StoreError;
use crate::register::{Table, quote};
use crate::vault::Vault;

/// One way: a condition, and the column of the index whose order its rows come in.
pub(super) struct Way {
    pub(super) condition: String,
    pub(super) order: Option<String>,
    /// Its place among the ways that are shown one after the other: an item before the next.
    pub(super) rank: usize,
}

/// The parameters of a question, in the order of their marks.
#[derive(Default)]
pub(super) struct Bound(Vec<(Box<dyn ToSql + Sync + Send>, Type)>);

impl Bound {
    /// What the question is sent with.
    pub(super) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.0.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect()
    }

    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> String {
        self.0.push((Box::new(value), kind));
        format!("${}", self.0.len())
    }

    fn text(&mut self, text: impl Into<String>) -> String {
        self.bind(text.into(), Type::TEXT)
    }

    /// The ways of any criterion but a date; none when nothing can meet it.
    pub(super) fn ways(
        &mut self,
        table: Table<'_>,
        criterion: &Criterion,
        vault: Option<&Vault>,
    ) -> Result<Vec<Way>, StoreError> {
        let condition = match criterion {
            Criterion::Prefix(kind, text) => return Ok(self.prefix(table, *kind, text)),
            Criterion::Date(_) => return Ok(Vec::new()),
            Criterion::Key(key) => {
                format!("{} = {}", quote(table.register.key_column()), self.text(key.as_str()))
            }
            Criterion::Exact(name, text) => self.exact(item(table, name)?, text),
            Criterion::Secret(name, text) => {
                let item = item(table, name)?;
                let vault = vault.ok_or(StoreError::Vault("鍵なしでは探せません"))?;
                let index = vault.index(&table.place(item), text);
                let mark = self.bind(index, Type::BYTEA);
                format!("{} = {mark}", quote(&format!("{}_index", item.romaji)))
            }
        };
        Ok(vec![Way { condition, order: None, rank: 0 }])
    }

    /// The folded key has the index; the value itself decides.
    fn exact(&mut self, item: &Item, text: &str) -> String {
        let same = format!("{} = {}", quote(&item.romaji), self.text(text));
        match item.search.and_then(|search| fold(search, text)) {
            Some(key) => {
                let column = quote(&format!("{}_key", item.romaji));
                format!("{column} = {} and {same}", self.text(key))
            }
            None => same,
        }
    }

    fn prefix(&mut self, table: Table<'_>, kind: Search, text: &str) -> Vec<Way> {
        let folded = fold(kind, text).unwrap_or_default();
        let items: Vec<&Item> =
            table.register.items.iter().filter(|item| item.search == Some(kind)).collect();
        if folded.is_empty() || items.is_empty() {
            return Vec::new();
        }
        let high = self.text(format!("{folded}\u{10FFFF}"));
        let low = self.text(folded);
        let way = |(rank, item): (usize, &&Item)| {
            let column = quote(&format!("{}_key", item.romaji));
            Way {
                condition: format!("{column} >= {low} and {column} < {high}"),
                order: Some(column),
                rank,
            }
        };
        items.iter().enumerate().map(way).collect()
    }

    /// Certain days within reach of the wanted date, and the given texts of uncertain ones.
    pub(super) fn date(
        &mut self,
        table: Table<'_>,
        wanted: &LooseDate,
        texts: &[(String, Vec<String>)],
    ) -> Vec<Way> {
        let mut out = Vec::new();
        for item in table.register.items.iter().filter(|item| item.search == Some(Search::Date)) {
            let column = quote(&item.romaji);
            let vague = texts.iter().find(|(romaji, _)| *romaji == item.romaji);
            if *wanted != LooseDate::UNKNOWN {
                let mut condition = self.days(&column, wanted);
                if vague.is_some() {
                    let text = quote(&format!("{}_fusho", item.romaji));
                    condition.push_str(&format!(" and {text} is null"));
                }
                out.push(Way { condition, order: Some(column.clone()), rank: 0 });
            }
            if let Some((romaji, texts)) = vague.filter(|(_, texts)| !texts.is_empty()) {
                let text = quote(&format!("{romaji}_fusho"));
                let mark = self.bind(texts.clone(), Type::TEXT_ARRAY);
                let condition = format!("{text} = any({mark}) and {text} is not null");
                out.push(Way { condition, order: Some(column), rank: 0 });
            }
        }
        out
    }

    fn days(&mut self, column: &str, wanted: &LooseDate) -> String {
        let (first, last) = wanted.reach();
        let from = self.bind(first, Type::DATE);
        if first == last {
            return format!("{column} = {from}");
        }
        let to = self.bind(last, Type::DATE);
        format!("{column} between {from} and {to}")
    }
}

fn item<'s>(table: Table<'s>, name: &str) -> Result<&'s Item, StoreError> {
    let found = table.register.item(name);
    found.ok_or_else(|| StoreError::NotFound(said!("項目「{name}」", "The item “{name}”")))
}
