//! What is wrong in a definition file: where, what, and what would be right. Only words; nothing
//! here reads the file.

use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// エラー: the definition is refused.
    Error,
    /// 警告: accepted, but look.
    Warning,
    /// 参考: only to know.
    Note,
}

/// One finding in a definition file. Ordered by place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Diagnostic {
    /// Path below the definition's folder.
    pub file: String,
    /// Line from 1; 0 for the whole file.
    pub line: u32,
    /// Column in characters from 1; 0 for the whole line.
    pub column: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in Japanese.
    pub message: String,
    /// What to do, in Japanese.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place given as (line, column).
    pub fn error(
        file: impl Into<String>,
        place: (u32, u32),
        message: impl Into<String>,
    ) -> Diagnostic {
        let (file, message, (line, column)) = (file.into(), message.into(), place);
        Diagnostic { file, line, column, severity: Severity::Error, message, help: None }
    }

    /// A warning at a place given as (line, column).
    pub fn warning(
        file: impl Into<String>,
        place: (u32, u32),
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(file, place, message) }
    }

    /// With what to do.
    pub fn with_help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }

    /// Whether it refuses the definition.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "エラー",
            Severity::Warning => "警告",
            Severity::Note => "参考",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { file, line, column, severity, message, help } = self;
        write!(f, "{file}:{line}:{column}: {severity}: {message}")?;
        match help {
            Some(help) => write!(f, "\n  対処: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}
