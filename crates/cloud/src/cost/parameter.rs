//! The law's numbers that costs need, dated, each with its source. None stands in code, and a day
//! without a value has none.

use base::date::Date;

use crate::CloudError;

const TABLE: &str = include_str!("../../../../data/cost/parameters.csv");

/// A fraction in force from a day, with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Numerator and denominator.
    pub fraction: (i64, i64),
    /// Where it is from.
    pub source: String,
    /// V (official text), R (reported), U (unverified).
    pub certainty: String,
}

impl Parameter {
    /// `7.8％（消費税法第29条第1号、原典で確認）`; what is no whole hundredth of a percent stays a
    /// fraction.
    pub fn words(&self) -> String {
        let (numerator, denominator) = self.fraction;
        let value = match numerator.checked_mul(10_000) {
            Some(all) if all % denominator == 0 => {
                let (whole, rest) = (all / denominator / 100, all / denominator % 100);
                let text = format!("{whole}.{rest:02}");
                format!("{}％", text.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => format!("{numerator}/{denominator}"),
        };
        let certainty = match self.certainty.as_str() {
            "V" => "原典で確認",
            "R" => "報道・解説による",
            _ => "未確認",
        };
        format!("{value}（{}、{certainty}）", self.source)
    }

    /// The part of an amount, what is below a yen cut off; `None` beyond all bounds.
    pub fn of(&self, yen: i64) -> Option<i64> {
        let (numerator, denominator) = self.fraction;
        i64::try_from(i128::from(yen) * i128::from(numerator) / i128::from(denominator)).ok()
    }
}

/// The parameter of this name that is in force on a day.
///
/// # Errors
/// [`CloudError::Cost`] when it has no value on that day, or the table is broken.
pub fn parameter_on(name: &str, day: Date) -> Result<Parameter, CloudError> {
    let broken = |line: usize| {
        CloudError::Cost(format!("data/cost/parameters.csv の {line} 行目が壊れています"))
    };
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let mut found: Option<Parameter> = None;
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|_| broken(at + 2))?;
        let one = read(&record).ok_or_else(|| broken(at + 2))?;
        let later = found.as_ref().is_none_or(|it| it.from < one.from);
        if one.name == name && one.from <= day && later {
            found = Some(one);
        }
    }
    found.ok_or_else(|| CloudError::Cost(format!("{day} の「{name}」の値がありません")))
}

fn read(record: &csv::StringRecord) -> Option<Parameter> {
    let (numerator, denominator) = record.get(2)?.split_once('/')?;
    let fraction = (numerator.parse().ok()?, denominator.parse().ok()?);
    Some(Parameter {
        name: record.get(0)?.to_owned(),
        from: record.get(1)?.parse().ok()?,
        fraction: (fraction.1 > 0).then_some(fraction)?,
        source: record.get(3).filter(|it| !it.is_empty())?.to_owned(),
        certainty: record.get(4)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_as_an_official_says_it() {
        let day = Date::constant(2026, 11, 1);
        let words = |name| parameter_on(name, day).unwrap().words();
        assert_eq!(words("消費税の税率"), "7.8％（消費税法第29条第1号、原典で確認）");
        assert!(words("地方消費税の税率").starts_with("22/78（"));
        assert!(words("補助率・全額").starts_with("100％（"));
        assert!(words("稼働率の標準の水準").starts_with("99.5％（"));
    }

    #[test]
    fn a_day_has_the_value_in_force() {
        let on = |day: &str| parameter_on("消費税の税率", day.parse().unwrap());
        assert_eq!(on("2019-09-30").unwrap().fraction, (63, 1000));
        assert_eq!(on("2019-10-01").unwrap().fraction, (78, 1000));
        assert!(on("2014-03-31").unwrap_err().to_string().contains("値がありません"));
        // Every line of the table can be read, whatever is asked for.
        assert!(
            parameter_on("", Date::constant(2026, 1, 1)).unwrap_err().to_string().contains("「」")
        );
        assert_eq!(TABLE.lines().count(), 9);
    }
}
