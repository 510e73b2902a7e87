//! Decision tables as text (判定表): a head of inputs, one row of tests and an answer a line,
//! between bars. Each cell keeps its place, so that every message names its line and column.

use super::{Parsed, Parser, operator};
use crate::error::{Problem, SourceError, Span};
use crate::lexer::{self, TokenKind};
use crate::syntax::{Comparison, Operator, Range, Syntax, SyntaxKind};
use crate::value::Value;

/// What is answered where rows are hit (ヒットポリシー).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPolicy {
    /// 一意: no two rows may hold at once.
    Unique,
    /// 一致: rows that hold at once answer the same.
    Any,
    /// 先勝ち: the first row that holds.
    First,
    /// 合計: the sum over the rows that hold.
    Sum,
    /// 個数: how many rows hold.
    Count,
    /// 最小: the least answer.
    Min,
    /// 最大: the greatest answer.
    Max,
}

impl HitPolicy {
    /// Every policy by its word.
    pub const WORDS: [(&str, HitPolicy); 7] = [
        ("一意", HitPolicy::Unique),
        ("一致", HitPolicy::Any),
        ("先勝ち", HitPolicy::First),
        ("合計", HitPolicy::Sum),
        ("個数", HitPolicy::Count),
        ("最小", HitPolicy::Min),
        ("最大", HitPolicy::Max),
    ];

    /// The policy of a word.
    pub fn find(word: &str) -> Option<HitPolicy> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, policy)| *policy)
    }

    /// Whether one row gives the answer.
    pub fn is_single(self) -> bool {
        matches!(self, HitPolicy::Unique | HitPolicy::Any | HitPolicy::First)
    }
}

/// A table as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub policy: HitPolicy,
    pub inputs: Vec<Syntax>,
    pub rows: Vec<Row>,
    /// The line of the head.
    pub span: Span,
}

/// A row: a cell for each input, and the answer.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub cells: Vec<Cell>,
    pub output: Syntax,
    pub span: Span,
}

/// One of the tests must hold, or none of them; without tests, anything does.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub tests: Vec<Test>,
    pub negated: bool,
    pub span: Span,
}

/// What one test asks of the input.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Compare(Comparison, Syntax),
    Within(Range),
}

/// Rows of one table.
const MAX_ROWS: usize = 100;

/// Reads the table that `source` is, comments at its top apart.
pub(crate) fn parse(source: &str, policy: HitPolicy) -> Parsed<Table> {
    let mut lines = lines(source)?.into_iter();
    let Some((span, head)) = lines.next() else {
        let problem = Problem::new("判定表がありません。").help(
            "「| 入力 | → |」の行に続けて、行ごとに条件と答えを | で区切って書いてください。",
        );
        return Err(SourceError::at(source, Span::default(), problem));
    };
    let (arrow, inputs) = head.split_last().expect("a line has a cell");
    if !source[arrow.start..arrow.end].trim().starts_with('→') || inputs.is_empty() {
        let problem = Problem::new("判定表の見出しの最後の欄は「→」です。")
            .help("「| 入力 | → |」のように、入力を一つ以上書き、最後の欄を → にしてください。");
        return Err(SourceError::at(source, *arrow, problem));
    }
    let inputs = inputs.iter().map(|cell| whole(source, *cell)).collect::<Parsed<Vec<_>>>()?;
    let rows = lines.map(|(span, cells)| row(source, span, &cells, inputs.len()));
    let rows = rows.collect::<Parsed<Vec<Row>>>()?;
    let problem = match rows.len() {
        0 => Problem::new("判定表に行がありません。").help("条件と答えの行を加えてください。"),
        1..=MAX_ROWS => return Ok(Table { policy, inputs, rows, span }),
        _ => Problem::new(format!("判定表が長すぎます（{MAX_ROWS}行まで）。"))
            .help("表を分けるか、式で書いてください。"),
    };
    Err(SourceError::at(source, span, problem))
}

/// A line with its cells.
type Line = (Span, Vec<Span>);

fn lines(source: &str) -> Parsed<Vec<Line>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim();
        let from = start + (line.len() - line.trim_start().len());
        let span = Span { start: from, end: from + text.len() };
        start += line.len();
        if text.is_empty() || text.starts_with("//") || is_divider(text) {
            continue;
        }
        if !(text.starts_with('|') && text.ends_with('|') && text.len() > 1) {
            let problem = Problem::new("判定表の行は | で始まり、| で終わります。")
                .help("半角の | で欄を区切ってください。");
            return Err(SourceError::at(source, span, problem));
        }
        found.push((span, cells(source, span)));
    }
    Ok(found)
}

/// Whether a line only stands between the head and the rows.
pub(super) fn is_divider(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The stretches between the bars; a bar within quotes belongs to the text.
pub(super) fn cells(source: &str, line: Span) -> Vec<Span> {
    let mut cells = Vec::new();
    let (mut quoted, mut start) = (false, line.start + 1);
    for (at, c) in source[line.start..line.end].char_indices().skip(1) {
        match c {
            '"' => quoted = !quoted,
            '|' if !quoted => {
                cells.push(Span { start, end: line.start + at });
                start = line.start + at + 1;
            }
            _ => {}
        }
    }
    cells
}

fn row(source: &str, span: Span, cells: &[Span], inputs: usize) -> Parsed<Row> {
    if cells.len() != inputs + 1 {
        let problem = Problem::new(format!("この行の欄は{}個で、見出しと違います。", cells.len()))
            .help(format!(
                "見出しと同じ{}個の欄にしてください。どの値でもよい欄は - です。",
                inputs + 1
            ));
        return Err(SourceError::at(source, span, problem));
    }
    let output = whole(source, cells[inputs])?;
    let cells = cells[..inputs].iter().map(|at| cell(source, *at)).collect::<Parsed<Vec<_>>>()?;
    Ok(Row { cells, output, span })
}

fn parser(source: &str, at: Span) -> Parsed<Parser<'_>> {
    let tokens = lexer::tokens_within(source, at)?;
    Ok(Parser { source, tokens, position: 0, nesting: 0 })
}

/// The expression that a cell holds.
pub(crate) fn whole(source: &str, at: Span) -> Parsed<Syntax> {
    let mut parser = parser(source, at)?;
    let syntax = parser.expression()?;
    parser.end("欄の終わりか演算子")?;
    Ok(syntax)
}

/// The tests that a cell holds.
pub(crate) fn cell(source: &str, at: Span) -> Parsed<Cell> {
    let mut parser = parser(source, at)?;
    let trimmed = source[at.start..at.end].trim();
    let span = parser.peek().span.to(Span { start: at.start, end: at.start + trimmed.len() });
    if trimmed == "-" {
        return Ok(Cell { tests: Vec::new(), negated: false, span });
    }
    let is_not = matches!(&parser.peek().kind, TokenKind::Name(name) if name == "not");
    let negated = is_not && *parser.peek_at(1) == TokenKind::Symbol("(");
    if negated {
        parser.advance();
        parser.advance();
    }
    let mut tests = vec![parser.test()?];
    while parser.accept(",") {
        tests.push(parser.test()?);
    }
    if negated {
        parser.expect(")")?;
    }
    parser.end("「,」か欄の終わり")?;
    Ok(Cell { tests, negated, span })
}

impl Parser<'_> {
    fn end(&self, wanted: &str) -> Parsed<()> {
        match self.peek().kind {
            TokenKind::End => Ok(()),
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// `< 5`, `[1..5)`, or a value that the input must be.
    fn test(&mut self) -> Parsed<Test> {
        if let Some((Operator::Compare(comparison), _)) = operator(&self.peek().kind) {
            self.advance();
            return Ok(Test::Compare(comparison, self.expression()?));
        }
        if self.at_range() {
            return Ok(Test::Within(self.ends()?.0));
        }
        Ok(Test::Compare(Comparison::Equal, self.expression()?))
    }
}

impl Table {
    /// The expression that answers what the table does.
    pub fn expression(&self) -> Syntax {
        let wholes = self.rows.iter().map(|row| (self.condition(row), row));
        if self.policy.is_single() {
            let nothing = constant(Value::Null, self.span);
            return wholes.rev().fold(nothing, |otherwise, (condition, row)| {
                choice(condition, row.output.clone(), otherwise)
            });
        }
        let (name, each): (&str, fn(&Row) -> (Syntax, Syntax)) = match self.policy {
            HitPolicy::Count => ("sum", |row| (number(1, row.span), number(0, row.span))),
            HitPolicy::Min => ("min", |row| (row.output.clone(), constant(Value::Null, row.span))),
            HitPolicy::Max => ("max", |row| (row.output.clone(), constant(Value::Null, row.span))),
            _ => ("sum", |row| (row.output.clone(), number(0, row.span))),
        };
        let arguments = wholes.map(|(condition, row)| {
            let (then, otherwise) = each(row);
            choice(condition, then, otherwise)
        });
        let items: Vec<Syntax> = arguments.collect();
        let height = items.iter().map(|own| own.height).max().unwrap_or(0) + 1;
        let list = Syntax { kind: SyntaxKind::List(items), span: self.span, height };
        let list = if name == "sum" { list } else { present(list) };
        call(name, vec![list], self.span)
    }

    fn condition(&self, row: &Row) -> Syntax {
        let tests = self.inputs.iter().zip(&row.cells).filter(|(_, cell)| !cell.tests.is_empty());
        let tests = tests.map(|(input, cell)| cell.condition(input));
        let all = tests.reduce(|left, right| join(Operator::And, left, right));
        all.unwrap_or_else(|| constant(true.into(), row.span))
    }
}

impl Cell {
    fn condition(&self, input: &Syntax) -> Syntax {
        let tests = self.tests.iter().map(|test| test.condition(input, self.span));
        let any = tests.reduce(|left, right| join(Operator::Or, left, right));
        let any = any.unwrap_or_else(|| constant(true.into(), self.span));
        if self.negated { call("not", vec![any], self.span) } else { any }
    }
}

impl Test {
    fn condition(&self, input: &Syntax, span: Span) -> Syntax {
        // The input is looked at here: what is wrong with the comparison is said of this cell.
        let input = Syntax { span, ..input.clone() };
        match self {
            Test::Compare(comparison, value) => {
                join(Operator::Compare(*comparison), input, value.clone())
            }
            Test::Within(range) => {
                let height = input.height.max(range.low.height).max(range.high.height) + 1;
                let (value, range) = (Box::new(input), Box::new(range.clone()));
                Syntax { kind: SyntaxKind::InRange { value, range }, span, height }
            }
        }
    }
}

/// The elements of a list that are there.
fn present(list: Syntax) -> Syntax {
    let (span, height) = (list.span, list.height + 1);
    let item = Syntax { kind: SyntaxKind::Name("item".to_owned()), span, height: 1 };
    let nothing = constant(Value::Null, span);
    let filter = join(Operator::Compare(Comparison::NotEqual), item, nothing);
    let (base, filter) = (Box::new(list), Box::new(filter));
    Syntax { kind: SyntaxKind::Filter { base, filter }, span, height }
}

fn constant(value: Value, span: Span) -> Syntax {
    Syntax { kind: SyntaxKind::Constant(value), span, height: 1 }
}

fn number(value: i64, span: Span) -> Syntax {
    Syntax { kind: SyntaxKind::Number(value.into()), span, height: 1 }
}

fn join(operator: Operator, left: Syntax, right: Syntax) -> Syntax {
    let (span, height) = (left.span.to(right.span), left.height.max(right.height) + 1);
    let (left, right) = (Box::new(left), Box::new(right));
    Syntax { kind: SyntaxKind::Binary { operator, left, right }, span, height }
}

fn choice(condition: Syntax, then: Syntax, otherwise: Syntax) -> Syntax {
    let height = condition.height.max(then.height).max(otherwise.height) + 1;
    let span = condition.span.to(then.span);
    let (condition, then) = (Box::new(condition), Box::new(then));
    let kind = SyntaxKind::If { condition, then, otherwise: Box::new(otherwise) };
    Syntax { kind, span, height }
}

fn call(name: &str, arguments: Vec<Syntax>, span: Span) -> Syntax {
    let height = arguments.iter().map(|own| own.height).max().unwrap_or(0) + 1;
    let kind = SyntaxKind::Call { name: name.to_owned(), name_span: span, arguments };
    Syntax { kind, span, height }
}
