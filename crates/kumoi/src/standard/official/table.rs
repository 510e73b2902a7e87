//! A table of a sheet: the row of its headings, and cells by heading.

use crate::xlsx::Sheet;

/// Headings and where the rows begin.
pub(super) struct Table<'s> {
    sheet: &'s Sheet,
    headings: Vec<(String, String)>,
    first: u32,
}

/// The table whose headings hold all of `wanted`. A heading may stand one row lower, under a wider
/// one; a legend names the same headings, but each in a row of its own.
pub(super) fn table<'s>(sheet: &'s Sheet, wanted: &[&str]) -> Option<Table<'s>> {
    let (row, cells) = sheet
        .iter()
        .find(|(_, cells)| wanted.iter().all(|it| cells.values().any(|text| text == it)))?;
    let below = sheet.get(&(row + 1)).into_iter().flatten();
    let short = below.filter(|(_, text)| text.chars().count() <= 4);
    let headings = cells.iter().chain(short);
    let headings = headings.map(|(column, text)| (text.clone(), column.clone())).collect();
    Some(Table { sheet, headings, first: row + 1 })
}

fn order(column: &str) -> (usize, &str) {
    (column.len(), column)
}

impl<'s> Table<'s> {
    fn column(&self, heading: &str) -> Option<&str> {
        let same = |(text, _): &&(String, String)| text.lines().next() == Some(heading);
        self.headings.iter().find(same).map(|(_, column)| column.as_str())
    }

    /// The cell below a heading; empty where there is neither.
    pub(super) fn cell(&self, row: u32, heading: &str) -> &'s str {
        let column = self.column(heading).unwrap_or_default();
        self.sheet.get(&row).and_then(|cells| cells.get(column)).map_or("", String::as_str)
    }

    /// The cells of a row from a column on and before another.
    pub(super) fn between(&self, row: u32, from: &str, to: &str) -> Vec<&'s str> {
        let (Some(from), Some(to)) = (self.column(from), self.column(to)) else {
            return Vec::new();
        };
        let (from, to) = (order(from), order(to));
        let cells = self.sheet.get(&row).into_iter().flatten();
        let mut inside: Vec<_> =
            cells.filter(|(at, _)| order(at) >= from && order(at) < to).collect();
        inside.sort_by_key(|(at, _)| order(at));
        inside.into_iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The numbers of the rows below the headings.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.sheet.range(self.first..).map(|(row, _)| *row)
    }
}

/// The value that stands beside a heading in its row.
pub(super) fn beside<'s>(sheet: &'s Sheet, heading: &str) -> Option<&'s str> {
    let cells = sheet.values().find(|cells| cells.values().any(|text| text == heading))?;
    let mut cells: Vec<_> = cells.iter().collect();
    cells.sort_by_key(|(column, _)| order(column));
    let at = cells.iter().position(|(_, text)| *text == heading)?;
    cells.get(at + 1).map(|(_, text)| text.as_str())
}

/// The value that stands below a heading.
pub(super) fn below<'s>(sheet: &'s Sheet, heading: &str) -> Option<&'s str> {
    let found = sheet.iter().find_map(|(row, cells)| {
        let (column, _) = cells.iter().find(|(_, text)| *text == heading)?;
        Some((row, column))
    });
    let (row, column) = found?;
    sheet.get(&(row + 1))?.get(column).map(String::as_str)
}
