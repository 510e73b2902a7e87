//! The form of a procedure: groups, fields, their conditions and first values.

use std::collections::HashSet;

use rules::types::Type;

use super::name;
use super::register::unknown_register;
use crate::compile::{compile_as, field_type};
use crate::keys::{FIELD, FIELD_TYPES, FieldWord, GROUP, REPEAT, words};
use crate::limits;
use crate::model::{
    Field, FieldGroup, FieldKind, ItemKind, Procedure, Reference, Register, Selection, System,
};
use crate::reader::{Fields, Reader};
use crate::yaml::{Kind, Node};

/// Reads the groups of a form.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    system: &System,
    register: &Register,
) -> Vec<FieldGroup> {
    let groups = reader.at_most(node, "様式の組", limits::GROUPS);
    let mut left = limits::FIELDS;
    groups.iter().map(|node| read_group(reader, node, (system, register), &mut left)).collect()
}

fn read_group(
    reader: &mut Reader<'_>,
    node: &Node,
    (system, register): (&System, &Register),
    left: &mut usize,
) -> FieldGroup {
    let fields = reader.map(node, GROUP);
    let repeat = fields.get("repeat").map(|node| {
        let inner = reader.map(node, REPEAT);
        (reader.parsed(&inner, "min", 1), reader.parsed(&inner, "max", 30_u32).min(100))
    });
    let mut out: Vec<Field> = Vec::new();
    let mut names = HashSet::new();
    for node in reader.list(fields.get("fields")) {
        if *left == 0 {
            let message = format!("一つの様式の欄が多すぎます（{} まで）", limits::FIELDS);
            reader.error(node.place, message, Some("手続を分けてください".to_owned()));
            break;
        }
        *left -= 1;
        let field = read_field(reader, node, system, register);
        if !names.insert(field.name.clone()) {
            let help = "どちらか一つにするか、name: で名前を変えてください".to_owned();
            reader.error(node.place, format!("欄「{}」が二度あります", field.name), Some(help));
        }
        out.push(field);
    }
    FieldGroup {
        name: reader.required(&fields, "group"),
        name_en: reader.required(&fields, "name_en"),
        repeat,
        per_subject: reader.flag(&fields, "per_subject"),
        fields: out,
    }
}

/// A field is a map, or just the name of an item whose shape it takes.
fn read_field(reader: &mut Reader<'_>, node: &Node, system: &System, register: &Register) -> Field {
    if let Kind::Scalar { text, .. } = &node.kind {
        return item_field(reader, node, register, text);
    }
    let fields = reader.map(node, FIELD);
    let mut field = match reader.optional(&fields, "item") {
        Some(item) => item_field(reader, node, register, &item),
        None => plain_field(reader, &fields, system),
    };
    if let Some(name) = reader.optional(&fields, "name") {
        if field.label == field.name {
            field.label.clone_from(&name);
        }
        field.name = name;
    }
    field.name_en = reader.optional(&fields, "name_en").unwrap_or(field.name_en);
    field.label = reader.optional(&fields, "label").unwrap_or(field.label);
    if fields.get("required").is_some() {
        field.required = reader.flag(&fields, "required");
    }
    field.hint = reader.optional(&fields, "hint");
    field.hint_en = reader.in_english(&fields, "hint", "hint_en");
    field.refers_to = read_reference(reader, &fields, system, &field.kind);
    field
}

/// Room for «23時59分59秒».
const TIME_LENGTH: u32 = 9;

fn item_field(reader: &mut Reader<'_>, node: &Node, register: &Register, name: &str) -> Field {
    let Some(item) = register.item(name) else {
        let message = format!("項目「{name}」は台帳「{}」にありません", register.name);
        let known = register.items.iter().map(|i| i.name.as_str());
        reader.unknown(node.place, message, name, known);
        return blank_field(name);
    };
    let kind = match &item.kind {
        ItemKind::HalfWidth(n) | ItemKind::FullWidth(n) => FieldKind::Text(*n),
        ItemKind::Integer { digits, .. } => FieldKind::Integer(*digits),
        ItemKind::Date { uncertain } => FieldKind::Date { uncertain: *uncertain },
        ItemKind::Time => FieldKind::Text(TIME_LENGTH),
        ItemKind::Code(list) => FieldKind::Code(list.clone()),
        ItemKind::Flag => FieldKind::Flag,
    };
    Field {
        kind,
        name_en: item.name_en.clone(),
        required: item.required,
        item: Some(name.to_owned()),
        ..blank_field(name)
    }
}

fn blank_field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        label: name.to_owned(),
        name_en: name.to_owned(),
        kind: FieldKind::Text(100),
        required: false,
        when: None,
        hint: None,
        hint_en: None,
        default: None,
        item: None,
        refers_to: None,
    }
}

/// The row that a field names by its key.
fn read_reference(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    system: &System,
    kind: &FieldKind,
) -> Option<Reference> {
    let name = reader.optional(fields, "refers_as");
    let Some(id) = reader.optional(fields, "refers_to") else {
        if name.is_some() {
            let help = "「refers_to: 台帳の id」と揃えて書いてください".to_owned();
            let place = fields.place_of("refers_as");
            reader.error(place, "refers_as だけでは、どの台帳かが決まりません", Some(help));
        }
        return None;
    };
    if system.register(&id).is_none() {
        unknown_register(reader, fields.place_of("refers_to"), &id, system);
        return None;
    }
    if !matches!(kind, FieldKind::Text(_)) {
        let help = "主キーを入れる「type: text」の欄にしてください".to_owned();
        reader.error(fields.place_of("refers_to"), "行を指せるのは文字の欄だけです", Some(help));
    }
    Some(Reference { register: id, name })
}

fn plain_field(reader: &mut Reader<'_>, fields: &Fields<'_>, system: &System) -> Field {
    let name = reader.required(fields, "name");
    reader.required(fields, "name_en");
    let length = reader.parsed(fields, "length", 100);
    let codes = reader.optional(fields, "codes").unwrap_or_default();
    let chosen = fields.get("type").and_then(|n| reader.choice(n, FIELD_TYPES));
    if fields.get("type").is_none() {
        let help = format!(
            "「type: …」に {} のいずれかを書くか、「item: 台帳の項目」を書いてください",
            words(FIELD_TYPES).join("、")
        );
        reader.error(fields.place, "「type」がありません", Some(help));
    }
    if matches!(chosen, Some(FieldWord::Code | FieldWord::Codes))
        && !system.codes.contains_key(&codes)
    {
        let message = format!("コード一覧「{codes}」がありません");
        let known = system.codes.keys().map(String::as_str);
        reader.unknown(fields.place_of("codes"), message, &codes, known);
    }
    let kind = match chosen {
        Some(FieldWord::Integer) => FieldKind::Integer(length.min(18)),
        Some(FieldWord::Date) => FieldKind::Date { uncertain: reader.flag(fields, "uncertain") },
        Some(FieldWord::Code) => FieldKind::Code(codes),
        Some(FieldWord::Codes) => FieldKind::Codes(codes),
        Some(FieldWord::Flag) => FieldKind::Flag,
        Some(FieldWord::Subject) => FieldKind::Subject,
        Some(FieldWord::Event) => FieldKind::Event,
        Some(FieldWord::Text) | None => FieldKind::Text(length),
    };
    Field { kind, ..blank_field(&name) }
}

/// Every name of a form means one thing, and means it in expressions too.
pub(super) fn check_names(
    reader: &mut Reader<'_>,
    form: Option<&Node>,
    procedure: &Procedure,
    system: &System,
    register: &Register,
) {
    let mut taken: Vec<&str> = vec!["本日", "対象者", "対象"];
    taken.extend(system.parameters.keys().map(String::as_str));
    taken.extend(system.uses.iter().map(|used| used.name.as_str()));
    taken.extend(register.relations.iter().map(|relation| relation.name.as_str()));
    for (group, node) in procedure.form.iter().zip(reader.list(form)) {
        let place = node.place;
        let inner = reader.map(node, GROUP);
        if group.repeat.is_some() {
            claim(reader, inner.place_of("group"), &group.name, &mut taken);
        }
        let selects = procedure.selection != Selection::New;
        if group.per_subject && !selects {
            let help = "「select: one」か「select: related」の手続で使ってください".to_owned();
            reader.error(place, "対象者のない手続に per_subject は使えません", Some(help));
            continue;
        }
        for (field, node) in group.fields.iter().zip(reader.list(inner.get("fields"))) {
            if group.per_subject && register.item(&field.name).is_some() {
                let message = format!("対象者ごとの欄「{}」が台帳の項目と同じ名前です", field.name);
                let help = "「name: 新しい…」のように違う名前にしてください".to_owned();
                reader.error(node.place, message, Some(help));
            } else if group.fields.iter().filter(|other| other.name == field.name).count() > 1 {
                // Reported when the group was read.
            } else if group.repeat.is_none() && !group.per_subject {
                claim(reader, node.place, &field.name, &mut taken);
            } else {
                name::check(reader, node.place, &field.name);
            }
            let of_subjects = matches!(field.kind, FieldKind::Subject | FieldKind::Event);
            if of_subjects && !selects {
                let word = if field.kind == FieldKind::Event { "event" } else { "subject" };
                let message = format!("対象者のない手続に型 {word} は使えません");
                let help = "「select: one」か「select: related」の手続で使ってください".to_owned();
                reader.error(node.place, message, Some(help));
            }
            if let Some(name) = field.refers_to.as_ref().and_then(|row| row.name.as_ref()) {
                if group.repeat.is_some() || group.per_subject {
                    let help = "繰り返さない組の欄に書くか、refers_as を消してください".to_owned();
                    reader.error(node.place, "繰り返す欄に refers_as は使えません", Some(help));
                } else {
                    let place = reader.map(node, FIELD).place_of("refers_as");
                    claim(reader, place, name, &mut taken);
                }
            }
            if field.kind == FieldKind::Event && (group.repeat.is_some() || group.per_subject) {
                let help = "繰り返さない組に移してください".to_owned();
                reader.error(node.place, "型 event の欄は一つの様式に一度だけです", Some(help));
            }
        }
    }
}

fn claim<'n>(
    reader: &mut Reader<'_>,
    place: crate::yaml::Place,
    name: &'n str,
    taken: &mut Vec<&'n str>,
) {
    name::check(reader, place, name);
    if taken.contains(&name) {
        let message = format!("「{name}」はもう別の意味で使われています");
        reader.error(place, message, Some("違う名前にしてください".into()));
    }
    taken.push(name);
}

/// `when` and `default` may name any field, so they are compiled after the whole form is known.
pub(super) fn compile_conditions(
    reader: &mut Reader<'_>,
    form: Option<&Node>,
    procedure: &mut Procedure,
    scope: &rules::Scope,
) {
    for (group, node) in procedure.form.iter_mut().zip(reader.list(form)) {
        let mut inner = scope.clone();
        if group.repeat.is_some() || group.per_subject {
            for field in &group.fields {
                inner.insert(&field.name, field_type(field));
            }
        }
        let list = reader.map(node, GROUP).get("fields");
        for (field, node) in group.fields.iter_mut().zip(reader.list(list)) {
            if !matches!(node.kind, Kind::Map(_)) {
                continue;
            }
            let keys = reader.map(node, FIELD);
            let wanted = ("欄を出す条件", &Type::Boolean);
            field.when = compile_as(reader, keys.get("when"), &inner, wanted);
            let kind = field_type(field);
            let wanted = ("欄の初めの値", &kind);
            field.default = compile_as(reader, keys.get("default"), scope, wanted);
        }
    }
}
