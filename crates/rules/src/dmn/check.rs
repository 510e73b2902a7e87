//! From definitions and FEEL to the typed tree: names are resolved, types fixed, functions put in
//! where they are called. What has no meaning under its types is refused with place and reason.

mod boxed;
mod builtin;
mod call;
mod convert;
mod element;
mod expression;
mod loops;
mod operator;
mod package;
mod table;
mod test;
mod types;

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use element::Entry;
pub(crate) use package::Package;

use super::feel::{Arguments, Expr, FunctionExpr, Names, TypeExpr};
use super::functions::Apply;
use super::operation::{Function, Operation};
use super::read::Boxed;
use crate::error::Span;
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

/// Why a part of a model is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The element of the model.
    pub place: String,
    /// What is refused, in Japanese.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "「{}」: {}", self.place, self.reason)
    }
}

impl std::error::Error for Refusal {}

pub(crate) type Checked<T> = Result<T, Refusal>;

/// What a name stands for.
#[derive(Clone)]
pub(crate) enum Bound<'p> {
    /// A local at a level.
    Local(usize, Type),
    /// A field of the record at a level.
    Field(usize, Type),
    /// An input or a decision, by its key.
    Fact(Arc<str>, Type),
    Function(Rc<Closure<'p>>),
    /// A decision put in where it is used, within a service.
    Inline(&'p str),
    /// Something that was refused itself.
    Refused(Refusal),
}

/// A function with the names it sees.
pub(crate) struct Closure<'p> {
    pub name: String,
    pub parameters: Vec<(String, Asked)>,
    pub body: Body<'p>,
    pub result: Option<&'p str>,
    pub scope: Scope<'p>,
}

/// The type that a parameter asks for.
#[derive(Clone)]
pub(crate) enum Asked {
    Nothing,
    Named(String),
    Written(TypeExpr),
}

impl From<Option<String>> for Asked {
    fn from(name: Option<String>) -> Asked {
        name.map_or(Asked::Nothing, Asked::Named)
    }
}

/// The body of a function.
#[derive(Clone)]
pub(crate) enum Body<'p> {
    Expr(Rc<FunctionExpr>),
    Boxed(&'p Boxed),
    /// A decision service: outputs by name, and the keys of its parameters.
    Service(Vec<&'p str>, Vec<&'p str>),
    /// Outside of the model: kind.
    External(String),
}

/// The names that are seen, the model they stand in, what a service replaces.
#[derive(Clone, Default)]
pub(crate) struct Scope<'p> {
    pub frames: Vec<(String, Bound<'p>)>,
    pub model: usize,
    /// Within a service: bindings that replace elements.
    pub service: Option<Rc<HashMap<String, Bound<'p>>>>,
}

/// A part that is checked: an expression or a box.
#[derive(Clone, Copy)]
pub(crate) enum Part<'e, 'p> {
    Expr(&'e Expr),
    Boxed(&'p Boxed),
}

/// The checker of one package.
pub(crate) struct Checker<'p> {
    package: &'p Package,
    scope: Scope<'p>,
    /// How many locals there are where the checker stands.
    depth: usize,
    place: String,
    decisions: HashMap<&'p str, Checked<Rc<Node>>>,
    busy: Vec<&'p str>,
    /// Functions being put in, by address.
    calls: Vec<usize>,
    budget: usize,
    /// How high the tree stands above what is checked.
    height: usize,
}

/// How often functions and decisions may be put in, for one entry.
const MAX_INLINED: usize = 10_000;
/// How deep functions may call functions, and decisions may need decisions.
const MAX_CALLS: usize = 100;
/// How high the tree of one decision may be.
const MAX_HEIGHT: usize = 200;

/// A node of the tree; imported nodes have no place in a source.
pub(crate) fn node(kind: NodeKind, ty: Type) -> Node {
    Node { kind, ty, span: Span::default() }
}

pub(crate) fn constant(value: impl Into<Value>, ty: Type) -> Node {
    node(NodeKind::Constant(value.into()), ty)
}

pub(crate) fn null() -> Node {
    constant(Value::Null, Type::Null)
}

pub(crate) fn local(level: usize, ty: Type) -> Node {
    node(NodeKind::Local(level), ty)
}

pub(crate) fn imported(operation: Operation, ty: Type) -> Node {
    node(NodeKind::Imported(Box::new(operation)), ty)
}

/// A function of which every argument counts: null gives null.
pub(crate) fn applied(name: &'static str, apply: Apply, arguments: Vec<Node>, ty: Type) -> Node {
    let function = Function { name, apply, strict: u32::MAX };
    imported(Operation::Apply { function, arguments }, ty)
}

/// A function that answers for null, too.
pub(crate) fn lenient(name: &'static str, apply: Apply, arguments: Vec<Node>, ty: Type) -> Node {
    let function = Function { name, apply, strict: 0 };
    imported(Operation::Apply { function, arguments }, ty)
}

impl<'p> Checker<'p> {
    pub(crate) fn new(package: &'p Package) -> Self {
        Checker {
            package,
            scope: Scope::default(),
            depth: 0,
            place: String::new(),
            decisions: HashMap::new(),
            busy: Vec::new(),
            calls: Vec::new(),
            budget: MAX_INLINED,
            height: 0,
        }
    }

    fn refuse<T>(&self, reason: impl Into<String>) -> Checked<T> {
        Err(Refusal { place: self.place.clone(), reason: reason.into() })
    }

    /// Checks one level higher in the tree, if that is not too high.
    fn higher<T>(&mut self, check: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        if self.height >= MAX_HEIGHT {
            return self.refuse("式の入れ子が深すぎます。式や関数を分けてください。");
        }
        self.height += 1;
        let result = check(self);
        self.height -= 1;
        result
    }

    /// The names the parser may take, those of the scope and of the package.
    fn names(&self) -> Names {
        let mut names = self.package.names(self.scope.model);
        for (name, _) in &self.scope.frames {
            names.scope(name);
        }
        names
    }

    fn lookup(&self, name: &str) -> Option<Bound<'p>> {
        let found = self.scope.frames.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, bound)| bound.clone())
    }

    /// Checks with another scope and gives the old one back.
    fn within<T>(
        &mut self,
        scope: Scope<'p>,
        check: impl FnOnce(&mut Self) -> Checked<T>,
    ) -> Checked<T> {
        let outer = std::mem::replace(&mut self.scope, scope);
        let depth = self.depth;
        let result = check(self);
        self.scope = outer;
        self.depth = depth;
        result
    }

    /// Checks with some more names, all of them locals above the present ones.
    fn with_locals<T>(
        &mut self,
        locals: Vec<(String, Type)>,
        check: impl FnOnce(&mut Self) -> Checked<T>,
    ) -> Checked<T> {
        let (frames, depth) = (self.scope.frames.len(), self.depth);
        for (name, ty) in locals {
            self.scope.frames.push((name, Bound::Local(self.depth, ty)));
            self.depth += 1;
        }
        let result = check(self);
        self.scope.frames.truncate(frames);
        self.depth = depth;
        result
    }

    pub(crate) fn part(&mut self, part: Part<'_, 'p>) -> Checked<Node> {
        match part {
            Part::Expr(expression) => self.expression(expression),
            Part::Boxed(boxed) => self.boxed(boxed),
        }
    }

    /// Whether a part is a function rather than a value.
    fn function_of(&mut self, part: Part<'_, 'p>) -> Option<Rc<Closure<'p>>> {
        match part {
            Part::Expr(Expr::Function(function)) => Some(self.written_function(function)),
            Part::Expr(Expr::Name(name)) => match self.lookup(name) {
                Some(Bound::Function(closure)) => Some(closure),
                _ => None,
            },
            Part::Expr(_) => None,
            Part::Boxed(boxed) => self.boxed_function(boxed),
        }
    }
}

/// Arguments as parts with their names.
pub(crate) fn parts<'e, 'p>(arguments: &'e Arguments) -> Vec<(Option<&'e str>, Part<'e, 'p>)> {
    match arguments {
        Arguments::Placed(placed) => placed.iter().map(|part| (None, Part::Expr(part))).collect(),
        Arguments::Named(named) => {
            named.iter().map(|(name, part)| (Some(name.as_str()), Part::Expr(part))).collect()
        }
    }
}
