//! Measures throughput end to end: through the pipes, the worker and back.

use std::time::Instant;

use serde_json::Value;

use crate::{Bundle, BundleHead, PrintError, Printer, Template, WorkerCommand};

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

    /// Pages a second for each worker process (core).
    pub fn pages_a_second_a_core(&self) -> f64 {
        self.pages as f64 / self.seconds / self.processes as f64
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

/// Prints `items` as one bundle, which one worker process does, and measures. The first of them
/// warms the worker up beforehand.
///
/// # Errors
/// Why there is no bundle, or the first item that was left out.
pub async fn bench_bundle(
    command: WorkerCommand,
    template: &Template,
    head: &BundleHead,
    items: &[Value],
) -> Result<(Bundle, BenchReport), PrintError> {
    let printer = Printer::new(WorkerCommand { processes: 1, ..command });
    if let Some(item) = items.first() {
        printer.render(template, item).await?;
    }
    let start = Instant::now();
    let bundle = printer.render_bundle(template, head, items).await?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(error) = bundle.parts.iter().find_map(|part| part.as_ref().err()) {
        return Err(error.clone());
    }
    let (pages, bytes) = bundle
        .document
        .as_ref()
        .map_or((0, 0), |document| (u64::from(document.pages), document.pdf.len() as u64));
    let report = BenchReport { documents: items.len(), pages, bytes, seconds, processes: 1 };
    Ok((bundle, report))
}
