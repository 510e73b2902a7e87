//! Names, their parts, and the lines of a certificate.

use base::name::{Names, PersonName};
use expect_test::expect;

#[track_caller]
fn check(input: &str, name: &str, family: &str, given: Option<&str>) {
    let read = PersonName::parse(input).expect(input);
    assert_eq!((read.as_str(), read.family(), read.given()), (name, family, given));
    assert_eq!(PersonName::parse(read.as_str()), Ok(read));
}

#[test]
fn spaces_and_widths() {
    check("山田　太郎", "山田　太郎", "山田", Some("太郎"));
    check("  山田   太郎 ", "山田　太郎", "山田", Some("太郎"));
    check("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ　タロウ", "ヤマダ", Some("タロウ"));
    check(
        "SMITH JOHN PAUL",
        "ＳＭＩＴＨ　ＪＯＨＮ　ＰＡＵＬ",
        "ＳＭＩＴＨ",
        Some("ＪＯＨＮ　ＰＡＵＬ"),
    );
    check("スカルノ", "スカルノ", "スカルノ", None);
    assert_eq!(PersonName::of_parts("", "花子").expect("one part").as_str(), "花子");
}

#[test]
fn refusals() {
    let message = |text: &str| PersonName::parse(text).expect_err("refused").to_string();
    expect!["氏名が入力されていません。氏と名の間を空白で区切って入力してください。"]
        .assert_eq(&message(" 　"));
    expect!["氏名が101文字あります。100文字までで入力してください。"]
        .assert_eq(&message(&"山".repeat(101)));
    expect!["氏名の2文字目に使えない文字（U+0007）があります。全角の文字で入力してください。"]
        .assert_eq(&message("辻\u{E0100}\u{7}"));
    assert!(PersonName::parse(&"辻\u{E0100}".repeat(100)).is_ok());
}

#[test]
fn keys() {
    let name = |text| PersonName::parse(text).expect("a name");
    assert_eq!(name("渡邉　太郎").kanji_key(), name("渡辺 太郎").kanji_key());
    assert_eq!(name("ワタナベ　タロウ").kana_key(), name("ﾜﾀﾅﾍﾞ ﾀﾛｵ").kana_key());
}

#[test]
fn certificate_lines() {
    let name = |text| PersonName::parse(text).expect("a name");
    let names = Names {
        furigana: Some(name("ヤマダ　ハナコ")),
        former_family: Some("佐藤".into()),
        former_family_furigana: Some("サトウ".into()),
        ..Names::of(name("山田　花子"))
    };
    let lines = names.certificate_lines();
    let text: Vec<_> = lines.iter().map(|line| format!("{}={}", line.label, line.value)).collect();
    expect!["氏名の振り仮名=ヤマダ　ハナコ/氏名=山田　花子/旧氏の振り仮名=サトウ/旧氏=佐藤"]
        .assert_eq(&text.join("/"));
    let json = serde_json::to_string(&names).expect("names");
    assert_eq!(serde_json::from_str::<Names>(&json).expect("the same"), names);
}
