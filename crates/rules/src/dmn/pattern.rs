//! Regular expressions as FEEL takes them from XPath, put into the words of the `regex` crate.
//! What XPath forbids gives null, as FEEL says; what cannot be put is refused by name.

mod class;

use regex::{Regex, RegexBuilder};

/// Why there is no expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// Not an expression of XPath: FEEL answers null.
    Invalid,
    /// An expression that is not supported, with its name in Japanese.
    Unsupported(String),
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// The pattern stands for itself (flag `q`), and so does a replacement.
    literal: bool,
}

/// The most bytes of a compiled expression.
const MAX_SIZE: usize = 1 << 20;

/// Compiles an expression with its flags: `s`, `m`, `i`, `x`, `q`.
pub(crate) fn compile(pattern: &str, flags: &str) -> Result<Pattern, Fail> {
    if !flags.chars().all(|flag| "smixq".contains(flag)) {
        return Err(Fail::Invalid);
    }
    let has = |flag: char| flags.contains(flag);
    let literal = has('q');
    let text = if literal { regex::escape(pattern) } else { translate(pattern, flags)? };
    let regex = RegexBuilder::new(&text)
        .case_insensitive(has('i'))
        .multi_line(has('m') && !literal)
        .size_limit(MAX_SIZE)
        .build()
        .map_err(|_| Fail::Unsupported("この正規表現".to_owned()))?;
    Ok(Pattern { regex, literal })
}

impl Pattern {
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Whether it matches nothing at all, which XPath forbids for replacing and splitting.
    pub fn matches_nothing(&self) -> bool {
        self.regex.is_match("")
    }

    pub fn split(&self, text: &str) -> Vec<String> {
        self.regex.split(text).map(str::to_owned).collect()
    }

    /// Every match replaced; `$1` is a group, `\$` a sign. `None` if the replacement is wrong.
    pub fn replace(&self, text: &str, replacement: &str) -> Option<String> {
        let parts = if self.literal {
            vec![Part::Text(replacement.to_owned())]
        } else {
            parts(replacement, self.regex.captures_len() - 1)?
        };
        let replaced = self.regex.replace_all(text, |found: &regex::Captures<'_>| {
            let part = |part: &Part| match part {
                Part::Text(text) => text.clone(),
                Part::Group(group) => {
                    found.get(*group).map_or_else(String::new, |group| group.as_str().to_owned())
                }
            };
            parts.iter().map(part).collect::<String>()
        });
        Some(replaced.into_owned())
    }
}

/// A part of a replacement.
enum Part {
    Text(String),
    Group(usize),
}

fn parts(replacement: &str, groups: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                escaped @ ('\\' | '$') => parts.push(Part::Text(escaped.to_string())),
                _ => return None,
            },
            '$' => {
                let mut group = usize::try_from(chars.next()?.to_digit(10)?).ok()?;
                // Further digits belong to the number as long as there is such a group.
                while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                    let longer = group * 10 + usize::try_from(digit).ok()?;
                    if longer > groups {
                        break;
                    }
                    group = longer;
                    chars.next();
                }
                parts.push(Part::Group(group));
            }
            c => parts.push(Part::Text(c.to_string())),
        }
    }
    Some(parts)
}

/// Reads the pattern sign by sign; every sign that is itself is escaped.
struct Translator {
    chars: Vec<char>,
    place: usize,
    out: String,
    open: usize,
    /// Whether a quantifier may stand here.
    quantifiable: bool,
    dot_all: bool,
    ignore_case: bool,
}

fn translate(pattern: &str, flags: &str) -> Result<String, Fail> {
    let chars = if flags.contains('x') { unspaced(pattern) } else { pattern.chars().collect() };
    let mut translator = Translator {
        chars,
        place: 0,
        out: String::new(),
        open: 0,
        quantifiable: false,
        dot_all: flags.contains('s'),
        ignore_case: flags.contains('i'),
    };
    while let Some(c) = translator.next() {
        translator.sign(c)?;
    }
    if translator.open == 0 { Ok(translator.out) } else { Err(Fail::Invalid) }
}

/// Without white space outside of classes (flag `x`).
fn unspaced(pattern: &str) -> Vec<char> {
    let (mut depth, mut escaped) = (0_usize, false);
    let keep = |c: &char| {
        let kept = depth > 0 || !matches!(c, ' ' | '\t' | '\n' | '\r');
        match c {
            '[' if !escaped => depth += 1,
            ']' if !escaped => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = *c == '\\' && !escaped;
        kept
    };
    pattern.chars().filter(keep).collect()
}

impl Translator {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.place).copied();
        self.place += 1;
        c
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.place).copied()
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.quantifiable = true;
    }

    fn sign(&mut self, c: char) -> Result<(), Fail> {
        match c {
            '\\' => self.escape(),
            '[' => {
                let class = self.class()?;
                self.atom(&class);
                Ok(())
            }
            '.' => {
                self.atom(if self.dot_all { r"(?s:.)" } else { r"[^\n\r]" });
                Ok(())
            }
            '(' => self.group(),
            ')' => {
                self.open = self.open.checked_sub(1).ok_or(Fail::Invalid)?;
                self.atom(")");
                Ok(())
            }
            '|' | '^' | '$' => {
                self.out.push(c);
                self.quantifiable = false;
                Ok(())
            }
            '*' | '+' | '?' | '{' => self.quantifier(c),
            ']' | '}' => Err(Fail::Invalid),
            c => {
                self.atom(&regex::escape(&c.to_string()));
                Ok(())
            }
        }
    }

    fn group(&mut self) -> Result<(), Fail> {
        self.open += 1;
        self.quantifiable = false;
        if self.peek() != Some('?') {
            self.out.push('(');
            return Ok(());
        }
        self.place += 1;
        if self.next() != Some(':') {
            return Err(Fail::Invalid);
        }
        self.out.push_str("(?:");
        Ok(())
    }

    fn quantifier(&mut self, c: char) -> Result<(), Fail> {
        if !self.quantifiable {
            return Err(Fail::Invalid);
        }
        self.quantifiable = false;
        self.out.push(c);
        if c == '{' {
            self.counts()?;
        }
        if self.peek() == Some('?') {
            self.place += 1;
            self.out.push('?');
        }
        Ok(())
    }

    /// `n}`, `n,}` or `n,m}`.
    fn counts(&mut self) -> Result<(), Fail> {
        let end = self.chars[self.place..].iter().position(|c| *c == '}').ok_or(Fail::Invalid)?;
        let text: String = self.chars[self.place..self.place + end].iter().collect();
        self.place += end + 1;
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        let (least, most) = text.split_once(',').map_or((&*text, None), |(a, b)| (a, Some(b)));
        if !number(least) || most.is_some_and(|most| !most.is_empty() && !number(most)) {
            return Err(Fail::Invalid);
        }
        self.out.push_str(&text);
        self.out.push('}');
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fail> {
        let c = self.next().ok_or(Fail::Invalid)?;
        if c.is_ascii_digit() {
            return Err(Fail::Unsupported(format!("正規表現の後方参照 \\{c}")));
        }
        if let Some(class) = class::multiple(c) {
            self.atom(&format!("[{class}]"));
            return Ok(());
        }
        if matches!(c, 'p' | 'P') {
            let category = self.category(c == 'P')?;
            let text = if self.ignore_case { format!("(?-i:{category})") } else { category };
            self.atom(&text);
            return Ok(());
        }
        let single = class::single(c).ok_or(Fail::Invalid)?;
        self.atom(&regex::escape(&single.to_string()));
        Ok(())
    }
}
