//! Processor time of this process, its children of one kind and a server, from `/proc/*/stat`.
//!
//! Wall time says little on a machine that others use too; the time that the work itself took does.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks a second in `/proc` on every Linux that runs this program.
const TICKS: u64 = 100;

/// Processor time spent since the processes began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    /// This process.
    pub(super) own: Duration,
    /// Its child processes.
    pub(super) children: Duration,
    /// The server: its postmaster and every process of it that lives.
    pub(super) server: Duration,
}

impl Spent {
    /// The time until now; `server` is the postmaster.
    pub(super) fn now(server: i32) -> Result<Spent> {
        let own = i32::try_from(std::process::id()).context("process number")?;
        let mut spent = Spent::default();
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            // `self` and `thread-self` are this process once more.
            if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let Ok(text) = fs::read_to_string(entry.path().join("stat")) else { continue };
            let Some((id, parent, time)) = stat(&text) else { continue };
            if id == server || parent == server {
                spent.server += time;
            } else if id == own {
                spent.own += time;
            } else if parent == own {
                spent.children += time;
            }
        }
        Ok(spent)
    }

    /// What was spent since `earlier`.
    pub(super) fn since(&self, earlier: &Spent) -> Spent {
        Spent {
            own: self.own.saturating_sub(earlier.own),
            children: self.children.saturating_sub(earlier.children),
            server: self.server.saturating_sub(earlier.server),
        }
    }

    /// All of it.
    pub(super) fn whole(&self) -> Duration {
        self.own + self.children + self.server
    }
}

/// Number, parent and time of a line of `/proc/*/stat`; the name in it may hold anything.
fn stat(text: &str) -> Option<(i32, i32, Duration)> {
    let (id, _) = text.split_once(' ')?;
    let (_, rest) = text.rsplit_once(") ")?;
    let field = |at: usize| rest.split(' ').nth(at);
    let ticks: u64 = field(11)?.parse::<u64>().ok()? + field(12)?.parse::<u64>().ok()?;
    let time = Duration::from_millis(ticks * 1000 / TICKS);
    Some((id.parse().ok()?, field(1)?.parse().ok()?, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_time_is_counted_once() {
        let busy = std::time::Instant::now();
        while busy.elapsed() < Duration::from_millis(300) {}
        let own = Spent::now(-1).unwrap().own;
        let text = fs::read_to_string("/proc/self/stat").unwrap();
        let (_, _, whole) = stat(&text).unwrap();
        assert!(own > Duration::ZERO && own <= whole, "{own:?} of {whole:?}");
    }

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "42 (a) b (c)) S 7 1 1 0 -1 0 1 2 3 4 250 50 9 9 20 0 1 0 5";
        assert_eq!(stat(line), Some((42, 7, Duration::from_secs(3))));
        assert_eq!(stat("42 (a"), None);
    }
}
