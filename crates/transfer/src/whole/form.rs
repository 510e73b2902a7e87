//! What was entered in cases, readable: secrets in the forms of cases are sealed with the
//! organisation's keys, which do not leave with it. What cannot be opened is named, never dropped.

use office::form::{SEALED, sealed_open};
use serde_json::Value;
use store::vault::Vault;

/// The listing whose rows hold forms.
pub(super) const FORMS: &str = "cases";

/// Opens forms, and keeps what could not be opened.
pub(super) struct Forms<'v> {
    vault: &'v Vault,
    /// Case and item of each value that stays sealed.
    pub(super) unopened: Vec<String>,
}

/// Whose form: its system and procedure.
type Whose<'c> = (&'c str, &'c str);

impl<'v> Forms<'v> {
    /// With the keys of the organisation.
    pub(super) fn new(vault: &'v Vault) -> Forms<'v> {
        Forms { vault, unopened: Vec::new() }
    }

    /// A row of the listing with its form opened.
    pub(super) fn open(&mut self, line: String) -> String {
        // The mark is rarely there: a row without it stays as the database wrote it.
        if !line.contains(SEALED) {
            return line;
        }
        let Ok(mut row) = serde_json::from_str::<Value>(&line) else { return line };
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (system, procedure, case) = (text("system"), text("procedure"), row["id"].to_string());
        if let Some(form) = row.get_mut("form") {
            self.walk((&system, &procedure), (&case, ""), form);
        }
        row.to_string()
    }

    fn walk(&mut self, whose: Whose<'_>, (case, field): (&str, &str), value: &mut Value) {
        match value {
            Value::Object(inner) => {
                inner.iter_mut().for_each(|(name, one)| self.walk(whose, (case, name), one));
            }
            Value::Array(inner) => {
                inner.iter_mut().for_each(|one| self.walk(whose, (case, field), one));
            }
            Value::String(text) if text.starts_with(SEALED) => {
                match sealed_open(self.vault, whose, field, text) {
                    Some(plain) => *text = plain,
                    None => self.unopened.push(format!("事案 {case} の {field}")),
                }
            }
            _ => {}
        }
    }
}
