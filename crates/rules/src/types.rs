//! The types of expressions (型) and the names an expression may use.
//! Every type admits null (known to be absent) and unknown (not known); neither is a type.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use crate::dmn::ScalarType;

/// The largest number of decimal places a number may have.
pub const MAX_SCALE: u8 = 9;

/// The type of an expression or of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only null: the type of `null` and of the elements of `[]`. It fits every other type.
    Null,
    /// An exact decimal (数) with this many places; 0 is an integer. At most [`MAX_SCALE`].
    Number {
        /// Decimal places.
        scale: u8,
    },
    /// Text (文字).
    Text,
    /// A calendar date (日付).
    Date,
    /// A period in months and days (期間).
    Duration,
    /// True or false (真偽).
    Boolean,
    /// A finite list (並び) of one type.
    List(Arc<Type>),
    /// Named fields (項目の組).
    Record(Arc<RecordType>),
    /// A simple type of imported models; systems of our own have none.
    Scalar(ScalarType),
}

impl Type {
    /// A whole number.
    pub const INTEGER: Type = Type::Number { scale: 0 };

    /// A record type from its fields.
    pub fn record(fields: impl IntoIterator<Item = (String, Type)>) -> Type {
        Type::Record(Arc::new(RecordType::new(fields)))
    }

    /// A list whose elements have type `element`.
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// A number with `scale` decimal places, cut to [`MAX_SCALE`].
    pub fn number(scale: u8) -> Type {
        Type::Number { scale: scale.min(MAX_SCALE) }
    }

    /// The narrowest type both fit, or `None` if they cannot be mixed.
    pub(crate) fn join(&self, other: &Type) -> Option<Type> {
        match (self, other) {
            (Type::Null, t) | (t, Type::Null) => Some(t.clone()),
            (Type::Number { scale: a }, Type::Number { scale: b }) => {
                Some(Type::Number { scale: *a.max(b) })
            }
            (Type::List(a), Type::List(b)) => Some(Type::list(a.join(b)?)),
            (Type::Scalar(a), Type::Scalar(b)) => Some(Type::Scalar(a.join(b)?)),
            (Type::Record(a), Type::Record(b)) if Arc::ptr_eq(a, b) => Some(self.clone()),
            (a, b) => (a == b).then(|| a.clone()),
        }
    }

    /// Whether `<` has a meaning. Months and days cannot be compared, so durations have none.
    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Type::Null | Type::Number { .. } | Type::Text | Type::Date)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Null => f.write_str("null"),
            Type::Number { scale: 0 } => f.write_str("整数"),
            Type::Number { scale } => write!(f, "数（小数{scale}桁）"),
            Type::Text => f.write_str("文字"),
            Type::Date => f.write_str("日付"),
            Type::Duration => f.write_str("期間"),
            Type::Boolean => f.write_str("真偽"),
            Type::List(element) => write!(f, "{element}の並び"),
            Type::Record(_) => f.write_str("項目の組"),
            Type::Scalar(scalar) => scalar.fmt(f),
        }
    }
}

/// The named fields of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordType {
    fields: BTreeMap<String, Type>,
}

impl RecordType {
    /// A record type from its fields; of a repeated name the last one stands.
    pub fn new(fields: impl IntoIterator<Item = (String, Type)>) -> Self {
        Self { fields: fields.into_iter().collect() }
    }

    /// The type of field `name`.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.fields.get(name)
    }

    /// Fields in order of name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.fields.iter().map(|(name, ty)| (name.as_str(), ty))
    }
}

/// The names an expression may use, with their types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    names: BTreeMap<String, Type>,
}

impl Scope {
    /// A scope without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same scope with one more name.
    #[must_use]
    pub fn with(mut self, name: &str, ty: Type) -> Self {
        self.insert(name, ty);
        self
    }

    /// Adds a name; a repeated name takes the new type.
    pub fn insert(&mut self, name: impl Into<String>, ty: Type) {
        self.names.insert(name.into(), ty);
    }

    /// The type of `name`.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.names.get(name)
    }

    /// All names with their types, in order of name.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.names.iter().map(|(name, ty)| (name.as_str(), ty))
    }
}

impl FromIterator<(String, Type)> for Scope {
    fn from_iter<I: IntoIterator<Item = (String, Type)>>(names: I) -> Self {
        Self { names: names.into_iter().collect() }
    }
}
