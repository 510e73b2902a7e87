//! Finding the server programs `initdb` and `postgres`, newest first, 15 or later.
//!
//! Data that exists is served by the version that made it, even when a newer one is at hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;
use super::folder::Folder;

/// The oldest major version that is supported.
const OLDEST: u32 = 15;
/// The environment variable that names the folder of the programs.
const VARIABLE: &str = "KUMOI_PG_BIN";

/// A folder with `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Programs {
    /// The major version.
    pub(super) major: u32,
    folder: PathBuf,
}

impl Programs {
    /// Finds the programs: in `given`, else where `KUMOI_PG_BIN` says, else in the system's
    /// places and in `PATH`. Existing data in `folder` asks for the version that made it.
    pub(super) fn find(given: Option<&Path>, folder: &Folder) -> Result<Programs, ClusterError> {
        let made_by = folder.made_by()?;
        let named =
            given.map(Path::to_owned).or_else(|| std::env::var_os(VARIABLE).map(Into::into));
        let (first, second) = match named {
            Some(folder) => (vec![folder], Vec::new()),
            None => (usual_places(), path_places()),
        };
        let look = |places: &[PathBuf]| -> Vec<Programs> {
            places.iter().filter_map(|place| Programs::at(place)).collect()
        };
        let mut found = look(&first);
        // What lies in PATH has to be run to say its version: only if nothing else fits.
        if choose(found.clone(), made_by, &[]).is_err() {
            found.extend(look(&second));
        }
        let places = [first, second].concat();
        choose(found, made_by, &places).map_err(|error| match error {
            ClusterError::OtherVersion { made_by, have, .. } => {
                ClusterError::OtherVersion { path: folder.data(), made_by, have }
            }
            other => other,
        })
    }

    /// The programs in `folder`, if both are there and say their version.
    fn at(folder: &Path) -> Option<Programs> {
        if !folder.join("initdb").is_file() || !folder.join("postgres").is_file() {
            return None;
        }
        let major = major_by_path(folder).or_else(|| major_by_asking(folder))?;
        Some(Programs { major, folder: folder.to_owned() })
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    /// Whether the server can load a library: a module that distributions pack with it or apart.
    pub(super) fn has_library(&self, name: &str) -> bool {
        let file = format!("{name}.so");
        let above = self.folder.parent().unwrap_or(&self.folder);
        ["lib", "lib/postgresql"].iter().any(|lib| above.join(lib).join(&file).is_file())
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// The newest that fits, or why none does.
fn choose(
    mut found: Vec<Programs>,
    made_by: Option<u32>,
    places: &[PathBuf],
) -> Result<Programs, ClusterError> {
    // Stable: of two with the same version the place that was searched first wins.
    found.sort_by_key(|one| std::cmp::Reverse(one.major));
    let names = |all: &[Programs]| {
        let names: Vec<String> =
            all.iter().map(|one| format!("{}（{}）", one.major, one.folder.display())).collect();
        names.join("、")
    };
    if found.is_empty() {
        let searched: Vec<String> =
            places.iter().map(|place| place.display().to_string()).collect();
        return Err(ClusterError::NotInstalled { searched: searched.join("、") });
    }
    let all = names(&found);
    let fits = |one: &Programs| one.major >= OLDEST && made_by.is_none_or(|it| it == one.major);
    let any = found.iter().any(|one| one.major >= OLDEST);
    match (found.into_iter().find(fits), made_by) {
        (Some(programs), _) => Ok(programs),
        (None, Some(made_by)) if any => {
            Err(ClusterError::OtherVersion { path: PathBuf::new(), made_by, have: all })
        }
        _ => Err(ClusterError::TooOld { found: all }),
    }
}

/// The folders of `PATH`.
fn path_places() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

/// Debian's and Red Hat's folders, and the one of PostgreSQL's own build.
fn usual_places() -> Vec<PathBuf> {
    let debian = versions_under("/usr/lib/postgresql", "").into_iter().map(|it| it.join("bin"));
    let redhat = versions_under("/usr", "pgsql-").into_iter().map(|it| it.join("bin"));
    debian.chain(redhat).chain([PathBuf::from("/usr/local/pgsql/bin")]).collect()
}

/// The subfolders of `parent` named `prefix` and a number.
fn versions_under(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let numbered =
        |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u32>().is_ok());
    let paths = entries.flatten().filter(|it| numbered(&it.file_name().to_string_lossy()));
    paths.map(|it| it.path()).collect()
}

/// Debian's `/usr/lib/postgresql/15/bin` says it without a process being run.
fn major_by_path(folder: &Path) -> Option<u32> {
    let parent = folder.strip_prefix("/usr/lib/postgresql").ok()?.parent()?;
    parent.to_str()?.parse().ok()
}

fn major_by_asking(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    major_in(&String::from_utf8_lossy(&output.stdout))
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`, also `18beta1`.
fn major_in(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(char::is_numeric))?;
    let end = number.find(|it: char| !it.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: &[u32], made_by: Option<u32>, expect: &str) {
        let found = found.iter().map(|&major| Programs { major, folder: "/x".into() }).collect();
        let result = match choose(found, made_by, &["/x".into()]) {
            Ok(programs) => programs.major.to_string(),
            Err(ClusterError::NotInstalled { .. }) => "not installed".to_owned(),
            Err(ClusterError::TooOld { .. }) => "too old".to_owned(),
            Err(ClusterError::OtherVersion { .. }) => "other version".to_owned(),
            Err(other) => other.to_string(),
        };
        assert_eq!(result, expect);
    }

    #[test]
    fn the_newest_that_fits_is_chosen() {
        check(&[], None, "not installed");
        check(&[13, 14], None, "too old");
        check(&[15], None, "15");
        check(&[17, 15, 16], None, "17");
        check(&[17, 15, 16], Some(15), "15");
        check(&[17, 16], Some(15), "other version");
        check(&[16], Some(18), "other version");
        check(&[14], Some(15), "too old");
    }

    #[test]
    fn versions_are_read_from_what_the_program_says() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_in("nothing"), None);
        assert_eq!(major_by_path(Path::new("/usr/lib/postgresql/16/bin")), Some(16));
        assert_eq!(major_by_path(Path::new("/opt/16/bin")), None);
    }
}
