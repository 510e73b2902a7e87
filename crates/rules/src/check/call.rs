//! Calls in the checker.

use super::{Checker, number, suggestion};
use crate::error::{Problem, Span};
use crate::functions::{self, Function};
use crate::syntax::{Quantifier, Syntax, SyntaxKind};
use crate::tree::{Node, NodeKind};
use crate::types::Type;
use crate::value::{Date, Duration, Value};

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_span: Span,
        arguments: &[Syntax],
        span: Span,
    ) -> Option<Node> {
        let Some(function) = functions::find(name) else {
            let problem = Problem::new(format!("「{name}」という関数はありません。"));
            let help = suggestion(name, functions::names());
            return self.fail(name_span, problem.help(help));
        };
        if let Function::Round(rounding) = function {
            return self.round(rounding, arguments, span);
        }
        if let Some(constant) = self.literal(function, arguments, span) {
            return constant;
        }
        let nodes = self.all(arguments)?;
        if let Some((wanted, ty)) = functions::signature(function) {
            self.fixed(name, wanted, &nodes, span)?;
            return Some(call(function, nodes, ty, span));
        }
        self.overloaded(function, name, nodes, span)
    }

    /// `date("…")` and `duration("…")`: constants, read here and never when running.
    fn literal(
        &mut self,
        function: Function,
        arguments: &[Syntax],
        span: Span,
    ) -> Option<Option<Node>> {
        let [argument] = arguments else { return None };
        if !matches!(function, Function::Date | Function::Duration) {
            return None;
        }
        let SyntaxKind::Constant(Value::Text(text)) = &argument.kind else {
            let problem = Problem::new("date と duration の中には、文字をそのまま書きます。");
            let help = "date(\"2026-04-01\") か date(年, 月, 日) と書いてください。";
            return Some(self.fail(argument.span, problem.help(help)));
        };
        let constant = |value: Value, ty| Node { kind: NodeKind::Constant(value), ty, span };
        if function == Function::Date {
            let plain = text.len() == 10 && text.is_ascii();
            let Some(date) = plain.then(|| text.parse::<Date>().ok()).flatten() else {
                let problem = Problem::new(format!("「{text}」は日付ではありません。"));
                let help = "実在する日を date(\"2026-04-01\") の形で書いてください。";
                return Some(self.fail(argument.span, problem.help(help)));
            };
            return Some(Some(constant(date.into(), Type::Date)));
        }
        Some(match text.parse::<Duration>() {
            Ok(duration) => Some(constant(duration.into(), Type::Duration)),
            Err(error) => self.fail(argument.span, Problem::new(format!("「{text}」は{error}"))),
        })
    }

    fn count(&mut self, name: &str, wanted: &str, span: Span) -> Option<Node> {
        let problem = Problem::new(format!("「{name}」に渡す値の数が違います。"));
        self.fail(span, problem.help(format!("{wanted}と書いてください。")))
    }

    fn fixed(&mut self, name: &str, wanted: &[Type], nodes: &[Node], span: Span) -> Option<()> {
        if wanted.len() != nodes.len() {
            let list: Vec<String> = wanted.iter().map(Type::to_string).collect();
            self.count(name, &format!("{name}({})", list.join(", ")), span)?;
        }
        let mut complete = Some(());
        for (index, (wanted, node)) in wanted.iter().zip(nodes).enumerate() {
            if node.ty != Type::Null && node.ty != *wanted {
                complete = self.wrong_argument(name, index, &wanted.to_string(), node);
            }
        }
        complete
    }

    fn wrong_argument<T>(
        &mut self,
        name: &str,
        index: usize,
        wanted: &str,
        node: &Node,
    ) -> Option<T> {
        let problem = Problem::new(format!(
            "「{name}」の{}番目は{wanted}のはずですが、{}です。",
            index + 1,
            node.ty
        ));
        self.fail(node.span, problem.help(format!("{wanted}の項目か式にしてください。")))
    }

    fn overloaded(
        &mut self,
        function: Function,
        name: &str,
        mut nodes: Vec<Node>,
        span: Span,
    ) -> Option<Node> {
        match (function, nodes.len()) {
            (Function::Contains | Function::ListContains, 2) => self.contains(name, nodes, span),
            (Function::Sum | Function::Min | Function::Max, 1..) => {
                self.aggregate(function, name, nodes, span)
            }
            (Function::Concat, 1..) => self.concat(name, nodes, span),
            (Function::ValueOr, 2) => self.value_or(nodes, span),
            (Function::IsUnknown, 1) => Some(call(function, nodes, Type::Boolean, span)),
            (Function::Abs, 1) => {
                let (node, scale) = self.number(nodes.remove(0), "abs の中")?;
                Some(call(function, vec![node], Type::Number { scale }, span))
            }
            (Function::Text, 1) => match nodes[0].ty {
                Type::List(_) | Type::Record(_) => {
                    self.wrong_argument(name, 0, "数・日付・真偽", &nodes[0])
                }
                _ => Some(call(function, nodes, Type::Text, span)),
            },
            (Function::Date, 3) => {
                self.fixed(name, &[Type::INTEGER, Type::INTEGER, Type::INTEGER], &nodes, span)?;
                Some(call(function, nodes, Type::Date, span))
            }
            (
                Function::Count
                | Function::Empty
                | Function::First
                | Function::Last
                | Function::Distinct,
                1,
            ) => self.of_list(function, name, nodes.remove(0), span),
            _ => self.count(name, usage(function), span),
        }
    }

    fn value_or(&mut self, nodes: Vec<Node>, span: Span) -> Option<Node> {
        let Some(ty) = nodes[0].ty.join(&nodes[1].ty) else {
            let wanted = nodes[0].ty.to_string();
            return self.wrong_argument("value or", 1, &wanted, &nodes[1]);
        };
        let nodes = nodes.into_iter().map(|node| number::at(node, &ty)).collect();
        Some(call(Function::ValueOr, nodes, ty, span))
    }

    fn contains(&mut self, name: &str, mut nodes: Vec<Node>, span: Span) -> Option<Node> {
        let what = nodes.pop()?;
        let whole = nodes.pop()?;
        match (&whole.ty, &what.ty) {
            (Type::List(_), _) => self.contained(what, whole, span),
            (Type::Text | Type::Null, Type::Text | Type::Null) => {
                Some(call(Function::Contains, vec![whole, what], Type::Boolean, span))
            }
            (Type::Text | Type::Null, _) => self.wrong_argument(name, 1, "文字", &what),
            _ => self.wrong_argument(name, 0, "文字か並び", &whole),
        }
    }

    /// Sum, least and greatest: of one list, or of values written one after the other.
    fn aggregate(
        &mut self,
        function: Function,
        name: &str,
        mut nodes: Vec<Node>,
        span: Span,
    ) -> Option<Node> {
        let list = match &nodes[..] {
            [node] if matches!(node.ty, Type::List(_) | Type::Null) => nodes.remove(0),
            _ => self.list(nodes, span)?,
        };
        let element = match &list.ty {
            Type::List(element) => (**element).clone(),
            _ => Type::Null,
        };
        let (fits, wanted) = match function {
            Function::Sum => (matches!(element, Type::Number { .. } | Type::Null), "数の並び"),
            _ => (element.is_ordered(), "数・日付・文字の並び"),
        };
        if !fits {
            return self.wrong_argument(name, 0, wanted, &list);
        }
        let ty = match (function, element) {
            (Function::Sum, Type::Null) => Type::INTEGER,
            (_, element) => element,
        };
        Some(call(function, vec![list], ty, span))
    }

    fn concat(&mut self, name: &str, nodes: Vec<Node>, span: Span) -> Option<Node> {
        let lists = nodes.iter().any(|node| matches!(node.ty, Type::List(_)));
        let mut ty = if lists { Type::list(Type::Null) } else { Type::Text };
        for (index, node) in nodes.iter().enumerate() {
            let Some(joined) = ty.join(&node.ty) else {
                let wanted = if lists { "同じ型の並び" } else { "文字" };
                return self.wrong_argument(name, index, wanted, node);
            };
            ty = joined;
        }
        Some(call(Function::Concat, nodes, ty, span))
    }

    fn of_list(&mut self, function: Function, name: &str, list: Node, span: Span) -> Option<Node> {
        let element = match &list.ty {
            Type::List(element) => (**element).clone(),
            Type::Null => Type::Null,
            _ => return self.wrong_argument(name, 0, "並び", &list),
        };
        let ty = match function {
            Function::Count => Type::INTEGER,
            Function::Empty => Type::Boolean,
            Function::Distinct => list.ty.clone(),
            _ => element,
        };
        // `empty(list[condition])` asks no more than whether one is found.
        if function == Function::Empty
            && let NodeKind::Filter { list, condition } = list.kind
        {
            let quantifier = Quantifier::Some;
            let kind = NodeKind::Quantified { quantifier, list, body: condition };
            let found = Node { kind, ty: Type::Boolean, span };
            return Some(call(Function::Not, vec![found], ty, span));
        }
        Some(call(function, vec![list], ty, span))
    }
}

fn call(function: Function, arguments: Vec<Node>, ty: Type, span: Span) -> Node {
    Node { kind: NodeKind::Call { function, arguments }, ty, span }
}

fn usage(function: Function) -> &'static str {
    match function {
        Function::Abs => "abs(数)",
        Function::Concat => "concat(文字, 文字)",
        Function::Contains => "contains(文字, 文字)",
        Function::Count => "count(並び)",
        Function::Date => "date(\"2026-04-01\") または date(年, 月, 日)",
        Function::Distinct => "distinct(並び)",
        Function::Duration => "duration(\"P14D\")",
        Function::Empty => "empty(並び)",
        Function::First => "first(並び)",
        Function::IsUnknown => "is unknown(値)",
        Function::Last => "last(並び)",
        Function::ListContains => "list contains(並び, 値)",
        Function::Max => "max(並び)",
        Function::Min => "min(並び)",
        Function::Sum => "sum(並び)",
        Function::Text => "string(値)",
        _ => "value or(値, なしのときの値)",
    }
}
