//! How long functions are, from `fn` to the closing brace. Methods and tests count alike.

use super::{Finding, Oversize};
use crate::tree::{Source, Tree};

/// The most lines of a function.
const LONGEST: usize = 70;

/// A function with a body.
#[derive(Debug, PartialEq)]
struct Function {
    name: String,
    /// Of its `fn`, from 1.
    line: usize,
    lines: usize,
}

/// The functions that are too long.
pub fn oversizes(tree: &Tree) -> Vec<Oversize> {
    tree.sources.iter().flat_map(in_source).collect()
}

fn in_source(source: &Source) -> Vec<Oversize> {
    let long = functions(&source.parts.code).into_iter().filter(|it| it.lines > LONGEST);
    let oversize = |Function { name, line, lines }: Function| {
        let words = format!("fn {name} has {lines} lines, {LONGEST} are allowed: split it");
        Oversize {
            key: format!("function {} {name}", source.path),
            size: lines,
            finding: Finding::at(&source.path, line, words),
        }
    };
    long.map(oversize).collect()
}

/// Every function of the blanked code.
fn functions(code: &[String]) -> Vec<Function> {
    let signs: Vec<(usize, char)> = code
        .iter()
        .enumerate()
        .flat_map(|(line, text)| text.chars().chain(['\n']).map(move |sign| (line, sign)))
        .collect();
    let word = |at: usize| signs.get(at).is_some_and(|it| it.1.is_alphanumeric() || it.1 == '_');
    let mut functions = Vec::new();
    for at in 0..signs.len() {
        let is_fn = signs[at].1 == 'f' && signs.get(at + 1).is_some_and(|it| it.1 == 'n');
        if !is_fn || word(at + 2) || (at > 0 && word(at - 1)) {
            continue;
        }
        let start = (at + 2..signs.len()).find(|it| !signs[*it].1.is_whitespace());
        let name: String = start
            .map(|start| (start..).take_while(|it| word(*it)).map(|it| signs[it].1).collect())
            .unwrap_or_default();
        // `fn(` is a type, not a function.
        if name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(&signs[at..]) {
            let line = signs[at].0;
            functions.push(Function { name, line: line + 1, lines: end - line + 1 });
        }
    }
    functions
}

/// The line on which the body closes; `None` for a declaration without a body.
fn body_end(signs: &[(usize, char)]) -> Option<usize> {
    let (mut round, mut curly) = (0_i32, 0_i32);
    for (line, sign) in signs {
        match sign {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' if round == 0 || curly > 0 => curly += 1,
            '}' if curly > 0 => {
                curly -= 1;
                if curly == 0 {
                    return Some(*line);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rust_text::RustText;

    #[track_caller]
    fn check(text: &str, expect: &[(&str, usize, usize)]) {
        let found = functions(&RustText::of(text).code);
        let found: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.line, it.lines)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn functions_are_measured() {
        check("fn a() {}\n", &[("a", 1, 1)]);
        check("\nfn a(\n  b: u8,\n) -> u8 {\n  b\n}\n", &[("a", 2, 5)]);
        check("trait T { fn a(&self); fn b() {\n} }", &[("b", 1, 2)]);
        check("fn a(b: [u8; 3]) {\n}\n", &[("a", 1, 2)]);
        check("fn a() {\n  fn b() {\n  }\n}\n", &[("a", 1, 4), ("b", 2, 2)]);
        check("const A: fn() = b; struct S { fn_x: u8 }", &[]);
        check("fn a() { let b = \"}\"; // }\n}\n", &[("a", 1, 2)]);
        check("fn a<F: Fn(u8)>(f: F) where F: Copy {\n f(1)\n}", &[("a", 1, 3)]);
    }

    #[test]
    fn only_long_ones_are_reported() {
        let text = |lines: usize| format!("//! A.\nfn a() {{{}}}\n", "\n".repeat(lines - 1));
        let found = |text: &str| {
            let tree = crate::tree::TestTree::new(&[("crates/base/src/lib.rs", text)]).read();
            oversizes(&tree)
        };
        assert_eq!(found(&text(70)), []);
        let long = found(&text(71));
        assert_eq!(long[0].key, "function crates/base/src/lib.rs a");
        assert_eq!((long[0].size, long[0].finding.line), (71, 2));
    }
}
