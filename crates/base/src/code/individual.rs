//! The individual number (個人番号). Shown masked everywhere, never serialised; the digits come
//! out only through `expose`.

use super::{CodeError, Mode, Name, accept, check_digit_2_to_7, exact, join};
use std::fmt;

const NAME: Name = Name { ja: "個人番号", en: "Individual Number" };

/// An individual number (個人番号), twelve digits with the check digit.
///
/// Check digit by 番号法施行令8条 with 総務省令第85号5条: weights 2 to 7 and 2 to 6 from the right; 11
/// less the remainder by 11; 0 where the remainder is 0 or 1.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IndividualNumber([u8; 12]);

impl IndividualNumber {
    /// Reads twelve digits, full-width or half-width, with or without hyphens.
    pub fn parse(text: &str, mode: Mode) -> Result<IndividualNumber, CodeError> {
        let digits = exact(NAME, 12, text)?;
        accept(NAME, digits[11] == check_digit_2_to_7(&digits[..11]), mode)?;
        let mut number = [0; 12];
        number.copy_from_slice(&digits);
        Ok(IndividualNumber(number))
    }

    /// Whether `text` is twelve digits whose check digit fits.
    pub fn check_digit_valid(text: &str) -> bool {
        exact(NAME, 12, text).is_ok_and(|digits| digits[11] == check_digit_2_to_7(&digits[..11]))
    }

    /// The twelve digits. Every call is a use of the number: encrypt, index, or print by law.
    pub fn expose(&self) -> String {
        join(&self.0)
    }

    /// `********1234`
    pub fn masked(&self) -> String {
        format!("********{}", join(&self.0[8..]))
    }
}

impl fmt::Display for IndividualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for IndividualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
