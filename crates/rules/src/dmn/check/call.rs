//! Calls: of functions of the model, put in where they are called, and of those of FEEL.

use std::collections::HashMap;
use std::rc::Rc;

use super::{
    Asked, Body, Bound, Checked, Checker, Closure, MAX_CALLS, Part, Scope, imported, node,
};
use crate::dmn::feel::{Expr, FunctionExpr, TypeExpr};
use crate::dmn::operation::Operation;
use crate::tree::{Node, NodeKind};
use crate::types::Type;

pub(super) type Given<'e, 'p> = Vec<(Option<&'e str>, Part<'e, 'p>)>;

impl<'p> Checker<'p> {
    pub(super) fn call(&mut self, callee: &Expr, arguments: Given<'_, 'p>) -> Checked<Node> {
        match callee {
            Expr::Name(name) => self.call_named(name, arguments),
            Expr::Function(function) => {
                let closure = self.written_function(function);
                self.call_closure(&closure, arguments)
            }
            _ => self.refuse("式の結果を関数として呼ぶことはできません。名前で呼んでください。"),
        }
    }

    pub(super) fn call_named(&mut self, name: &str, arguments: Given<'_, 'p>) -> Checked<Node> {
        match self.lookup(name) {
            Some(Bound::Function(closure)) => self.call_closure(&closure, arguments),
            Some(Bound::Refused(refusal)) => Err(refusal),
            Some(_) => self.refuse(format!("「{name}」は関数ではないので呼べません。")),
            None => self.builtin(name, arguments),
        }
    }

    /// A function written in FEEL, with the names it sees here.
    pub(super) fn written_function(&self, function: &Rc<FunctionExpr>) -> Rc<Closure<'p>> {
        let named = |ty: &Option<TypeExpr>| match ty {
            Some(TypeExpr::Named(name)) => Asked::Named(name.clone()),
            Some(written) => Asked::Written(written.clone()),
            None => Asked::Nothing,
        };
        let parameters = function.parameters.iter();
        Rc::new(Closure {
            name: "function".to_owned(),
            parameters: parameters.map(|(name, ty)| (name.clone(), named(ty))).collect(),
            body: Body::Expr(function.clone()),
            result: None,
            scope: self.scope.clone(),
        })
    }

    fn call_closure(&mut self, closure: &Rc<Closure<'p>>, given: Given<'_, 'p>) -> Checked<Node> {
        let ordered = self.ordered(closure, given)?;
        let depth = self.depth;
        let (mut values, mut bound) = (Vec::new(), Vec::new());
        for ((name, ty), part) in closure.parameters.iter().zip(ordered) {
            if let Some(function) = self.function_of(part) {
                bound.push((name.clone(), Bound::Function(function)));
                continue;
            }
            let value = self.part(part)?;
            let model = closure.scope.model;
            let scope = Scope { model, ..Scope::default() };
            let level = self.depth;
            let value = self.within(scope, |checker| {
                checker.depth = level;
                checker.asked(value, ty)
            })?;
            bound.push((name.clone(), Bound::Local(self.depth, value.ty.clone())));
            self.depth += 1;
            values.push(value);
        }
        let body = self.body(closure, bound);
        self.depth = depth;
        let body = body?;
        let ty = body.ty.clone();
        Ok(imported(Operation::Let { values, body }, ty))
    }

    /// An argument as the type that its parameter asks for.
    pub(super) fn asked(&mut self, value: Node, ty: &Asked) -> Checked<Node> {
        match ty {
            Asked::Nothing => Ok(value),
            Asked::Named(name) => self.declared(value, Some(name)),
            Asked::Written(ty) => {
                let Some(ty) = self.written_type(ty)? else { return Ok(value) };
                let found = value.ty.clone();
                match super::convert::converted(value, &ty) {
                    Some(value) => Ok(value),
                    None => self.refuse(format!("引数は{ty}ですが、{found}を渡しています。")),
                }
            }
        }
    }

    /// The arguments in the order of the parameters.
    fn ordered<'e>(
        &mut self,
        closure: &Closure<'p>,
        given: Given<'e, 'p>,
    ) -> Checked<Vec<Part<'e, 'p>>> {
        let (wanted, found) = (closure.parameters.len(), given.len());
        if wanted != found {
            return self.refuse(format!(
                "関数「{}」の引数は{wanted}個ですが、{found}個渡しています。",
                closure.name
            ));
        }
        if given.iter().all(|(name, _)| name.is_none()) {
            return Ok(given.into_iter().map(|(_, part)| part).collect());
        }
        let mut ordered = Vec::new();
        for (parameter, _) in &closure.parameters {
            match given.iter().find(|(name, _)| *name == Some(parameter.as_str())) {
                Some((_, part)) => ordered.push(*part),
                None => {
                    return self.refuse(format!(
                        "関数「{}」の引数「{parameter}」がありません。",
                        closure.name
                    ));
                }
            }
        }
        Ok(ordered)
    }

    /// The body of a function under its arguments, which are bound already.
    pub(super) fn body(
        &mut self,
        closure: &Rc<Closure<'p>>,
        values: Vec<(String, Bound<'p>)>,
    ) -> Checked<Node> {
        let address = match &closure.body {
            Body::Expr(function) => Rc::as_ptr(function).addr(),
            Body::Boxed(body) => std::ptr::from_ref(*body).addr(),
            Body::Service(..) => Rc::as_ptr(closure).addr(),
            Body::External(kind) => {
                return self
                    .refuse(format!("{kind} の外部関数は呼び出しません。FEEL で書いてください。"));
            }
        };
        if self.calls.contains(&address) || self.calls.len() > MAX_CALLS {
            return Err(self.recursion(&closure.name));
        }
        self.spend()?;
        self.calls.push(address);
        let level = self.depth;
        let mut scope = closure.scope.clone();
        let result = match &closure.body {
            Body::Service(outputs, keys) => self.service_call(outputs, keys, values),
            body => {
                scope.frames.extend(values);
                self.within(scope, |checker| {
                    checker.depth = level;
                    let value = match body {
                        Body::Expr(function) => match &function.body {
                            Some(body) => checker.expression(body)?,
                            None => {
                                return checker.refuse(
                                    "external の関数は呼び出しません。FEEL で書いてください。",
                                );
                            }
                        },
                        Body::Boxed(body) => checker.boxed(body)?,
                        _ => super::null(),
                    };
                    checker.declared(value, closure.result)
                })
            }
        };
        self.calls.pop();
        result
    }

    /// The outputs of a decision service under its parameters.
    fn service_call(
        &mut self,
        outputs: &[&'p str],
        keys: &[&'p str],
        values: Vec<(String, Bound<'p>)>,
    ) -> Checked<Node> {
        let mut bound = HashMap::new();
        for (key, (_, value)) in keys.iter().zip(values) {
            let value = match (self.parameter(key), value) {
                (Ok((_, ty)), Bound::Local(level, found)) => {
                    match super::types::assign(&ty, &found) {
                        Some(ty) => Bound::Local(level, ty),
                        None => {
                            return self.refuse(format!(
                                "サービスの引数は{ty}ですが、{found}を渡しています。"
                            ));
                        }
                    }
                }
                (_, value) => value,
            };
            bound.insert((*key).to_owned(), value);
        }
        let level = self.depth;
        let scope = Scope { service: Some(Rc::new(bound)), ..Scope::default() };
        self.within(scope, |checker| {
            checker.depth = level;
            if let [output] = outputs {
                return checker.inline(output);
            }
            let (mut fields, mut types) = (Vec::new(), Vec::new());
            for output in outputs {
                let value = checker.inline(output)?;
                let name =
                    checker.package.element(output).map(|(_, element)| element.name.as_str());
                let name = name.unwrap_or_default();
                types.push((name.to_owned(), value.ty.clone()));
                fields.push((name.into(), value));
            }
            Ok(node(NodeKind::Record(fields), Type::record(types)))
        })
    }
}
