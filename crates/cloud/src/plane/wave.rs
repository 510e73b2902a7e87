//! 移行の波: which body moves which system in which month, under what the vendors can do, and what
//! becomes late and why. Pure and deterministic; it decides nothing for a body, it shows.
//!
//! A month's capacity goes to the most urgent moves that are ready. What is urgent for a later
//! system of the same body is urgent for the earlier one.

mod again;
mod late;
mod read;
mod show;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub use again::{Again, Change, Changed, differences, plan_again, plan_all};
pub use late::{Cause, Late};
pub use read::{Dated, Waves, moves_left, moves_read, waves_read};
pub use show::{
    By, Group, differences_lines, differences_words, plan_csv, plan_groups, plan_words,
};

use crate::CloudError;

/// A month, counted from the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// A month of a year; `None` unless from 1 to 12.
    pub fn new(year: i32, month: i32) -> Option<Month> {
        (1..=12).contains(&month).then(|| Month(year * 12 + month - 1))
    }

    /// 1 to 12.
    pub fn of_year(self) -> u8 {
        u8::try_from(self.0.rem_euclid(12) + 1).unwrap_or(1)
    }

    fn after(self, months: i32) -> Month {
        Month(self.0 + months)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0.div_euclid(12), self.of_year())
    }
}

impl FromStr for Month {
    type Err = CloudError;

    fn from_str(text: &str) -> Result<Month, CloudError> {
        let fields =
            text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2);
        let number = |text: &str| text.parse::<i32>().ok().filter(|it| *it >= 0);
        let month = fields.and_then(|(year, month)| Month::new(number(year)?, number(month)?));
        month.ok_or_else(|| {
            CloudError::Plane(format!("「{text}」は年月（2027-01 の形）ではありません"))
        })
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// One system of one body that is to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Body.
    pub body: String,
    /// System.
    pub system: String,
    /// Who moves it.
    pub vendor: String,
    /// Work, in the unit of the vendors' capacity.
    pub size: u32,
    /// The last month in time.
    pub deadline: Month,
}

/// 事業者.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Work that it can do in a month.
    pub capacity: u32,
    /// Systems that it offers.
    pub offers: BTreeSet<String>,
}

/// What holds for all.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The first month.
    pub first: Month,
    /// How many months are planned.
    pub months: i32,
    /// Months of the year in which nothing moves: 繁忙期.
    pub closed: BTreeSet<u8>,
    /// System and what must have moved in an earlier month.
    pub after: Vec<(String, String)>,
    /// Vendors.
    pub vendors: BTreeMap<String, Vendor>,
}

/// When a system moves, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Body.
    pub body: String,
    /// System.
    pub system: String,
    /// Vendor.
    pub vendor: String,
    /// The month in which it is finished; `None` when it finds no place.
    pub month: Option<Month>,
}

/// 移行の計画.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Every move, by body and system.
    pub slots: Vec<Slot>,
    /// Those that come late.
    pub late: Vec<Late>,
    /// How much of each is done in which month, by body and system: what has begun goes on.
    #[serde(skip)]
    pub(crate) work: BTreeMap<(String, String), Vec<(Month, u32)>>,
}

/// A move while it is planned.
struct Task {
    at: usize,
    urgency: (Month, usize),
    left: u32,
    waits: usize,
    then: Vec<usize>,
    ready: Option<Month>,
    held_by: Option<usize>,
    done: Vec<(Month, u32)>,
}

/// Plans.
///
/// # Errors
/// [`CloudError::Plane`] when a system is named twice for a body, or systems wait for each other.
pub fn plan(moves: &[Move], frame: &Frame) -> Result<Plan, CloudError> {
    let mut order: Vec<usize> = (0..moves.len()).collect();
    order.sort_by_key(|at| (&moves[*at].body, &moves[*at].system));
    let mut tasks = tasks(moves, &order, frame)?;
    let ended = run(moves, &mut tasks, frame);
    let mut plan = Plan::default();
    for (task, month) in tasks.iter().zip(&ended) {
        let Move { body, system, vendor, deadline, .. } = &moves[task.at];
        let (body, system, vendor) = (body.clone(), system.clone(), vendor.clone());
        if month.is_none_or(|month| month > *deadline) {
            let held = task.held_by.map(|by| moves[tasks[by].at].system.as_str());
            let cause = late::cause((&moves[task.at], frame), task.ready, held);
            let (body, system) = (body.clone(), system.clone());
            plan.late.push(Late { body, system, deadline: *deadline, month: *month, cause });
        }
        plan.work.insert((body.clone(), system.clone()), task.done.clone());
        plan.slots.push(Slot { body, system, vendor, month: *month });
    }
    Ok(plan)
}

/// The moves with what waits for what, each as urgent as what waits for it.
fn tasks(moves: &[Move], order: &[usize], frame: &Frame) -> Result<Vec<Task>, CloudError> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::with_capacity(order.len());
    let mut tasks: Vec<Task> = Vec::with_capacity(order.len());
    for (place, at) in order.iter().enumerate() {
        let Move { body, system, size, deadline, .. } = &moves[*at];
        if places.insert((body, system), place).is_some() {
            let what = format!("{body} の {system} が二度書かれています。一つにしてください");
            return Err(CloudError::Plane(what));
        }
        let urgency = (*deadline, place);
        let (at, left, then) = (*at, (*size).max(1), Vec::new());
        let (ready, held_by, done) = (None, None, Vec::new());
        tasks.push(Task { at, urgency, left, waits: 0, then, ready, held_by, done });
    }
    let mut before: HashMap<&str, Vec<&str>> = HashMap::new();
    for (system, first) in &frame.after {
        before.entry(system).or_default().push(first);
    }
    for (place, at) in order.iter().enumerate() {
        let Move { body, system, .. } = &moves[*at];
        for first in before.get(system.as_str()).into_iter().flatten() {
            if let Some(first) = places.get(&(body.as_str(), *first)) {
                tasks[*first].then.push(place);
                tasks[place].waits += 1;
            }
        }
    }
    hurry(&mut tasks)?;
    Ok(tasks)
}

/// Gives every move the urgency of the most urgent one behind it, from the last backwards.
fn hurry(tasks: &mut [Task]) -> Result<(), CloudError> {
    let mut waits: Vec<usize> = tasks.iter().map(|task| task.waits).collect();
    let mut line: Vec<usize> = (0..tasks.len()).filter(|at| waits[*at] == 0).collect();
    let mut at = 0;
    while let Some(place) = line.get(at).copied() {
        at += 1;
        for next in &tasks[place].then {
            waits[*next] -= 1;
            if waits[*next] == 0 {
                line.push(*next);
            }
        }
    }
    if line.len() != tasks.len() {
        let what = "互いに先を待つシステムがあります。順序（after）を見直してください";
        return Err(CloudError::Plane(what.to_owned()));
    }
    for place in line.into_iter().rev() {
        let behind = tasks[place].then.iter().map(|next| tasks[*next].urgency.0).min();
        if let Some(month) = behind {
            let own = &mut tasks[place].urgency.0;
            *own = month.after(-1).min(*own);
        }
    }
    Ok(())
}

/// Month by month; the month in which each is finished.
fn run(moves: &[Move], tasks: &mut [Task], frame: &Frame) -> Vec<Option<Month>> {
    let mut ended = vec![None; tasks.len()];
    let mut ready: BTreeMap<&str, BTreeSet<((Month, usize), usize)>> = BTreeMap::new();
    let mut fresh: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].waits == 0).collect();
    for number in 0..frame.months {
        let month = frame.first.after(number);
        for place in fresh.drain(..) {
            tasks[place].ready = Some(month);
            let vendor = moves[tasks[place].at].vendor.as_str();
            ready.entry(vendor).or_default().insert((tasks[place].urgency, place));
        }
        if frame.closed.contains(&month.of_year()) {
            continue;
        }
        for (vendor, queue) in &mut ready {
            let mut capacity = frame.vendors.get(*vendor).map_or(0, |it| it.capacity);
            while capacity > 0
                && let Some((_, place)) = queue.first().copied()
            {
                let part = capacity.min(tasks[place].left);
                capacity -= part;
                tasks[place].left -= part;
                tasks[place].done.push((month, part));
                if tasks[place].left > 0 {
                    break;
                }
                queue.pop_first();
                ended[place] = Some(month);
                for next in std::mem::take(&mut tasks[place].then) {
                    tasks[next].waits -= 1;
                    // The last to end is what held it up.
                    tasks[next].held_by = Some(place);
                    if tasks[next].waits == 0 {
                        fresh.push(next);
                    }
                }
            }
        }
        fresh.sort_unstable();
    }
    ended
}
