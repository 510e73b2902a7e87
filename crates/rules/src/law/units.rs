//! Units in formulas: what is added or compared must count the same, factors combine.
//!
//! Written numbers adapt to what stands beside them and are plain factors in products; what has no
//! declared unit fits everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Unit;
use crate::error::{Problem, SourceError, Span};
use crate::functions::Function;
use crate::tree::{Arithmetic, Node, NodeKind};
use crate::types::Type;

/// What a number counts, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Nothing is declared.
    Any,
    /// A written number.
    Plain,
    /// Declared or worked out.
    Of(Unit),
}

impl Measure {
    pub fn of(unit: Option<Unit>) -> Measure {
        unit.map_or(Measure::Any, Measure::Of)
    }

    /// The measure of both side by side; `None` if they count different things.
    fn join(self, other: Measure) -> Option<Measure> {
        match (self, other) {
            (Measure::Any, _) | (_, Measure::Any) => Some(Measure::Any),
            (Measure::Plain, measure) | (measure, Measure::Plain) => Some(measure),
            (Measure::Of(a), Measure::Of(b)) => (a == b).then_some(self),
        }
    }

    fn combine(self, other: Measure, combine: fn(Unit, Unit) -> Unit) -> Measure {
        let unit = |measure| match measure {
            Measure::Of(unit) => unit,
            _ => Unit::NONE,
        };
        match (self, other) {
            (Measure::Any, _) | (_, Measure::Any) => Measure::Any,
            (Measure::Plain, Measure::Plain) => Measure::Plain,
            (a, b) => Measure::Of(combine(unit(a), unit(b))),
        }
    }

    fn words(self) -> String {
        match self {
            Measure::Of(unit) if unit == Unit::NONE => "単位のない数".to_owned(),
            Measure::Of(unit) => format!("「{unit}」"),
            _ => "数".to_owned(),
        }
    }
}

/// The units within a value.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Number(Measure),
    List { element: Arc<Shape>, count: Measure },
    Record(Arc<BTreeMap<String, Shape>>),
    Other,
}

impl Shape {
    fn measure(&self) -> Measure {
        match self {
            Shape::Number(measure) => *measure,
            _ => Measure::Any,
        }
    }

    fn element(&self) -> Shape {
        match self {
            Shape::List { element, .. } => (**element).clone(),
            _ => Shape::Other,
        }
    }

    /// The shape of both side by side, and the measures that clash.
    fn join(&self, other: &Shape) -> Result<Shape, (Measure, Measure)> {
        match (self, other) {
            (Shape::Number(a), Shape::Number(b)) => a.join(*b).map(Shape::Number).ok_or((*a, *b)),
            (Shape::Other, shape) | (shape, Shape::Other) => Ok(shape.clone()),
            _ => Ok(self.clone()),
        }
    }
}

/// What is known of names.
#[derive(Default)]
pub(super) struct Units {
    pub names: BTreeMap<String, Shape>,
}

impl Units {
    /// The measure of a rule's formula; `list` is the list whose element it is about.
    pub fn of_rule(
        &self,
        source: &str,
        node: &Node,
        list: Option<&str>,
        declared: Option<Unit>,
    ) -> Result<Measure, Vec<SourceError>> {
        let mut walk = self.walk(source, list);
        let found = walk.shape(node).measure();
        let Some(unit) = declared else {
            return if walk.errors.is_empty() { Ok(found) } else { Err(walk.errors) };
        };
        if found.join(Measure::Of(unit)).is_none() {
            let message = format!(
                "答えの単位は{}ですが、ファイルの先頭の「単位」は「{unit}」です。",
                found.words()
            );
            let help = "どちらかを直してください。";
            walk.fail(node.span, Problem::new(message).help(help));
        }
        if walk.errors.is_empty() { Ok(Measure::Of(unit)) } else { Err(walk.errors) }
    }

    /// The shape of a formula without errors.
    pub fn shape(&self, node: &Node, list: Option<&str>) -> Shape {
        self.walk("", list).shape(node)
    }

    fn walk<'u>(&'u self, source: &'u str, list: Option<&str>) -> Walk<'u> {
        let element = list.and_then(|name| self.names.get(name)).map(Shape::element);
        Walk { units: self, source, locals: element.into_iter().collect(), errors: Vec::new() }
    }
}

struct Walk<'u> {
    units: &'u Units,
    source: &'u str,
    locals: Vec<Shape>,
    errors: Vec<SourceError>,
}

impl Walk<'_> {
    fn fail(&mut self, span: Span, problem: Problem) {
        self.errors.push(SourceError::at(self.source, span, problem));
    }

    fn measure(&mut self, node: &Node) -> Measure {
        self.shape(node).measure()
    }

    fn shape(&mut self, node: &Node) -> Shape {
        match &node.kind {
            NodeKind::Constant(_) => constant(&node.ty),
            NodeKind::Fact(name) => self.units.names.get(&**name).cloned().unwrap_or(Shape::Other),
            NodeKind::Local(level) => self.locals.get(*level).cloned().unwrap_or(Shape::Other),
            NodeKind::Field { base, name, .. } => match self.shape(base) {
                Shape::Record(fields) => fields.get(&**name).cloned().unwrap_or(Shape::Other),
                _ => Shape::Other,
            },
            NodeKind::Rescale(inner) | NodeKind::Negate(inner) => self.shape(inner),
            NodeKind::Arithmetic { operation, left, right } => {
                self.arithmetic(*operation, left, right, node.span)
            }
            NodeKind::Quotient { over, under, unit, .. } => self.quotient(over, under, unit),
            NodeKind::Compare { left, right, .. } => {
                self.side_by_side(&[left, right], "比べられ", node.span);
                Shape::Other
            }
            NodeKind::If { condition, then, otherwise } => {
                self.shape(condition);
                self.side_by_side(&[then, otherwise], "then と else にでき", node.span)
            }
            NodeKind::In { value, list } => {
                let (value, element) = (self.shape(value), self.shape(list).element());
                self.joined(&value, &element, "比べられ", node.span);
                Shape::Other
            }
            NodeKind::InRange { value, ends, .. } => {
                self.side_by_side(&[value, &ends[0], &ends[1]], "比べられ", node.span);
                Shape::Other
            }
            NodeKind::List(items) => {
                let items: Vec<&Node> = items.iter().collect();
                let element = self.side_by_side(&items, "並べ", node.span);
                Shape::List { element: Arc::new(element), count: Measure::Plain }
            }
            NodeKind::Record(fields) => {
                let fields =
                    fields.iter().map(|(name, field)| (name.to_string(), self.shape(field)));
                Shape::Record(Arc::new(fields.collect()))
            }
            NodeKind::For { list, body } => {
                let (list, body) = self.within(list, body);
                let count = match list {
                    Shape::List { count, .. } => count,
                    _ => Measure::Plain,
                };
                Shape::List { element: Arc::new(body), count }
            }
            NodeKind::Quantified { list, body, .. } => {
                self.within(list, body);
                Shape::Other
            }
            NodeKind::Filter { list, condition } => self.within(list, condition).0,
            NodeKind::Position { list, .. } => self.shape(list).element(),
            NodeKind::Call { function, arguments } => self.call(*function, arguments, node.span),
            NodeKind::DatePart { .. }
            | NodeKind::And(..)
            | NodeKind::Or(..)
            | NodeKind::Imported(_) => {
                for child in node.children() {
                    self.shape(child);
                }
                Shape::Number(Measure::Any)
            }
        }
    }

    /// The shapes of a list and of what is worked out for each of its elements.
    fn within(&mut self, list: &Node, body: &Node) -> (Shape, Shape) {
        let list = self.shape(list);
        self.locals.push(list.element());
        let body = self.shape(body);
        self.locals.pop();
        (list, body)
    }

    fn side_by_side(&mut self, nodes: &[&Node], verb: &str, span: Span) -> Shape {
        let mut whole = Shape::Other;
        for node in nodes {
            let shape = self.shape(node);
            whole = self.joined(&whole, &shape, verb, span);
        }
        whole
    }

    fn joined(&mut self, a: &Shape, b: &Shape, verb: &str, span: Span) -> Shape {
        a.join(b).unwrap_or_else(|(left, right)| {
            let message =
                format!("単位が違います。{}と{}は{verb}ません。", left.words(), right.words());
            let help = "同じ単位の値にするか、月数や人数を掛けて（割って）そろえてください。";
            self.fail(span, Problem::new(message).help(help));
            Shape::Number(Measure::Any)
        })
    }

    fn arithmetic(
        &mut self,
        operation: Arithmetic,
        left: &Node,
        right: &Node,
        span: Span,
    ) -> Shape {
        match operation {
            Arithmetic::Add => self.side_by_side(&[left, right], "足せ", span),
            Arithmetic::Subtract => self.side_by_side(&[left, right], "引け", span),
            Arithmetic::Multiply => {
                let (left, right) = (self.measure(left), self.measure(right));
                Shape::Number(left.combine(right, Unit::times))
            }
            _ => {
                self.shape(left);
                self.shape(right);
                Shape::Other
            }
        }
    }

    fn quotient(&mut self, over: &[Node], under: &[Node], unit: &Node) -> Shape {
        let mut whole = Measure::Plain;
        for factor in over {
            whole = whole.combine(self.measure(factor), Unit::times);
        }
        for factor in under {
            whole = whole.combine(self.measure(factor), Unit::per);
        }
        let step = self.shape(unit);
        self.joined(&Shape::Number(whole), &step, "端数処理の単位にでき", unit.span)
    }

    fn call(&mut self, function: Function, arguments: &[Node], span: Span) -> Shape {
        let shapes: Vec<Shape> = arguments.iter().map(|argument| self.shape(argument)).collect();
        let first = shapes.first().cloned().unwrap_or(Shape::Other);
        let counts = match function {
            Function::Age | Function::AddYears | Function::AgeReached => Some(Unit::YEARS),
            Function::AddMonths => Some(Unit::MONTHS),
            Function::AddDays | Function::PeriodEnd | Function::DaysBetween => Some(Unit::DAYS),
            _ => None,
        };
        if let Some(unit) = counts {
            if let (Some(given), Some(node)) = (shapes.get(1), arguments.get(1)) {
                let wanted = Shape::Number(Measure::Of(unit));
                self.joined(&wanted, given, "同じ数として扱え", node.span);
            }
            return Shape::Number(Measure::Of(unit));
        }
        match function {
            Function::Sum | Function::Min | Function::Max | Function::First | Function::Last => {
                first.element()
            }
            Function::Count => match first {
                Shape::List { count, .. } => Shape::Number(count),
                _ => Shape::Number(Measure::Plain),
            },
            Function::ValueOr => {
                let other = shapes.get(1).cloned().unwrap_or(Shape::Other);
                self.joined(&first, &other, "同じ数として扱え", span)
            }
            Function::Abs | Function::Distinct => first,
            _ => Shape::Other,
        }
    }
}

fn constant(ty: &Type) -> Shape {
    match ty {
        Type::Number { .. } => Shape::Number(Measure::Plain),
        Type::List(element) => {
            Shape::List { element: Arc::new(constant(element)), count: Measure::Plain }
        }
        _ => Shape::Other,
    }
}
