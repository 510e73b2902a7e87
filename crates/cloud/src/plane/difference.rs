//! A blueprint for people: what changes, grouped by body and environment. Adds nothing to the steps
//! and leaves none out.

use std::fmt::Write;

use super::blueprint::{Blueprint, Step};
use super::environment::{Kind, Lane};
use super::part::Act;
use super::tree::Tree;

/// How many of each act there are: 登録, 作成, 変更, 廃止.
pub fn counts(steps: &[Step]) -> [(Act, usize); 4] {
    let of = |act| (act, steps.iter().filter(|step| step.act == act).count());
    [of(Act::Enrol), of(Act::Make), of(Act::Change), of(Act::Remove)]
}

/// The blueprint in words.
pub fn difference(blueprint: &Blueprint, tree: &Tree) -> String {
    let mut out = String::with_capacity(blueprint.steps.len() * 64 + 256);
    let short = &blueprint.hash[..blueprint.hash.len().min(12)];
    let counts = counts(&blueprint.steps).map(|(act, count)| format!("{} {count}", act.word()));
    // Writing into a text cannot fail.
    let _ = writeln!(
        out,
        "青写真 {short}（台帳の世代 {} から）: 環境 {}、{}",
        blueprint.base,
        blueprint.lanes().len(),
        counts.join("、")
    );
    if blueprint.steps.is_empty() {
        out.push_str("変えるものはありません\n");
    }
    let (mut body, mut lane) = (String::new(), "");
    for step in &blueprint.steps {
        if step.lane != lane {
            lane = &step.lane;
            head(&mut out, &mut body, (lane, tree));
        }
        line(&mut out, step);
    }
    out
}

fn head(out: &mut String, body: &mut String, (lane, tree): (&str, &Tree)) {
    let Ok(lane) = lane.parse::<Lane>() else { return };
    if lane.body != *body {
        body.clone_from(&lane.body);
        let _ = match lane.kind {
            Kind::Shared => writeln!(out, "\n全体で一つのもの"),
            _ => writeln!(out, "\n{}（{}）", tree.name(body), body),
        };
    }
    let _ = writeln!(out, "  {}（{}）", lane.kind.word(), lane.provider);
}

fn line(out: &mut String, step: &Step) {
    let sign = match step.act {
        Act::Enrol => "＝",
        Act::Make => "＋",
        Act::Change => "～",
        Act::Remove => "－",
    };
    let _ = writeln!(out, "    {sign} {}", step.words());
}
