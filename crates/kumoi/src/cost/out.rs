//! `kumoi cost meter`, `export`, `what-if`: our own fees in, allocated cost out, other rates tried.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use base::date::Date;
use base::money::Yen;
use clap::Args;
use cloud::cost::allocate::Method;
use cloud::cost::books::books_open;
use cloud::cost::export::{Export, export as lines_of};
use cloud::cost::focus::{lines_write, plain};
use cloud::cost::import::{Namesake, bill_import_as};
use cloud::cost::metered::fees;
use cloud::cost::rate::{self, Rates};
use store::control::cost::organisation_names;

use super::{Desk, bill, month_read};

/// Options of `kumoi cost export`.
#[derive(Args, Debug)]
pub(super) struct ExportArguments {
    /// 月（2026-05 のように）
    #[arg(value_parser = month_read)]
    month: Date,
    /// 書き出す CSV
    file: PathBuf,
    /// 按分の方法
    #[arg(long, default_value = "利用量", value_parser = method_read)]
    method: Method,
    /// 一つの団体だけ
    #[arg(long)]
    organisation: Option<String>,
    /// 独自点数の配点
    #[arg(long, value_delimiter = ',', value_parser = super::allocate::points_read, default_value = "人口=7,業務量=3")]
    points: Vec<(String, u32)>,
}

/// Options of `kumoi cost what-if`.
#[derive(Args, Debug)]
pub(super) struct WhatIfArguments {
    /// 月（2026-05 のように）
    #[arg(value_parser = month_read)]
    month: Date,
    /// 通貨と為替（USD=160 のように）
    #[arg(value_parser = rate_read)]
    rate: (String, i64),
}

/// A method by its term.
pub(super) fn method_read(text: &str) -> Result<Method, String> {
    Method::ALL.into_iter().find(|it| it.term() == text).ok_or_else(|| {
        format!("「{text}」という方法はありません（{}）", Method::ALL.map(Method::term).join("、"))
    })
}

fn rate_read(text: &str) -> Result<(String, i64), String> {
    let wrong = || format!("「{text}」は為替として読めません（USD=160 のように）");
    let (currency, yen) = text.split_once('=').ok_or_else(wrong)?;
    Ok((currency.to_owned(), rate::read(yen).ok_or_else(wrong)?))
}

/// Names of organisations; in Latin letters for files that allow no others.
pub(super) async fn names(desk: &Desk, latin: bool) -> Result<BTreeMap<String, String>> {
    let all = organisation_names(&desk.client).await?.into_iter();
    Ok(all.map(|[id, name, name_en]| (id, if latin { name_en } else { name })).collect())
}

/// Turns what was metered into bills of the systems' vendors and imports them.
pub(super) async fn meter(mut desk: Desk, month: Date) -> Result<()> {
    let fees = fees(&desk.client, month, &names(&desk, true).await?).await?;
    for contract in &fees.unpriced {
        println!("契約 {contract} は計測されていますが、料金表がないため請求にできません");
    }
    if fees.bills.is_empty() {
        bail!("{}に計測された、料金表のある契約がありません", month.strftime("%Y年%-m月"));
    }
    let folder = desk.root.join("fees");
    fs::create_dir_all(&folder)?;
    let mut failed = Vec::new();
    for ((vendor, organisation), lines) in &fees.bills {
        if lines.is_empty() {
            println!("{vendor} の {organisation} への請求は 0 円です。取り込むものはありません");
            continue;
        }
        let file = folder.join(format!("{}-{organisation}.csv", month.strftime("%Y-%m")));
        lines_write(File::create(&file)?, lines)?;
        // The account is numbered by the vendor's identifier: another name is the same vendor.
        let (files, by) = ([file], Namesake::Renamed);
        let files = (files.as_slice(), desk.actor.as_str());
        // One that cannot be taken in keeps none of the others out.
        match bill_import_as(&mut desk.client, &desk.root, files, by).await {
            Ok(imported) => bill::said(&imported),
            Err(error) => failed.push(format!("  {vendor} の {organisation}: {error}")),
        }
    }
    ensure!(failed.is_empty(), "取り込めなかった請求があります:\n{}", failed.join("\n"));
    Ok(())
}

/// Writes allocated cost as FOCUS.
pub(super) async fn export(desk: &Desk, arguments: &ExportArguments) -> Result<()> {
    let mut books = books_open(&desk.client, arguments.month).await?;
    books.basis.points.clone_from(&arguments.points);
    let allocation = books.allocate()?;
    let names = names(desk, true).await?;
    let wanted = Export {
        month: arguments.month,
        method: arguments.method,
        organisation: arguments.organisation.as_deref(),
        names: &names,
    };
    let lines = lines_of(&books.ledger()?, &allocation, &wanted)?;
    // Whole or not at all: a file of that name stays as it was until the new one is written.
    let part = arguments.file.with_extension("part");
    let file = File::create(&part).with_context(|| format!("{} を作れません", part.display()))?;
    lines_write(file, &lines)?;
    fs::rename(&part, &arguments.file)?;
    let yen: i64 = lines.iter().map(|line| line.yen).sum();
    println!("{} 行、{} を {} に書き出しました", lines.len(), Yen(yen), arguments.file.display());
    Ok(())
}

/// Says what the month would cost at another rate.
pub(super) async fn what_if(desk: &Desk, arguments: &WhatIfArguments) -> Result<()> {
    let books = books_open(&desk.client, arguments.month).await?;
    let now = books.ledger()?;
    let (currency, micro_yen) = &arguments.rate;
    let other = books.ledger_at(&Rates::of(&books.rates)?.with_fixed(currency, *micro_yen))?;
    let (now_yen, other_yen) = (now.total()?.0, other.total()?.0);
    println!("いまの為替の表: {}", Yen(now_yen));
    println!(
        "1 {currency} = {} 円なら: {}（差 {}）",
        rate::written(*micro_yen),
        Yen(other_yen),
        Yen(other_yen - now_yen)
    );
    let others = other.by_service()?;
    for (key, yen) in now.by_service()? {
        let then = others.get(&key).copied().unwrap_or_default();
        println!("  {} {}: {} → {}", plain(&key.0), plain(&key.1), yen.cut(), then.cut());
    }
    Ok(())
}
