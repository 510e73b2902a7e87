//! The parser: from the weakest operator to the strongest. Names are taken as long as the
//! names in scope allow.

use super::lexer::{Token, TokenKind, tokens};
use super::syntax::{Expr, Operator, Test};

/// Nesting of one expression.
const MAX_DEPTH: usize = 64;
/// Operators and the like in one expression.
const MAX_LINKS: usize = 1_000;

pub(crate) type Parsed<T> = Result<T, String>;

/// Names an expression may use, each as its tokens: those in scope, and those of fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub scope: Vec<Spelled>,
    pub fields: Vec<Spelled>,
    pub types: Vec<Spelled>,
}

/// A name and its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    tokens: Vec<String>,
    name: String,
}

impl Spelled {
    pub fn new(name: &str) -> Spelled {
        let found = tokens(name).unwrap_or_default();
        let tokens = found.iter().filter_map(|token| token.kind.spelling()).collect();
        Spelled { tokens, name: name.to_owned() }
    }
}

impl Names {
    pub fn scope(&mut self, name: &str) {
        self.scope.push(Spelled::new(name));
    }

    pub fn field(&mut self, name: &str) {
        let spelled = Spelled::new(name);
        if spelled.tokens.len() > 1 && !self.fields.contains(&spelled) {
            self.fields.push(spelled);
        }
    }

    pub fn a_type(&mut self, name: &str) {
        self.types.push(Spelled::new(name));
    }
}

/// Parses a whole text as one expression.
pub(crate) fn parse_expression(text: &str, names: &Names) -> Parsed<Expr> {
    let mut parser = Parser::new(text, names)?;
    let expression = parser.expression()?;
    parser.end()?;
    Ok(expression)
}

/// Parses a cell: tests with commas between them, `-`, or `not(…)`.
pub(crate) fn parse_tests(text: &str, names: &Names) -> Parsed<Vec<Test>> {
    let mut parser = Parser::new(text, names)?;
    let tests = parser.cell()?;
    parser.end()?;
    Ok(tests)
}

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    pub(super) place: usize,
    pub(super) names: Names,
    depth: usize,
    links: usize,
    /// Within the high end of a range, where `[` may close it.
    pub(super) high_ends: usize,
}

/// The binary operators, the weakest first; comparisons stand apart.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("**", Operator::Power)],
];

pub(super) const COMPARISONS: &[(&str, Operator)] = &[
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: &Names) -> Parsed<Self> {
        let tokens = tokens(text).map_err(|(place, message)| located(text, place, &message))?;
        let names = names.clone();
        Ok(Self { text, tokens, place: 0, names, depth: 0, links: 0, high_ends: 0 })
    }

    pub(super) fn peek(&self) -> &TokenKind {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> &TokenKind {
        self.tokens.get(self.place + ahead).map_or(&TokenKind::End, |token| &token.kind)
    }

    pub(super) fn advance(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        self.place += 1;
        kind
    }

    pub(super) fn fail<T>(&self, message: &str) -> Parsed<T> {
        let start = self.tokens.get(self.place).map_or(self.text.len(), |token| token.start);
        Err(located(self.text, start, message))
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), TokenKind::Sign(found) if *found == sign)
    }

    pub(super) fn accept(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.place += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.accept(sign) {
            Ok(())
        } else {
            self.fail(&format!("「{sign}」がありません。"))
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(found) if found == word)
    }

    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.place += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.accept_word(word) {
            Ok(())
        } else {
            self.fail(&format!("「{word}」がありません。"))
        }
    }

    fn end(&self) -> Parsed<()> {
        match self.peek() {
            TokenKind::End => Ok(()),
            _ => self.fail("式の終わりの後に余分なものがあります。"),
        }
    }

    /// The tokens of the longest of `names` that stands here.
    pub(super) fn longest(&self, names: &[Spelled]) -> Option<(String, usize)> {
        let here = |spelled: &&Spelled| {
            let tokens = spelled.tokens.iter().enumerate();
            !spelled.tokens.is_empty()
                && tokens.into_iter().all(|(ahead, token)| {
                    self.peek_at(ahead).spelling().is_some_and(|found| found == *token)
                })
        };
        let found = names.iter().filter(here).max_by_key(|spelled| spelled.tokens.len())?;
        Some((found.name.clone(), found.tokens.len()))
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Self::disjunction)
    }

    /// Parses one level deeper, if that is not too deep.
    pub(super) fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return self.fail("入れ子が深すぎます。式を分けてください。");
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Counts what makes the tree higher without nesting in the text.
    pub(super) fn link(&mut self) -> Parsed<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return self.fail("式が長すぎます。式を分けてください。");
        }
        Ok(())
    }

    fn disjunction(&mut self) -> Parsed<Expr> {
        let mut left = self.conjunction()?;
        while self.accept_word("or") {
            self.link()?;
            let right = self.conjunction()?;
            left = Expr::Binary(Operator::Or, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        while self.accept_word("and") {
            self.link()?;
            let right = self.comparison()?;
            left = Expr::Binary(Operator::And, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    pub(super) fn comparison_sign(&mut self) -> Option<Operator> {
        let (sign, operator) = COMPARISONS.iter().find(|(sign, _)| self.is_sign(sign))?;
        self.accept(sign);
        Some(*operator)
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.arithmetic(0)?;
        loop {
            self.link()?;
            if let Some(operator) = self.comparison_sign() {
                let right = self.arithmetic(0)?;
                left = Expr::Binary(operator, Box::new(left), Box::new(right));
            } else if self.accept_word("between") {
                let low = self.arithmetic(0)?;
                self.expect_word("and")?;
                let high = self.arithmetic(0)?;
                left = Expr::Between(Box::new(left), Box::new([low, high]));
            } else if self.accept_word("in") {
                let tests = self.after_in()?;
                left = Expr::In(Box::new(left), tests);
            } else {
                return Ok(left);
            }
        }
    }

    pub(super) fn arithmetic(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.arithmetic(level + 1)?;
        while let Some((sign, operator)) = operators.iter().find(|(sign, _)| self.is_sign(sign)) {
            self.link()?;
            self.accept(sign);
            let right = self.arithmetic(level + 1)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if self.accept("-") {
            let operand = self.deeper(Self::unary)?;
            return Ok(Expr::Negate(Box::new(operand)));
        }
        let mut operand = self.postfix()?;
        while self.is_word("instance") && matches!(self.peek_at(1), TokenKind::Word(w) if w == "of")
        {
            self.place += 2;
            operand = Expr::InstanceOf(Box::new(operand), self.type_expression()?);
        }
        Ok(operand)
    }
}

fn located(text: &str, place: usize, message: &str) -> String {
    let before = text.get(..place).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!("{line}行{column}文字目: {message}")
}
