//! The steps of one environment, in order: looked for where they may have been done, permitted,
//! asked for, waited for, marked. A slow provider holds up nobody else's steps.
//!
//! An environment stops at the first step that is held. What is shared goes on with everything that
//! does not need what is held.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use store::control::plane::{Journal, Mark};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::blueprint::Step;
use super::environment::{Kind, Lane};
use super::execute::{Limits, Report};
use super::part::{Act, Part, References, Work};
use crate::CloudError;
use crate::guardrail::{Actor, Guardrails, Refusal};
use crate::provider::{Answer, Provider, ProviderError};

/// How many calls may be slow at the same time.
const SLOW: usize = 256;
/// How many marks are written at once.
const MARKS: usize = 256;
/// The longest pause before trying again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A step that is not done.
pub(super) struct Pending {
    pub(super) step: Step,
    /// It may have been done already.
    pub(super) begun: bool,
}

/// Everything that a lane works with.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) provider: Option<Arc<dyn Provider>>,
    pub(super) guardrails: Arc<Guardrails>,
    pub(super) limits: Limits,
    pub(super) slots: Slots,
    pub(super) clerk: Clerk,
    pub(super) made_by: Arc<str>,
    pub(super) approved_by: Option<Arc<str>>,
    pub(super) shared: Arc<References>,
}

/// What a lane came to.
pub(super) struct Ran {
    lane: String,
    done: usize,
    held: Vec<(String, String)>,
    waiting: usize,
    pub(super) own: References,
    /// What was to be done and is not, by identifier.
    pub(super) missing: BTreeMap<String, Part>,
}

impl Ran {
    pub(super) fn add_to(self, report: &mut Report) {
        report.done += self.done;
        report.waiting += self.waiting;
        let held = self.held.into_iter();
        report.held.extend(held.map(|(step, reason)| (self.lane.clone(), step, reason)));
    }
}

/// Runs the open steps of an environment as far as they go.
pub(super) async fn run(
    context: Context,
    (name, own): (String, References),
    pending: Vec<Pending>,
) -> Result<Ran, CloudError> {
    let lane: Lane = name.parse()?;
    let waiting = pending.len();
    let leaving = pending.iter().any(|it| is_end(&it.step));
    let missing = BTreeMap::new();
    let mut ran = Ran { lane: name, done: 0, held: Vec::new(), waiting, own, missing };
    let mut slot = Slot { slots: context.slots.clone(), held: None };
    let mut marks = Vec::new();
    for Pending { step, begun } in pending {
        let stops = match lane.kind {
            Kind::Shared => {
                step.part.needs().iter().any(|id| ran.missing.contains_key(id))
                    || gives_up(&step) && ran.missing.keys().any(|id| id.starts_with("policy."))
            }
            _ => !ran.missing.is_empty(),
        };
        if stops {
            ran.missing.insert(step.part.id(), step.part);
            continue;
        }
        let _turn = context.turn(&step, &mut slot).await;
        slot.take().await;
        marks.push((step.id.clone(), Mark::Started));
        // One write says that the step before is done and that this one is asked for.
        context.clerk.mark(std::mem::take(&mut marks)).await?;
        let work = Work {
            step: step.id.clone(),
            lane: lane.clone(),
            act: step.act,
            again: begun,
            leaving,
            reference: ran.own.get(&step.part.id()).cloned(),
            part: step.part.clone(),
            own: ran.own.clone(),
            shared: context.shared.clone(),
        };
        let part = work.part.id();
        ran.waiting -= 1;
        match context.step(work, &mut slot).await {
            Ok(did) => {
                ran.done += 1;
                match &did {
                    Mark::Done(Some(name)) => ran.own.insert(part, name.clone()),
                    _ if step.act == Act::Remove => ran.own.remove(&part),
                    _ => None,
                };
                marks.push((step.id, did));
            }
            Err(reason) => {
                marks.push((step.id.clone(), Mark::Held(reason.clone())));
                ran.held.push((step.id, reason));
                ran.missing.insert(part, step.part);
            }
        }
    }
    context.clerk.mark(marks).await?;
    Ok(ran)
}

/// The step after which nothing of the environment is left.
pub(super) fn is_end(step: &Step) -> bool {
    step.act == Act::Remove && step.part == Part::Account
}

/// A policy that may lose what another was to take over first.
fn gives_up(step: &Step) -> bool {
    // One in doubt is made anew, and may lose what it held.
    let anew = step.act == Act::Make && step.before.is_some();
    let is_policy = matches!(step.part, Part::Policy { .. });
    is_policy && (anew || matches!(step.act, Act::Change | Act::Remove))
}

impl Context {
    /// The turn of a step of which the provider does few at a time. What waits for it has not
    /// begun: whoever goes on after a kill has only those to look for that were asked for.
    async fn turn(&self, step: &Step, slot: &mut Slot) -> Option<OwnedSemaphorePermit> {
        if step.act != Act::Make || step.part != Part::Account {
            return None;
        }
        slot.give_back();
        self.slots.accounts.clone().acquire_owned().await.ok()
    }

    /// Does one step; the reason where it cannot be done now.
    async fn step(&self, mut work: Work, slot: &mut Slot) -> Result<Mark, String> {
        let Some(provider) = &self.provider else {
            let name = &work.lane.provider;
            return Err(format!(
                "プロバイダー「{name}」がここにはありません。設定に加えてください"
            ));
        };
        let mut unclear = work.again;
        let mut pause = self.limits.pause;
        let mut last = None;
        for attempt in 0..self.limits.attempts.max(1) {
            if attempt > 0 {
                slot.give_back();
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                slot.take().await;
            }
            let (tried, looked) = self.attempt(provider.as_ref(), &work, unclear, slot).await;
            match tried {
                Ok(did) => return Ok(did),
                Err(Failed::Refusal(refusal)) => return Err(refusal.to_string()),
                Err(Failed::Provider(error)) => {
                    match error {
                        ProviderError::Throttled(_) => unclear = unclear && !looked,
                        // What may have been left behind may be there at every later attempt: what
                        // is sent away before it has looked knows no more than before.
                        ProviderError::Unreachable(_) | ProviderError::NotYet(_) => {
                            (unclear, work.again) = (true, true);
                        }
                        _ => return Err(error.to_string()),
                    }
                    last = Some(error.to_string());
                }
            }
        }
        let last = last.unwrap_or_default();
        Err(format!("{} 回試しましたが、{last}", self.limits.attempts))
    }

    /// One attempt, after a look where an earlier one may have succeeded; whether the look showed
    /// that nothing is there.
    async fn attempt(
        &self,
        provider: &dyn Provider,
        work: &Work,
        unclear: bool,
        slot: &mut Slot,
    ) -> (Result<Mark, Failed>, bool) {
        let doubles = work.act == Act::Make && provider.doubles(&work.part);
        if (doubles && unclear) || work.act == Act::Enrol {
            match self.look(provider, work, slot).await {
                Ok(Some(reference)) => return (Ok(Mark::Done(Some(reference))), true),
                Ok(None) if work.act == Act::Enrol => {
                    let what = "登録する環境がプロバイダーに見つかりません".to_owned();
                    return (Err(Failed::Provider(ProviderError::Refused(what))), true);
                }
                Ok(None) => {}
                Err(error) => return (Err(Failed::Provider(error)), false),
            }
        }
        let mut work = work.clone();
        if work.act == Act::Remove && work.reference.is_none() && provider.doubles(&work.part) {
            // Given up before its name was known: nothing is removed only where nothing is.
            match self.look(provider, &work, slot).await {
                Ok(None) => return (Ok(Mark::Done(None)), true),
                Ok(found) => work.reference = found,
                Err(error) => return (Err(Failed::Provider(error)), false),
            }
        }
        let act = work.act;
        let actor = Actor { made_by: &self.made_by, approved_by: self.approved_by.as_deref() };
        let permit = match self.guardrails.permit(provider, work, actor) {
            Ok(permit) => permit,
            Err(refusal) => return (Err(Failed::Refusal(refusal)), true),
        };
        let asked = match act {
            Act::Remove => {
                let removed = slot.wait(self.limits.call, provider.remove(permit)).await;
                removed.map(|with| with.map_or(Mark::Done(None), Mark::Gone))
            }
            _ => slot.wait(self.limits.call, provider.make(permit)).await.map(Mark::Done),
        };
        (asked.map_err(Failed::Provider), true)
    }

    /// Looks for what may have been made; what was made a moment ago may not be seen at once.
    async fn look(
        &self,
        provider: &dyn Provider,
        work: &Work,
        slot: &mut Slot,
    ) -> Result<Option<String>, ProviderError> {
        let mut pause = self.limits.pause;
        for look in 0..self.limits.looks.max(1) {
            if look > 0 {
                slot.give_back();
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                slot.take().await;
            }
            let found = slot.wait(self.limits.call, provider.find(work)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

enum Failed {
    Refusal(Box<Refusal>),
    Provider(ProviderError),
}

/// Calls at the same time at one provider.
#[derive(Clone)]
pub(super) struct Slots {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    accounts: Arc<Semaphore>,
    patience: Duration,
}

impl Slots {
    pub(super) fn new(limits: Limits, accounts: usize) -> Slots {
        Slots {
            quick: Arc::new(Semaphore::new(limits.calls.max(1))),
            slow: Arc::new(Semaphore::new(SLOW)),
            accounts: Arc::new(Semaphore::new(accounts.clamp(1, SLOW))),
            patience: limits.patience,
        }
    }
}

/// The place of one lane among the calls: kept from step to step, given back while it waits.
struct Slot {
    slots: Slots,
    held: Option<OwnedSemaphorePermit>,
}

impl Slot {
    async fn take(&mut self) {
        if self.held.is_none() {
            // The semaphore is never closed.
            self.held = self.slots.quick.clone().acquire_owned().await.ok();
        }
    }

    fn give_back(&mut self) {
        self.held = None;
    }

    /// Waits for a call; once it is slow, others go on meanwhile.
    async fn wait<T>(
        &mut self,
        limit: Duration,
        mut call: Answer<'_, T>,
    ) -> Result<T, ProviderError> {
        let quick = tokio::time::timeout(self.slots.patience.min(limit), &mut call).await;
        if let Ok(answer) = quick {
            return answer;
        }
        let aside = self.slots.slow.clone().try_acquire_owned();
        if aside.is_ok() {
            self.give_back();
        }
        let rest = limit.saturating_sub(self.slots.patience);
        let answer = tokio::time::timeout(rest, call).await;
        drop(aside);
        self.take().await;
        let late =
            || ProviderError::Unreachable(format!("{} 秒以内に応答なし", limit.as_secs_f64()));
        answer.unwrap_or_else(|_| Err(late()))
    }
}

type Noted = (Vec<(String, Mark)>, oneshot::Sender<bool>);

/// Writes the marks of all lanes, those that come at the same time in one commit.
#[derive(Clone)]
pub(super) struct Clerk(mpsc::Sender<Noted>);

impl Clerk {
    /// Starts writing; it ends when every lane is gone, or with the error that ended the journal.
    pub(super) fn start(journal: Journal) -> (Clerk, JoinHandle<Result<(), StoreError>>) {
        let (sender, mut receiver) = mpsc::channel::<Noted>(MARKS);
        let writing = tokio::spawn(async move {
            while let Some((mut marks, told)) = receiver.recv().await {
                let mut all = vec![told];
                while marks.len() < MARKS
                    && let Ok((more, told)) = receiver.try_recv()
                {
                    marks.extend(more);
                    all.push(told);
                }
                // Returning drops what was not told: every lane hears that the journal is lost.
                journal.mark(&marks).await?;
                for told in all {
                    // A lane that is gone needs no answer.
                    let _ = told.send(true);
                }
            }
            Ok(())
        });
        (Clerk(sender), writing)
    }

    /// Durable when it returns.
    async fn mark(&self, marks: Vec<(String, Mark)>) -> Result<(), CloudError> {
        if marks.is_empty() {
            return Ok(());
        }
        let lost = || {
            CloudError::Plane(
                "適用の記録を書けなくなったため、ここで止めました。もう一度適用すると続きから行います"
                    .to_owned(),
            )
        };
        let (sender, told) = oneshot::channel();
        self.0.send((marks, sender)).await.map_err(|_| lost())?;
        told.await.map(|_| ()).map_err(|_| lost())
    }
}
