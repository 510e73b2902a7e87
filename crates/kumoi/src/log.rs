//! `kumoi log`: verifies an organisation's tamper-evident log and keeps a copy of it elsewhere.
//!
//! It reads and never changes the database. The copy (C2SP tlog-tiles) holds commitments only: no
//! row and no name leaves with it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use cloud::Keeper;
use store::seal::{SealKey, archive, verify_against};

use crate::demo::KeyFolder;

/// Options of `kumoi log`.
#[derive(Args, Debug)]
pub struct LogArguments {
    /// 団体の識別子（kasumi など）
    pub organisation: String,
    /// 控えを置くフォルダ。前の控えがあれば、それとも照合してから続きを書く
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// データのフォルダ（指定がなければ ./var）。データベースが動いていること
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub var: PathBuf,
}

/// Verifies, then copies if the log is whole; `false` when something was changed.
///
/// # Errors
/// When the organisation is not open here, or the copy belongs to another log.
pub async fn log(arguments: LogArguments) -> Result<bool> {
    let id = &arguments.organisation;
    let kept = KeyFolder::open(&arguments.var)?
        .load(id)?
        .with_context(|| format!("団体「{id}」は {} にありません", arguments.var.display()))?;
    let login = kept.office.office.as_ref();
    let database = kept.office.database(login, kept.office.vault.as_deref(), 1)?;
    let key = SealKey::from_credentials(&kept.office)?;
    let known = match &arguments.archive {
        Some(folder) => checkpoint_of(folder)?,
        None => Vec::new(),
    };
    let report = verify_against(&database, &key.verifier()?, &known).await?;
    println!("{}\n検証鍵 {}", report.to_string().trim_end(), key.verifier_text());
    if !report.is_intact() {
        return Ok(false);
    }
    if let Some(folder) = &arguments.archive {
        let copied = archive(&database, folder).await?;
        println!(
            "控え {}: {} 件まで（今回 {} 件、ファイル {} 個）",
            folder.display(),
            copied.size,
            copied.size - copied.before,
            copied.files
        );
    }
    Ok(true)
}

/// The checkpoint of the copy that is there.
fn checkpoint_of(folder: &std::path::Path) -> Result<Vec<String>> {
    match std::fs::read_to_string(folder.join("checkpoint")) {
        Ok(note) => Ok(vec![note]),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("控え {} を読めません", folder.display())),
    }
}
