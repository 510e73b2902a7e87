//! The corporate number (法人番号): a check digit and twelve digits. It is public.

use super::{CodeError, Mode, Name, accept, exact, join};
use serde::{Serialize, Serializer};
use std::fmt;

const NAME: Name = Name { ja: "法人番号", en: "Corporate Number" };

/// A corporate number (法人番号), thirteen digits, the first being the check digit.
///
/// Check digit by 法人番号の指定等に関する省令2条: weights 1 and 2 in turn from the right; 9 less the
/// remainder by 9. Digits 0 and 9 count alike, so their confusion does not show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorporateNumber([u8; 13]);

impl CorporateNumber {
    /// Reads thirteen digits, full-width or half-width, with or without hyphens.
    pub fn parse(text: &str, mode: Mode) -> Result<CorporateNumber, CodeError> {
        let digits = exact(NAME, 13, text)?;
        accept(NAME, digits[0] == check_digit(&digits[1..]), mode)?;
        let mut number = [0; 13];
        number.copy_from_slice(&digits);
        Ok(CorporateNumber(number))
    }

    /// Whether `text` is thirteen digits whose check digit fits.
    pub fn check_digit_valid(text: &str) -> bool {
        exact(NAME, 13, text).is_ok_and(|digits| digits[0] == check_digit(&digits[1..]))
    }

    /// The twelve digits after the check digit (会社法人等番号 for registered companies).
    pub fn base_number(self) -> String {
        join(&self.0[1..])
    }
}

fn check_digit(body: &[u8]) -> u8 {
    let weights = [1, 2].into_iter().cycle();
    let sum: u32 = body.iter().rev().zip(weights).map(|(digit, w)| u32::from(*digit) * w).sum();
    u8::try_from(9 - sum % 9).unwrap_or_default()
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl fmt::Debug for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl Serialize for CorporateNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
