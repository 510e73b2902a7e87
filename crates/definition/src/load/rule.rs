//! `rules/*.feel`: one formula a file, with a head that names register, article and period.
//!
//! The head is the run of comment lines at the top: `// 台帳: resident` or `// 算定: allowance`,
//! `// 根拠: …`, `// 施行: 2012-07-09..` (an open end is allowed), `// 単位: yen`.

use base::date::{Date, FOREVER, OPEN_FROM};
use base::diagnostic::Diagnostic;

use super::Package;
use crate::compile::{diagnostics_of, register_scope};
use crate::model::{Located, Rule, System};

/// Reads every rule about a row of a register; those of a calculation are read with it.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    let mut rules = Vec::new();
    for (stem, path, text) in package.folder("rules", ".feel") {
        let file = File { stem, path, text };
        if file.head("算定").is_none() {
            rules.extend(read(&file, system, out));
        }
    }
    system.rules = rules;
}

/// A file of one rule.
pub(super) struct File<'p> {
    /// The file's name without its ending.
    pub stem: &'p str,
    /// Where it stands in the package.
    pub path: &'p str,
    /// What stands in it.
    pub text: &'p str,
}

impl File<'_> {
    /// What a line of the head says after `key:`.
    pub fn head(&self, key: &str) -> Option<&str> {
        let mut head = self.text.lines().take_while(|line| line.starts_with("//"));
        head.find_map(|line| {
            let after = line.trim_start_matches('/').trim().strip_prefix(key)?.strip_prefix(':');
            after.map(str::trim)
        })
    }

    /// Reports what is wrong with the head.
    pub fn fail(&self, out: &mut Vec<Diagnostic>, message: impl Into<String>, help: &str) {
        out.push(Diagnostic::error(self.path, (1, 1), message.into()).with_help(help));
    }

    /// Article and period, which every rule has.
    pub fn article_and_period(&self, out: &mut Vec<Diagnostic>) -> Option<(String, Date, Date)> {
        let Some(article) = self.head("根拠").filter(|article| !article.is_empty()) else {
            self.fail(
                out,
                "根拠の条文がありません",
                "先頭に「// 根拠: …法 第○条」を書いてください",
            );
            return None;
        };
        let Some((from, to)) = self.head("施行").and_then(period) else {
            let help = "先頭に「// 施行: 2012-07-09..」のように書いてください";
            self.fail(out, "施行の期間が読めません", help);
            return None;
        };
        Some((article.to_owned(), from, to))
    }
}

fn read(file: &File<'_>, system: &System, out: &mut Vec<Diagnostic>) -> Option<Rule> {
    let Some(id) = file.head("台帳") else {
        let help = "先頭に「// 台帳: resident」か「// 算定: allowance」のように書いてください";
        file.fail(out, "台帳も算定も指定がありません", help);
        return None;
    };
    let Some(register) = system.register(id) else {
        let known: Vec<&str> = system.registers.iter().map(|r| r.id.as_str()).collect();
        let help = format!("次から選んでください: {}", known.join("、"));
        file.fail(out, format!("台帳「{id}」がありません"), &help);
        return None;
    };
    let (article, from, to) = file.article_and_period(out)?;
    if register.item(file.stem).is_some() || !super::name::is_name(file.stem) {
        let help = "台帳の項目と違う、式の中で使える名前のファイルにしてください";
        file.fail(out, format!("規則の名前「{}」は使えません", file.stem), help);
        return None;
    }
    let (text, name) = (file.text.to_owned(), file.stem.to_owned());
    let located = Located { text, file: file.path.to_owned(), line: 1, column: 1 };
    match rules::compile(file.text, &register_scope(system, register)) {
        Ok(expression) => {
            Some(Rule { name, register: id.to_owned(), article, from, to, expression })
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
    let (from, to) = (day(from, OPEN_FROM)?, day(to, FOREVER)?);
    (from <= to).then_some((from, to))
}
