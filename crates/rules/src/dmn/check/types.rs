//! Types by name, and how types of imported models go together.

use std::sync::Arc;

use super::{Checked, Checker};
use crate::dmn::feel::TypeExpr;
use crate::dmn::read::ItemDefinition;
use crate::dmn::scalar::{DATE, DAYS, MOMENT, MONTHS, NUMBER, TIME, range_of};
use crate::types::{RecordType, Type};

/// A type with the values it allows.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub ty: Type,
    pub allows: Option<Allows>,
}

/// Which values of a type are allowed.
#[derive(Clone, Debug)]
pub(crate) enum Allows {
    /// Tests of the value itself, as written in a model.
    Tests(String, usize),
    /// Tests of each element of a list.
    Each(Box<Allows>),
    /// Tests of fields.
    Fields(Vec<(String, Type, Allows)>),
    Both(Box<Allows>, Box<Allows>),
}

const MAX_DEPTH: usize = 20;

/// A type of FEEL by its name; `None` within is one that says nothing.
fn basic(name: &str) -> Option<Option<Type>> {
    Some(Some(match name {
        "number" => NUMBER,
        "string" => Type::Text,
        "boolean" => Type::Boolean,
        "date" => DATE,
        "time" => TIME,
        "dateTime" | "date and time" => MOMENT,
        "dayTimeDuration" | "days and time duration" => DAYS,
        "yearMonthDuration" | "years and months duration" => MONTHS,
        "Any" | "context" | "list" | "function" | "" => return Some(None),
        _ => return None,
    }))
}

impl Checker<'_> {
    /// What a type name stands for; `None` if it says nothing (Any).
    pub(super) fn definition(&self, name: &str) -> Checked<Option<Definition>> {
        self.definition_in(name, self.scope.model, 0)
    }

    fn definition_in(&self, name: &str, model: usize, depth: usize) -> Checked<Option<Definition>> {
        let name = name.rsplit_once("feel:").map_or(name, |(_, name)| name).trim();
        if depth > MAX_DEPTH {
            return self.refuse(format!("型「{name}」が自分自身を含んでいます。"));
        }
        let types = self.package.models.get(model).map_or(&[][..], |model| &model.types);
        if let Some(item) = types.iter().find(|item| item.name == name) {
            return self.item(item, model, depth);
        }
        if let Some(ty) = basic(name) {
            return Ok(ty.map(|ty| Definition { ty, allows: None }));
        }
        let imported = name
            .split_once('.')
            .and_then(|(import, name)| Some((self.package.imported(model, import)?, name)));
        if let Some((model, name)) = imported {
            return self.definition_in(name, model, depth + 1);
        }
        self.refuse(format!(
            "型「{name}」がモデルにありません。itemDefinition を確かめてください。"
        ))
    }

    fn item(
        &self,
        item: &ItemDefinition,
        model: usize,
        depth: usize,
    ) -> Checked<Option<Definition>> {
        if item.is_function {
            return Ok(None);
        }
        let base = match &item.reference {
            Some(reference) => self.definition_in(reference, model, depth + 1)?,
            None => self.record_definition(item, model, depth)?,
        };
        let Some(mut base) = base else { return Ok(None) };
        let and = |one: Option<Allows>, other: Option<Allows>| match (one, other) {
            (Some(one), Some(other)) => Some(Allows::Both(Box::new(one), Box::new(other))),
            (one, other) => one.or(other),
        };
        let tests = |text: &Option<String>| text.clone().map(|text| Allows::Tests(text, model));
        base.allows = and(base.allows, tests(&item.allowed));
        if item.is_list {
            base.ty = Type::list(base.ty);
            base.allows = base.allows.map(|allows| Allows::Each(Box::new(allows)));
        }
        base.allows = and(base.allows, tests(&item.constraint));
        Ok(Some(base))
    }

    fn record_definition(
        &self,
        item: &ItemDefinition,
        model: usize,
        depth: usize,
    ) -> Checked<Option<Definition>> {
        if item.components.is_empty() {
            return Ok(None);
        }
        let (mut fields, mut allowed) = (Vec::new(), Vec::new());
        for component in &item.components {
            let Some(field) = self.item(component, model, depth + 1)? else { return Ok(None) };
            if let Some(allows) = field.allows {
                allowed.push((component.name.clone(), field.ty.clone(), allows));
            }
            fields.push((component.name.clone(), field.ty));
        }
        let allows = (!allowed.is_empty()).then_some(Allows::Fields(allowed));
        Ok(Some(Definition { ty: Type::record(fields), allows }))
    }

    /// A type written in FEEL.
    pub(super) fn written_type(&self, ty: &TypeExpr) -> Checked<Option<Type>> {
        Ok(match ty {
            TypeExpr::Named(name) => self.definition(name)?.map(|definition| definition.ty),
            TypeExpr::List(element) => self.written_type(element)?.map(Type::list),
            TypeExpr::Range(element) => self.written_type(element)?.map(range_of),
            TypeExpr::Context(fields) => {
                let mut types = Vec::new();
                for (name, ty) in fields {
                    match self.written_type(ty)? {
                        Some(ty) => types.push((name.clone(), ty)),
                        None => return Ok(None),
                    }
                }
                Some(Type::record(types))
            }
            TypeExpr::Function => None,
        })
    }
}

/// The type that both fit; records may differ in their fields.
pub(crate) fn join(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Null, other) | (other, Type::Null) => Some(other.clone()),
        (Type::List(a), Type::List(b)) => Some(Type::list(join(a, b)?)),
        (Type::Record(a), Type::Record(b)) => {
            let mut fields = Vec::new();
            for (name, ty) in a.fields() {
                let joined = b.get(name).map_or_else(|| Some(ty.clone()), |other| join(ty, other));
                fields.push((name.to_owned(), joined?));
            }
            for (name, ty) in b.fields().filter(|(name, _)| a.get(name).is_none()) {
                fields.push((name.to_owned(), ty.clone()));
            }
            Some(Type::Record(Arc::new(RecordType::new(fields))))
        }
        (a, b) => a.join(b),
    }
}

/// The type of a value of type `actual` where `declared` is asked; `None` if it does not fit.
pub(crate) fn assign(declared: &Type, actual: &Type) -> Option<Type> {
    match (declared, actual) {
        (declared, Type::Null) => Some(declared.clone()),
        (Type::List(declared), Type::List(actual)) => Some(Type::list(assign(declared, actual)?)),
        (Type::Record(declared), Type::Record(actual)) => {
            let mut fields = Vec::new();
            for (name, ty) in actual.fields() {
                let assigned = match declared.get(name) {
                    Some(declared) => assign(declared, ty)?,
                    None => ty.clone(),
                };
                fields.push((name.to_owned(), assigned));
            }
            let complete = declared.fields().all(|(name, _)| actual.get(name).is_some());
            complete.then(|| Type::record(fields))
        }
        (declared, actual) => declared.join(actual),
    }
}
