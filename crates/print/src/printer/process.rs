//! The life of one worker process: start, feed, watch, kill, start again.
//!
//! Requests are pipelined and answered in order, so the oldest pending one is the one the
//! worker is busy with, and of its items the first that has no answer. After a crash it is tried
//! twice more, the others always; after a timeout it is given up. A bundle that loses an item in
//! this way is printed again without it.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::WorkerCommand;
use crate::sheets::Exported;
use crate::wire::{Answered, Request, answer_read, frame_append};
use crate::{Bundle, PrintError};

/// Requests in the pipe of one process: enough to keep it busy, few enough to resend.
const PIPELINE_LENGTH: usize = 4;
/// A document that brought down the worker this often is refused.
const ATTEMPTS_MAX: u8 = 3;
/// A bundle that lost this many items to crashes and timeouts is refused.
const LOST_MAX: usize = 3;
/// The end of a bundle has the time of one item for each begun group of this many.
const ITEMS_A_LIMIT: usize = 1000;

/// One request and where its answer goes.
pub(super) struct Job {
    request: Request,
    /// The frame of the request, then those of its items.
    head: Arc<Vec<u8>>,
    items: Arc<Vec<u8>>,
    count: usize,
    /// The answers of the worker so far.
    answered: Vec<Result<u32, PrintError>>,
    crashes: u8,
    reply: oneshot::Sender<Result<Bundle, PrintError>>,
}

impl Job {
    pub(super) fn new(
        request: Request,
        items: &[Value],
        reply: oneshot::Sender<Result<Bundle, PrintError>>,
    ) -> io::Result<Job> {
        let mut frames = Vec::new();
        for item in items {
            frame_append(&mut frames, &serde_json::to_vec(item)?)?;
        }
        frame_append(&mut frames, &[])?;
        let head = Arc::new(head_frame(&request)?);
        let (items, count) = (Arc::new(frames), items.len());
        Ok(Job { request, head, items, count, answered: Vec::new(), crashes: 0, reply })
    }

    /// Hands the request to a process; a broken pipe shows up as the end of the answers.
    fn send(&self, running: &Running) {
        let _ = running.requests.send(Arc::clone(&self.head));
        let _ = running.requests.send(Arc::clone(&self.items));
    }

    /// How many limits of time the worker has for its next answer.
    fn limits(&self) -> u32 {
        if self.answered.len() < self.count {
            return 1;
        }
        u32::try_from(self.count.div_ceil(ITEMS_A_LIMIT)).unwrap_or(u32::MAX).max(1)
    }

    /// The first item without an answer that is not left out already; the number of items at the
    /// end.
    fn busy_with(&self) -> usize {
        let open = |at: &usize| !self.request.left_out.contains_key(at);
        (self.answered.len()..self.count).find(open).unwrap_or(self.count)
    }

    /// Leaves out the item that the worker was busy with. A document has no other, and a bundle
    /// may lose but a few: they are answered.
    fn lose(mut self, error: PrintError) -> Option<Job> {
        let at = self.busy_with();
        if self.request.bundle.is_none() || at == self.count {
            self.answer(Err(error));
            return None;
        }
        self.request.left_out.insert(at, error);
        let lost: Vec<String> =
            self.request.left_out.keys().map(|at| (at + 1).to_string()).collect();
        match head_frame(&self.request) {
            Ok(head) if lost.len() <= LOST_MAX => {
                (self.head, self.crashes) = (Arc::new(head), 0);
                Some(self)
            }
            _ => {
                let text = format!("{}件目で印刷処理が止まりました", lost.join("、"));
                self.answer(Err(PrintError::Worker(text)));
                None
            }
        }
    }

    fn finish(mut self, finished: Result<Exported, PrintError>) {
        let bundle = finished.map(|exported| {
            for (index, error) in exported.left_out {
                if let Some(item) = self.answered.get_mut(index) {
                    *item = Err(error);
                }
            }
            Bundle::new(exported.document, std::mem::take(&mut self.answered))
        });
        self.answer(bundle);
    }

    fn answer(self, answer: Result<Bundle, PrintError>) {
        // The caller may have gone away; then nobody needs the answer.
        let _ = self.reply.send(answer);
    }
}

fn head_frame(request: &Request) -> io::Result<Vec<u8>> {
    let mut frame = Vec::new();
    frame_append(&mut frame, &serde_json::to_vec(request)?)?;
    Ok(frame)
}

/// A started process with its two pipe tasks. Dropping it kills the process.
struct Running {
    _child: Child,
    requests: mpsc::UnboundedSender<Arc<Vec<u8>>>,
    answers: mpsc::Receiver<io::Result<Answered>>,
}

/// Serves `queue` until it is closed and empty.
pub(super) async fn supervise(command: WorkerCommand, mut queue: mpsc::Receiver<Job>) {
    let mut supervisor = Supervisor::new(command);
    let mut open = true;
    while open || !supervisor.pending.is_empty() {
        tokio::select! {
            job = queue.recv(), if open && supervisor.pending.len() < PIPELINE_LENGTH => match job {
                Some(job) => supervisor.accept(job),
                None => open = false,
            },
            answer = answer_next(&mut supervisor.running) => supervisor.answered(answer),
            () = sleep_until(supervisor.deadline), if !supervisor.pending.is_empty() => {
                supervisor.timed_out();
            }
        }
    }
}

/// The next answer; waits for ever while no process runs.
async fn answer_next(running: &mut Option<Running>) -> Option<io::Result<Answered>> {
    match running {
        Some(running) => running.answers.recv().await,
        None => std::future::pending().await,
    }
}

struct Supervisor {
    command: WorkerCommand,
    running: Option<Running>,
    pending: VecDeque<Job>,
    deadline: Instant,
}

impl Supervisor {
    fn new(command: WorkerCommand) -> Supervisor {
        let pending = VecDeque::new();
        Supervisor { command, running: None, pending, deadline: Instant::now() }
    }

    fn accept(&mut self, job: Job) {
        if self.pending.is_empty() {
            self.deadline_reset();
        }
        self.pending.push_back(job);
        match (&self.running, self.pending.back()) {
            (Some(running), Some(job)) => job.send(running),
            _ => self.restart(),
        }
    }

    fn answered(&mut self, answer: Option<io::Result<Answered>>) {
        match answer {
            Some(Ok(Answered::Item(item))) => {
                if let Some(job) = self.pending.front_mut() {
                    job.answered.push(item);
                }
                self.deadline_reset();
            }
            Some(Ok(Answered::Finished(finished))) => {
                if let Some(job) = self.pending.pop_front() {
                    job.finish(finished);
                }
                self.deadline_reset();
            }
            Some(Ok(Answered::Panicked)) => {
                let text = "様式の処理中に内部エラーが起きました。様式を確認してください";
                self.lose(PrintError::Worker(text.to_owned()));
            }
            Some(Err(error)) => self.crashed(&error.to_string()),
            None => self.crashed("the answers ended"),
        }
    }

    fn crashed(&mut self, reason: &str) {
        self.running = None;
        let Some(job) = self.pending.front_mut() else { return };
        tracing::warn!(reason, crashes = job.crashes + 1, "the print worker ended");
        job.crashes += 1;
        if job.crashes < ATTEMPTS_MAX {
            return self.restart();
        }
        let text = "この書類の処理中に印刷処理が三度止まりました。様式を確認してください";
        self.lose(PrintError::Worker(text.to_owned()));
    }

    fn timed_out(&mut self) {
        tracing::warn!(limit_ms = self.command.timeout_ms, "a document took too long");
        self.lose(PrintError::Timeout);
    }

    /// Goes on with a new process and without the item that the old one was busy with.
    fn lose(&mut self, error: PrintError) {
        self.running = None;
        if let Some(job) = self.pending.pop_front()
            && let Some(job) = job.lose(error)
        {
            self.pending.push_front(job);
        }
        self.restart();
    }

    /// Starts a process for what is pending and sends all of it again.
    fn restart(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match start(&self.command) {
            Ok(running) => {
                for job in &mut self.pending {
                    job.answered.clear();
                    job.send(&running);
                }
                self.running = Some(running);
                self.deadline_reset();
            }
            Err(error) => {
                let text = format!(
                    "印刷処理 {} を起動できません: {error}",
                    self.command.program.display()
                );
                for job in self.pending.drain(..) {
                    job.answer(Err(PrintError::Worker(text.clone())));
                }
            }
        }
    }

    fn deadline_reset(&mut self) {
        let limits = self.pending.front().map_or(1, Job::limits);
        self.deadline = Instant::now() + Duration::from_millis(self.command.timeout_ms) * limits;
    }
}

fn start(command: &WorkerCommand) -> io::Result<Running> {
    let mut child = Command::new(&command.program)
        .args(&command.args)
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let no_pipe = || io::Error::other("the worker has no pipe");
    let stdin = child.stdin.take().ok_or_else(no_pipe)?;
    let stdout = child.stdout.take().ok_or_else(no_pipe)?;
    let (requests, to_write) = mpsc::unbounded_channel();
    let (read, answers) = mpsc::channel(PIPELINE_LENGTH);
    tokio::spawn(requests_write(stdin, to_write));
    tokio::spawn(answers_read(stdout, read));
    Ok(Running { _child: child, requests, answers })
}

/// Ends when the process is given up or its pipe breaks; the reader reports the break.
async fn requests_write(
    mut stdin: ChildStdin,
    mut requests: mpsc::UnboundedReceiver<Arc<Vec<u8>>>,
) {
    while let Some(frames) = requests.recv().await {
        if stdin.write_all(&frames).await.is_err() {
            return;
        }
    }
}

async fn answers_read(stdout: ChildStdout, answers: mpsc::Sender<io::Result<Answered>>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let answer = answer_read(&mut stdout).await;
        let ended = answer.is_err();
        if answers.send(answer).await.is_err() || ended {
            return;
        }
    }
}
