//! `kumoi member`: who is in the directory of the mesh, until when with which certificate; striking
//! a member off, which every node follows within seconds, and taking it in again.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use mesh::directory::directory_open;

use crate::demo::{mesh_verifier, strike, struck};

/// Commands of `kumoi member`.
#[derive(Subcommand, Debug)]
pub enum MemberCommand {
    /// 名簿の機関と、ノードのアドレス、証明書の期限
    List {
        /// データのフォルダ（指定がなければ ./var）
        #[arg(long, value_name = "DIR", default_value = "var")]
        var: PathBuf,
    },
    /// 機関を名簿から外す。開いている接続でも、数秒後の照会から断られます
    Strike {
        /// 機関の識別子
        id: String,
        /// 理由
        #[arg(long)]
        reason: String,
        /// データのフォルダ（指定がなければ ./var）
        #[arg(long, value_name = "DIR", default_value = "var")]
        var: PathBuf,
    },
    /// 外した機関を名簿に戻す
    Restore {
        /// 機関の識別子
        id: String,
        /// データのフォルダ（指定がなければ ./var）
        #[arg(long, value_name = "DIR", default_value = "var")]
        var: PathBuf,
    },
}

/// Carries it out.
///
/// # Errors
/// When there is no such member, or a file cannot be read.
pub fn member(command: MemberCommand) -> Result<()> {
    match command {
        MemberCommand::List { var } => {
            let path = var.join("directory");
            let note = std::fs::read_to_string(&path)
                .with_context(|| format!("名簿 {} を読めません", path.display()))?;
            let directory = directory_open(&note, &mesh_verifier(&var)?)?;
            println!("名簿 版 {}（{} まで有効）", directory.version, directory.expires);
            for one in &directory.members {
                let until = one.certificates.iter().map(|it| it.expires).max();
                let until = until.map_or_else(|| "―".to_owned(), |until| until.to_string());
                println!("{}　{}　{}　証明書 {until} まで", one.id, one.name, one.address);
            }
            for (id, why) in struck(&var)? {
                println!("{id}　名簿から外しています（{}、{}）", why.at, why.reason);
            }
        }
        MemberCommand::Strike { id, reason, var } => match strike(&var, &id, Some(&reason))? {
            true => println!("{id} を名簿から外しました"),
            false => println!("{id} は、もう外してあります"),
        },
        MemberCommand::Restore { id, var } => match strike(&var, &id, None)? {
            true => println!("{id} を名簿に戻しました"),
            false => println!("{id} は外してありません"),
        },
    }
    Ok(())
}
