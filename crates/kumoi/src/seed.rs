//! Loading the invented people of a sample organisation, chunk by chunk, resumable at any point.
//!
//! One thread makes rows while the database takes the chunk before. How far a load has come is
//! kept with the rows themselves; nothing here remembers it.

mod people;

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use cloud::Kept;
use definition::System;
use office::seed::{ChunkRows, SampleHousehold, Seeder};
use population::Population;
use tokio::sync::mpsc;

use crate::sample::{self, Sample};
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
    /// `None`: loaded before.
    rows: Option<ChunkRows>,
}

/// Loads what is missing of the people of `sample`; `progress` hears how many are there.
pub async fn load(
    sample: &Sample,
    kept: &Kept,
    system: &Arc<System>,
    mut progress: impl FnMut(u32),
) -> Result<()> {
    let credentials = &kept.office;
    if !credentials.organisation.sample {
        bail!("{}は見本の団体ではありません", credentials.organisation.name);
    }
    let key = credentials.vault.as_deref();
    let database = credentials.database(credentials.office.as_ref(), key, 2)?;
    let seeder = Seeder::new(database, system.clone(), sample::DAY, sample::RECORDED_AT);
    let position = seeder.position().await?;
    let (sender, mut chunks) = mpsc::channel(1);
    let (maker, whose) = (seeder.clone(), sample.clone());
    let making = tokio::task::spawn_blocking(move || {
        produce(&maker, &population(&whose), position, &sender)
    });
    while let Some(Ready { number, people, households, rows }) = chunks.recv().await {
        if let Some(rows) = rows {
            let series =
                [("宛名番号", i64::from(people) + 1), ("世帯番号", i64::from(households) + 1)];
            seeder.chunk_write(number, rows, &series).await?;
        }
        progress(people);
    }
    making.await.context("見本住民を作る係が止まりました")?
}

/// The people of a sample organisation, the same at every call.
pub fn population(sample: &Sample) -> Population {
    let source = sample.source;
    let seed = source.code.parse().unwrap_or_default();
    Population::new(seed, source, source.people, sample::DAY)
}

/// Whether all people of `sample` are loaded.
pub async fn loaded(sample: &Sample, kept: &Kept, system: &Arc<System>) -> Result<bool> {
    let credentials = &kept.office;
    let database = credentials.database(credentials.office.as_ref(), None, 1)?;
    let seeder = Seeder::new(database, system.clone(), sample::DAY, sample::RECORDED_AT);
    let chunks = population(sample).households().div_ceil(CHUNK);
    Ok(seeder.position().await? >= u64::from(chunks))
}

/// Makes every chunk in order; ends early when nobody takes them any more.
fn produce(
    seeder: &Seeder,
    population: &Population,
    position: u64,
    sender: &mpsc::Sender<Ready>,
) -> Result<()> {
    let maker = Maker::new(population);
    let mut chunk: Vec<SampleHousehold> = Vec::new();
    let (mut number, mut people) = (0, 0_u32);
    for household in population.iter() {
        let households = household.index + 1;
        if number >= position {
            chunk.push(maker.household(&household, u64::from(people))?);
        }
        people += u32::try_from(household.members.len())?;
        if !households.is_multiple_of(CHUNK) && households < population.households() {
            continue;
        }
        let rows = (number >= position).then(|| seeder.rows(&chunk)).transpose()?;
        let ready = Ready { number, people, households, rows };
        if sender.blocking_send(ready).is_err() {
            return Ok(());
        }
        chunk.clear();
        number += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Database;

    /// Every fact of every person of the village finds its item, and twice the same way.
    #[test]
    fn the_village_fits_every_system() {
        let village = sample::samples(Some("village")).remove(0);
        let people = population(&village);
        let maker = Maker::new(&people);
        let mut before = 0;
        let mut households = Vec::new();
        for household in people.iter() {
            let made = maker.household(&household, before).unwrap();
            before += made.people.len() as u64;
            households.push(made);
        }
        let days_ascend = |subject: &office::seed::SampleSubject| {
            !subject.versions.is_empty()
                && subject.versions.windows(2).all(|pair| pair[0].from < pair[1].from)
        };
        assert!(households.iter().all(|one| one.people.iter().all(days_ascend)));
        assert!(households.iter().flat_map(|one| &one.people).any(|one| one.versions.len() > 1));
        for system in crate::systems::systems_load().unwrap().iter() {
            // No connection is opened: rows are computed only.
            let database = Database::new(Default::default(), 1, None).unwrap();
            let seeder = Seeder::new(database, system.clone(), sample::DAY, sample::RECORDED_AT);
            let (one, two) = (seeder.rows(&households).unwrap(), seeder.rows(&households).unwrap());
            assert_eq!((one.people(), one.digest()), (1_000, two.digest()));
        }
    }
}
