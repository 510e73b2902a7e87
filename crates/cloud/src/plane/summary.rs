//! What a blueprint comes to, for who approves it: how many parts of each kind it touches, how many
//! requests that takes at least, every statement of a policy that it brings or takes away. Pure.

use serde_json::Value;

use super::blueprint::Step;
use super::part::{Act, Part};

/// What parts there are: identifier, Japanese, English; in the order in which they are made.
pub const KINDS: [(&str, &str, &str); 11] = [
    ("root", "統治の木", "Tree"),
    ("group", "組", "Groups"),
    ("policy", "守りごと", "Policies"),
    ("archive", "記録の保管庫", "Archives"),
    ("account", "区画", "Accounts"),
    ("placement", "置き場所", "Placements"),
    ("administrator", "管理者の役割", "Administrators"),
    ("budget", "予算の上限", "Budgets"),
    ("key", "団体の鍵", "Keys"),
    ("system", "業務システム", "Systems"),
    ("enrolment", "既存の環境の登録", "Enrolments"),
];

/// The identifier of a part's kind.
pub fn kind(part: &Part) -> &'static str {
    match part {
        Part::Root => "root",
        Part::Group { .. } => "group",
        Part::Policy { .. } => "policy",
        Part::Archive { .. } => "archive",
        Part::Account => "account",
        Part::Placement { .. } => "placement",
        Part::Administrator => "administrator",
        Part::Budget { .. } => "budget",
        Part::Key { .. } => "key",
        Part::System { .. } => "system",
        Part::Enrolment { .. } => "enrolment",
    }
}

/// One kind of parts in a blueprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Identifier, Japanese, English.
    pub kind: (&'static str, &'static str, &'static str),
    /// 登録, 作成, 変更, 廃止.
    pub counts: [(Act, usize); 4],
    /// Requests to providers, at least.
    pub calls: u64,
}

/// The kinds that a blueprint touches.
pub fn lines(steps: &[Step]) -> Vec<Line> {
    let line = |known: (&'static str, &'static str, &'static str)| {
        let (id, ..) = known;
        let own: Vec<&Step> = steps.iter().filter(|step| kind(&step.part) == id).collect();
        let count = |act| (act, own.iter().filter(|step| step.act == act).count());
        let counts = [Act::Enrol, Act::Make, Act::Change, Act::Remove].map(count);
        let calls = own.iter().map(|step| calls(step)).sum();
        (!own.is_empty()).then_some(Line { kind: known, counts, calls })
    };
    KINDS.into_iter().filter_map(line).collect()
}

/// How many requests a step takes where nothing was there before and nothing is tried again. The
/// own cluster is asked for nothing from outside.
fn calls(step: &Step) -> u64 {
    if !step.lane.ends_with(".aws") {
        return 0;
    }
    match (step.act, &step.part) {
        // Looked for only.
        (Act::Enrol, _) => 1,
        (Act::Remove, Part::Placement { .. } | Part::Enrolment { .. }) => 0,
        (Act::Remove, Part::Policy { .. } | Part::Administrator | Part::Key { .. }) => 2,
        (Act::Remove, _) => 1,
        (_, Part::Root) => 3,
        (_, Part::Group { .. } | Part::Budget { .. } | Part::Placement { .. }) => 1,
        // The request, and at least one question whether it is done.
        (_, Part::Account | Part::Policy { .. } | Part::Administrator | Part::Key { .. }) => 2,
        (_, Part::System { .. }) => 4,
        (_, Part::Archive { .. }) => 7,
        (_, Part::Enrolment { .. }) => 0,
    }
}

/// The statements of a policy that a step brings and takes away, each in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements {
    /// The policy's name.
    pub name: String,
    /// What is done with it.
    pub act: Act,
    /// New, or as they are to be.
    pub added: Vec<String>,
    /// No more, or as they were.
    pub removed: Vec<String>,
    /// How many stay as they are.
    pub same: usize,
}

/// What a step does to a policy; `None` for any other part.
pub fn statements(step: &Step) -> Option<Statements> {
    let Part::Policy { name, text, .. } = &step.part else { return None };
    let own = statements_of(text);
    let before = match &step.before {
        Some(Part::Policy { text, .. }) => statements_of(text),
        _ => Vec::new(),
    };
    let (before, after) = if step.act == Act::Remove { (own, Vec::new()) } else { (before, own) };
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        of.iter().filter(|one| !from.contains(one)).cloned().collect()
    };
    // What one in doubt holds nobody knows: all of it is made.
    let known: &[String] = if step.act == Act::Make { &[] } else { &before };
    let (added, removed) = (missing(known, &after), missing(&after, &before));
    let same = after.len() - added.len();
    Some(Statements { name: name.clone(), act: step.act, added, removed, same })
}

/// The statements, one a text; a text that is no such document is one statement as it stands.
pub(super) fn statements_of(text: &str) -> Vec<String> {
    let document: Option<Value> = serde_json::from_str(text).ok();
    let list = document.as_ref().and_then(|it| it["Statement"].as_array());
    match list {
        Some(list) => list.iter().map(|one| format!("{one:#}")).collect(),
        None => vec![text.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plane::environment::Kind;

    fn policy(sids: &[(&str, &str)]) -> Part {
        let all: Vec<Value> =
            sids.iter().map(|(sid, effect)| json!({"Sid": sid, "Effect": effect})).collect();
        let text = json!({"Version": "2012-10-17", "Statement": all}).to_string();
        Part::Policy { name: "p".to_owned(), kind: Kind::Shared, text }
    }

    fn step(act: Act, part: Part, before: Option<Part>) -> Step {
        let lane = "nation.shared.aws".to_owned();
        Step { id: String::new(), lane, sequence: 1, act, part, before, seen: 0 }
    }

    #[track_caller]
    fn check(step: &Step, added: &[&str], removed: &[&str], same: usize) {
        let found = statements(step).unwrap();
        let names = |all: &[String]| -> Vec<String> {
            let value = |one: &String| serde_json::from_str::<Value>(one).unwrap();
            let name = |one| format!("{}:{}", value(one)["Sid"], value(one)["Effect"]);
            all.iter().map(name).map(|it| it.replace('"', "")).collect()
        };
        assert_eq!(names(&found.added), added);
        assert_eq!(names(&found.removed), removed);
        assert_eq!(found.same, same);
    }

    #[test]
    fn changed_statements_stand_in_full() {
        let old = policy(&[("A", "Deny"), ("B", "Deny"), ("C", "Deny")]);
        let new = policy(&[("A", "Deny"), ("B", "Allow"), ("D", "Deny")]);
        let change = step(Act::Change, new.clone(), Some(old.clone()));
        check(&change, &["B:Allow", "D:Deny"], &["B:Deny", "C:Deny"], 1);
        check(&step(Act::Make, old.clone(), None), &["A:Deny", "B:Deny", "C:Deny"], &[], 0);
        check(&step(Act::Remove, old, None), &[], &["A:Deny", "B:Deny", "C:Deny"], 0);
        assert_eq!(statements(&step(Act::Make, Part::Root, None)), None);
    }

    #[test]
    fn kinds_are_counted_with_their_requests() {
        let account = |lane: &str| Step {
            lane: format!("131016.production.{lane}"),
            ..step(Act::Make, Part::Account, None)
        };
        let budget = step(Act::Change, Part::Budget { limit_yen: 1 }, None);
        let found = lines(&[account("aws"), account("local"), budget]);
        let short: Vec<_> = found.iter().map(|it| (it.kind.0, it.counts[1].1, it.calls)).collect();
        assert_eq!(short, [("account", 2, 2), ("budget", 0, 1)]);
        assert_eq!(found[1].counts[2], (Act::Change, 1));
    }

    #[test]
    fn every_kind_has_its_words() {
        let words = KINDS.map(|(id, ..)| id);
        for part in [Part::Root, Part::Account, Part::Administrator, policy(&[])] {
            let tagged = serde_json::to_value(&part).unwrap();
            assert!(words.contains(&kind(&part)));
            assert_eq!(tagged["kind"], kind(&part));
        }
    }
}
