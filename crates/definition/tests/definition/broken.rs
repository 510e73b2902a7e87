//! Broken definitions, one a folder: the words that their authors will read.
//!
//! A case is the sound package of `tests/good` with the files of its folder laid over it.

use std::path::{Path, PathBuf};

use definition::Package;
use definition::model::Verb;
use expect_test::expect_file;

use crate::support::{package_of, shown};

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The sound package.
pub fn good() -> Package {
    package_of(&tests_folder().join("good"))
}

fn laid_over(case: &Path) -> Package {
    let mut package = good();
    let mut changes = package_of(case);
    changes.files.remove("expected.txt");
    package.files.extend(changes.files);
    package
}

#[track_caller]
fn check(case: &Path) {
    let Err(diagnostics) = definition::load(&laid_over(case)) else {
        panic!("{} loads although it is broken", case.display());
    };
    for diagnostic in &diagnostics {
        let place = format!("{}:{}", diagnostic.file, diagnostic.line);
        assert!(diagnostic.line > 0, "{place} has no line");
        assert!(diagnostic.help.is_some(), "{place} does not say what to do");
    }
    expect_file![case.join("expected.txt")].assert_eq(&shown(&diagnostics));
}

#[test]
fn the_sound_package_loads() {
    let (_, warnings) = definition::load(&package_of(&tests_folder().join("good")))
        .unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    assert_eq!(shown(&warnings), "");
}

#[test]
fn broken_definitions_are_explained() {
    let folder = std::fs::read_dir(tests_folder().join("broken")).expect("the folder is there");
    let mut cases: Vec<PathBuf> = folder.map(|entry| entry.expect("readable").path()).collect();
    cases.sort();
    assert!(cases.len() > 94, "only {} cases", cases.len());
    for case in cases {
        check(&case);
    }
}

#[test]
fn an_installed_version_is_not_asked_for_the_form_of_its_notices() {
    let broken = tests_folder().join("broken");
    let installed = |case: &str| definition::load_installed(&laid_over(&broken.join(case)));
    assert!(installed("notice-without-document").is_ok());
    assert!(installed("item-number-twice").is_ok(), "a number shapes no table");
    assert!(installed("item-type-unknown").is_err());
}

/// A package without English loads; its author hears where an English reader will meet Japanese.
#[test]
fn a_text_without_english_is_said() {
    let mut package = package_of(&tests_folder().join("good"));
    let file = package.files.get_mut("procedures/issue.yaml").expect("it is in the package");
    *file = file.replace(", hint_en: As in the family register", "");
    let (system, warnings) =
        definition::load(&package).unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    let words = "「hint」に英語の文がなく、英語の画面にも日本語で出ます";
    let said = shown(&warnings);
    assert!(said.contains(words) && said.contains("procedures/issue.yaml:17:"), "{said}");
    assert!(!system.procedures.is_empty());
}

/// `take:` on rows that are there takes the form's field, never the old value of the row itself.
#[test]
fn what_is_taken_is_the_field() {
    let mut package = package_of(&tests_folder().join("good"));
    let file = package.files.get_mut("procedures/renew.yaml").expect("it is in the package");
    *file = file
        .replace(
            "effects:",
            "      - { name: 冊数, name_en: Volumes, type: integer, length: 3 }\neffects:",
        )
        .replace("set: { 券の状態: '\"1\"' }", "take: [冊数]");
    let (system, _) =
        definition::load(&package).unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    let renew = system.procedure("renew").expect("the procedure is there");
    let Verb::Amend { set, .. } = &renew.effects[0].verb else { panic!("{:?}", renew.effects) };
    assert_eq!((set[0].item.as_str(), set[0].value.source()), ("冊数", "冊数"));
}
