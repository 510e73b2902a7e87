//! The resident record code (住民票コード). Shown masked everywhere, never serialised; the digits
//! come out only through `expose`.

use super::{CodeError, Mode, Name, accept, check_digit_2_to_7, exact, join};
use std::fmt;

const NAME: Name = Name { ja: "住民票コード", en: "resident code" };

/// A resident record code (住民票コード), eleven digits with the check digit (住民基本台帳法施行規則
/// 1条).
///
/// To verify against the public notice that the rule refers to: the check digit is taken as weights
/// 2 to 7 and 2 to 5 from the right, 11 less the remainder by 11, 0 where the remainder is 0 or 1,
/// as secondary sources compute it together with the individual number's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResidentCode([u8; 11]);

impl ResidentCode {
    /// Reads eleven digits, full-width or half-width, with or without hyphens.
    pub fn parse(text: &str, mode: Mode) -> Result<ResidentCode, CodeError> {
        let digits = exact(NAME, 11, text)?;
        accept(NAME, digits[10] == check_digit_2_to_7(&digits[..10]), mode)?;
        let mut code = [0; 11];
        code.copy_from_slice(&digits);
        Ok(ResidentCode(code))
    }

    /// Whether `text` is eleven digits whose check digit fits.
    pub fn check_digit_valid(text: &str) -> bool {
        exact(NAME, 11, text).is_ok_and(|digits| digits[10] == check_digit_2_to_7(&digits[..10]))
    }

    /// The eleven digits. Every call is a use of the code.
    pub fn expose(&self) -> String {
        join(&self.0)
    }

    /// `*******1234`
    pub fn masked(&self) -> String {
        format!("*******{}", join(&self.0[7..]))
    }
}

impl fmt::Display for ResidentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for ResidentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
