//! `rules/*.feel`: one formula a file, with a head that names register, article and period.
//!
//! The head is the run of comment lines at the top: `// 台帳: resident`, `// 根拠: …`,
//! `// 施行: 2012-07-09..` (an open end is allowed).

use base::date::{Date, FOREVER, OPEN_FROM};
use base::diagnostic::{Diagnostic, Severity};

use super::Package;
use crate::compile::{diagnostics_of, register_scope};
use crate::model::{Located, Rule, System};

/// Reads every rule.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let mut rules = Vec::new();
    for (stem, path, text) in package.folder("rules", ".feel") {
        rules.extend(read(stem, path, text, system, out));
    }
    system.rules = rules;
}

fn read(
    stem: &str,
    path: &str,
    text: &str,
    system: &System,
    out: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let head = |key: &str| {
        text.lines()
            .take_while(|line| line.starts_with("//"))
            .find_map(|line| {
                line.trim_start_matches('/').trim().strip_prefix(key)?.strip_prefix(':')
            })
            .map(|value| value.trim().to_owned())
    };
    let mut fail = |message: String, help: &str| {
        out.push(Diagnostic {
            file: path.to_owned(),
            line: 1,
            column: 1,
            severity: Severity::Error,
            message,
            help: Some(help.to_owned()),
        });
    };
    let Some(id) = head("台帳") else {
        fail("台帳の指定がありません".into(), "先頭に「// 台帳: resident」のように書いてください");
        return None;
    };
    let Some(register) = system.register(&id) else {
        let known: Vec<&str> = system.registers.iter().map(|r| r.id.as_str()).collect();
        let help = format!("次から選んでください: {}", known.join("、"));
        fail(format!("台帳「{id}」がありません"), &help);
        return None;
    };
    let Some(article) = head("根拠") else {
        fail("根拠の条文がありません".into(), "先頭に「// 根拠: …法 第○条」を書いてください");
        return None;
    };
    let Some((from, to)) = head("施行").as_deref().and_then(period) else {
        fail(
            "施行の期間が読めません".into(),
            "先頭に「// 施行: 2012-07-09..」のように書いてください",
        );
        return None;
    };
    if register.item(stem).is_some() || !super::name::is_name(stem) {
        fail(
            format!("規則の名前「{stem}」は使えません"),
            "台帳の項目と違う、式の中で使える名前のファイルにしてください",
        );
        return None;
    }
    let located = Located { text: text.to_owned(), file: path.to_owned(), line: 1, column: 1 };
    match rules::compile(text, &register_scope(system, register)) {
        Ok(expression) => {
            Some(Rule { name: stem.to_owned(), register: id, article, from, to, expression })
        }
        Err(errors) => {
            out.extend(diagnostics_of(&located, &errors));
            None
        }
    }
}

fn period(text: &str) -> Option<(Date, Date)> {
    let (from, to) = text.split_once("..")?;
    let day = |text: &str, open: Date| match text.trim() {
        "" => Some(open),
        text => text.parse().ok(),
    };
    Some((day(from, OPEN_FROM)?, day(to, FOREVER)?))
}
