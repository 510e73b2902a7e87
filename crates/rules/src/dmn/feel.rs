//! FEEL as imported models write it: words, the syntax tree, the parser.
//! Names may hold spaces and signs; the longest name in scope is taken.

mod cell;
mod lexer;
mod parser;
mod primary;
mod syntax;

pub(crate) use parser::{Names, Spelled, parse_expression, parse_tests};
pub(crate) use syntax::{
    Arguments, Domain, Expr, FunctionExpr, Operator, RangeEnds, Test, TypeExpr,
};
