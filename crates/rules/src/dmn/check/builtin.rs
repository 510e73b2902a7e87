//! The functions of FEEL: which signature fits, and those whose result depends on more.

use super::call::Given;
use super::convert::converted;
use super::loops::element_of;
use super::{Checked, Checker, Part, constant, imported, lenient, local, node, null};
use crate::dmn::feel::{Arguments, Expr, parse_expression};
use crate::dmn::functions::{Apply, lists};
use crate::dmn::operation::{Action, Function, Operation};
use crate::dmn::pattern::{self, Fail};
use crate::dmn::scalar::{DAYS, Form, Kind, MONTHS, NUMBER, Shape};
use crate::dmn::signature::{self, Parameter, Pattern, Signature};
use crate::dmn::temporal::{read_days, read_months};
use crate::dmn::value::{order, text};
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::{Record, Value};

/// An argument with its name, checked.
type Typed<'e> = Vec<(Option<&'e str>, Node)>;

impl<'p> Checker<'p> {
    pub(super) fn builtin(&mut self, name: &str, given: Given<'_, 'p>) -> Checked<Node> {
        if signature::is_special(name) {
            return self.special(name, given);
        }
        let signatures = signature::find(name);
        if signatures.is_empty() {
            return self.refuse(format!("「{name}」という関数はありません。"));
        }
        let typed = self.typed(given)?;
        if matches!(name, "time" | "date and time") {
            for (_, argument) in &typed {
                if let NodeKind::Constant(value) = &argument.kind {
                    self.no_zone(text(value).unwrap_or_default())?;
                }
            }
        }
        if name == "string" && !typed.iter().all(|(_, argument)| has_text(&argument.ty)) {
            return self.refuse("この型の値を文字にした形は決まっていないので扱いません。");
        }
        for lenient in [false, true] {
            let fitting = signatures.iter().find_map(|signature| fit(signature, &typed, lenient));
            if let Some(node) = fitting {
                return Ok(node);
            }
        }
        let types: Vec<String> = typed.iter().map(|(_, node)| node.ty.to_string()).collect();
        self.refuse(format!(
            "関数「{name}」を（{}）で呼ぶことはできません。引数の数・名前・型を確かめてください。",
            types.join("、")
        ))
    }

    fn typed<'e>(&mut self, given: Given<'e, 'p>) -> Checked<Typed<'e>> {
        given.into_iter().map(|(name, part)| Ok((name, self.part(part)?))).collect()
    }

    fn special(&mut self, name: &str, given: Given<'_, 'p>) -> Checked<Node> {
        match name {
            "sort" => {
                let Some(list) = argument(&given, 0, "list") else { return self.count(name) };
                let list = self.part(list)?;
                self.sort(list, argument(&given, 1, "precedes"))
            }
            "now" | "today" => self.refuse(format!(
                "「{name}」は扱いません。規則は時計を持ちません。日付を入力にしてください。"
            )),
            "context" => self.refuse("context は作る項目が式から決まらないので扱いません。"),
            _ => {
                let typed = self.typed(given)?;
                self.special_of(name, typed)
            }
        }
    }

    /// A function over a regular expression, which must stand in the text.
    fn pattern(&mut self, action: Action, typed: Typed<'_>) -> Checked<Node> {
        let (name, parameters): (&str, &[&str]) = match action {
            Action::Matches => ("matches", &["input", "pattern", "flags"]),
            Action::Replace => ("replace", &["input", "pattern", "replacement", "flags"]),
            Action::Split => ("split", &["string", "delimiter"]),
        };
        let mut typed = typed;
        if typed.len() + 1 == parameters.len() && action != Action::Split {
            let named = typed.first().is_some_and(|(name, _)| name.is_some());
            typed.push((named.then_some("flags"), constant("", Type::Text)));
        }
        let Some(mut arguments) = placed(parameters, typed) else { return self.count(name) };
        if let Some(wrong) = arguments.iter().find(|a| !matches!(a.ty, Type::Text | Type::Null)) {
            return self.refuse(format!("関数「{name}」に{}は渡せません。", wrong.ty));
        }
        let flags = if action == Action::Split { None } else { arguments.pop() };
        let written = |node: &Node| match &node.kind {
            NodeKind::Constant(value @ (Value::Text(_) | Value::Null)) => {
                Some(text(value).map(str::to_owned))
            }
            _ => None,
        };
        let (Some(pattern), Some(flags)) =
            (written(&arguments[1]), flags.as_ref().map_or(Some(None), written))
        else {
            return self
                .refuse(format!("関数「{name}」の正規表現は文字（\"…\"）で直接書いてください。"));
        };
        let Some(pattern) = pattern else { return Ok(null()) };
        let pattern = match pattern::compile(&pattern, flags.as_deref().unwrap_or_default()) {
            Ok(pattern) if action != Action::Matches && pattern.matches_nothing() => {
                return if action == Action::Replace {
                    Ok(null())
                } else {
                    self.refuse("空の文字に当たる正規表現では分けられません。")
                };
            }
            Ok(pattern) => pattern,
            Err(Fail::Invalid) => return Ok(null()),
            Err(Fail::Unsupported(what)) => return self.refuse(format!("{what}は扱いません。")),
        };
        arguments.remove(1);
        let ty = match action {
            Action::Matches => Type::Boolean,
            Action::Replace => Type::Text,
            Action::Split => Type::list(Type::Text),
        };
        Ok(imported(Operation::Pattern { pattern, action, arguments }, ty))
    }

    fn count<T>(&self, name: &str) -> Checked<T> {
        self.refuse(format!("関数「{name}」の引数の数か名前が違います。"))
    }

    fn special_of(&mut self, name: &str, typed: Typed<'_>) -> Checked<Node> {
        let parameters: &[&str] = match name {
            "duration" | "range" => &["from"],
            "flatten" => &["list"],
            "matches" => return self.pattern(Action::Matches, typed),
            "replace" => return self.pattern(Action::Replace, typed),
            "split" => return self.pattern(Action::Split, typed),
            "get value" => &["m", "key"],
            "get entries" => &["m"],
            "context put" if typed.iter().any(|(name, _)| *name == Some("keys")) => {
                &["context", "keys", "value"]
            }
            "context put" => &["context", "key", "value"],
            _ => &["contexts"],
        };
        let single = typed.iter().any(|(name, _)| *name == Some("key"));
        let Some(arguments) = placed(parameters, typed) else { return self.count(name) };
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().unwrap_or_else(null);
        match name {
            "duration" => self.duration(&next()),
            "range" => self.range_from(&next()),
            "flatten" => self.flatten(next()),
            "get value" => {
                let (base, key) = (next(), next());
                let key = self.written_key(name, &key)?;
                self.path(base, &key)
            }
            "get entries" => self.get_entries(next()),
            "context put" => {
                let (base, key, value) = (next(), next(), next());
                let keys = match &key.kind {
                    NodeKind::List(keys) if !single => keys.as_slice(),
                    _ => std::slice::from_ref(&key),
                };
                let keys: Checked<Vec<String>> =
                    keys.iter().map(|key| self.written_key(name, key)).collect();
                self.context_put_at(base, &keys?, value)
            }
            _ => {
                let contexts = next();
                let ty = element_of(&contexts);
                if !matches!(ty, Type::Record(_)) {
                    return self.refuse(format!("context merge に{}は渡せません。", contexts.ty));
                }
                Ok(lenient("context merge", merged, vec![contexts], ty))
            }
        }
    }

    /// A key that must stand in the text, so that the type is known.
    fn written_key(&self, name: &str, key: &Node) -> Checked<String> {
        match &key.kind {
            NodeKind::Constant(Value::Text(text)) => Ok(text.to_string()),
            _ => self.refuse(format!("「{name}」の鍵は文字（\"…\"）で直接書いてください。")),
        }
    }

    /// Which of the two durations it is must be seen from the text.
    fn duration(&mut self, from: &Node) -> Checked<Node> {
        if from.ty == Type::Null {
            return Ok(null());
        }
        let NodeKind::Constant(Value::Text(text)) = &from.kind else {
            return self.refuse(
                "duration(…) の種類（年月か日時か）が式から決まりません。型 dayTimeDuration か \
                 yearMonthDuration を付けるか、文字を直接書いてください。",
            );
        };
        let days = read_days(text).map(|nanos| constant(Kind::Days(nanos).value(), DAYS));
        let months =
            || read_months(text).map(|count| constant(Kind::Months(count).value(), MONTHS));
        Ok(days.or_else(months).unwrap_or_else(null))
    }

    /// `duration(x)` where one of the two durations is declared; the other is null there.
    pub(super) fn duration_as(
        &mut self,
        call: &Expr,
        wanted: Option<&str>,
    ) -> Checked<Option<Node>> {
        let Expr::Call(callee, Arguments::Placed(arguments)) = call else { return Ok(None) };
        let ([argument], Expr::Name(name), Some(wanted)) =
            (arguments.as_slice(), &**callee, wanted)
        else {
            return Ok(None);
        };
        let wanted = self.definition(wanted)?.map(|definition| definition.ty);
        if name != "duration" || self.lookup(name).is_some() || matches!(argument, Expr::Text(_)) {
            return Ok(None);
        }
        let (apply, ty): (Apply, Type) = match wanted {
            Some(ty) if ty == DAYS => (
                |a| {
                    let nanos = a.first().and_then(text).and_then(read_days);
                    nanos.map_or(Value::Null, |nanos| Kind::Days(nanos).value())
                },
                ty,
            ),
            Some(ty) if ty == MONTHS => (
                |a| {
                    let months = a.first().and_then(text).and_then(read_months);
                    months.map_or(Value::Null, |months| Kind::Months(months).value())
                },
                ty,
            ),
            _ => return Ok(None),
        };
        let argument = self.expression(argument)?;
        if argument.ty != Type::Text {
            return Ok(None);
        }
        Ok(Some(lenient("duration", apply, vec![argument], ty)))
    }

    fn flatten(&mut self, list: Node) -> Checked<Node> {
        let mut element = list.ty.clone();
        while let Type::List(inner) = &element {
            element = (**inner).clone();
        }
        let apply: Apply = |arguments| match arguments {
            [Value::List(items)] => lists::flatten(items).into(),
            _ => Value::Null,
        };
        Ok(lenient("flatten", apply, vec![list], Type::list(element)))
    }

    fn get_entries(&mut self, base: Node) -> Checked<Node> {
        let Type::Record(fields) = &base.ty else {
            return self.refuse(format!("get entries に{}は渡せません。", base.ty));
        };
        let mut value = Type::Null;
        for (name, ty) in fields.fields() {
            match super::types::join(&value, ty) {
                Some(joined) => value = joined,
                None => {
                    return self.refuse(format!(
                        "get entries の項目の型が揃っていません（「{name}」は{ty}）。"
                    ));
                }
            }
        }
        let entry = Type::record([("key".to_owned(), Type::Text), ("value".to_owned(), value)]);
        Ok(lenient("get entries", entries, vec![base], Type::list(entry)))
    }

    /// Puts a value below the keys, each within the record of the one before.
    fn context_put_at(&mut self, base: Node, keys: &[String], value: Node) -> Checked<Node> {
        let (key, rest) = match keys {
            [] => return self.refuse("context put の鍵がありません。"),
            [key] => return self.context_put(base, key, value),
            [key, rest @ ..] => (key, rest),
        };
        let (level, ty) = (self.depth, base.ty.clone());
        let body = self.with_locals(vec![(String::new(), ty.clone())], |checker| {
            let inner = checker.path(local(level, ty.clone()), key)?;
            let inner = checker.context_put_at(inner, rest, value)?;
            checker.context_put(local(level, ty), key, inner)
        })?;
        let ty = body.ty.clone();
        Ok(imported(Operation::Let { values: vec![base], body }, ty))
    }

    fn context_put(&mut self, base: Node, key: &str, value: Node) -> Checked<Node> {
        let Type::Record(fields) = &base.ty else {
            return self.refuse(format!("context put に{}は渡せません。", base.ty));
        };
        let others = fields.fields().filter(|(name, _)| *name != key);
        let mut types: Vec<(String, Type)> =
            others.map(|(name, ty)| (name.to_owned(), ty.clone())).collect();
        types.push((key.to_owned(), value.ty.clone()));
        let key = constant(key, Type::Text);
        // A null context gives null; a null value is put like any other.
        let function = Function { name: "context put", apply: put, strict: 1 };
        let arguments = vec![base, key, value];
        Ok(imported(Operation::Apply { function, arguments }, Type::record(types)))
    }

    /// A range from a text that stands in the expression; only written ends are taken.
    fn range_from(&mut self, from: &Node) -> Checked<Node> {
        if from.ty == Type::Null {
            return Ok(null());
        }
        let NodeKind::Constant(Value::Text(text)) = &from.kind else {
            return self.refuse("range(…) の型が式から決まりません。文字を直接書いてください。");
        };
        let Ok(Expr::Range(ends)) = parse_expression(text, &self.names()) else {
            return Ok(null());
        };
        let (Some(low), Some(high)) = (&ends.low, &ends.high) else { return Ok(null()) };
        if ends.form != Form::Between || !is_written(low) || !is_written(high) {
            return Ok(null());
        }
        let range = self.expression(&Expr::Range(ends.clone()))?;
        let values = [low, high].map(|end| self.expression(end));
        let [Ok(low), Ok(high)] = values else { return Ok(range) };
        let ends = [&low, &high]
            .map(|end| crate::evaluate::evaluate(end, &Record::new(), None).unwrap_or(Value::Null));
        let descends = order(&ends[0], &ends[1]).is_none_or(std::cmp::Ordering::is_gt);
        Ok(if descends { null() } else { range })
    }
}

/// Whether an end of a range is a plain literal.
fn is_written(end: &Expr) -> bool {
    match end {
        Expr::Number(_) | Expr::Text(_) | Expr::At(_) => true,
        Expr::Negate(inner) => matches!(**inner, Expr::Number(_)),
        Expr::Call(callee, Arguments::Placed(arguments)) => {
            let names = ["date", "time", "date and time", "duration"];
            matches!(&**callee, Expr::Name(name) if names.contains(&name.as_str()))
                && matches!(arguments.as_slice(), [Expr::Text(_)])
        }
        _ => false,
    }
}

/// Whether FEEL says how a value of this type is written.
fn has_text(ty: &Type) -> bool {
    fn plain(ty: &Type) -> bool {
        match ty {
            Type::List(element) => plain(element),
            ty => matches!(ty, Type::Text | Type::Boolean | Type::Null) || *ty == NUMBER,
        }
    }
    match ty {
        Type::Scalar(scalar) => !matches!(scalar.0, Shape::Range(_)),
        ty => plain(ty),
    }
}

fn argument<'e, 'p>(given: &Given<'e, 'p>, place: usize, name: &str) -> Option<Part<'e, 'p>> {
    let named = given.iter().find(|(found, _)| *found == Some(name));
    let placed = given.get(place).filter(|(name, _)| name.is_none());
    named.or(placed).map(|(_, part)| *part)
}

/// Arguments in the order of the parameters; `None` if they are not exactly those.
fn placed(parameters: &[&str], typed: Typed<'_>) -> Option<Vec<Node>> {
    if typed.len() != parameters.len() {
        return None;
    }
    let mut places: Vec<Option<Node>> = parameters.iter().map(|_| None).collect();
    for (place, (name, node)) in typed.into_iter().enumerate() {
        let place = match name {
            Some(name) => parameters.iter().position(|known| *known == name)?,
            None => place,
        };
        places[place] = Some(node);
    }
    places.into_iter().collect()
}

/// The arguments for each parameter of a signature.
fn spread<'n>(signature: &Signature, typed: &'n Typed<'_>) -> Option<Vec<Vec<&'n Node>>> {
    let mut spread: Vec<Vec<&Node>> = signature.parameters.iter().map(|_| Vec::new()).collect();
    let last = signature.parameters.len().checked_sub(1)?;
    for (place, (name, node)) in typed.iter().enumerate() {
        let place = match name {
            Some(name) => signature.parameters.iter().position(|known| known.name == *name)?,
            None if place > last && signature.parameters[last].many => last,
            None => place,
        };
        spread.get_mut(place)?.push(node);
    }
    let complete = spread.iter().zip(&signature.parameters).all(|(found, parameter)| {
        let most = if parameter.many { usize::MAX } else { 1 };
        (!found.is_empty() || parameter.optional) && found.len() <= most
    });
    complete.then_some(spread)
}

/// The call of a function by one signature, if the arguments fit; `lenient` with conversions.
fn fit(signature: &Signature, typed: &Typed<'_>, lenient: bool) -> Option<Node> {
    let mut variable = Type::Null;
    let (mut arguments, mut strict) = (Vec::new(), 0_u32);
    for (place, found) in spread(signature, typed)?.into_iter().enumerate() {
        let parameter = &signature.parameters[place];
        let mut nodes = Vec::new();
        for node in &found {
            nodes.push(fitted(parameter, (*node).clone(), &mut variable, lenient)?);
        }
        if !parameter.nullable && !parameter.many && !found.is_empty() {
            strict |= 1 << place;
        }
        arguments.push(if parameter.many {
            let ty = parameter.pattern.resolve(&variable);
            node(NodeKind::List(nodes), Type::list(ty))
        } else {
            nodes.pop().unwrap_or_else(null)
        });
    }
    let function = Function { name: signature.name, apply: signature.apply, strict };
    let ty = signature.result.resolve(&variable);
    Some(imported(Operation::Apply { function, arguments }, ty))
}

fn fitted(
    parameter: &Parameter,
    argument: Node,
    variable: &mut Type,
    lenient: bool,
) -> Option<Node> {
    if parameter.pattern.fits(&argument.ty, variable) {
        return Some(argument);
    }
    if !lenient {
        return None;
    }
    let wanted = match &parameter.pattern {
        Pattern::Exactly(ty) => ty.clone(),
        Pattern::List(element) => {
            if !element.fits(&argument.ty, variable) {
                return None;
            }
            Type::list(argument.ty.clone())
        }
        _ => return None,
    };
    converted(argument, &wanted)
}

fn entries(arguments: &[Value]) -> Value {
    let [Value::Record(record)] = arguments else { return Value::Null };
    let entry = |(name, value): (&str, &Value)| {
        Value::from(Record::new().with("key", name).with("value", value.clone()))
    };
    record.iter().map(entry).collect::<Vec<_>>().into()
}

fn put(arguments: &[Value]) -> Value {
    let [Value::Record(record), Value::Text(key), value] = arguments else { return Value::Null };
    let mut record = (**record).clone();
    record.insert(key.clone(), value.clone());
    record.into()
}

fn merged(arguments: &[Value]) -> Value {
    let [Value::List(records)] = arguments else { return Value::Null };
    let mut whole = Record::new();
    for record in records.iter() {
        let Value::Record(record) = record else { return Value::Null };
        for (name, value) in record.iter() {
            whole.insert(name, value.clone());
        }
    }
    whole.into()
}
