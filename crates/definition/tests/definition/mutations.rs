//! Whatever happens to the lines of a sound package, loading ends in words, never in a panic.

use definition::Package;
use proptest::prelude::*;

use crate::support::{package_of, systems_folder};

/// What may happen to a text in an editor.
#[derive(Clone, Debug)]
enum Mutation {
    Delete(usize),
    Duplicate(usize),
    Swap(usize, usize),
    Indent(usize),
    Cut(usize),
    Insert(usize, String),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        any::<usize>().prop_map(Mutation::Delete),
        any::<usize>().prop_map(Mutation::Duplicate),
        any::<(usize, usize)>().prop_map(|(a, b)| Mutation::Swap(a, b)),
        any::<usize>().prop_map(Mutation::Indent),
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), "[-{}\\[\\]:,&*!\"'| 0-9名対式=().あ]{1,6}")
            .prop_map(|(at, text)| Mutation::Insert(at, text)),
    ]
}

fn apply(text: &str, mutation: &Mutation) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len().max(1);
    if lines.is_empty() {
        return text.to_owned();
    }
    match mutation {
        Mutation::Delete(at) => drop(lines.remove(at % count)),
        Mutation::Duplicate(at) => lines.insert(at % count, lines[at % count].clone()),
        Mutation::Swap(a, b) => lines.swap(a % count, b % count),
        Mutation::Indent(at) => lines[at % count].insert_str(0, "  "),
        Mutation::Cut(at) => {
            let line = &mut lines[at % count];
            let half = line.chars().count() / 2;
            *line = line.chars().take(half).collect();
        }
        Mutation::Insert(at, inserted) => {
            let line = &mut lines[at % count];
            let letters: Vec<char> = line.chars().collect();
            let (left, right) = letters.split_at((at / 7) % (letters.len() + 1));
            *line = left.iter().chain(&inserted.chars().collect::<Vec<_>>()).chain(right).collect();
        }
    }
    lines.join("\n")
}

fn sound() -> Package {
    package_of(&systems_folder().join("resident-record"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn mutated_packages_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..4),
    ) {
        let mut package = sound();
        let paths: Vec<String> = package.files.keys().cloned().collect();
        for (file, mutation) in &changes {
            let path = file.get(&paths);
            let text = apply(&package.files[path], mutation);
            package.files.insert(path.clone(), text);
        }
        if let Err(diagnostics) = definition::load(&package) {
            prop_assert!(!diagnostics.is_empty());
            for diagnostic in &diagnostics {
                prop_assert!(package.files.contains_key(&diagnostic.file));
                prop_assert!(diagnostic.line > 0 && diagnostic.column > 0);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{a: ", "- ", "? "] {
        let mut package = sound();
        package.files.insert("codes/deep.yaml".to_owned(), open.repeat(20_000));
        assert!(definition::load(&package).is_err(), "{open}");
    }
}
