//! Our cells in FEEL. The text stays as it is but for what FEEL calls otherwise.

use super::{PARTS, ROUNDINGS, SHARED};
use crate::error::{SourceError, Span};
use crate::parser::table::{self, Test};
use crate::syntax::{Operator, Syntax, SyntaxKind};
use crate::types::{Scope, Type};

/// The tests of a cell in FEEL, with the names in them.
pub(super) fn tests(text: &str, scope: &Scope) -> Result<(String, Vec<String>), String> {
    let cell = table::cell(text, whole(text)).map_err(said)?;
    let mut writer = Writer::new(text, scope);
    for test in &cell.tests {
        match test {
            Test::Compare(_, value) => writer.walk(value)?,
            Test::Within(range) => {
                writer.walk(&range.low)?;
                writer.walk(&range.high)?;
            }
        }
    }
    Ok(writer.finish())
}

/// An expression in FEEL, with the names in it.
pub(super) fn expression(text: &str, scope: &Scope) -> Result<(String, Vec<String>), String> {
    let syntax = table::whole(text, whole(text)).map_err(said)?;
    let mut writer = Writer::new(text, scope);
    writer.walk(&syntax)?;
    Ok(writer.finish())
}

fn whole(text: &str) -> Span {
    Span { start: 0, end: text.len() }
}

fn said(error: SourceError) -> String {
    error.to_string()
}

/// A text with what is to stand elsewise in it.
struct Writer<'t> {
    text: &'t str,
    scope: &'t Scope,
    edits: Vec<(Span, String)>,
    names: Vec<String>,
}

impl<'t> Writer<'t> {
    fn new(text: &'t str, scope: &'t Scope) -> Self {
        Writer { text, scope, edits: Vec::new(), names: Vec::new() }
    }

    fn finish(mut self) -> (String, Vec<String>) {
        self.edits.sort_by_key(|(span, _)| span.start);
        let (mut out, mut at) = (String::new(), 0);
        for (span, text) in &self.edits {
            out += &self.text[at..span.start];
            out += text;
            at = span.end;
        }
        (out + &self.text[at..], self.names)
    }

    fn walk(&mut self, syntax: &Syntax) -> Result<(), String> {
        match &syntax.kind {
            SyntaxKind::Number(_) | SyntaxKind::Constant(_) => {}
            SyntaxKind::Name(name) => self.name(name, syntax.span)?,
            SyntaxKind::Field { base, name, name_span } => {
                self.walk(base)?;
                let is_record = matches!(self.type_of(base), Some(Type::Record(_) | Type::List(_)));
                let part = PARTS.iter().find(|(own, _)| !is_record && own == name);
                match part {
                    Some((_, feel)) => self.edits.push((*name_span, (*feel).to_owned())),
                    None => self.spelled(name, *name_span)?,
                }
            }
            SyntaxKind::Call { name, name_span, arguments } => {
                self.call((name, *name_span), arguments, syntax.span)?;
            }
            SyntaxKind::Binary { operator, left, right } => {
                let days = [left, right].map(|side| self.type_of(side) == Some(Type::Date));
                if *operator == Operator::Subtract && days == [true, true] {
                    return Err("日付どうしの引き算は、DMN では数になりません。".to_owned());
                }
                self.walk(left)?;
                self.walk(right)?;
            }
            SyntaxKind::Quantified { iteration, .. } | SyntaxKind::For(iteration) => {
                self.spelled(&iteration.name, iteration.name_span)?;
                self.walk(&iteration.list)?;
                self.walk(&iteration.body)?;
            }
            SyntaxKind::Negate(inner) => self.walk(inner)?,
            SyntaxKind::If { condition, then, otherwise } => {
                for part in [condition, then, otherwise] {
                    self.walk(part)?;
                }
            }
            SyntaxKind::Filter { base: one, filter: other }
            | SyntaxKind::In { value: one, list: other } => {
                self.walk(one)?;
                self.walk(other)?;
            }
            SyntaxKind::List(items) => items.iter().try_for_each(|item| self.walk(item))?,
            SyntaxKind::Record(fields) => {
                for (name, span, value) in fields {
                    self.spelled(name, *span)?;
                    self.walk(value)?;
                }
            }
            SyntaxKind::InRange { value, range } => {
                for part in [&**value, &range.low, &range.high] {
                    self.walk(part)?;
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str, span: Span) -> Result<(), String> {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        self.spelled(name, span)
    }

    /// A name stands without backquotes, which FEEL does not know.
    fn spelled(&mut self, name: &str, span: Span) -> Result<(), String> {
        if name.starts_with(|c: char| c.is_numeric()) {
            return Err(format!("名前「{name}」は数字で始まるので、DMN には書けません。"));
        }
        if self.text[span.start..].starts_with('`') {
            self.edits.push((span, name.to_owned()));
        }
        Ok(())
    }

    fn call(
        &mut self,
        (name, name_span): (&str, Span),
        arguments: &[Syntax],
        span: Span,
    ) -> Result<(), String> {
        if let Some((_, feel)) = ROUNDINGS.iter().find(|(own, _)| *own == name) {
            self.edits.push((name_span, (*feel).to_owned()));
            match arguments {
                [_] => {
                    let end = Span { start: span.end - 1, end: span.end - 1 };
                    self.edits.push((end, ", 0".to_owned()));
                }
                [_, unit] => {
                    let written = &self.text[unit.span.start..unit.span.end];
                    let places = places(written).ok_or_else(|| {
                        format!(
                            "{name}の単位「{written}」は、DMN では 10・100・0.1 などに限ります。"
                        )
                    })?;
                    self.edits.push((unit.span, places.to_string()));
                }
                _ => {}
            }
            return arguments.first().map_or(Ok(()), |first| self.walk(first));
        }
        if !SHARED.contains(&name) {
            return Err(format!("関数「{name}」は DMN にありません。"));
        }
        arguments.iter().try_for_each(|argument| self.walk(argument))
    }

    /// The type of a name or of a field of one, where it is known.
    fn type_of(&self, syntax: &Syntax) -> Option<Type> {
        match &syntax.kind {
            SyntaxKind::Name(name) => self.scope.get(name).cloned(),
            SyntaxKind::Call { name, .. } if name == "date" => Some(Type::Date),
            SyntaxKind::Field { base, name, .. } => match self.type_of(base)? {
                Type::Record(fields) => fields.get(name).cloned(),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How many decimal places are left by rounding to `unit`: 0 for 1, -3 for 1000, 2 for 0.01.
fn places(unit: &str) -> Option<i32> {
    let zeros = |text: &str| text.bytes().all(|digit| digit == b'0');
    let length = |text: &str| i32::try_from(text.len()).ok();
    match unit.split_once('.') {
        None => length(unit.strip_prefix('1').filter(|rest| zeros(rest))?).map(|many| -many),
        Some(("0", places)) => {
            length(places).filter(|_| places.strip_suffix('1').is_some_and(zeros))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn units_are_places() {
        let units = ["1", "10", "1000", "0.1", "0.01", "500", "1.0", "0.02", "0", ""];
        let found = [Some(0), Some(-1), Some(-3), Some(1), Some(2), None, None, None, None, None];
        assert_eq!(units.map(places), found);
    }
}
