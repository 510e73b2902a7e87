//! The office's visits to the front database: it fetches sealed applications, links residents to
//! their records and publishes what a linked resident may see.
//!
//! The office always connects outward; nothing here listens. [`tick`] is called every few seconds
//! and after a hint; everything it does can be repeated. Business names come as [`LinkItems`].
//!
//! What the internet zone says of a resident is not believed: an application carries the card's
//! identity token, whose signature, times and nonce the office verifies itself. It matches four
//! items exactly and leaves every doubt to a clerk.

mod link;
mod matching;
mod protect;
mod publish;
pub mod token;

use std::collections::{BTreeMap, BTreeSet};

use base::date::Date;
use base::said;
use definition::System;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::front::office::{self as shelf, Mark};
use store::front::seal::{OfficeKey, to_text};
use store::front::{OFFICE_KEY, setting_read};
use store::register::Table;
use store::vault::Vault;
use store::{Client, Database, StoreError};

use base::date::day_in_japan;

pub use link::{Clerk, Decision, Pending, Verdict, decide, pending};
pub use matching::{Agreement, Candidate};
pub use token::Trust;

/// Rows re-read behind the mark: entries commit in another order than they are numbered.
const OVERLAP: i64 = 50;
/// Every view is compared with its record at least this often, in seconds.
const CHECK_SECONDS: i32 = 600;
/// Views compared in one tick beside those with news.
const CHECK_LIMIT: i64 = 20;
/// Applications fetched in one tick.
const FETCH_LIMIT: usize = 100;
/// Setting with the mark of the last tick.
const MARK: &str = "office_mark";

/// Which items of the register the card's four items are matched with, and what is published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkItems {
    /// Item with the name (氏名).
    pub name: String,
    /// Item with the date of birth (生年月日).
    pub birth: String,
    /// Item with the sex (性別).
    pub sex: String,
    /// The issuer's value of the sex → the register's; what is not listed is compared as it is.
    #[serde(default)]
    pub sex_values: BTreeMap<String, String>,
    /// Items that make up the address (住所, 方書), in order.
    pub address: Vec<String>,
    /// The relation to the members of the household (世帯員), if names of them are shown.
    pub household: Option<String>,
    /// Items that are never published, beside secret and internal ones.
    #[serde(default)]
    pub withheld: Vec<String>,
}

impl From<&definition::model::Published> for LinkItems {
    /// The register's own words, with the issuer's value for a sex that is not stated.
    fn from(published: &definition::model::Published) -> LinkItems {
        LinkItems {
            name: published.name.clone(),
            birth: published.birth.clone(),
            sex: published.sex.clone(),
            sex_values: BTreeMap::from([("3".to_owned(), "0".to_owned())]),
            address: published.address.clone(),
            household: published.household.clone(),
            withheld: published.withheld.clone(),
        }
    }
}

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Applications fetched.
    pub fetched: usize,
    /// Applications that could not be read.
    pub refused: usize,
    /// Links made without a clerk.
    pub linked: usize,
    /// Links that wait for a clerk.
    pub pending: usize,
    /// Views published or withdrawn.
    pub published: usize,
}

/// Everything that a visit needs.
struct Desk<'a> {
    front: Client,
    office: Client,
    vault: &'a Vault,
    key: OfficeKey,
    table: Table<'a>,
    items: &'a LinkItems,
    /// The day of this visit, in Japan.
    today: Date,
}

impl<'a> Desk<'a> {
    async fn new(
        front: &Database,
        office: &'a Database,
        system: &'a System,
        register: &str,
        items: &'a LinkItems,
    ) -> Result<Desk<'a>, StoreError> {
        let table = Table::new(system, register)?;
        items.check(table)?;
        let vault = office.vault()?;
        Ok(Desk {
            front: front.client().await?,
            office: office.client().await?,
            vault,
            key: OfficeKey::from_vault(vault)?,
            table,
            items,
            today: day_in_japan(Timestamp::now()),
        })
    }

    /// The front database.
    fn front(&self) -> &store::Connection {
        &self.front
    }

    /// The organisation's database.
    fn office(&self) -> &store::Connection {
        &self.office
    }
}

impl LinkItems {
    /// Every named item and relation must exist: a misspelt name would match or show nothing.
    fn check(&self, table: Table<'_>) -> Result<(), StoreError> {
        let register = table.register;
        let mut names = vec![&self.name, &self.birth, &self.sex];
        names.extend(self.address.iter().chain(&self.withheld));
        for name in names {
            if register.item(name).is_none() {
                let (own, own_en) = (&register.name, &register.name_en);
                return Err(StoreError::NotFound(said!(
                    "台帳「{own}」の項目「{name}」",
                    "The item “{name}” of the register “{own_en}”"
                )));
            }
        }
        if let Some(name) = &self.household
            && !register.relations.iter().any(|relation| &relation.name == name)
        {
            let (own, own_en) = (&register.name, &register.name_en);
            return Err(StoreError::NotFound(said!(
                "台帳「{own}」の関係「{name}」",
                "The relation “{name}” of the register “{own_en}”"
            )));
        }
        Ok(())
    }
}

/// One visit to the front database. It takes two connections of the front pool and one of the
/// office's.
///
/// # Errors
/// [`StoreError`]; what was done before stays done, the next tick goes on.
pub async fn tick(
    (front, office): (&Database, &Database),
    (system, register): (&System, &str),
    items: &LinkItems,
    trust: Option<&Trust>,
) -> Result<TickReport, StoreError> {
    let desk = Desk::new(front, office, system, register, items).await?;
    let mut mailbox = front.client().await?;
    let key = to_text(desk.key.public());
    // Even an upsert that changes nothing is a write; a visit without news makes none.
    if setting_read(desk.front(), OFFICE_KEY).await?.as_deref() != Some(key.as_str()) {
        shelf::setting_put(desk.front(), OFFICE_KEY, &key).await?;
    }
    let mut report = TickReport::default();
    // Without the issuer's keys applications wait; what is linked is published all the same.
    if let Some(trust) = trust {
        for _ in 0..FETCH_LIMIT {
            if !link::fetch(&desk, &mut mailbox, trust, &mut report).await? {
                break;
            }
        }
    }
    follow(&desk, &mut report).await?;
    let unchecked = shelf::links_unchecked(desk.front(), CHECK_SECONDS, CHECK_LIMIT).await?;
    for link in unchecked {
        report.published += usize::from(publish::publish(&desk, &link.handle).await?);
    }
    Ok(report)
}

/// Publishes anew what journal and audit have news of.
async fn follow(desk: &Desk<'_>, report: &mut TickReport) -> Result<(), StoreError> {
    let newest = shelf::mark_newest(desk.office()).await?;
    let seen = setting_read(desk.front(), MARK).await?.as_deref().and_then(parse_mark);
    if let Some(seen) = seen.filter(|seen| *seen != newest) {
        let from = Mark {
            event: seen.event.min(newest.event) - OVERLAP,
            audit: seen.audit.min(newest.audit) - OVERLAP,
        };
        let news = shelf::subjects_after(desk.office(), from).await?;
        let marks: BTreeMap<Vec<u8>, Mark> =
            news.iter().map(|(key, mark)| (link::subject_index(desk, key), *mark)).collect();
        let beside: BTreeSet<Vec<u8>> = protect::beside(desk, &news)
            .await?
            .iter()
            .map(|key| link::subject_index(desk, key))
            .collect();
        let indexes: Vec<Vec<u8>> = marks.keys().chain(&beside).cloned().collect();
        for link in shelf::links_of(desk.front(), &indexes).await? {
            let mark = link.subject_index.as_ref().and_then(|index| marks.get(index));
            let newer = |mark: &Mark| {
                mark.event > link.published_event || mark.audit > link.published_audit
            };
            let beside = link.subject_index.as_ref().is_some_and(|index| beside.contains(index));
            if beside || mark.is_some_and(newer) {
                report.published += usize::from(publish::publish(desk, &link.handle).await?);
            }
        }
    }
    if seen != Some(newest) {
        let text = format!("{} {}", newest.event, newest.audit);
        shelf::setting_put(desk.front(), MARK, &text).await?;
    }
    Ok(())
}

fn parse_mark(text: &str) -> Option<Mark> {
    let (event, audit) = text.split_once(' ')?;
    Some(Mark { event: event.parse().ok()?, audit: audit.parse().ok()? })
}
