//! 利用枠 as PostgreSQL itself holds it: how many connections each login of a body may have at a time,
//! how many it has, and how large its databases are.

use super::Installer;
use crate::StoreError;
use crate::relocation::{databases_of, roles_of};

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
        let rows = client.query(sql, &[&roles_of(organisation).as_slice(), &limit]).await?;
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
        let names = databases_of(organisation);
        Ok(self
            .connect("postgres")
            .await?
            .query_one(sql, &[&names.as_slice()])
            .await?
            .try_get(0)?)
    }

    /// The most connections that one of a body's logins has now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connections_used(&self, organisation: &str) -> Result<i64, StoreError> {
        let sql = "select coalesce(max(n), 0) from (select count(*) as n from pg_stat_activity
                     where usename = any($1) group by usename) each";
        let names = roles_of(organisation);
        Ok(self
            .connect("postgres")
            .await?
            .query_one(sql, &[&names.as_slice()])
            .await?
            .try_get(0)?)
    }
}
