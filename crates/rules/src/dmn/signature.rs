//! The signatures of FEEL's functions, read from one line each, and how arguments fit them.
//!
//! `name(parameter: type, …) -> type`; `T` stands for any one type, `[T]` for a list of it,
//! `any` for anything. After a type `?` says it may be left out, `!` that it may be null
//! (otherwise null gives null), `...` that any number may follow.

use std::sync::LazyLock;

use super::feel::Spelled;
use super::functions::{self, Apply};
use super::scalar::{DATE, DAYS, MOMENT, MONTHS, NUMBER, Shape, TIME, range_of};
use crate::types::Type;

/// A function's line and what it does.
pub(crate) type Row = (&'static str, Apply);

/// One way to call a function.
pub(crate) struct Signature {
    pub name: &'static str,
    pub parameters: Vec<Parameter>,
    pub result: Pattern,
    pub apply: Apply,
}

/// A parameter of a function.
pub(crate) struct Parameter {
    pub name: &'static str,
    pub pattern: Pattern,
    pub optional: bool,
    pub nullable: bool,
    pub many: bool,
}

/// A type in a signature.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Exactly(Type),
    Any,
    Variable,
    List(Box<Pattern>),
    Range(Box<Pattern>),
}

/// Functions whose result depends on more than types; the checker knows them.
const SPECIAL: &[&str] = &[
    "duration",
    "flatten",
    "sort",
    "get value",
    "get entries",
    "context put",
    "context merge",
    "context",
    "range",
    "now",
    "today",
    "replace",
    "matches",
    "split",
];

static SIGNATURES: LazyLock<Vec<Signature>> =
    LazyLock::new(|| functions::rows().filter_map(|(line, apply)| read(line, *apply)).collect());

static NAMES: LazyLock<Vec<Spelled>> = LazyLock::new(|| {
    let names = SIGNATURES.iter().map(|signature| signature.name).chain(SPECIAL.iter().copied());
    names.map(Spelled::new).collect()
});

/// All ways to call `name`.
pub(crate) fn find(name: &str) -> Vec<&'static Signature> {
    SIGNATURES.iter().filter(|signature| signature.name == name).collect()
}

/// The names of all functions.
pub(crate) fn names() -> &'static [Spelled] {
    &NAMES
}

/// Whether `name` is a function that the checker treats by itself.
pub(crate) fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

fn read(line: &'static str, apply: Apply) -> Option<Signature> {
    let (name, rest) = line.split_once('(')?;
    let (parameters, result) = rest.split_once(") -> ")?;
    let parameters: Option<Vec<Parameter>> = parameters.split(", ").map(parameter).collect();
    Some(Signature { name, parameters: parameters?, result: pattern(result)?, apply })
}

fn parameter(text: &'static str) -> Option<Parameter> {
    let (name, ty) = text.split_once(": ")?;
    let (ty, many) = ty.strip_suffix("...").map_or((ty, false), |ty| (ty, true));
    let (ty, optional) = ty.strip_suffix('?').map_or((ty, false), |ty| (ty, true));
    let (ty, nullable) = ty.strip_suffix('!').map_or((ty, false), |ty| (ty, true));
    let pattern = pattern(ty)?;
    let nullable = nullable || matches!(pattern, Pattern::Variable | Pattern::Any);
    Some(Parameter { name, pattern, optional, nullable, many })
}

fn pattern(text: &str) -> Option<Pattern> {
    if let Some(element) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return Some(Pattern::List(Box::new(pattern(element)?)));
    }
    if let Some(element) = text.strip_prefix("range<").and_then(|text| text.strip_suffix('>')) {
        return Some(Pattern::Range(Box::new(pattern(element)?)));
    }
    Some(Pattern::Exactly(match text {
        "T" => return Some(Pattern::Variable),
        "any" => return Some(Pattern::Any),
        "number" => NUMBER,
        "string" => Type::Text,
        "boolean" => Type::Boolean,
        "date" => DATE,
        "time" => TIME,
        "moment" => MOMENT,
        "days" => DAYS,
        "months" => MONTHS,
        _ => return None,
    }))
}

impl Pattern {
    /// Whether `ty` fits; `variable` is what `T` has come to stand for.
    pub fn fits(&self, ty: &Type, variable: &mut Type) -> bool {
        match (self, ty) {
            (Pattern::Any, _) | (_, Type::Null) => true,
            (Pattern::Exactly(wanted), ty) => wanted == ty,
            (Pattern::Variable, ty) => match variable.join(ty) {
                Some(joined) => {
                    *variable = joined;
                    true
                }
                None => false,
            },
            (Pattern::List(element), Type::List(ty)) => element.fits(ty, variable),
            (Pattern::Range(element), Type::Scalar(scalar)) => match &scalar.0 {
                Shape::Range(ty) => element.fits(ty, variable),
                _ => false,
            },
            _ => false,
        }
    }

    /// The type it comes to.
    pub fn resolve(&self, variable: &Type) -> Type {
        match self {
            Pattern::Exactly(ty) => ty.clone(),
            Pattern::Any => Type::Null,
            Pattern::Variable => variable.clone(),
            Pattern::List(element) => Type::list(element.resolve(variable)),
            Pattern::Range(element) => range_of(element.resolve(variable)),
        }
    }
}
