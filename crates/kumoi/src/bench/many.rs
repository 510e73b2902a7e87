//! Many municipalities on one machine: one office zone with lazily opened connections, its work in
//! the background running, a mixed load over all of them at once.
//!
//! Calls the office where the counter's pages call it; HTTP and the browser are left out. Work
//! begins at its appointed time whether or not earlier work has ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jiff::Timestamp;
use office::access::role;
use office::case::{case_approve, case_enter};
use office::certificate::{Job, certificate_issue};
use office::register::{Query, page, search};
use office::{Office, OfficeError};
use portal::counter::CounterState;
use print::{Printer, WorkerCommand};
use store::activity::activity;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::Crowd;
use super::certificates::render;
use super::disk::Disk;
use super::figure::Figure;
use super::place::{City, Folder, Place, actor};
use super::process::Family;
use super::search::{Sought, keys, sought};
use super::work::Work;

const PURPOSE: &str = "計測";
/// Until what the start left to do is done.
const SETTLING: Duration = Duration::from_secs(90);
/// The first wave, in seconds.
const FIRST: u32 = 10;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Search,
    Page,
    Case,
    Certificate,
}

impl Sort {
    /// Of twenty works: nine searches, eight pages, two move-ins, one certificate.
    fn at(number: usize) -> Sort {
        match number % 20 {
            0 | 10 => Sort::Case,
            5 => Sort::Certificate,
            rest if rest % 2 == 0 => Sort::Page,
            _ => Sort::Search,
        }
    }

    fn must(self) -> &'static str {
        match self {
            Sort::Search => "search (must: p99 50 ms)",
            Sort::Page => "page (must: p99 50 ms)",
            Sort::Case => "case with its reactions (must: p99 150 ms)",
            Sort::Certificate => "certificate (no must of its own)",
        }
    }
}

/// The times of one sort of work: what began in the first seconds, when every body had been
/// asleep, and the rest.
#[derive(Default)]
struct Waves {
    first: Figure,
    rest: Figure,
}

impl Waves {
    fn of(&mut self, is_first: bool) -> &mut Figure {
        if is_first { &mut self.first } else { &mut self.rest }
    }

    fn count(&self) -> usize {
        self.first.count() + self.rest.count()
    }

    /// All of them, and each wave.
    fn print(self, name: &str) {
        self.first.print(&format!("many, first {FIRST} s, {name}"));
        self.rest.print(&format!("many, after {FIRST} s, {name}"));
        let mut all = self.first;
        all.join(self.rest);
        all.print(&format!("many, {name}"));
    }
}

/// What every work needs.
struct Desk {
    state: CounterState,
    bodies: Vec<String>,
    names: Vec<String>,
    keys: Vec<String>,
    work: Work,
    printer: Printer,
    first: u32,
}

/// Opens, fills, waits, works, reports.
pub(super) async fn many(folder: &Folder, crowd: Crowd) -> Result<()> {
    let place = Place::open(folder).await?;
    let desk = Arc::new(desk(&place, crowd).await?);
    let background = desk.state.spawn_workers();
    let peak = Arc::new(AtomicUsize::new(0));
    let server = place.installer.connect("postgres").await?;
    let counting = tokio::spawn(count(server, Arc::clone(&peak)));
    idle(&place, crowd).await?;
    println!("connections while idle: {}", peak.swap(0, Ordering::Relaxed));
    let busy = Family::of(place.server())?.time()?;
    let own = Family::own()?.time()?;
    let disk = Disk::watch(folder.path())?;
    let begin = Instant::now();
    let (figures, refused) = works(&desk, crowd).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let disk = disk.end()?;
    let done: usize = figures.values().map(Waves::count).sum();
    figures.into_iter().for_each(|(sort, waves)| waves.print(sort.must()));
    disk.print("many, the disk meanwhile, 8 KiB written and synced (no commit is faster)");
    println!("many: {:.1} works a second, {refused} refused", done as f64 / seconds);
    let share = |before: Duration, now: Duration| (now - before).as_secs_f64() / seconds * 100.0;
    println!(
        "many, share of a core: office {:.1} %, PostgreSQL {:.1} %",
        share(own, Family::own()?.time()?),
        share(busy, Family::of(place.server())?.time()?)
    );
    println!("many, connections at most: {}", peak.load(Ordering::Relaxed));
    println!(
        "many, memory (PSS): office with its printer {:.0} MiB, PostgreSQL {:.0} MiB",
        Family::own()?.memory()?,
        Family::of(place.server())?.memory()?
    );
    counting.abort();
    drop(background);
    place.close().await
}

/// Opens and fills the bodies that are not there yet; what was open is closed again.
async fn desk(place: &Place, crowd: Crowd) -> Result<Desk> {
    let (mut bodies, mut credentials, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let begin = Instant::now();
    for number in 1..=crowd.bodies {
        let id = format!("many{}_{number:03}", crowd.people);
        let City { kept, sample, office } = place.city_filled(&id, crowd.people).await?;
        if names.is_empty() {
            names = names_of(&City { kept: kept.clone(), sample, office });
        }
        credentials.push(kept.office);
        bodies.push(id);
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{} bodies of {} people: {seconds:.1} s", crowd.bodies, crowd.people);
    let printer = Printer::new(WorkerCommand::new(std::env::current_exe()?, &["print-worker"]));
    let state = CounterState::new(credentials, Arc::clone(&place.systems), printer.clone())?;
    let keys = keys(crowd.people, 5_000)?;
    // A folder that is used again already knows the names of earlier runs.
    let first = u32::try_from(Timestamp::now().as_second() % 1_000_000)? * 1_000;
    Ok(Desk { state, bodies, names, keys, work: Work::read()?, printer, first })
}

/// Half in kana, half in kanji; every second one with the first letter of the given name.
fn names_of(city: &City) -> Vec<String> {
    let text = |(at, one): (usize, Sought)| {
        let name = one.name;
        let (family, given) = match at % 2 {
            0 => (name.family_kana, name.given_kana),
            _ => (name.family, name.given),
        };
        match given.chars().next().filter(|_| at % 4 > 1) {
            Some(first) => format!("{family}　{first}"),
            None => family.to_owned(),
        }
    };
    sought(city, 5_000).into_iter().enumerate().map(text).collect()
}

/// Looks how many connections there are, for the highest number.
async fn count(server: store::Connection, peak: Arc<AtomicUsize>) {
    loop {
        if let Ok(all) = activity(&server).await {
            let sum: i32 = all.values().map(|one| one.connections).sum();
            peak.fetch_max(usize::try_from(sum).unwrap_or_default(), Ordering::Relaxed);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// What all bodies cost while nobody works.
async fn idle(place: &Place, crowd: Crowd) -> Result<()> {
    sleep(SETTLING).await;
    let (server, own) = (Family::of(place.server())?.time()?, Family::own()?.time()?);
    let begin = Instant::now();
    sleep(Duration::from_secs(u64::from(crowd.idle))).await;
    let share = |before: Duration, now: Duration| {
        (now.saturating_sub(before)).as_secs_f64() / begin.elapsed().as_secs_f64() * 100.0
    };
    println!(
        "idle, share of a core: office {:.2} %, PostgreSQL {:.2} %",
        share(own, Family::own()?.time()?),
        share(server, Family::of(place.server())?.time()?)
    );
    Ok(())
}

/// Begins work after work over all bodies; times by sort, and how much was refused.
async fn works(desk: &Arc<Desk>, crowd: Crowd) -> Result<(BTreeMap<Sort, Waves>, usize)> {
    let mut clock = interval(Duration::from_secs(1) / crowd.rate.max(1));
    let mut running = JoinSet::new();
    // The print worker starts with its first document.
    one(desk, 5).await?;
    for number in 0..(crowd.seconds * crowd.rate) as usize {
        clock.tick().await;
        let desk = Arc::clone(desk);
        running.spawn(async move {
            let begin = Instant::now();
            one(&desk, number).await.map(|done| (number, done, begin.elapsed()))
        });
    }
    let (mut figures, mut refused) = (BTreeMap::<Sort, Waves>::new(), 0);
    while let Some(ended) = running.join_next().await {
        match ended?? {
            (number, true, time) => {
                let is_first = number < (FIRST * crowd.rate) as usize;
                figures.entry(Sort::at(number)).or_default().of(is_first).add(time);
            }
            (_, false, _) => refused += 1,
        }
    }
    Ok((figures, refused))
}

/// One work at one body; false when it was refused, as for a removed or protected person.
async fn one(desk: &Desk, number: usize) -> Result<bool> {
    // Every body in turn, each sort at every body.
    let body = (number * 7 + number / desk.bodies.len()) % desk.bodies.len();
    let place = desk.state.place(&desk.bodies[body]).context("no such body")?;
    let office = &place.office;
    let clerk = actor("madoguchi", role::COUNTER);
    let register = &desk.work.register;
    let whose = (register.system.as_str(), register.register.as_str());
    let key = &desk.keys[number % desk.keys.len()];
    match Sort::at(number) {
        Sort::Search => {
            let text = desk.names[number % desk.names.len()].clone();
            let query = Query { text, ..Query::default() };
            search(office, &clerk, whose, &query, PURPOSE).await?;
        }
        Sort::Page => drop(page(office, &clerk, whose, key, None, PURPOSE).await?),
        Sort::Case => case(desk, office, number).await?,
        Sort::Certificate => {
            let own = desk.printer.clone();
            let job = async move |job: Job| render(&own, job).await;
            let input = desk.work.certificate.of(std::slice::from_ref(key));
            match certificate_issue(office, &clerk, &input, job).await {
                Err(OfficeError::Invalid(_) | OfficeError::Forbidden(_)) => return Ok(false),
                issued => drop(issued?),
            }
        }
    }
    Ok(true)
}

async fn case(desk: &Desk, office: &Office, number: usize) -> Result<()> {
    let (clerk, chief) = (actor("madoguchi", role::COUNTER), actor("kakaricho", role::CHIEF));
    let input = desk.work.case.numbered(desk.first + u32::try_from(number)?);
    let id = case_enter(office, &clerk, &input).await?;
    case_approve(office, &chief, (id, 1), None).await?;
    while office::reaction::work(office, Timestamp::now()).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_as_described() {
        let count = |sort| (0..20).filter(|number| Sort::at(*number) == sort).count();
        let mix = [Sort::Search, Sort::Page, Sort::Case, Sort::Certificate].map(count);
        assert_eq!(mix, [9, 8, 2, 1]);
    }
}
