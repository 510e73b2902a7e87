//! What cannot run over columns, said when a program is made and never when it runs.

use super::batch::Dictionary;
use crate::functions::Function;
use crate::law::Plan;
use crate::tree::{Arithmetic, Node, NodeKind};
use crate::types::Type;
use crate::value::Value;

/// What cannot run over columns, by rule.
pub(super) fn refused(plan: &Plan) -> Vec<String> {
    let mut refused = Vec::new();
    for step in &plan.steps {
        let mut found = Vec::new();
        if matches!(step.node.ty, Type::List(_) | Type::Record(_) | Type::Duration) {
            found.push("並びや組や期間を求める規則".to_owned());
        }
        check(&step.node, false, &mut found);
        found.dedup();
        refused.extend(found.into_iter().map(|what| {
            format!("規則「{}」の{what}は、まとめての計算にまだ使えません", step.rule.name)
        }));
    }
    refused
}

fn check(node: &Node, as_list: bool, found: &mut Vec<String>) {
    let mut refuse = |what: &str| found.push(what.to_owned());
    match &node.kind {
        NodeKind::Record(_) => refuse("項目の組"),
        NodeKind::Imported(_) => refuse("取り込んだモデルの式"),
        NodeKind::List(_) | NodeKind::For { .. } | NodeKind::Filter { .. } if !as_list => {
            refuse("並びの値");
        }
        NodeKind::Quantified { list, .. }
        | NodeKind::For { list, .. }
        | NodeKind::Filter { list, .. }
        | NodeKind::Position { list, .. }
            if is_written(list) =>
        {
            refuse("書き並べた値についての繰り返しや絞り込み");
        }
        NodeKind::Constant(Value::Duration(_)) => refuse("期間"),
        NodeKind::Arithmetic { operation, .. } => {
            use Arithmetic::{Add, Multiply, Subtract};
            if !matches!(operation, Add | Subtract | Multiply) {
                refuse("文字や日付の足し引き");
            }
        }
        NodeKind::Compare { left, right, comparison } => {
            let is_text = left.ty == Type::Text || right.ty == Type::Text;
            use crate::syntax::Comparison::{Equal, NotEqual};
            if is_text && !matches!(comparison, Equal | NotEqual) {
                refuse("文字の大小");
            }
            if [left, right]
                .iter()
                .any(|side| matches!(side.ty, Type::List(_) | Type::Record(_) | Type::Duration))
            {
                refuse("並びや組の比較");
            }
        }
        NodeKind::InRange { value, .. } if value.ty == Type::Text => refuse("文字の範囲"),
        NodeKind::Field { base, .. } if !matches!(base.kind, NodeKind::Local(_)) => {
            refuse("要素のほかの項目");
        }
        NodeKind::Call { function, arguments } => call(*function, arguments, &mut refuse),
        _ => {}
    }
    let lists = list_places(node);
    for (at, child) in node.children().into_iter().enumerate() {
        check(child, lists.contains(&at), found);
    }
}

fn is_written(list: &Node) -> bool {
    matches!(list.kind, NodeKind::List(_) | NodeKind::Constant(_))
}

/// Which children are taken as lists.
fn list_places(node: &Node) -> &'static [usize] {
    match &node.kind {
        NodeKind::Quantified { .. }
        | NodeKind::For { .. }
        | NodeKind::Filter { .. }
        | NodeKind::Position { .. } => &[0],
        NodeKind::In { .. } => &[1],
        NodeKind::Call { function, .. } if of_list(*function) => &[0],
        _ => &[],
    }
}

fn of_list(function: Function) -> bool {
    use Function::{Count, Empty, First, Last, Max, Min, Sum};
    matches!(function, Count | Empty | First | Last | Max | Min | Sum)
}

fn call(function: Function, arguments: &[Node], refuse: &mut impl FnMut(&str)) {
    use Function::{
        Abs, AddMonths, AddYears, Age, AgeReached, Date, DaysBetween, FiscalYear, FiscalYearEnd,
        IsUnknown, Max, Min, MonthEnd, MonthStart, Not, ValueOr,
    };
    let known = matches!(
        function,
        Abs | AddMonths
            | AddYears
            | Age
            | AgeReached
            | Date
            | DaysBetween
            | FiscalYear
            | FiscalYearEnd
            | IsUnknown
            | MonthEnd
            | MonthStart
            | Not
            | ValueOr
    );
    if !known && !of_list(function) {
        refuse("文字・日数・営業日の関数");
    }
    let element = |node: &Node| match &node.ty {
        Type::List(element) => Some((**element).clone()),
        _ => None,
    };
    let element = arguments.first().and_then(element);
    if matches!(function, Max | Min) && element == Some(Type::Text) {
        refuse("文字の最大・最小");
    }
    if matches!(function, Function::First | Function::Last)
        && matches!(element, Some(Type::Record(_)))
    {
        refuse("要素の組");
    }
}

/// Every text of the rules gets its number.
pub(super) fn texts(plan: &Plan, dictionary: &mut Dictionary) {
    for step in &plan.steps {
        gather(&step.node, dictionary);
    }
}

fn gather(node: &Node, dictionary: &mut Dictionary) {
    if let NodeKind::Constant(value) = &node.kind {
        gather_value(value, dictionary);
    }
    node.children().into_iter().for_each(|child| gather(child, dictionary));
}

fn gather_value(value: &Value, dictionary: &mut Dictionary) {
    match value {
        Value::Text(text) => {
            dictionary.number(text);
        }
        Value::List(items) => items.iter().for_each(|item| gather_value(item, dictionary)),
        _ => {}
    }
}
