//! The files that come from the code: written by `gen`, compared by `tidy`.
//!
//! A generator is pure in what lies in the tree: the same tree gives the same files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use definition::page::system_page;
use definition::{Package, System};

use crate::glossary::glossary;
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
const GENERATORS: &[Generator] = &[
    Generator { name: "pages of systems", make: system_pages },
    Generator { name: "glossary", make: glossary_page },
    Generator { name: "schemas of definition files", make: file_schemas },
];

/// `docs/systems/<id>.md` for every folder under `systems/`.
fn system_pages(root: &Path) -> Result<Vec<Text>> {
    let page = |system: &System| (format!("docs/systems/{}.md", system.id), system_page(system));
    Ok(systems(root)?.iter().map(page).collect())
}

/// `docs/glossary.md`, where there are systems.
fn glossary_page(root: &Path) -> Result<Vec<Text>> {
    let systems = systems(root)?;
    let page = ("docs/glossary.md".to_owned(), glossary(&systems));
    Ok(if systems.is_empty() { Vec::new() } else { vec![page] })
}

/// Every system under `systems/`, by its identifier.
fn systems(root: &Path) -> Result<Vec<System>> {
    let mut systems = Vec::new();
    let folder = root.join("systems");
    if !folder.is_dir() {
        return Ok(systems);
    }
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let mut package = Package::default();
        read_folder(&path, &path, &mut package)?;
        match definition::load(&package) {
            Ok((system, _)) => systems.push(system),
            Err(errors) => {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                anyhow::bail!("{}: {first}", path.display());
            }
        }
    }
    systems.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(systems)
}

fn read_folder(top: &Path, folder: &Path, package: &mut Package) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(top, &path, package)?;
        } else {
            let name = path.strip_prefix(top)?.to_string_lossy().replace('\\', "/");
            package.files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// `docs/schemas/<kind>.json`, for editors.
fn file_schemas(_: &Path) -> Result<Vec<Text>> {
    definition::schema::file_schemas()
        .into_iter()
        .map(|(pattern, schema)| {
            let name = pattern.trim_end_matches(".yaml").trim_end_matches("/*");
            let text = serde_json::to_string_pretty(&schema)?;
            Ok((format!("docs/schemas/{name}.json"), format!("{text}\n")))
        })
        .collect()
}

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
