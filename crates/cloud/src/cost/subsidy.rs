//! 補助金: from the application over 実績報告 to the settlement, and what is settled. The states and
//! who may follow whom are one table; the rate is a dated parameter. Pure.

use base::date::Date;
use base::money::Yen;

use super::parameter::{Parameter, parameter_on};
use crate::CloudError;

/// 状態.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// 申請.
    Applied,
    /// 交付決定.
    Decided,
    /// 不交付.
    Refused,
    /// 取下げ.
    Withdrawn,
    /// 概算払: a part is paid before the amount is fixed.
    Advanced,
    /// 実績報告.
    Reported,
    /// 額の確定.
    Fixed,
    /// 精算: what is left of the fixed amount is paid.
    Settled,
    /// 返還: what was paid in advance beyond the fixed amount is paid back.
    Returned,
}

/// The terms.
const TERMS: [(State, &str); 9] = [
    (State::Applied, "申請"),
    (State::Decided, "交付決定"),
    (State::Refused, "不交付"),
    (State::Withdrawn, "取下げ"),
    (State::Advanced, "概算払"),
    (State::Reported, "実績報告"),
    (State::Fixed, "額の確定"),
    (State::Settled, "精算"),
    (State::Returned, "返還"),
];

/// The whole life of a subsidy; steps that are absent are refused.
const STEPS: [(State, State); 12] = [
    (State::Applied, State::Decided),
    (State::Applied, State::Refused),
    (State::Applied, State::Withdrawn),
    (State::Decided, State::Withdrawn),
    (State::Decided, State::Advanced),
    (State::Advanced, State::Advanced),
    (State::Advanced, State::Reported),
    (State::Decided, State::Reported),
    // A report that was wrong is made again before the amount is fixed.
    (State::Reported, State::Reported),
    (State::Reported, State::Fixed),
    (State::Fixed, State::Settled),
    (State::Fixed, State::Returned),
];

impl State {
    /// The official term.
    pub fn term(self) -> &'static str {
        TERMS.iter().find(|it| it.0 == self).map_or("", |it| it.1)
    }

    /// By its term.
    pub fn of_term(term: &str) -> Option<State> {
        TERMS.iter().find(|it| it.1 == term).map(|it| it.0)
    }
}

/// A subsidy as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// Which parameter is its rate.
    pub programme: String,
    /// 年度.
    pub fiscal_year: i16,
    /// State.
    pub state: State,
    /// Yen applied for.
    pub applied_yen: i64,
    /// Yen decided.
    pub decided_yen: Option<i64>,
    /// Yen paid before the amount was fixed.
    pub advanced_yen: i64,
    /// Yen spent, as reported.
    pub actual_yen: Option<i64>,
    /// Yen settled.
    pub settled_yen: Option<i64>,
    /// How the amounts come about.
    pub trace: Vec<String>,
}

/// Applies: the eligible cost times the rate of the fiscal year's first day, cut to thousands of
/// yen as applications are written (千円未満切捨て).
///
/// # Errors
/// [`CloudError::Cost`] when there is no such rate, or nothing to apply for.
pub fn subsidy_apply(
    programme: &str,
    fiscal_year: i16,
    eligible_yen: i64,
) -> Result<Subsidy, CloudError> {
    let rate = rate_of(programme, fiscal_year)?;
    let (applied_yen, trace) = amount(&rate, "対象経費", eligible_yen)?;
    if applied_yen <= 0 {
        return Err(CloudError::Cost(
            "申請できる額がありません（千円未満は切り捨てます）".to_owned(),
        ));
    }
    Ok(Subsidy {
        programme: programme.to_owned(),
        fiscal_year,
        state: State::Applied,
        applied_yen,
        decided_yen: None,
        advanced_yen: 0,
        actual_yen: None,
        settled_yen: None,
        trace: vec![trace],
    })
}

/// Takes the next step; `yen` is what is decided, or what was spent. What is settled is derived:
/// the lower of what was decided and the rate of what was spent (補助金等適正化法 第15条).
///
/// # Errors
/// [`CloudError::Cost`] when that step does not follow, or an amount is missing or too high.
pub fn subsidy_step(
    mut subsidy: Subsidy,
    to: State,
    yen: Option<i64>,
) -> Result<Subsidy, CloudError> {
    let refuse = |words: String| Err(CloudError::Cost(words));
    if !STEPS.contains(&(subsidy.state, to)) {
        let (from, to) = (subsidy.state.term(), to.term());
        return refuse(format!("「{from}」の次に「{to}」はできません"));
    }
    match (to, yen) {
        (State::Decided, Some(yen)) if (0..=subsidy.applied_yen).contains(&yen) => {
            subsidy.decided_yen = Some(yen);
        }
        (State::Decided, _) => {
            return refuse(format!(
                "交付決定の額は 0 円から申請の {} までです",
                Yen(subsidy.applied_yen)
            ));
        }
        (State::Advanced, yen) => {
            let left = subsidy.decided_yen.unwrap_or_default() - subsidy.advanced_yen;
            let yen = yen.filter(|yen| (1..=left).contains(yen));
            let Some(yen) = yen else {
                return refuse(format!("概算払の額は 1 円から、決定の残り {} までです", Yen(left)));
            };
            subsidy.advanced_yen += yen;
            subsidy.trace.push(format!("概算払 {}（計 {}）", Yen(yen), Yen(subsidy.advanced_yen)));
        }
        (State::Settled | State::Returned, None) => {
            let fixed = subsidy.settled_yen.unwrap_or_default();
            let rest = fixed - subsidy.advanced_yen;
            if (to == State::Settled) != (rest >= 0) {
                let right = if rest < 0 { State::Returned } else { State::Settled };
                return refuse(format!(
                    "確定 {}、概算払 {} なので、「{}」です",
                    Yen(fixed),
                    Yen(subsidy.advanced_yen),
                    right.term()
                ));
            }
            subsidy.trace.push(format!(
                "{}: 確定 {} − 概算払 {} = {}",
                to.term(),
                Yen(fixed),
                Yen(subsidy.advanced_yen),
                Yen(rest.abs())
            ));
        }
        (State::Reported, Some(yen)) if yen >= 0 => subsidy.actual_yen = Some(yen),
        (State::Reported, _) => return refuse("実績の額を 0 円以上で書いてください".to_owned()),
        (_, Some(_)) => return refuse(format!("「{}」に額は要りません", to.term())),
        (State::Fixed, None) => {
            let rate = rate_of(&subsidy.programme, subsidy.fiscal_year)?;
            let spent = subsidy.actual_yen.unwrap_or_default();
            let (derived, trace) = amount(&rate, "実績", spent)?;
            let decided = subsidy.decided_yen.unwrap_or_default();
            subsidy.trace.push(format!("{trace}。交付決定の {} と低い方", Yen(decided)));
            subsidy.settled_yen = Some(derived.min(decided));
        }
        _ => (),
    }
    subsidy.state = to;
    Ok(subsidy)
}

fn rate_of(programme: &str, fiscal_year: i16) -> Result<Parameter, CloudError> {
    let first = Date::new(fiscal_year, 4, 1)
        .map_err(|_| CloudError::Cost(format!("{fiscal_year} 年度は暦にありません")))?;
    parameter_on(programme, first)
}

fn amount(rate: &Parameter, what: &str, yen: i64) -> Result<(i64, String), CloudError> {
    let part = rate.of(yen).ok_or_else(|| CloudError::Cost("金額が大きすぎます".to_owned()))?;
    let cut = part - part % 1000;
    let trace = format!("{what} {} × {} = {}（千円未満切捨て）", Yen(yen), rate.words(), Yen(cut));
    Ok((cut, trace))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: &str = "補助率・二分の一";

    fn walked(steps: &[(State, Option<i64>)]) -> Result<Subsidy, String> {
        let first = subsidy_apply(HALF, 2026, 3_001_999).unwrap();
        assert_eq!(first.applied_yen, 1_500_000);
        steps
            .iter()
            .try_fold(first, |subsidy, (to, yen)| subsidy_step(subsidy, *to, *yen))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_settled_is_the_lower_of_decided_and_spent() {
        use State::{Decided, Fixed, Reported, Settled};
        let check = |decided, spent, expect| {
            let steps =
                [(Decided, Some(decided)), (Reported, Some(spent)), (Fixed, None), (Settled, None)];
            assert_eq!(walked(&steps).unwrap().settled_yen, Some(expect));
        };
        check(1_500_000, 3_001_999, 1_500_000);
        check(1_200_000, 3_001_999, 1_200_000);
        check(1_500_000, 2_001_000, 1_000_000);
        check(1_500_000, 0, 0);
        assert_eq!(subsidy_apply("補助率・全額", 2026, 1_234_567).unwrap().applied_yen, 1_234_000);
    }

    #[test]
    fn what_was_paid_before_is_taken_into_account() {
        use State::{Advanced, Decided, Fixed, Reported, Returned, Settled};
        let check = |advances: &[i64], last, expect: Result<&str, &str>| {
            let mut steps = vec![(Decided, Some(1_500_000))];
            steps.extend(advances.iter().map(|yen| (Advanced, Some(*yen))));
            steps.extend([(Reported, Some(2_001_000)), (Fixed, None), (last, None)]);
            match (walked(&steps), expect) {
                (Ok(it), Ok(words)) => assert_eq!(it.trace.last().unwrap(), words),
                (Err(said), Err(words)) => assert!(said.contains(words), "{said}"),
                (found, expect) => panic!("{found:?}, not {expect:?}"),
            }
        };
        let paid = "精算: 確定 1,000,000円 − 概算払 900,000円 = 100,000円";
        check(&[400_000, 500_000], Settled, Ok(paid));
        check(&[1_200_000], Settled, Err("「返還」です"));
        let back = "返還: 確定 1,000,000円 − 概算払 1,200,000円 = 200,000円";
        check(&[1_200_000], Returned, Ok(back));
        check(&[], Returned, Err("「精算」です"));
        check(&[1_500_000, 1], Settled, Err("決定の残り 0円 まで"));
    }

    #[test]
    fn steps_that_do_not_follow_are_refused() {
        use State::{Decided, Fixed, Refused, Reported, Settled, Withdrawn};
        let check = |steps: &[(State, Option<i64>)], words: &str| {
            let error = walked(steps).unwrap_err();
            assert!(error.contains(words), "{error}");
        };
        check(&[(Settled, None)], "「申請」の次に「精算」はできません");
        check(&[(Refused, None), (Decided, Some(1))], "「不交付」の次に「交付決定」");
        check(&[(Withdrawn, None), (Reported, Some(1))], "「取下げ」の次に「実績報告」");
        check(&[(Decided, Some(1_500_001))], "申請の 1,500,000円 まで");
        check(&[(Decided, None)], "交付決定の額は");
        check(&[(Decided, Some(1)), (Reported, Some(-1))], "実績の額を");
        check(
            &[(Decided, Some(1)), (Reported, Some(1)), (Fixed, Some(1))],
            "「額の確定」に額は要りません",
        );
        assert!(subsidy_apply(HALF, 2026, 1_999).is_err());
        assert!(
            subsidy_apply(HALF, 2019, 9_000_000)
                .unwrap_err()
                .to_string()
                .contains("値がありません")
        );
        for (state, term) in TERMS {
            assert_eq!((State::of_term(term), state.term()), (Some(state), term));
        }
    }
}
