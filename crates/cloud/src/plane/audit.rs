//! あとからの照合: what a provider says it holds against the books and the guardrails. Changes
//! nothing; it says what a person has to look at. What cannot be asked is a finding, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt;
use store::control::plane::Astray;

use super::blueprint::Step;
use super::books::{Books, Held};
use super::environment::Lane;
use super::execute::{Providers, references};
use super::inventory::inventory_compare;
use super::lane::is_end;
use super::part::{Act, Part, References, Work};
use crate::guardrail::{Actor, Finding, Guardrails, Request};
use crate::provider::{Provider, Seen, aws, local};

/// Environments that are looked at beside each other.
const BESIDE: usize = 8;
/// Who approves is not known before somebody does: that rule is judged at each call.
pub(super) const LATER: Actor<'static> = Actor { made_by: "", approved_by: Some("-") };

/// The service by which a provider makes a part, by provider.
pub type Services = BTreeMap<&'static str, fn(&Part) -> &'static str>;

/// Those of the providers that there are.
pub fn services() -> Services {
    Services::from([
        ("aws", aws::service as fn(&Part) -> &'static str),
        ("local", local::service as fn(&Part) -> &'static str),
    ])
}

/// What the guardrails and the providers will refuse of steps that are planned: said before anybody
/// approves them.
pub fn plan_judge(guardrails: &Guardrails, services: &Services, steps: &[Step]) -> Vec<Finding> {
    let leaving: BTreeSet<&str> =
        steps.iter().filter(|step| is_end(step)).map(|step| step.lane.as_str()).collect();
    let judged = steps.iter().filter_map(|step| {
        let place = format!("{} {}", step.lane, step.part.words());
        let Ok(lane) = step.lane.parse::<Lane>() else {
            return Some(unknown(place, "環境の名の形が違います".to_owned()));
        };
        let Some(service) = services.get(lane.provider.as_str()) else {
            let what = format!("プロバイダー「{}」はありません", lane.provider);
            return Some(unknown(place, what));
        };
        if lane.provider == "local"
            && !leaving.contains(step.lane.as_str())
            && let Some((what, remedy)) = local::never(step.act, &step.part)
        {
            let (what, remedy) = (what.to_owned(), remedy.to_owned());
            return Some(Finding { place, what, remedy, rule: "provider".to_owned() });
        }
        let planned = (&lane, step.act, &step.part);
        let refusal = guardrails.refused(planned, service(&step.part), LATER)?;
        let (what, remedy, rule) = (refusal.says, refusal.remedy, refusal.rule);
        Some(Finding { place, what, remedy, rule })
    });
    judged.collect()
}

/// What the check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Everything that a person has to look at.
    pub findings: Vec<Finding>,
    /// The parts of the books that are otherwise at their providers: once they are marked the next
    /// blueprint makes them anew.
    pub astray: Vec<Astray>,
}

impl Checked {
    fn add(&mut self, more: Checked) {
        self.findings.extend(more.findings);
        self.astray.extend(more.astray);
    }
}

/// Everything that the books and their providers say differently, and what breaks a guardrail.
pub async fn survey(books: &Books, providers: &Providers, rules: &Guardrails) -> Checked {
    let mut all = Checked::default();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    for (name, provider) in providers {
        match provider.survey().await {
            Ok(seen) => {
                all.findings.extend(compare(books, name, &seen));
                for (_, lane) in lost(books, name, &seen) {
                    all.astray.extend(with_account(books, lane));
                    gone.insert(lane);
                }
            }
            Err(error) => all.findings.push(unknown(name.clone(), error.to_string())),
        }
    }
    let lanes = books.lanes.iter().filter(|(name, _)| !gone.contains(name.as_str()));
    let each = futures_util::stream::iter(lanes).map(|(name, parts)| async move {
        let nothing = |what| {
            let findings = vec![unknown(name.clone(), what)];
            Checked { findings, astray: Vec::new() }
        };
        let Ok(lane) = name.parse::<Lane>() else {
            return nothing("環境の名の形が違います".to_owned());
        };
        let Some(provider) = providers.get(&lane.provider) else {
            return nothing(format!("プロバイダー「{}」がここにはありません", lane.provider));
        };
        let shared = references(books, &Lane::shared(&lane.provider).to_string());
        let own = references(books, name);
        let at = Looked { lane: &lane, own, shared: Arc::new(shared) };
        let mut found = at.parts_compare(provider.as_ref(), parts).await;
        found.add(at.stores_compare(provider.as_ref(), parts, rules).await);
        found.findings.extend(inventory_compare(provider.as_ref(), (&lane, parts), rules).await);
        found
    });
    let each: Vec<Checked> = each.buffer_unordered(BESIDE).collect().await;
    each.into_iter().for_each(|one| all.add(one));
    all.findings.sort_by(|a, b| (&a.place, &a.what).cmp(&(&b.place, &b.what)));
    // What cannot be reached at all is told once, however often it was asked.
    all.findings.dedup();
    all.astray.sort_by(|a, b| (&a.environment, &a.part).cmp(&(&b.environment, &b.part)));
    all.astray.dedup_by(|a, b| a.environment == b.environment && a.part == b.part);
    all
}

/// What goes with the account of an environment that is not there any more.
fn with_account(books: &Books, lane: &str) -> Vec<Astray> {
    let parts = books.lanes.get(lane).into_iter().flatten();
    let with = parts.filter(|(id, held)| {
        let held = &held.part;
        matches!(held, Part::Account | Part::Enrolment { .. })
            || (held.needs().iter().any(|it| it == "account") && *id != "root")
    });
    with.map(|(id, held)| astray(lane, (id, held), "区画がプロバイダーにありません")).collect()
}

fn astray(lane: &str, (id, held): (&String, &Held), what: &str) -> Astray {
    Astray {
        environment: lane.to_owned(),
        part: id.clone(),
        generation: held.generation,
        what: what.to_owned(),
    }
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
    ) -> Checked {
        let mut out = Checked::default();
        for (id, held) in parts {
            let place = format!("{} {id}", self.lane);
            if let Some(doubt) = &held.doubt {
                out.findings.push(Finding {
                    place,
                    what: format!("あるかどうかが決まっていません（{doubt}）"),
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
                leaving: false,
                reference: held.reference.clone(),
                own: self.own.clone(),
                shared: self.shared.clone(),
            };
            match provider.compare(&work).await {
                Ok(None) => {}
                Ok(Some(what)) => {
                    out.astray.push(astray(&self.lane.to_string(), (id, held), &what));
                    out.findings.push(Finding {
                        place,
                        what,
                        remedy: "だれが変えたかを確かめ、印を付けて（check --mark）青写真で作り直してください"
                            .to_owned(),
                        rule: "books".to_owned(),
                    });
                }
                Err(error) => out.findings.push(unknown(place, error.to_string())),
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
    ) -> Checked {
        let mut out = Checked::default();
        let account = parts.get("account").or_else(|| parts.get("enrolment"));
        let Some(account) = account.and_then(|it| it.reference.as_deref()) else { return out };
        let seen = match provider.inspect(self.lane, account).await {
            Ok(seen) => seen,
            Err(error) => {
                out.findings.push(unknown(self.lane.to_string(), error.to_string()));
                return out;
            }
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
        out.findings = strays.map(stray).collect();
        for one in &seen {
            let broken = judge(rules, self.lane, std::slice::from_ref(one));
            let mut own = parts.iter().filter(|(_, it)| {
                it.doubt.is_none() && it.reference.as_ref() == Some(&one.reference)
            });
            // A store of the books that breaks a rule is made anew as it is to be.
            if let (Some(first), Some(held)) = (broken.first(), own.next())
                && ours
            {
                out.astray.push(astray(&self.lane.to_string(), held, &first.what));
            }
            out.findings.extend(broken);
        }
        out
    }
}

/// What could not be looked at: nobody knows whether it is in order.
pub(super) fn unknown(place: String, what: String) -> Finding {
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
    let known = known(books, provider);
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
    let lost = lost(books, provider, seen).into_iter().map(|(reference, lane)| Finding {
        place: lane.to_owned(),
        what: format!("台帳にある区画 {reference} が {provider} にありません"),
        remedy: "だれが閉じたかを確かめ、印を付けて（check --mark）青写真で作り直してください"
            .to_owned(),
        rule: "no-orphans".to_owned(),
    });
    stray.chain(lost).collect()
}

/// The environments of the books at a provider, by its names for them.
fn known<'b>(books: &'b Books, provider: &str) -> BTreeMap<&'b str, &'b str> {
    let all = books.references().into_iter();
    all.filter(|((at, _), _)| *at == provider).map(|((_, name), lane)| (name, lane)).collect()
}

/// Environments of the books that a provider does not hold: its name for each, and ours.
fn lost<'b>(books: &'b Books, provider: &str, seen: &[Seen]) -> Vec<(&'b str, &'b str)> {
    let there: BTreeSet<&str> = seen.iter().map(|it| it.reference.as_str()).collect();
    let known = known(books, provider).into_iter();
    known.filter(|(reference, _)| !there.contains(reference)).collect()
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
