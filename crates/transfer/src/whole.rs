//! 全部の書き出し: everything that is an organisation's, in one folder, with a manifest; and the check of
//! such a folder, which needs no database, no key and no program of ours but this one.
//!
//! `systems/<id>/` registers as CSV, `records/`, `staff/` and `control/` JSON lines, `log/` the
//! tamper-evident log in the layout of C2SP tlog-tiles with its public key. Registers hold secrets
//! in plain text: where the folder lies is for the caller to make safe.

mod check;
mod form;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::bulk::record::{Lines, snapshot};
use store::listing::{CONTROL, Listing, OFFICE, STAFF};
use store::organisation::Organisation;
use store::seal::{SealKey, archive};
use store::{Connection, Database, StoreError};

use crate::error::at as failed;
use crate::export::export_at;
use crate::file::{NewFolder, Reader, Sum, Writer, write_whole};
use crate::layout::Layout;
use crate::{Side, TransferError};

use form::{FORMS, Forms};

pub use check::{WholeReport, whole_verify};

/// The file's name.
pub const WHOLE_MANIFEST: &str = "export.json";
/// The form of the folder.
const FORMAT: &str = "kumoi-export-1";
/// The public key of the log.
const KEY: &str = "log/key.pub";

/// What the folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeManifest {
    /// The form of the folder.
    pub format: String,
    /// Whose.
    pub organisation: Organisation,
    /// When it was written.
    pub exported_at: Timestamp,
    /// The last numbers of journal (異動番号) and audit.
    pub last: (i64, i64),
    /// Entered values that were sealed and could not be opened; they are written as they are.
    pub unopened: Vec<String>,
    /// Every file by its path: length, digest and, of records, how many.
    pub files: BTreeMap<PathBuf, WholeFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeFile {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Records, where it holds records.
    pub records: Option<u64>,
}

/// An organisation as it is written out.
pub struct Whole<'w> {
    /// Who.
    pub organisation: &'w Organisation,
    /// Its register database.
    pub office: Side<'w>,
    /// Its staff database.
    pub staff: &'w mut Connection,
    /// The control database: what it keeps of the organisation leaves too.
    pub control: &'w mut Connection,
    /// The register database for the log.
    pub log: &'w Database,
    /// The key of the log.
    pub key: &'w SealKey,
    /// Its systems.
    pub layouts: &'w [Layout<'w>],
}

impl Whole<'_> {
    /// Writes everything into `folder`, which must be new or empty; the digest of the manifest
    /// beside it names the whole.
    ///
    /// # Errors
    /// As [`crate::export`]; the folder is then as it was.
    pub async fn export(
        self,
        folder: &Path,
        at: Timestamp,
    ) -> Result<(WholeManifest, String), TransferError> {
        let folder = NewFolder::make(folder)?;
        let mut records = BTreeMap::new();
        let office = snapshot(self.office.client).await?;
        for layout in self.layouts {
            let path = PathBuf::from("systems").join(&layout.system.id);
            let place = folder.path().join(&path);
            let manifest = export_at(&office, self.office.vault, layout, (&place, at)).await?;
            for file in manifest.files {
                records.insert(path.join(file.name), file.rows);
            }
        }
        let last = (office.journal_last().await?, office.audit_last().await?);
        let mut forms = Forms::new(self.office.vault);
        for listing in OFFICE {
            let path = place_of("records", listing);
            let opened = (listing.name == FORMS).then_some(&mut forms);
            let lines = office.listed(listing).await?;
            let count = list(lines, &folder.path().join(&path), opened).await?;
            records.insert(path, count);
        }
        drop(office);
        let staff = snapshot(self.staff).await?;
        for listing in STAFF {
            let path = place_of("staff", listing);
            let lines = staff.listed(listing).await?;
            let count = list(lines, &folder.path().join(&path), None).await?;
            records.insert(path, count);
        }
        drop(staff);
        records.extend(kept(self.control, self.organisation, folder.path()).await?);
        // What was never sealed has no log yet.
        match archive(self.log, &folder.path().join("log")).await {
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let key = folder.path().join(KEY);
        fs::create_dir_all(folder.path().join("log")).map_err(failed(&key))?;
        write_whole(&key, format!("{}\n", self.key.verifier_text()).as_bytes())?;
        write_whole(&folder.path().join("README.txt"), readme().as_bytes())?;
        let mut files = BTreeMap::new();
        for path in files_of(folder.path())? {
            let Sum { bytes, sha256 } = sum(&folder.path().join(&path))?;
            let records = records.get(&path).copied();
            files.insert(path, WholeFile { bytes, sha256, records });
        }
        let manifest = WholeManifest {
            format: FORMAT.to_owned(),
            organisation: self.organisation.clone(),
            exported_at: at,
            last,
            unopened: forms.unopened,
            files,
        };
        let path = folder.path().join(WHOLE_MANIFEST);
        let text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other);
        write_whole(&path, &text.map_err(failed(&path))?)?;
        let name = sum(&path)?.sha256;
        folder.keep();
        Ok((manifest, name))
    }
}

impl WholeManifest {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when it is none.
    pub fn read(folder: &Path) -> Result<WholeManifest, TransferError> {
        let path = folder.join(WHOLE_MANIFEST);
        let known = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        known.filter(|it: &WholeManifest| it.format == FORMAT).ok_or_else(|| {
            TransferError::Refused(format!(
                "{} を書き出しの目録として読めません。書き出しが終わったフォルダを指定してください",
                path.display()
            ))
        })
    }
}

fn place_of(folder: &str, listing: &Listing) -> PathBuf {
    Path::new(folder).join(format!("{}.jsonl", listing.name))
}

/// Writes what the control database keeps of an organisation; how many by path.
async fn kept(
    control: &mut Connection,
    organisation: &Organisation,
    folder: &Path,
) -> Result<BTreeMap<PathBuf, u64>, TransferError> {
    let control = snapshot(control).await?;
    let mut out = BTreeMap::new();
    for (listing, _) in CONTROL {
        let path = place_of("control", listing);
        let lines = control.listed_of(listing, &organisation.id).await?;
        let count = list(lines, &folder.join(&path), None).await?;
        out.insert(path, count);
    }
    Ok(out)
}

/// Writes a listing as JSON lines; how many. With `forms`, entered values are opened.
async fn list(
    mut lines: Lines,
    path: &Path,
    mut forms: Option<&mut Forms<'_>>,
) -> Result<u64, TransferError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let mut writer = Writer::create(path)?;
    let mut count = 0;
    while let Some(line) = lines.next().await? {
        let mut line = match &mut forms {
            Some(forms) => forms.open(line),
            None => line,
        };
        line.push('\n');
        writer.write(line.as_bytes())?;
        count += 1;
    }
    writer.finish()?;
    Ok(count)
}

/// Every file below a folder but the manifest, by its path from there.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, TransferError> {
    let (mut open, mut out) = (vec![folder.to_owned()], Vec::new());
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(&current).map_err(failed(&current))? {
            let path = entry.map_err(failed(&current))?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(inner) = path.strip_prefix(folder)
                && inner != Path::new(WHOLE_MANIFEST)
            {
                out.push(inner.to_owned());
            }
        }
    }
    out.sort();
    Ok(out)
}

pub(crate) fn sum(path: &Path) -> Result<Sum, TransferError> {
    let mut reader = Reader::open(path)?;
    std::io::copy(&mut reader, &mut std::io::sink()).map_err(failed(path))?;
    Ok(reader.sum())
}

/// What lies in the folder, with the meaning of each file of `control/`.
fn readme() -> String {
    let mut out = README.to_owned();
    out.push_str("\ncontrol/ のファイル\n");
    for (listing, meaning) in CONTROL {
        out.push_str(&format!("  {}.jsonl  {meaning}\n", listing.name));
    }
    out
}

const README: &str = "\
団体の書き出し（雲居）

systems/<業務>/   台帳。標準のグループごとの CSV（UTF-8、カンマ、CRLF、見出しはローマ字名）と目録 manifest.json
                  空欄は値なし、\"\" は空文字。日付は YYYY-MM-DD。*_history.csv は履歴
                  個人番号などの秘密の項目も、事案に入力された値も平文です。保管と受渡しに注意してください
records/          事案・異動・監査・発行した文書・条例の値など（一行一件の JSON）
staff/            職員と役割（合言葉などは含みません）
control/          契約・費用・保管金・障害・グループなど、クラウドの側にある団体の記録（一行一件の JSON）
log/              改ざんを検知する記録（C2SP tlog-tiles）と公開鍵 key.pub
export.json       目録。すべてのファイルの大きさと SHA-256

確かめるには kumoi export --verify このフォルダ
";
