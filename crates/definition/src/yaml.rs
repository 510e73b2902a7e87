//! YAML text → a tree of nodes that know their line and column.
//!
//! Duplicate keys are kept so that the reader can report them; anchors, aliases and tags are
//! refused: a definition says what it means where it stands.

use base::diagnostic::Diagnostic;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Where a node begins: line and column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: u32,
    pub column: u32,
}

/// One node of the tree.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    pub kind: Kind,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A scalar as written; `plain` when it stood without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// A word for messages: what kind of node stands here.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } => "値",
            Kind::List(_) => "一覧（- …）",
            Kind::Map(_) => "項目の組（名前: 値）",
        }
    }

    /// The scalar's text, if this is one.
    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Nesting beyond this is refused: no definition needs it.
const MAX_DEPTH: usize = 32;

/// Parses one document.
///
/// # Errors
/// A diagnostic at the place where the text stops being YAML, or uses a refused feature.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, Diagnostic> {
    let mut builder = Builder::default();
    for step in Parser::new_from_str(text) {
        match step {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                let marker = error.marker();
                let place = place_of(marker.line(), marker.col());
                return Err(broken(file, text, place, error.info()));
            }
        }
        if let Some((place, message, help)) = builder.refused {
            return Err(
                Diagnostic::error(file, (place.line, place.column), message).with_help(help)
            );
        }
    }
    let empty = Node { place: Place { line: 1, column: 1 }, kind: Kind::Map(Vec::new()) };
    Ok(builder.root.unwrap_or(empty))
}

/// A text that is not YAML; the remedy is guessed from the line before which reading stopped.
fn broken(file: &str, text: &str, place: Place, info: &str) -> Diagnostic {
    let lines: Vec<&str> = text.lines().collect();
    let at = (place.line as usize).min(lines.len());
    let near = &lines[at.saturating_sub(2)..at];
    let tab = near.iter().any(|line| line.trim_start_matches(' ').starts_with('\t'));
    let quotes = near.iter().any(|line| line.matches('"').count() % 2 == 1);
    let (what, help) = if tab || info.contains("tab") {
        ("タブがあります", "タブは使えません。半角の空白で字下げしてください")
    } else if info.contains("anchor") {
        (
            "アンカーとエイリアス（& *）は使えません",
            "同じ内容でも、使う場所にそのまま書いてください",
        )
    } else if quotes || info.contains("quoted") {
        ("引用符が閉じていません", "引用符（\"）を対にしてください")
    } else if info.contains("flow") || info.contains("inside a block") {
        (
            "{ } か [ ] が閉じていません",
            "閉じる括弧と区切りの「,」を確かめてください。「,」を含む式は引用符で囲みます",
        )
    } else if info.contains("mapping values") {
        (
            "値の途中に「: 」があるか、字下げが揃っていません",
            "「: 」を含む値は全体を引用符で囲み、字下げを上の行と揃えてください",
        )
    } else {
        ("字下げか記号が合いません", "この行とその上の行の字下げを、同じ段の行に揃えてください")
    };
    let message = format!("YAML として読めません。{what}");
    Diagnostic::error(file, (place.line, place.column), message).with_help(help)
}

fn place_of(line: usize, column: usize) -> Place {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: narrow(line), column: narrow(column + 1) }
}

#[derive(Default)]
struct Builder {
    stack: Vec<Node>,
    keys: Vec<Option<Node>>,
    root: Option<Node>,
    refused: Option<(Place, &'static str, &'static str)>,
}

impl Builder {
    fn open(&mut self, place: Place, kind: Kind) {
        if self.stack.len() >= MAX_DEPTH {
            self.refuse(place, "入れ子が深すぎます", "32段までにしてください");
        }
        self.stack.push(Node { place, kind });
        self.keys.push(None);
    }

    fn close(&mut self) {
        self.keys.pop();
        if let Some(node) = self.stack.pop() {
            self.add(node);
        }
    }

    fn add(&mut self, node: Node) {
        let Some(parent) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut parent.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(entries) => match self.keys.last_mut() {
                Some(slot @ None) => *slot = Some(node),
                Some(slot) => entries.extend(slot.take().map(|key| (key, node))),
                None => {}
            },
            Kind::Scalar { .. } => {}
        }
    }

    fn refuse(&mut self, place: Place, what: &'static str, help: &'static str) {
        self.refused.get_or_insert((place, what, help));
    }

    fn marked(&mut self, place: Place, anchor: usize, tagged: bool) {
        const HELP: &str = "同じ内容でも、使う場所にそのまま書いてください";
        if anchor > 0 {
            self.refuse(place, "アンカー（&）は使えません", HELP);
        } else if tagged {
            self.refuse(place, "タグ（!）は使えません", "「!」で始まる値は引用符で囲んでください");
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        let place = place_of(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.marked(place, anchor, tag.is_some());
                if text.contains('\0') {
                    let help = "この文字（\\0、\\x00 など）を消してください";
                    self.refuse(place, "使えない文字 U+0000 があります", help);
                }
                let plain = style == ScalarStyle::Plain;
                self.add(Node { place, kind: Kind::Scalar { text: text.into_owned(), plain } });
            }
            Event::SequenceStart(anchor, tag) => {
                self.marked(place, anchor, tag.is_some());
                self.open(place, Kind::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.marked(place, anchor, tag.is_some());
                self.open(place, Kind::Map(Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::DocumentStart(_) if self.root.is_some() => {
                self.refuse(place, "一つのファイルに文書が二つあります", "「---」を消してください");
            }
            Event::Alias(_) => {
                let help = "同じ内容でも、使う場所にそのまま書いてください";
                self.refuse(place, "エイリアス（*）は使えません", help);
            }
            _ => {}
        }
    }
}

impl Node {
    /// The first scalar of this node in reading order (itself when it is one or is empty).
    pub fn first_scalar(&self) -> &Node {
        match &self.kind {
            Kind::Scalar { .. } => self,
            Kind::List(items) => items.first().map_or(self, Node::first_scalar),
            Kind::Map(entries) => entries.first().map_or(self, |(key, _)| key.first_scalar()),
        }
    }
}
