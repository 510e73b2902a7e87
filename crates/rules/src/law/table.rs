//! What is wrong with the rows of a decision table on one day: gaps, overlaps, rows that nobody
//! reaches. The parameters in its cells have that day's values.

use std::collections::HashMap;

use base::date::Date;

use crate::error::{Problem, SourceError, Span};
use crate::evaluate::evaluate_within;
use crate::parser::table::{Cell, HitPolicy, Table, Test};
use crate::syntax::{Comparison, Syntax};
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::{Decimal, Record, Value};

/// An error or a warning about a table.
pub(super) struct Found {
    pub error: SourceError,
    pub warning: bool,
}

/// Combinations of inputs that are looked at; what needs more is divided.
const MAX_CASES: usize = 200_000;
/// Nobody mends more at once.
const MAX_FOUND: usize = 5;

/// Checks the rows of `table`; `typed` gives the node of a part of it.
pub(super) fn check(
    source: &str,
    table: &Table,
    known: &Record,
    typed: impl Fn(&Syntax) -> Option<Node>,
) -> Vec<Found> {
    if !table.policy.is_single() {
        return Vec::new();
    }
    let mut columns = Vec::new();
    for (at, input) in table.inputs.iter().enumerate() {
        let Some(node) = typed(input) else { return Vec::new() };
        let cells: Vec<&Cell> = table.rows.iter().map(|row| &row.cells[at]).collect();
        let constant = |syntax: &Syntax| constant(&typed(syntax)?, known);
        let name = source[input.span.start..input.span.end].trim().to_owned();
        match Column::new(name, &node.ty, &cells, constant) {
            Ok(column) => columns.push(column),
            Err(span) => return vec![not_constant(source, span)],
        }
    }
    let rows = (0..table.rows.len()).collect();
    let mut search = Search {
        source,
        table,
        columns: &columns,
        reached: Vec::new(),
        gaps: Vec::new(),
        found: Vec::new(),
        cases: 0,
    };
    search.reached.resize(table.rows.len(), false);
    search.walk(rows, &mut Vec::new());
    search.finish()
}

/// The value of a cell's part, if it stands on the day itself.
fn constant(node: &Node, known: &Record) -> Option<Value> {
    fn rests_on_facts(node: &Node, known: &Record) -> bool {
        match &node.kind {
            NodeKind::Fact(name) => known.get(name).is_none(),
            NodeKind::Local(_) => true,
            _ => node.children().into_iter().any(|child| rests_on_facts(child, known)),
        }
    }
    if rests_on_facts(node, known) {
        return None;
    }
    evaluate_within(node, known, None).ok().filter(|value| !matches!(value, Value::Unknown(_)))
}

fn not_constant(source: &str, span: Span) -> Found {
    let problem = Problem::new("この欄は事実によるので、行の漏れと重なりを確かめられません。")
        .help("比べる値を数・日付・符号か法令の値にするか、差を求める規則を先に置いてください。");
    Found { error: SourceError::at(source, span, problem), warning: true }
}

/// An input with what each row takes of it.
struct Column {
    name: String,
    kind: Kind,
    takes: Vec<Taken>,
}

/// How the values of an input are numbered.
enum Kind {
    /// Numbers in steps of their last place.
    Number { scale: u8 },
    /// Days.
    Date,
    /// 0 for false, 1 for true.
    Truth,
    /// The place among the texts that stand in the table; behind them every other text.
    Text(Vec<String>),
}

/// Stretches of numbered values, both ends within, and whether nothing (なし) is taken too.
#[derive(Clone)]
struct Taken {
    stretches: Vec<(i128, i128)>,
    null: bool,
}

/// One stretch of an input's values on which the same rows hold.
#[derive(Clone, Copy)]
enum Case {
    Stretch(i128, i128),
    Null,
}

const LEAST: i128 = i64::MIN as i128;
const GREATEST: i128 = i64::MAX as i128;

impl Column {
    /// The column, or the place of a cell that does not stand on the day itself.
    fn new(
        name: String,
        ty: &Type,
        cells: &[&Cell],
        constant: impl Fn(&Syntax) -> Option<Value>,
    ) -> Result<Column, Span> {
        let mut texts = Vec::new();
        let mut read = Vec::new();
        for cell in cells {
            let tests = cell.tests.iter().map(|test| ends(test, &constant).ok_or(cell.span));
            let tests = tests.collect::<Result<Vec<_>, Span>>()?;
            for value in tests.iter().flat_map(|(_, ends)| ends.iter().flatten()) {
                if let (Type::Text, Value::Text(text)) = (ty, value) {
                    texts.push(text.to_string());
                }
            }
            read.push(tests);
        }
        texts.sort();
        texts.dedup();
        let kind = match ty {
            Type::Number { scale } => Kind::Number { scale: *scale },
            Type::Date => Kind::Date,
            Type::Boolean => Kind::Truth,
            _ => Kind::Text(texts),
        };
        let takes = cells.iter().zip(read).map(|(cell, tests)| kind.taken(cell, &tests));
        let takes = takes.collect();
        Ok(Column { name, kind, takes })
    }

    /// The stretches on which the same rows of `active` hold, one for each set of rows.
    fn cases(&self, active: &[usize]) -> Vec<(Case, Vec<usize>)> {
        let (least, greatest) = self.kind.domain();
        let mut cuts = vec![least, greatest + 1];
        for (low, high) in active.iter().flat_map(|row| &self.takes[*row].stretches) {
            cuts.extend([*low, *high + 1]);
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut cases: Vec<(Case, Vec<usize>)> = Vec::new();
        let mut add = |case: Case, rows: Vec<usize>| {
            if !known.contains_key(&rows) {
                known.insert(rows.clone(), cases.len());
                cases.push((case, rows));
            }
        };
        for pair in cuts.windows(2) {
            let (low, high) = (pair[0], pair[1] - 1);
            let holds = |row: &&usize| {
                self.takes[**row].stretches.iter().any(|(a, b)| *a <= low && high <= *b)
            };
            add(Case::Stretch(low, high), active.iter().filter(holds).copied().collect());
        }
        let with_null: Vec<usize> =
            active.iter().filter(|row| self.takes[**row].null).copied().collect();
        if !with_null.is_empty() {
            add(Case::Null, with_null);
        }
        cases
    }
}

/// A test as a comparison with the one or two values it names.
type Ends = (Option<Comparison>, [Option<Value>; 2]);

fn ends(test: &Test, constant: &impl Fn(&Syntax) -> Option<Value>) -> Option<Ends> {
    Some(match test {
        Test::Compare(comparison, value) => (Some(*comparison), [Some(constant(value)?), None]),
        Test::Within(range) => (None, [Some(constant(&range.low)?), Some(constant(&range.high)?)]),
    })
}

impl Kind {
    fn domain(&self) -> (i128, i128) {
        match self {
            Kind::Number { .. } | Kind::Date => (LEAST, GREATEST),
            Kind::Truth => (0, 1),
            Kind::Text(texts) => (0, i128::try_from(texts.len()).unwrap_or(GREATEST)),
        }
    }

    fn taken(&self, cell: &Cell, tests: &[Ends]) -> Taken {
        let (least, greatest) = self.domain();
        if tests.is_empty() {
            return Taken { stretches: vec![(least, greatest)], null: true };
        }
        let mut stretches = Vec::new();
        let mut null = false;
        for ((comparison, ends), test) in tests.iter().zip(&cell.tests) {
            match (comparison, ends) {
                (Some(comparison), [Some(Value::Null), _]) => match comparison {
                    Comparison::Equal => null = true,
                    Comparison::NotEqual => stretches.push((least, greatest)),
                    _ => {}
                },
                (Some(comparison), [Some(value), _]) => {
                    stretches.extend(self.compared(*comparison, value));
                    null |= *comparison == Comparison::NotEqual;
                }
                (None, [Some(low), Some(high)]) => {
                    let Test::Within(range) = test else { continue };
                    let low_is = if range.low_closed {
                        Comparison::GreaterOrEqual
                    } else {
                        Comparison::Greater
                    };
                    let high_is =
                        if range.high_closed { Comparison::LessOrEqual } else { Comparison::Less };
                    let (above, below) = (self.compared(low_is, low), self.compared(high_is, high));
                    if let (Some((low, _)), Some((_, high))) = (above.first(), below.first()) {
                        stretches.push((*low, *high));
                    }
                }
                _ => {}
            }
        }
        if cell.negated {
            return Taken { stretches: outside(stretches, (least, greatest)), null: !null };
        }
        stretches.retain(|(low, high)| low <= high);
        Taken { stretches, null }
    }

    /// The stretches of which `value op x` holds for the values of the input.
    fn compared(&self, comparison: Comparison, value: &Value) -> Vec<(i128, i128)> {
        let (least, greatest) = self.domain();
        let Some((floor, exact)) = self.number(value) else { return Vec::new() };
        let (before, after) = (if exact { floor - 1 } else { floor }, floor + 1);
        let from = if exact { floor } else { floor + 1 };
        match comparison {
            Comparison::Less => vec![(least, before)],
            Comparison::LessOrEqual => vec![(least, floor)],
            Comparison::Greater => vec![(after, greatest)],
            Comparison::GreaterOrEqual => vec![(from, greatest)],
            Comparison::Equal if exact => vec![(floor, floor)],
            Comparison::Equal => Vec::new(),
            Comparison::NotEqual if exact => vec![(least, floor - 1), (floor + 1, greatest)],
            Comparison::NotEqual => vec![(least, greatest)],
        }
    }

    /// The number of a value, rounded down, and whether it is exactly that.
    fn number(&self, value: &Value) -> Option<(i128, bool)> {
        match (self, value) {
            (Kind::Number { scale }, Value::Number(number)) => Some(at_scale(*number, *scale)),
            (Kind::Date, Value::Date(day)) => {
                let days = Date::constant(1970, 1, 1).until(**day).ok()?.get_days();
                Some((i128::from(days), true))
            }
            (Kind::Truth, Value::Boolean(value)) => Some((i128::from(*value), true)),
            (Kind::Text(texts), Value::Text(text)) => {
                let at = texts.binary_search_by(|known| known.as_str().cmp(text)).ok()?;
                Some((i128::try_from(at).ok()?, true))
            }
            _ => None,
        }
    }

    /// A stretch as people say it.
    fn words(&self, name: &str, case: Case) -> String {
        let Case::Stretch(low, high) = case else { return format!("{name}がないとき") };
        match self {
            Kind::Truth => format!("{name}が{}", if low == 0 { "いいえ" } else { "はい" }),
            Kind::Text(texts) => match usize::try_from(low).ok().and_then(|at| texts.get(at)) {
                Some(text) => format!("{name}が「{text}」"),
                None => format!("{name}がほかの値"),
            },
            Kind::Number { .. } | Kind::Date => {
                let (from, to) = (self.shown(low), self.shown(high));
                match (low > LEAST, high < GREATEST) {
                    (true, true) if low == high => format!("{name}が{from}"),
                    (true, true) => format!("{name}が{from}から{to}まで"),
                    (true, false) => format!("{name}が{from}から"),
                    (false, true) => format!("{name}が{to}まで"),
                    (false, false) => format!("{name}がどの値でも"),
                }
            }
        }
    }

    fn shown(&self, number: i128) -> String {
        match self {
            Kind::Number { scale } => {
                let mantissa = i64::try_from(number).unwrap_or(i64::MAX);
                Decimal::new(mantissa, *scale).map_or_else(String::new, |own| own.to_string())
            }
            _ => {
                let days = i64::try_from(number).unwrap_or(i64::MAX);
                let span = jiff::Span::new().try_days(days);
                let day = span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span));
                day.map_or_else(|_| String::new(), |day| day.to_string())
            }
        }
    }
}

/// `number` in steps of 10^−`scale`, rounded down, and whether it is exactly that.
fn at_scale(number: Decimal, scale: u8) -> (i128, bool) {
    let mantissa = i128::from(number.mantissa());
    if number.scale() <= scale {
        return (mantissa * 10_i128.pow(u32::from(scale - number.scale())), true);
    }
    let step = 10_i128.pow(u32::from(number.scale() - scale));
    (mantissa.div_euclid(step), mantissa.rem_euclid(step) == 0)
}

/// What is left of the domain outside the stretches.
fn outside(mut stretches: Vec<(i128, i128)>, domain: (i128, i128)) -> Vec<(i128, i128)> {
    stretches.sort_unstable();
    let (mut left, mut next) = (Vec::new(), domain.0);
    for (low, high) in stretches {
        if low > next {
            left.push((next, low - 1));
        }
        next = next.max(high + 1);
    }
    if next <= domain.1 {
        left.push((next, domain.1));
    }
    left
}

/// Goes through the combinations of inputs on which the same rows hold.
struct Search<'t> {
    source: &'t str,
    table: &'t Table,
    columns: &'t [Column],
    reached: Vec<bool>,
    /// The first combinations that no row takes.
    gaps: Vec<String>,
    found: Vec<Found>,
    cases: usize,
}

impl Search<'_> {
    fn walk(&mut self, active: Vec<usize>, path: &mut Vec<Case>) {
        self.cases += 1;
        if self.cases > MAX_CASES || self.found.len() >= MAX_FOUND || self.gaps.len() >= MAX_FOUND {
            return;
        }
        let with_null = path.iter().any(|case| matches!(case, Case::Null));
        if active.is_empty() {
            // A value that is not there needs no row: nothing is answered.
            if !with_null {
                self.gap(path);
            }
            return;
        }
        let Some(column) = self.columns.get(path.len()) else {
            self.hit(&active, path);
            return;
        };
        for (case, rows) in column.cases(&active) {
            path.push(case);
            self.walk(rows, path);
            path.pop();
        }
    }

    fn hit(&mut self, rows: &[usize], path: &[Case]) {
        self.reached[rows[0]] = true;
        if self.table.policy == HitPolicy::First {
            return;
        }
        rows.iter().for_each(|row| self.reached[*row] = true);
        let answer = |row: usize| {
            let span = self.table.rows[row].output.span;
            self.source[span.start..span.end].trim()
        };
        let Some(other) = rows[1..]
            .iter()
            .find(|row| self.table.policy == HitPolicy::Unique || answer(**row) != answer(rows[0]))
        else {
            return;
        };
        let message =
            format!("{}行目と{}行目が重なります（{}）。", rows[0] + 1, other + 1, self.words(path));
        let help = match self.table.policy {
            HitPolicy::Any => "答えを同じにするか、条件を重ならないように直してください。",
            _ => "条件を重ならないように直すか、判定表を「先勝ち」にしてください。",
        };
        self.fail(self.table.rows[*other].span, Problem::new(message).help(help), false);
    }

    fn gap(&mut self, path: &[Case]) {
        if self.gaps.len() < MAX_FOUND {
            self.gaps.push(self.words(path));
        }
    }

    fn words(&self, path: &[Case]) -> String {
        let words = path.iter().zip(self.columns);
        let words = words.map(|(case, column)| column.kind.words(&column.name, *case));
        words.collect::<Vec<_>>().join("、")
    }

    fn fail(&mut self, span: Span, problem: Problem, warning: bool) {
        // One place is said once.
        if self.found.iter().all(|found| found.error.start != span.start) {
            self.found.push(Found { error: SourceError::at(self.source, span, problem), warning });
        }
    }

    fn finish(mut self) -> Vec<Found> {
        if self.cases > MAX_CASES {
            let problem = Problem::new("判定表が大きすぎて、行の漏れと重なりを確かめられません。")
                .help("表を二つの規則に分けてください。");
            self.fail(self.table.span, problem, false);
        } else if !self.gaps.is_empty() {
            let message = format!("当てはまる行のない場合があります（{}）。", self.gaps.join("／"));
            let problem = Problem::new(message)
                .help("その場合の行を加えてください。どの値でもよい欄は - です。");
            self.fail(self.table.span, problem, false);
        }
        if self.found.is_empty() {
            let nobody = (0..self.reached.len()).filter(|row| !self.reached[*row]);
            for row in nobody.collect::<Vec<_>>() {
                let problem =
                    Problem::new(format!("{}行目に当てはまる場合がありません。", row + 1))
                        .help("条件を確かめるか、行を消してください。");
                self.fail(self.table.rows[row].span, problem, false);
            }
        }
        self.found
    }
}
