//! The document, its notices and its tables.

use maud::html;

use super::{EVIL, check, check_not, check_order};
use crate::component::asset;
use crate::component::language::{Language, pick};
use crate::component::notice::*;
use crate::component::page::*;
use crate::component::table::*;

const JA: Language = Language::Japanese;
const EN: Language = Language::English;

fn page(language: Language) -> Page<'static> {
    Page {
        zone: "職員",
        language_href: "/desk?lang=en",
        user: Some(UserBox { name: "雲野", role: "市民課", sign_out: "/sign-out", csrf: "t" }),
        navigation: vec![
            NavigationItem { href: "/desk", label: "窓口", current: true },
            NavigationItem { href: "/cases", label: "事件", current: false },
        ],
        breadcrumb: vec![("/", "はじめ")],
        notices: vec![Notice::new(Tone::Success, "登録しました。")],
        ..Page::new(language, "雲居見本市", "窓口", html! { p { "内容です" } })
    }
}

#[test]
fn a_document_has_its_parts_in_order() {
    let html = page(JA).render();
    check(
        &html,
        &[
            "<!DOCTYPE html><html lang=\"ja\">",
            "<title>窓口 | 雲居見本市</title>",
            "<h1>窓口</h1>",
            "lang=\"en\" hreflang=\"en\">English",
            "href=\"/desk\" accesskey=\"j\" aria-current=\"page\"",
            "<main id=\"main\" tabindex=\"-1\">",
        ],
    );
    for (first, second) in [
        ("href=\"#main\"", "<header"),
        ("<header", "<nav class=\"navigation\""),
        ("<nav class=\"navigation\"", "<main"),
        ("登録しました。", "<h1>"),
        ("<h1>", "内容です"),
        ("</main>", "<footer"),
    ] {
        check_order(&html, first, second);
    }
}

#[test]
fn signing_out_is_a_form_with_its_token() {
    let html = page(JA).render();
    check(
        &html,
        &["<form method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"csrf\""],
    );
    check_not(&html, &["href=\"/sign-out\""]);
}

#[test]
fn a_sample_says_so_and_a_real_organisation_does_not() {
    for (language, words) in [(JA, "見本・非公式"), (EN, "Sample, unofficial")] {
        let sample = page(language);
        check(&sample.render(), &[words, "noindex"]);
        let real = Page { sample: false, ..sample };
        check_not(&real.render(), &["非公式", "noindex", "unofficial"]);
    }
    assert!(Page::new(JA, "市", "題", html! {}).sample, "unsaid must mean sample");
}

#[test]
fn assets_carry_their_version() {
    let html = page(JA).render();
    for file in asset::ASSETS {
        check(&html, &[&format!("href=\"{}?v={:016x}\"", file.path, asset::VERSION)]);
    }
}

#[test]
fn access_keys_are_documented_and_used() {
    let html = page(EN).render();
    for (key, _, english) in ACCESS_KEYS {
        check(&html, &[&format!("<kbd>{}</kbd></dt><dd>{english}", key.to_uppercase())]);
    }
    check(&html, &["accesskey=\"s\"", "accesskey=\"j\""]);
}

#[test]
fn nothing_gets_into_a_page_unescaped() {
    let html = Page {
        home: EVIL,
        zone: EVIL,
        language_href: EVIL,
        user: Some(UserBox { name: EVIL, role: EVIL, sign_out: EVIL, csrf: EVIL }),
        navigation: vec![NavigationItem { href: EVIL, label: EVIL, current: true }],
        breadcrumb: vec![(EVIL, EVIL)],
        notices: vec![Notice {
            tone: Tone::Danger,
            heading: EVIL,
            body: EVIL,
            link: Some((EVIL, EVIL)),
        }],
        ..Page::new(JA, EVIL, EVIL, section(EVIL, disclosure(EVIL, html! { (EVIL) })))
    };
    let html = html.render();
    check_not(&html, &["<script", " style="]);
}

#[test]
fn notices_say_their_tone_in_words() {
    for (tone, ja, en, role) in [
        (Tone::Information, "お知らせ", "Information", "status"),
        (Tone::Success, "完了", "Done", "status"),
        (Tone::Warning, "注意", "Warning", "status"),
        (Tone::Danger, "重要", "Important", "alert"),
    ] {
        check(&notice(JA, &Notice::new(tone, "文")), &[ja, &format!("role=\"{role}\"")]);
        check(&notice(EN, &Notice::new(tone, "文")), &[en]);
    }
}

#[test]
fn steps_tell_where_the_case_stands() {
    let step = |label, state| Step { label, state, note: "" };
    let html = steps(
        JA,
        "手続の進み",
        &[
            step("受付", StepState::Done),
            step("審査", StepState::Returned),
            step("決裁", StepState::Waiting),
        ],
    );
    check(&html, &["aria-label=\"手続の進み\"", "済", "差戻し", "未"]);
    assert_eq!(html.0.matches("aria-current=\"step\"").count(), 1);
}

#[test]
fn progress_never_passes_its_end() {
    check(&progress("計算", 7, 5, "5件中7件"), &["max=\"5\" value=\"5\"", "5件中7件"]);
    check_not(&progress("計算", 0, 0, "準備中"), &["max=", "value="]);
}

fn sample_table(rows: usize) -> Table<'static> {
    Table {
        caption: "事件",
        columns: vec![
            Column {
                sort_href: Some("?s=no"),
                sorted: Some(Order::Descending),
                ..Column::text("番号")
            },
            Column::number("金額"),
        ],
        rows: vec![
            Row { href: Some("/c/1"), cells: vec![Cell::Glyphs(EVIL), Cell::Text(EVIL)] };
            rows
        ],
        empty: "事件はありません。",
        stacked: true,
    }
}

#[test]
fn a_table_has_caption_headers_and_links() {
    let html = table(&sample_table(2));
    check(
        &html,
        &[
            "<caption>事件</caption>",
            "role=\"columnheader\" aria-sort=\"descending\"><a href=\"?s=no\">番号</a>",
            "<th scope=\"col\"",
            "<th scope=\"row\" role=\"rowheader\"><a class=\"row-link\" href=\"/c/1\">",
            "class=\"number-cell\" data-label=\"金額\"",
        ],
    );
    check_not(&html, &["<script", "事件はありません。"]);
    let empty = table(&sample_table(0));
    check(&empty, &["事件はありません。", "事件"]);
    check_not(&empty, &["<table"]);
}

#[test]
fn a_due_date_says_its_state() {
    for (due, word) in [(Due::Overdue, "期限超過"), (Due::Soon, "期限間近"), (Due::Fine, "期限内")]
    {
        check(&due_badge(JA, due, &html! { "4月16日" }), &[word, "4月16日"]);
    }
}

/// The page numbers in the order of their links, `…` for those left out, `*` at the current one.
fn numbers(current: u64, count: u64) -> String {
    let html = pagination(JA, Pages { current, count, rows: 0 }, &|page| format!("?p={page}"));
    let mut out = Vec::new();
    for item in html.0.split("<li").skip(1) {
        if item.contains("…") {
            out.push("…".to_owned());
        } else if !item.contains("rel=") {
            let mark = if item.contains("aria-current") { "*" } else { "" };
            let number = item.split("\"?p=").nth(1).and_then(|rest| rest.split('"').next());
            out.push(format!("{}{mark}", number.unwrap_or("?")));
        }
    }
    out.join(" ")
}

#[test]
fn pagination_shows_ends_and_neighbours() {
    for (current, count, expect) in [
        (1, 1, ""),
        (1, 2, "1* 2"),
        (1, 9, "1* 2 3 … 9"),
        (4, 9, "1 2 3 4* 5 6 … 9"),
        (5, 9, "1 … 3 4 5* 6 7 … 9"),
        (9, 9, "1 … 7 8 9*"),
        (7, 20, "1 … 5 6 7* 8 9 … 20"),
        (99, 3, "1 … 3"),
        (u64::MAX, u64::MAX, "1 … 18446744073709551613 18446744073709551614 18446744073709551615*"),
    ] {
        assert_eq!(numbers(current, count), expect, "page {current} of {count}");
    }
}

#[test]
fn languages_have_tags() {
    for language in [JA, EN] {
        assert_eq!(Language::from_tag(language.tag()), Some(language));
        assert_eq!(language.other().other(), language);
    }
    assert_eq!(Language::from_tag("de"), None);
    assert_eq!(pick(JA, "はい", "Yes"), "はい");
    assert_eq!(pick(EN, "はい", "Yes"), "Yes");
}
