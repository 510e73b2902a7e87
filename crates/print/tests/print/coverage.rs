//! Every character exactly, or a refusal that says where.

use print::PrintError;
use serde_json::json;

use crate::support::{body_template, data, page_texts, printer, value_template};

/// Prints `value` and compares the refused codes; none means that it printed.
#[track_caller]
fn check(value: &str, expect: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut data = data();
    data["value"] = value.into();
    let printed = runtime.block_on(printer("coverage").render(&value_template(), &data));
    let codes: Vec<String> = match printed {
        Ok(_) => Vec::new(),
        Err(PrintError::MissingGlyphs(missing)) => {
            assert!(missing.iter().all(|glyph| glyph.path == "/value"), "{missing:?}");
            missing.into_iter().map(|glyph| glyph.code).collect()
        }
        Err(other) => panic!("{other}"),
    };
    assert_eq!(codes, expect, "{value}");
}

#[test]
fn names_as_recorded_are_printed() {
    check("髙橋　﨑　𠮷田　草彅　凜　邉", &[]);
    check("辻\u{E0100} 葛\u{E0101} 邉\u{E0105}", &[]);
    check("MARÍA JOSÉ NGUYỄN THỊ 김민수 O'Brien", &[]);
    check("一行目\n二行目", &[]);
}

#[test]
fn what_no_font_shows_exactly_is_refused() {
    check("山\u{E000}", &["U+E000"]);
    check("\u{F0001}", &["U+F0001"]);
    check("辻\u{E01EF}", &["U+8FBB U+E01EF"]);
    check("\u{E0100}", &["U+E0100"]);
    check("中\u{200B}村", &["U+200B"]);
    check("木\t村", &["U+0009"]);
    check("स", &["U+0938"]);
    check("山\u{E001}川\u{E002}", &["U+E001", "U+E002"]);
}

#[tokio::test]
async fn the_pointer_names_the_value_inside_lists_and_odd_keys() {
    let mut data = data();
    data["subjects"] = json!([{ "氏名": "見本" }, { "旧氏/通称~": "外\u{E123}字" }]);
    let error = printer("pointer").render(&value_template(), &data).await.expect_err("refused");
    let PrintError::MissingGlyphs(missing) = &error else { panic!("{error}") };
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].path, "/subjects/1/旧氏~1通称~0");
    assert_eq!(missing[0].text, "\u{E123}");
    assert!(error.to_string().contains("U+E123"), "{error}");
}

#[tokio::test]
async fn a_character_of_the_template_is_checked_too() {
    let template = body_template("見出し \u{E005}");
    let error = printer("own").render(&template, &data()).await.expect_err("refused");
    let PrintError::MissingGlyphs(missing) = &error else { panic!("{error}") };
    assert_eq!((missing[0].path.as_str(), missing[0].code.as_str()), ("", "U+E005"));
}

/// A sequence that only a later face has is set in that face, not reduced in the first.
#[tokio::test]
async fn a_sequence_of_a_later_face_is_routed_there() {
    let printer = printer("route");
    let mut plain = data();
    plain["value"] = "辻".into();
    let mut varied = data();
    varied["value"] = "辻\u{E0100}".into();
    let plain = printer.render(&value_template(), &plain).await.expect("printed");
    let varied = printer.render(&value_template(), &varied).await.expect("printed");
    let names = |pdf: &[u8]| String::from_utf8_lossy(pdf).contains("IPAexMincho");
    assert!(!names(&plain.pdf) && names(&varied.pdf));
    assert!(page_texts(&varied)[0].contains('辻'));
}
