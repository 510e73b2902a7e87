//! The styles: every variable is known, no file grows heavy, and text can be read (WCAG 2.2, 1.4.3
//! and 1.4.11).

use std::collections::{BTreeMap, BTreeSet};

use crate::component::asset::{ASSETS, STYLE, TOKENS};

/// The custom properties that a style sheet sets: the last value of each.
fn set(css: &str) -> BTreeMap<&str, &str> {
    let declarations = css.split(['{', ';', '}']).filter_map(|part| part.trim().split_once(':'));
    declarations
        .filter(|(name, _)| name.starts_with("--"))
        .map(|(name, value)| (name, value.trim()))
        .collect()
}

/// The custom properties that a style sheet uses.
fn used(css: &str) -> BTreeSet<&str> {
    css.split("var(").skip(1).filter_map(|part| part.split(')').next()).collect()
}

#[test]
fn every_variable_is_set_and_every_token_used() {
    let (tokens, style) = (set(TOKENS.body), set(STYLE.body));
    let mut wanted = used(STYLE.body);
    wanted.extend(used(TOKENS.body));
    for name in &wanted {
        assert!(
            tokens.contains_key(name) || style.contains_key(name),
            "{name}: run assets/rebuild"
        );
    }
    for name in tokens.keys().chain(style.keys()) {
        assert!(wanted.contains(name), "{name} is not used: run assets/rebuild");
    }
}

#[test]
fn styles_fetch_nothing_and_stay_light() {
    for asset in ASSETS {
        for word in ["url(", "@import", "data:", "@font-face", "<script", "style="] {
            assert!(!asset.body.contains(word), "{} holds {word}", asset.path);
        }
    }
    assert!(STYLE.body.len() + TOKENS.body.len() < 28_000, "styles have grown heavy");
    assert!(TOKENS.body.contains("MIT License"), "the licence goes with the tokens");
}

/// Red, green and blue of a variable, followed to its colour.
#[track_caller]
fn colour(name: &str) -> [f64; 3] {
    let (tokens, style) = (set(TOKENS.body), set(STYLE.body));
    let value = tokens.get(name).or_else(|| style.get(name)).expect("a known variable");
    if let Some(next) = value.strip_prefix("var(") {
        return colour(next.trim_end_matches(')'));
    }
    let hex = value.strip_prefix('#').expect("a hexadecimal colour");
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits")))
}

/// Relative luminance (WCAG 2.2, definitions).
fn luminance(name: &str) -> f64 {
    let linear = |part: f64| {
        let part = part / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour(name).map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[track_caller]
fn check_contrast(front: &str, back: &str, at_least: f64) {
    let (a, b) = (luminance(front), luminance(back));
    let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
    assert!(ratio >= at_least, "{front} on {back}: {ratio:.2} is less than {at_least}");
}

#[test]
fn text_can_be_read() {
    let grounds = ["--paper", "--ground", "--act-light"];
    for front in ["--ink", "--ink-soft", "--link", "--act", "--error"] {
        for back in grounds {
            check_contrast(front, back, 4.5);
        }
    }
    for back in ["--act", "--act-dark", "--error", "--error-dark", "--ink-soft"] {
        check_contrast("--paper", back, 4.5);
    }
    for (tone, edge) in [("blue", "900"), ("green", "900"), ("red", "900"), ("yellow", "1100")] {
        let edge = format!("--color-primitive-{tone}-{edge}");
        let tint = if tone == "yellow" { "100" } else { "50" };
        check_contrast(&edge, &format!("--color-primitive-{tone}-{tint}"), 4.5);
        check_contrast("--paper", &edge, 4.5);
    }
    check_contrast("--color-primitive-cyan-1200", "--color-primitive-cyan-50", 4.5);
    check_contrast("--ink", "--color-primitive-yellow-300", 4.5);
    check_contrast("--ink-soft", "--color-primitive-yellow-50", 4.5);
    check_contrast("--error", "--error-light", 4.5);
    check_contrast("--ink", "--color-neutral-solid-gray-100", 4.5);
}

#[test]
fn edges_can_be_seen() {
    for back in ["--paper", "--ground"] {
        check_contrast("--line-strong", back, 3.0);
        check_contrast("--color-neutral-black", back, 3.0);
    }
    check_contrast("--color-neutral-black", "--color-primitive-yellow-300", 3.0);
}
