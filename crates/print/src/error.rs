//! The one error type of the crate, by what the caller can do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A character that no font of the stack can show exactly as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingGlyph {
    /// JSON pointer of the value; empty when the character comes from the template.
    pub path: String,
    /// The base character with its variation selector, if it has one.
    pub text: String,
    /// `U+XXXX` or `U+XXXX U+E01XX`.
    pub code: String,
}

impl fmt::Display for MissingGlyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "様式" } else { &self.path };
        write!(f, "{place} の {}", self.code)
    }
}

/// Why a document was not printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PrintError {
    /// Characters without a glyph (外字, 未収録の異体字): register them or correct the data.
    #[error("書体に無い文字があるため印刷しません: {}。文字を同定し直すか、外字を登録してください", list(.0))]
    MissingGlyphs(Vec<MissingGlyph>),
    /// The template or its data is wrong: file, line, column and reason.
    #[error("様式の誤り: {0}")]
    Template(String),
    /// The worker process failed or could not be started.
    #[error("印刷処理が失敗しました: {0}")]
    Worker(String),
    /// The document took longer than the limit.
    #[error("印刷が制限時間内に終わりませんでした。様式と件数を確認してください")]
    Timeout,
    /// The file of the bundle would be longer than the worker hands over: print fewer at a time.
    #[error("一つのファイルにするには大きすぎます（256MiBまで）。件数を分けてください")]
    TooLarge,
}

/// At most five places; the rest is counted.
fn list(missing: &[MissingGlyph]) -> String {
    let shown: Vec<String> = missing.iter().take(5).map(MissingGlyph::to_string).collect();
    let shown = shown.join("、");
    match missing.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} ほか{more}箇所"),
    }
}
