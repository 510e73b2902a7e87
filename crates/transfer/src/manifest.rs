//! 目録: which files an export holds, of which package, how many rows, and the digest of each.
//!
//! Written last, so a folder without it is not an export. Holds no value of a row.

use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::TransferError;
use crate::error::at;
use crate::file::write_whole;

/// The file's name.
pub const MANIFEST: &str = "manifest.json";
/// The form of the files.
const FORMAT: &str = "kumoi-registers-1";

/// What an export of one system holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the files.
    pub format: String,
    /// 業務ID.
    pub code: String,
    /// System.
    pub system: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Package hash: only the same package takes the rows back.
    pub package: String,
    /// When it was written.
    pub exported_at: Timestamp,
    /// The last number of the journal then (異動番号).
    pub journal_last: i64,
    /// Number series and their next numbers: what was issued is never issued again.
    pub series: Vec<(String, i64)>,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Register.
    pub register: String,
    /// Group of items (グループ).
    pub group: String,
    /// Past rows (履歴).
    pub past: bool,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows, without the heading.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// データ項目ID.
    pub number: Option<String>,
    /// 項目名称.
    pub name: String,
    /// ローマ字名, the heading in the file.
    pub field: String,
    /// Type and length.
    pub kind: String,
    /// In plain text here, sealed in the database.
    pub secret: bool,
}

impl Manifest {
    /// An empty one for a system.
    pub(crate) fn new(system: &definition::System, exported_at: Timestamp) -> Manifest {
        Manifest {
            format: FORMAT.to_owned(),
            code: system.code.clone(),
            system: system.id.clone(),
            name: system.name.clone(),
            version: system.version.clone(),
            package: system.hash.clone(),
            exported_at,
            journal_last: 0,
            series: Vec::new(),
            files: Vec::new(),
        }
    }

    /// All rows of all registers, current and past.
    pub fn rows(&self) -> u64 {
        let first = |entry: &&FileEntry| entry.columns.iter().any(|it| it.field == "event_id");
        self.files.iter().filter(first).map(|entry| entry.rows).sum()
    }

    /// SHA-256 of the manifest as it is written: names the whole export.
    pub fn digest(&self) -> String {
        let mut context = Context::new(&SHA256);
        context.update(self.text().as_bytes());
        hexadecimal(context.finish().as_ref())
    }

    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when there is none, or none of this form.
    pub fn read(folder: &Path) -> Result<Manifest, TransferError> {
        let path = folder.join(MANIFEST);
        let refused = |why: &str| {
            let shown = path.display();
            let help = "書き出しが終わったフォルダを指定してください";
            TransferError::Refused(format!("{shown} {why}。{help}"))
        };
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(refused("がありません"));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|_| refused("は目録の形ではありません"))?;
        match manifest.format == FORMAT {
            true => Ok(manifest),
            false => Err(refused("は、このプログラムの読める版の目録ではありません")),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), TransferError> {
        write_whole(&folder.join(MANIFEST), self.text().as_bytes())
    }

    fn text(&self) -> String {
        // Strings, numbers and lists only: this cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
