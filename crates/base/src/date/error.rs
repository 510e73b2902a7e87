//! Why a writing was refused as a date, in the words shown beside the field.

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
