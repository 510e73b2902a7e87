//! The vocabulary of relationships and its refusals.

use base::relationship::{ALONE, KIN, Relationship};
use expect_test::{Expect, expect};
use proptest::prelude::*;

#[track_caller]
fn check(input: &str, expected: &str) {
    assert_eq!(Relationship::parse(input).expect(input).as_str(), expected);
}

#[track_caller]
fn refuse(input: &str, expected: Expect) {
    expected.assert_eq(&Relationship::parse(input).expect_err(input).to_string());
}

#[test]
fn accepted() {
    for word in KIN.iter().chain(&ALONE) {
        check(word, word);
    }
    check("妻(未届)", "妻（未届）");
    check(" 子 の 子 ", "子の子");
    check("子の子の子の子", "子の子の子の子");
    check("妻（未届）の子", "妻（未届）の子");
    check("子（子の夫）の子", "子（子の夫）の子");
    let words = Relationship::parse("子（子の妻）の妹").expect("two words");
    assert_eq!(words.words(), ["子（子の妻）", "妹"]);
}

#[test]
fn refusals() {
    refuse("", expect!["続柄が入力されていません。世帯主、妻、子 などを入力してください。"]);
    refuse("孫", expect!["続柄に「孫」は使えません。「子の子」と入力してください。"]);
    refuse(
        "祖父",
        expect!["続柄に「祖父」は使えません。「父の父」または「母の父」と入力してください。"],
    );
    refuse(
        "甥",
        expect![
            "続柄に「甥」は使えません。「兄の子」「姉の子」「弟の子」または「妹の子」と入力してください。"
        ],
    );
    refuse("長男", expect!["続柄に「長男」は使えません。「子」と入力してください。"]);
    refuse(
        "妻の祖母",
        expect!["続柄に「祖母」は使えません。「父の母」または「母の母」と入力してください。"],
    );
    refuse(
        "準世帯主",
        expect!["続柄に「準世帯主」は使えません。「夫」または「妻」と入力してください。"],
    );
    refuse(
        "友人",
        expect![
            "「友人」は続柄の語ではありません。夫・妻・夫（未届）・妻（未届）・子・父・母・兄・姉・弟・妹を「の」でつなぐか、世帯主・縁故者・同居人を入力してください。"
        ],
    );
    refuse(
        "妻の",
        expect![
            "「」は続柄の語ではありません。夫・妻・夫（未届）・妻（未届）・子・父・母・兄・姉・弟・妹を「の」でつなぐか、世帯主・縁故者・同居人を入力してください。"
        ],
    );
    refuse("世帯主の子", expect!["「世帯主」は「の」でつなげません。単独で入力してください。"]);
    refuse(
        "子の子の子の子の子",
        expect![
            "「子の子の子の子の子」は5世代以上です。続柄は4世代までのため「縁故者」と入力してください。"
        ],
    );
}

#[test]
fn questions() {
    let read = |text| Relationship::parse(text).expect("a relationship");
    assert!(read("妻").is_spouse() && read("夫（未届）").is_spouse());
    assert!(read("妻").is_registered_spouse() && !read("夫（未届）").is_registered_spouse());
    assert!(!read("子の妻").is_spouse());
    assert!(read("子").is_child() && read("子（子の妻）").is_child());
    assert!(!read("妻の子").is_child() && !read("子の子").is_child());
    assert!(read("同居人").is_without_kinship() && Relationship::head().is_head());
}

proptest! {
    #[test]
    fn up_to_four_generations(words in proptest::collection::vec(0..KIN.len(), 1..=6)) {
        let words: Vec<_> = words.into_iter().map(|index| KIN[index]).collect();
        let text = words.join("の");
        match Relationship::parse(&text) {
            Ok(read) => prop_assert!(words.len() <= 4 && read.words() == words),
            Err(_) => prop_assert!(words.len() > 4),
        }
    }
}
