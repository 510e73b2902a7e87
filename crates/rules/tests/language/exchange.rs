//! Decision tables as texts and as DMN: layout kept, cells said in the other language and back,
//! what cannot be said refused with its place, broken models never a panic.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rules::dmn::exchange::{DmnTable, write};
use rules::law::{RowChange, WrittenRow, WrittenTable};
use rules::{Scope, Type};

fn scope() -> Scope {
    let child = Type::record([("年".to_owned(), Type::INTEGER), ("額".to_owned(), Type::INTEGER)]);
    Scope::new()
        .with("答え", Type::INTEGER)
        .with("年収", Type::INTEGER)
        .with("率", Type::number(3))
        .with("区分", Type::Text)
        .with("該当", Type::Boolean)
        .with("所得（合計）", Type::INTEGER)
        .with("基準日", Type::Date)
        .with("子", child.clone())
        .with("児童", Type::list(child))
        .with("18歳以上", Type::Boolean)
        .with("間隔", Type::Duration)
}

/// A table of one input and one row.
fn single(input: &str, test: &str, answer: &str) -> WrittenTable {
    let cells = |one: &str, other: &str| vec![one.to_owned(), other.to_owned()];
    WrittenTable {
        head: vec!["算定: test".to_owned(), "判定表: 一意".to_owned()],
        columns: cells(input, "→"),
        rows: vec![WrittenRow { cells: cells(test, answer), notes: Vec::new() }],
        end: Vec::new(),
    }
}

/// The text of the first element of this kind in a model.
fn said<'m>(model: &'m str, kind: &str) -> &'m str {
    let from = model.find(&format!("<{kind} ")).expect("the element");
    let rest = &model[from..];
    rest.split_once("<text>").and_then(|(_, rest)| rest.split_once("</text>")).expect("a text").0
}

#[test]
fn cells_are_said_in_feel_and_come_back() {
    for (kind, own, feel) in [
        ("inputEntry", "< 5, [10..20)", "&lt; 5, [10..20)"),
        ("inputEntry", "not(\"甲\", \"乙\")", "not(&quot;甲&quot;, &quot;乙&quot;)"),
        ("inputEntry", "-", "-"),
        ("inputEntry", "(切捨て(率, 0.01)..年収 / 2]", "(round down(率, 2)..年収 / 2]"),
        ("outputEntry", "切上げ(年収 * 率 / 3, 100)", "round up(年収 * 率 / 3, -2)"),
        ("outputEntry", "四捨五入( 年収/7 ) + 1", "round half up( 年収/7 , 0) + 1"),
        ("outputEntry", "切捨て(年収, 1)", "round down(年収, 0)"),
        ("outputEntry", "基準日.年 + 子.年", "基準日.year + 子.年"),
        (
            "outputEntry",
            "if 該当 then -所得（合計） else (年収 + 1) * 2",
            "if 該当 then -所得（合計） else (年収 + 1) * 2",
        ),
        ("outputEntry", "sum(児童[額 > 3].額)", "sum(児童[額 &gt; 3].額)"),
        ("outputEntry", "date(2026, 4, 1).月", "date(2026, 4, 1).month"),
        (
            "outputEntry",
            "if some x in 児童 satisfies x.額 in [1, 2] then 1 else 0",
            "if some x in 児童 satisfies x.額 in [1, 2] then 1 else 0",
        ),
    ] {
        let table = match kind {
            "inputEntry" => single("年収", own, "1"),
            _ => single("年収", "-", own),
        };
        let model = write(&table, "答え", &scope()).expect("a model");
        assert_eq!(said(&model, kind), feel, "{own}");
        let read = DmnTable::read(&model, None).expect("a model");
        assert_eq!(read.table(&scope(), None).expect("our language").0, table, "{own}");
        // A cell that was edited in the modeller is not the text kept beside it.
        let edited = model.replacen(&format!("{feel}</text>"), "1</text>", 1);
        let read = DmnTable::read(&edited, None).expect("a model");
        let cells = &read.table(&scope(), None).expect("our language").0.rows[0].cells;
        assert_eq!(cells[usize::from(kind == "outputEntry")], "1", "{own}");
    }
}

#[test]
fn what_dmn_cannot_say_is_refused_with_its_cell() {
    for (own, wanted) in [
        ("年度(基準日)", "1行目の2列目「年度(基準日)」: 関数「年度」は DMN にありません"),
        ("切捨て(年収, 500)", "単位「500」は、DMN では 10・100・0.1 などに限ります"),
        ("if `18歳以上` then 1 else 0", "名前「18歳以上」は数字で始まる"),
        ("count([基準日 - 基準日])", "日付どうしの引き算"),
        ("if 間隔 = null then 1 else 0", "「間隔」の型が"),
    ] {
        let errors = write(&single("年収", "-", own), "答え", &scope()).expect_err(own);
        assert!(errors[0].contains(wanted), "{errors:?}");
    }
}

/// The answer `feel` of a model made elsewhere, in our language.
fn ours(feel: &str) -> Result<String, String> {
    let escaped = feel.replace('&', "&amp;").replace('<', "&lt;");
    let model = write(&single("年収", "-", "1"), "答え", &scope()).expect("a model");
    let model = model.replace("<text>1</text>", &format!("<text>{escaped}</text>"));
    let read = DmnTable::read(&model, None)?;
    let (table, _) = read.table(&scope(), None).map_err(|errors| errors.join("\n"))?;
    Ok(table.rows[0].cells[1].clone())
}

#[test]
fn feel_of_others_is_said_in_our_language() {
    for (feel, own) in [
        ("年 収*2", "年収 * 2"),
        ("(1 + 2) * 3 - (4 - 5)", "(1 + 2) * 3 - (4 - 5)"),
        ("if 年収 between 1 and 5 then 1.50 else null", "if 年収 in [1..5] then 1.5 else null"),
        ("if 年収 in (1, 2) then 1 else 0", "if 年収 in [1, 2] then 1 else 0"),
        ("if 年収 in ]1..5] then 1 else 0", "if 年収 in (1..5] then 1 else 0"),
        (
            "if 該当 and (該当 or not(該当)) then 1 else 0",
            "if 該当 and (該当 or not(該当)) then 1 else 0",
        ),
        ("(if 該当 then 1 else 2) + 3", "(if 該当 then 1 else 2) + 3"),
        ("@\"2026-04-01\".year", "date(\"2026-04-01\").年"),
        ("round half up(年収, -3)", "四捨五入(年収, 1000)"),
        ("round up(年収, 2)", "切上げ(年収, 0.01)"),
        ("\"a\\\"b\\\\\"", "\"a\\\"b\\\\\""),
        ("-年収 - -1", "-年収 - -1"),
    ] {
        let spaced = feel.replace("年 収", "年収");
        assert_eq!(ours(&spaced).as_deref(), Ok(own), "{feel}");
    }
    for (feel, wanted) in [
        ("2 ** 3", "べき乗"),
        ("floor(年収)", "関数「floor」は、この言語では使えません。round down"),
        ("round down(年収, 率)", "桁は整数"),
        (
            "年取 + 1",
            "名前「年取」は、この算定の事実・規則・法令の値にありません。「年収」のことですか。",
        ),
        ("年収 instance of number", "instance of"),
        ("{ a: 1 }.a", "項目の組"),
        ("function(x) x", "関数の定義"),
        ("@\"PT1H\"", "@\"PT1H\""),
        ("for x in 1..3 return x", "数の範囲での繰り返し"),
        ("1 +", "値や名前がありません"),
    ] {
        let said = ours(feel).expect_err(feel);
        assert!(said.contains(wanted) && said.contains("行"), "{feel}: {said}");
    }
}

const BEFORE: &str = "// 算定: test\n// 注 が一つ\n\n| 年収 | →    |\n|------|-------|\n| < 5  | 1     |\n\
    // 間の注\n\n| 5    | 2     |\n| > 5  | 3     |\n// 終わり\n";

fn changed(edit: impl Fn(&mut WrittenTable)) -> (WrittenTable, WrittenTable) {
    let before = WrittenTable::read(BEFORE).expect("a table");
    assert_eq!(before.text(Some(BEFORE)), BEFORE);
    let mut after = before.clone();
    edit(&mut after);
    (before, after)
}

fn check(edit: impl Fn(&mut WrittenTable), expected: Expect) {
    let (_, after) = changed(edit);
    let text = after.text(Some(BEFORE));
    assert_eq!(WrittenTable::read(&text).as_ref(), Some(&after));
    expected.assert_eq(&text);
}

#[test]
fn only_lines_that_say_something_else_are_laid_out_anew() {
    check(
        |table| table.rows[1].cells[1] = "20".to_owned(),
        expect![[r#"
            // 算定: test
            // 注 が一つ

            | 年収 | →    |
            |------|-------|
            | < 5  | 1     |
            // 間の注
            | 5    | 20    |
            | > 5  | 3     |
            // 終わり
        "#]],
    );
    check(
        |table| {
            table.set_head("算定", "other");
            table.set_head("単位", "yen");
            table.rows.remove(0);
            let cells = vec!["(10..20]".to_owned(), "4".to_owned()];
            table.rows.push(WrittenRow { cells, notes: vec!["新しい".to_owned()] });
            table.end.clear();
        },
        expect![[r#"
            // 算定: other
            // 注 が一つ
            // 単位: yen
            | 年収 | →    |
            |------|-------|
            // 間の注

            | 5    | 2     |
            | > 5  | 3     |
            // 新しい
            | (10..20] | 4     |
        "#]],
    );
    check(
        |table| table.columns[0] = "年収 - 率".to_owned(),
        expect![[r#"
            // 算定: test
            // 注 が一つ

            | 年収 - 率 | → |
            |-----------|----|
            | < 5  | 1     |
            // 間の注

            | 5    | 2     |
            | > 5  | 3     |
            // 終わり
        "#]],
    );
}

#[test]
fn rows_are_compared() {
    let (before, after) = changed(|table| {
        table.rows[1].cells[1] = "20".to_owned();
        table.rows.remove(0);
        let cells = vec!["> 9".to_owned(), "9".to_owned()];
        table.rows.push(WrittenRow { cells, notes: Vec::new() });
    });
    let found = after.changes(&before);
    assert!(
        matches!(
            found.as_slice(),
            [RowChange::Removed(1, _), RowChange::Changed(1, _, new), RowChange::Added(3, _)]
                if new.cells[1] == "20"
        ),
        "{found:?}"
    );
    assert_eq!(after.changes(&after), []);
    assert_eq!(WrittenTable::cell_at(BEFORE, 4, 3), Some((None, 0)));
    assert_eq!(WrittenTable::cell_at(BEFORE, 9, 10), Some((Some(1), 1)));
    assert_eq!(WrittenTable::cell_at(BEFORE, 1, 1), None);
}

#[test]
fn a_model_without_one_table_is_refused() {
    let whole = write(&single("年収", "-", "1"), "答え", &scope()).expect("a model");
    let decision = whole.find("  <decision ").expect("a decision");
    let end = whole.find("  <dmndi:DMNDI>").expect("a diagram");
    let own = &whole[decision..end];
    let other = own.replace("name=\"答え\"", "name=\"別\"").replace("id=\"", "id=\"x");
    let two = format!("{}{other}{}", &whole[..end], &whole[end..]);
    let said = |model: &str| DmnTable::read(model, None).err().expect("a refusal");
    assert!(said(&two).contains("--decision で一つを選んでください: 答え、別"), "{}", said(&two));
    assert_eq!(DmnTable::read(&two, Some("別")).expect("one").name, "別");
    let none = format!("{}{}", &whole[..decision], &whole[end..]);
    assert!(said(&none).contains("decision がありません"));
    assert!(said("<a/>").contains("definitions がありません"));
    assert!(said("<!DOCTYPE a [<!ENTITY b \"c\">]><definitions/>").contains("XML として"));
    let deep = format!("<definitions>{}{}</definitions>", "<a>".repeat(900), "</a>".repeat(900));
    assert!(said(&deep).contains("深すぎます"));
    let value = whole.replace("<output ", "<output2 ");
    assert!(said(&value).contains("出力が0個"));
    let default =
        "<output id=\"o\"><defaultOutputEntry><text>1</text></defaultOutputEntry></output>";
    let from = whole.find("<output ").expect("an output");
    let to = from + whole[from..].find("/>").expect("its end") + 2;
    let default = format!("{}{default}{}", &whole[..from], &whole[to..]);
    assert!(said(&default).contains("defaultOutputEntry"));
}

proptest! {
    #[test]
    fn a_table_keeps_its_bytes_and_broken_models_never_panic(
        cells in proptest::collection::vec("[a-z0-9<>\\[\\]., \"|（年-]{1,8}", 4),
        cut in 0_usize..3_000,
        noise in "[ -~年]{0,5}",
    ) {
        let (heads, row) = (cells[..2].join("|"), cells[2..].join("|"));
        let grid = format!("// x\n|{heads}|\n|--|--|\n|{row}|\n");
        if let Some(table) = WrittenTable::read(&grid) {
            prop_assert_eq!(table.text(Some(&grid)), grid);
            let _ = write(&table, "答え", &scope());
        }
        let mut model = write(&single("年収", "< 5", "1"), "答え", &scope()).expect("a model");
        let at = (0..=cut.min(model.len())).rev().find(|at| model.is_char_boundary(*at));
        model.insert_str(at.unwrap_or(0), &noise);
        if let Ok(read) = DmnTable::read(&model, None) {
            let _ = read.table(&scope(), None);
        }
        let _ = ours(&cells.join(" "));
    }
}
