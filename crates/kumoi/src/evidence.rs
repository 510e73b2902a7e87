//! `kumoi evidence`: takes the evidence of an exchange out of a member's record, and verifies one
//! anywhere, without a connection.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use cloud::Keeper;
use mesh::evidence::{Evidence, export};

use crate::demo::KeyFolder;

/// Commands of `kumoi evidence`.
#[derive(Subcommand, Debug)]
pub enum EvidenceCommand {
    /// 情報連携の一件の証拠をファイルに書き出す
    Export {
        /// 団体の識別子（kasumi など）
        organisation: String,
        /// 照会の番号（16進の32文字）
        request: String,
        /// 書き出すファイル（指定がなければ標準出力）
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// データのフォルダ（指定がなければ ./var）。データベースが動いていること
        #[arg(long, value_name = "DIR", default_value = "var")]
        var: PathBuf,
    },
    /// 証拠のファイルを確かめる（つながっていなくてもよい）
    Verify {
        /// 証拠のファイル
        file: PathBuf,
        /// 名簿の検証鍵（kumoi evidence key が示すもの）
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// 名簿の検証鍵を示す
    Key {
        /// データのフォルダ（指定がなければ ./var）
        #[arg(long, value_name = "DIR", default_value = "var")]
        var: PathBuf,
    },
}

/// Carries it out; `false` when the evidence does not hold.
///
/// # Errors
/// When a file or the database cannot be read.
pub async fn evidence(command: EvidenceCommand) -> Result<bool> {
    match command {
        EvidenceCommand::Export { organisation, request, output, var } => {
            let kept = KeyFolder::open(&var)?.load(&organisation)?.with_context(|| {
                format!("団体「{organisation}」は {} にありません", var.display())
            })?;
            let login = kept.office.office.as_ref();
            let database = kept.office.database(login, kept.office.vault.as_deref(), 1)?;
            let path = var.join("directory");
            let note = std::fs::read_to_string(&path)
                .with_context(|| format!("名簿 {} を読めません", path.display()))?;
            let made = export(&database, (&organisation, &request), &note).await?;
            let text = serde_json::to_string_pretty(&made)?;
            match output {
                Some(path) => std::fs::write(&path, text)
                    .with_context(|| format!("{} に書けません", path.display()))?,
                None => println!("{text}"),
            }
            Ok(true)
        }
        EvidenceCommand::Verify { file, key } => {
            let text =
                std::fs::read(&file).with_context(|| format!("{} を読めません", file.display()))?;
            let read: Evidence = serde_json::from_slice(&text).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                anyhow::anyhow!("{}:{line}:{column}: 証拠のファイルではありません", file.display())
            })?;
            Ok(match read.verify(&key) {
                Ok(checked) => {
                    checked.iter().for_each(|line| println!("正しい: {line}"));
                    true
                }
                Err(broken) => {
                    println!("正しくない: {broken}");
                    false
                }
            })
        }
        EvidenceCommand::Key { var } => {
            println!("{}", crate::demo::mesh_verifier(&var)?);
            Ok(true)
        }
    }
}
