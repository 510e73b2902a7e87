//! 青写真: the steps from what the books hold to what is wanted, made before anything is touched.
//!
//! Pure: the same books and the same wish give the same steps, identifiers and hash. It is made on
//! one generation of the books and says so.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;

use super::books::{Books, Held, Wanted};
use super::part::{Act, Part};
use crate::CloudError;

/// 手順: one part, one act. Its identifier stays the same at every attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Identifier.
    pub id: String,
    /// Environment; the steps of one are done in order, those of others meanwhile.
    pub lane: String,
    /// Place in the order of its environment, from 1.
    pub sequence: i32,
    /// What is done.
    pub act: Act,
    /// With what: as it is to be, or for a removal as it was.
    pub part: Part,
    /// As it was, where it changes; as it may be, where one in doubt is made anew.
    pub before: Option<Part>,
    /// How often the environment had changed when this was planned: it is not done on any other.
    pub seen: i64,
}

impl Step {
    /// The part for people, as it was before where it changes, and what is not known of it.
    pub fn words(&self) -> String {
        let words = self.part.words();
        match (self.act, &self.before) {
            (Act::Make, Some(_)) if self.part == Part::Account && self.lane.ends_with(".local") => {
                format!("{words}（作り直し。失われていれば空で作り、中身は戻りません）")
            }
            (Act::Make, Some(_)) => format!("{words}（作り直し。あれば引き継ぎます）"),
            (Act::Remove, _) if matches!(self.part, Part::Enrolment { .. }) => {
                format!("{words}。環境そのものには触れません")
            }
            (_, Some(before)) => format!("{} → {words}", before.words()),
            (_, None) => words,
        }
    }
}

/// 青写真.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blueprint {
    /// The generation of the books that it was made on.
    pub base: i64,
    /// SHA-256 of the base and of every step, in hexadecimal.
    pub hash: String,
    /// Steps, by environment and in order.
    pub steps: Vec<Step>,
}

/// Which environments a blueprint is about. What it is not about it leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All: what is on the books and not wanted is removed.
    Everything,
    /// These environments alone, by name, and what is shared as far as it is wanted. One that is
    /// named and not wanted is removed; nothing that is not named is.
    Lanes(BTreeSet<String>),
}

impl Scope {
    fn holds(&self, lane: &str) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Lanes(lanes) => lanes.contains(lane),
        }
    }
}

impl Blueprint {
    /// What has to be done.
    ///
    /// # Errors
    /// [`CloudError::Plane`] when an environment is wanted twice, lies outside the scope, is to be
    /// enrolled although it was made here, or made although it is enrolled.
    pub fn make(wanted: &Wanted, books: &Books, scope: &Scope) -> Result<Blueprint, CloudError> {
        if let Some(what) = enrolled_odd(wanted, books).or_else(|| made_odd(wanted, books)) {
            return Err(CloudError::Plane(what));
        }
        let wanted = wanted.lanes()?;
        let mut steps = Vec::new();
        let (no_parts, none_held) = (BTreeMap::new(), BTreeMap::new());
        let names: BTreeSet<&String> = wanted.keys().chain(books.lanes.keys()).collect();
        for lane in names {
            let is_shared = lane.contains(".shared.");
            if !scope.holds(lane) && !(is_shared && wanted.contains_key(lane)) {
                if wanted.contains_key(lane) {
                    return Err(CloudError::Plane(format!(
                        "環境「{lane}」は、この青写真の範囲の外です。範囲に団体を加えてください"
                    )));
                }
                continue;
            }
            let held = books.lanes.get(lane).unwrap_or(&none_held);
            let want = wanted.get(lane).unwrap_or(&no_parts);
            let place = Place {
                lane,
                base: books.generation,
                seen: books.changes.get(lane).copied().unwrap_or_default(),
                whole: *scope == Scope::Everything,
            };
            lane_steps(&place, want, held, &mut steps);
        }
        let hash = hash(books.generation, &steps);
        Ok(Blueprint { base: books.generation, hash, steps })
    }

    /// The environments that it touches.
    pub fn lanes(&self) -> BTreeSet<&str> {
        self.steps.iter().map(|step| step.lane.as_str()).collect()
    }
}

/// An enrolment that would touch what the books hold already: an environment that was made here is
/// never closed because a wish calls it somebody else's.
fn enrolled_odd(wanted: &Wanted, books: &Books) -> Option<String> {
    let known = books.references();
    wanted.environments.iter().find_map(|one| {
        let (reference, name) = (one.origin.reference()?, one.lane.to_string());
        if let Some(lane) = known.get(&(one.lane.provider.as_str(), reference))
            && **lane != name
        {
            return Some(format!("{name}: 「{reference}」は {lane} として台帳にあります"));
        }
        let made = books.lanes.get(&name)?.contains_key("account");
        made.then(|| {
            format!("{name} は作った環境です。廃止してからでなければ、既存の環境を登録できません")
        })
    })
}

/// An environment that is to be made although the books hold it as one that was only enrolled: a
/// wish that repeats it without its origin asks for a second one beside it.
fn made_odd(wanted: &Wanted, books: &Books) -> Option<String> {
    wanted.environments.iter().find_map(|one| {
        let name = one.lane.to_string();
        let enrolled = books.lanes.get(&name)?.contains_key("enrolment");
        (enrolled && one.origin.reference().is_none()).then(|| {
            format!(
                "{name} は登録した既存の環境です。そのままなら origin を書いてください。新しく作るなら、\
                 先に close で登録を外してください"
            )
        })
    })
}

/// An environment on the books that a blueprint is made on.
struct Place<'p> {
    lane: &'p str,
    base: i64,
    seen: i64,
    /// The blueprint is about everything.
    whole: bool,
}

/// Makes and changes in order, then removals the other way round.
fn lane_steps(
    place: &Place<'_>,
    want: &BTreeMap<String, Part>,
    held: &BTreeMap<String, Held>,
    steps: &mut Vec<Step>,
) {
    let mut builds: Vec<(Act, &Part, Option<&Part>)> = Vec::new();
    for (id, part) in want {
        let enrols = matches!(part, Part::Enrolment { .. });
        match held.get(id) {
            Some(there) if there.doubt.is_none() && there.part == *part => {}
            // What is enrolled is looked for, also where the books knew another.
            there if enrols => builds.push((Act::Enrol, part, there.map(|it| &it.part))),
            // It may be there: made once more, and looked for before.
            Some(there) if there.doubt.is_some() => {
                builds.push((Act::Make, part, Some(&there.part)));
            }
            Some(there) => builds.push((Act::Change, part, Some(&there.part))),
            None => builds.push((Act::Make, part, None)),
        }
    }
    builds.sort_by_key(|(_, part, _)| part.rank());
    super::guarded::keep_guarded(&mut builds);
    let gone = held.iter().filter(|(id, _)| !want.contains_key(*id)).map(|(_, it)| &it.part);
    // What is shared stays: closed accounts still stand in their groups, logs in their archives,
    // and guardrails hold for environments that a wish does not speak of. A policy goes only from a
    // provider whose foundation is wanted as a whole, where no rule writes it any more.
    let is_shared = place.lane.contains(".shared.");
    let outlived = place.whole && !want.is_empty();
    let stays = |part: &Part| is_shared && !(outlived && matches!(part, Part::Policy { .. }));
    let mut gone: Vec<&Part> = gone.filter(|part| !stays(part)).collect();
    gone.sort_by_key(|part| std::cmp::Reverse(part.rank()));
    let gone = gone.into_iter().map(|part| (Act::Remove, part, None));
    for (at, (act, part, before)) in builds.into_iter().chain(gone).enumerate() {
        steps.push(Step {
            id: step_id((place.lane, place.base), act, part, before),
            lane: place.lane.to_owned(),
            sequence: i32::try_from(at + 1).unwrap_or(i32::MAX),
            act,
            part: part.clone(),
            before: before.cloned(),
            seen: place.seen,
        });
    }
}

/// The digest of everything that the step says.
fn step_id(place: (&str, i64), act: Act, part: &Part, before: Option<&Part>) -> String {
    let mut context = Context::new(&SHA256);
    let text = serde_json::to_vec(&(place, act, part, before)).unwrap_or_default();
    context.update(&text);
    hex(&context.finish().as_ref()[..12])
}

/// The hash of a blueprint; whoever holds the steps can work it out again.
pub(super) fn hash(base: i64, steps: &[Step]) -> String {
    let mut context = Context::new(&SHA256);
    context.update(&base.to_be_bytes());
    for step in steps {
        let id = step_id((&step.lane, base), step.act, &step.part, step.before.as_ref());
        context.update(id.as_bytes());
        context.update(&step.sequence.to_be_bytes());
        context.update(&step.seen.to_be_bytes());
    }
    hex(context.finish().as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|it| [it >> 4, it & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
