//! `kumoi plane`: the national operator's work from a terminal. What changes goes through a
//! blueprint that an operator approved in the browser; this only asks, shows and starts, and signs
//! as the command line, never as a person.

mod check;
mod health;
mod wave;
mod work;

use std::path::PathBuf;

use anyhow::Result;
use base::date::day_in_japan;
use clap::{Args, Subcommand};
use cloud::guardrail::{Guardrails, policy};
use cloud::plane::tree::{BodyKind, Tree};

/// Options of `kumoi plane`.
#[derive(Args, Debug)]
pub struct PlaneArguments {
    #[command(subcommand)]
    what: What,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, global = true, value_name = "DIR", default_value = "var")]
    var: PathBuf,
    /// AWS の口（http://…。{service} と {region} は置き換わります）。鍵は環境変数
    /// KUMOI_AWS_ACCESS_KEY と KUMOI_AWS_SECRET_KEY から読みます
    #[arg(long, global = true, value_name = "URL")]
    aws: Option<String>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// 団体の木
    Tree,
    /// 効力のある守りごと
    Guardrails {
        /// AWS の方針（JSON）をこのフォルダに書き出す
        #[arg(long, value_name = "DIR")]
        policies: Option<PathBuf>,
    },
    /// 要望のファイルから青写真を作り、案として残す（書かれた環境だけに触れる）
    Plan {
        /// 要望（YAML）
        file: PathBuf,
        /// 添える言葉
        #[arg(long, default_value = "")]
        note: String,
        /// 要望にない環境はすべて廃止する
        #[arg(long)]
        everything: bool,
    },
    /// 青写真の一覧
    List,
    /// 青写真の中身
    Show {
        /// 番号
        id: i64,
        /// JSON で
        #[arg(long)]
        json: bool,
    },
    /// 運用担当が画面で承認できないとき、理由を残して青写真を承認する
    Approve {
        /// 番号
        id: i64,
        /// 緊急である理由（青写真とともに残り、画面に赤く示します）
        #[arg(long, value_name = "REASON")]
        emergency: String,
        /// 見た青写真のハッシュ
        #[arg(long)]
        hash: String,
    },
    /// 承認された青写真を適用する（途中からなら続きを）
    Apply {
        /// 番号
        id: i64,
    },
    /// 始まっていない青写真を取り下げる
    Withdraw {
        /// 番号
        id: i64,
    },
    /// 適用中の青写真の、済んでいない手順を取り止める（始めたものは台帳に残します）
    Cut {
        /// 番号
        id: i64,
    },
    /// 済んでいない手順の警報
    Alarms,
    /// プロバイダーにあるものを、台帳と守りごとに照らす
    Check {
        /// 台帳と違う部分を未確定とする（次の青写真が作り直します）
        #[arg(long)]
        mark: bool,
    },
    /// すべての環境の状態、済んでいない手順、警報（人の手が要れば 0 でない値で終わる）
    Health {
        /// JSON で
        #[arg(long)]
        json: bool,
    },
    /// 既存の環境（第二期共通プラットフォーム、リフト済み）を CSV から一括で登録する案を作る
    Enrol {
        /// 一覧（CSV: 団体,種類,プロバイダー,出自,環境の名）
        file: PathBuf,
        /// 添える言葉
        #[arg(long, default_value = "")]
        note: String,
    },
    /// 移行の波の計画（遅れるものがあれば 0 でない値で終わる）
    Wave(wave::WaveArguments),
}

/// Does what was asked; `false` when something needs a person.
///
/// # Errors
/// When it cannot be done; what and why.
pub async fn plane(arguments: PlaneArguments) -> Result<bool> {
    match &arguments.what {
        What::Tree => tree(),
        What::Guardrails { policies } => guardrails(policies.as_deref()),
        _ => work::work(&arguments).await,
    }
}

fn today() -> Result<Guardrails> {
    Ok(Guardrails::builtin(day_in_japan(jiff::Timestamp::now()))?)
}

fn tree() -> Result<bool> {
    let tree = Tree::nation()?;
    let kinds = [
        BodyKind::Ministry,
        BodyKind::Prefecture,
        BodyKind::Municipality,
        BodyKind::Union,
        BodyKind::QuasiPublic,
    ];
    for kind in kinds {
        let samples = tree.of(kind).filter(|body| body.sample).count();
        let note = if samples > 0 { "（見本）" } else { "" };
        println!("{}{note}: {}", kind.word(), tree.of(kind).count());
    }
    Ok(true)
}

fn guardrails(folder: Option<&std::path::Path>) -> Result<bool> {
    let rules = today()?;
    for rule in rules.rules() {
        println!("{} {}: {}（{}、{} から）", rule.id, rule.name, rule.says, rule.source, rule.from);
    }
    if rules.sample {
        println!("使えるサービスの一覧は見本です。公式の登録簿と照らして書き改めてください");
    }
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
        for one in policy::policies(&rules)? {
            let path = folder.join(format!("{}.json", one.name));
            std::fs::write(&path, &one.text)?;
            println!("{}: {} バイト（{}）", path.display(), one.text.len(), one.kind.word());
        }
    }
    Ok(true)
}
