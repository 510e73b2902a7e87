//! Exact decimals: an i64 and its number of places. Nothing here rounds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::types::MAX_SCALE;

/// An exact decimal: `mantissa` × 10^−`scale`. Equal numbers of unequal scale are equal.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

impl Decimal {
    /// `mantissa` × 10^−`scale`; `None` if `scale` is over 9.
    pub fn new(mantissa: i64, scale: u8) -> Option<Self> {
        (scale <= MAX_SCALE).then_some(Self { mantissa, scale })
    }

    /// The digits as a whole number.
    pub fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// Decimal places.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// The number as an integer, if it has no fraction.
    pub fn to_integer(self) -> Option<i64> {
        self.rescale(0).ok().map(|number| number.mantissa)
    }

    /// The same number with `scale` places, never rounded.
    pub(crate) fn rescale(self, scale: u8) -> Result<Self, RescaleError> {
        if scale == self.scale {
            return Ok(self);
        }
        if scale > self.scale {
            let factor = 10_i64.pow(u32::from(scale.min(MAX_SCALE) - self.scale));
            let mantissa = self.mantissa.checked_mul(factor).ok_or(RescaleError::Overflow)?;
            return Ok(Self { mantissa, scale: scale.min(MAX_SCALE) });
        }
        let factor = 10_i64.pow(u32::from(self.scale - scale));
        if self.mantissa % factor != 0 {
            return Err(RescaleError::Inexact);
        }
        Ok(Self { mantissa: self.mantissa / factor, scale })
    }

    fn wide(self) -> i128 {
        i128::from(self.mantissa) * 10_i128.pow(u32::from(MAX_SCALE - self.scale))
    }
}

/// Why a number cannot take another scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RescaleError {
    /// Too large for an i64.
    Overflow,
    /// Places would be lost.
    Inexact,
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        self.wide().cmp(&other.wide())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wide().hash(state);
    }
}

impl From<i64> for Decimal {
    fn from(mantissa: i64) -> Self {
        Self { mantissa, scale: 0 }
    }
}

/// Digits with the places of the scale: `-12.50`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.mantissa);
        }
        let factor = 10_u64.pow(u32::from(self.scale));
        let digits = self.mantissa.unsigned_abs();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let places = usize::from(self.scale);
        write!(f, "{sign}{}.{:0places$}", digits / factor, digits % factor)
    }
}

/// Text that is not a decimal of at most 9 places within an i64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("数として読めません。半角の数字で、小数は9桁までで書いてください。")]
pub struct NotADecimal;

/// Reads `-12.50`; the places written are the scale.
impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(NotADecimal),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(NotADecimal);
        }
        let scale = u8::try_from(fraction.len()).map_err(|_| NotADecimal)?;
        let mantissa = format!("{sign}{whole}{fraction}").parse().map_err(|_| NotADecimal)?;
        Decimal::new(mantissa, scale).ok_or(NotADecimal)
    }
}
