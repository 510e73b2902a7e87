//! 守りごと: rules that are written once as data and hold for every environment. Judged before any
//! call of a provider (no [`Permit`], no call) and again over what is found to be there.
//!
//! Pure: the day and the texts are arguments. It never softens a rule: what it cannot judge it
//! refuses.

mod load;
pub mod policy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base::date::Date;
use serde::Serialize;

use crate::plane::environment::{Kind, Lane, Region};
use crate::plane::part::{Act, Part, Work};
use crate::provider::Provider;

/// 守りごと: one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Identifier.
    pub id: String,
    /// 名.
    pub name: String,
    /// What it forbids or demands.
    pub says: String,
    /// Where it comes from.
    pub source: String,
    /// What to do about a refusal.
    pub remedy: String,
    /// The first day of its force.
    pub from: Date,
    /// The last day of its force.
    pub until: Option<Date>,
    /// How it is judged.
    pub check: Check,
}

/// The closed set of things that a rule can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Region within the country.
    Domestic,
    /// Service on the list that day.
    Registered,
    /// What stores data is encrypted with the body's own key.
    OwnKey,
    /// Nothing is public.
    NotPublic,
    /// Logs go to the archive and are locked for so many days.
    LogsLocked(u32),
    /// Who approved did not make it.
    TwoPeople,
    /// Production and verification do not touch each other.
    KindsApart,
    /// Nobody has a name of their own in an environment.
    NoUsers,
}

/// 使えるクラウド: services and regions of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Provider.
    pub provider: String,
    /// Name for people.
    pub name: String,
    /// Its services.
    pub services: Vec<String>,
    /// Services without a place of their own.
    pub worldwide: Vec<String>,
    /// The provider's name of the eastern and of the western region.
    pub domestic: [String; 2],
    /// Its names in bills.
    pub billed_as: Vec<String>,
    /// The names of its services in bills.
    billed: BTreeMap<String, Vec<String>>,
    from: Date,
    until: Date,
}

impl Cloud {
    /// The service that a bill calls so.
    pub fn billed_service(&self, name: &str) -> Option<&str> {
        let mut all = self.billed.iter();
        all.find(|(_, names)| names.iter().any(|it| it == name))
            .map(|(service, _)| service.as_str())
    }

    /// Where a thing of a service lies: one without a place of its own lies nowhere, whatever is
    /// said of it.
    pub fn placed<'r>(&self, service: &str, region: Option<&'r str>) -> Option<&'r str> {
        region.filter(|_| !self.worldwide.iter().any(|it| it == service))
    }

    /// The provider's name of a region.
    pub fn region(&self, region: Region) -> &str {
        match region {
            Region::East => &self.domestic[0],
            Region::West => &self.domestic[1],
        }
    }
}

/// How stored data is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    #[default]
    None,
    /// With a key of the provider.
    Provider,
    /// With the body's own key.
    Own,
}

/// What is known of a thing that is touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Whether it stores data.
    pub stores: bool,
    /// How.
    pub encryption: Encryption,
    /// Whether the internet can read it.
    pub public: bool,
    /// For a place of logs: whether it is the archive, and for how many days it is locked.
    pub logs: Option<(bool, u32)>,
    /// Whether it is a name under which somebody signs in.
    pub person: bool,
}

/// Who is behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'r> {
    /// Who made the blueprint.
    pub made_by: &'r str,
    /// Who approved it.
    pub approved_by: Option<&'r str>,
}

/// What somebody wants to do at a provider.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// Provider.
    pub provider: &'r str,
    /// Its service.
    pub service: &'r str,
    /// What is done.
    pub act: Act,
    /// The provider's name of the region; `None` for a service without one.
    pub region: Option<&'r str>,
    /// The kind of environment in which it is done.
    pub kind: Kind,
    /// The kind of environment that it reaches.
    pub reaches: Kind,
    /// What is touched.
    pub resource: Resource,
    /// Who.
    pub actor: Actor<'r>,
}

/// 拒否: which rule refused and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("守りごと「{name}」（{rule}）により行えません。{says}。{remedy}")]
pub struct Refusal {
    /// Rule.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub says: String,
    /// What to do.
    pub remedy: String,
    /// Where the rule comes from.
    pub basis: String,
}

/// 許可: a piece of work that every rule allows. Only [`Guardrails::permit`] makes one, and a
/// provider's call uses it up.
#[derive(Debug)]
pub struct Permit(Work);

impl Permit {
    /// What is allowed.
    pub fn work(&self) -> &Work {
        &self.0
    }
}

/// The rules in force on a day, ready to judge.
#[derive(Clone, Debug)]
pub struct Guardrails {
    rules: Vec<Rule>,
    clouds: Vec<Cloud>,
    day: Date,
    /// The list of services is a sample, not the official one.
    pub sample: bool,
}

impl Guardrails {
    /// The rules in force.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the list says of a provider on this day.
    pub fn cloud(&self, provider: &str) -> Option<&Cloud> {
        self.clouds.iter().find(|it| it.provider == provider && self.is_listed(it))
    }

    /// What the list says of a provider that bills call so, on whatever day.
    pub fn cloud_billed(&self, name: &str) -> Option<&Cloud> {
        self.clouds.iter().find(|it| it.billed_as.iter().any(|own| own == name))
    }

    fn is_listed(&self, cloud: &Cloud) -> bool {
        cloud.from <= self.day && self.day <= cloud.until
    }

    /// The first rule that refuses a request; `None` when all allow it.
    pub fn judge(&self, request: &Request<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| !self.allows(rule.check, request))
    }

    /// Every rule that a thing breaks: for what is found afterwards.
    pub fn broken<'g>(&'g self, found: &Request<'_>) -> Vec<&'g Rule> {
        self.rules.iter().filter(|rule| !self.allows(rule.check, found)).collect()
    }

    /// Allows a provider a piece of work for somebody, or says which rule does not. What is judged
    /// is made from the work itself, never the caller's word for it.
    ///
    /// # Errors
    /// The refusal; boxed, for it is rare and large.
    pub fn permit(
        &self,
        provider: &dyn Provider,
        work: Work,
        actor: Actor<'_>,
    ) -> Result<Permit, Box<Refusal>> {
        if work.lane.provider != provider.name() {
            return Err(Box::new(of_the_house(
                ("same-work", "判定した作業だけを行う"),
                "作業の環境とプロバイダーが違う",
                "青写真を作り直してください",
            )));
        }
        let service = provider.service(&work.part);
        match self.refused((&work.lane, work.act, &work.part), service, actor) {
            None => Ok(Permit(work)),
            Some(refusal) => Err(Box::new(refusal)),
        }
    }

    /// Why an act on a part of an environment is refused; `None` where every rule allows it. Where
    /// no rule is in force nothing is allowed.
    pub fn refused(
        &self,
        (lane, act, part): (&Lane, Act, &Part),
        service: &str,
        actor: Actor<'_>,
    ) -> Option<Refusal> {
        if self.rules.is_empty() {
            return Some(of_the_house(
                ("no-rules", "守りごとのない日には何もしない"),
                "この日に効力のある守りごとがない",
                "機械の時計と guardrails/rules.yaml の期間を確かめてください",
            ));
        }
        // A provider that is not on the list has no region that could be allowed.
        let cloud = self.cloud(&lane.provider);
        let region = part.region().map(|it| cloud.map_or_else(|| it.id(), |own| own.region(it)));
        let request = Request {
            provider: &lane.provider,
            service,
            act,
            region,
            kind: lane.kind,
            reaches: reached(lane, part),
            resource: resource_of(part),
            actor,
        };
        self.judge(&request).map(Rule::refusal)
    }

    fn allows(&self, check: Check, request: &Request<'_>) -> bool {
        let builds = matches!(request.act, Act::Make | Act::Change);
        let resource = &request.resource;
        match check {
            Check::Domestic => !builds || self.is_domestic(request),
            Check::Registered => !builds || self.is_registered(request),
            Check::OwnKey => !builds || !resource.stores || resource.encryption == Encryption::Own,
            Check::NotPublic => !builds || !resource.public,
            Check::LogsLocked(days) => match resource.logs {
                // An archive holds what is locked: it is not given up either.
                Some((archive, locked)) => request.act != Act::Remove && archive && locked >= days,
                None => true,
            },
            Check::TwoPeople => {
                let Actor { made_by, approved_by } = request.actor;
                approved_by.is_some_and(|by| !by.is_empty() && by != made_by)
            }
            Check::KindsApart => request.reaches == request.kind,
            Check::NoUsers => !builds || !resource.person,
        }
    }

    fn is_domestic(&self, request: &Request<'_>) -> bool {
        let Some(cloud) = self.clouds.iter().find(|it| it.provider == request.provider) else {
            return false;
        };
        match request.region {
            Some(region) => cloud.domestic.iter().any(|it| it == region),
            None => cloud.worldwide.iter().any(|it| it == request.service),
        }
    }

    fn is_registered(&self, request: &Request<'_>) -> bool {
        self.cloud(request.provider)
            .is_some_and(|cloud| cloud.services.iter().any(|it| it == request.service))
    }
}

impl Rule {
    /// As it is said to who is refused.
    pub fn refusal(&self) -> Refusal {
        Refusal {
            rule: self.id.clone(),
            name: self.name.clone(),
            says: self.says.clone(),
            remedy: self.remedy.clone(),
            basis: self.source.clone(),
        }
    }
}

/// A refusal that no rule's text has to say.
fn of_the_house((rule, name): (&str, &str), says: &str, remedy: &str) -> Refusal {
    let text = str::to_owned;
    let (rule, name, says, remedy) = (text(rule), text(name), text(says), text(remedy));
    Refusal { rule, name, says, remedy, basis: text("雲居") }
}

/// The kind of environment that a part of another reaches.
fn reached(lane: &Lane, part: &Part) -> Kind {
    let Part::Placement { group } = part else { return lane.kind };
    match group.split('/').next() {
        Some("production") => Kind::Production,
        Some("verification") => Kind::Verification,
        _ => Kind::Shared,
    }
}

/// What is known of a part from its definition: how it will be once it is made.
fn resource_of(part: &Part) -> Resource {
    match part {
        // The system's data lie in the body's own store under the body's own key.
        Part::System { .. } => {
            Resource { stores: true, encryption: Encryption::Own, ..Resource::default() }
        }
        Part::Archive { locked_days, .. } => Resource {
            stores: true,
            encryption: Encryption::Own,
            logs: Some((true, *locked_days)),
            ..Resource::default()
        },
        _ => Resource::default(),
    }
}

/// 所見: what breaks a rule although it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// The rule's identifier.
    pub rule: String,
}
