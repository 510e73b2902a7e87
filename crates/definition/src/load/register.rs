//! `registers/*.yaml`: registers and their items.

use std::collections::{BTreeMap, HashSet};

use base::diagnostic::Diagnostic;

use super::{Package, name, with_file};
use crate::keys::{
    ITEM, ITEM_TYPES, ItemWord, PUBLISHED, REGISTER, RELATION, SEARCHES, SUBJECTS, words,
};
use crate::limits;
use crate::model::{Format, Item, ItemKind, Published, Register, Relation, Subject, System};
use crate::reader::{Fields, Reader};
use crate::yaml::{Node, Place};

/// 番号の体系と語彙: the words for [`Format`].
pub(crate) const FORMATS: &[(&str, Format)] = &[
    ("宛名番号", Format::AddresseeNumber),
    ("世帯番号", Format::HouseholdNumber),
    ("個人番号", Format::IndividualNumber),
    ("住民票コード", Format::ResidentCode),
    ("続柄", Format::Relationship),
    ("氏名", Format::PersonName),
    ("振り仮名", Format::Kana),
    ("郵便番号", Format::PostalCode),
];

/// Reads every register.
pub(super) fn read_all(package: &Package, system: &mut System, out: &mut Vec<Diagnostic>) {
    for (stem, path, text) in package.folder("registers", ".yaml") {
        let register = with_file(path, text, out, |r, n| read(r, n, stem, system));
        system.registers.extend(register);
    }
    for (stem, path, text) in package.folder("registers", ".yaml") {
        with_file(path, text, out, |r, n| check_relations(r, n, stem, system));
    }
}

/// Item numbers have eight digits and are of this business, and one number means one item in the
/// whole system. They shape no table, so that an installed version is not asked.
pub(super) fn check_all_numbers(package: &Package, business: &str, out: &mut Vec<Diagnostic>) {
    let mut numbers = BTreeMap::new();
    for (_, path, text) in package.folder("registers", ".yaml") {
        with_file(path, text, out, |r, n| check_numbers(r, n, business, &mut numbers));
    }
}

fn check_numbers(
    reader: &mut Reader<'_>,
    node: &Node,
    business: &str,
    seen: &mut BTreeMap<String, String>,
) {
    let fields = reader.map(node, REGISTER);
    for node in reader.list(fields.get("items")) {
        let item = reader.map(node, ITEM);
        let Some(number) = reader.optional(&item, "no") else { continue };
        let name = reader.optional(&item, "name").unwrap_or_default();
        let place = item.place_of("no");
        if !is_item_number(&number) {
            let help =
                "業務ID三桁と項目の番号五桁を続け、引用符で囲んでください（例 \"00100001\"）";
            let message = format!("データ項目ID「{number}」が八桁の数字ではありません");
            reader.error(place, message, Some(help.to_owned()));
        } else if !number.starts_with(business) {
            let message =
                format!("データ項目ID「{number}」は業務ID「{business}」のものではありません");
            let help = format!("「{business}」で始まる八桁にしてください");
            reader.error(place, message, Some(help));
        }
        if let Some(other) = seen.insert(number.clone(), name) {
            let message = format!("データ項目ID「{number}」は項目「{other}」にも付いています");
            let help = "一つの番号に一つの項目だけを付けてください".to_owned();
            reader.error(place, message, Some(help));
        }
    }
}

/// Lower-case ASCII, digits and hyphens, beginning with a letter.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 40
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// データ項目ID: eight digits, three of the business and five of the item.
pub(crate) fn is_item_number(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A column name: lower-case ASCII, digits and underscores, at most 50.
pub(crate) fn is_column(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 50
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn read(reader: &mut Reader<'_>, node: &Node, stem: &str, system: &System) -> Register {
    let fields = reader.map(node, REGISTER);
    let items = read_items(reader, fields.get("items"));
    let mut groups: Vec<String> = Vec::new();
    for (item, node) in items.iter().zip(reader.list(fields.get("items"))) {
        if !groups.contains(&item.group) {
            groups.push(item.group.clone());
        }
        if let ItemKind::Code(list) = &item.kind
            && !list.is_empty()
            && !system.codes.contains_key(list)
        {
            let message = format!("コード一覧「{list}」がありません");
            reader.unknown(node.place, message, list, system.codes.keys().map(String::as_str));
        }
    }
    let relations = reader.at_most(fields.get("relations"), "関係", limits::RELATIONS);
    let register = Register {
        id: reader.required(&fields, "id"),
        name: reader.required(&fields, "name"),
        name_en: reader.required(&fields, "name_en"),
        subject: fields
            .get("subject")
            .and_then(|n| reader.choice(n, SUBJECTS))
            .unwrap_or(Subject::Thing),
        key: reader.required(&fields, "key"),
        title: reader.required(&fields, "title"),
        groups,
        items,
        relations: relations.iter().map(|n| read_relation(reader, n)).collect(),
        concealed_by: reader.optional(&fields, "concealed_by"),
        restricted: reader.flag(&fields, "restricted"),
        published: fields.get("published").map(|n| read_published(reader, n)),
    };
    check_published(reader, &register, fields.place_of("published"));
    check_id(reader, fields.place_of("id"), &register.id, stem);
    for key in ["key", "title", "concealed_by"] {
        let Some(name) = reader.optional(&fields, key) else { continue };
        if register.item(&name).is_none() {
            let message = format!("項目「{name}」がこの台帳にありません");
            let known = register.items.iter().map(|i| i.name.as_str());
            reader.unknown(fields.place_of(key), message, &name, known);
        }
    }
    check_key(reader, &register, fields.place_of("key"));
    check_concealing(reader, &register, fields.place_of("concealed_by"));
    check_western(reader, &register, fields.place_of("items"));
    register
}

fn read_published(reader: &mut Reader<'_>, node: &Node) -> Published {
    let fields = reader.map(node, PUBLISHED);
    Published {
        name: reader.required(&fields, "name"),
        birth: reader.required(&fields, "birth"),
        sex: reader.required(&fields, "sex"),
        address: reader.texts(fields.get("address")),
        household: reader.optional(&fields, "household"),
        withheld: reader.texts(fields.get("withheld")),
    }
}

fn check_published(reader: &mut Reader<'_>, register: &Register, place: Place) {
    let Some(published) = &register.published else { return };
    let single = [&published.name, &published.birth, &published.sex];
    let names = single.into_iter().chain(&published.address).chain(&published.withheld);
    for name in names {
        if register.item(name).is_none() {
            let message = format!("published の項目「{name}」がこの台帳にありません");
            let known = register.items.iter().map(|item| item.name.as_str());
            reader.unknown(place, message, name, known);
        }
    }
}

fn check_western(reader: &mut Reader<'_>, register: &Register, place: Place) {
    for name in register.items.iter().filter_map(|item| item.western_with.as_ref()) {
        if register.item(name).is_none() {
            let message = format!("western_with の項目「{name}」がこの台帳にありません");
            let known = register.items.iter().map(|item| item.name.as_str());
            reader.unknown(place, message, name, known);
        }
    }
}

/// Keys are texts wherever they are handed on, and stand in the open.
fn check_key(reader: &mut Reader<'_>, register: &Register, place: Place) {
    let Some(item) = register.item(&register.key) else { return };
    let text =
        matches!(item.kind, ItemKind::HalfWidth(_) | ItemKind::FullWidth(_) | ItemKind::Code(_));
    if !text || item.secret {
        let help = "秘密でない文字の項目（type: X か Ｎ、又は code）にしてください".to_owned();
        reader.error(
            place,
            format!("主キー「{}」が文字の項目ではありません", item.name),
            Some(help),
        );
    }
}

fn check_concealing(reader: &mut Reader<'_>, register: &Register, place: Place) {
    let by = register.concealed_by.as_deref().and_then(|name| register.item(name));
    if by.is_some_and(|item| item.kind != ItemKind::Flag) {
        let help = "「type: flag」の項目にしてください".to_owned();
        reader.error(place, "concealed_by の項目がフラグではありません", Some(help));
    }
}

/// An identifier that is also the file's name.
pub(super) fn check_id(reader: &mut Reader<'_>, place: Place, id: &str, stem: &str) {
    if !is_identifier(stem) {
        let help = "ファイル名を英小文字・数字・ハイフンで、英字から始めてください".to_owned();
        reader.error(place, format!("ファイル名「{stem}」は使えません"), Some(help));
    } else if !id.is_empty() && id != stem {
        let message = format!("id「{id}」とファイル名「{stem}.yaml」が違います");
        reader.error(place, message, Some(format!("「id: {stem}」にしてください")));
    }
}

fn read_relation(reader: &mut Reader<'_>, node: &Node) -> Relation {
    let fields = reader.map(node, RELATION);
    let name = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &name);
    Relation {
        name,
        name_en: reader.required(&fields, "name_en"),
        register: reader.required(&fields, "register"),
        by: reader.required(&fields, "by"),
        many: reader.flag(&fields, "many"),
    }
}

/// Relations name registers of any file, so they are checked when all are read.
fn check_relations(reader: &mut Reader<'_>, node: &Node, stem: &str, system: &System) {
    let fields = reader.map(node, REGISTER);
    let Some(own) = system.registers.iter().find(|r| r.id == stem) else { return };
    for (relation, node) in own.relations.iter().zip(reader.list(fields.get("relations"))) {
        let inner = reader.map(node, RELATION);
        let Some(other) = system.register(&relation.register) else {
            unknown_register(reader, inner.place_of("register"), &relation.register, system);
            continue;
        };
        for register in [own, other] {
            if register.item(&relation.by).is_some_and(|item| item.kind == ItemKind::Time) {
                let help = "主キーか、それを指す文字の項目にしてください".to_owned();
                let message = format!("関係の項目「{}」が時刻です", relation.by);
                reader.error(inner.place_of("by"), message, Some(help));
            }
            if register.item(&relation.by).is_none() {
                let (by, name) = (&relation.by, &register.name);
                let message = format!("関係の項目「{by}」が台帳「{name}」にありません");
                let known = register.items.iter().map(|i| i.name.as_str());
                reader.unknown(inner.place_of("by"), message, by, known);
            }
        }
    }
}

/// Reports a register that is not there.
pub(super) fn unknown_register(reader: &mut Reader<'_>, place: Place, id: &str, system: &System) {
    if !id.is_empty() {
        let known = system.registers.iter().map(|r| r.id.as_str());
        reader.unknown(place, format!("台帳「{id}」がありません"), id, known);
    }
}

/// Reads a list of items; names and columns must differ.
pub(super) fn read_items(reader: &mut Reader<'_>, node: Option<&Node>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut group = "基本".to_owned();
    let (mut names, mut columns) = (HashSet::new(), HashSet::new());
    for node in reader.list(node) {
        let item = read_item(reader, node, &group);
        group.clone_from(&item.group);
        if !names.insert(item.name.clone()) {
            let help = "どちらか一つにするか、名前を変えてください".to_owned();
            reader.error(node.place, format!("項目「{}」が二度あります", item.name), Some(help));
        }
        if !columns.insert(item.romaji.clone()) {
            let message = format!("ローマ字名「{}」が二度あります", item.romaji);
            reader.error(node.place, message, Some("列の名前になるので、変えてください".into()));
        }
        if !item.romaji.is_empty() && !is_column(&item.romaji) {
            let help = "英小文字、数字、下線で 50 字までにしてください".to_owned();
            reader.error(
                node.place,
                format!("ローマ字名「{}」は使えません", item.romaji),
                Some(help),
            );
        }
        items.push(item);
    }
    items
}

fn read_item(reader: &mut Reader<'_>, node: &Node, group: &str) -> Item {
    let fields = reader.map(node, ITEM);
    let name = reader.required(&fields, "name");
    name::check(reader, fields.place_of("name"), &name);
    let kind = read_kind(reader, &fields);
    let search = fields.get("search").and_then(|n| reader.choice(n, SEARCHES));
    if kind == ItemKind::Time && search.is_some() {
        let help = "search を消してください".to_owned();
        reader.error(fields.place_of("search"), "時刻（TIME）の項目は検索に使えません", Some(help));
    }
    Item {
        number: reader.optional(&fields, "no"),
        name_en: reader.required(&fields, "name_en"),
        romaji: reader.required(&fields, "romaji"),
        kind,
        required: reader.flag(&fields, "required"),
        group: reader.optional(&fields, "group").unwrap_or_else(|| group.to_owned()),
        group_en: reader.optional(&fields, "group_en"),
        search,
        format: fields.get("format").and_then(|n| reader.choice(n, FORMATS)),
        secret: reader.flag(&fields, "secret"),
        conceal: reader.flag(&fields, "conceal"),
        internal: reader.flag(&fields, "internal"),
        western_with: reader.optional(&fields, "western_with"),
        name,
    }
}

fn read_kind(reader: &mut Reader<'_>, fields: &Fields<'_>) -> ItemKind {
    let Some(node) = fields.get("type") else {
        let help =
            format!("「type: …」に {} のいずれかを書いてください", words(ITEM_TYPES).join("、"));
        reader.error(fields.place, "「type」がありません", Some(help));
        return ItemKind::Flag;
    };
    let length = reader.parsed(fields, "length", 0_u32);
    let codes = reader.optional(fields, "codes").unwrap_or_default();
    let uncertain = reader.flag(fields, "uncertain");
    let Some(word) = reader.choice(node, ITEM_TYPES) else { return ItemKind::Flag };
    let sized = !matches!(word, ItemWord::Date | ItemWord::Time | ItemWord::Code | ItemWord::Flag);
    if sized && length == 0 {
        reader.error(
            node.place,
            "この型には桁数（length）が要ります",
            Some("「length: 15」のように書いてください".into()),
        );
    }
    if !sized && length > 0 {
        let help = "length を消すか、型を X、Ｎ、9、S9 にしてください".to_owned();
        reader.error(node.place, "この型に桁数（length）は書けません", Some(help));
    }
    if (word == ItemWord::Code) == codes.is_empty() {
        let help = "「type: code, codes: コード一覧の名称」のように書いてください".to_owned();
        reader.error(node.place, "型 code とコード一覧（codes）は揃えて書きます", Some(help));
    }
    if uncertain && word != ItemWord::Date {
        let help = "uncertain を消すか、「type: DATE」にしてください".to_owned();
        reader.error(node.place, "不詳（uncertain）を許せるのは日付だけです", Some(help));
    }
    match word {
        ItemWord::HalfWidth => ItemKind::HalfWidth(length),
        ItemWord::FullWidth => ItemKind::FullWidth(length),
        ItemWord::Unsigned => ItemKind::Integer { digits: length.min(18), signed: false },
        ItemWord::Signed => ItemKind::Integer { digits: length.min(18), signed: true },
        ItemWord::Date => ItemKind::Date { uncertain },
        ItemWord::Time => ItemKind::Time,
        ItemWord::Code => ItemKind::Code(codes),
        ItemWord::Flag => ItemKind::Flag,
    }
}
