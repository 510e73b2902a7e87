//! 為替の想定: what a body's month would have come to at another rate. Only what was billed in that
//! currency moves; how the shared part is split stays as it was. Pure, and nothing is kept.

use base::date::Date;
use base::money::Yen;

use super::allocate::Foreign;
use super::amount::Amount;
use super::rate;

/// A month at another rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Yen at the other rate.
    pub yen: i64,
    /// How it comes about.
    pub trace: String,
}

const MICRO: i128 = 1_000_000;

/// A month of `yen` whose part in one currency is `foreign`, at another rate. What is below a yen
/// of the difference is rounded, the half away from zero; `None` beyond all bounds.
pub fn month_at(month: Date, yen: i64, foreign: &Foreign, micro_yen: i64) -> Option<Other> {
    let then = foreign.amount.checked_mul(i128::from(micro_yen))? / MICRO;
    let difference = then.checked_sub(foreign.yen)?;
    let half = MICRO / 2 * difference.signum();
    let difference = i64::try_from(difference.checked_add(half)? / MICRO).ok()?;
    let other = yen.checked_add(difference)?;
    let whole = |micro: i128| i64::try_from(micro / MICRO).ok().map(Yen);
    let trace = format!(
        "{}: {} {currency} × {}円 = {}。いまの為替の表では {}。差 {} を、いまの額 {} に加えて {}",
        month.strftime("%Y年%-m月"),
        written(foreign.amount),
        rate::written(micro_yen),
        whole(then)?,
        whole(foreign.yen)?,
        Yen(difference),
        Yen(yen),
        Yen(other),
        currency = foreign.currency,
    );
    Some(Other { yen: other, trace })
}

/// An amount in millionths as a person reads it: `1234.5`.
pub fn written(micro: i128) -> String {
    Amount(micro.saturating_mul(10_i128.pow(14))).to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const MAY: Date = Date::constant(2026, 5, 1);

    fn foreign(amount: i128, yen: i128) -> Foreign {
        Foreign { currency: "USD".to_owned(), amount, yen }
    }

    #[test]
    fn only_what_was_billed_in_the_currency_moves() {
        // 1,234.5 dollars at 150 are 185,175 yen of 200,000.
        let part = foreign(1_234_500_000, 185_175_000_000);
        let other = month_at(MAY, 200_000, &part, 160_000_000).unwrap();
        assert_eq!(other.yen, 212_345);
        expect!["2026年5月: 1234.5 USD × 160円 = 197,520円。いまの為替の表では 185,175円。差 12,345円 を、いまの額 200,000円 に加えて 212,345円"]
            .assert_eq(&other.trace);
        // At the rate of the table nothing moves, whatever was cut on the way.
        let part = foreign(333_333, 49_999_999);
        assert_eq!(month_at(MAY, 50, &part, 150_000_000).unwrap().yen, 50);
        assert_eq!(month_at(MAY, -7, &foreign(0, 0), 160_000_000).unwrap().yen, -7);
        assert_eq!(
            month_at(MAY, 100, &foreign(-1_000_000, -150_000_000), 100_500_000).unwrap().yen,
            150
        );
    }

    #[test]
    fn what_cannot_be_held_is_not_said() {
        assert_eq!(month_at(MAY, 1, &foreign(i128::MAX, 0), 2_000_000), None);
        assert_eq!(month_at(MAY, i64::MAX, &foreign(1_000_000, 0), 1_000_000), None);
        assert_eq!(month_at(MAY, 0, &foreign(1 << 80, 0), 1 << 40), None);
    }
}
