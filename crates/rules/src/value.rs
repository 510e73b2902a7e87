//! The values of facts and answers. Null is known to be absent; unknown is not known.

mod day;
mod decimal;
mod duration;
mod record;
mod unknown;

use std::fmt;
use std::sync::Arc;

pub use crate::dmn::Scalar;
pub use day::Day;
pub(crate) use decimal::RescaleError;
pub use decimal::{Decimal, NotADecimal};
pub use duration::{Duration, NotADuration};
pub use jiff::civil::Date;
pub use record::Record;
pub use unknown::{Carried, OpenQuestion, Unknown};

/// One value. Cloning is cheap: everything long is shared.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Known to be absent (なし).
    Null,
    /// Not known (不明), with the facts that would have to be asked.
    Unknown(Unknown),
    /// An exact decimal.
    Number(Decimal),
    /// Text.
    Text(Arc<str>),
    /// A calendar date.
    Date(Day),
    /// A period in months and days.
    Duration(Duration),
    /// True or false.
    Boolean(bool),
    /// A finite list.
    List(Arc<Vec<Value>>),
    /// Named fields.
    Record(Arc<Record>),
    /// A simple value of imported models; systems of our own have none.
    Scalar(Arc<Scalar>),
}

impl Value {
    /// An unknown value: which fact is missing, and why.
    pub fn unknown(fact: impl Into<String>, reason: impl Into<String>) -> Self {
        Value::Unknown(Unknown::new(fact, reason))
    }

    /// The word for this kind of value in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Unknown(_) => "不明",
            Value::Number(_) => "数",
            Value::Text(_) => "文字",
            Value::Date(_) => "日付",
            Value::Duration(_) => "期間",
            Value::Boolean(_) => "真偽",
            Value::List(_) => "並び",
            Value::Record(_) => "項目の組",
            Value::Scalar(scalar) => scalar.kind(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: u8) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Unknown(unknown) => write!(f, "{unknown}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "\"{text}\""),
            Value::Date(date) => write!(f, "{date}"),
            Value::Duration(duration) => write!(f, "{duration}"),
            Value::Boolean(truth) => write!(f, "{truth}"),
            Value::Scalar(scalar) => write!(f, "{scalar}"),
            Value::List(_) | Value::Record(_) if depth >= MAX_SHOWN_DEPTH => f.write_str("…"),
            Value::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().take(MAX_SHOWN).enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    item.write(f, depth + 1)?;
                }
                write_rest(f, items.len())?;
                f.write_str("]")
            }
            Value::Record(record) => {
                f.write_str("{")?;
                for (index, (name, value)) in record.iter().take(MAX_SHOWN).enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write!(f, "{name}: ")?;
                    value.write(f, depth + 1)?;
                }
                write_rest(f, record.len())?;
                f.write_str("}")
            }
        }
    }
}

const MAX_SHOWN: usize = 20;
const MAX_SHOWN_DEPTH: u8 = 4;

fn write_rest(f: &mut fmt::Formatter<'_>, length: usize) -> fmt::Result {
    match length.saturating_sub(MAX_SHOWN) {
        0 => Ok(()),
        rest => write!(f, ", …他{rest}件"),
    }
}

/// For people: long lists and deep records are shortened.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

macro_rules! from {
    ($($from:ty => |$x:ident| $value:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($x: $from) -> Self {
                $value
            }
        }
    )*};
}

from! {
    i64 => |x| Value::Number(Decimal::from(x));
    i32 => |x| Value::Number(Decimal::from(i64::from(x)));
    Decimal => |x| Value::Number(x);
    &str => |x| Value::Text(x.into());
    String => |x| Value::Text(x.into());
    Arc<str> => |x| Value::Text(x);
    bool => |x| Value::Boolean(x);
    Date => |x| Value::Date(Day::from(x));
    Day => |x| Value::Date(x);
    Duration => |x| Value::Duration(x);
    Vec<Value> => |x| Value::List(Arc::new(x));
    Record => |x| Value::Record(Arc::new(x));
    Unknown => |x| Value::Unknown(x);
}

/// `None` is null: known to be absent, not unknown.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
