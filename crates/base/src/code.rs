//! Numbers with check digits: municipality, individual, resident, corporate, addressee and
//! household. Says only whether a number is well formed; never whether it was issued.

mod addressee;
mod corporate;
mod individual;
mod municipality;
mod resident;

pub use addressee::{AddresseeNumber, HouseholdNumber};
pub use corporate::CorporateNumber;
pub use individual::IndividualNumber;
pub use municipality::MunicipalityCode;
pub use resident::ResidentCode;

use crate::said::Said;

/// Whether numbers of real people are meant, or invented ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Real organisations: a wrong check digit is refused.
    Real,
    /// Sample organisations: a number with a VALID check digit is refused, so that no sample can
    /// be taken for a real person's number.
    Sample,
}

/// What a number is called. `Display` is the Japanese name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.ja)
    }
}

/// A refused number. `Display` is the Japanese message; it never repeats the number itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Something other than digits and hyphens.
    #[error("{name}に数字でない文字があります。{digits}桁の数字で入力してください。")]
    NotDigits {
        /// What the number is called.
        name: Name,
        /// How many digits it has.
        digits: usize,
    },
    /// Too many or too few digits.
    #[error("{name}が{given}桁です。{digits}桁の数字で入力してください。")]
    Length {
        /// What the number is called.
        name: Name,
        /// How many digits it has.
        digits: usize,
        /// How many were written.
        given: usize,
    },
    /// The check digit does not fit.
    #[error("{name}の検査数字が合いません。書類と見比べて入力し直してください。")]
    CheckDigit {
        /// What the number is called.
        name: Name,
    },
    /// A valid number in a sample organisation.
    #[error(
        "見本の団体では、検査数字の合う{name}（実在し得る番号）は使えません。\
         見本用の番号を入力してください。"
    )]
    ValidInSample {
        /// What the number is called.
        name: Name,
    },
    /// A serial too large for its width, or 0.
    #[error("{name}の連番が範囲の外です。1から{max}までで付番してください。")]
    Serial {
        /// What the number is called.
        name: Name,
        /// The largest serial.
        max: u64,
    },
}

impl CodeError {
    /// The message in both languages.
    pub fn said(&self) -> Said {
        Said::beside(self, self.english())
    }

    fn english(&self) -> String {
        match self {
            CodeError::NotDigits { name, digits } => {
                let name = name.en;
                format!("The {name} has a character that is no digit. Enter {digits} digits.")
            }
            CodeError::Length { name, digits, given } => {
                format!("The {} has {given} digits. Enter {digits} digits.", name.en)
            }
            CodeError::CheckDigit { name } => format!(
                "The check digit of the {} does not fit. Compare it with the document and enter \
                 it again.",
                name.en
            ),
            CodeError::ValidInSample { name } => format!(
                "In a sample body, {}s whose check digit fits are not accepted, as they could be \
                 real. Enter a sample number.",
                name.en
            ),
            CodeError::Serial { name, max } => {
                format!("The serial of the {} is out of range: 1 to {max}.", name.en)
            }
        }
    }
}

/// The digits of `text`: full-width made half-width, spaces and hyphens dropped. `None` if
/// anything else is in it.
pub fn normalise_digits(text: &str) -> Option<String> {
    let is_hyphen = |c: char| matches!(c, '-' | '－' | '−' | 'ー' | 'ｰ' | '\u{2010}'..='\u{2015}');
    let kept = text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c));
    let digit = |c: char| match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => None,
    };
    kept.map(digit).collect()
}

/// The digits of `text` if there are exactly `digits`.
fn exact(name: Name, digits: usize, text: &str) -> Result<Vec<u8>, CodeError> {
    let plain = normalise_digits(text).ok_or(CodeError::NotDigits { name, digits })?;
    if plain.len() != digits {
        return Err(CodeError::Length { name, digits, given: plain.len() });
    }
    Ok(plain.bytes().map(|byte| byte - b'0').collect())
}

/// Accepts or refuses by the check digit and the mode.
fn accept(name: Name, valid: bool, mode: Mode) -> Result<(), CodeError> {
    match (valid, mode) {
        (false, Mode::Real) => Err(CodeError::CheckDigit { name }),
        (true, Mode::Sample) => Err(CodeError::ValidInSample { name }),
        _ => Ok(()),
    }
}

/// Digits as text.
fn join(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// The check digit of a number of people without it (検査用数字): digits weighted 2 to 7 in turn
/// from the right (M11W2~7), 11 less the remainder of their sum by 11, 0 where that has two digits.
///
/// 個人番号 by 平成26年総務省令第85号 第5条; 住民票コード by 住民基本台帳法施行規則 第1条 (to verify, see
/// [`ResidentCode`]); 宛名番号 and 世帯番号 by our own choice.
pub fn check_digit(body: u64) -> u8 {
    let digits = std::iter::successors(Some(body), |rest| Some(rest / 10).filter(|rest| *rest > 0));
    weighted_2_to_7(digits.map(|rest| (rest % 10) as u32))
}

fn check_digit_2_to_7(body: &[u8]) -> u8 {
    weighted_2_to_7(body.iter().rev().map(|digit| u32::from(*digit)))
}

/// Digits from the right.
fn weighted_2_to_7(digits: impl Iterator<Item = u32>) -> u8 {
    let sum: u32 = digits.zip((2..=7).cycle()).map(|(digit, weight)| digit * weight).sum();
    match sum % 11 {
        0 | 1 => 0,
        remainder => u8::try_from(11 - remainder).unwrap_or_default(),
    }
}
