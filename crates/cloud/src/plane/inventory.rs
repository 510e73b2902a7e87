//! What an environment holds of every service, against the guardrails and the books. Things of a
//! kind at a place are one finding, so that an account full of them is not thousands.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::{LATER, unknown};
use super::books::Held;
use super::environment::Lane;
use super::part::Act;
use crate::guardrail::{Finding, Guardrails, Request, Rule};
use crate::provider::{Holding, Inventory, Provider};

/// So many of a kind are named.
const NAMED: usize = 3;
const ORPHANS: &str = "no-orphans";

/// What breaks a guardrail or is on no books, and what could not be asked for.
pub(super) async fn inventory_compare(
    provider: &dyn Provider,
    (lane, parts): (&Lane, &BTreeMap<String, Held>),
    rules: &Guardrails,
) -> Vec<Finding> {
    let account = parts.get("account").or_else(|| parts.get("enrolment"));
    let Some(account) = account.and_then(|it| it.reference.as_deref()) else { return Vec::new() };
    match provider.inventory(account).await {
        Ok(found) => findings(rules, (lane, parts), &found),
        Err(error) => vec![unknown(lane.to_string(), error.to_string())],
    }
}

fn findings(
    rules: &Guardrails,
    (lane, parts): (&Lane, &BTreeMap<String, Held>),
    found: &Inventory,
) -> Vec<Finding> {
    let known: BTreeSet<&str> = parts.values().filter_map(|it| it.reference.as_deref()).collect();
    // What was enrolled is known as a whole, not thing by thing.
    let ours = parts.contains_key("account");
    let mut of_rule: BTreeMap<(String, &str), (Option<&Rule>, Vec<&str>)> = BTreeMap::new();
    for one in &found.held {
        let broken = broken(rules, lane, one);
        let is_stray = ours && broken.is_empty() && !known.contains(one.reference.as_str());
        let stray = is_stray.then_some((ORPHANS, None)).into_iter();
        let broken = broken.into_iter().map(|rule| (rule.id.as_str(), Some(rule)));
        for (id, rule) in stray.chain(broken) {
            let of = of_rule.entry((place(lane, one), id)).or_insert_with(|| (rule, Vec::new()));
            of.1.push(&one.reference);
        }
    }
    let broken = of_rule.into_iter().map(|((place, id), (rule, names))| {
        let (says, remedy) = match rule {
            Some(rule) => (rule.says.as_str(), rule.remedy.as_str()),
            None => ("台帳にないものがあります", "要らないものなら消してください"),
        };
        let what = format!("{says}（{}）", counted(&names));
        Finding { place, what, remedy: remedy.to_owned(), rule: id.to_owned() }
    });
    broken.chain(unseen(lane, found)).collect()
}

/// What was not answered, the same reason once.
fn unseen(lane: &Lane, found: &Inventory) -> Vec<Finding> {
    let mut of_reason: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (what, why) in &found.unseen {
        of_reason.entry(why.to_string()).or_default().push(what);
    }
    let told = of_reason
        .into_iter()
        .map(|(why, what)| unknown(lane.to_string(), format!("{}: {why}", counted(&what))));
    told.collect()
}

fn place(lane: &Lane, one: &Holding) -> String {
    let words = [&one.service, &one.kind, one.region.as_deref().unwrap_or_default()];
    words.into_iter().filter(|it| !it.is_empty()).fold(lane.to_string(), |all, it| all + " " + it)
}

fn counted(names: &[&str]) -> String {
    let more = if names.len() > NAMED { "ほか、" } else { "" };
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join("、");
    if names.len() == 1 { named } else { format!("{named}{more}計 {}", names.len()) }
}

/// The rules that a thing breaks, judged as before a call.
fn broken<'g>(rules: &'g Guardrails, lane: &Lane, one: &Holding) -> Vec<&'g Rule> {
    let region = one.region.as_deref();
    let cloud = rules.cloud(&lane.provider);
    rules.broken(&Request {
        provider: &lane.provider,
        service: &one.service,
        act: Act::Make,
        region: cloud.map_or(region, |it| it.placed(&one.service, region)),
        kind: lane.kind,
        reaches: lane.kind,
        resource: one.resource,
        actor: LATER,
    })
}
