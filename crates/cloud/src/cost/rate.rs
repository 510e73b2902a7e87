//! 為替: a dated table of rates with sources. A day before the first rate has none, and nothing falls
//! back to another day's guess. A what-if is the same table with one currency fixed.

use std::collections::BTreeMap;

use base::date::Date;
use base::dated::Dated;
use store::control::cost::Rate;

use super::amount::{Amount, ExactYen};
use crate::CloudError;

/// Rates in millionths of a yen a unit.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    series: BTreeMap<String, Dated<i64>>,
    fixed: BTreeMap<String, i64>,
}

impl Rates {
    /// Of the rows of the table.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when a currency has two rates of a day.
    pub fn of(rows: &[Rate]) -> Result<Rates, CloudError> {
        let mut rates = Rates::default();
        for row in rows {
            let series = rates.series.entry(row.currency.clone()).or_default();
            series
                .insert(row.from, Some(row.micro_yen))
                .map_err(|error| CloudError::Cost(format!("{} の為替: {error}", row.currency)))?;
        }
        Ok(rates)
    }

    /// The same with one currency at one rate on every day: もし1ドルが160円だったら.
    pub fn with_fixed(mut self, currency: &str, micro_yen: i64) -> Rates {
        self.fixed.insert(currency.to_owned(), micro_yen);
        self
    }

    /// Millionths of a yen a unit on a day; `None` if nobody knows. A yen is a yen.
    pub fn on(&self, currency: &str, day: Date) -> Option<i64> {
        if currency == "JPY" {
            return Some(1_000_000);
        }
        match self.fixed.get(currency) {
            Some(fixed) => Some(*fixed),
            None => self.series.get(currency)?.on(day).copied(),
        }
    }

    /// An amount of a day in yen, not yet cut.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when there is no rate on that day, or the amount is beyond all bounds.
    pub fn yen(&self, amount: Amount, currency: &str, day: Date) -> Result<ExactYen, CloudError> {
        let rate = self.on(currency, day).ok_or_else(|| {
            CloudError::Cost(format!(
                "{day} の {currency} の為替がありません。kumoi cost rate で、出典とともに加えてください"
            ))
        })?;
        amount.in_yen(rate).ok_or_else(|| {
            CloudError::Cost(format!("{amount} {currency} は円に直すには大きすぎます"))
        })
    }
}

/// Millionths of a yen as a person writes them: `139.5`.
pub fn written(micro_yen: i64) -> String {
    Amount(i128::from(micro_yen) * 10_i128.pow(14)).to_string()
}

/// Reads `139` or `139.55`: up to six decimals, above zero.
pub fn read(text: &str) -> Option<i64> {
    let Amount(units) = Amount::parse(text.as_bytes()).ok()?;
    let unit = 10_i128.pow(14);
    (units > 0 && units % unit == 0).then(|| i64::try_from(units / unit).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use base::money::Yen;

    use super::*;

    fn rate(from: &str, yen: &str) -> Rate {
        Rate {
            currency: "USD".to_owned(),
            from: from.parse().unwrap(),
            micro_yen: read(yen).unwrap(),
            source: "見本".to_owned(),
            certainty: "U".to_owned(),
        }
    }

    #[test]
    fn a_day_has_the_rate_in_force() {
        let rates = Rates::of(&[rate("2026-04-01", "139"), rate("2026-05-01", "160.5")]).unwrap();
        let on = |day: &str| rates.on("USD", day.parse().unwrap()).map(written);
        assert_eq!(on("2026-03-31"), None);
        assert_eq!(on("2026-04-30").as_deref(), Some("139"));
        assert_eq!(on("2026-05-01").as_deref(), Some("160.5"));
        let day = Date::constant(2026, 4, 2);
        let yen = |rates: &Rates, currency| {
            rates
                .yen(Amount::whole(10), currency, day)
                .map(ExactYen::cut)
                .map_err(|it| it.to_string())
        };
        assert_eq!(yen(&rates, "USD"), Ok(Yen(1390)));
        assert_eq!(yen(&rates, "JPY"), Ok(Yen(10)));
        assert!(yen(&rates, "EUR").unwrap_err().contains("2026-04-02 の EUR の為替がありません"));
        assert_eq!(yen(&rates.with_fixed("USD", 160_000_000), "USD"), Ok(Yen(1600)));
        assert_eq!((read("0"), read("1.0000001"), read("x")), (None, None, None));
    }
}
