//! A plan as stable text in Japanese: findings with their field, then what would be done.

use std::fmt::Write as _;

use base::date::Date;
use base::era::japanese;
use definition::model::{Item, ItemKind, Procedure, Register, System};
use store::register::Change;
use store::{ItemValue, Row};

use crate::certificate::printable;
use crate::facts::display;
use crate::plan::{Plan, Step, Undoable};

/// Longer values are cut: an impression (SVG) would hide the rest.
const LONGEST: usize = 60;

/// The decision.
pub(super) fn write(
    system: &System,
    procedure: &Procedure,
    plan: &Plan,
    (known, subjects): (&[(String, Row)], &[Row]),
) -> String {
    let mut out = String::new();
    for finding in &plan.findings {
        let word = if finding.warning { "警告" } else { "誤り" };
        let at = finding.at.as_ref().map(|at| format!("［{at}］")).unwrap_or_default();
        let _ = writeln!(out, "{word}{at}: {}", finding.message);
    }
    for assessed in &plan.assessed {
        out.push_str(&assessed.text());
    }
    if plan.has_errors() {
        out.push_str("登録しない\n");
        return out;
    }
    for step in &plan.steps {
        match step {
            Step::Open { register, values, day } => {
                if let Some(register) = system.register(register) {
                    open(&mut out, system, register, (values, *day));
                }
            }
            Step::Change { register, key, change: made } => {
                if let Some(register) = system.register(register) {
                    let before = find(register, key, known);
                    change(&mut out, system, register, (key, before), made);
                }
            }
            Step::Cancel(event) => cancel(&mut out, system, event),
            Step::Timer { on, procedure, key } => timer(&mut out, system, (*on, procedure, key)),
            Step::Notify { notice, items, requested, fee_yen } => {
                let items = printable(system, procedure, items, requested.as_deref());
                let _ = writeln!(out, "通知: {notice}　{}人　手数料 {fee_yen}円", subjects.len());
                let _ = writeln!(out, "  記載する事項: {}", items.join("、"));
            }
        }
    }
    let event = system.events.iter().find(|event| Some(&event.id) == procedure.event.as_ref());
    if let Some(event) = event {
        let _ = writeln!(out, "事象: {}（{}）", event.name, event.id);
    }
    if out.is_empty() {
        out.push_str("何もしない\n");
    }
    out
}

pub(super) fn find<'k>(
    register: &Register,
    key: &str,
    known: &'k [(String, Row)],
) -> Option<&'k Row> {
    let at = register.key_index();
    let own = known.iter().filter(|(id, _)| *id == register.id).map(|(_, row)| row);
    let key_of = |row: &&Row| row.values[at].as_ref().and_then(ItemValue::as_text) == Some(key);
    own.into_iter().find(key_of)
}

fn open(
    out: &mut String,
    system: &System,
    register: &Register,
    (values, day): (&[Option<ItemValue>], Date),
) {
    let key = shown(system, &register.items[register.key_index()], &values[register.key_index()]);
    let _ = writeln!(out, "新規: {} {key}（{}から）", register.name, japanese(day));
    for (item, value) in register.items.iter().zip(values) {
        if value.is_some() && item.name != register.key {
            let _ = writeln!(out, "  {}: {}", item.name, shown(system, item, value));
        }
    }
}

fn change(
    out: &mut String,
    system: &System,
    register: &Register,
    (key, before): (&str, Option<&Row>),
    change: &Change,
) {
    let (verb, day, patch) = match change {
        Change::Amend { day, patch } => ("変更", Some(*day), patch),
        Change::Correct { patch } => ("修正", None, patch),
        Change::Close { day, patch } => ("消除", Some(*day), patch),
    };
    let title = register.items.iter().position(|item| item.name == register.title);
    let title = title.and_then(|at| before?.values[at].as_ref()?.as_text());
    let title = title.filter(|title| *title != key);
    let title = title.map(|title| format!(" {title}")).unwrap_or_default();
    let day = day.map(|day| format!("（{}）", japanese(day))).unwrap_or_default();
    let _ = writeln!(out, "{verb}: {} {key}{title}{day}", register.name);
    for (at, value) in patch {
        let item = &register.items[*at];
        let old = before.and_then(|row| row.values[*at].as_ref());
        let new = shown(system, item, value);
        let _ = match old {
            Some(_) if old == value.as_ref() => writeln!(out, "  {}: {new}（同じ）", item.name),
            Some(old) => {
                let old = shown(system, item, &Some(old.clone()));
                writeln!(out, "  {}: {old} → {new}", item.name)
            }
            None => writeln!(out, "  {}: {new}", item.name),
        };
    }
}

/// Every row that is taken back: opened rows leave, changed items get their former values.
fn cancel(out: &mut String, system: &System, event: &Undoable) {
    for row in &event.rows {
        let Some(register) = system.register(&row.register) else { continue };
        let Some(before) = &row.before else {
            let _ =
                writeln!(out, "取消: {} {}（この異動で開いた行を除く）", register.name, row.key);
            continue;
        };
        let _ = writeln!(out, "取消: {} {}（前の状態に戻す）", register.name, row.key);
        for (item, (now, before)) in register.items.iter().zip(row.now.iter().zip(before)) {
            if now != before {
                let (now, before) = (shown(system, item, now), shown(system, item, before));
                let _ = writeln!(out, "  {}: {now} → {before}", item.name);
            }
        }
    }
}

fn timer(out: &mut String, system: &System, (on, procedure, key): (Date, &str, &str)) {
    let name = system.procedure(procedure).map_or(procedure, |procedure| &procedure.name);
    let _ = writeln!(out, "タイマー: {}に「{name}」（対象 {key}）", japanese(on));
}

fn shown(system: &System, item: &Item, value: &Option<ItemValue>) -> String {
    let Some(value) = value else { return "（空）".to_owned() };
    if item.secret {
        return "＊＊＊＊".to_owned();
    }
    let text = display(system, item, Some(value)).unwrap_or_default();
    if let (ItemKind::Code(_), ItemValue::Text(code)) = (&item.kind, value) {
        return format!("{text}（{code}）");
    }
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}…（{length}文字）")
}
