//! `kumoi cost rate`, `owners`, `measures`: what costs are converted and allocated by, with
//! sources.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base::date::Date;
use clap::Args;
use cloud::cost::rate;
use store::control::cost::{Measure, Owner, Rate, measure_put, owner_put, rate_list, rate_put};

use super::{Desk, month_read, rows_read};

/// Options of `kumoi cost rate`; without any it prints the table.
#[derive(Args, Debug)]
pub(super) struct RateArguments {
    /// 通貨（USD など）
    #[arg(requires_all = ["from", "yen", "source"])]
    currency: Option<String>,
    /// この日から
    from: Option<Date>,
    /// 1 単位が何円か
    yen: Option<String>,
    /// 出典
    #[arg(long)]
    source: Option<String>,
    /// 確かさ: V（公的な文書）、R（報道など）、U（未確認）
    #[arg(long, default_value = "U", value_parser = ["V", "R", "U"])]
    certainty: String,
}

/// Adds a rate, prints the table.
pub(super) async fn rate(desk: &Desk, arguments: &RateArguments) -> Result<()> {
    if let (Some(currency), Some(from), Some(yen), Some(source)) =
        (&arguments.currency, arguments.from, &arguments.yen, &arguments.source)
    {
        let valid = currency.len() == 3 && currency.bytes().all(|it| it.is_ascii_uppercase());
        ensure!(valid && currency != "JPY", "通貨は USD のような三文字です（円には要りません）");
        ensure!(!source.trim().is_empty(), "出典を書いてください");
        let micro_yen = rate::read(yen).with_context(|| {
            format!("「{yen}」は為替として読めません（139.5 のように、小数は六桁まで）")
        })?;
        let (currency, source) = (currency.clone(), source.clone());
        let certainty = arguments.certainty.clone();
        rate_put(&desk.client, &Rate { currency, from, micro_yen, source, certainty }).await?;
    }
    for one in rate_list(&desk.client).await? {
        println!(
            "{} {} から 1 = {} 円（{}、{}）",
            one.currency,
            one.from,
            rate::written(one.micro_yen),
            one.source,
            one.certainty
        );
    }
    Ok(())
}

/// Says whose accounts are; all lines or none.
pub(super) async fn owners(desk: &Desk, file: &Path) -> Result<()> {
    let columns = ["provider", "account", "environment", "organisation", "system"];
    let rows = rows_read(file, columns)?;
    desk.client.batch_execute("begin").await.map_err(store::StoreError::from)?;
    for (line, [provider, account, environment, organisation, system]) in &rows {
        let owner = Owner {
            provider: provider.clone(),
            account: account.clone(),
            environment: environment.clone(),
            organisation: (!organisation.is_empty()).then(|| organisation.clone()),
            system: system.clone(),
        };
        owner_put(&desk.client, &owner).await.with_context(|| {
            let file = file.display();
            format!("{file} の {line} 行目: 団体「{organisation}」は開かれていないか、アカウントと環境がどちらも空です")
        })?;
    }
    desk.client.batch_execute("commit").await.map_err(store::StoreError::from)?;
    println!("{} 件のアカウントと環境の持ち主を記録しました", rows.len());
    Ok(())
}

/// Adds figures of organisations; all lines or none.
pub(super) async fn measures(desk: &Desk, file: &Path) -> Result<()> {
    let rows = rows_read(file, ["organisation", "measure", "month", "value", "source"])?;
    desk.client.batch_execute("begin").await.map_err(store::StoreError::from)?;
    for (line, [organisation, measure, month, value, source]) in &rows {
        let at = || format!("{} の {line} 行目", file.display());
        let month = month_read(month).map_err(anyhow::Error::msg).with_context(at)?;
        let value =
            value.parse().with_context(|| format!("{}: 「{value}」は整数ではありません", at()))?;
        ensure!(!source.is_empty(), "{}: 出典（source）が空です", at());
        let one = Measure {
            organisation: organisation.clone(),
            measure: measure.clone(),
            month,
            value,
            source: source.clone(),
        };
        measure_put(&desk.client, &one).await.with_context(|| {
            format!("{}: 団体「{organisation}」は開かれていないか、値が負です", at())
        })?;
    }
    desk.client.batch_execute("commit").await.map_err(store::StoreError::from)?;
    println!("{} 件の数を記録しました", rows.len());
    Ok(())
}
