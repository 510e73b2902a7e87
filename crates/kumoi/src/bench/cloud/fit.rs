//! Fit and gap: 300 requirements against 50 offers for one business. The offers are the sample
//! vendors' packages, each with some names of its own and some items left out; all invented.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use cloud::fit::{Candidate, Requirement, Verdict, Weight, analyse, analysis_csv};
use definition::System;

use crate::bench::figure::Figure;
use crate::systems::{documents_load, parcels, systems_load};

const REQUIREMENTS: usize = 300;
const OFFERS: usize = 50;
const ROUNDS: usize = 20;

/// Reads nothing that is not in memory: packages are loaded before.
pub(super) fn fit() -> Result<()> {
    let packages = packages()?;
    let candidates: Vec<Candidate> = (0..OFFERS).map(|at| offer(&packages, at)).collect();
    let requirements = requirements(&candidates);
    let asked: Vec<&Requirement> = requirements.iter().collect();
    let (mut figure, mut table) = (Figure::default(), Figure::default());
    let mut counts = [0; 4];
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let found = analyse(&asked, &candidates);
        figure.since(begin);
        let begin = Instant::now();
        let labelled: Vec<_> = found.iter().map(|fit| (fit.offer.to_string(), fit)).collect();
        let text = analysis_csv(&asked, &labelled);
        table.since(begin);
        anyhow::ensure!(text.lines().count() > REQUIREMENTS, "the table is not whole");
        counts = Verdict::ALL.map(|one| found.iter().map(|fit| fit.score.count(one)).sum::<u32>());
    }
    let [fits, setting, unknown, gap] = counts;
    println!(
        "fit and gap, {REQUIREMENTS} requirements, {OFFERS} offers: fits {fits}, by setting \
         {setting}, unknown {unknown}, gap {gap} (must 1 s, aim 100 ms)"
    );
    figure.print("  analysed");
    table.print("  as CSV");
    Ok(())
}

/// Every package for the business that most vendors have one for, with its documents.
fn packages() -> Result<Vec<Candidate>> {
    let mut own = documents_load();
    let mut all: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    let mut add = |system: Arc<System>, documents| {
        let candidates = all.entry(system.id.clone()).or_default();
        candidates.push(Candidate { offer: 0, system, documents });
    };
    for system in systems_load()?.iter() {
        let documents = own.remove(&system.id).unwrap_or_default();
        add(Arc::clone(system), documents);
    }
    for parcel in ["a", "b"].into_iter().flat_map(parcels) {
        let loaded = definition::load(&parcel.package).ok().context("a sample package")?;
        add(Arc::new(loaded.0), parcel.documents);
    }
    all.into_values().max_by_key(Vec::len).context("no package")
}

/// The n-th offer: one name in seven is its own, one item in eleven is missing.
fn offer(packages: &[Candidate], at: usize) -> Candidate {
    let model = &packages[at % packages.len()];
    let mut system = System::clone(&model.system);
    for (place, procedure) in system.procedures.iter_mut().enumerate() {
        if (place + at) % 7 == 0 {
            procedure.name = format!("{}（様式{at}）", procedure.name);
        }
    }
    for register in &mut system.registers {
        let mut place = 0;
        register.items.retain(|_| {
            place += 1;
            (place + at) % 11 != 0
        });
    }
    let offer = i64::try_from(at + 1).unwrap_or_default();
    Candidate { offer, system: Arc::new(system), documents: model.documents.clone() }
}

/// Numbers, names, names written otherwise, and things that nobody has, in turn.
fn requirements(candidates: &[Candidate]) -> Vec<Requirement> {
    let systems = || candidates.iter().map(|one| &one.system);
    let items = || systems().flat_map(|it| &it.registers).flat_map(|register| &register.items);
    let mut numbers: Vec<&String> = items().filter_map(|item| item.number.as_ref()).collect();
    let mut names: Vec<&String> = items().map(|item| &item.name).collect();
    names.extend(systems().flat_map(|it| &it.procedures).map(|procedure| &procedure.name));
    names.extend(systems().flat_map(|it| it.parameters.keys()));
    for list in [&mut numbers, &mut names] {
        list.sort_unstable();
        list.dedup();
    }
    let needs = |at: usize| {
        let name = names[at * 7 % names.len()];
        match at % 5 {
            0 => numbers[at % numbers.len()].clone(),
            1 | 2 => name.clone(),
            3 => format!("{name}の一覧；{}", numbers[at % numbers.len()]),
            _ => format!("どこにもない仕事その{at}"),
        }
    };
    let one = |at: usize| Requirement {
        number: at.to_string(),
        business: candidates.first().map(|it| it.system.name.clone()).unwrap_or_default(),
        step: format!("作業{at}"),
        needs: needs(at),
        weight: Weight::ALL[at % 3],
    };
    (0..REQUIREMENTS).map(one).collect()
}
