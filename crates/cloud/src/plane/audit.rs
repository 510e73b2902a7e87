//! あとからの照合: what a provider says it holds against the books and the guardrails. Changes
//! nothing; it says what a person has to look at. What cannot be asked is a finding, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt;

use super::blueprint::Step;
use super::books::{Books, Held};
use super::environment::Lane;
use super::execute::{Providers, references};
use super::part::{Act, Part, References, Work};
use crate::guardrail::{Actor, Finding, Guardrails, Request};
use crate::provider::{Provider, Seen, aws, local};

/// Environments that are looked at beside each other.
const BESIDE: usize = 8;
/// Who approves is not known before somebody does: that rule is judged at each call.
const LATER: Actor<'static> = Actor { made_by: "", approved_by: Some("-") };

/// The service by which a provider makes a part, by provider.
pub type Services = BTreeMap<&'static str, fn(&Part) -> &'static str>;

/// Those of the providers that there are.
pub fn services() -> Services {
    Services::from([
        ("aws", aws::service as fn(&Part) -> &'static str),
        ("local", local::service as fn(&Part) -> &'static str),
    ])
}

/// What the guardrails will refuse of steps that are planned: said before anybody approves them.
pub fn plan_judge(guardrails: &Guardrails, services: &Services, steps: &[Step]) -> Vec<Finding> {
    let judged = steps.iter().filter_map(|step| {
        let place = format!("{} {}", step.lane, step.part.words());
        let Ok(lane) = step.lane.parse::<Lane>() else {
            return Some(unknown(place, "環境の名の形が違います".to_owned()));
        };
        let Some(service) = services.get(lane.provider.as_str()) else {
            let what = format!("プロバイダー「{}」はありません", lane.provider);
            return Some(unknown(place, what));
        };
        let planned = (&lane, step.act, &step.part);
        let refusal = guardrails.refused(planned, service(&step.part), LATER)?;
        let (what, remedy, rule) = (refusal.says, refusal.remedy, refusal.rule);
        Some(Finding { place, what, remedy, rule })
    });
    judged.collect()
}

/// Everything that the books and their providers say differently, and what breaks a guardrail.
pub async fn survey(books: &Books, providers: &Providers, rules: &Guardrails) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, provider) in providers {
        match provider.survey().await {
            Ok(seen) => findings.extend(compare(books, name, &seen)),
            Err(error) => findings.push(unknown(name.clone(), error.to_string())),
        }
    }
    let lanes = futures_util::stream::iter(&books.lanes);
    let each = lanes.map(|(name, parts)| async move {
        let Ok(lane) = name.parse::<Lane>() else {
            return vec![unknown(name.clone(), "環境の名の形が違います".to_owned())];
        };
        let Some(provider) = providers.get(&lane.provider) else {
            let what = format!("プロバイダー「{}」がここにはありません", lane.provider);
            return vec![unknown(name.clone(), what)];
        };
        let shared = references(books, &Lane::shared(&lane.provider).to_string());
        let own = references(books, name);
        let at = Looked { lane: &lane, own, shared: Arc::new(shared) };
        let mut found = at.parts_compare(provider.as_ref(), parts).await;
        found.extend(at.stores_compare(provider.as_ref(), parts, rules).await);
        found
    });
    let each: Vec<Vec<Finding>> = each.buffer_unordered(BESIDE).collect().await;
    findings.extend(each.into_iter().flatten());
    findings.sort_by(|a, b| (&a.place, &a.what).cmp(&(&b.place, &b.what)));
    findings
}

/// An environment that is looked at.
struct Looked<'l> {
    lane: &'l Lane,
    own: References,
    shared: Arc<References>,
}

impl Looked<'_> {
    /// Part by part of the books.
    async fn parts_compare(
        &self,
        provider: &dyn Provider,
        parts: &BTreeMap<String, Held>,
    ) -> Vec<Finding> {
        let mut out = Vec::new();
        for (id, held) in parts {
            let place = format!("{} {id}", self.lane);
            if !held.settled {
                out.push(Finding {
                    place,
                    what: "始めたまま取り止められ、あるかどうかが決まっていません".to_owned(),
                    remedy: "青写真を作り直して、作るか廃止するかしてください".to_owned(),
                    rule: "books".to_owned(),
                });
                continue;
            }
            let work = Work {
                step: String::new(),
                lane: self.lane.clone(),
                act: Act::Enrol,
                part: held.part.clone(),
                again: false,
                reference: held.reference.clone(),
                own: self.own.clone(),
                shared: self.shared.clone(),
            };
            match provider.compare(&work).await {
                Ok(None) => {}
                Ok(Some(what)) => out.push(Finding {
                    place,
                    what,
                    remedy: "だれが変えたかを確かめ、青写真で作り直してください".to_owned(),
                    rule: "books".to_owned(),
                }),
                Err(error) => out.push(unknown(place, error.to_string())),
            }
        }
        out
    }

    /// What stores data: each on the books, and none against the guardrails.
    async fn stores_compare(
        &self,
        provider: &dyn Provider,
        parts: &BTreeMap<String, Held>,
        rules: &Guardrails,
    ) -> Vec<Finding> {
        let account = parts.get("account").or_else(|| parts.get("enrolment"));
        let Some(account) = account.and_then(|it| it.reference.as_deref()) else {
            return Vec::new();
        };
        let seen = match provider.inspect(self.lane, account).await {
            Ok(seen) => seen,
            Err(error) => return vec![unknown(self.lane.to_string(), error.to_string())],
        };
        let known: BTreeSet<&str> =
            parts.values().filter_map(|it| it.reference.as_deref()).collect();
        // What was enrolled is known as a whole, not store by store.
        let ours = parts.contains_key("account");
        let strays = seen.iter().filter(|it| ours && !known.contains(it.reference.as_str()));
        let stray = |it: &Seen| Finding {
            place: format!("{} {}", self.lane, it.reference),
            what: "台帳にない保管場所があります".to_owned(),
            remedy: "残すなら要望に加え、要らないものなら消してください".to_owned(),
            rule: "no-orphans".to_owned(),
        };
        let mut out: Vec<Finding> = strays.map(stray).collect();
        out.extend(judge(rules, self.lane, &seen));
        out
    }
}

/// What could not be looked at: nobody knows whether it is in order.
fn unknown(place: String, what: String) -> Finding {
    Finding {
        place,
        what: format!("照合できません。{what}"),
        remedy: "原因を除いて、もう一度照合してください".to_owned(),
        rule: "books".to_owned(),
    }
}

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
pub fn judge(guardrails: &Guardrails, lane: &Lane, seen: &[Seen]) -> Vec<Finding> {
    let findings = seen.iter().flat_map(|it| {
        let request = Request {
            provider: &lane.provider,
            service: it.service,
            act: Act::Make,
            region: it.region.as_deref(),
            kind: lane.kind,
            reaches: lane.kind,
            resource: it.resource,
            // Who made it is not seen here: the blueprints say it.
            actor: LATER,
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
