//! Decisions, services and functions as entries of a model, and what they need.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::{
    Asked, Body, Bound, Checked, Checker, Closure, MAX_CALLS, MAX_INLINED, Refusal, Scope,
};
use crate::dmn::read::{Element, ElementKind, Logic};
use crate::tree::Node;
use crate::types::Type;

/// What may be asked of a model: nodes in the order in which they are evaluated, each with the
/// key of its fact.
pub(crate) struct Entry {
    pub steps: Vec<(Arc<str>, Rc<Node>)>,
    /// Names of inputs, with key and type.
    pub inputs: Vec<(String, Arc<str>, Type)>,
}

impl<'p> Checker<'p> {
    /// The decision with this key and all it needs.
    pub(crate) fn entry(&mut self, key: &'p str) -> Checked<Entry> {
        self.decision(key)?;
        let mut entry = Entry { steps: Vec::new(), inputs: Vec::new() };
        self.gather(key, &mut entry, &mut Vec::new());
        Ok(entry)
    }

    fn gather(&mut self, key: &'p str, entry: &mut Entry, seen: &mut Vec<&'p str>) {
        if seen.contains(&key) {
            return;
        }
        seen.push(key);
        let Some((model, element)) = self.package.element(key) else { return };
        for need in &element.needs {
            self.gather(need, entry, seen);
        }
        match &element.kind {
            ElementKind::Input => self.gather_input(key, element, model, entry),
            ElementKind::Decision(_) => {
                if let Some(Ok(node)) = self.decisions.get(key) {
                    entry.steps.push((key.into(), node.clone()));
                }
            }
            ElementKind::Service { outputs, .. } => {
                for output in outputs {
                    self.gather(output, entry, seen);
                }
            }
            ElementKind::Function(_) => {}
        }
    }

    fn gather_input(
        &mut self,
        key: &'p str,
        element: &'p Element,
        model: usize,
        entry: &mut Entry,
    ) {
        let scope = Scope { model, ..Scope::default() };
        let definition = self.within(scope, |checker| {
            checker.definition(element.type_name.as_deref().unwrap_or_default())
        });
        if let Ok(Some(definition)) = definition {
            entry.inputs.push((element.name.clone(), key.into(), definition.ty));
        }
    }

    /// One decision of a service, whose parameters are facts.
    pub(crate) fn service_entry(&mut self, key: &'p str, output: &str) -> Checked<Entry> {
        let Some((_, service)) = self.package.element(key) else {
            return self.refuse("サービスがありません。");
        };
        let ElementKind::Service { outputs, parameters } = &service.kind else {
            return self.refuse("サービスではありません。");
        };
        let mut entry = Entry { steps: Vec::new(), inputs: Vec::new() };
        let mut bound = HashMap::new();
        for parameter in parameters {
            let (name, ty) = self.parameter(parameter)?;
            let fact: Arc<str> = parameter.as_str().into();
            bound.insert(parameter.clone(), Bound::Fact(fact.clone(), ty.clone()));
            entry.inputs.push((name, fact, ty));
        }
        let named = |key: &&String| {
            self.package.element(key).is_some_and(|(_, element)| element.name == output)
        };
        let Some(output) = outputs.iter().find(named).or(outputs.first()) else {
            return self.refuse("サービスに出力の決定がありません。");
        };
        let scope = Scope { service: Some(Rc::new(bound)), ..Scope::default() };
        let node = self.within(scope, |checker| checker.inline(output))?;
        entry.steps.push((key.into(), Rc::new(node)));
        Ok(entry)
    }

    /// A business knowledge model asked directly, its parameters being facts.
    pub(crate) fn function_entry(&mut self, key: &'p str) -> Checked<Entry> {
        let Some(Bound::Function(closure)) = self.bound(key) else {
            return self.refuse("関数がありません。");
        };
        let mut entry = Entry { steps: Vec::new(), inputs: Vec::new() };
        let mut values = Vec::new();
        for (name, ty) in closure.parameters.clone() {
            let ty = match ty {
                Asked::Named(name) => self.definition(&name)?.map(|definition| definition.ty),
                Asked::Written(ty) => self.written_type(&ty)?,
                Asked::Nothing => None,
            };
            let Some(ty) = ty else {
                return self.refuse(format!("引数「{name}」に型がありません。"));
            };
            let fact: Arc<str> = format!("{key}({name})").into();
            values.push((name.clone(), Bound::Fact(fact.clone(), ty.clone())));
            entry.inputs.push((name, fact, ty));
        }
        let node = self.body(&closure, values)?;
        entry.steps.push((key.into(), Rc::new(node)));
        Ok(entry)
    }

    /// Name and type of a parameter of a service.
    pub(super) fn parameter(&mut self, key: &'p str) -> Checked<(String, Type)> {
        let Some((model, element)) = self.package.element(key) else {
            return self.refuse(format!("「{key}」がモデルにありません。"));
        };
        let scope = Scope { model, ..Scope::default() };
        let definition = self.within(scope, |checker| {
            checker.definition(element.type_name.as_deref().unwrap_or_default())
        })?;
        if let Some(definition) = definition {
            return Ok((element.name.clone(), definition.ty));
        }
        match &element.kind {
            ElementKind::Decision(_) => Ok((element.name.clone(), self.decision(key)?.ty.clone())),
            _ => self.refuse(format!("入力「{}」に型がありません。", element.name)),
        }
    }

    /// The node of a decision whose needs are facts.
    pub(super) fn decision(&mut self, key: &'p str) -> Checked<Rc<Node>> {
        if let Some(done) = self.decisions.get(key) {
            return done.clone();
        }
        let outer = (
            std::mem::take(&mut self.scope),
            std::mem::take(&mut self.depth),
            std::mem::take(&mut self.calls),
            std::mem::replace(&mut self.budget, MAX_INLINED),
            std::mem::take(&mut self.height),
        );
        let result = self.inline(key).map(Rc::new);
        (self.scope, self.depth, self.calls, self.budget, self.height) = outer;
        self.decisions.insert(key, result.clone());
        result
    }

    /// The logic of a decision, put in here.
    pub(super) fn inline(&mut self, key: &'p str) -> Checked<Node> {
        let Some((model, element)) = self.package.element(key) else {
            return self
                .refuse(format!("「{key}」がモデルにありません。href を確かめてください。"));
        };
        let place = std::mem::replace(&mut self.place, element.name.clone());
        let result = self.inline_element(key, model, element);
        self.place = place;
        result
    }

    fn inline_element(
        &mut self,
        key: &'p str,
        model: usize,
        element: &'p Element,
    ) -> Checked<Node> {
        if self.busy.contains(&key) || self.busy.len() > MAX_CALLS {
            return self.refuse("決定が自分自身の結果を必要としています（循環）。");
        }
        self.spend()?;
        let ElementKind::Decision(Some(logic)) = &element.kind else {
            return self.refuse("決定の中身（論理）がありません。");
        };
        self.busy.push(key);
        let service = self.scope.service.clone();
        let frames = self.needs(element, model);
        let scope = Scope { frames, model, service };
        let node = self.within(scope, |checker| {
            let node = checker.boxed_as(logic, element.type_name.as_deref())?;
            checker.declared(node, element.type_name.as_deref())
        });
        self.busy.pop();
        node
    }

    pub(super) fn spend(&mut self) -> Checked<()> {
        if self.budget == 0 {
            return self.refuse("展開した式が大きすぎます。関数の呼び出しを減らしてください。");
        }
        self.budget -= 1;
        Ok(())
    }

    /// The names of what an element needs.
    fn needs(&mut self, element: &'p Element, model: usize) -> Vec<(String, Bound<'p>)> {
        let mut frames = Vec::new();
        for key in &element.needs {
            let Some((other, needed)) = self.package.element(key) else { continue };
            let name = match self.package.prefix(model, other) {
                Some(prefix) => format!("{prefix}.{}", needed.name),
                None => needed.name.clone(),
            };
            if let Some(bound) = self.bound(key) {
                frames.push((name, bound));
            }
        }
        frames
    }

    /// What an element is to those who need it.
    fn bound(&mut self, key: &'p str) -> Option<Bound<'p>> {
        let service = self.scope.service.clone();
        if let Some(bound) = service.as_ref().and_then(|service| service.get(key)) {
            return Some(bound.clone());
        }
        let (model, element) = self.package.element(key)?;
        let refused = |refusal: Refusal| Bound::Refused(refusal);
        Some(match &element.kind {
            ElementKind::Input => match self.parameter(key) {
                Ok((_, ty)) => Bound::Fact(key.into(), ty),
                Err(refusal) => refused(refusal),
            },
            ElementKind::Decision(Some(logic)) if matches!(logic.logic, Logic::Function(_)) => {
                let frames = self.needs(element, model);
                let scope = Scope { frames, model, service };
                let closure = self.within(scope, |checker| Ok(checker.boxed_function(logic)));
                Bound::Function(closure.ok().flatten()?)
            }
            ElementKind::Decision(_) if service.is_some() => Bound::Inline(key),
            ElementKind::Decision(_) => match self.decision(key) {
                Ok(node) => Bound::Fact(key.into(), node.ty.clone()),
                Err(refusal) => refused(refusal),
            },
            ElementKind::Function(None) => refused(Refusal {
                place: element.name.clone(),
                reason: "関数の中身（論理）がありません。".to_owned(),
            }),
            ElementKind::Function(Some(logic)) => {
                if self.busy.contains(&key) || self.busy.len() > MAX_CALLS {
                    return Some(refused(self.recursion(&element.name)));
                }
                self.busy.push(key);
                let frames = self.needs(element, model);
                self.busy.pop();
                let scope = Scope { frames, model, service };
                let closure = self.within(scope, |checker| Ok(checker.boxed_function(logic)));
                let mut closure = closure.ok().flatten()?;
                if let Some(closure) = Rc::get_mut(&mut closure) {
                    closure.name.clone_from(&element.name);
                    closure.result = element.type_name.as_deref().or(closure.result);
                }
                Bound::Function(closure)
            }
            ElementKind::Service { outputs, parameters } => {
                self.service(element, outputs, parameters)
            }
        })
    }

    fn service(
        &mut self,
        element: &'p Element,
        outputs: &'p [String],
        parameters: &'p [String],
    ) -> Bound<'p> {
        let keys: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let named = keys.iter().map(|key| {
            let name = self.package.element(key).map(|(_, element)| element.name.clone());
            (name.unwrap_or_default(), Asked::Nothing)
        });
        Bound::Function(Rc::new(Closure {
            name: element.name.clone(),
            parameters: named.collect(),
            body: Body::Service(outputs.iter().map(String::as_str).collect(), keys),
            result: element.type_name.as_deref(),
            scope: Scope::default(),
        }))
    }

    pub(super) fn recursion(&self, name: &str) -> Refusal {
        Refusal {
            place: self.place.clone(),
            reason: format!("関数「{name}」が自分自身を呼んでいます（再帰）。再帰は扱いません。"),
        }
    }
}
