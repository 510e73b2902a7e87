//! A decision table as texts, cell by cell, so that it can leave for a spreadsheet or a modeller
//! and come back. What was not changed keeps its very bytes; meanings are looked at elsewhere.

use super::table;
use crate::error::Span;

/// The keys that a line of the head may begin with.
pub const HEAD_KEYS: [&str; 7] = ["算定", "根拠", "出典", "確度", "施行", "単位", "判定表"];

/// A decision table: its head, its columns, its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenTable {
    /// The comment lines above the table, without their slashes.
    pub head: Vec<String>,
    /// The inputs, and last the arrow.
    pub columns: Vec<String>,
    /// The rows, in order.
    pub rows: Vec<WrittenRow>,
    /// The comment lines below the last row.
    pub end: Vec<String>,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenRow {
    /// A test for each input, and last the answer.
    pub cells: Vec<String>,
    /// The comment lines above the row.
    pub notes: Vec<String>,
}

/// Where the parts of a table stand in the file that it was brought in by, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Of each column's head.
    pub columns: Vec<String>,
    /// Of each cell, by row.
    pub rows: Vec<Vec<String>>,
}

/// What became of a table's rows, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// A row that was not there.
    Added(usize, WrittenRow),
    /// A row that is no longer there, by its old number.
    Removed(usize, WrittenRow),
    /// A row that says something else: new number, before, after.
    Changed(usize, WrittenRow, WrittenRow),
}

/// The very text of a table's parts; together they are the whole source.
#[derive(Default)]
struct Raw<'s> {
    head: &'s str,
    columns: &'s str,
    rows: Vec<&'s str>,
    end: &'s str,
}

/// What a line is.
enum Line {
    Blank,
    Note(String),
    Divider,
    Cells(Vec<String>),
}

fn line(text: &str) -> Option<Line> {
    let text = text.trim();
    Some(if text.is_empty() {
        Line::Blank
    } else if let Some(note) = text.strip_prefix("//") {
        Line::Note(note.trim().to_owned())
    } else if table::is_divider(text) {
        Line::Divider
    } else if text.starts_with('|') && text.ends_with('|') && text.len() > 1 {
        let cells = table::cells(text, Span { start: 0, end: text.len() });
        Line::Cells(cells.iter().map(|at| text[at.start..at.end].trim().to_owned()).collect())
    } else {
        return None;
    })
}

fn split(source: &str) -> Option<(WrittenTable, Raw<'_>)> {
    let (mut table, mut raw) = (WrittenTable::default(), Raw::default());
    let (mut notes, mut start, mut at) = (Vec::new(), 0, 0);
    for text in source.split_inclusive('\n') {
        let end = at + text.len();
        match line(text)? {
            Line::Blank => {}
            Line::Note(note) => notes.push(note),
            Line::Divider if table.columns.is_empty() => return None,
            Line::Divider if table.rows.is_empty() && notes.is_empty() => {
                raw.columns = &source[raw.head.len()..end];
                start = end;
            }
            Line::Divider => {}
            Line::Cells(cells) if table.columns.is_empty() => {
                (table.head, table.columns) = (std::mem::take(&mut notes), cells);
                (raw.head, raw.columns) = (&source[..at], &source[at..end]);
                start = end;
            }
            Line::Cells(cells) if cells.len() != table.columns.len() => return None,
            Line::Cells(cells) => {
                table.rows.push(WrittenRow { cells, notes: std::mem::take(&mut notes) });
                raw.rows.push(&source[start..end]);
                start = end;
            }
        }
        at = end;
    }
    (table.end, raw.end) = (notes, &source[start..]);
    (table.columns.len() > 1).then_some((table, raw))
}

impl WrittenTable {
    /// Takes the text of a rule apart; none where it is not a table between bars.
    pub fn read(source: &str) -> Option<WrittenTable> {
        split(source).map(|(table, _)| table)
    }

    /// What a line of the head says after `key:`.
    pub fn head(&self, key: &str) -> Option<&str> {
        self.head.iter().find_map(|line| head_of(line, key))
    }

    /// Says something else after `key:`; a key that is not there comes last.
    pub fn set_head(&mut self, key: &str, value: &str) {
        let wanted = format!("{key}: {value}");
        match self.head.iter_mut().find(|line| head_of(line, key).is_some()) {
            Some(line) if head_of(line, key) == Some(value) => {}
            Some(line) => *line = wanted,
            None => self.head.push(wanted),
        }
    }

    /// What cannot stand between bars, with the place of the cell.
    pub fn misfits(&self, places: &Places) -> Vec<String> {
        let mut found = Vec::new();
        let all = std::iter::once((&self.columns, &places.columns));
        let rows = self.rows.iter().map(|row| &row.cells).zip(&places.rows);
        for (cells, places) in all.chain(rows) {
            for (cell, place) in cells.iter().zip(places) {
                found.extend(misfit(cell).map(|why| format!("{place}: {why}")));
            }
        }
        found
    }

    /// The text of the table. Of `base`, the text before, every line is kept that says the same;
    /// the others are laid out as its lines are.
    pub fn text(&self, base: Option<&str>) -> String {
        let Some((before, raw)) = base.and_then(split) else { return self.fresh() };
        let mut out = Text::default();
        if self.head == before.head {
            out.add(raw.head);
        } else {
            let known = |note: &&String| raw.head.lines().find(|own| is_note(own, note));
            let lines = self.head.iter().map(|note| (note, known(&note)));
            lines.for_each(|(note, own)| out.add(&own.map_or_else(|| commented(note), lined)));
        }
        let widths = match self.columns == before.columns {
            true => raw.widths(self.columns.len()),
            false => self.widths(),
        };
        match self.columns == before.columns {
            true => out.add(raw.columns),
            false => out.add(&self.columns_text(&widths)),
        }
        let kept = matched(&before.rows, &self.rows);
        for (at, row) in self.rows.iter().enumerate() {
            match kept.iter().find(|(_, new)| *new == at) {
                Some((old, _)) => out.add(raw.rows[*old]),
                None => out.row(row, &widths),
            }
        }
        match self.end == before.end {
            true => out.add(raw.end),
            false => self.end.iter().for_each(|note| out.add(&commented(note))),
        }
        out.0
    }

    fn fresh(&self) -> String {
        let (mut out, widths) = (Text::default(), self.widths());
        self.head.iter().for_each(|note| out.add(&commented(note)));
        out.add(&self.columns_text(&widths));
        self.rows.iter().for_each(|row| out.row(row, &widths));
        self.end.iter().for_each(|note| out.add(&commented(note)));
        out.0
    }

    /// The width of each column, with a space on both sides.
    fn widths(&self) -> Vec<Option<usize>> {
        let all = || std::iter::once(&self.columns).chain(self.rows.iter().map(|row| &row.cells));
        let widest = |at: usize| all().filter_map(|cells| Some(width(cells.get(at)?))).max();
        (0..self.columns.len()).map(|at| widest(at).map(|wide| wide + 2)).collect()
    }

    fn columns_text(&self, widths: &[Option<usize>]) -> String {
        let dashes = |wide: &Option<usize>| "-".repeat(wide.unwrap_or(3));
        let dashes: Vec<String> = widths.iter().map(dashes).collect();
        format!("{}|{}|\n", laid_out(&self.columns, widths), dashes.join("|"))
    }

    /// What became of the rows of the table before.
    pub fn changes(&self, before: &WrittenTable) -> Vec<RowChange> {
        let mut kept = matched(&before.rows, &self.rows);
        kept.push((before.rows.len(), self.rows.len()));
        let (mut old, mut new, mut found) = (0, 0, Vec::new());
        for (next_old, next_new) in kept {
            let removed = old..next_old;
            let mut added: Vec<usize> = (new..next_new).collect();
            for at in removed {
                let gone = &before.rows[at];
                let likest = added.iter().map(|new| likeness(gone, &self.rows[*new])).enumerate();
                match likest.filter(|(_, like)| *like > 0).max_by_key(|(at, like)| (*like, !at)) {
                    Some((place, _)) => {
                        let new = added.remove(place);
                        let row = self.rows[new].clone();
                        found.push(RowChange::Changed(new + 1, gone.clone(), row));
                    }
                    None => found.push(RowChange::Removed(at + 1, gone.clone())),
                }
            }
            let row = |new: usize| RowChange::Added(new + 1, self.rows[new].clone());
            found.extend(added.into_iter().map(row));
            (old, new) = (next_old + 1, next_new + 1);
        }
        found
    }

    /// The cell that stands at a line and column of the table's text, as row (none for the
    /// columns' heads) and column.
    pub fn cell_at(text: &str, line: usize, column: usize) -> Option<(Option<usize>, usize)> {
        let mut row = None;
        for (at, own) in text.lines().enumerate() {
            let Line::Cells(cells) = self::line(own)? else { continue };
            if at + 1 == line {
                let before: String = own.chars().take(column.saturating_sub(1)).collect();
                let start = own.len() - own.trim_start().len();
                let spans = table::cells(own, Span { start, end: own.trim_end().len() });
                let found = spans.iter().take_while(|span| span.end < before.len()).count();
                return Some((row, found.min(cells.len().saturating_sub(1))));
            }
            row = Some(row.map_or(0, |row: usize| row + 1));
        }
        None
    }
}

impl Raw<'_> {
    /// The width of each column that at least half of its cells have.
    fn widths(&self, columns: usize) -> Vec<Option<usize>> {
        let lines =
            self.rows.iter().filter_map(|row| row.trim().lines().next_back().map(str::trim));
        let cells = |line: &str| -> Vec<usize> {
            let spans = table::cells(line, Span { start: 0, end: line.len() });
            spans.iter().map(|at| width(&line[at.start..at.end])).collect()
        };
        let all: Vec<Vec<usize>> = lines.map(cells).collect();
        let usual = |at: usize| {
            let widths = || all.iter().filter_map(|row| row.get(at));
            let many = |wide: &&usize| widths().filter(|own| own == wide).count();
            let most = widths().max_by_key(many)?;
            (many(&most) * 2 >= all.len()).then_some(*most)
        };
        (0..columns).map(usual).collect()
    }
}

/// A text that grows by whole lines.
#[derive(Default)]
struct Text(String);

impl Text {
    fn add(&mut self, more: &str) {
        if !self.0.is_empty() && !self.0.ends_with('\n') && !more.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(more);
    }

    fn row(&mut self, row: &WrittenRow, widths: &[Option<usize>]) {
        row.notes.iter().for_each(|note| self.add(&commented(note)));
        self.add(&laid_out(&row.cells, widths));
    }
}

fn head_of<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.trim_start_matches('/').trim().strip_prefix(key)?.strip_prefix(':').map(str::trim)
}

fn is_note(own: &str, note: &str) -> bool {
    own.trim().strip_prefix("//").is_some_and(|own| own.trim() == note)
}

fn commented(note: &str) -> String {
    format!("// {note}").trim_end().to_owned() + "\n"
}

fn lined(own: &str) -> String {
    own.to_owned() + "\n"
}

fn laid_out(cells: &[String], widths: &[Option<usize>]) -> String {
    let mut out = String::from("|");
    for (cell, wide) in cells.iter().zip(widths) {
        let rest = wide.unwrap_or(0).saturating_sub(width(cell) + 2);
        out += &format!(" {cell}{} |", " ".repeat(rest));
    }
    out + "\n"
}

/// Why a cell cannot stand between bars.
fn misfit(cell: &str) -> Option<&'static str> {
    if cell.trim().is_empty() {
        return Some("欄が空です。どの値でもよい欄は - 、答えがなければ null と書いてください。");
    }
    if cell.chars().any(char::is_control) {
        return Some("欄の中に改行や制御文字があります。一行で書いてください。");
    }
    let line = format!("| {cell} |");
    let found = table::cells(&line, Span { start: 0, end: line.len() });
    let one = matches!(found.as_slice(), [only] if line[only.start..only.end].trim() == cell);
    (!one).then_some("欄の中に | か、閉じていない \" があります。消すか、\" を対にしてください。")
}

/// Rows that say the same, in the same order: old and new place of each.
fn matched(old: &[WrittenRow], new: &[WrittenRow]) -> Vec<(usize, usize)> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

/// How many cells of two rows are the same; the tests count more than the answer.
fn likeness(one: &WrittenRow, other: &WrittenRow) -> usize {
    let pairs = one.cells.iter().zip(&other.cells).enumerate();
    let weight = |at: usize| if at + 1 == one.cells.len() { 1 } else { 2 };
    pairs.filter(|(_, (a, b))| a == b).map(|(at, _)| weight(at)).sum()
}

/// Columns of a text in a fixed font, letters of East Asia and arrows being two wide.
fn width(text: &str) -> usize {
    let wide = |c: char| match c {
        '\u{ff61}'..='\u{ff9f}' => 1,
        '\u{2010}'..='\u{2fff}' | '\u{3000}'.. | '\u{1100}'..='\u{115f}' => 2,
        _ => 1,
    };
    text.chars().map(wide).sum()
}
