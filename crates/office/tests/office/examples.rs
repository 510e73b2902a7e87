//! Every example of every system decides as it says. `UPDATE_EXPECT=1` writes the decisions anew;
//! reviewers read the difference.

use std::fmt::Write as _;

use definition::examples::with_decision;
use office::example::differences;

use crate::folder::{package, system, system_names, systems_folder};

#[test]
fn examples_decide_as_they_say() {
    let write = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = String::new();
    for id in system_names() {
        let loaded = system(&id);
        assert!(!loaded.examples.is_empty(), "{id} has no example");
        for difference in differences(&loaded).expect("the examples can be run") {
            let path = systems_folder().join(&id).join(&difference.file);
            if write {
                let text = &package(&id).files[&difference.file];
                let text = with_decision(text, &difference.found).expect("a decision block");
                std::fs::write(path, text).expect("the example can be written");
                continue;
            }
            let (file, expected, found) = (difference.file, difference.expected, difference.found);
            let _ = writeln!(wrong, "{id}/{file}\n--- 例\n{expected}\n--- 決定\n{found}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_decision_is_written_into_its_block() {
    let text = "# 題\n\n```facts\n手続: a\n```\n```decision\n古い\n```\n後書き\n";
    let expect = "# 題\n\n```facts\n手続: a\n```\n```decision\n新\n二\n```\n後書き\n";
    assert_eq!(with_decision(text, "新\n二\n").as_deref(), Some(expect));
    assert_eq!(with_decision("# 題\n", "新"), None);
}
