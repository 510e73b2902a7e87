//! A procedure in words: whom it concerns, its form, what must hold, what it does.

use std::fmt::Write;

use super::cell;
use crate::model::{
    Assignment, Derivation, Effect, Field, FieldGroup, FieldKind, Procedure, ProcedureKind,
    Selection, System, Verb,
};

/// All procedures: an overview, then each with its form, checks and effects.
pub(super) fn section(out: &mut String, system: &System) {
    if system.procedures.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## 手続の一覧\n\n| 手続 | 種類 | 根拠 | 届出期間 | 処理期間 | 事象 |\n|---|---|---|---|---|---|"
    );
    for procedure in &system.procedures {
        let deadline = procedure.deadline_days.map(|d| format!("{d}日")).unwrap_or_default();
        let handling = match procedure.handling_days {
            0 => "その場".to_owned(),
            days => format!("{days}日"),
        };
        let event = procedure.event.as_deref();
        let event = event.and_then(|id| system.events.iter().find(|event| event.id == id));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {deadline} | {handling} | {} |",
            procedure.name,
            kind_word(procedure.kind),
            cell(&procedure.statute),
            event.map_or("", |event| event.name.as_str()),
        );
    }
    out.push('\n');
    for procedure in &system.procedures {
        describe(out, system, procedure);
    }
}

fn kind_word(kind: ProcedureKind) -> &'static str {
    match kind {
        ProcedureKind::Notification => "届出・申請",
        ProcedureKind::Official => "職権",
        ProcedureKind::Certificate => "証明",
        ProcedureKind::Reaction => "事象への反応",
    }
}

fn describe(out: &mut String, system: &System, procedure: &Procedure) {
    let _ = writeln!(out, "## {}\n", procedure.name);
    if let Some(guidance) = &procedure.guidance {
        let _ = writeln!(out, "{guidance}\n");
    }
    let _ = writeln!(out, "- 識別名 `{}`、{}", procedure.id, procedure.statute);
    let _ = writeln!(out, "- 対象者: {}", subjects(system, procedure));
    for rule in &procedure.startable {
        let _ =
            writeln!(out, "- 始められる行: `{}`（{}）", one_line(rule.when.source()), rule.message);
    }
    if procedure.identity_check {
        let _ = writeln!(out, "- 来た人の本人確認をする");
    }
    if !procedure.duplicates.is_empty() {
        let _ = writeln!(
            out,
            "- {}が同じ行がもうあれば、二重登録として知らせる",
            procedure.duplicates.join("・")
        );
    }
    for trigger in &procedure.on {
        let _ = writeln!(out, "- きっかけ: {} の事象 {}", trigger.system, trigger.event);
    }
    if let Some(forward) = &procedure.forward {
        let to = forward.to.join("・");
        let shown = [forward.items.as_slice(), &forward.fields].concat().join("、");
        let _ = writeln!(out, "- 本登録のあと、{to}の市区町村に転送する（載せるもの: {shown}）");
    }
    out.push('\n');
    for group in &procedure.form {
        form_group(out, system, group);
    }
    values(out, system, procedure);
    checks(out, procedure);
    if !procedure.effects.is_empty() {
        let _ = writeln!(out, "**効果**（順に）\n");
        for effect in &procedure.effects {
            effect_words(out, system, effect);
        }
        out.push('\n');
    }
}

fn subjects(system: &System, procedure: &Procedure) -> String {
    let name = system.register(&procedure.register).map_or("", |r| r.name.as_str());
    let who = match procedure.selection {
        Selection::New => return format!("台帳「{name}」に新しく開く"),
        Selection::One => "一人（一件）",
        Selection::Related => "一人（一件）以上",
    };
    let open = match procedure.open_subjects {
        Some(true) => "。閉じていない行だけ",
        Some(false) => "。閉じた行だけ",
        None => "",
    };
    format!("台帳「{name}」の{who}{open}")
}

fn form_group(out: &mut String, system: &System, group: &FieldGroup) {
    let repeat = match (group.repeat, group.per_subject) {
        (Some((least, most)), _) => format!("（{least}から{most}まで繰り返す）"),
        (None, true) => "（対象者ごと）".to_owned(),
        (None, false) => String::new(),
    };
    let _ = writeln!(out, "**様式「{}」**{repeat}\n", group.name);
    let _ = writeln!(out, "| 欄 | 型 | 必須 | 初めの値 | 記入 |\n|---|---|---|---|---|");
    for field in &group.fields {
        let label = match field.label == field.name {
            true => field.name.clone(),
            false => format!("{}（{}）", field.label, field.name),
        };
        let when = field.when.as_ref().map(|when| format!("`{}` のとき。", cell(when.source())));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {}{}{} |",
            cell(&label),
            kind_text(system, field),
            if field.required { "○" } else { "" },
            field.default.as_ref().map(|d| format!("`{}`", cell(d.source()))).unwrap_or_default(),
            when.unwrap_or_default(),
            refers_words(system, field),
            cell(field.hint.as_deref().unwrap_or_default()),
        );
    }
    out.push('\n');
}

/// The row that a field names.
fn refers_words(system: &System, field: &Field) -> String {
    let Some(row) = &field.refers_to else { return String::new() };
    let register = system.register(&row.register).map_or("", |register| &register.name);
    let name = row.name.as_ref().map(|name| format!("。式では `{}`", cell(name)));
    format!("台帳「{}」に開いている行の主キー{}。", cell(register), name.unwrap_or_default())
}

fn kind_text(system: &System, field: &Field) -> String {
    let codes = |list: &String, word: &str| match system.codes.get(list) {
        Some(list) => format!("{word}「{}」", list.name),
        None => word.to_owned(),
    };
    match &field.kind {
        FieldKind::Text(length) => format!("文字（{length}）"),
        FieldKind::Integer(digits) => format!("整数（{digits}桁）"),
        FieldKind::Date { uncertain: true } => "日付（不詳可）".to_owned(),
        FieldKind::Date { uncertain: false } => "日付".to_owned(),
        FieldKind::Code(list) => codes(list, "選択"),
        FieldKind::Codes(list) => codes(list, "複数選択"),
        FieldKind::Flag => "はい・いいえ".to_owned(),
        FieldKind::Subject => "関係する行から一つ".to_owned(),
        FieldKind::Event => "対象者の異動から一つ".to_owned(),
    }
}

fn checks(out: &mut String, procedure: &Procedure) {
    if procedure.checks.is_empty() {
        return;
    }
    let _ = writeln!(out, "**確かめること**\n");
    for check in &procedure.checks {
        let level = if check.warning { "警告" } else { "誤り" };
        let at = check.at.as_deref().map(|at| format!("［{at}］")).unwrap_or_default();
        let _ = writeln!(out, "- {level}{at} {}", check.message);
        let _ = writeln!(out, "  - 次が成り立たないとき: `{}`", one_line(check.must.source()));
    }
    out.push('\n');
}

fn values(out: &mut String, system: &System, procedure: &Procedure) {
    if procedure.values.is_empty() {
        return;
    }
    let _ = writeln!(out, "**式で求める値**\n");
    for (name, derived) in &procedure.values {
        match derived {
            Derivation::Expression(expression) => {
                let _ = writeln!(out, "- {name} = `{}`", one_line(expression.source()));
            }
            Derivation::Calculation { id, facts } => {
                let called = system.calculation(id).map_or("", |own| own.name());
                let facts = facts.iter().map(|(fact, expression)| {
                    format!("{fact} = `{}`", one_line(expression.source()))
                });
                let facts: Vec<String> = facts.collect();
                let _ = writeln!(out, "- {name} = 算定「{called}」（{}）", facts.join("、"));
            }
        }
    }
    out.push('\n');
}

fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn effect_words(out: &mut String, system: &System, effect: &Effect) {
    let mut line = String::new();
    if let Some(when) = &effect.when {
        let _ = write!(line, "`{}` のとき、", one_line(when.source()));
    }
    if let Some(over) = &effect.over {
        match one_line(over.source()).as_str() {
            "対象者" => line.push_str("対象者ごとに、"),
            list => drop(write!(line, "`{list}` の一つずつ（{}）に、", effect.each)),
        }
    }
    line.push_str(&verb_words(system, &effect.verb));
    if let Some(day) = &effect.effective {
        let _ = write!(line, "（`{}` から）", one_line(day.source()));
    }
    let _ = writeln!(out, "1. {line}");
    for Assignment { item, value } in assignments(&effect.verb) {
        let _ = writeln!(out, "   - {item} ← `{}`", one_line(value.source()));
    }
}

fn assignments(verb: &Verb) -> &[Assignment] {
    match verb {
        Verb::Open { set, .. }
        | Verb::Amend { set, .. }
        | Verb::Correct { set, .. }
        | Verb::Close { set, .. } => set,
        _ => &[],
    }
}

fn verb_words(system: &System, verb: &Verb) -> String {
    let register = |id: &String| system.register(id).map_or("", |r| r.name.as_str());
    match verb {
        Verb::Open { register: id, bind, .. } => {
            let bind = bind.as_ref().map(|name| format!("（{name}）")).unwrap_or_default();
            format!("台帳「{}」に行を開く{bind}", register(id))
        }
        Verb::Amend { register: id, key, .. } => {
            format!("台帳「{}」の `{}` を改める", register(id), one_line(key.source()))
        }
        Verb::Correct { register: id, key, .. } => {
            format!("台帳「{}」の `{}` の誤りを正す", register(id), one_line(key.source()))
        }
        Verb::Close { register: id, key, .. } => {
            format!("台帳「{}」の `{}` を閉じる", register(id), one_line(key.source()))
        }
        Verb::Cancel { event } => {
            format!("`{}` の異動を、書いた行の全部について取り消す", one_line(event.source()))
        }
        Verb::Number { name, .. } => format!("番号を一つ取る（{name}）"),
        Verb::Timer { on, procedure, .. } => {
            let name = system.procedure(procedure).map_or("", |p| p.name.as_str());
            format!("`{}` に手続「{name}」の仕事を立てる", one_line(on.source()))
        }
        Verb::Notify { notice, items, fee, .. } => {
            let fee = fee.as_ref().map(|fee| format!("。手数料 `{}` 円", one_line(fee.source())));
            let items = items.join("、");
            format!("書式 `{notice}` で交付する（{items}）{}", fee.unwrap_or_default())
        }
    }
}
