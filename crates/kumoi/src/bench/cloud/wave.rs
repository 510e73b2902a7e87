//! The waves of the nation: 1,741 bodies, twenty systems each, 88 invented vendors; and what
//! changes when the largest of them withdraws.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context, Result};
use cloud::plane::tree::{BodyKind, Tree};
use cloud::plane::wave::{Change, Frame, Month, Move, Plan, Vendor, plan, plan_again};

use crate::bench::figure::Figure;

const SYSTEMS: usize = 20;
const VENDORS: usize = 88;
const ROUNDS: usize = 5;

/// Plans, and plans again without the largest vendor.
pub(super) fn wave() -> Result<()> {
    let tree = Tree::nation()?;
    let first = Month::new(2026, 1).context("month")?;
    let system = |at: usize| format!("system-{at:02}");
    let offers: BTreeSet<String> = (0..SYSTEMS).map(system).collect();
    let vendor = |at: usize| {
        let capacity = if at == 0 { 400 } else { 40 };
        (format!("vendor-{at:02}"), Vendor { capacity, offers: offers.clone() })
    };
    let frame = Frame {
        first,
        months: 72,
        closed: BTreeSet::from([3, 4]),
        after: (1..SYSTEMS).map(|at| (system(at), system(0))).collect(),
        vendors: (0..VENDORS).map(vendor).collect(),
    };
    let mut moves = Vec::new();
    for (at, body) in tree.of(BodyKind::Municipality).enumerate() {
        // The largest vendor serves a tenth of the bodies.
        let vendor = if at % 10 == 0 { 0 } else { 1 + at % (VENDORS - 1) };
        for number in 0..SYSTEMS {
            moves.push(Move {
                body: body.id.clone(),
                system: system(number),
                vendor: format!("vendor-{vendor:02}"),
                size: 1 + u32::try_from((at * 7 + number * 3) % 5)?,
                deadline: Month::new(2026 + i32::try_from(at % 3)?, 12).context("month")?,
            });
        }
    }
    let (mut figure, mut again) = (Figure::default(), Figure::default());
    let mut shown = None;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let before = plan(&moves, &frame)?;
        figure.since(begin);
        let from = Month::new(2026, 10).context("month")?;
        let begin = Instant::now();
        let gone = Change::Withdrawn("vendor-00".to_owned());
        let after = plan_again((&moves, &frame), &before, (&gone, from))?;
        again.since(begin);
        shown = Some((before, after.plan, after.changed.len()));
    }
    let (before, after, changed) = shown.context("no round")?;
    println!("waves of the nation: {} moves, {}", moves.len(), late(&before));
    figure.print("  planned");
    println!("without the largest vendor: {changed} moves differ, {}", late(&after));
    again.print("  planned again with the difference");
    Ok(())
}

/// How many are late, by cause.
fn late(plan: &Plan) -> String {
    let mut causes: BTreeMap<String, usize> = BTreeMap::new();
    for one in &plan.late {
        *causes.entry(format!("{:?}", one.cause)).or_default() += 1;
    }
    format!("late {} {causes:?}", plan.late.len())
}
