//! A readable page of a system, in Markdown: what its files say, for officials and reviewers.

mod calculation;
mod intake;
mod procedure;
mod run;

use std::fmt::Write;

use rules::law::Unit;

use crate::model::{Calculated, Certainty, CodeList, ExampleOf, Item, ItemKind, Register, System};

/// The page. It is generated; `xtask gen` writes it to `docs/systems/`.
pub fn system_page(system: &System) -> String {
    let mut out = String::new();
    head(&mut out, system);
    limits_section(&mut out, system);
    procedure::section(&mut out, system);
    for register in &system.registers {
        register_section(&mut out, register);
    }
    codes_section(&mut out, system);
    links_section(&mut out, system);
    parameters_section(&mut out, system);
    calculation::section(&mut out, system);
    run::section(&mut out, system);
    intake::section(&mut out, system);
    rules_section(&mut out, system);
    examples_section(&mut out, system);
    out
}

/// A text within a table's cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn head(out: &mut String, system: &System) {
    let _ = writeln!(out, "# {}（{}）\n", system.name, system.name_en);
    let _ =
        writeln!(out, "systems/{} から生成したページです。直すときは定義を直します。\n", system.id);
    let _ = writeln!(out, "| | |\n|---|---|");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "| {name} | {} |", cell(value));
    };
    row("業務ID", &system.code);
    row("根拠", &system.statute);
    if let Some(standard) = &system.standard {
        row("準拠する標準", &format!("{} 第{}版", standard.name, standard.version));
    }
    row("定義の版", &system.version);
    out.push('\n');
}

fn limits_section(out: &mut String, system: &System) {
    if system.limits.is_empty() {
        return;
    }
    let _ = writeln!(out, "## まだ扱わないこと\n");
    for limit in &system.limits {
        let _ = writeln!(out, "- {limit}");
    }
    out.push('\n');
}

fn register_section(out: &mut String, register: &Register) {
    let _ = writeln!(out, "## 台帳「{}」\n", register.name);
    let _ = writeln!(out, "識別名 `{}`、主キーは{}。\n", register.id, register.key);
    let _ = writeln!(
        out,
        "| 区分 | 項目ID | 項目 | ローマ字名 | 型 | 必須 | 扱い |\n|---|---|---|---|---|---|---|"
    );
    for item in &register.items {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            item.group,
            item.number.as_deref().unwrap_or("–"),
            item.name,
            item.romaji,
            kind_text(item),
            if item.required { "○" } else { "" },
            treatment(item),
        );
    }
    out.push('\n');
    for relation in &register.relations {
        let many = if relation.many { "何行でも" } else { "一行" };
        let _ = writeln!(
            out,
            "- 関係「{}」: 台帳 `{}` で{}が同じ行（{many}）",
            relation.name, relation.register, relation.by
        );
    }
    if let Some(flag) = &register.concealed_by {
        let _ = writeln!(out, "- {flag}の間、「隠す」の項目を伏せる");
    }
    if !register.relations.is_empty() || register.concealed_by.is_some() {
        out.push('\n');
    }
}

fn treatment(item: &Item) -> String {
    let words = [
        (item.search.is_some(), "検索"),
        (item.secret, "暗号化"),
        (item.conceal, "隠す"),
        (item.internal, "画面に出さない"),
    ];
    let chosen: Vec<&str> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    chosen.join("、")
}

fn codes_section(out: &mut String, system: &System) {
    if system.codes.is_empty() {
        return;
    }
    let _ = writeln!(out, "## コード一覧\n\n| 一覧 | コードと名称 |\n|---|---|");
    for list in system.codes.values() {
        let _ = writeln!(out, "| {} | {} |", list.name, entries(list));
    }
    out.push('\n');
}

fn entries(list: &CodeList) -> String {
    let text = |code: &str, name: &str| {
        if code == name { cell(name) } else { format!("{code} {}", cell(name)) }
    };
    let all: Vec<String> = list.entries.iter().map(|e| text(&e.code, &e.name)).collect();
    all.join("、")
}

/// What it reads of other systems, and what it says to them.
fn links_section(out: &mut String, system: &System) {
    if !system.uses.is_empty() {
        let _ = writeln!(
            out,
            "## 他の業務から読む項目\n\n| 名前 | 業務システム | 台帳 | 選び方 | 項目 |\n|---|---|---|---|---|"
        );
        for used in &system.uses {
            let items: Vec<&str> = used.items.iter().map(|item| item.name.as_str()).collect();
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                used.name,
                used.system,
                used.register,
                used.key,
                items.join("、")
            );
        }
        out.push('\n');
    }
    if !system.events.is_empty() {
        let _ = writeln!(out, "## 公開する事象\n\n| 事象 | 識別名 | 載せる項目 |\n|---|---|---|");
        for event in &system.events {
            let _ = writeln!(out, "| {} | {} | {} |", event.name, event.id, event.items.join("、"));
        }
        out.push('\n');
    }
}

fn kind_text(item: &Item) -> String {
    match &item.kind {
        ItemKind::HalfWidth(n) => format!("X({n})"),
        ItemKind::FullWidth(n) => format!("Ｎ({n})"),
        ItemKind::Integer { digits, signed } => {
            format!("{}9({digits})", if *signed { "S" } else { "" })
        }
        ItemKind::Date { uncertain } => {
            format!("DATE{}", if *uncertain { "（不詳可）" } else { "" })
        }
        ItemKind::Time => "TIME".to_owned(),
        ItemKind::Code(list) => format!("コード「{list}」"),
        ItemKind::Flag => "フラグ".to_owned(),
    }
}

fn parameters_section(out: &mut String, system: &System) {
    if system.parameters.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## 法令の値\n\n| 名前 | 単位 | 定め | 施行日 | 値 | 出典 | 確からしさ |\n|---|---|---|---|---|---|---|"
    );
    for parameter in system.parameters.values() {
        for (from, value) in parameter.values.entries() {
            let Some(value) = value else { continue };
            let sure = match value.checked {
                Certainty::Checked => "原典で確認",
                Certainty::Statute => "法文",
                Certainty::ToVerify => "要確認",
            };
            let number = match &value.value {
                rules::value::Value::Number(number) => number.to_string(),
                _ => String::new(),
            };
            let set_by = if parameter.ordinance { "条例（団体ごと）" } else { "国" };
            let _ = writeln!(
                out,
                "| {} | {} | {set_by} | {from} | {number} | {} | {sure} |",
                parameter.name,
                unit(&parameter.unit),
                cell(&value.source),
            );
        }
    }
    out.push('\n');
}

/// A unit in words; a word that is no unit stays as it is.
fn unit(unit: &str) -> String {
    unit.parse::<Unit>().map_or_else(|_| unit.to_owned(), |unit| unit.to_string())
}

fn rules_section(out: &mut String, system: &System) {
    if system.rules.is_empty() {
        return;
    }
    let _ = writeln!(out, "## 規則\n\n| 規則 | 台帳 | 根拠 | 施行 | 式 |\n|---|---|---|---|---|");
    for rule in &system.rules {
        let lines = rule.expression.source().lines();
        let formula: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {}から | `{}` |",
            rule.name,
            rule.register,
            cell(&rule.article),
            rule.from,
            cell(&formula.join(" "))
        );
    }
    out.push('\n');
}

fn examples_section(out: &mut String, system: &System) {
    if system.examples.is_empty() {
        return;
    }
    let _ = writeln!(out, "## 例\n");
    for example in &system.examples {
        let of = match &example.of {
            ExampleOf::Procedure(id) => system.procedure(id).map_or("", |own| own.name.as_str()),
            ExampleOf::Calculation(id) => system.calculation(id).map_or("", Calculated::name),
        };
        let _ = writeln!(out, "- {}（{of}）", example.title);
    }
    out.push('\n');
}
