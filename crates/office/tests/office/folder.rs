//! Reads the folders of the systems in the repository.

use std::path::{Path, PathBuf};

use definition::{Package, System};

/// The folder of the systems.
pub fn systems_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems")
}

/// Every file of a system's folder.
pub fn package(id: &str) -> Package {
    let folder = systems_folder().join(id);
    let mut package = Package::default();
    let mut open = vec![folder.clone()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).expect("the path lies within");
            let text = std::fs::read_to_string(&path).expect("the file is UTF-8");
            package.files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    package
}

/// A system that must be right.
#[track_caller]
pub fn load(package: &Package) -> System {
    definition::load(package).map(|(system, _)| system).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// A system of the repository.
#[track_caller]
pub fn system(id: &str) -> System {
    load(&package(id))
}

/// The names of all systems; those of vendors are paths from the folder of the systems.
pub fn system_names() -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["", "../vendors/a/", "../vendors/b/"] {
        let entries = std::fs::read_dir(systems_folder().join(folder));
        for entry in entries.expect("the folder can be read").flatten() {
            if entry.path().join("system.yaml").is_file() {
                names.push(format!("{folder}{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    names.sort();
    names
}

/// A system of the repository with one text in one of its files changed.
#[track_caller]
pub fn changed(id: &str, (path, (from, to)): (&str, (&str, &str))) -> System {
    let mut package = package(id);
    let file = package.files.get_mut(path).expect("the file is in the package");
    assert!(file.contains(from), "{from} is not in {path}");
    *file = file.replace(from, to);
    load(&package)
}
