//! Ten million rows of invented bills in dollars and yen, dirty as real ones, imported and
//! allocated to 200 invented organisations. What was generated is counted apart and must come out
//! again.

mod generate;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use base::date::Date;
use cloud::cost::allocate::{Basis, Ledger, POPULATION, WORKLOAD, allocate};
use cloud::cost::amount::Amount;
use cloud::cost::import::bill_import;
use cloud::cost::rate::Rates;
use store::cluster::{Cluster, ClusterOptions};
use store::control::cost::{
    Measure, Owner, Rate, day_list, measure_put, owner_list, owner_put, rate_list, rate_put,
};
use store::control::{control_open, organisation_register};
use store::organisation::{Installer, Organisation};

use self::generate::{ACCOUNTS, Generated, MONTH, generate};
use super::super::place::Folder;
use super::super::process::Family;

/// Generates, imports, allocates.
pub(super) async fn focus(folder: &Folder, rows: u64) -> Result<()> {
    let begin = Instant::now();
    let files = folder.path().join("bills");
    let made = tokio::task::spawn_blocking(move || generate(&files, rows)).await??;
    println!(
        "focus: {rows} rows generated in {:.1} s, {} MB in {} files",
        begin.elapsed().as_secs_f64(),
        made.bytes / 1_000_000,
        made.files.len()
    );
    let cluster = Cluster::start(&ClusterOptions::new(folder.path().join("postgres"))).await?;
    let done = measure(folder, &cluster, &made).await;
    cluster.stop().await?;
    done
}

async fn measure(folder: &Folder, cluster: &Cluster, made: &Generated) -> Result<()> {
    let installer = Installer::new(cluster.installer("postgres"));
    let mut client = control_open(&installer).await?;
    basis_write(&client).await?;
    let (begin, before) = (Instant::now(), Family::own()?.time()?);
    let root = folder.path().join("costs");
    let imported = bill_import(&mut client, &root, (&made.files, "bench")).await?;
    let import = begin.elapsed();
    let allocating = Instant::now();
    let ledger = {
        let days =
            day_list(&client, (MONTH, MONTH.saturating_add(jiff::Span::new().months(1)))).await?;
        let rates = Rates::of(&rate_list(&client).await?)?;
        Ledger::of(&days, &owner_list(&client).await?, &rates)?
    };
    let mut basis = Basis { points: points(), ..Basis::default() };
    for one in store::control::cost::measure_list(&client, MONTH).await? {
        basis.measures.insert((one.organisation, one.measure), (one.value, one.source));
    }
    let allocation = allocate(&ledger, &basis)?;
    let allocate = allocating.elapsed();
    let processor = Family::own()?.time()?.saturating_sub(before);
    let bill = &imported.bill;
    println!(
        "focus: import {:.1} s, allocation {:.2} s, together {:.1} s ({:.0} rows/s); \
         processor {:.1} s",
        import.as_secs_f64(),
        allocate.as_secs_f64(),
        (import + allocate).as_secs_f64(),
        bill.rows as f64 / (import + allocate).as_secs_f64(),
        processor.as_secs_f64()
    );
    println!(
        "focus: raw {} MB, {} daily sums, NULL {}, without zone {}, peak memory {} MB",
        bill.raw_bytes / 1_000_000,
        bill.days.len(),
        bill.literal_nulls,
        bill.zoneless,
        peak_mb()?
    );
    let sum = |currency: &str| {
        let days = bill.days.iter().filter(|day| day.key.currency == currency);
        Amount(days.map(|day| day.billed.0).sum())
    };
    ensure!(bill.rows == made.rows, "{} rows of {}", bill.rows, made.rows);
    ensure!(sum("USD") == made.usd && sum("JPY") == made.jpy, "the sums differ");
    for outcome in &allocation.outcomes {
        let shares = outcome.shares.as_ref().map_err(|open| anyhow::anyhow!(open.join("、")))?;
        let yen: i64 = shares.iter().map(|share| share.yen).sum();
        let apart: i64 = allocation.nobody.iter().map(|it| it.2).sum();
        ensure!(yen + apart == allocation.total, "{} does not sum", outcome.method.term());
        println!("focus: {} {} shares, {yen} + {apart} yen", outcome.method.term(), shares.len());
    }
    Ok(())
}

fn points() -> Vec<(String, u32)> {
    vec![(POPULATION.to_owned(), 7), (WORKLOAD.to_owned(), 3)]
}

/// Invented organisations, owners, figures and a rate.
async fn basis_write(client: &store::Connection) -> Result<()> {
    let rate = Rate {
        currency: "USD".to_owned(),
        from: Date::constant(2026, 4, 1),
        micro_yen: 139_000_000,
        source: "計測用の見本".to_owned(),
        certainty: "U".to_owned(),
    };
    rate_put(client, &rate).await?;
    for at in 0..ACCOUNTS {
        let id = format!("bench{:03}", at % 200);
        if at < 200 {
            let organisation = Organisation {
                id: id.clone(),
                code: format!("{:06}", 990_000 + at),
                name: format!("計測市{at}"),
                name_en: format!("Bench {at}"),
                kind: "municipality".to_owned(),
                sample: true,
            };
            organisation_register(client, &organisation).await?;
            for (measure, value) in [(POPULATION, 8_000 + at * 977), ("従前の費用", 1_000 + at)]
            {
                let source = "計測用の見本".to_owned();
                let (measure, value) = (measure.to_owned(), i64::try_from(value)?);
                let organisation = id.clone();
                let one = Measure { organisation, measure, month: MONTH, value, source };
                measure_put(client, &one).await?;
            }
        }
        // One account in twenty is shared by all, one in a hundred is nobody's.
        if at % 100 == 7 {
            continue;
        }
        let shared = at % 20 == 3;
        let owner = Owner {
            provider: generate::provider(at).to_owned(),
            account: generate::account(at),
            environment: String::new(),
            organisation: (!shared).then_some(id),
            system: if shared { "共通ネットワーク" } else { generate::system(at) }.to_owned(),
        };
        owner_put(client, &owner).await?;
    }
    Ok(())
}

/// The largest resident set so far, in MB.
fn peak_mb() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1000)
}
