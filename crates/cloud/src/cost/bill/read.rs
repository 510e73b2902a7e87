//! Reading a bill: one thread reads files in pieces, one thread a core turns pieces into raw
//! columnar files and daily sums. The fault said is the first in the order of files and lines.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use parquet::errors::ParquetError;

use super::batch::Batch;
use super::columnar::Columnar;
use super::daily::{Daily, Sums};
use super::fault::{Fault, Noted};
use super::raw::{Part, part_path, size};
use super::source::{self, Form, Pieces};
use super::typed::{Layout, typed};
use crate::CloudError;
use crate::cost::amount::Amount;

/// What is said of a file on which its reader gave up.
const BROKEN: &str =
    "読んでいる途中で止まりました。ファイルが壊れています。もう一度取り寄せてください";
/// Pieces that may wait; memory is bounded by them.
const WAITING: usize = 2;

/// How a bill is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The tag whose value names an environment.
    pub environment_tag: String,
    /// Currencies that can be turned into yen, yen among them.
    pub currencies: BTreeSet<String>,
    /// Threads that work on pieces.
    pub threads: usize,
}

impl ReadOptions {
    /// One thread a core, the house's tag.
    pub fn new(currencies: BTreeSet<String>) -> ReadOptions {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        ReadOptions { environment_tag: "kumoi:environment".to_owned(), currencies, threads }
    }
}

/// What a bill covers: who bills which account for which period in which currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Who provides.
    pub provider: String,
    /// `BillingAccountId`.
    pub billing_account: String,
    /// Seconds since 1970, end excluded.
    pub period: (i64, i64),
    /// `BillingCurrency`.
    pub currency: String,
}

/// A bill that was read whole.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Rows.
    pub rows: u64,
    /// Daily sums in order.
    pub days: Vec<Daily>,
    /// Raw files.
    pub parts: Vec<PathBuf>,
    /// Bytes of the raw files.
    pub raw_bytes: u64,
    /// Moments without a zone, read as UTC.
    pub zoneless: u64,
    /// Texts that were the literal `NULL`.
    pub literal_nulls: u64,
    /// Names of the files in order.
    pub files: Vec<String>,
    /// Numbers finer than an amount keeps, which were rounded.
    pub rounded: Noted,
    /// Charges of no length, counted on the day of their begin.
    pub momentary: Noted,
    /// Nested columns of nobody's but the provider's that were left out: file and name.
    pub dropped: Vec<(usize, String)>,
}

impl Bill {
    /// What it covers, with rows and billed cost.
    pub fn scopes(&self) -> BTreeMap<Scope, (u64, Amount)> {
        let mut scopes: BTreeMap<Scope, (u64, Amount)> = BTreeMap::new();
        for day in &self.days {
            let scope = Scope {
                provider: day.key.provider().to_owned(),
                billing_account: day.key.billing_account.clone(),
                period: day.key.period,
                currency: day.key.currency.clone(),
            };
            let sum = scopes.entry(scope).or_default();
            sum.0 += day.rows;
            // A sum of parts of a sum that was held.
            sum.1 = sum.1.checked_add(day.billed).unwrap_or(sum.1);
        }
        scopes
    }
}

/// A piece of work.
enum Piece {
    Text { bytes: Vec<u8>, line: u64 },
    Group { path: PathBuf, number: usize, line: u64 },
}

struct Job {
    file: usize,
    layout: Arc<Layout>,
    piece: Piece,
}

/// A fault in the order of the files.
type Placed = (usize, Fault);

/// Reads files into raw columnar files in `folder` (which must exist) and daily sums.
///
/// # Errors
/// [`CloudError::Bill`] with the first fault, [`CloudError::Columnar`] when a raw file cannot be
/// written; what lies in `folder` is then worth nothing.
pub fn bill_read(
    files: &[PathBuf],
    folder: &Path,
    options: &ReadOptions,
) -> Result<Bill, CloudError> {
    let (sender, receiver) = sync_channel(WAITING);
    let shared = Shared {
        receiver: Mutex::new(receiver),
        faults: Mutex::new(Vec::new()),
        stop: AtomicBool::new(false),
    };
    let mut dropped = Vec::new();
    let ended = thread::scope(|scope| {
        let (shared, mut workers) = (&shared, Vec::new());
        for number in 0..options.threads.max(1) {
            let worker = Worker::new(folder.to_path_buf(), number, options);
            workers.push(scope.spawn(move || worker.work(shared)));
        }
        for (at, path) in files.iter().enumerate() {
            match file_read((at, path), shared, &sender) {
                Ok(names) => dropped.extend(names.into_iter().map(|name| (at, name))),
                Err(fault) => shared.fail((at, fault)),
            }
        }
        drop(sender);
        workers.into_iter().map(|it| it.join()).collect::<Vec<_>>()
    });
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = files.iter().map(name).collect();
    let mut faults = shared.faults.into_inner().unwrap_or_else(PoisonError::into_inner);
    faults.sort_by_key(|(file, fault)| (*file, fault.line));
    if let Some((file, fault)) = faults.into_iter().next() {
        return Err(CloudError::Bill(Fault { file: names.swap_remove(file), ..fault }));
    }
    let mut whole: Option<Worked> = None;
    for worked in ended {
        let worked =
            worked.map_err(|_| CloudError::Cost("請求の読込みが途中で止まりました".into()))??;
        whole = Some(match whole {
            None => worked,
            Some(before) => before.join(worked).map_err(CloudError::Bill)?,
        });
    }
    let whole = whole.ok_or_else(|| CloudError::Cost("読むファイルがありません".into()))?;
    Ok(Bill { files: names, dropped, ..whole.bill()? })
}

/// What the threads share.
struct Shared {
    receiver: Mutex<Receiver<Job>>,
    faults: Mutex<Vec<Placed>>,
    stop: AtomicBool,
}

impl Shared {
    fn fail(&self, placed: Placed) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(placed);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn next(&self) -> Option<Job> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

/// Sends the pieces of one file until something is wrong somewhere; the columns that it leaves out.
fn file_read(
    (file, path): (usize, &PathBuf),
    shared: &Shared,
    sender: &SyncSender<Job>,
) -> Result<Vec<String>, Fault> {
    let stopped = || shared.stop.load(Ordering::Relaxed);
    let send = |layout: &Arc<Layout>, piece| {
        // The workers outlive the sender.
        let _ = sender.send(Job { file, layout: Arc::clone(layout), piece });
    };
    if stopped() {
        return Ok(Vec::new());
    }
    let mut opened = source::open(path)?;
    let unread = |error| Fault::of_file(format!("読めません（{error}）"));
    let gzip = match source::form(&mut opened).map_err(unread)? {
        Form::Parquet => {
            let (columnar, layout) = Columnar::open(opened)?;
            let (layout, mut line) = (Arc::new(layout), 1);
            for (number, rows) in columnar.groups().into_iter().enumerate() {
                if stopped() {
                    break;
                }
                send(&layout, Piece::Group { path: path.clone(), number, line });
                line += rows;
            }
            return Ok(columnar.dropped);
        }
        Form::Gzip => true,
        Form::Csv => false,
    };
    let mut pieces = Pieces::open(opened, gzip);
    let layout = Arc::new(pieces.header()?);
    while !stopped()
        && let Some((bytes, line)) = pieces.next()?
    {
        send(&layout, Piece::Text { bytes, line });
    }
    Ok(Vec::new())
}

/// One thread's work.
struct Worker {
    folder: PathBuf,
    number: usize,
    part: Option<Part>,
    worked: Worked,
}

/// What a thread has when it ends.
struct Worked {
    sums: Sums,
    parts: Vec<PathBuf>,
    rows: u64,
    zoneless: u64,
    literal_nulls: u64,
    rounded: Noted,
    momentary: Noted,
}

/// Why a piece could not be worked on.
enum Stopped {
    Fault(Fault),
    Columnar(ParquetError),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Stopped {
        Stopped::Fault(fault)
    }
}

impl Worker {
    fn new(folder: PathBuf, number: usize, options: &ReadOptions) -> Worker {
        let sums = Sums::new(&options.environment_tag, &options.currencies);
        let worked = Worked {
            sums,
            parts: Vec::new(),
            rows: 0,
            zoneless: 0,
            literal_nulls: 0,
            rounded: Noted::default(),
            momentary: Noted::default(),
        };
        Worker { folder, number, part: None, worked }
    }

    /// Works until nothing comes any more. After a fault the pieces on their way are still looked
    /// at: one of them may hold the first.
    fn work(mut self, shared: &Shared) -> Result<Worked, CloudError> {
        let mut failed = None;
        while let Some(job) = shared.next() {
            // One that panics (a damaged file may do that to the reader of its form) still takes
            // what comes: whoever sends would wait for ever.
            let done = catch_unwind(AssertUnwindSafe(|| self.job(&job)));
            match done.unwrap_or_else(|_| Err(Stopped::Fault(Fault::of_file(BROKEN)))) {
                Ok(()) => (),
                Err(Stopped::Fault(fault)) => shared.fail((job.file, fault)),
                Err(Stopped::Columnar(error)) => {
                    shared.stop.store(true, Ordering::Relaxed);
                    failed = Some(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(CloudError::Columnar(error));
        }
        self.part_end().map_err(CloudError::Columnar)?;
        Ok(self.worked)
    }

    fn job(&mut self, job: &Job) -> Result<(), Stopped> {
        match &job.piece {
            Piece::Text { bytes, line } => {
                let batch = source::batch(&job.layout, bytes, *line)?;
                self.batch((job.file, &job.layout), &batch)
            }
            Piece::Group { path, number, line } => {
                let (columnar, _) = Columnar::open(source::open(path)?)?;
                let mut failed = None;
                let from = (job.file, &job.layout);
                columnar.group(*number, *line, |batch| match self.batch(from, batch) {
                    Err(Stopped::Fault(fault)) => Err(fault),
                    Err(Stopped::Columnar(error)) => {
                        failed = Some(error);
                        Ok(())
                    }
                    Ok(()) => Ok(()),
                })?;
                failed.map_or(Ok(()), |error| Err(Stopped::Columnar(error)))
            }
        }
    }

    fn batch(
        &mut self,
        (file, layout): (usize, &Arc<Layout>),
        batch: &Batch,
    ) -> Result<(), Stopped> {
        if batch.rows() == 0 {
            return Ok(());
        }
        let mut typed = typed(layout, batch)?;
        let momentary = self.worked.sums.add(layout, batch, &typed)?;
        let more = |noted: &mut Noted, new: Noted| {
            *noted = std::mem::take(noted).join(new.in_file(file));
        };
        more(&mut self.worked.momentary, momentary);
        more(&mut self.worked.rounded, std::mem::take(&mut typed.rounded));
        self.worked.rows += batch.rows() as u64;
        self.worked.zoneless += typed.zoneless;
        self.worked.literal_nulls += typed.literal_nulls;
        self.part_for(layout).and_then(|part| part.write(batch, &typed)).map_err(Stopped::Columnar)
    }

    /// The raw file for rows of a layout.
    fn part_for(&mut self, layout: &Arc<Layout>) -> Result<&mut Part, ParquetError> {
        if self.part.as_ref().is_some_and(|part| !part.takes(layout)) {
            self.part_end()?;
        }
        match &mut self.part {
            Some(part) => Ok(part),
            none => {
                let path = part_path(&self.folder, self.number, self.worked.parts.len());
                Ok(none.insert(Part::create(path, layout)?))
            }
        }
    }

    fn part_end(&mut self) -> Result<(), ParquetError> {
        if let Some(part) = self.part.take() {
            self.worked.parts.push(part.close()?);
        }
        Ok(())
    }
}

impl Worked {
    fn join(self, other: Worked) -> Result<Worked, Fault> {
        let mut parts = self.parts;
        parts.extend(other.parts);
        Ok(Worked {
            sums: self.sums.join(other.sums)?,
            parts,
            rows: self.rows + other.rows,
            zoneless: self.zoneless + other.zoneless,
            literal_nulls: self.literal_nulls + other.literal_nulls,
            rounded: self.rounded.join(other.rounded),
            momentary: self.momentary.join(other.momentary),
        })
    }

    fn bill(self) -> Result<Bill, CloudError> {
        let mut days = self.sums.all;
        if days.is_empty() {
            return Err(CloudError::Cost("請求の明細に行がありません".into()));
        }
        days.sort_by(|a, b| a.key.cmp(&b.key));
        let raw_bytes = size(&self.parts).map_err(|error| CloudError::Columnar(error.into()))?;
        Ok(Bill {
            rows: self.rows,
            days,
            parts: self.parts,
            raw_bytes,
            zoneless: self.zoneless,
            literal_nulls: self.literal_nulls,
            rounded: self.rounded,
            momentary: self.momentary,
            dropped: Vec::new(),
            files: Vec::new(),
        })
    }
}
