//! `calculations/*.yaml` with their rules, and how a procedure calls a calculation.

use std::sync::Arc;

use base::diagnostic::Diagnostic;
use rules::law::{
    Calculation, Certainty, Fact, FactField, FactKind, FactType, HitPolicy, Law, LawError,
    NotAUnit, ResultName, Rule, RuleTable, Unit,
};
use rules::types::{MAX_SCALE, Scope, Type};

use super::rule::File;
use super::{Package, name, with_file};
use crate::compile::{compile_at, fits};
use crate::keys::{CALCULATION, FACT, FACT_FIELD, FACT_TYPES, FactWord};
use crate::model::{Calculated, Derivation, System};
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

/// Reads every calculation with its rules and checks it in every period.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let parameters = Arc::new(system.parameters.clone());
    let mut read = Vec::new();
    for (stem, path, text) in package.folder("calculations", ".yaml") {
        let one = |reader: &mut Reader<'_>, node: &Node| head(reader, node, (stem, system));
        read.extend(with_file(path, text, out, one));
    }
    let mut rules = rules(package, &read, out);
    for calculation in read {
        let own = rules.iter().position(|(id, _)| *id == calculation.id);
        let own = own.map(|at| rules.swap_remove(at).1).unwrap_or_default();
        match Law::new(calculation, own, parameters.clone()) {
            Ok(law) => {
                let checked = law.check();
                out.extend(checked.errors.into_iter().map(diagnostic));
                system.calculations.push(Calculated { law, results: checked.results });
            }
            Err(errors) => out.extend(errors.into_iter().map(diagnostic)),
        }
    }
}

fn diagnostic(error: LawError) -> Diagnostic {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let place = (narrow(error.line), narrow(error.column));
    let found = match error.warning {
        true => Diagnostic::warning(error.file, place, error.message),
        false => Diagnostic::error(error.file, place, error.message),
    };
    match error.help {
        Some(help) => found.with_help(help),
        None => found,
    }
}

/// The rules of every calculation that is there.
fn rules(
    package: &Package,
    known: &[Calculation],
    out: &mut Vec<Diagnostic>,
) -> Vec<(String, Vec<Rule>)> {
    let mut all: Vec<(String, Vec<Rule>)> =
        known.iter().map(|own| (own.id.clone(), Vec::new())).collect();
    for (stem, path, text) in package.folder("rules", ".feel") {
        let file = File { stem, path, text };
        let Some(target) = file.head("算定") else { continue };
        let (id, list) = match target.split_once('.') {
            Some((id, list)) => (id, Some(list)),
            None => (target, None),
        };
        let Some(at) = known.iter().position(|own| own.id == id) else {
            let ids: Vec<&str> = known.iter().map(|own| own.id.as_str()).collect();
            let help = format!("calculations/ にあるもの: {}", ids.join("、"));
            file.fail(out, format!("算定「{id}」がありません"), &help);
            continue;
        };
        if list.is_some_and(|list| !has_list(&known[at], list)) {
            let help = format!(
                "calculations/{id}.yaml の facts にある、fields を持つ名前を書いてください"
            );
            file.fail(
                out,
                format!("算定「{id}」に一覧「{}」がありません", list.unwrap_or("")),
                &help,
            );
            continue;
        }
        all[at].1.extend(rule(&file, list, out));
    }
    all
}

fn has_list(calculation: &Calculation, name: &str) -> bool {
    let is_list = |fact: &Fact| matches!(fact.kind, FactKind::List { .. });
    calculation.facts.iter().any(|fact| fact.name == name && is_list(fact))
}

/// One version of a rule: `名前.feel` or `名前.期間など.feel`.
fn rule(file: &File<'_>, list: Option<&str>, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    let (article, from, to) = file.article_and_period(out)?;
    let name = file.stem.split('.').next().unwrap_or_default();
    if !name::is_name(name) {
        let help = "空白や記号のない、式の中で使える名前のファイルにしてください";
        file.fail(out, format!("規則の名前「{name}」は使えません"), help);
        return None;
    }
    let unit = match file.head("単位").map(str::parse::<Unit>) {
        Some(Err(error)) => {
            file.fail(out, error.to_string(), NotAUnit::HELP);
            return None;
        }
        Some(Ok(unit)) => Some(unit),
        None => None,
    };
    let table = match file.head("判定表") {
        Some(word) => Some(table(file, word, out)?),
        None => None,
    };
    Some(Rule {
        name: name.to_owned(),
        list: list.map(str::to_owned),
        article,
        from,
        to,
        unit,
        table,
        file: file.path.to_owned(),
        text: file.text.to_owned(),
    })
}

/// What the head of a decision table says: how its rows answer, and where its figures stand.
fn table(file: &File<'_>, word: &str, out: &mut Vec<Diagnostic>) -> Option<RuleTable> {
    let Some(policy) = HitPolicy::find(word) else {
        let words: Vec<&str> = HitPolicy::WORDS.iter().map(|(word, _)| *word).collect();
        let help = format!("次から選んでください: {}", words.join("、"));
        file.fail(out, format!("判定表の答え方「{word}」は使えません"), &help);
        return None;
    };
    let Some(source) = file.head("出典").filter(|source| !source.is_empty()) else {
        let help = "先頭に「// 出典: …」と、欄の数がどこにあるかを書いてください";
        file.fail(out, "判定表の出典がありません", help);
        return None;
    };
    let checked = match file.head("確度") {
        Some("V") => Certainty::Checked,
        Some("K") => Certainty::Statute,
        Some("P") => Certainty::ToVerify,
        _ => {
            let help =
                "先頭に「// 確度: V」（確認済み）、K（条文）、P（要確認）のどれかを書いてください";
            file.fail(out, "判定表の確度がありません", help);
            return None;
        }
    };
    Some(RuleTable { policy, source: source.to_owned(), checked })
}

fn head(reader: &mut Reader<'_>, node: &Node, (stem, system): (&str, &System)) -> Calculation {
    let fields = reader.map(node, CALCULATION);
    let id = reader.required(&fields, "id");
    super::register::check_id(reader, fields.place_of("id"), &id, stem);
    let facts: Vec<Fact> =
        reader.list(fields.get("facts")).iter().map(|node| fact(reader, node, system)).collect();
    let results =
        reader.texts(fields.get("results")).into_iter().map(|text| match text.split_once('.') {
            Some((list, rule)) => ResultName { list: Some(list.to_owned()), rule: rule.to_owned() },
            None => ResultName { list: None, rule: text },
        });
    let results: Vec<ResultName> = results.collect();
    if results.is_empty() && fields.get("results").is_some() {
        let help = "求める規則の名前を一つ以上書いてください".to_owned();
        reader.error(fields.place_of("results"), "結果が一つもありません", Some(help));
    }
    Calculation {
        id,
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        statute: reader.required(&fields, "statute"),
        day: reader.required(&fields, "day"),
        facts,
        results,
    }
}

fn fact(reader: &mut Reader<'_>, node: &Node, system: &System) -> Fact {
    let fields = reader.map(node, FACT);
    let fact_name = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &fact_name);
    let kind = match fields.get("fields") {
        None => {
            if fields.get("type").is_none() {
                reader.missing(&fields, "type");
            }
            FactKind::One(fact_type(reader, &fields, system))
        }
        Some(inner) => {
            let each = reader.required(&fields, "each");
            name::check(reader, fields.place_of("each"), &each);
            let unit = unit(reader, &fields);
            let inner = reader.list(Some(inner));
            let own: Vec<FactField> =
                inner.iter().map(|node| fact_field(reader, node, system)).collect();
            let shown = reader.optional(&fields, "shown");
            if let Some(name) = shown.as_ref().filter(|name| own.iter().all(|f| f.name != **name)) {
                let known = own.iter().map(|field| field.name.as_str());
                let message = format!("項目「{name}」はこの一覧にありません");
                reader.unknown(fields.place_of("shown"), message, name, known);
            }
            FactKind::List { each, shown, unit, fields: own }
        }
    };
    Fact { name: fact_name, name_en: reader.required(&fields, "name_en"), kind }
}

fn fact_field(reader: &mut Reader<'_>, node: &Node, system: &System) -> FactField {
    let fields = reader.map(node, FACT_FIELD);
    let field = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &field);
    FactField {
        name: field,
        name_en: reader.required(&fields, "name_en"),
        kind: fact_type(reader, &fields, system),
    }
}

fn fact_type(reader: &mut Reader<'_>, fields: &Fields<'_>, system: &System) -> FactType {
    let word = fields.get("type").and_then(|node| reader.choice(node, FACT_TYPES));
    let scale: u8 = reader.parsed(fields, "scale", 0);
    if scale > MAX_SCALE {
        let message = format!("小数は {MAX_SCALE} 桁までです");
        reader.error(fields.place_of("scale"), message, Some("桁を減らしてください".into()));
    }
    let codes = reader.optional(fields, "codes");
    if let Some(list) = codes.filter(|list| !system.codes.contains_key(list)) {
        let known = system.codes.keys().map(String::as_str);
        let message = format!("コード一覧「{list}」がありません");
        reader.unknown(fields.place_of("codes"), message, &list, known);
    }
    let ty = match word {
        Some(FactWord::Integer) => Type::INTEGER,
        Some(FactWord::Number) => Type::number(scale),
        Some(FactWord::Date) => Type::Date,
        Some(FactWord::Flag) => Type::Boolean,
        Some(FactWord::Text | FactWord::Code) | None => Type::Text,
    };
    FactType { ty, unit: unit(reader, fields) }
}

fn unit(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Unit> {
    let text = reader.optional(fields, "unit")?;
    match text.parse() {
        Ok(unit) => Some(unit),
        Err(error) => {
            let help = Some(NotAUnit::HELP.to_owned());
            reader.error(fields.place_of("unit"), error.to_string(), help);
            None
        }
    }
}

/// A value of a procedure by a calculation: `{ calculate: id, 事実: 式, … }`, every fact once.
pub(super) fn call(
    reader: &mut Reader<'_>,
    node: &Node,
    (system, scope): (&System, &Scope),
) -> Option<(Derivation, Type)> {
    let mut entries = reader.free_map(Some(node));
    let Some(at) = entries.iter().position(|(name, ..)| name == "calculate") else {
        let help = "「calculate: 算定の id」を書くか、一つの式にしてください".to_owned();
        reader.error(node.place, "どの算定かが書かれていません", Some(help));
        return None;
    };
    let (_, _, target) = entries.remove(at);
    let id = reader.scalar(target)?;
    let Some(found) = system.calculation(&id) else {
        let known = system.calculations.iter().map(|own| own.id());
        reader.unknown(target.place, format!("算定「{id}」がありません"), &id, known);
        return None;
    };
    let wanted = &found.law.calculation().facts;
    for (name, place, _) in &entries {
        if !wanted.iter().any(|fact| fact.name == *name) {
            let known = wanted.iter().map(|fact| fact.name.as_str());
            reader.unknown(*place, format!("この算定に事実「{name}」はありません"), name, known);
        }
    }
    let mut facts = Vec::new();
    for fact in wanted {
        let Some((_, _, node)) = entries.iter().find(|(name, ..)| *name == fact.name) else {
            let help = format!("「{}: 式」を書いてください。なければ null です", fact.name);
            let message = format!("算定の事実「{}」がありません", fact.name);
            reader.error(node.place, message, Some(help));
            continue;
        };
        let Some(expression) = compile_at(reader, Some(node), scope) else { continue };
        if let Some(problem) = misfit(expression.type_of(), fact) {
            let help = "calculations/ の facts と同じ型にしてください".to_owned();
            reader.error(node.place, format!("事実「{}」は{problem}", fact.name), Some(help));
        }
        facts.push((fact.name.clone(), expression));
    }
    Some((Derivation::Calculation { id, facts }, found.results.clone()))
}

/// Why a value cannot stand for a fact.
fn misfit(found: &Type, fact: &Fact) -> Option<String> {
    let (fields, record) = match (&fact.kind, found) {
        (_, Type::Null) => return None,
        (FactKind::One(kind), found) => return mismatch(found, &kind.ty),
        (FactKind::List { fields, .. }, Type::List(element)) => match &**element {
            Type::Record(record) => (fields, record),
            Type::Null => return None,
            other => return Some(format!("項目の組の並びのはずですが、{other}の並びです")),
        },
        (FactKind::List { .. }, other) => {
            return Some(format!("項目の組の並びのはずですが、{other}です"));
        }
    };
    if let Some((extra, _)) =
        record.fields().find(|(name, _)| !fields.iter().any(|field| field.name == *name))
    {
        return Some(format!("項目「{extra}」を持ちません"));
    }
    fields.iter().find_map(|field| match record.get(&field.name) {
        None => Some(format!("項目「{}」も要ります（なければ null）", field.name)),
        Some(found) => {
            mismatch(found, &field.kind.ty).map(|why| format!("項目「{}」が{why}", field.name))
        }
    })
}

fn mismatch(found: &Type, wanted: &Type) -> Option<String> {
    let narrower = match (found, wanted) {
        (Type::Number { scale: found }, Type::Number { scale: wanted }) => found <= wanted,
        _ => false,
    };
    (!narrower && !fits(found, wanted)).then(|| format!("{wanted}のはずですが、{found}です"))
}
