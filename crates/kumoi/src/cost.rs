//! `kumoi cost`: bills in, allocation, deposits, forecast and FOCUS out, from the command line. It
//! wires files, the control database and `cloud::cost`, and decides nothing itself.

mod allocate;
mod basis;
mod bill;
pub(crate) mod invoice;
mod money;
mod out;
mod plan;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base::date::Date;
use clap::{Args, Subcommand};
use cloud::cost::bill::lines_before;
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::control_open;
use store::organisation::Installer;

/// Options of `kumoi cost`.
#[derive(Args, Debug)]
pub struct CostArguments {
    #[command(subcommand)]
    what: What,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, global = true, value_name = "DIR", default_value = "var")]
    var: PathBuf,
    /// 記録に残す、行った者
    #[arg(long, global = true, default_value = "kumoi cost")]
    actor: String,
}

#[derive(Subcommand, Debug)]
enum What {
    /// 請求の明細（FOCUS 1.2 の CSV、gzip、Parquet）を取り込む
    Import(bill::ImportArguments),
    /// 為替を加える（その日から次の日付まで）
    Rate(basis::RateArguments),
    /// 誰のアカウントか（CSV: provider,account,environment,organisation,system。団体が空なら共通）
    Owners {
        /// CSV
        file: PathBuf,
    },
    /// 按分に使う数（CSV: organisation,measure,month,value,source）
    Measures {
        /// CSV
        file: PathBuf,
    },
    /// 月の費用を四つの方法で按分し、並べて示す
    Allocate(allocate::AllocateArguments),
    /// 計測した利用を、業務システムの事業者の請求として取り込む
    Meter {
        /// 月（2026-05 のように）
        #[arg(value_parser = month_read)]
        month: Date,
    },
    /// 按分した費用を FOCUS 1.2 の CSV に書き出す
    Export(out::ExportArguments),
    /// もし為替が別だったら
    WhatIf(out::WhatIfArguments),
    /// 年度の予算
    Budget(plan::BudgetArguments),
    /// 月と年度の予測と、予算に対する警報
    Forecast(plan::ForecastArguments),
    /// 三割削減の目標に照らす（CSV: name,yen,source）
    Goal {
        /// CSV
        file: PathBuf,
        /// 「現在の運用経費」を、取り込んだ請求のこの年度の合計とする
        #[arg(long)]
        year: Option<i16>,
    },
    /// 誤って取り込んだ請求を除く
    Withdraw {
        /// 請求（取込み）の番号
        import: i64,
        /// 理由
        #[arg(long)]
        reason: String,
    },
    /// 請求書（適格請求書）を団体ごとに作り、発行し、PDF にする
    Invoice(invoice::InvoiceArguments),
    /// 発行した請求書を、それを打ち消す請求書で取り消す
    InvoiceCancel(invoice::CancelArguments),
    /// 保管金
    #[command(subcommand)]
    Deposit(money::DepositCommand),
    /// 補助金
    #[command(subcommand)]
    Subsidy(money::SubsidyCommand),
}

/// Does one thing with the control database, whose server is started if it does not run.
///
/// # Errors
/// With the reason in words for whoever typed it.
pub async fn cost(arguments: CostArguments) -> Result<()> {
    let var = std::path::absolute(&arguments.var)?;
    let postgres = var.join("postgres");
    anyhow::ensure!(
        postgres.is_dir(),
        "{} にデータがありません。先に kumoi up を実行するか、--var で場所を指定してください",
        var.display()
    );
    let cluster = Cluster::start(&ClusterOptions::new(postgres)).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let done = match control_open(&installer).await {
        Ok(client) => {
            let desk = Desk { client, root: var.join("costs"), actor: arguments.actor };
            // Apart, so that the server ends with the command also when nobody reads its output.
            tokio::spawn(run(desk, arguments.what)).await
        }
        Err(error) => Ok(Err(error.into())),
    };
    cluster.leave().await?;
    match done {
        Ok(done) => done,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

/// What every command works with.
struct Desk {
    client: Connection,
    root: PathBuf,
    actor: String,
}

async fn run(desk: Desk, what: What) -> Result<()> {
    match what {
        What::Import(arguments) => bill::import(desk, &arguments).await,
        What::Rate(arguments) => basis::rate(&desk, &arguments).await,
        What::Owners { file } => basis::owners(&desk, &file).await,
        What::Measures { file } => basis::measures(&desk, &file).await,
        What::Allocate(arguments) => allocate::allocate(desk, &arguments).await,
        What::Meter { month } => out::meter(desk, month).await,
        What::Export(arguments) => out::export(&desk, &arguments).await,
        What::WhatIf(arguments) => out::what_if(&desk, &arguments).await,
        What::Budget(arguments) => plan::budget(&desk, &arguments).await,
        What::Forecast(arguments) => plan::forecast(&desk, &arguments).await,
        What::Goal { file, year } => plan::goal(&desk, &file, year).await,
        What::Withdraw { import, reason } => bill::withdraw(desk, import, &reason).await,
        What::Invoice(arguments) => invoice::invoice(desk, &arguments).await,
        What::InvoiceCancel(arguments) => invoice::cancel(desk, &arguments).await,
        What::Deposit(command) => money::deposit(desk, command).await,
        What::Subsidy(command) => money::subsidy(desk, command).await,
    }
}

/// The first day of a month as `2026-05`.
fn month_read(text: &str) -> Result<Date, String> {
    format!("{text}-01")
        .parse()
        .map_err(|_| format!("「{text}」は月として読めません（2026-05 のように）"))
}

/// The first day of the next month.
fn month_after(month: Date) -> Date {
    month.saturating_add(jiff::Span::new().months(1))
}

/// The rows of a CSV file with its line numbers, by these columns.
fn rows_read<const N: usize>(path: &Path, columns: [&str; N]) -> Result<Vec<(u64, [String; N])>> {
    let text = std::fs::read(path).with_context(|| format!("{} を開けません", path.display()))?;
    let mut reader = csv::Reader::from_reader(&*text);
    let header = reader.headers()?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = header.iter().position(|it| it.trim() == column).with_context(|| {
            format!(
                "{} に列 {column} がありません（要る列: {}）",
                path.display(),
                columns.join("、")
            )
        })?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record =
            record.with_context(|| format!("{} を CSV として読めません", path.display()))?;
        let line = record.position().map_or(0, |position| lines_before(&text, position) + 1);
        rows.push((line, places.map(|at| record.get(at).unwrap_or_default().trim().to_owned())));
    }
    Ok(rows)
}
