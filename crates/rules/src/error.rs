//! What can go wrong: in the text of an expression, and in its evaluation for one subject.
//! Every message says where, what, and what to do.

use std::fmt;

use base::said::Said;

/// A stretch of the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end.max(self.start) }
    }

    /// Line and column of the start, from 1, the column in characters.
    pub fn locate(self, source: &str) -> (usize, usize) {
        let before = source.get(..self.start).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |text| text.chars().count()) + 1;
        (line, column)
    }
}

/// An error in the text of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// First byte of the faulty text.
    pub start: usize,
    /// The byte after the faulty text.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in Japanese.
    pub message: String,
    /// What would be right, in Japanese.
    pub help: Option<String>,
}

impl SourceError {
    pub(crate) fn at(source: &str, span: Span, problem: Problem) -> Self {
        let (line, column) = span.locate(source);
        let Problem { message, help } = problem;
        Self { start: span.start, end: span.end, line, column, message, help }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}行{}文字目: {}", self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "{help}"))
    }
}

impl std::error::Error for SourceError {}

/// A message with its remedy, not yet placed in the source.
#[derive(Debug)]
pub(crate) struct Problem {
    pub message: String,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Why one subject has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A result outside the range of an i64 at its scale.
    #[error("計算の結果が扱える大きさを超えました。入力した数の桁を確かめてください。")]
    Overflow,
    /// A divisor of zero.
    #[error("0で割っています。割る数が0になる場合を if で分けてください。")]
    DivisionByZero,
    /// The unit of a rounding that is not above zero.
    #[error("端数処理の単位は0より大きい数でなければなりません。単位を確かめてください。")]
    UnitNotPositive,
    /// Year, month and day that name no date.
    #[error("{year}年{month}月{day}日という日付はありません。年月日を確かめてください。")]
    NotADate {
        /// Year as given.
        year: i64,
        /// Month as given.
        month: i64,
        /// Day as given.
        day: i64,
    },
    /// A date outside the years −9999 to 9999.
    #[error("日付が扱える範囲を超えました。加える期間を確かめてください。")]
    DateOutOfRange,
    /// An age before birth.
    #[error("生年月日より前の日の年齢は計算できません。二つの日付を確かめてください。")]
    BeforeBirth,
    /// A fact whose value is not of its declared type.
    #[error("{expected}のはずの値が{found}です。入力または定義の型を直してください。")]
    WrongType {
        /// The declared type.
        expected: String,
        /// What was found.
        found: &'static str,
    },
    /// A fact with more decimal places than its declared type.
    #[error("小数は{scale}桁までです。入力した数の桁を直してください。")]
    TooPrecise {
        /// Places allowed.
        scale: u8,
    },
    /// More than a million steps through lists.
    #[error("計算の量が上限（百万回）を超えました。並びを短くするか、式を分けてください。")]
    TooManySteps,
    /// Text of more than 64 KiB.
    #[error("文字が長すぎます（64KiBまで）。つなげる文字を減らしてください。")]
    TextTooLong,
    /// A time or moment with a named time zone in an imported model.
    #[error("名前の時間帯（@Asia/Tokyo など）は扱いません。+09:00 のように書いてください。")]
    NamedZone,
}

impl Fault {
    /// The message in both languages.
    pub fn said(&self) -> Said {
        Said::beside(self, self.english())
    }

    fn english(&self) -> String {
        match self {
            Fault::Overflow => {
                "The result is too large. Check the digits of the numbers entered.".to_owned()
            }
            Fault::DivisionByZero => {
                "A number is divided by 0. The definition must set that case apart.".to_owned()
            }
            Fault::UnitNotPositive => {
                "The unit of a rounding must be above 0. Check the unit.".to_owned()
            }
            Fault::NotADate { year, month, day } => {
                format!("There is no date {year}-{month}-{day}. Check year, month and day.")
            }
            Fault::DateOutOfRange => {
                "A date is out of range. Check the period that is added.".to_owned()
            }
            Fault::BeforeBirth => {
                "There is no age on a day before the birth. Check both dates.".to_owned()
            }
            Fault::WrongType { expected, found } => format!(
                "A value that should be “{expected}” is “{found}”. Correct what was entered or \
                 the type in the definition."
            ),
            Fault::TooPrecise { scale } => {
                format!("At most {scale} decimal places. Correct the number entered.")
            }
            Fault::TooManySteps => {
                "More than a million steps of calculation. Shorten the list or divide the \
                 expression."
                    .to_owned()
            }
            Fault::TextTooLong => {
                "The text is too long (64 KiB at most). Join less of it.".to_owned()
            }
            Fault::NamedZone => {
                "Named time zones are not supported. Write an offset such as +09:00.".to_owned()
            }
        }
    }
}

/// An error in the evaluation of an expression for one subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}行{column}文字目: {fault}")]
pub struct EvaluationError {
    /// What went wrong.
    pub fault: Fault,
    /// First byte of the part of the expression that failed.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl EvaluationError {
    /// The message in both languages, with its place in the expression.
    pub fn said(&self) -> Said {
        let (line, column) = (self.line, self.column);
        let english = self.fault.said().en;
        Said::beside(self, format!("line {line}, character {column}: {english}"))
    }

    pub(crate) fn at(source: &str, failure: Failure) -> Self {
        let Failure { fault, span } = failure;
        let (line, column) = span.locate(source);
        Self { fault, start: span.start, end: span.end, line, column }
    }
}

/// A fault with its place, not yet counted in lines.
#[derive(Debug)]
pub(crate) struct Failure {
    pub fault: Fault,
    pub span: Span,
}

impl Fault {
    pub(crate) fn at(self, span: Span) -> Box<Failure> {
        Box::new(Failure { fault: self, span })
    }
}
