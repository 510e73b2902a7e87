//! The files of a system → the checked model.
//!
//! Texts come in, a [`System`] or all diagnostics go out. Folders are read by the caller.

mod assignment;
mod calculation;
mod code;
mod effect;
mod form;
mod intake;
mod name;
mod parameter;
mod price;
mod procedure;
mod register;
mod rule;
mod run;
mod sample;
mod start;
mod system;

pub(crate) use code::read_all as codes_read;
pub(crate) use name::check_normal_form;
pub(crate) use register::{FORMATS, is_column, is_item_number};

use std::collections::BTreeMap;

use base::diagnostic::{Diagnostic, Severity};

use crate::limits;
use crate::model::System;
use crate::reader::{FULL, Reader};
use crate::yaml::{self, Node};

/// The texts of a system's folder: relative path → text.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Relative path with `/` → text.
    pub files: BTreeMap<String, String>,
}

impl Package {
    /// SHA-256 over all paths and texts: the version of the package.
    pub fn hash(&self) -> String {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for (path, text) in &self.files {
            for part in [path.as_bytes(), text.as_bytes()] {
                context.update(&(part.len() as u64).to_le_bytes());
                context.update(part);
            }
        }
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Files directly in `folder` with this ending, in order: (stem, path, text).
    pub(crate) fn folder<'p>(
        &'p self,
        folder: &str,
        ending: &str,
    ) -> impl Iterator<Item = (&'p str, &'p str, &'p str)> {
        self.files.iter().filter_map(move |(path, text)| {
            let stem = path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(ending)?;
            (!stem.contains('/')).then_some((stem, path.as_str(), text.as_str()))
        })
    }
}

/// Loads and checks a system.
///
/// # Errors
/// All diagnostics, in order of file and line, when any of them is an error; the first hundreds
/// where there are more.
pub fn load(package: &Package) -> Result<(System, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    if !limits::check(package, &mut diagnostics) {
        return Err(diagnostics);
    }
    let system = system::read(package, &mut diagnostics);
    system::check_notices(package, &mut diagnostics);
    parameter::check_units(package, &mut diagnostics);
    if let Some(system) = &system {
        register::check_all_numbers(package, &system.code, &mut diagnostics);
    }
    judge(system, diagnostics)
}

/// Loads a version that an organisation has installed. Whatever was asked of packages later, in
/// matters that shape neither its registers nor its procedures, is not asked of it: what was
/// recorded with it stays in service.
///
/// # Errors
/// As [`load`].
pub fn load_installed(package: &Package) -> Result<System, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let system = system::read(package, &mut diagnostics);
    judge(system, diagnostics).map(|(system, _)| system)
}

/// Puts the diagnostics in order; what was read is given out only when none of them is an error.
pub(crate) fn judge<T>(
    read: Option<T>,
    mut diagnostics: Vec<Diagnostic>,
) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
    if diagnostics.len() >= FULL
        && let Some(last) = diagnostics.last()
    {
        let message = format!("誤りが多いため、初めの {FULL} までを示しています");
        let place = (last.line, last.column);
        let more = Diagnostic::error(last.file.clone(), place, message);
        diagnostics.push(more.with_help("示した誤りを直してから、もう一度確かめてください"));
    }
    diagnostics.sort_by(|a, b| {
        (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message))
    });
    diagnostics.dedup_by(|a, b| (a.line, &a.file, &a.message) == (b.line, &b.file, &b.message));
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    match read {
        Some(read) if !failed => Ok((read, diagnostics)),
        _ => Err(diagnostics),
    }
}

/// Parses one file and hands its root to `read` with a reader; parse errors are reported.
pub(crate) fn with_file<T>(
    path: &str,
    text: &str,
    diagnostics: &mut Vec<Diagnostic>,
    read: impl FnOnce(&mut Reader<'_>, &Node) -> T,
) -> Option<T> {
    // Nobody mends so many at once; what follows is said when these are mended.
    if diagnostics.len() >= FULL {
        return None;
    }
    match yaml::parse(path, text) {
        Ok(node) => Some(read(&mut Reader { file: path, diagnostics }, &node)),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}
