//! Packages at and beyond the limits of size: what is too large is named with its limit, and the
//! largest that is let in is read in seconds, however it is made.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use definition::{Package, limits};
use expect_test::{Expect, expect};

use crate::broken::good;
use crate::support::shown;

/// How long reading may take in a build for tests, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// The sound package with one file more, or in the place of another.
fn with(path: &str, text: String) -> Package {
    let mut package = good();
    package.files.insert(path.to_owned(), text);
    package
}

/// What is said of a package that is too large.
#[track_caller]
fn check(package: &Package, expected: Expect) {
    let found = definition::load(package).expect_err("it is too large");
    assert!(found.iter().all(|one| one.line > 0 && one.help.is_some()));
    expected.assert_eq(&shown(&found));
}

/// Reading ends in time; how many diagnostics came of it.
#[track_caller]
fn check_quick(what: &str, package: &Package) -> usize {
    let begin = Instant::now();
    let found =
        definition::load(package).map_or_else(|errors| errors.len(), |(_, found)| found.len());
    let taken = begin.elapsed();
    println!("{what}: {taken:?}, {found} diagnostics");
    assert!(taken < PATIENCE, "{what} took {taken:?}");
    found
}

fn entries(count: usize) -> String {
    let mut text = "name: 長い一覧\nentries:\n".to_owned();
    for at in 0..count {
        let _ = writeln!(text, "  c{at}: n{at}");
    }
    text
}

#[test]
fn what_is_too_large_is_named() {
    check(
        &with("codes/long.yaml", entries(1_000_000)),
        expect![[r#"
            codes/long.yaml:1:1 error: ファイルが大きすぎます（4 メガバイトまで）
              → ファイルを分けてください
            codes/long.yaml:1:1 error: 全部のファイルで大きすぎます（16 メガバイトまで）
              → 業務システムを分けてください
        "#]],
    );
    check(
        &with("codes/long.yaml", entries(60_000)),
        expect![[r#"
        codes/long.yaml:50000:11 error: このファイルの値と一覧と組が多すぎます（合わせて 100000 まで）
          → ファイルを分けてください
    "#]],
    );
    check(
        &with("registers/long.yaml", entries(6_000)),
        expect![[r#"
        registers/long.yaml:5000:10 error: このファイルの値と一覧と組が多すぎます（合わせて 10000 まで）
          → ファイルを分けてください
    "#]],
    );
    let long = format!("name: {}\n", "あ".repeat(30_000));
    check(
        &with("codes/long.yaml", long),
        expect![[r#"
        codes/long.yaml:1:7 error: 値が長すぎます（64 キロバイトまで）
          → 値を短くしてください
    "#]],
    );
}

#[test]
fn a_name_that_is_too_long_is_said_where_it_stands() {
    let list = |name: &str| format!("name: {name}\nentries: {{ a: {{ name: b, name_en: c }} }}\n");
    let long = "名".repeat(201);
    check(
        &with("codes/long.yaml", list(&long)),
        expect![[r#"
        codes/long.yaml:1:7 error: name が長すぎます（200 字まで）
          → 短くして、説明は手引きに書いてください
    "#]],
    );
    // Also within lists, after other lists, and of the system itself.
    let text = list("長い").replace("name_en: c", &format!("other: [x, [y]], name_en: {long}"));
    check(
        &with("codes/long.yaml", text),
        expect![[r#"
        codes/long.yaml:2:52 error: name_en が長すぎます（200 字まで）
          → 短くして、説明は手引きに書いてください
    "#]],
    );
    let mut whole = good();
    let head = whole.files.get_mut("system.yaml").expect("a head");
    *head = head.replacen("version: ", &format!("version: {long}"), 1);
    let found = definition::load(&whole).expect_err("it is too long");
    assert!(found[0].message.starts_with("version が長すぎます"), "{found:?}");
    // Two hundred are let in, and a long text that is no name.
    let fitting = with("codes/long.yaml", list(&"名".repeat(200)));
    let found = definition::load(&fitting);
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn what_is_too_much_together_is_named() {
    let mut many = good();
    for at in 0..=1_000 {
        many.files.insert(format!("examples/{at:04}.md"), String::new());
    }
    check(
        &many,
        expect![[r#"
        examples/1000.md:1:1 error: examples/ のファイルが多すぎます（1000 まで）
          → 業務システムを分けてください
    "#]],
    );
    let mut parts = good();
    for at in 0..20 {
        parts.files.insert(format!("notices/n{at:02}.typ"), "x".repeat(1 << 20));
    }
    check(
        &parts,
        expect![[r#"
        notices/n15.typ:1:1 error: 全部のファイルで大きすぎます（16 メガバイトまで）
          → 業務システムを分けてください
    "#]],
    );
    let mut lists = good();
    for at in 0..5 {
        lists.files.insert(format!("codes/l{at}.yaml"), entries(24_000));
    }
    check(
        &lists,
        expect![[r#"
            codes/l4.yaml:3960:10 error: 全部のファイルの値と一覧と組が多すぎます（合わせて 200000 まで）
              → 業務システムを分けてください
        "#]],
    );
    let facts = format!("# 例\n\n```facts\n{}\n```\n", entries(6_000));
    check(
        &with("examples/long.md", facts),
        expect![[r#"
        examples/long.md:5003:10 error: このファイルの値と一覧と組が多すぎます（合わせて 10000 まで）
          → ファイルを分けてください
    "#]],
    );
}

#[test]
fn what_no_database_takes_is_named() {
    check(
        &with("notices/other.typ", "#let document(data) = {\n  あ\0}\n".to_owned()),
        expect![[r#"
            notices/other.typ:2:4 error: 使えない文字 U+0000 があります
              → この文字を消してください
        "#]],
    );
}

#[test]
fn a_procedure_that_is_too_large_is_named() {
    let effects = "  - { number: 番号 }\n".repeat(61);
    let form: String = (0..501)
        .map(|at| format!("      - {{ name: 欄{at}, name_en: F, type: text }}\n"))
        .collect();
    let mut wide = good();
    let text = wide.files.get_mut("procedures/issue.yaml").expect("it is there");
    *text = text.replace("effects:\n", &format!("effects:\n{effects}"));
    *text = text.replace("      - 宛名番号\n", &form);
    let found = definition::load(&wide).expect_err("it is too large");
    let said = shown(&found);
    assert!(said.contains("一つの様式の欄が多すぎます（500 まで）"), "{said}");
    assert!(said.contains("効果が多すぎます（60 まで）"), "{said}");
}

#[test]
fn the_largest_that_is_let_in_is_read_in_time() {
    // A sound list of the greatest length.
    assert_eq!(check_quick("list", &with("codes/long.yaml", entries(49_000))), 0);
    // One name for all.
    let same = entries(49_000).replace(": n", ": 同じ名　");
    let same = same.lines().map(|line| line.split('　').next().unwrap_or(line));
    let same: Vec<&str> = same.collect();
    assert!(check_quick("same names", &with("codes/long.yaml", same.join("\n"))) <= 501);
    assert!(
        check_quick("not normal", &with("codes/x.yaml", "# か\u{3099}\n".repeat(450_000))) <= 501
    );
    for unit in ["- a\n", "[a,", "\"", "a: b: ", "a\n", "x? ", "&a ", "# c\n", "a: |\n  b\n", "\t"]
    {
        let text = unit.repeat((limits::FILE_BYTES - 10) / unit.len());
        check_quick(unit, &with("codes/x.yaml", text));
    }
}

/// Registers, forms and formulas that multiply each other.
#[test]
fn what_multiplies_is_read_in_time() {
    let mut package = good();
    let items = 700;
    let mut register =
        "id: wide\nname: 広い\nname_en: W\nkey: 項目0\ntitle: 項目0\nitems:\n".to_owned();
    for at in 0..items {
        let _ = writeln!(
            register,
            "  - {{ name: 項目{at}, name_en: I, romaji: i{at}, type: X, length: 9 }}"
        );
    }
    register.push_str("relations:\n");
    for at in 0..30 {
        let _ = writeln!(
            register,
            "  - {{ name: 関係{at}, name_en: R, register: wide, by: 項目1, many: true }}"
        );
    }
    package.files.insert("registers/wide.yaml".to_owned(), register);
    let fields: String = (0..500).map(|at| format!("      - 項目{at}\n")).collect();
    let effects = "  - open: wide\n    take: all\n".repeat(60);
    for at in 0..200 {
        let text = format!(
            "id: p{at}\nname: 手続{at}\nname_en: P\nstatute: 条例\nselect: new\nregister: wide\n\
             form:\n  - group: 組\n    name_en: G\n    fields:\n{fields}effects:\n{effects}"
        );
        package.files.insert(format!("procedures/p{at}.yaml"), text);
    }
    let found = check_quick("take", &package);
    assert!((1..=501).contains(&found), "{found}");
    // Formulas of unknown names, which every name that there is may have been meant by.
    let mut slips = good();
    let formula: String = (0..6_000).map(|at| format!("+無い名{at}")).collect();
    let formula = formula.trim_start_matches('+');
    slips
        .files
        .insert("registers/wide.yaml".to_owned(), package.files["registers/wide.yaml"].clone());
    for at in 0..150 {
        let head = "// 台帳: wide\n// 根拠: 条例\n// 施行: 2012-07-09..\n";
        slips.files.insert(format!("rules/規則{at}.feel"), format!("{head}{formula}"));
    }
    assert!((1..=501).contains(&check_quick("formulas", &slips)));
}
