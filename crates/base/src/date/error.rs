//! Why a writing was refused as a date, in the words shown beside the field.

use crate::said::Said;

/// A refused date. `Display` is the Japanese message for the person at the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Nothing was written.
    #[error(
        "日付が入力されていません。令和8年4月1日、R8.4.1、2026-04-01 のように入力してください。"
    )]
    Empty,
    /// Not a date in any accepted writing.
    #[error(
        "「{input}」は日付として読めません。令和8年4月1日、R8.4.1、2026-04-01、\
         昭和15年4月日不詳 のように入力してください。"
    )]
    Format {
        /// What was written.
        input: String,
    },
    /// A year of fewer than four digits without its era.
    #[error(
        "「{input}」の年に元号がありません。令和8年4月1日のように元号を付けるか、\
         西暦を4桁で入力してください。"
    )]
    EraMissing {
        /// What was written.
        input: String,
    },
    /// A certain day is needed.
    #[error("「{input}」は日まで確定していません。年月日をすべて入力してください。")]
    Uncertain {
        /// What was written.
        input: String,
    },
    /// The era began after the day.
    #[error("{era}は{first_day}からです。{given}は{right}と入力してください。")]
    EraNotBegun {
        /// Name of the era.
        era: String,
        /// Its first day, in that era.
        first_day: String,
        /// What was written, in western years.
        given: String,
        /// The right form.
        right: String,
    },
    /// The era had ended by the day.
    #[error("{era}は{last_day}までです。{given}は{right}と入力してください。")]
    EraEnded {
        /// Name of the era.
        era: String,
        /// Its last day, in that era.
        last_day: String,
        /// What was written, in western years.
        given: String,
        /// The right form.
        right: String,
    },
    /// Year 0 or beyond 9999.
    #[error("{year}年は扱えません。元号の年は元年（1年）から、西暦は1年から9999年までです。")]
    Year {
        /// What was written.
        year: i32,
    },
    /// Month 0 or beyond 12.
    #[error("{month}月はありません。月は1から12までで入力してください。")]
    Month {
        /// What was written.
        month: i32,
    },
    /// The month has no such day.
    #[error("{month}に{day}日はありません。日は1から{days}までで入力してください。")]
    Day {
        /// Year and month as written.
        month: String,
        /// What was written.
        day: i32,
        /// The days the month has.
        days: i8,
    },
    /// A span that ends before it begins.
    #[error("期間の終わり（{to}）が初め（{from}）より前です。順序を確かめてください。")]
    Reversed {
        /// First day as written.
        from: String,
        /// Last day as written.
        to: String,
    },
}

impl DateError {
    /// The message in both languages.
    pub fn said(&self) -> Said {
        Said::beside(self, self.english())
    }

    fn english(&self) -> String {
        match self {
            DateError::Empty => {
                "No date was entered. Enter it as 2026-04-01, R8.4.1 or “令和8年4月1日”.".to_owned()
            }
            DateError::Format { input } => format!(
                "“{input}” cannot be read as a date. Enter it as 2026-04-01, R8.4.1, \
                 “令和8年4月1日” or “昭和15年4月日不詳”."
            ),
            DateError::EraMissing { input } => format!(
                "The year of “{input}” has no era. Enter the era (R8.4.1) or a western year \
                 of four digits."
            ),
            DateError::Uncertain { input } => {
                format!("“{input}” is not a certain day. Enter year, month and day.")
            }
            DateError::EraNotBegun { era, first_day, given, right } => {
                format!("The era “{era}” begins on “{first_day}”. Enter “{given}” as “{right}”.")
            }
            DateError::EraEnded { era, last_day, given, right } => {
                format!("The era “{era}” ends on “{last_day}”. Enter “{given}” as “{right}”.")
            }
            DateError::Year { year } => format!(
                "The year {year} is not possible. Years of an era begin with 1, western years \
                 are 1 to 9999."
            ),
            DateError::Month { month } => {
                format!("There is no month {month}. Enter a month from 1 to 12.")
            }
            DateError::Day { month, day, days } => {
                format!("“{month}” has no day {day}. Enter a day from 1 to {days}.")
            }
            DateError::Reversed { from, to } => {
                format!("The end (“{to}”) is before the beginning (“{from}”). Check their order.")
            }
        }
    }
}
