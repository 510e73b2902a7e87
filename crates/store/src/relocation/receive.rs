//! Making ready what an organisation moves into: databases of the same shape, empty, and roles that
//! the same passwords open. And taking away what it has left.

use std::sync::Arc;

use definition::System;
use tokio_postgres::Client;

use super::{Seat, databases_of, literal, quoted, roles_of};
use crate::organisation::{Organisation, alone};
use crate::parameter::{organisation_read, systems_installed};
use crate::{StoreError, install, schema};

/// The tables of a database that are the organisation's, as `schema.table`.
pub(super) const TABLES: &str = "
    select n.nspname, c.relname, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2";

/// The same, each ready to stand in a statement.
pub(super) async fn tables_of(client: &Client) -> Result<Vec<String>, StoreError> {
    let rows = client.query(TABLES, &[]).await?;
    let name = |row: &tokio_postgres::Row| {
        Ok(format!("{}.{}", quoted(row.try_get(0)?), quoted(row.try_get(1)?)))
    };
    rows.iter().map(name).collect()
}

impl Seat {
    /// Who the organisation is, and the systems in force with it, compiled from their kept texts.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a text cannot be read any more.
    pub async fn systems(
        &self,
        organisation: &str,
    ) -> Result<(Organisation, Vec<Arc<System>>), StoreError> {
        let client = self.connect(organisation).await?;
        let mut systems = Vec::new();
        for (id, name, _, hash) in systems_installed(&*client).await? {
            let system = install::version_load(&*client, &id, &hash).await?;
            let system = system.ok_or_else(|| {
                StoreError::Refused(format!("{name}の版の控えがないため、引越しできません"))
            })?;
            systems.push(Arc::new(system));
        }
        Ok((organisation_read(&*client).await?, systems))
    }

    /// The names of the organisation's systems whose change of vendor is still open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn changes_open(&self, organisation: &str) -> Result<Vec<String>, StoreError> {
        install::changes_open(&*self.connect(organisation).await?).await
    }

    /// Makes databases and roles for an organisation as `from` has them, and empties them. Only
    /// before anything follows: what is in them is lost.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the shapes differ; [`StoreError::Database`].
    pub async fn receive(&self, from: &Seat, organisation: &str) -> Result<(), StoreError> {
        let (who, systems) = from.systems(organisation).await?;
        let templates = self.installer.prepare(&systems).await?;
        self.installer.organisation_create(&who, &templates).await?;
        self.roles_copy(from, organisation).await?;
        for database in databases_of(organisation) {
            let (theirs, own) = (from.connect(&database).await?, self.connect(&database).await?);
            check_same(&database, &theirs, &own).await?;
            self.empty(&database).await?;
        }
        Ok(())
    }

    /// Empties a database, which follows nothing, for a copy.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn empty(&self, database: &str) -> Result<(), StoreError> {
        let own = self.connect(database).await?;
        let tables = tables_of(&own).await?.join(", ");
        Ok(own.batch_execute(&format!("truncate {tables} restart identity")).await?)
    }

    /// The same passwords open the roles here: only their verifiers travel.
    async fn roles_copy(&self, from: &Seat, organisation: &str) -> Result<(), StoreError> {
        let (theirs, own) = (from.connect("postgres").await?, self.connect("postgres").await?);
        for role in roles_of(organisation) {
            let sql = "select rolpassword from pg_authid where rolname = $1";
            let verifier: Option<String> = theirs.query_one(sql, &[&role]).await?.try_get(0)?;
            let verifier = verifier.ok_or(StoreError::Vault("役割に合言葉がありません"))?;
            let sql = format!("alter role {} password {}", quoted(&role), literal(&verifier));
            own.batch_execute(&sql).await?;
        }
        Ok(())
    }

    /// Takes away the organisation's databases here, and its roles unless something else here still
    /// needs them. Connections to them end.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove(&self, organisation: &str) -> Result<(), StoreError> {
        // A session of its own: what it waits for and keeps ends with it, cut off or not.
        let client = self.connect_anew("postgres").await?;
        alone(&client, organisation).await?;
        self.let_go(organisation);
        for database in databases_of(organisation) {
            let sql = format!("drop database if exists {} with (force)", quoted(&database));
            client.batch_execute(&sql).await?;
        }
        let home = "select 1 from pg_database where datname = $1";
        let is_home = client.query_opt(home, &[&crate::control::DATABASE]).await?.is_some();
        for role in roles_of(organisation) {
            // The catalogue and the contracts stay where the organisation came from.
            if is_home && role.ends_with("_lgwan") {
                continue;
            }
            client.batch_execute(&format!("drop role if exists {}", quoted(&role))).await?;
        }
        Ok(())
    }
}

impl Seat {
    /// Takes everything of an organisation away from this cluster, its way to the contracts too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn erase(&self, organisation: &str) -> Result<(), StoreError> {
        self.remove(organisation).await?;
        let client = self.connect("postgres").await?;
        for role in roles_of(organisation) {
            let known = "select 1 from pg_roles where rolname = $1";
            if client.query_opt(known, &[&role]).await?.is_none() {
                continue;
            }
            let (role, control) = (quoted(&role), crate::control::DATABASE);
            let sql = format!("revoke all on database {control} from {role}; drop role {role}");
            client.batch_execute(&sql).await?;
        }
        Ok(())
    }

    /// What of an organisation is on this cluster: databases, roles and slots, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn traces(&self, organisation: &str) -> Result<Vec<String>, StoreError> {
        let client = self.connect("postgres").await?;
        let (databases, mut roles) = (databases_of(organisation), roles_of(organisation).to_vec());
        roles.push(format!("{organisation}_move"));
        let databases: Vec<&str> = databases.iter().map(String::as_str).collect();
        let sql = "select '役割 ' || rolname from pg_roles where rolname = any($1)
             union all select 'データベース ' || datname from pg_database where datname = any($2)
             union all select '複製の口 ' || slot_name from pg_replication_slots
               where database = any($2)
             order by 1";
        let rows = client.query(sql, &[&roles, &databases]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

/// Refuses when columns, constraints, indexes or privileges differ, or a table has no primary key.
async fn check_same(database: &str, theirs: &Client, own: &Client) -> Result<(), StoreError> {
    let mut schemas: Vec<String> = Vec::new();
    for row in theirs.query(TABLES, &[]).await? {
        let schema: String = row.try_get(0)?;
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    let names: Vec<&str> = schemas.iter().map(String::as_str).collect();
    let there = schema::catalogue(theirs, &names).await?;
    let here = schema::catalogue(own, &names).await?;
    let mut missing = there.iter().filter(|line| !here.contains(line));
    let mut more = here.iter().filter(|line| !there.contains(line));
    if let Some(first) = missing.next().or(more.next()) {
        return Err(StoreError::Refused(format!(
            "データベース {database} の形が移行先と違います（{first}）。両方を同じ版の雲居で\
             起動してから、もう一度実行してください"
        )));
    }
    let sql = format!(
        "with own as ({TABLES}) select nspname || '.' || relname from own
         where not exists (select from pg_index i where i.indrelid = oid and i.indisprimary)"
    );
    if let Some(row) = theirs.query_opt(&format!("{sql} limit 1"), &[]).await? {
        let table: String = row.try_get(0)?;
        return Err(StoreError::Refused(format!(
            "データベース {database} の表 {table} に主キーがないため、引越しできません"
        )));
    }
    Ok(())
}
