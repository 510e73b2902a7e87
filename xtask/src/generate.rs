//! The files that come from the code: written by `gen`, compared by `tidy`.
//!
//! A generator is pure in what lies in the tree: the same tree gives the same files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::tidy::Finding;

/// A path from the root, and the whole text that belongs there.
type Text = (String, String);

/// One source of generated files.
struct Generator {
    /// The name shown by `gen`.
    name: &'static str,
    /// Makes the files from what lies under the root.
    make: fn(root: &Path) -> Result<Vec<Text>>,
}

/// Every generator.
const GENERATORS: &[Generator] = &[];

/// Writes what every generator makes.
pub fn write_all(root: &Path) -> Result<()> {
    for generator in GENERATORS {
        let files = (generator.make)(root).with_context(|| generator.name)?;
        println!("{}: {} files", generator.name, files.len());
        for (path, text) in files {
            let path = root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    println!("{} generators", GENERATORS.len());
    Ok(())
}

/// The generated files that are missing or differ from what would be written now.
pub fn stale(root: &Path) -> Result<Vec<Finding>> {
    stale_of(root, GENERATORS)
}

fn stale_of(root: &Path, generators: &[Generator]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for generator in generators {
        for (path, text) in (generator.make)(root).with_context(|| generator.name)? {
            if fs::read_to_string(root.join(&path)).ok() != Some(text) {
                let words = format!("stale ({}): run `cargo run -p xtask -- gen`", generator.name);
                findings.push(Finding::at(&path, 1, words));
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TestTree;

    #[test]
    fn a_stale_file_is_found() {
        let tree = TestTree::new(&[("docs/fresh.md", "one"), ("docs/old.md", "zero")]);
        let make: fn(&Path) -> Result<Vec<Text>> = |_| {
            let names = ["docs/fresh.md", "docs/old.md", "docs/missing.md"];
            Ok(names.map(|name| (name.to_owned(), "one".to_owned())).to_vec())
        };
        let found = stale_of(tree.root(), &[Generator { name: "docs", make }]).unwrap();
        let paths: Vec<&str> = found.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["docs/old.md", "docs/missing.md"]);
    }
}
