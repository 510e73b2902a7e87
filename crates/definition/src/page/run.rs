//! A bulk run in words: whom it goes through, what is asked, and where each field comes from.

use std::fmt::Write;

use super::cell;
use crate::model::{Run, System};

/// All runs.
pub(super) fn section(out: &mut String, system: &System) {
    for run in &system.runs {
        describe(out, system, run);
    }
}

fn describe(out: &mut String, system: &System, run: &Run) {
    let procedure = system.procedure(&run.procedure).map_or("", |own| own.name.as_str());
    let _ = writeln!(out, "## 一括処理「{}」\n", run.name);
    let _ = writeln!(
        out,
        "識別名 `{}`、{}。「{}」のすべての行を主キーの順にたどり、一人ずつ手続「{procedure}」を行う。\n",
        run.id,
        run.statute,
        run.subject()
    );
    if let Some(guidance) = &run.guidance {
        let _ = writeln!(out, "{guidance}\n");
    }
    if !run.asks.is_empty() {
        let asks: Vec<String> =
            run.asks.iter().map(|ask| format!("{}（{}）", ask.name, ask.ty)).collect();
        let _ = writeln!(out, "始めるときに聞くこと: {}\n", asks.join("、"));
    }
    for list in &run.lists {
        let register = system.register(&list.register).map_or("", |own| own.name.as_str());
        let same = list.same.iter().map(|(item, ask)| format!("、{item} = {ask}"));
        let _ = writeln!(
            out,
            "- 並び「{}」: 台帳「{register}」の行のうち、{}が主キーと等しいもの{}",
            list.name,
            list.by,
            same.collect::<String>()
        );
    }
    if let Some(only) = &run.only {
        let _ = writeln!(out, "- 行う相手: `{}`", only.source());
    }
    for (name, value) in &run.values {
        let _ = writeln!(out, "- {name}: `{}`", value.source());
    }
    for check in &run.checks {
        let _ =
            writeln!(out, "- 満たさない人は待つ: `{}` — {}", check.must.source(), check.message);
    }
    for group in &run.groups {
        let _ = writeln!(out, "- 見直しの試算の区分「{}」: `{}`", group.name, group.by.source());
    }
    let _ = writeln!(out, "\n| 欄 | 値 |\n|---|---|");
    for (name, value) in &run.inputs {
        let _ = writeln!(out, "| {name} | `{}` |", cell(value.source()));
    }
    out.push('\n');
}
