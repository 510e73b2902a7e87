//! The resident tax of an invented population: one person with the trace, all in columns.
//!
//! People and households are those of the sample population; incomes, premiums and donations are
//! drawn, so that most people have few of them and somebody has each.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use base::date::Date;
use population::{Birth, Household, Population, sample_organisations};
use rules::Type;
use rules::column::{Batch, Column, Dictionary, ListColumn, Program};
use rules::law::{FactKind, Plan};
use rules::value::{Record, Value};

use crate::bench::figure::Figure;
use crate::systems::systems_load;

/// The first day of the fiscal year.
pub(super) const YEAR: Date = Date::constant(2026, 4, 1);
/// People with their whole trace.
const TRACES: usize = 2_000;
/// Younger people have no income of their own here.
const ADULT: i16 = 18;

/// Per thousand adults that have a fact, and the most it is; others have none of it.
const DRAWN: &[(&str, u64, u64)] = &[
    ("給与収入", 620, 11_000_000),
    ("営業等所得", 70, 6_000_000),
    ("農業所得", 20, 2_000_000),
    ("不動産所得", 50, 4_000_000),
    ("利子所得", 2, 100_000),
    ("配当所得", 30, 500_000),
    ("業務に係る雑所得", 30, 400_000),
    ("その他の雑所得", 20, 300_000),
    ("総合短期譲渡", 1, 1_000_000),
    ("総合長期譲渡", 2, 2_000_000),
    ("一時所得の差引", 10, 3_000_000),
    ("分離長期一般", 5, 20_000_000),
    ("分離長期軽課", 1, 60_000_000),
    ("分離短期一般", 1, 5_000_000),
    ("上場株式等配当", 20, 400_000),
    ("株式等譲渡", 20, 2_000_000),
    ("先物取引", 2, 1_000_000),
    ("医療費", 90, 900_000),
    ("社会保険料", 800, 1_300_000),
    ("小規模企業共済等掛金", 60, 800_000),
    ("旧一般生命保険料", 250, 150_000),
    ("新一般生命保険料", 350, 150_000),
    ("旧個人年金保険料", 90, 150_000),
    ("新個人年金保険料", 120, 150_000),
    ("介護医療保険料", 350, 120_000),
    ("地震保険料", 250, 60_000),
    ("旧長期損害保険料", 30, 20_000),
    ("住宅借入金等の控除残額", 80, 150_000),
    ("所得税の課税総所得金額等", 600, 5_000_000),
    ("都道府県等への寄附金", 170, 120_000),
    ("申告特例", 90, 1),
    ("配当割額等", 20, 30_000),
    ("所得金額調整控除の要件", 60, 1),
    ("勤労学生", 8, 1),
    ("生活扶助", 16, 1),
];

/// The plan of the year.
pub(super) struct Tax {
    plan: Arc<Plan>,
}

/// One adult: whose tax it is, with the members of the household that count.
pub(super) struct Adult {
    /// The place within the household.
    pub(super) member: usize,
    /// A number for drawing.
    seed: u64,
    birth: Date,
    spouse: Option<Date>,
    dependants: Vec<Date>,
}

impl Tax {
    /// From the built-in system.
    pub(super) fn new() -> Result<Tax> {
        let systems = systems_load()?;
        let own = systems.iter().find_map(|system| system.calculation("assessment"));
        let law = &own.context("the built-in calculation")?.law;
        let plan = law.plan(YEAR, &BTreeMap::new()).map_err(|errors| anyhow!("{errors:?}"))?;
        Ok(Tax { plan: Arc::new(plan) })
    }

    /// People one after the other with the whole trace, and as many in columns.
    pub(super) fn measure(&self, count: usize, rounds: usize) -> Result<()> {
        let adults = adults(count);
        let mut dictionary = Dictionary::default();
        let batch = self.batch(&adults, &mut dictionary);
        let program = Program::new(self.plan.clone(), dictionary);
        let program = program.map_err(|refused| anyhow!(refused.join(" ")))?;
        self.trace(&program, &batch)?;
        let (mut figure, mut sum) = (Figure::default(), 0);
        for _ in 0..rounds.max(1) {
            (sum, _) = (0, black_box(&batch));
            let mut irregular = 0;
            let begin = Instant::now();
            program.each(&batch, (0, batch.rows), |_, results| {
                irregular += results.irregular.len();
                sum += results.columns["年税額"].values.iter().sum::<i64>();
            });
            figure.since(begin);
            ensure!(irregular == 0, "{irregular} are irregular");
        }
        let seconds = figure.percentile(50) / 1000.0;
        println!(
            "rules, resident tax in columns on one core: {} adults, median {seconds:.3} s, \
             {:.2} million persons/s ({sum} yen)",
            batch.rows,
            batch.rows as f64 / seconds / 1e6
        );
        Ok(())
    }

    /// The trace of single people; what it says is what the columns say.
    fn trace(&self, program: &Program, batch: &Batch) -> Result<()> {
        let results = program.run(batch);
        let mut figure = Figure::default();
        for row in 0..TRACES.min(batch.rows) {
            let facts: Record = program.facts(batch, row);
            let begin = Instant::now();
            let answer = black_box(self.plan.explain(black_box(&facts)));
            figure.since(begin);
            let column = Value::from(results.columns["年税額"].values[row]);
            ensure!(answer.results.get("年税額") == Some(&column), "{row}: {answer:?}");
        }
        println!(
            "rules, resident tax of one person with trace ({} rules): median {:.1} µs, \
             p99 {:.1} µs",
            self.plan.rules(),
            figure.percentile(50) * 1000.0,
            figure.percentile(99) * 1000.0
        );
        Ok(())
    }

    /// The plan.
    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// The facts of these people.
    pub(super) fn batch(&self, adults: &[Adult], dictionary: &mut Dictionary) -> Batch {
        let mut batch = Batch { rows: adults.len(), ..Batch::default() };
        let ordinary = dictionary.number("0");
        for fact in &self.plan.calculation.facts {
            match &fact.kind {
                FactKind::One(kind) => {
                    let column = column(&fact.name, &kind.ty, (adults, ordinary));
                    batch.facts.insert(fact.name.clone(), column);
                }
                FactKind::List { .. } => {
                    batch.lists.insert(fact.name.clone(), dependants(adults, ordinary));
                }
            }
        }
        batch
    }
}

fn column(name: &str, ty: &Type, (adults, ordinary): (&[Adult], i64)) -> Column {
    match (name, ty) {
        ("年度の初日", _) => Column::dates(adults.iter().map(|_| YEAR)),
        ("生年月日", _) => Column::dates(adults.iter().map(|adult| adult.birth)),
        ("配偶者の生年月日", _) => {
            Column::dates(adults.iter().map(|adult| adult.spouse.unwrap_or(adult.birth)))
        }
        ("配偶者" | "配偶者の同居", _) => {
            Column::flags(adults.iter().map(|adult| adult.spouse.is_some()))
        }
        ("公的年金等収入", _) => Column::of(adults.iter().map(pension).collect()),
        ("配偶者の合計所得金額", _) => {
            let income = |adult: &Adult| draw(adult.seed, "配偶者", 500, 1_600_000);
            Column::of(adults.iter().map(income).collect())
        }
        (_, Type::Text) => Column::of(vec![ordinary; adults.len()]),
        _ => {
            let found = DRAWN.iter().find(|(known, ..)| *known == name);
            let (_, share, most) = found.copied().unwrap_or((name, 0, 1));
            if share == 0 {
                return Column::of(vec![0; adults.len()]);
            }
            let salt = salt(name);
            let drawn = adults.iter().map(|adult| drawn(adult.seed, salt, share, most));
            match ty {
                Type::Boolean => Column::flags(drawn.map(|value| value > 0)),
                _ => Column::of(drawn.collect()),
            }
        }
    }
}

fn dependants(adults: &[Adult], ordinary: i64) -> ListColumn {
    let mut list = ListColumn { offsets: vec![0], ..ListColumn::default() };
    let births: Vec<Date> = adults.iter().flat_map(|adult| adult.dependants.clone()).collect();
    let mut end = 0_u32;
    for adult in adults {
        end += u32::try_from(adult.dependants.len()).unwrap_or(0);
        list.offsets.push(end);
    }
    let count = births.len();
    let flags = |flag: bool| Column::flags(std::iter::repeat_n(flag, count));
    let fields = [
        ("生年月日（親族）", Column::dates(births)),
        ("合計所得金額（親族）", Column::of(vec![0; count])),
        ("障害区分（親族）", Column::of(vec![ordinary; count])),
        ("同居", flags(true)),
        ("直系尊属", flags(false)),
        ("国外対象外", flags(false)),
    ];
    list.fields = fields.into_iter().map(|(name, column)| (name.to_owned(), column)).collect();
    list
}

/// Pensions from 65 on.
fn pension(adult: &Adult) -> i64 {
    if YEAR.year() - adult.birth.year() < 65 {
        return 0;
    }
    draw(adult.seed, "公的年金等収入", 950, 3_200_000)
}

/// Nothing for most people; for `share` of a thousand up to `most`.
fn draw(seed: u64, name: &str, share: u64, most: u64) -> i64 {
    drawn(seed, salt(name), share, most)
}

/// What makes the draws of one name differ from those of another.
fn salt(name: &str) -> u64 {
    name.bytes().fold(0x9E37_79B9_7F4A_7C15, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn drawn(seed: u64, salt: u64, share: u64, most: u64) -> i64 {
    let mut state = (seed ^ salt).wrapping_mul(0x0100_0000_01B3);
    state ^= state >> 29;
    state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state ^= state >> 32;
    if state % 1000 >= share {
        return 0;
    }
    i64::try_from(1 + (state >> 10) % most).unwrap_or(0)
}

/// The first adults of an invented population.
fn adults(count: usize) -> Vec<Adult> {
    let organisation = &sample_organisations()[0];
    let people = Population::new(4, organisation, u32::MAX / 64, YEAR);
    let mut adults = Vec::with_capacity(count);
    for household in people.iter() {
        household_adults(&household, &mut adults);
        if adults.len() >= count {
            break;
        }
    }
    adults.truncate(count);
    adults
}

/// The adults of a household with those who count for them.
pub(super) fn household_adults(household: &Household, adults: &mut Vec<Adult>) {
    let born = |birth: &Birth| match birth {
        Birth::Certain(birth) => Some(*birth),
        _ => None,
    };
    let members: Vec<(usize, Date, bool, &str)> = household
        .members
        .iter()
        .enumerate()
        .filter_map(|(at, own)| Some((at, born(&own.birth)?, own.head, own.relationship)))
        .collect();
    let is_adult = |birth: Date| YEAR.year() - birth.year() > ADULT;
    for (member, birth, head, _) in members.iter().filter(|(_, birth, ..)| is_adult(*birth)) {
        let number = u64::from(household.index) << 16 | u64::try_from(adults.len()).unwrap_or(0);
        let seed = number.wrapping_mul(0x2545_F491_4F6C_DD1D);
        let spouse = members.iter().find(|(.., word)| *head && (*word == "妻" || *word == "夫"));
        let mut dependants = Vec::new();
        if *head {
            let young = members.iter().filter(|(_, birth, ..)| !is_adult(*birth));
            dependants.extend(young.map(|(_, birth, ..)| *birth));
        }
        let spouse = spouse.map(|(_, birth, ..)| *birth);
        adults.push(Adult { member: *member, seed, birth: *birth, spouse, dependants });
    }
}
