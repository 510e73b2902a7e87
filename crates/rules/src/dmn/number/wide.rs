//! Whole numbers of 256 bits, for products and quotients before they are rounded.

use std::cmp::Ordering;

/// Four limbs of 64 bits, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide([u64; 4]);

fn split(value: u128) -> (u64, u64) {
    ((value & u128::from(u64::MAX)) as u64, (value >> 64) as u64)
}

impl From<u128> for Wide {
    fn from(value: u128) -> Self {
        let (low, high) = split(value);
        Wide([low, high, 0, 0])
    }
}

impl Wide {
    pub fn multiply(a: u128, b: u128) -> Wide {
        let (a, b) = (split(a), split(b));
        let mut limbs = [0_u64; 4];
        for (i, x) in [a.0, a.1].into_iter().enumerate() {
            let mut carry = 0_u128;
            for (j, y) in [b.0, b.1].into_iter().enumerate() {
                let sum = u128::from(x) * u128::from(y) + u128::from(limbs[i + j]) + carry;
                (limbs[i + j], carry) = (split(sum).0, sum >> 64);
            }
            limbs[i + 2] = split(carry).0;
        }
        Wide(limbs)
    }

    pub fn add(&self, other: &Wide) -> Wide {
        let (mut limbs, mut carry) = ([0_u64; 4], 0_u128);
        for (i, limb) in limbs.iter_mut().enumerate() {
            let sum = u128::from(self.0[i]) + u128::from(other.0[i]) + carry;
            (*limb, carry) = (split(sum).0, sum >> 64);
        }
        Wide(limbs)
    }

    /// `self` − `other`, which is not larger.
    pub fn subtract(&self, other: &Wide) -> Wide {
        let (mut limbs, mut borrow) = ([0_u64; 4], false);
        for (i, limb) in limbs.iter_mut().enumerate() {
            let (first, below) = self.0[i].overflowing_sub(other.0[i]);
            let (second, further) = first.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (second, below || further);
        }
        Wide(limbs)
    }

    pub fn compare(&self, other: &Wide) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    /// Divides by a small number and gives the rest.
    pub fn divide_small(&mut self, divisor: u64) -> u64 {
        let mut rest = 0_u128;
        for limb in self.0.iter_mut().rev() {
            let value = (rest << 64) | u128::from(*limb);
            *limb = split(value / u128::from(divisor)).0;
            rest = value % u128::from(divisor);
        }
        split(rest).0
    }

    /// Quotient and rest, bit by bit; the divisor is below 2^127.
    pub fn divide(&self, divisor: u128) -> (Wide, u128) {
        let (mut quotient, mut rest) = ([0_u64; 4], 0_u128);
        for bit in (0..256).rev() {
            rest = (rest << 1) | u128::from((self.0[bit / 64] >> (bit % 64)) & 1);
            if rest >= divisor {
                rest -= divisor;
                quotient[bit / 64] |= 1 << (bit % 64);
            }
        }
        (Wide(quotient), rest)
    }

    /// Drops decimal digits from the end; whether any of them was not zero.
    pub fn drop_digits(&mut self, mut count: u32) -> bool {
        let mut sticky = false;
        while count > 0 {
            let step = count.min(19);
            sticky |= self.divide_small(10_u64.pow(step)) != 0;
            count -= step;
        }
        sticky
    }

    /// Decimal digits.
    pub fn count(&self) -> u32 {
        let (mut rest, mut count) = (*self, 0);
        while rest.0[2] != 0 || rest.0[3] != 0 {
            rest.divide_small(10_u64.pow(19));
            count += 19;
        }
        count + rest.to_u128().and_then(u128::checked_ilog10).map_or(0, |digits| digits + 1)
    }

    pub fn low(&self) -> u64 {
        self.0[0]
    }

    pub fn to_u128(self) -> Option<u128> {
        (self.0[2] == 0 && self.0[3] == 0)
            .then(|| u128::from(self.0[0]) | (u128::from(self.0[1]) << 64))
    }
}
