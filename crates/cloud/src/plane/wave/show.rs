//! A plan of waves for people: by month, vendor, prefecture or body, as CSV, and what another plan
//! does otherwise. Adds nothing to the plan.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::{Changed, Late, Month, Plan, Slot};
use crate::plane::tree::{BodyKind, Tree};
use crate::sheet;

/// How a plan is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// 月ごと.
    Month,
    /// 事業者ごと.
    Vendor,
    /// 都道府県ごと.
    Prefecture,
    /// 団体ごと.
    Body,
}

/// Moves that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Month, vendor, prefecture or body.
    pub name: String,
    /// How many.
    pub moves: usize,
    /// How many of them come late.
    pub late: usize,
    /// How many of what: by vendor for a month, by month for anything else.
    pub words: String,
}

fn when(month: Option<Month>) -> String {
    month.map_or_else(|| "月なし".to_owned(), |it| it.to_string())
}

fn late_of(plan: &Plan) -> HashMap<(&str, &str), &Late> {
    plan.late.iter().map(|it| ((it.body.as_str(), it.system.as_str()), it)).collect()
}

/// The moves as they stand together, in order; those without a month are the last.
fn grouped<'p>(plan: &'p Plan, by: By, tree: &Tree) -> Vec<(String, Vec<&'p Slot>)> {
    let mut groups: BTreeMap<(bool, String), Vec<&Slot>> = BTreeMap::new();
    for slot in &plan.slots {
        let prefecture = || tree.bodies.get(&slot.body).and_then(|it| it.prefecture.clone());
        let key = match by {
            By::Month => (slot.month.is_none(), when(slot.month)),
            By::Vendor => (false, slot.vendor.clone()),
            By::Prefecture => (false, prefecture().unwrap_or_default()),
            By::Body => (false, slot.body.clone()),
        };
        groups.entry(key).or_default().push(slot);
    }
    let of = |number: &str| {
        let mut all = tree.of(BodyKind::Prefecture);
        all.find(|it| it.prefecture.as_deref() == Some(number)).map(|it| it.name.clone())
    };
    let name = |key: String| match by {
        By::Body => format!("{}（{key}）", tree.name(&key)),
        By::Prefecture => of(&key).unwrap_or_else(|| "都道府県なし".to_owned()),
        By::Month | By::Vendor => key,
    };
    groups.into_iter().map(|((_, key), slots)| (name(key), slots)).collect()
}

/// The plan by groups, with how many come late in each.
pub fn plan_groups(plan: &Plan, by: By, tree: &Tree) -> Vec<Group> {
    let late = late_of(plan);
    let is_late = |it: &&&Slot| late.contains_key(&(it.body.as_str(), it.system.as_str()));
    let group = |(name, slots): (String, Vec<&Slot>)| Group {
        name,
        moves: slots.len(),
        late: slots.iter().filter(is_late).count(),
        words: match by {
            By::Month => counted(&slots, |it| it.vendor.clone()),
            _ => counted(&slots, |it| when(it.month)),
        },
    };
    grouped(plan, by, tree).into_iter().map(group).collect()
}

/// The plan in lines.
pub fn plan_words(plan: &Plan, by: By, tree: &Tree) -> String {
    let late = late_of(plan);
    let is_late = |it: &&&Slot| late.contains_key(&(it.body.as_str(), it.system.as_str()));
    let mut out = String::new();
    for (name, slots) in &grouped(plan, by, tree) {
        let delayed = slots.iter().filter(is_late).count();
        // Writing into a text cannot fail.
        let _ = writeln!(out, "{name}: 移行 {}、うち遅れ {delayed}", slots.len());
        match by {
            By::Month => out += &format!("  {}\n", counted(slots, |it| it.vendor.clone())),
            By::Vendor | By::Prefecture => {
                out += &format!("  {}\n", counted(slots, |it| when(it.month)));
            }
            By::Body => {
                for it in slots {
                    let late = late.get(&(it.body.as_str(), it.system.as_str()));
                    let why =
                        late.map(|it| format!("。期限 {}: {}", it.deadline, it.cause.words()));
                    let (month, why) = (when(it.month), why.unwrap_or_default());
                    let _ = writeln!(out, "  {} {month}（{}）{why}", it.system, it.vendor);
                }
            }
        }
    }
    let _ = writeln!(out, "全体: 移行 {}、うち遅れ {}", plan.slots.len(), plan.late.len());
    out
}

fn counted(slots: &[&Slot], of: impl Fn(&Slot) -> String) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for slot in slots {
        *counts.entry(of(slot)).or_default() += 1;
    }
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    words.join("、")
}

/// What another plan does otherwise, a move a line: body, system, vendor, month, with arrows where
/// they change.
pub fn differences_lines(changed: &[Changed], tree: &Tree) -> Vec<[String; 4]> {
    let line = |Changed { before, after }: &Changed| {
        let name = format!("{}（{}）", tree.name(&before.body), before.body);
        let vendor = if before.vendor == after.vendor {
            before.vendor.clone()
        } else {
            format!("{} → {}", before.vendor, after.vendor)
        };
        let month = match (before.month, after.month) {
            (old, new) if old == new => when(old),
            (old, new) => format!("{} → {}", when(old), when(new)),
        };
        [name, before.system.clone(), vendor, month]
    };
    changed.iter().map(line).collect()
}

/// The same as a text.
pub fn differences_words(changed: &[Changed], tree: &Tree) -> String {
    let mut out = String::new();
    for [name, system, vendor, month] in differences_lines(changed, tree) {
        let _ = writeln!(out, "～ {name} {system}: {vendor}、{month}");
    }
    let _ = writeln!(out, "変わる移行 {}", changed.len());
    out
}

/// The plan as CSV with a heading: body, name, system, vendor, month, deadline if late, why.
pub fn plan_csv(plan: &Plan, tree: &Tree) -> String {
    let late = late_of(plan);
    let head = ["団体", "団体名", "システム", "事業者", "月", "過ぎた期限", "遅れの理由"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for it in &plan.slots {
        let late = late.get(&(it.body.as_str(), it.system.as_str()));
        lines.push(vec![
            it.body.clone(),
            tree.name(&it.body).to_owned(),
            it.system.clone(),
            it.vendor.clone(),
            it.month.map(|it| it.to_string()).unwrap_or_default(),
            late.map(|it| it.deadline.to_string()).unwrap_or_default(),
            late.map(|it| it.cause.words()).unwrap_or_default(),
        ]);
    }
    sheet(&lines)
}
