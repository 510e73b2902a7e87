//! 検証環境: the sandbox of a vendor, and the packages that are tried in it. How it is asked for is in
//! the books of copies ([`crate::copybook`]).

use tokio_postgres::Client;

use crate::StoreError;
use crate::control::{Heard, listen};
use crate::organisation::{Installer, Organisation, SANDBOX, check_identifier};

use super::DATABASE;

/// The kind of body that a sandbox plays.
const PLAYS: &str = "municipality";

/// The sandbox of a vendor as an organisation: invented, and said so in its name.
///
/// # Errors
/// [`StoreError::Database`] when there is no such vendor; [`StoreError::Refused`] when its
/// identifier is too long for one beside it.
pub async fn sandbox_of(client: &Client, vendor: &str) -> Result<Organisation, StoreError> {
    let sql = "select name, name_en from market.vendor where id = $1";
    let row = client.query_one(sql, &[&vendor]).await?;
    let (name, name_en): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let id = format!("{vendor}{SANDBOX}");
    check_identifier(&id)?;
    Ok(Organisation {
        code: id.clone(),
        id,
        name: format!("{name}（検証）"),
        name_en: format!("{name_en} (sandbox)"),
        kind: PLAYS.to_owned(),
        sample: true,
    })
}

/// The numbers of a vendor's packages that its sandbox holds, by system: whose files are kept.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn sandbox_packages(client: &Client, vendor: &str) -> Result<Vec<i64>, StoreError> {
    let sql = "select id from market.submission
               where vendor = $1 and state = '検証' and octet_length(content) > 0 order by system";
    let rows = client.query(sql, &[&vendor]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Hears of what is asked for.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn sandbox_listen(installer: &Installer) -> Result<Heard, StoreError> {
    listen(installer, DATABASE, "kumoi_sandbox").await
}
