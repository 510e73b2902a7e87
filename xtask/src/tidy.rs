//! The house rules that a compiler does not know: edges, sizes, openings, words, freshness.
//!
//! Every finding fails the run. What was too large before may stay in `xtask/ratchet.txt` at its
//! size, and may only get smaller.

mod edges;
mod files;
mod functions;
mod ratchet;
mod terms;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use self::ratchet::Ratchet;
use crate::generate;
use crate::tree::Tree;

/// Something to put right.
#[derive(Debug, PartialEq)]
pub struct Finding {
    /// The file, from the root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub words: String,
}

impl Finding {
    /// A finding in `path`.
    pub fn at(path: &str, line: usize, words: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, words: words.into() }
    }
}

/// Something larger than the rule allows.
#[derive(Debug, PartialEq)]
pub struct Oversize {
    /// What identifies it in the ratchet: `file <path>` or `function <path> <name>`.
    pub key: String,
    /// Its size in lines.
    pub size: usize,
    /// How to report it.
    pub finding: Finding,
}

/// Runs every check; with `lower` writes the ratchet anew where sizes shrank.
pub fn run(root: &Path, lower: bool) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut findings = edges::check(&tree);
    findings.extend(files::check(&tree));
    findings.extend(terms::check(&tree, &read(root, "xtask/allowed-terms.txt")));
    findings.extend(generate::stale(root)?);
    let oversizes = files::oversizes(&tree).into_iter().chain(functions::oversizes(&tree));
    let (ratchet, broken) = Ratchet::read(&read(root, ratchet::PATH));
    findings.extend(broken);
    let judged = ratchet.judge(oversizes.collect());
    findings.extend(judged.findings);
    if lower {
        fs::write(root.join(ratchet::PATH), judged.lowered)?;
    } else {
        findings.extend(judged.loose);
    }
    findings.sort_by(|one, two| (&one.path, one.line).cmp(&(&two.path, two.line)));
    for Finding { path, line, words } in &findings {
        println!("{path}:{line}: {words}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings", findings.len());
    }
    println!("tidy: {} files, {} crates: nothing found", tree.sources.len(), tree.manifests.len());
    Ok(())
}

/// The text of a file that may be missing.
fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_default()
}
