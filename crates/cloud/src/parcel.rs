//! 提出物: a system's folder and the vendor's documents in one signed file (a gzipped tar).
//!
//! ```text
//! parcel.note          a C2SP signed note: vendor, system, version, hash, every file's SHA-256
//! system/…             the definition, as it lies in its folder
//! documents/…          手引き manual.md, 契約条件 terms.md, 部品表 sbom.json
//! ```
//!
//! What is not listed, or differs from the list, is refused. Sizes are limited, for files may be
//! hostile. Nothing here opens a database.

mod archive;
mod key;
mod materials;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use definition::Package;

use crate::gate::{Area, Finding, asking};

pub use key::{PublisherKey, endorsement_check, key_name, keys_in_force, public_key_check};
pub use materials::{materials_check, materials_of};

/// The head of the signed text: what kind of text it is.
const KIND: &str = "kumoi-parcel/1";
const NOTE: &str = "parcel.note";
const SYSTEM: &str = "system/";
const DOCUMENTS: &str = "documents/";
const RULE: &str = "提出の決まり（署名と中身）";

/// The documents that every vendor adds: file name and what it is.
pub const DOCUMENT_KINDS: [(&str, &str); 3] =
    [("manual.md", "手引き"), ("terms.md", "契約条件"), ("sbom.json", "部品表")];

/// What was sent in, opened.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// The definition.
    pub package: Package,
    /// File name → text.
    pub documents: BTreeMap<String, String>,
}

/// The file name of the 部品表.
pub const MATERIALS: &str = "sbom.json";

/// SHA-256, hexadecimal.
pub fn digest_text(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Parcel {
    /// Every file by its place in the archive.
    fn files(&self) -> BTreeMap<String, &str> {
        let system = self.package.files.iter();
        let system = system.map(|(name, text)| (format!("{SYSTEM}{name}"), text.as_str()));
        let documents = self.documents.iter();
        let documents = documents.map(|(name, text)| (format!("{DOCUMENTS}{name}"), text.as_str()));
        system.chain(documents).collect()
    }

    /// The text that is signed for a vendor.
    fn listing(&self, vendor: &str) -> String {
        let mut out = format!("{KIND}\n{vendor}\n{}\n", self.package.hash());
        for (name, text) in self.files() {
            let _ = writeln!(out, "{}  {name}", digest_text(text.as_bytes()));
        }
        out
    }

    /// The signed file. The same content and key give the same bytes.
    ///
    /// # Errors
    /// When the file cannot be written in memory; the reason.
    pub fn pack(&self, key: &PublisherKey) -> std::io::Result<Vec<u8>> {
        let note = key.sign(&self.listing(key.vendor()))?;
        let mut files = self.files();
        files.insert(NOTE.to_owned(), &note);
        archive::write(&files)
    }

    /// Opens what a vendor sent in: what was found about signature and content, and the parcel
    /// where both are right.
    pub fn open(bytes: &[u8], vendor: &str, keys: &[String]) -> (Vec<Finding>, Option<Parcel>) {
        let asked = |what: &str| asking(Area::Parcel, what, RULE.to_owned(), NOTE.to_owned());
        let readable = asked("gzip で圧縮した tar として読める");
        let files = match archive::read(bytes) {
            Ok(files) => files,
            Err((why, remedy)) => {
                return (vec![readable.fail(why, remedy)], None);
            }
        };
        let mut findings = vec![readable.pass(format!("{} ファイル", files.len()))];
        let signed = asked("登録した鍵で事業者が署名している");
        let listing = match key::verify(files.get(NOTE), vendor, keys) {
            Ok((listing, by)) => {
                findings.push(signed.pass(by));
                listing
            }
            Err((why, remedy)) => {
                findings.push(signed.fail(why, remedy));
                return (findings, None);
            }
        };
        let parcel = Parcel::from_files(&files);
        let same = asked("中身が、署名した一覧と一字も違わない");
        match difference(&listing, &parcel.listing(vendor), &files) {
            None => findings.push(same.pass(format!("{} ファイル", files.len() - 1))),
            Some(why) => {
                let remedy = "フォルダから作り直し、署名し直す";
                findings.push(same.fail(why, remedy));
                return (findings, None);
            }
        }
        (findings, Some(parcel))
    }

    /// Opens what was judged before, whoever has signed it.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn reopen(bytes: &[u8]) -> Result<Parcel, String> {
        let files = archive::read(bytes).map_err(|(why, _)| why)?;
        Ok(Parcel::from_files(&files))
    }

    fn from_files(files: &BTreeMap<String, String>) -> Parcel {
        let below = |top: &str| {
            let own = files.iter().filter_map(|(name, text)| Some((name.strip_prefix(top)?, text)));
            own.map(|(name, text)| (name.to_owned(), text.clone())).collect()
        };
        Parcel { package: Package { files: below(SYSTEM) }, documents: below(DOCUMENTS) }
    }
}

/// Where what was signed and what is there part, if they do.
fn difference(signed: &str, found: &str, files: &BTreeMap<String, String>) -> Option<String> {
    let known = |name: &str| [SYSTEM, DOCUMENTS].iter().any(|top| name.starts_with(top));
    if let Some(other) = files.keys().find(|name| *name != NOTE && !known(name)) {
        return Some(format!("「{other}」は置けない場所にある"));
    }
    if signed == found {
        return None;
    }
    let lines = |text: &str| -> BTreeMap<String, String> {
        let pairs = text.lines().filter_map(|line| line.split_once("  "));
        pairs.map(|(digest, name)| (name.to_owned(), digest.to_owned())).collect()
    };
    let (signed_files, found_files) = (lines(signed), lines(found));
    if let Some(name) = signed_files.keys().find(|name| !found_files.contains_key(*name)) {
        return Some(format!("一覧にある「{name}」がない"));
    }
    for (name, digest) in &found_files {
        match signed_files.get(name) {
            None => return Some(format!("「{name}」が一覧にない")),
            Some(other) if other != digest => {
                return Some(format!("「{name}」が署名のあとで変わっている"));
            }
            Some(_) => {}
        }
    }
    Some("一覧の見出しが、この事業者とこの中身のものではない".to_owned())
}
