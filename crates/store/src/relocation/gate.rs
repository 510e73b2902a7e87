//! Holding still: no installation while an organisation moves, and the moment in which nothing of
//! it can be written. Enforced in the database, for every session.

use std::time::Duration;

use tokio_postgres::Client;

use super::receive::tables_of;
use super::{Seat, databases_of, quoted, roles_of, turn};
use crate::StoreError;

/// The name of the trigger and its function.
const FREEZE: &str = "kumoi_move_freeze";

/// As long as this lives, nobody writes to the tables of a database, whatever a session says.
pub struct Still(Client);

impl Still {
    /// Lets writers go on; those that wait do what they waited for.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release(self) -> Result<(), StoreError> {
        Ok(self.0.batch_execute("commit").await?)
    }
}

impl Seat {
    /// Refuses every change of tables in the organisation's databases from now on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn freeze(&self, organisation: &str) -> Result<(), StoreError> {
        for database in databases_of(organisation) {
            let client = self.connect(&database).await?;
            let known = "select 1 from pg_event_trigger where evtname = $1";
            if client.query_opt(known, &[&FREEZE]).await?.is_some() {
                continue;
            }
            let sql = format!(
                "create or replace function public.{FREEZE}() returns event_trigger
                   language plpgsql as $$ begin
                     raise exception '引越しの途中のため、表の形を変えられません'
                       using errcode = 'object_not_in_prerequisite_state';
                   end $$;
                 create event trigger {FREEZE} on ddl_command_start
                   when tag in ('CREATE TABLE', 'ALTER TABLE', 'DROP TABLE', 'CREATE SCHEMA',
                     'DROP SCHEMA', 'CREATE INDEX', 'DROP INDEX', 'CREATE VIEW', 'DROP VIEW')
                   execute function public.{FREEZE}()"
            );
            client.batch_execute(&sql).await?;
        }
        Ok(())
    }

    /// Ends what [`Seat::freeze`] began.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unfreeze(&self, organisation: &str) -> Result<(), StoreError> {
        for database in databases_of(organisation) {
            if self.holds(&database).await? {
                let sql = format!(
                    "drop event trigger if exists {FREEZE};
                     drop function if exists public.{FREEZE}()"
                );
                self.connect(&database).await?.batch_execute(&sql).await?;
            }
        }
        Ok(())
    }

    /// Lets the organisation's roles only read here, or write again. Sessions that are open do not
    /// know of it: end them with [`Seat::sessions_end`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn read_only(&self, organisation: &str, on: bool) -> Result<(), StoreError> {
        let client = self.connect(organisation).await?;
        let mut sql = format!("begin; {};", turn(organisation));
        for role in roles_of(organisation) {
            for database in databases_of(organisation) {
                let (role, database) = (quoted(&role), quoted(&database));
                let set = match on {
                    true => "set default_transaction_read_only = on",
                    false => "reset default_transaction_read_only",
                };
                sql.push_str(&format!("alter role {role} in database {database} {set};"));
            }
        }
        sql.push_str("commit");
        Ok(client.batch_execute(&sql).await?)
    }

    /// Holds every table of a database still: read-only is a session's own setting, which it may
    /// take back; a lock is not. Waits for who writes now, no longer than `patience`.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when somebody writes for longer.
    pub async fn still(&self, database: &str, patience: Duration) -> Result<Still, StoreError> {
        let client = self.connect_anew(database).await?;
        let tables = tables_of(&client).await?;
        // Its cleaning gives way at once instead of after a second.
        let clean = "select pg_cancel_backend(pid) from pg_stat_activity
             where datname = current_database() and backend_type = 'autovacuum worker'";
        client.execute(clean, &[]).await?;
        let sql = format!(
            "begin; set local lock_timeout = {}; lock table {} in share mode",
            patience.as_millis().max(1),
            tables.join(", ")
        );
        client.batch_execute(&sql).await?;
        Ok(Still(client))
    }

    /// Ends what movers that were cut off still do in the organisation's databases, and waits until
    /// it is over: only they bear the mark, and no other mover is at work. A database that is being
    /// made or dropped is waited for: who met it half-way would be thrown out of it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it does not end.
    pub async fn remains_end(&self, organisation: &str) -> Result<(), StoreError> {
        // Another mover may have taken those of an earlier run of this one for such remains.
        self.let_go(organisation);
        let client = self.connect("postgres").await?;
        client.batch_execute(&turn(organisation)).await?;
        let databases = databases_of(organisation);
        let databases: Vec<&str> = databases.iter().map(String::as_str).collect();
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = any($1) and application_name ^@ $2 and application_name <> $3";
        for _ in 0..500 {
            if client.execute(sql, &[&databases, &super::MARK, &self.mark.as_ref()]).await? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(StoreError::Refused(format!(
            "「{organisation}」の前の引越しの処理が終わりません。しばらく待って、もう一度実行してください"
        )))
    }

    /// Ends the sessions of the organisation's roles: the idle ones at once, those at work when
    /// they are done or the patience ends. What they had not committed never was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sessions_end(
        &self,
        organisation: &str,
        patience: Duration,
    ) -> Result<(), StoreError> {
        let client = self.connect("postgres").await?;
        let (roles, databases) = (roles_of(organisation), databases_of(organisation));
        let begun: jiff::Timestamp = client.query_one("select now()", &[]).await?.try_get(0)?;
        let sql = "with old as (
               select pid, state from pg_stat_activity
               where usename = any($1) and datname = any($2) and backend_start < $3),
             ended as (select pg_terminate_backend(pid) from old where state = 'idle' or $4)
             select (select count(*) from old), (select count(*) from ended)";
        let deadline = tokio::time::Instant::now() + patience;
        let names: [Vec<&str>; 2] = [
            roles.iter().map(String::as_str).collect(),
            databases.iter().map(String::as_str).collect(),
        ];
        loop {
            let late = tokio::time::Instant::now() >= deadline;
            let row = client.query_one(sql, &[&names[0], &names[1], &begun, &late]).await?;
            if row.try_get::<_, i64>(0)? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
