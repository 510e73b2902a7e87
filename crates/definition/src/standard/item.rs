//! `items/*.yaml`: the data items of a standard, one group a file (基本データリスト).

use std::collections::BTreeMap;

use base::diagnostic::Diagnostic;

use super::{Standard, chosen};
use crate::keys::{GROUP_OF_ITEMS, OUTPUTS, STANDARD_ITEM, STANDARD_TYPES};
use crate::load::{Package, is_column, is_item_number, with_file};
use crate::model::Located;
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

/// グループ: what is put out as one file.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Items in the order of the standard.
    pub items: Vec<StandardItem>,
}

/// データ項目 as the standard has it.
#[derive(Clone, Debug)]
pub struct StandardItem {
    /// データ項目ID, eight digits.
    pub number: String,
    /// 項目名称.
    pub name: String,
    /// ローマ字名.
    pub romaji: String,
    /// データ型.
    pub kind: StandardType,
    /// 桁数; zero where the type has none.
    pub length: u32,
    /// 不詳日 allowed.
    pub uncertain: bool,
    /// Name of the code list.
    pub codes: Option<String>,
    /// 自治体固有コード: each body sets its own values.
    pub own_codes: bool,
    /// 繰り返し: at most so many values; 1 when it says nothing.
    pub repeats: u32,
    /// データ出力条件.
    pub output: Output,
    /// The condition, where it is conditional.
    pub when: Option<String>,
    /// 実装類型 ○: every package must have it.
    pub implement: bool,
    /// Of the group's key.
    pub key: bool,
    /// 特定個人情報等: kept encrypted and veiled.
    pub secret: bool,
    /// Values with a meaning of their own.
    pub special: Vec<String>,
    /// Where it stands.
    pub place: Located,
}

/// データ型 of the standard's legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardType {
    /// X.
    HalfWidth,
    /// Ｎ.
    FullWidth,
    /// 9.
    Unsigned,
    /// S9.
    Signed,
    /// DATE.
    Date,
    /// TIME.
    Time,
    /// YEAR.
    Year,
    /// BLOB.
    Image,
}

impl StandardType {
    /// The word of the legend.
    pub fn word(self) -> &'static str {
        STANDARD_TYPES.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// The type of a word of the legend.
    pub fn of(word: &str) -> Option<StandardType> {
        STANDARD_TYPES.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }

    /// Whether the standard gives it a number of characters that may differ.
    pub fn sized(self) -> bool {
        use StandardType::{FullWidth, HalfWidth, Signed, Unsigned};
        matches!(self, HalfWidth | FullWidth | Unsigned | Signed)
    }

    /// Type and length in one word: `X(15)`, `DATE`.
    pub fn shape(self, length: u32) -> String {
        match self.sized() {
            true => format!("{}({length})", self.word()),
            false => self.word().to_owned(),
        }
    }
}

/// データ出力条件.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// 必須.
    Must,
    /// 条件付き必須.
    Conditional,
    /// 任意.
    Optional,
}

impl Output {
    /// The word of the legend.
    pub fn word(self) -> &'static str {
        match self {
            Output::Must => "必須",
            Output::Conditional => "条件付き必須",
            Output::Optional => "任意",
        }
    }
}

impl StandardItem {
    /// Type and length in one word: `X(15)`, `DATE`.
    pub fn shape(&self) -> String {
        self.kind.shape(self.length)
    }
}

/// Reads every group; a number means one item in the whole standard.
pub(super) fn read_all(package: &Package, standard: &mut Standard, out: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for (_, path, text) in package.folder("items", ".yaml") {
        let group = with_file(path, text, out, |r, n| read_group(r, n, standard, &mut seen));
        standard.groups.extend(group);
    }
}

fn read_group(
    reader: &mut Reader<'_>,
    node: &Node,
    standard: &Standard,
    seen: &mut BTreeMap<String, String>,
) -> Group {
    let fields = reader.map(node, GROUP_OF_ITEMS);
    let mut items: Vec<StandardItem> = Vec::new();
    for node in reader.list(fields.get("items")) {
        let inner = reader.map(node, STANDARD_ITEM);
        let item = read_item(reader, node, &inner);
        check_item(reader, &inner, &item, standard);
        check_number(reader, &inner, &item, (&standard.id, &mut *seen));
        let twice = |other: &StandardItem| other.name == item.name || other.romaji == item.romaji;
        if items.iter().any(twice) {
            let message = format!("項目「{}」かそのローマ字名が二度あります", item.name);
            let help = "どちらか一つにするか、名前を変えてください".to_owned();
            reader.error(inner.place, message, Some(help));
        }
        items.push(item);
    }
    Group {
        name: reader.required(&fields, "group"),
        name_en: reader.required(&fields, "name_en"),
        items,
    }
}

fn read_item(reader: &mut Reader<'_>, node: &Node, fields: &Fields<'_>) -> StandardItem {
    StandardItem {
        number: reader.required(fields, "no"),
        name: reader.required(fields, "name"),
        romaji: reader.required(fields, "romaji"),
        kind: read_kind(reader, fields),
        length: reader.parsed(fields, "length", 0),
        uncertain: reader.flag(fields, "uncertain"),
        codes: reader.optional(fields, "codes"),
        own_codes: reader.flag(fields, "own_codes"),
        repeats: reader.parsed(fields, "repeats", 1),
        output: chosen(reader, fields, "output", OUTPUTS).unwrap_or(Output::Optional),
        when: reader.optional(fields, "when"),
        implement: reader.flag(fields, "implement"),
        key: reader.flag(fields, "key"),
        secret: reader.flag(fields, "secret"),
        special: reader.texts(fields.get("special")),
        place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
    }
}

fn check_item(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    item: &StandardItem,
    standard: &Standard,
) {
    if !item.romaji.is_empty() && !is_column(&item.romaji) {
        let message = format!("ローマ字名「{}」は使えません", item.romaji);
        let help = "英小文字、数字、下線で 50 字までにしてください".to_owned();
        reader.error(fields.place_of("romaji"), message, Some(help));
    }
    if (item.output == Output::Conditional) != item.when.is_some() {
        let message = "条件付き必須と条件（when）は揃えて書きます";
        let help = "「output: conditional, when: 条件」のように書いてください".to_owned();
        reader.error(fields.place_of("output"), message, Some(help));
    }
    if item.uncertain && item.kind != StandardType::Date {
        let message = "不詳（uncertain）を許せるのは日付だけです";
        let help = "uncertain を消すか、「type: DATE」にしてください".to_owned();
        reader.error(fields.place_of("uncertain"), message, Some(help));
    }
    let Some(list) = &item.codes else { return };
    if !standard.codes.contains_key(list) {
        let known = standard.codes.keys().map(String::as_str);
        let message = format!("コード一覧「{list}」がありません");
        reader.unknown(fields.place_of("codes"), message, list, known);
    }
}

fn check_number(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    item: &StandardItem,
    (business, seen): (&str, &mut BTreeMap<String, String>),
) {
    let number = &item.number;
    if number.is_empty() {
        return;
    }
    let of_business = business.len() != 3 || number.starts_with(business);
    if !is_item_number(number) || !of_business {
        let message = format!("データ項目ID「{number}」がこの業務の八桁の番号ではありません");
        let help = format!("「{business}」に項目の番号五桁を続け、引用符で囲んでください");
        reader.error(fields.place_of("no"), message, Some(help));
    }
    if let Some(other) = seen.insert(number.clone(), item.name.clone()) {
        let message = format!("データ項目ID「{number}」は項目「{other}」にも付いています");
        let help = "一つの番号に一つの項目だけを付けてください".to_owned();
        reader.error(fields.place_of("no"), message, Some(help));
    }
}

/// A type with its length, which the sized types must have and no other may.
pub(super) fn read_kind(reader: &mut Reader<'_>, fields: &Fields<'_>) -> StandardType {
    let Some(kind) = chosen(reader, fields, "type", STANDARD_TYPES) else {
        return StandardType::HalfWidth;
    };
    let help = match (kind.sized(), fields.get("length").is_some()) {
        (true, false) => "「length: 15」のように桁数を書いてください",
        (false, true) => "length を消すか、型を X、Ｎ、9、S9 にしてください",
        _ => return kind,
    };
    let message = format!("型 {} と桁数（length）が合いません", kind.word());
    reader.error(fields.place_of("type"), message, Some(help.to_owned()));
    kind
}
