//! Loading the invented people of a sample organisation, chunk by chunk, resumable at any point.
//!
//! The people are made once for all systems that hold them. One thread makes rows while the
//! database takes the chunk before. How far a load has come is kept with the rows themselves, by
//! each system for itself; nothing here remembers it.

mod income;
mod movers;
mod people;

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use cloud::Kept;
use definition::System;
use office::seed::{ChunkRows, Seeder};
use population::Population;
use store::Database;
use tokio::sync::mpsc;

use crate::sample::{self, Sample};
use movers::Movers;
use people::Maker;

/// Households in one chunk, about 4,600 people: one transaction.
const CHUNK: u32 = 2_000;

/// A chunk on its way to the database.
struct Ready {
    number: u64,
    /// Everybody up to the end of this chunk.
    people: u32,
    /// Households up to its end.
    households: u32,
    /// For every system in order; `None`: loaded before.
    rows: Vec<Option<ChunkRows>>,
}

/// The load of one system.
#[derive(Clone)]
struct Load {
    seeder: Seeder,
    /// The chunk that comes next.
    position: u64,
}

/// Loads what is missing of the people of `sample` into every one of `systems` that holds people;
/// `progress` hears how many are there.
pub async fn load(
    sample: &Sample,
    kept: &Kept,
    systems: &[Arc<System>],
    mut progress: impl FnMut(u32),
) -> Result<()> {
    let credentials = &kept.office;
    if !credentials.organisation.sample {
        bail!("{}は見本の団体ではありません", credentials.organisation.name);
    }
    let key = credentials.vault.as_deref();
    let database = credentials.database(credentials.office.as_ref(), key, 2)?;
    let loads = loads(&database, systems).await?;
    let (sender, mut chunks) = mpsc::channel(1);
    let (makers, whose) = (loads.clone(), sample.clone());
    let making = tokio::task::spawn_blocking(move || {
        let (population, movers) = (population(&whose), Movers::of(&whose));
        produce(&makers, (&population, &movers), &sender)
    });
    while let Some(Ready { number, people, households, rows }) = chunks.recv().await {
        let series = [("宛名番号", i64::from(people) + 1), ("世帯番号", i64::from(households) + 1)];
        for (load, rows) in loads.iter().zip(rows) {
            if let Some(rows) = rows {
                load.seeder.chunk_write(number, rows, &series).await?;
            }
        }
        progress(people);
    }
    making.await.context("見本住民を作る係が止まりました")?
}

/// How far every system with people has come.
async fn loads(database: &Database, systems: &[Arc<System>]) -> Result<Vec<Load>> {
    let mut loads = Vec::new();
    for system in systems.iter().filter(|system| !system.samples.is_empty()) {
        let seeder =
            Seeder::new(database.clone(), system.clone(), sample::DAY, sample::RECORDED_AT);
        loads.push(Load { position: seeder.position().await?, seeder });
    }
    Ok(loads)
}

/// The people of a sample organisation, the same at every call.
pub fn population(sample: &Sample) -> Population {
    let source = sample.source;
    let seed = source.code.parse().unwrap_or_default();
    Population::new(seed, source, source.people, sample::DAY)
}

/// Whether all people of `sample` are loaded into every one of `systems` that holds people.
pub async fn loaded(sample: &Sample, kept: &Kept, systems: &[Arc<System>]) -> Result<bool> {
    let credentials = &kept.office;
    let database = credentials.database(credentials.office.as_ref(), None, 1)?;
    let chunks = u64::from(population(sample).households().div_ceil(CHUNK));
    Ok(loads(&database, systems).await?.iter().all(|load| load.position >= chunks))
}

/// Makes every chunk in order; ends early when nobody takes them any more.
fn produce(
    loads: &[Load],
    (population, movers): (&Population, &Movers),
    sender: &mpsc::Sender<Ready>,
) -> Result<()> {
    let maker = Maker::new(population);
    let missing = loads.iter().map(|load| load.position).min().unwrap_or(u64::MAX);
    let mut chunk = Maker::chunk();
    let mut people = 0;
    let all = population.households();
    for (number, begin) in (0_u64..).zip((0..all).step_by(CHUNK as usize)) {
        let households = all.min(begin + CHUNK);
        for index in begin..households {
            if number >= missing {
                let household = movers.household(population, index);
                maker.household(&household, u64::from(people), &mut chunk)?;
            }
            people += population.size(index);
        }
        let rows_of = |load: &Load| {
            let is_missing = number >= load.position;
            is_missing.then(|| load.seeder.rows(&chunk)).transpose()
        };
        let rows = loads.iter().map(rows_of).collect::<Result<_, _>>()?;
        if sender.blocking_send(Ready { number, people, households, rows }).is_err() {
            return Ok(());
        }
        chunk.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
