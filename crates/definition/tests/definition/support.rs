//! Reads folders into packages and shows diagnostics as text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use definition::{Diagnostic, Package, Severity};

/// The folder of the systems in the repository.
pub fn systems_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems")
}

/// Every text file below `folder`, by its path within.
pub fn package_of(folder: &Path) -> Package {
    let mut package = Package::default();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("the path lies within");
            let name = name.to_string_lossy().replace('\\', "/");
            let text = std::fs::read_to_string(&path).expect("the file is UTF-8");
            package.files.insert(name, text);
        }
    }
    package
}

/// `file:line:column error: what` and `  → fix`, one diagnostic after the other.
pub fn shown(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let word = match diagnostic.severity {
            Severity::Error => "error",
            _ => "warning",
        };
        let Diagnostic { file, line, column, message, .. } = diagnostic;
        let _ = writeln!(out, "{file}:{line}:{column} {word}: {message}");
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(out, "  → {help}");
        }
    }
    out
}
