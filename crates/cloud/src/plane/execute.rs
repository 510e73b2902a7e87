//! The executor: carries an approved blueprint out, environments beside each other, the steps of
//! one in order. Every step is journalled before it is asked for and after it is done, so that
//! whoever takes up a broken-off blueprint looks before it makes anything again.
//!
//! It asks a provider for nothing that the guardrails did not permit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use store::control::plane::{self as rows, Begun, Head, Journal};
use store::organisation::Installer;
use store::{Connection, GenericClient};
use tokio::task::JoinSet;

use super::blueprint::{Blueprint, Step, hash};
use super::books::{Books, Wanted, part_read};
use super::environment::{Kind, Lane, Origin};
use super::lane::{Clerk, Context, Pending, Ran, Slots};
use super::part::{Act, Part, References};
use crate::CloudError;
use crate::guardrail::Guardrails;
use crate::provider::Provider;

/// Providers by name.
pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// How patient the executor is.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls at the same time, not counting those that have become slow.
    pub calls: usize,
    /// How long a call may hold others up before it is waited for aside.
    pub patience: Duration,
    /// How long a call may take.
    pub call: Duration,
    /// How often a step is tried in one run.
    pub attempts: u32,
    /// How often something is looked for before it counts as not made.
    pub looks: u32,
    /// The first pause before trying again; it doubles.
    pub pause: Duration,
    /// After how long an unfinished step raises an alarm.
    pub alarm: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            calls: 8,
            patience: Duration::from_secs(2),
            call: Duration::from_secs(60),
            attempts: 8,
            looks: 4,
            pause: Duration::from_millis(250),
            alarm: Duration::from_secs(900),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps that this run did.
    pub done: usize,
    /// Environment, step and reason of what is held.
    pub held: Vec<(String, String, String)>,
    /// Steps that wait behind those.
    pub waiting: usize,
    /// Whether the whole blueprint is done.
    pub ended: bool,
}

/// Makes blueprints and carries them out.
pub struct Executor {
    /// Signs in to the control database.
    pub installer: Installer,
    /// Providers.
    pub providers: Providers,
    /// The rules of today.
    pub guardrails: Arc<Guardrails>,
    /// Patience.
    pub limits: Limits,
}

/// The books of now.
///
/// # Errors
/// [`CloudError::Store`], [`CloudError::Plane`].
pub async fn books_read(installer: &Installer) -> Result<Books, CloudError> {
    let control = store::control::control_open(installer).await?;
    books_look(&control).await
}

/// The same on a connection that may only look.
///
/// # Errors
/// [`CloudError::Store`], [`CloudError::Plane`].
pub async fn books_look(control: &impl GenericClient) -> Result<Books, CloudError> {
    let changes = rows::changes_read(control).await?;
    let (generation, parts) = rows::parts_read(control).await?;
    Ok(Books { changes: changes.into_iter().collect(), ..Books::read(generation, parts)? })
}

/// Keeps a blueprint as a draft of the command line; its number.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn blueprint_keep(
    installer: &Installer,
    blueprint: &Blueprint,
    said: (&str, &str),
) -> Result<i64, CloudError> {
    let mut control = store::control::control_open(installer).await?;
    blueprint_keep_as(&mut control, blueprint, said).await
}

/// Keeps a blueprint as a draft of who acts on a connection: on an operator's login the admitted
/// person, on any other the command line, whatever name is said. Its number.
///
/// # Errors
/// [`CloudError::Store`] when the person is not admitted.
pub async fn blueprint_keep_as(
    control: &mut Connection,
    blueprint: &Blueprint,
    said: (&str, &str),
) -> Result<i64, CloudError> {
    let planned = |step: &Step| {
        let json =
            |part| serde_json::to_value(part).map_err(|it| CloudError::Plane(it.to_string()));
        Ok(rows::Planned {
            id: step.id.clone(),
            environment: step.lane.clone(),
            sequence: step.sequence,
            act: step.act.word().to_owned(),
            part: step.part.id(),
            value: json(&step.part)?,
            before: step.before.as_ref().map(json).transpose()?,
            seen: step.seen,
        })
    };
    let steps: Vec<_> = blueprint.steps.iter().map(planned).collect::<Result<_, CloudError>>()?;
    let head = (blueprint.base, blueprint.hash.as_str());
    Ok(rows::blueprint_keep(control, head, said, &steps).await?)
}

/// A blueprint as it was kept, and its steps with how far they are.
///
/// # Errors
/// [`CloudError::Plane`] when what is kept is not what was hashed.
pub async fn blueprint_read(
    installer: &Installer,
    id: i64,
) -> Result<(Head, Blueprint, Vec<rows::Step>), CloudError> {
    let control = store::control::control_open(installer).await?;
    blueprint_look(&control, id).await
}

/// The same on a connection that may only look.
///
/// # Errors
/// [`CloudError::Plane`] when what is kept is not what was hashed.
pub async fn blueprint_look(
    control: &impl GenericClient,
    id: i64,
) -> Result<(Head, Blueprint, Vec<rows::Step>), CloudError> {
    let head = rows::head_read(control, id).await?;
    let kept = rows::step_list(control, id).await?;
    let steps: Vec<Step> = kept.iter().map(step_read).collect::<Result<_, _>>()?;
    if hash(head.base, &steps) != head.hash {
        return Err(CloudError::Plane(format!(
            "青写真 {id} の手順が、承認された内容と違います。適用せず、監査に知らせてください"
        )));
    }
    let blueprint = Blueprint { base: head.base, hash: head.hash.clone(), steps };
    Ok((head, blueprint, kept))
}

fn step_read(kept: &rows::Step) -> Result<Step, CloudError> {
    let planned = &kept.planned;
    let part = |value: &serde_json::Value| part_read(&value.to_string());
    let act = Act::of(&planned.act);
    Ok(Step {
        id: planned.id.clone(),
        lane: planned.environment.clone(),
        sequence: planned.sequence,
        act: act.ok_or_else(|| CloudError::Plane(format!("「{}」という作業", planned.act)))?,
        part: part(&planned.value)?,
        before: planned.before.as_ref().map(part).transpose()?,
        seen: planned.seen,
    })
}

impl Executor {
    /// Carries a blueprint out as far as it can be now. Called again, it goes on where it stopped.
    ///
    /// # Errors
    /// [`CloudError::Stale`] and [`CloudError::Plane`] when it may not be begun, is not what was
    /// approved or needs a provider that is not here;
    /// [`CloudError::Store`] when the journal was lost: nothing is asked for after that.
    pub async fn blueprint_apply(&self, id: i64) -> Result<Report, CloudError> {
        // Before anything is begun: that it is what was approved, and can be done here.
        let (head, blueprint, _) = blueprint_read(&self.installer, id).await?;
        self.check_providers(&head, &blueprint)?;
        let generation = self.begin(id).await?;
        let journal = Journal::open(&self.installer, (id, generation)).await?;
        // Read after the journal is ours: nobody else changes it from here on.
        let (head, blueprint, kept) = blueprint_read(&self.installer, id).await?;
        let books = books_read(&self.installer).await?;
        let (clerk, writing) = Clerk::start(journal);
        let watch = tokio::spawn(watch(self.installer.clone(), self.limits.alarm));
        let report = self.run((&head, blueprint, &kept), &books, clerk).await;
        watch.abort();
        // The connection with the lock is given up before anybody hears of the end.
        writing.await.map_err(|it| CloudError::Plane(it.to_string()))??;
        let mut report = report?;
        let mut control = store::control::control_open(&self.installer).await?;
        rows::alarm_raise(&control, self.limits.alarm.as_secs_f64()).await?;
        report.ended = rows::blueprint_end(&mut control, id).await?;
        Ok(report)
    }

    /// One that was begun already goes on with the providers that there are.
    fn check_providers(&self, head: &Head, blueprint: &Blueprint) -> Result<(), CloudError> {
        let lanes = blueprint.lanes();
        let names = lanes.iter().filter_map(|lane| lane.rsplit('.').next());
        let absent: BTreeSet<&str> = names.filter(|it| !self.providers.contains_key(*it)).collect();
        if head.state != "承認済" || absent.is_empty() {
            return Ok(());
        }
        let absent: Vec<&str> = absent.into_iter().collect();
        Err(CloudError::Plane(format!(
            "プロバイダー {} に行く鍵がここにはありません。鍵のあるところで適用してください。まだ何も始めていません",
            absent.join("、")
        )))
    }

    async fn begin(&self, id: i64) -> Result<i64, CloudError> {
        let mut control = store::control::control_open(&self.installer).await?;
        match rows::blueprint_begin(&mut control, id).await? {
            Begun::Yes(generation) => Ok(generation),
            Begun::Stale(now, changed) => {
                let base = rows::head_read(&control, id).await?.base;
                let lines = changed.iter().take(10);
                let lines: Vec<String> =
                    lines.map(|(lane, act, part)| format!("{lane} の {part} の{act}")).collect();
                let more = changed.len().saturating_sub(lines.len());
                let rest = if more > 0 { format!("、ほか {more} 件") } else { String::new() };
                Err(CloudError::Stale { base, now, changed: lines.join("、") + &rest })
            }
            Begun::Busy(all) => {
                let names: Vec<String> = all
                    .iter()
                    .take(5)
                    .map(|(other, lane)| format!("{lane}（青写真 {other}）"))
                    .collect();
                Err(CloudError::Plane(format!(
                    "ほかの青写真が適用中の環境が {} あります: {}。それが済むか、残りを取り止めてから適用してください",
                    all.len(),
                    names.join("、")
                )))
            }
        }
    }

    async fn run(
        &self,
        (head, blueprint, kept): (&Head, Blueprint, &[rows::Step]),
        books: &Books,
        clerk: Clerk,
    ) -> Result<Report, CloudError> {
        let mut providers: BTreeMap<String, Open> = BTreeMap::new();
        for (step, kept) in blueprint.steps.into_iter().zip(kept) {
            if kept.state != "済み" && kept.state != "取止" {
                let there = books.lanes.get(&step.lane).and_then(|it| it.get(&step.part.id()));
                // What is on the books in any way is looked for before it is made.
                let begun = kept.attempts > 0 || there.is_some();
                let provider = step.lane.rsplit('.').next().unwrap_or_default().to_owned();
                let open = providers.entry(provider).or_default();
                open.entry(step.lane.clone()).or_default().push(Pending { step, begun });
            }
        }
        let books = Arc::new(books.clone());
        let mut running = JoinSet::new();
        for (provider, open) in providers {
            let context = self.context(&provider, (head, &clerk));
            running.spawn(provider_run(context, (provider, open), books.clone()));
        }
        drop(clerk);
        let (mut report, mut failed) = (Report::default(), None);
        while let Some(ran) = running.join_next().await {
            match ran.map_err(|it| CloudError::Plane(it.to_string())).and_then(|it| it) {
                Ok((all, waiting)) => {
                    report.waiting += waiting;
                    all.into_iter().for_each(|ran| ran.add_to(&mut report));
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        report.held.sort();
        failed.map_or(Ok(report), Err)
    }

    fn context(&self, provider: &str, (head, clerk): (&Head, &Clerk)) -> Context {
        let provider = self.providers.get(provider).cloned();
        let accounts = provider.as_ref().map_or(1, |it| it.accounts_at_once());
        Context {
            provider,
            guardrails: self.guardrails.clone(),
            limits: self.limits,
            slots: Slots::new(self.limits, accounts),
            clerk: clerk.clone(),
            made_by: head.made_by.as_str().into(),
            approved_by: head.approved_by.as_deref().map(Into::into),
            shared: Arc::default(),
        }
    }
}

/// Open steps by environment.
type Open = BTreeMap<String, Vec<Pending>>;

/// The environments of one provider: what is shared first, then the others beside each other; what
/// they came to, and how many steps wait for something shared.
async fn provider_run(
    context: Context,
    (provider, mut open): (String, Open),
    books: Arc<Books>,
) -> Result<(Vec<Ran>, usize), CloudError> {
    let name = Lane::shared(&provider).to_string();
    let (mut all, mut waiting) = (Vec::new(), 0);
    let mut shared = references(&books, &name);
    let mut missing = BTreeMap::new();
    if let Some(pending) = open.remove(&name) {
        let ran = super::lane::run(context.clone(), (name, shared), pending).await?;
        shared = ran.own.clone();
        missing.clone_from(&ran.missing);
        all.push(ran);
    }
    let context = Context { shared: Arc::new(shared), ..context };
    let mut running = JoinSet::new();
    for (lane, pending) in open {
        if is_blocked(&lane, &pending, &missing) {
            waiting += pending.len();
            continue;
        }
        let own = references(&books, &lane);
        running.spawn(super::lane::run(context.clone(), (lane, own), pending));
    }
    drop(context);
    let mut failed = None;
    while let Some(ran) = running.join_next().await {
        match ran.map_err(|it| CloudError::Plane(it.to_string())).and_then(|it| it) {
            Ok(ran) => all.push(ran),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok((all, waiting)), Err)
}

/// Whether an environment waits for something shared that is not there: the tree, a guardrail that
/// holds for it, or the group it is placed in. Nothing is made where it would not be guarded.
fn is_blocked(lane: &str, pending: &[Pending], missing: &BTreeMap<String, Part>) -> bool {
    let kind = lane.parse::<Lane>().map(|it| it.kind);
    let guards = missing.values().any(|part| match part {
        Part::Root => true,
        Part::Policy { kind: of, .. } => {
            *of == Kind::Shared || kind.as_ref().is_ok_and(|kind| kind == of)
        }
        _ => false,
    });
    let builds = |it: &Pending| matches!(it.step.act, Act::Make | Act::Change);
    let placed = pending.iter().any(|it| match &it.step.part {
        Part::Placement { group } => missing.contains_key(&format!("group.{group}")),
        _ => false,
    });
    placed || (guards && pending.iter().any(builds))
}

pub(super) fn references(books: &Books, lane: &str) -> References {
    let parts = books.lanes.get(lane).into_iter().flatten();
    parts.filter_map(|(id, held)| Some((id.clone(), held.reference.clone()?))).collect()
}

/// Looks for steps that take too long while others go on.
async fn watch(installer: Installer, alarm: Duration) {
    let mut tick = tokio::time::interval((alarm / 3).max(Duration::from_millis(200)));
    loop {
        tick.tick().await;
        let raised = async {
            let control = store::control::control_open(&installer).await?;
            rows::alarm_raise(&control, alarm.as_secs_f64()).await
        };
        match raised.await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "steps take too long"),
            Err(error) => tracing::warn!(%error, "alarms cannot be raised"),
        }
    }
}

/// What is to be there: the environments with what each provider needs once.
///
/// # Errors
/// [`CloudError::Guardrail`].
pub fn wanted(
    tree: &super::tree::Tree,
    environments: Vec<super::environment::Environment>,
    guardrails: &Guardrails,
) -> Result<Wanted, CloudError> {
    // What is only enrolled needs nothing of ours.
    let made = environments.iter().filter(|it| it.origin == Origin::Compliant);
    let mut providers: Vec<&str> = made.map(|it| it.lane.provider.as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    let foundation = |provider: &&str| tree.foundation(provider, &environments, guardrails);
    let foundations = providers.iter().map(foundation).collect::<Result<_, _>>()?;
    Ok(Wanted { foundations, environments })
}
