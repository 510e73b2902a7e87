//! Kanji keys, widths, variation sequences, private use.

use base::kanji::{self, Variants, VariantsError};
use base::text::{self, PrivateUse};
use proptest::prelude::*;

#[track_caller]
fn equal(names: &[&str]) {
    for name in names {
        assert_eq!(kanji::fold(name), kanji::fold(names[0]), "{name}");
    }
}

#[test]
fn variants_held_equal() {
    equal(&["渡辺　太郎", "渡邊太郎", "渡邉 太郎", "渡边太郎", "渡𨘢太郎", "渡辺\u{E0101}太郎"]);
    equal(&["高橋", "髙橋"]);
    equal(&["山崎", "山﨑"]);
    equal(&["斎藤", "齋藤", "齊藤", "斉藤", "斎籐"]);
    equal(&["浜", "濱", "濵", "滨"]);
    equal(&["吉田", "𠮷田"]);
    equal(&["島", "嶋", "嶌"]);
    equal(&["喜", "㐂"]);
    equal(&["神", "\u{FA19}"]);
    equal(&["葛\u{E0101}城", "葛城"]);
    assert_ne!(kanji::fold("吉田"), kanji::fold("古田"));
    assert_eq!(kanji::fold("さくら"), "さくら");
}

#[test]
fn every_representative_is_its_own() {
    let table = include_str!("../../../../data/characters/variants.csv");
    let mut rows = 0;
    for character in table.lines().skip(1).filter_map(|line| line.chars().next()) {
        let key = kanji::fold(&character.to_string());
        assert_eq!(kanji::fold(&key), key, "{character}");
        rows += 1;
    }
    assert!(rows > 0 && kanji::variants().len() > 10 && !kanji::variants().is_empty());
}

#[test]
fn first_row_wins_and_chains_end() {
    let header = "character,representative,scheme\n";
    let table = |rows: &str| Variants::parse(&format!("{header}{rows}"));
    let read = table("甲,乙,x\n甲,丙,x\n乙,丁,x\n# 注\n戊,己,x\n己,戊,x\n").expect("a table");
    assert_eq!(read.representative('甲'), '丁');
    assert_eq!(read.representative('丙'), '丙');
    assert_eq!(read.representative('戊'), read.representative('己'));
    let refused = table("甲,乙,x\n甲乙,丙,x\n");
    assert_eq!(refused, Err(VariantsError { line: 3, text: "甲乙,丙,x".into() }));
    assert!(table("甲\n").is_err());
}

#[test]
fn length_counts_a_sequence_as_one() {
    assert_eq!(text::length("辻\u{E0100}本"), 2);
    assert_eq!(text::length(""), 0);
    let parts: Vec<_> = text::graphemes_with_selectors("葛\u{E0101}飾\u{FE00}区").collect();
    assert_eq!(parts, [('葛', Some('\u{E0101}')), ('飾', Some('\u{FE00}')), ('区', None)]);
    let stray: Vec<_> = text::graphemes_with_selectors("\u{E0101}区\u{E0101}\u{E0102}").collect();
    assert_eq!(stray.len(), 3);
}

#[test]
fn private_use_characters_have_places() {
    let found = text::private_use("辻\u{E0100}\u{E001}子\u{F0000}");
    assert_eq!(
        found,
        [
            PrivateUse { position: 2, character: '\u{E001}' },
            PrivateUse { position: 4, character: '\u{F0000}' },
        ]
    );
    assert!(text::private_use("渡邉").is_empty());
}

#[test]
fn widths() {
    assert!(text::is_half_width("ABC-12 ｱﾞ"));
    assert!(!text::is_half_width("Ａ"));
    assert!(!text::is_half_width("a\n"));
    assert!(text::is_full_width("山田　太郎ＡＢＣ１２辻\u{E0100}"));
    assert!(!text::is_full_width("山田 太郎"));
    assert_eq!(text::first_not_full_width("辻\u{E0100}ｱ"), Some((2, 'ｱ')));
    assert_eq!(text::to_full_width("Abc 1-2 ｶﾞｰｱ｡"), "Ａｂｃ　１－２　ガーア。");
    assert_eq!(text::to_half_width("Ａｂｃ　１－２ガ"), "Abc 1-2ガ");
}

/// Unified and compatibility kanji, kana, and the space.
const KANJI: &str = "[一-鿋\u{3400}-\u{4DB5}豈-龎\u{20000}-\u{2A6D6}ぁ-ヺ　]{0,12}";

proptest! {
    #[test]
    fn folding_a_key_gives_the_key(name in KANJI) {
        let key = kanji::fold(&name);
        prop_assert_eq!(kanji::fold(&key), key);
    }

    #[test]
    fn widening_is_full_width_and_settles(text in "[ -~ｦ-ﾟ一-鿋　]{0,12}") {
        let wide = text::to_full_width(&text);
        prop_assert!(text::is_full_width(&wide), "{}", wide);
        prop_assert_eq!(text::to_full_width(&wide), wide);
    }

    #[test]
    fn sequences_lose_nothing(text in "[一-鿋\u{FE00}\u{E0100}-\u{E0105}]{0,12}") {
        let back: String = text::graphemes_with_selectors(&text)
            .flat_map(|(base, selector)| std::iter::once(base).chain(selector)).collect();
        prop_assert_eq!(back, text);
    }
}
