//! Expressions of FEEL as typed nodes.

use std::sync::Arc;

use super::types::join;
use super::{
    Bound, Checked, Checker, applied, constant, imported, lenient, local, node, null, parts,
};
use crate::dmn::feel::{Domain, Expr, Operator, RangeEnds, Test, TypeExpr};
use crate::dmn::functions::{operators, properties};
use crate::dmn::operation::Operation;
use crate::dmn::scalar::{DATE, DAYS, Kind, MOMENT, MONTHS, NUMBER, Shape, TIME, range_of};
use crate::dmn::temporal::{CalendarDate, Moment, Time, names_zone, read_days, read_months};
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

impl<'p> Checker<'p> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Checked<Node> {
        self.higher(|checker| checker.one_expression(expression))
    }

    fn one_expression(&mut self, expression: &Expr) -> Checked<Node> {
        match expression {
            Expr::Number(value) => Ok(constant(*value, NUMBER)),
            Expr::Text(text) => Ok(constant(text.as_str(), Type::Text)),
            Expr::Boolean(truth) => Ok(constant(*truth, Type::Boolean)),
            Expr::Null => Ok(null()),
            Expr::At(text) => self.at_literal(text),
            Expr::Name(name) => self.name(name),
            Expr::Path(base, name) => {
                let base = match &**base {
                    Expr::Context(entries) => self.context(entries, true)?,
                    base => self.expression(base)?,
                };
                self.path(base, name)
            }
            Expr::Filter(list, filter) => {
                self.filter(super::Part::Expr(list), super::Part::Expr(filter))
            }
            Expr::Call(callee, arguments) => self.call(callee, parts(arguments)),
            Expr::Negate(operand) => {
                let operand = self.expression(operand)?;
                self.negated(operand)
            }
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                self.binary(*operator, left, right)
            }
            Expr::Between(value, ends) => self.between(value, ends),
            Expr::In(value, tests) => self.membership(value, tests),
            Expr::InstanceOf(value, ty) => self.instance_of(value, ty),
            Expr::If(parts) => {
                let parts = parts.each_ref().map(super::Part::Expr);
                self.branch(parts)
            }
            Expr::For(iterators, body) => self.loops(iterators, body),
            Expr::Quantified(some, iterators, body) => self.quantified(*some, iterators, body),
            Expr::List(items) => {
                let items: Checked<Vec<Node>> =
                    items.iter().map(|item| self.expression(item)).collect();
                self.list(items?)
            }
            Expr::Context(entries) => self.context(entries, false),
            Expr::Range(ends) => self.range(ends),
            Expr::Function(_) => {
                self.refuse("関数を値として使うことはできません。その場で呼んでください。")
            }
        }
    }

    /// `@"…"`: what the text is decides the type.
    fn at_literal(&mut self, text: &str) -> Checked<Node> {
        self.no_zone(text)?;
        let found = CalendarDate::parse(text).map(|date| (Kind::Date(date), DATE));
        let found = found.or_else(|| Time::parse(text).map(|time| (Kind::Time(time), TIME)));
        let found = found.or_else(|| {
            let moment = Moment::parse(text)?;
            Some((Kind::Moment(moment), MOMENT))
        });
        let found = found.or_else(|| read_days(text).map(|nanos| (Kind::Days(nanos), DAYS)));
        let found = found.or_else(|| read_months(text).map(|count| (Kind::Months(count), MONTHS)));
        match found {
            Some((kind, ty)) => Ok(constant(kind.value(), ty)),
            None => Ok(null()),
        }
    }

    pub(super) fn no_zone(&self, text: &str) -> Checked<()> {
        if names_zone(text) {
            return self.refuse(format!(
                "名前の時間帯「{text}」は扱いません。+09:00 のように書いてください。"
            ));
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Checked<Node> {
        match self.lookup(name) {
            Some(Bound::Local(level, ty)) => Ok(local(level, ty)),
            Some(Bound::Field(level, ty)) => {
                let base = local(level, Type::Null);
                Ok(imported(Operation::Entry { base, name: name.into() }, ty))
            }
            Some(Bound::Fact(key, ty)) => self.fact(key, ty),
            Some(Bound::Inline(key)) => self.inline(key),
            Some(Bound::Refused(refusal)) => Err(refusal),
            Some(Bound::Function(_)) => self.refuse(format!(
                "関数「{name}」を値として使うことはできません。{name}(…) と呼んでください。"
            )),
            None if name == "partial" => {
                self.refuse("for の中の partial（それまでの結果）は扱いません。")
            }
            None => self.refuse(format!(
                "「{name}」という名前はここでは使えません。informationRequirement を確かめてください。"
            )),
        }
    }

    /// An input or a decision; an input outside its allowed values is null.
    fn fact(&mut self, key: Arc<str>, ty: Type) -> Checked<Node> {
        let fact = node(NodeKind::Fact(key.clone()), ty);
        let Some((model, element)) = self.package.element(&key) else { return Ok(fact) };
        if !matches!(element.kind, crate::dmn::read::ElementKind::Input) {
            return Ok(fact);
        }
        let scope = super::Scope { model, ..super::Scope::default() };
        let type_name = element.type_name.as_deref().unwrap_or_default();
        let definition = self.within(scope, |checker| checker.definition(type_name))?;
        match definition.and_then(|definition| definition.allows) {
            Some(allows) => self.allowed(fact, &allows),
            None => Ok(fact),
        }
    }

    pub(super) fn path(&mut self, base: Node, name: &str) -> Checked<Node> {
        match base.ty.clone() {
            Type::Null => Ok(null()),
            Type::Record(fields) => match fields.get(name) {
                Some(ty) => {
                    let ty = ty.clone();
                    Ok(imported(Operation::Entry { base, name: name.into() }, ty))
                }
                None => self.refuse(format!("「{name}」という項目はありません。")),
            },
            Type::List(element) => {
                let level = self.depth;
                let element = (*element).clone();
                let body = self.with_locals(vec![(String::new(), element.clone())], |checker| {
                    checker.path(local(level, element), name)
                })?;
                let ty = Type::list(body.ty.clone());
                Ok(imported(Operation::For { list: base, body }, ty))
            }
            Type::Scalar(scalar) => match properties::find(&scalar.0, name) {
                Some((ty, apply)) => Ok(applied("property", apply, vec![base], ty)),
                None => self.refuse(format!("{scalar}に「{name}」はありません。")),
            },
            other => self.refuse(format!("{other}から「{name}」は取り出せません。")),
        }
    }

    pub(super) fn list(&mut self, items: Vec<Node>) -> Checked<Node> {
        let mut element = Type::Null;
        for item in &items {
            let Some(joined) = join(&element, &item.ty) else {
                return self.refuse(format!(
                    "並びの中に{element}と{}が混ざっています。一つの型にしてください。",
                    item.ty
                ));
            };
            element = joined;
        }
        Ok(node(NodeKind::List(items), Type::list(element)))
    }

    /// `{ name: value, … }`; each entry sees those before it.
    fn context(&mut self, entries: &[(String, Expr)], for_path: bool) -> Checked<Node> {
        let (frames, depth) = (self.scope.frames.len(), self.depth);
        let result = self.context_entries(entries, for_path);
        self.scope.frames.truncate(frames);
        self.depth = depth;
        result
    }

    fn context_entries(&mut self, entries: &[(String, Expr)], for_path: bool) -> Checked<Node> {
        let (mut values, mut fields, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in entries {
            if types.iter().any(|(known, _)| known == name) {
                return self.refuse(format!("項目「{name}」が二度書かれています。"));
            }
            if let Some(function) = self.function_of(super::Part::Expr(value)) {
                if !for_path {
                    return self
                        .refuse(format!("項目「{name}」が関数です。関数を値にはできません。"));
                }
                self.scope.frames.push((name.clone(), Bound::Function(function)));
                continue;
            }
            let value = self.expression(value)?;
            fields.push((Arc::from(name.as_str()), local(self.depth, value.ty.clone())));
            types.push((name.clone(), value.ty.clone()));
            self.scope.frames.push((name.clone(), Bound::Local(self.depth, value.ty.clone())));
            self.depth += 1;
            values.push(value);
        }
        let ty = Type::record(types);
        let body = node(NodeKind::Record(fields), ty.clone());
        Ok(imported(Operation::Let { values, body }, ty))
    }

    fn range(&mut self, ends: &RangeEnds) -> Checked<Node> {
        let mut end = |end: &Option<Expr>| match end {
            Some(end) => self.expression(end),
            None => Ok(null()),
        };
        let (low, high) = (end(&ends.low)?, end(&ends.high)?);
        let Some(ty) = join(&low.ty, &high.ty) else {
            return self.refuse(format!("範囲の両端が{}と{}です。", low.ty, high.ty));
        };
        let operation =
            Operation::Range { ends: [low, high], closed: ends.closed, form: ends.form };
        Ok(imported(operation, range_of(ty)))
    }

    fn between(&mut self, value: &Expr, ends: &[Expr; 2]) -> Checked<Node> {
        let value = self.expression(value)?;
        let (level, ty) = (self.depth, value.ty.clone());
        let body = self.with_locals(vec![(String::new(), ty.clone())], |checker| {
            let (low, high) = (checker.expression(&ends[0])?, checker.expression(&ends[1])?);
            let value = local(level, ty);
            let above = checker.binary(Operator::GreaterOrEqual, value.clone(), low)?;
            let below = checker.binary(Operator::LessOrEqual, value, high)?;
            checker.binary(Operator::And, above, below)
        })?;
        Ok(imported(Operation::Let { values: vec![value], body }, Type::Boolean))
    }

    fn membership(&mut self, value: &Expr, tests: &[Test]) -> Checked<Node> {
        let value = self.expression(value)?;
        let (level, ty) = (self.depth, value.ty.clone());
        let body = self.with_locals(vec![(String::new(), ty.clone())], |checker| {
            checker.tests(&local(level, ty), tests)
        })?;
        Ok(imported(Operation::Let { values: vec![value], body }, Type::Boolean))
    }

    pub(super) fn branch(&mut self, parts: [super::Part<'_, 'p>; 3]) -> Checked<Node> {
        let [condition, then, otherwise] = parts;
        let condition = self.part(condition)?;
        let condition = self.boolean(condition, "if の条件")?;
        let (then, otherwise) = (self.part(then)?, self.part(otherwise)?);
        let Some(ty) = join(&then.ty, &otherwise.ty) else {
            return self
                .refuse(format!("then（{}）と else（{}）の型が違います。", then.ty, otherwise.ty));
        };
        let kind = NodeKind::If {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        Ok(node(kind, ty))
    }

    pub(super) fn boolean(&self, node: Node, place: &str) -> Checked<Node> {
        match node.ty {
            Type::Boolean | Type::Null => Ok(node),
            other => self.refuse(format!("{place}は真偽でなければなりませんが、{other}です。")),
        }
    }

    /// The static type answers; only null is asked of the value.
    fn instance_of(&mut self, value: &Expr, ty: &TypeExpr) -> Checked<Node> {
        if self.function_of(super::Part::Expr(value)).is_some() {
            let is = match ty {
                TypeExpr::Named(name) => name == "Any" || name == "function",
                _ => return self.refuse("関数の型を instance of で調べることはできません。"),
            };
            return Ok(constant(is, Type::Boolean));
        }
        let value = self.expression(value)?;
        let fits = match (ty, &value.ty) {
            (_, Type::Null) => false,
            (TypeExpr::Named(name), found)
                if matches!(name.as_str(), "Any" | "list" | "context") =>
            {
                match name.as_str() {
                    "list" => matches!(found, Type::List(_)),
                    "context" => matches!(found, Type::Record(_)),
                    _ => true,
                }
            }
            (TypeExpr::Named(name), _) if name == "function" => false,
            (TypeExpr::Function, _) => false,
            (ty, found) => self.is_instance(found, ty)?,
        };
        if !fits {
            return Ok(constant(false, Type::Boolean));
        }
        Ok(lenient("is known", operators::is_known, vec![value], Type::Boolean))
    }

    fn is_instance(&mut self, found: &Type, ty: &TypeExpr) -> Checked<bool> {
        Ok(match (ty, found) {
            (TypeExpr::Named(name), _) if name == "Any" => true,
            (TypeExpr::List(element), Type::List(found)) => self.is_instance(found, element)?,
            (TypeExpr::Range(element), Type::Scalar(scalar)) => match &scalar.0 {
                Shape::Range(found) => self.is_instance(found, element)?,
                _ => false,
            },
            (TypeExpr::Context(fields), Type::Record(found)) => {
                let mut all = true;
                for (name, ty) in fields {
                    let Some(found) = found.get(name) else { return Ok(false) };
                    all &= self.is_instance(&found.clone(), ty)?;
                }
                all
            }
            (TypeExpr::Named(name), found) => {
                let Some(definition) = self.definition(name)? else {
                    return self.refuse(format!("型「{name}」を instance of で調べられません。"));
                };
                if definition.allows.is_some() {
                    return self.refuse(format!(
                        "値に制限のある型「{name}」を instance of で調べることはできません。"
                    ));
                }
                super::types::assign(&definition.ty, found).is_some()
            }
            _ => false,
        })
    }

    /// What a loop goes over.
    pub(super) fn domain(&mut self, domain: &Domain) -> Checked<Node> {
        match domain {
            Domain::List(Expr::Range(ends)) if ends.closed == [true, true] => {
                match (&ends.low, &ends.high) {
                    (Some(low), Some(high)) => self.span(low, high),
                    _ => self.refuse("端のない範囲を繰り返すことはできません。"),
                }
            }
            Domain::List(list) => {
                let list = self.expression(list)?;
                self.iterated(list)
            }
            Domain::Span(low, high) => self.span(low, high),
        }
    }

    /// The values from one end to another.
    fn span(&mut self, low: &Expr, high: &Expr) -> Checked<Node> {
        let ends = [self.expression(low)?, self.expression(high)?];
        for end in &ends {
            if !matches!(&end.ty, ty if *ty == NUMBER || *ty == Type::Null) {
                return self.refuse(format!("{}の範囲を繰り返すことはできません。", end.ty));
            }
        }
        Ok(imported(Operation::Span { ends }, Type::list(NUMBER)))
    }

    /// A list, or one value as a list of one.
    pub(super) fn iterated(&mut self, list: Node) -> Checked<Node> {
        match &list.ty {
            Type::List(_) | Type::Null => Ok(list),
            Type::Scalar(scalar) if matches!(scalar.0, Shape::Range(_)) => {
                self.refuse("範囲の値を繰り返すことはできません。for i in 1..n と書いてください。")
            }
            ty => {
                let ty = Type::list(ty.clone());
                Ok(applied_alone(list, ty))
            }
        }
    }
}

/// A value as a list of one.
pub(super) fn applied_alone(value: Node, ty: Type) -> Node {
    let alone = |arguments: &[Value]| match arguments {
        [Value::Null] => Vec::new().into(),
        arguments => operators::alone(arguments),
    };
    lenient("alone", alone, vec![value], ty)
}
