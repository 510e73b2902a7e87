//! The files that the checks look at, read once.
//!
//! Only `crates` and `xtask`; build output, hidden folders and fixtures of broken input
//! (`tests/broken`) are left out.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::rust_text::RustText;

/// One Rust file.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Told apart into code, strings and comments.
    pub parts: RustText,
}

/// One crate's `Cargo.toml`.
pub struct Manifest {
    /// From the root, with `/`.
    pub path: String,
    /// The crate's folder name.
    pub folder: String,
    /// As it is.
    pub text: String,
}

/// What was read.
#[derive(Default)]
pub struct Tree {
    /// Every Rust file, by path.
    pub sources: Vec<Source>,
    /// Every crate's manifest, by path.
    pub manifests: Vec<Manifest>,
}

impl Tree {
    /// Reads `crates` and `xtask` under `root`.
    pub fn read(root: &Path) -> Result<Tree> {
        let mut tree = Tree::default();
        for folder in ["crates", "xtask"] {
            if root.join(folder).is_dir() {
                tree.read_folder(root, &root.join(folder))?;
            }
        }
        tree.sources.sort_by(|one, two| one.path.cmp(&two.path));
        tree.manifests.sort_by(|one, two| one.path.cmp(&two.path));
        Ok(tree)
    }

    fn read_folder(&mut self, root: &Path, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            let shown = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                let left_out = name.starts_with('.') || name == "target" || name == "broken";
                if !left_out {
                    self.read_folder(root, &path)?;
                }
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).with_context(|| shown.clone())?;
                let parts = RustText::of(&text);
                self.sources.push(Source { path: shown, text, parts });
            } else if name == "Cargo.toml" {
                let folder = folder.file_name().map(|it| it.to_string_lossy().into_owned());
                let text = fs::read_to_string(&path).with_context(|| shown.clone())?;
                let folder = folder.unwrap_or_default();
                self.manifests.push(Manifest { path: shown, folder, text });
            }
        }
        Ok(())
    }
}

/// A small tree in the system's temporary folder, removed at the end of the test.
#[cfg(test)]
pub struct TestTree(std::path::PathBuf);

#[cfg(test)]
impl TestTree {
    /// Writes `files` (path, text).
    pub fn new(files: &[(&str, &str)]) -> TestTree {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("xtask-{}-{number}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(&root).unwrap();
        TestTree(root)
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Reads it.
    pub fn read(&self) -> Tree {
        Tree::read(&self.0).unwrap()
    }
}

#[cfg(test)]
impl Drop for TestTree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_output_and_broken_fixtures_are_left_out() {
        let tree = TestTree::new(&[
            ("crates/base/src/lib.rs", ""),
            ("crates/base/Cargo.toml", ""),
            ("crates/base/target/x.rs", ""),
            ("crates/base/tests/broken/x.rs", ""),
            ("xtask/src/main.rs", ""),
            ("docs/x.rs", ""),
        ]);
        let tree = tree.read();
        let paths: Vec<&str> = tree.sources.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["crates/base/src/lib.rs", "xtask/src/main.rs"]);
        assert_eq!(tree.manifests[0].folder, "base");
    }
}
