//! Boxed expressions as typed nodes.

use std::rc::Rc;
use std::sync::Arc;

use super::types::join;
use super::{Body, Bound, Checked, Checker, Closure, Part, imported, local, node};
use crate::dmn::feel::{Expr, parse_expression};
use crate::dmn::operation::Operation;
use crate::dmn::read::{Boxed, Logic};
use crate::tree::{Node, NodeKind};
use crate::types::Type;

impl<'p> Checker<'p> {
    pub(super) fn boxed(&mut self, boxed: &'p Boxed) -> Checked<Node> {
        self.boxed_as(boxed, None)
    }

    /// As [`Self::boxed`], where the type called `wanted` is asked.
    pub(super) fn boxed_as(&mut self, boxed: &'p Boxed, wanted: Option<&str>) -> Checked<Node> {
        self.higher(|checker| checker.one_box(boxed, wanted))
    }

    fn one_box(&mut self, boxed: &'p Boxed, wanted: Option<&str>) -> Checked<Node> {
        let declared = boxed.type_name.as_deref();
        let value = match &boxed.logic {
            Logic::Literal(text) => self.literal(text, declared.or(wanted))?,
            Logic::Context(entries) => self.boxed_context(entries)?,
            Logic::List(items) => {
                let items: Checked<Vec<Node>> = items.iter().map(|item| self.boxed(item)).collect();
                self.list(items?)?
            }
            Logic::Relation(columns, rows) => self.relation(columns, rows)?,
            Logic::Invocation(callee, bindings) => self.invocation(callee, bindings)?,
            Logic::Function(_) => {
                return self.refuse("関数を値として使うことはできません。その場で呼んでください。");
            }
            Logic::Table(table) => self.table(table, declared.or(wanted))?,
            Logic::Conditional(parts) => self.branch(parts.each_ref().map(Part::Boxed))?,
            Logic::For { variable, list, body } => {
                let (list, body) =
                    self.boxed_loop(variable, Part::Boxed(list), Part::Boxed(body))?;
                let ty = Type::list(body.ty.clone());
                imported(Operation::For { list, body }, ty)
            }
            Logic::Quantified { some, variable, list, body } => {
                let (list, body) =
                    self.boxed_loop(variable, Part::Boxed(list), Part::Boxed(body))?;
                let body = self.boolean(body, "satisfies")?;
                imported(Operation::Quantified { some: *some, list, body }, Type::Boolean)
            }
            Logic::Filter { list, condition } => {
                self.filter(Part::Boxed(list), Part::Boxed(condition))?
            }
            Logic::Unknown(name) => {
                return self.refuse(format!("「{name}」という箱は読めません。"));
            }
        };
        self.declared(value, declared)
    }

    /// FEEL in a box.
    pub(super) fn parsed(&self, text: &str) -> Checked<Expr> {
        let names = self.names();
        parse_expression(text, &names).or_else(|message| {
            let shown: String = text.trim().chars().take(60).collect();
            self.refuse(format!("式「{shown}」の{message}"))
        })
    }

    fn literal(&mut self, text: &str, wanted: Option<&str>) -> Checked<Node> {
        let expression = self.parsed(text)?;
        if let Some(duration) = self.duration_as(&expression, wanted)? {
            return Ok(duration);
        }
        self.expression(&expression)
    }

    fn boxed_context(
        &mut self,
        entries: &'p [(Option<String>, Option<String>, Boxed)],
    ) -> Checked<Node> {
        let (frames, depth) = (self.scope.frames.len(), self.depth);
        let result = self.boxed_entries(entries);
        self.scope.frames.truncate(frames);
        self.depth = depth;
        result
    }

    fn boxed_entries(
        &mut self,
        entries: &'p [(Option<String>, Option<String>, Boxed)],
    ) -> Checked<Node> {
        let (mut values, mut fields, mut types) = (Vec::new(), Vec::new(), Vec::new());
        let has_result = entries.iter().any(|(name, _, _)| name.is_none());
        for (name, ty, boxed) in entries {
            let Some(name) = name else {
                let body = self.boxed(boxed)?;
                let ty = body.ty.clone();
                return Ok(imported(Operation::Let { values, body }, ty));
            };
            if let Some(function) = self.boxed_function(boxed) {
                if !has_result {
                    return self
                        .refuse(format!("項目「{name}」が関数です。関数を値にはできません。"));
                }
                self.scope.frames.push((name.clone(), Bound::Function(function)));
                continue;
            }
            let value = self.boxed_as(boxed, ty.as_deref())?;
            let value = self.declared(value, ty.as_deref())?;
            let ty = value.ty.clone();
            fields.push((Arc::from(name.as_str()), local(self.depth, ty.clone())));
            types.push((name.clone(), ty.clone()));
            self.scope.frames.push((name.clone(), Bound::Local(self.depth, ty)));
            self.depth += 1;
            values.push(value);
        }
        let ty = Type::record(types);
        let body = node(NodeKind::Record(fields), ty.clone());
        Ok(imported(Operation::Let { values, body }, ty))
    }

    /// A box that is a function, with the names it sees here.
    pub(super) fn boxed_function(&mut self, boxed: &'p Boxed) -> Option<Rc<Closure<'p>>> {
        match &boxed.logic {
            Logic::Function(function) => {
                let body = match (&function.body, function.kind.as_str()) {
                    (Some(body), "FEEL") => Body::Boxed(body),
                    (_, kind) => Body::External(kind.to_owned()),
                };
                Some(Rc::new(Closure {
                    name: "function".to_owned(),
                    parameters: function
                        .parameters
                        .iter()
                        .map(|(name, ty)| (name.clone(), ty.clone().into()))
                        .collect(),
                    body,
                    result: boxed.type_name.as_deref(),
                    scope: self.scope.clone(),
                }))
            }
            Logic::Literal(text) if text.trim_start().starts_with("function") => {
                match self.parsed(text) {
                    Ok(Expr::Function(function)) => Some(self.written_function(&function)),
                    _ => None,
                }
            }
            Logic::Literal(text) => match self.lookup(text.trim()) {
                Some(Bound::Function(closure)) => Some(closure),
                _ => None,
            },
            _ => None,
        }
    }

    fn relation(&mut self, columns: &[String], rows: &'p [Vec<Boxed>]) -> Checked<Node> {
        let mut items = Vec::new();
        for row in rows {
            if row.len() != columns.len() {
                return self.refuse("表（relation）の行の欄の数が列の数と違います。");
            }
            let (mut fields, mut types) = (Vec::new(), Vec::new());
            for (name, cell) in columns.iter().zip(row) {
                let value = self.boxed(cell)?;
                types.push((name.clone(), value.ty.clone()));
                fields.push((Arc::from(name.as_str()), value));
            }
            items.push(node(NodeKind::Record(fields), Type::record(types)));
        }
        self.list(items)
    }

    fn invocation(&mut self, callee: &'p Boxed, bindings: &'p [(String, Boxed)]) -> Checked<Node> {
        let Logic::Literal(text) = &callee.logic else {
            return self.refuse("呼び出す関数を名前で書いてください。");
        };
        let given = bindings.iter().map(|(name, value)| (Some(name.as_str()), Part::Boxed(value)));
        let given = given.collect();
        match self.parsed(text)? {
            Expr::Name(name) => self.call_named(&name, given),
            callee @ Expr::Function(_) => self.call(&callee, given),
            _ => self.call_named(text.trim(), given),
        }
    }

    /// The type of all of them, or a refusal that names `what`.
    pub(super) fn joined<'n>(
        &self,
        nodes: impl IntoIterator<Item = &'n Node>,
        what: &str,
    ) -> Checked<Type> {
        let mut whole = Type::Null;
        for node in nodes {
            match join(&whole, &node.ty) {
                Some(joined) => whole = joined,
                None => {
                    return self.refuse(format!("{what}に{whole}と{}が混ざっています。", node.ty));
                }
            }
        }
        Ok(whole)
    }
}
