//! Our decision tables as DMN and back: one decision with one table, its inputs declared. What DMN
//! has no words for (article, source, certainty, period, unit) stands in extension elements. A cell
//! that cannot be said in the other language is refused by name.

mod feel;
mod own;
mod read;
mod write;

pub use read::DmnTable;
pub use write::write;

use super::feel::Names;
use crate::law::HitPolicy;
use crate::types::{Scope, Type};

/// The namespace of what is ours in a model.
const OWN: &str = "urn:kumoi:rule";

/// Our policies as DMN says them: hit policy and aggregation.
const POLICIES: [(HitPolicy, &str, Option<&str>); 7] = [
    (HitPolicy::Unique, "UNIQUE", None),
    (HitPolicy::Any, "ANY", None),
    (HitPolicy::First, "FIRST", None),
    (HitPolicy::Sum, "COLLECT", Some("SUM")),
    (HitPolicy::Count, "COLLECT", Some("COUNT")),
    (HitPolicy::Min, "COLLECT", Some("MIN")),
    (HitPolicy::Max, "COLLECT", Some("MAX")),
];

/// Our roundings as FEEL calls them.
const ROUNDINGS: [(&str, &str); 3] =
    [("切捨て", "round down"), ("切上げ", "round up"), ("四捨五入", "round half up")];

/// The parts of a date as FEEL calls them.
const PARTS: [(&str, &str); 3] = [("年", "year"), ("月", "month"), ("日", "day")];

/// Functions that both languages call the same and that do the same.
const SHARED: [&str; 12] = [
    "abs",
    "contains",
    "count",
    "date",
    "ends with",
    "list contains",
    "max",
    "min",
    "not",
    "starts with",
    "string length",
    "sum",
];

/// The names that FEEL may use: those of the calculation, and `more` of a model.
fn known_names<'n>(scope: &Scope, more: impl IntoIterator<Item = &'n str>) -> Names {
    let mut names = Names::default();
    for (name, ty) in scope.names() {
        names.scope(name);
        let element = match ty {
            Type::List(element) => element,
            ty => ty,
        };
        if let Type::Record(fields) = element {
            fields.fields().for_each(|(field, _)| names.field(field));
        }
    }
    more.into_iter().for_each(|name| names.scope(name));
    names
}
