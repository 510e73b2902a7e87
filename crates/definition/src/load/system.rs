//! `system.yaml` and the order in which the other files are read.

use std::sync::Arc;

use base::diagnostic::{Diagnostic, Severity};

use super::{
    Package, calculation, code, intake, name, parameter, price, procedure, register, rule, run,
    sample, with_file,
};
use crate::examples;
use crate::keys::{EVENT, STANDARD, SYSTEM, USE};
use crate::model::{EventType, Standard, System, Use};
use crate::reader::Reader;
use crate::yaml::Node;

/// Reads everything; `None` when `system.yaml` itself cannot be read.
pub(super) fn read(package: &Package, diagnostics: &mut Vec<Diagnostic>) -> Option<System> {
    let Some(text) = package.files.get("system.yaml") else {
        diagnostics.push(Diagnostic {
            file: "system.yaml".into(),
            line: 1,
            column: 1,
            severity: Severity::Error,
            message: "system.yaml がありません".into(),
            help: Some("業務システムのフォルダーを指定してください".into()),
        });
        return None;
    };
    let mut system = with_file("system.yaml", text, diagnostics, read_head)?;
    system.hash = package.hash();
    system.files = Arc::new(package.files.clone());
    unknown_files(package, diagnostics);
    name::check_normal_form(package, diagnostics);
    code::read_all(package, &mut system.codes, diagnostics);
    register::read_all(package, &mut system, diagnostics);
    parameter::read_all(package, &mut system, diagnostics);
    system.price = price::read(package, diagnostics);
    for (stem, _, text) in package.folder("notices", ".typ") {
        system.notices.insert(format!("{stem}.typ"), text.to_owned());
    }
    with_file("system.yaml", text, diagnostics, |r, n| check_events(r, n, &system));
    // What uses names is checked only against sound names: one slip, one message.
    if failed(diagnostics) {
        return Some(system);
    }
    rule::read_all(package, &mut system, diagnostics);
    calculation::read_all(package, &mut system, diagnostics);
    if failed(diagnostics) {
        return Some(system);
    }
    procedure::read_all(package, &mut system, diagnostics);
    if !failed(diagnostics) {
        run::read_all(package, &mut system, diagnostics);
        intake::read_all(package, &mut system, diagnostics);
    }
    sample::read(package, &mut system, diagnostics);
    // An example of a broken procedure would only repeat what is wrong with it.
    if !failed(diagnostics) {
        examples::read_all(package, &mut system, diagnostics);
    }
    Some(system)
}

fn failed(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|found| found.severity == Severity::Error)
}

fn read_head(reader: &mut Reader<'_>, node: &Node) -> System {
    let fields = reader.map(node, SYSTEM);
    let standard = fields.get("standard").map(|node| {
        let inner = reader.map(node, STANDARD);
        Standard {
            name: reader.required(&inner, "name"),
            version: reader.required(&inner, "version"),
        }
    });
    let uses = reader.list(fields.get("uses")).iter().map(|n| read_use(reader, n)).collect();
    let events = reader.list(fields.get("events")).iter().map(|n| read_event(reader, n)).collect();
    let id = reader.required(&fields, "id");
    if !register::is_identifier(&id) {
        let help = "英小文字と数字とハイフンで、英字から始めてください（例 reading-card）";
        reader.error(fields.place, format!("id「{id}」は使えません"), Some(help.into()));
    }
    let code = reader.required(&fields, "code");
    if !code.is_empty() && !is_business(&code) {
        let help = "標準の業務は業務ID三桁を引用符で囲み（例 \"001\"）、ほかの業務は「周辺」と書いてください";
        let message = format!("code「{code}」は使えません");
        reader.error(fields.place_of("code"), message, Some(help.into()));
    }
    System {
        id,
        code,
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        statute: reader.required(&fields, "statute"),
        standard,
        version: reader.required(&fields, "version"),
        bodies: reader.texts(fields.get("bodies")),
        uses,
        events,
        limits: reader.texts(fields.get("limits")),
        registers: Vec::new(),
        codes: Default::default(),
        procedures: Vec::new(),
        runs: Vec::new(),
        intakes: Vec::new(),
        rules: Vec::new(),
        calculations: Vec::new(),
        parameters: Default::default(),
        notices: Default::default(),
        samples: Vec::new(),
        examples: Vec::new(),
        price: None,
        hash: String::new(),
        files: Arc::default(),
    }
}

/// 業務ID: three digits, or 周辺 for a business without a standard. It becomes part of file names.
fn is_business(text: &str) -> bool {
    text == "周辺" || (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read_use(reader: &mut Reader<'_>, node: &Node) -> Use {
    let fields = reader.map(node, USE);
    let name = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &name);
    Use {
        source: reader.located(Some(node.first_scalar())).unwrap_or_default(),
        name,
        system: reader.required(&fields, "system"),
        register: reader.required(&fields, "register"),
        key: reader.required(&fields, "key"),
        items: register::read_items(reader, fields.get("items")),
    }
}

fn read_event(reader: &mut Reader<'_>, node: &Node) -> EventType {
    let fields = reader.map(node, EVENT);
    EventType {
        id: reader.required(&fields, "id"),
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        register: reader.required(&fields, "register"),
        items: reader.texts(fields.get("items")),
    }
}

/// Events name registers and items, so they are checked when the registers are read.
fn check_events(reader: &mut Reader<'_>, node: &Node, system: &System) {
    let fields = reader.map(node, SYSTEM);
    let mut seen: Vec<&str> = Vec::new();
    for (event, node) in system.events.iter().zip(reader.list(fields.get("events"))) {
        let inner = reader.map(node, EVENT);
        if seen.contains(&event.id.as_str()) {
            let help = "どちらか一つにするか、id を変えてください".to_owned();
            let message = format!("事象「{}」が二度あります", event.id);
            reader.error(inner.place_of("id"), message, Some(help));
        }
        seen.push(&event.id);
        let Some(register) = system.register(&event.register) else {
            let place = inner.place_of("register");
            register::unknown_register(reader, place, &event.register, system);
            continue;
        };
        for node in reader.list(inner.get("items")) {
            let Some(name) = node.scalar() else { continue };
            match register.item(name) {
                None => {
                    let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
                    let known = register.items.iter().map(|i| i.name.as_str());
                    reader.unknown(node.place, message, name, known);
                }
                Some(item) if item.secret => {
                    let help = "一覧から消してください。相手は必要なときに照会します".to_owned();
                    let message = format!("秘密の項目「{name}」は事象に載せられません");
                    reader.error(node.place, message, Some(help));
                }
                Some(_) => {}
            }
        }
    }
}

/// A notice is a function of its data; without it nothing would be printed.
pub(super) fn check_notices(package: &Package, diagnostics: &mut Vec<Diagnostic>) {
    for (_, path, text) in package.folder("notices", ".typ") {
        if text.lines().any(|line| line.starts_with("#let document(")) {
            continue;
        }
        diagnostics.push(Diagnostic {
            file: path.to_owned(),
            line: 1,
            column: 1,
            severity: Severity::Error,
            message: "書式に document(data) がありません".into(),
            help: Some("行の先頭に「#let document(data) = …」と書いてください".into()),
        });
    }
}

/// A file that nothing reads is a slip: it would silently have no effect.
fn unknown_files(package: &Package, diagnostics: &mut Vec<Diagnostic>) {
    const PLACES: &[(&str, &str)] = &[
        ("registers/", ".yaml"),
        ("codes/", ".yaml"),
        ("procedures/", ".yaml"),
        ("parameters/", ".yaml"),
        ("calculations/", ".yaml"),
        ("runs/", ".yaml"),
        ("intakes/", ".yaml"),
        ("rules/", ".feel"),
        ("notices/", ".typ"),
        ("examples/", ".md"),
    ];
    for path in package.files.keys() {
        let known =
            matches!(path.as_str(), "system.yaml" | "samples.yaml" | "price.yaml" | "README.md")
                || PLACES
                    .iter()
                    .any(|(folder, ending)| path.starts_with(folder) && path.ends_with(ending));
        if !known {
            diagnostics.push(Diagnostic {
                file: path.clone(),
                line: 1,
                column: 1,
                severity: Severity::Error,
                message: "このファイルはどこからも読まれません".into(),
                help: Some(
                    "registers/*.yaml、codes/*.yaml、procedures/*.yaml、parameters/*.yaml、\
                     calculations/*.yaml、runs/*.yaml、intakes/*.yaml、rules/*.feel、notices/*.typ、examples/*.md のいずれかに置いてください"
                        .into(),
                ),
            });
        }
    }
}
