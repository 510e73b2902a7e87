//! From the syntax tree to the typed tree: resolves names, fixes types and scales, and gathers
//! every error rather than only the first.

mod call;
pub(crate) mod number;
mod operator;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{Problem, SourceError, Span};
use crate::functions;
use crate::nearest::nearest;
use crate::syntax::{Iteration, Quantifier, Syntax, SyntaxKind};
use crate::tree::{DatePart, Node, NodeKind};
use crate::types::{RecordType, Scope, Type};
use crate::value::Value;

/// The element of a list that a formula is about: its fields stand as they are.
pub(crate) struct Within<'a> {
    /// The element's name.
    pub name: &'a str,
    /// The list, as open questions name it.
    pub list: &'a str,
    /// The element's type.
    pub ty: Type,
}

/// Checks `syntax` and gives the typed tree and the top-level names it uses.
pub(crate) fn check(
    source: &str,
    scope: &Scope,
    syntax: &Syntax,
) -> Result<(Node, BTreeSet<String>), Vec<SourceError>> {
    check_within(source, scope, None, syntax)
}

/// As [`check`], but about one element of a list, which is local 0.
pub(crate) fn check_within(
    source: &str,
    scope: &Scope,
    within: Option<Within<'_>>,
    syntax: &Syntax,
) -> Result<(Node, BTreeSet<String>), Vec<SourceError>> {
    let frames = within.map(|Within { name, list, ty }| Frame {
        name: name.to_owned(),
        is_filter: true,
        ty,
        path: Some(list.to_owned()),
        used: false,
    });
    let frames = frames.into_iter().collect();
    let mut checker = Checker { source, scope, frames, errors: Vec::new(), names: BTreeSet::new() };
    match checker.check(syntax) {
        Some(node) if checker.errors.is_empty() => Ok((node, checker.names)),
        _ => Err(checker.errors),
    }
}

struct Checker<'a> {
    source: &'a str,
    scope: &'a Scope,
    frames: Vec<Frame>,
    errors: Vec<SourceError>,
    names: BTreeSet<String>,
}

/// A name bound by a loop; within a filter also the fields of the element.
struct Frame {
    name: String,
    is_filter: bool,
    ty: Type,
    path: Option<String>,
    used: bool,
}

/// Nobody mends more at once.
const MAX_ERRORS: usize = 20;

/// The name of the element within a filter.
const ITEM: &str = "item";

impl Checker<'_> {
    /// Notes an error; the `None` it gives stands for the node that cannot be made.
    fn fail<T>(&mut self, span: Span, problem: Problem) -> Option<T> {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(SourceError::at(self.source, span, problem));
        }
        None
    }

    fn check(&mut self, syntax: &Syntax) -> Option<Node> {
        let span = syntax.span;
        match &syntax.kind {
            SyntaxKind::Number(number) => {
                let ty = Type::Number { scale: number.scale() };
                Some(Node { kind: NodeKind::Constant((*number).into()), ty, span })
            }
            SyntaxKind::Constant(value) => {
                let ty = constant_type(value);
                Some(Node { kind: NodeKind::Constant(value.clone()), ty, span })
            }
            SyntaxKind::Name(name) => self.name(name, span),
            SyntaxKind::Field { base, name, name_span } => {
                let base = self.check(base)?;
                self.field(base, name, *name_span)
            }
            SyntaxKind::Call { name, name_span, arguments } => {
                self.call(name, *name_span, arguments, span)
            }
            SyntaxKind::Negate(operand) => self.negate(operand, span),
            SyntaxKind::Binary { operator, left, right } => {
                self.binary(*operator, left, right, span)
            }
            SyntaxKind::If { condition, then, otherwise } => {
                self.branch([condition, then, otherwise], span)
            }
            SyntaxKind::Quantified { quantifier, iteration } => {
                self.quantified(*quantifier, iteration, span)
            }
            SyntaxKind::For(iteration) => {
                let (list, body) = self.iteration(iteration)?;
                let ty = Type::list(body.ty.clone());
                Some(Node { kind: NodeKind::For { list, body: Box::new(body) }, ty, span })
            }
            SyntaxKind::Filter { base, filter } => self.filter(base, filter, span),
            SyntaxKind::List(items) => {
                let items = self.all(items)?;
                self.list(items, span)
            }
            SyntaxKind::Record(fields) => self.record(fields, span),
            SyntaxKind::In { value, list } => self.membership(value, list, span),
            SyntaxKind::InRange { value, range } => self.in_range(value, range, span),
        }
    }

    /// All of them, so that errors in each are reported.
    fn all(&mut self, items: &[Syntax]) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = items.iter().map(|item| self.check(item)).collect();
        nodes.into_iter().collect()
    }

    fn both(&mut self, left: &Syntax, right: &Syntax) -> Option<(Node, Node)> {
        let (left, right) = (self.check(left), self.check(right));
        Some((left?, right?))
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Node> {
        for level in (0..self.frames.len()).rev() {
            let frame = &mut self.frames[level];
            let local = Node { kind: NodeKind::Local(level), ty: frame.ty.clone(), span };
            if frame.name == name {
                frame.used = true;
                return Some(local);
            }
            let is_field = matches!(&frame.ty, Type::Record(fields) if fields.get(name).is_some());
            if frame.is_filter && is_field {
                frame.used = true;
                return self.field(local, name, span);
            }
        }
        let Some(ty) = self.scope.get(name) else { return self.unknown_name(name, span) };
        self.names.insert(name.to_owned());
        Some(Node { kind: NodeKind::Fact(name.into()), ty: ty.clone(), span })
    }

    fn unknown_name(&mut self, name: &str, span: Span) -> Option<Node> {
        let problem = Problem::new(format!("「{name}」という名前はありません。"));
        let function = name.split('（').next().filter(|word| *word != name);
        if let Some(word) = function.filter(|word| functions::find(word).is_some()) {
            return self.fail(
                span,
                problem.help(format!("関数の括弧は半角で {word}(…) と書いてください。")),
            );
        }
        if functions::find(name).is_some() {
            return self.fail(
                span,
                problem.help(format!("関数なら {name}(…) のように半角の括弧を付けてください。")),
            );
        }
        if self.errors.len() >= MAX_ERRORS {
            return None;
        }
        let mut candidates: Vec<&str> = self.scope.names().map(|(name, _)| name).collect();
        for frame in &self.frames {
            candidates.push(&frame.name);
            if let (true, Type::Record(fields)) = (frame.is_filter, &frame.ty) {
                candidates.extend(fields.fields().map(|(name, _)| name));
            }
        }
        let help = suggestion(name, candidates);
        self.fail(span, problem.help(help))
    }

    fn field(&mut self, base: Node, name: &str, name_span: Span) -> Option<Node> {
        let span = base.span.to(name_span);
        match base.ty.clone() {
            Type::Record(fields) => self.record_field(base, &fields, name, name_span),
            Type::List(element) => {
                let level = self.frames.len();
                let path = self.path(&base);
                let ty = (*element).clone();
                let local = Node { kind: NodeKind::Local(level), ty, span: base.span };
                self.push_frame(String::new(), &base.ty, path, false);
                let body = self.field(local, name, name_span);
                self.frames.pop();
                let (list, body) = (Box::new(base), body?);
                let ty = Type::list(body.ty.clone());
                Some(Node { kind: NodeKind::For { list, body: Box::new(body) }, ty, span })
            }
            Type::Date => {
                let part = match name {
                    "year" | "年" => DatePart::Year,
                    "month" | "月" => DatePart::Month,
                    "day" | "日" => DatePart::Day,
                    _ => {
                        let problem = Problem::new(format!("日付に「{name}」はありません。"));
                        return self.fail(name_span, problem.help("使えるのは 年 月 日 です。"));
                    }
                };
                let base = Box::new(base);
                Some(Node { kind: NodeKind::DatePart { base, part }, ty: Type::INTEGER, span })
            }
            other => {
                let problem = Problem::new(format!("{other}から「{name}」は取り出せません。"));
                self.fail(name_span, problem.help("「.」の前を項目の組にしてください。"))
            }
        }
    }

    fn record_field(
        &mut self,
        base: Node,
        fields: &Arc<RecordType>,
        name: &str,
        name_span: Span,
    ) -> Option<Node> {
        let Some(ty) = fields.get(name).cloned() else {
            let help = suggestion(name, fields.fields().map(|(name, _)| name));
            let problem = Problem::new(format!("「{name}」という項目はありません。"));
            return self.fail(name_span, problem.help(help));
        };
        let path = match self.path(&base) {
            Some(before) => format!("{before}.{name}"),
            None => name.to_owned(),
        };
        let span = base.span.to(name_span);
        let (base, name) = (Box::new(base), Arc::from(name));
        Some(Node { kind: NodeKind::Field { base, name, path: path.into() }, ty, span })
    }

    /// How an open question names what `node` gives.
    fn path(&self, node: &Node) -> Option<String> {
        match &node.kind {
            NodeKind::Fact(name) => Some(name.to_string()),
            NodeKind::Field { path, .. } => Some(path.to_string()),
            NodeKind::Local(level) => self.frames.get(*level)?.path.clone(),
            NodeKind::Filter { list, .. } | NodeKind::Position { list, .. } => self.path(list),
            NodeKind::For { body, .. } => match &body.kind {
                NodeKind::Field { path, .. } => Some(path.to_string()),
                _ => None,
            },
            NodeKind::Call { arguments, .. } if arguments.len() == 1 => self.path(&arguments[0]),
            _ => None,
        }
    }

    fn push_frame(&mut self, name: String, list: &Type, path: Option<String>, is_filter: bool) {
        let ty = match list {
            Type::List(element) => (**element).clone(),
            _ => Type::Null,
        };
        self.frames.push(Frame { name, is_filter, ty, path, used: false });
    }

    /// The list of a loop; anything else is an error.
    fn list_operand(&mut self, syntax: &Syntax) -> Option<Node> {
        let node = self.check(syntax)?;
        if matches!(node.ty, Type::List(_) | Type::Null) {
            return Some(node);
        }
        let problem = Problem::new(format!("ここには並びが要りますが、{}です。", node.ty));
        self.fail(node.span, problem.help("一つだけの並びは [値] と書きます。"))
    }

    fn iteration(&mut self, iteration: &Iteration) -> Option<(Box<Node>, Node)> {
        let name = &iteration.name;
        let taken = self.scope.get(name).is_some() || self.frames.iter().any(|f| f.name == *name);
        if taken || functions::find(name).is_some() {
            let problem = Problem::new(format!("「{name}」はすでに使われている名前です。"));
            return self.fail(iteration.name_span, problem.help("別の名前を付けてください。"));
        }
        let list = self.list_operand(&iteration.list)?;
        let path = self.path(&list);
        self.push_frame(name.clone(), &list.ty, path, false);
        let body = self.check(&iteration.body);
        self.frames.pop();
        Some((Box::new(list), body?))
    }

    fn quantified(
        &mut self,
        quantifier: Quantifier,
        iteration: &Iteration,
        span: Span,
    ) -> Option<Node> {
        let (list, body) = self.iteration(iteration)?;
        let body = Box::new(self.boolean(body, "satisfies の後")?);
        let kind = NodeKind::Quantified { quantifier, list, body };
        Some(Node { kind, ty: Type::Boolean, span })
    }

    fn filter(&mut self, base: &Syntax, filter: &Syntax, span: Span) -> Option<Node> {
        let list = self.list_operand(base)?;
        let path = self.path(&list);
        self.push_frame(ITEM.into(), &list.ty, path, true);
        let inner = self.check(filter);
        let frame = self.frames.pop();
        let inner = inner?;
        let element = frame.as_ref().map_or(Type::Null, |frame| frame.ty.clone());
        if inner.ty != Type::INTEGER {
            let condition = Box::new(self.boolean(inner, "[ ] の中の条件")?);
            let ty = Type::list(element);
            return Some(Node {
                kind: NodeKind::Filter { list: Box::new(list), condition },
                ty,
                span,
            });
        }
        if frame.is_some_and(|frame| frame.used) {
            let problem = Problem::new("[ ] の中の位置に、要素の項目は使えません。");
            let help = "条件なら = や < で比べ、位置なら要素によらない整数を書いてください。";
            return self.fail(inner.span, problem.help(help));
        }
        let (list, position) = (Box::new(list), Box::new(inner));
        Some(Node { kind: NodeKind::Position { list, position }, ty: element, span })
    }

    fn list(&mut self, items: Vec<Node>, span: Span) -> Option<Node> {
        let mut element = Type::Null;
        for item in &items {
            let Some(joined) = element.join(&item.ty) else {
                let problem =
                    Problem::new(format!("並びの中に{element}と{}が混ざっています。", item.ty));
                return self.fail(item.span, problem.help("並びの要素は同じ型にしてください。"));
            };
            element = joined;
        }
        let items = items.into_iter().map(|item| number::at(item, &element));
        let items: Vec<Node> = items.collect();
        let constants = items.iter().map(|item| match &item.kind {
            NodeKind::Constant(value) => Some(value.clone()),
            _ => None,
        });
        let kind = match constants.collect::<Option<Vec<Value>>>() {
            Some(values) => NodeKind::Constant(values.into()),
            None => NodeKind::List(items),
        };
        Some(Node { kind, ty: Type::list(element), span })
    }

    fn record(&mut self, fields: &[(String, Span, Syntax)], span: Span) -> Option<Node> {
        let mut seen = BTreeSet::new();
        let mut nodes: Vec<(Arc<str>, Node)> = Vec::new();
        let mut complete = true;
        for (name, name_span, value) in fields {
            if !seen.insert(name) {
                let problem = Problem::new(format!("項目「{name}」が二度書かれています。"));
                self.fail::<()>(*name_span, problem.help("どちらかを消してください。"));
            }
            match self.check(value) {
                Some(node) => nodes.push((Arc::from(name.as_str()), node)),
                None => complete = false,
            }
        }
        let ty = Type::record(nodes.iter().map(|(name, node)| (name.to_string(), node.ty.clone())));
        complete.then_some(Node { kind: NodeKind::Record(nodes), ty, span })
    }
}

fn constant_type(value: &Value) -> Type {
    match value {
        Value::Text(_) => Type::Text,
        Value::Boolean(_) => Type::Boolean,
        _ => Type::Null,
    }
}

fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(name, candidates);
    if near.is_empty() {
        return "綴りを確かめるか、定義に名前を加えてください。".to_owned();
    }
    format!("「{}」の間違いではありませんか。", near.join("」か「"))
}
