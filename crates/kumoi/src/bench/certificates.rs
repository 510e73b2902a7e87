//! Certificates: looked up, numbered, printed by the worker, recorded; at one counter and at two.
//!
//! Beside the wall time it counts the processor time of all that take part (office, worker,
//! PostgreSQL), because a certificate a second «a core» is a question of that time.

use std::time::{Duration, Instant};

use anyhow::Result;
use office::access::role;
use office::certificate::{Job, RenderError, Rendered, certificate_issue};
use office::{Actor, Office, OfficeError};
use print::{Printer, Template, WorkerCommand};

use super::Looks;
use super::cpu::Spent;
use super::figure::Figure;
use super::place::{Folder, Place, actor};
use super::search::keys;
use super::work::{Entered, Work};

/// Certificates before the measurement: worker, caches and connections are warm then.
const WARM: usize = 40;
const CLERKS: [&str; 2] = ["madoguchi", "madoguchi2"];

/// One counter, then two at once with a worker process each.
pub(super) async fn certificates(folder: &Folder, looks: Looks) -> Result<()> {
    let place = Place::open(folder).await?;
    let city = place.city_with_people(looks.people).await?;
    let entered = Work::read()?.certificate;
    let all = keys(looks.people, looks.count + WARM as u32)?;
    let (warm, keys) = all.split_at(WARM);
    for counters in 1..=CLERKS.len() {
        let mut command = WorkerCommand::new(std::env::current_exe()?, &["print-worker"]);
        command.processes = counters;
        let printer = Printer::new(command);
        let desks: Vec<Desk<'_>> = CLERKS[..counters]
            .iter()
            .map(|id| Desk {
                office: &city.office,
                entered: &entered,
                printer: printer.clone(),
                clerk: actor(id, role::COUNTER),
            })
            .collect();
        round(&desks, warm).await?;
        let before = Spent::now(place.server())?;
        let begin = Instant::now();
        let done = round(&desks, keys).await?;
        let wall = begin.elapsed();
        let spent = Spent::now(place.server())?.since(&before);
        report(counters, &done, wall, &spent);
    }
    place.close().await
}

/// A clerk with what is needed to issue.
struct Desk<'a> {
    office: &'a Office,
    entered: &'a Entered,
    printer: Printer,
    clerk: Actor,
}

/// What one counter did.
#[derive(Default)]
struct Done {
    figure: Figure,
    issued: u32,
    refused: u32,
}

/// One or two desks share the keys and work at once.
async fn round(desks: &[Desk<'_>], keys: &[String]) -> Result<Done> {
    let share = |at: usize| keys.iter().skip(at).step_by(desks.len());
    let other = async {
        match desks.get(1) {
            Some(desk) => desk.issue(share(1)).await,
            None => Ok(Done::default()),
        }
    };
    let (mut whole, other) = tokio::try_join!(desks[0].issue(share(0)), other)?;
    whole.figure.join(other.figure);
    whole.issued += other.issued;
    whole.refused += other.refused;
    Ok(whole)
}

impl Desk<'_> {
    async fn issue(&self, keys: impl Iterator<Item = &String>) -> Result<Done> {
        let mut done = Done::default();
        for key in keys {
            let input = self.entered.of(std::slice::from_ref(key));
            let begin = Instant::now();
            let job = async |job: Job| render(&self.printer, job).await;
            match certificate_issue(self.office, &self.clerk, &input, job).await {
                Ok(_) => {
                    done.figure.since(begin);
                    done.issued += 1;
                }
                // Removed and protected people get none at the counter.
                Err(OfficeError::Invalid(_) | OfficeError::Forbidden(_)) => done.refused += 1,
                Err(other) => return Err(other.into()),
            }
        }
        Ok(done)
    }
}

fn report(counters: usize, done: &Done, wall: Duration, spent: &Spent) {
    done.figure.print(&format!("certificates, counters {counters}, one"));
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(done.issued.max(1));
    let second = |time: Duration| f64::from(done.issued) / time.as_secs_f64();
    println!(
        "certificates, counters {counters}: {:.1} a second of wall time, {} issued, {} refused",
        second(wall),
        done.issued,
        done.refused
    );
    println!(
        "certificates, counters {counters}: {:.1} a second and core; processor time {:.2} ms each \
         (office {:.2}, worker {:.2}, PostgreSQL {:.2})",
        second(spent.whole()),
        each(spent.whole()),
        each(spent.own),
        each(spent.children),
        each(spent.server)
    );
}

/// One document through the worker.
pub(super) async fn render(printer: &Printer, job: Job) -> Result<Rendered, RenderError> {
    let template = Template { entry: job.entry, files: job.files };
    let document = printer.render(&template, &job.data).await;
    let document = document.map_err(|error| RenderError::Failed(error.to_string()))?;
    Ok(Rendered { pdf: document.pdf, pages: document.pages })
}
