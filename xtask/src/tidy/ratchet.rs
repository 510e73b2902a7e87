//! `xtask/ratchet.txt`: what was too large when the rule came, with its size. It only shrinks.
//!
//! One a line: `file <path> <lines>` or `function <path> <name> <lines>`.

use std::collections::BTreeMap;

use super::{Finding, Oversize};

/// Where it lies.
pub const PATH: &str = "xtask/ratchet.txt";

const HEAD: &str = "\
# What is larger than the house rules allow, with its size in lines. It may only shrink:
# `cargo run -p xtask -- tidy --ratchet` lowers it. Never add a line by hand.
";

/// The sizes that are put up with.
#[derive(Default)]
pub struct Ratchet(BTreeMap<String, (usize, usize)>);

/// What the ratchet makes of the sizes found.
#[derive(Default)]
pub struct Judged {
    /// New or grown.
    pub findings: Vec<Finding>,
    /// Entries that could be lower or go.
    pub loose: Vec<Finding>,
    /// The text of the file with those lowered.
    pub lowered: String,
}

impl Ratchet {
    /// Reads the file's text; lines that make no sense come back as findings.
    pub fn read(text: &str) -> (Ratchet, Vec<Finding>) {
        let mut ratchet = Ratchet::default();
        let mut broken = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = line.trim().rsplit_once(' ');
            match parsed.and_then(|(key, size)| Some((key, size.parse().ok()?))) {
                Some((key, size)) => {
                    ratchet.0.insert(key.to_owned(), (size, index + 1));
                }
                None => {
                    broken.push(Finding::at(PATH, index + 1, "expected: <what> <path> <lines>"))
                }
            }
        }
        (ratchet, broken)
    }

    /// Lets pass what is known and not larger than it was.
    pub fn judge(mut self, oversizes: Vec<Oversize>) -> Judged {
        let mut judged = Judged { lowered: HEAD.to_owned(), ..Judged::default() };
        for Oversize { key, size, finding } in oversizes {
            match self.0.remove(&key) {
                Some((known, line)) if size <= known => {
                    judged.lowered += &format!("{key} {size}\n");
                    if size < known {
                        let words = format!("{key} shrank to {size}: run tidy --ratchet");
                        judged.loose.push(Finding::at(PATH, line, words));
                    }
                }
                Some((known, _)) => {
                    judged.lowered += &format!("{key} {known}\n");
                    let words = format!("{} (it had {known})", finding.words);
                    judged.findings.push(Finding { words, ..finding });
                }
                None => judged.findings.push(finding),
            }
        }
        for (key, (_, line)) in self.0 {
            let words = format!("{key} is no longer too large: run tidy --ratchet");
            judged.loose.push(Finding::at(PATH, line, words));
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, size: usize, findings: usize, loose: usize, lowered: &str) {
        let (ratchet, broken) = Ratchet::read(text);
        assert_eq!(broken, []);
        let finding = Finding::at("a.rs", 1, "too long");
        let judged = ratchet.judge(vec![Oversize { key: "file a.rs".to_owned(), size, finding }]);
        assert_eq!((judged.findings.len(), judged.loose.len()), (findings, loose));
        assert_eq!(judged.lowered.strip_prefix(HEAD).unwrap(), lowered);
    }

    #[test]
    fn it_only_shrinks() {
        check("file a.rs 900", 900, 0, 0, "file a.rs 900\n");
        check("file a.rs 900", 850, 0, 1, "file a.rs 850\n");
        check("file a.rs 900", 901, 1, 0, "file a.rs 900\n");
        check("# nothing\n", 801, 1, 0, "");
        check("file b.rs 900\nfile a.rs 850", 850, 0, 1, "file a.rs 850\n");
    }

    #[test]
    fn senseless_lines_are_reported() {
        let (_, broken) = Ratchet::read("file a.rs many\n");
        assert_eq!(broken[0].line, 1);
    }
}
