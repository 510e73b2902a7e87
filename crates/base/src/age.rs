//! Ages and the years that turn on them. By 年齢計算ニ関する法律 with 民法143条 an age is reached at
//! the end of the day before the birthday. Knows no statute's own limits: those are parameters.

use crate::date::{Date, FOREVER};

/// The age on `day` as people say it and certificates print it: it rises on the birthday, so the
/// day before still counts the lower age (the higher one is reached only at that day's end).
/// A statute that says 「…歳に達した日」 means the day before: use [`age_attained_on`] or
/// [`age_reached_on`]. Someone born on 29 February has the birthday 1 March in a common year.
/// `None` if `day` is before the birth.
pub fn age_on(birth: Date, day: Date) -> Option<u16> {
    if day < birth {
        return None;
    }
    let years = day.year() - birth.year();
    let had_birthday = (birth.month(), birth.day()) <= (day.month(), day.day());
    u16::try_from(if had_birthday { years } else { years - 1 }).ok()
}

/// The age reached by the end of `day` (「…歳に達した」): the day before the birthday already
/// counts the higher age. `None` if `day` is before the birth.
pub fn age_attained_on(birth: Date, day: Date) -> Option<u16> {
    if day < birth {
        return None;
    }
    age_on(birth, day.tomorrow().unwrap_or(FOREVER))
}

/// The day on which the age of `years` is reached (「…歳に達する日」): the day before the birthday;
/// 28 February for someone born on 29 February. Never later than [`FOREVER`].
pub fn age_reached_on(birth: Date, years: u16) -> Date {
    birthday(birth, years).and_then(|day| day.yesterday().ok()).unwrap_or(FOREVER)
}

/// The birthday of `years`; 1 March in a common year for someone born on 29 February. `None`
/// beyond the calendar.
pub fn birthday(birth: Date, years: u16) -> Option<Date> {
    let year = birth.year().checked_add(i16::try_from(years).ok()?)?;
    let day = Date::new(year, birth.month(), birth.day());
    day.or_else(|_| Date::new(year, birth.month() + 1, 1)).ok()
}

/// The fiscal year (年度, April to March) of `day`: 2026 for 2026-04-01 to 2027-03-31.
pub fn fiscal_year(day: Date) -> i32 {
    let year = i32::from(day.year());
    if day.month() >= 4 { year } else { year - 1 }
}

/// The first 31 March on or after the day the age is reached (「…歳に達する日以後の最初の3月31日」).
/// Someone born on 1 April reaches it on 31 March and so belongs to the earlier school year.
pub fn school_year_end_after_age(birth: Date, years: u16) -> Date {
    let reached = age_reached_on(birth, years);
    let year = if reached.month() > 3 { reached.year() + 1 } else { reached.year() };
    Date::new(year, 3, 31).unwrap_or(FOREVER)
}
