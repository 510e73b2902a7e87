//! Records: what is shown, what is marked and what must not be said.

use maud::html;

use super::{EVIL, check, check_not};
use crate::component::language::Language;
use crate::component::record::*;

const JA: Language = Language::Japanese;

#[test]
fn values_are_marked() {
    check(&value(JA, &Value::Glyphs("渡邉󠄂")), &["<span class=\"glyphs\" lang=\"ja\">渡邉󠄂</span>"]);
    check(
        &value(JA, &Value::Unknown("昭和20年以下不詳")),
        &[">不詳</span> <span lang=\"ja\">昭和20年以下不詳</span>"],
    );
    check(&value(JA, &Value::Absent), &["記載なし"]);
    check(&value(JA, &Value::Masked { reveal: Some("/reveal") }), &["非表示", "href=\"/reveal\""]);
    check_not(&value(JA, &Value::Masked { reveal: None }), &["href"]);
    let changed = value(JA, &Value::Changed { old: "", new: "101号室" });
    check(&changed, &["<del>", "変更前：", "記載なし", "<ins>", "変更後：", "101号室"]);
    check(&value(Language::English, &Value::Unknown("")), &["Unknown"]);
}

#[test]
fn the_protected_banner_discloses_nothing() {
    for language in [JA, Language::English] {
        let html = protected_banner(language);
        check(&html, &["role=\"alert\""]);
        check_not(
            &html,
            &["支援", "ＤＶ", "DV", "暴力", "ストーカ", "虐待", "violence", "protect "],
        );
    }
}

#[test]
fn a_record_is_a_list_of_pairs() {
    let html = record(&Record {
        language: JA,
        heading: html! { "記載事項" },
        note: "第5版",
        groups: vec![Group {
            heading: "住所",
            items: vec![
                Item::new("方書", Value::Changed { old: "甲", new: "乙" }),
                Item::wide("本籍", Value::Plain("丙")),
            ],
        }],
        actions: vec![html! { a href="/x" { "交付" } }],
    });
    check(
        &html,
        &[
            "<h2>記載事項</h2>",
            "<div class=\"item changed\"><dt>方書</dt>",
            "<div class=\"item wide\"><dt>本籍</dt><dd>丙</dd>",
            "href=\"/x\"",
        ],
    );
}

#[test]
fn a_history_tells_the_days_apart() {
    let entry = |state| Entry {
        reason: "転居",
        href: Some("/h/1"),
        event: Value::Unknown("5月日不詳"),
        notified: Value::Absent,
        processed: Value::Plain("6月1日"),
        by: html! { "市民課" },
        changes: &[Difference { label: "住所", old: "", new: "甲" }],
        state,
    };
    let entries = [
        entry(EntryState::Current),
        entry(EntryState::Superseded),
        entry(EntryState::Corrected),
        entry(EntryState::Future),
    ];
    let html = history(JA, "異動履歴", &entries);
    check(&html, &["異動日", "届出日", "処理日", "異動事由", "現在", "履歴", "取消・修正", "予定"]);
    check(
        &html,
        &["<dt>異動</dt>", "<dt>届出</dt>", "<dt>処理</dt>", "変更前：", "変更後：", ">甲<"],
    );
    check(&html, &["href=\"/h/1\"", "5月日不詳"]);
    check(&history(JA, "異動履歴", &[]), &["異動の履歴はありません。"]);
}

#[test]
fn a_household_marks_the_member_shown() {
    let member = Member {
        href: "/p/1",
        name: "渡邉",
        relation: "世帯主",
        birth: "昭和58年",
        current: true,
        remark: "",
        protected: false,
    };
    let other = Member { href: "/p/2", current: false, protected: true, ..member };
    let members = [member, other];
    let html =
        household(&Household { language: JA, heading: "世帯", number: "1", members: &members });
    assert_eq!(html.0.matches("aria-current").count(), 1);
    assert_eq!(html.0.matches("取扱注意").count(), 1);
    check(&html, &["href=\"/p/2\"", "世帯番号 1"]);
}

#[test]
fn nothing_gets_into_a_record_unescaped() {
    let values = || {
        vec![
            Item::new(EVIL, Value::Plain(EVIL)),
            Item::new(EVIL, Value::Glyphs(EVIL)),
            Item::new(EVIL, Value::Changed { old: EVIL, new: EVIL }),
            Item::new(EVIL, Value::Masked { reveal: Some(EVIL) }),
            Item::new(EVIL, Value::Unknown(EVIL)),
            Item::new(EVIL, Value::Link { href: EVIL, text: EVIL }),
        ]
    };
    let groups = vec![Group { heading: EVIL, items: values() }];
    let card =
        Record { language: JA, heading: html! { (EVIL) }, note: EVIL, groups, actions: vec![] };
    let strip = Identity { name: EVIL, reading: EVIL, facts: values(), badges: vec![] };
    let tab = Tab { href: EVIL, label: EVIL, count: Some(1), current: true };
    let html = resident_page(html! { (record(&card)) (identity(JA, &strip)) }, tabs(EVIL, &[tab]));
    check_not(&html, &["<script"]);
}
