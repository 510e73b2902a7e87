//! 環境: what one body is to have at one provider, apart for production and verification, and the
//! parts it comes to in the order in which they are made. Pure; names no provider's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::CloudError;

/// 環境の種類.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 全体で一つのもの: the tree, guardrails, the archive.
    Shared,
    /// 本番.
    Production,
    /// 検証.
    Verification,
}

impl Kind {
    /// As part of identifiers.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Shared => "shared",
            Kind::Production => "production",
            Kind::Verification => "verification",
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Shared => "共通",
            Kind::Production => "本番",
            Kind::Verification => "検証",
        }
    }
}

/// 東西の二つの拠点.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// 東.
    East,
    /// 西.
    West,
}

impl Region {
    /// As part of identifiers.
    pub fn id(self) -> &'static str {
        match self {
            Region::East => "east",
            Region::West => "west",
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Region::East => "東",
            Region::West => "西",
        }
    }
}

/// 環境の名: body, kind and provider. What happens in one never waits for another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// Body of the tree.
    pub body: String,
    /// 本番, 検証 or 共通.
    pub kind: Kind,
    /// Provider.
    pub provider: String,
}

/// The body of what a provider has only once.
pub const NATION: &str = "nation";

impl Lane {
    /// The lane of what is there once at a provider.
    pub fn shared(provider: &str) -> Lane {
        Lane { body: NATION.to_owned(), kind: Kind::Shared, provider: provider.to_owned() }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.body, self.kind.id(), self.provider)
    }
}

impl FromStr for Lane {
    type Err = CloudError;

    fn from_str(text: &str) -> Result<Lane, CloudError> {
        let wrong = || CloudError::Plane(format!("環境の名「{text}」の形が違います"));
        let fields: Vec<&str> = text.split('.').collect();
        let [body, kind, provider] = fields.as_slice() else { return Err(wrong()) };
        let all = [Kind::Shared, Kind::Production, Kind::Verification];
        let kind = all.into_iter().find(|one| one.id() == *kind).ok_or_else(wrong)?;
        Ok(Lane { body: (*body).to_owned(), kind, provider: (*provider).to_owned() })
    }
}

/// How an environment came to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// 基準に適合するものとして作る.
    Compliant,
    /// 第二期政府共通プラットフォーム: enrolled as it stands, under the provider's name for it.
    CommonPlatform(String),
    /// リフトされた既存システム: enrolled as it stands, under the provider's name for it.
    Lifted(String),
}

impl Origin {
    /// The provider's name of what is enrolled; `None` for what is made.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Origin::Compliant => None,
            Origin::CommonPlatform(reference) | Origin::Lifted(reference) => Some(reference),
        }
    }

    /// For people.
    pub fn word(&self) -> &'static str {
        match self {
            Origin::Compliant => "適合",
            Origin::CommonPlatform(_) => "第二期共通プラットフォーム",
            Origin::Lifted(_) => "リフト済みの既存",
        }
    }
}

/// 環境: the wanted state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Whose, of which kind, where.
    pub lane: Lane,
    /// The group of the tree that it stands in.
    pub group: String,
    /// Regions, each with the same configuration.
    pub regions: BTreeSet<Region>,
    /// 予算の上限, yen a month.
    pub budget_yen: u64,
    /// Systems and their versions.
    pub systems: BTreeMap<String, String>,
    /// How it came to be.
    pub origin: Origin,
}

impl Environment {
    /// Its parts by identifier.
    pub fn parts(&self) -> BTreeMap<String, Part> {
        let parts = match &self.origin {
            Origin::Compliant => self.made(),
            // What others made is known to the books and never touched.
            origin => vec![Part::Enrolment { origin: origin.clone() }],
        };
        parts.into_iter().map(|part| (part.id(), part)).collect()
    }

    fn made(&self) -> Vec<Part> {
        let mut parts = vec![
            Part::Account,
            Part::Placement { group: self.group.clone() },
            Part::Administrator,
            Part::Budget { limit_yen: self.budget_yen },
        ];
        parts.extend(self.regions.iter().map(|region| Part::Key { region: *region }));
        for (system, version) in &self.systems {
            for region in &self.regions {
                let (system, version) = (system.clone(), version.clone());
                parts.push(Part::System { system, version, region: *region });
            }
        }
        parts
    }
}

/// 全体で一つのもの: groups of the tree, the guardrails and the archives of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foundation {
    /// Provider.
    pub provider: String,
    /// Groups as paths, `production/13`.
    pub groups: BTreeSet<String>,
    /// The text that the provider attaches for each kind, by name: 守りごと.
    pub policies: BTreeMap<String, (Kind, String)>,
    /// Regions with an archive.
    pub archives: BTreeSet<Region>,
    /// How long what is archived is locked, in days.
    pub locked_days: u32,
}

impl Foundation {
    /// Its parts by identifier.
    pub fn parts(&self) -> BTreeMap<String, Part> {
        // The shared account holds the archives and nothing else.
        let mut parts = vec![Part::Root, Part::Account];
        parts.extend(self.groups.iter().map(|path| Part::Group { path: path.clone() }));
        parts.extend(self.policies.iter().map(|(name, (kind, text))| Part::Policy {
            name: name.clone(),
            kind: *kind,
            text: text.clone(),
        }));
        parts.extend(self.archives.iter().map(|region| Part::Key { region: *region }));
        let days = self.locked_days;
        let archive = |region: &Region| Part::Archive { region: *region, locked_days: days };
        parts.extend(self.archives.iter().map(archive));
        parts.into_iter().map(|part| (part.id(), part)).collect()
    }
}
