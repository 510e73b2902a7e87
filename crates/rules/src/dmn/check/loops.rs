//! Loops, quantifiers, filters and sorting.

use super::expression::applied_alone;
use super::{Bound, Checked, Checker, Part, imported, lenient};
use crate::dmn::feel::{Domain, Expr};
use crate::dmn::operation::Operation;
use crate::dmn::scalar::NUMBER;
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

pub(super) fn element_of(list: &Node) -> Type {
    match &list.ty {
        Type::List(element) => (**element).clone(),
        _ => Type::Null,
    }
}

impl<'p> Checker<'p> {
    /// `for` with any number of iterators: one list of all results.
    pub(super) fn loops(&mut self, iterators: &[(String, Domain)], body: &Expr) -> Checked<Node> {
        let Some(((name, domain), rest)) = iterators.split_first() else {
            return self.expression(body);
        };
        let list = self.domain(domain)?;
        let element = element_of(&list);
        let body =
            self.with_locals(vec![(name.clone(), element)], |checker| checker.loops(rest, body))?;
        if rest.is_empty() {
            let ty = Type::list(body.ty.clone());
            return Ok(imported(Operation::For { list, body }, ty));
        }
        let ty = body.ty.clone();
        let nested = imported(Operation::For { list, body }, Type::list(ty.clone()));
        Ok(lenient("for", one_list, vec![nested], ty))
    }

    pub(super) fn quantified(
        &mut self,
        some: bool,
        iterators: &[(String, Domain)],
        body: &Expr,
    ) -> Checked<Node> {
        let Some(((name, domain), rest)) = iterators.split_first() else {
            let body = self.expression(body)?;
            return self.boolean(body, "satisfies の後");
        };
        let list = self.domain(domain)?;
        let element = element_of(&list);
        let body = self.with_locals(vec![(name.clone(), element)], |checker| {
            checker.quantified(some, rest, body)
        })?;
        Ok(imported(Operation::Quantified { some, list, body }, Type::Boolean))
    }

    /// A boxed loop over one list.
    pub(super) fn boxed_loop(
        &mut self,
        variable: &str,
        list: Part<'_, 'p>,
        body: Part<'_, 'p>,
    ) -> Checked<(Node, Node)> {
        let list = self.part(list)?;
        let list = self.iterated(list)?;
        let element = element_of(&list);
        let body =
            self.with_locals(vec![(variable.to_owned(), element)], |checker| checker.part(body))?;
        Ok((list, body))
    }

    /// `list[condition]` or `list[position]`; fields of the element stand as they are.
    pub(super) fn filter(&mut self, list: Part<'_, 'p>, filter: Part<'_, 'p>) -> Checked<Node> {
        let list = self.part(list)?;
        let list = match &list.ty {
            Type::List(_) => list,
            ty => {
                let ty = Type::list(ty.clone());
                applied_alone(list, ty)
            }
        };
        let (element, level) = (element_of(&list), self.depth);
        let frames = self.scope.frames.len();
        let filter = self.with_locals(vec![("item".to_owned(), element.clone())], |checker| {
            if let Type::Record(fields) = &element {
                for (name, ty) in fields.fields() {
                    let field = Bound::Field(level, ty.clone());
                    checker.scope.frames.push((name.to_owned(), field));
                }
            }
            checker.part(filter)
        });
        self.scope.frames.truncate(frames);
        let filter = filter?;
        if filter.ty == Type::Boolean {
            let ty = Type::list(element);
            return Ok(imported(Operation::Filter { list, condition: filter }, ty));
        }
        if filter.ty != NUMBER {
            return self
                .refuse(format!("[ ] の中が{}です。条件か位置を書いてください。", filter.ty));
        }
        if uses(&filter, level) {
            return self.refuse("[ ] の中の位置に、要素の項目は使えません。");
        }
        Ok(imported(Operation::Item { list, position: filter }, element))
    }

    pub(super) fn sort(&mut self, list: Node, order: Option<Part<'_, 'p>>) -> Checked<Node> {
        let list = match &list.ty {
            Type::List(_) => list,
            ty => {
                let ty = Type::list(ty.clone());
                applied_alone(list, ty)
            }
        };
        let (element, level, ty) = (element_of(&list), self.depth, list.ty.clone());
        let closure = order.and_then(|order| self.function_of(order));
        let Some(closure) = closure.filter(|closure| closure.parameters.len() == 2) else {
            return self.refuse("sort には二つの引数を持つ関数を渡してください。");
        };
        for (name, ty) in &closure.parameters {
            let value = self.asked(super::local(level, element.clone()), ty)?;
            if !matches!(value.kind, NodeKind::Local(_)) {
                return self.refuse(format!("sort の関数の引数「{name}」の型が並びと違います。"));
            }
        }
        let bound = [0, 1].map(|place| Bound::Local(level + place, element.clone()));
        let names = closure.parameters.iter().map(|(name, _)| name.clone());
        let values = names.zip(bound).collect();
        self.depth += 2;
        let before = self.body(&closure, values);
        self.depth -= 2;
        let before = self.boolean(before?, "sort の関数")?;
        Ok(imported(Operation::Sort { list, before }, ty))
    }
}

/// Whether a node reads the local at `level`.
fn uses(node: &Node, level: usize) -> bool {
    matches!(node.kind, NodeKind::Local(found) if found == level)
        || node.children().into_iter().any(|child| uses(child, level))
}

/// Lists one after another; null if one of them is.
fn one_list(arguments: &[Value]) -> Value {
    let [Value::List(lists)] = arguments else { return Value::Null };
    let mut all = Vec::new();
    for list in lists.iter() {
        match list {
            Value::List(items) => all.extend(items.iter().cloned()),
            _ => return Value::Null,
        }
    }
    all.into()
}
