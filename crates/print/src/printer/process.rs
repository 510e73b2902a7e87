//! The life of one worker process: start, feed, watch, kill, start again.
//!
//! Requests are pipelined and answered in order, so the oldest pending one is the one the
//! worker is busy with. After a crash that one is tried twice more, the others always;
//! after a timeout it is given up.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::WorkerCommand;
use crate::wire::answer_read;
use crate::{Document, PrintError};

/// Requests in the pipe of one process: enough to keep it busy, few enough to resend.
const PIPELINE_LENGTH: usize = 4;
/// A document that brought down the worker this often is refused.
const ATTEMPTS_MAX: u8 = 3;

type Answered = Result<Document, PrintError>;

/// One document to print, as encoded request frames, and where its answer goes.
pub(super) struct Job {
    frames: Arc<Vec<u8>>,
    crashes: u8,
    reply: oneshot::Sender<Answered>,
}

impl Job {
    pub(super) fn new(frames: Vec<u8>, reply: oneshot::Sender<Answered>) -> Job {
        Job { frames: Arc::new(frames), crashes: 0, reply }
    }

    fn answer(self, answer: Answered) {
        // The caller may have gone away; then nobody needs the answer.
        let _ = self.reply.send(answer);
    }
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
        match &self.running {
            Some(running) => {
                if let Some(job) = self.pending.back() {
                    // A broken pipe shows up as the end of the answers.
                    let _ = running.requests.send(Arc::clone(&job.frames));
                }
            }
            None => self.restart(),
        }
    }

    fn answered(&mut self, answer: Option<io::Result<Answered>>) {
        match answer {
            Some(Ok(answer)) => {
                if let Some(job) = self.pending.pop_front() {
                    job.answer(answer);
                }
                self.deadline_reset();
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
        if job.crashes >= ATTEMPTS_MAX
            && let Some(job) = self.pending.pop_front()
        {
            let text = "この書類の処理中に印刷処理が三度止まりました。様式を確認してください";
            job.answer(Err(PrintError::Worker(text.to_owned())));
        }
        self.restart();
    }

    fn timed_out(&mut self) {
        self.running = None;
        tracing::warn!(limit_ms = self.command.timeout_ms, "a document took too long");
        if let Some(job) = self.pending.pop_front() {
            job.answer(Err(PrintError::Timeout));
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
                for job in &self.pending {
                    let _ = running.requests.send(Arc::clone(&job.frames));
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
        self.deadline = Instant::now() + Duration::from_millis(self.command.timeout_ms);
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
