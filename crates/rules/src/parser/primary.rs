//! The parts of expressions between operators: constants, names, calls, branches, loops,
//! lists, records, and what may stand after `in`.

use super::{COMPARISON, Parsed, Parser};
use crate::error::{Problem, Span};
use crate::functions;
use crate::lexer::TokenKind;
use crate::syntax::{Iteration, Quantifier, Range, Syntax, SyntaxKind};
use crate::value::Value;

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Parsed<Syntax> {
        if let Some(call) = self.call()? {
            return Ok(call);
        }
        let kind = match &self.peek().kind {
            TokenKind::Number(number) => SyntaxKind::Number(*number),
            TokenKind::Text(text) => SyntaxKind::Constant(text.as_str().into()),
            TokenKind::Name(name) => SyntaxKind::Name(name.clone()),
            TokenKind::Keyword("true") => SyntaxKind::Constant(true.into()),
            TokenKind::Keyword("false") => SyntaxKind::Constant(false.into()),
            TokenKind::Keyword("null") => SyntaxKind::Constant(Value::Null),
            TokenKind::Keyword("if") => return self.branch(),
            TokenKind::Keyword("for") => return self.loop_over("return"),
            TokenKind::Keyword("some" | "every") => return self.loop_over("satisfies"),
            TokenKind::Symbol("(") => return self.parenthesis(),
            TokenKind::Symbol("[") => return self.list(),
            TokenKind::Symbol("{") => return self.record(),
            _ => return Err(self.unexpected("値や名前")),
        };
        let span = self.advance().span;
        self.node(kind, span, 0)
    }

    /// A call; the names of some functions are two words: `string length(x)`.
    fn call(&mut self) -> Parsed<Option<Syntax>> {
        let TokenKind::Name(first) = &self.peek().kind else { return Ok(None) };
        let second = match self.peek_at(1) {
            TokenKind::Symbol("(") => None,
            TokenKind::Name(word) => Some(word.as_str()),
            TokenKind::Keyword("or") => Some("or"),
            _ => return Ok(None),
        };
        let name = second.map_or_else(|| first.clone(), |second| format!("{first} {second}"));
        let words = 1 + usize::from(second.is_some());
        let opens = *self.peek_at(words) == TokenKind::Symbol("(");
        if !opens || (words == 2 && functions::find(&name).is_none()) {
            return Ok(None);
        }
        let mut name_span = self.advance().span;
        if words == 2 {
            name_span = name_span.to(self.advance().span);
        }
        self.advance();
        let (arguments, end) = self.items(")")?;
        let below = height(&arguments);
        let kind = SyntaxKind::Call { name, name_span, arguments };
        self.node(kind, name_span.to(end), below).map(Some)
    }

    /// Expressions with commas between them, up to and with `close`.
    fn items(&mut self, close: &str) -> Parsed<(Vec<Syntax>, Span)> {
        let mut items = Vec::new();
        if self.is_symbol(close) {
            return Ok((items, self.advance().span));
        }
        loop {
            items.push(self.expression()?);
            if !self.accept(",") {
                return Ok((items, self.expect(close)?));
            }
        }
    }

    fn parenthesis(&mut self) -> Parsed<Syntax> {
        let start = self.advance().span;
        let mut inner = self.expression()?;
        inner.span = start.to(self.expect(")")?);
        Ok(inner)
    }

    fn list(&mut self) -> Parsed<Syntax> {
        let start = self.advance().span;
        let (items, end) = self.items("]")?;
        let below = height(&items);
        self.node(SyntaxKind::List(items), start.to(end), below)
    }

    /// `{ name: value, … }`.
    fn record(&mut self) -> Parsed<Syntax> {
        let start = self.advance().span;
        let mut fields = Vec::new();
        let mut below = 0;
        while !self.is_symbol("}") {
            let (name, span) = self.expect_name()?;
            self.expect(":")?;
            let value = self.expression()?;
            below = below.max(value.height);
            fields.push((name, span, value));
            if !self.accept(",") {
                break;
            }
        }
        let end = self.expect("}")?;
        self.node(SyntaxKind::Record(fields), start.to(end), below)
    }

    fn branch(&mut self) -> Parsed<Syntax> {
        let start = self.advance().span;
        let condition = self.expression()?;
        self.expect_keyword("then")?;
        let then = self.expression()?;
        self.expect_keyword("else")?;
        let otherwise = self.expression()?;
        let span = start.to(otherwise.span);
        let below = condition.height.max(then.height).max(otherwise.height);
        let kind = SyntaxKind::If {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        self.node(kind, span, below)
    }

    /// `for x in list return …`, `some x in list satisfies …`, `every …`.
    fn loop_over(&mut self, before_body: &str) -> Parsed<Syntax> {
        let word = self.advance();
        let (name, name_span) = self.expect_name()?;
        self.expect_keyword("in")?;
        let list = self.expression()?;
        self.expect_keyword(before_body)?;
        let body = self.expression()?;
        let span = word.span.to(body.span);
        let below = list.height.max(body.height);
        let (list, body) = (Box::new(list), Box::new(body));
        let iteration = Iteration { name, name_span, list, body };
        let kind = match word.kind {
            TokenKind::Keyword("some") => {
                SyntaxKind::Quantified { quantifier: Quantifier::Some, iteration }
            }
            TokenKind::Keyword("every") => {
                SyntaxKind::Quantified { quantifier: Quantifier::Every, iteration }
            }
            _ => SyntaxKind::For(iteration),
        };
        self.node(kind, span, below)
    }

    /// What follows `in`: a range or a list.
    pub(super) fn membership(&mut self, value: Syntax) -> Parsed<Syntax> {
        let value = Box::new(value);
        if self.at_range() {
            return self.range(value);
        }
        if self.is_symbol("(") && self.has_at_top(",") {
            let problem = Problem::new("in の後の並びは角括弧で書きます。")
                .help("x in [\"01\", \"02\"] のように書いてください。");
            return Err(self.error(self.peek().span, problem));
        }
        let list = Box::new(self.binary(COMPARISON + 1)?);
        let (span, below) = (value.span.to(list.span), value.height.max(list.height));
        self.node(SyntaxKind::In { value, list }, span, below)
    }

    fn range(&mut self, value: Box<Syntax>) -> Parsed<Syntax> {
        let (range, end) = self.ends()?;
        let span = value.span.to(end);
        let below = value.height.max(range.low.height).max(range.high.height);
        self.node(SyntaxKind::InRange { value, range: Box::new(range) }, span, below)
    }

    /// `[low..high]` with the place where it ends.
    pub(super) fn ends(&mut self) -> Parsed<(Range, Span)> {
        let low_closed = self.is_symbol("[");
        self.advance();
        let low = self.expression()?;
        self.expect("..")?;
        let high = self.expression()?;
        let high_closed = self.is_symbol("]");
        let end = if high_closed { self.advance().span } else { self.expect(")")? };
        Ok((Range { low, high, low_closed, high_closed }, end))
    }

    /// Whether the bracket ahead opens a range: `[a..b]`, `(a..b)`.
    pub(super) fn at_range(&self) -> bool {
        (self.is_symbol("[") || self.is_symbol("(")) && self.has_at_top("..")
    }

    /// Whether `symbol` stands directly within the bracket ahead.
    fn has_at_top(&self, symbol: &str) -> bool {
        let mut depth = 0_usize;
        for token in &self.tokens[self.position..] {
            match token.kind {
                TokenKind::Symbol("(" | "[" | "{") => depth += 1,
                TokenKind::Symbol(")" | "]" | "}") if depth <= 1 => return false,
                TokenKind::Symbol(")" | "]" | "}") => depth -= 1,
                TokenKind::Symbol(found) if depth == 1 && found == symbol => return true,
                _ => {}
            }
        }
        false
    }
}

fn height(items: &[Syntax]) -> usize {
    items.iter().map(|item| item.height).max().unwrap_or(0)
}
