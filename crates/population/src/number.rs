//! Individual numbers (個人番号) and resident record codes (住民票コード) that ALWAYS FAIL their check
//! digit: no range is set aside in law, so a valid one might be a living person's. Never makes a
//! valid one.

use std::fmt;

use base::code::check_digit;

/// Odd and not divisible by 5: multiplying by it permutes the numbers below a power of ten.
const SPREAD: u64 = 7_368_787_471;

/// An individual number (個人番号) of 12 digits whose check digit is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IndividualNumber(u64);

/// A resident record code (住民票コード) of 11 digits whose check digit is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResidentCode(u64);

impl IndividualNumber {
    /// Different for every person of a population; `serial` below 10^11.
    pub(crate) fn new(seed: u64, serial: u64) -> Self {
        Self(wrong(spread(seed, serial, 100_000_000_000)))
    }
}

impl ResidentCode {
    /// Different for every person of a population; `serial` below 10^10.
    pub(crate) fn new(seed: u64, serial: u64) -> Self {
        Self(wrong(spread(!seed, serial, 10_000_000_000)))
    }
}

impl fmt::Display for IndividualNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:012}", self.0)
    }
}

impl fmt::Display for ResidentCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:011}", self.0)
    }
}

/// The body with a digit that is never the lawful one.
fn wrong(body: u64) -> u64 {
    body * 10 + (u64::from(check_digit(body)) + 5) % 10
}

fn spread(seed: u64, serial: u64, bound: u64) -> u64 {
    let product = u128::from(serial) * u128::from(SPREAD) + u128::from(seed);
    (product % u128::from(bound)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_valid_and_none_repeats() {
        let mut seen = std::collections::HashSet::new();
        for serial in 0..20_000 {
            let IndividualNumber(number) = IndividualNumber::new(7, serial);
            assert_ne!(number % 10, u64::from(check_digit(number / 10)));
            let ResidentCode(code) = ResidentCode::new(7, serial);
            assert_ne!(code % 10, u64::from(check_digit(code / 10)));
            assert!(seen.insert((number, 0)) && seen.insert((code, 1)));
        }
    }
}
