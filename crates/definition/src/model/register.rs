//! Registers and their items.

use super::{CodeList, System};

/// 台帳: a register; two typed tables, current rows and history.
#[derive(Clone, Debug)]
pub struct Register {
    /// Identifier; the table's name.
    pub id: String,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Name of the key item (主キー).
    pub key: String,
    /// Whose key it is: rows of a person show on the person's page.
    pub subject: Subject,
    /// The item that names a row to people (氏名).
    pub title: String,
    /// Item groups, in order of first use.
    pub groups: Vec<String>,
    /// Data items.
    pub items: Vec<Item>,
    /// Other rows that belong to a row.
    pub relations: Vec<Relation>,
    /// Item that, when set, hides the row's whereabouts (支援措置).
    pub concealed_by: Option<String>,
    /// Only the protection role may open its rows; to others they are not there.
    pub restricted: bool,
    /// How a signed-in resident is matched with a row, and what of it is published.
    pub published: Option<Published>,
}

/// The four items of the card in terms of the register, and what is never published.
#[derive(Clone, Debug)]
pub struct Published {
    /// 氏名.
    pub name: String,
    /// 生年月日.
    pub birth: String,
    /// 性別.
    pub sex: String,
    /// Items that make up 住所, in order.
    pub address: Vec<String>,
    /// Relation whose members' names are shown.
    pub household: Option<String>,
    /// Items that are not published, beside secret and internal ones.
    pub withheld: Vec<String>,
}

/// What a register's key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// 宛名番号.
    Person,
    /// 世帯番号.
    Household,
    /// Anything else.
    Thing,
}

/// Rows of a register that share an item's value with this row.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Name in expressions (世帯員).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The register looked into.
    pub register: String,
    /// The item that both share.
    pub by: String,
    /// Many rows, or one.
    pub many: bool,
}

/// データ項目.
#[derive(Clone, Debug)]
pub struct Item {
    /// データ項目ID of the standard (eight digits), if it has one.
    pub number: Option<String>,
    /// Name (項目名称).
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Field name of the standard; the column.
    pub romaji: String,
    /// Type.
    pub kind: ItemKind,
    /// Must be filled.
    pub required: bool,
    /// Heading under which it is shown.
    pub group: String,
    /// English heading, written beside the first item of a group.
    pub group_en: Option<String>,
    /// How it is searched.
    pub search: Option<Search>,
    /// A vocabulary or number scheme that values must follow.
    pub format: Option<Format>,
    /// Encrypted at rest, masked on screens, found by exact match only.
    pub secret: bool,
    /// Hidden when the row is concealed.
    pub conceal: bool,
    /// Left out of pages for people (still in API, history and checks).
    pub internal: bool,
    /// An item of the register: where it has a value, a date is written in 西暦, not 和暦.
    pub western_with: Option<String>,
}

/// Types of the standard's legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// X: half-width text of at most n characters.
    HalfWidth(u32),
    /// Ｎ: text of at most n characters.
    FullWidth(u32),
    /// 9 and S9: whole number of at most n digits.
    Integer {
        /// Digits.
        digits: u32,
        /// May be negative.
        signed: bool,
    },
    /// DATE; `uncertain` allows 不詳日.
    Date {
        /// 不詳日 allowed.
        uncertain: bool,
    },
    /// TIME: a time of day, `HH:MM:SS`.
    Time,
    /// コード of a list.
    Code(String),
    /// フラグ: yes or no.
    Flag,
}

/// How an item is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// By kana, folded.
    Kana,
    /// By name, variants folded.
    Name,
    /// By address, folded.
    Address,
    /// By date with uncertain parts.
    Date,
    /// Exactly as it is.
    Exact,
}

/// Number schemes and vocabularies that `base` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 宛名番号.
    AddresseeNumber,
    /// 世帯番号.
    HouseholdNumber,
    /// 個人番号.
    IndividualNumber,
    /// 住民票コード.
    ResidentCode,
    /// 続柄.
    Relationship,
    /// Name: one full-width space between the parts.
    PersonName,
    /// Name in katakana.
    Kana,
    /// 郵便番号.
    PostalCode,
}

impl Register {
    /// The English heading of a group; `None` when the definition has none.
    pub fn group_en(&self, group: &str) -> Option<&str> {
        let of_group = self.items.iter().filter(|item| item.group == group);
        of_group.filter_map(|item| item.group_en.as_deref()).next()
    }

    /// An item by name.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    /// An item by its column.
    pub fn item_by_romaji(&self, romaji: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.romaji == romaji)
    }

    /// The key's column.
    pub fn key_column(&self) -> &str {
        self.item(&self.key).map_or("", |item| item.romaji.as_str())
    }

    /// The position of the key item.
    pub fn key_index(&self) -> usize {
        self.items.iter().position(|item| item.name == self.key).unwrap_or_default()
    }
}

impl Item {
    /// The code list, if the item is coded.
    pub fn codes<'s>(&self, system: &'s System) -> Option<&'s CodeList> {
        match &self.kind {
            ItemKind::Code(list) => system.codes.get(list),
            _ => None,
        }
    }

    /// Greatest number of characters, where the type has one.
    pub fn length(&self) -> Option<u32> {
        match self.kind {
            ItemKind::HalfWidth(n) | ItemKind::FullWidth(n) => Some(n),
            ItemKind::Integer { digits, .. } => Some(digits),
            _ => None,
        }
    }
}
