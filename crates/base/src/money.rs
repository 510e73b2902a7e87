//! Yen as a whole number of yen. Every sum is checked; rounding is the caller's and explicit.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in yen (円); may be negative.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Yen(pub i64);

/// A refused amount. `Display` is the Japanese message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a whole number of yen.
    #[error("「{0}」は金額として読めません。12,345 のように円の整数で入力してください。")]
    Format(String),
}

impl Yen {
    /// 0円
    pub const ZERO: Yen = Yen(0);

    /// The sum; `None` on overflow.
    pub fn checked_add(self, other: Yen) -> Option<Yen> {
        self.0.checked_add(other.0).map(Yen)
    }

    /// The difference; `None` on overflow.
    pub fn checked_sub(self, other: Yen) -> Option<Yen> {
        self.0.checked_sub(other.0).map(Yen)
    }

    /// The product with a count; `None` on overflow.
    pub fn checked_mul(self, count: i64) -> Option<Yen> {
        self.0.checked_mul(count).map(Yen)
    }

    /// The sum of all; `None` on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Yen>) -> Option<Yen> {
        amounts.into_iter().try_fold(Yen::ZERO, Yen::checked_add)
    }

    /// Cut down towards zero to a multiple of `unit` (端数切捨て); `None` if `unit` is not above 0.
    pub fn cut_to(self, unit: i64) -> Option<Yen> {
        (unit > 0).then(|| Yen(self.0 - self.0 % unit))
    }

    /// Reads `12,345円`, `￥12,345`, full-width or half-width, `△` or `-` before a negative amount.
    pub fn parse(text: &str) -> Result<Yen, MoneyError> {
        use unicode_normalization::UnicodeNormalization;
        let refused = || MoneyError::Format(text.trim().to_owned());
        let plain: String = text.nfkc().filter(|c| !c.is_whitespace() && *c != ',').collect();
        let plain = plain.strip_suffix('円').unwrap_or(&plain);
        let (negative, plain) = match plain.strip_prefix(['-', '△', '▲', '−']) {
            Some(rest) => (true, rest),
            None => (false, plain),
        };
        let plain = plain.strip_prefix(['¥', '\\']).unwrap_or(plain);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let amount: i64 = plain.parse().map_err(|_| refused())?;
        Ok(Yen(if negative { -amount } else { amount }))
    }

    /// `12,345` without the unit, for columns of figures.
    pub fn grouped(self) -> String {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }
}

impl fmt::Display for Yen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}円", self.grouped())
    }
}
