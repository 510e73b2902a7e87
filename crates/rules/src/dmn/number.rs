//! The numbers of imported models: decimals of 34 significant digits, rounded half to even, as
//! FEEL asks (IEEE 754 decimal128). Systems of our own never use them.
//!
//! Every operation gives `None` where FEEL gives null: division by zero, a result out of range.

mod functions;
mod wide;

use std::cmp::Ordering;
use std::fmt;

use wide::Wide;

/// Significant digits.
const DIGITS: u32 = 34;
/// The largest exponent of the first digit.
const MAX_EXPONENT: i32 = 6144;
/// The smallest exponent of the last digit; what is smaller is zero.
const MIN_EXPONENT: i32 = -6176;

/// ±`digits` × 10^`exponent`, without zeros at the end of the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    negative: bool,
    digits: u128,
    exponent: i32,
}

/// How a number is rounded to a number of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Floor,
    Ceiling,
    Up,
    Down,
    HalfUp,
    HalfDown,
    HalfEven,
}

pub(crate) const ZERO: Number = Number { negative: false, digits: 0, exponent: 0 };
pub(crate) const ONE: Number = Number { negative: false, digits: 1, exponent: 0 };

fn power(exponent: u32) -> u128 {
    10_u128.pow(exponent)
}

impl Number {
    /// Rounds to 34 digits; `sticky` says that something lies below the last digit given.
    fn round(negative: bool, mut digits: Wide, sticky: bool, exponent: i32) -> Option<Number> {
        let (mut exponent, mut sticky) = (exponent, sticky);
        let surplus = digits.count().saturating_sub(DIGITS);
        if surplus > 0 {
            sticky |= digits.drop_digits(surplus - 1);
            let last = digits.divide_small(10);
            exponent = exponent.checked_add(i32::try_from(surplus).ok()?)?;
            let odd = digits.low() & 1 == 1;
            if last > 5 || (last == 5 && (sticky || odd)) {
                digits = Wide::from(digits.to_u128()? + 1);
            }
        }
        Number::new(negative, digits.to_u128()?, exponent)
    }

    /// Strips zeros and checks the range.
    fn new(negative: bool, mut digits: u128, mut exponent: i32) -> Option<Number> {
        if digits == 0 {
            return Some(ZERO);
        }
        while digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        let first = exponent.checked_add(i32::try_from(digits.ilog10()).ok()?)?;
        if first > MAX_EXPONENT {
            return None;
        }
        if exponent < MIN_EXPONENT {
            return Some(ZERO);
        }
        Some(Number { negative, digits, exponent })
    }

    pub(crate) fn from_i128(value: i128) -> Option<Number> {
        Number::round(value < 0, Wide::from(value.unsigned_abs()), false, 0)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub(crate) fn is_negative(self) -> bool {
        self.negative
    }

    pub(crate) fn negate(self) -> Number {
        Number { negative: !self.negative && self.digits != 0, ..self }
    }

    pub(crate) fn abs(self) -> Number {
        Number { negative: false, ..self }
    }

    /// The exponent of the first digit.
    fn first(self) -> i32 {
        self.exponent + if self.digits == 0 { 0 } else { self.digits.ilog10().cast_signed() }
    }

    /// As many digits as fit, so that numbers far apart come closer.
    fn widened(self) -> (u128, i32) {
        if self.digits == 0 {
            return (0, self.exponent);
        }
        let room = DIGITS - 1 - self.digits.ilog10();
        (self.digits * power(room), self.exponent - room.cast_signed())
    }

    pub(crate) fn add(self, other: Number) -> Option<Number> {
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if high.digits == 0 {
            return Some(low);
        }
        if low.digits == 0 {
            return Some(high);
        }
        let (mut digits, mut exponent) = (high.digits, high.exponent);
        if exponent.abs_diff(low.exponent) > 38 {
            (digits, exponent) = high.widened();
        }
        // What lies more than 38 digits below the last one changes nothing.
        let Some(shift) = Some(exponent.abs_diff(low.exponent)).filter(|shift| *shift <= 38) else {
            return Some(high);
        };
        if exponent < low.exponent {
            let low_digits = Wide::multiply(low.digits, power(shift));
            return sum((high.negative, Wide::from(digits)), (low.negative, low_digits), exponent);
        }
        let digits = Wide::multiply(digits, power(shift));
        sum((high.negative, digits), (low.negative, Wide::from(low.digits)), low.exponent)
    }

    pub(crate) fn subtract(self, other: Number) -> Option<Number> {
        self.add(other.negate())
    }

    pub(crate) fn multiply(self, other: Number) -> Option<Number> {
        let digits = Wide::multiply(self.digits, other.digits);
        Number::round(
            self.negative != other.negative,
            digits,
            false,
            self.exponent + other.exponent,
        )
    }

    pub(crate) fn divide(self, other: Number) -> Option<Number> {
        if other.digits == 0 {
            return None;
        }
        let (digits, exponent) = self.widened();
        let (quotient, rest) = Wide::multiply(digits, power(38)).divide(other.digits);
        let exponent = exponent - 38 - other.exponent;
        Number::round(self.negative != other.negative, quotient, rest != 0, exponent)
    }

    /// Rounded to a multiple of 10^−`places`.
    pub(crate) fn to_places(self, places: i32, mode: Mode) -> Option<Number> {
        let surplus = -i64::from(self.exponent) - i64::from(places);
        if surplus <= 0 {
            return Some(self);
        }
        let surplus = u32::try_from(surplus).ok()?;
        let (quotient, rest, unit) = if surplus > 35 {
            (0, 1, 4)
        } else {
            let unit = power(surplus);
            (self.digits / unit, self.digits % unit, unit)
        };
        let half = rest.cmp(&(unit / 2));
        let away = rest != 0
            && match mode {
                Mode::Floor => self.negative,
                Mode::Ceiling => !self.negative,
                Mode::Up => true,
                Mode::Down => false,
                Mode::HalfUp => half.is_ge(),
                Mode::HalfDown => half.is_gt(),
                Mode::HalfEven => half.is_gt() || (half.is_eq() && quotient % 2 == 1),
            };
        Number::round(self.negative, Wide::from(quotient + u128::from(away)), false, -places)
    }

    /// The whole number, if it is one and fits.
    pub(crate) fn to_i64(self) -> Option<i64> {
        let exponent = u32::try_from(self.exponent).ok().filter(|exponent| *exponent < 20)?;
        let size = self.digits.checked_mul(power(exponent))?;
        let size = i128::try_from(size).ok()?;
        i64::try_from(if self.negative { -size } else { size }).ok()
    }

    /// The whole part, if it fits.
    pub(crate) fn truncate(self) -> Option<i64> {
        self.to_places(0, Mode::Down)?.to_i64()
    }

    /// Reads `-12.50`, `.5` and, in data, `1.2E3`.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (rest, exponent) = match rest.split_once(['e', 'E']) {
            Some((rest, exponent)) => (rest, exponent.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (mut digits, mut sticky, mut dropped) = (0_u128, false, 0_i32);
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = u128::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
            if digits < power(36) {
                digits = digits * 10 + digit;
            } else {
                sticky |= digit != 0;
                dropped = dropped.checked_add(1)?;
            }
        }
        let places = i32::try_from(fraction.len()).ok()?;
        let exponent = exponent.checked_add(dropped)?.checked_sub(places)?;
        if digits != 0 && exponent.abs() > 20_000 {
            return None;
        }
        Number::round(negative, Wide::from(digits), sticky, exponent)
    }
}

/// The sum of two signed wide numbers of one exponent.
fn sum(a: (bool, Wide), b: (bool, Wide), exponent: i32) -> Option<Number> {
    if a.0 == b.0 {
        return Number::round(a.0, a.1.add(&b.1), false, exponent);
    }
    let (larger, smaller) = if a.1.compare(&b.1).is_ge() { (a, b) } else { (b, a) };
    Number::round(larger.0, larger.1.subtract(&smaller.1), false, exponent)
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Number| match (number.digits, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            _ => 1,
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign.is_ne() || self.digits == 0 {
            return by_sign;
        }
        let size = self.first().cmp(&other.first());
        let size = size.then_with(|| self.widened().0.cmp(&other.widened().0));
        if self.negative { size.reverse() } else { size }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number::from_i128(i128::from(value)).unwrap_or(ZERO)
    }
}

/// Plain digits, never with an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.digits.to_string();
        let Ok(places) = usize::try_from(-i64::from(self.exponent)) else {
            let zeros = usize::try_from(self.exponent).unwrap_or(0);
            return write!(f, "{sign}{digits}{}", "0".repeat(zeros));
        };
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}
