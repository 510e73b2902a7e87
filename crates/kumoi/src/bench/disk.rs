//! What the disk itself takes to make 8 KiB durable, beside what is measured: no commit is faster.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::figure::Figure;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);
/// One page of PostgreSQL's log.
const PAGE: [u8; 8192] = [1; 8192];
/// Pages of the file, written over again and again as the log's files are.
const PAGES: u64 = 64;

/// A probe at work on a thread of its own.
pub(super) struct Disk {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Figure>>,
}

impl Disk {
    /// Begins to measure on the disk of a folder.
    pub(super) fn watch(folder: &Path) -> Result<Disk> {
        let path = folder.join("disk.probe");
        let file = File::create(&path)?;
        // Nobody finds the file, and it ends with its handle.
        std::fs::remove_file(&path)?;
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = thread::spawn(move || times(&file, &until));
        Ok(Disk { ended, thread })
    }

    /// Ends; the times.
    pub(super) fn end(self) -> Result<Figure> {
        self.ended.store(true, Ordering::Relaxed);
        let times = self.thread.join().map_err(|_| anyhow!("the probe of the disk panicked"))?;
        Ok(times?)
    }
}

fn times(file: &File, ended: &AtomicBool) -> io::Result<Figure> {
    for page in 0..PAGES {
        file.write_all_at(&PAGE, page * PAGE.len() as u64)?;
    }
    file.sync_all()?;
    let mut figure = Figure::default();
    for page in (0..PAGES).cycle() {
        let begin = Instant::now();
        file.write_all_at(&PAGE, page * PAGE.len() as u64)?;
        file.sync_data()?;
        figure.since(begin);
        // Looked at once at least, however long the disk takes.
        if ended.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(EVERY);
    }
    Ok(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_measures_once_at_least() {
        let disk = Disk::watch(&std::env::temp_dir()).unwrap();
        let figure = disk.end().unwrap();
        assert!(figure.count() > 0 && figure.percentile(50) > 0.0, "{figure}");
    }
}
