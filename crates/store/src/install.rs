//! Installing and upgrading a system: tables from its registers, as the owner, in one transaction.
//!
//! An upgrade may add registers and items; whatever would break recorded data is refused with its
//! reason before anything is changed.

mod alter;
mod breaking;
mod version;

use definition::System;
use definition::model::{Item, ItemKind, Register};

use crate::register::{columns_of, quote};
use crate::{GenericClient, StoreError};

pub use breaking::breaking_changes;
pub use version::{
    Refusal, Version, refusal_list, refusal_record, refusal_settle, version_keep, version_list,
    version_load,
};

/// Creates the schema and tables of a system in this database (the role must be the owner).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn install(client: &impl GenericClient, system: &System) -> Result<(), StoreError> {
    let schema = quote(&system.schema());
    let mut sql = format!("create schema {schema};\n");
    for register in &system.registers {
        sql.push_str(&register_sql(&schema, register));
    }
    sql.push_str(&format!("grant usage on schema {schema} to kumoi_office, kumoi_reader;\n"));
    client.batch_execute(&sql).await?;
    version::record(client, system).await
}

/// Upgrades an installed system to another version of its package, in the caller's transaction.
///
/// # Errors
/// [`StoreError::Refused`] with the reason when recorded data would break.
pub async fn upgrade(
    client: &impl GenericClient,
    old: &System,
    new: &System,
) -> Result<(), StoreError> {
    let breaks = breaking_changes(old, new);
    if !breaks.is_empty() {
        return Err(StoreError::Refused(format!(
            "{}を版{}に上げられません。\n{}",
            new.name,
            new.version,
            breaks.join("\n")
        )));
    }
    let schema = quote(&new.schema());
    let mut sql = String::new();
    for register in &new.registers {
        match old.register(&register.id) {
            None => sql.push_str(&register_sql(&schema, register)),
            Some(before) => {
                for item in &register.items {
                    sql.push_str(&alter::item_sql(&schema, before, register, item));
                }
                sql.push_str(&relations_sql(&schema, register));
                sql.push_str(&view_sql(&schema, register));
            }
        }
    }
    client.batch_execute(&sql).await?;
    for register in &new.registers {
        if let Some(before) = old.register(&register.id) {
            alter::keys_fill(client, (new, register), before).await?;
        }
    }
    version::record(client, new).await
}

fn register_sql(schema: &str, register: &Register) -> String {
    let mut columns = String::new();
    for item in &register.items {
        let uncertain = item.kind == ItemKind::Date { uncertain: true };
        for (at, (name, kind)) in columns_of(item).into_iter().enumerate() {
            let required = item.required && !item.secret && !uncertain && at == 0;
            columns
                .push_str(&format!("{name} {kind}{},\n", if required { " not null" } else { "" }));
        }
        if item.required && uncertain {
            let (day, text) = (quote(&item.romaji), quote(&format!("{}_fusho", item.romaji)));
            columns.push_str(&format!("check ({day} is not null or {text} is not null),\n"));
        }
    }
    let name = register.id.replace('-', "_");
    let (current, history) = (quote(&name), quote(&format!("{name}_history")));
    let key = quote(register.key_column());
    let meta = "version_no integer not null, valid_from date not null, valid_to date not null,
        recorded_from timestamptz not null, recorded_to timestamptz not null,
        event_id bigint not null, reason text not null, closed_on date,
        check (valid_from <= valid_to), check (recorded_from <= recorded_to)";
    let mut sql = format!(
        "create table {schema}.{current} ({columns}{meta}, primary key ({key}));
         create table {schema}.{history} ({columns}{meta}, primary key ({key}, version_no));\n",
    );
    for item in &register.items {
        sql.push_str(&index_sql(schema, &current, item, false));
    }
    sql.push_str(&relations_sql(schema, register));
    sql.push_str(&format!(
        "grant select, insert, update, delete on {schema}.{current}, {schema}.{history}
           to kumoi_office;\n"
    ));
    sql.push_str(&view_sql(schema, register));
    sql
}

fn relations_sql(schema: &str, register: &Register) -> String {
    let name = register.id.replace('-', "_");
    let current = quote(&name);
    let mut sql = String::new();
    for relation_key in register.relations.iter().map(|r| &r.by) {
        if let Some(item) = register.item(relation_key).filter(|i| i.name != register.key) {
            let column = quote(&item.romaji);
            sql.push_str(&format!(
                "create index if not exists {} on {schema}.{current} ({column});\n",
                quote(&format!("{name}_{}_by", item.romaji))
            ));
        }
    }
    sql
}

fn index_sql(schema: &str, table: &str, item: &Item, exists: bool) -> String {
    let guard = if exists { "if not exists " } else { "" };
    let plain = table.trim_matches('"');
    let name = |end: &str| quote(&format!("{plain}_{}_{end}", item.romaji));
    if item.secret {
        let column = quote(&format!("{}_index", item.romaji));
        return format!("create index {guard}{} on {schema}.{table} ({column});\n", name("index"));
    }
    use definition::model::Search;
    let column = match item.search {
        None => return String::new(),
        Some(Search::Kana | Search::Name | Search::Address) => format!("{}_key", item.romaji),
        Some(Search::Date | Search::Exact) => item.romaji.clone(),
    };
    format!("create index {guard}{} on {schema}.{table} ({});\n", name("find"), quote(&column))
}

/// The masked view for the reader: no secrets, no concealed rows, no search keys.
fn view_sql(schema: &str, register: &Register) -> String {
    let columns: Vec<String> = register
        .items
        .iter()
        .filter(|item| !item.secret)
        .map(|item| quote(&item.romaji))
        .chain(["version_no", "valid_from", "closed_on"].map(str::to_owned))
        .collect();
    let name = register.id.replace('-', "_");
    let condition = register
        .concealed_by
        .as_ref()
        .and_then(|name| register.item(name))
        .map(|item| format!(" where {} is not true", quote(&item.romaji)))
        .unwrap_or_default();
    let view = quote(&format!("{name}_masked"));
    format!(
        "drop view if exists {schema}.{view};
         create view {schema}.{view} as select {} from {schema}.{}{condition};
         grant select on {schema}.{view} to kumoi_reader;\n",
        columns.join(", "),
        quote(&name),
    )
}
