//! 部分: the smallest thing that a provider makes, changes and removes at one request, and the work
//! that a step asks for. Says what is wanted; never how a provider does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::environment::{Kind, Lane, Origin, Region};

/// A part of an environment or of what is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// 統治の木の根.
    Root,
    /// 統治の木の組.
    Group {
        /// Path from the root, `production/13`.
        path: String,
    },
    /// 守りごと as the provider enforces it.
    Policy {
        /// Name.
        name: String,
        /// The kind of environments that it holds for; 共通 for all.
        #[serde(rename = "for")]
        kind: Kind,
        /// The provider's text.
        text: String,
    },
    /// 記録の保管庫.
    Archive {
        /// Where.
        region: Region,
        /// How long nobody can remove what is in it, in days.
        locked_days: u32,
    },
    /// 区画: what separates an environment from every other.
    Account,
    /// 置かれる組.
    Placement {
        /// Path of the group.
        group: String,
    },
    /// 管理者の役割.
    Administrator,
    /// 予算の上限.
    Budget {
        /// Yen a month.
        limit_yen: u64,
    },
    /// 団体の鍵.
    Key {
        /// Where.
        region: Region,
    },
    /// 業務システムの置き場.
    System {
        /// System.
        system: String,
        /// Version.
        version: String,
        /// Where.
        region: Region,
    },
    /// 既存の環境の登録.
    Enrolment {
        /// What it is.
        origin: Origin,
    },
}

impl Part {
    /// Its identifier within its environment; what may change in place is left out.
    pub fn id(&self) -> String {
        match self {
            Part::Root => "root".to_owned(),
            Part::Group { path } => format!("group.{path}"),
            Part::Policy { name, .. } => format!("policy.{name}"),
            Part::Archive { region, .. } => format!("archive.{}", region.id()),
            Part::Account => "account".to_owned(),
            Part::Placement { .. } => "placement".to_owned(),
            Part::Administrator => "administrator".to_owned(),
            Part::Budget { .. } => "budget".to_owned(),
            Part::Key { region } => format!("key.{}", region.id()),
            Part::System { system, region, .. } => format!("system.{system}.{}", region.id()),
            Part::Enrolment { .. } => "enrolment".to_owned(),
        }
    }

    /// The place in the order of making; removing goes the other way round.
    pub fn rank(&self) -> u8 {
        match self {
            Part::Root => 0,
            Part::Account | Part::Enrolment { .. } => 1,
            Part::Group { path } => 2 + u8::try_from(path.matches('/').count()).unwrap_or(2).min(2),
            Part::Placement { .. } | Part::Policy { .. } => 5,
            Part::Administrator => 6,
            Part::Budget { .. } => 7,
            Part::Key { .. } => 8,
            Part::Archive { .. } => 9,
            Part::System { .. } => 10,
        }
    }

    /// The parts of its own environment that must be there before it.
    pub fn needs(&self) -> Vec<String> {
        let top = |kind: Kind| format!("group.{}", kind.id());
        match self {
            Part::Root | Part::Enrolment { .. } => Vec::new(),
            Part::Account => vec!["root".to_owned()],
            Part::Group { path } => match path.rsplit_once('/') {
                Some((above, _)) => vec!["root".to_owned(), format!("group.{above}")],
                None => vec!["root".to_owned()],
            },
            // The text names both groups, wherever it is attached.
            Part::Policy { .. } => {
                vec!["root".to_owned(), top(Kind::Production), top(Kind::Verification)]
            }
            Part::Placement { .. }
            | Part::Administrator
            | Part::Budget { .. }
            | Part::Key { .. } => vec!["account".to_owned()],
            Part::Archive { region, .. } | Part::System { region, .. } => {
                vec!["account".to_owned(), format!("key.{}", region.id())]
            }
        }
    }

    /// Where it lies; `None` for what has no place.
    pub fn region(&self) -> Option<Region> {
        match self {
            Part::Archive { region, .. } | Part::Key { region } | Part::System { region, .. } => {
                Some(*region)
            }
            _ => None,
        }
    }

    /// For people, in one line.
    pub fn words(&self) -> String {
        match self {
            Part::Root => "統治の木".to_owned(),
            Part::Group { path } => format!("組 {path}"),
            Part::Policy { name, kind, text } => {
                format!("守りごと {name}（{}、{}文字）", kind.word(), text.chars().count())
            }
            Part::Archive { region, locked_days } => {
                format!("記録の保管庫（{}、固定 {locked_days} 日）", region.word())
            }
            Part::Account => "区画".to_owned(),
            Part::Placement { group } => format!("置き場所 {group}"),
            Part::Administrator => "管理者の役割".to_owned(),
            Part::Budget { limit_yen } => format!("予算の上限 月 {} 円", grouped(*limit_yen)),
            Part::Key { region } => format!("団体の鍵（{}）", region.word()),
            Part::System { system, version, region } => {
                format!("システム {system} {version}（{}）", region.word())
            }
            Part::Enrolment { origin } => format!("既存の環境の登録（{}）", origin.word()),
        }
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What is done with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Act {
    /// 登録: what is there already is put on the books.
    #[serde(rename = "登録")]
    Enrol,
    /// 作成.
    #[serde(rename = "作成")]
    Make,
    /// 変更.
    #[serde(rename = "変更")]
    Change,
    /// 廃止.
    #[serde(rename = "廃止")]
    Remove,
}

impl Act {
    /// Its word, as the journal keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Act::Enrol => "登録",
            Act::Make => "作成",
            Act::Change => "変更",
            Act::Remove => "廃止",
        }
    }

    /// The act of a word.
    pub fn of(word: &str) -> Option<Act> {
        [Act::Enrol, Act::Make, Act::Change, Act::Remove].into_iter().find(|it| it.word() == word)
    }
}

/// The provider's names for parts, by the part's identifier.
pub type References = BTreeMap<String, String>;

/// One step's work, with what a provider needs to know for it.
#[derive(Clone, Debug)]
pub struct Work {
    /// The step: the same at every attempt, so that nothing is done twice.
    pub step: String,
    /// Environment.
    pub lane: Lane,
    /// What is done.
    pub act: Act,
    /// With which part.
    pub part: Part,
    /// An earlier attempt may have left something behind.
    pub again: bool,
    /// The whole environment is being removed.
    pub leaving: bool,
    /// What the provider calls the part, where it is known.
    pub reference: Option<String>,
    /// What the provider calls the other parts of this environment.
    pub own: References,
    /// What it calls those that are shared.
    pub shared: Arc<References>,
}
