//! The blueprint of the nation: 3,500 environments with ten systems each, from empty books and with
//! a third of the environments changed; as text and kept in the control database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use base::date::day_in_japan;
use cloud::guardrail::Guardrails;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::books::{Books, Held, Wanted};
use cloud::plane::difference::difference;
use cloud::plane::environment::{Environment, Kind};
use cloud::plane::execute::{blueprint_keep, blueprint_read, wanted};
use cloud::plane::tree::Tree;
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::Installer;

use crate::bench::figure::Figure;
use crate::bench::place::Folder;

const ENVIRONMENTS: usize = 3_500;
const SYSTEMS: usize = 10;
const ROUNDS: usize = 5;

/// Plans, renders and keeps.
pub(super) async fn blueprint(folder: &Folder) -> Result<()> {
    let tree = Tree::nation()?;
    let guardrails = Arc::new(Guardrails::builtin(day_in_japan(jiff::Timestamp::now()))?);
    let mut environments: Vec<Environment> = tree
        .bodies
        .values()
        .flat_map(|body| {
            [Kind::Production, Kind::Verification].map(|it| body.environment(it, "aws"))
        })
        .take(ENVIRONMENTS)
        .collect();
    for one in &mut environments {
        let system = |at| (format!("system-{at:02}"), "1.0".to_owned());
        one.systems = (0..SYSTEMS).map(system).collect();
    }
    let all = wanted(&tree, environments.clone(), &guardrails)?;
    let full = measure("empty books", (&all, &Books::default()), &tree)?;
    // The books as they are once that was carried out.
    let books = books_of(&all)?;
    for one in environments.iter_mut().step_by(3) {
        one.systems.insert("system-00".to_owned(), "1.1".to_owned());
        one.systems.remove("system-09");
        one.systems.insert("system-10".to_owned(), "1.0".to_owned());
    }
    let changed = wanted(&tree, environments, &guardrails)?;
    measure("a third changed", (&changed, &books), &tree)?;
    let cluster = Cluster::start(&ClusterOptions::new(folder.path().join("postgres"))).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let begin = Instant::now();
    let id = blueprint_keep(&installer, &full, ("bench", "")).await?;
    println!("blueprint kept in the control database: {:.2} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let read = blueprint_read(&installer, id).await?.1;
    println!("blueprint read and its hash checked: {:.2} s", begin.elapsed().as_secs_f64());
    anyhow::ensure!(read.hash == full.hash, "another blueprint was read");
    Ok(cluster.stop().await?)
}

fn measure(name: &str, (wanted, books): (&Wanted, &Books), tree: &Tree) -> Result<Blueprint> {
    let (mut plan, mut text) = (Figure::default(), Figure::default());
    let mut last = None;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let made = Blueprint::make(wanted, books, &Scope::Everything)?;
        plan.since(begin);
        let begin = Instant::now();
        let words = difference(&made, tree);
        text.since(begin);
        last = Some((made, words.len()));
    }
    let (made, length) = last.context("no round")?;
    println!(
        "blueprint of the nation, {name}: {} environments, {} steps, text of {} KiB",
        wanted.environments.len(),
        made.steps.len(),
        length / 1024
    );
    plan.print("  planned");
    text.print("  as text");
    Ok(made)
}

fn books_of(wanted: &Wanted) -> Result<Books> {
    let mut lanes = BTreeMap::new();
    for (lane, parts) in wanted.lanes()? {
        let held =
            |part| Held { part, reference: Some("made".to_owned()), generation: 1, doubt: None };
        lanes.insert(lane, parts.into_iter().map(|(id, part)| (id, held(part))).collect());
    }
    Ok(Books { generation: 1, lanes, ..Books::default() })
}
