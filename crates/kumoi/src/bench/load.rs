//! Loading people the way a city is filled, against plain COPY of the very rows that this wrote.
//!
//! Both go into fresh tables with all constraints and indexes, over the same socket, durable.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use store::bulk::plain::{table_load, table_save};
use store::register::Table;

use super::figure::Figure;
use super::place::{City, Folder, Place};
use crate::seed;

/// Measures `rounds` times; every round fills two organisations of its own.
pub(super) async fn load(folder: &Folder, people: u32, rounds: u32) -> Result<()> {
    let place = Place::open(folder).await?;
    let (mut ours, mut plain) = (Figure::default(), Figure::default());
    for round in 0..rounds.max(1) {
        let (own, rows, copied) = one(&place, folder, people, round).await?;
        println!(
            "round {round}: {people} people, {rows} rows; ours {:.2} s ({:.0} people/s), \
             plain COPY {:.2} s ({:.0} rows/s), ratio {:.3}",
            own.as_secs_f64(),
            f64::from(people) / own.as_secs_f64(),
            copied.as_secs_f64(),
            rows as f64 / copied.as_secs_f64(),
            copied.as_secs_f64() / own.as_secs_f64()
        );
        ours.add(own);
        plain.add(copied);
    }
    ours.print("load, ours");
    plain.print("load, plain COPY");
    println!("load, ratio of the medians: {:.3}", plain.percentile(50) / ours.percentile(50));
    place.close().await
}

/// One round: our time, rows, time of plain COPY.
async fn one(
    place: &Place,
    folder: &Folder,
    people: u32,
    round: u32,
) -> Result<(Duration, u64, Duration)> {
    let stamp = jiff::Timestamp::now().as_second();
    let ours = place.city(&format!("ours_{stamp}_{round}"), people).await?;
    let plain = place.city(&format!("plain_{stamp}_{round}"), people).await?;
    let begin = Instant::now();
    seed::load(&ours.sample, &ours.kept, &place.systems, |_| {}).await?;
    let own = begin.elapsed();
    let tables = tables(place)?;
    let files = folder.path().join("copy");
    fs::create_dir_all(&files)?;
    let source = place.owner(&ours).await?;
    for (at, table) in tables.iter().enumerate() {
        table_save(&source, table, &files.join(at.to_string())).await?;
    }
    drop(source);
    // Read once, so that neither side waits for the disk to read.
    for at in 0..tables.len() {
        fs::read(files.join(at.to_string()))?;
    }
    let (rows, copied) = copy(place, &plain, &tables, &files).await?;
    fs::remove_dir_all(&files).context("the files of the copy")?;
    Ok((own, rows, copied))
}

async fn copy(
    place: &Place,
    city: &City,
    tables: &[String],
    files: &std::path::Path,
) -> Result<(u64, Duration)> {
    let target = place.owner(city).await?;
    let mut rows = 0;
    let begin = Instant::now();
    for (at, table) in tables.iter().enumerate() {
        let started = Instant::now();
        let count = table_load(&target, table, &files.join(at.to_string())).await?;
        println!("  copy {table}: {count} rows, {:.2} s", started.elapsed().as_secs_f64());
        rows += count;
    }
    Ok((rows, begin.elapsed()))
}

/// Every table that a load fills.
fn tables(place: &Place) -> Result<Vec<String>> {
    let mut tables = vec!["core.journal".to_owned()];
    for system in place.systems_with_people() {
        for sample in &system.samples {
            let table = Table::new(system, &sample.register)?;
            tables.extend([table.current(), table.history()]);
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests;
