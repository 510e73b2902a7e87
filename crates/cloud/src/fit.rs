//! 適合度分析 (fit and gap): the work steps of a body against offers of the catalogue, each answer
//! with where in the package it stands.
//!
//! Pure. Nothing is guessed: a name that is nowhere in a package may be there under another name,
//! so it is unknown, with what comes near it; a gap is what the package surely lacks.

mod by_hand;
mod index;
mod judge;
mod list;
mod score;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::System;
use serde::{Deserialize, Serialize};

pub use by_hand::{ByHand, Settled};
pub use list::{COLUMNS, Fault, MOST_REQUIREMENTS, list_read};
pub use score::Score;
pub use text::analysis_csv;

use index::{Index, Keys};

/// 重要度.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Weight {
    /// 低.
    #[serde(rename = "低")]
    Low,
    /// 中.
    #[serde(rename = "中")]
    Middle,
    /// 高.
    #[serde(rename = "高")]
    High,
}

impl Weight {
    /// The weights, the greatest first.
    pub const ALL: [Weight; 3] = [Weight::High, Weight::Middle, Weight::Low];

    /// The word of lists.
    pub fn word(self) -> &'static str {
        match self {
            Weight::High => "高",
            Weight::Middle => "中",
            Weight::Low => "低",
        }
    }

    /// What a requirement of this weight counts.
    pub fn points(self) -> u32 {
        match self {
            Weight::High => 3,
            Weight::Middle => 2,
            Weight::Low => 1,
        }
    }
}

/// 業務の一手順 (BPR list): what a body does and what it needs for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// 番号, the body's own.
    pub number: String,
    /// 業務.
    pub business: String,
    /// 作業.
    pub step: String,
    /// 必要な機能: numbers or names, several divided by 「；」 or lines.
    pub needs: String,
    /// 重要度.
    pub weight: Weight,
}

/// An offer that requirements are held against.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its number in the catalogue.
    pub offer: i64,
    /// Its package.
    pub system: Arc<System>,
    /// The vendor's documents: file name → text.
    pub documents: BTreeMap<String, String>,
}

/// How a requirement is met, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 適合.
    Fits,
    /// 設定で適合: the body sets a value.
    Setting,
    /// 不明: the package does not tell.
    Unknown,
    /// 不適合.
    Gap,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Verdict; 4] = [Verdict::Fits, Verdict::Setting, Verdict::Unknown, Verdict::Gap];

    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Fits => "適合",
            Verdict::Setting => "設定で適合",
            Verdict::Unknown => "不明",
            Verdict::Gap => "不適合",
        }
    }
}

/// The answer of one offer to one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it is met: that of its worst part.
    pub verdict: Verdict,
    /// Why and where, a sentence for each part.
    pub evidence: Vec<String>,
}

/// What one offer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferFit {
    /// The offer.
    pub offer: i64,
    /// What the answers come to.
    pub score: Score,
    /// One for each requirement, in their order.
    pub answers: Vec<Answer>,
}

/// Holds every requirement against every candidate; in the order of the candidates. All candidates
/// are for one business: what one of them names by a number of the standard, the others are asked
/// for by that number too.
pub fn analyse(requirements: &[&Requirement], candidates: &[Candidate]) -> Vec<OfferFit> {
    let mut keys = Keys::default();
    let indexes: Vec<Index<'_>> =
        candidates.iter().map(|candidate| Index::of(candidate, &mut keys)).collect();
    let standard = judge::standard_names(&indexes);
    let asked: Vec<Vec<judge::Part>> = requirements
        .iter()
        .map(|requirement| judge::parts(&requirement.needs, &mut keys, &standard))
        .collect();
    let of = |index: &Index<'_>| {
        let answers: Vec<Answer> = asked.iter().map(|parts| judge::answer(parts, index)).collect();
        let weights = requirements.iter().map(|requirement| requirement.weight);
        let score = Score::of(weights.zip(answers.iter().map(|answer| answer.verdict)));
        OfferFit { offer: index.offer, score, answers }
    };
    indexes.iter().map(of).collect()
}

/// The requirements that are for a business, by its name or its 業務ID.
pub fn for_business<'r>(
    requirements: &'r [Requirement],
    (name, code): (&str, &str),
) -> Vec<&'r Requirement> {
    let mut keys = Keys::default();
    let wanted = keys.of(name);
    requirements
        .iter()
        .filter(|one| keys.of(&one.business) == wanted || one.business == code)
        .collect()
}

#[cfg(test)]
mod tests;
