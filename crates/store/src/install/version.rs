//! The versions of systems in an organisation's database: which is installed, every one that ever
//! was with its texts, and upgrades that were refused. A version is its content: never changed.

use definition::{Package, System};
use jiff::Timestamp;

use tokio_postgres::types::Json;

use crate::{GenericClient, StoreError};

/// A version that is or was installed.
#[derive(Clone, Debug)]
pub struct Version {
    /// System.
    pub system: String,
    /// Its name in this version.
    pub name: String,
    /// The package's own version.
    pub version: String,
    /// Package hash.
    pub hash: String,
    /// Installed last at.
    pub installed_at: Timestamp,
    /// By which role of the database.
    pub installed_by: String,
    /// It is the one in force.
    pub in_force: bool,
}

/// An upgrade that was refused and still waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// System.
    pub system: String,
    /// The version that was to come.
    pub version: String,
    /// Its hash.
    pub hash: String,
    /// What would break.
    pub reasons: Vec<String>,
    /// When.
    pub refused_at: Timestamp,
}

/// Records `system` as the version in force, with its texts; a refusal that waited is settled.
pub(super) async fn record(client: &impl GenericClient, system: &System) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.system (id, name, version, hash) values ($1, $2, $3, $4)
             on conflict (id) do update set name = excluded.name, version = excluded.version,
               hash = excluded.hash, installed_at = now()",
            &[&system.id, &system.name, &system.version, &system.hash],
        )
        .await?;
    version_keep(client, system).await?;
    client.execute("delete from core.system_refusal where system = $1", &[&system.id]).await?;
    Ok(())
}

/// Keeps the texts of a version; what is kept stays, only when it was installed last is newer.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn version_keep(client: &impl GenericClient, system: &System) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.system_version (system, hash, name, version, files)
             values ($1, $2, $3, $4, $5)
             on conflict (system, hash) do update set installed_at = now()",
            &[&system.id, &system.hash, &system.name, &system.version, &Json(&*system.files)],
        )
        .await?;
    Ok(())
}

/// All versions, by system, the newest first.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn version_list(client: &impl GenericClient) -> Result<Vec<Version>, StoreError> {
    let rows = client
        .query(
            "select v.system, v.name, v.version, v.hash, v.installed_at, v.installed_by,
               v.hash = s.hash
             from core.system_version v join core.system s on s.id = v.system
             order by v.system, v.hash = s.hash desc, v.installed_at desc",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Version {
                system: row.try_get(0)?,
                name: row.try_get(1)?,
                version: row.try_get(2)?,
                hash: row.try_get(3)?,
                installed_at: row.try_get(4)?,
                installed_by: row.try_get(5)?,
                in_force: row.try_get(6)?,
            })
        })
        .collect()
}

/// A version compiled from its kept texts; `None` when it was never kept here.
///
/// # Errors
/// [`StoreError::Refused`] when the texts are not what was kept, or this program cannot read them.
pub async fn version_load(
    client: &impl GenericClient,
    system: &str,
    hash: &str,
) -> Result<Option<System>, StoreError> {
    let sql = "select version, files from core.system_version where system = $1 and hash = $2";
    let Some(row) = client.query_opt(sql, &[&system, &hash]).await? else { return Ok(None) };
    let version: String = row.try_get(0)?;
    let Json(files) = row.try_get(1)?;
    let package = Package { files };
    if package.hash() != hash {
        let message = format!("業務システム {system} の版{version}の控えが書き換えられています");
        return Err(StoreError::Refused(message));
    }
    match definition::load_installed(&package) {
        Ok(system) => Ok(Some(system)),
        Err(diagnostics) => {
            let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
            Err(StoreError::Refused(format!(
                "業務システム {system} の版{version}は、このプログラムでは読めません\n{}",
                lines.join("\n")
            )))
        }
    }
}

/// Records why an upgrade was refused; false when the very same was recorded before.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn refusal_record(
    client: &impl GenericClient,
    system: &System,
    reasons: &[String],
) -> Result<bool, StoreError> {
    let changed = client
        .execute(
            "insert into core.system_refusal as known (system, hash, version, reasons)
             values ($1, $2, $3, $4)
             on conflict (system) do update set hash = excluded.hash, version = excluded.version,
               reasons = excluded.reasons, refused_at = now()
             where (known.hash, known.reasons) <> (excluded.hash, excluded.reasons)",
            &[&system.id, &system.hash, &system.version, &reasons],
        )
        .await?;
    Ok(changed > 0)
}

/// A refusal is settled when the version in force is the one wanted again.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn refusal_settle(client: &impl GenericClient, system: &str) -> Result<(), StoreError> {
    client.execute("delete from core.system_refusal where system = $1", &[&system]).await?;
    Ok(())
}

/// Upgrades that were refused and still wait.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn refusal_list(client: &impl GenericClient) -> Result<Vec<Refusal>, StoreError> {
    let rows = client
        .query(
            "select system, version, hash, reasons, refused_at from core.system_refusal
             order by system",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Refusal {
                system: row.try_get(0)?,
                version: row.try_get(1)?,
                hash: row.try_get(2)?,
                reasons: row.try_get(3)?,
                refused_at: row.try_get(4)?,
            })
        })
        .collect()
}
