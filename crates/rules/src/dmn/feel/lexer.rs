//! From text to words, numbers, strings and signs.

use crate::dmn::number::Number;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    /// First byte in the text, for messages.
    pub start: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Word(String),
    Number(Number, String),
    Text(String),
    Sign(&'static str),
    /// A sign that may only stand within a name.
    Other(char),
    End,
}

impl TokenKind {
    /// As it stands within a name.
    pub fn spelling(&self) -> Option<String> {
        match self {
            TokenKind::Word(word) | TokenKind::Number(_, word) => Some(word.clone()),
            TokenKind::Sign(sign) => Some((*sign).to_owned()),
            TokenKind::Other(c) => Some(c.to_string()),
            TokenKind::Text(_) | TokenKind::End => None,
        }
    }
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "**", "..", "->", "<=", ">=", "!=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "*",
    "/", "<", ">", "=", "?", "@",
];

/// The tokens of `text`, the last being the end; or a message with the byte where it went wrong.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, (usize, String)> {
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(rest) = text.get(place..).filter(|rest| !rest.is_empty()) {
        let start = place;
        if let Some(skipped) = blank(rest) {
            place += skipped;
            continue;
        }
        let (kind, length) = token(rest).map_err(|message| (start, message))?;
        tokens.push(Token { kind, start });
        place += length;
    }
    tokens.push(Token { kind: TokenKind::End, start: text.len() });
    Ok(tokens)
}

/// The length of white space or a comment.
fn blank(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let first = rest.chars().next()?;
    let is_space = first.is_whitespace() || first == '\u{feff}' || first == '\u{180e}';
    is_space.then(|| first.len_utf8())
}

fn token(rest: &str) -> Result<(TokenKind, usize), String> {
    let first = rest.chars().next().unwrap_or(' ');
    if first == '"' {
        return string(rest);
    }
    let point = first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if first.is_ascii_digit() || point {
        return number(rest);
    }
    if starts_name(first) {
        let end = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
        return Ok((TokenKind::Word(rest[..end].to_owned()), end));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((TokenKind::Sign(sign), sign.len()));
    }
    Ok((TokenKind::Other(first), first.len_utf8()))
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || (c as u32 >= 0x10000 && !c.is_whitespace())
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_numeric() || matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}')
}

fn number(rest: &str) -> Result<(TokenKind, usize), String> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(rest);
    if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1 + digits(&rest[end + 1..]);
    }
    end += exponent(&rest[end..]);
    let written = &rest[..end];
    let value = Number::parse(written).ok_or("数として読めません。")?;
    Ok((TokenKind::Number(value, written.to_owned()), end))
}

/// The length of `e4` or `E-4` after digits.
fn exponent(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix(['e', 'E']) else { return 0 };
    let signed = after.strip_prefix(['+', '-']).unwrap_or(after);
    let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
    let ends = !signed[digits..].starts_with(continues_name);
    if digits > 0 && ends { rest.len() - signed.len() + digits } else { 0 }
}

fn string(rest: &str) -> Result<(TokenKind, usize), String> {
    let mut units: Vec<u16> = Vec::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => {
                let text = String::from_utf16(&units).map_err(|_| "文字が壊れています。")?;
                return Ok((TokenKind::Text(text), place + 1));
            }
            '\\' => {
                let Some((_, escaped)) = chars.next() else { break };
                let mut code = |width: usize| {
                    let code: String = chars.by_ref().take(width).map(|(_, c)| c).collect();
                    u32::from_str_radix(&code, 16).map_err(|_| "\\u の後の桁が読めません。")
                };
                let unit = match escaped {
                    'n' => u32::from('\n'),
                    't' => u32::from('\t'),
                    'r' => u32::from('\r'),
                    '"' | '\\' | '\'' => u32::from(escaped),
                    'u' => code(4)?,
                    'U' => code(6)?,
                    _ => {
                        push(&mut units, '\\');
                        u32::from(escaped)
                    }
                };
                match (u16::try_from(unit), char::from_u32(unit)) {
                    (Ok(unit), _) => units.push(unit),
                    (_, Some(c)) => push(&mut units, c),
                    _ => return Err("\\U の後の桁が文字を表しません。".to_owned()),
                }
            }
            c => push(&mut units, c),
        }
    }
    Err("文字の終わりの \" がありません。".to_owned())
}

fn push(units: &mut Vec<u16>, c: char) {
    units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
}
