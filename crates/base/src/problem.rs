//! The one shape of a refusal on the wire: problem details of RFC 9457, with the fields that were
//! wrong. Carries what the caller may know; never causes, addresses or personal data of others.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Problem details (RFC 9457), sent as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI reference that names the kind; `about:blank` when the status says enough.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The kind in one Japanese line.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here and what to do, in Japanese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Identifies this occurrence, for the support desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The fields that were wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// One field that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) to the field, `/birth_date`; empty for the whole document.
    pub pointer: String,
    /// What is wrong and what would be right, in Japanese.
    pub message: String,
    /// A stable code for programs, `E0001` or a word.
    pub code: String,
}

/// The media type of [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

fn about_blank() -> String {
    "about:blank".to_owned()
}

impl Problem {
    /// A problem with its status and title.
    pub fn new(status: u16, title: impl Into<String>) -> Problem {
        let (kind, title) = (about_blank(), title.into());
        Problem { kind, title, status, detail: None, instance: None, errors: Vec::new() }
    }

    /// With the URI reference of its kind.
    pub fn with_kind(self, kind: impl Into<String>) -> Problem {
        Problem { kind: kind.into(), ..self }
    }

    /// With what happened here and what to do.
    pub fn with_detail(self, detail: impl Into<String>) -> Problem {
        Problem { detail: Some(detail.into()), ..self }
    }

    /// With the mark of this occurrence.
    pub fn with_instance(self, instance: impl Into<String>) -> Problem {
        Problem { instance: Some(instance.into()), ..self }
    }

    /// With one more wrong field.
    pub fn with_error(mut self, error: FieldProblem) -> Problem {
        self.errors.push(error);
        self
    }
}

impl FieldProblem {
    /// A wrong field; `pointer` as in RFC 6901.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> FieldProblem {
        FieldProblem { pointer: pointer.into(), message: message.into(), code: code.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.title)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        for error in &self.errors {
            write!(f, "\n  {}: {}（{}）", error.pointer, error.message, error.code)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
