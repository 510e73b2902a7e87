//! Operators and branches in the checker: which types they take and give.

use super::{Checker, number};
use crate::error::{Problem, Span};
use crate::syntax::{Comparison, Operator, Range, Syntax};
use crate::tree::{Arithmetic, Node, NodeKind};
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Syntax,
        right: &Syntax,
        span: Span,
    ) -> Option<Node> {
        let (left, right) = self.both(left, right)?;
        match operator {
            Operator::And | Operator::Or => {
                let word = if operator == Operator::And { "and" } else { "or" };
                let left = self.boolean(left, &format!("{word} の左"));
                let right = self.boolean(right, &format!("{word} の右"));
                let (left, right) = (Box::new(left?), Box::new(right?));
                let kind = match operator {
                    Operator::And => NodeKind::And(left, right),
                    _ => NodeKind::Or(left, right),
                };
                Some(Node { kind, ty: Type::Boolean, span })
            }
            Operator::Compare(comparison) => self.compare(comparison, left, right, span),
            Operator::Add => self.add(left, right, span),
            Operator::Subtract => self.subtract(left, right, span),
            Operator::Multiply => self.multiply(left, right, span),
            Operator::Divide => self.divide(left, right, span),
        }
    }

    /// `node` if it is true or false or null.
    pub(super) fn boolean(&mut self, node: Node, place: &str) -> Option<Node> {
        if matches!(node.ty, Type::Boolean | Type::Null) {
            return Some(node);
        }
        let problem = Problem::new(format!("{place}は真偽のはずですが、{}です。", node.ty));
        self.fail(node.span, problem.help("x = 1 のような条件にしてください。"))
    }

    fn add(&mut self, left: Node, right: Node, span: Span) -> Option<Node> {
        let (operation, ty) = match (&left.ty, &right.ty) {
            (Type::Text, Type::Text | Type::Null) | (Type::Null, Type::Text) => {
                (Arithmetic::Join, Type::Text)
            }
            (Type::Date, Type::Duration) => (Arithmetic::Later, Type::Date),
            (Type::Duration, Type::Date) => {
                return Some(arithmetic(Arithmetic::Later, right, left, Type::Date, span));
            }
            (Type::Duration, Type::Duration) => (Arithmetic::AddDurations, Type::Duration),
            _ => return self.sum_of_two(Arithmetic::Add, left, right, span),
        };
        Some(arithmetic(operation, left, right, ty, span))
    }

    fn subtract(&mut self, left: Node, right: Node, span: Span) -> Option<Node> {
        let (operation, ty) = match (&left.ty, &right.ty) {
            (Type::Date, Type::Duration) => (Arithmetic::Earlier, Type::Date),
            (Type::Date, Type::Date) => (Arithmetic::Between, Type::Duration),
            (Type::Duration, Type::Duration) => (Arithmetic::SubtractDurations, Type::Duration),
            _ => return self.sum_of_two(Arithmetic::Subtract, left, right, span),
        };
        Some(arithmetic(operation, left, right, ty, span))
    }

    fn sum_of_two(
        &mut self,
        operation: Arithmetic,
        left: Node,
        right: Node,
        span: Span,
    ) -> Option<Node> {
        let ty = match (&left.ty, &right.ty) {
            (Type::Number { .. } | Type::Null, Type::Number { .. } | Type::Null) => {
                match left.ty.join(&right.ty) {
                    Some(Type::Null) | None => Type::INTEGER,
                    Some(joined) => joined,
                }
            }
            (a, b) => return self.cannot_add(operation, &a.clone(), &b.clone(), span),
        };
        let (left, right) = (number::at(left, &ty), number::at(right, &ty));
        Some(arithmetic(operation, left, right, ty, span))
    }

    fn cannot_add(
        &mut self,
        operation: Arithmetic,
        left: &Type,
        right: &Type,
        span: Span,
    ) -> Option<Node> {
        let sign = if operation == Arithmetic::Add { "+" } else { "-" };
        let problem =
            Problem::new(format!("「{sign}」の左が{left}、右が{right}では計算できません。"));
        let help = match (left, right) {
            (Type::Date, Type::Number { .. }) => {
                "日付には duration(\"P14D\") のような期間を使うか、日を加える(日付, 日数) と書いてください。"
            }
            (Type::Text, _) | (_, Type::Text) if operation == Arithmetic::Add => {
                "文字とつなぐ値は string(…) で文字にしてください。"
            }
            _ => "数どうし、または日付と期間にしてください。",
        };
        self.fail(span, problem.help(help))
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: Node,
        right: Node,
        span: Span,
    ) -> Option<Node> {
        let Some(joined) = left.ty.join(&right.ty) else {
            let problem = Problem::new(format!("{}と{}は比べられません。", left.ty, right.ty));
            return self.fail(span, problem.help("両辺を同じ型にしてください。"));
        };
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if !equality && !joined.is_ordered() {
            let problem = Problem::new(format!("{joined}に大小はありません。"));
            let help = match joined {
                Type::Duration => "日数なら days between(a, b) で数えて比べてください。",
                _ => "大小を比べられるのは、数・日付・文字です。",
            };
            return self.fail(span, problem.help(help));
        }
        let (left, right) = (Box::new(left), Box::new(right));
        Some(Node { kind: NodeKind::Compare { comparison, left, right }, ty: Type::Boolean, span })
    }

    pub(super) fn branch(&mut self, parts: [&Syntax; 3], span: Span) -> Option<Node> {
        let [condition, then, otherwise] = parts.map(|part| self.check(part));
        let condition = condition.and_then(|node| self.boolean(node, "if の条件"));
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let Some(ty) = then.ty.join(&otherwise.ty) else {
            let (a, b) = (&then.ty, &otherwise.ty);
            let problem = Problem::new(format!("then は{a}、else は{b}で、型が違います。"));
            return self.fail(span, problem.help("then と else を同じ型にしてください。"));
        };
        let kind = NodeKind::If {
            condition: Box::new(condition),
            then: Box::new(number::at(then, &ty)),
            otherwise: Box::new(number::at(otherwise, &ty)),
        };
        Some(Node { kind, ty, span })
    }

    pub(super) fn membership(&mut self, value: &Syntax, list: &Syntax, span: Span) -> Option<Node> {
        let value = self.check(value);
        let list = self.list_operand(list)?;
        self.contained(value?, list, span)
    }

    /// Whether `list` has an element equal to `value`.
    pub(super) fn contained(&mut self, value: Node, list: Node, span: Span) -> Option<Node> {
        let fits = match &list.ty {
            Type::List(element) => element.join(&value.ty).is_some(),
            other => *other == Type::Null,
        };
        if !fits {
            let problem = Problem::new(format!("{}の中に{}はありえません。", list.ty, value.ty));
            return self.fail(span, problem.help("並びの要素と同じ型の値にしてください。"));
        }
        let (value, list) = (Box::new(value), Box::new(list));
        Some(Node { kind: NodeKind::In { value, list }, ty: Type::Boolean, span })
    }

    pub(super) fn in_range(&mut self, value: &Syntax, range: &Range, span: Span) -> Option<Node> {
        let value = self.check(value);
        let (low, high) = self.both(&range.low, &range.high)?;
        let value = value?;
        let joined = value.ty.join(&low.ty).and_then(|ty| ty.join(&high.ty));
        if !joined.is_some_and(|ty| ty.is_ordered()) {
            let problem = Problem::new(format!(
                "{}が{}から{}の範囲にあるかは比べられません。",
                value.ty, low.ty, high.ty
            ));
            let help = "値と範囲の両端を、同じ型の数・日付・文字にしてください。";
            return self.fail(span, problem.help(help));
        }
        let kind = NodeKind::InRange {
            value: Box::new(value),
            ends: Box::new([low, high]),
            closed: [range.low_closed, range.high_closed],
        };
        Some(Node { kind, ty: Type::Boolean, span })
    }
}

fn arithmetic(operation: Arithmetic, left: Node, right: Node, ty: Type, span: Span) -> Node {
    let (left, right) = (Box::new(left), Box::new(right));
    Node { kind: NodeKind::Arithmetic { operation, left, right }, ty, span }
}
