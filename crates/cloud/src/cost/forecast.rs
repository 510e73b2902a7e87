//! 予測と警報: what a month and a fiscal year will come to, against the budget. Pure; the day is an
//! argument. What is not known is an open question.

use std::collections::BTreeMap;

use base::date::Date;
use base::money::Yen;
use jiff::Span;

use super::amount::ExactYen;

/// Days that the daily mean is of.
const MEAN_DAYS: usize = 7;
/// Complete days without which nothing is forecast.
const DAYS_MIN: usize = 3;
/// Months that the monthly mean is of.
const MEAN_MONTHS: usize = 3;
/// Parts of a budget, in a hundredth, at which an alarm is given.
const ALARMS: [i64; 3] = [50, 80, 100];

/// What something will come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Yen so far.
    pub actual: i64,
    /// Yen in the end.
    pub forecast: i64,
    /// How it comes about.
    pub trace: String,
}

/// What a month will come to: complete days before `today`, and for each day left the mean of the
/// last seven of them.
///
/// # Errors
/// The open question when fewer than three complete days are known.
pub fn month_forecast(
    days: &BTreeMap<Date, ExactYen>,
    month: Date,
    today: Date,
) -> Result<Forecast, String> {
    let until = month.saturating_add(Span::new().months(1));
    let seen: Vec<(Date, ExactYen)> =
        days.range(month..until.min(today)).map(|(day, yen)| (*day, *yen)).collect();
    let sum = |parts: &[(Date, ExactYen)]| {
        parts.iter().try_fold(ExactYen::default(), |sum, part| sum.checked_add(part.1))
    };
    let beyond = || "費用の合計が大きすぎて持てません".to_owned();
    let actual = sum(&seen).ok_or_else(beyond)?;
    if today >= until {
        let yen = actual.cut().0;
        return Ok(Forecast {
            actual: yen, forecast: yen, trace: "終わった月の実績".to_owned()
        });
    }
    let Some((last, _)) = seen.last().filter(|_| seen.len() >= DAYS_MIN) else {
        return Err(format!(
            "{}の明細が {} 日分しかなく、予測できません（{DAYS_MIN} 日分から）",
            month.strftime("%Y年%-m月"),
            seen.len()
        ));
    };
    let tail = &seen[seen.len().saturating_sub(MEAN_DAYS)..];
    let left = i128::from(until.duration_since(*last).as_hours() / 24 - 1);
    let mean = sum(tail).ok_or_else(beyond)?.0 / tail.len() as i128;
    let rest = mean.checked_mul(left).map(ExactYen).ok_or_else(beyond)?;
    let forecast = actual.checked_add(rest).ok_or_else(beyond)?;
    Ok(Forecast {
        actual: actual.cut().0,
        forecast: forecast.cut().0,
        trace: format!(
            "{last} までの実績 {} + 残り {left} 日 × 直近 {} 日の平均 {}",
            actual.cut(),
            tail.len(),
            ExactYen(mean).cut()
        ),
    })
}

/// What a fiscal year (from April) will come to: known months, and for each month left the mean of
/// the last three. `months` has yen by the first day of each month: so far, and in the end.
///
/// # Errors
/// The open questions: months in the middle that nobody knows.
pub fn year_forecast(months: &BTreeMap<Date, (i64, i64)>, year: i16) -> Result<Forecast, String> {
    let first = Date::new(year, 4, 1).map_err(|_| format!("{year} 年度は暦にありません"))?;
    year_forecast_from(months, first)
}

/// The same for who began in the course of the year: nothing before the month `first`.
///
/// # Errors
/// As [`year_forecast`].
pub fn year_forecast_from(
    months: &BTreeMap<Date, (i64, i64)>,
    first: Date,
) -> Result<Forecast, String> {
    let length = 12 - (i64::from(first.month()) + 8) % 12;
    let all: Vec<Date> =
        (0..length).map(|at| first.saturating_add(Span::new().months(at))).collect();
    let found: Vec<(i64, i64)> = all.iter().map_while(|month| months.get(month)).copied().collect();
    let known: Vec<i64> = found.iter().map(|it| it.1).collect();
    let later: Vec<String> = all[known.len()..]
        .iter()
        .filter(|month| months.contains_key(month))
        .map(|month| month.strftime("%-m月").to_string())
        .collect();
    if known.is_empty() || !later.is_empty() {
        let missing = all[known.len()].strftime("%Y年%-m月");
        let more = match later.is_empty() {
            true => String::new(),
            false => format!("（後の月 {} はあります）", later.join("、")),
        };
        return Err(format!("{missing}の費用が分かりません{more}"));
    }
    let beyond = || "費用の合計が大きすぎて持てません".to_owned();
    let sum = |parts: &[i64]| parts.iter().map(|it| i128::from(*it)).sum::<i128>();
    let tail = &known[known.len().saturating_sub(MEAN_MONTHS)..];
    let left = (all.len() - known.len()) as i128;
    let mean = sum(tail) / tail.len() as i128;
    let so_far: Vec<i64> = found.iter().map(|it| it.0).collect();
    let actual = i64::try_from(sum(&so_far)).map_err(|_| beyond())?;
    let months = i64::try_from(sum(&known)).map_err(|_| beyond())?;
    let forecast = i64::try_from(sum(&known) + mean * left).map_err(|_| beyond())?;
    let mean = Yen(i64::try_from(mean).map_err(|_| beyond())?);
    let trace = format!(
        "分かる {} か月 {}（うち実績 {}）+ 残り {left} か月 × 直近 {} か月の平均 {mean}",
        known.len(),
        Yen(months),
        Yen(actual),
        tail.len()
    );
    Ok(Forecast { actual, forecast, trace })
}

/// 年度 of a day.
pub fn fiscal_year(day: Date) -> i16 {
    if day.month() >= 4 { day.year() } else { day.year() - 1 }
}

/// The month of the fiscal year from which a body pays: that of its first contract, or of its first
/// bill where that is earlier. A month in between without a bill is an open question. Nothing while
/// no bill of the year is known.
pub fn first_month<T>(known: &BTreeMap<Date, T>, since: Option<Date>, year: i16) -> Option<Date> {
    let billed = *known.keys().next()?;
    let april = Date::new(year, 4, 1).ok()?;
    Some(since.map_or(billed, |since| since.max(april).min(billed)))
}

/// 警報: a part of a budget that is reached, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The part in a hundredth.
    pub part: i64,
    /// Whether it is reached already.
    pub reached: bool,
    /// In words.
    pub words: String,
}

/// The alarms of a forecast against a budget, the highest first.
pub fn alarms(forecast: &Forecast, budget_yen: i64) -> Vec<Alarm> {
    let reaches =
        |yen: i64, part: i64| i128::from(yen) * 100 >= i128::from(budget_yen) * i128::from(part);
    let alarm = |part: i64| {
        let reached = reaches(forecast.actual, part);
        (reached || reaches(forecast.forecast, part)).then(|| {
            let (what, yen) = if reached {
                ("実績で達しました", forecast.actual)
            } else {
                ("予測で達します", forecast.forecast)
            };
            let words = format!("予算 {} の {part}％に{what}（{}）", Yen(budget_yen), Yen(yen));
            Alarm { part, reached, words }
        })
    };
    ALARMS.iter().rev().filter_map(|part| alarm(*part)).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn days(yen: &[i64]) -> BTreeMap<Date, ExactYen> {
        let first: Date = "2026-05-01".parse().unwrap();
        let day = |at: usize| first.saturating_add(Span::new().days(at as i64));
        yen.iter().enumerate().map(|(at, yen)| (day(at), ExactYen::whole(*yen))).collect()
    }

    fn month(yen: &[i64], today: &str) -> Result<Forecast, String> {
        month_forecast(&days(yen), "2026-05-01".parse().unwrap(), today.parse().unwrap())
    }

    #[test]
    fn a_month_goes_on_as_its_last_week() {
        let forecast =
            month(&[100, 100, 100, 10, 10, 10, 10, 10, 10, 10, 9_999], "2026-05-11").unwrap();
        // 370 so far; 21 days are left, at 10 each. The day that is not over does not count.
        assert_eq!((forecast.actual, forecast.forecast), (370, 580));
        expect!["2026-05-10 までの実績 370円 + 残り 21 日 × 直近 7 日の平均 10円"]
            .assert_eq(&forecast.trace);
        assert_eq!(month(&[5; 31], "2026-06-01").unwrap().forecast, 155);
        expect!["2026年5月の明細が 2 日分しかなく、予測できません（3 日分から）"]
            .assert_eq(&month(&[1, 2, 3], "2026-05-03").unwrap_err());
    }

    #[test]
    fn a_year_goes_on_as_its_last_months() {
        let months = |yen: &[(&str, i64)]| {
            let month = |it: &str| format!("{it}-01").parse().unwrap();
            yen.iter().map(|(name, yen)| (month(name), (*yen, *yen))).collect()
        };
        let known =
            months(&[("2026-04", 100), ("2026-05", 200), ("2026-06", 300), ("2026-07", 400)]);
        let forecast = year_forecast(&known, 2026).unwrap();
        assert_eq!((forecast.actual, forecast.forecast), (1_000, 1_000 + 8 * 300));
        // What a month will come to has not been spent yet.
        let begun: BTreeMap<Date, (i64, i64)> =
            BTreeMap::from([("2026-04-01".parse().unwrap(), (10, 300))]);
        let forecast = year_forecast(&begun, 2026).unwrap();
        assert_eq!((forecast.actual, forecast.forecast), (10, 12 * 300));
        expect!["分かる 1 か月 300円（うち実績 10円）+ 残り 11 か月 × 直近 1 か月の平均 300円"]
            .assert_eq(&forecast.trace);
        let gap = months(&[("2026-04", 100), ("2026-06", 300)]);
        expect!["2026年5月の費用が分かりません（後の月 6月 はあります）"]
            .assert_eq(&year_forecast(&gap, 2026).unwrap_err());
        assert!(year_forecast(&BTreeMap::new(), 2026).is_err());
        // Who began in May pays eleven months of the year; who began in February, two.
        let from = |first: &str, yen: &[(&str, i64)]| {
            year_forecast_from(&months(yen), format!("{first}-01").parse().unwrap())
                .unwrap()
                .forecast
        };
        assert_eq!(from("2026-05", &[("2026-05", 10)]), 110);
        assert_eq!(from("2027-02", &[("2027-02", 10)]), 20);
    }

    #[test]
    fn the_fiscal_year_begins_in_april() {
        let check = |text: &str, year| assert_eq!(fiscal_year(text.parse().unwrap()), year);
        check("2026-04-01", 2026);
        check("2026-03-31", 2025);
        check("2026-12-31", 2026);
    }

    #[test]
    fn the_year_begins_with_the_contract_or_the_first_bill() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let billed = BTreeMap::from([(day("2026-08-01"), ()), (day("2026-09-01"), ())]);
        let check = |since: Option<&str>, expect: &str| {
            assert_eq!(first_month(&billed, since.map(day), 2026), Some(day(expect)), "{since:?}");
        };
        check(None, "2026-08-01");
        // Its bill of June is missing, and that is said instead of a sum that lacks it.
        check(Some("2026-06-01"), "2026-06-01");
        check(Some("2024-10-01"), "2026-04-01");
        check(Some("2026-11-01"), "2026-08-01");
        assert_eq!(first_month::<()>(&BTreeMap::new(), Some(day("2026-06-01")), 2026), None);
    }

    #[test]
    fn alarms_tell_what_is_and_what_will_be() {
        let of = |actual, forecast| {
            let forecast = Forecast { actual, forecast, trace: String::new() };
            let alarms = alarms(&forecast, 1_000).into_iter();
            alarms.map(|it| (it.part, it.reached)).collect::<Vec<_>>()
        };
        assert_eq!(of(499, 499), []);
        assert_eq!(of(500, 799), [(50, true)]);
        assert_eq!(of(600, 1_000), [(100, false), (80, false), (50, true)]);
    }
}
