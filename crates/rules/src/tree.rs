//! The typed tree: every name resolved, every scale fixed, every conversion a node of its own.
//! One subject or a batch of subjects can be run over the same tree.

use std::sync::Arc;

use crate::dmn::Operation;
use crate::error::Span;
use crate::functions::{Function, Rounding};
use crate::syntax::{Comparison, Quantifier};
use crate::types::Type;
use crate::value::Value;

/// A typed node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub kind: NodeKind,
    pub ty: Type,
    pub span: Span,
}

/// What a node does. Numbers in `Add`, `Subtract` and `Negate` have the node's own scale;
/// those in `Multiply` have scales that add up to it.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Constant(Value),
    /// A top-level name.
    Fact(Arc<str>),
    /// A name bound by a loop, a quantifier or a filter: its level, the outermost being 0.
    Local(usize),
    /// A field of a record; `path` is how an open question names it.
    Field {
        base: Box<Node>,
        name: Arc<str>,
        path: Arc<str>,
    },
    DatePart {
        base: Box<Node>,
        part: DatePart,
    },
    /// The same number at the node's larger scale.
    Rescale(Box<Node>),
    Negate(Box<Node>),
    Arithmetic {
        operation: Arithmetic,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// A product over a product, rounded to a multiple of `unit`; exact up to the rounding.
    Quotient {
        rounding: Rounding,
        over: Vec<Node>,
        under: Vec<Node>,
        unit: Box<Node>,
    },
    Compare {
        comparison: Comparison,
        left: Box<Node>,
        right: Box<Node>,
    },
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If {
        condition: Box<Node>,
        then: Box<Node>,
        otherwise: Box<Node>,
    },
    Quantified {
        quantifier: Quantifier,
        list: Box<Node>,
        body: Box<Node>,
    },
    For {
        list: Box<Node>,
        body: Box<Node>,
    },
    Filter {
        list: Box<Node>,
        condition: Box<Node>,
    },
    /// The element at a position from 1, or from the end if negative.
    Position {
        list: Box<Node>,
        position: Box<Node>,
    },
    List(Vec<Node>),
    Record(Vec<(Arc<str>, Node)>),
    In {
        value: Box<Node>,
        list: Box<Node>,
    },
    /// Between two ends; a closed end belongs to the range.
    InRange {
        value: Box<Node>,
        ends: Box<[Node; 2]>,
        closed: [bool; 2],
    },
    Call {
        function: Function,
        arguments: Vec<Node>,
    },
    /// What only imported models have.
    Imported(Box<Operation>),
}

impl Node {
    /// The nodes right below, in the order in which they stand.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Constant(_) | NodeKind::Fact(_) | NodeKind::Local(_) => Vec::new(),
            NodeKind::Field { base, .. } | NodeKind::DatePart { base, .. } => vec![base],
            NodeKind::Rescale(inner) | NodeKind::Negate(inner) => vec![inner],
            NodeKind::Arithmetic { left, right, .. }
            | NodeKind::Compare { left, right, .. }
            | NodeKind::And(left, right)
            | NodeKind::Or(left, right) => vec![left, right],
            NodeKind::Quotient { over, under, unit, .. } => {
                over.iter().chain(under).chain([&**unit]).collect()
            }
            NodeKind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            NodeKind::Quantified { list, body, .. } | NodeKind::For { list, body } => {
                vec![list, body]
            }
            NodeKind::Filter { list, condition } => vec![list, condition],
            NodeKind::Position { list, position } => vec![list, position],
            NodeKind::List(items) => items.iter().collect(),
            NodeKind::Record(fields) => fields.iter().map(|(_, field)| field).collect(),
            NodeKind::In { value, list } => vec![value, list],
            NodeKind::InRange { value, ends, .. } => vec![value, &ends[0], &ends[1]],
            NodeKind::Call { arguments, .. } => arguments.iter().collect(),
            NodeKind::Imported(operation) => operation.children(),
        }
    }

    /// The nodes right below, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Node> {
        match &mut self.kind {
            NodeKind::Constant(_) | NodeKind::Fact(_) | NodeKind::Local(_) => Vec::new(),
            NodeKind::Field { base, .. } | NodeKind::DatePart { base, .. } => vec![base],
            NodeKind::Rescale(inner) | NodeKind::Negate(inner) => vec![inner],
            NodeKind::Arithmetic { left, right, .. }
            | NodeKind::Compare { left, right, .. }
            | NodeKind::And(left, right)
            | NodeKind::Or(left, right) => vec![left, right],
            NodeKind::Quotient { over, under, unit, .. } => {
                over.iter_mut().chain(under).chain([&mut **unit]).collect()
            }
            NodeKind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            NodeKind::Quantified { list, body, .. } | NodeKind::For { list, body } => {
                vec![list, body]
            }
            NodeKind::Filter { list, condition } => vec![list, condition],
            NodeKind::Position { list, position } => vec![list, position],
            NodeKind::List(items) => items.iter_mut().collect(),
            NodeKind::Record(fields) => fields.iter_mut().map(|(_, field)| field).collect(),
            NodeKind::In { value, list } => vec![value, list],
            NodeKind::InRange { value, ends, .. } => {
                let [low, high] = &mut **ends;
                vec![value, low, high]
            }
            NodeKind::Call { arguments, .. } => arguments.iter_mut().collect(),
            // A model that was imported stands for itself.
            NodeKind::Imported(_) => Vec::new(),
        }
    }
}

/// Operations on two operands that are neither null nor unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Text after text.
    Join,
    /// A date and a duration, in this order.
    Later,
    Earlier,
    /// Whole days from the second date to the first.
    Between,
    AddDurations,
    SubtractDurations,
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatePart {
    Year,
    Month,
    Day,
}
