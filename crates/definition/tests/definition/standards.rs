//! The standards of the repository, broken ones, and what the linter finds in 031.

use std::path::{Path, PathBuf};

use definition::Package;
use definition::standard::lint::{Disagreement, Fault, lint};
use definition::standard::{Output, Standard, Trust};
use expect_test::{expect, expect_file};

use crate::support::{package_of, shown};

fn folder(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standards").join(id)
}

#[track_caller]
fn loaded(id: &str) -> Standard {
    match Standard::load(&package_of(&folder(id))) {
        Ok((standard, warnings)) => {
            assert_eq!(shown(&warnings), "", "{id}");
            standard
        }
        Err(errors) => panic!("{id} does not load:\n{}", shown(&errors)),
    }
}

/// The facts of the official file that others rely on.
#[test]
fn the_official_layout_is_as_the_file_says() {
    let standard = loaded("031");
    assert_eq!(standard.trust, Trust::Official);
    let count = |is: &dyn Fn(&definition::standard::StandardItem) -> bool| {
        standard.items().filter(|(_, item)| is(item)).count()
    };
    assert_eq!(count(&|_| true), 29);
    assert_eq!(count(&|item| item.implement), 19);
    assert_eq!(count(&|item| item.output == Output::Must), 5);
    assert_eq!(count(&|item| item.output == Output::Conditional), 12);
    assert_eq!(count(&|item| item.repeats == 999), 2);
    assert_eq!(standard.interfaces[0].request.parameters.len(), 40);
}

#[test]
fn layouts_of_our_own_say_so() {
    for id in ["001", "002"] {
        let standard = loaded(id);
        assert_eq!(standard.trust, Trust::Unofficial, "{id}");
        assert!(standard.note.contains("公式のものではない"), "{id}");
        let own = format!("{id}90");
        assert!(standard.items().all(|(_, item)| item.number.starts_with(&own)), "{id}");
        assert_eq!(lint(&standard), [], "{id}");
    }
}

fn line(one: &Disagreement) -> String {
    let at = |place: &Option<definition::model::Located>| match place {
        Some(place) => format!("{}:{}", place.file, place.line),
        None => "–".to_owned(),
    };
    format!(
        "{} {} | {} | {} | {}\n  → {}\n",
        one.fault.word(),
        one.subject,
        at(&one.item),
        at(&one.interface),
        one.words,
        one.fix
    )
}

#[test]
fn the_linter_finds_what_the_official_files_disagree_on() {
    let found: String = lint(&loaded("031")).iter().map(line).collect();
    expect_file!["../lint-031.txt"].assert_eq(&found);
}

/// The sixteen places where the two files name, size or hold different things, one by one, and a
/// seventeenth of the same kinds that the published count does not have.
#[test]
fn the_sixteen_known_places_are_found_and_one_more() {
    let known = [
        (Fault::Length, "住所_町字"),
        (Fault::Name, "氏名_外国人アルファベット"),
        (Fault::Name, "氏名_読み仮名"),
        (Fault::Name, "氏_日本人_読み仮名"),
        (Fault::Name, "名_日本人_読み仮名"),
        (Fault::Name, "代表宛名フラグ"),
        (Fault::WithoutItem, "通称"),
        (Fault::WithoutItem, "通称_フリガナ"),
        (Fault::WithoutItem, "通称_フリガナ確認状況"),
        (Fault::WithoutItem, "生年月日_不詳フラグ"),
        (Fault::WithoutItem, "指定都市_行政区等コード"),
        (Fault::WithoutItem, "住所_国名コード"),
        (Fault::WithoutItem, "住所_国名等"),
        (Fault::WithoutItem, "住所_国外住所"),
        (Fault::WithoutItem, "他業務参照不可フラグ"),
        (Fault::WithoutItem, "履歴番号"),
    ];
    assert_eq!(known.len(), 16);
    let found = lint(&loaded("031"));
    let same = |one: &Disagreement| (one.fault, one.subject.clone());
    for (fault, subject) in known {
        assert!(found.iter().any(|one| same(one) == (fault, subject.to_owned())), "{subject}");
    }
    let other: Vec<_> = found
        .iter()
        .filter(|one| one.fault <= Fault::WithoutItem)
        .map(same)
        .filter(|(fault, subject)| !known.contains(&(*fault, subject.as_str())))
        .collect();
    assert_eq!(other, [(Fault::Romaji, "独自施策システム等ID".to_owned())]);
}

/// The two files made to agree: each repair takes away its own finding and no other.
#[test]
fn a_repaired_standard_has_less_to_say() {
    let package = package_of(&folder("031"));
    let of = |package: &Package| lint(&Standard::load(package).expect("it loads").0);
    let before = of(&package);
    for (file, from, to, gone) in [
        ("interfaces/numbering.yaml", "length: 120", "length: 18", "住所_町字"),
        ("interfaces/numbering.yaml", "shisutemutoid", "shisutemunadoid", "独自施策システム等ID"),
        ("items/basic.yaml", "type: DATE, output: must", "type: TIME, output: must", "操作年月日"),
    ] {
        let mut changed = package.clone();
        let text = changed.files.get_mut(file).expect("the file");
        assert!(text.contains(from), "{from}");
        *text = text.replace(from, to);
        let after = of(&changed);
        assert_eq!(before.len().abs_diff(after.len()), 1, "{gone}");
        let differing = before
            .iter()
            .filter(|one| !after.contains(one))
            .chain(after.iter().filter(|one| !before.contains(one)));
        assert!(differing.clone().all(|one| one.subject == gone), "{gone}");
        assert!(differing.count() > 0, "{gone}");
    }
}

/// What the loader says of a standard that is sound but for one text.
#[track_caller]
fn said_of((file, from, to): (&str, &str, &str)) -> String {
    let mut package = package_of(&folder("031"));
    let text = package.files.entry(file.to_owned()).or_default();
    assert!(text.contains(from), "{file} does not hold {from}");
    *text = text.replacen(from, to, 1);
    let Err(errors) = Standard::load(&package) else { panic!("{file} loads with {to}") };
    assert!(errors.iter().all(|error| error.help.is_some() && error.line > 0), "{to}");
    format!("# {file}: {from} → {to}\n{}\n", shown(&errors))
}

#[test]
fn broken_standards_are_explained() {
    let (head, items, numbering) =
        ("standard.yaml", "items/basic.yaml", "interfaces/numbering.yaml");
    let cases = [
        (head, "trust: official", "trust: sure"),
        (head, "id: \"031\"", "id: \"31\""),
        (head, "name_en: Numbers", "name_eng: Numbers"),
        (head, "published: [宛名番号", "published: [宛名号"),
        (head, "kind: official }", "kind: official, event: numbered }"),
        (head, "kind: official }", "kind: official, does: erase }"),
        (items, "\"03100002\"", "\"03100001\""),
        (items, "\"03100002\"", "\"0310002\""),
        (items, "\"03100002\"", "\"00100002\""),
        (items, "type: X, length: 12", "type: X"),
        (items, "type: TIME", "type: TIME, length: 8"),
        (items, "type: X, length: 12", "type: X, length: 12, uncertain: true"),
        (items, "output: conditional, when: 氏名未定でない", "output: conditional"),
        (items, "output: optional }", "output: perhaps }"),
        (items, "codes: 性別", "codes: 姓別"),
        (items, "romaji: kojinbango", "romaji: shimei"),
        (items, "romaji: kojinbango", "romaji: Kojin-Bango"),
        (numbering, "type: TIME", "type: CLOCK"),
        (numbering, "group: 住登外者宛名基本情報", "group: 住登外者"),
        (numbering, "romaji: kojinbango", "romaji: shimei"),
        (numbering, "id: numbering", "id: number"),
        (numbering, "timeout_seconds: 30", "timeout_binding: false"),
        ("items/basic.yml", "", ""),
    ];
    let said: String = cases.into_iter().map(said_of).collect();
    expect_file!["../broken-standards.txt"].assert_eq(&said);
}

#[test]
fn a_folder_without_a_standard_is_said() {
    let errors = Standard::load(&Package::default()).expect_err("nothing is there");
    expect![[r#"
        standard.yaml:1:1 error: standard.yaml がありません
          → 業務の標準のフォルダ（standards/001 など）を指定してください
    "#]]
    .assert_eq(&shown(&errors));
}
