//! Formulas of a definition made fit for columns: what a procedure works out of one subject's
//! records, worked out of the columns of many.
//!
//! A field of a record that everybody has (`住民.生年月日`) is a column of that name; what is the
//! same for all (`本日`) stands in the formulas as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use base::date::{FOREVER, OPEN_FROM};

use super::{Dictionary, Program};
use crate::expression::Expression;
use crate::functions::Function;
use crate::law::{Calculation, Fact, FactField, FactKind, FactType, Plan, PlanResult, Rule, Step};
use crate::syntax::Comparison;
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

/// Formulas over one set of facts, in the order in which they were added; later ones may use
/// earlier ones by name.
pub struct Formulas {
    names: Names,
    facts: Vec<Fact>,
    steps: Vec<Step>,
    results: Vec<PlanResult>,
}

/// What the names in formulas stand for, where they are not columns of that name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// What is the same for every subject.
    pub known: BTreeMap<String, Value>,
    /// Records that every subject has.
    pub present: BTreeSet<String>,
    /// Names that stand for other columns or lists.
    pub aliases: BTreeMap<String, String>,
}

/// Columns that formulas take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of the subjects.
    pub facts: BTreeSet<String>,
    /// Of the elements of lists: list and field. A list that is only counted has none.
    pub fields: BTreeSet<(String, String)>,
}

/// How an expression hands on something as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed<'e> {
    /// A name, or a field of a record: `住民.氏名`.
    Name(String),
    /// A field of the first row of a list: `first(新しい行).番号`.
    First {
        /// The list.
        list: &'e str,
        /// The field.
        field: &'e str,
    },
}

impl fmt::Debug for Formulas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps.iter().map(|step| &step.name)).finish()
    }
}

impl Expression {
    /// What the expression hands on as it is; `None` when it works something out.
    pub fn handed(&self) -> Option<Handed<'_>> {
        match &self.root().kind {
            NodeKind::Fact(name) => Some(Handed::Name(name.to_string())),
            NodeKind::Field { base, name, .. } => match &base.kind {
                NodeKind::Fact(of) => Some(Handed::Name(format!("{of}.{name}"))),
                NodeKind::Call { function: Function::First, arguments } => {
                    match arguments.first() {
                        Some(Node { kind: NodeKind::Fact(list), .. }) => {
                            Some(Handed::First { list, field: name })
                        }
                        _ => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The list of `一覧[条件]`.
    pub fn filtered(&self) -> Option<&str> {
        match &self.root().kind {
            NodeKind::Filter { list, .. } => match &list.kind {
                NodeKind::Fact(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    /// The list and the fields of `for x in 一覧 return { 項目: 式, … }`.
    pub fn records(&self) -> Option<(&str, Vec<&str>)> {
        let NodeKind::For { list, body } = &self.root().kind else { return None };
        let (NodeKind::Fact(list), NodeKind::Record(fields)) = (&list.kind, &body.kind) else {
            return None;
        };
        Some((list, fields.iter().map(|(name, _)| &**name).collect()))
    }
}

impl Formulas {
    /// No formula yet.
    pub fn new(names: Names) -> Formulas {
        Formulas { names, facts: Vec::new(), steps: Vec::new(), results: Vec::new() }
    }

    /// Adds a formula about the subject, whose result gets this name.
    pub fn add(&mut self, name: &str, expression: &Expression) {
        let node = self.flat(expression.root());
        self.step(None, name, node);
    }

    /// Adds what `for … return { … }` gives for each element of its list: every field as
    /// `name.項目`. Nothing is added for an expression of another shape.
    pub fn add_records(&mut self, name: &str, expression: &Expression) {
        let NodeKind::For { list, body } = &expression.root().kind else { return };
        let whole = self.flat(list);
        self.declare(&whole);
        if let (NodeKind::Fact(list), NodeKind::Record(fields)) = (&list.kind, &body.kind) {
            for (field, node) in fields {
                let node = self.flat(node);
                let of = self.names.aliases.get(&**list).map_or(&**list, String::as_str).to_owned();
                self.step(Some(of), &format!("{name}.{field}"), node);
            }
        }
    }

    /// Adds the condition of `一覧[条件]` for each element of the list. Nothing is added for an
    /// expression of another shape.
    pub fn add_filter(&mut self, name: &str, expression: &Expression) {
        if let NodeKind::Filter { list: whole, condition } = &expression.root().kind
            && let NodeKind::Fact(list) = &whole.kind
        {
            let whole = self.flat(whole);
            self.declare(&whole);
            let node = self.flat(condition);
            let of = self.names.aliases.get(&**list).map_or(&**list, String::as_str).to_owned();
            self.step(Some(of), name, node);
        }
    }

    /// How many formulas there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The program of all of them.
    ///
    /// # Errors
    /// What cannot run over columns, by the name of the formula.
    pub fn program(self, dictionary: Dictionary) -> Result<Program, Vec<String>> {
        let calculation = Calculation {
            id: String::new(),
            name: String::new(),
            name_en: String::new(),
            statute: String::new(),
            day: String::new(),
            facts: self.facts,
            results: Vec::new(),
        };
        let plan = Plan {
            in_force: (OPEN_FROM, FOREVER),
            calculation: Arc::new(calculation),
            results: self.results,
            parameters: BTreeMap::new(),
            steps: self.steps,
            warnings: Vec::new(),
        };
        Program::new(Arc::new(plan), dictionary)
    }

    /// The columns that all of them take.
    pub fn taken(&self) -> Taken {
        let mut taken = Taken::default();
        for step in &self.steps {
            let mut lists: Vec<Option<&str>> =
                step.rule.list.as_deref().map(Some).into_iter().collect();
            gather(&step.node, &mut lists, &mut taken);
        }
        taken.facts.retain(|name| self.steps.iter().all(|step| *step.name != **name));
        taken
    }

    fn step(&mut self, list: Option<String>, name: &str, node: Node) {
        self.declare(&node);
        let rule = name.to_owned();
        self.results.push(PlanResult { list: list.clone(), rule, ty: node.ty.clone(), unit: None });
        let rule = Rule {
            name: name.to_owned(),
            list,
            article: String::new(),
            from: OPEN_FROM,
            to: FOREVER,
            unit: None,
            table: None,
            file: String::new(),
            text: String::new(),
        };
        self.steps.push(Step {
            rule: Arc::new(rule),
            name: name.into(),
            node,
            inputs: Vec::new(),
            kinds: Vec::new(),
            grid: None,
        });
    }

    /// The node over flat names.
    fn flat(&self, node: &Node) -> Node {
        let mut node = node.clone();
        self.flatten(&mut node);
        node
    }

    fn flatten(&self, node: &mut Node) {
        if let Some(kind) = self.replaced(node) {
            node.kind = kind;
            return;
        }
        node.children_mut().into_iter().for_each(|child| self.flatten(child));
    }

    fn replaced(&self, node: &Node) -> Option<NodeKind> {
        match &node.kind {
            NodeKind::Fact(name) => Some(self.named(name)),
            NodeKind::Field { base, name, .. } => match &base.kind {
                NodeKind::Fact(of) => Some(self.named(&format!("{of}.{name}"))),
                _ => None,
            },
            NodeKind::Compare { comparison, left, right } => {
                let other = match (&left.kind, &right.kind) {
                    (NodeKind::Fact(name), NodeKind::Constant(Value::Null))
                    | (NodeKind::Constant(Value::Null), NodeKind::Fact(name)) => name,
                    _ => return None,
                };
                let known = self.names.present.contains(&**other);
                let answer = match comparison {
                    Comparison::Equal => false,
                    Comparison::NotEqual => true,
                    _ => return None,
                };
                known.then(|| NodeKind::Constant(Value::from(answer)))
            }
            _ => None,
        }
    }

    fn named(&self, name: &str) -> NodeKind {
        let name = self.names.aliases.get(name).map_or(name, String::as_str);
        match self.names.known.get(name) {
            Some(value) => NodeKind::Constant(value.clone()),
            None => NodeKind::Fact(name.into()),
        }
    }

    /// Makes a fact of every column that the node takes.
    fn declare(&mut self, node: &Node) {
        if let NodeKind::Fact(name) = &node.kind {
            let is_there = self.facts.iter().any(|fact| fact.name == **name)
                || self.steps.iter().any(|step| step.name == *name);
            if !is_there {
                self.facts.push(fact_of(name, &node.ty));
            }
        }
        node.children().into_iter().for_each(|child| self.declare(child));
    }
}

fn fact_of(name: &str, ty: &Type) -> Fact {
    let single = |ty: &Type| FactType { ty: ty.clone(), unit: None };
    let record = match ty {
        Type::List(element) => match &**element {
            Type::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    };
    let kind = match record {
        None => FactKind::One(single(ty)),
        Some(record) => {
            let field = |(name, ty): (&str, &Type)| FactField {
                name: name.to_owned(),
                name_en: String::new(),
                kind: single(ty),
            };
            let fields = record.fields().map(field).collect();
            FactKind::List { each: String::new(), shown: None, unit: None, fields }
        }
    };
    Fact { name: name.to_owned(), name_en: String::new(), kind }
}

/// The columns below a node; `lists` are those whose elements the locals are.
fn gather<'n>(node: &'n Node, lists: &mut Vec<Option<&'n str>>, taken: &mut Taken) {
    match &node.kind {
        NodeKind::Fact(name) => {
            taken.facts.insert(name.to_string());
        }
        NodeKind::Field { base, name, .. } => {
            if let NodeKind::Local(level) = base.kind
                && let Some(Some(list)) = lists.get(level)
            {
                taken.fields.insert(((*list).to_owned(), name.to_string()));
            }
        }
        NodeKind::Quantified { list, body, .. }
        | NodeKind::For { list, body }
        | NodeKind::Filter { list, condition: body } => {
            gather(list, lists, taken);
            lists.push(list_of(list));
            gather(body, lists, taken);
            lists.pop();
            return;
        }
        _ => {}
    }
    node.children().into_iter().for_each(|child| gather(child, lists, taken));
}

/// The list of facts that a list is taken from.
fn list_of(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Fact(name) => Some(name),
        NodeKind::Filter { list, .. } => list_of(list),
        _ => None,
    }
}
