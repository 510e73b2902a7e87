//! Numbers in the checker: scales, exact division, and rounding.
//!
//! The rule of division: `a / b` stands alone only if `b` is a written number that divides every
//! decimal exactly (2, 4, 5, 10, 100, 0.5 …). Otherwise it stands directly within a rounding
//! function, together with further factors: `切捨て(所得 * 率 / 12 * 月数, 100)` is worked out as
//! one exact fraction and rounded once.

use super::Checker;
use crate::error::{Problem, Span};
use crate::functions::Rounding;
use crate::syntax::{Operator, Syntax, SyntaxKind};
use crate::tree::{Arithmetic, Node, NodeKind};
use crate::types::{MAX_SCALE, Type};
use crate::value::{Decimal, Value};

/// `node` at the scale of `ty`; a node that is not a number of a smaller scale stays as it is.
pub(crate) fn at(node: Node, ty: &Type) -> Node {
    let (Type::Number { scale: from }, Type::Number { scale: to }) = (&node.ty, ty) else {
        return node;
    };
    if from >= to {
        return node;
    }
    let span = node.span;
    if let NodeKind::Constant(Value::Number(number)) = &node.kind
        && let Ok(number) = number.rescale(*to)
    {
        return Node { kind: NodeKind::Constant(number.into()), ty: ty.clone(), span };
    }
    Node { kind: NodeKind::Rescale(Box::new(node)), ty: ty.clone(), span }
}

impl Checker<'_> {
    /// `node` if it is a number or null, with its scale.
    pub(super) fn number(&mut self, node: Node, place: &str) -> Option<(Node, u8)> {
        match node.ty {
            Type::Number { scale } => Some((node, scale)),
            Type::Null => Some((node, 0)),
            _ => {
                let problem = Problem::new(format!("{place}は数のはずですが、{}です。", node.ty));
                self.fail(node.span, problem.help("数の項目か式にしてください。"))
            }
        }
    }

    pub(super) fn negate(&mut self, operand: &Syntax, span: Span) -> Option<Node> {
        let operand = self.check(operand)?;
        let ty = operand.ty.clone();
        if ty == Type::Duration {
            return Some(Node { kind: NodeKind::Negate(Box::new(operand)), ty, span });
        }
        let (operand, scale) = self.number(operand, "「-」の後")?;
        let ty = Type::Number { scale };
        if let NodeKind::Constant(Value::Number(number)) = &operand.kind
            && let Some(negated) = number.mantissa().checked_neg()
            && let Some(number) = Decimal::new(negated, scale)
        {
            return Some(Node { kind: NodeKind::Constant(number.into()), ty, span });
        }
        Some(Node { kind: NodeKind::Negate(Box::new(operand)), ty, span })
    }

    pub(super) fn multiply(&mut self, left: Node, right: Node, span: Span) -> Option<Node> {
        let (left, left_scale) = self.number(left, "「*」の左")?;
        let (right, right_scale) = self.number(right, "「*」の右")?;
        let scale = left_scale + right_scale;
        if scale > MAX_SCALE {
            let problem = Problem::new(format!(
                "掛け算の結果の小数が{scale}桁になり、{MAX_SCALE}桁を超えます。"
            ));
            let help = "掛ける前に 切捨て(…, 0.0001) などで桁を減らしてください。";
            return self.fail(span, problem.help(help));
        }
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = NodeKind::Arithmetic { operation: Arithmetic::Multiply, left, right };
        Some(Node { kind, ty: Type::Number { scale }, span })
    }

    /// A division outside of a rounding: only by a number that divides exactly.
    pub(super) fn divide(&mut self, left: Node, right: Node, span: Span) -> Option<Node> {
        let divisor = match &right.kind {
            NodeKind::Constant(Value::Number(number)) => Some(*number),
            _ => None,
        };
        if divisor.is_some_and(|number| number.mantissa() == 0) {
            let problem = Problem::new("0で割っています。").help("割る数を直してください。");
            return self.fail(right.span, problem);
        }
        let Some(reciprocal) = divisor.and_then(reciprocal) else {
            let problem = Problem::new("割り算の答えは割り切れるとは限りません。");
            let words = self.source.get(span.start..span.end).unwrap_or("a / b");
            return self.fail(span, problem.help(format!(
                "切捨て({words}, 1) のように、切捨て・切上げ・四捨五入のすぐ中に書いてください。"
            )));
        };
        let (ty, span_right) = (Type::Number { scale: reciprocal.scale() }, right.span);
        let factor = Node { kind: NodeKind::Constant(reciprocal.into()), ty, span: span_right };
        self.multiply(left, factor, span)
    }

    /// 切捨て, 切上げ, 四捨五入: what to round, and the unit, 1 if not given.
    pub(super) fn round(
        &mut self,
        rounding: Rounding,
        arguments: &[Syntax],
        span: Span,
    ) -> Option<Node> {
        let (what, unit) = match arguments {
            [what] => (what, None),
            [what, unit] => (what, Some(unit)),
            _ => {
                let problem = Problem::new("端数処理には、数と単位（省くと1）を書きます。");
                return self.fail(span, problem.help("切捨て(x, 100) のように書いてください。"));
            }
        };
        let (mut over, mut under) = (Vec::new(), Vec::new());
        let complete = self.factors(what, &mut over, &mut under);
        let unit = match unit {
            Some(unit) => self.check(unit),
            None => Some(Node { kind: NodeKind::Constant(1_i64.into()), ty: Type::INTEGER, span }),
        };
        let (unit, scale) = self.number(unit?, "端数処理の単位")?;
        complete?;
        let kind = NodeKind::Quotient { rounding, over, under, unit: Box::new(unit) };
        Some(Node { kind, ty: Type::Number { scale }, span })
    }

    /// Takes a chain of `*` and `/` apart; without `/` it is one factor.
    fn factors(
        &mut self,
        syntax: &Syntax,
        over: &mut Vec<Node>,
        under: &mut Vec<Node>,
    ) -> Option<()> {
        if let SyntaxKind::Binary { operator, left, right } = &syntax.kind
            && has_division(syntax)
        {
            let divides = *operator == Operator::Divide;
            let first = self.factors(left, over, under);
            if divides {
                let divisor = self.check(right)?;
                under.push(self.number(divisor, "「/」の右")?.0);
            } else {
                self.factors(right, over, under)?;
            }
            return first;
        }
        let factor = self.check(syntax)?;
        over.push(self.number(factor, "端数処理する値")?.0);
        Some(())
    }
}

/// Whether a `/` stands in the chain of `*` and `/` at the top of `syntax`.
fn has_division(syntax: &Syntax) -> bool {
    match &syntax.kind {
        SyntaxKind::Binary { operator: Operator::Divide, .. } => true,
        SyntaxKind::Binary { operator: Operator::Multiply, left, right } => {
            has_division(left) || has_division(right)
        }
        _ => false,
    }
}

/// 1 / `number`, if it is a decimal that ends.
fn reciprocal(number: Decimal) -> Option<Decimal> {
    let mantissa = i128::from(number.mantissa());
    (0..=MAX_SCALE).find_map(|scale| {
        let whole = 10_i128.pow(u32::from(number.scale() + scale));
        if mantissa == 0 || whole % mantissa != 0 {
            return None;
        }
        Decimal::new(i64::try_from(whole / mantissa).ok()?, scale)
    })
}
