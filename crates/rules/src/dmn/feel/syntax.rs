//! The syntax tree of FEEL.

use std::rc::Rc;

use crate::dmn::number::Number;
use crate::dmn::scalar::Form;

/// An expression.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Number(Number),
    Text(String),
    Boolean(bool),
    Null,
    /// `@"2026-04-01"`
    At(String),
    Name(String),
    Path(Box<Expr>, String),
    Filter(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Arguments),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Between(Box<Expr>, Box<[Expr; 2]>),
    /// `x in (test, test)`
    In(Box<Expr>, Vec<Test>),
    InstanceOf(Box<Expr>, TypeExpr),
    If(Box<[Expr; 3]>),
    For(Vec<(String, Domain)>, Box<Expr>),
    /// `some` (true) or `every` (false).
    Quantified(bool, Vec<(String, Domain)>, Box<Expr>),
    List(Vec<Expr>),
    Context(Vec<(String, Expr)>),
    Range(Box<RangeEnds>),
    Function(Rc<FunctionExpr>),
}

/// A function written in an expression.
#[derive(Debug)]
pub(crate) struct FunctionExpr {
    pub parameters: Vec<(String, Option<TypeExpr>)>,
    /// `None` for a function outside the model (`external`).
    pub body: Option<Expr>,
}

/// The ends of a range and how they are written.
#[derive(Clone, Debug)]
pub(crate) struct RangeEnds {
    pub low: Option<Expr>,
    pub high: Option<Expr>,
    pub closed: [bool; 2],
    pub form: Form,
}

/// What a loop goes over: a list, or the whole numbers from one to another.
#[derive(Clone, Debug)]
pub(crate) enum Domain {
    List(Expr),
    Span(Expr, Expr),
}

/// Arguments by place or by name.
#[derive(Clone, Debug)]
pub(crate) enum Arguments {
    Placed(Vec<Expr>),
    Named(Vec<(String, Expr)>),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// One test of a cell or after `in`.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// `-`
    Any,
    Not(Vec<Test>),
    Compare(Operator, Expr),
    Value(Expr),
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypeExpr {
    Named(String),
    List(Box<TypeExpr>),
    Range(Box<TypeExpr>),
    Context(Vec<(String, TypeExpr)>),
    Function,
}
