//! The names that the rules of a calculation may use, with their types.

use std::collections::BTreeMap;

use base::date::Date;

use super::compile::turning_days;
use super::{FactKind, Law, PLACE, Plan};
use crate::types::{Scope, Type};

impl Law {
    /// What a rule (of the elements of `list`) may name. The types of other rules are those of the
    /// first day between `from` and `to` on which all fits together; what is not worked out
    /// that day has no type (null).
    pub fn scope(&self, list: Option<&str>, from: Date, to: Date) -> Scope {
        let inner = turning_days(self).into_iter().filter(|day| from < *day && *day <= to);
        let mut plans = std::iter::once(from).chain(inner);
        let plan = plans.find_map(|day| self.plan(day, &BTreeMap::new()).ok());
        let mut scope = Scope::new();
        for (name, parameter) in self.parameters.iter() {
            scope.insert(name, Type::number(parameter.scale()));
        }
        for rule in self.rules().filter(|rule| rule.list.is_none()) {
            scope.insert(&rule.name, worked_out(plan.as_ref(), &rule.name));
        }
        for fact in &self.calculation.facts {
            match &fact.kind {
                FactKind::One(kind) => scope.insert(&fact.name, kind.ty.clone()),
                FactKind::List { each, fields, .. } => {
                    let own =
                        fields.iter().map(|field| (field.name.clone(), field.kind.ty.clone()));
                    let rules = self.rules().filter(|rule| rule.list.as_ref() == Some(&fact.name));
                    let rules = rules
                        .map(|rule| (rule.name.clone(), worked_out(plan.as_ref(), &rule.name)));
                    let place = (PLACE.to_owned(), Type::INTEGER);
                    let all: Vec<_> = own.chain(rules).chain([place]).collect();
                    let element = Type::record(all.iter().cloned());
                    scope.insert(&fact.name, Type::list(element.clone()));
                    if list == Some(fact.name.as_str()) {
                        scope.insert(each, element);
                        all.into_iter().for_each(|(name, ty)| scope.insert(name, ty));
                    }
                }
            }
        }
        scope
    }
}

fn worked_out(plan: Option<&Plan>, rule: &str) -> Type {
    let step = plan.and_then(|plan| plan.steps.iter().find(|step| *step.name == *rule));
    step.map_or(Type::Null, |step| step.node.ty.clone())
}
