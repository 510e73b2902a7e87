//! Evaluation of the typed tree for one subject. Total: ends after a bounded number of steps,
//! never panics, and a fault is the error of that subject alone.

mod arithmetic;
mod call;
mod imported;
mod list;
mod truth;

use crate::error::{Failure, Fault, Span};
use crate::syntax::Comparison;
use crate::trace::Tracer;
use crate::tree::{DatePart, Node, NodeKind};
use crate::types::Type;
use crate::value::{Decimal, Record, Unknown, Value};
pub(crate) use arithmetic::round;
use truth::{both, either};

pub(crate) type Evaluated = Result<Value, Box<Failure>>;

/// The most steps for one subject; a step is a node, or some text, or some comparisons.
const MAX_STEPS: u32 = 3_000_000;

/// The reason of a fact that was not given.
pub(crate) const NOT_GIVEN: &str = "値が与えられていません";

/// Evaluates `node` over `facts`; with a tracer, also gathers the sub-results.
pub(crate) fn evaluate(node: &Node, facts: &Record, tracer: Option<&mut Tracer<'_>>) -> Evaluated {
    Evaluator { facts, tracer, locals: Vec::new(), steps: 0 }.eval(node)
}

/// Evaluates `node` about an element, which is local 0; without one, as [`evaluate`].
pub(crate) fn evaluate_within(node: &Node, facts: &Record, element: Option<Value>) -> Evaluated {
    let locals = element.into_iter().collect();
    Evaluator { facts, tracer: None, locals, steps: 0 }.eval(node)
}

struct Evaluator<'a, 's> {
    facts: &'a Record,
    tracer: Option<&'a mut Tracer<'s>>,
    locals: Vec<Value>,
    steps: u32,
}

impl Evaluator<'_, '_> {
    /// Counts work against the limit.
    fn charge(&mut self, steps: usize, span: Span) -> Result<(), Box<Failure>> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS { Err(Fault::TooManySteps.at(span)) } else { Ok(()) }
    }

    fn eval(&mut self, node: &Node) -> Evaluated {
        self.charge(1, node.span)?;
        if self.tracer.is_none() {
            return self.eval_kind(node);
        }
        self.eval_traced(node)
    }

    fn eval_traced(&mut self, node: &Node) -> Evaluated {
        if matches!(node.kind, NodeKind::Constant(_) | NodeKind::Rescale(_)) {
            return self.eval_kind(node);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.enter();
        }
        let result = self.eval_kind(node);
        let shown = match &result {
            Ok(value) => Ok(value.clone()),
            Err(failure) => Err(failure.fault.to_string()),
        };
        if let Some(tracer) = &mut self.tracer {
            tracer.leave(node.span, shown);
        }
        result
    }

    fn eval_kind(&mut self, node: &Node) -> Evaluated {
        match &node.kind {
            NodeKind::Constant(value) => Ok(value.clone()),
            NodeKind::Fact(name) => match self.facts.get(name) {
                Some(value) => conform(value, &node.ty, node.span),
                None => Ok(Value::Unknown(Unknown::new(&**name, NOT_GIVEN))),
            },
            NodeKind::Local(level) => Ok(self.locals.get(*level).cloned().unwrap_or(Value::Null)),
            NodeKind::Field { base, name, path } => {
                let base = self.eval(base)?;
                field(&base, name, path, node)
            }
            NodeKind::DatePart { base, part } => {
                let base = self.eval(base)?;
                Ok(date_part(base, *part))
            }
            NodeKind::Rescale(inner) => {
                let value = self.eval(inner)?;
                conform(&value, &node.ty, node.span)
            }
            NodeKind::Negate(inner) => {
                let value = self.eval(inner)?;
                arithmetic::negate(value, node.span)
            }
            NodeKind::Arithmetic { operation, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.arithmetic(*operation, left, right, node)
            }
            NodeKind::Quotient { rounding, over, under, unit } => {
                self.quotient(*rounding, [over, under], unit, node)
            }
            NodeKind::Compare { comparison, left, right } => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.compare(*comparison, &left, &right, node.span)
            }
            NodeKind::And(left, right) => self.and(left, right),
            NodeKind::Or(left, right) => self.or(left, right),
            NodeKind::If { condition, then, otherwise } => self.branch(condition, then, otherwise),
            NodeKind::Quantified { quantifier, list, body } => {
                self.quantified(*quantifier, list, body)
            }
            NodeKind::For { list, body } => self.each(list, body),
            NodeKind::Filter { list, condition } => self.filter(list, condition),
            NodeKind::Position { list, position } => self.position(list, position),
            NodeKind::List(items) => self.all(items).map(Value::from),
            NodeKind::Record(fields) => {
                let mut record = Record::new();
                for (name, field) in fields {
                    record.insert(name.clone(), self.eval(field)?);
                }
                Ok(record.into())
            }
            NodeKind::In { value, list } => self.membership(value, list, node.span),
            NodeKind::InRange { value, ends, closed } => {
                self.in_range(value, ends, *closed, node.span)
            }
            NodeKind::Call { function, arguments } => self.call(*function, arguments, node),
            NodeKind::Imported(operation) => self.imported(operation, node),
        }
    }

    fn all(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Box<Failure>> {
        nodes.iter().map(|node| self.eval(node)).collect()
    }

    /// Evaluates what matters only under an open condition: there a fault is no answer yet.
    fn attempt(&mut self, node: &Node) -> Option<Value> {
        let level = self.locals.len();
        let result = self.eval(node).ok();
        self.locals.truncate(level);
        result
    }

    fn and(&mut self, left: &Node, right: &Node) -> Evaluated {
        match self.eval(left)? {
            Value::Boolean(false) => Ok(Value::Boolean(false)),
            Value::Unknown(open) => Ok(match self.attempt(right) {
                Some(right) => both(Value::Unknown(open), right),
                None => Value::Unknown(open),
            }),
            left => Ok(both(left, self.eval(right)?)),
        }
    }

    fn or(&mut self, left: &Node, right: &Node) -> Evaluated {
        match self.eval(left)? {
            Value::Boolean(true) => Ok(Value::Boolean(true)),
            Value::Unknown(open) => Ok(match self.attempt(right) {
                Some(right) => either(Value::Unknown(open), right),
                None => Value::Unknown(open),
            }),
            left => Ok(either(left, self.eval(right)?)),
        }
    }

    /// An open condition leaves the answer open, unless both branches agree.
    fn branch(&mut self, condition: &Node, then: &Node, otherwise: &Node) -> Evaluated {
        let mut open = match self.eval(condition)? {
            Value::Boolean(true) => return self.eval(then),
            Value::Unknown(open) => open,
            _ => return self.eval(otherwise),
        };
        let branches = [self.attempt(then), self.attempt(otherwise)];
        if let [Some(a), Some(b)] = &branches
            && self.same(a, b, then.span)?
        {
            return Ok(a.clone());
        }
        for value in branches.iter().flatten() {
            if let Value::Unknown(unknown) = value {
                open = open.merge(unknown);
            }
        }
        Ok(Value::Unknown(open))
    }

    fn in_range(
        &mut self,
        value: &Node,
        ends: &[Node; 2],
        closed: [bool; 2],
        span: Span,
    ) -> Evaluated {
        let value = self.eval(value)?;
        let (low, high) = (self.eval(&ends[0])?, self.eval(&ends[1])?);
        let above = if closed[0] { Comparison::GreaterOrEqual } else { Comparison::Greater };
        let below = if closed[1] { Comparison::LessOrEqual } else { Comparison::Less };
        let low = self.compare(above, &value, &low, span)?;
        Ok(both(low, self.compare(below, &value, &high, span)?))
    }
}

/// `value` as a value of type `ty`; numbers take the type's scale.
fn conform(value: &Value, ty: &Type, span: Span) -> Evaluated {
    match (value, ty) {
        (Value::Number(number), Type::Number { scale }) if number.scale() != *scale => {
            rescale(*number, *scale, span)
        }
        (Value::Null | Value::Unknown(_), _)
        | (Value::Number(_), Type::Number { .. })
        | (Value::Text(_), Type::Text)
        | (Value::Date(_), Type::Date)
        | (Value::Duration(_), Type::Duration)
        | (Value::Boolean(_), Type::Boolean)
        | (Value::List(_), Type::List(_))
        | (Value::Record(_), Type::Record(_)) => Ok(value.clone()),
        (Value::Scalar(scalar), Type::Scalar(ty)) if ty.holds(scalar) => Ok(value.clone()),
        _ => Err(wrong_type(value, ty, span)),
    }
}

fn rescale(number: Decimal, scale: u8, span: Span) -> Evaluated {
    use crate::value::RescaleError;
    number.rescale(scale).map(Value::Number).map_err(|error| match error {
        RescaleError::Overflow => Fault::Overflow.at(span),
        RescaleError::Inexact => Fault::TooPrecise { scale }.at(span),
    })
}

fn wrong_type(value: &Value, ty: &Type, span: Span) -> Box<Failure> {
    Fault::WrongType { expected: ty.to_string(), found: value.kind() }.at(span)
}

fn field(base: &Value, name: &str, path: &str, node: &Node) -> Evaluated {
    match base {
        Value::Record(record) => match record.get(name) {
            Some(value) => conform(value, &node.ty, node.span),
            None => Ok(Value::Unknown(Unknown::new(path, NOT_GIVEN))),
        },
        other => Ok(other.clone()),
    }
}

fn date_part(base: Value, part: DatePart) -> Value {
    let Value::Date(date) = base else { return base };
    Value::from(match part {
        DatePart::Year => i64::from(date.year()),
        DatePart::Month => i64::from(date.month()),
        DatePart::Day => i64::from(date.day()),
    })
}

/// Null if any is null, else unknown if any is unknown; `None` if all are known.
fn absorb<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<Value> {
    let mut open: Option<Unknown> = None;
    for value in values {
        match value {
            Value::Null => return Some(Value::Null),
            Value::Unknown(unknown) => {
                open = Some(match open {
                    Some(open) => open.merge(unknown),
                    None => unknown.asked(),
                });
            }
            _ => {}
        }
    }
    open.map(Value::Unknown)
}
