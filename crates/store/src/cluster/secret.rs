//! Passwords of the cluster's own roles: made at random, kept in files of the supervisor alone.
//!
//! A secret is never shown by `Debug`, never logged, and never part of a statement's text.

use std::error::Error;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::ClusterError;

/// A password: 64 hexadecimal digits, 256 random bits.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// The secret in `path`, which must exist.
    pub(super) fn load(path: &Path) -> Result<Secret, ClusterError> {
        match fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => Ok(Secret(text.trim().to_owned())),
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(ClusterError::io("パスワードの読取り", path, source))
            }
            _ => Err(ClusterError::SecretMissing { path: path.to_owned() }),
        }
    }

    /// The secret in `path`; makes one if there is none.
    pub(super) fn load_or_make(path: &Path) -> Result<Secret, ClusterError> {
        match Secret::load(path) {
            Err(ClusterError::SecretMissing { .. }) => {
                let make = || -> io::Result<Secret> {
                    let secret = Secret::random()?;
                    secret.keep(path)?;
                    Ok(secret)
                };
                make().map_err(|source| ClusterError::io("パスワードの保存", path, source))
            }
            other => other,
        }
    }

    fn random() -> io::Result<Secret> {
        let mut bytes = [0_u8; 32];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Writes the secret, whole or not at all, readable by us alone.
    fn keep(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        fs::set_permissions(parent, Permissions::from_mode(0o700))?;
        let unfinished = path.with_extension("new");
        self.write(&unfinished)?;
        fs::rename(&unfinished, path)
    }

    /// Writes the secret into a new file at `path`, readable by its owner alone.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let _ = fs::remove_file(path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", self.0)?;
        file.sync_all()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

impl ToSql for Secret {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <String as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}
