//! Imported decision models: what expressions and tables answer, worked out by hand after the
//! standard (DMN 1.5, chapter 10); what is refused, in which words; broken models.

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rules::dmn::tck::{self, Outcome, Verdict};

const MODEL: &str = "https://www.omg.org/spec/DMN/20230324/MODEL/";
const CASES: &str = "http://www.omg.org/spec/DMN/20160719/testcase";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A model of one decision `答え` with these inputs (name and type) and this logic.
fn model(inputs: &[(&str, &str)], ty: &str, logic: &str, more: &str) -> String {
    let mut out =
        format!("<definitions xmlns=\"{MODEL}\" namespace=\"urn:own\" name=\"own\">{more}");
    let mut needs = String::new();
    for (at, (name, ty)) in inputs.iter().enumerate() {
        let _ = write!(
            out,
            "<inputData id=\"i{at}\" name=\"{name}\"><variable name=\"{name}\" \
             typeRef=\"{ty}\"/></inputData>"
        );
        let _ = write!(
            needs,
            "<informationRequirement><requiredInput href=\"#i{at}\"/></informationRequirement>"
        );
    }
    if more.contains("id=\"b\"") {
        needs += "<knowledgeRequirement><requiredKnowledge href=\"#b\"/></knowledgeRequirement>";
    }
    out + &format!(
        "<decision id=\"d\" name=\"答え\"><variable name=\"答え\" typeRef=\"{ty}\"/>{needs}{logic}</decision></definitions>"
    )
}

fn literal(text: &str) -> String {
    format!("<literalExpression><text>{}</text></literalExpression>", escaped(text))
}

/// A value as the kit writes it: `null`, `[1, 2]`, or a type and its text.
fn value(text: &str) -> String {
    let one = |text: &str| match text {
        "null" => "<value xsi:nil=\"true\"/>".to_owned(),
        "true" | "false" => format!("<value xsi:type=\"xsd:boolean\">{text}</value>"),
        _ => match text.split_once(' ') {
            Some((ty, rest))
                if ["date", "time", "dateTime", "duration", "string"].contains(&ty) =>
            {
                format!("<value xsi:type=\"xsd:{ty}\">{}</value>", escaped(rest))
            }
            _ => format!("<value xsi:type=\"xsd:decimal\">{text}</value>"),
        },
    };
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some("") => "<list/>".to_owned(),
        Some(items) => {
            let items = items.split(", ").map(|item| format!("<item>{}</item>", one(item)));
            format!("<list>{}</list>", items.collect::<String>())
        }
        None => one(text),
    }
}

fn run(model: &str, given: &[(&str, &str)], expected: &str) -> Result<Vec<Outcome>, String> {
    let mut tests = format!(
        "<testCases xmlns=\"{CASES}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><modelName>own.dmn</modelName>\
         <testCase id=\"1\">"
    );
    for (name, text) in given {
        let _ = write!(tests, "<inputNode name=\"{name}\">{}</inputNode>", value(text));
    }
    let _ = write!(
        tests,
        "<resultNode name=\"答え\" type=\"decision\"><expected>{}</expected></resultNode></testCase></testCases>",
        value(expected)
    );
    tck::run(&[model], &tests)
}

fn verdict(model: &str, given: &[(&str, &str)], expected: &str) -> Verdict {
    let outcomes = run(model, given, expected).expect("a model");
    assert_eq!(outcomes.len(), 1);
    outcomes[0].verdict.clone()
}

#[track_caller]
fn answers(ty: &str, all: &[(&str, &str)]) {
    for (text, expected) in all {
        let found = verdict(&model(&[], ty, &literal(text), ""), &[], expected);
        assert_eq!(found, Verdict::Passed, "{text}");
    }
}

#[test]
fn numbers_are_decimals_of_34_digits_rounded_half_even() {
    answers(
        "number",
        &[
            ("0.1 + 0.2", "0.3"),
            ("10 / 4", "2.5"),
            ("2 ** 10", "1024"),
            ("-2 ** 2", "4"),
            ("1 / 0", "null"),
            ("decimal(2.5, 0)", "2"),
            ("decimal(3.5, 0)", "4"),
            ("round up(5.5, 0)", "6"),
            ("round down(-5.5, 0)", "-5"),
            ("round half up(-2.5, 0)", "-3"),
            ("round half down(2.5, 0)", "2"),
            ("floor(-1.5)", "-2"),
            ("ceiling(-1.5)", "-1"),
            ("modulo(-12, 5)", "3"),
            ("abs(-3)", "3"),
            ("sqrt(16)", "4"),
            ("sum([1, 2, 3])", "6"),
            ("mean([1, 2, 4, 5])", "3"),
            ("median([8, 2, 5])", "5"),
            ("product([2, 3, 4])", "24"),
            ("string length(\"𠮷野\")", "2"),
            ("count([1, null, 3])", "3"),
        ],
    );
    // 34 digits and no more: the last is rounded to the even neighbour.
    let third = "if 1 / 3 = 0.3333333333333333333333333333333333 then 1 else 0";
    answers("number", &[(third, "1")]);
}

#[test]
fn texts_lists_and_truth_are_those_of_the_standard() {
    answers(
        "string",
        &[
            ("\"個\" + \"人\"", "string 個人"),
            ("substring(\"foobar\", 3)", "string obar"),
            ("substring(\"foobar\", -2, 1)", "string a"),
            ("substring before(\"foobar\", \"bar\")", "string foo"),
            ("substring after(\"foobar\", \"ob\")", "string ar"),
            ("upper case(\"aBc4\")", "string ABC4"),
            ("string(1.50)", "string 1.5"),
            ("replace(\"abcd\", \"(ab)|(a)\", \"[1=$1][2=$2]\")", "string [1=ab][2=]cd"),
        ],
    );
    answers(
        "boolean",
        &[
            ("null = null", "true"),
            ("1 < null", "null"),
            ("false and null", "false"),
            ("true or null", "true"),
            ("5 in (1..5]", "true"),
            ("1 in (1..5]", "false"),
            ("5 in (<3, >4)", "true"),
            ("list contains([1, 2, null], null)", "true"),
            ("some x in [1, 2] satisfies x > 1", "true"),
            ("every x in [1, 2] satisfies x > 1", "false"),
            ("\"a\" = \"A\"", "false"),
            ("before([1..5), [5..9])", "true"),
            ("matches(\"令和8年\", \"^令和[0-9]+年$\")", "true"),
        ],
    );
    answers(
        "Any",
        &[
            ("[1, 2, 3, 4][item > 2]", "[3, 4]"),
            ("[1, 2, 3][-1]", "3"),
            ("[1, 2, 3][4]", "null"),
            ("for x in 1..3 return x * x", "[1, 4, 9]"),
            ("for x in 3..1 return x", "[3, 2, 1]"),
            ("append([1], 2, 3)", "[1, 2, 3]"),
            ("concatenate([1], [2])", "[1, 2]"),
            ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
            ("remove([1, 2, 3], 2)", "[1, 3]"),
            ("reverse([1, 2])", "[2, 1]"),
            ("index of([1, 2, 1], 1)", "[1, 3]"),
            ("distinct values([1, 2, 1])", "[1, 2]"),
            ("union([1, 2], [2, 3])", "[1, 2, 3]"),
            ("flatten([[1], [2, 3]])", "[1, 2, 3]"),
            ("sort([3, 1, 2], function(x, y) x < y)", "[1, 2, 3]"),
            ("{ 甲: 2, 乙: 甲 * 3 }.乙", "6"),
        ],
    );
}

#[test]
fn days_times_and_durations_are_those_of_the_standard() {
    answers(
        "Any",
        &[
            ("date(\"2024-02-29\") + duration(\"P1Y\")", "date 2025-02-28"),
            ("date(\"2025-03-31\") - duration(\"P1M\")", "date 2025-02-28"),
            ("date(\"2021-02-30\")", "null"),
            ("(date(\"2026-04-01\") - date(\"2026-03-01\")).days", "31"),
            (
                "years and months duration(date(\"2011-12-22\"), date(\"2013-08-24\"))",
                "duration P1Y8M",
            ),
            ("date(\"2026-04-01\").weekday", "3"),
            ("day of year(date(\"2019-09-17\"))", "260"),
            ("week of year(date(2005, 1, 1))", "53"),
            ("time(\"23:59:00\") + duration(\"PT2M\")", "time 00:01:00"),
            (
                "date and time(\"2026-03-31T23:00:00\") + duration(\"PT2H\")",
                "dateTime 2026-04-01T01:00:00",
            ),
            ("duration(\"P1DT12H\") * 2", "duration P3D"),
            ("duration(\"PT36H\") / duration(\"P1D\")", "1.5"),
            ("date(\"2026-04-01\") in [date(\"2026-01-01\")..date(\"2026-12-31\")]", "true"),
        ],
    );
}

/// A table over 年齢 with rows of test and answer.
fn table(policy: &str, rows: &[(&str, &str)]) -> String {
    let mut out = format!(
        "<decisionTable {policy}><input><inputExpression typeRef=\"number\"><text>年齢</text>\
         </inputExpression></input><output name=\"答え\" typeRef=\"number\"><outputValues><text>3, 2, 1</text>\
         </outputValues></output>"
    );
    for (test, answer) in rows {
        let _ = write!(
            out,
            "<rule><inputEntry><text>{}</text></inputEntry><outputEntry><text>{answer}</text>\
             </outputEntry></rule>",
            escaped(test)
        );
    }
    out + "</decisionTable>"
}

#[test]
fn every_hit_policy_answers_as_the_standard_says() {
    let rows = [("> 10", "1"), ("> 20", "3"), ("> 30", "2")];
    for (policy, age, expected) in [
        ("hitPolicy=\"UNIQUE\"", "15", "1"),
        ("hitPolicy=\"UNIQUE\"", "25", "null"),
        ("hitPolicy=\"FIRST\"", "35", "1"),
        ("hitPolicy=\"PRIORITY\"", "35", "3"),
        ("hitPolicy=\"ANY\"", "15", "1"),
        ("hitPolicy=\"ANY\"", "25", "null"),
        ("hitPolicy=\"FIRST\"", "5", "null"),
        ("hitPolicy=\"RULE ORDER\"", "35", "[1, 3, 2]"),
        ("hitPolicy=\"OUTPUT ORDER\"", "35", "[3, 2, 1]"),
        ("hitPolicy=\"COLLECT\"", "25", "[1, 3]"),
        ("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "35", "6"),
        ("hitPolicy=\"COLLECT\" aggregation=\"COUNT\"", "25", "2"),
        ("hitPolicy=\"COLLECT\" aggregation=\"MIN\"", "35", "1"),
        ("hitPolicy=\"COLLECT\" aggregation=\"MAX\"", "35", "3"),
    ] {
        let ty = if expected.starts_with('[') { "Any" } else { "number" };
        let model = model(&[("年齢", "number")], ty, &table(policy, &rows), "");
        assert_eq!(verdict(&model, &[("年齢", age)], expected), Verdict::Passed, "{policy} {age}");
    }
}

#[test]
fn knowledge_models_are_called_and_other_decisions_wait_for_what_they_need() {
    let function = "<businessKnowledgeModel id=\"b\" name=\"切り捨て\"><variable name=\"切り捨て\"/>\
         <encapsulatedLogic><formalParameter name=\"額\" typeRef=\"number\"/>\
         <formalParameter name=\"単位\" typeRef=\"number\"/>\
         <literalExpression><text>floor(額 / 単位) * 単位</text></literalExpression>\
         </encapsulatedLogic></businessKnowledgeModel>";
    let model =
        model(&[("所得 割", "number")], "number", &literal("切り捨て(所得 割, 100) + 1"), function);
    assert_eq!(verdict(&model, &[("所得 割", "12345")], "12301"), Verdict::Passed);
    assert!(matches!(verdict(&model, &[("所得 割", "12345")], "12300"), Verdict::Wrong { .. }));
}

#[test]
fn what_is_not_supported_is_refused_by_name_before_anything_is_worked_out() {
    let refused =
        |ty: &str, text: &str| match verdict(&model(&[], ty, &literal(text), ""), &[], "1") {
            Verdict::Refused(refusal) => refusal.to_string(),
            other => panic!("{text}: {other:?}"),
        };
    let check = |text: &str, expected: Expect| expected.assert_eq(&refused("Any", text));
    check(
        "now()",
        expect![
            "「答え」: 「now」は扱いません。規則は時計を持ちません。日付を入力にしてください。"
        ],
    );
    check(
        "[1, \"a\"]",
        expect!["「答え」: 並びの中に数（34桁）と文字が混ざっています。一つの型にしてください。"],
    );
    check(
        "not(5)",
        expect![
            "「答え」: 関数「not」を（数（34桁））で呼ぶことはできません。引数の数・名前・型を確かめてください。"
        ],
    );
    check("なにか(1)", expect!["「答え」: 「なにか」という関数はありません。"]);
    check("1 +", expect!["「答え」: 式「1 +」の1行4文字目: 値や名前がありません。"]);
    check(
        "time(\"10:00:00@Europe/Paris\")",
        expect![
            "「答え」: 名前の時間帯「10:00:00@Europe/Paris」は扱いません。+09:00 のように書いてください。"
        ],
    );
}

#[test]
fn what_is_no_model_is_said_with_its_place() {
    let tests = "<testCases/>";
    let said = |model: &str| tck::run(&[model], tests).expect_err("broken");
    expect!["1行1文字目: XML として読めません（the document does not have a root node）。"]
        .assert_eq(&said("<definitions"));
    expect!["2行4文字目: XML として読めません（expected 'b' tag, not 'a' at 2:4）。"]
        .assert_eq(&said("<a>\n<b></a>"));
    expect!["DMN の definitions がありません。DMN のファイルか確かめてください。"]
        .assert_eq(&said("<a/>"));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn nothing_that_is_written_breaks_the_import(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "1", "\"a\"", "x", "(", ")", "[", "]", "{", "}", "..", ",", ":", "if", "then",
                "else", "for", "in", "return", "some", "every", "satisfies", "function", "+",
                "-", "*", "/", "**", "<", ">=", "=", "null", "true", "date", "sum", "@\"P1D\"",
                "instance of", "between", "and", "or", "not", "\\",
            ]),
            0..24,
        ),
        cut in 0_usize..400,
    ) {
        let text = parts.join(" ");
        let whole = model(&[("x", "number")], "Any", &literal(&text), "");
        let _ = run(&whole, &[("x", "1")], "1");
        let cut: String = whole.chars().take(cut).collect();
        let _ = run(&cut, &[], "1");
    }
}

#[test]
fn depth_is_refused_by_name() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("-", ""), ("if true then ", " else 1"), ("not(", ")")]
    {
        let text = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let found = run(&model(&[], "Any", &literal(&text), ""), &[], "1");
        let refused = found.map(|outcomes| matches!(outcomes[0].verdict, Verdict::Refused(_)));
        assert_ne!(refused, Ok(false), "{open}");
    }
}
