//! Words of single businesses, which belong into `systems/` and `benefits/`, not into the engine.
//!
//! Looked for in code and strings under `crates/*/src`; doc comments and tests may use them.
//! `xtask/allowed-terms.txt` names exceptions: `<path or its beginning> <term or *> # reason`.

use super::Finding;
use crate::tree::{Source, Tree};

/// Where the exceptions lie.
const PATH: &str = "xtask/allowed-terms.txt";

/// The words, Japanese as they are, English as identifiers with underscores.
const TERMS: &[&str] = &[
    "転入",
    "転出",
    "転居",
    "住民票",
    "住民基本台帳",
    "印鑑",
    "児童手当",
    "児童扶養",
    "特別児童",
    "国民健康保険",
    "国保",
    "介護保険",
    "要介護",
    "後期高齢",
    "固定資産",
    "軽自動車",
    "住民税",
    "市民税",
    "都市計画税",
    "国民年金",
    "生活保護",
    "障害者福祉",
    "障害者手帳",
    "就学援助",
    "学齢簿",
    "選挙人名簿",
    "戸籍",
    "子ども・子育て",
    "保育",
    "予防接種",
    "健康診査",
    "母子",
    "move_in",
    "move_out",
    "resident_record",
    "seal_registration",
    "child_allowance",
    "child_rearing",
    "health_insurance",
    "care_insurance",
    "long_term_care",
    "property_tax",
    "vehicle_tax",
    "resident_tax",
    "national_pension",
    "public_assistance",
    "school_register",
    "family_register",
    "vaccination",
    "electoral_roll",
];

/// One exception.
struct Allowance<'a> {
    line: usize,
    path: &'a str,
    term: &'a str,
    used: bool,
}

/// The words that stand where they may not, and exceptions that nothing needs any more.
pub fn check(tree: &Tree, allowed: &str) -> Vec<Finding> {
    let (mut allowances, mut findings) = read(allowed);
    for source in tree.sources.iter().filter(|it| is_engine(&it.path)) {
        for (line, term) in occurrences(source) {
            let fits = |it: &&mut Allowance| {
                source.path.starts_with(it.path) && (it.term == "*" || it.term == term)
            };
            match allowances.iter_mut().find(fits) {
                Some(allowance) => allowance.used = true,
                None => {
                    let words = format!(
                        "«{term}» belongs to one business: say it in general words, or in data \
                         under systems/"
                    );
                    findings.push(Finding::at(&source.path, line, words));
                }
            }
        }
    }
    let unused = allowances.iter().filter(|it| !it.used);
    findings.extend(unused.map(|it| {
        Finding::at(PATH, it.line, format!("nothing needs «{} {}»: remove it", it.path, it.term))
    }));
    findings
}

fn is_engine(path: &str) -> bool {
    let inner = path.strip_prefix("crates/").and_then(|it| it.split_once("/src/"));
    inner.is_some_and(|(_, file)| !file.contains("tests/") && !file.ends_with("tests.rs"))
}

fn read(text: &str) -> (Vec<Allowance<'_>>, Vec<Finding>) {
    let mut allowances = Vec::new();
    let mut findings = Vec::new();
    for (index, whole) in text.lines().enumerate() {
        let (rule, reason) = whole.split_once('#').unwrap_or((whole, ""));
        let words: Vec<&str> = rule.split_whitespace().collect();
        let line = index + 1;
        match words[..] {
            [] => {}
            [path, term] if !reason.trim().is_empty() => {
                allowances.push(Allowance { line, path, term, used: false });
            }
            _ => findings.push(Finding::at(PATH, line, "expected: <path> <term or *> # <reason>")),
        }
    }
    (allowances, findings)
}

/// Each line and word, up to the file's module of tests.
fn occurrences(source: &Source) -> Vec<(usize, &'static str)> {
    let code = &source.parts.code;
    let begins_tests = |pair: &[String]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    let lines = 0..code.windows(2).position(begins_tests).unwrap_or(code.len());
    let mut found = Vec::new();
    for index in lines {
        let comment = source.parts.comments[index].trim_start();
        let is_doc = comment.starts_with("///") || comment.starts_with("//!");
        let comment = if is_doc { "" } else { comment };
        let parts = [&code[index], &source.parts.strings[index], comment];
        let text = parts.join(" ");
        if text.trim().is_empty() {
            continue;
        }
        let words = split_words(&text);
        let is_in = |term: &str| match term.is_ascii() {
            true => has_words(&words, term),
            false => text.contains(term),
        };
        found.extend(TERMS.iter().filter(|term| is_in(term)).map(|term| (index + 1, *term)));
    }
    found
}

/// Whether the words of `term` stand in a row, as in `child_allowance`, `ChildAllowance`,
/// `CHILD_ALLOWANCE` or `child-allowance`; `remove_in` is not `move_in`.
fn has_words(words: &[String], term: &str) -> bool {
    let wanted: Vec<&str> = term.split('_').collect();
    words.windows(wanted.len()).any(|row| {
        row.iter().zip(&wanted).all(|(word, wanted)| word.trim_end_matches('s') == *wanted)
    })
}

/// The words of identifiers in lower case; anything but letters, digits, `_` and `-` is a break.
fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for sign in text.chars() {
        let joins = sign.is_ascii_alphanumeric();
        if !joins || (sign.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if joins {
            words.last_mut().expect("never empty").push(sign.to_ascii_lowercase());
        } else if !matches!(sign, '_' | '-') {
            // A mark between two identifiers, so that their words are not taken together.
            words.push("|".to_owned());
            words.push(String::new());
        }
        before = sign;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TestTree;

    #[track_caller]
    fn check_words(path: &str, text: &str, allowed: &str, expect: &[&str]) {
        let tree = TestTree::new(&[(path, text)]).read();
        let words: Vec<String> = check(&tree, allowed).into_iter().map(|it| it.words).collect();
        assert_eq!(words.len(), expect.len(), "{words:?}");
        for (words, expect) in words.iter().zip(expect) {
            assert!(words.contains(expect), "{words}");
        }
    }

    const PATH: &str = "crates/office/src/case.rs";

    #[test]
    fn words_of_a_business_are_refused_in_code_and_strings() {
        check_words(PATH, "const A: &str = \"児童手当の申請\";", "", &["児童手当"]);
        check_words(PATH, "fn move_in() {}", "", &["move_in"]);
        check_words(
            PATH,
            "enum A { MoveIn, ChildAllowances }",
            "",
            &["move_in", "child_allowance"],
        );
        check_words(PATH, "const A: &str = \"child-allowance\";", "", &["child_allowance"]);
        check_words(PATH, "// 転入のとき\n", "", &["転入"]);
    }

    #[test]
    fn doc_comments_tests_and_other_words_pass() {
        check_words(PATH, "//! 転入\n/// 転出\nfn a() {}", "", &[]);
        check_words(PATH, "fn remove_in() { move_into(); self.move(in_x) }", "", &[]);
        check_words(
            PATH,
            "fn a() {}\n#[cfg(test)]\nmod tests { const A: &str = \"転入\"; }",
            "",
            &[],
        );
        check_words("crates/office/tests/main.rs", "const A: &str = \"転入\";", "", &[]);
        check_words("crates/office/src/case/tests.rs", "const A: &str = \"転入\";", "", &[]);
    }

    #[test]
    fn exceptions_have_a_reason_and_a_need() {
        let text = "const A: &str = \"転入\";";
        check_words(PATH, text, "crates/office/ 転入 # an official name\n", &[]);
        check_words(PATH, text, "crates/office/ * # names\n", &[]);
        check_words(PATH, text, "crates/store/ 転入 # x\n", &["転入", "nothing needs"]);
        check_words(PATH, text, "crates/office/ 転入\n", &["expected", "転入"]);
        check_words(PATH, "", "# only a remark\n", &[]);
    }
}
