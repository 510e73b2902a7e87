//! Units of measurement (単位): yen, months, years, days, persons, hundredths and their quotients.

use std::fmt;

/// What a number counts, as powers of the things that are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unit {
    powers: [i8; 6],
}

/// The things that are counted: word in files, word for people.
const COUNTED: [(&str, &str); 6] = [
    ("yen", "円"),
    ("month", "月"),
    ("year", "年"),
    ("day", "日"),
    ("person", "人"),
    // Hundredths are no rate: an amount times them is no amount yet.
    ("percent", "％"),
];

/// Words for a number that counts nothing.
const PLAIN: [&str; 3] = ["rate", "none", "times"];

/// A text that names no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」という単位はありません")]
pub struct NotAUnit(String);

impl NotAUnit {
    /// What to write instead.
    pub const HELP: &'static str =
        "yen、months、years、days、persons、rate、none か、yen/month のように書いてください";
}

impl Unit {
    /// A number that counts nothing: a rate, a share.
    pub const NONE: Unit = Unit { powers: [0; 6] };
    /// Months.
    pub const MONTHS: Unit = Unit { powers: [0, 1, 0, 0, 0, 0] };
    /// Years.
    pub const YEARS: Unit = Unit { powers: [0, 0, 1, 0, 0, 0] };
    /// Days.
    pub const DAYS: Unit = Unit { powers: [0, 0, 0, 1, 0, 0] };

    pub(crate) fn times(self, other: Unit) -> Unit {
        self.with(other, i8::saturating_add)
    }

    pub(crate) fn per(self, other: Unit) -> Unit {
        self.with(other, i8::saturating_sub)
    }

    fn with(self, other: Unit, combine: fn(i8, i8) -> i8) -> Unit {
        let mut powers = self.powers;
        for (power, other) in powers.iter_mut().zip(other.powers) {
            *power = combine(*power, other);
        }
        Unit { powers }
    }

    /// Whether it is an amount of money, whatever it is paid for.
    pub fn is_yen(self) -> bool {
        self.powers[0] == 1
    }
}

impl std::str::FromStr for Unit {
    type Err = NotAUnit;

    fn from_str(text: &str) -> Result<Unit, NotAUnit> {
        let mut unit = Unit::NONE;
        for (at, word) in text.split('/').enumerate() {
            let word = word.trim();
            let singular = word.strip_suffix('s').unwrap_or(word);
            let counted = COUNTED.iter().position(|(known, _)| *known == singular);
            match counted {
                Some(index) if at == 0 => unit.powers[index] += 1,
                Some(index) => unit.powers[index] -= 1,
                None if at == 0 && PLAIN.contains(&word) => {}
                None => return Err(NotAUnit(text.to_owned())),
            }
        }
        Ok(unit)
    }
}

/// For people: `円/月`; nothing where nothing is counted.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |wanted: fn(i8) -> bool| {
            let powers = self.powers.iter().zip(COUNTED).filter(move |(power, _)| wanted(**power));
            powers.flat_map(|(power, (_, word))| {
                std::iter::repeat_n(word, usize::from(power.unsigned_abs()))
            })
        };
        let over: Vec<&str> = words(|power| power > 0).collect();
        f.write_str(&over.join("・"))?;
        for (index, word) in words(|power| power < 0).enumerate() {
            if index == 0 && over.is_empty() {
                f.write_str("1")?;
            }
            write!(f, "/{word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        let unit: Unit = text.parse().expect("a unit");
        assert_eq!(unit.to_string(), shown);
    }

    #[test]
    fn units_are_read_and_shown() {
        check("yen", "円");
        check("yen/month", "円/月");
        check("yen/person/month", "円/月/人");
        check("months", "月");
        check("persons", "人");
        check("rate", "");
        check("percent", "％");
        assert!("yens per month".parse::<Unit>().is_err());
        assert!("yen/rate".parse::<Unit>().is_err());
    }

    #[test]
    fn products_and_quotients_combine() {
        let monthly: Unit = "yen/month".parse().expect("a unit");
        let yen: Unit = "yen".parse().expect("a unit");
        assert_eq!(monthly.times(Unit::MONTHS), yen);
        assert_eq!(yen.per(Unit::MONTHS), monthly);
        assert!(monthly.is_yen() && !Unit::MONTHS.is_yen());
    }
}
