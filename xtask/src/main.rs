//! Automation of the repository: `cargo run -p xtask -- ci | tidy [--ratchet] | gen`.
//!
//! It reads and checks the tree; only `gen` and `tidy --ratchet` write into it.

mod generate;
mod glossary;
mod rust_text;
mod tidy;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo run -p xtask -- <command>
  ci               what the build server runs: bin/test
  tidy             edges between crates, sizes, words, generated files
  tidy --ratchet   the same, and lowers xtask/ratchet.txt where the code got better
  gen              writes every generated file and lists the generators";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    let root = root()?;
    match words {
        ["ci"] => ci(&root),
        ["tidy"] => tidy::run(&root, false),
        ["tidy", "--ratchet"] => tidy::run(&root, true),
        ["gen"] => generate::write_all(&root),
        _ => bail!("{USAGE}"),
    }
}

/// The folder with the workspace's `Cargo.toml`: the nearest above the current folder.
fn root() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    let is_root = |path: &&Path| path.join("xtask").is_dir() && path.join("crates").is_dir();
    here.ancestors()
        .find(is_root)
        .map(Path::to_owned)
        .context("run this inside the repository: no folder with crates/ and xtask/ was found")
}

fn ci(root: &Path) -> Result<()> {
    let status = Command::new(root.join("bin/test")).current_dir(root).env("CI", "1").status()?;
    if !status.success() {
        bail!("bin/test failed: {status}");
    }
    Ok(())
}
