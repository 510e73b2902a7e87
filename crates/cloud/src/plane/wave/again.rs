//! Planning again: a vendor withdraws or can do more or less than it said. What moved before stays;
//! the rest is planned anew, and every move that differs is named.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{Frame, Month, Move, Plan, Slot, plan};
use crate::CloudError;

/// What happens to a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It withdraws.
    Withdrawn(String),
    /// It can do so much in a month.
    Capacity(String, u32),
}

/// A move that another plan does otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// As it was.
    pub before: Slot,
    /// As it is now.
    pub after: Slot,
}

/// A plan after a change, and what it is a plan of.
#[derive(Clone, Debug)]
pub struct Again {
    /// The plan.
    pub plan: Plan,
    /// What it does otherwise.
    pub changed: Vec<Changed>,
    /// The moves, by whoever moves them now.
    pub moves: Vec<Move>,
    /// What holds now.
    pub frame: Frame,
}

impl Change {
    /// Whom it is about.
    pub fn vendor(&self) -> &str {
        let (Change::Withdrawn(name) | Change::Capacity(name, _)) = self;
        name
    }
}

/// Plans again from a month on. What was begun before goes on with whoever does it. What a vendor
/// that withdraws has not moved before goes to those who offer the system, to whoever has the least
/// work for its capacity.
///
/// # Errors
/// [`CloudError::Plane`] when there is no such vendor.
pub fn plan_again(
    (moves, frame): (&[Move], &Frame),
    before: &Plan,
    (change, from): (&Change, Month),
) -> Result<Again, CloudError> {
    let done: HashMap<(&str, &str), &Slot> = before
        .slots
        .iter()
        .filter(|it| it.month.is_some_and(|month| month < from))
        .map(|it| ((it.body.as_str(), it.system.as_str()), it))
        .collect();
    let is_done = |one: &Move| done.contains_key(&(one.body.as_str(), one.system.as_str()));
    let (mut all, mut left): (Vec<Move>, Vec<Move>) = moves.iter().cloned().partition(is_done);
    left.sort_by(|a, b| (a.deadline, &a.body, &a.system).cmp(&(b.deadline, &b.body, &b.system)));
    let mut frame = frame.clone();
    let (Change::Withdrawn(name) | Change::Capacity(name, _)) = change;
    let unknown = || CloudError::Plane(format!("事業者「{name}」は計画にありません"));
    let vendor = frame.vendors.get_mut(name).ok_or_else(unknown)?;
    match change {
        Change::Capacity(_, capacity) => vendor.capacity = *capacity,
        Change::Withdrawn(_) => {
            hand_over(&mut left, &frame, name);
            frame.vendors.remove(name);
        }
    }
    let months = frame.months - (from.0 - frame.first.0).max(0);
    let rest = Frame { first: from.max(frame.first), months, ..frame.clone() };
    let begun = begun_before(before, &left, from);
    let mut after = plan(&rest_of(&left, &begun), &rest)?;
    for (key, work) in &begun {
        let own = after.work.entry(key.clone()).or_default();
        own.splice(0..0, work.iter().copied());
    }
    let kept = before
        .work
        .iter()
        .filter(|((body, system), _)| done.contains_key(&(body.as_str(), system.as_str())));
    after.work.extend(kept.map(|(key, work)| (key.clone(), work.clone())));
    after.slots.extend(done.values().map(|it| (*it).clone()));
    after.slots.sort_by(|a, b| (&a.body, &a.system).cmp(&(&b.body, &b.system)));
    let early = before.late.iter().filter(|it| it.month.is_some_and(|month| month < from));
    after.late.extend(early.cloned());
    after.late.sort_by(|a, b| (&a.body, &a.system).cmp(&(&b.body, &b.system)));
    let changed = differences(before, &after);
    all.extend(left);
    Ok(Again { plan: after, changed, moves: all, frame })
}

type Begun = BTreeMap<(String, String), Vec<(Month, u32)>>;

/// What was done before a month of moves that go on with the same vendor.
fn begun_before(before: &Plan, left: &[Move], from: Month) -> Begun {
    let vendors: HashMap<(&str, &str), &str> = before
        .slots
        .iter()
        .map(|it| ((it.body.as_str(), it.system.as_str()), it.vendor.as_str()))
        .collect();
    let begun = left.iter().filter_map(|one| {
        let same = vendors.get(&(one.body.as_str(), one.system.as_str()))? == &one.vendor;
        let key = (one.body.clone(), one.system.clone());
        let work = before.work.get(&key).filter(|_| same)?;
        let early: Vec<_> = work.iter().copied().filter(|(month, _)| *month < from).collect();
        (!early.is_empty()).then_some((key, early))
    });
    begun.collect()
}

/// The moves with what is left of each to be done.
fn rest_of(left: &[Move], begun: &Begun) -> Vec<Move> {
    let rest = |one: &Move| {
        let work = begun.get(&(one.body.clone(), one.system.clone())).into_iter().flatten();
        let done: u32 = work.map(|(_, part)| part).sum();
        Move { size: one.size.saturating_sub(done), ..one.clone() }
    };
    left.iter().map(rest).collect()
}

/// Plans, and plans again for each change in the order of their months, and of vendors within one;
/// what the last one changed.
///
/// # Errors
/// [`CloudError::Plane`].
pub fn plan_all(
    (moves, frame): (&[Move], &Frame),
    changes: &[(Change, Month)],
) -> Result<(Plan, Vec<Changed>), CloudError> {
    let (moves, frame) = (moves.to_vec(), frame.clone());
    let mut changes: Vec<&(Change, Month)> = changes.iter().collect();
    // One vendor's stay as they came: the later word holds.
    changes.sort_by_key(|(change, from)| (*from, change.vendor()));
    let mut last = Again { plan: plan(&moves, &frame)?, changed: Vec::new(), moves, frame };
    for (change, from) in changes {
        last = plan_again((&last.moves, &last.frame), &last.plan, (change, *from))?;
    }
    Ok((last.plan, last.changed))
}

fn hand_over(left: &mut [Move], frame: &Frame, gone: &str) {
    let mut work: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, _) in frame.vendors.iter().filter(|(name, _)| *name != gone) {
        let own = left.iter().filter(|one| one.vendor == *name);
        work.insert(name, own.map(|one| u64::from(one.size)).sum());
    }
    for one in left.iter_mut().filter(|one| one.vendor == gone) {
        let able = work.iter().filter_map(|(name, load)| {
            let vendor = frame.vendors.get(*name)?;
            let fits = vendor.offers.contains(&one.system) && vendor.capacity > 0;
            fits.then(|| ((*load * 1000) / u64::from(vendor.capacity), *name))
        });
        if let Some((_, heir)) = able.min() {
            *work.entry(heir).or_default() += u64::from(one.size);
            one.vendor = heir.to_owned();
        }
    }
}

/// The moves that two plans of the same moves do otherwise.
pub fn differences(before: &Plan, after: &Plan) -> Vec<Changed> {
    let of: HashMap<(&str, &str), &Slot> =
        after.slots.iter().map(|it| ((it.body.as_str(), it.system.as_str()), it)).collect();
    let changed = before.slots.iter().filter_map(|old| {
        let new = *of.get(&(old.body.as_str(), old.system.as_str()))?;
        (new != old).then(|| Changed { before: old.clone(), after: new.clone() })
    });
    changed.collect()
}
