//! A file that is taken in, in words: its headings and how the person of a line is found.

use std::fmt::Write;

use super::cell;
use crate::model::{Intake, System};

/// All intakes.
pub(super) fn section(out: &mut String, system: &System) {
    for intake in &system.intakes {
        describe(out, system, intake);
    }
}

fn describe(out: &mut String, system: &System, intake: &Intake) {
    let procedure = system.procedure(&intake.procedure).map_or("", |own| own.name.as_str());
    let _ = writeln!(out, "## 取込「{}」\n", intake.name);
    let _ = writeln!(
        out,
        "識別名 `{}`、{}。CSV（UTF-8 か Shift_JIS、1 行目は見出し）の一行ずつに手続「{procedure}」を行う。\n",
        intake.id, intake.statute
    );
    if let Some(guidance) = &intake.guidance {
        let _ = writeln!(out, "{guidance}\n");
    }
    if !intake.asks.is_empty() {
        let _ = writeln!(out, "- 始めるときに聞くこと: {}", intake.asks.join("、"));
    }
    for (field, value) in &intake.values {
        let _ = writeln!(out, "- {field}: `{value}`");
    }
    if let Some(matching) = &intake.matching {
        let ways: Vec<String> = matching.by.iter().map(|items| items.join("と")).collect();
        let _ = writeln!(
            out,
            "- {}: 「{}」の行を {} の順に突き合わせ、一人に決まればその番号。決まらない行は待つ",
            matching.field,
            matching.subjects,
            ways.join("、")
        );
    }
    let _ = writeln!(out, "\n| 見出し | 欄 |\n|---|---|");
    for (field, heading) in &intake.columns {
        let _ = writeln!(out, "| {} | {} |", cell(heading), cell(field));
    }
    for list in &intake.lists {
        for (field, heading) in &list.columns {
            let (most, group) = (list.most, &list.group);
            let heading = cell(heading);
            let _ = writeln!(out, "| {heading}（{{n}} は 1〜{most}） | {group}の{field} |");
        }
    }
    out.push('\n');
}
