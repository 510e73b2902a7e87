//! Changing the tables of a register to a newer version: columns, what may be empty, search keys.
//! Never drops a column and never changes a value that was recorded.

use definition::System;
use definition::model::{Item, ItemKind, Register};

use crate::register::{columns_of, folding, quote};
use crate::{GenericClient, StoreError};

/// The statements for one item of a register that is there already.
pub(super) fn item_sql(
    schema: &str,
    before: &Register,
    register: &Register,
    item: &Item,
) -> String {
    let name = register.id.replace('-', "_");
    let known = before.item_by_romaji(&item.romaji);
    let there: Vec<String> = known
        .map(|old| columns_of(old).into_iter().map(|(name, _)| name).collect())
        .unwrap_or_default();
    let mut sql = String::new();
    for table in [quote(&name), quote(&format!("{name}_history"))] {
        let table = format!("{schema}.{table}");
        for (column, kind) in columns_of(item) {
            if !there.contains(&column) {
                sql.push_str(&format!("alter table {table} add column {column} {kind};\n"));
            }
        }
        if let Some(old) = known {
            sql.push_str(&empty_sql(&table, old, item));
        }
    }
    if known.is_some_and(|old| old.search != item.search) {
        // The index has the same name whatever it is of.
        let index = quote(&format!("{name}_{}_find", item.romaji));
        sql.push_str(&format!("drop index if exists {schema}.{index};\n"));
    }
    sql
}

/// What must not be empty any more, or only one of day and text.
fn empty_sql(table: &str, old: &Item, new: &Item) -> String {
    let uncertain = |item: &Item| item.kind == ItemKind::Date { uncertain: true };
    let filled = |item: &Item| item.required && !item.secret && !uncertain(item);
    let either = |item: &Item| item.required && uncertain(item);
    let (day, text) = (&new.romaji, format!("{}_fusho", new.romaji));
    let mut sql = String::new();
    if filled(old) && !filled(new) {
        sql.push_str(&format!("alter table {table} alter column {} drop not null;\n", quote(day)));
    }
    if either(old) && !either(new) {
        sql.push_str(&format!(
            "do $$ declare found name; begin
               for found in select conname from pg_constraint k where k.contype = 'c'
                 and k.conrelid = '{table}'::regclass and 2 = (select count(*) from pg_attribute a
                   where a.attrelid = k.conrelid and a.attnum = any(k.conkey)
                     and a.attname in ('{day}', '{text}'))
               loop execute format('alter table {table} drop constraint %I', found); end loop;
             end $$;\n"
        ));
    }
    if !either(old) && either(new) {
        sql.push_str(&format!(
            "alter table {table} add check ({} is not null or {} is not null);\n",
            quote(day),
            quote(&text)
        ));
    }
    sql
}

/// Fills the search keys of items that are searched otherwise than before.
pub(super) async fn keys_fill(
    client: &impl GenericClient,
    (system, register): (&System, &Register),
    before: &Register,
) -> Result<(), StoreError> {
    let name = register.id.replace('-', "_");
    for item in &register.items {
        let known = before.item_by_romaji(&item.romaji);
        let same = known.is_none_or(|old| old.search == item.search);
        if same || item.secret || folding(item).is_none() {
            continue;
        }
        let (value, key) = (quote(&item.romaji), quote(&format!("{}_key", item.romaji)));
        for table in [name.clone(), format!("{name}_history")] {
            let table = format!("{}.{}", quote(&system.schema()), quote(&table));
            let sql = format!("select distinct {value} from {table} where {value} is not null");
            let mut values: Vec<String> = Vec::new();
            for row in client.query(&sql, &[]).await? {
                values.push(row.try_get(0)?);
            }
            let folded = |text: &String| folding(item).map(|fold| fold(text));
            let keys: Vec<Option<String>> = values.iter().map(folded).collect();
            let sql = format!(
                "update {table} t set {key} = m.folded
                 from unnest($1::text[], $2::text[]) m(plain, folded) where t.{value} = m.plain"
            );
            client.execute(&sql, &[&values, &keys]).await?;
        }
    }
    Ok(())
}
