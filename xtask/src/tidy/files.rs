//! What every Rust file must look like: its opening, its length, its lines, its macros.

use super::{Finding, Oversize};
use crate::tree::{Source, Tree};

/// The most lines of a file.
const LONGEST_FILE: usize = 800;
/// The most columns of a line.
const WIDEST: usize = 100;
/// The most columns of a line with a string of wide (Japanese) letters in it.
const WIDEST_WITH_JAPANESE: usize = 140;

/// What may not stand in code, and why.
const REFUSED_CODE: &[(&str, &str)] = &[
    ("todo!", "finish it"),
    ("unimplemented!", "finish it"),
    ("dbg!", "remove it"),
    ("#[ignore", "a test that does not run proves nothing: run it or remove it"),
];

/// What may not stand in comments.
const REFUSED_COMMENTS: &[&str] = &["TODO", "FIXME"];

/// Everything but the lengths.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources.iter().flat_map(check_source).collect()
}

/// The files that are too long.
pub fn oversizes(tree: &Tree) -> Vec<Oversize> {
    let long = tree.sources.iter().filter_map(|source| {
        let size = source.text.lines().count();
        let words = format!("{size} lines, {LONGEST_FILE} are allowed: split the file");
        let finding = Finding::at(&source.path, 1, words);
        (size > LONGEST_FILE).then(|| Oversize {
            key: format!("file {}", source.path),
            size,
            finding,
        })
    });
    long.collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |line, words: String| findings.push(Finding::at(&source.path, line, words));
    if source.path.ends_with("/mod.rs") {
        say(1, "no mod.rs: use foo.rs beside foo/bar.rs".to_owned());
    }
    let opening = source.text.lines().find(|line| !line.trim().is_empty());
    if !opening.is_some_and(|line| line.starts_with("//!")) {
        say(1, "the file must open with //!: what it is for and what it never does".to_owned());
    }
    for (index, line) in source.text.lines().enumerate() {
        let number = index + 1;
        let has_japanese = source.parts.strings[index].chars().any(|sign| sign >= '\u{1100}');
        let widest = if has_japanese { WIDEST_WITH_JAPANESE } else { WIDEST };
        let width = line.chars().count();
        if width > widest {
            say(number, format!("{width} columns, {widest} are allowed: break the line"));
        }
        for (word, why) in REFUSED_CODE {
            if source.parts.code[index].contains(word) {
                say(number, format!("{word} is refused: {why}"));
            }
        }
        for word in REFUSED_COMMENTS {
            if source.parts.comments[index].contains(word) {
                say(number, format!("{word} is refused: do it, or write an issue"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TestTree;

    #[track_caller]
    fn check_words(path: &str, text: &str, expect: &[&str]) {
        let tree = TestTree::new(&[(path, text)]).read();
        let words: Vec<String> = check(&tree).into_iter().map(|it| it.words).collect();
        assert_eq!(words.len(), expect.len(), "{words:?}");
        for (words, expect) in words.iter().zip(expect) {
            assert!(words.contains(expect), "{words}");
        }
    }

    const PATH: &str = "crates/base/src/lib.rs";

    #[test]
    fn files_open_with_their_purpose() {
        check_words(PATH, "//! Codes.\n", &[]);
        check_words(PATH, "\n\n//! Codes.\n", &[]);
        check_words(PATH, "// Codes.\n", &["open with //!"]);
        check_words(PATH, "", &["open with //!"]);
        check_words("crates/base/src/code/mod.rs", "//! Codes.\n", &["no mod.rs"]);
    }

    #[test]
    fn unfinished_work_is_refused_in_code_only() {
        check_words(PATH, "//! A.\nfn a() { todo!() }\n", &["todo!"]);
        check_words(PATH, "//! A.\nfn a() { unimplemented!() }\n", &["unimplemented!"]);
        check_words(
            PATH,
            "//! A.\n#[ignore = \"slow\"]\nfn a() { dbg!(1); }\n",
            &["#[ign", "dbg!"],
        );
        check_words(PATH, "//! A.\n/// Never todo!.\nconst A: &str = \"todo! dbg!\";\n", &[]);
        check_words(PATH, &["//! A.\n// TO", "DO\n"].concat(), &["do it"]);
    }

    #[test]
    fn lines_are_narrow_but_japanese_strings_may_be_wider() {
        let wide =
            |sign: &str, count| format!("//! A.\nconst A: &str = \"{}\";\n", sign.repeat(count));
        check_words(PATH, &wide("a", 70), &[]);
        check_words(PATH, &wide("a", 90), &["109 columns, 100"]);
        check_words(PATH, &wide("字", 90), &[]);
        check_words(PATH, &wide("字", 130), &["149 columns, 140"]);
        check_words(PATH, &format!("//! {}\n", "字".repeat(99)), &["103 columns, 100"]);
    }

    #[test]
    fn long_files_are_found() {
        let text = "//! A.\n".to_owned() + &"\n".repeat(799);
        let found = |text: &str| oversizes(&TestTree::new(&[(PATH, text)]).read());
        assert_eq!(found(&text), []);
        let longer = found(&(text + "\n"));
        assert_eq!((longer[0].size, longer[0].key.as_str()), (801, "file crates/base/src/lib.rs"));
    }
}
