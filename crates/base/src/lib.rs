//! The words and figures every other part of the house shares: dates and eras, ages, yen, codes
//! with their check digits, kana and kanji keys, names, relationships, problems, diagnostics.
//! Pure: no input or output, no clock, no randomness; the day is always an argument.
//! Each module has the error of its own type, because a form shows it beside the one field.

pub mod age;
pub mod clock;
pub mod code;
pub mod date;
pub mod dated;
pub mod diagnostic;
pub mod era;
pub mod holiday;
pub mod kana;
pub mod kanji;
pub mod money;
pub mod name;
pub mod problem;
pub mod relationship;
pub mod said;
pub mod text;
