//! The child allowance of invented families: one with its trace, all in columns.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use base::date::Date;
use population::{Birth, Population, sample_organisations};
use rules::column::{Batch, Column, Dictionary, ListColumn, Program};
use rules::law::Plan;
use rules::value::{Record, Value};

use crate::bench::figure::Figure;
use crate::systems::systems_load;

/// The month whose law is applied.
pub(super) const MONTH: Date = Date::constant(2026, 12, 1);
/// Nobody older counts.
const OLDEST: i16 = 24;
/// Households of the calibration of one trace.
const TRACES: usize = 2_000;

/// Families in the order of their households: births of the people up to 24.
pub(super) struct Families {
    pub offsets: Vec<u32>,
    pub births: Vec<Date>,
}

impl Families {
    /// How many there are.
    pub(super) fn households(&self) -> usize {
        self.offsets.len() - 1
    }
}

/// The first households of an invented population that have somebody up to 24.
pub(super) fn families(count: usize) -> Families {
    let organisation = &sample_organisations()[0];
    let people = Population::new(4, organisation, u32::MAX / 64, MONTH);
    let mut families = Families { offsets: vec![0], births: Vec::new() };
    for household in people.iter() {
        let before = families.births.len();
        for person in &household.members {
            if let Birth::Certain(birth) = person.birth
                && MONTH.year() - birth.year() <= OLDEST
                && !person.head
            {
                families.births.push(birth);
            }
        }
        if families.births.len() > before {
            families.offsets.push(u32::try_from(families.births.len()).unwrap_or(u32::MAX));
        }
        if families.households() >= count {
            break;
        }
    }
    families
}

/// The plan of the month.
pub(super) struct Allowance {
    plan: Arc<Plan>,
}

impl Allowance {
    /// From the built-in system.
    pub(super) fn new() -> Result<Allowance> {
        let systems = systems_load()?;
        let own = systems.iter().find_map(|system| system.calculation("allowance"));
        let law = &own.context("the built-in calculation")?.law;
        let plan = law.plan(MONTH, &BTreeMap::new()).map_err(|errors| anyhow!("{errors:?}"))?;
        Ok(Allowance { plan: Arc::new(plan) })
    }

    /// One household with three children, with its whole trace.
    pub(super) fn trace(&self) -> Result<()> {
        let child = |year: i16| {
            let born = Date::constant(year, 6, 10);
            Value::from(
                Record::new().with("生年月日", born).with("監護", true).with("監護相当", false),
            )
        };
        let facts = Record::new()
            .with("支給月", MONTH)
            .with("判定所得", Value::Null)
            .with("扶養親族等の数", Value::Null)
            .with("児童", vec![child(2018), child(2021), child(2024)]);
        let mut figure = Figure::default();
        for _ in 0..TRACES {
            let begin = Instant::now();
            let answer = black_box(self.plan.explain(black_box(&facts)));
            figure.since(begin);
            ensure!(answer.results.get("月額") == Some(&Value::from(50_000)), "{answer:?}");
        }
        println!(
            "rules, one household of three children with trace: median {:.1} µs, p99 {:.1} µs",
            figure.percentile(50) * 1000.0,
            figure.percentile(99) * 1000.0
        );
        Ok(())
    }

    /// All families in columns, in memory; the sum of a month and a weighted one, and the median
    /// seconds on one core.
    pub(super) fn columns(&self, families: &Families, rounds: usize) -> Result<((i64, i64), f64)> {
        let program = Program::new(self.plan.clone(), Dictionary::default());
        let program = program.map_err(|refused| anyhow!(refused.join(" ")))?;
        let batch = batch(families);
        let (mut figure, mut sums) = (Figure::default(), (0, 0));
        for _ in 0..rounds.max(1) {
            sums = (0, 0);
            let mut irregular = 0;
            let begin = Instant::now();
            program.each(black_box(&batch), (0, batch.rows), |first, results| {
                irregular += results.irregular.len();
                for (at, yen) in (first..).zip(&results.columns["月額"].values) {
                    sums.0 += yen;
                    sums.1 += yen * i64::try_from(at % 1009).unwrap_or(0);
                }
            });
            figure.since(begin);
            ensure!(irregular == 0, "{irregular} are irregular");
        }
        let seconds = figure.percentile(50) / 1000.0;
        let million = |count: usize| count as f64 / seconds / 1e6;
        println!(
            "rules, columns on one core: median {:.3} s, {:.1} million persons/s: {:.1} million \
             recipients and {:.1} million children",
            seconds,
            million(families.households() + families.births.len()),
            million(families.households()),
            million(families.births.len())
        );
        Ok((sums, seconds))
    }
}

fn batch(families: &Families) -> Batch {
    let (households, children) = (families.households(), families.births.len());
    let nobody = || Column {
        values: vec![0; households],
        null: vec![true; households],
        ..Column::default()
    };
    let flags = |flag: bool| Column::flags(std::iter::repeat_n(flag, children));
    let list = ListColumn {
        offsets: families.offsets.clone(),
        unknown: Vec::new(),
        fields: BTreeMap::from([
            ("生年月日".to_owned(), Column::dates(families.births.iter().copied())),
            ("監護".to_owned(), flags(true)),
            ("監護相当".to_owned(), flags(true)),
        ]),
    };
    let month = Column::dates(std::iter::repeat_n(MONTH, households));
    Batch {
        rows: households,
        facts: BTreeMap::from([
            ("支給月".to_owned(), month),
            ("判定所得".to_owned(), nobody()),
            ("扶養親族等の数".to_owned(), nobody()),
        ]),
        lists: BTreeMap::from([("児童".to_owned(), list)]),
    }
}
