//! `kumoi cost allocate`: the four methods side by side, kept with their traces.

use anyhow::{Context, Result};
use base::date::Date;
use base::money::Yen;
use clap::Args;
use cloud::cost::allocate::{Allocation, Method, POPULATION};
use cloud::cost::books::{Books, allocation_keep, books_open};
use cloud::cost::focus::plain;

use super::{Desk, month_read};

/// Options of `kumoi cost allocate`.
#[derive(Args, Debug)]
pub(super) struct AllocateArguments {
    /// 月（2026-05 のように）
    #[arg(value_parser = month_read)]
    month: Date,
    /// 独自点数の配点（例: 人口=7,業務量=3）
    #[arg(long, value_delimiter = ',', value_parser = points_read, default_value = "人口=7,業務量=3")]
    points: Vec<(String, u32)>,
    /// それぞれの額がどう出たかも示す
    #[arg(long)]
    trace: bool,
}

pub(super) fn points_read(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("「{text}」は配点として読めません（人口=7 のように）");
    let (name, points) = text.split_once('=').ok_or_else(wrong)?;
    Ok((name.trim().to_owned(), points.trim().parse().map_err(|_| wrong())?))
}

/// Allocates a month, keeps it and prints it.
pub(super) async fn allocate(mut desk: Desk, arguments: &AllocateArguments) -> Result<()> {
    let mut books = books_open(&desk.client, arguments.month).await?;
    books.basis.points = arguments.points.clone();
    let allocation = books.allocate()?;
    let run = allocation_keep(&mut desk.client, (&books, &allocation), &desk.actor).await?;
    println!(
        "按分 {run}（{} の請求 {}）",
        arguments.month.strftime("%Y年%-m月"),
        Yen(allocation.total)
    );
    said(&books, &allocation, arguments.trace).context("按分の表")
}

fn said(books: &Books, allocation: &Allocation, trace: bool) -> Result<()> {
    let heads = Method::ALL.map(Method::term).join("\t");
    println!("団体\t業務\t{heads}\t人口\t一人当たり（利用量）");
    for (organisation, system) in allocation.owners() {
        let yen = |method| allocation.share(method, &organisation, &system).map(|it| it.yen);
        let shown = |method| yen(method).map_or("―".to_owned(), |it| Yen(it).grouped());
        let people = books.measure(&organisation, POPULATION);
        let each = match (people, yen(Method::Usage)) {
            (Some(people), Some(yen)) if people > 0 => format!("{:.1}", yen as f64 / people as f64),
            _ => "―".to_owned(),
        };
        let people = people.map_or("―".to_owned(), |it| Yen(it).grouped());
        println!(
            "{organisation}\t{system}\t{}\t{people}\t{each}",
            Method::ALL.map(shown).join("\t")
        );
        for method in Method::ALL.into_iter().filter(|_| trace) {
            if let Some(share) = allocation.share(method, &organisation, &system) {
                println!("    {}", share.working);
            }
        }
    }
    for (provider, account, yen) in &allocation.nobody {
        println!("未割当\t{} {}\t{}", plain(provider), plain(account), Yen(*yen));
    }
    for (provider, yen) in &allocation.taxes {
        println!("消費税等（按分しない）\t{}\t{}", plain(provider), Yen(*yen));
    }
    for outcome in &allocation.outcomes {
        if let Err(open) = &outcome.shares {
            println!("{} は出せません: {}", outcome.method.term(), open.join("、"));
        }
    }
    Ok(())
}
