//! The standards of the repository, broken ones, and what the linter finds in 031.

use std::path::{Path, PathBuf};

use definition::Package;
use definition::standard::lint::{Disagreement, Fault, lint};
use definition::standard::{Output, Standard, Trust};
use expect_test::{Expect, expect, expect_file};

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

/// A standard that is sound but for one text.
#[track_caller]
fn check(file: &str, (from, to): (&str, &str), expected: Expect) {
    let mut package = package_of(&folder("031"));
    let text = package.files.entry(file.to_owned()).or_default();
    assert!(text.contains(from), "{file} does not hold {from}");
    *text = text.replacen(from, to, 1);
    let errors = Standard::load(&package).err().unwrap_or_default();
    assert!(errors.iter().all(|error| error.help.is_some() && error.line > 0));
    expected.assert_eq(&shown(&errors));
}

#[test]
fn broken_standards_are_explained() {
    let items = "items/basic.yaml";
    check(
        "standard.yaml",
        ("trust: official", "trust: sure"),
        expect![[r#"
        standard.yaml:6:8 error: 「sure」は使えない語です
          → 使える名前: official、unofficial
    "#]],
    );
    check(
        "standard.yaml",
        ("id: \"031\"", "id: \"31\""),
        expect![[r#"
        items/basic.yaml:4:11 error: データ項目ID「03100001」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:5:11 error: データ項目ID「03100002」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:6:11 error: データ項目ID「03100003」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:7:11 error: データ項目ID「03100004」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:8:11 error: データ項目ID「03100005」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:9:11 error: データ項目ID「03100006」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:10:11 error: データ項目ID「03100007」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:11:11 error: データ項目ID「03100008」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:12:11 error: データ項目ID「03100009」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:13:11 error: データ項目ID「03100010」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:14:11 error: データ項目ID「03100011」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:15:11 error: データ項目ID「03100012」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:16:11 error: データ項目ID「03100013」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:17:11 error: データ項目ID「03100014」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:18:11 error: データ項目ID「03100015」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:19:11 error: データ項目ID「03100016」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:20:11 error: データ項目ID「03100017」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:21:11 error: データ項目ID「03100018」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:22:11 error: データ項目ID「03100019」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:23:11 error: データ項目ID「03100020」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:24:11 error: データ項目ID「03100021」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:25:11 error: データ項目ID「03100022」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:26:11 error: データ項目ID「03100023」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:27:11 error: データ項目ID「03100024」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:28:11 error: データ項目ID「03100025」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:29:11 error: データ項目ID「03100026」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:30:11 error: データ項目ID「03100027」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:31:11 error: データ項目ID「03100028」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        items/basic.yaml:32:11 error: データ項目ID「03100029」がこの業務の八桁の番号ではありません
          → 「31」に項目の番号五桁を続け、引用符で囲んでください
        standard.yaml:1:5 error: 業務ID「31」が三桁の数字ではありません
          → 業務IDの三桁を、引用符で囲んで書いてください（例 "001"）
    "#]],
    );
    check(
        "standard.yaml",
        ("name_en: Numbers of non-resident addressees\n", ""),
        expect![[r#"
        standard.yaml:1:1 error: 「name_en」がありません
          → 「name_en: …」を書いてください（英語名）
    "#]],
    );
    check(
        "standard.yaml",
        ("published: [宛名番号", "published: [宛名号"),
        expect![[r#"
        standard.yaml:10:13 error: 項目「宛名号」はこの標準にありません
          → 「宛名番号」の書き誤りではありませんか
    "#]],
    );
    check(
        "standard.yaml",
        ("kind: official }", "kind: official, event: numbered }"),
        expect![[r#"
        standard.yaml:9:77 error: 事象「numbered」は events にありません
          → この名前を消すか、先に定義を足してください
    "#]],
    );
    check(
        "standard.yaml",
        ("trust:", "sure: yes\ntrust:"),
        expect![[r#"
        standard.yaml:6:1 error: 「sure」という名前はここでは使えません
          → 使える名前: id、name、name_en、title、version、source、trust、note、procedures、events、published、reads
    "#]],
    );
    check(
        items,
        ("\"03100002\"", "\"03100001\""),
        expect![[r#"
        items/basic.yaml:5:11 error: データ項目ID「03100001」は項目「宛名番号」にも付いています
          → 一つの番号に一つの項目だけを付けてください
    "#]],
    );
    check(
        items,
        ("\"03100002\"", "\"0310002\""),
        expect![[r#"
        items/basic.yaml:5:11 error: データ項目ID「0310002」がこの業務の八桁の番号ではありません
          → 「031」に項目の番号五桁を続け、引用符で囲んでください
    "#]],
    );
    check(
        items,
        ("type: X, length: 12", "type: X"),
        expect![[r#"
        items/basic.yaml:5:61 error: 型 X と桁数（length）が合いません
          → 「length: 15」のように桁数を書いてください
    "#]],
    );
    check(
        items,
        ("type: TIME", "type: TIME, length: 8"),
        expect![[r#"
        items/basic.yaml:32:61 error: 型 TIME と桁数（length）が合いません
          → length を消すか、型を X、Ｎ、9、S9 にしてください
    "#]],
    );
    check(
        items,
        ("output: conditional, when: 氏名未定でない", "output: conditional"),
        expect![[r#"
        items/basic.yaml:6:79 error: 条件付き必須と条件（when）は揃えて書きます
          → 「output: conditional, when: 条件」のように書いてください
    "#]],
    );
    check(
        items,
        ("output: optional }", "output: perhaps }"),
        expect![[r#"
        items/basic.yaml:5:84 error: 「perhaps」は使えない語です
          → 使える名前: must、conditional、optional
    "#]],
    );
    check(
        items,
        ("codes: 性別", "codes: 姓別"),
        expect![[r#"
        items/basic.yaml:14:78 error: コード一覧「姓別」がありません
          → 「性別」の書き誤りではありませんか
    "#]],
    );
    check(
        items,
        ("romaji: kojinbango", "romaji: shimei"),
        expect![[r#"
        items/basic.yaml:6:5 error: 項目「氏名」かそのローマ字名が二度あります
          → どちらか一つにするか、名前を変えてください
    "#]],
    );
    check(
        "interfaces/numbering.yaml",
        ("type: TIME", "type: CLOCK"),
        expect![[r#"
        interfaces/numbering.yaml:51:47 error: 「CLOCK」は使えない語です
          → 使える名前: X、Ｎ、9、S9、DATE、TIME、YEAR、BLOB
    "#]],
    );
    check(
        "interfaces/numbering.yaml",
        ("group: 住登外者宛名基本情報", "group: 住登外者"),
        expect![[r#"
        interfaces/numbering.yaml:7:8 error: グループ「住登外者」は items/ にありません
          → 使える名前: 住登外者宛名基本情報
    "#]],
    );
    check(
        "interfaces/numbering.yaml",
        ("romaji: kojinbango", "romaji: shimei"),
        expect![[r#"
        interfaces/numbering.yaml:16:27 error: 引数「shimei」が二度あります
          → どちらか一つにするか、名前を変えてください
    "#]],
    );
    check(
        "interfaces/numbering.yaml",
        ("id: numbering", "id: number"),
        expect![[r#"
        interfaces/numbering.yaml:1:5 error: id「number」とファイル名「numbering.yaml」が違います
          → 「id: numbering」にしてください
    "#]],
    );
    check(
        "items/basic.yml",
        ("", ""),
        expect![[r#"
        items/basic.yml:1:1 error: このファイルはどこからも読まれません
          → items/*.yaml、codes/*.yaml、interfaces/*.yaml のいずれかに置いてください
    "#]],
    );
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
