//! Measures throughput end to end: through the pipes, the worker and back.

use std::time::Instant;

use serde_json::Value;

use crate::{PrintError, Printer, Template, WorkerCommand};

/// What a run measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BenchReport {
    /// Documents printed.
    pub documents: usize,
    /// Pages printed.
    pub pages: u64,
    /// Bytes of PDF.
    pub bytes: u64,
    /// Wall time in seconds, without the start of the workers.
    pub seconds: f64,
    /// Worker processes, one core each.
    pub processes: usize,
}

impl BenchReport {
    /// Documents a second for each worker process (core).
    pub fn documents_a_second_a_core(&self) -> f64 {
        self.documents as f64 / self.seconds / self.processes as f64
    }
}

/// Prints `items` once each and measures. One document warms every worker up beforehand.
///
/// # Errors
/// The first document that was not printed.
pub async fn bench_documents(
    command: WorkerCommand,
    template: &Template,
    items: &[Value],
) -> Result<BenchReport, PrintError> {
    let processes = command.processes.max(1);
    let printer = Printer::new(command);
    let warm: Vec<Value> = items.iter().cycle().take(processes).cloned().collect();
    for document in printer.render_batch(template, &warm).await {
        document?;
    }
    let start = Instant::now();
    let printed = printer.render_batch(template, items).await;
    let seconds = start.elapsed().as_secs_f64();
    let mut report = BenchReport { documents: items.len(), pages: 0, bytes: 0, seconds, processes };
    for document in printed {
        let document = document?;
        report.pages += u64::from(document.pages);
        report.bytes += document.pdf.len() as u64;
    }
    Ok(report)
}
