//! Tests of cells and after `in`, over a value that stands as a local.

use super::convert::negation;
use super::loops::element_of;
use super::types::join;
use super::{Bound, Checked, Checker, applied, constant, lenient, node};
use crate::dmn::feel::{Expr, Operator, Test};
use crate::dmn::functions::operators;
use crate::dmn::scalar::Shape;
use crate::tree::{Node, NodeKind};
use crate::types::Type;

/// The element type of a range.
fn range_element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Scalar(scalar) => match &scalar.0 {
            Shape::Range(element) => Some(element),
            _ => None,
        },
        _ => None,
    }
}

impl Checker<'_> {
    /// Whether `value` meets one of the tests.
    pub(super) fn tests(&mut self, value: &Node, tests: &[Test]) -> Checked<Node> {
        let mut whole: Option<Node> = None;
        for test in tests {
            let test = self.test(value, test)?;
            whole = Some(match whole {
                None => test,
                Some(whole) => node(NodeKind::Or(Box::new(whole), Box::new(test)), Type::Boolean),
            });
        }
        Ok(whole.unwrap_or_else(|| constant(false, Type::Boolean)))
    }

    fn test(&mut self, value: &Node, test: &Test) -> Checked<Node> {
        match test {
            Test::Any => Ok(constant(true, Type::Boolean)),
            Test::Not(tests) => {
                let inner = self.tests(value, tests)?;
                Ok(applied("not", negation, vec![inner], Type::Boolean))
            }
            Test::Compare(operator, end) => {
                let end = self.expression(end)?;
                self.binary(*operator, value.clone(), end)
            }
            Test::Value(expression) => self.value_test(value, expression),
        }
    }

    fn value_test(&mut self, value: &Node, expression: &Expr) -> Checked<Node> {
        let frames = self.scope.frames.len();
        if let NodeKind::Local(level) = value.kind {
            let bound = Bound::Local(level, value.ty.clone());
            self.scope.frames.push(("?".to_owned(), bound));
        }
        let found = self.expression(expression);
        self.scope.frames.truncate(frames);
        let found = found?;
        if asks(expression) {
            return self.boolean(found, "? を使った条件");
        }
        if value.ty == Type::Boolean && found.ty == Type::Boolean && decides(expression) {
            return self.refuse(
                "真偽の入力に対する条件の意味が二つに読めます。? を使うか true・false と書いてください。",
            );
        }
        let (value, ty) = (value.clone(), value.ty.clone());
        let fits = |other: &Type| join(&ty, other).is_some();
        if range_element(&found.ty).is_some_and(fits) {
            return Ok(applied("in", operators::within, vec![value, found], Type::Boolean));
        }
        if matches!(found.ty, Type::List(_)) && range_element(&element_of(&found)).is_some_and(fits)
        {
            return Ok(applied("in", operators::within_one, vec![value, found], Type::Boolean));
        }
        if matches!(found.ty, Type::List(_)) && fits(&element_of(&found)) && !is_list(&ty, &found) {
            return Ok(lenient("in", operators::among, vec![value, found], Type::Boolean));
        }
        self.binary(Operator::Equal, value, found)
    }
}

/// Whether an expression is a condition of its own rather than a value to be equal to.
fn decides(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Binary(..)
            | Expr::Between(..)
            | Expr::In(..)
            | Expr::InstanceOf(..)
            | Expr::Call(..)
            | Expr::Quantified(..)
    )
}

/// Whether the value is itself a list of the same depth as the one it is held against.
fn is_list(value: &Type, against: &Node) -> bool {
    fn depth(ty: &Type) -> usize {
        match ty {
            Type::List(element) => 1 + depth(element),
            _ => 0,
        }
    }
    matches!(value, Type::List(_)) && depth(value) >= depth(&against.ty)
}

/// Whether an expression asks about the value itself, by `?`.
fn asks(expression: &Expr) -> bool {
    match expression {
        Expr::Name(name) => name == "?",
        Expr::Path(base, _) | Expr::Negate(base) | Expr::InstanceOf(base, _) => asks(base),
        Expr::Filter(a, b) | Expr::Binary(_, a, b) => asks(a) || asks(b),
        Expr::Call(callee, arguments) => {
            let mut parts = super::parts(arguments).into_iter();
            let within = |part| matches!(part, super::Part::Expr(part) if asks(part));
            asks(callee) || parts.any(|(_, part)| within(part))
        }
        Expr::Between(value, ends) => asks(value) || ends.iter().any(asks),
        Expr::In(value, _) => asks(value),
        Expr::If(parts) => parts.iter().any(asks),
        Expr::For(_, body) => asks(body),
        Expr::Quantified(_, iterators, body) => {
            let domains = iterators.iter().any(|(_, domain)| match domain {
                crate::dmn::feel::Domain::List(list) => asks(list),
                crate::dmn::feel::Domain::Span(low, high) => asks(low) || asks(high),
            });
            domains || asks(body)
        }
        _ => false,
    }
}
