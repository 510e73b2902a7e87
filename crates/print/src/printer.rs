//! The client: hands documents to worker processes and returns what they answer. It
//! never compiles anything itself.

mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::wire::Request;
use crate::{Bundle, BundleHead, Document, Part, PrintError, Template};
use process::Job;

/// Documents that wait before a process; more callers wait in turn.
const QUEUE_LENGTH: usize = 64;

/// How the worker processes are started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program, normally the running binary itself.
    pub program: PathBuf,
    /// Its arguments, normally `print-worker`.
    pub args: Vec<String>,
    /// How many processes share the work; each uses one core.
    pub processes: usize,
    /// The limit for one document, in milliseconds; in a bundle for each item, and at the end for
    /// each begun thousand of them.
    pub timeout_ms: u64,
}

impl WorkerCommand {
    /// One process and 20 seconds a document.
    pub fn new(program: impl Into<PathBuf>, args: &[&str]) -> WorkerCommand {
        WorkerCommand {
            program: program.into(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            processes: 1,
            timeout_ms: 20_000,
        }
    }
}

/// Prints documents in worker processes. Clones share the processes, which start with the
/// first document, restart after a crash and end with the last clone.
#[derive(Debug, Clone)]
pub struct Printer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    command: WorkerCommand,
    queues: OnceLock<Vec<mpsc::Sender<Job>>>,
    next: AtomicUsize,
}

impl Printer {
    /// A printer that will start its workers with `command`.
    pub fn new(command: WorkerCommand) -> Printer {
        let shared = Shared { command, queues: OnceLock::new(), next: AtomicUsize::new(0) };
        Printer { shared: Arc::new(shared) }
    }

    /// Prints one document. Must run inside a Tokio runtime.
    ///
    /// # Errors
    /// See [`PrintError`]; after any of them the printer stays usable.
    pub async fn render(&self, template: &Template, data: &Value) -> Result<Document, PrintError> {
        let reply = self.submit(template, None, std::slice::from_ref(data)).await?;
        document(reply_wait(reply).await?)
    }

    /// Prints many documents of one template; answers stand in the order of `items`.
    pub async fn render_batch(
        &self,
        template: &Template,
        items: &[Value],
    ) -> Vec<Result<Document, PrintError>> {
        let mut replies = Vec::with_capacity(items.len());
        for item in items {
            replies.push(self.submit(template, None, std::slice::from_ref(item)).await);
        }
        let mut documents = Vec::with_capacity(items.len());
        for reply in replies {
            documents.push(match reply {
                Ok(reply) => reply_wait(reply).await.and_then(document),
                Err(error) => Err(error),
            });
        }
        documents
    }

    /// Prints many documents of one template into one file, each with its own foot, marks and
    /// page numbers. An item that cannot be printed is left out and named.
    ///
    /// Its worker prints nothing else meanwhile: what people wait for needs another printer.
    ///
    /// # Errors
    /// What concerns the bundle as a whole; after any of them the printer stays usable.
    pub async fn render_bundle(
        &self,
        template: &Template,
        head: &BundleHead,
        items: &[Value],
    ) -> Result<Bundle, PrintError> {
        let reply = self.submit(template, Some(head), items).await?;
        reply_wait(reply).await
    }

    async fn submit(
        &self,
        template: &Template,
        bundle: Option<&BundleHead>,
        items: &[Value],
    ) -> Result<Reply, PrintError> {
        let request = Request {
            template: template.clone(),
            bundle: bundle.cloned(),
            left_out: BTreeMap::new(),
        };
        let (sender, reply) = oneshot::channel();
        let job = Job::new(request, items, sender)
            .map_err(|error| PrintError::Worker(format!("依頼を送れません: {error}")))?;
        let queues = self.shared.queues.get_or_init(|| queues_start(&self.shared.command));
        let turn = self.shared.next.fetch_add(1, Ordering::Relaxed) % queues.len();
        let sent = queues[turn].send(job).await;
        sent.map_err(|_| PrintError::Worker("印刷処理が止まっています".to_owned()))?;
        Ok(reply)
    }
}

type Reply = oneshot::Receiver<Result<Bundle, PrintError>>;

async fn reply_wait(reply: Reply) -> Result<Bundle, PrintError> {
    let stopped = |_| Err(PrintError::Worker("印刷処理が止まりました".to_owned()));
    reply.await.unwrap_or_else(stopped)
}

/// The document of a request with one item, or why there is none.
fn document(bundle: Bundle) -> Result<Document, PrintError> {
    bundle.parts.into_iter().collect::<Result<Vec<Part>, PrintError>>()?;
    let nothing = || PrintError::Template("様式に頁がありません".to_owned());
    bundle.document.ok_or_else(nothing)
}

fn queues_start(command: &WorkerCommand) -> Vec<mpsc::Sender<Job>> {
    let start = |_| {
        let (sender, queue) = mpsc::channel(QUEUE_LENGTH);
        tokio::spawn(process::supervise(command.clone(), queue));
        sender
    };
    (0..command.processes.max(1)).map(start).collect()
}
