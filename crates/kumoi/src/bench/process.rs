//! Processor time and memory of a process with all its children, as Linux counts them in `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/<pid>/stat`: 100 on every Linux that user programs see.
const TICKS: f64 = 100.0;

/// A process, its children and theirs.
pub(super) struct Family {
    members: Vec<i32>,
}

impl Family {
    /// This process with its children, without a database server of ours and its processes.
    pub(super) fn own() -> Result<Family> {
        let mut family = Family::of(i32::try_from(std::process::id())?)?;
        let is_server = |pid: &i32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            name.trim_end() == "postgres"
        };
        family.members.retain(|pid| !is_server(pid));
        Ok(family)
    }

    /// The process `pid` with its children.
    pub(super) fn of(pid: i32) -> Result<Family> {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(one) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            if let Some(fields) = fields(one) {
                let parent = fields.get(1).and_then(|field| field.parse().ok());
                children.entry(parent.unwrap_or_default()).or_default().push(one);
            }
        }
        let (mut members, mut at) = (vec![pid], 0);
        while let Some(parent) = members.get(at) {
            members.extend(children.remove(parent).unwrap_or_default());
            at += 1;
        }
        Ok(Family { members })
    }

    /// Processor time so far, that of children who have ended included.
    pub(super) fn time(&self) -> Result<Duration> {
        let ticks = |pid: &i32| -> u64 {
            let fields = fields(*pid).unwrap_or_default();
            fields.iter().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
        };
        let sum: u64 = self.members.iter().map(ticks).sum();
        Ok(Duration::from_secs_f64(sum as f64 / TICKS))
    }

    /// Proportional set size in MiB.
    pub(super) fn memory(&self) -> Result<f64> {
        let mut sum = 0;
        for pid in &self.members {
            // A child may end meanwhile.
            let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
                continue;
            };
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
            let size = line.and_then(|line| line.split_whitespace().next());
            sum += size.context("smaps_rollup without Pss")?.parse::<u64>()?;
        }
        Ok(sum as f64 / 1024.0)
    }
}

/// The fields of `/proc/<pid>/stat` after the name, which may hold spaces.
fn fields(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_time_and_memory() {
        let before = Family::own().unwrap().time().unwrap();
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_millis(200) {
            std::hint::black_box(fields(1));
        }
        let family = Family::own().unwrap();
        assert!(family.time().unwrap() > before);
        assert!(family.memory().unwrap() > 1.0);
    }
}
