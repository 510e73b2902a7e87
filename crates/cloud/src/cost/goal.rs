//! 三割削減の目標: the running cost against that of FY2018, with every assumption by its name. What is
//! not known is an open question, and then nothing is said about the goal.

use base::date::Date;
use base::money::Yen;

use super::parameter::parameter_on;
use crate::CloudError;

/// What must be known, each in yen a year. Adjustments may be nothing, but that must be said.
pub const INPUTS: [&str; 5] = [
    "平成30年度の運用経費",
    "現在の運用経費",
    "基準に加える物価の変動",
    "基準に加える消費税率の変動",
    "基準に加える業務と制度の変更",
];

/// An input with where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// One of [`INPUTS`].
    pub name: String,
    /// Yen a year.
    pub yen: i64,
    /// Where it is from.
    pub source: String,
}

/// How far the goal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Yen that the goal allows.
    pub allowed: i64,
    /// Yen now.
    pub now: i64,
    /// Change against the adjusted baseline in a thousandth; below zero is less.
    pub change: i64,
    /// Whether it is reached.
    pub reached: bool,
    /// Every assumption and step.
    pub trace: Vec<String>,
}

/// Holds the inputs against the goal in force on a day.
///
/// # Errors
/// The open questions, or why an input cannot be used.
pub fn goal(inputs: &[Input], day: Date) -> Result<Goal, Vec<String>> {
    let find = |name: &str| inputs.iter().filter(|it| it.name == name).collect::<Vec<_>>();
    let mut open: Vec<String> = inputs
        .iter()
        .filter(|it| !INPUTS.contains(&it.name.as_str()))
        .map(|it| format!("「{}」という数は使いません（使うもの: {}）", it.name, INPUTS.join("、")))
        .collect();
    let mut values = Vec::new();
    for name in INPUTS {
        match find(name).as_slice() {
            [one] if !one.source.is_empty() => values.push((*one).clone()),
            [_] => open.push(format!("「{name}」の出典が分かりません")),
            [] => open.push(format!("「{name}」が分かりません")),
            _ => open.push(format!("「{name}」が二つ以上あります")),
        }
    }
    let cut =
        parameter_on("運用経費の削減目標", day).map_err(|error: CloudError| error.to_string());
    let cut = match cut {
        Ok(cut) if open.is_empty() => cut,
        Ok(_) => return Err(open),
        Err(question) => {
            open.push(question);
            return Err(open);
        }
    };
    let base: i128 =
        values.iter().filter(|it| it.name != INPUTS[1]).map(|it| i128::from(it.yen)).sum();
    let now = values[1].yen;
    let (numerator, denominator) = (i128::from(cut.fraction.0), i128::from(cut.fraction.1));
    let allowed = base * (denominator - numerator) / denominator;
    if base <= 0 {
        return Err(vec!["調整した基準が 0 円以下です".to_owned()]);
    }
    let change = (i128::from(now) - base) * 1000 / base;
    let too_large = |_| vec!["金額が大きすぎます".to_owned()];
    let allowed = i64::try_from(allowed).map_err(too_large)?;
    let change = i64::try_from(change).map_err(too_large)?;
    let base = Yen(i64::try_from(base).map_err(too_large)?);
    let mut trace: Vec<String> =
        values.iter().map(|it| format!("{} {}（{}）", it.name, Yen(it.yen), it.source)).collect();
    trace.push(format!("削減目標 {}", cut.words()));
    trace.push(format!("調整した基準 {base} × (1 − {numerator}/{denominator}) = {}", Yen(allowed)));
    let (sign, size) = (if change < 0 { "-" } else { "" }, change.unsigned_abs());
    trace.push(format!("現在 {} は基準に対し {sign}{}.{}％", Yen(now), size / 10, size % 10));
    Ok(Goal { allowed, now, change, reached: now <= allowed, trace })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(yen: [i64; 5]) -> Vec<Input> {
        let input = |(name, yen): (&str, i64)| Input {
            name: name.to_owned(),
            yen,
            source: "見本".to_owned(),
        };
        INPUTS.into_iter().zip(yen).map(input).collect()
    }

    const DAY: Date = Date::constant(2026, 5, 1);

    #[test]
    fn the_goal_is_held_against_the_adjusted_baseline() {
        let check = |yen, expect: (i64, i64, bool)| {
            let goal = goal(&inputs(yen), DAY).unwrap();
            assert_eq!((goal.allowed, goal.change, goal.reached), expect);
            assert_eq!(goal.trace.len(), 8);
        };
        check([1_000, 700, 0, 0, 0], (700, -300, true));
        check([1_000, 701, 0, 0, 0], (700, -299, false));
        // The average of the survey: 2.3 times the old cost.
        check([1_000, 2_300, 0, 0, 0], (700, 1_300, false));
        check([1_000, 770, 60, 20, 20], (770, -300, true));
        let said = |yen| goal(&inputs(yen), DAY).unwrap().trace.pop().unwrap();
        assert!(said([10_000, 9_950, 0, 0, 0]).ends_with(" -0.5％"));
        assert!(said([10_000, 10_050, 0, 0, 0]).ends_with(" 0.5％"));
    }

    #[test]
    fn nothing_is_guessed() {
        let mut some = inputs([1_000, 700, 0, 0, 0]);
        some.remove(2);
        some[0].source.clear();
        some.push(Input { name: "別".into(), yen: 1, source: "x".into() });
        let open = goal(&some, DAY).unwrap_err();
        assert_eq!(open.len(), 3, "{open:?}");
        assert!(goal(&inputs([1_000, 700, 0, 0, 0]), Date::constant(2020, 1, 1)).is_err());
        assert!(goal(&inputs([0, 700, 0, 0, 0]), DAY).is_err());
    }
}
