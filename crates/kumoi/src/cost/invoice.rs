//! `kumoi cost invoice` and `invoice-cancel`: drafts to look at, invoices of record, and their PDF.
//!
//! What an invoice says is `cloud`'s; its look is `portal`'s one template; the compiler runs in a
//! process of its own, as for notices.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base::date::Date;
use base::money::Yen;
use clap::Args;
use cloud::cost::allocate::Method;
use cloud::cost::charge::{
    invoice_cancel, invoice_drafts, invoices_issue, number_read, number_text,
};
use cloud::cost::invoice::Issuer;
use portal::invoice::invoice_print;
use print::{Printer, WorkerCommand};
use store::control::invoice::{Issued, invoice_list, invoice_read};

use super::money::today;
use super::out::{method_read, names};
use super::{Desk, month_read};

/// The sample issuer: its number is invented and says so.
const ISSUER: (&str, &str) = ("見本の発行者（非公式）", "T0000000000000");

/// Options of `kumoi cost invoice`.
#[derive(Args, Debug)]
pub(super) struct InvoiceArguments {
    /// 月（2026-05 のように）
    #[arg(value_parser = month_read, required_unless_present = "number")]
    month: Option<Date>,
    /// 按分の方法
    #[arg(long, default_value = "利用量", value_parser = method_read)]
    method: Method,
    /// 発行する: 番号を付けて記録に残し、保管金の帳簿に請求として記帳する
    #[arg(long, conflicts_with = "number")]
    issue: bool,
    /// 発行した一枚だけ（2026-000001 のように）
    #[arg(long, value_name = "NUMBER", conflicts_with = "month")]
    number: Option<String>,
    /// 発行した請求書を PDF にするファイル。何枚もあれば、名前に番号を足して一枚ずつ
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
}

/// Options of `kumoi cost invoice-cancel`.
#[derive(Args, Debug)]
pub(super) struct CancelArguments {
    /// 請求書の番号（2026-000001 のように）
    number: String,
    /// 理由
    #[arg(long)]
    reason: String,
}

/// Shows what would be billed, or issues it; prints what was issued.
pub(super) async fn invoice(mut desk: Desk, arguments: &InvoiceArguments) -> Result<()> {
    let issued = match (&arguments.number, arguments.month) {
        (Some(text), _) => {
            let number = number_read(text)
                .with_context(|| format!("「{text}」は請求書の番号として読めません"))?;
            vec![invoice_read(&desk.client, ISSUER.1, number).await?]
        }
        (None, Some(month)) if arguments.issue => issue(&mut desk, arguments, month).await?,
        (None, Some(month)) => invoice_list(&desk.client, month).await?,
        (None, None) => Vec::new(),
    };
    // What is printed may go to a reader that ends early: the file first.
    if let Some(file) = &arguments.pdf {
        ensure!(!issued.is_empty(), "発行した請求書がありません。先に --issue で発行してください");
        pdf(file, &issued).await.with_context(|| {
            let numbers: Vec<String> = issued.iter().map(|it| number_text(it.number)).collect();
            let numbers = numbers.join("、");
            format!(
                "請求書 {numbers} は発行済みですが、PDF を作れませんでした。--issue を付けずに、同じ月と --pdf で\
                 作れます"
            )
        })?;
    }
    for one in &issued {
        println!(
            "{}\t{}\t{}\t{}",
            number_text(one.number),
            one.issued,
            one.recipient,
            Yen(one.total_yen)
        );
    }
    if issued.is_empty()
        && let Some(month) = arguments.month
    {
        draft(&desk, arguments, month).await?;
    }
    Ok(())
}

/// The sample issuer.
pub(crate) fn issuer() -> Issuer {
    Issuer { name: ISSUER.0.to_owned(), registration: ISSUER.1.to_owned(), sample: true }
}

async fn issue(desk: &mut Desk, arguments: &InvoiceArguments, month: Date) -> Result<Vec<Issued>> {
    let (names, actor) = (names(desk, false).await?, desk.actor.clone());
    let wanted = (month, arguments.method);
    let (issuer, day) = (issuer(), today());
    Ok(invoices_issue(&mut desk.client, wanted, (&issuer, day), (&names, &actor)).await?)
}

/// What would be billed, as values; nothing is written.
async fn draft(desk: &Desk, arguments: &InvoiceArguments, month: Date) -> Result<()> {
    let names = names(desk, false).await?;
    let wanted = (month, arguments.method);
    let (_, drafts) = invoice_drafts(&desk.client, wanted, (&issuer(), today()), &names).await?;
    eprintln!("まだ発行していません。発行するには --issue");
    for (_, one) in &drafts {
        println!("{}", serde_json::to_string_pretty(one)?);
    }
    Ok(())
}

/// Cancels an invoice by another.
pub(super) async fn cancel(mut desk: Desk, arguments: &CancelArguments) -> Result<()> {
    let text = &arguments.number;
    let number =
        number_read(text).with_context(|| format!("「{text}」は請求書の番号として読めません"))?;
    let words = (today(), arguments.reason.as_str(), desk.actor.as_str());
    let counter = invoice_cancel(&mut desk.client, (ISSUER.1, number), words).await?;
    println!("請求書 {text} を請求書 {} で取り消しました", number_text(counter.number));
    Ok(())
}

/// Writes each invoice into a file, whole or not at all: the one that was named, or, for several,
/// one beside the other with the number in its name.
async fn pdf(file: &Path, issued: &[Issued]) -> Result<()> {
    let program = std::env::current_exe()?;
    let printer = Printer::new(WorkerCommand::new(program, &["print-worker"]));
    for one in issued {
        let number = number_text(one.number);
        let document = invoice_print(&printer, one).await?;
        let file = match issued.len() {
            1 => file.to_owned(),
            _ => {
                let stem = file.file_stem().unwrap_or_default().to_string_lossy();
                file.with_file_name(format!("{stem}-{number}.pdf"))
            }
        };
        let part = file.with_extension("part");
        let shown = part.display();
        fs::write(&part, document.pdf).with_context(|| format!("{shown} を作れません"))?;
        fs::rename(&part, &file)?;
        println!("請求書 {number}: {}", file.display());
    }
    Ok(())
}
