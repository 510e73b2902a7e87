//! The syntax tree: what was written, before names and types are known.

use crate::error::Span;
use crate::value::{Decimal, Value};

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Compare(Comparison),
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Which elements a quantifier asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Some,
    Every,
}

/// One node with its place and the height of the tree below it.
#[derive(Clone, Debug)]
pub(crate) struct Syntax {
    pub kind: SyntaxKind,
    pub span: Span,
    pub height: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum SyntaxKind {
    Number(Decimal),
    /// Text, a truth value or null.
    Constant(Value),
    Name(String),
    Field {
        base: Box<Syntax>,
        name: String,
        name_span: Span,
    },
    Call {
        name: String,
        name_span: Span,
        arguments: Vec<Syntax>,
    },
    Negate(Box<Syntax>),
    Binary {
        operator: Operator,
        left: Box<Syntax>,
        right: Box<Syntax>,
    },
    If {
        condition: Box<Syntax>,
        then: Box<Syntax>,
        otherwise: Box<Syntax>,
    },
    Quantified {
        quantifier: Quantifier,
        iteration: Iteration,
    },
    For(Iteration),
    /// `list[condition]` or `list[position]`.
    Filter {
        base: Box<Syntax>,
        filter: Box<Syntax>,
    },
    List(Vec<Syntax>),
    Record(Vec<(String, Span, Syntax)>),
    /// `value in list`.
    In {
        value: Box<Syntax>,
        list: Box<Syntax>,
    },
    /// `value in [low..high]`.
    InRange {
        value: Box<Syntax>,
        range: Box<Range>,
    },
}

/// `name in list … body`.
#[derive(Clone, Debug)]
pub(crate) struct Iteration {
    pub name: String,
    pub name_span: Span,
    pub list: Box<Syntax>,
    pub body: Box<Syntax>,
}

/// A range; a closed end belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub low: Syntax,
    pub high: Syntax,
    pub low_closed: bool,
    pub high_closed: bool,
}
