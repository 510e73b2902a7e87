//! Classes of characters: `[a-z-[aeiou]]`, `\d`, `\p{Lu}`, `\p{IsHiragana}`.

use super::{Fail, Translator};

/// The characters of `\d`, `\s`, `\w`, `\i`, `\c` and their opposites, as the inside of a class.
pub(super) fn multiple(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => r"\p{Nd}",
        'D' => r"\P{Nd}",
        's' => r" \t\n\r",
        'S' => r"^ \t\n\r",
        'w' => r"^\p{P}\p{Z}\p{C}",
        'W' => r"\p{P}\p{Z}\p{C}",
        'i' => r"\p{L}\p{Nl}_:",
        'I' => r"^\p{L}\p{Nl}_:",
        'c' => r"\p{L}\p{Nl}\p{Mc}\p{Mn}\p{Nd}_:.\-\u{b7}",
        'C' => r"^\p{L}\p{Nl}\p{Mc}\p{Mn}\p{Nd}_:.\-\u{b7}",
        _ => return None,
    })
}

/// The character of an escape such as `\n` or `\.`.
pub(super) fn single(c: char) -> Option<char> {
    Some(match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '$' | '-' | '[' | ']'
        | '^' => c,
        _ => return None,
    })
}

/// The general categories of Unicode.
const CATEGORIES: &str = "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp \
                          S Sm Sc Sk So C Cc Cf Co Cn";

/// Blocks of Unicode that are known here.
const BLOCKS: &[(&str, &str)] = &[
    ("BasicLatin", r"\u{0}-\u{7f}"),
    ("Latin-1Supplement", r"\u{80}-\u{ff}"),
    ("LatinExtended-A", r"\u{100}-\u{17f}"),
    ("LatinExtended-B", r"\u{180}-\u{24f}"),
    ("Greek", r"\u{370}-\u{3ff}"),
    ("Cyrillic", r"\u{400}-\u{4ff}"),
    ("Hiragana", r"\u{3040}-\u{309f}"),
    ("Katakana", r"\u{30a0}-\u{30ff}"),
    ("CJKUnifiedIdeographs", r"\u{4e00}-\u{9fff}"),
];

impl Translator {
    /// What follows `\p` or `\P`.
    pub(super) fn category(&mut self, negated: bool) -> Result<String, Fail> {
        if self.next() != Some('{') {
            return Err(Fail::Invalid);
        }
        let rest = self.chars.get(self.place..).unwrap_or_default();
        let end = rest.iter().position(|c| *c == '}').ok_or(Fail::Invalid)?;
        let name: String = rest[..end].iter().collect();
        self.place += end + 1;
        if let Some(block) = name.strip_prefix("Is") {
            let range = BLOCKS.iter().find(|(known, _)| *known == block).map(|(_, range)| range);
            let range = range.ok_or_else(|| Fail::Unsupported(format!("文字のブロック {name}")))?;
            return Ok(format!("[{}{range}]", if negated { "^" } else { "" }));
        }
        if !CATEGORIES.split_whitespace().any(|known| known == name) {
            return Err(Fail::Invalid);
        }
        Ok(format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' }))
    }

    /// A class after its `[`, with what is taken away from it.
    pub(super) fn class(&mut self) -> Result<String, Fail> {
        let mut members = String::new();
        let negated = self.peek() == Some('^');
        self.place += usize::from(negated);
        let mut taken = None;
        loop {
            let c = self.next().ok_or(Fail::Invalid)?;
            match c {
                ']' if members.is_empty() => return Err(Fail::Invalid),
                ']' => break,
                '[' => return Err(Fail::Invalid),
                '-' if self.peek() == Some('[') => {
                    self.place += 1;
                    taken = Some(self.class()?);
                    if self.next() != Some(']') || members.is_empty() {
                        return Err(Fail::Invalid);
                    }
                    break;
                }
                c => members.push_str(&self.member(c)?),
            }
        }
        let class = format!("[{}{members}]", if negated { "^" } else { "" });
        Ok(match taken {
            Some(taken) => format!("[{class}--{taken}]"),
            None => class,
        })
    }

    /// One member of a class: a character, a range, an escape.
    fn member(&mut self, c: char) -> Result<String, Fail> {
        let low = if c == '\\' {
            let escaped = self.next().ok_or(Fail::Invalid)?;
            if escaped.is_ascii_digit() {
                return Err(Fail::Invalid);
            }
            if let Some(class) = multiple(escaped) {
                return Ok(format!("[{class}]"));
            }
            if matches!(escaped, 'p' | 'P') {
                if self.ignore_case {
                    return Err(Fail::Unsupported("大文字小文字を分けない文字の種類".to_owned()));
                }
                return self.category(escaped == 'P');
            }
            single(escaped).ok_or(Fail::Invalid)?
        } else {
            c
        };
        let next = self.chars.get(self.place + 1).copied();
        let is_range = self.peek() == Some('-') && !matches!(next, None | Some(']' | '['));
        if !is_range {
            return Ok(written(low));
        }
        self.place += 1;
        let high = match self.next().ok_or(Fail::Invalid)? {
            '\\' => single(self.next().ok_or(Fail::Invalid)?).ok_or(Fail::Invalid)?,
            c => c,
        };
        if low > high {
            return Err(Fail::Invalid);
        }
        Ok(format!("{}-{}", written(low), written(high)))
    }
}

/// A character that stands for itself within a class.
fn written(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}
