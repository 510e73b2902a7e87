//! How large a package may be, and that it is text. Packages come from outside: each limit is far
//! above what an honest package needs, and what is below all of them is read in seconds. Counts
//! only; it builds nothing.

use base::diagnostic::Diagnostic;
use saphyr_parser::{Event, Parser};

use crate::examples::facts_of;
use crate::load::Package;

/// Bytes of one file.
pub const FILE_BYTES: usize = 4 << 20;
/// Bytes of all files.
pub const PACKAGE_BYTES: usize = 16 << 20;
/// Values, lists and maps in a file; a code list may hold ten times as many.
const FILE_NODES: usize = 10_000;
const CODE_NODES: usize = 100_000;
/// The same in all files together.
const PACKAGE_NODES: usize = 200_000;
/// Bytes of one value.
const VALUE_BYTES: usize = 65_536;
/// Characters of a name: what is searched and kept in order by name takes no more.
const NAME_CHARACTERS: usize = 200;
/// Where names stand, wherever in a file.
const NAMES: &[&str] = &["id", "name", "name_en", "number", "version"];
/// Files below a folder.
const FOLDERS: &[(&str, usize)] = &[
    ("registers", 100),
    ("codes", 1_000),
    ("procedures", 300),
    ("parameters", 500),
    ("rules", 500),
    ("notices", 200),
    ("examples", 1_000),
];
/// Relations of a register to others.
pub(crate) const RELATIONS: usize = 30;
/// Groups of a form, and fields of all of them.
pub(crate) const GROUPS: usize = 100;
pub(crate) const FIELDS: usize = 500;
/// Effects of a procedure.
pub(crate) const EFFECTS: usize = 60;
/// Items that the effects of a procedure take from fields: `take: all` is one word for many.
pub(crate) const TAKEN: usize = 2_000;

/// Whether a package is within the limits; what is too large is said by name.
pub(crate) fn check(package: &Package, out: &mut Vec<Diagnostic>) -> bool {
    let before = out.len();
    bytes(package, out);
    for (folder, most) in FOLDERS {
        let inside = |path: &&String| path.strip_prefix(folder).is_some_and(|p| p.starts_with('/'));
        if let Some(path) = package.files.keys().filter(inside).nth(*most) {
            let message = format!("{folder}/ のファイルが多すぎます（{most} まで）");
            out.push(beyond(path, (1, 1), message, "業務システムを分けてください"));
        }
    }
    // What is too large is not read at all.
    if out.len() == before {
        nodes(package, out);
    }
    out.len() == before
}

fn beyond(path: &str, place: (u32, u32), message: String, help: &str) -> Diagnostic {
    Diagnostic::error(path, place, message).with_help(help)
}

fn bytes(package: &Package, out: &mut Vec<Diagnostic>) {
    let mut all = 0;
    for (path, text) in &package.files {
        if text.len() > FILE_BYTES {
            let message = format!("ファイルが大きすぎます（{} メガバイトまで）", FILE_BYTES >> 20);
            out.push(beyond(path, (1, 1), message, "ファイルを分けてください"));
        }
        if let Some(before) = text.find('\0').map(|at| &text[..at]) {
            let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
            let narrow = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
            let place = (narrow(before.matches('\n').count()), narrow(line.chars().count()));
            let message = "使えない文字 U+0000 があります".to_owned();
            out.push(beyond(path, place, message, "この文字を消してください"));
        }
        let fitted = all <= PACKAGE_BYTES;
        all += text.len();
        if fitted && all > PACKAGE_BYTES {
            let most = PACKAGE_BYTES >> 20;
            let message = format!("全部のファイルで大きすぎます（{most} メガバイトまで）");
            out.push(beyond(path, (1, 1), message, "業務システムを分けてください"));
        }
    }
}

/// Counts what the YAML of each file holds. Where it is no YAML, reading will say so.
fn nodes(package: &Package, out: &mut Vec<Diagnostic>) {
    let mut left = PACKAGE_NODES;
    for (path, text) in &package.files {
        let facts;
        let (text, above) = if path.ends_with(".yaml") {
            (text.as_str(), 0)
        } else if let Some((line, found)) = facts_of(path, text) {
            facts = found;
            (facts.as_str(), line)
        } else {
            continue;
        };
        let own = if path.starts_with("codes/") { CODE_NODES } else { FILE_NODES };
        match count(text, own.min(left)) {
            Ok(found) => left -= found,
            Err(Beyond { line, column, what: What::Value }) => {
                let message = format!("値が長すぎます（{} キロバイトまで）", VALUE_BYTES >> 10);
                out.push(beyond(path, (line + above, column), message, "値を短くしてください"));
            }
            Err(Beyond { line, column, what: What::Name(key) }) => {
                let message = format!("{key} が長すぎます（{NAME_CHARACTERS} 字まで）");
                let help = "短くして、説明は手引きに書いてください";
                out.push(beyond(path, (line + above, column), message, help));
            }
            Err(Beyond { line, column, what: What::Number }) => {
                let (of, most, help) = if left < own {
                    ("全部のファイルの", PACKAGE_NODES, "業務システムを分けてください")
                } else {
                    ("このファイルの", own, "ファイルを分けてください")
                };
                let message = format!("{of}値と一覧と組が多すぎます（合わせて {most} まで）");
                out.push(beyond(path, (line + above, column), message, help));
                return;
            }
        }
    }
}

/// What of a text goes beyond a limit.
enum What {
    /// One value alone.
    Value,
    /// A name, at this key.
    Name(&'static str),
    /// How many values there are.
    Number,
}

/// Where a text goes beyond a limit, and by what.
struct Beyond {
    line: u32,
    column: u32,
    what: What,
}

/// What a list or a map that was begun waits for.
enum Open {
    List,
    Key,
    Value(Option<&'static str>),
}

impl Open {
    /// Goes on after a key or a value; where that was a value, its name if it bears one.
    fn pass(&mut self, text: &str) -> Option<&'static str> {
        match std::mem::replace(self, Open::Key) {
            Open::List => *self = Open::List,
            Open::Key => *self = Open::Value(NAMES.iter().copied().find(|name| *name == text)),
            Open::Value(name) => return name,
        }
        None
    }
}

fn count(text: &str, most: usize) -> Result<usize, Beyond> {
    let (mut found, mut open) = (0, Vec::new());
    for step in Parser::new_from_str(text) {
        let Ok((event, span)) = step else { break };
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (line, column) = (narrow(span.start.line()), narrow(span.start.col() + 1));
        let beyond = |what| Err(Beyond { line, column, what });
        match &event {
            Event::Scalar(text, ..) => {
                found += 1;
                let name = open.last_mut().and_then(|last: &mut Open| last.pass(text));
                if text.len() > VALUE_BYTES {
                    return beyond(What::Value);
                }
                if let Some(name) = name.filter(|_| text.chars().count() > NAME_CHARACTERS) {
                    return beyond(What::Name(name));
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                found += 1;
                let is_list = matches!(event, Event::SequenceStart(..));
                open.push(if is_list { Open::List } else { Open::Key });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                open.last_mut().and_then(|last| last.pass(""));
            }
            // Refused when it is read; nothing behind it is.
            Event::Alias(_) => break,
            _ => {}
        }
        if found > most {
            return beyond(What::Number);
        }
    }
    Ok(found)
}
