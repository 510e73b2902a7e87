//! Forms: labels, errors, tokens and choices.

use maud::{Markup, html};

use super::{EVIL, check, check_not, check_order};
use crate::component::form::*;
use crate::component::language::Language;

const JA: Language = Language::Japanese;
const CHOICES: &[Choice<'_>] = &[Choice::new("1", "転入"), Choice::new("2", "転居")];

/// Every component that stands for one field.
fn all_fields(field: &Field<'_>) -> Vec<(&'static str, Markup)> {
    vec![
        ("text", text(field)),
        ("textarea", textarea(field, 3)),
        ("number", number(field, "円")),
        ("date", date(field)),
        ("select", select(field, CHOICES)),
        ("radios", radios(field, CHOICES)),
        ("checkboxes", checkboxes(field, CHOICES, &[])),
        ("checkbox", checkbox(field)),
        ("password", password(field, PasswordUse::Current)),
        ("one_time_code", one_time_code(field)),
        ("file", file(field, ".csv")),
    ]
}

#[test]
fn every_field_has_its_label() {
    for (name, html) in all_fields(&Field::new(JA, "event", "異動日")) {
        check(&html, &["異動日", "name=\"event\"", "id=\"field-event\"", "for=\"field-event\""]);
        assert!(html.0.contains("任意"), "{name} must say that it is optional");
        check_not(&html, &["aria-invalid", "aria-required"]);
    }
}

#[test]
fn a_blank_label_shows_the_name() {
    check(&text(&Field::new(JA, "異動日", "　")), &["<label for=\"field-異動日\">異動日</label>"]);
}

#[test]
fn every_error_is_wired_to_its_field() {
    let field = Field::new(JA, "event", "異動日").hint("届出書のとおり").error(Some("空です。"));
    for (_, html) in all_fields(&field) {
        check(
            &html,
            &[
                "id=\"field-event-error\"",
                "id=\"field-event-hint\"",
                "aria-describedby=\"field-event-error field-event-hint\"",
                "aria-invalid=\"true\"",
                "空です。",
            ],
        );
    }
}

#[test]
fn a_required_field_says_so() {
    for (name, html) in all_fields(&Field::new(JA, "event", "異動日").required(true)) {
        check(&html, &["※必須"]);
        check_not(&html, &["任意", " required>", " required "]);
        let group = matches!(name, "radios" | "checkboxes");
        assert!(group || html.0.contains("aria-required=\"true\""), "{name}");
    }
}

#[test]
fn nothing_gets_into_a_field_unescaped() {
    let field = Field::new(JA, EVIL, EVIL).hint(EVIL).error(Some(EVIL)).value(EVIL);
    for (_, html) in all_fields(&field) {
        check_not(&html, &["<script"]);
    }
}

#[test]
fn a_secret_is_never_written_into_the_page() {
    let field = Field::new(JA, "secret", "秘密").value("hunter2");
    check_not(&password(&field, PasswordUse::New), &["hunter2"]);
    check_not(&one_time_code(&field), &["hunter2"]);
    check_not(&file(&field, ""), &["hunter2", "accept"]);
}

#[test]
fn inputs_tell_the_browser_what_they_take() {
    let field = Field::new(JA, "x", "項目");
    check(&text(&field), &["autocomplete=\"off\""]);
    check(&text(&field.autocomplete("family-name")), &["autocomplete=\"family-name\""]);
    check(&number(&field, "円"), &["inputmode=\"numeric\"", "type=\"text\"", "円"]);
    check(&date(&field), &["inputmode=\"text\"", "R6.4.1", "aria-describedby=\"field-x-hint\""]);
    check_not(&date(&field.hint("届出の日")), &["R6.4.1"]);
    check(&one_time_code(&field), &["autocomplete=\"one-time-code\"", "inputmode=\"numeric\""]);
    check(&password(&field, PasswordUse::Current), &["autocomplete=\"current-password\""]);
    check(&text(&field.read_only().glyphs()), &["readonly", "glyphs"]);
    check(&textarea(&field.value("\n二行目"), 2), &[">\n\n二行目</textarea>"]);
}

#[test]
fn a_select_never_chooses_by_accident() {
    let field = Field::new(JA, "reason", "事由").required(true);
    check(&select(&field, CHOICES), &["<option value=\"\">選んでください</option>"]);
    check_not(&select(&field, CHOICES), &[" selected"]);
    let chosen = select(&field.value("2"), CHOICES);
    check(&chosen, &["<option value=\"2\" selected>"]);
    check_not(&chosen, &["選んでください"]);
    let foreign = select(&field.value("9"), CHOICES);
    check(&foreign, &["<option value=\"9\" selected>9（一覧にない値）"]);
}

#[test]
fn choices_are_ticked_by_value() {
    let field = Field::new(JA, "reason", "事由").value("2");
    check(&radios(&field, CHOICES), &["id=\"field-reason-1\" name=\"reason\" value=\"2\" checked"]);
    check_not(&checkboxes(&field, CHOICES, &[]), &["checked"]);
    let boxes = checkboxes(&field, CHOICES, &["1"]);
    check(&boxes, &["id=\"field-reason\" name=\"reason\" value=\"1\" checked"]);
    check(&checkbox(&Field::new(JA, "consent", "同意する").value("yes")), &["checked"]);
    check_not(&checkbox(&Field::new(JA, "consent", "同意する").value("no")), &["checked"]);
}

#[test]
fn a_posting_form_carries_its_token_first() {
    let form =
        PostForm { action: "/case", csrf: "t0ken", enter: Some(("act", "check")), multipart: true };
    let html = post_form(&form, button_with(ButtonKind::Danger, "取り消す", "act", "cancel"));
    check(
        &html,
        &[
            "<input type=\"hidden\" name=\"csrf\" value=\"t0ken\">",
            "method=\"post\" action=\"/case\" novalidate enctype=\"multipart/form-data\"",
        ],
    );
    check_order(&html, "value=\"check\"", "value=\"cancel\"");
    let search = get_form("検索", "/s", button(ButtonKind::Primary, "検索"));
    check(&search, &["role=\"search\"", "aria-label=\"検索\"", "method=\"get\""]);
    check_not(&search, &["csrf"]);
}

#[test]
fn the_summary_leads_to_the_fields() {
    let errors = [
        FieldError { field: "m.1.born date", message: "生年月日が空です。" },
        FieldError { field: "", message: EVIL },
    ];
    let html = error_summary(JA, &errors);
    check(
        &html,
        &["role=\"alert\"", "2件", "<a href=\"#field-m.1.born-date\">生年月日が空です。</a>"],
    );
    check_not(&html, &["<script"]);
    check(&text(&Field::new(JA, "m.1.born date", "日")), &["id=\"field-m.1.born-date\""]);
    check(&error_summary(Language::English, &errors[..1]), &["There is 1 mistake"]);
    assert_eq!(error_summary(JA, &[]).0, "");
}

fn members(count: usize) -> Markup {
    repeated(&Repeated {
        language: JA,
        name: "members",
        heading: "世帯員",
        members: &vec![html! { "氏名" }; count],
        minimum: 1,
        maximum: Some(3),
    })
}

#[test]
fn members_come_and_go_between_their_limits() {
    let two = members(2);
    check(
        &two,
        &[
            "<legend>世帯員 2</legend>",
            "name=\"remove\" value=\"members.1\"",
            "世帯員 2を取り除く",
            "name=\"add\" value=\"members\"",
        ],
    );
    check_not(&members(1), &["name=\"remove\""]);
    check(&members(1), &["name=\"add\""]);
    check_not(&members(3), &["name=\"add\""]);
    check(&members(3), &["name=\"remove\" value=\"members.2\""]);
}
