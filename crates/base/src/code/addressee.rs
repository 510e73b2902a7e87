//! Addressee and household numbers (宛名番号, 世帯番号): a serial and a check digit (住民記録システム
//! 標準仕様書 1.1.13). The rule binds new numbers only; migrated ones are never renumbered.

use super::{CodeError, Name, check_digit_2_to_7, exact, join};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Digits of a number with its check digit, in our issue.
const DIGITS: usize = 10;
/// The largest serial.
const SERIAL_MAX: u64 = 999_999_999;

fn issue(name: Name, serial: u64) -> Result<[u8; DIGITS], CodeError> {
    if serial == 0 || serial > SERIAL_MAX {
        return Err(CodeError::Serial { name, max: SERIAL_MAX });
    }
    let mut number = [0; DIGITS];
    for (digit, sign) in number.iter_mut().zip(format!("{serial:09}").bytes()) {
        *digit = sign - b'0';
    }
    number[DIGITS - 1] = check_digit_2_to_7(&number[..DIGITS - 1]);
    Ok(number)
}

fn read(name: Name, text: &str) -> Result<[u8; DIGITS], CodeError> {
    let digits = exact(name, DIGITS, text)?;
    if digits[DIGITS - 1] != check_digit_2_to_7(&digits[..DIGITS - 1]) {
        return Err(CodeError::CheckDigit { name });
    }
    let mut number = [0; DIGITS];
    number.copy_from_slice(&digits);
    Ok(number)
}

fn serial(number: &[u8; DIGITS]) -> u64 {
    number[..DIGITS - 1].iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}

macro_rules! serial_number {
    ($(#[$doc:meta])* $type:ident, $name:expr) => {
        $(#[$doc])*
        ///
        /// Ten digits, the last being the check digit: modulus 11, weights 2 to 7 in turn from the
        /// right (M11W2~7). Remainder 0 gives 0 by the standard; remainder 1, which it does not
        /// name, gives 0 too, so those two cannot be told apart (to verify).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type([u8; DIGITS]);

        impl $type {
            /// Issues the number of a serial, 1 to 999,999,999.
            pub fn from_serial(serial: u64) -> Result<$type, CodeError> {
                issue($name, serial).map($type)
            }

            /// Reads ten digits; a wrong check digit is refused.
            pub fn parse(text: &str) -> Result<$type, CodeError> {
                read($name, text).map($type)
            }

            /// The serial without the check digit.
            pub fn serial(self) -> u64 {
                serial(&self.0)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&join(&self.0))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&join(&self.0))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                $type::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

serial_number!(
    /// An addressee number (宛名番号) of our issue.
    AddresseeNumber,
    Name { ja: "宛名番号", en: "addressee number" }
);
serial_number!(
    /// A household number (世帯番号) of our issue.
    HouseholdNumber,
    Name { ja: "世帯番号", en: "household number" }
);
