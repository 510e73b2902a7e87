//! 利用枠 as PostgreSQL itself holds it: how many connections each login of a body may have at a time,
//! how many it has, and how large its databases are.

use super::Installer;
use crate::StoreError;

/// What follows a body's identifier in the names of its logins.
const LOGINS: [&str; 5] = ["_office", "_lgwan", "_internet", "_reader", "_mesh"];
/// And in the names of its databases.
const DATABASES: [&str; 3] = ["", "_staff", "_front"];

fn named(organisation: &str, endings: &[&str]) -> Vec<String> {
    endings.iter().map(|ending| format!("{organisation}{ending}")).collect()
}

impl Installer {
    /// Lets each login of a body have so many connections at a time; how many logins that changed.
    /// Who has more keeps them until they end.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connections_limit(
        &self,
        organisation: &str,
        limit: i64,
    ) -> Result<usize, StoreError> {
        super::check_identifier(organisation)?;
        let client = self.connect("postgres").await?;
        let sql = "select rolname::text from pg_roles
                   where rolname = any($1) and rolconnlimit <> $2::bigint order by 1";
        let rows = client.query(sql, &[&named(organisation, &LOGINS), &limit]).await?;
        for row in &rows {
            let login: String = row.try_get(0)?;
            client.batch_execute(&format!("alter role {login} connection limit {limit}")).await?;
        }
        Ok(rows.len())
    }

    /// How large a body's three databases are, in bytes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn bytes_used(&self, organisation: &str) -> Result<i64, StoreError> {
        let sql = "select coalesce(sum(pg_database_size(oid)), 0)::bigint from pg_database
                   where datname = any($1)";
        let names = named(organisation, &DATABASES);
        Ok(self.connect("postgres").await?.query_one(sql, &[&names]).await?.try_get(0)?)
    }

    /// The most connections that one of a body's logins has now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connections_used(&self, organisation: &str) -> Result<i64, StoreError> {
        let sql = "select coalesce(max(n), 0) from (select count(*) as n from pg_stat_activity
                     where usename = any($1) group by usename) each";
        let names = named(organisation, &LOGINS);
        Ok(self.connect("postgres").await?.query_one(sql, &[&names]).await?.try_get(0)?)
    }
}
