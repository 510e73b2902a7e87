//! Following: publications, slots and subscriptions. Every step looks first whether it is done, and
//! clears away what a killed one left.

use std::time::Duration;

use aws_lc_rs::rand;
use tokio_postgres::Client;

use super::{Seat, databases_of, literal, quoted, turn};
use crate::StoreError;

/// The name of a publication and, with the database behind it, of a slot and a subscription.
const NAME: &str = "kumoi_move";
/// How often it is looked whether a session has ended or a slot is free.
const TRIES: u32 = 100;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

fn slot_of(database: &str) -> String {
    format!("{NAME}_{database}")
}

/// How the other side signs in here to follow.
pub struct Door {
    connection: String,
}

impl Seat {
    /// Lets another cluster follow the organisation's databases here: publications, and a role with
    /// a new password that may read them and nothing else.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn publish(&self, organisation: &str) -> Result<Door, StoreError> {
        // From the organisation's own database, like all that a mover alters: what one that was cut
        // off still does there is ended by the next.
        let client = self.connect(organisation).await?;
        let role = format!("{organisation}_move");
        let mut bytes = [0_u8; 24];
        rand::fill(&mut bytes).map_err(|_| StoreError::Vault("乱数"))?;
        let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // In one transaction behind whatever a program that was cut off still does to the role.
        let mut sql = format!(
            "{};
             do $$ begin if not exists (select from pg_roles where rolname = '{role}') then
               create role {role}; end if; end $$;
             alter role {role} login replication password '{password}';
             grant pg_read_all_data to {role};",
            turn(organisation)
        );
        for database in databases_of(organisation) {
            sql.push_str(&format!("grant connect on database {} to {role};", quoted(&database)));
        }
        client.batch_execute(&sql).await?;
        for database in databases_of(organisation) {
            let own = self.connect(&database).await?;
            let published = "select 1 from pg_publication where pubname = $1";
            if own.query_opt(published, &[&NAME]).await?.is_none() {
                own.batch_execute(&format!("create publication {NAME} for all tables")).await?;
            }
        }
        let host = self.socket.replace('\\', "\\\\").replace('\'', "\\'");
        let connection = format!(
            "host='{host}' port=5432 user={role} password={password} application_name=kumoi_move"
        );
        Ok(Door { connection })
    }

    /// Ends what [`Seat::publish`] made.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unpublish(&self, organisation: &str) -> Result<(), StoreError> {
        let role = format!("{organisation}_move");
        let held = self.holds(organisation).await?;
        let client = self.connect(if held { organisation } else { "postgres" }).await?;
        shut_out(&client, organisation, &role).await?;
        let mut sql = turn(organisation);
        for database in databases_of(organisation) {
            if !self.holds(&database).await? {
                continue;
            }
            let own = self.connect(&database).await?;
            own.batch_execute(&format!("drop publication if exists {NAME}")).await?;
            slot_drop(&own, &database).await?;
            sql.push_str(&format!(
                ";do $$ begin if exists (select from pg_roles where rolname = '{role}') then
                   revoke connect on database {} from {role}; end if; end $$",
                quoted(&database)
            ));
        }
        Ok(client.batch_execute(&format!("{sql}; drop role if exists {role}")).await?)
    }

    /// Makes the slot from which another cluster will follow a database, anew if it is there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn slot_make(&self, database: &str) -> Result<(), StoreError> {
        let client = self.connect(database).await?;
        slot_drop(&client, database).await?;
        let sql = "select pg_create_logical_replication_slot($1, 'pgoutput')";
        client.query_one(sql, &[&slot_of(database)]).await?;
        Ok(())
    }

    /// Skips all that was written here until now: who follows from here on gets what comes after.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn slot_advance(&self, database: &str) -> Result<(), StoreError> {
        let client = self.connect(database).await?;
        let upto = flush(&client).await?;
        let sql = "select pg_replication_slot_advance($1, $2::text::pg_lsn)";
        client.query_one(sql, &[&slot_of(database), &upto]).await?;
        Ok(())
    }

    /// Follows a database through `door` from its slot, which is there; with `copy` the rows that
    /// are there come first. An existing subscription is only told the new way in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn subscribe(
        &self,
        door: &Door,
        database: &str,
        copy: bool,
    ) -> Result<(), StoreError> {
        let client = self.connect(database).await?;
        let connection = literal(&format!("{} dbname={database}", door.connection));
        let name = slot_of(database);
        match subscription(&client, database).await? {
            Some(true) => {
                let sql = format!(
                    "alter subscription {name} connection {connection};
                     alter subscription {name} enable"
                );
                return Ok(client.batch_execute(&sql).await?);
            }
            // What is left of a way before cannot be used again.
            Some(false) => self.unsubscribe(database).await?,
            None => {}
        }
        let sql = format!(
            "create subscription {name} connection {connection} publication {NAME}
             with (create_slot = false, slot_name = {name}, copy_data = {copy},
                   synchronous_commit = on, binary = false)"
        );
        Ok(client.batch_execute(&sql).await?)
    }

    /// Whether the database here follows another; one whose following was ended half-way does not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn follows(&self, database: &str) -> Result<bool, StoreError> {
        let client = self.connect(database).await?;
        Ok(subscription(&client, database).await?.unwrap_or_default())
    }

    /// How many tables of a database are not copied yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn copies_left(&self, database: &str) -> Result<i64, StoreError> {
        let client = self.connect(database).await?;
        let sql = "select count(*) filter (where srsubstate <> 'r') from pg_subscription_rel";
        Ok(client.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// Lets the planner know what was copied.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn analyze(&self, database: &str) -> Result<(), StoreError> {
        Ok(self.connect(database).await?.batch_execute("analyze").await?)
    }

    /// Where everything that was committed here until now stands in the log of changes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn written(&self, database: &str) -> Result<String, StoreError> {
        flush(&*self.connect(database).await?).await
    }

    /// That what was written here is still kept for whoever follows these databases: one that was
    /// away for too long is not waited for with a full disk (`max_slot_wal_keep_size`).
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is not.
    pub async fn slots_check(&self, databases: &[String]) -> Result<(), StoreError> {
        let client = self.connect("postgres").await?;
        let slots: Vec<String> = databases.iter().map(|it| slot_of(it)).collect();
        let sql = "select database::text from pg_replication_slots
             where slot_name = any($1) and wal_status = 'lost' order by 1 limit 1";
        let Some(row) = client.query_opt(sql, &[&slots]).await? else { return Ok(()) };
        let database: String = row.try_get(0)?;
        Err(StoreError::Refused(format!(
            "追いかける側のクラスターが長く止まっていたため、データベース {database} の変更の控えが上限\
             （max_slot_wal_keep_size）を超え、捨てられました。もう追いつけません。いま書いている側のデータは\
             そのままです。「--give-up」（切り替えた後は「--finish」）で終え、移すときは初めからやり直してください"
        )))
    }

    /// Whether whoever follows a database here has taken everything up to a place in the log.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it never will, see [`Seat::slots_check`];
    /// [`StoreError::Database`].
    pub async fn taken(&self, databases: &[(String, String)]) -> Result<bool, StoreError> {
        let names: Vec<String> = databases.iter().map(|it| it.0.clone()).collect();
        self.slots_check(&names).await?;
        let client = self.connect("postgres").await?;
        for (database, upto) in databases {
            let sql = "select coalesce((select confirmed_flush_lsn >= $2::text::pg_lsn
                from pg_replication_slots where slot_name = $1), false)";
            let taken: bool =
                client.query_one(sql, &[&slot_of(database), upto]).await?.try_get(0)?;
            if !taken {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends following here; the slot at the other side stays for [`Seat::slots_drop`].
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unsubscribe(&self, database: &str) -> Result<(), StoreError> {
        let client = self.connect(database).await?;
        if subscription(&client, database).await?.is_none() {
            return Ok(());
        }
        let name = slot_of(database);
        // One after another: an alteration must not run in a transaction with the drop.
        self.follow_pause(database).await?;
        for sql in [
            format!("alter subscription {name} set (slot_name = none)"),
            format!("drop subscription {name}"),
        ] {
            client.batch_execute(&sql).await?;
        }
        Ok(())
    }

    /// Follows no more for now; what it has had stays, and it cannot go on from there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn follow_pause(&self, database: &str) -> Result<(), StoreError> {
        let sql = format!("alter subscription {} disable", slot_of(database));
        Ok(self.connect(database).await?.batch_execute(&sql).await?)
    }

    /// Removes the slots of an organisation's databases here; nothing is kept for a follower.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn slots_drop(&self, organisation: &str) -> Result<(), StoreError> {
        for database in databases_of(organisation) {
            if self.holds(&database).await? {
                slot_drop(&*self.connect(&database).await?, &database).await?;
            }
        }
        Ok(())
    }

    /// Carries the number series and identities over, so that no number is given twice.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sequences_take(&self, from: &Seat, database: &str) -> Result<(), StoreError> {
        let (theirs, own) = (from.connect(database).await?, self.connect(database).await?);
        let sql = "select schemaname::text, sequencename::text, last_value from pg_sequences
             where schemaname !~ '^pg_' and last_value is not null";
        let mut all = String::new();
        for row in theirs.query(sql, &[]).await? {
            let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let last: i64 = row.try_get(2)?;
            let sequence = literal(&format!("{}.{}", quoted(&schema), quoted(&name)));
            all.push_str(&format!("select setval({sequence}, {last});"));
        }
        Ok(own.batch_execute(&all).await?)
    }
}

/// Whether the subscription of a database is at work; `None` when there is none.
async fn subscription(client: &Client, database: &str) -> Result<Option<bool>, StoreError> {
    let sql = "select s.subenabled from pg_subscription s join pg_database d on d.oid = s.subdbid
         where d.datname = current_database() and s.subname = $1";
    let found = client.query_opt(sql, &[&slot_of(database)]).await?;
    Ok(found.map(|row| row.try_get(0)).transpose()?)
}

/// Lets nobody in as this role any more, and waits until who is in is gone: a copying table whose
/// follower has just ended may still be making its slot.
async fn shut_out(client: &Client, organisation: &str, role: &str) -> Result<(), StoreError> {
    let sql = format!(
        "{}; do $$ begin if exists (select from pg_roles where rolname = '{role}') then
           alter role {role} nologin; end if; end $$",
        turn(organisation)
    );
    client.batch_execute(&sql).await?;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    for _ in 0..TRIES {
        if client.execute(end, &[&role]).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::Refused(format!(
        "「{organisation}」の複製の接続が終わりません。しばらく待って、もう一度実行してください"
    )))
}

/// Drops the database's slots, those of its copying tables too; whoever still uses one is ended.
async fn slot_drop(client: &Client, database: &str) -> Result<(), StoreError> {
    let find = "select slot_name::text, active_pid from pg_replication_slots
         where database = current_database()
           and (slot_name = $1 or slot_name ~ '^pg_[0-9]+_sync_')";
    for _ in 0..TRIES {
        let slots = client.query(find, &[&slot_of(database)]).await?;
        if slots.is_empty() {
            return Ok(());
        }
        for slot in slots {
            let (name, user): (String, Option<i32>) = (slot.try_get(0)?, slot.try_get(1)?);
            match user {
                Some(pid) => {
                    client.execute("select pg_terminate_backend($1)", &[&pid]).await?;
                }
                None => {
                    // Taken again or dropped in between: looked at again.
                    let _ = client.execute("select pg_drop_replication_slot($1)", &[&name]).await;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(StoreError::Refused(format!(
        "データベース {database} の複製の口を閉じられません。移行先が動いているか確かめ、もう一度実行してください"
    )))
}

/// Writes everything committed to the log's disk; the place up to which it stands there.
async fn flush(client: &Client) -> Result<String, StoreError> {
    client
        .batch_execute(
            "begin; set local synchronous_commit = on;
             select pg_logical_emit_message(true, 'kumoi', ''); commit",
        )
        .await?;
    Ok(client.query_one("select pg_current_wal_flush_lsn()::text", &[]).await?.try_get(0)?)
}
