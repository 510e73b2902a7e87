//! Reading dates as people write them. Refuses with the reason and the right form; guesses nothing.

use super::loose::{Form, LooseDate};
use super::point::{Guess, Part, Point, SEASONS, THIRDS};
use super::{Date, DateError, OPEN_FROM, numeral};
use crate::era::Era;
use unicode_normalization::UnicodeNormalization;

const UNKNOWN: [&str; 6] =
    ["不詳", "不明", "年月日不詳", "年月日不明", "生年月日不詳", "生年月日不明"];
const ABOUT: [&str; 4] = ["頃", "ころ", "ごろ", "比"];

/// One reading: the text for messages, and whether days outside the calendar are kept.
struct Reader<'a> {
    input: &'a str,
    recorded: bool,
}

type Read<'t, T> = Result<(T, &'t str), DateError>;

pub(super) fn parse(input: &str, recorded: bool) -> Result<LooseDate, DateError> {
    let text: String = input.nfkc().filter(|c| !c.is_whitespace()).collect();
    let reader = Reader { input: input.trim(), recorded };
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    if text == "0000-01-01" || text == "00000101" {
        return Ok(LooseDate::from(OPEN_FROM));
    }
    if UNKNOWN.contains(&text.as_str()) {
        return Ok(LooseDate::UNKNOWN);
    }
    if let Some(era) = era_alone(&text) {
        return Ok(LooseDate(Form::Era(era)));
    }
    match text.split_once("から") {
        Some((from, to)) => reader.span(from, to),
        None => reader.whole(&text).map(|point| LooseDate(Form::Point(point.canonical()))),
    }
}

fn era_alone(text: &str) -> Option<Era> {
    Era::all().find(|era| {
        let rest = text.strip_prefix(era.name());
        rest.is_some_and(|rest| {
            matches!(rest, "" | "不詳" | "年不詳" | "年月日不詳" | "不明" | "年月日不明")
        })
    })
}

impl Reader<'_> {
    fn format(&self) -> DateError {
        DateError::Format { input: self.input.to_owned() }
    }

    /// A point that is the whole text.
    fn whole(&self, text: &str) -> Result<Point, DateError> {
        if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.digits(text);
        }
        let (guess, rest) = strip_guess(text);
        let (start, rest) = self.year(rest)?;
        let point = self.after_year(Point { guess, ..start }, rest)?;
        point.check_era()?;
        Ok(point)
    }

    /// `…から…まで(の間)`; the end takes the parts it leaves out from the beginning.
    fn span(&self, from: &str, to: &str) -> Result<LooseDate, DateError> {
        let from = self.whole(from)?;
        let to = to.strip_suffix("の間").unwrap_or(to);
        let to = to.strip_suffix("まで").ok_or_else(|| self.format())?;
        let to = self.span_end(from, to)?;
        to.check_era()?;
        if to.period().1 < from.period().0 {
            return Err(DateError::Reversed { from: from.text(false), to: to.text(false) });
        }
        let from = from.canonical();
        Ok(LooseDate(Form::Span(from, to.canonical())))
    }

    fn span_end(&self, from: Point, text: &str) -> Result<Point, DateError> {
        let (guess, rest) = strip_guess(text);
        let year = Point { guess, ..Point::of_year(from.era, from.year) };
        if rest.contains(['年', '-', '/', '.']) {
            return self.whole(text);
        }
        if rest.contains('月') {
            return self.after_year(year, rest);
        }
        let month = from.month.ok_or_else(|| self.format())?;
        let guess = if guess == Guess::Whole { Guess::Day } else { guess };
        self.after_month(Point { month: Some(month), guess, ..year }, rest)
    }

    fn digits(&self, text: &str) -> Result<Point, DateError> {
        let number = |part: &str| part.parse::<i32>().map_err(|_| self.format());
        let point = Point::of_year(None, year_number(number(&text[..4])?)?);
        let point = with_month(point, number(&text[4..6])?)?;
        self.with_day(point, number(&text[6..])?)
    }

    /// The year with its era, with 西暦, or of four digits: `8年` alone may be of any era.
    fn year<'t>(&self, text: &'t str) -> Read<'t, Point> {
        if let Some(text) = text.strip_prefix("西暦") {
            let (number, rest) = numeral::take(text).ok_or_else(|| self.format())?;
            return Ok((Point::of_year(None, year_number(number)?), rest));
        }
        let (era, start) = strip_era(text);
        let (number, rest) = numeral::take_year(start).ok_or_else(|| self.format())?;
        let signs = start[..start.len() - rest.len()].chars().count();
        if era.is_none() && signs > 4 {
            return Err(self.format());
        }
        if era.is_none() && signs < 4 {
            return Err(DateError::EraMissing { input: self.input.to_owned() });
        }
        if !(1..=9999).contains(&number) {
            return Err(DateError::Year { year: number });
        }
        let year = era.map_or(number, |era| number + i32::from(era.first_day().year()) - 1);
        Ok((Point::of_year(era, year_number(year)?), rest))
    }

    fn after_year(&self, point: Point, text: &str) -> Result<Point, DateError> {
        if let Some(separator) = text.chars().next().filter(|c| ['-', '/', '.'].contains(c)) {
            return self.separated(point, &text[1..], separator);
        }
        let text = text.strip_prefix('年').unwrap_or(text);
        if matches!(text, "" | "不詳" | "月日不詳" | "不明" | "月日不明") {
            return Ok(point);
        }
        if let Some((part, rest)) = strip_part(&SEASONS, text) {
            return self.marks(Point { part: Some(part), ..point }, rest);
        }
        if ABOUT.contains(&text) {
            return self.marks(point, text);
        }
        let (month, rest) = numeral::take(text).ok_or_else(|| self.format())?;
        let rest = rest.strip_prefix('月').ok_or_else(|| self.format())?;
        self.after_month(with_month(point, month)?, rest)
    }

    /// `4-1` after `2026-`: the separator must be the same.
    fn separated(&self, point: Point, text: &str, separator: char) -> Result<Point, DateError> {
        let (month, rest) = numeral::take(text).ok_or_else(|| self.format())?;
        let point = with_month(point, month)?;
        let Some(rest) = rest.strip_prefix(separator) else {
            return self.marks(point, rest);
        };
        let (day, rest) = numeral::take(rest).ok_or_else(|| self.format())?;
        self.marks(self.with_day(point, day)?, rest)
    }

    fn after_month(&self, point: Point, text: &str) -> Result<Point, DateError> {
        if matches!(text, "" | "不詳" | "日不詳" | "不明" | "日不明") {
            return Ok(point);
        }
        if let Some((part, rest)) = strip_part(&THIRDS, text) {
            return self.marks(Point { part: Some(part), ..point }, rest);
        }
        if ABOUT.contains(&text) {
            return self.marks(point, text);
        }
        let (point, text) = match text.strip_prefix("推定") {
            Some(rest) if point.guess == Guess::No => (Point { guess: Guess::Day, ..point }, rest),
            Some(_) => return Err(self.format()),
            None => (point, text),
        };
        let (day, rest) = numeral::take(text).ok_or_else(|| self.format())?;
        let rest = rest.strip_prefix('日').ok_or_else(|| self.format())?;
        self.marks(self.with_day(point, day)?, rest)
    }

    /// The end of the text: nothing or 頃.
    fn marks(&self, point: Point, text: &str) -> Result<Point, DateError> {
        match text {
            "" => Ok(point),
            _ if ABOUT.contains(&text) => Ok(Point { about: true, ..point }),
            _ => Err(self.format()),
        }
    }

    fn with_day(&self, point: Point, day: i32) -> Result<Point, DateError> {
        let days = point.days();
        let limit = if self.recorded { 31 } else { i32::from(days) };
        match i8::try_from(day) {
            Ok(known) if day >= 1 && day <= limit => Ok(Point { day: Some(known), ..point }),
            _ => Err(DateError::Day { month: point.text(false), day, days }),
        }
    }
}

fn strip_guess(text: &str) -> (Guess, &str) {
    match text.strip_prefix("推定") {
        Some(rest) => (Guess::Whole, rest),
        None => (Guess::No, text),
    }
}

/// 令和, 令 before a number, R or r.
fn strip_era(text: &str) -> (Option<Era>, &str) {
    for era in Era::all() {
        let letter = |c: char| c.eq_ignore_ascii_case(&era.letter());
        let initial = |c: char| era.name().starts_with(c);
        let rest = text.strip_prefix(era.name()).or_else(|| text.strip_prefix(letter));
        if let Some(rest) = rest.or_else(|| text.strip_prefix(initial)) {
            return (Some(era), rest);
        }
    }
    (None, text)
}

fn strip_part<'t>(parts: &[Part], text: &'t str) -> Option<(Part, &'t str)> {
    parts.iter().find_map(|part| Some((*part, text.strip_prefix(part.text())?)))
}

fn with_month(point: Point, month: i32) -> Result<Point, DateError> {
    match i8::try_from(month) {
        Ok(known @ 1..=12) => Ok(Point { month: Some(known), ..point }),
        _ => Err(DateError::Month { month }),
    }
}

fn year_number(year: i32) -> Result<i16, DateError> {
    let known = i16::try_from(year).ok().filter(|year| Date::new(*year, 1, 1).is_ok());
    known.filter(|year| *year >= 1).ok_or(DateError::Year { year })
}
