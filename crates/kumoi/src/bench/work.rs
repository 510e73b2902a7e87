//! What is entered, issued and looked at: a file of samples, so that no business stands in code.

use anyhow::Result;
use office::case::CaseInput;
use serde::Deserialize;
use serde_json::{Value as Json, json};

const WORK: &str = include_str!("../../../../data/sample/bench.json");
/// Stands for letters that differ from one round to the next.
const MARK: char = '＃';
const LETTERS: [char; 32] = [
    'ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ',
    'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ',
];

/// The contents of the file.
#[derive(Deserialize)]
pub(super) struct Work {
    pub(super) register: Looked,
    pub(super) case: Entered,
    pub(super) certificate: Entered,
}

/// The register that is searched and opened.
#[derive(Deserialize)]
pub(super) struct Looked {
    pub(super) system: String,
    pub(super) register: String,
}

/// A procedure and its form.
#[derive(Deserialize)]
pub(super) struct Entered {
    system: String,
    procedure: String,
    form: Json,
    identity: Json,
}

impl Work {
    /// Reads the file.
    pub(super) fn read() -> Result<Work> {
        Ok(serde_json::from_str(WORK)?)
    }
}

impl Entered {
    /// The input with its marks replaced by the letters of `number`.
    pub(super) fn numbered(&self, number: u32) -> CaseInput {
        self.input(marked(&self.form, &letters(number)))
    }

    /// The input for these subjects.
    pub(super) fn of(&self, subjects: &[String]) -> CaseInput {
        let mut form = self.form.clone();
        let keys = subjects.iter().map(|key| json!({ "key": key })).collect();
        form["対象者"] = Json::Array(keys);
        self.input(form)
    }

    fn input(&self, form: Json) -> CaseInput {
        CaseInput {
            system: self.system.clone(),
            procedure: self.procedure.clone(),
            form,
            identity: self.identity.clone(),
            acknowledged: true,
        }
    }
}

fn letters(number: u32) -> String {
    let digit = |place: u32| LETTERS[(number >> (5 * place) & 31) as usize];
    (0..6).rev().map(digit).collect()
}

fn marked(form: &Json, letters: &str) -> Json {
    match form {
        Json::String(text) => Json::String(text.replace(MARK, letters)),
        Json::Array(list) => list.iter().map(|one| marked(one, letters)).collect(),
        Json::Object(map) => {
            map.iter().map(|(name, one)| (name.clone(), marked(one, letters))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_names_of_its_own() {
        let work = Work::read().unwrap();
        let (one, two) = (work.case.numbered(1), work.case.numbered(2));
        assert_ne!(one.form, two.form);
        assert!(!one.form.to_string().contains(MARK));
        assert_eq!(letters(33), "アアアアイイ");
    }
}
