//! From the rules of all times to the plan of one day: what is in force, in order, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::date::{Date, FOREVER, OPEN_FROM};

use super::units::{Measure, Shape, Units};
use super::{
    FactKind, Input, Law, LawError, PLACE, ParameterInForce, Plan, PlanResult, ReadRule, Step,
    order, table,
};
use crate::check::{Within, check_within};
use crate::parser::table::Table;
use crate::syntax::Syntax;
use crate::tree::{Node, NodeKind};
use crate::types::{Scope, Type};
use crate::value::{Record, Value};

/// What is said after a day on which a parameter has no value.
const NOT_IN_FORCE: &str = "に効力のある値がありません";

/// Every day on which something may change.
pub(super) fn turning_days(law: &Law) -> BTreeSet<Date> {
    let mut days = BTreeSet::from([OPEN_FROM]);
    for read in &law.rules {
        days.insert(read.rule.from);
        days.extend(read.rule.to.tomorrow().ok());
    }
    for parameter in law.parameters.values() {
        days.extend(parameter.values.entries().map(|(day, _)| day));
    }
    days
}

/// First and last day around `day` on which nothing changes.
fn period(law: &Law, day: Date) -> (Date, Date) {
    let days = turning_days(law);
    let from = days.range(..=day).next_back().copied().unwrap_or(OPEN_FROM);
    let after = (std::ops::Bound::Excluded(day), std::ops::Bound::Unbounded);
    let next = days.range(after).next().and_then(|next| next.yesterday().ok());
    (from, next.unwrap_or(FOREVER))
}

pub(super) fn plan(
    law: &Law,
    day: Date,
    set: &BTreeMap<String, Value>,
) -> Result<Plan, Vec<LawError>> {
    let rules = in_force(law, day);
    let needs: BTreeMap<&str, BTreeSet<&str>> = rules
        .iter()
        .map(|(name, read)| {
            let names = order::names(&read.syntax);
            (*name, names.into_iter().filter(|name| rules.contains_key(name)).collect())
        })
        .collect();
    let order = order::sort(&needs).map_err(|cycle| vec![cycle_error(&rules, &cycle)])?;
    let wanted = reached(law, &needs, day)?;
    let mut compiler = Compiler::new(law, day, set);
    for name in order.into_iter().filter(|name| wanted.contains(name)) {
        compiler.rule(rules[name]);
    }
    compiler.finish(period(law, day))
}

/// The version of each rule that is in force on `day`.
fn in_force(law: &Law, day: Date) -> BTreeMap<&str, &ReadRule> {
    let holds = |read: &&ReadRule| read.rule.from <= day && day <= read.rule.to;
    law.rules.iter().filter(holds).map(|read| (read.rule.name.as_str(), read)).collect()
}

/// The rules that some result needs.
fn reached<'l>(
    law: &'l Law,
    needs: &BTreeMap<&'l str, BTreeSet<&'l str>>,
    day: Date,
) -> Result<BTreeSet<&'l str>, Vec<LawError>> {
    let mut open: Vec<&str> = law.calculation.results.iter().map(|r| r.rule.as_str()).collect();
    let missing: Vec<&str> =
        open.iter().filter(|name| !needs.contains_key(*name)).copied().collect();
    if !missing.is_empty() {
        return Err(vec![LawError {
            file: format!("calculations/{}.yaml", law.calculation.id),
            line: 1,
            column: 1,
            message: format!(
                "結果「{}」を求める規則は、{day}に効力を持ちません。",
                missing.join("」「")
            ),
            help: Some("規則の施行の期間を確かめるか、規則のファイルを加えてください。".to_owned()),
            warning: false,
        }]);
    }
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(needs.get(name).into_iter().flatten());
        }
    }
    Ok(found)
}

fn cycle_error(rules: &BTreeMap<&str, &ReadRule>, cycle: &[&str]) -> LawError {
    let mut names = cycle.to_vec();
    names.extend(cycle.first());
    let message = format!("規則が輪になっています: {}", names.join(" → "));
    let help = "どれか一つを、ほかの規則によらずに求められるようにしてください。";
    LawError::of_rule(&rules[cycle[0]].rule, message, help)
}

/// A list of the calculation while its element rules are added one by one.
struct ListScope {
    each: String,
    fields: BTreeMap<String, Type>,
    shapes: BTreeMap<String, Shape>,
    unit: Measure,
}

struct Compiler<'l> {
    law: &'l Law,
    day: Date,
    scope: Scope,
    units: Units,
    lists: BTreeMap<String, ListScope>,
    parameters: BTreeMap<Arc<str>, ParameterInForce>,
    steps: Vec<Step>,
    /// Rules that could not be read; what needs them is not said to be wrong as well.
    failed: BTreeSet<String>,
    errors: Vec<LawError>,
    warnings: Vec<LawError>,
}

impl<'l> Compiler<'l> {
    fn new(law: &'l Law, day: Date, set: &BTreeMap<String, Value>) -> Self {
        let mut own = Self {
            law,
            day,
            scope: Scope::new(),
            units: Units::default(),
            lists: BTreeMap::new(),
            parameters: BTreeMap::new(),
            steps: Vec::new(),
            failed: BTreeSet::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        for (name, parameter) in law.parameters.iter() {
            let value = in_force_value(parameter, day, set.get(name));
            own.scope.insert(name, value.ty.clone());
            own.units.names.insert(name.clone(), Shape::Number(Measure::of(value.unit)));
            own.parameters.insert(Arc::from(name.as_str()), value);
        }
        for fact in &law.calculation.facts {
            own.fact(fact);
        }
        own
    }

    fn fact(&mut self, fact: &super::Fact) {
        let shape_of = |kind: &super::FactType| match kind.ty {
            Type::Number { .. } => Shape::Number(Measure::of(kind.unit)),
            _ => Shape::Other,
        };
        match &fact.kind {
            FactKind::One(kind) => {
                self.scope.insert(&fact.name, kind.ty.clone());
                self.units.names.insert(fact.name.clone(), shape_of(kind));
            }
            FactKind::List { each, unit, fields, .. } => {
                let named = fields.iter().map(|field| (field.name.clone(), field.kind.ty.clone()));
                let shapes = fields.iter().map(|field| (field.name.clone(), shape_of(&field.kind)));
                let place = (PLACE.to_owned(), Type::INTEGER);
                let list = ListScope {
                    each: each.clone(),
                    fields: named.chain([place]).collect(),
                    shapes: shapes.collect(),
                    unit: unit.map_or(Measure::Plain, Measure::Of),
                };
                self.lists.insert(fact.name.clone(), list);
                self.list_changed(&fact.name);
            }
        }
    }

    /// Rules that follow see the list with what its elements have by now.
    fn list_changed(&mut self, name: &str) {
        let Some(list) = self.lists.get(name) else { return };
        self.scope.insert(name, Type::list(Type::record(list.fields.clone())));
        let element = Arc::new(Shape::Record(Arc::new(list.shapes.clone())));
        self.units.names.insert(name.to_owned(), Shape::List { element, count: list.unit });
    }

    fn rule(&mut self, read: &ReadRule) {
        let rule = &read.rule;
        let names = order::names(&read.syntax);
        if names.iter().any(|name| self.failed.contains(*name)) || self.has_gap(read, &names) {
            self.failed.insert(rule.name.clone());
            return;
        }
        match self.check(read) {
            Some((node, measure)) => self.add(read, node, measure),
            None => {
                self.failed.insert(rule.name.clone());
            }
        }
    }

    /// A rule that is named but has no version in force on the day.
    fn has_gap(&mut self, read: &ReadRule, names: &BTreeSet<&str>) -> bool {
        let known = |name: &str| self.law.rules.iter().any(|other| other.rule.name == name);
        let (day, rules) = (self.day, in_force(self.law, self.day));
        let missing = names.iter().find(|name| known(name) && !rules.contains_key(*name));
        let Some(name) = missing else { return false };
        let message = format!("「{name}」の規則は{day}に効力がありませんが、この規則は使います。");
        let help = "施行の期間をそろえるか、その日の規則のファイルを加えてください。";
        self.errors.push(LawError::of_rule(&read.rule, message, help));
        true
    }

    fn check(&mut self, read: &ReadRule) -> Option<(Node, Measure)> {
        let rule = &read.rule;
        let within = rule.list.as_deref().and_then(|name| {
            let list = self.lists.get(name)?;
            let ty = Type::record(list.fields.clone());
            Some(Within { name: &list.each, list: name, ty })
        });
        let in_list = within.is_some();
        let checked = check_within(&rule.text, &self.scope, within, &read.syntax);
        let node = match checked {
            Ok((node, _)) => node,
            Err(errors) => {
                let placed = errors.into_iter().map(|error| LawError::in_rule(rule, error));
                self.errors.extend(placed);
                return None;
            }
        };
        let element = in_list.then(|| rule.list.as_deref()).flatten();
        if let Some(table) = &read.table {
            let list = rule.list.as_deref().filter(|_| in_list);
            let found = self.table(read, table, list);
            let (warnings, errors): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|error| error.warning);
            self.warnings.extend(warnings);
            if !errors.is_empty() {
                self.errors.extend(errors);
                return None;
            }
        }
        match self.units.of_rule(&rule.text, &node, element, rule.unit) {
            Ok(measure) => Some((node, measure)),
            Err(errors) => {
                let placed = errors.into_iter().map(|error| LawError::in_rule(rule, error));
                self.errors.extend(placed);
                None
            }
        }
    }

    /// What is wrong with the rows of a decision table on this day.
    fn table(&self, read: &ReadRule, table: &Table, list: Option<&str>) -> Vec<LawError> {
        let rule = &read.rule;
        let typed = |syntax: &Syntax| {
            let within = list.and_then(|name| {
                let own = self.lists.get(name)?;
                let ty = Type::record(own.fields.clone());
                Some(Within { name: &own.each, list: name, ty })
            });
            check_within(&rule.text, &self.scope, within, syntax).ok().map(|(node, _)| node)
        };
        let known = self.parameters.iter().map(|(name, own)| (name.clone(), own.value.clone()));
        let known: Record = known.collect();
        table::check(&rule.text, table, &known, typed)
            .into_iter()
            .map(|found| LawError {
                warning: found.warning,
                ..LawError::in_rule(rule, found.error)
            })
            .collect()
    }

    fn add(&mut self, read: &ReadRule, node: Node, measure: Measure) {
        let rule = &read.rule;
        let (name, ty) = (rule.name.clone(), node.ty.clone());
        let shape = match &node.ty {
            Type::Number { .. } => Shape::Number(measure),
            Type::List(_) | Type::Record(_) => self.units.shape(&node, rule.list.as_deref()),
            _ => Shape::Other,
        };
        match &rule.list {
            Some(list) => {
                if let Some(own) = self.lists.get_mut(list) {
                    own.fields.insert(name.clone(), ty);
                    own.shapes.insert(name, shape);
                }
                self.list_changed(list);
            }
            None => {
                self.scope.insert(&name, ty);
                self.units.names.insert(name, shape);
            }
        }
        let inputs = inputs(&node, rule.list.is_some());
        self.steps.push(Step { rule: rule.clone(), node, inputs, rows: single_rows(read) });
    }

    fn finish(self, in_force: (Date, Date)) -> Result<Plan, Vec<LawError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let Compiler { law, steps, mut parameters, warnings, .. } = self;
        let used: BTreeSet<&str> = steps
            .iter()
            .flat_map(|step| &step.inputs)
            .filter_map(|input| match input {
                Input::Name(name) => Some(&**name),
                Input::Field(_) | Input::Each { .. } => None,
            })
            .collect();
        parameters.retain(|name, _| used.contains(&**name));
        let results = law.calculation.results.iter().filter_map(|result| {
            let step = steps.iter().find(|step| step.rule.name == result.rule)?;
            Some(PlanResult {
                list: result.list.clone(),
                rule: result.rule.clone(),
                ty: step.node.ty.clone(),
                unit: step.rule.unit,
            })
        });
        let results = results.collect();
        let calculation = law.calculation.clone();
        Ok(Plan { in_force, calculation, results, parameters, steps, warnings })
    }
}

fn in_force_value(
    parameter: &super::Parameter,
    day: Date,
    own: Option<&Value>,
) -> ParameterInForce {
    let unit = parameter.unit.parse().ok();
    let scale = parameter.scale();
    if let Some(value) = own.filter(|_| parameter.ordinance) {
        let scale = match value {
            Value::Number(number) => scale.max(number.scale()),
            _ => scale,
        };
        let (ty, value) = (Type::number(scale), value.clone());
        let (source, checked) = (String::new(), None);
        return ParameterInForce { value, ty, unit, period: None, source, checked };
    }
    let ty = Type::number(scale);
    match parameter.values.in_force_on(day) {
        Some(found) => ParameterInForce {
            value: found.value.value.clone(),
            ty,
            unit,
            period: Some((found.from, found.to)),
            source: found.value.source.clone(),
            checked: Some(found.value.checked),
        },
        None => ParameterInForce {
            value: Value::unknown(parameter.name.as_str(), format!("{day} {NOT_IN_FORCE}")),
            ty,
            unit,
            period: None,
            source: String::new(),
            checked: None,
        },
    }
}

/// How many rows the table of a rule has, where one of them gives the answer.
fn single_rows(read: &ReadRule) -> usize {
    let table = read.table.as_ref().filter(|table| table.policy.is_single());
    table.map_or(0, |table| table.rows.len())
}

/// What a formula takes, in the order in which it stands there.
fn inputs(node: &Node, in_list: bool) -> Vec<Input> {
    let locals = if in_list { vec![Element::Own] } else { Vec::new() };
    let mut gathering = Gathering { found: Vec::new(), locals };
    gathering.walk(node);
    gathering.found
}

/// What a local stands for.
#[derive(Clone)]
enum Element {
    Own,
    Of(Arc<str>),
    Other,
}

struct Gathering {
    found: Vec<Input>,
    locals: Vec<Element>,
}

impl Gathering {
    fn walk(&mut self, node: &Node) {
        let input = match &node.kind {
            NodeKind::Fact(name) => Some(Input::Name(name.clone())),
            NodeKind::Field { base, name, .. } => self.field(base, name),
            _ => None,
        };
        if let Some(input) = input.filter(|input| !self.found.contains(input)) {
            self.found.push(input);
        }
        match &node.kind {
            NodeKind::Quantified { list, body, .. }
            | NodeKind::For { list, body }
            | NodeKind::Filter { list, condition: body }
            | NodeKind::Position { list, position: body } => {
                self.walk(list);
                self.locals.push(element_of(list));
                self.walk(body);
                self.locals.pop();
            }
            _ => node.children().into_iter().for_each(|child| self.walk(child)),
        }
    }

    fn field(&self, base: &Node, name: &Arc<str>) -> Option<Input> {
        let NodeKind::Local(level) = base.kind else { return None };
        match self.locals.get(level)? {
            Element::Own => Some(Input::Field(name.clone())),
            Element::Of(list) => Some(Input::Each { list: list.clone(), field: name.clone() }),
            Element::Other => None,
        }
    }
}

/// Whose elements a loop over `list` binds.
fn element_of(list: &Node) -> Element {
    match &list.kind {
        NodeKind::Fact(name) => Element::Of(name.clone()),
        NodeKind::Filter { list, .. } => element_of(list),
        _ => Element::Other,
    }
}
