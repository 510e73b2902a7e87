//! A value where a declared type is asked: lists of one, dates as moments, allowed values.

use super::types::{Allows, Definition, assign};
use super::{Checked, Checker, applied, imported, lenient, local, node, null};
use crate::dmn::feel::parse_tests;
use crate::dmn::functions::operators;
use crate::dmn::operation::Operation;
use crate::dmn::scalar::{DATE, MOMENT};
use crate::tree::{Node, NodeKind};
use crate::types::Type;

impl<'p> Checker<'p> {
    /// `value` as the type called `name`, if that says anything.
    pub(super) fn declared(&mut self, value: Node, name: Option<&str>) -> Checked<Node> {
        let Some(name) = name else { return Ok(value) };
        let Some(definition) = self.definition(name)? else { return Ok(value) };
        self.as_definition(value, &definition, name)
    }

    fn as_definition(&mut self, value: Node, definition: &Definition, name: &str) -> Checked<Node> {
        let found = value.ty.clone();
        let Some(value) = converted(value, &definition.ty) else {
            return self.refuse(format!(
                "型「{name}」（{}）のところに{found}があります。どちらかを合わせてください。",
                definition.ty
            ));
        };
        match &definition.allows {
            Some(allows) => self.allowed(value, allows),
            None => Ok(value),
        }
    }

    /// The value if it is allowed, else null.
    pub(super) fn allowed(&mut self, value: Node, allows: &Allows) -> Checked<Node> {
        let (ty, level) = (value.ty.clone(), self.depth);
        let condition = self.with_locals(vec![(String::new(), ty.clone())], |checker| {
            checker.allows(local(level, ty.clone()), allows)
        })?;
        let choice = node(
            NodeKind::If {
                condition: Box::new(condition),
                then: Box::new(local(level, ty.clone())),
                otherwise: Box::new(null()),
            },
            ty.clone(),
        );
        Ok(imported(Operation::Let { values: vec![value], body: choice }, ty))
    }

    /// Whether a value that stands as a local is allowed; null is.
    fn allows(&mut self, value: Node, allows: &Allows) -> Checked<Node> {
        let condition = match allows {
            Allows::Tests(text, model) => {
                let scope = super::Scope { model: *model, ..super::Scope::default() };
                let value = value.clone();
                self.within(scope, |checker| {
                    let names = checker.names();
                    let tests = parse_tests(text, &names).or_else(|message| {
                        checker.refuse(format!("許される値「{text}」: {message}"))
                    })?;
                    checker.tests(&value, &tests)
                })?
            }
            Allows::Each(allows) => {
                let element = match &value.ty {
                    Type::List(element) => (**element).clone(),
                    _ => Type::Null,
                };
                let level = self.depth;
                let locals = vec![(String::new(), element.clone())];
                let body = self
                    .with_locals(locals, |checker| checker.allows(local(level, element), allows))?;
                let list = value.clone();
                imported(Operation::Quantified { some: false, list, body }, Type::Boolean)
            }
            Allows::Fields(fields) => {
                let mut all = super::constant(true, Type::Boolean);
                for (name, ty, allows) in fields {
                    let name = name.as_str().into();
                    let entry = Operation::Entry { base: value.clone(), name };
                    let level = self.depth;
                    let locals = vec![(String::new(), ty.clone())];
                    let body = self.with_locals(locals, |checker| {
                        checker.allows(local(level, ty.clone()), allows)
                    })?;
                    let values = vec![imported(entry, ty.clone())];
                    let one = imported(Operation::Let { values, body }, Type::Boolean);
                    all = node(NodeKind::And(Box::new(all), Box::new(one)), Type::Boolean);
                }
                all
            }
            Allows::Both(one, other) => {
                let one = self.allows(value.clone(), one)?;
                let other = self.allows(value.clone(), other)?;
                node(NodeKind::And(Box::new(one), Box::new(other)), Type::Boolean)
            }
        };
        let known = lenient("is known", operators::is_known, vec![value], Type::Boolean);
        let absent = applied("not", negation, vec![known], Type::Boolean);
        Ok(node(NodeKind::Or(Box::new(absent), Box::new(condition)), Type::Boolean))
    }
}

pub(super) fn negation(arguments: &[crate::value::Value]) -> crate::value::Value {
    match arguments {
        [crate::value::Value::Boolean(truth)] => (!truth).into(),
        _ => crate::value::Value::Null,
    }
}

/// The conversions that FEEL makes by itself; `None` if none fits.
pub(super) fn converted(mut value: Node, wanted: &Type) -> Option<Node> {
    if let Some(ty) = assign(wanted, &value.ty) {
        value.ty = ty;
        return Some(value);
    }
    if let Type::List(element) = &value.ty
        && let Some(ty) = assign(wanted, element)
    {
        return Some(applied("only", operators::only, vec![value], ty));
    }
    if let Type::List(element) = wanted
        && let Some(ty) = assign(element, &value.ty)
    {
        return Some(applied("alone", operators::alone, vec![value], Type::list(ty)));
    }
    (value.ty == DATE && *wanted == MOMENT)
        .then(|| applied("midnight", operators::midnight, vec![value], MOMENT))
}
