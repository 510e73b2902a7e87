//! `kumoi bench cloud`: the figures of the cloud, one file each. Bodies are real names without any
//! data of theirs; accounts, budgets and vendors are invented.

mod blueprint;
mod catalogue;
mod export;
mod fit;
mod focus;
mod guardrail;
mod nation;
mod relocation;
mod signature;
mod wave;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use super::place::Folder;

/// Options of `kumoi bench cloud`.
#[derive(Args, Clone, Debug)]
pub(super) struct CloudArguments {
    /// 一つの計測だけ: guardrail、blueprint、wave、nation、focus、fit、catalogue、signature、
    /// move、export
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// 市区町村の数（nation）
    #[arg(long, default_value_t = 1741)]
    bodies: usize,
    /// 同時に行う呼出しの数（nation）
    #[arg(long, default_value_t = 8)]
    calls: usize,
    /// 見本の AWS（moto_server）の場所。指定がなければ KUMOI_MOTO
    #[arg(long, value_name = "FILE")]
    moto: Option<PathBuf>,
    /// 請求の明細の行数（focus）
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// 検索の回数（catalogue）
    #[arg(long, default_value_t = 2_600)]
    questions: usize,
    /// 締結の回数（signature）
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// 引っ越す団体の人数（move）
    #[arg(long, default_value_t = 340_000)]
    people: u32,
    /// FOCUS の検証器のフォルダ（export）。指定がなければ KUMOI_FOCUS_VALIDATOR
    #[arg(long, value_name = "DIR")]
    validator: Option<PathBuf>,
    /// 青写真を適用する子の番号と口（nation が使います）
    #[arg(long, hide = true, num_args = 2, value_names = ["ID", "PORT"])]
    apply: Option<Vec<i64>>,
}

/// The measurements.
const NAMES: [&str; 10] = [
    "guardrail",
    "blueprint",
    "wave",
    "nation",
    "focus",
    "fit",
    "catalogue",
    "signature",
    "move",
    "export",
];

/// Measures what was asked for, or everything.
pub(super) async fn cloud(folder: &Folder, arguments: CloudArguments) -> Result<()> {
    if let Some([id, port]) = arguments.apply.as_deref() {
        return nation::apply(folder, (*id, u16::try_from(*port)?), arguments.calls).await;
    }
    if let Some(only) = &arguments.only
        && !NAMES.contains(&only.as_str())
    {
        bail!("「{only}」という計測はありません。{} から選んでください", NAMES.join("、"));
    }
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    if wanted("guardrail") {
        guardrail::guardrail()?;
    }
    if wanted("blueprint") {
        blueprint::blueprint(folder).await?;
    }
    if wanted("wave") {
        wave::wave()?;
    }
    if wanted("nation") {
        nation::nation(folder, &arguments).await?;
    }
    if wanted("focus") {
        focus::focus(folder, arguments.rows).await?;
    }
    if wanted("fit") {
        fit::fit()?;
    }
    if wanted("catalogue") {
        catalogue::catalogue(folder, arguments.questions).await?;
    }
    if wanted("signature") {
        signature::signature(folder, arguments.rounds).await?;
    }
    if wanted("move") {
        relocation::relocation(folder, arguments.people).await?;
    }
    if wanted("export") {
        export::export(folder, arguments.validator.as_deref()).await?;
    }
    Ok(())
}
