//! Reads nodes into typed values and gathers what is wrong on the way.
//!
//! A reader never stops at the first mistake: every key is looked at, unknown and duplicate keys
//! are errors with the nearest known name as the fix.

use std::collections::HashSet;
use std::str::FromStr;

use base::diagnostic::{Diagnostic, Severity};

use crate::keys::Key;
use crate::yaml::{Kind, Node, Place};

/// So many diagnostics are gathered at most.
pub(crate) const FULL: usize = 500;
/// So many of them may be warnings: a package without an error is never cut short.
const WARNINGS: usize = 200;
/// Longer texts are cut in messages.
const MESSAGE: usize = 500;

/// Text with the place where it stands, for messages that come later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// The text.
    pub text: String,
    /// The file, as the package names it.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// Column from 1.
    pub column: u32,
}

/// One file being read, and the diagnostics so far.
pub(crate) struct Reader<'a> {
    pub file: &'a str,
    pub diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reports an error at a place.
    pub fn error(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        if self.is_full() {
            return;
        }
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        self.diagnostics.push(Diagnostic {
            file: self.file.to_owned(),
            line: place.line,
            column: place.column,
            severity: Severity::Error,
            message,
            help,
        });
    }

    /// Whether more need not be looked for.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= FULL
    }

    /// Reports a name that is not among the known ones, with the nearest or all of them.
    pub fn unknown<'c>(
        &mut self,
        place: Place,
        message: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) {
        if self.is_full() {
            return;
        }
        let known: Vec<&str> = known.into_iter().collect();
        let none = || "この名前を消すか、先に定義を足してください".to_owned();
        self.error(place, message, Some(suggestion(name, &known).unwrap_or_else(none)));
    }

    /// The entries of a map whose keys must be those of a table.
    pub fn map<'n>(&mut self, node: &'n Node, table: &'static [Key]) -> Fields<'n> {
        let mut fields = Fields { place: node.place, table, entries: Vec::new() };
        let known: Vec<&str> = table.iter().map(|key| key.name).collect();
        let Kind::Map(entries) = &node.kind else {
            let message = format!("ここには項目の組が要りますが、{}があります", node.kind_name());
            self.error(node.place, message, Some(format!("使える名前: {}", known.join("、"))));
            return fields;
        };
        for (key, value) in entries {
            let name = key.scalar().unwrap_or_default();
            match known.iter().find(|candidate| **candidate == name) {
                None => {
                    let message = format!("「{name}」という名前はここでは使えません");
                    self.unknown(key.place, message, name, known.iter().copied());
                }
                Some(_) if fields.get(name).is_some() => self.twice(key.place, name),
                Some(known_name) => fields.entries.push((known_name, value)),
            }
        }
        fields
    }

    fn twice(&mut self, place: Place, name: &str) {
        let help = Some("どちらか一つにしてください".to_owned());
        self.error(place, format!("「{name}」が二度書かれています"), help);
    }

    /// The entries of a map with free keys, duplicates refused.
    pub fn free_map<'n>(&mut self, node: Option<&'n Node>) -> Vec<(String, Place, &'n Node)> {
        let Some(node) = node else { return Vec::new() };
        let Kind::Map(entries) = &node.kind else {
            let message =
                format!("ここには「名前: 値」の組が要りますが、{}があります", node.kind_name());
            let help = Some("「名前: 値」の行を、字下げして並べてください".to_owned());
            self.error(node.place, message, help);
            return Vec::new();
        };
        let mut seen = HashSet::with_capacity(entries.len());
        let mut out: Vec<(String, Place, &Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let name = key.scalar().unwrap_or_default();
            if seen.insert(name) {
                out.push((name.to_owned(), key.place, value));
            } else {
                self.twice(key.place, name);
            }
        }
        out
    }

    /// The items of a list; a missing node is an empty list.
    pub fn list<'n>(&mut self, node: Option<&'n Node>) -> &'n [Node] {
        match node.map(|n| (&n.kind, n)) {
            None => &[],
            Some((Kind::List(items), _)) => items,
            Some((_, node)) => {
                let message = format!("ここには一覧が要りますが、{}があります", node.kind_name());
                self.error(
                    node.place,
                    message,
                    Some("「- 」で始まる行か [a, b] で書いてください".into()),
                );
                &[]
            }
        }
    }

    /// The items of a list that may be no longer than `most`; what is beyond is not read.
    pub fn at_most<'n>(&mut self, node: Option<&'n Node>, what: &str, most: usize) -> &'n [Node] {
        let items = self.list(node);
        let Some(beyond) = items.get(most) else { return items };
        let help = "分けてください".to_owned();
        self.error(beyond.place, format!("{what}が多すぎます（{most} まで）"), Some(help));
        &items[..most]
    }

    /// A list of texts.
    pub fn texts(&mut self, node: Option<&Node>) -> Vec<String> {
        self.list(node).iter().filter_map(|item| self.scalar(item)).collect()
    }

    /// A scalar's text; reports lists and maps.
    pub fn scalar(&mut self, node: &Node) -> Option<String> {
        let text = node.scalar();
        if text.is_none() {
            let message = format!("ここには値が一つ要りますが、{}があります", node.kind_name());
            let help = "文字や式を一つ書いてください。「,」「: 」「{」を含む式は引用符で囲みます";
            self.error(node.place, message, Some(help.to_owned()));
        }
        text.map(str::to_owned)
    }

    /// A required scalar of a map.
    pub fn required(&mut self, fields: &Fields<'_>, name: &str) -> String {
        match fields.get(name) {
            Some(node) => match self.scalar(node) {
                Some(text) if text.trim().is_empty() => {
                    self.missing(fields, name);
                    String::new()
                }
                text => text.unwrap_or_default(),
            },
            None => {
                self.missing(fields, name);
                String::new()
            }
        }
    }

    /// Reports a key that must be there, with what it means.
    pub fn missing(&mut self, fields: &Fields<'_>, name: &str) {
        let about = fields.table.iter().find(|key| key.name == name).map_or("…", |key| key.about);
        self.error(
            fields.place,
            format!("「{name}」がありません"),
            Some(format!("「{name}: …」を書いてください（{about}）")),
        );
    }

    /// An optional scalar of a map.
    pub fn optional(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        fields.get(name).and_then(|node| self.scalar(node))
    }

    /// The English of the text `name`. Without it a page in English shows the Japanese, which is
    /// said to the author.
    pub fn in_english(&mut self, fields: &Fields<'_>, name: &str, name_en: &str) -> Option<String> {
        let english = self.optional(fields, name_en);
        let room = self.diagnostics.len() < WARNINGS;
        if english.is_none() && room && fields.get(name).is_some() {
            let Place { line, column } = fields.place_of(name);
            let message = format!("「{name}」に英語の文がなく、英語の画面にも日本語で出ます");
            let warning = Diagnostic::warning(self.file, (line, column), message);
            let help = format!("{name_en}: を足して、英語の文を書いてください");
            self.diagnostics.push(warning.with_help(help));
        }
        english
    }

    /// An optional scalar with its place.
    pub fn located(&mut self, node: Option<&Node>) -> Option<Located> {
        let node = node?;
        let text = self.scalar(node)?;
        let quoted = matches!(node.kind, Kind::Scalar { plain: false, .. });
        let column = node.place.column + u32::from(quoted);
        Some(Located { text, file: self.file.to_owned(), line: node.place.line, column })
    }

    /// A value parsed with `FromStr`, or the default when absent.
    pub fn parsed<T: FromStr>(&mut self, fields: &Fields<'_>, name: &str, default: T) -> T {
        let Some(node) = fields.get(name) else { return default };
        let Some(text) = self.scalar(node) else { return default };
        text.parse().unwrap_or_else(|_| {
            let help = match std::any::type_name::<T>() {
                "bool" => {
                    "true か false を書いてください。条件のあるときは「when: 条件」を使います"
                }
                _ => "半角の数字で書いてください",
            };
            let message = format!("「{name}: {text}」は読めません");
            self.error(node.place, message, Some(help.to_owned()));
            default
        })
    }

    /// `true` or `false`, `false` when absent.
    pub fn flag(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        self.parsed(fields, name, false)
    }

    /// One of a closed set of words.
    pub fn choice<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let text = self.scalar(node)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.error(node.place, format!("「{text}」は使えない語です"), suggestion(&text, &all));
        }
        found
    }
}

/// The known entries of one map.
pub(crate) struct Fields<'n> {
    pub place: Place,
    table: &'static [Key],
    entries: Vec<(&'static str, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// The node under a name.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| *key == name).map(|(_, node)| *node)
    }

    /// The place of a key's value, or of the whole map.
    pub fn place_of(&self, name: &str) -> Place {
        self.get(name).map_or(self.place, |node| node.place)
    }

    /// The keys that are there.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|(name, _)| *name)
    }
}

/// What to write instead of an unknown name.
pub(crate) fn suggestion(name: &str, known: &[&str]) -> Option<String> {
    const SHOWN: usize = 40;
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("「{near}」の書き誤りではありませんか"));
    }
    let mut seen = HashSet::new();
    let names = known.iter().copied().filter(|name| !name.is_empty() && seen.insert(*name));
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [] => None,
        few if few.len() <= SHOWN => Some(format!("使える名前: {}", few.join("、"))),
        many => Some(format!("使える名前: {} など", many[..SHOWN].join("、"))),
    }
}

/// The candidate that is most like `word`, if any is close enough to be a slip.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // Names are short: no slip is looked for in what cannot be one.
    const LONGEST: usize = 100;
    const MOST: usize = 2_000;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let limit = (length / 3).max(1).min(length.saturating_sub(1));
    let short = |candidate: &&str| candidate.chars().count().abs_diff(length) <= limit;
    candidates
        .into_iter()
        .take(MOST)
        .filter(short)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Edit distance in characters (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let cost = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
