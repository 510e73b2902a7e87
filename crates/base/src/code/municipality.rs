//! The code of a local government (全国地方公共団体コード): five digits and a check digit.

use super::{CodeError, Name, exact, join};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const NAME: Name = Name { ja: "団体コード", en: "municipality code" };

/// The code of a local government (団体コード), six digits with the check digit.
///
/// The check digit: weights 6, 5, 4, 3, 2 from the left; the last digit of 11 less the remainder
/// by 11. Remainders 0 and 10 both give 1, so not every single wrong digit shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode([u8; 6]);

impl MunicipalityCode {
    /// Reads six digits; a wrong check digit is refused.
    pub fn parse(text: &str) -> Result<MunicipalityCode, CodeError> {
        let digits = exact(NAME, 6, text)?;
        let code = with_check_digit(&digits[..5]);
        if code.0[5] == digits[5] { Ok(code) } else { Err(CodeError::CheckDigit { name: NAME }) }
    }

    /// From the five digits before the check digit (JIS X 0401 and X 0402).
    pub fn from_five(text: &str) -> Result<MunicipalityCode, CodeError> {
        Ok(with_check_digit(&exact(NAME, 5, text)?))
    }

    /// The prefecture (都道府県コード), 1 to 47 where it is real.
    pub fn prefecture(self) -> u8 {
        self.0[0] * 10 + self.0[1]
    }

    /// The five digits before the check digit.
    pub fn five(self) -> String {
        join(&self.0[..5])
    }

    /// A prefecture itself (the third to fifth digits are 000).
    pub fn is_prefecture(self) -> bool {
        self.0[2..5] == [0, 0, 0]
    }
}

fn with_check_digit(five: &[u8]) -> MunicipalityCode {
    let sum: u32 = five.iter().zip((2..=6).rev()).map(|(digit, w)| u32::from(*digit) * w).sum();
    let mut code = [0; 6];
    code[..5].copy_from_slice(five);
    code[5] = u8::try_from((11 - sum % 11) % 10).unwrap_or_default();
    MunicipalityCode(code)
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl fmt::Debug for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl Serialize for MunicipalityCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MunicipalityCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MunicipalityCode, D::Error> {
        let text = String::deserialize(deserializer)?;
        MunicipalityCode::parse(&text).map_err(serde::de::Error::custom)
    }
}
