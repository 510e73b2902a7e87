//! 事業者の変更 inside a body's own database: the package in service gives way to another's, its tables
//! wait aside under another name, and either come back or go. One transaction each; whatever breaks
//! it off leaves the package in service that was there before.
//!
//! Which row goes where is not known here: the caller loads, compares, and then commits.

use std::time::Duration;

use definition::System;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::{install, version};
use crate::audit::{NewAudit, audit_append};
use crate::bulk::record::Load;
use crate::journal::{NewEntry, journal_append};
use crate::register::{Table, quote};
use crate::series::series_advance;
use crate::{GenericClient, StoreError};

/// How long a change waits for those who are writing.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause before the tables are tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// 戻した: the package that was left is in service again.
    Back,
    /// 終えた: what it left is gone.
    Finished,
}

impl Ended {
    fn word(self) -> &'static str {
        match self {
            Ended::Back => "戻した",
            Ended::Finished => "終えた",
        }
    }
}

/// A change of vendor that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorChange {
    /// Its number.
    pub id: i64,
    /// System.
    pub system: String,
    /// Hash of the package that was left.
    pub from_hash: String,
    /// Hash of the package that took over.
    pub to_hash: String,
    /// The schema in which the tables of the package that was left wait.
    pub aside: String,
    /// Its journal entry (異動番号).
    pub event_id: i64,
    /// Where the annex was written.
    pub annex: String,
    /// The digest of the annex's manifest.
    pub annex_sha256: String,
    /// When it was carried out.
    pub changed_at: Timestamp,
    /// How it ended; `None` while both ways are open.
    pub ended: Option<Ended>,
}

/// What a change notes of itself.
#[derive(Clone, Debug)]
pub struct NewVendorChange<'n> {
    /// Where the annex lies.
    pub annex: &'n str,
    /// The digest of its manifest.
    pub annex_sha256: &'n str,
    /// The journal entry of the change; its actor carries it out.
    pub entry: NewEntry,
}

/// The transaction of a change: nobody else writes the system while it lives.
pub struct Switch<'c> {
    load: Load<'c>,
    begun: Instant,
}

impl<'c> Switch<'c> {
    /// Waits until nobody writes the system, and keeps it so; reading goes on. The connection must
    /// be the installer's.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when somebody still writes after twenty seconds, or another version
    /// is installed.
    pub async fn begin(client: &'c mut Client, now: &System) -> Result<Switch<'c>, StoreError> {
        let transaction = client.transaction().await?;
        let timeout = PATIENCE.as_millis();
        let sql = format!("set local role kumoi_owner; set local lock_timeout = {timeout}");
        transaction.batch_execute(&sql).await?;
        let (lock, deadline) = (lock_sql(now), Instant::now() + PATIENCE);
        let begun = loop {
            let begun = Instant::now();
            let turn = format!(
                "savepoint turn; select pg_advisory_xact_lock(hashtext('core.vendor_change'),
                   hashtext('{}'))",
                now.id
            );
            transaction.batch_execute(&turn).await.map_err(busy(now))?;
            // Who writes rows first and journals then would wait for us: never wait for him.
            match transaction.batch_execute(&lock).await {
                Ok(()) => break begun,
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    transaction.batch_execute("rollback to savepoint turn").await?;
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(busy(now)(error)),
            }
        };
        let load = Load::of(transaction);
        if load.installed(&now.id).await?.as_ref() != Some(&now.hash) {
            let name = &now.name;
            let help = "もう一度実行してください";
            return Err(StoreError::Refused(format!("{name}は、別の版に替わりました。{help}")));
        }
        Ok(Switch { load, begun })
    }

    /// The transaction as rows are loaded and read in it.
    pub fn load(&self) -> &Load<'c> {
        &self.load
    }

    /// The last change of a system's vendor, if there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last(&self, system: &str) -> Result<Option<VendorChange>, StoreError> {
        vendor_change_last(self.load.transaction(), system).await
    }

    /// The package that a change left.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when its texts cannot be read any more.
    pub async fn left(&self, change: &VendorChange) -> Result<System, StoreError> {
        let client = self.load.transaction();
        let found = version::version_load(client, &change.system, &change.from_hash).await?;
        let lost = || StoreError::Refused("前の製品の控えがありません".to_owned());
        found.ok_or_else(lost)
    }

    /// Puts the tables of `from` aside, closed to every zone, and installs `to`, empty; the name of
    /// the schema in which they wait.
    ///
    /// # Errors
    /// [`StoreError::Database`], also while the organisation moves between clusters.
    pub async fn replace(&self, from: &System, to: &System) -> Result<String, StoreError> {
        let client = self.load.transaction();
        let sql = "select nextval(pg_get_serial_sequence('core.vendor_change', 'id'))";
        let id: i64 = client.query_one(sql, &[]).await?.try_get(0)?;
        let aside = format!("kumoi_aside_{id}");
        let live = quote(&from.schema());
        let sql = format!(
            "alter schema {live} rename to {aside};
             revoke all on schema {aside} from kumoi_office, kumoi_reader"
        );
        client.batch_execute(&sql).await?;
        install(client, to).await?;
        Ok(aside)
    }

    /// Lets every plain number series of `to` go on behind the highest number that any series of
    /// the system ever gave: no number is given twice, whatever either package calls its series.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn series_continue(&self, to: &System, names: &[String]) -> Result<(), StoreError> {
        let client = self.load.transaction();
        let sql = "select max(next) from core.series where starts_with(name, $1)";
        let prefix = format!("{}.", to.id);
        let next: Option<i64> = client.query_one(sql, &[&prefix]).await?.try_get(0)?;
        let Some(next) = next else { return Ok(()) };
        for name in names {
            series_advance(client, &format!("{prefix}{name}"), next).await?;
        }
        Ok(())
    }

    /// Lets 同定待ち follow the items: (register, item) before and now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn glyphs_follow(
        &self,
        system: &str,
        homes: &[((&str, &str), (&str, &str))],
    ) -> Result<(), StoreError> {
        let sql = "update core.glyph g set register = m.r, item = m.i
                   from unnest($2::text[], $3::text[], $4::text[], $5::text[]) m(r0, i0, r, i)
                   where g.system = $1 and g.settled_at is null
                     and g.register = m.r0 and g.item = m.i0";
        let part = |of: fn(&((&str, &str), (&str, &str))) -> String| -> Vec<String> {
            homes.iter().map(of).collect()
        };
        let (r0, i0) = (part(|one| one.0.0.to_owned()), part(|one| one.0.1.to_owned()));
        let (r, i) = (part(|one| one.1.0.to_owned()), part(|one| one.1.1.to_owned()));
        self.load.transaction().execute(sql, &[&system, &r0, &i0, &r, &i]).await?;
        Ok(())
    }

    /// Notes the change with its journal entry and audit row, and ends the transaction: the other
    /// package is in service, also where the contract for the one that was left had ended. How long
    /// nobody could write is returned with it.
    ///
    /// # Errors
    /// [`StoreError::Database`]; the package that was there is then still in service, unless the
    /// connection was lost over the commit itself.
    pub async fn commit(
        self,
        (from, to): (&System, &System),
        (aside, new): (&str, &NewVendorChange<'_>),
    ) -> Result<(VendorChange, Duration), StoreError> {
        let client = self.load.transaction();
        let event_id = write_down(client, &new.entry).await?;
        let id: i64 = aside.rsplit('_').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        client
            .execute(
                "with resumed as (
                   delete from core.system_ended where system = $2 returning ended_on)
                 insert into core.vendor_change (id, system, from_hash, to_hash, aside, event_id,
                   annex, annex_sha256, changed_at, changed_by, service_ended_on)
                 overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                   (select ended_on from resumed))",
                &[
                    &id,
                    &from.id,
                    &from.hash,
                    &to.hash,
                    &aside,
                    &event_id,
                    &new.annex,
                    &new.annex_sha256,
                    &new.entry.recorded_at,
                    &new.entry.actor,
                ],
            )
            .await?;
        let change = vendor_change_last(client, &from.id).await?;
        let change = change.ok_or_else(|| StoreError::Refused("記録がありません".to_owned()))?;
        self.load.commit().await?;
        Ok((change, self.begun.elapsed()))
    }

    /// Drops what took over and puts the package that was left into service again, as it was.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn back(
        self,
        change: &VendorChange,
        from: &System,
        entry: &NewEntry,
    ) -> Result<Duration, StoreError> {
        let client = self.load.transaction();
        let (live, aside) = (quote(&from.schema()), quote(&change.aside));
        let sql = format!(
            "drop schema {live} cascade;
             alter schema {aside} rename to {live};
             grant usage on schema {live} to kumoi_office, kumoi_reader"
        );
        client.batch_execute(&sql).await?;
        version::record(client, from).await?;
        super::open_work::timers_return(client, change).await?;
        let ended = "insert into core.system_ended (system, ended_on)
                     select system, service_ended_on from core.vendor_change
                     where id = $1 and service_ended_on is not null on conflict do nothing";
        client.execute(ended, &[&change.id]).await?;
        end(client, change, (Ended::Back, entry)).await?;
        self.load.commit().await?;
        Ok(self.begun.elapsed())
    }

    /// Drops the tables of the package that was left, for good.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finish(self, change: &VendorChange, entry: &NewEntry) -> Result<(), StoreError> {
        let client = self.load.transaction();
        client.batch_execute(&format!("drop schema {} cascade", quote(&change.aside))).await?;
        end(client, change, (Ended::Finished, entry)).await?;
        self.load.commit().await
    }
}

fn lock_sql(system: &System) -> String {
    let of = |register| {
        let table = Table { system, register };
        [table.current(), table.history()]
    };
    let tables: Vec<String> = system.registers.iter().flat_map(of).collect();
    match tables.is_empty() {
        true => String::new(),
        false => format!("lock table {} in share mode nowait", tables.join(", ")),
    }
}

fn is_busy(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

fn busy(system: &System) -> impl FnOnce(tokio_postgres::Error) -> StoreError {
    let message = format!(
        "{}に書き込んでいる処理が終わりません。窓口の手の空く時刻に、もう一度実行してください",
        system.name
    );
    move |error| match is_busy(&error) {
        true => StoreError::Refused(message),
        false => error.into(),
    }
}

async fn end(
    client: &impl GenericClient,
    change: &VendorChange,
    (how, entry): (Ended, &NewEntry),
) -> Result<(), StoreError> {
    write_down(client, entry).await?;
    let sql = "update core.vendor_change set ended_at = $2, ended_by = $3, ended_as = $4
               where id = $1 and ended_at is null";
    let known = (&entry.recorded_at, &entry.actor, how.word());
    if client.execute(sql, &[&change.id, known.0, known.1, &known.2]).await? == 1 {
        return Ok(());
    }
    Err(StoreError::Refused("この変更は、もう終わっています".to_owned()))
}

/// The journal entry with its audit row; its number.
async fn write_down(client: &impl GenericClient, entry: &NewEntry) -> Result<i64, StoreError> {
    let row = NewAudit {
        actor: entry.actor.clone(),
        role: "installer".to_owned(),
        zone: "executor".to_owned(),
        purpose: entry.reason.clone(),
        action: format!("system.{}", entry.procedure),
        subjects: Vec::new(),
        detail: entry.content.clone(),
        request: String::new(),
    };
    audit_append(client, &row).await?;
    journal_append(client, entry).await
}

/// The last change of a system's vendor, if there was one.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn vendor_change_last(
    client: &impl GenericClient,
    system: &str,
) -> Result<Option<VendorChange>, StoreError> {
    let sql = "select id, system, from_hash, to_hash, aside, event_id, annex, annex_sha256,
                 changed_at, ended_as
               from core.vendor_change where system = $1 order by id desc limit 1";
    client.query_opt(sql, &[&system]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<VendorChange, StoreError> {
    let ended: Option<String> = row.try_get(9)?;
    Ok(VendorChange {
        id: row.try_get(0)?,
        system: row.try_get(1)?,
        from_hash: row.try_get(2)?,
        to_hash: row.try_get(3)?,
        aside: row.try_get(4)?,
        event_id: row.try_get(5)?,
        annex: row.try_get(6)?,
        annex_sha256: row.try_get(7)?,
        changed_at: row.try_get(8)?,
        ended: ended.map(|word| match word == Ended::Back.word() {
            true => Ended::Back,
            false => Ended::Finished,
        }),
    })
}

/// Whether the system's vendor was changed after an entry of the journal, and stayed so.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn vendor_change_after(
    client: &impl GenericClient,
    system: &str,
    event_id: i64,
) -> Result<bool, StoreError> {
    let sql = "select exists (select from core.vendor_change where system = $1 and event_id > $2
                 and ended_as is distinct from '戻した')";
    Ok(client.query_one(sql, &[&system, &event_id]).await?.try_get(0)?)
}

/// Why a system may not be brought to the version of this hash: its vendor is being changed, or
/// was, and the version is one that was left and not come back to since.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn upgrade_obstacle(
    client: &impl GenericClient,
    system: &str,
    hash: &str,
) -> Result<Option<String>, StoreError> {
    let sql = "select exists (
                   select from core.vendor_change where system = $1 and ended_at is null),
                 coalesce((select from_hash = $2 from core.vendor_change
                   where system = $1 and ended_as = '終えた' and $2 in (from_hash, to_hash)
                   order by id desc limit 1), false)";
    let row = client.query_one(sql, &[&system, &hash]).await?;
    let (open, left): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    let help = "新しい事業者の製品の契約にしてください";
    Ok(match (open, left) {
        (true, _) => {
            Some("事業者の変更の途中です。戻すか終えるまで、版を替えられません".to_owned())
        }
        (_, true) => Some(format!("事業者の変更で離れた製品の版です。{help}")),
        _ => None,
    })
}

/// The hashes of all packages of a system that were left for good by a change of vendor.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn packages_left(
    client: &impl GenericClient,
    system: &str,
) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct from_hash from core.vendor_change
               where system = $1 and ended_as = '終えた' order by 1";
    client.query(sql, &[&system]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The names of the systems whose change of vendor is neither taken back nor finished.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn changes_open(client: &impl GenericClient) -> Result<Vec<String>, StoreError> {
    let sql = "select s.name from core.vendor_change v join core.system s on s.id = v.system
               where v.ended_at is null order by s.id";
    client.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
