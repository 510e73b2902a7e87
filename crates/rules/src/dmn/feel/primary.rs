//! Literals, names, calls, filters, brackets, loops and functions.

use std::rc::Rc;

use super::lexer::TokenKind;
use super::parser::{Parsed, Parser, Spelled};
use super::syntax::{Arguments, Domain, Expr, FunctionExpr, RangeEnds, TypeExpr};
use crate::dmn::scalar::Form;
use crate::dmn::signature;

const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "between",
    "instance",
    "true",
    "false",
    "null",
    "function",
    "external",
];

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
        let mut base = self.deeper(Self::primary)?;
        loop {
            self.link()?;
            if self.accept(".") {
                base = Expr::Path(Box::new(base), self.field_name()?);
            } else if self.is_sign("(") {
                base = Expr::Call(Box::new(base), self.arguments()?);
            } else if self.is_sign("[") {
                let place = self.place;
                match self.filter() {
                    Ok(filter) => base = Expr::Filter(Box::new(base), Box::new(filter)),
                    Err(_) if self.high_ends > 0 => {
                        self.place = place;
                        return Ok(base);
                    }
                    Err(message) => return Err(message),
                }
            } else {
                return Ok(base);
            }
        }
    }

    fn filter(&mut self) -> Parsed<Expr> {
        self.expect("[")?;
        let scope = self.names.scope.len();
        let fields = self.names.fields.clone();
        self.names.scope.extend(fields);
        self.names.scope("item");
        let outer = std::mem::take(&mut self.high_ends);
        let filter = self.expression();
        self.high_ends = outer;
        self.names.scope.truncate(scope);
        let filter = filter?;
        self.expect("]")?;
        Ok(filter)
    }

    /// The name of a field after `.`.
    fn field_name(&mut self) -> Parsed<String> {
        let fields = self.names.fields.clone();
        let longest = self.longest(&fields).or_else(|| self.longest(&properties()));
        if let Some((name, length)) = longest {
            self.place += length;
            return Ok(name);
        }
        match self.advance() {
            TokenKind::Word(word) => Ok(word),
            _ => {
                self.place -= 1;
                self.fail("「.」の後に項目の名前がありません。")
            }
        }
    }

    fn arguments(&mut self) -> Parsed<Arguments> {
        self.expect("(")?;
        let outer = std::mem::take(&mut self.high_ends);
        let arguments = self.argument_list();
        self.high_ends = outer;
        arguments
    }

    fn argument_list(&mut self) -> Parsed<Arguments> {
        if self.accept(")") {
            return Ok(Arguments::Placed(Vec::new()));
        }
        if let Some(length) = self.parameter_ahead() {
            return self.named_arguments(length);
        }
        let mut placed = Vec::new();
        loop {
            placed.push(self.expression()?);
            if !self.accept(",") {
                self.expect(")")?;
                return Ok(Arguments::Placed(placed));
            }
        }
    }

    /// The tokens before the colon of a named argument.
    fn parameter_ahead(&self) -> Option<usize> {
        let mut length = 0;
        while let TokenKind::Word(_) | TokenKind::Number(..) | TokenKind::Sign("-" | "/" | "+") =
            self.peek_at(length)
        {
            length += 1;
        }
        let colon = matches!(self.peek_at(length), TokenKind::Sign(":"));
        (length > 0 && colon).then_some(length)
    }

    fn named_arguments(&mut self, mut length: usize) -> Parsed<Arguments> {
        let mut named = Vec::new();
        loop {
            let name = self.spelled(length);
            self.expect(":")?;
            named.push((name, self.expression()?));
            if !self.accept(",") {
                self.expect(")")?;
                return Ok(Arguments::Named(named));
            }
            match self.parameter_ahead() {
                Some(next) => length = next,
                None => return self.fail("引数の名前がありません。"),
            }
        }
    }

    /// Some tokens as a name, one space between words.
    fn spelled(&mut self, length: usize) -> String {
        let mut name = String::new();
        for _ in 0..length {
            let token = self.advance();
            let part = token.spelling().unwrap_or_default();
            let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if word(name.chars().next_back()) && word(part.chars().next()) {
                name.push(' ');
            }
            name.push_str(&part);
        }
        name
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.peek().clone() {
            TokenKind::Number(value, _) => {
                self.place += 1;
                Ok(Expr::Number(value))
            }
            TokenKind::Text(text) => {
                self.place += 1;
                Ok(Expr::Text(text))
            }
            TokenKind::Sign("(") => self.parenthesis(),
            TokenKind::Sign("[") => self.bracket(),
            TokenKind::Sign("]") => self.range(false),
            TokenKind::Sign("{") => self.context(),
            TokenKind::Sign("@") => {
                self.place += 1;
                match self.advance() {
                    TokenKind::Text(text) => Ok(Expr::At(text)),
                    _ => self.fail("@ の後に文字がありません。"),
                }
            }
            TokenKind::Sign("?") => {
                self.place += 1;
                Ok(Expr::Name("?".to_owned()))
            }
            TokenKind::Word(_) => self.word(),
            _ => self.fail("値や名前がありません。"),
        }
    }

    fn word(&mut self) -> Parsed<Expr> {
        let known = self.longest(&self.names.scope);
        if let Some((name, length)) = known.clone().filter(|(_, length)| *length > 1) {
            self.place += length;
            return Ok(Expr::Name(name));
        }
        if let Some((name, length)) = self.longest(signature::names()) {
            let opens = matches!(self.peek_at(length), TokenKind::Sign("("));
            if opens && length > 1 {
                self.place += length;
                return Ok(Expr::Name(name));
            }
        }
        let TokenKind::Word(word) = self.advance() else {
            return self.fail("名前がありません。");
        };
        match word.as_str() {
            "true" => Ok(Expr::Boolean(true)),
            "false" => Ok(Expr::Boolean(false)),
            "null" => Ok(Expr::Null),
            "if" => self.branch(),
            "for" => self.loop_over(),
            "some" | "every" => self.quantified(word == "some"),
            "function" if self.is_sign("(") => self.function(),
            _ if known.is_some() || !KEYWORDS.contains(&word.as_str()) => Ok(Expr::Name(word)),
            _ => {
                self.place -= 1;
                self.fail(&format!("「{word}」はここに書けません。"))
            }
        }
    }

    fn branch(&mut self) -> Parsed<Expr> {
        let condition = self.expression()?;
        self.expect_word("then")?;
        let then = self.expression()?;
        self.expect_word("else")?;
        let otherwise = self.expression()?;
        Ok(Expr::If(Box::new([condition, then, otherwise])))
    }

    /// A new name, up to one of `stops`.
    fn new_name(&mut self, stops: &[&str]) -> Parsed<String> {
        let mut length = 0;
        loop {
            match self.peek_at(length) {
                TokenKind::Word(word) if stops.contains(&word.as_str()) => break,
                TokenKind::Sign(sign) if stops.contains(sign) => break,
                TokenKind::Word(_) | TokenKind::Number(..) => length += 1,
                TokenKind::Sign("-" | "+" | "/" | "*" | ".") => length += 1,
                _ => break,
            }
        }
        if length == 0 {
            return self.fail("名前がありません。");
        }
        Ok(self.spelled(length))
    }

    fn domain(&mut self) -> Parsed<Domain> {
        let low = self.expression()?;
        if !self.accept("..") {
            return Ok(Domain::List(low));
        }
        Ok(Domain::Span(low, self.expression()?))
    }

    fn loop_over(&mut self) -> Parsed<Expr> {
        let scope = self.names.scope.len();
        let iterators = self.iterators("return")?;
        self.names.scope("partial");
        let body = self.expression();
        self.names.scope.truncate(scope);
        Ok(Expr::For(iterators, Box::new(body?)))
    }

    fn quantified(&mut self, some: bool) -> Parsed<Expr> {
        let scope = self.names.scope.len();
        let iterators = self.iterators("satisfies")?;
        let body = self.expression();
        self.names.scope.truncate(scope);
        Ok(Expr::Quantified(some, iterators, Box::new(body?)))
    }

    fn iterators(&mut self, before_body: &str) -> Parsed<Vec<(String, Domain)>> {
        let mut iterators = Vec::new();
        loop {
            let name = self.new_name(&["in"])?;
            self.expect_word("in")?;
            let domain = self.domain()?;
            self.names.scope(&name);
            iterators.push((name, domain));
            if !self.accept(",") {
                self.expect_word(before_body)?;
                return Ok(iterators);
            }
        }
    }

    fn function(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let scope = self.names.scope.len();
        let mut parameters = Vec::new();
        while !self.is_sign(")") {
            let name = self.new_name(&[",", ")", ":"])?;
            let ty = if self.accept(":") { Some(self.type_expression()?) } else { None };
            self.names.scope(&name);
            parameters.push((name, ty));
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        let external = self.accept_word("external");
        let body = self.expression();
        self.names.scope.truncate(scope);
        let body = body?;
        let body = if external { None } else { Some(body) };
        Ok(Expr::Function(Rc::new(FunctionExpr { parameters, body })))
    }

    fn parenthesis(&mut self) -> Parsed<Expr> {
        let place = self.place;
        self.place += 1;
        let outer = std::mem::take(&mut self.high_ends);
        if let Some(operator) = self.comparison_sign() {
            let end = self.arithmetic(0)?;
            self.expect(")")?;
            self.high_ends = outer;
            return Ok(Expr::Range(Box::new(RangeEnds::compared(operator, end))));
        }
        let inner = self.expression()?;
        self.high_ends = outer;
        if self.is_sign("..") {
            self.place = place;
            return self.range(false);
        }
        self.expect(")")?;
        Ok(inner)
    }

    fn bracket(&mut self) -> Parsed<Expr> {
        let place = self.place;
        self.place += 1;
        let outer = std::mem::take(&mut self.high_ends);
        let mut items = Vec::new();
        while !self.is_sign("]") {
            items.push(self.expression()?);
            if items.len() == 1 && self.is_sign("..") {
                self.place = place;
                self.high_ends = outer;
                return self.range(true);
            }
            if !self.accept(",") {
                break;
            }
        }
        self.high_ends = outer;
        self.expect("]")?;
        Ok(Expr::List(items))
    }

    /// `[a..b]` and its open forms, from the first bracket on.
    fn range(&mut self, low_closed: bool) -> Parsed<Expr> {
        self.place += 1;
        let low = self.arithmetic(0)?;
        self.expect("..")?;
        self.high_ends += 1;
        let high = self.arithmetic(0);
        self.high_ends -= 1;
        let high = Some(high?);
        let high_closed = self.accept("]");
        if !high_closed && !self.accept(")") {
            self.expect("[")?;
        }
        let closed = [low_closed, high_closed];
        let (low, form) = (Some(low), Form::Between);
        Ok(Expr::Range(Box::new(RangeEnds { low, high, closed, form })))
    }

    fn context(&mut self) -> Parsed<Expr> {
        self.expect("{")?;
        let scope = self.names.scope.len();
        let outer = std::mem::take(&mut self.high_ends);
        let mut entries = Vec::new();
        while !self.is_sign("}") {
            let name = match self.peek().clone() {
                TokenKind::Text(text) => {
                    self.place += 1;
                    text
                }
                _ => self.new_name(&[":"])?,
            };
            self.expect(":")?;
            let value = self.expression()?;
            self.names.scope(&name);
            self.names.field(&name);
            entries.push((name, value));
            if !self.accept(",") {
                break;
            }
        }
        self.names.scope.truncate(scope);
        self.high_ends = outer;
        self.expect("}")?;
        Ok(Expr::Context(entries))
    }

    pub(super) fn type_expression(&mut self) -> Parsed<TypeExpr> {
        self.deeper(Self::one_type)
    }

    fn one_type(&mut self) -> Parsed<TypeExpr> {
        if let Some((name, length)) = self.longest(&self.names.types) {
            self.place += length;
            return Ok(TypeExpr::Named(name));
        }
        let name = self.new_name(&["<", ",", ")", ">", "]"])?;
        if !self.accept("<") {
            return Ok(TypeExpr::Named(name));
        }
        let ty = match name.as_str() {
            "list" => TypeExpr::List(Box::new(self.type_expression()?)),
            "range" => TypeExpr::Range(Box::new(self.type_expression()?)),
            "context" => {
                let mut fields = Vec::new();
                while !self.is_sign(">") {
                    let field = self.new_name(&[":"])?;
                    self.expect(":")?;
                    fields.push((field, self.type_expression()?));
                    if !self.accept(",") {
                        break;
                    }
                }
                TypeExpr::Context(fields)
            }
            "function" => {
                while !self.is_sign(">") {
                    self.type_expression()?;
                    if !self.accept(",") {
                        break;
                    }
                }
                self.expect(">")?;
                self.expect("->")?;
                self.type_expression()?;
                return Ok(TypeExpr::Function);
            }
            _ => return self.fail(&format!("型「{name}」に < > は付きません。")),
        };
        self.expect(">")?;
        Ok(ty)
    }
}

/// Names of properties that are two words.
fn properties() -> Vec<Spelled> {
    ["time offset", "start included", "end included"].into_iter().map(Spelled::new).collect()
}
