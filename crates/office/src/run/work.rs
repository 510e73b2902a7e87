//! What a chunk comes to: the rows to be written, who waits and why. Pure: no connection.

use std::collections::BTreeMap;

use base::date::{Date, FOREVER};
use definition::model::{Item, ItemKind, Register, System};
use jiff::Timestamp;
use rules::Type;
use rules::column::{Batch, Column, Dictionary, ListColumn, Program, unpack};
use rules::law::Answer;
use rules::value::Value;
use store::bulk::{BulkMeta, BulkValue, CopyRows, Encoder};
use store::register::Table;
use store::run::Waiting;
use store::vault::Vault;

use super::chunk::{Chunk, Texts};
use super::compile::{Calculation, Compiled, Given, Out, Sheet, Stage};
use super::revision::{Amounts, Difference};
use super::total::{Report, Totals};
use crate::OfficeError;

/// What is the same for all rows of a run.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub today: Date,
    pub at: Timestamp,
    /// 異動事由.
    pub reason: String,
    /// Items of the first register that are summed up.
    pub totals: Vec<String>,
    /// Nothing is written.
    pub trial: bool,
}

/// What a chunk comes to.
#[derive(Debug, Default)]
pub(super) struct Worked {
    pub last_key: String,
    pub seen: usize,
    pub chosen: usize,
    pub written: usize,
    pub sheets: Vec<SheetRows>,
    pub waiting: Vec<Waiting>,
    pub report: Report,
}

/// The rows of one register.
#[derive(Debug)]
pub(super) struct SheetRows {
    pub register: String,
    pub rows: CopyRows,
    /// Numbers of the register's series that they take.
    pub numbers: u32,
}

/// Those of a chunk for whom the run is meant.
struct Chosen {
    batch: Batch,
    /// Their places in the chunk, and those of the elements of their lists.
    rows: Vec<u32>,
    elements: BTreeMap<String, Vec<u32>>,
    /// Why somebody waits, by place among the chosen.
    reasons: BTreeMap<usize, Vec<String>>,
    /// Dates that are not certain, by place in the chunk.
    uncertain: BTreeMap<u32, Vec<String>>,
}

/// Works a chunk out.
///
/// # Errors
/// [`OfficeError::Store`] when a row cannot be made.
pub(super) fn work(
    compiled: &Compiled,
    system: &System,
    chunk: &Chunk,
    (terms, vault): (&Terms, &Vault),
) -> Result<Worked, OfficeError> {
    let chosen = decide(compiled, system, chunk);
    rows((compiled, chosen), system, chunk, (terms, vault))
}

/// Works a chunk out twice, by the law as it is and as revised, and compares.
///
/// # Errors
/// [`OfficeError::Store`] when a row cannot be made.
pub(super) fn compare(
    (before, after): (&Compiled, &Compiled),
    system: &System,
    chunk: &Chunk,
    (terms, vault): (&Terms, &Vault),
) -> Result<Worked, OfficeError> {
    let (first, second) = (decide(before, system, chunk), decide(after, system, chunk));
    let amounts = |compiled, chosen: &Chosen| amounts((compiled, chosen), system, (chunk, terms));
    let words = groups(before, &first);
    let difference = Difference::of(
        &terms.totals,
        (&amounts(before, &first), &amounts(after, &second)),
        |place| words.get(&place).cloned().unwrap_or_default(),
    );
    let mut worked = rows((after, second), system, chunk, (terms, vault))?;
    worked.report.difference = difference;
    Ok(worked)
}

/// The words that tell somebody apart, by place in the chunk.
fn groups(compiled: &Compiled, chosen: &Chosen) -> BTreeMap<u32, Vec<(String, String)>> {
    let word = |row: usize, column: &String| {
        let column = chosen.batch.facts.get(column)?;
        let is_there = !column.is_null(row) && !column.is_unknown(row);
        is_there.then(|| compiled.dictionary.get(column.values[row])).flatten()
    };
    let of = |row: usize| {
        let groups = compiled.groups.iter();
        let words = groups.map(|(name, column)| {
            (name.clone(), word(row, column).unwrap_or("決まらない").to_owned())
        });
        words.collect()
    };
    chosen.rows.iter().enumerate().map(|(row, place)| (*place, of(row))).collect()
}

/// What the summed items of the first register come to for each who does not wait.
fn amounts(
    (compiled, chosen): (&Compiled, &Chosen),
    system: &System,
    (chunk, terms): (&Chunk, &Terms),
) -> Amounts {
    let mut out = Amounts::new();
    let Some(sheet) = compiled.sheets.first() else { return out };
    let Some(register) = system.register(&sheet.register) else { return out };
    let cells = cells((compiled, chunk), chosen, (register, sheet), 0);
    let at = |name: &String| register.items.iter().position(|item| item.name == *name);
    let items: Vec<Option<usize>> = terms.totals.iter().map(at).collect();
    let amount = |row: usize, at: &Option<usize>| match cells[(*at)?].value((row, row), 0, &[]) {
        Some(BulkValue::Integer(number)) => Some(number),
        _ => None,
    };
    for row in owners(chosen, sheet) {
        let row = row as usize;
        if !chosen.waits(row) {
            let amounts = items.iter().map(|at| amount(row, at)).collect();
            out.insert(chosen.rows[row], amounts);
        }
    }
    out
}

/// Everything up to the values of the rows: who is chosen, what was worked out, who waits.
fn decide(compiled: &Compiled, system: &System, chunk: &Chunk) -> Chosen {
    let mut chosen = choose(compiled, chunk);
    for stage in &compiled.stages {
        match stage {
            Stage::Formulas(program) => formulas(program, &mut chosen),
            Stage::Keep { list, of, column } => keep(&mut chosen, (list, of), column),
            Stage::Calculation(own) => calculation(own, &mut chosen, &compiled.dictionary),
        }
    }
    for (column, message) in &compiled.checks {
        for row in 0..chosen.batch.rows {
            let found = chosen.batch.facts.get(column);
            let is_open = found.is_none_or(|one| one.is_unknown(row) || one.is_null(row));
            // What is open has been said by the calculation that asks for it.
            let is_said = is_open && chosen.waits(row);
            if !is_true(found, row) && !is_said {
                chosen.wait(row, message);
            }
        }
    }
    for sheet in &compiled.sheets {
        judge(&mut chosen, (compiled, system, chunk), sheet);
    }
    chosen
}

/// The rows of those who do not wait.
fn rows(
    (compiled, mut chosen): (&Compiled, Chosen),
    system: &System,
    chunk: &Chunk,
    (terms, vault): (&Terms, &Vault),
) -> Result<Worked, OfficeError> {
    let mut worked = Worked {
        last_key: chunk.last_key().unwrap_or_default().to_owned(),
        seen: chunk.batch.rows,
        chosen: chosen.rows.len(),
        ..Worked::default()
    };
    let mut opened: Vec<Vec<u32>> = Vec::new();
    for sheet in &compiled.sheets {
        let table = Table::new(system, &sheet.register)?;
        let mut maker = Maker {
            cells: cells((compiled, chunk), &chosen, (table.register, sheet), opened.len()),
            encoder: Encoder::new(table, vault),
            rows: CopyRows::default(),
            terms,
            numbers: 0,
        };
        let places = maker.sheet(&chosen, sheet, &opened)?;
        if opened.is_empty() {
            worked.written = maker.numbers as usize;
            worked.report.totals =
                Totals::of(&terms.totals, (table.register, system), |item, take| {
                    maker.values(&chosen, &places, item, take);
                });
        }
        let (rows, numbers) = (maker.rows, maker.numbers);
        worked.sheets.push(SheetRows { register: sheet.register.clone(), rows, numbers });
        opened.push(places);
    }
    for (row, reasons) in std::mem::take(&mut chosen.reasons) {
        let subject = chunk.keys.get(chosen.rows[row] as usize).unwrap_or_default().to_owned();
        worked.waiting.push(Waiting { subject, reasons });
    }
    Ok(worked)
}

impl Chosen {
    fn waits(&self, row: usize) -> bool {
        self.reasons.contains_key(&row)
    }

    fn wait(&mut self, row: usize, reason: &str) {
        let reasons = self.reasons.entry(row).or_default();
        if !reasons.iter().any(|known| known == reason) {
            reasons.push(reason.to_owned());
        }
    }
}

fn is_true(column: Option<&Column>, row: usize) -> bool {
    column.is_some_and(|column| {
        !column.is_null(row) && !column.is_unknown(row) && column.values[row] != 0
    })
}

/// Those for whom the run is meant; who cannot be told is among them and waits.
fn choose(compiled: &Compiled, chunk: &Chunk) -> Chosen {
    let all = u32::try_from(chunk.batch.rows).unwrap_or(u32::MAX);
    let mut open = Vec::new();
    let rows: Vec<u32> = match &compiled.only {
        None => (0..all).collect(),
        Some(program) => {
            let mut results = program.run(&chunk.batch);
            for row in std::mem::take(&mut results.irregular) {
                let answer = program.answer(&chunk.batch, row);
                for (name, column) in &mut results.columns {
                    let value = answer.results.get(name).unwrap_or(&Value::Null);
                    column.set(row, value, &Type::Boolean, &compiled.dictionary);
                    if matches!(value, Value::Unknown(_)) {
                        open.push((row, questions(&answer)));
                    }
                }
            }
            let column = results.columns.values().next();
            let is_meant = |row: &u32| {
                let row = *row as usize;
                is_true(column, row) || column.is_some_and(|column| column.is_unknown(row))
            };
            (0..all).filter(is_meant).collect()
        }
    };
    let (batch, elements) = chunk.batch.pick(&rows);
    let uncertain = chunk.uncertain.clone();
    let mut chosen = Chosen { batch, rows, elements, reasons: BTreeMap::new(), uncertain };
    for (row, reasons) in open {
        let place = chosen.rows.iter().position(|own| *own as usize == row);
        for reason in reasons {
            chosen.wait(place.unwrap_or_default(), &reason);
        }
    }
    chosen
}

fn questions(answer: &Answer) -> Vec<String> {
    let said =
        |question: &rules::value::OpenQuestion| format!("{}（{}）", question.fact, question.reason);
    answer.open_questions.iter().map(said).collect()
}

/// Formulas over all; those that columns cannot tell are worked out one by one.
fn formulas(program: &Program, chosen: &mut Chosen) {
    let results = worked_out(program, &chosen.batch, |_, _| {});
    for result in &program.plan().results {
        let Some(column) = results.get(&result.rule) else { continue };
        let name = result.rule.clone();
        match result.list.as_ref() {
            None => {
                chosen.batch.facts.insert(name, column.clone());
            }
            Some(list) => {
                if let Some(list) = chosen.batch.lists.get_mut(list) {
                    list.fields.insert(name, column.clone());
                }
            }
        }
    }
}

/// A list of those elements of another for which a column is true; who has an element of which
/// that cannot be told waits.
fn keep(chosen: &mut Chosen, (list, of): (&str, &str), column: &str) {
    let Some(source) = chosen.batch.lists.get(of) else { return };
    let marks = source.fields.get(column);
    let is_open = |at: usize| marks.is_none_or(|marks| marks.is_unknown(at));
    let open: Vec<usize> =
        (0..chosen.batch.rows).filter(|row| source.range(*row).any(is_open)).collect();
    let (kept, rows) = source.keep(|at| is_true(marks, at));
    let elements = chosen.elements.get(of);
    let elements = rows.iter().filter_map(|row| elements?.get(*row as usize).copied()).collect();
    chosen.elements.insert(list.to_owned(), elements);
    chosen.batch.lists.insert(list.to_owned(), kept);
    for row in open {
        chosen.wait(row, &format!("「{of}」のどの行によるかが決まりません"));
    }
}

/// The columns of all results; `answered` hears of those who were asked one by one.
fn worked_out(
    program: &Program,
    batch: &Batch,
    mut answered: impl FnMut(usize, &Answer),
) -> BTreeMap<String, Column> {
    let mut results = program.run(batch);
    for row in std::mem::take(&mut results.irregular) {
        let answer = program.answer(batch, row);
        answered(row, &answer);
        for result in &program.plan().results {
            let Some(column) = results.columns.get_mut(&result.rule) else { continue };
            let value = answer.results.get(&result.rule).unwrap_or(&Value::Null);
            let elements = result.list.as_ref().and_then(|list| batch.lists.get(list));
            match (elements, value) {
                (None, value) => column.set(row, value, &result.ty, program.texts()),
                (Some(list), Value::List(values)) => {
                    for (at, value) in list.range(row).zip(values.iter()) {
                        column.set(at, value, &result.ty, program.texts());
                    }
                }
                (Some(list), _) => {
                    for at in list.range(row) {
                        let unknown = Value::unknown("", "");
                        column.set(at, &unknown, &result.ty, program.texts());
                    }
                }
            }
        }
    }
    results.columns
}

/// A calculation over all. Who lacks a fact on which a result depends waits for it.
fn calculation(own: &Calculation, chosen: &mut Chosen, dictionary: &Dictionary) {
    let rows = chosen.batch.rows;
    let mut batch = Batch { rows, ..Batch::default() };
    for (fact, given) in &own.facts {
        let column = match given {
            Given::Same(value, ty) => Some(Column::constant(value, ty, rows, dictionary)),
            Given::Column(name) => chosen.batch.facts.get(name).cloned(),
        };
        batch.facts.extend(column.map(|column| (fact.clone(), column)));
    }
    for list in &own.lists {
        let Some(source) = chosen.batch.lists.get(&list.list) else { continue };
        let field = |(field, name): &(String, String)| {
            source.fields.get(name).map(|column| (field.clone(), column.clone()))
        };
        let columns = ListColumn {
            offsets: source.offsets.clone(),
            unknown: source.unknown.clone(),
            fields: list.fields.iter().filter_map(field).collect(),
        };
        batch.lists.insert(list.fact.clone(), columns);
    }
    let mut open = Vec::new();
    let results = worked_out(&own.program, &batch, |row, answer| {
        open.push((row, questions(answer)));
    });
    for (row, reasons) in open {
        // The first calculation that asks names the fact; later ones miss its results only.
        if chosen.waits(row) {
            continue;
        }
        let uncertain = chosen.uncertain.get(&chosen.rows[row]).cloned();
        let reasons = uncertain.unwrap_or(reasons);
        reasons.iter().for_each(|reason| chosen.wait(row, reason));
    }
    for (rule, column) in results {
        chosen.batch.facts.insert(format!("{}.{rule}", own.name), column);
    }
}

/// Where the value of an item stands, found once for all rows.
enum Cell<'w> {
    Same(Option<BulkValue<'w>>),
    Number(&'w Column),
    Flag(&'w Column),
    Day(&'w Column),
    Text(&'w Column, &'w Dictionary),
    /// Texts and the places of the chosen rows in them.
    Passed(&'w Texts, &'w [u32]),
    Series(usize),
    Opened(usize),
}

fn cells<'w>(
    (compiled, chunk): (&'w Compiled, &'w Chunk),
    chosen: &'w Chosen,
    (register, sheet): (&Register, &'w Sheet),
    own: usize,
) -> Vec<Cell<'w>> {
    let list = sheet.over.as_deref();
    let one = |(out, item): (&'w Out, &Item)| match out {
        Out::Same(value) => Cell::Same(same(value)),
        Out::Numbered => Cell::Series(own),
        Out::Opened(sheet) => Cell::Opened(*sheet),
        Out::Passed(name) => {
            let place = list.and_then(|list| {
                let of = compiled.origins.get(list).map_or(list, String::as_str);
                let texts = chunk.list_texts.get(&(of.to_owned(), name.clone()))?;
                Some(Cell::Passed(texts, chosen.elements.get(list)?))
            });
            let of_subject = || Some(Cell::Passed(chunk.texts.get(name)?, &chosen.rows));
            place.or_else(of_subject).unwrap_or(Cell::Same(None))
        }
        Out::Column(name) => {
            let fields = list.and_then(|list| chosen.batch.lists.get(list));
            let column = match fields {
                Some(list) => list.fields.get(name),
                None => chosen.batch.facts.get(name),
            };
            column.map_or(Cell::Same(None), |column| match item.kind {
                ItemKind::Integer { .. } => Cell::Number(column),
                ItemKind::Flag => Cell::Flag(column),
                ItemKind::Date { .. } => Cell::Day(column),
                _ => Cell::Text(column, &compiled.dictionary),
            })
        }
    };
    sheet.outs.iter().zip(&register.items).map(one).collect()
}

fn same(value: &Value) -> Option<BulkValue<'_>> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(BulkValue::Text(text)),
        Value::Number(number) => number.to_integer().map(BulkValue::Integer),
        Value::Boolean(flag) => Some(BulkValue::Flag(*flag)),
        Value::Date(day) => Some(BulkValue::Stored(Some(**day), None)),
        _ => None,
    }
}

/// What is wrong with values that would be written: the row waits.
fn judge(
    chosen: &mut Chosen,
    (compiled, system, chunk): (&Compiled, &System, &Chunk),
    sheet: &Sheet,
) {
    let Some(register) = system.register(&sheet.register) else { return };
    let mut found: Vec<(usize, String)> = Vec::new();
    {
        let owner = owners(chosen, sheet);
        let cells = cells((compiled, chunk), chosen, (register, sheet), 0);
        for (item, cell) in register.items.iter().zip(&cells) {
            let allowed = Allowed::of(item, (system, &compiled.dictionary));
            for (row, of) in owner.iter().enumerate() {
                let row = if sheet.over.is_some() { row } else { *of as usize };
                if let Some(what) = allowed.wrong(item, cell, row) {
                    found.push((*of as usize, what));
                }
            }
        }
    }
    for (row, what) in found {
        // Of who waits already nothing more needs to be said.
        if !chosen.waits(row) {
            chosen.wait(row, &what);
        }
    }
}

/// For each row of a sheet the place of its subject among the chosen.
fn owners(chosen: &Chosen, sheet: &Sheet) -> Vec<u32> {
    let rows = 0..u32::try_from(chosen.batch.rows).unwrap_or(u32::MAX);
    let when = sheet.when.as_ref().map(|name| chosen.batch.facts.get(name));
    let is_meant = |row: &u32| when.is_none_or(|column| is_true(column, *row as usize));
    let Some(list) = &sheet.over else { return rows.filter(is_meant).collect() };
    let Some(list) = chosen.batch.lists.get(list) else { return Vec::new() };
    // A row for every element, whether it is meant or not: places must agree.
    rows.flat_map(|row| list.range(row as usize).map(move |_| row)).collect()
}

/// The values that an item takes.
struct Allowed {
    /// Numbers of codes in the dictionary; any where there is no list.
    codes: Option<Vec<i64>>,
    /// The first number that is too large.
    beyond: Option<i64>,
}

impl Allowed {
    fn of(item: &Item, (system, dictionary): (&System, &Dictionary)) -> Allowed {
        let codes = item.codes(system).map(|list| {
            let number = |entry: &definition::model::CodeEntry| dictionary.find(&entry.code);
            list.entries.iter().filter_map(number).collect()
        });
        let beyond = match item.kind {
            ItemKind::Integer { digits, .. } => 10_i64.checked_pow(digits),
            _ => None,
        };
        Allowed { codes, beyond }
    }

    fn wrong(&self, item: &Item, cell: &Cell<'_>, row: usize) -> Option<String> {
        let name = &item.name;
        let empty = || item.required.then(|| format!("「{name}」が空です"));
        match cell {
            Cell::Same(None) => empty(),
            Cell::Same(Some(_)) | Cell::Series(_) | Cell::Opened(_) => None,
            Cell::Passed(texts, rows) => match texts.get(rows[row] as usize) {
                None => empty(),
                Some(text) => too_long(item, text),
            },
            Cell::Number(column)
            | Cell::Flag(column)
            | Cell::Day(column)
            | Cell::Text(column, _) => {
                if column.is_unknown(row) {
                    return Some(format!("「{name}」が決まりません"));
                }
                if column.is_null(row) {
                    return empty();
                }
                let value = column.values[row];
                let fits = self.codes.as_ref().is_none_or(|codes| codes.contains(&value))
                    && self.beyond.is_none_or(|beyond| value.abs() < beyond);
                if !fits {
                    return Some(format!("「{name}」に入らない値です（{value}）"));
                }
                match (cell, &item.kind) {
                    (Cell::Text(_, words), ItemKind::FullWidth(_) | ItemKind::HalfWidth(_)) => {
                        words.get(value).and_then(|text| too_long(item, text))
                    }
                    _ => None,
                }
            }
        }
    }
}

fn too_long(item: &Item, text: &str) -> Option<String> {
    let limit = item.length()? as usize;
    let is_long = text.len() > limit && base::text::length(text) > limit;
    is_long.then(|| format!("「{}」は{limit}文字までです", item.name))
}

/// Makes the rows of one register.
struct Maker<'w> {
    cells: Vec<Cell<'w>>,
    encoder: Encoder<'w>,
    rows: CopyRows,
    terms: &'w Terms,
    numbers: u32,
}

impl Maker<'_> {
    /// Makes every row of those who do not wait; for each subject the number of its row.
    fn sheet(
        &mut self,
        chosen: &Chosen,
        sheet: &Sheet,
        opened: &[Vec<u32>],
    ) -> Result<Vec<u32>, OfficeError> {
        let meta = BulkMeta {
            version_no: 1,
            valid_from: self.terms.today,
            valid_to: FOREVER,
            recorded_from: self.terms.at,
            reason: &self.terms.reason,
            closed_on: None,
        };
        let mut places = vec![u32::MAX; chosen.batch.rows];
        let when = sheet.when.as_ref().map(|name| chosen.batch.facts.get(name));
        let mut values = Vec::with_capacity(self.cells.len());
        for (row, owner) in owners(chosen, sheet).into_iter().enumerate() {
            let of = owner as usize;
            let is_meant = when.is_none_or(|column| is_true(column, of));
            if chosen.reasons.contains_key(&of) || !is_meant {
                continue;
            }
            // Without a list a row is its owner's.
            let row = if sheet.over.is_some() { row } else { of };
            places[of] = self.numbers;
            values.clear();
            values
                .extend(self.cells.iter().map(|cell| cell.value((row, of), self.numbers, opened)));
            if !self.terms.trial {
                self.encoder.row(&values, &meta, &mut self.rows)?;
            }
            self.numbers += 1;
        }
        Ok(places)
    }

    /// The values of an item in the rows that were made.
    fn values(
        &self,
        chosen: &Chosen,
        places: &[u32],
        item: usize,
        take: &mut dyn FnMut(&BulkValue<'_>),
    ) {
        for row in 0..chosen.batch.rows {
            if places[row] != u32::MAX
                && let Some(value) = self.cells[item].value((row, row), 0, &[])
            {
                take(&value);
            }
        }
    }
}

impl Cell<'_> {
    fn value(
        &self,
        (row, of): (usize, usize),
        number: u32,
        opened: &[Vec<u32>],
    ) -> Option<BulkValue<'_>> {
        match self {
            Cell::Same(value) => *value,
            Cell::Series(sheet) => Some(BulkValue::Series(*sheet, number)),
            Cell::Opened(sheet) => {
                opened.get(*sheet).map(|places| BulkValue::Series(*sheet, places[of]))
            }
            Cell::Passed(texts, rows) => {
                texts.get(rows[row] as usize).filter(|text| !text.is_empty()).map(BulkValue::Text)
            }
            Cell::Number(column)
            | Cell::Flag(column)
            | Cell::Day(column)
            | Cell::Text(column, _)
                if column.is_null(row) =>
            {
                None
            }
            Cell::Number(column) => Some(BulkValue::Integer(column.values[row])),
            Cell::Flag(column) => Some(BulkValue::Flag(column.values[row] != 0)),
            Cell::Day(column) => Some(BulkValue::Stored(unpack(column.values[row]), None)),
            Cell::Text(column, words) => words.get(column.values[row]).map(BulkValue::Text),
        }
    }
}
