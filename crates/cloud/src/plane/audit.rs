//! あとからの照合: what a provider says it holds against the books and the guardrails. Changes
//! nothing; it says what a person has to look at.

use std::collections::{BTreeMap, BTreeSet};

use super::books::Books;
use super::environment::Lane;
use super::part::Act;
use crate::guardrail::{Actor, Finding, Guardrails, Request};
use crate::provider::Seen;

/// Environments that the provider holds and the books do not, and the other way round. Names
/// without the form of an environment are not ours and are left alone unless they were enrolled.
pub fn compare(books: &Books, provider: &str, seen: &[Seen]) -> Vec<Finding> {
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (lane, parts) in &books.lanes {
        let is_here = lane.ends_with(&format!(".{provider}"));
        let account = parts.get("account").or_else(|| parts.get("enrolment"));
        if let Some(reference) = account.and_then(|it| it.reference.as_deref())
            && is_here
        {
            known.insert(reference, lane);
        }
    }
    let there: BTreeSet<&str> = seen.iter().map(|it| it.reference.as_str()).collect();
    let stray = seen.iter().filter(|it| {
        let ours = it.name.parse::<Lane>().is_ok_and(|lane| lane.provider == provider);
        ours && !known.contains_key(it.reference.as_str())
    });
    let stray = stray.map(|it| Finding {
        place: provider.to_owned(),
        what: format!("区画 {} は {} という名ですが、台帳にありません", it.reference, it.name),
        remedy: "残すなら台帳に登録し、要らないものなら閉じてください".to_owned(),
        rule: "no-orphans".to_owned(),
    });
    let lost = known.iter().filter(|(reference, _)| !there.contains(*reference));
    let lost = lost.map(|(reference, lane)| Finding {
        place: (*lane).to_owned(),
        what: format!("台帳にある区画 {reference} が {provider} にありません"),
        remedy: "だれが閉じたかを確かめ、青写真を作り直してください".to_owned(),
        rule: "no-orphans".to_owned(),
    });
    stray.chain(lost).collect()
}

/// What breaks a guardrail although it is there.
pub fn judge(
    guardrails: &Guardrails,
    lane: &Lane,
    (service, seen): (&str, &[Seen]),
) -> Vec<Finding> {
    let findings = seen.iter().flat_map(|it| {
        let request = Request {
            provider: &lane.provider,
            service,
            act: Act::Make,
            region: it.region.as_deref(),
            kind: lane.kind,
            reaches: lane.kind,
            resource: it.resource,
            // Who made it is not seen here: the blueprints say it.
            actor: Actor { made_by: "", approved_by: Some("-") },
        };
        let broken = guardrails.broken(&request).into_iter();
        broken.map(move |rule| Finding {
            place: format!("{lane} {}", it.reference),
            what: rule.says.clone(),
            remedy: rule.remedy.clone(),
            rule: rule.id.clone(),
        })
    });
    findings.collect()
}
