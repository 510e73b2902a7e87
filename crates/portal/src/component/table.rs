//! Data tables, their pages and the badge of a due date.
//!
//! A table always has a caption. It scrolls inside its own frame on a narrow screen or, if asked,
//! turns each row into a card.

use maud::{Markup, html};

use super::language::{Language, pick};
use super::notice::{Tone, badge};

/// How the content of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text, at the start.
    #[default]
    Start,
    /// Numbers, at the end, in digits of one width.
    Number,
    /// Short marks, in the middle.
    Centre,
}

impl Align {
    const fn class(self) -> Option<&'static str> {
        match self {
            Self::Start => None,
            Self::Number => Some("number-cell"),
            Self::Centre => Some("centre-cell"),
        }
    }
}

/// The order in which a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// 昇順.
    Ascending,
    /// 降順.
    Descending,
}

/// One column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Column<'a> {
    /// Its heading.
    pub header: &'a str,
    /// How its content stands.
    pub align: Align,
    /// The address of the table sorted by this column.
    pub sort_href: Option<&'a str>,
    /// The order, if the table is sorted by this column now.
    pub sorted: Option<Order>,
}

impl<'a> Column<'a> {
    /// A column of text.
    pub const fn text(header: &'a str) -> Self {
        Self { header, align: Align::Start, sort_href: None, sorted: None }
    }

    /// A column of numbers.
    pub const fn number(header: &'a str) -> Self {
        Self { align: Align::Number, ..Self::text(header) }
    }
}

/// The content of one cell.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// Plain text.
    Text(&'a str),
    /// A name or another text whose exact glyphs matter, in mincho.
    Glyphs(&'a str),
    /// Words that stay Japanese whatever language the page is in.
    Japanese(&'a str),
    /// Another component, for example a badge.
    Component(Markup),
}

/// One row. Its first cell is its heading.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Where the first cell leads.
    pub href: Option<&'a str>,
    /// The cells, in the order of the columns.
    pub cells: Vec<Cell<'a>>,
}

/// A data table.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// What the table shows, with the count if there is one.
    pub caption: &'a str,
    /// The columns.
    pub columns: Vec<Column<'a>>,
    /// The rows.
    pub rows: Vec<Row<'a>>,
    /// What to say instead of an empty table, and what to do.
    pub empty: &'a str,
    /// Whether rows turn into cards on a narrow screen, for residents' pages.
    pub stacked: bool,
}

/// A data table, or its sentence if it has no rows.
pub fn table(table: &Table<'_>) -> Markup {
    if table.rows.is_empty() {
        return html! {
            div.empty { p.empty-caption { (table.caption) } p { (table.empty) } }
        };
    }
    html! {
        div.table-frame tabindex="0" role="region" aria-label=(table.caption) {
            table.stacked[table.stacked] role="table" {
                caption { (table.caption) }
                thead role="rowgroup" {
                    tr role="row" { @for column in &table.columns { (column_header(column)) } }
                }
                tbody role="rowgroup" {
                    @for row in &table.rows { (table_row(&table.columns, row)) }
                }
            }
        }
    }
}

fn column_header(column: &Column<'_>) -> Markup {
    let (sorted, arrow) = match column.sorted {
        Some(Order::Ascending) => (Some("ascending"), "▲"),
        Some(Order::Descending) => (Some("descending"), "▼"),
        None => (None, ""),
    };
    html! {
        th scope="col" role="columnheader" class=[column.align.class()] aria-sort=[sorted] {
            @if let Some(href) = column.sort_href { a href=(href) { (column.header) } }
            @else { (column.header) }
            @if sorted.is_some() { span.arrow aria-hidden="true" { (arrow) } }
        }
    }
}

fn table_row(columns: &[Column<'_>], row: &Row<'_>) -> Markup {
    html! {
        tr role="row" {
            @for (index, (column, cell)) in columns.iter().zip(&row.cells).enumerate() {
                @if index == 0 {
                    th scope="row" role="rowheader" class=[column.align.class()] {
                        @if let Some(href) = row.href {
                            a.row-link href=(href) { (cell_content(cell)) }
                        } @else { (cell_content(cell)) }
                    }
                } @else {
                    td role="cell" class=[column.align.class()] data-label=(column.header) {
                        (cell_content(cell))
                    }
                }
            }
        }
    }
}

fn cell_content(cell: &Cell<'_>) -> Markup {
    match cell {
        Cell::Text(text) => html! { (text) },
        Cell::Glyphs(text) => html! { span.glyphs lang="ja" { (text) } },
        Cell::Japanese(text) => html! { span lang="ja" { (text) } },
        Cell::Component(markup) => markup.clone(),
    }
}

/// How near a due date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// 期限超過: the day has passed.
    Overdue,
    /// 期限間近: the day is near.
    Soon,
    /// 期限内: there is time.
    Fine,
}

/// A due date with its state in words. The caller decides what is near.
pub fn due_badge(language: Language, due: Due, date: &Markup) -> Markup {
    let (tone, word) = match due {
        Due::Overdue => (Tone::Danger, pick(language, "期限超過", "Overdue")),
        Due::Soon => (Tone::Warning, pick(language, "期限間近", "Due soon")),
        Due::Fine => (Tone::Information, pick(language, "期限内", "In time")),
    };
    html! { span.due { span.due-date { (date) } " " (badge(tone, word)) } }
}

/// Which page of how many. Pages count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The page shown.
    pub current: u64,
    /// How many pages there are.
    pub count: u64,
    /// How many rows there are on all pages.
    pub rows: u64,
}

/// Links to the pages of a table: first, last, the neighbours and the ways between; nothing if
/// there is only one. `href` gives the address of a page.
pub fn pagination(language: Language, pages: Pages, href: &dyn Fn(u64) -> String) -> Markup {
    if pages.count <= 1 {
        return html! {};
    }
    let Pages { current, count, rows } = pages;
    let position = match language {
        Language::Japanese => format!("全{rows}件・{count}ページ中{current}ページ目"),
        Language::English => format!("{rows} rows, page {current} of {count}"),
    };
    html! {
        nav.pagination aria-label=(pick(language, "ページ送り", "Pages")) {
            p.position { (position) }
            ul {
                @if current > 1 {
                    li { a rel="prev" href=(href(current - 1)) { (pick(language, "前へ", "Back")) } }
                }
                @for number in page_numbers(current, count) {
                    @match number {
                        Some(number) => li { a href=(href(number))
                            aria-label=(page_label(language, number))
                            aria-current=[(number == current).then_some("page")] { (number) } },
                        None => li.gap aria-hidden="true" { "…" },
                    }
                }
                @if current < count {
                    li { a rel="next" href=(href(current + 1)) { (pick(language, "次へ", "Next")) } }
                }
            }
        }
    }
}

fn page_label(language: Language, number: u64) -> String {
    match language {
        Language::Japanese => format!("{number}ページ"),
        Language::English => format!("Page {number}"),
    }
}

/// The page numbers to show, in order; `None` stands for those left out.
fn page_numbers(current: u64, count: u64) -> Vec<Option<u64>> {
    let from = current.saturating_sub(2).max(1);
    let to = current.saturating_add(2).min(count);
    let mut shown = vec![1];
    shown.extend((from..=to).filter(|number| (2..count).contains(number)));
    shown.push(count);
    let mut numbers = Vec::new();
    let mut last = 0;
    for number in shown {
        if number > last + 1 {
            numbers.push(None);
        }
        numbers.push(Some(number));
        last = number;
    }
    numbers
}
