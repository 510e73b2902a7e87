//! Months as columns of a chart, with a line that they are held against. The same numbers stand
//! in a table beside it: the chart is one picture with a name and words, and needs no script.

use maud::{Markup, html};

/// The width of a month, in units of the picture.
const STEP: i64 = 64;
/// The height that columns may have, and where their foot is.
const HEIGHT: i64 = 160;
const FOOT: i64 = HEIGHT + 24;

/// One month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Its name below the column.
    pub label: String,
    /// How high it stands.
    pub value: i64,
    /// The number above it, short.
    pub number: String,
}

/// What the chart shows.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'c> {
    /// Its name.
    pub title: &'c str,
    /// What it tells, for who does not see it.
    pub words: &'c str,
    /// The months, the oldest first.
    pub months: &'c [Month],
    /// A line at a height, with its name.
    pub line: Option<(i64, &'c str)>,
}

/// The chart; nothing without months.
pub fn chart(chart: &Chart<'_>) -> Markup {
    if chart.months.is_empty() {
        return html! {};
    }
    let values = chart.months.iter().map(|it| it.value).chain(chart.line.map(|it| it.0));
    let most = values.max().unwrap_or_default().max(1);
    let width = STEP * i64::try_from(chart.months.len()).unwrap_or_default() + 16;
    html! {
        div.table-frame tabindex="0" role="region" aria-label=(chart.title) {
            svg width=(width) height=(FOOT + 40) role="img" focusable="false" fill="currentColor"
                aria-label={ (chart.title) "。" (chart.words) } {
                @for (at, month) in (0_i64..).zip(chart.months) {
                    (column(at, month, most))
                }
                line x1="0" x2=(width) y1=(FOOT) y2=(FOOT) stroke="currentColor" {}
                @if let Some((value, name)) = chart.line {
                    @let y = FOOT - height(value, most);
                    line x1="0" x2=(width) y1=(y) y2=(y) stroke="currentColor"
                        stroke-dasharray="6 4" {}
                    text x="4" y=(FOOT + 36) font-size="14" { "- - - " (name) }
                }
            }
        }
    }
}

fn height(value: i64, most: i64) -> i64 {
    let part = i128::from(value.clamp(0, most)) * i128::from(HEIGHT) / i128::from(most);
    i64::try_from(part).unwrap_or(HEIGHT)
}

fn column(at: i64, month: &Month, most: i64) -> Markup {
    let (left, high) = (8 + at * STEP, height(month.value, most));
    let middle = left + STEP / 2;
    html! {
        rect x=(left + 12) y=(FOOT - high) width=(STEP - 24) height=(high) fill-opacity="0.6" {}
        text x=(middle) y=(FOOT - high - 6) font-size="14" text-anchor="middle" { (month.number) }
        text x=(middle) y=(FOOT + 18) font-size="14" text-anchor="middle" { (month.label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::tests::{EVIL, check, check_not};

    fn month(label: &str, value: i64) -> Month {
        Month { label: label.to_owned(), value, number: value.to_string() }
    }

    #[test]
    fn columns_stand_as_high_as_their_months() {
        let months = [month("4月", 50), month("5月", 200), month("6月", -30)];
        let shown = |line| chart(&Chart { title: "月ごと", words: EVIL, months: &months, line });
        let plain = shown(None);
        check(&plain, &["role=\"img\"", "aria-label=\"月ごと", "height=\"40\"", "height=\"160\""]);
        check(&plain, &["height=\"0\"", ">5月<", ">-30<"]);
        check_not(&plain, &["<script", "style=", "stroke-dasharray"]);
        // What it is held against may be the highest of all.
        let lined = shown(Some((400, "予算")));
        check(&lined, &["height=\"80\"", "stroke-dasharray", "予算"]);
        let nothing = chart(&Chart { title: "", words: "", months: &[], line: None });
        assert_eq!(nothing.into_string(), "");
    }
}
