//! Certificates one after the other: looked up, numbered, printed by the worker, recorded.

use std::time::{Duration, Instant};

use anyhow::Result;
use office::OfficeError;
use office::access::role;
use office::certificate::{Job, RenderError, Rendered, certificate_issue};
use print::{Printer, Template, WorkerCommand};

use super::Looks;
use super::figure::Figure;
use super::place::{Folder, Place, actor};
use super::search::keys;
use super::work::Work;

/// One counter and one worker process, taking turns: together they use one core.
pub(super) async fn certificates(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    let entered = Work::read()?.certificate;
    let clerk = actor("madoguchi", role::COUNTER);
    let printer = Printer::new(WorkerCommand::new(std::env::current_exe()?, &["print-worker"]));
    let (mut figure, mut refused, mut whole) = (Figure::default(), 0_u32, Duration::ZERO);
    for (at, key) in keys(looks.people, looks.count + 1)?.into_iter().enumerate() {
        let input = entered.of(&[key]);
        let own = printer.clone();
        let begin = Instant::now();
        let job = async move |job: Job| render(&own, job).await;
        match certificate_issue(&city.office, &clerk, &input, job).await {
            Ok(_) if at == 0 => {} // The worker has started.
            Ok(_) => {
                whole += begin.elapsed();
                figure.since(begin);
            }
            // Removed and protected people get none at the counter.
            Err(OfficeError::Invalid(_) | OfficeError::Forbidden(_)) => refused += 1,
            Err(other) => return Err(other.into()),
        }
    }
    figure.print("certificates, one");
    let issued = looks.count.saturating_sub(refused);
    let speed = f64::from(issued) / whole.as_secs_f64();
    println!("certificates: {speed:.1} a second, {issued} issued, {refused} refused");
    place.close().await
}

/// One document through the worker.
pub(super) async fn render(printer: &Printer, job: Job) -> Result<Rendered, RenderError> {
    let template = Template { entry: job.entry, files: job.files };
    let document = printer.render(&template, &job.data).await;
    let document = document.map_err(|error| RenderError::Failed(error.to_string()))?;
    Ok(Rendered { pdf: document.pdf, pages: document.pages })
}
