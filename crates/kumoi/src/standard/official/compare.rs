//! A standard as data against the official files that it was taken from. Which items are secret is
//! ours to say and in none of them.

use std::fmt::Debug;

use definition::model::CodeList;
use definition::standard::{Group, Interface, Parameter, Standard, StandardItem};

/// What differs, in words; of the official side only what was read of it.
pub fn compare(official: &Standard, own: &Standard) -> Vec<String> {
    let mut out = Vec::new();
    if !official.groups.is_empty() {
        items(official, own, &mut out);
    }
    for interface in &official.interfaces {
        match own.interfaces.first() {
            Some(one) => interfaces(interface, one, &mut out),
            None => out.push(format!("「{}」が標準にない", interface.name)),
        }
    }
    out
}

/// One fact on both sides.
fn differ(out: &mut Vec<String>, name: &str, what: &str, (official, own): (&str, &str)) {
    if official != own {
        out.push(format!("「{name}」の{what}: 原典は「{official}」、標準は「{own}」"));
    }
}

fn mark(is: bool) -> &'static str {
    if is { "○" } else { "" }
}

fn items(official: &Standard, own: &Standard, out: &mut Vec<String>) {
    differ(out, "標準", "業務ID", (&official.id, &own.id));
    if !official.name.is_empty() {
        differ(out, "標準", "業務名", (&official.name, &own.name));
    }
    let mut left: Vec<(&Group, &StandardItem)> = own.items().collect();
    let mut order = Vec::new();
    for (group, item) in official.items() {
        let by_romaji = left.iter().position(|(_, one)| one.romaji == item.romaji);
        let at = by_romaji.or_else(|| left.iter().position(|(_, one)| one.number == item.number));
        match at {
            None => out.push(format!("「{}」（{}）が標準にない", item.name, item.romaji)),
            Some(at) => {
                let (own_group, one) = left.remove(at);
                order.push(one.number.as_str());
                differ(out, &item.name, "グループ", (&group.name, &own_group.name));
                one_item(item, one, out);
                codes((official, item), (own, one), out);
            }
        }
    }
    let placed = |number: &str| order.iter().position(|one| *one == number);
    let mut own = own.items().filter_map(|(_, it)| Some((placed(&it.number)?, it)));
    if let Some((_, one)) =
        own.by_ref().enumerate().find(|(at, (place, _))| at != place).map(|it| it.1)
    {
        out.push(format!("「{}」の順が原典と違う", one.name));
    }
    out.extend(
        left.iter().map(|(_, item)| format!("「{}」（{}）が原典にない", item.name, item.romaji)),
    );
}

fn one_item(official: &StandardItem, own: &StandardItem, out: &mut Vec<String>) {
    let name = official.name.as_str();
    let mut both = |what: &str, official: &str, own: &str| differ(out, name, what, (official, own));
    both("データ項目ID", &official.number, &own.number);
    both("名称", &official.name, &own.name);
    both("ローマ字名", &official.romaji, &own.romaji);
    both("型", official.kind.word(), own.kind.word());
    both("桁数", &official.length.to_string(), &own.length.to_string());
    both("不詳日", mark(official.uncertain), mark(own.uncertain));
    both("繰り返し", &official.repeats.to_string(), &own.repeats.to_string());
    both("出力条件", official.output.word(), own.output.word());
    both("条件", said(&official.when), said(&own.when));
    both("実装類型", mark(official.implement), mark(own.implement));
    both("主キー", mark(official.key), mark(own.key));
    both("自治体固有コード", mark(official.own_codes), mark(own.own_codes));
    both("特別な値", &official.special.join("、"), &own.special.join("、"));
}

fn said(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// The list of an item with its values and meanings.
fn codes(
    (official, item): (&Standard, &StandardItem),
    (own, one): (&Standard, &StandardItem),
    out: &mut Vec<String>,
) {
    differ(out, &item.name, "コード一覧", (said(&item.codes), said(&one.codes)));
    let of = |standard: &Standard, list: &Option<String>| -> Option<CodeList> {
        standard.codes.get(list.as_ref()?).cloned()
    };
    let (Some(official), Some(own)) = (of(official, &item.codes), of(own, &one.codes)) else {
        return;
    };
    for entry in &official.entries {
        let meant = own.name_of(&entry.code).unwrap_or_default();
        differ(out, &item.name, &format!("コード {}", entry.code), (&entry.name, meant));
    }
    for entry in own.entries.iter().filter(|entry| official.name_of(&entry.code).is_none()) {
        differ(out, &item.name, &format!("コード {}", entry.code), ("", &entry.name));
    }
}

fn interfaces(official: &Interface, own: &Interface, out: &mut Vec<String>) {
    let name = official.name.as_str();
    let mut both = |what: &str, official: &str, own: &str| differ(out, name, what, (official, own));
    both("版", &official.version, &own.version);
    both("APIコール名", &official.call, &own.call);
    both("操作種類", &official.operation, &own.operation);
    both("リクエストID", &official.request.id, &own.request.id);
    let seconds = |one: &Interface| {
        let sure = if one.timeout_binding { "" } else { "（目安）" };
        format!("{} 秒{sure}", one.timeout_seconds)
    };
    both("タイムアウト", &seconds(official), &seconds(own));
    both("再依頼の上限", &shown(&official.retry_limit), &shown(&own.retry_limit));
    both("同時の依頼", mark(official.concurrency.is_some()), mark(own.concurrency.is_some()));
    parameters(&official.request.parameters, &own.request.parameters, out);
    let statuses = |one: &Interface| {
        let list = one.responses.iter().map(|it| format!("{}{}", it.status, mark(it.errors)));
        list.collect::<Vec<String>>().join("、")
    };
    differ(out, name, "応答", (&statuses(official), &statuses(own)));
    for (response, one) in official.responses.iter().zip(&own.responses) {
        differ(out, name, "レスポンスID", (said(&response.id), said(&one.id)));
        parameters(&response.parameters, &one.parameters, out);
    }
    let errors = |one: &Interface| {
        let list = one.errors.iter().map(|it| format!("{} {}（{:?}）", it.code, it.name, it.kind));
        list.collect::<Vec<String>>().join("、")
    };
    differ(out, name, "エラーコード", (&errors(official), &errors(own)));
}

fn shown<T: Debug>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(String::new, |value| format!("{value:?}"))
}

fn parameters(official: &[Parameter], own: &[Parameter], out: &mut Vec<String>) {
    let mut left: Vec<&Parameter> = own.iter().collect();
    for one in official {
        match left.iter().position(|it| it.romaji == one.romaji) {
            None => out.push(format!("引数「{}」が標準にない", one.romaji)),
            Some(at) => parameter(one, left.remove(at), out),
        }
    }
    out.extend(left.iter().map(|one| format!("引数「{}」が原典にない", one.romaji)));
}

fn parameter(official: &Parameter, own: &Parameter, out: &mut Vec<String>) {
    let name = official.name.as_str();
    let mut both = |what: &str, official: &str, own: &str| differ(out, name, what, (official, own));
    both("項目名", &official.name, &own.name);
    both("引数の型", official.kind.word(), own.kind.word());
    both("引数の桁数", &official.length.to_string(), &own.length.to_string());
    both("引数の必須", mark(official.required), mark(own.required));
    both("引数の条件", said(&official.when), said(&own.when));
    both("引数の特別な値", &official.special.join("、"), &own.special.join("、"));
}
