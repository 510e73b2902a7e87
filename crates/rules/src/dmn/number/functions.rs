//! Powers, roots, exponentials and logarithms, by series and iteration on 34 digits.

use super::{Mode, Number, ONE, ZERO};

const TWO: Number = Number { negative: false, digits: 2, exponent: 0 };

impl Number {
    fn approximate(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    fn from_approximate(value: f64) -> Option<Number> {
        if value.is_finite() { Number::parse(&format!("{value:e}")) } else { None }
    }

    /// `self` to the power of `exponent`.
    pub(crate) fn power(self, exponent: Number) -> Option<Number> {
        if exponent.is_zero() {
            return Some(ONE);
        }
        if let Some(whole) = exponent.to_i64() {
            let size = self.whole_power(u32::try_from(whole.unsigned_abs()).ok()?)?;
            return if whole < 0 { ONE.divide(size) } else { Some(size) };
        }
        if self.is_zero() {
            return if exponent.is_negative() { None } else { Some(ZERO) };
        }
        exponent.multiply(self.logarithm()?)?.exponential()
    }

    fn whole_power(self, exponent: u32) -> Option<Number> {
        let (mut result, mut base, mut rest) = (ONE, self, exponent);
        loop {
            if rest & 1 == 1 {
                result = result.multiply(base)?;
            }
            rest >>= 1;
            if rest == 0 {
                return Some(result);
            }
            base = base.multiply(base)?;
        }
    }

    /// The square root; of a negative number there is none.
    pub(crate) fn square_root(self) -> Option<Number> {
        if self.is_zero() {
            return Some(ZERO);
        }
        if self.is_negative() {
            return None;
        }
        // An even shift brings the number near 1, where an f64 is a good first guess.
        let shift = self.first().div_euclid(2);
        let near = Number { exponent: self.exponent - shift * 2, ..self };
        let mut root = Number::from_approximate(near.approximate().sqrt())?;
        for _ in 0..3 {
            root = root.add(near.divide(root)?)?.divide(TWO)?;
        }
        Some(Number { exponent: root.exponent + shift, ..root })
    }

    /// e to the power of `self`.
    pub(crate) fn exponential(self) -> Option<Number> {
        if self.first() > 5 {
            return if self.is_negative() { Some(ZERO) } else { None };
        }
        let mut halvings = 0;
        let mut small = self;
        while small.abs() > (Number { negative: false, digits: 1, exponent: -1 }) {
            small = small.divide(TWO)?;
            halvings += 1;
        }
        let (mut sum, mut term) = (ONE, ONE);
        for step in 1_i64..30 {
            term = term.multiply(small)?.divide(Number::from(step))?;
            sum = sum.add(term)?;
        }
        for _ in 0..halvings {
            sum = sum.multiply(sum)?;
        }
        Some(sum)
    }

    /// The natural logarithm; of a number not above zero there is none.
    pub(crate) fn logarithm(self) -> Option<Number> {
        if self.is_negative() || self.is_zero() {
            return None;
        }
        let shift = self.first();
        let near = Number { exponent: self.exponent - shift, ..self };
        let mut log = Number::from_approximate(near.approximate().ln())?;
        for _ in 0..3 {
            let power = log.exponential()?;
            let step = near.subtract(power)?.divide(near.add(power)?)?;
            log = log.add(step.multiply(TWO)?)?;
        }
        let ten = Number::parse("2.302585092994045684017991454684364")?;
        log.add(ten.multiply(Number::from(i64::from(shift)))?)
    }

    /// The rest of a division, with the sign of the divisor.
    pub(crate) fn modulo(self, divisor: Number) -> Option<Number> {
        if divisor.is_zero() {
            return None;
        }
        let quotient = self.divide(divisor)?.to_places(0, Mode::Floor)?;
        self.subtract(divisor.multiply(quotient)?)
    }
}
