//! 団体の木: ministries and quasi-public bodies (samples), the prefectures and municipalities of the
//! real table, 広域連合 (samples). Says who there is; never what they have.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::environment::{Environment, Foundation, Kind, Lane, Origin, Region};
use crate::CloudError;
use crate::guardrail::{Check, Guardrails, policy};

const TABLE: &str = include_str!("../../../../data/municipalities.csv");
const SAMPLES: &str = include_str!("../../../../data/sample/bodies.csv");

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// 府省庁.
    Ministry,
    /// 都道府県.
    Prefecture,
    /// 市区町村.
    Municipality,
    /// 広域連合.
    Union,
    /// 準公共の機関.
    QuasiPublic,
}

impl BodyKind {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            BodyKind::Ministry => "府省庁",
            BodyKind::Prefecture => "都道府県",
            BodyKind::Municipality => "市区町村",
            BodyKind::Union => "広域連合",
            BodyKind::QuasiPublic => "準公共",
        }
    }
}

/// 団体.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Body {
    /// 団体コード, or the name of a sample.
    pub id: String,
    /// Name, with the prefecture before it.
    pub name: String,
    /// What it is.
    pub kind: BodyKind,
    /// Number of its prefecture, two digits.
    pub prefecture: Option<String>,
    /// Invented.
    pub sample: bool,
}

impl Body {
    /// The group that an environment of it stands in: never one of both kinds.
    pub fn group(&self, kind: Kind) -> String {
        let part = match (self.kind, &self.prefecture) {
            (_, Some(number)) => number.as_str(),
            (BodyKind::Ministry, None) => "ministry",
            (_, None) => "quasi-public",
        };
        format!("{}/{part}", kind.id())
    }

    /// Its environment of a kind at a provider as a compliant one.
    pub fn environment(&self, kind: Kind, provider: &str) -> Environment {
        Environment {
            lane: Lane { body: self.id.clone(), kind, provider: provider.to_owned() },
            group: self.group(kind),
            regions: BTreeSet::from([Region::East]),
            budget_yen: 1_000_000,
            systems: BTreeMap::new(),
            origin: Origin::Compliant,
        }
    }
}

/// 団体の木.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Bodies by identifier.
    pub bodies: BTreeMap<String, Body>,
}

impl Tree {
    /// The whole nation.
    ///
    /// # Errors
    /// [`CloudError::Plane`] when a table is broken.
    pub fn nation() -> Result<Tree, CloudError> {
        let mut tree = Tree::default();
        for line in TABLE.lines().skip(1).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split(',').collect();
            let [code, kind, prefecture, _, _, _, name, ..] = cells.as_slice() else {
                return Err(broken(line));
            };
            let (kind, name) = match *kind {
                "prefecture" => (BodyKind::Prefecture, (*name).to_owned()),
                "city" | "designated_city" | "special_ward" | "town" | "village" => {
                    (BodyKind::Municipality, format!("{prefecture}{name}"))
                }
                // A ward of a city is no body; six villages have no office of their own.
                "ward" | "northern_village" => continue,
                _ => return Err(broken(line)),
            };
            let number = code.get(..2).ok_or_else(|| broken(line))?;
            let prefecture = Some(number.to_owned());
            tree.add(Body { id: (*code).to_owned(), name, kind, prefecture, sample: false })?;
        }
        for line in SAMPLES.lines().skip(1).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split(',').collect();
            let [id, kind, name, prefecture] = cells.as_slice() else { return Err(broken(line)) };
            let kind = match *kind {
                "ministry" => BodyKind::Ministry,
                "union" => BodyKind::Union,
                "quasi_public" => BodyKind::QuasiPublic,
                _ => return Err(broken(line)),
            };
            let prefecture = Some((*prefecture).to_owned()).filter(|it| !it.is_empty());
            let (id, name) = ((*id).to_owned(), (*name).to_owned());
            tree.add(Body { id, name, kind, prefecture, sample: true })?;
        }
        Ok(tree)
    }

    fn add(&mut self, body: Body) -> Result<(), CloudError> {
        let id = body.id.clone();
        match self.bodies.insert(id.clone(), body) {
            Some(_) => Err(CloudError::Plane(format!("団体「{id}」が表に二つあります"))),
            None => Ok(()),
        }
    }

    /// The bodies of a kind.
    pub fn of(&self, kind: BodyKind) -> impl Iterator<Item = &Body> {
        self.bodies.values().filter(move |body| body.kind == kind)
    }

    /// The name of the body of a lane.
    pub fn name<'t>(&'t self, body: &'t str) -> &'t str {
        self.bodies.get(body).map_or(body, |it| it.name.as_str())
    }

    /// What is there once at a provider for these environments: groups, policies, archives.
    ///
    /// # Errors
    /// [`CloudError::Guardrail`] when the guardrails cannot be written for the provider.
    pub fn foundation(
        &self,
        provider: &str,
        environments: &[Environment],
        guardrails: &Guardrails,
    ) -> Result<Foundation, CloudError> {
        let mut out = Foundation {
            provider: provider.to_owned(),
            groups: BTreeSet::new(),
            policies: BTreeMap::new(),
            archives: BTreeSet::from([Region::East]),
            locked_days: 365,
        };
        for rule in guardrails.rules() {
            if let Check::LogsLocked(days) = rule.check {
                out.locked_days = out.locked_days.max(days);
            }
        }
        for one in environments.iter().filter(|it| it.lane.provider == provider) {
            if one.origin == Origin::Compliant {
                out.archives.extend(&one.regions);
                let top = one.group.split('/').next().unwrap_or_default();
                out.groups.extend([top.to_owned(), one.group.clone()]);
            }
        }
        if provider == "aws" {
            // Both kinds are guarded from the first day, whichever comes first.
            out.groups.extend([Kind::Production, Kind::Verification].map(|it| it.id().to_owned()));
            for one in policy::policies(guardrails)? {
                out.policies.insert(one.name, (one.kind, one.text));
            }
        }
        Ok(out)
    }
}

fn broken(line: &str) -> CloudError {
    CloudError::Plane(format!("団体の表のこの行を読めません: {line}"))
}
