//! The simple values and types of imported models, which systems of our own never use.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::number::Number;
use super::temporal::{CalendarDate, Moment, SECOND, Time, days_text, months_text};
use crate::types::Type;
use crate::value::Value;

/// A simple value that only imported models have.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar(pub(crate) Kind);

/// What the value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(Number),
    Date(CalendarDate),
    Time(Time),
    Moment(Moment),
    /// Days and time, in nanoseconds.
    Days(i128),
    /// Years and months, in months.
    Months(i64),
    Range(Box<Range>),
}

/// A range (範囲); an end that is null is open to that side, or not known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    pub ends: [Value; 2],
    pub closed: [bool; 2],
    pub form: Form,
}

/// How a range is written; ranges of unequal form are not equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `[a..b]`
    Between,
    /// `(< a)` and the like.
    Compared,
    /// `(= a)`
    Equal,
    /// `(!= a)`
    Unequal,
}

/// The type of a simple value of imported models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalarType(pub(crate) Shape);

/// Which simple type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Number,
    Date,
    Time,
    Moment,
    Days,
    Months,
    Range(Arc<Type>),
}

pub(crate) const NUMBER: Type = Type::Scalar(ScalarType(Shape::Number));
pub(crate) const DATE: Type = Type::Scalar(ScalarType(Shape::Date));
pub(crate) const TIME: Type = Type::Scalar(ScalarType(Shape::Time));
pub(crate) const MOMENT: Type = Type::Scalar(ScalarType(Shape::Moment));
pub(crate) const DAYS: Type = Type::Scalar(ScalarType(Shape::Days));
pub(crate) const MONTHS: Type = Type::Scalar(ScalarType(Shape::Months));

/// The type of ranges of `element`.
pub(crate) fn range_of(element: Type) -> Type {
    Type::Scalar(ScalarType(Shape::Range(Arc::new(element))))
}

impl ScalarType {
    /// The type both fit.
    pub(crate) fn join(&self, other: &ScalarType) -> Option<ScalarType> {
        match (&self.0, &other.0) {
            (Shape::Range(a), Shape::Range(b)) => {
                Some(ScalarType(Shape::Range(Arc::new(a.join(b)?))))
            }
            (a, b) => (a == b).then(|| self.clone()),
        }
    }

    /// Whether a value is of this type.
    pub(crate) fn holds(&self, value: &Scalar) -> bool {
        matches!(
            (&self.0, &value.0),
            (Shape::Number, Kind::Number(_))
                | (Shape::Date, Kind::Date(_))
                | (Shape::Time, Kind::Time(_))
                | (Shape::Moment, Kind::Moment(_))
                | (Shape::Days, Kind::Days(_))
                | (Shape::Months, Kind::Months(_))
                | (Shape::Range(_), Kind::Range(_))
        )
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Shape::Number => f.write_str("数（34桁）"),
            Shape::Date => f.write_str("日付"),
            Shape::Time => f.write_str("時刻"),
            Shape::Moment => f.write_str("日時"),
            Shape::Days => f.write_str("期間（日・時間）"),
            Shape::Months => f.write_str("期間（年・月）"),
            Shape::Range(element) => write!(f, "{element}の範囲"),
        }
    }
}

impl Scalar {
    /// The word for this kind of value in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Number(_) => "数",
            Kind::Date(_) => "日付",
            Kind::Time(_) => "時刻",
            Kind::Moment(_) => "日時",
            Kind::Days(_) | Kind::Months(_) => "期間",
            Kind::Range(_) => "範囲",
        }
    }
}

impl Kind {
    pub fn value(self) -> Value {
        Value::Scalar(Arc::new(Scalar(self)))
    }

    /// FEEL's equality: seconds are compared without their fraction.
    pub fn equal(&self, other: &Kind) -> bool {
        let seconds = |nanos: i128| nanos.div_euclid(SECOND);
        match (self, other) {
            (Kind::Time(a), Kind::Time(b)) => {
                a.offset.is_some() == b.offset.is_some()
                    && seconds(a.universal()) == seconds(b.universal())
            }
            (Kind::Moment(a), Kind::Moment(b)) => {
                a.time.offset.is_some() == b.time.offset.is_some()
                    && seconds(a.universal()) == seconds(b.universal())
            }
            (Kind::Range(a), Kind::Range(b)) => {
                let ends = a.ends.iter().zip(&b.ends).all(|(a, b)| super::value::equal(a, b));
                ends && a.closed == b.closed && a.form == b.form
            }
            (a, b) => a == b,
        }
    }

    /// The order of two values of one kind; `None` if they have none.
    pub fn order(&self, other: &Kind) -> Option<Ordering> {
        match (self, other) {
            (Kind::Number(a), Kind::Number(b)) => Some(a.cmp(b)),
            (Kind::Date(a), Kind::Date(b)) => Some(a.cmp(b)),
            (Kind::Time(a), Kind::Time(b)) if a.offset.is_some() == b.offset.is_some() => {
                Some(a.universal().cmp(&b.universal()))
            }
            (Kind::Moment(a), Kind::Moment(b))
                if a.time.offset.is_some() == b.time.offset.is_some() =>
            {
                Some(a.universal().cmp(&b.universal()))
            }
            (Kind::Days(a), Kind::Days(b)) => Some(a.cmp(b)),
            (Kind::Months(a), Kind::Months(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// As FEEL's `string` writes it.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Number(number) => write!(f, "{number}"),
            Kind::Date(date) => write!(f, "{date}"),
            Kind::Time(time) => write!(f, "{time}"),
            Kind::Moment(moment) => write!(f, "{moment}"),
            Kind::Days(nanos) => f.write_str(&days_text(*nanos)),
            Kind::Months(months) => f.write_str(&months_text(*months)),
            Kind::Range(range) => {
                let [low, high] = &range.ends;
                let open = if range.closed[0] { '[' } else { '(' };
                let close = if range.closed[1] { ']' } else { ')' };
                write!(f, "{open}{low}..{high}{close}")
            }
        }
    }
}
