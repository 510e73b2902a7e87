//! `kumoi cost import`: what came in, what it replaced and by how much it differs.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use cloud::cost::amount::Amount;
use cloud::cost::bill::{Bill, Noted};
use cloud::cost::focus::plain;
use cloud::cost::import::{Imported, Namesake, bill_import_as, bill_withdraw};
use cloud::cost::instant;

use super::Desk;

/// Options of `kumoi cost import`.
#[derive(Args, Debug)]
pub(super) struct ImportArguments {
    /// 一つの請求のファイル。出し直された請求は、前のものを丸ごと置き換える
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// 提供者の名前が変わった: 同じ請求先と期間の、前の名前の請求を置き換える
    #[arg(long, conflicts_with = "other_provider")]
    renamed: bool,
    /// 別の提供者の請求: 請求先の番号と期間が同じでも、並べて取り込む
    #[arg(long)]
    other_provider: bool,
}

/// Imports one bill.
pub(super) async fn import(mut desk: Desk, arguments: &ImportArguments) -> Result<()> {
    let namesake = match (arguments.renamed, arguments.other_provider) {
        (true, _) => Namesake::Renamed,
        (_, true) => Namesake::Other,
        _ => Namesake::Unknown,
    };
    let files = (arguments.files.as_slice(), desk.actor.as_str());
    let imported = bill_import_as(&mut desk.client, &desk.root, files, namesake).await?;
    said(&imported);
    Ok(())
}

/// Takes a bill out of the books.
pub(super) async fn withdraw(mut desk: Desk, import: i64, reason: &str) -> Result<()> {
    bill_withdraw(&mut desk.client, import, (&desk.actor, reason)).await?;
    println!("請求 {import} を除きました。按分した月は、按分し直してください");
    Ok(())
}

/// Prints what was read otherwise than it is written, each with where it is first.
fn noticed(bill: &Bill) {
    let place = |noted: &Noted| match &noted.first {
        Some((file, line, column)) => {
            format!("最初は {} の {line} 行目、列 {column}", bill.files[*file])
        }
        None => String::new(),
    };
    if bill.rounded.count > 0 {
        println!(
            "  小数点以下が 20 桁を超える数が {} 個あり、21 桁目を四捨五入しました（{}）",
            bill.rounded.count,
            place(&bill.rounded)
        );
    }
    if bill.momentary.count > 0 {
        println!(
            "  始まりと終わりが同じ時の利用が {} 行あり、その日の分として数えました（{}）",
            bill.momentary.count,
            place(&bill.momentary)
        );
    }
    for (file, column) in &bill.dropped {
        println!(
            "  {} の列 {column} は FOCUS にない入れ子の列で、取り込みませんでした",
            bill.files[*file]
        );
    }
}

/// Prints what was imported.
pub(super) fn said(imported: &Imported) {
    let bill = &imported.bill;
    println!(
        "請求 {} を取り込みました: {} 行、日別の集計 {} 件、明細 {} MB",
        imported.id,
        bill.rows,
        bill.days.len(),
        bill.raw_bytes / 1_000_000
    );
    if bill.zoneless > 0 {
        println!("  時差のない日時が {} 個あり、UTC として読みました", bill.zoneless);
    }
    if bill.literal_nulls > 0 {
        println!("  文字の NULL が {} 個あり、値なしとして読みました", bill.literal_nulls);
    }
    noticed(bill);
    if let Some(before) = imported.replaces {
        println!("  請求 {before} は、この請求で置き換えました");
    }
    for (scope, billed, before) in &imported.scopes {
        print!(
            "  {} 請求先 {} {}〜{}: {billed} {}",
            plain(&scope.provider),
            scope.billing_account,
            instant::text(scope.period.0),
            instant::text(scope.period.1),
            scope.currency
        );
        match before {
            Some(before) => println!("（前は {before}、差 {}）", Amount(billed.0 - before.0)),
            None => println!(),
        }
    }
}
