//! AWS as a provider: an account for each environment below one organisation, guarded by service
//! control policies. Typed requests over HTTP with one signing crate; no software kit of AWS.
//!
//! It asks only for what it was permitted, keeps nothing but sessions, and may be called again at
//! any point: what exists by its name or tag is taken up, never made a second time.

mod archive;
mod call;
mod compare;
mod grant;
mod inventory;
mod member;
mod organization;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell};

use self::call::Caller;
use self::organization::{Accounts, Home};
use super::{Answer, Inventory, Provider, ProviderError, Seen};
use crate::guardrail::Permit;
use crate::plane::environment::{Lane, Region};
use crate::plane::part::{Act, Part, Work};

/// The role that AWS makes in every new account for the management account.
const ENTRY_ROLE: &str = "OrganizationAccountAccessRole";
/// How long a session is used; AWS ends it after an hour.
const SESSION: Duration = Duration::from_secs(45 * 60);
/// AWS makes so many accounts at the same time (quota «member accounts you can concurrently
/// create»).
const ACCOUNTS: usize = 5;
/// Where services without a place are asked.
const WORLD: &str = "us-east-1";

/// How to reach AWS.
#[derive(Clone)]
pub struct AwsSettings {
    /// Address; `{service}` and `{region}` are filled in.
    pub endpoint: String,
    /// Access key of the management account's operator.
    pub access_key: String,
    /// Its secret; never logged.
    pub secret_key: String,
    /// Region for the east and for the west.
    pub regions: [String; 2],
    /// Budgets are kept in dollars: the planning rate, yen for one dollar.
    pub yen_per_dollar: u64,
    /// Addresses of accounts lie in this domain.
    pub mail_domain: String,
}

/// AWS.
pub struct Aws {
    settings: AwsSettings,
    caller: Caller,
    sessions: Mutex<HashMap<String, (Instant, Arc<Session>)>>,
    accounts: Mutex<Option<(Instant, Arc<Accounts>)>>,
    home: OnceCell<Home>,
}

/// Keys to one account.
pub(crate) struct Session {
    access_key: String,
    secret_key: String,
    token: Option<String>,
    /// AWS said that it has ended.
    ended: AtomicBool,
}

impl Aws {
    /// AWS behind an address.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] when the client cannot be made.
    pub fn new(settings: AwsSettings) -> Result<Aws, ProviderError> {
        let caller = Caller::new(&settings)?;
        let (sessions, accounts) = (Mutex::default(), Mutex::default());
        Ok(Aws { settings, caller, sessions, accounts, home: OnceCell::new() })
    }

    fn region(&self, region: Region) -> &str {
        match region {
            Region::East => &self.settings.regions[0],
            Region::West => &self.settings.regions[1],
        }
    }

    /// Keys to an account: asked for once, used until shortly before they end.
    async fn session(&self, account: &str) -> Result<Arc<Session>, ProviderError> {
        let mut sessions = self.sessions.lock().await;
        if let Some((since, session)) = sessions.get(account)
            && since.elapsed() < SESSION
            && !session.ended.load(Ordering::Relaxed)
        {
            return Ok(session.clone());
        }
        drop(sessions);
        let session = Arc::new(self.caller.role_assume(account).await?);
        sessions = self.sessions.lock().await;
        sessions.insert(account.to_owned(), (Instant::now(), session.clone()));
        Ok(session)
    }
}

impl Aws {
    async fn part_remove(&self, work: &Work) -> Result<(), ProviderError> {
        match &work.part {
            Part::Policy { name, kind, .. } => self.policy_remove(work, *kind, name).await,
            Part::Account => self.account_close(work).await,
            Part::Administrator => self.administrator_remove(work).await,
            Part::Budget { .. } => self.budget_remove(work).await,
            Part::Key { region } => self.key_remove(work, *region).await,
            Part::System { system, region, .. } => self.system_remove(work, system, *region).await,
            // The placement ends with the account; what was enrolled only leaves the books.
            Part::Placement { .. } | Part::Enrolment { .. } => Ok(()),
            Part::Root | Part::Group { .. } | Part::Archive { .. } => {
                Err(ProviderError::Refused("統治の木と記録の保管庫は廃止できません".to_owned()))
            }
        }
    }
}

/// The service by which a part is made.
pub fn service(part: &Part) -> &'static str {
    match part {
        Part::Administrator => "iam",
        Part::Budget { .. } => "budgets",
        Part::Key { .. } => "kms",
        Part::System { .. } => "s3",
        Part::Archive { .. } => "cloudtrail",
        _ => "organizations",
    }
}

/// The account of a piece of work.
fn account_of(work: &Work) -> Result<&str, ProviderError> {
    let account = work.own.get("account").map(String::as_str);
    account.ok_or_else(|| ProviderError::Refused("この環境の区画がまだありません".to_owned()))
}

/// The key of a piece of work's environment.
fn key_of(work: &Work, region: Region) -> Result<&str, ProviderError> {
    let key = work.own.get(&format!("key.{}", region.id())).map(String::as_str);
    let absent = || ProviderError::Refused(format!("鍵（{}）がまだありません", region.word()));
    key.ok_or_else(absent)
}

impl Provider for Aws {
    fn name(&self) -> &str {
        "aws"
    }

    fn service(&self, part: &Part) -> &'static str {
        service(part)
    }

    fn accounts_at_once(&self) -> usize {
        ACCOUNTS
    }

    fn doubles(&self, part: &Part) -> bool {
        matches!(part, Part::Account | Part::Key { .. })
    }

    fn find<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            match &work.part {
                Part::Account => self.account_find(&work.lane.to_string()).await,
                Part::Key { region } => match self.key_find(work, *region).await {
                    Err(error) if work.act == Act::Remove => {
                        self.account_ended(work, error).await.map(|_| None)
                    }
                    found => found,
                },
                Part::Enrolment { origin } => self.enrolled_find(origin).await,
                _ => Ok(None),
            }
        })
    }

    fn make(&self, permit: Permit) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let work = permit.work();
            match &work.part {
                Part::Root => self.root_make().await,
                Part::Group { path } => self.group_make(work, path).await,
                Part::Policy { name, kind, text } => {
                    self.policy_make(work, *kind, (name, text)).await
                }
                Part::Archive { region, locked_days } => {
                    self.archive_make(work, *region, *locked_days).await
                }
                Part::Account => self.account_make(work).await,
                Part::Placement { group } => self.account_place(work, group).await,
                Part::Administrator => self.administrator_make(work).await,
                Part::Budget { limit_yen } => self.budget_make(work, *limit_yen).await,
                Part::Key { region } => self.key_make(work, *region).await,
                Part::System { system, version, region } => {
                    self.system_make(work, (system, version), *region).await
                }
                Part::Enrolment { .. } => Ok(None),
            }
        })
    }

    fn remove(&self, permit: Permit) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let work = permit.work();
            match self.part_remove(work).await {
                Ok(()) => Ok(None),
                Err(error) => self.account_ended(work, error).await.map(Some),
            }
        })
    }

    fn survey(&self) -> Answer<'_, Vec<Seen>> {
        Box::pin(self.accounts_survey())
    }

    fn compare<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>> {
        Box::pin(self.part_compare(work))
    }

    fn inventory<'a>(&'a self, reference: &'a str) -> Answer<'a, Inventory> {
        Box::pin(self.account_inventory(reference))
    }

    fn inspect<'a>(&'a self, lane: &'a Lane, reference: &'a str) -> Answer<'a, Vec<Seen>> {
        Box::pin(self.stores_inspect(lane, reference))
    }
}
