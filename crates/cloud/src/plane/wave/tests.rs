//! Small nations whose plan can be seen by eye, and random ones that must keep every promise.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::plane::books::{Books, Held};
use crate::plane::environment::Region;
use crate::plane::part::Part;
use crate::plane::tree::Tree;

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
    let gone = (Change::Withdrawn("v".to_owned()), month("2026-02"));
    let again = plan_again((&all, &frame), &before, (&gone.0, gone.1)).unwrap();
    expect![[r#"
        a base v 2026-01
        b base w 2026-05
        c base w 2026-07
        d base w 2026-01
    "#]]
    .assert_eq(&shown(&again.plan));
    assert_eq!(again.changed.len(), 2);
    // Once it is gone nothing can happen to it any more.
    assert!(plan_again((&again.moves, &again.frame), &again.plan, (&gone.0, gone.1)).is_err());
    let (plan, changed) = plan_all((&all, &frame), &[gone]).unwrap();
    assert_eq!((plan, changed), (again.plan, again.changed));
}

#[test]
fn what_has_begun_goes_on() {
    // Three months of work, of which two are done when something else changes.
    let moves = moves("a base v 6 2026-12\n b base w 1 2026-12");
    let frame = Frame { closed: BTreeSet::new(), ..frame(&[("v", 2), ("w", 1)]) };
    let before = plan(&moves, &frame).unwrap();
    assert_eq!(before.slots[0].month, Some(month("2026-03")));
    let change = Change::Capacity("w".to_owned(), 2);
    let again = plan_again((&moves, &frame), &before, (&change, month("2026-03"))).unwrap();
    assert_eq!(again.plan.slots[0].month, Some(month("2026-03")));
    assert_eq!(again.changed, []);
    // And once more in its middle; with another vendor it begins anew.
    let twice =
        [(change, month("2026-02")), (Change::Capacity("v".to_owned(), 1), month("2026-03"))];
    let (after, _) = plan_all((&moves, &frame), &twice).unwrap();
    assert_eq!(after.slots[0].month, Some(month("2026-04")));
    let gone = [(Change::Withdrawn("v".to_owned()), month("2026-03"))];
    let (after, _) = plan_all((&moves, &frame), &gone).unwrap();
    assert_eq!(after.slots[0].month, Some(month("2026-08")));
}

#[test]
fn the_order_of_lines_says_nothing() {
    let vendors = "vendors: {v: {capacity: 2, offers: [base]}, w: {capacity: 2, offers: [base]}}";
    let read = |changes: &str| {
        waves_read("f", &format!("first: 2026-01\nmonths: 24\n{vendors}\nchanges: [{changes}]"))
    };
    let (late, early) = ("{from: 2026-06, vendor: v, capacity: 1}", "{from: 2026-02, vendor: w}");
    let moves = moves("a base v 9 2026-12\n b base w 5 2026-12\n c base w 1 2026-12");
    let planned = |changes: &str| {
        let waves = read(changes).unwrap();
        plan_all((&moves, &waves.frame), &waves.changes).unwrap().0
    };
    assert_eq!(planned(&format!("{late}, {early}")), planned(&format!("{early}, {late}")));
    // What is asked about is put in its month, too.
    let waves = read(late).unwrap();
    let asked = (Change::Withdrawn("w".to_owned()), month("2026-02"));
    let all = [waves.changes, vec![asked]].concat();
    let what_if = plan_all((&moves, &waves.frame), &all).unwrap().0;
    assert_eq!(what_if, planned(&format!("{early}, {late}")));
    let twice = read(&format!("{late}, {late}")).unwrap_err().to_string();
    assert!(twice.contains("二度あります"), "{twice}");
}

#[test]
fn a_change_of_capacity_is_a_plan_with_its_difference() {
    let text = "
        131016 base v 2 2026-12
        131024 base v 2 2026-02
        131032 base v 2 2026-12";
    let (all, frame) = (moves(text), frame(&[("v", 2)]));
    let less = (Change::Capacity("v".to_owned(), 1), month("2026-02"));
    let more = (Change::Capacity("v".to_owned(), 4), month("2026-05"));
    let (plan, changed) = plan_all((&all, &frame), &[less, more]).unwrap();
    let tree = Tree::nation().unwrap();
    expect![[r#"
        東京都千代田区（131016）: 移行 1、うち遅れ 0
          base 2026-05（v）
        東京都中央区（131024）: 移行 1、うち遅れ 0
          base 2026-01（v）
        東京都港区（131032）: 移行 1、うち遅れ 0
          base 2026-05（v）
        全体: 移行 3、うち遅れ 0
    "#]]
    .assert_eq(&plan_words(&plan, By::Body, &tree));
    expect![[r#"
        2026-01: 移行 1、うち遅れ 0
          v 1
        2026-05: 移行 2、うち遅れ 0
          v 2
        全体: 移行 3、うち遅れ 0
    "#]]
    .assert_eq(&plan_words(&plan, By::Month, &tree));
    expect![[r#"
        ～ 東京都港区（131032） base: v、2026-07 → 2026-05
        変わる移行 1
    "#]]
    .assert_eq(&differences_words(&changed, &tree));
    expect![[r#"
        団体,団体名,システム,事業者,月,過ぎた期限,遅れの理由
        131016,東京都千代田区,base,v,2026-05,,
        131024,東京都中央区,base,v,2026-01,,
        131032,東京都港区,base,v,2026-05,,
    "#]]
    .assert_eq(plan_csv(&plan, &tree).trim_start_matches('\u{FEFF}'));
}

#[test]
fn texts_are_checked_with_line_and_column() {
    let file = "first: 2026-01\nmonths: 24\nclosed: [3, 4]\n\
        after: [{system: tax, first: base}]\n\
        vendors: {v: {capacity: 2, offers: [base, tax]}}\n\
        changes: [{from: 2026-02, vendor: v, capacity: 1}]\n";
    let waves = waves_read("波.yaml", file).unwrap();
    assert_eq!(waves.frame.first, month("2026-01"));
    assert_eq!(waves.changes, [(Change::Capacity("v".to_owned(), 1), month("2026-02"))]);
    let tree = Tree::nation().unwrap();
    let text = "団体,システム,事業者,作業量,期限\n131016,base,v,2,2026-12\n\
        999999,base,w,0,2026-13\n131016,base,v,1,2026-12\n131024,pension,v,1,2026-12\n";
    expect![[r#"
        移行.csv: 3行目 1列目（団体）: 団体「999999」は木にありません
        移行.csv: 3行目 3列目（事業者）: 事業者「w」が vendors にありません
        移行.csv: 3行目 4列目（作業量）: 1 以上の整数で書いてください
        移行.csv: 3行目 5列目（期限）: 「2026-13」は年月（2027-01 の形）ではありません
        移行.csv: 4行目 2列目（システム）: 131016 の base が二度書かれています
        移行.csv: 5行目 2列目（システム）: v は pension を提供していません"#]]
    .assert_eq(&moves_read(("移行.csv", text), &waves.frame, &tree).unwrap_err().to_string());
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

#[test]
fn what_the_books_hold_in_production_is_done() {
    let part = |system: &str| Part::System {
        system: system.to_owned(),
        version: "1.0".to_owned(),
        region: Region::East,
    };
    let held = |system: &str, settled: bool| {
        let part = part(system);
        let doubt = (!settled).then(|| "見本".to_owned());
        (part.id(), Held { part, reference: None, generation: 1, doubt })
    };
    let lane =
        |name: &str, parts: Vec<(String, Held)>| (name.to_owned(), parts.into_iter().collect());
    let lanes = [
        lane("131016.production.aws", vec![held("base", true), held("tax", false)]),
        lane("131024.verification.aws", vec![held("base", true)]),
    ];
    let books = Books { lanes: lanes.into(), ..Books::default() };
    let all = moves(
        "131016 base v 1 2026-12
         131016 tax v 1 2026-12
         131024 base v 1 2026-12",
    );
    let (left, done) = moves_left(all.clone(), &books);
    assert_eq!((left, done), (all[1..].to_vec(), 1));
}

proptest! {
    /// Whoever withdraws does nothing from then on; what moved before stays; nothing is forgotten.
    #[test]
    fn a_withdrawal_keeps_what_was_done(
        sizes in proptest::collection::vec((1_u32..9, 0_usize..3, 0_i32..20), 1..60),
        after in 0_i32..12,
    ) {
        let frame = frame(&[("v0", 5), ("v1", 3), ("v2", 1)]);
        let all: Vec<Move> = sizes.iter().enumerate().map(|(at, (size, vendor, late))| Move {
            body: format!("b{:02}", at / 2),
            system: if at % 2 == 0 { "base".to_owned() } else { "tax".to_owned() },
            vendor: format!("v{vendor}"),
            size: *size,
            deadline: frame.first.after(*late),
        }).collect();
        let before = plan(&all, &frame).unwrap();
        let from = frame.first.after(after);
        let gone = Change::Withdrawn("v0".to_owned());
        let again = plan_again((&all, &frame), &before, (&gone, from)).unwrap();
        prop_assert_eq!(again.plan.slots.len(), all.len());
        prop_assert_eq!(again.moves.len(), all.len());
        for (old, new) in before.slots.iter().zip(&again.plan.slots) {
            if old.month.is_some_and(|month| month < from) {
                prop_assert_eq!(old, new);
            } else {
                prop_assert!(new.vendor != "v0" && new.month.is_none_or(|month| month >= from));
            }
            let differs = again.changed.iter().any(|it| it.after == *new && it.before == *old);
            prop_assert_eq!(differs, old != new);
        }
    }
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
