//! The functions an expression may call: names, and the types they take and give.
//! `README.md` says what each one does.

use crate::types::Type;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    AddDays,
    AddMonths,
    AddYears,
    Age,
    AgeReached,
    Concat,
    Contains,
    Count,
    Date,
    DaysBetween,
    Distinct,
    Duration,
    Empty,
    EndsWith,
    First,
    FiscalYear,
    FiscalYearEnd,
    IsUnknown,
    Last,
    ListContains,
    Max,
    Min,
    MonthEnd,
    MonthStart,
    Not,
    PeriodEnd,
    Round(Rounding),
    StartsWith,
    StringLength,
    Sum,
    Text,
    ValueOr,
}

/// How a fraction of the unit is treated (端数処理); all work on the magnitude, so that
/// −150 and 150 give the same digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// 切捨て: towards zero.
    Down,
    /// 切上げ: away from zero.
    Up,
    /// 四捨五入: half away from zero.
    HalfUp,
}

const NAMES: &[(&str, Function)] = &[
    ("abs", Function::Abs),
    ("concat", Function::Concat),
    ("contains", Function::Contains),
    ("count", Function::Count),
    ("date", Function::Date),
    ("days between", Function::DaysBetween),
    ("distinct", Function::Distinct),
    ("duration", Function::Duration),
    ("empty", Function::Empty),
    ("ends with", Function::EndsWith),
    ("first", Function::First),
    ("is unknown", Function::IsUnknown),
    ("last", Function::Last),
    ("list contains", Function::ListContains),
    ("max", Function::Max),
    ("min", Function::Min),
    ("not", Function::Not),
    ("starts with", Function::StartsWith),
    ("string", Function::Text),
    ("string length", Function::StringLength),
    ("sum", Function::Sum),
    ("value or", Function::ValueOr),
    ("切捨て", Function::Round(Rounding::Down)),
    ("切上げ", Function::Round(Rounding::Up)),
    ("四捨五入", Function::Round(Rounding::HalfUp)),
    ("年齢", Function::Age),
    ("到達日", Function::AgeReached),
    ("年度", Function::FiscalYear),
    ("年度末", Function::FiscalYearEnd),
    ("期間の末日", Function::PeriodEnd),
    ("月初", Function::MonthStart),
    ("月末", Function::MonthEnd),
    ("日を加える", Function::AddDays),
    ("月を加える", Function::AddMonths),
    ("年を加える", Function::AddYears),
];

/// The function called `name`; of two words with one space between them.
pub(crate) fn find(name: &str) -> Option<Function> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}

/// All names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// Arguments and result of a function whose types are fixed; `None` for the others.
pub(crate) fn signature(function: Function) -> Option<(&'static [Type], Type)> {
    use Type::{Boolean, Date, Text};
    const INTEGER: Type = Type::INTEGER;
    Some(match function {
        Function::StartsWith | Function::EndsWith => (&[Text, Text], Boolean),
        Function::StringLength => (&[Text], INTEGER),
        Function::Not => (&[Boolean], Boolean),
        Function::DaysBetween => (&[Date, Date], INTEGER),
        Function::Age => (&[Date, Date], INTEGER),
        Function::AgeReached => (&[Date, INTEGER], Date),
        Function::FiscalYear => (&[Date], INTEGER),
        Function::FiscalYearEnd | Function::MonthStart | Function::MonthEnd => (&[Date], Date),
        Function::AddDays | Function::AddMonths | Function::AddYears | Function::PeriodEnd => {
            (&[Date, INTEGER], Date)
        }
        _ => return None,
    })
}
