//! What answers come to: points by weight, a share, and how it comes about. A part that is unknown
//! counts as not met; how much it could still add is said beside.

use super::{Verdict, Weight};

/// How many requirements and how many points each verdict has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    counts: [u32; 4],
    points: [u32; 4],
}

impl Score {
    /// Of weights and verdicts.
    pub(super) fn of(answers: impl Iterator<Item = (Weight, Verdict)>) -> Score {
        let mut score = Score::default();
        for (weight, verdict) in answers {
            score.counts[verdict as usize] += 1;
            score.points[verdict as usize] += weight.points();
        }
        score
    }

    /// How many requirements have this verdict.
    pub fn count(&self, verdict: Verdict) -> u32 {
        self.counts[verdict as usize]
    }

    /// The points of those that have it.
    pub fn points(&self, verdict: Verdict) -> u32 {
        self.points[verdict as usize]
    }

    /// The points of all.
    pub fn whole(&self) -> u32 {
        self.points.iter().sum()
    }

    /// Percent that surely fit, and percent that fit if all that is unknown does; cut off.
    pub fn percent(&self) -> (u32, u32) {
        let sure = self.points(Verdict::Fits) + self.points(Verdict::Setting);
        let share = |points: u32| (points * 100).checked_div(self.whole()).unwrap_or_default();
        (share(sure), share(sure + self.points(Verdict::Unknown)))
    }

    /// How it comes about, in Japanese.
    pub fn trace(&self) -> String {
        let (least, most) = self.percent();
        let points = |verdict| self.points(verdict);
        let sure = format!(
            "（適合 {} 点 ＋ 設定で適合 {} 点）÷ 全 {} 点 ＝ {least} %",
            points(Verdict::Fits),
            points(Verdict::Setting),
            self.whole()
        );
        match points(Verdict::Unknown) {
            0 => sure,
            unknown => format!("{sure}。不明の {unknown} 点がすべて適合なら {most} %"),
        }
    }
}
