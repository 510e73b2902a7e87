//! Installing and upgrading a system: tables from its registers, as the owner, in one transaction.
//!
//! An upgrade may add registers and items; whatever would break recorded data is refused with its
//! reason before anything is changed.

mod alter;
mod aside;
mod breaking;
mod ended;
mod open_work;
mod version;

use definition::System;
use definition::model::{Item, ItemKind, Register, Search};

use crate::register::{columns_of, quote};
use crate::{GenericClient, StoreError};

pub use aside::{
    Ended, NewVendorChange, Switch, VendorChange, changes_open, packages_left, upgrade_obstacle,
    vendor_change_after, vendor_change_last,
};
pub use breaking::breaking_changes;
pub use ended::{EndedSystem, ended_list, service_end, service_resume};
pub use open_work::{Event, OpenWork, Timer, open_work, written_since};
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
                sql.push_str(&indexes_sql(&schema, register, true));
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
    sql.push_str(&indexes_sql(schema, register, false));
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
    let mut sql = String::new();
    for relation_key in register.relations.iter().map(|r| &r.by) {
        let Some(item) = register.item(relation_key).filter(|i| i.name != register.key) else {
            continue;
        };
        // The history too: a past household is looked up in both.
        for table in [name.clone(), format!("{name}_history")] {
            sql.push_str(&format!(
                "create index if not exists {} on {schema}.{} ({});\n",
                quote(&format!("{table}_{}_by", item.romaji)),
                quote(&table),
                quote(&item.romaji),
            ));
        }
    }
    sql
}

/// The indexes of all items, once their columns are there. The key of the register has its own.
fn indexes_sql(schema: &str, register: &Register, exists: bool) -> String {
    let sought = register.items.iter().filter(|item| item.name != register.key || item.secret);
    sought.map(|item| index_sql(schema, register, item, exists)).collect()
}

/// A folded name is followed by the first date and the first address that are searched, an address
/// by the date: a name with a year or a town reads no row in vain. Rows without a value stand in
/// no index of names.
fn index_sql(schema: &str, register: &Register, item: &Item, exists: bool) -> String {
    let guard = if exists { "if not exists " } else { "" };
    let plain = register.id.replace('-', "_");
    let index = |end: &str, columns: &str| {
        let (name, table) = (quote(&format!("{plain}_{}_{end}", item.romaji)), quote(&plain));
        format!("create index {guard}{name} on {schema}.{table} {columns};\n")
    };
    if item.secret {
        return index("index", &format!("({})", quote(&format!("{}_index", item.romaji))));
    }
    let column = quote(&item.romaji);
    match item.search {
        None => String::new(),
        Some(Search::Kana | Search::Name | Search::Address) => {
            let key = quote(&format!("{}_key", item.romaji));
            let first = |kind| register.items.iter().find(|other| other.search == Some(kind));
            let date = first(Search::Date).map(|date| quote(&date.romaji));
            let address = first(Search::Address).filter(|_| item.search != Some(Search::Address));
            let address = address.map(|address| quote(&format!("{}_key", address.romaji)));
            let columns: Vec<String> =
                [Some(key.clone()), date, address].into_iter().flatten().collect();
            let find = index("find", &format!("({}) where {key} is not null", columns.join(", ")));
            if item.search != Some(Search::Address) {
                return find;
            }
            // The planner weighs a name against a town; with a hundred bounds it errs tenfold.
            let table = quote(&plain);
            format!("alter table {schema}.{table} alter column {key} set statistics 1000;\n{find}")
        }
        Some(Search::Date) if item.kind == (ItemKind::Date { uncertain: true }) => {
            let text = quote(&format!("{}_fusho", item.romaji));
            let vague = index("vague", &format!("({text}) where {text} is not null"));
            index("find", &format!("({column})")) + &vague
        }
        Some(Search::Date | Search::Exact) => index("find", &format!("({column})")),
    }
}

/// The masked view for the reader: no secrets, no concealed rows, nothing of a
/// restricted register, no search keys.
fn view_sql(schema: &str, register: &Register) -> String {
    let columns: Vec<String> = register
        .items
        .iter()
        .filter(|item| !item.secret)
        .map(|item| quote(&item.romaji))
        .chain(["version_no", "valid_from", "closed_on"].map(str::to_owned))
        .collect();
    let name = register.id.replace('-', "_");
    let flag = register
        .concealed_by
        .as_ref()
        .and_then(|name| register.item(name))
        .map(|item| format!(" where {} is not true", quote(&item.romaji)));
    let condition = match register.restricted {
        true => " where false".to_owned(),
        false => flag.unwrap_or_default(),
    };
    let view = quote(&format!("{name}_masked"));
    format!(
        "drop view if exists {schema}.{view};
         create view {schema}.{view} as select {} from {schema}.{}{condition};
         grant select on {schema}.{view} to kumoi_reader;\n",
        columns.join(", "),
        quote(&name),
    )
}
