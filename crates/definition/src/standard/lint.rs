//! Reads a standard against itself: where its items and its interfaces disagree, and what it leaves
//! undecided. It judges no package and decides for neither side.

mod open;
mod pair;

use super::{Group, Interface, Output, Parameter, Standard, StandardItem};
use crate::model::Located;

/// What kind of disagreement or gap it is, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 桁数.
    Length,
    /// データ型.
    Type,
    /// 名称 and パラメータ名 of what seems to be one item.
    Name,
    /// パラメータ名 of an item of the same name.
    Romaji,
    /// An item that must be carried and is not.
    WithoutParameter,
    /// A parameter that is recorded nowhere.
    WithoutItem,
    /// 繰り返し.
    Repeats,
    /// データ出力条件.
    Condition,
    /// Values with a meaning of their own.
    Special,
    /// Nothing disagrees, but something that must be known is not laid down.
    Open,
}

impl Fault {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Length => "桁数",
            Fault::Type => "データ型",
            Fault::Name => "名称とローマ字名",
            Fault::Romaji => "ローマ字名",
            Fault::WithoutParameter => "引数のない項目",
            Fault::WithoutItem => "項目定義のない引数",
            Fault::Repeats => "繰り返し",
            Fault::Condition => "出力条件",
            Fault::Special => "特別な値",
            Fault::Open => "定めのないこと",
        }
    }
}

/// One place where the standard disagrees with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Kind.
    pub fault: Fault,
    /// The item, parameter or matter in question.
    pub subject: String,
    /// Where the items say it; `None` when they do not.
    pub item: Option<Located>,
    /// Where the interface says it; `None` when it does not.
    pub interface: Option<Located>,
    /// What disagrees, with both values.
    pub words: String,
    /// What its author should do.
    pub fix: String,
}

/// Every disagreement between the items and the interfaces of a standard, then its gaps.
pub fn lint(standard: &Standard) -> Vec<Disagreement> {
    let mut out = Vec::new();
    for interface in &standard.interfaces {
        if let Some(group) = standard.groups.iter().find(|one| one.name == interface.group) {
            compare(group, interface, &mut out);
        }
    }
    open::find(standard, &mut out);
    out.sort_by_key(|one| one.fault);
    out
}

fn compare(group: &Group, interface: &Interface, out: &mut Vec<Disagreement>) {
    let request = &interface.request.parameters;
    let pairs = pair::pairs(&group.items, request);
    for (item, paired) in group.items.iter().zip(&pairs) {
        match paired.map(|index| &request[index]) {
            Some(parameter) => compare_pair(item, parameter, out),
            None => without_parameter(item, interface, out),
        }
    }
    let taken = |index: &usize| pairs.contains(&Some(*index));
    let alone = request.iter().enumerate().filter(|(index, _)| !taken(index));
    let alone: Vec<&Parameter> = alone.map(|(_, parameter)| parameter).collect();
    let returned = interface.responses.iter().flat_map(|response| &response.parameters);
    let known = |romaji: &str| {
        group.items.iter().any(|item| item.romaji == romaji)
            || request.iter().any(|parameter| parameter.romaji == romaji)
    };
    let returned = returned.filter(|parameter| !known(&parameter.romaji));
    for parameter in alone.into_iter().chain(returned).filter(|one| !one.control) {
        without_item(parameter, group, out);
    }
}

/// One kind of difference between an item and its parameter.
fn differing(
    fault: Fault,
    (item, parameter): (&StandardItem, &Parameter),
    words: String,
    fix: &str,
) -> Disagreement {
    Disagreement {
        fault,
        subject: item.name.clone(),
        item: Some(item.place.clone()),
        interface: Some(parameter.place.clone()),
        words,
        fix: fix.to_owned(),
    }
}

fn compare_pair(item: &StandardItem, parameter: &Parameter, out: &mut Vec<Disagreement>) {
    let both = (item, parameter);
    if item.name != parameter.name {
        let words = format!(
            "項目定義は「{}」（{}、{}）、APIは同じ所に「{}」（{}、{}）",
            item.name,
            item.romaji,
            item.shape(),
            parameter.name,
            parameter.romaji,
            parameter.shape(),
        );
        let fix = "同じ項目なら名称・ローマ字名・型を一つに揃え、別の項目なら両方に両方を定める";
        out.push(differing(Fault::Name, both, words, fix));
        return;
    }
    if item.romaji != parameter.romaji {
        let words = format!("項目定義は {}、APIは {}", item.romaji, parameter.romaji);
        let fix = "項目定義のローマ字名がAPIの引数の名前を定める。どちらかを直して揃える";
        out.push(differing(Fault::Romaji, both, words, fix));
    }
    if item.kind != parameter.kind {
        let words = format!("項目定義は {}、APIは {}", item.shape(), parameter.shape());
        out.push(differing(Fault::Type, both, words, "どちらの型が正しいかを決めて揃える"));
    } else if item.length != parameter.length {
        let words = format!("項目定義は {}、APIは {}", item.shape(), parameter.shape());
        let fix =
            "どちらの桁数が正しいかを決めて揃える。決まるまでは小さい方で送り、大きい方で受ける";
        out.push(differing(Fault::Length, both, words, fix));
    }
    if item.repeats != parameter.repeats {
        let words = format!("項目定義は最大 {} 個、APIは {} 個", item.repeats, parameter.repeats);
        let fix = "配列で送るのか、一つずつ何度も送るのかをAPIに定める";
        out.push(differing(Fault::Repeats, both, words, fix));
    }
    if item.output == Output::Conditional && !parameter.required && parameter.when.is_none() {
        let condition = item.when.as_deref().unwrap_or_default();
        let words = format!("項目定義は条件付き必須（{condition}）、APIには条件がない");
        out.push(differing(Fault::Condition, both, words, "APIにも同じ条件を書く"));
    }
    if item.special != parameter.special {
        let listed = |values: &[String]| match values {
            [] => "なし".to_owned(),
            some => some.join("、"),
        };
        let words =
            format!("項目定義は{}、APIは{}", listed(&item.special), listed(&parameter.special));
        let fix = "特別な値を両方に同じく書く。書かれていない側では受け取れない";
        out.push(differing(Fault::Special, both, words, fix));
    }
}

/// What every package must have, and what must always be put out, has to be carried.
fn without_parameter(item: &StandardItem, interface: &Interface, out: &mut Vec<Disagreement>) {
    let returned = interface.responses.iter().flat_map(|response| &response.parameters);
    let mut returned = returned.filter(|parameter| parameter.romaji == item.romaji);
    if !(item.implement || item.output == Output::Must) || returned.next().is_some() {
        return;
    }
    out.push(Disagreement {
        fault: Fault::WithoutParameter,
        subject: item.name.clone(),
        item: Some(item.place.clone()),
        interface: None,
        words: format!(
            "項目定義では{}の {}（{}）が、リクエストにもレスポンスにもない",
            item.output.word(),
            item.romaji,
            item.shape()
        ),
        fix: "APIに引数を足すか、別のどの経路で渡すかを定める".to_owned(),
    });
}

fn without_item(parameter: &Parameter, group: &Group, out: &mut Vec<Disagreement>) {
    let always = if parameter.required { "必ず現れる" } else { "" };
    out.push(Disagreement {
        fault: Fault::WithoutItem,
        subject: parameter.name.clone(),
        item: None,
        interface: Some(parameter.place.clone()),
        words: format!(
            "APIの{always}{}（{}）に当たる項目が、グループ「{}」にない",
            parameter.romaji,
            parameter.shape(),
            group.name
        ),
        fix: "項目を足すか、どのグループのどの項目に記録するかを定める".to_owned(),
    });
}
