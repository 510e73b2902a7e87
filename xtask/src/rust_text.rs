//! Telling code, strings and comments of a Rust file apart, line by line.
//!
//! Not a parser: it knows just enough of the language's signs to blank what is not asked for.
//! Blanked text keeps its lines and columns.

/// The same text three times, each with everything else blanked.
pub struct RustText {
    /// Code without strings and comments.
    pub code: Vec<String>,
    /// Strings without their quotes.
    pub strings: Vec<String>,
    /// Comments, with their slashes.
    pub comments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Text,
    Comment,
}

impl RustText {
    /// Tells the parts of `text` apart.
    pub fn of(text: &str) -> RustText {
        let signs: Vec<char> = text.chars().collect();
        let kinds = Scanner { signs: &signs, kinds: Vec::with_capacity(signs.len()) }.run();
        let only = |kind| {
            let keep = |(sign, of): (&char, &Kind)| match (*sign, *of == kind) {
                ('\n', _) => '\n',
                (sign, true) => sign,
                _ => ' ',
            };
            let kept: String = signs.iter().zip(&kinds).map(keep).collect();
            kept.split('\n').map(str::to_owned).collect::<Vec<String>>()
        };
        RustText {
            code: only(Kind::Code),
            strings: only(Kind::Text),
            comments: only(Kind::Comment),
        }
    }
}

struct Scanner<'a> {
    signs: &'a [char],
    /// The kinds of the signs that were passed.
    kinds: Vec<Kind>,
}

impl Scanner<'_> {
    fn run(mut self) -> Vec<Kind> {
        while let Some(sign) = self.peek(0) {
            match (sign, self.peek(1)) {
                ('/', Some('/')) => self.pass_while(Kind::Comment, |sign| sign != '\n'),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('r', Some('"' | '#')) if !self.after_word() => self.raw_string(),
                ('b' | 'c', Some('r')) if !self.after_word() => {
                    self.pass(Kind::Code, 1);
                    if matches!(self.peek(1), Some('"' | '#')) {
                        self.raw_string();
                    }
                }
                ('\'', _) => self.letter_or_lifetime(),
                _ => self.pass(Kind::Code, 1),
            }
        }
        self.kinds
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.signs.get(self.kinds.len() + ahead).copied()
    }

    fn pass(&mut self, kind: Kind, count: usize) {
        let end = (self.kinds.len() + count).min(self.signs.len());
        self.kinds.resize(end, kind);
    }

    fn pass_while(&mut self, kind: Kind, more: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&more) {
            self.pass(kind, 1);
        }
    }

    /// Whether the sign before belongs to a word, as in `for"` or `attr#`.
    fn after_word(&self) -> bool {
        let before = self.kinds.len().checked_sub(1).and_then(|at| self.signs.get(at));
        before.is_some_and(|sign| sign.is_alphanumeric() || *sign == '_')
    }

    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.pass(Kind::Comment, 2);
                }
                (Some('*'), Some('/')) => {
                    depth = depth.saturating_sub(1);
                    self.pass(Kind::Comment, 2);
                    if depth == 0 {
                        return;
                    }
                }
                (None, _) => return,
                _ => self.pass(Kind::Comment, 1),
            }
        }
    }

    fn string(&mut self) {
        self.pass(Kind::Code, 1);
        loop {
            match self.peek(0) {
                Some('\\') => self.pass(Kind::Text, 2),
                Some('"') | None => return self.pass(Kind::Code, 1),
                Some(_) => self.pass(Kind::Text, 1),
            }
        }
    }

    /// At `r`: a raw string, or a raw name such as `r#type`.
    fn raw_string(&mut self) {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        self.pass(Kind::Code, 1 + hashes);
        if self.peek(0) != Some('"') {
            return;
        }
        self.pass(Kind::Code, 1);
        while let Some(sign) = self.peek(0) {
            if sign == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                return self.pass(Kind::Code, 1 + hashes);
            }
            self.pass(Kind::Text, 1);
        }
    }

    /// `'x'` and `'\n'` are letters, `'a` is a lifetime.
    fn letter_or_lifetime(&mut self) {
        let length = match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                let close = (3..12).find(|ahead| self.peek(*ahead) == Some('\''));
                close.map(|at| at + 1)
            }
            (Some(_), Some('\'')) => Some(3),
            _ => None,
        };
        self.pass(Kind::Code, 1);
        if let Some(length) = length {
            self.pass(Kind::Text, length - 2);
            self.pass(Kind::Code, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str, strings: &str, comments: &str) {
        let parts = RustText::of(text);
        let tidy =
            |lines: &[String]| lines.join("\n").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(tidy(&parts.code), code);
        assert_eq!(tidy(&parts.strings), strings);
        assert_eq!(tidy(&parts.comments), comments);
    }

    #[test]
    fn parts_are_told_apart() {
        check("let a = \"b\"; // c", "let a = \" \";", "b", "// c");
        check("a /* b /* c */ d */ e", "a e", "", "/* b /* c */ d */");
        check("\"a \\\" // b\" c", "\" \" c", "a \\\" // b", "");
        check("r#\"a \" b\"# c", "r#\" \"# c", "a \" b", "");
        check("br\"a\\\" c", "br\" \" c", "a\\", "");
        check("r#type + b'{' + '\\'' + 'a", "r#type + b' ' + ' ' + 'a", "{ \\'", "");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}", "", "");
        check("'\\u{1F600}' + '\"' + 'x'", "' ' + ' ' + ' '", "\\u{1F600} \" x", "");
        check("\"open", "\"", "open", "");
    }

    #[test]
    fn lines_and_columns_stay() {
        let parts = RustText::of("a\n\"b\nc\"\n");
        assert_eq!(parts.code, ["a", "\" ", " \"", ""]);
        assert_eq!(parts.strings, [" ", " b", "c ", ""]);
    }
}
