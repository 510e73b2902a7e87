//! Data items: each that the standard requires must be there under its number, with its name,
//! romaji, type, length, codes and requiredness; no number may mean anything else.

use definition::System;
use definition::model::{CodeList, Item, ItemKind, Register};
use definition::standard::{Group, Output, Standard, StandardItem, StandardType};

use super::{Area, Finding, Verdict, asking, source};

/// Every item of the standard, then numbers of the package that the standard does not know.
pub(super) fn check(standard: &Standard, system: &System, findings: &mut Vec<Finding>) {
    for (group, item) in standard.items() {
        findings.push(check_item(standard, system, (group, item)));
    }
    for (register, own) in items(system) {
        let Some(number) = &own.number else { continue };
        let known = standard.items().any(|(_, item)| item.number == *number);
        if number.starts_with(&standard.id) && !known {
            let asked = format!("番号 {number} は標準の項目に付ける");
            let origin = format!("standards/{}/items/", standard.id);
            let finding = asking(Area::Item, asked, origin, place(system, register, own));
            let found = format!("標準にない番号が「{}」に付いている", own.name);
            findings.push(finding.fail(found, "独自の項目からは no を消す"));
        }
    }
}

fn items(system: &System) -> impl Iterator<Item = (&Register, &Item)> {
    system.registers.iter().flat_map(|one| one.items.iter().map(move |item| (one, item)))
}

/// File and line of an item; a number stands once in a system.
fn place(system: &System, register: &Register, item: &Item) -> String {
    let file = format!("registers/{}.yaml", register.id);
    let number = item.number.as_deref().unwrap_or_default();
    let text = system.files.get(&file).map_or("", String::as_str);
    let line = text.lines().position(|line| !number.is_empty() && line.contains(number));
    match line {
        Some(index) => format!("{file}:{}「{}」", index + 1, item.name),
        None => format!("{file}「{}」", item.name),
    }
}

fn check_item(
    standard: &Standard,
    system: &System,
    (group, item): (&Group, &StandardItem),
) -> Finding {
    let asked = format!(
        "{} {}「{}」{} {}{}",
        item.number,
        group.name,
        item.name,
        item.romaji,
        item.shape(),
        if item.output == Output::Must { " 必須" } else { "" },
    );
    let origin = source(standard, &item.place);
    let numbered = items(system).find(|(_, own)| own.number.as_ref() == Some(&item.number));
    let Some((register, own)) = numbered else {
        return without_number(
            standard,
            system,
            item,
            asking(Area::Item, asked, origin, "".into()),
        );
    };
    let finding = asking(Area::Item, asked, origin, place(system, register, own));
    let faults = faults(standard, system, (group, item), (register, own));
    if !faults.is_empty() {
        let (found, remedies): (Vec<String>, Vec<String>) = faults.into_iter().unzip();
        return finding.fail(found.join("。"), remedies.join("。"));
    }
    if item.repeats > 1 {
        let words = format!("最大 {} 個の繰り返しは、出力して確かめる", item.repeats);
        return finding.unchecked(words);
    }
    finding.pass(format!("{} {}", own.romaji, kind_word(&own.kind)))
}

/// The number is nowhere: is the item there under another number, or not at all?
fn without_number(
    standard: &Standard,
    system: &System,
    item: &StandardItem,
    finding: Finding,
) -> Finding {
    let free = |own: &Item| {
        let number = own.number.as_ref();
        number.is_none_or(|number| standard.items().all(|(_, one)| one.number != *number))
    };
    let same = |(_, own): &(&Register, &Item)| own.name == item.name && free(own);
    if let Some((register, own)) = items(system).find(same) {
        let finding = Finding { place: place(system, register, own), ..finding };
        let found = match &own.number {
            Some(number) => format!("番号が {number} になっている"),
            None => "番号が付いていない".to_owned(),
        };
        return finding.fail(found, format!("「no: \"{}\"」にする", item.number));
    }
    let finding = Finding { place: "registers/".to_owned(), ..finding };
    match item.implement || item.output == Output::Must {
        true => {
            let remedy = format!("項目「{}」を番号 {} で足す", item.name, item.number);
            finding.fail(format!("項目「{}」がない", item.name), remedy)
        }
        false => Finding { verdict: Verdict::Pass, ..finding.pass("任意の項目で、ない") },
    }
}

/// What differs and what to do, one pair each.
fn faults(
    standard: &Standard,
    system: &System,
    (group, item): (&Group, &StandardItem),
    (register, own): (&Register, &Item),
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut fault = |found: String, remedy: String| out.push((found, remedy));
    if own.name != item.name {
        fault(
            format!("番号 {} が別の意味「{}」に使われている", item.number, own.name),
            format!("この番号は「{}」だけに付ける", item.name),
        );
    }
    if let Some(other) = home_of(standard, system, register).filter(|it| it.name != group.name) {
        fault(
            format!(
                "番号 {} がグループ「{}」の台帳「{}」に付いている",
                item.number, other.name, register.name
            ),
            format!("グループ「{}」の台帳の「{}」に付ける", group.name, item.name),
        );
    }
    if own.romaji != item.romaji {
        fault(
            format!("「{}」のローマ字名が {}", item.name, own.romaji),
            format!("romaji を {} にする", item.romaji),
        );
    }
    if let Some(found) = shape_fault(item, own) {
        fault(
            format!("「{}」が{found}", item.name),
            format!("型と桁数を {} に合わせる", item.shape()),
        );
    }
    if let Some(list) = item.codes.as_ref().and_then(|name| standard.codes.get(name)) {
        for found in code_faults(list, own, system) {
            fault(
                format!("「{}」のコードで{found}", item.name),
                format!("コード一覧「{}」に合わせる", list.name),
            );
        }
    }
    if item.output == Output::Must && !own.required {
        fault(format!("「{}」が必須になっていない", item.name), "required: true にする".into());
    }
    if item.output != Output::Must && own.required {
        let found = format!(
            "「{}」は{}なのに必須で、値のない記録を受け取れない",
            item.name,
            item.output.word()
        );
        fault(found, "required を外す".into());
    }
    if let Some(found) = secrecy_fault(item, own) {
        let remedy = if item.secret { "secret: true にする" } else { "secret を外す" };
        fault(found, remedy.into());
    }
    if item.key && register.key != own.name {
        fault(
            format!("「{}」が台帳「{}」の主キーでない", item.name, register.name),
            format!("台帳の key を「{}」にする", item.name),
        );
    }
    out
}

/// What lies in plain text although it may not, or is veiled although others read it.
fn secrecy_fault(item: &StandardItem, own: &Item) -> Option<String> {
    match (item.secret, own.secret) {
        (true, false) => Some(format!("「{}」が暗号化されずに保存される", item.name)),
        (false, true) => Some(format!("「{}」が伏せられ、ほかの業務が読めない", item.name)),
        _ => None,
    }
}

/// The group that a register holds: the one with most of its numbers there, if that group has not
/// more of them elsewhere. A register beside it may hold a few items of any group.
fn home_of<'s>(standard: &'s Standard, system: &System, register: &Register) -> Option<&'s Group> {
    let held = |group: &Group, one: &Register| {
        let numbered = |item: &&Item| {
            group.items.iter().any(|wanted| item.number.as_ref() == Some(&wanted.number))
        };
        one.items.iter().filter(numbered).count()
    };
    let mine = |group: &&Group| held(group, register);
    let group = standard.groups.iter().max_by_key(mine).filter(|group| mine(group) > 0)?;
    let most = system.registers.iter().map(|one| held(group, one)).max();
    (most == Some(mine(&group))).then_some(group)
}

/// Type and length as the package has them, when they differ from the standard's.
fn shape_fault(item: &StandardItem, own: &Item) -> Option<String> {
    let coded = item.codes.is_some() || item.own_codes;
    let fits = match (&own.kind, item.kind) {
        (ItemKind::Code(_), _) => coded,
        (ItemKind::Flag, _) => item.codes.is_some() && item.length == 1,
        (_, _) if item.codes.is_some() => false,
        (ItemKind::HalfWidth(length), StandardType::HalfWidth)
        | (ItemKind::FullWidth(length), StandardType::FullWidth) => *length == item.length,
        (ItemKind::Integer { digits, signed }, StandardType::Unsigned | StandardType::Signed) => {
            *digits == item.length && *signed == (item.kind == StandardType::Signed)
        }
        (ItemKind::Time, StandardType::Time) => true,
        (ItemKind::Date { uncertain }, StandardType::Date) => *uncertain == item.uncertain,
        _ => false,
    };
    (!fits).then(|| format!("{}（標準は {}）", kind_word(&own.kind), wanted(item)))
}

fn wanted(item: &StandardItem) -> String {
    let mut words = item.shape();
    if let Some(list) = &item.codes {
        words.push_str(&format!(" コード一覧「{list}」"));
    }
    if item.kind == StandardType::Date {
        words.push_str(if item.uncertain {
            "、不詳日を許す"
        } else {
            "、不詳日を許さない"
        });
    }
    words
}

fn kind_word(kind: &ItemKind) -> String {
    match kind {
        ItemKind::HalfWidth(length) => format!("X({length})"),
        ItemKind::FullWidth(length) => format!("Ｎ({length})"),
        ItemKind::Integer { digits, signed: false } => format!("9({digits})"),
        ItemKind::Integer { digits, signed: true } => format!("S9({digits})"),
        ItemKind::Date { uncertain: true } => "DATE（不詳日を許す）".to_owned(),
        ItemKind::Date { uncertain: false } => "DATE（不詳日を許さない）".to_owned(),
        ItemKind::Time => "TIME".to_owned(),
        ItemKind::Code(list) => format!("コード「{list}」"),
        ItemKind::Flag => "フラグ".to_owned(),
    }
}

/// Codes that are missing, mean something else, or that nobody else knows.
fn code_faults(list: &CodeList, own: &Item, system: &System) -> Vec<String> {
    let Some(codes) = own.codes(system) else {
        let both =
            list.entries.len() == 2 && ["0", "1"].iter().all(|it| list.name_of(it).is_some());
        let flag = own.kind == ItemKind::Flag && !both;
        return if flag { vec!["フラグでは足りない".to_owned()] } else { Vec::new() };
    };
    let mut out = Vec::new();
    for entry in &list.entries {
        match codes.name_of(&entry.code) {
            None => out.push(format!(" {}（{}）がない", entry.code, entry.name)),
            Some(name) if name != entry.name => {
                let (code, wanted) = (&entry.code, &entry.name);
                out.push(format!(" {code} が別の意味「{name}」（標準は「{wanted}」）"));
            }
            Some(_) => {}
        }
    }
    let extra = codes.entries.iter().filter(|entry| list.name_of(&entry.code).is_none());
    out.extend(extra.map(|entry| format!(" {}（{}）が標準にない", entry.code, entry.name)));
    out
}
