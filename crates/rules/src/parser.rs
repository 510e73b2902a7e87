//! From tokens to the syntax tree. Bounds the height of the tree, so that nothing after it can
//! run out of stack. Knows no names and no types.

mod primary;
pub(crate) mod table;
pub(crate) mod written;

use crate::error::{Problem, SourceError, Span};
use crate::lexer::{self, Token, TokenKind};
use crate::syntax::{Comparison, Operator, Syntax, SyntaxKind};

/// Parentheses, brackets, branches and loops within each other.
const MAX_NESTING: usize = 64;
/// Height of the tree; a chain of operators adds one for each.
const MAX_HEIGHT: usize = 128;
/// Bytes of one expression.
const MAX_SOURCE: usize = 65_536;

/// Parses one whole expression.
pub(crate) fn parse(source: &str) -> Result<Syntax, SourceError> {
    if source.len() > MAX_SOURCE {
        let problem = Problem::new("式が長すぎます（64KiBまで）。").help("式を分けてください。");
        return Err(SourceError::at(source, Span::default(), problem));
    }
    let mut parser = Parser { source, tokens: lexer::tokens(source)?, position: 0, nesting: 0 };
    let syntax = parser.expression()?;
    match &parser.peek().kind {
        TokenKind::End => Ok(syntax),
        _ => Err(parser.unexpected("式の終わりか演算子")),
    }
}

type Parsed<T> = Result<T, SourceError>;

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    position: usize,
    nesting: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.position]
    }

    fn peek_at(&self, offset: usize) -> &TokenKind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.position + offset).min(last)].kind
    }

    /// Moves on by one token; the end is never passed.
    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        if token.kind != TokenKind::End {
            self.position += 1;
        }
        token
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(&self.peek().kind, TokenKind::Symbol(found) if *found == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<Span> {
        if self.is_symbol(symbol) {
            return Ok(self.advance().span);
        }
        Err(self.unexpected(&format!("「{symbol}」")))
    }

    fn expect_keyword(&mut self, keyword: &str) -> Parsed<()> {
        if matches!(&self.peek().kind, TokenKind::Keyword(found) if *found == keyword) {
            self.advance();
            return Ok(());
        }
        Err(self.unexpected(&format!("「{keyword}」")))
    }

    fn expect_name(&mut self) -> Parsed<(String, Span)> {
        if let TokenKind::Name(name) = &self.peek().kind {
            let name = name.clone();
            return Ok((name, self.advance().span));
        }
        Err(self.unexpected("名前"))
    }

    fn error(&self, span: Span, problem: Problem) -> SourceError {
        SourceError::at(self.source, span, problem)
    }

    fn unexpected(&self, wanted: &str) -> SourceError {
        let token = self.peek();
        let problem = match &token.kind {
            TokenKind::End => {
                Problem::new(format!("式が途中で終わっています。{wanted}が要ります。"))
            }
            _ => {
                let found = &self.source[token.span.start..token.span.end];
                Problem::new(format!("{wanted}が要るところに「{found}」があります。"))
            }
        };
        let problem = match &token.kind {
            TokenKind::Name(name) if wanted.starts_with("式の終わり") => problem.help(format!(
                "名前に空白は使えません。「{name}」の前に演算子か , が抜けていないか確かめてください。"
            )),
            TokenKind::Symbol("=") => problem.help("等しいは = を一つだけ書きます。"),
            _ => problem,
        };
        self.error(token.span, problem)
    }

    /// A node over `children`; refuses a tree that grows too high.
    fn node(&self, kind: SyntaxKind, span: Span, below: usize) -> Parsed<Syntax> {
        if below >= MAX_HEIGHT {
            let problem = Problem::new(format!("演算子の続きが長すぎます（{MAX_HEIGHT}段まで）。"))
                .help("式を分けて、途中の結果に名前を付けてください。");
            return Err(self.error(span, problem));
        }
        Ok(Syntax { kind, span, height: below + 1 })
    }

    /// Any expression, one level deeper.
    fn expression(&mut self) -> Parsed<Syntax> {
        self.nested(|parser| parser.binary(0))
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<Syntax>) -> Parsed<Syntax> {
        if self.nesting >= MAX_NESTING {
            let problem = Problem::new(format!("入れ子が深すぎます（{MAX_NESTING}段まで）。"))
                .help("式を分けて、途中の結果に名前を付けてください。");
            return Err(self.error(self.peek().span, problem));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    /// Operators that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Parsed<Syntax> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = operator(&self.peek().kind) {
            if strength < least {
                break;
            }
            if strength == COMPARISON {
                left = self.comparison(left, operator)?;
                continue;
            }
            self.advance();
            let right = self.binary(strength + 1)?;
            left = self.join(operator, left, right)?;
        }
        Ok(left)
    }

    fn join(&self, operator: Operator, left: Syntax, right: Syntax) -> Parsed<Syntax> {
        let (span, below) = (left.span.to(right.span), left.height.max(right.height));
        let (left, right) = (Box::new(left), Box::new(right));
        self.node(SyntaxKind::Binary { operator, left, right }, span, below)
    }

    /// `left = right`, `left in …`: never in a row.
    fn comparison(&mut self, left: Syntax, operator: Operator) -> Parsed<Syntax> {
        let membership = matches!(self.peek().kind, TokenKind::Keyword(_));
        self.advance();
        let whole = if membership {
            self.membership(left)?
        } else {
            let right = self.binary(COMPARISON + 1)?;
            self.join(operator, left, right)?
        };
        if operator_strength(&self.peek().kind) == Some(COMPARISON) {
            let problem = Problem::new("比較を続けて書くことはできません。")
                .help("a < b and b < c のように and でつないでください。");
            return Err(self.error(self.peek().span, problem));
        }
        Ok(whole)
    }

    fn unary(&mut self) -> Parsed<Syntax> {
        if !self.is_symbol("-") {
            return self.postfix();
        }
        let start = self.advance().span;
        let operand = self.nested(Self::unary)?;
        let (span, below) = (start.to(operand.span), operand.height);
        self.node(SyntaxKind::Negate(Box::new(operand)), span, below)
    }

    /// Field access and filters after a primary expression.
    fn postfix(&mut self) -> Parsed<Syntax> {
        let mut base = self.primary()?;
        loop {
            let below = base.height;
            if self.accept(".") {
                let (name, name_span) = self.expect_name()?;
                let span = base.span.to(name_span);
                let base_box = Box::new(base);
                base =
                    self.node(SyntaxKind::Field { base: base_box, name, name_span }, span, below)?;
            } else if self.accept("[") {
                let filter = self.expression()?;
                let span = base.span.to(self.expect("]")?);
                let below = below.max(filter.height);
                let (base_box, filter) = (Box::new(base), Box::new(filter));
                base = self.node(SyntaxKind::Filter { base: base_box, filter }, span, below)?;
            } else {
                return Ok(base);
            }
        }
    }
}

const COMPARISON: u8 = 2;

fn operator(kind: &TokenKind) -> Option<(Operator, u8)> {
    Some(match kind {
        TokenKind::Keyword("or") => (Operator::Or, 0),
        TokenKind::Keyword("and") => (Operator::And, 1),
        // The operator of `in` is read by `membership`.
        TokenKind::Keyword("in") => (Operator::Compare(Comparison::Equal), COMPARISON),
        TokenKind::Symbol("=") => (Operator::Compare(Comparison::Equal), COMPARISON),
        TokenKind::Symbol("!=") => (Operator::Compare(Comparison::NotEqual), COMPARISON),
        TokenKind::Symbol("<") => (Operator::Compare(Comparison::Less), COMPARISON),
        TokenKind::Symbol("<=") => (Operator::Compare(Comparison::LessOrEqual), COMPARISON),
        TokenKind::Symbol(">") => (Operator::Compare(Comparison::Greater), COMPARISON),
        TokenKind::Symbol(">=") => (Operator::Compare(Comparison::GreaterOrEqual), COMPARISON),
        TokenKind::Symbol("+") => (Operator::Add, 3),
        TokenKind::Symbol("-") => (Operator::Subtract, 3),
        TokenKind::Symbol("*") => (Operator::Multiply, 4),
        TokenKind::Symbol("/") => (Operator::Divide, 4),
        _ => return None,
    })
}

fn operator_strength(kind: &TokenKind) -> Option<u8> {
    operator(kind).map(|(_, strength)| strength)
}
