//! Embeds every business system of `systems/`, the sample vendors' packages of `vendors/` with
//! their documents, and every standard of `standards/` into the program, so that no zone reads the
//! checkout.
//!
//! Writes tables of texts; it checks nothing: the definitions are checked when they are loaded.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let top = |folder: &str| root.join(folder).canonicalize();
    let one = |folder: &str| Ok::<_, io::Error>(vec![(folder.to_owned(), top(folder)?)]);
    write_table("systems", &one("systems")?, "system.yaml")?;
    write_table("standards", &one("standards")?, "standard.yaml")?;
    let vendors = sorted(&top("vendors")?)?;
    let vendors: Vec<(String, PathBuf)> = vendors
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| (name_of(&path).to_owned(), path))
        .collect();
    write_table("vendors", &vendors, "system.yaml")?;
    let below = |(name, path): &(String, PathBuf)| (name.clone(), path.join("documents"));
    let mut documents: Vec<(String, PathBuf)> = vendors.iter().map(below).collect();
    documents.retain(|(_, path)| path.is_dir());
    write_table("documents", &documents, "manual.md")
}

/// The name of a file or folder.
fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// `<name>.rs` with a table of the folders in `tops` that hold the file `head`, each by the name of
/// its top and its own.
fn write_table(name: &str, tops: &[(String, PathBuf)], head: &str) -> io::Result<()> {
    let constant = name.to_uppercase();
    let kind = "&[(&str, &str, &[(&str, &str)])]";
    let lint = "#[expect(clippy::type_complexity, reason = \"a generated table\")]";
    let mut table = format!("{lint}\npub(super) const {constant}: {kind} = &[\n");
    for (label, top) in tops {
        println!("cargo::rerun-if-changed={}", top.display());
        for folder in sorted(top)?.iter().filter(|folder| folder.join(head).is_file()) {
            let _ = writeln!(table, "({label:?}, {:?}, &[", name_of(folder));
            files(folder, folder, &mut table)?;
            table.push_str("]),\n");
        }
    }
    table.push_str("];\n");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(target.join(format!("{name}.rs")), table)
}

/// Every text below `folder`, by its path below `top`.
fn files(top: &Path, folder: &Path, table: &mut String) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for path in sorted(folder)? {
        if path.is_dir() {
            files(top, &path, table)?;
            continue;
        }
        println!("cargo::rerun-if-changed={}", path.display());
        let below = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
        let _ = writeln!(table, "({below:?}, include_str!({:?})),", path.display().to_string());
    }
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Files that editors leave behind are no part of a system.
        if !name_of(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
