//! Memory of the zones and of the print worker, as the proportional set size that Linux counts.
//!
//! PostgreSQL is left out: its size is a setting. Needs to read `/proc/*/smaps_rollup`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use office::access::role;
use office::{Office, staff::sample_codes};
use print::{Printer, WorkerCommand};
use store::organisation::{Credentials, credentials_read};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::certificates::render;
use super::place::{Folder, actor};
use super::visitor::Visitor;
use super::{search::keys, work::Work};
use crate::systems::systems_load;

/// Seconds until every zone answers.
const PATIENCE: u32 = 240;
/// The smallest sample organisation: pages are opened of this many people.
const PEOPLE: u32 = 900;
/// Documents that the worker prints.
const DOCUMENTS: u32 = 20;

/// Starts everything, opens pages, prints, reads sizes, ends everything.
pub(super) async fn memory(folder: &Folder, count: u32, only: Option<&str>) -> Result<()> {
    let var = folder.path().join("up");
    let ports = ports_free()?;
    let mut up = start(&var, &ports, only)?;
    let measured = measure(&mut up, &var, &ports, count).await;
    end(&mut up).await?;
    measured
}

/// Ends the program with its zones and its database.
pub(super) async fn end(up: &mut Child) -> Result<()> {
    if let Some(id) = up.id() {
        // SIGTERM: it ends what it started.
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    up.wait().await?;
    Ok(())
}

/// The most memory that this process ever had, in MiB.
pub(super) fn peak() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    Ok(kibibytes.context("VmHWM")? / 1024.0)
}

/// Four ports that nobody listens on; all are held until the last one is found.
pub(super) fn ports_free() -> Result<Vec<u16>> {
    let held: Vec<TcpListener> =
        (0..4).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    Ok(held.iter().map(|one| one.local_addr().map(|at| at.port())).collect::<Result<_, _>>()?)
}

/// Starts the whole program on `var`.
pub(super) fn start(var: &Path, ports: &[u16], only: Option<&str>) -> Result<Child> {
    let names = ["--office-port", "--lgwan-port", "--internet-port", "--authenticator-port"];
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("up").arg("--var").arg(var).stdin(Stdio::null()).stdout(Stdio::null());
    for (name, port) in names.iter().zip(ports) {
        command.arg(name).arg(port.to_string());
    }
    command.args(["--mesh-port", "0"]);
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    Ok(command.spawn()?)
}

/// Waits until every zone answers.
pub(super) async fn ready(up: &mut Child, ports: &[u16]) -> Result<()> {
    let mut tries = 0;
    for port in &ports[..3] {
        while Visitor::new(*port).open("/health").await.is_err() {
            tries += 1;
            if tries == PATIENCE || up.try_wait()?.is_some() {
                bail!("kumoi up が応答しません");
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
    Ok(())
}

async fn measure(up: &mut Child, var: &Path, ports: &[u16], count: u32) -> Result<()> {
    ready(up, ports).await?;
    let all = credentials_read(&var.join("credentials").join("office"))?;
    visit(&all, ports[0], count).await?;
    let printer = Printer::new(WorkerCommand::new(std::env::current_exe()?, &["print-worker"]));
    // The village comes last and is loaded before the address answers.
    let issued = print(all.last().context("no organisation")?, &printer).await?;
    println!("memory after {count} pages, {} organisations, {issued} documents", all.len());
    let mut sum = 0;
    for words in ["--zone office", "--zone lgwan", "--zone internet", "print-worker"] {
        let size = sizes(words, up.id())?;
        if size == 0 {
            bail!("no process with {words}");
        }
        println!("memory, {words}: {:.1} MiB", size as f64 / 1024.0);
        sum += size;
    }
    println!("memory, together: {:.1} MiB", sum as f64 / 1024.0);
    Ok(())
}

/// Opens people's pages in every organisation in turn.
async fn visit(all: &[Credentials], port: u16, count: u32) -> Result<()> {
    let Work { register, .. } = Work::read()?;
    let mut visitors = Vec::new();
    for one in all {
        let staff = one.database(one.staff.as_ref(), one.staff_vault.as_deref(), 1)?;
        let codes = sample_codes(&staff, Timestamp::now()).await?;
        let (id, _, _, code) = codes
            .into_iter()
            .find(|it| it.2.iter().any(|r| r == role::COUNTER))
            .context("no clerk")?;
        let mut visitor = Visitor::new(port);
        visitor.sign_in(&one.organisation.id, &id, &code).await?;
        visitors.push((one.organisation.id.clone(), visitor));
    }
    for (at, key) in keys(PEOPLE, count)?.into_iter().enumerate() {
        let (id, visitor) = &visitors[at % visitors.len()];
        let path = format!("/{id}/rows/{}/{}/{key}", register.system, register.register);
        // A person who is not loaded yet answers 404; the next round shows an organisation's list.
        if visitor.open(&path).await.is_err() {
            visitor.open(&format!("/{id}/")).await?;
        }
    }
    Ok(())
}

/// Issues documents; how many is returned.
async fn print(credentials: &Credentials, printer: &Printer) -> Result<u32> {
    let key = credentials.vault.as_deref();
    let database = credentials.database(credentials.office.as_ref(), key, 2)?;
    let organisation = credentials.organisation.clone();
    let systems = Arc::clone(&systems_load()?);
    let office = Office { organisation, database, systems, ended: Arc::default() };
    let clerk = actor("madoguchi", role::COUNTER);
    let entered = Work::read()?.certificate;
    let mut issued = 0;
    for key in keys(PEOPLE, DOCUMENTS)? {
        let own = printer.clone();
        let job = async move |job| render(&own, job).await;
        let input = entered.of(&[key]);
        match office::certificate::certificate_issue(&office, &clerk, &input, job).await {
            Ok(_) => issued += 1,
            Err(office::OfficeError::Store(error)) => return Err(error.into()),
            // Removed and protected people get none.
            Err(_) => continue,
        }
    }
    Ok(issued)
}

/// Proportional set size in KiB of our processes whose command line has `words`: children of
/// `up`, or of this process.
fn sizes(words: &str, up: Option<u32>) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        let Ok(line) = fs::read(folder.join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let Ok(status) = fs::read_to_string(folder.join("status")) else { continue };
        let parent = number(&status, "PPid:");
        let ours = [up, Some(std::process::id())];
        if !line.contains(words) || !ours.contains(&u32::try_from(parent).ok()) {
            continue;
        }
        sum += number(&fs::read_to_string(folder.join("smaps_rollup"))?, "Pss:");
    }
    Ok(sum)
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}
