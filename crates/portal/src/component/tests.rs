//! What must hold for every component: nothing gets in unescaped, no field is without label, errors
//! stand at their fields, nothing that the security policy forbids, and colours that can be read.

mod form;
mod look;
mod page;
mod record;

use maud::Markup;

/// Fails unless `html` holds every one of `parts`.
#[track_caller]
pub(super) fn check(html: &Markup, parts: &[&str]) {
    for part in parts {
        assert!(html.0.contains(part), "missing {part}\nin {}", html.0);
    }
}

/// Fails if `html` holds any of `parts`.
#[track_caller]
pub(super) fn check_not(html: &Markup, parts: &[&str]) {
    for part in parts {
        assert!(!html.0.contains(part), "found {part}\nin {}", html.0);
    }
}

/// Fails unless `first` stands before `second` in `html`.
#[track_caller]
pub(super) fn check_order(html: &Markup, first: &str, second: &str) {
    let at = |part: &str| html.0.find(part).unwrap_or_else(|| panic!("missing {part}: {}", html.0));
    assert!(at(first) < at(second), "{second} stands before {first}\nin {}", html.0);
}

/// A text that would break out of an element or an attribute if it were not escaped.
pub(super) const EVIL: &str = "\"><script>alert(1)</script>&'";
