//! 人による判断: what officials settled of answers that were unknown, counted apart from what the
//! packages themselves answer. Only what is unknown can be settled; the last word of each counts.

use std::collections::BTreeMap;

use super::{OfferFit, Requirement, Verdict};

/// 人による判断.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// 適合.
    Fits,
    /// 要調整: it fits once something is arranged.
    Arranged,
    /// 不適合.
    Gap,
}

impl Settled {
    /// All of them, the best first.
    pub const ALL: [Settled; 3] = [Settled::Fits, Settled::Arranged, Settled::Gap];
    /// The word that takes a judgement back.
    pub const BACK: &'static str = "不明に戻す";

    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Settled::Fits => "適合",
            Settled::Arranged => "要調整",
            Settled::Gap => "不適合",
        }
    }

    /// By its word.
    pub fn of(word: &str) -> Option<Settled> {
        Settled::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// What was settled of one offer's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// The last judgement of each settled step, by its number.
    pub steps: BTreeMap<String, Settled>,
    points: [u32; 3],
}

impl ByHand {
    /// Of the words that were said, in order: number of the step and judgement.
    pub fn of<'w>(
        fit: &OfferFit,
        requirements: &[Requirement],
        words: impl Iterator<Item = (&'w str, &'w str)>,
    ) -> ByHand {
        let mut last: BTreeMap<&str, Option<Settled>> = BTreeMap::new();
        for (number, word) in words {
            last.insert(number, Settled::of(word));
        }
        let mut out = ByHand::default();
        for (requirement, answer) in requirements.iter().zip(&fit.answers) {
            let said = last.get(requirement.number.as_str()).copied().flatten();
            if let Some(settled) = said.filter(|_| answer.verdict == Verdict::Unknown) {
                out.points[settled as usize] += requirement.weight.points();
                out.steps.insert(requirement.number.clone(), settled);
            }
        }
        out
    }

    /// How many steps have this judgement.
    pub fn count(&self, settled: Settled) -> usize {
        self.steps.values().filter(|one| **one == settled).count()
    }

    /// Percent that fits with what was settled (適合 and 要調整), and percent if all that is still
    /// unknown does; cut off.
    pub fn percent(&self, fit: &OfferFit) -> (u32, u32) {
        let points = |verdict| fit.score.points(verdict);
        let hand: u32 = self.points[..2].iter().sum();
        let sure = points(Verdict::Fits) + points(Verdict::Setting) + hand;
        let still = points(Verdict::Unknown).saturating_sub(self.points.iter().sum());
        let share = |part: u32| (part * 100).checked_div(fit.score.whole()).unwrap_or_default();
        (share(sure), share(sure + still))
    }

    /// How it comes about, in Japanese; empty where nothing was settled.
    pub fn trace(&self, fit: &OfferFit) -> String {
        if self.steps.is_empty() {
            return String::new();
        }
        let [fits, arranged, gap] = self.points;
        let points = |verdict| fit.score.points(verdict);
        let (least, most) = self.percent(fit);
        format!(
            "（機械の判定 {} 点 ＋ 人の判断で適合 {fits} 点 ＋ 要調整 {arranged} 点）÷ 全 {} 点 ＝ {least} %。\
             人の判断で不適合 {gap} 点。残る不明がすべて適合なら {most} %",
            points(Verdict::Fits) + points(Verdict::Setting),
            fit.score.whole()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Score, Weight};
    use super::*;

    #[test]
    fn what_was_settled_is_counted_apart() {
        let step = |number: &str, weight| Requirement {
            number: number.to_owned(),
            business: String::new(),
            step: String::new(),
            needs: String::new(),
            weight,
        };
        use Verdict::{Fits, Gap, Unknown};
        let requirements = [
            step("1", Weight::High),
            step("2", Weight::High),
            step("3", Weight::Middle),
            step("4", Weight::Low),
            step("5", Weight::Low),
        ];
        let verdicts = [Fits, Unknown, Unknown, Unknown, Gap];
        let weights = requirements.iter().map(|one| one.weight);
        let score = Score::of(weights.zip(verdicts));
        let answers = verdicts.map(|verdict| Answer { verdict, evidence: Vec::new() }).into();
        let fit = OfferFit { offer: 1, score, answers };
        let words = [
            ("1", "不適合"),
            ("2", "不適合"),
            ("2", "適合"),
            ("3", "要調整"),
            ("4", "適合"),
            ("4", Settled::BACK),
            ("5", "適合"),
        ];
        let hand = ByHand::of(&fit, &requirements, words.into_iter());
        // What the machine knows stays; the last word counts, also one that takes back.
        assert_eq!(hand.steps.keys().collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!((fit.score.percent(), hand.percent(&fit)), ((30, 90), (80, 90)));
        assert!(
            hand.trace(&fit).contains("人の判断で適合 3 点 ＋ 要調整 2 点）÷ 全 10 点 ＝ 80 %")
        );
        assert_eq!(ByHand::default().trace(&fit), "");
    }
}
