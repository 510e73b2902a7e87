//! From the signature of a contract to work in the system: the whole program on a new folder each
//! round, and everything over HTTP as people do it. Invented people only.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use office::access::role;
use office::staff::sample_codes;
use store::organisation::{Credentials, credentials_read};
use tokio::process::Child;
use tokio::time::sleep;

use crate::bench::figure::Figure;
use crate::bench::memory::{end, ports_free, ready, start};
use crate::bench::place::Folder;
use crate::bench::visitor::Visitor;

/// How long the gate may take over the packages of a new folder.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often a page is looked at again.
const LOOK: Duration = Duration::from_millis(20);
/// The state of a contract whose system runs.
const IN_SERVICE: &str = "提供中";

/// The times of one round.
struct Times {
    service: Duration,
    seen: Duration,
    form: Duration,
}

/// Several rounds, each the first contract of a new sample municipality.
pub(super) async fn signature(folder: &Folder, rounds: usize) -> Result<()> {
    let mut figures: [Figure; 3] = Default::default();
    for round in 0..rounds {
        let var = folder.path().join(format!("signature-{round}"));
        let ports = ports_free()?;
        let mut up = start(&var, &ports, Some("village"))?;
        let measured = measured(&mut up, &var, &ports).await;
        end(&mut up).await?;
        let times = measured?;
        for (figure, time) in figures.iter_mut().zip([times.service, times.seen, times.form]) {
            figure.add(time);
        }
    }
    println!("from the signature, {rounds} new municipalities (must 3 s, aim 1 s)");
    let names =
        ["the contract is in service", "the administrator sees the system", "a form is open"];
    for (name, figure) in names.iter().zip(&figures) {
        figure.print(&format!("  until {name}"));
    }
    Ok(())
}

/// The people of the municipality by what they do.
struct People {
    id: String,
    /// Drafts, in the LGWAN zone.
    manager: Visitor,
    /// Decides and signs there.
    chief: Visitor,
    /// Enters cases, in the office zone.
    clerk: Visitor,
    /// Not yet signed in to the office zone.
    administrator: (String, Credentials),
}

async fn measured(up: &mut Child, var: &Path, ports: &[u16]) -> Result<Times> {
    ready(up, ports).await?;
    let people = signed_in(var, ports).await?;
    let id = &people.id;
    let (system, offer) = offered(&people).await?;
    let page = people.manager.page(&offer).await?;
    let draft = "method=随意契約&reason=料金と手続を比べた&budget=見本の予算";
    let contract = people.manager.post(&offer, &page, draft).await?;
    let page = people.chief.page(&contract).await?;
    people.chief.post(&format!("{contract}/decide"), &page, "").await?;
    let begin = Instant::now();
    people.chief.post(&format!("{contract}/sign"), &page, "").await?;
    while !people.chief.page(&contract).await?.contains(IN_SERVICE) {
        if begin.elapsed() > PATIENCE {
            bail!("{contract} が提供中になりません");
        }
        sleep(LOOK).await;
    }
    let service = begin.elapsed();
    // What was installed is taken up when somebody signs in.
    let (account, office) = &people.administrator;
    let mut administrator = Visitor::new(ports[0]);
    administrator.sign_in(id, account, &code(office, account).await?).await?;
    let first = administrator.page(&format!("/{id}/administration")).await?;
    anyhow::ensure!(first.contains(&system.1), "{} は管理の画面にありません", system.1);
    let seen = begin.elapsed();
    let menu = people.clerk.page(&format!("/{id}/")).await?;
    let form = link(&menu, &format!("/{id}/start/{}/", system.0)).context("no procedure")?;
    people.clerk.open(&form).await?;
    Ok(Times { service, seen, form: begin.elapsed() })
}

/// The first address on a page that begins like this.
fn link(page: &str, begin: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("href=\"{begin}"))?;
    Some(format!("{begin}{}", rest.split('"').next()?))
}

async fn code(office: &Credentials, account: &str) -> Result<String> {
    let staff = office.database(office.staff.as_ref(), office.staff_vault.as_deref(), 1)?;
    let codes = sample_codes(&staff, Timestamp::now()).await?;
    let found = codes.into_iter().find(|(id, ..)| id == account);
    Ok(found.context("no such account")?.3)
}

async fn signed_in(var: &Path, ports: &[u16]) -> Result<People> {
    let all = credentials_read(&var.join("credentials").join("office"))?;
    let office = all.into_iter().next().context("no organisation")?;
    let id = office.organisation.id.clone();
    let staff = office.database(office.staff.as_ref(), office.staff_vault.as_deref(), 1)?;
    let codes = sample_codes(&staff, Timestamp::now()).await?;
    // Every code opens one session: each role is another person.
    let who = |role: &str, least: bool| {
        let fits =
            |roles: &[String]| roles.iter().any(|own| own == role) && (!least || roles.len() == 1);
        let found = codes.iter().find(|(_, _, roles, _)| fits(roles));
        found.map(|(id, _, _, code)| (id.clone(), code.clone())).context("no such role")
    };
    let enter = async |port: u16, (account, code): (String, String)| -> Result<Visitor> {
        let mut visitor = Visitor::new(port);
        visitor.sign_in(&id, &account, &code).await?;
        Ok(visitor)
    };
    let manager = enter(ports[1], who(role::MANAGER, false)?).await?;
    let chief = enter(ports[1], who(role::CHIEF, false)?).await?;
    let clerk = enter(ports[0], who(role::COUNTER, true)?).await?;
    let (administrator, _) = who(role::ADMINISTRATOR, false)?;
    Ok(People { id, manager, chief, clerk, administrator: (administrator, office) })
}

/// A conforming offer for a business without contract: the id and name of its system, and the
/// address of the draft. Waits for the gate.
async fn offered(people: &People) -> Result<((String, String), String)> {
    let home = format!("/{}/catalogue", people.id);
    let asked = format!("{home}?conforms=yes&contract=no");
    let begin = Instant::now();
    loop {
        let page = people.manager.page(&asked).await?;
        if let Some(found) = link(&page, &format!("{home}/")) {
            let system = found.rsplit('/').next().unwrap_or_default().to_owned();
            let page = people.manager.page(&found).await?;
            let name = page.split("<h1").nth(1).and_then(|rest| rest.split_once('>'));
            let name = name.and_then(|(_, rest)| rest.split('<').next()).context("no title")?;
            let offer = link(&page, &format!("/{}/offers/", people.id)).context("no offer")?;
            // The first link may be of its report.
            let offer = offer.split('/').take(4).collect::<Vec<_>>().join("/");
            return Ok(((system, name.trim().to_owned()), offer));
        }
        if begin.elapsed() > PATIENCE {
            bail!("適合した申出がカタログにありません");
        }
        sleep(Duration::from_millis(500)).await;
    }
}
