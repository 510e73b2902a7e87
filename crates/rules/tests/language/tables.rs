//! Decision tables: what they answer, against a plain reading of their rows; gaps, overlaps and
//! rows that nobody reaches, against every case; messages with their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rules::column::{Batch, Column, Dictionary, Program};
use rules::law::{Certainty, HitPolicy, Law, LawError, Plan, Rule, RuleTable};
use rules::{Record, Type, Value};

use crate::law::{calculation, parameters, rule, said};
use crate::support::day;

/// A rule as a table.
fn table(policy: &str, unit: Option<&str>, text: &str) -> Rule {
    let policy = HitPolicy::find(policy).expect("a policy");
    let (source, checked) = ("試験法 別表".to_owned(), Certainty::Statute);
    let table = Some(RuleTable { policy, source, checked });
    Rule { table, ..rule("答え", "2020-01-01..", unit, text) }
}

fn law(table: Rule) -> Result<Law, Vec<LawError>> {
    let all = parameters(&[("境目", "yen", &[("2020-01-01", "1000"), ("2025-01-01", "2000")])]);
    Law::new(calculation(&[(None, "答え")]), vec![table], all)
}

fn answer(table: Rule, facts: &Record) -> (Value, Option<usize>) {
    let law = law(table).expect("a table");
    assert_eq!(said(&law.check().errors), "");
    let plan = law.plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
    let answer = plan.explain(facts);
    let value = answer.results.get("答え").expect("a result").clone();
    assert_eq!(plan.run(facts).results.get("答え"), Some(&value));
    (value, answer.steps[0].row)
}

fn income(yen: i64) -> Record {
    Record::new().with("年収", yen)
}

/// The bands of the salary deduction (所得税法 別表第五), in short.
const BANDS: &str = "// 根拠: 試験法\n\
    | 年収               | →                          |\n\
    |--------------------|----------------------------|\n\
    | < 651000           | 0                          |\n\
    | [651000..1900000)  | 年収 - 650000               |\n\
    | >= 1900000         | 切捨て(年収 * 7 / 10, 1) + 80000 |\n";

#[test]
fn a_band_answers_and_the_trace_names_its_row() {
    for (given, wanted, row) in [
        (0, 0, 1),
        (650_999, 0, 1),
        (651_000, 1_000, 2),
        (1_899_999, 1_249_999, 2),
        (1_900_000, 1_410_000, 3),
    ] {
        let found = answer(table("一意", Some("yen"), BANDS), &income(given));
        assert_eq!(found, (Value::from(wanted), Some(row)), "{given}");
    }
    let unknown = answer(table("一意", Some("yen"), BANDS), &Record::new());
    assert!(matches!(unknown, (Value::Unknown(_), None)));
    let nothing = Record::new().with("年収", Value::Null);
    assert_eq!(answer(table("一意", Some("yen"), BANDS), &nothing), (Value::Null, None));
}

#[test]
fn parameters_of_the_day_bound_the_rows() {
    let text = "| 年収 | → |\n| < 境目 | 1 |\n| >= 境目 | 2 |\n";
    assert_eq!(answer(table("一意", None, text), &income(1_999)).0, Value::from(1));
    assert_eq!(answer(table("一意", None, text), &income(2_000)).0, Value::from(2));
    // Right until 2024, when the parameter is 1,000; from 2025 on a stretch is left out.
    let fixed = "| 年収 | → |\n| < 1000 | 1 |\n| >= 境目 | 2 |\n";
    check(
        table("一意", None, fixed),
        expect![[r#"
            rules/答え2020-01-01.feel:1:1: 当てはまる行のない場合があります（年収が1000から1999まで）。 その場合の行を加えてください。どの値でもよい欄は - です。
        "#]],
    );
}

#[test]
fn every_policy_answers_from_the_rows_that_hold() {
    let text = "| 年収 | → |\n| > 10 | 5 |\n| > 20 | 7 |\n| - | 3 |\n";
    for (policy, given, wanted) in [
        ("先勝ち", 15, 5),
        ("先勝ち", 5, 3),
        ("合計", 25, 15),
        ("合計", 5, 3),
        ("個数", 25, 3),
        ("個数", 15, 2),
        ("最小", 25, 3),
        ("最大", 25, 7),
        ("最大", 5, 3),
    ] {
        let text =
            if policy == "先勝ち" { text.replace("| > 20 | 7 |\n", "") } else { text.into() };
        let found = answer(table(policy, None, &text), &income(given)).0;
        assert_eq!(found, Value::from(wanted), "{policy} {given}");
    }
    let agreeing = "| 年収 | → |\n| > 10 | 5 |\n| > 20 | 5 |\n| <= 10 | 3 |\n";
    assert_eq!(answer(table("一致", None, agreeing), &income(25)).0, Value::from(5));
}

fn check(table: Rule, expected: Expect) {
    let found = match law(table) {
        Ok(law) => law.check().errors,
        Err(errors) => errors,
    };
    expected.assert_eq(&said(&found));
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_place() {
    check(
        table(
            "一意",
            None,
            "| 年収 | 月収 | → |\n| < 10 | > 5 | 1 |\n| [5..20] | > 7 | 2 |\n| - | <= 5 | 3 |\n",
        ),
        expect![[r#"
            rules/答え2020-01-01.feel:1:1: 当てはまる行のない場合があります（年収が10から20まで、月収が6から7まで／年収が21から、月収が6から）。 その場合の行を加えてください。どの値でもよい欄は - です。
            rules/答え2020-01-01.feel:3:1: 1行目と2行目が重なります（年収が5から9まで、月収が8から）。 条件を重ならないように直すか、判定表を「先勝ち」にしてください。
        "#]],
    );
    check(
        table("先勝ち", None, "| 年収 | → |\n| - | 1 |\n| > 5 | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:3:1: 2行目に当てはまる場合がありません。 条件を確かめるか、行を消してください。
        "#]],
    );
    check(
        table("一致", None, "| 支給月 | → |\n| < date(\"2025-04-01\") | 1 |\n| - | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:3:1: 1行目と2行目が重なります（支給月が2025-03-31まで）。 答えを同じにするか、条件を重ならないように直してください。
        "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n| < 月収 | 1 |\n| - | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:2:3: 単位が違います。「円」と「円/月」は比べられません。 同じ単位の値にするか、月数や人数を掛けて（割って）そろえてください。
        "#]],
    );
}

#[test]
fn what_cannot_be_read_or_does_not_fit_is_said_with_its_place() {
    check(
        table("一意", None, "| 年収 | → |\n| < 年収 + 1 | 1 |\n| - | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:2:3: この欄は事実によるので、行の漏れと重なりを確かめられません。 比べる値を数・日付・符号か法令の値にするか、差を求める規則を先に置いてください。
        "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n| < 支給月 | 1 |\n| >= | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:3:6: 式が途中で終わっています。値や名前が要ります。
        "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n| < 支給月 | 1 |\n| - | \"x\" |\n"),
        expect![[r#"
        rules/答え2020-01-01.feel:2:3: 整数と日付は比べられません。 両辺を同じ型にしてください。
    "#]],
    );
    check(
        table("一意", None, "| 年収 | 答え |\n| - | 1 |\n"),
        expect![[r#"
        rules/答え2020-01-01.feel:1:7: 判定表の見出しの最後の欄は「→」です。 「| 入力 | → |」のように、入力を一つ以上書き、最後の欄を → にしてください。
    "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n| - | 1 | 2 |\n"),
        expect![[r#"
            rules/答え2020-01-01.feel:2:1: この行の欄は3個で、見出しと違います。 見出しと同じ2個の欄にしてください。どの値でもよい欄は - です。
        "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n- | 1 |\n"),
        expect![[r#"
        rules/答え2020-01-01.feel:2:1: 判定表の行は | で始まり、| で終わります。 半角の | で欄を区切ってください。
    "#]],
    );
    check(
        table("一意", None, "年収 + 1"),
        expect![[r#"
        rules/答え2020-01-01.feel:1:1: 判定表の行は | で始まり、| で終わります。 半角の | で欄を区切ってください。
    "#]],
    );
    check(
        table("一意", None, "| 年収 | → |\n"),
        expect![[r#"
        rules/答え2020-01-01.feel:1:1: 判定表に行がありません。 条件と答えの行を加えてください。
    "#]],
    );
    check(
        table("一意", Some("persons"), "| 年収 | → |\n| - | 年収 |\n"),
        expect![[r#"
        rules/答え2020-01-01.feel:2:1: 答えの単位は「円」ですが、ファイルの先頭の「単位」は「人」です。 どちらかを直してください。
    "#]],
    );
}

/// A cell of the random tables, as text and as what it takes.
#[derive(Clone, Debug)]
enum Wanted {
    Any,
    Below(i64),
    From(i64),
    Is(Vec<i64>),
    Not(i64),
    Between(i64, i64),
}

impl Wanted {
    fn text(&self) -> String {
        match self {
            Wanted::Any => "-".to_owned(),
            Wanted::Below(x) => format!("< {x}"),
            Wanted::From(x) => format!(">= {x}"),
            Wanted::Is(all) => all.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
            Wanted::Not(x) => format!("not({x})"),
            Wanted::Between(a, b) => format!("[{a}..{b})"),
        }
    }

    /// Whether the row holds where there is no value.
    fn takes_nothing(&self) -> bool {
        matches!(self, Wanted::Any | Wanted::Not(_))
    }

    fn takes(&self, value: i64) -> bool {
        match self {
            Wanted::Any => true,
            Wanted::Below(x) => value < *x,
            Wanted::From(x) => value >= *x,
            Wanted::Is(all) => all.contains(&value),
            Wanted::Not(x) => value != *x,
            Wanted::Between(a, b) => (*a..*b).contains(&value),
        }
    }
}

fn cell() -> impl Strategy<Value = Wanted> {
    let x = 0_i64..6;
    prop_oneof![
        2 => Just(Wanted::Any),
        2 => x.clone().prop_map(Wanted::Below),
        2 => x.clone().prop_map(Wanted::From),
        1 => prop::collection::vec(x.clone(), 1..3).prop_map(Wanted::Is),
        1 => x.clone().prop_map(Wanted::Not),
        1 => (x.clone(), x).prop_map(|(a, b)| Wanted::Between(a, b)),
    ]
}

type Rows = Vec<(Wanted, Wanted, i64)>;

/// The answers of the rows that hold, read plainly.
fn hits(rows: &Rows, a: i64, b: i64) -> Vec<usize> {
    hits_of(rows, Some(a), Some(b))
}

fn hits_of(rows: &Rows, a: Option<i64>, b: Option<i64>) -> Vec<usize> {
    let takes = |cell: &Wanted, value: Option<i64>| match value {
        Some(value) => cell.takes(value),
        None => cell.takes_nothing(),
    };
    (0..rows.len()).filter(|at| takes(&rows[*at].0, a) && takes(&rows[*at].1, b)).collect()
}

/// Every case of two inputs, with one beyond each end of what the tables name.
fn cases() -> impl Iterator<Item = (i64, i64)> {
    (-1..8).flat_map(|a| (-1..8).map(move |b| (a, b)))
}

fn is_right(rows: &Rows, policy: &str) -> bool {
    let all: Vec<Vec<usize>> = cases().map(|(a, b)| hits(rows, a, b)).collect();
    // A row may also be there for those of whom something is not there.
    let nothing = cases().flat_map(|(a, b)| [(None, Some(b)), (Some(a), None), (None, None)]);
    let of_nothing: Vec<Vec<usize>> = nothing.map(|(a, b)| hits_of(rows, a, b)).collect();
    let all_hits = || all.iter().chain(&of_nothing);
    let reached = |row: usize| match policy {
        "先勝ち" => all_hits().any(|hit| hit.first() == Some(&row)),
        _ => all_hits().any(|hit| hit.contains(&row)),
    };
    let fits = |hit: &Vec<usize>| match policy {
        "一意" => hit.len() == 1,
        "一致" => !hit.is_empty() && hit.iter().all(|row| rows[*row].2 == rows[hit[0]].2),
        _ => !hit.is_empty(),
    };
    all.iter().all(fits) && (0..rows.len()).all(reached)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_table_is_refused_exactly_when_some_case_is_wrong_and_answers_as_its_rows_say(
        rows in prop::collection::vec((cell(), cell(), 1_i64..4), 1..5),
        policy in prop::sample::select(vec!["一意", "先勝ち", "一致", "合計", "個数", "最大"]),
    ) {
        let lines =
            rows.iter().map(|(a, b, out)| format!("| {} | {} | {out} |\n", a.text(), b.text()));
        let text = format!("| 年収 | 月収 | → |\n{}", lines.collect::<String>());
        let law = law(table(policy, None, &text)).expect("it reads");
        let errors = said(&law.check().errors);
        let counts = matches!(policy, "合計" | "個数" | "最大");
        let right = counts || is_right(&rows, policy);
        prop_assert_eq!(errors.is_empty(), right, "{}\n{}", text, errors);
        if !errors.is_empty() {
            return Ok(());
        }
        let plan = law.plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan");
        for (a, b) in cases() {
            let hit: Vec<i64> = hits(&rows, a, b).into_iter().map(|row| rows[row].2).collect();
            let wanted = match policy {
                "合計" => Value::from(hit.iter().sum::<i64>()),
                "個数" => Value::from(i64::try_from(hit.len()).expect("few")),
                "最大" => hit.iter().max().map_or(Value::Null, |most| Value::from(*most)),
                _ => Value::from(hit[0]),
            };
            let answer = plan.run(&Record::new().with("年収", a).with("月収", b));
            prop_assert_eq!(answer.results.get("答え"), Some(&wanted), "{}\n{} {}", text, a, b);
        }
        same_in_columns(plan);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tables_that_hold_together_answer_the_same_in_columns(
        rows in prop::collection::vec((cell(), cell(), 1_i64..4), 1..6),
        worked_out in any::<bool>(),
    ) {
        // With a last row for all the rest, and without those that nobody reaches, it always holds.
        let mut rows = rows;
        rows.push((Wanted::Any, Wanted::Any, 9));
        let first: Vec<usize> = cases().map(|(a, b)| hits(&rows, a, b)[0]).collect();
        let lines = rows.iter().enumerate().filter(|(at, _)| first.contains(at));
        let lines = lines.map(|(_, (a, b, out))| match worked_out {
            true => format!("| {} | {} | 年収 * {out} |\n", a.text(), b.text()),
            false => format!("| {} | {} | {out} |\n", a.text(), b.text()),
        });
        let text = format!("| 年収 | 月収 | → |\n{}", lines.collect::<String>());
        let law = law(table("先勝ち", None, &text)).expect("it reads");
        prop_assert_eq!(said(&law.check().errors), "", "{}", text);
        same_in_columns(law.plan(day("2026-04-01"), &BTreeMap::new()).expect("a plan"));
    }
}

/// Every case, one with nothing in it too, in columns and one by one.
fn same_in_columns(plan: Plan) {
    let number = |value: Option<i64>| value.map_or(Value::Null, Value::from);
    let all = cases().map(|(a, b)| (Some(a), Some(b))).chain([(None, Some(1)), (Some(1), None)]);
    let all: Vec<(Option<i64>, Option<i64>)> = all.collect();
    let mut dictionary = Dictionary::default();
    let mut batch = Batch { rows: all.len(), ..Batch::default() };
    for (name, take) in [("年収", 0), ("月収", 1)] {
        let mut column = Column::default();
        for (a, b) in &all {
            let value = number([*a, *b][take]);
            column.push(&value, &Type::INTEGER, &mut dictionary);
        }
        batch.facts.insert(name.to_owned(), column);
    }
    let plan = Arc::new(plan);
    let program = match Program::new(plan.clone(), dictionary) {
        Ok(program) => program,
        Err(refused) => {
            // The greatest of the rows that hold is a filter over written values.
            assert!(refused.iter().all(|why| why.contains("書き並べた値")), "{refused:?}");
            return;
        }
    };
    let results = program.run(&batch);
    assert_eq!(results.irregular, []);
    for (row, (a, b)) in all.iter().enumerate() {
        let one = plan.run(&Record::new().with("年収", number(*a)).with("月収", number(*b)));
        let column = program.value(&results.columns["答え"], row, &Type::INTEGER);
        assert_eq!(one.results.get("答え"), Some(&column), "{a:?} {b:?}");
    }
}
