//! Procedures, documents and links: what must be done, published and read.

use definition::System;
use definition::model::{Procedure, ProcedureKind, Verb};
use definition::standard::{RequiredEvent, RequiredProcedure, RequiredRead, Standard};

use super::{Area, Finding, asking, source};

const HEAD: &str = "system.yaml";

pub(super) fn check(standard: &Standard, system: &System, findings: &mut Vec<Finding>) {
    procedures(standard, system, findings);
    for event in &standard.events {
        findings.push(published_event(standard, system, event));
    }
    for item in &standard.published {
        let asked = format!("項目「{}」をほかの業務が読める", item.text);
        let place = "registers/".to_owned();
        let finding = asking(Area::Publication, asked, source(standard, item), place);
        let own = |secret: bool| {
            let mut all = system.registers.iter().flat_map(|register| &register.items);
            all.any(|own| own.name == item.text && own.secret == secret)
        };
        findings.push(match (own(false), own(true)) {
            (true, _) => finding.pass("公開できる"),
            (false, true) => finding.fail("秘密の項目になっている", "secret を外す"),
            (false, false) => finding.fail(
                format!("項目「{}」がない", item.text),
                format!("項目「{}」を足す", item.text),
            ),
        });
    }
    for read in &standard.reads {
        findings.extend(reading(standard, system, read));
    }
}

/// Each required procedure takes one of the package, so that one cannot stand for two.
fn procedures(standard: &Standard, system: &System, findings: &mut Vec<Finding>) {
    let mut free: Vec<&Procedure> = system.procedures.iter().collect();
    let mut given: Vec<Option<&Procedure>> = Vec::new();
    // Those of the same name first, so that a name never falls to a neighbour.
    for wanted in &standard.procedures {
        let same = |own: &&Procedure| own.name == wanted.name && fits(wanted, own);
        given.push(take(&mut free, same));
    }
    for (wanted, slot) in standard.procedures.iter().zip(&mut given) {
        if slot.is_none() {
            *slot = take(&mut free, |own| fits(wanted, own));
        }
    }
    for (wanted, own) in standard.procedures.iter().zip(given) {
        let event = wanted.event.as_deref().map(|id| format!("、事象 {id} を公開"));
        let on = wanted.on.as_deref().map(|event| format!("、{event} を受ける"));
        let does = wanted.does.map(|verb| format!("、効果 {verb}"));
        let asked = format!(
            "{}「{}」（{}{}{}{}{}）",
            kind_word(wanted.kind),
            wanted.name,
            wanted.statute,
            event.unwrap_or_default(),
            on.unwrap_or_default(),
            does.unwrap_or_default(),
            if wanted.document { "、文書を交付" } else { "" },
        );
        let place = own.map_or("procedures/".to_owned(), |it| format!("procedures/{}.yaml", it.id));
        let finding = asking(Area::Procedure, asked, source(standard, &wanted.place), place);
        findings.push(match own {
            Some(own) => finding.pass(format!("「{}」（{}）", own.name, own.statute)),
            None => finding.fail(
                format!("「{}」に当たる手続がない", wanted.name),
                "この条文（statute）と種別（kind）、事象・文書・効果を持つ手続を足す",
            ),
        });
    }
}

fn take<'s>(
    free: &mut Vec<&'s Procedure>,
    is: impl Fn(&&'s Procedure) -> bool,
) -> Option<&'s Procedure> {
    let index = free.iter().position(is)?;
    Some(free.remove(index))
}

fn kind_word(kind: ProcedureKind) -> &'static str {
    match kind {
        ProcedureKind::Notification => "届出・申請",
        ProcedureKind::Official => "職権",
        ProcedureKind::Certificate => "証明",
        ProcedureKind::Reaction => "事象への反応",
    }
}

fn fits(wanted: &RequiredProcedure, own: &Procedure) -> bool {
    let issues = own.effects.iter().any(|effect| matches!(effect.verb, Verb::Notify { .. }));
    let publishes = wanted.event.is_none() || own.event == wanted.event;
    let does = wanted.does.is_none_or(|verb| own.effects.iter().any(|it| it.verb.word() == verb));
    let hears = wanted.on.as_ref().is_none_or(|event| {
        own.on.iter().any(|one| format!("{}.{}", one.system, one.event) == *event)
    });
    let of_article = articles(&wanted.statute).iter().all(|(law, section)| {
        articles(&own.statute)
            .iter()
            .any(|(own_law, own_section)| own_law == law && within(own_section, section))
    });
    own.kind == wanted.kind
        && publishes
        && hears
        && does
        && (issues || !wanted.document)
        && of_article
}

/// «法 第8条、第9条» as (法, 第8条), (法, 第9条): a part without a law is of the law before it.
fn articles(text: &str) -> Vec<(&str, &str)> {
    let mut law = "";
    text.split('、')
        .map(|part| match part.trim().rsplit_once(' ') {
            Some((named, section)) => {
                law = named;
                (named, section)
            }
            None => (law, part.trim()),
        })
        .collect()
}

/// The section itself or a paragraph of it: 第22条第2項 is within 第22条, 第12条の2 not in 第12条.
fn within(section: &str, wanted: &str) -> bool {
    section.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('第'))
}

fn published_event(standard: &Standard, system: &System, wanted: &RequiredEvent) -> Finding {
    let items = wanted.items.join("、");
    let asked = format!("事象 {}「{}」を、{items} を載せて公開する", wanted.id, wanted.name);
    let origin = source(standard, &wanted.place);
    let finding = asking(Area::Publication, asked, origin, HEAD.to_owned());
    let Some(own) = system.events.iter().find(|event| event.id == wanted.id) else {
        let remedy = format!("events に id: {} の事象を足し、手続の event に書く", wanted.id);
        return finding.fail(format!("事象「{}」がない", wanted.name), remedy);
    };
    if own.name != wanted.name {
        let found = format!("事象 {} が別の意味「{}」に使われている", wanted.id, own.name);
        return finding.fail(found, format!("この id は「{}」だけに使う", wanted.name));
    }
    let missing: Vec<&str> =
        wanted.items.iter().filter(|item| !own.items.contains(item)).map(String::as_str).collect();
    if !missing.is_empty() {
        let list = missing.join("、");
        return finding.fail(format!("{list} を載せていない"), format!("items に {list} を足す"));
    }
    let by: Vec<&str> = system
        .procedures
        .iter()
        .filter(|procedure| procedure.event.as_ref() == Some(&wanted.id))
        .map(|procedure| procedure.name.as_str())
        .collect();
    match by.is_empty() {
        true => finding.fail("どの手続も公開しない", "この異動の手続に event を書く"),
        false => finding.pass(format!("{}で公開", by.join("、"))),
    }
}

fn reading(standard: &Standard, system: &System, wanted: &RequiredRead) -> Vec<Finding> {
    let mut out = Vec::new();
    let origin = || source(standard, &wanted.place);
    let uses = || system.uses.iter().filter(|used| used.system == wanted.system);
    for item in &wanted.items {
        let asked = format!("{} の項目「{item}」を読む", wanted.system);
        let finding = asking(Area::Reading, asked, origin(), HEAD.to_owned());
        let read = uses().any(|used| used.items.iter().any(|own| own.name == *item));
        out.push(match read {
            true => finding.pass("uses にある"),
            false => finding.fail("読んでいない", format!("uses の items に「{item}」を足す")),
        });
    }
    for event in &wanted.events {
        let asked = format!("{} の事象 {event} を受けて処理する", wanted.system);
        let finding = asking(Area::Reading, asked, origin(), "procedures/".to_owned());
        let hears = |own: &&Procedure| {
            own.on.iter().any(|one| one.system == wanted.system && one.event == *event)
        };
        out.push(match system.procedures.iter().find(hears) {
            Some(own) => finding.pass(format!("「{}」で受ける", own.name)),
            None => {
                let trigger = format!("{}.{event}", wanted.system);
                finding.fail("受ける手続がない", format!("on: [{trigger}] の手続を足す"))
            }
        });
    }
    out
}
