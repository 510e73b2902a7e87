//! `kumoi bench mesh`: inquiries between two members on two nodes, load from this third process;
//! two nginx with mutual TLS and nothing else in the same run as a yardstick, where installed.
//!
//! The nodes are the program's own, with their databases on a PostgreSQL that waits for the disk.
//! An inquiry is a real one: signed, decided by the statutory table, read from the register,
//! written down by both, sealed in the background.

mod body;
mod nginx;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use mesh::net::{Ask, Door};
use mesh::statute::{Question, Statute};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use self::body::Pair;
use super::figure::Figure;
use super::place::Folder;

/// Affairs, and item sets, of the table that is decided by.
const SIDE: usize = 100;
/// How often the whole table is asked.
const ROUNDS: usize = 101;

/// What is measured how long.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct MeshArguments {
    /// 一つの計測の秒数
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// 同時に待つ照会の数
    #[arg(long, default_value_t = 64)]
    concurrent: usize,
    /// 照会先の人数
    #[arg(long, default_value_t = 2_000)]
    people: u32,
}

/// Measures and prints.
pub(super) async fn measure(folder: &Folder, arguments: MeshArguments) -> Result<()> {
    decision()?;
    let pair = Pair::start(folder, arguments.people).await?;
    let first = pair.ask(&pair.doors[0], 0).await?;
    let bytes = first.body.to_string().len();
    println!("mesh: an answer has {bytes} bytes");
    let ours = throughput(&pair, arguments).await?;
    println!(
        "mesh inquiries: {ours:.0} a second (must: 2,000; {} at a time)",
        arguments.concurrent
    );
    let (asks, answers) = pair.memory()?;
    println!(
        "mesh memory under load: node that asks {asks:.0} MiB, node that is asked {answers:.0} MiB"
    );
    let rate = ours / 2.0;
    let own = paced(&pair, arguments, rate).await?;
    own.print(&format!("mesh latency at {rate:.0} a second, written by both"));
    pair.verify().await?;
    let Some(nginx) = nginx::Nginx::start(folder, &first.body.to_string()).await? else {
        println!("mesh: nginx is not installed, so there is no yardstick");
        return Ok(());
    };
    let theirs = throughput(&nginx, arguments).await?;
    println!("nginx pair: {theirs:.0} a second; ratio {:.3} (must: 0.25)", ours / theirs);
    let yardstick = paced(&nginx, arguments, rate).await?;
    yardstick.print(&format!("nginx latency at {rate:.0} a second"));
    let added = own.percentile(99) - yardstick.percentile(99);
    println!("mesh added latency p99: {added:.2} ms (must: 8)");
    Ok(())
}

/// The statutory decision over a table of 10,000 rows: each of them asked in turn.
fn decision() -> Result<()> {
    let names = |kind: &str| (0..SIDE).map(|at| format!("{kind}-{at},名,法\n")).collect::<String>();
    let sets: String = (0..SIDE).map(|at| format!("set-{at},名,,\n")).collect();
    let mut table = String::from("head\n");
    for affair in 0..SIDE {
        for set in 0..SIDE {
            table.push_str(&format!("affair-{affair},set-{set},a,b,2024-05-27,,根拠\n"));
        }
    }
    let statute =
        Statute::read(&format!("head\n{}", names("affair")), &format!("head\n{sets}"), &table)?;
    let all: Vec<(String, String)> = (0..SIDE * SIDE)
        .map(|at| (format!("affair-{}", at / SIDE), format!("set-{}", at % SIDE)))
        .collect();
    let mut figures = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for (affair, item_set) in &all {
            let question = Question {
                affair,
                item_set,
                inquirer: "a",
                provider: "b",
                day: base::date::Date::constant(2026, 11, 24),
            };
            std::hint::black_box(statute.decide(std::hint::black_box(&question))?);
        }
        figures.push(begin.elapsed().as_secs_f64() * 1e9 / all.len() as f64);
    }
    figures.sort_by(f64::total_cmp);
    println!(
        "statutory decision, {} rows: median {:.0} ns (must: 2,000)",
        all.len(),
        figures[ROUNDS / 2]
    );
    Ok(())
}

/// What can be asked again and again.
pub(super) trait Asked: Clone + Send + Sync + 'static {
    /// Asks about one of the people over one of the connections.
    fn once(&self, number: usize) -> impl Future<Output = Result<()>> + Send;
}

/// The doors of a pair with what they ask.
#[derive(Clone)]
pub(super) struct Line {
    doors: Arc<Vec<Door>>,
    codes: Arc<Vec<String>>,
}

impl Line {
    async fn ask(&self, number: usize) -> Result<u16> {
        let door = &self.doors[number % self.doors.len()];
        let code = &self.codes[number % self.codes.len()];
        let given = door.ask(&inquiry(code)).await?;
        Ok(given.status)
    }
}

impl Asked for Line {
    async fn once(&self, number: usize) -> Result<()> {
        match self.ask(number).await? {
            200 => Ok(()),
            other => bail!("status {other}"),
        }
    }
}

/// The inquiry that is measured.
fn inquiry(code: &str) -> Ask<'_> {
    let lawful = body::lawful();
    Ask {
        to: body::ASKED,
        service: "inquiry",
        affair: Some(&lawful.affair),
        item_set: Some(&lawful.set.id),
        code: Some(code),
        subject: Some("100000000000001"),
        case: Some("1"),
        officer: "madoguchi",
        body: None,
    }
}

/// Inquiries a second with so many at a time, after a second of warming up.
async fn throughput(line: &impl AsLine, arguments: MeshArguments) -> Result<f64> {
    let (counted, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..arguments.concurrent {
        let (line, counted) = (line.line(), Arc::clone(&counted));
        let (stop, next) = (Arc::clone(&stop), Arc::clone(&next));
        tasks.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                line.once(usize::try_from(number)?).await?;
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (begin, before) = (Instant::now(), counted.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
    let (spent, after) = (begin.elapsed(), counted.load(Ordering::Relaxed));
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok((after - before) as f64 / spent.as_secs_f64())
}

/// Latencies at a rate: each begins at its appointed time whether or not earlier ones have ended.
async fn paced(line: &impl AsLine, arguments: MeshArguments, rate: f64) -> Result<Figure> {
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begin, mut sent, mut tasks) = (Instant::now(), 0_usize, JoinSet::new());
    while begin.elapsed() < Duration::from_secs(arguments.seconds) {
        ticks.tick().await;
        let due = (begin.elapsed().as_secs_f64() * rate) as usize;
        while sent < due {
            let (line, number) = (line.line(), sent);
            let appointed = begin + Duration::from_secs_f64(sent as f64 / rate);
            tasks.spawn(async move {
                line.once(number).await?;
                Ok::<_, anyhow::Error>(appointed.elapsed())
            });
            sent += 1;
        }
    }
    let mut figure = Figure::default();
    while let Some(ended) = tasks.join_next().await {
        figure.add(ended??);
    }
    Ok(figure)
}

/// What lends its doors.
trait AsLine {
    fn line(&self) -> Line;
}

impl AsLine for Pair {
    fn line(&self) -> Line {
        Line { doors: Arc::clone(&self.doors), codes: Arc::clone(&self.codes) }
    }
}

impl AsLine for nginx::Nginx {
    fn line(&self) -> Line {
        Line { doors: Arc::clone(&self.doors), codes: Arc::new(vec![String::new()]) }
    }
}

impl Pair {
    async fn ask(&self, door: &Door, number: usize) -> Result<mesh::net::Given> {
        let code = self.codes.get(number).context("a code")?;
        let given = door.ask(&inquiry(code)).await?;
        if given.status != 200 {
            bail!("an inquiry was answered {}: {}", given.status, given.detail());
        }
        Ok(given)
    }
}
