//! A date whose parts may be uncertain (不詳日): the fourteen writings of 住民記録システム標準仕様書
//! 1.1.8, the era alone, and 夏・秋・冬・下旬 by analogy. Keeps what was recorded; a day to count
//! with comes only by a named rule. What is accepted as input is in `parse`.

use super::point::{Guess, Part, Point};
use super::{Date, DateError, FOREVER, OPEN_FROM, parse};
use crate::era::Era;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Which day an uncertain date counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Effective {
    /// The first day it may mean.
    First,
    /// The last day it may mean: an age so counted is never too high.
    #[default]
    Last,
}

/// What is uncertain about a date.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A day of the calendar (暦上日).
    Certain,
    /// A recorded day the calendar does not have, such as 2月29日 of a common year.
    Impossible,
    /// 日不詳
    DayUnknown,
    /// 月日不詳
    MonthUnknown,
    /// Only the era is known.
    YearUnknown,
    /// 年月日不詳
    Unknown,
    /// 頃, perhaps with a season or a third of a month.
    About,
    /// 推定
    Estimated,
    /// A season (春) or a third of a month (上旬).
    Part,
    /// …から…までの間
    Between,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Form {
    Unknown,
    Era(Era),
    Point(Point),
    Span(Point, Point),
}

/// A date as it is recorded, certain or not (年月日, 不詳日).
///
/// Equality is of the record: 明治45年7月30日 and 大正元年7月30日 are the same day and two records.
/// Serialised as `2026-04-01` when certain, else as the recorded text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LooseDate(pub(super) Form);

impl LooseDate {
    /// 年月日不詳
    pub const UNKNOWN: LooseDate = LooseDate(Form::Unknown);

    /// Reads a date: `2026-04-01`, `20260401`, `令和8年4月1日`, `R8.4.1`, `昭和15年4月日不詳`,
    /// `2026年4月頃` …, full-width or half-width. A day the calendar does not have is refused.
    pub fn parse(text: &str) -> Result<LooseDate, DateError> {
        parse::parse(text, false)
    }

    /// As [`LooseDate::parse`], but a day its month does not have (up to 31) is kept as text, for
    /// the items that must agree with the family register (標準仕様書 1.1.8).
    pub fn parse_recorded(text: &str) -> Result<LooseDate, DateError> {
        parse::parse(text, true)
    }

    /// The day, if nothing about it is uncertain.
    pub fn certain(&self) -> Option<Date> {
        match self.0 {
            Form::Point(point) if point.is_plain() => point.date(),
            _ => None,
        }
    }

    /// The day to count with: [`LooseDate::effective_by`] the default rule, the last day.
    pub fn effective(&self) -> Option<Date> {
        self.effective_by(Effective::default())
    }

    /// The first or last day of the period the writing means; `None` if nothing is known or the
    /// era still runs. 頃 and 推定 count as what stands beside them; a day the calendar does not
    /// have counts as the last day of its month. Which rule a law wants is for its rule to say.
    pub fn effective_by(&self, rule: Effective) -> Option<Date> {
        match (self.0, rule) {
            (Form::Unknown, _) => None,
            (Form::Era(era), Effective::First) => Some(era.first_day()),
            (Form::Era(era), Effective::Last) => era.last_day(),
            (Form::Point(point) | Form::Span(point, _), Effective::First) => Some(point.period().0),
            (Form::Point(point) | Form::Span(_, point), Effective::Last) => Some(point.period().1),
        }
    }

    /// What is stored: the effective day and the recorded text (不詳表記); the text is `None` when
    /// the day alone says everything.
    pub fn storage(&self) -> (Option<Date>, Option<String>) {
        let text = (!self.is_said_by_the_day()).then(|| self.text());
        (self.effective(), text)
    }

    /// Back from [`LooseDate::storage`]; the text wins. `None` if both are absent or the text is
    /// not a date.
    pub fn from_storage(day: Option<Date>, text: Option<&str>) -> Option<LooseDate> {
        match text {
            Some(text) => LooseDate::parse_recorded(text).ok(),
            None => day.map(LooseDate::from),
        }
    }

    /// What is uncertain.
    pub fn kind(&self) -> Kind {
        let point = match self.0 {
            Form::Unknown => return Kind::Unknown,
            Form::Era(_) => return Kind::YearUnknown,
            Form::Span(..) => return Kind::Between,
            Form::Point(point) => point,
        };
        match (point.guess, point.about, point.part, point.month, point.day) {
            (Guess::Whole | Guess::Day, ..) => Kind::Estimated,
            (_, true, ..) => Kind::About,
            (_, _, Some(_), ..) => Kind::Part,
            (.., None, _) => Kind::MonthUnknown,
            (.., None) => Kind::DayUnknown,
            _ if point.is_impossible() => Kind::Impossible,
            _ => Kind::Certain,
        }
    }

    /// In Japanese years, as on certificates: `令和8年4月1日`, `昭和15年4月日不詳`. A western year
    /// without month in which the era changed takes the later era; before 明治 `西暦1850年…`.
    pub fn japanese(&self) -> String {
        self.text_with(|point| {
            let era = point.era.or_else(|| Era::of(point.period().1));
            Point { era, ..point }
        })
    }

    /// In western years: `2026年4月1日`, `1940年4月日不詳`; `西暦1850年…` before 明治. The era alone
    /// stays as it is.
    pub fn western(&self) -> String {
        self.text_with(|point| Point { era: None, ..point })
    }

    /// `2026-04-01`; unknown digits are X (`1940-04-XX`), 頃 and 推定 end in `~`, a part of a year
    /// or month and a span are `first/last` (after ISO 8601-2). [`OPEN_FROM`] is `0000-01-01`.
    pub fn iso(&self) -> String {
        let (from, to) = match self.0 {
            Form::Unknown => return "XXXX-XX-XX".to_owned(),
            Form::Era(era) => {
                let last = era.last_day().map(|day| day.to_string()).unwrap_or_default();
                return format!("{}/{last}", era.first_day());
            }
            Form::Point(point) => (point, point),
            Form::Span(from, to) => (from, to),
        };
        if self.certain() == Some(OPEN_FROM) {
            return "0000-01-01".to_owned();
        }
        if from == to && from.part.is_none() {
            return iso_point(from);
        }
        let about = if from.about || to.about || from.guess != Guess::No { "~" } else { "" };
        format!("{}/{}{about}", from.period().0, to.period().1)
    }

    /// Whether both may mean the same day, for searching. An unknown date matches every date; 頃
    /// and 推定 reach one unit to either side: a year, a month, or ten days.
    pub fn matches(&self, other: &LooseDate) -> bool {
        let (first, last) = self.reach();
        let (other_first, other_last) = other.reach();
        first <= other_last && other_first <= last
    }

    /// The first and last day that it may mean to [`LooseDate::matches`]: a certain date matches
    /// if it lies between them.
    pub fn reach(&self) -> (Date, Date) {
        match self.0 {
            Form::Unknown => (OPEN_FROM, FOREVER),
            Form::Era(era) => (era.first_day(), era.last_day().unwrap_or(FOREVER)),
            Form::Point(point) => (reach(point).0, reach(point).1),
            Form::Span(from, to) => (reach(from).0, reach(to).1),
        }
    }

    fn is_said_by_the_day(&self) -> bool {
        self.certain().is_some_and(|day| LooseDate::from(day) == *self)
    }

    /// The recorded text: in the era it was written in, else western.
    fn text(&self) -> String {
        self.text_with(|point| point)
    }

    fn text_with(&self, reckon: impl Fn(Point) -> Point) -> String {
        match self.0 {
            Form::Unknown => "年月日不詳".to_owned(),
            Form::Era(era) => format!("{era}年月日不詳"),
            Form::Point(point) => reckon(point).text(true),
            Form::Span(from, to) => span_text(reckon(from), reckon(to)),
        }
    }
}

fn span_text(from: Point, to: Point) -> String {
    let same_year = (from.era, from.year) == (to.era, to.year);
    let end = match (same_year, from.month == to.month) {
        (true, true) if to.day.is_some() || to.part.is_some() => to.day_text(false),
        (true, _) if to.month.is_some() => to.rest_text(false),
        _ => to.text(false),
    };
    format!("{}から{end}までの間", from.text(false))
}

fn iso_point(point: Point) -> String {
    let two = |part: Option<i8>| part.map_or("XX".to_owned(), |part| format!("{part:02}"));
    let about = if point.about || point.guess != Guess::No { "~" } else { "" };
    format!("{:04}-{}-{}{about}", point.year, two(point.month), two(point.day))
}

/// The period of `point`, widened where it is only about right.
fn reach(point: Point) -> (Date, Date) {
    let (first, last) = point.period();
    if !point.about && point.guess == Guess::No {
        return (first, last);
    }
    let days = match (point.month, point.day, point.part) {
        (None, _, None) => 366,
        (_, None, Some(Part::Early | Part::Middle | Part::Late)) | (_, Some(_), _) => 10,
        _ => 31,
    };
    let span = jiff::Span::new().days(days);
    (first.checked_sub(span).unwrap_or(OPEN_FROM), last.checked_add(span).unwrap_or(FOREVER))
}

impl From<Date> for LooseDate {
    fn from(day: Date) -> LooseDate {
        LooseDate(Form::Point(Point::of_day(day)))
    }
}

impl fmt::Display for LooseDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.japanese())
    }
}

impl fmt::Debug for LooseDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LooseDate({})", self.text())
    }
}

impl std::str::FromStr for LooseDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<LooseDate, DateError> {
        LooseDate::parse(text)
    }
}

impl Serialize for LooseDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.is_said_by_the_day() {
            true => serializer.serialize_str(&self.iso()),
            false => serializer.serialize_str(&self.text()),
        }
    }
}

impl<'de> Deserialize<'de> for LooseDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LooseDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        LooseDate::parse_recorded(&text).map_err(serde::de::Error::custom)
    }
}
