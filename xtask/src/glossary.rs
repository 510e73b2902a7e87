//! `docs/glossary.md`: the terms of the engine and of every system, with the English word and the
//! identifier that stands for each in code, definitions and the API. It holds no definition of law.

use std::fmt::Write;

use definition::System;

/// Terms of the engine: official word, English, where it stands in code or in a table.
const ENGINE: &[(&str, &str, &str)] = &[
    ("団体", "organisation", "`Organisation`, one register database"),
    ("業務システム", "system", "`System`, a folder under `systems/`"),
    ("台帳", "register", "`Register`, two tables: current rows and history"),
    ("データ項目", "item", "`Item`"),
    ("手続", "procedure", "`Procedure`"),
    ("届出", "notification", "`kind: notification`"),
    ("職権", "official act", "`kind: official`"),
    ("異動", "event, journal entry", "`core.journal`"),
    ("異動事由", "reason", "`reason`"),
    ("異動日", "effective day", "`valid_from`, `valid_to`"),
    ("届出日", "filing day", "`filed_on`"),
    ("処理日", "recording time", "`recorded_from`, `recorded_to`"),
    ("履歴番号", "version number", "`version_no`: the order of recording"),
    ("受付番号", "case number", "`core.case_file.id`"),
    ("仮登録", "provisional registration", "`Stage`: entered, waits for a second person"),
    ("審査", "review", "`case_review`"),
    ("決裁", "approval", "`core.decision_rule`"),
    ("専決", "decision by a delegate", "mode of a 決裁 rule"),
    ("代決", "decision in place of an absent person", "mode of a 決裁 rule"),
    ("後閲", "inspection after a 代決", "`post_review_due`"),
    ("本登録", "final registration", "`register_finally`"),
    ("取消", "cancellation", "verb `cancel`"),
    ("消除", "closing of a row", "verb `close`, `closed_on`"),
    ("支援措置", "protection of victims", "`concealed_by`, `conceal`"),
    ("同定", "identification of a character", "the list of waiting documents"),
    ("発行番号", "document number", "`core.document`"),
    ("書損", "spoilt document", "`document_void`"),
    ("監査記録", "audit row", "`core.audit`"),
    ("封印", "sealing into the log", "`seal_batch`, C2SP tlog"),
    ("個人番号利用事務系", "office zone", "`Zone::Office`"),
    ("LGWAN接続系", "LGWAN zone", "`Zone::Lgwan`"),
    ("インターネット接続系", "internet zone", "`Zone::Internet`"),
    ("見本", "sample", "`Mode::Sample`"),
];

/// The whole file.
pub fn glossary(systems: &[System]) -> String {
    let mut out = String::from(
        "# Glossary\n\nGenerated from the definitions and the engine's list of terms. The Japanese \
         term is the official one; English and identifiers follow it.\n\n## Engine\n\n\
         | Term | English | Identifier |\n|---|---|---|\n",
    );
    for (term, english, place) in ENGINE {
        let _ = writeln!(out, "| {term} | {english} | {place} |");
    }
    for system in systems {
        let _ = writeln!(out, "\n## {}（{}）\n", system.name, system.name_en);
        out.push_str("| Term | English | Identifier | What |\n|---|---|---|---|\n");
        for register in &system.registers {
            line(&mut out, (&register.name, &register.name_en, &register.id), "register");
            for item in &register.items {
                line(&mut out, (&item.name, &item.name_en, &item.romaji), &register.id);
            }
        }
        for procedure in &system.procedures {
            line(&mut out, (&procedure.name, &procedure.name_en, &procedure.id), "procedure");
        }
        for event in &system.events {
            line(&mut out, (&event.name, &event.name_en, &event.id), "event");
        }
    }
    out
}

fn line(out: &mut String, (term, english, identifier): (&str, &str, &str), what: &str) {
    let _ = writeln!(out, "| {term} | {english} | `{identifier}` | {what} |");
}
