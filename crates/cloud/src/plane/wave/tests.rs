//! Small nations whose plan can be seen by eye, and random ones that must keep every promise.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn month(text: &str) -> Month {
    let (year, month) = text.split_once('-').unwrap();
    Month::new(year.parse().unwrap(), month.parse().unwrap()).unwrap()
}

fn frame(capacities: &[(&str, u32)]) -> Frame {
    let offers = BTreeSet::from(["base".to_owned(), "tax".to_owned()]);
    let vendor = |(name, capacity): &(&str, u32)| {
        ((*name).to_owned(), Vendor { capacity: *capacity, offers: offers.clone() })
    };
    Frame {
        first: month("2026-01"),
        months: 24,
        closed: BTreeSet::from([3, 4]),
        after: vec![("tax".to_owned(), "base".to_owned())],
        vendors: capacities.iter().map(vendor).collect(),
    }
}

fn moves(text: &str) -> Vec<Move> {
    let line = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        Move {
            body: cells[0].to_owned(),
            system: cells[1].to_owned(),
            vendor: cells[2].to_owned(),
            size: cells[3].parse().unwrap(),
            deadline: month(cells[4]),
        }
    };
    text.lines().map(str::trim).filter(|it| !it.is_empty()).map(line).collect()
}

fn shown(plan: &Plan) -> String {
    let when = |month: Option<Month>| month.map_or("–".to_owned(), |it| it.to_string());
    let mut out = String::new();
    for it in &plan.slots {
        out += &format!("{} {} {} {}\n", it.body, it.system, it.vendor, when(it.month));
    }
    for it in &plan.late {
        out +=
            &format!("遅れ {} {} {}: {}\n", it.body, it.system, when(it.month), it.cause.words());
    }
    out
}

#[track_caller]
fn check(text: &str, frame: &Frame, expected: Expect) {
    expected.assert_eq(&shown(&plan(&moves(text), frame).unwrap()));
}

#[test]
fn the_most_urgent_goes_first_and_the_base_before_the_rest() {
    let text = "
        a base v 2 2026-12
        a tax v 1 2026-06
        b base v 2 2026-02
        b tax v 1 2026-12";
    check(
        text,
        &frame(&[("v", 2)]),
        expect![[r#"
        a base v 2026-02
        a tax v 2026-05
        b base v 2026-01
        b tax v 2026-05
    "#]],
    );
}

#[test]
fn what_is_late_says_why() {
    let text = "
        a base v 2 2026-01
        a tax v 1 2026-01
        b base v 2 2026-01
        c base w 1 2026-06
        d base v 1 2025-12";
    check(
        text,
        &frame(&[("v", 2)]),
        expect![[r#"
            a base v 2026-01
            a tax v 2026-02
            b base v 2026-05
            c base w –
            d base v 2026-02
            遅れ a tax 2026-02: 先に移る base が終わりません
            遅れ b base 2026-05: 事業者の月の作業量が足りません
            遅れ c base –: 引き受ける事業者がいません
            遅れ d base 2026-02: 期限までに動かせる月がありません（繁忙期、又は期限が過ぎています）
        "#]],
    );
}

#[test]
fn a_large_move_takes_several_months() {
    check(
        "a base v 5 2026-12",
        &frame(&[("v", 2)]),
        expect![[r#"
        a base v 2026-05
    "#]],
    );
}

#[test]
fn a_vendor_withdraws() {
    let text = "
        a base v 2 2026-12
        b base v 2 2026-12
        c base v 2 2026-12
        d base w 1 2026-02";
    let (all, frame) = (moves(text), frame(&[("v", 2), ("w", 1)]));
    let before = plan(&all, &frame).unwrap();
    let (after, changed) = plan_without((&all, &frame), &before, ("v", month("2026-02"))).unwrap();
    expect![[r#"
        a base v 2026-01
        b base w 2026-05
        c base w 2026-07
        d base w 2026-01
    "#]]
    .assert_eq(&shown(&after));
    assert_eq!(changed.len(), 2);
    assert_eq!(plan_without((&all, &frame), &before, ("v", month("2026-02"))).unwrap().0, after);
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let mut round = frame(&[("v", 1)]);
    round.after.push(("base".to_owned(), "tax".to_owned()));
    let text = "
        a base v 1 2026-12
        a tax v 1 2026-12";
    assert!(plan(&moves(text), &round).unwrap_err().to_string().contains("互いに先を待つ"));
    let twice = "
        a base v 1 2026-12
        a base v 1 2026-12";
    assert!(plan(&moves(twice), &round).unwrap_err().to_string().contains("二度書かれています"));
}

proptest! {
    /// Nobody does more than it can, nothing moves in a closed month or before what it waits for,
    /// and nothing is forgotten.
    #[test]
    fn promises_are_kept(
        sizes in proptest::collection::vec((1_u32..9, 0_usize..3, 0_i32..20), 1..60),
        capacity in 1_u32..7,
    ) {
        let frame = frame(&[("v0", capacity), ("v1", capacity), ("v2", 1)]);
        let all: Vec<Move> = sizes.iter().enumerate().map(|(at, (size, vendor, late))| Move {
            body: format!("b{:02}", at / 2),
            system: if at % 2 == 0 { "base".to_owned() } else { "tax".to_owned() },
            vendor: format!("v{vendor}"),
            size: *size,
            deadline: frame.first.after(*late),
        }).collect();
        let plan = plan(&all, &frame).unwrap();
        prop_assert_eq!(plan.slots.len(), all.len());
        let mut work: BTreeMap<(&str, Month), u32> = BTreeMap::new();
        for slot in &plan.slots {
            let is_it = |it: &&Move| it.body == slot.body && it.system == slot.system;
            let one = all.iter().find(is_it).unwrap();
            let late = plan.late.iter().any(|it| it.body == slot.body && it.system == slot.system);
            prop_assert_eq!(late, slot.month.is_none_or(|it| it > one.deadline));
            let Some(month) = slot.month else { continue };
            prop_assert!(!frame.closed.contains(&month.of_year()));
            *work.entry((&slot.vendor, month)).or_default() += one.size;
            if slot.system == "tax" {
                let base = plan.slots.iter().find(|it| it.body == slot.body && it.system == "base");
                prop_assert!(base.unwrap().month.is_some_and(|it| it < month));
            }
        }
        // By the end of each month no vendor has finished more than its open months allow.
        for vendor in ["v0", "v1", "v2"] {
            let mut total = 0;
            for number in 0..frame.months {
                let month = frame.first.after(number);
                if !frame.closed.contains(&month.of_year()) {
                    total += frame.vendors[vendor].capacity;
                }
                let until = work.iter().filter(|((who, when), _)| *who == vendor && *when <= month);
                let done: u32 = until.map(|(_, it)| it).sum();
                prop_assert!(done <= total);
            }
        }
    }
}
