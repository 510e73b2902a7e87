//! 料金: what an offer costs a body of a size, and what a month of a contract came to. Every amount
//! is derived from the price list and from what was metered, and says how.

use base::date::Date;
use definition::System;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The price from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// First day.
    pub from: Date,
    /// Yen a month, whatever the size.
    pub base_yen: i64,
    /// Yen a resident and month.
    pub resident_yen: i64,
}

/// What a package's price list says, as the catalogue keeps it.
pub(crate) fn listed(system: &System) -> Option<Value> {
    let list = system.price.as_ref()?;
    let entry = |(from, value): (Date, Option<&definition::model::MonthlyPrice>)| {
        let value = value?;
        Some(json!({"from": from, "base_yen": value.base_yen, "resident_yen": value.resident_yen}))
    };
    Some(Value::Array(list.values.entries().filter_map(entry).collect()))
}

impl Price {
    /// The price in force on a day, of a list in the catalogue.
    pub fn on(list: Option<&Value>, day: Date) -> Option<Price> {
        let all: Vec<Price> = serde_json::from_value(list?.clone()).ok()?;
        all.into_iter().filter(|price| price.from <= day).max_by_key(|price| price.from)
    }

    /// Yen of a whole month for so many residents.
    pub fn month(self, residents: i64) -> i64 {
        self.base_yen.saturating_add(self.resident_yen.saturating_mul(residents))
    }
}

/// 利用料: the charge of one contract for a month, with how it comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The price list's.
    pub price: Price,
    /// Days of the month.
    pub days: i64,
    /// Days in service that were metered.
    pub metered: i64,
    /// Residents of those days together.
    pub residents: i64,
    /// Yen: (base × metered days + a resident × residents of those days) ÷ days of the month, what
    /// is below a yen cut off.
    pub yen: i64,
}

impl Charge {
    /// The charge of a month, by the price in force on its last day: the one rule of the page, the
    /// books and the invoice. `None` without a price.
    pub fn of_month(list: Option<&Value>, month: Date, metered: &[i32]) -> Option<Charge> {
        let price = Price::on(list, month.last_of_month())?;
        Some(Charge::of(price, i64::from(month.days_in_month()), metered))
    }

    /// Derives it from what was metered, a number of residents a day.
    fn of(price: Price, days: i64, metered: &[i32]) -> Charge {
        let residents: i64 = metered.iter().copied().map(i64::from).sum();
        let count = i64::try_from(metered.len()).unwrap_or(i64::MAX);
        let base = price.base_yen.saturating_mul(count);
        let size = price.resident_yen.saturating_mul(residents);
        let yen = base.saturating_add(size) / days.max(1);
        Charge { price, days, metered: count, residents, yen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price =
        Price { from: Date::constant(2026, 4, 1), base_yen: 30_000, resident_yen: 3 };

    #[test]
    fn a_charge_follows_what_was_metered() {
        // A whole month of thirty days with 1,000 residents: 30,000 + 3,000.
        assert_eq!(Charge::of(PRICE, 30, &[1_000; 30]).yen, 33_000);
        assert_eq!(PRICE.month(1_000), 33_000);
        // Ten days: (300,000 + 30,000) / 30. Nothing metered, nothing owed.
        assert_eq!(Charge::of(PRICE, 30, &[1_000; 10]).yen, 11_000);
        assert_eq!(Charge::of(PRICE, 30, &[]).yen, 0);
        // 31 days: (30,000 + 3) / 31 = 967.8, cut off.
        let one = Charge::of(PRICE, 31, &[1]);
        assert_eq!((one.yen, one.metered, one.residents), (967, 1, 1));
    }

    #[test]
    fn the_price_of_a_day_is_the_latest_before_it() {
        let list = json!([
            {"from": "2026-04-01", "base_yen": 100, "resident_yen": 1},
            {"from": "2027-04-01", "base_yen": 200, "resident_yen": 2},
        ]);
        let base = |day: &str| Some(Price::on(Some(&list), day.parse().unwrap())?.base_yen);
        assert_eq!(base("2026-03-31"), None);
        assert_eq!(base("2026-04-01"), Some(100));
        assert_eq!(base("2027-05-01"), Some(200));
        // A month in which the price changes goes by its last day, wherever it is asked.
        let april = Date::constant(2027, 3, 15);
        let changed = json!([
            {"from": "2026-04-01", "base_yen": 100, "resident_yen": 1},
            {"from": april, "base_yen": 310, "resident_yen": 0},
        ]);
        let month = |day| Charge::of_month(Some(&changed), day, &[1; 10]).unwrap().yen;
        assert_eq!(month(Date::constant(2027, 3, 1)), 100);
        assert_eq!(month(Date::constant(2027, 2, 1)), 10 * (100 + 1) / 28);
        assert_eq!(Price::on(None, Date::constant(2027, 5, 1)), None);
    }
}
