//! Refusals in both languages: the English has no Japanese but what it quotes.

use base::code::{AddresseeNumber, IndividualNumber, Mode};
use base::date::{DateError, LooseDate};
use base::name::PersonName;
use base::relationship::Relationship;
use base::said::Said;

/// What stands outside of “ ”.
fn bare(english: &str) -> String {
    let pieces = english.split('“');
    let outside = |(at, piece): (usize, &str)| match piece.split_once('”') {
        Some((_, outside)) if at > 0 => outside.to_owned(),
        _ => piece.to_owned(),
    };
    pieces.enumerate().map(outside).collect()
}

#[track_caller]
fn check(said: &Said, ja: &str, en: &str) {
    assert!(said.ja.contains(ja), "{}", said.ja);
    assert!(said.en.contains(en), "{}", said.en);
    let bare = bare(&said.en);
    assert!(bare.chars().all(|c| u32::from(c) < 0x3000), "{}", said.en);
    assert!(bare.ends_with('.'), "{}", said.en);
}

fn date(text: &str) -> Said {
    LooseDate::parse(text).expect_err(text).said()
}

#[test]
fn dates() {
    check(&date(""), "入力されていません", "No date was entered");
    check(&date("あした"), "「あした」", "“あした” cannot be read");
    check(&date("8年4月1日"), "元号がありません", "“8年4月1日” has no era");
    check(&date("令和元年4月30日"), "令和元年5月1日から", "begins on “令和元年5月1日”");
    check(&date("昭和65年"), "昭和64年1月7日まで", "ends on “昭和64年1月7日”");
    check(&date("令和0年4月1日"), "0年は", "The year 0 is not possible");
    check(&date("令和8年13月1日"), "13月は", "There is no month 13");
    check(&date("2026-02-30"), "30日はありません", "“2026年2月” has no day 30");
    check(&date("令和8年4月10日から1日までの間"), "順序", "“令和8年4月1日”");
    let uncertain = DateError::Uncertain { input: "昭和15年".to_owned() };
    check(&uncertain.said(), "確定していません", "“昭和15年” is not a certain day");
}

#[test]
fn codes_names_and_relationships() {
    let code = |text, mode| IndividualNumber::parse(text, mode).expect_err(text).said();
    check(&code("12a", Mode::Real), "個人番号に", "The Individual Number has a character");
    check(&code("12", Mode::Real), "2桁", "has 2 digits");
    check(&code("123456789012", Mode::Real), "検査数字", "check digit");
    check(&code("123456789018", Mode::Sample), "見本", "In a sample body");
    let serial = AddresseeNumber::from_serial(0).expect_err("no serial").said();
    check(&serial, "宛名番号の連番", "serial of the addressee number");
    let name = |text: &str| PersonName::parse(text).expect_err("refused").said();
    check(&name(" "), "入力されていません", "No name was entered");
    check(&name(&"山".repeat(101)), "101文字", "has 101 characters");
    check(&name("山\u{7}"), "U+0007", "Character 2 of the name");
    let relationship = |text: &str| Relationship::parse(text).expect_err("refused").said();
    check(&relationship(""), "入力されていません", "No relationship was entered");
    check(&relationship("祖父"), "「父の父」または「母の父」", "“父の父” or “母の父”");
    check(&relationship("ともだち"), "語ではありません", "“ともだち” is no word");
    check(&relationship("世帯主の子"), "単独で", "Enter it alone");
    check(&relationship("子の子の子の子の子"), "5世代", "five generations");
}
