//! What a person entered → typed facts, with every mistake at its field.
//!
//! The words as entered are kept; values are normalised (和暦 and 西暦, full width, katakana) and
//! secrets are sealed before the form is stored.

pub(crate) mod condition;
mod text;

use base::code::Mode;
use base::date::{Date, LooseDate};
use base::said;
use base::said::Said;
use definition::model::{Field, FieldGroup, FieldKind, Item, Procedure, Register, System};
use rules::value::{Record, Value};
use serde_json::{Map, Value as Json};
use store::StoreError;
use store::vault::Vault;

use crate::facts::{Facts, date_text, date_value};
use crate::plan::Finding;

/// A parsed form.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Field facts; subjects and relations are added by the case.
    pub facts: Facts,
    /// Fields of each selected subject, in order, with its key.
    pub subjects: Vec<(String, Record)>,
    /// Normalised form, secrets sealed.
    pub stored: Map<String, Json>,
    /// Mistakes.
    pub findings: Vec<Finding>,
    /// Paths of fields that were not sent and have a default.
    pub absent: Vec<String>,
}

/// What parsing needs beside the input.
#[derive(Clone, Copy)]
pub struct FormContext<'a> {
    /// The system.
    pub system: &'a System,
    /// The procedure.
    pub procedure: &'a Procedure,
    /// Whether numbers must be valid or must not be.
    pub mode: Mode,
    /// For secret fields.
    pub vault: &'a Vault,
    /// 本日, which most defaults are.
    pub today: Date,
}

impl Parsed {
    /// Defaults that need nothing but the form and the day: what is looked up depends on them.
    fn complete(&mut self, procedure: &Procedure, today: Date) {
        self.facts.set("本日", today);
        let Parsed { facts, subjects, stored, findings, absent } = self;
        let facts = &mut facts.record;
        let mut form = condition::Form { facts, subjects, stored, findings, absent };
        condition::defaults(procedure, &mut form);
    }
}

/// What a sealed value begins with, in a stored form and in one that is sent on.
pub const SEALED: &str = "sealed:";

/// Parses an entered or stored form.
pub fn parse(context: FormContext<'_>, input: &Json) -> Parsed {
    let mut parsed = Parsed::default();
    let empty = Map::new();
    let input = input.as_object().unwrap_or(&empty);
    for group in &context.procedure.form {
        if group.per_subject {
            continue;
        }
        match group.repeat {
            Some((least, most)) => repeated(context, group, (least, most), input, &mut parsed),
            None => {
                for field in &group.fields {
                    let (value, stored) =
                        one(context, field, input.get(&field.name), &field.name, &mut parsed);
                    parsed.facts.record.insert(field.name.as_str(), value);
                    parsed.stored.insert(field.name.clone(), stored);
                }
            }
        }
    }
    subjects(context, input, &mut parsed);
    parsed.complete(context.procedure, context.today);
    unknown_names(context, input, &mut parsed);
    parsed
}

fn repeated(
    context: FormContext<'_>,
    group: &FieldGroup,
    (least, most): (u32, u32),
    input: &Map<String, Json>,
    parsed: &mut Parsed,
) {
    let entries = input.get(&group.name).and_then(Json::as_array).cloned().unwrap_or_default();
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    if count < least || count > most {
        let (name, name_en) = (&group.name, &group.name_en);
        let said = said!(
            "「{name}」は{least}件から{most}件までです",
            "{name_en}: from {least} to {most} entries"
        );
        parsed.findings.push(Finding::at(name, said));
    }
    let (mut values, mut stored) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().take(most as usize).enumerate() {
        let mut record = Record::new();
        let mut kept = Map::new();
        for field in &group.fields {
            let path = format!("{}.{index}.{}", group.name, field.name);
            let (value, json) = one(context, field, entry.get(&field.name), &path, parsed);
            record.insert(field.name.as_str(), value);
            kept.insert(field.name.clone(), json);
        }
        values.push(Value::from(record));
        stored.push(Json::Object(kept));
    }
    parsed.facts.record.insert(group.name.as_str(), Value::from(values));
    parsed.stored.insert(group.name.clone(), Json::Array(stored));
}

fn subjects(context: FormContext<'_>, input: &Map<String, Json>, parsed: &mut Parsed) {
    let Some(entries) = input.get("対象者").and_then(Json::as_array).cloned() else { return };
    let mut stored = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(key) = entry.get("key").and_then(Json::as_str) else { continue };
        let mut record = Record::new();
        let mut kept = Map::new();
        kept.insert("key".to_owned(), Json::from(key));
        for group in context.procedure.form.iter().filter(|g| g.per_subject) {
            for field in &group.fields {
                let path = format!("対象者.{index}.{}", field.name);
                let (value, json) = one(context, field, entry.get(&field.name), &path, parsed);
                record.insert(field.name.as_str(), value);
                kept.insert(field.name.clone(), json);
            }
        }
        parsed.subjects.push((key.to_owned(), record));
        stored.push(Json::Object(kept));
    }
    parsed.stored.insert("対象者".to_owned(), Json::Array(stored));
}

/// A name that no field has would silently be lost.
fn unknown_names(context: FormContext<'_>, input: &Map<String, Json>, parsed: &mut Parsed) {
    for name in input.keys() {
        let known = name == "対象者"
            || context.procedure.form.iter().any(|group| match group.repeat {
                Some(_) => &group.name == name,
                None => group.fields.iter().any(|field| &field.name == name),
            });
        if !known {
            let said = said!(
                "「{name}」という欄はこの手続にありません",
                "This procedure has no field “{name}”"
            );
            parsed.findings.push(Finding::at(name, said));
        }
    }
}

/// One field: its fact and what is stored of it.
fn one(
    context: FormContext<'_>,
    field: &Field,
    input: Option<&Json>,
    path: &str,
    parsed: &mut Parsed,
) -> (Value, Json) {
    if let FieldKind::Codes(list) = &field.kind {
        return codes(context, list, input, path, parsed);
    }
    let text = match input {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.trim().to_owned(),
        Some(Json::Bool(flag)) => if *flag { "yes" } else { "" }.to_owned(),
        Some(other) => other.to_string(),
    };
    if field.kind == FieldKind::Flag {
        let flag = text == "yes" || text == "true";
        return (Value::from(flag), Json::from(flag));
    }
    if text.is_empty() {
        if input.is_none() && field.default.is_some() {
            parsed.absent.push(path.to_owned());
        }
        if field.required {
            parsed.findings.push(required(field, path));
        }
        return (Value::Null, Json::Null);
    }
    let item = item_of(context, field);
    let secret = item.is_some_and(|item| item.secret);
    let opened = match text.strip_prefix(SEALED) {
        Some(sealed) if secret => unseal(context, path, sealed),
        _ => Ok(text.clone()),
    };
    match opened.and_then(|text| typed(context, field, item, &text)) {
        Ok((value, normal)) => {
            let kept = if secret { seal(context, path, &normal) } else { Ok(normal) };
            (value, kept.map_or(Json::Null, Json::from))
        }
        Err(said) => {
            parsed.findings.push(Finding::at(path, said));
            let kept = if secret { Json::Null } else { Json::from(text) };
            (Value::Null, kept)
        }
    }
}

fn required(field: &Field, path: &str) -> Finding {
    let choose = matches!(field.kind, FieldKind::Code(_) | FieldKind::Subject | FieldKind::Event);
    let (verb, verb_en) = if choose { ("選んで", "Choose") } else { ("入力して", "Enter") };
    let (label, label_en) = (field.label.replace('_', "の"), &field.name_en);
    Finding::at(path, said!("{label}を{verb}ください", "{verb_en}: {label_en}"))
}

fn item_of<'a>(context: FormContext<'a>, field: &Field) -> Option<&'a Item> {
    let register: &Register = context.system.register(&context.procedure.register)?;
    register.item(field.item.as_ref()?)
}

type Typed = (Value, String);

fn typed(
    context: FormContext<'_>,
    field: &Field,
    item: Option<&Item>,
    input: &str,
) -> Result<Typed, Said> {
    match &field.kind {
        FieldKind::Date { uncertain } => {
            let date = LooseDate::parse(input).map_err(|error| error.said())?;
            if !uncertain && date.certain().is_none() {
                return Err(said!(
                    "年月日をすべて入力してください（不詳は使えません）",
                    "Enter year, month and day (an unknown part is not possible here)"
                ));
            }
            Ok((date_value(&field.name, date), date_text(date)))
        }
        FieldKind::Integer(digits) => {
            let normal = base::text::to_half_width(input).replace([',', '，'], "");
            let wrong = || said!("「{input}」は数ではありません", "“{input}” is no number");
            let number: i64 = normal.parse().map_err(|_| wrong())?;
            if normal.trim_start_matches('-').len() > *digits as usize {
                return Err(said!(
                    "{digits}桁までの数を入力してください",
                    "Enter a number of at most {digits} digits"
                ));
            }
            Ok((Value::from(number), number.to_string()))
        }
        FieldKind::Event => {
            let normal = base::text::to_half_width(input);
            let number: i64 = normal.parse().map_err(|_| {
                said!(
                    "「{input}」は異動の番号ではありません",
                    "“{input}” is not the number of an event"
                )
            })?;
            Ok((Value::from(number), number.to_string()))
        }
        FieldKind::Code(list) => {
            let known = context.system.codes.get(list);
            if known.and_then(|list| list.name_of(input)).is_none() {
                return Err(not_listed(input, list));
            }
            Ok((Value::from(input), input.to_owned()))
        }
        _ => {
            let normal = text::normalise(field, item, context.mode, input)?;
            Ok((Value::from(normal.as_str()), normal))
        }
    }
}

fn not_listed(code: &str, list: &str) -> Said {
    said!(
        "「{code}」は「{list}」にありません。選び直してください",
        "“{code}” is not in the list “{list}”. Choose again"
    )
}

fn codes(
    context: FormContext<'_>,
    list: &str,
    input: Option<&Json>,
    path: &str,
    parsed: &mut Parsed,
) -> (Value, Json) {
    let chosen: Vec<String> = match input {
        Some(Json::Array(entries)) => {
            entries.iter().filter_map(Json::as_str).map(str::to_owned).collect()
        }
        Some(Json::String(text)) if !text.is_empty() => vec![text.clone()],
        _ => Vec::new(),
    };
    let known = context.system.codes.get(list);
    for code in &chosen {
        if known.and_then(|list| list.name_of(code)).is_none() {
            parsed.findings.push(Finding::at(path, not_listed(code, list)));
        }
    }
    let values: Vec<Value> = chosen.iter().map(|code| Value::from(code.as_str())).collect();
    (Value::from(values), Json::from(chosen))
}

fn place(context: FormContext<'_>, path: &str) -> String {
    place_of((&context.system.id, &context.procedure.id), path.rsplit('.').next().unwrap_or(path))
}

fn place_of((system, procedure): (&str, &str), field: &str) -> String {
    format!("case.{system}.{procedure}.{field}")
}

/// The plain text of a sealed value in a stored form, by its system, procedure and field; `None`
/// when it is none or cannot be opened. For an organisation that takes everything along.
pub fn sealed_open(vault: &Vault, whose: (&str, &str), field: &str, text: &str) -> Option<String> {
    use base64::Engine;
    let sealed = text.strip_prefix(SEALED)?;
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(sealed).ok()?;
    vault.open_sealed(&place_of(whose, field), &bytes).ok()
}

fn seal(context: FormContext<'_>, path: &str, text: &str) -> Result<String, StoreError> {
    use base64::Engine;
    let sealed = context.vault.seal(&place(context, path), text)?;
    Ok(format!("{SEALED}{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(sealed)))
}

fn unseal(context: FormContext<'_>, path: &str, sealed: &str) -> Result<String, Said> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(sealed).map_err(|_| {
        said!(
            "封緘された値が壊れています。入力し直してください",
            "The sealed value is damaged. Enter it again"
        )
    })?;
    let opened = context.vault.open_sealed(&place(context, path), &bytes);
    let english = "The sealed value cannot be opened. Enter it again";
    opened.map_err(|error| Said::beside(&error, english.to_owned()))
}
