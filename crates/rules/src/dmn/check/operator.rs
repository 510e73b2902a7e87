//! Operators between typed operands.

use super::types::join;
use super::{Checked, Checker, applied, lenient, node, null};
use crate::dmn::feel::Operator;
use crate::dmn::functions::{Apply, operators};
use crate::dmn::scalar::{DATE, DAYS, MOMENT, MONTHS, NUMBER, TIME};
use crate::tree::{Node, NodeKind};
use crate::types::Type;

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "or",
        Operator::And => "and",
        Operator::Equal => "=",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Power => "**",
    }
}

/// The type of `a operator b`; `None` if it has no meaning.
fn result(operator: Operator, a: &Type, b: &Type) -> Option<Type> {
    let pair = |x: &Type, y: &Type| a == x && b == y;
    let either = |x: &Type, y: &Type| pair(x, y) || pair(y, x);
    let temporal = [DATE, MOMENT, TIME].into_iter().find(|ty| a == ty || b == ty);
    match operator {
        Operator::Add if pair(&Type::Text, &Type::Text) => Some(Type::Text),
        Operator::Add | Operator::Subtract if a == b => match operator {
            _ if [NUMBER, DAYS, MONTHS].contains(a) => Some(a.clone()),
            Operator::Subtract => temporal.map(|_| DAYS),
            _ => None,
        },
        Operator::Add | Operator::Subtract => {
            let point = temporal?;
            let fits = |duration: &Type| match operator {
                Operator::Add => either(&point, duration),
                _ => pair(&point, duration),
            };
            (fits(&DAYS) || (point != TIME && fits(&MONTHS))).then_some(point)
        }
        Operator::Multiply => match () {
            () if pair(&NUMBER, &NUMBER) => Some(NUMBER),
            () if either(&NUMBER, &DAYS) => Some(DAYS),
            () if either(&NUMBER, &MONTHS) => Some(MONTHS),
            () => None,
        },
        Operator::Divide => match () {
            () if a == b && [NUMBER, DAYS, MONTHS].contains(a) => Some(NUMBER),
            () if *b == NUMBER && [DAYS, MONTHS].contains(a) => Some(a.clone()),
            () => None,
        },
        Operator::Power => pair(&NUMBER, &NUMBER).then_some(NUMBER),
        _ => None,
    }
}

/// Whether `<` has a meaning.
fn is_ordered(ty: &Type) -> bool {
    [NUMBER, DATE, TIME, MOMENT, DAYS, MONTHS, Type::Text, Type::Null].contains(ty)
}

impl Checker<'_> {
    pub(super) fn binary(&mut self, operator: Operator, left: Node, right: Node) -> Checked<Node> {
        let apply: Apply = match operator {
            Operator::Or | Operator::And => return self.logic(operator, left, right),
            Operator::Equal => return self.equality(operators::equals, operator, left, right),
            Operator::NotEqual => return self.equality(operators::differs, operator, left, right),
            Operator::Less => return self.order(operators::less, operator, left, right),
            Operator::LessOrEqual => {
                return self.order(operators::less_or_equal, operator, left, right);
            }
            Operator::Greater => return self.order(operators::greater, operator, left, right),
            Operator::GreaterOrEqual => {
                return self.order(operators::greater_or_equal, operator, left, right);
            }
            Operator::Add => operators::add,
            Operator::Subtract => operators::subtract,
            Operator::Multiply => operators::multiply,
            Operator::Divide => operators::divide,
            Operator::Power => operators::power,
        };
        if left.ty == Type::Null || right.ty == Type::Null {
            return Ok(null());
        }
        match result(operator, &left.ty, &right.ty) {
            Some(ty) => Ok(applied(sign(operator), apply, vec![left, right], ty)),
            None => self.mismatch(operator, &left, &right),
        }
    }

    fn mismatch<T>(&self, operator: Operator, left: &Node, right: &Node) -> Checked<T> {
        let sign = sign(operator);
        self.refuse(format!(
            "{}と{}に「{sign}」は使えません。型を合わせてください。",
            left.ty, right.ty
        ))
    }

    fn logic(&mut self, operator: Operator, left: Node, right: Node) -> Checked<Node> {
        let left = Box::new(self.boolean(left, sign(operator))?);
        let right = Box::new(self.boolean(right, sign(operator))?);
        let kind = match operator {
            Operator::Or => NodeKind::Or(left, right),
            _ => NodeKind::And(left, right),
        };
        Ok(node(kind, Type::Boolean))
    }

    fn equality(
        &mut self,
        apply: Apply,
        operator: Operator,
        left: Node,
        right: Node,
    ) -> Checked<Node> {
        if join(&left.ty, &right.ty).is_none() {
            return self.mismatch(operator, &left, &right);
        }
        Ok(lenient(sign(operator), apply, vec![left, right], Type::Boolean))
    }

    fn order(
        &mut self,
        apply: Apply,
        operator: Operator,
        left: Node,
        right: Node,
    ) -> Checked<Node> {
        match join(&left.ty, &right.ty) {
            Some(ty) if is_ordered(&ty) => {
                Ok(applied(sign(operator), apply, vec![left, right], Type::Boolean))
            }
            _ => self.mismatch(operator, &left, &right),
        }
    }

    pub(super) fn negated(&mut self, operand: Node) -> Checked<Node> {
        let ty = operand.ty.clone();
        match &ty {
            Type::Null => Ok(null()),
            ty if [NUMBER, DAYS, MONTHS].contains(ty) => {
                Ok(applied("-", operators::negate, vec![operand], ty.clone()))
            }
            ty => self.refuse(format!("{ty}に「-」は付けられません。")),
        }
    }
}
