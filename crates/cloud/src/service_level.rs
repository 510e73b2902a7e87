//! 稼働率と責任分界: what was measured of a service in a month against the standard's level, and who
//! answers for which layer. Pure; nothing is rounded in favour of anybody.

use std::collections::BTreeMap;

use base::date::Date;
use store::control::watch::Watched;

use crate::CloudError;
use crate::cost::parameter::{Parameter, parameter_on};

const LAYERS: &str = include_str!("../../../data/cloud/responsibility.csv");

/// Who answers for a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// 団体, 業務システム, 運用管理, クラウド or 国.
    pub layer: String,
    /// Who answers.
    pub responsible: String,
    /// For what.
    pub covers: String,
    /// Where that is said.
    pub source: String,
}

/// 責任分界: every layer, the nearest to the counter first.
pub fn layers() -> Vec<Layer> {
    let mut reader = csv::Reader::from_reader(LAYERS.as_bytes());
    let text =
        |record: &csv::StringRecord, at: usize| record.get(at).unwrap_or_default().to_owned();
    let layer = |record: csv::StringRecord| Layer {
        layer: text(&record, 0),
        responsible: text(&record, 1),
        covers: text(&record, 2),
        source: text(&record, 3),
    };
    reader.records().filter_map(Result::ok).map(layer).collect()
}

/// How a service answered in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// How often it was asked.
    pub checks: i64,
    /// How often it did not answer.
    pub failures: i64,
    /// The slowest answer, milliseconds.
    pub slowest_ms: i32,
}

impl Availability {
    /// The rate in a hundredth of a percent, cut off: 99.99 is `9999`. `None` when nothing was
    /// asked.
    pub fn rate(&self) -> Option<i64> {
        (self.checks > 0).then(|| (self.checks - self.failures) * 10_000 / self.checks)
    }

    /// Whether it reaches a level. `None` when nothing was asked.
    pub fn reaches(&self, level: &Parameter) -> Option<bool> {
        let (numerator, denominator) = level.fraction;
        let answered = i128::from(self.checks - self.failures) * i128::from(denominator);
        (self.checks > 0).then(|| answered >= i128::from(self.checks) * i128::from(numerator))
    }
}

/// By month (its first day) and service.
pub fn availability(rows: &[Watched]) -> BTreeMap<(Date, String), Availability> {
    let mut out: BTreeMap<(Date, String), Availability> = BTreeMap::new();
    for row in rows {
        let one = out.entry((row.day.first_of_month(), row.service.clone())).or_default();
        one.checks += i64::from(row.checks);
        one.failures += i64::from(row.failures);
        one.slowest_ms = one.slowest_ms.max(row.slowest_ms);
    }
    out
}

/// The level of the standard on a day.
///
/// # Errors
/// [`CloudError::Cost`] when there was none on that day.
pub fn level_on(day: Date) -> Result<Parameter, CloudError> {
    parameter_on("稼働率の標準の水準", day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(day: &str, checks: i32, failures: i32, slowest_ms: i32) -> Watched {
        let day = day.parse().unwrap();
        let last_at = jiff::Timestamp::UNIX_EPOCH;
        Watched { service: "窓口".to_owned(), day, checks, failures, slowest_ms, last_at }
    }

    #[test]
    fn a_month_is_the_sum_of_its_days() {
        let rows = [
            watched("2026-10-31", 1000, 0, 5),
            watched("2026-11-01", 1000, 9, 40),
            watched("2026-11-02", 1000, 1, 900),
        ];
        let found = availability(&rows);
        let november = found[&("2026-11-01".parse().unwrap(), "窓口".to_owned())];
        assert_eq!(november, Availability { checks: 2000, failures: 10, slowest_ms: 900 });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn the_level_is_reached_or_not() {
        let level = level_on("2026-11-01".parse().unwrap()).unwrap();
        let check = |checks, failures, rate, reaches| {
            let one = Availability { checks, failures, slowest_ms: 0 };
            assert_eq!((one.rate(), one.reaches(&level)), (rate, reaches), "{checks} {failures}");
        };
        check(2000, 10, Some(9950), Some(true));
        check(2000, 11, Some(9945), Some(false));
        check(1_000_000, 1, Some(9999), Some(true));
        check(0, 0, None, None);
        assert!(level_on("2020-01-01".parse().unwrap()).is_err());
    }

    #[test]
    fn every_layer_says_who_answers() {
        let all = layers();
        let names: Vec<&str> = all.iter().map(|one| one.layer.as_str()).collect();
        assert_eq!(names, ["団体", "業務システム", "運用管理", "クラウド", "国"]);
        assert!(all.iter().all(|one| !one.responsible.is_empty() && !one.covers.is_empty()));
    }
}
