//! `kumoi plane wave`: plans the waves of migration from two files and the books, shows them, and
//! says what the last change did otherwise. Decides nothing for a body and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use cloud::plane::execute::books_read;
use cloud::plane::tree::Tree;
use cloud::plane::wave::{
    By, differences_words, moves_left, moves_read, plan_all, plan_csv, plan_words, waves_read,
};
use store::organisation::Installer;

/// Options of `kumoi plane wave`.
#[derive(Args, Debug)]
pub(super) struct WaveArguments {
    /// 期間、繁忙期、順序、事業者、その後の変化（YAML）
    frame: PathBuf,
    /// 移行の一覧（CSV: 団体,システム,事業者,作業量,期限）
    moves: PathBuf,
    /// 並べ方
    #[arg(long, value_enum, default_value = "month")]
    by: Order,
    /// 計画をこのファイルに CSV で書き出す
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Order {
    /// 月ごと
    Month,
    /// 事業者ごと
    Vendor,
    /// 都道府県ごと
    Prefecture,
    /// 団体ごと
    Body,
}

/// Plans and shows; `false` when something comes late.
pub(super) async fn wave(arguments: &WaveArguments, installer: &Installer) -> Result<bool> {
    let tree = Tree::nation()?;
    let frame = &arguments.frame;
    let waves = waves_read(&frame.display().to_string(), &text(frame)?)?;
    let file = arguments.moves.display().to_string();
    let moves = moves_read((&file, &text(&arguments.moves)?), &waves.frame, &tree)?;
    let (moves, done) = moves_left(moves, &books_read(installer).await?);
    let (plan, changed) = plan_all((&moves, &waves.frame), &waves.changes)?;
    let by = match arguments.by {
        Order::Month => By::Month,
        Order::Vendor => By::Vendor,
        Order::Prefecture => By::Prefecture,
        Order::Body => By::Body,
    };
    print!("{}", plan_words(&plan, by, &tree));
    if done > 0 {
        println!("台帳では済んでいる移行 {done}（計画に入れていません）");
    }
    if !waves.changes.is_empty() {
        print!("\n最後の変化の前の計画との違い\n{}", differences_words(&changed, &tree));
    }
    if let Some(path) = &arguments.csv {
        fs::write(path, plan_csv(&plan, &tree))
            .with_context(|| format!("{} に書けません", path.display()))?;
        println!("計画を {} に書き出しました", path.display());
    }
    Ok(plan.late.is_empty())
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} を読めません", path.display()))
}
