//! The order in which policies change: a statement that goes from one to another comes before it
//! goes, so that it holds at every moment. Pure; it changes nothing of what is done.

use std::collections::BTreeSet;

use super::part::{Act, Part};
use super::summary::statements_of;

/// What is built: act, part, and the part as it was, or as one in doubt may be.
type Build<'b> = (Act, &'b Part, Option<&'b Part>);

/// Puts the policies among the builds so that each takes its statements over before another gives
/// them up. Where two give to each other there is no such order: they stay as they were.
pub(super) fn keep_guarded(builds: &mut [Build<'_>]) {
    let places: Vec<usize> =
        (0..builds.len()).filter(|at| matches!(builds[*at].1, Part::Policy { .. })).collect();
    let mut left: Vec<Build<'_>> = places.iter().map(|at| builds[*at]).collect();
    for at in places {
        let free = (0..left.len()).find(|one| {
            let gone = given(left[*one]);
            !(0..left.len())
                .any(|other| other != *one && gone.iter().any(|it| takes(left[other], it)))
        });
        builds[at] = left.remove(free.unwrap_or(0));
    }
}

/// The kind that a policy holds for, with a statement: one for all is not one for some.
type Rule = (super::environment::Kind, String);

fn rules(part: &Part) -> BTreeSet<Rule> {
    let Part::Policy { kind, text, .. } = part else { return BTreeSet::new() };
    statements_of(text).into_iter().map(|it| (*kind, it)).collect()
}

/// What a policy loses.
fn given((_, part, before): Build<'_>) -> BTreeSet<Rule> {
    let after = rules(part);
    before.map(rules).unwrap_or_default().into_iter().filter(|it| !after.contains(it)).collect()
}

/// Whether a policy gains a statement: one that is made may not be there, whatever is on the books.
fn takes((act, part, before): Build<'_>, rule: &Rule) -> bool {
    let holds = act != Act::Make && before.is_some_and(|it| rules(it).contains(rule));
    rules(part).contains(rule) && !holds
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plane::environment::Kind;

    fn policy(name: &str, sids: &str) -> Part {
        let all: Vec<_> = sids.chars().map(|sid| json!({"Sid": sid.to_string()})).collect();
        let text = json!({"Statement": all}).to_string();
        Part::Policy { name: name.to_owned(), kind: Kind::Shared, text }
    }

    /// Policies before and after, as `name:statements`, `?` before what is in doubt; the order in
    /// which they change.
    #[track_caller]
    fn check(before: &[&str], after: &[&str], order: &str) {
        let read = |all: &[&str]| -> Vec<Part> {
            let one = |it: &&str| {
                let (name, sids) = it.trim_start_matches('?').split_once(':').unwrap();
                policy(name, sids)
            };
            all.iter().map(one).collect()
        };
        let doubt: Vec<bool> = before.iter().map(|it| it.starts_with('?')).collect();
        let (before, after) = (read(before), read(after));
        let mut builds: Vec<Build<'_>> = after
            .iter()
            .map(|part| match before.iter().position(|it| it.id() == part.id()) {
                Some(at) if doubt[at] => (Act::Make, part, Some(&before[at])),
                Some(at) => (Act::Change, part, Some(&before[at])),
                None => (Act::Make, part, None),
            })
            .collect();
        keep_guarded(&mut builds);
        let name = |(_, part, _): &Build<'_>| part.id().replace("policy.", "");
        assert_eq!(builds.iter().map(name).collect::<Vec<_>>().join(""), order);
    }

    #[test]
    fn a_statement_comes_before_it_goes() {
        // Something new at the front pushes the rest on; something that is gone pulls it back.
        check(&["1:ab", "2:cd"], &["1:xa", "2:bc", "3:d"], "321");
        check(&["1:xa", "2:bc", "3:d"], &["1:ab", "2:cd"], "12");
        check(&["1:ab", "2:cd"], &["1:ab", "2:ce"], "12");
        // One in doubt gives and takes as any other; whether it holds anything yet nobody knows.
        check(&["?1:ab", "2:cd"], &["1:a", "2:bcd"], "21");
        check(&["1:ab", "?2:bc"], &["1:a", "2:bc"], "21");
        // Each gives to the other: no order helps.
        check(&["1:ab", "2:cd"], &["1:ac", "2:bd"], "12");
    }
}
