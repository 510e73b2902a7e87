//! Money of any currency, exact: a whole number of 10⁻²⁰ units. Bills carry fifteen decimals and
//! more, and no sum of them is ever rounded; yen are cut once, where a claim becomes definite.

use std::fmt;

use base::money::Yen;

/// Decimals that an amount keeps. 38 digits in all leave eighteen before the point.
pub const SCALE: u32 = 20;
/// Decimals of a rate of exchange.
pub const RATE_SCALE: u32 = 6;

/// Exponents that anybody writes.
const EXPONENT_MAX: i32 = 9_999;
/// One more than the 38 digits that files and database keep.
const TOO_LARGE: i128 = 10_i128.pow(38);
const UNIT: i128 = 10_i128.pow(SCALE);
const YEN_UNIT: i128 = 10_i128.pow(SCALE + RATE_SCALE);

/// An amount or a quantity, in units of 10⁻²⁰; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub i128);

/// Yen before the cut to whole yen, in units of 10⁻²⁶ yen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExactYen(pub i128);

/// Why a text is no amount. `Display` is the Japanese message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("数として読めません。12.345 や 1.2E-7 のように書いてください")]
    Format,
    /// More than twenty decimals.
    #[error("小数点以下が 20 桁を超えていて、正確に持てません")]
    TooFine,
    /// More than eighteen digits before the point.
    #[error("大きすぎて持てません（整数部は 18 桁まで）")]
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// Reads `12.345`, `-0.5`, `1.2E-7`; no grouping, no spaces.
    ///
    /// # Errors
    /// [`AmountError`]; nothing is ever rounded.
    pub fn parse(text: &[u8]) -> Result<Amount, AmountError> {
        match Amount::read(text)? {
            (amount, false) => Ok(amount),
            (_, true) => Err(AmountError::TooFine),
        }
    }

    /// The same of a text whose last digits may be noise of floating numbers (`4.4E-16` and
    /// finer): what is below 10⁻²⁰ is rounded, the half away from zero; whether that was so.
    ///
    /// # Errors
    /// [`AmountError::Format`] and [`AmountError::TooLarge`].
    pub fn read(text: &[u8]) -> Result<(Amount, bool), AmountError> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (mantissa, exponent) = split_exponent(digits)?;
        let mut value: i128 = 0;
        let (mut decimals, mut point, mut any) = (0_i32, false, false);
        // Decimals behind what 128 bits hold: the first of them, and whether they say anything.
        let mut tail: Option<u8> = None;
        let mut fine = false;
        for byte in mantissa {
            match byte {
                b'0'..=b'9' => {
                    any = true;
                    let longer = value.checked_mul(10);
                    let longer = longer.and_then(|it| it.checked_add(i128::from(byte - b'0')));
                    match longer.filter(|_| tail.is_none()) {
                        Some(longer) => {
                            decimals += i32::from(point);
                            value = longer;
                        }
                        None if point => {
                            tail.get_or_insert(*byte);
                            fine |= *byte != b'0';
                        }
                        None => return Err(AmountError::TooLarge),
                    }
                }
                b'.' if !point => point = true,
                _ => return Err(AmountError::Format),
            }
        }
        if !any {
            return Err(AmountError::Format);
        }
        let shift = SCALE as i32 - decimals + exponent;
        let (mut value, rounded) = scaled(value, shift)?;
        if shift == 0 && tail.is_some_and(|it| it >= b'5') {
            value = value.checked_add(1).ok_or(AmountError::TooLarge)?;
        }
        if value >= TOO_LARGE {
            return Err(AmountError::TooLarge);
        }
        Ok((Amount(if negative { -value } else { value }), rounded || fine))
    }

    /// A whole number.
    pub const fn whole(number: i64) -> Amount {
        Amount(number as i128 * UNIT)
    }

    /// The sum; `None` on overflow.
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// Millionths of a unit, what is below cut off.
    pub fn micro(self) -> i128 {
        self.0 / (UNIT / 1_000_000)
    }

    /// What it is in yen at a rate in millionths of a yen a unit; `None` on overflow.
    pub fn in_yen(self, micro_yen: i64) -> Option<ExactYen> {
        self.0.checked_mul(i128::from(micro_yen)).map(ExactYen)
    }
}

/// `12.3E-4` as (`12.3`, -4).
fn split_exponent(digits: &[u8]) -> Result<(&[u8], i32), AmountError> {
    let Some(at) = digits.iter().position(|byte| matches!(byte, b'e' | b'E')) else {
        return Ok((digits, 0));
    };
    let exponent = std::str::from_utf8(&digits[at + 1..])
        .ok()
        .and_then(|text| text.parse::<i32>().ok())
        .filter(|exponent| exponent.abs() <= EXPONENT_MAX)
        .ok_or(AmountError::Format)?;
    Ok((&digits[..at], exponent))
}

/// `value` × 10^`shift`, rounded to a whole number, and whether it was; `value` is not below zero.
fn scaled(value: i128, shift: i32) -> Result<(i128, bool), AmountError> {
    if value == 0 {
        return Ok((0, false));
    }
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    if shift >= 0 {
        let exact = power.and_then(|it| value.checked_mul(it)).ok_or(AmountError::TooLarge)?;
        return Ok((exact, false));
    }
    // Below a half of what is kept, whatever the digits.
    let Some(power) = power else { return Ok((0, true)) };
    let (whole, rest) = (value / power, value % power);
    Ok((whole + i128::from(rest >= power - rest), rest > 0))
}

impl fmt::Display for Amount {
    /// A plain decimal without needless zeros: what FOCUS and PostgreSQL read back exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) =
            (self.0.unsigned_abs() / UNIT as u128, self.0.unsigned_abs() % UNIT as u128);
        let sign = if self.0 < 0 { "-" } else { "" };
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{part:020}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl ExactYen {
    /// Whole yen.
    pub const fn whole(yen: i64) -> ExactYen {
        ExactYen(yen as i128 * YEN_UNIT)
    }

    /// The sum; `None` on overflow.
    pub fn checked_add(self, other: ExactYen) -> Option<ExactYen> {
        self.0.checked_add(other.0).map(ExactYen)
    }

    /// Cut to whole yen towards zero: what is below a yen is cut off when a claim of the state
    /// becomes definite (国等の債権債務等の金額の端数計算に関する法律 第2条第1項).
    pub fn cut(self) -> Yen {
        Yen(i64::try_from(self.0 / YEN_UNIT).unwrap_or(if self.0 < 0 {
            i64::MIN
        } else {
            i64::MAX
        }))
    }

    /// Millionths of a yen, what is below cut off: fine enough as a weight.
    pub fn micro(self) -> i128 {
        self.0 / (YEN_UNIT / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, AmountError>) {
        let got = Amount::parse(text.as_bytes()).map(|amount| amount.to_string());
        assert_eq!(got, expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn texts_of_bills_are_read_exactly() {
        check("0", Ok("0"));
        check("-0.00", Ok("0"));
        check("713.66", Ok("713.66"));
        check("+1.", Ok("1"));
        check(".5", Ok("0.5"));
        check("-3.89926350000000", Ok("-3.8992635"));
        check("1.2E-7", Ok("0.00000012"));
        check("1.5e+3", Ok("1500"));
        check("0.00000000000000000001", Ok("0.00000000000000000001"));
        check("0.000000000000000000010", Ok("0.00000000000000000001"));
        check(
            "999999999999999999.99999999999999999999",
            Ok("999999999999999999.99999999999999999999"),
        );
        for text in ["", "-", ".", "1,000", "12 ", "0x1", "1.2.3", "1E", "1E99999", "NaN", "１"] {
            check(text, Err(AmountError::Format));
        }
        check("0.000000000000000000001", Err(AmountError::TooFine));
        check("1e-21", Err(AmountError::TooFine));
        check("9999999999999999999", Err(AmountError::TooLarge));
        check("1000000000000000000", Err(AmountError::TooLarge));
        check("1e30", Err(AmountError::TooLarge));
        check("1E99", Err(AmountError::TooLarge));
    }

    #[test]
    fn noise_of_floating_numbers_is_rounded_and_said() {
        let check = |text: &str, expect: (&str, bool)| {
            let (amount, rounded) = Amount::read(text.as_bytes()).unwrap();
            assert_eq!((amount.to_string().as_str(), rounded), expect, "{text}");
        };
        check("4.440892098500626e-16", ("0.00000000000000044409", true));
        check("-4.440892098500626e-16", ("-0.00000000000000044409", true));
        check("0.000000000000000000005", ("0.00000000000000000001", true));
        check("-5e-21", ("-0.00000000000000000001", true));
        check("4.9e-21", ("0", true));
        check("5e-324", ("0", true));
        check("0e-324", ("0", false));
        check("1.10", ("1.1", false));
        // More digits than 128 bits hold.
        check(
            "100000000000000000.000000000000000000005",
            ("100000000000000000.00000000000000000001", true),
        );
        check("999999999999999999.000000000000000000000000", ("999999999999999999", false));
        check("3.3333333333333333333333333333333333333333", ("3.33333333333333333333", true));
        check(
            "200000000000000000.000000000000000000049",
            ("200000000000000000.00000000000000000005", true),
        );
        check("200000000000000000.0000000000000000000049", ("200000000000000000", true));
    }

    #[test]
    fn yen_are_cut_once() {
        let cost = Amount::parse(b"0.0071942446").unwrap();
        // 1.0000 yen short of a hair: three of them are two yen, not zero.
        let one = cost.in_yen(139_000_000).unwrap();
        assert_eq!(one.cut(), Yen(0));
        let three = one.checked_add(one).unwrap().checked_add(one).unwrap();
        assert_eq!(three.cut(), Yen(2));
        assert_eq!(Amount::parse(b"-1.5").unwrap().in_yen(1_000_000).unwrap().cut(), Yen(-1));
        assert_eq!(ExactYen::whole(7).micro(), 7_000_000);
        assert_eq!(Amount(i128::MAX).in_yen(2_000_000), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units in any::<i64>(), fine in 0_u64..u64::MAX) {
            let whole = i128::from(units) * 1_000_000_000_000_000_000;
            let amount = Amount(whole + i128::from(fine % 1_000_000));
            prop_assert_eq!(Amount::parse(amount.to_string().as_bytes()), Ok(amount));
        }
    }
}
