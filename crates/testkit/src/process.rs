//! Processes as the kernel shows them. Signals go only to processes below one that we started.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub id: i32,
    /// Its parent's number.
    pub parent: i32,
    /// Its command line.
    pub words: Vec<String>,
}

/// All processes that can be seen; those that are ending (zombies) are left out.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| read(&entry.path())).collect()
}

fn read(folder: &Path) -> Option<Process> {
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if fields.next()? == "Z" {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    let line = fs::read_to_string(folder.join("cmdline")).ok()?;
    let words = line.split('\0').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    Some(Process { id, parent, words })
}

/// The process and everything below it, itself first.
pub fn tree(root: i32) -> Vec<Process> {
    let all = all();
    let mut out: Vec<Process> = all.iter().filter(|one| one.id == root).cloned().collect();
    let mut at = 0;
    while at < out.len() {
        let id = out[at].id;
        out.extend(all.iter().filter(|one| one.parent == id).cloned());
        at += 1;
    }
    out
}

/// Processes whose command line names `folder`.
pub fn naming(folder: &Path) -> Vec<Process> {
    let folder = folder.display().to_string();
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let names = |one: &Process| one.words.iter().any(|word| word.contains(&folder));
    // The watcher of the world waits for our end and names the folder too.
    let watches = |one: &Process| one.words.first().is_some_and(|word| word == "sh");
    all().into_iter().filter(|one| one.id != own && names(one) && !watches(one)).collect()
}

/// Sends a signal; a process that is gone is none's loss.
#[allow(unsafe_code, reason = "kill only takes two numbers")]
pub fn signal(id: i32, signal: i32) {
    assert!(id > 1, "no process of ours: {id}");
    unsafe { libc::kill(id, signal) };
}

/// Waits until `done`, looking twenty times a second; false when it took longer than `limit`.
pub fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    done()
}
