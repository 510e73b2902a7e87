//! From text to tokens. Names are the statute's own terms in NFC without spaces; a name that
//! is not in NFC is refused, never normalised behind the writer's back.

use crate::error::{Problem, SourceError, Span};
use crate::value::Decimal;

/// The kind of a token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// A name.
    Name(String),
    /// One of [`KEYWORDS`].
    Keyword(&'static str),
    /// A number without sign.
    Number(Decimal),
    /// Text without its quotes.
    Text(String),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
    /// The end of the source.
    End,
}

/// A token and its place.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

const KEYWORDS: [&str; 14] = [
    "and",
    "or",
    "if",
    "then",
    "else",
    "in",
    "some",
    "every",
    "satisfies",
    "for",
    "return",
    "true",
    "false",
    "null",
];

/// Longer ones first.
const SYMBOLS: [&str; 20] = [
    "..", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "+", "-", "*", "/", "=",
    "<", ">",
];

/// Full-width signs a writer may have typed, and what was meant.
const FULL_WIDTH: [(char, &str); 22] = [
    ('（', "("),
    ('）', ")"),
    ('［', "["),
    ('］', "]"),
    ('｛', "{"),
    ('｝', "}"),
    ('，', ","),
    ('、', ","),
    ('．', "."),
    ('。', "."),
    ('：', ":"),
    ('＋', "+"),
    ('－', "-"),
    ('−', "-"),
    ('＊', "*"),
    ('×', "*"),
    ('／', "/"),
    ('÷', "/"),
    ('＝', "="),
    ('＜', "<"),
    ('＞', ">"),
    ('＂', "\""),
];

/// Splits `source` into tokens; the last is [`TokenKind::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, SourceError> {
    tokens_within(source, Span { start: 0, end: source.len() })
}

/// Splits a stretch of `source` into tokens, placed in the whole of it.
pub(crate) fn tokens_within(source: &str, stretch: Span) -> Result<Vec<Token>, SourceError> {
    let mut lexer = Lexer { source: &source[..stretch.end], position: stretch.start };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.position;
        let kind = lexer.token().map_err(|problem| {
            let end = lexer.position.max(start);
            SourceError::at(source, Span { start, end }, problem)
        })?;
        let last = kind == TokenKind::End;
        tokens.push(Token { kind, span: Span { start, end: lexer.position } });
        if last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves over the characters that `accept` takes, and gives them back.
    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn skip_space(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Result<TokenKind, Problem> {
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        if first.is_ascii_digit() {
            return self.number();
        }
        if starts_name(first) {
            return self.name();
        }
        match first {
            '"' => self.text(),
            '`' => self.quoted_name(),
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Result<TokenKind, Problem> {
        let rest = self.rest();
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            self.position += symbol.len();
            return Ok(TokenKind::Symbol(symbol));
        }
        self.position += first.len_utf8();
        let problem = Problem::new(format!("「{first}」は式に使えない文字です。"));
        let full_width = FULL_WIDTH.iter().find(|(wide, _)| *wide == first);
        Err(match (full_width, first) {
            (Some((_, plain)), _) => problem.help(format!("半角の {plain} を使ってください。")),
            (None, '“' | '”' | '「' | '」' | '\'') => {
                problem.help("文字は半角の \" で囲んでください。")
            }
            (None, '０'..='９') => problem.help("数は半角で書いてください。"),
            (None, '≦' | '≤' | '≧' | '≥') => {
                problem.help("<= または >= と書いてください。")
            }
            (None, '≠' | '!') => problem.help("「等しくない」は != と書いてください。"),
            _ => problem,
        })
    }

    fn number(&mut self) -> Result<TokenKind, Problem> {
        let start = self.position;
        self.take_while(|c| c.is_ascii_digit());
        let rest = self.rest().as_bytes();
        if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.position += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let digits = &self.source[start..self.position];
        if self.peek().is_some_and(continues_name) {
            let name = self.take_while(continues_name);
            return Err(Problem::new("数のすぐ後に文字が続いています。").help(format!(
                "数字で始まる名前は `{digits}{name}` のように逆引用符で囲んでください。"
            )));
        }
        let number = digits
            .parse()
            .map_err(|error| Problem::new(format!("「{digits}」は扱えません。{error}")))?;
        Ok(TokenKind::Number(number))
    }

    fn name(&mut self) -> Result<TokenKind, Problem> {
        let rest = self.rest();
        let mut open = 0_usize;
        let mut length = rest.len();
        for (offset, c) in rest.char_indices() {
            match c {
                '）' if open == 0 => {
                    length = offset;
                    break;
                }
                '（' => open += 1,
                '）' => open -= 1,
                c if continues_name(c) => {}
                _ => {
                    length = offset;
                    break;
                }
            }
        }
        let name = &rest[..length];
        self.position += length;
        if open > 0 {
            return Err(Problem::new(format!("「{name}」の全角の（ が閉じられていません。"))
                .help("関数の括弧や式の括弧は半角の ( ) で書いてください。"));
        }
        check_normal_form(name)?;
        if self.peek().is_some_and(is_combining) {
            return Err(not_normal(name));
        }
        let keyword = KEYWORDS.iter().find(|keyword| **keyword == name);
        Ok(keyword.map_or_else(|| TokenKind::Name(name.into()), |word| TokenKind::Keyword(word)))
    }

    fn quoted_name(&mut self) -> Result<TokenKind, Problem> {
        self.position += 1;
        let name = self.take_while(|c| c != '`' && c != '\n');
        if self.peek() != Some('`') {
            return Err(Problem::new("名前を囲む逆引用符 ` が閉じられていません。"));
        }
        self.position += 1;
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Problem::new("名前が空か、空白を含んでいます。")
                .help("名前は空白を入れずに書いてください。"));
        }
        check_normal_form(name)?;
        Ok(TokenKind::Name(name.into()))
    }

    fn text(&mut self) -> Result<TokenKind, Problem> {
        self.position += 1;
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((offset, c)) = characters.next() {
            match c {
                '"' => {
                    self.position += offset + 1;
                    return Ok(TokenKind::Text(text));
                }
                '\n' => break,
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, plain @ ('"' | '\\'))) => text.push(plain),
                    _ => {
                        self.position += offset + 1;
                        return Err(Problem::new("文字の中の \\ の後が正しくありません。")
                            .help("使えるのは \\\" \\\\ \\n \\t です。"));
                    }
                },
                c => text.push(c),
            }
        }
        self.take_while(|c| c != '\n');
        Err(Problem::new("文字を囲む \" が閉じられていません。")
            .help("同じ行の中で \" で閉じてください。"))
    }
}

fn starts_name(c: char) -> bool {
    c == '_' || c == '〇' || c.is_alphabetic()
}

fn continues_name(c: char) -> bool {
    matches!(c, '_' | '・' | '（' | '）' | '〇') || c.is_alphanumeric()
}

/// Marks that join the character before them: か with U+3099 for が.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}')
}

/// Refuses what NFC would change: combining marks, conjoining jamo, and the compatibility
/// ideographs but for the twelve that are unified ones (Unicode Standard, section 18.1).
fn check_normal_form(name: &str) -> Result<(), Problem> {
    let changes = |c: char| match c {
        '\u{fa0e}'
        | '\u{fa0f}'
        | '\u{fa11}'
        | '\u{fa13}'
        | '\u{fa14}'
        | '\u{fa1f}'
        | '\u{fa21}'
        | '\u{fa23}'
        | '\u{fa24}'
        | '\u{fa27}'..='\u{fa29}' => false,
        '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}' | '\u{1100}'..='\u{11ff}' => true,
        c => is_combining(c),
    };
    if name.chars().any(changes) { Err(not_normal(name)) } else { Ok(()) }
}

fn not_normal(name: &str) -> Problem {
    Problem::new(format!("名前「{name}」の文字がNFCに正規化されていません。"))
        .help("濁点や異体字を分けずに、一つの文字として入力し直してください。")
}
