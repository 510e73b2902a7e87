//! Prints the MJ reduction map (MJ縮退マップ) as text, one scheme of one character a line, for
//! `data/rebuild`. Reads characters (with or without a variation selector) from standard input.
//! Never part of the workspace: it is built on its own under `var/`.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use jntajis::codec::mj_shrink::{MJShrinkScheme, MJShrinkSchemes, mj_shrink_candidates};

const SCHEMES: [(&str, MJShrinkScheme); 4] = [
    ("jis_unification", MJShrinkScheme::JISIncorporationUCSUnificationRule),
    ("family_register", MJShrinkScheme::MOJFamilyRegisterActRelatedNotice),
    ("moj_notice_582", MJShrinkScheme::MOJNotice582),
    ("inference", MJShrinkScheme::InferenceByReadingAndGlyph),
];

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let character = line?;
        for (name, scheme) in SCHEMES {
            let found = candidates(&character, scheme);
            if !found.is_empty() {
                writeln!(out, "{character},{},{name}", found.join(" "))?;
            }
        }
    }
    out.flush()
}

/// The candidates of one scheme in the map's order. The library appends the character's own code
/// points; what it gives without any scheme is taken off the end.
fn candidates(character: &str, scheme: MJShrinkScheme) -> Vec<String> {
    let own: Vec<String> = mj_shrink_candidates(character, MJShrinkSchemes::NONE).collect();
    let with = MJShrinkSchemes::builder().with(scheme);
    let all: Vec<String> = mj_shrink_candidates(character, with).collect();
    for length in 0..=all.len() {
        let (found, rest) = all.split_at(length);
        if own.iter().filter(|one| !found.contains(one)).eq(rest) {
            return found.to_vec();
        }
    }
    all
}
