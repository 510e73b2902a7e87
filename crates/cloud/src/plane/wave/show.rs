//! A plan of waves for people: by month, by vendor, by body, as CSV, and what another plan does
//! otherwise. Adds nothing to the plan.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::{Changed, Late, Month, Plan, Slot};
use crate::plane::tree::Tree;

/// How a plan is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// 月ごと.
    Month,
    /// 事業者ごと.
    Vendor,
    /// 団体ごと.
    Body,
}

fn when(month: Option<Month>) -> String {
    month.map_or_else(|| "月なし".to_owned(), |it| it.to_string())
}

fn late_of(plan: &Plan) -> HashMap<(&str, &str), &Late> {
    plan.late.iter().map(|it| ((it.body.as_str(), it.system.as_str()), it)).collect()
}

/// The plan in lines.
pub fn plan_words(plan: &Plan, by: By, tree: &Tree) -> String {
    let late = late_of(plan);
    let is_late = |it: &&&Slot| late.contains_key(&(it.body.as_str(), it.system.as_str()));
    let mut groups: BTreeMap<(bool, String), Vec<&Slot>> = BTreeMap::new();
    for slot in &plan.slots {
        let key = match by {
            By::Month => (slot.month.is_none(), when(slot.month)),
            By::Vendor => (false, slot.vendor.clone()),
            By::Body => (false, slot.body.clone()),
        };
        groups.entry(key).or_default().push(slot);
    }
    let mut out = String::new();
    for ((_, name), slots) in &groups {
        let name =
            if by == By::Body { format!("{}（{name}）", tree.name(name)) } else { name.clone() };
        let delayed = slots.iter().filter(is_late).count();
        // Writing into a text cannot fail.
        let _ = writeln!(out, "{name}: 移行 {}、うち遅れ {delayed}", slots.len());
        match by {
            By::Month => counted(&mut out, slots, |it| it.vendor.clone()),
            By::Vendor => counted(&mut out, slots, |it| when(it.month)),
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

fn counted(out: &mut String, slots: &[&Slot], of: impl Fn(&Slot) -> String) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for slot in slots {
        *counts.entry(of(slot)).or_default() += 1;
    }
    let words: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let _ = writeln!(out, "  {}", words.join("、"));
}

/// What another plan does otherwise, a move a line.
pub fn differences_words(changed: &[Changed], tree: &Tree) -> String {
    let mut out = String::new();
    for Changed { before, after } in changed {
        let name = tree.name(&before.body);
        let vendor = if before.vendor == after.vendor {
            before.vendor.clone()
        } else {
            format!("{} → {}", before.vendor, after.vendor)
        };
        let month = match (before.month, after.month) {
            (old, new) if old == new => when(old),
            (old, new) => format!("{} → {}", when(old), when(new)),
        };
        let _ = writeln!(out, "～ {name}（{}） {}: {vendor}、{month}", before.body, before.system);
    }
    let _ = writeln!(out, "変わる移行 {}", changed.len());
    out
}

/// The plan as CSV with a heading: body, name, system, vendor, month, deadline if late, why.
pub fn plan_csv(plan: &Plan, tree: &Tree) -> String {
    let late = late_of(plan);
    let mut out = "団体,団体名,システム,事業者,月,過ぎた期限,遅れの理由\r\n".to_owned();
    for it in &plan.slots {
        let late = late.get(&(it.body.as_str(), it.system.as_str()));
        let month = it.month.map(|it| it.to_string()).unwrap_or_default();
        let deadline = late.map(|it| it.deadline.to_string()).unwrap_or_default();
        let why = late.map(|it| it.cause.words()).unwrap_or_default();
        let cells =
            [&it.body, tree.name(&it.body), &it.system, &it.vendor, &month, &deadline, &why];
        out += &cells.map(cell).join(",");
        out += "\r\n";
    }
    out
}

fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
