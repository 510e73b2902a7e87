//! Amounts as bars in the cells of a table; the numbers stand beside them for everybody.

use maud::{Markup, html};

/// A bar of `value` out of `most`, both at least 0; it means nothing without the number beside it.
pub fn bar(value: i64, most: i64) -> Markup {
    let width = if most > 0 { (value.max(0) as f64 / most as f64 * 100.0).min(100.0) } else { 0.0 };
    html! {
        svg width="100%" height="16" aria-hidden="true" focusable="false" {
            rect width={ (format!("{width:.1}")) "%" } height="16" fill="currentColor" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        let check = |value, most, width: &str| {
            let found = bar(value, most).into_string();
            assert!(found.contains(&format!("rect width=\"{width}%\"")), "{found}");
        };
        check(1, 3, "33.3");
        check(3, 3, "100.0");
        check(0, 0, "0.0");
        check(-5, 3, "0.0");
        check(9, 3, "100.0");
    }
}
