//! 標準: the layout that the state lays down for a business, read from `standards/<業務ID>/`.
//!
//! The same form of files and the same diagnostics as a system's. It says what every package must
//! have; comparing a package with it is the gate's work (`cloud`). Reads no files, knows no clock.

mod interface;
mod item;
pub mod lint;

use std::collections::BTreeMap;

use base::diagnostic::{Diagnostic, Severity};

pub use interface::{ErrorKind, Interface, InterfaceError, Message, Parameter, Response};
pub use item::{Group, Output, StandardItem, StandardType};

use crate::keys::{
    LAYOUT, PROCEDURE_KINDS, REQUIRED_EVENT, REQUIRED_PROCEDURE, REQUIRED_READ, TRUSTS, VERBS,
};
use crate::load::{Package, check_normal_form, codes_read, judge, with_file};
use crate::model::{CodeList, Located, ProcedureKind};
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

const HEAD: &str = "standard.yaml";

/// 業務の標準: what a package of this business must have.
#[derive(Clone, Debug)]
pub struct Standard {
    /// 業務ID, three digits.
    pub id: String,
    /// Official name of the business.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Title of the standard specification.
    pub title: String,
    /// Version; `None` where the original states none.
    pub version: Option<String>,
    /// What the layout was taken from.
    pub source: String,
    /// How sure it is.
    pub trust: Trust,
    /// The same in a sentence.
    pub note: String,
    /// Groups of items, by the names of their files.
    pub groups: Vec<Group>,
    /// Code lists by name.
    pub codes: BTreeMap<String, CodeList>,
    /// Procedures that must be there.
    pub procedures: Vec<RequiredProcedure>,
    /// Events that must be published.
    pub events: Vec<RequiredEvent>,
    /// Items that other businesses must be able to read.
    pub published: Vec<Located>,
    /// What must be read of other businesses.
    pub reads: Vec<RequiredRead>,
    /// APIs that carry the items.
    pub interfaces: Vec<Interface>,
    /// Where the head stands.
    pub place: Located,
}

/// Whether a layout is the official one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Taken from the official file.
    Official,
    /// Our own, until the official file is at hand.
    Unofficial,
}

/// A procedure that must be there, named in the statute's words.
#[derive(Clone, Debug)]
pub struct RequiredProcedure {
    /// Name.
    pub name: String,
    /// Article.
    pub statute: String,
    /// Kind.
    pub kind: ProcedureKind,
    /// The event it publishes.
    pub event: Option<String>,
    /// The event that sets it going (`system.event`).
    pub on: Option<String>,
    /// A document is issued.
    pub document: bool,
    /// A verb that its effects must use.
    pub does: Option<&'static str>,
    /// Where it stands.
    pub place: Located,
}

/// An event that must be published.
#[derive(Clone, Debug)]
pub struct RequiredEvent {
    /// Identifier by which other systems hear it.
    pub id: String,
    /// Name.
    pub name: String,
    /// Items it must carry.
    pub items: Vec<String>,
    /// Where it stands.
    pub place: Located,
}

/// What must be read of another business.
#[derive(Clone, Debug)]
pub struct RequiredRead {
    /// The other system.
    pub system: String,
    /// Items.
    pub items: Vec<String>,
    /// Events that must be heard.
    pub events: Vec<String>,
    /// Where it stands.
    pub place: Located,
}

impl Standard {
    /// Every item with its group.
    pub fn items(&self) -> impl Iterator<Item = (&Group, &StandardItem)> {
        self.groups.iter().flat_map(|group| group.items.iter().map(move |item| (group, item)))
    }

    /// Loads and checks a standard.
    ///
    /// # Errors
    /// All diagnostics, in order of file and line, when any of them is an error.
    pub fn load(package: &Package) -> Result<(Standard, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut out = Vec::new();
        let standard = read(package, &mut out);
        judge(standard, out)
    }
}

fn read(package: &Package, out: &mut Vec<Diagnostic>) -> Option<Standard> {
    let Some(text) = package.files.get(HEAD) else {
        let help = "業務の標準のフォルダ（standards/001 など）を指定してください";
        out.push(Diagnostic::error(HEAD, (1, 1), "standard.yaml がありません").with_help(help));
        return None;
    };
    let mut standard = with_file(HEAD, text, out, read_head)?;
    unknown_files(package, out);
    check_normal_form(package, out);
    codes_read(package, &mut standard.codes, out);
    item::read_all(package, &mut standard, out);
    interface::read_all(package, &mut standard, out);
    with_file(HEAD, text, out, |reader, node| check_names(reader, node, &standard));
    Some(standard)
}

fn read_head(reader: &mut Reader<'_>, node: &Node) -> Standard {
    let fields = reader.map(node, LAYOUT);
    let id = reader.required(&fields, "id");
    if !id.is_empty() && (id.len() != 3 || !id.bytes().all(|byte| byte.is_ascii_digit())) {
        let help = "業務IDの三桁を、引用符で囲んで書いてください（例 \"001\"）".to_owned();
        reader.error(
            fields.place_of("id"),
            format!("業務ID「{id}」が三桁の数字ではありません"),
            Some(help),
        );
    }
    let procedures = reader.list(fields.get("procedures"));
    let events = reader.list(fields.get("events"));
    let reads = reader.list(fields.get("reads"));
    Standard {
        id,
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        title: reader.required(&fields, "title"),
        version: reader.optional(&fields, "version"),
        source: reader.required(&fields, "source"),
        trust: chosen(reader, &fields, "trust", TRUSTS).unwrap_or(Trust::Unofficial),
        note: reader.required(&fields, "note"),
        groups: Vec::new(),
        codes: BTreeMap::new(),
        procedures: procedures.iter().map(|node| read_procedure(reader, node)).collect(),
        events: events.iter().map(|node| read_event(reader, node)).collect(),
        published: reader
            .list(fields.get("published"))
            .iter()
            .filter_map(|node| reader.located(Some(node)))
            .collect(),
        reads: reads.iter().map(|node| read_read(reader, node)).collect(),
        interfaces: Vec::new(),
        place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
    }
}

/// A required word of a closed set.
fn chosen<T: Copy>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    name: &str,
    words: &[(&str, T)],
) -> Option<T> {
    match fields.get(name) {
        Some(node) => reader.choice(node, words),
        None => {
            reader.missing(fields, name);
            None
        }
    }
}

fn read_procedure(reader: &mut Reader<'_>, node: &Node) -> RequiredProcedure {
    let fields = reader.map(node, REQUIRED_PROCEDURE);
    let verbs: Vec<(&str, &'static str)> = VERBS.iter().map(|verb| (*verb, *verb)).collect();
    RequiredProcedure {
        name: reader.required(&fields, "name"),
        statute: reader.required(&fields, "statute"),
        kind: chosen(reader, &fields, "kind", PROCEDURE_KINDS).unwrap_or(ProcedureKind::Official),
        event: reader.optional(&fields, "event"),
        on: reader.optional(&fields, "on"),
        document: reader.flag(&fields, "document"),
        does: fields.get("does").and_then(|node| reader.choice(node, &verbs)),
        place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
    }
}

fn read_event(reader: &mut Reader<'_>, node: &Node) -> RequiredEvent {
    let fields = reader.map(node, REQUIRED_EVENT);
    RequiredEvent {
        id: reader.required(&fields, "id"),
        name: reader.required(&fields, "name"),
        items: reader.texts(fields.get("items")),
        place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
    }
}

fn read_read(reader: &mut Reader<'_>, node: &Node) -> RequiredRead {
    let fields = reader.map(node, REQUIRED_READ);
    RequiredRead {
        system: reader.required(&fields, "system"),
        items: reader.texts(fields.get("items")),
        events: reader.texts(fields.get("events")),
        place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
    }
}

/// The head names items and events, so it is checked when the items are read.
fn check_names(reader: &mut Reader<'_>, node: &Node, standard: &Standard) {
    let fields = reader.map(node, LAYOUT);
    let known: Vec<&str> = standard.items().map(|(_, item)| item.name.as_str()).collect();
    if known.is_empty() {
        let help = "items/ に、グループごとのファイルを置いてください".to_owned();
        reader.error(fields.place, "データ項目が一つもありません", Some(help));
        return;
    }
    let mut carried: Vec<&Node> = reader.list(fields.get("published")).iter().collect();
    for node in reader.list(fields.get("events")) {
        let inner = reader.map(node, REQUIRED_EVENT);
        carried.extend(reader.list(inner.get("items")));
    }
    for node in carried {
        let Some(name) = node.scalar() else { continue };
        if !known.contains(&name) {
            let message = format!("項目「{name}」はこの標準にありません");
            reader.unknown(node.place, message, name, known.iter().copied());
        }
    }
    let ids: Vec<&str> = standard.events.iter().map(|event| event.id.as_str()).collect();
    for node in reader.list(fields.get("procedures")) {
        let inner = reader.map(node, REQUIRED_PROCEDURE);
        let Some(event) = reader.optional(&inner, "event") else { continue };
        if !ids.contains(&event.as_str()) {
            let message = format!("事象「{event}」は events にありません");
            reader.unknown(inner.place_of("event"), message, &event, ids.iter().copied());
        }
    }
}

/// A file that nothing reads is a slip.
fn unknown_files(package: &Package, out: &mut Vec<Diagnostic>) {
    const FOLDERS: &[&str] = &["items/", "codes/", "interfaces/"];
    for path in package.files.keys() {
        let read = FOLDERS.iter().any(|it| path.starts_with(it)) && path.ends_with(".yaml");
        if path != HEAD && path != "README.md" && !read {
            out.push(Diagnostic {
                file: path.clone(),
                line: 1,
                column: 1,
                severity: Severity::Error,
                message: "このファイルはどこからも読まれません".into(),
                help: Some(
                    "items/*.yaml、codes/*.yaml、interfaces/*.yaml のいずれかに置いてください"
                        .into(),
                ),
            });
        }
    }
}
