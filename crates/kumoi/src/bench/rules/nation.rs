//! The resident tax of the whole nation: invented people of the country's number, made, reckoned
//! and forgotten a block at a time on every core. No database, and no more memory for more people.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use population::{Population, sample_organisations};
use rules::column::{Dictionary, Program};

use super::super::memory::peak;
use super::tax::{Adult, Tax, YEAR, household_adults};

/// Households that a thread takes at a time.
const BLOCK: u32 = 4_096;

/// What the people come to.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    people: usize,
    adults: usize,
    taxed: usize,
    yen: i64,
    irregular: usize,
}

/// Everybody once.
pub(super) fn nation(tax: &Tax, people: u32) -> Result<()> {
    let nation = Population::new(4, &sample_organisations()[0], people, YEAR);
    let next = AtomicU32::new(0);
    let begin = Instant::now();
    let threads = available_parallelism()?.get();
    let parts: Vec<Result<Sums>> = scope(|scope| {
        let part = || scope.spawn(|| part(tax, &nation, &next));
        let running: Vec<_> = (0..threads).map(|_| part()).collect();
        running
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread broke down"))?)
            .collect()
    });
    let seconds = begin.elapsed().as_secs_f64();
    let mut all = Sums::default();
    for part in parts {
        let part = part?;
        all.people += part.people;
        all.adults += part.adults;
        all.taxed += part.taxed;
        all.yen += part.yen;
        all.irregular += part.irregular;
    }
    ensure!(all.irregular == 0, "{} are irregular", all.irregular);
    println!(
        "rules, resident tax of the nation on {threads} cores: {} people with {} adults in \
         {seconds:.1} s ({} taxed, {} yen); peak of this process {:.0} MiB",
        all.people,
        all.adults,
        all.taxed,
        all.yen,
        peak()?
    );
    Ok(())
}

fn part(tax: &Tax, nation: &Population, next: &AtomicU32) -> Result<Sums> {
    let mut sums = Sums::default();
    let program = Program::new(tax.plan(), Dictionary::default());
    let mut program = program.map_err(|refused| anyhow!(refused.join(" ")))?;
    let mut adults: Vec<Adult> = Vec::new();
    loop {
        let from = next.fetch_add(BLOCK, Ordering::Relaxed);
        if from >= nation.households() {
            return Ok(sums);
        }
        adults.clear();
        for index in from..nation.households().min(from + BLOCK) {
            let household = nation.household(index);
            sums.people += household.members.len();
            household_adults(&household, &mut adults);
        }
        let batch = tax.batch(&adults, program.dictionary());
        sums.adults += adults.len();
        program.each(&batch, (0, batch.rows), |_, results| {
            sums.irregular += results.irregular.len();
            for yen in &results.columns["年税額"].values {
                sums.taxed += usize::from(*yen > 0);
                sums.yen += yen;
            }
        });
    }
}
