//! Embeds every business system of `systems/` and the packages of the sample vendors in `vendors/`
//! into the program, so that no zone reads the checkout.
//!
//! Writes a table of texts; it checks nothing: the definitions are checked when they are loaded.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let systems = root.join("../../systems").canonicalize()?;
    println!("cargo::rerun-if-changed={}", systems.display());
    let mut table = String::from("pub(super) const SYSTEMS: &[(&str, &[(&str, &str)])] = &[\n");
    for folder in sorted(&systems)? {
        if !folder.join("system.yaml").is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(table, "({name:?}, &[");
        files(&folder, &folder, &mut table)?;
        table.push_str("]),\n");
    }
    table.push_str("];\n");
    let vendors = root.join("../../vendors").canonicalize()?;
    println!("cargo::rerun-if-changed={}", vendors.display());
    table.push_str("pub(super) const VENDORS: &[(&str, &str, &[(&str, &str)])] = &[\n");
    for vendor in sorted(&vendors)?.iter().filter(|path| path.is_dir()) {
        println!("cargo::rerun-if-changed={}", vendor.display());
        for folder in sorted(vendor)?.iter().filter(|path| path.join("system.yaml").is_file()) {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
            let (vendor, system) = (name(vendor), name(folder));
            let _ = writeln!(table, "({vendor:?}, {system:?}, &[");
            files(folder, folder, &mut table)?;
            table.push_str("]),\n");
        }
    }
    table.push_str("];\n");
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("systems.rs");
    fs::write(target, table)
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
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
