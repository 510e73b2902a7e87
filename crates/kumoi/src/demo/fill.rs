//! Filling the sample organisations with people in the background, with a bar at the terminal.
//!
//! Broken off, it goes on at the next start; a database that ends meanwhile is waited for.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use definition::System;
use store::control::{control_open, seed_progress, seed_state};
use store::organisation::Installer;
use tokio::time::sleep;

use super::Opened;
use super::banner::grouped;
use crate::seed;

/// How often a load is tried again before it is left to the next start.
const TRIES: u32 = 10;
/// Signs of the whole bar.
const BAR: usize = 24;

/// Loads the first organisation before the zones start; quick, because it is the smallest.
pub(super) async fn first(opened: &Opened, systems: &[Arc<System>]) -> Result<()> {
    let loading = seed::load(&opened.sample, &opened.kept, systems, |_| {});
    loading
        .await
        .with_context(|| format!("{}の見本住民を読み込めません", opened.sample.organisation.name))
}

/// Loads all organisations, one after the other.
pub(super) async fn fill(installer: Installer, all: Vec<Opened>, systems: Arc<Vec<Arc<System>>>) {
    for opened in &all {
        let mut tries = 0;
        while let Err(error) = fill_one(&installer, opened, &systems).await {
            tries += 1;
            let name = &opened.sample.organisation.name;
            if tries == TRIES {
                eprintln!(
                    "kumoi: {name}の見本住民の読込みをやめました（{error:#}）。次の起動で続けます"
                );
                break;
            }
            sleep(Duration::from_secs(3)).await;
        }
    }
}

async fn fill_one(installer: &Installer, opened: &Opened, systems: &[Arc<System>]) -> Result<()> {
    let id = &opened.sample.organisation.id;
    let people = opened.sample.source.people;
    let control = control_open(installer).await?;
    seed_state(&control, id, i32::try_from(people)?).await?;
    if !seed::loaded(&opened.sample, &opened.kept, systems).await? {
        at_terminal(opened, systems).await?;
    }
    // Only for display: how far a load has come is kept with the people themselves.
    seed_progress(&control, id, i32::try_from(people)?).await?;
    Ok(())
}

/// Loads one organisation with a bar, for a person who waits.
pub(super) async fn at_terminal(opened: &Opened, systems: &[Arc<System>]) -> Result<()> {
    let mut bar = Bar::new(&opened.sample.organisation.name, opened.sample.source.people);
    seed::load(&opened.sample, &opened.kept, systems, |done| bar.show(done)).await
}

/// One line that is rewritten at a terminal, or a line for every tenth part elsewhere.
struct Bar {
    name: String,
    people: u32,
    shown: Option<u32>,
    terminal: bool,
}

impl Bar {
    /// Shows nothing yet.
    fn new(name: &str, people: u32) -> Bar {
        let terminal = std::io::stdout().is_terminal();
        Bar { name: name.to_owned(), people: people.max(1), shown: None, terminal }
    }

    /// Shows that `done` people are there.
    fn show(&mut self, done: u32) {
        let tenth = done.min(self.people) * 10 / self.people;
        let mut out = std::io::stdout();
        // A terminal that is gone is no reason to stop loading.
        if self.terminal {
            let end = if done >= self.people { "\n" } else { "" };
            let _ = write!(out, "\r\x1b[K{}{end}", self.line(done));
        } else if self.shown != Some(tenth) {
            let _ = writeln!(out, "{}", self.line(done));
        }
        let _ = out.flush();
        self.shown = Some(tenth);
    }

    fn line(&self, done: u32) -> String {
        let part = u64::from(done.min(self.people));
        let full = usize::try_from(part * BAR as u64 / u64::from(self.people)).unwrap_or(BAR);
        let percent = part * 100 / u64::from(self.people);
        format!(
            "{} 見本住民を読込み中 {}{} {percent:>3}%　{} / {} 人",
            self.name,
            "█".repeat(full),
            "░".repeat(BAR - full),
            grouped(done),
            grouped(self.people)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_empty_half_and_full() {
        let bar = Bar::new("村", 1_000);
        for (done, full) in [(0, 0), (500, 12), (1_000, 24), (1_001, 24)] {
            assert_eq!(bar.line(done).matches('█').count(), full);
        }
        assert!(bar.line(500).contains(" 50%"));
    }
}
