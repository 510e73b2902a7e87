//! Kana keys: what is held equal, what is not, and that folding a key gives the key.

use base::kana::{fold, fold_loose, is_katakana_name, to_katakana};
use proptest::prelude::*;

#[track_caller]
fn equal(texts: &[&str]) {
    for text in texts {
        assert_eq!(fold(text), fold(texts[0]), "{text}");
    }
}

#[track_caller]
fn loosely_equal(left: &str, right: &str) {
    assert_ne!(fold(left), fold(right), "already equal");
    assert_eq!(fold_loose(left), fold_loose(right));
}

#[test]
fn writings_held_equal() {
    equal(&["ヤマダ　タロウ", "やまだ たろう", "ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダタロオ", "ヤマダ・タロウ"]);
    equal(&["ミヅキ", "ミズキ", "みづき"]);
    equal(&["ヂュン", "ジユン"]);
    equal(&["リョウコ", "リヨオコ", "りょうこ"]);
    equal(&["ハッタ", "ハツタ"]);
    equal(&["ルーシー", "ルシ", "ル-シ-", "ル－シ―", "ﾙｰｼｰ", "ル‐シ‐", "ル–シ—"]);
    equal(&["ヴァイオレット", "バイオレツト", "ヷイオレット"]);
    equal(&["ヴィクトリア", "ビクトリア"]);
    equal(&["マサヲ", "マサオ"]);
    equal(&["ヱミ", "エミ"]);
    equal(&["シゲヶ", "シゲケ"]);
    equal(&["カ゛", "ガ", "カ\u{3099}", "ｶﾞ"]);
    equal(&["ＳＭＩＴＨ", "smith", "Smith"]);
    equal(&["", "　", "ー"]);
}

#[test]
fn writings_kept_apart() {
    for (left, right) in [("オオノ", "オノ"), ("ケイコ", "ケエコ"), ("カキ", "ガキ"), ("ワ", "ハ")]
    {
        assert_ne!(fold(left), fold(right));
    }
    assert_eq!(fold("ウエダ"), "ウエダ");
    assert_eq!(fold("コウヨウ"), "コオヨオ");
    assert_eq!(fold("イノウエ"), "イノオエ");
}

#[test]
fn wider_keys() {
    loosely_equal("ヒロ", "ピロ");
    loosely_equal("カキ", "ガキ");
    loosely_equal("ワタナベ", "ハタナヘ");
    loosely_equal("ヴァ", "ハ");
    loosely_equal("オオノ", "オノ");
    loosely_equal("ケイコ", "ケーコ");
    loosely_equal("イトウ", "イトー");
    loosely_equal("ユウコ", "ユーコ");
}

#[test]
fn katakana_names() {
    for name in ["ヤマダ　タロウ", "アン", "マリー・アン", "ヴィ"] {
        assert!(is_katakana_name(name), "{name}");
    }
    for name in ["", "やまだ", "ヤマダ タロウ", "ヤマダ　　タロウ", "ﾔﾏﾀﾞ", "ー", "　アン", "山田"]
    {
        assert!(!is_katakana_name(name), "{name}");
    }
    assert_eq!(to_katakana("やまだ　ﾀﾞﾛｳゞ・ﾟA"), "ヤマダ　ダロウヾ・゜A");
}

/// Every kind of kana, marks spacing and combining, the Ainu extension, and what is dropped.
const KANA: &str = "[ぁ-ゖァ-ヺｦ-ﾟー゛゜\u{3099}\u{309A}\u{31F0}-\u{31FF}・ -]{0,12}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn folding_a_key_gives_the_key(text in KANA) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
        prop_assert_eq!(fold_loose(&fold_loose(&text)), fold_loose(&text));
        prop_assert_eq!(fold_loose(&fold(&text)), fold_loose(&text));
        prop_assert!(!fold(&text).contains(['ー', 'ヂ', 'ヅ', 'ヴ', 'ッ', ' ']));
    }

    #[test]
    fn so_with_any_text(text in "\\PC{0,12}") {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
        prop_assert_eq!(fold_loose(&fold_loose(&text)), fold_loose(&text));
    }

    #[test]
    fn hiragana_and_katakana_are_one(text in "[ぁ-ゖ]{0,12}") {
        prop_assert_eq!(fold(&text), fold(&to_katakana(&text)));
    }
}
