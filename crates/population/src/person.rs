//! What a generated household and its people are made of, in the terms of the resident record
//! (住民票). Plain data: text is borrowed from the embedded tables, formatting happens on demand.

use std::fmt;

use jiff::civil::Date;

use crate::calendar::age;
use crate::number::{IndividualNumber, ResidentCode};
use crate::organisation::{SampleOrganisation, SampleTown};
use crate::tables::Town;

/// A household (世帯).
#[derive(Debug, Clone)]
pub struct Household {
    /// Its place in the population, from 0; also the basis of a household number (世帯番号).
    pub index: u32,
    /// Where it lives (住所).
    pub address: Address,
    /// The head is a nominal one (擬制世帯主): not insured by the municipality, members are.
    pub nominal_head: bool,
    /// The people (世帯員); the first is the head (世帯主). Removed people (除票) are among them.
    pub members: Vec<Person>,
}

/// An address (住所) in a sample organisation.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    /// The organisation.
    pub organisation: &'static SampleOrganisation,
    /// The town (町字).
    pub town: &'static SampleTown,
    /// Lot or block (番地 or 番).
    pub block: u16,
    /// Branch or house (枝番 or 号); 0 if the lot has no branch.
    pub house: u16,
    /// Building and room (方書).
    pub building: Option<Building>,
}

/// A building and a room in it (方書).
#[derive(Debug, Clone, Copy)]
pub struct Building {
    /// The building's name.
    pub name: &'static str,
    /// The room's number; 0 for a building without rooms, such as a dormitory.
    pub room: u16,
}

/// A person of a household (世帯員): one resident record (住民票).
#[derive(Debug, Clone)]
pub struct Person {
    /// The place within the household, from 0.
    pub index: u32,
    /// 氏名 with its reading (振り仮名).
    pub name: Name,
    /// 旧氏 with its reading.
    pub former_family: Option<(&'static str, &'static str)>,
    /// 通称 of a foreign resident.
    pub alias: Option<Name>,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birth: Birth,
    /// 続柄 as text, such as 妻 or 子.
    pub relationship: &'static str,
    /// Whether this is the head (世帯主).
    pub head: bool,
    /// 本籍 and 筆頭者; none for foreigners and for people without a family register (無戸籍).
    pub registry: Option<Registry>,
    /// How the person became a resident (住民となった日, 事由, 前住所).
    pub arrival: Arrival,
    /// 住所を定めた日.
    pub address_since: Date,
    /// Nationality and status of a foreign resident.
    pub foreign: Option<Foreign>,
    /// 個人番号, never a valid one.
    pub individual_number: IndividualNumber,
    /// 住民票コード, never a valid one.
    pub resident_code: ResidentCode,
    /// Under protection from domestic violence and the like (支援措置対象者).
    pub protected: bool,
    /// Whether the record is current or removed (除票).
    pub state: State,
}

/// A name in two parts with their readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// 氏.
    pub family: &'static str,
    /// 名.
    pub given: &'static str,
    /// 氏の振り仮名, katakana.
    pub family_kana: &'static str,
    /// 名の振り仮名, katakana.
    pub given_kana: &'static str,
}

/// 性別; the number is the national code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 男.
    Male = 1,
    /// 女.
    Female = 2,
}

/// 生年月日.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Birth {
    /// A whole date.
    Certain(Date),
    /// An uncertain date (不詳日).
    Uncertain {
        /// As the record writes it, such as 昭和15年5月日不詳.
        text: &'static str,
        /// The day that ages are counted from here; no rule of law.
        assumed: Date,
    },
}

/// 本籍 and 筆頭者.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    /// The town.
    pub place: Place,
    /// 番地.
    pub lot: u16,
    /// 筆頭者の氏名.
    pub first: Name,
}

/// A town, of the organisation itself or real.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// A town of the sample organisation.
    Sample(&'static SampleOrganisation, &'static SampleTown),
    /// A real town of Japan.
    Real(&'static Town),
}

/// How someone became a resident.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// 住民となった日.
    pub on: Date,
    /// 住民となった事由.
    pub reason: Reason,
    /// 前住所.
    pub from: Option<Origin>,
}

/// 住民となった事由.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 出生.
    Birth,
    /// 転入.
    MovedIn,
    /// 職権記載.
    Official,
}

/// 前住所.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    /// A real address: town, lot, branch.
    Town(&'static Town, u16, u16),
    /// An address in another sample organisation.
    Sample(Address),
    /// A country abroad.
    Abroad(&'static str),
    /// 住所不定.
    NoFixedAddress,
}

/// Nationality and status of a foreign resident (法第30条の45).
#[derive(Debug, Clone, Copy)]
pub struct Foreign {
    /// 国籍・地域.
    pub nation: &'static str,
    /// 在留資格.
    pub status: &'static str,
    /// 在留期間; none for permanent residents.
    pub period: Option<&'static str>,
    /// 在留期間満了日.
    pub until: Option<Date>,
}

/// Whether the record is current.
#[derive(Debug, Clone, Copy)]
pub enum State {
    /// Current (現存).
    Living,
    /// Removed by death (死亡), on the day.
    Dead(Date),
    /// Removed by moving out (転出), on the day, to the address.
    MovedOut(Date, Origin),
}

impl Name {
    pub(crate) fn new(
        family: (&'static str, &'static str),
        given: (&'static str, &'static str),
    ) -> Self {
        Self { family: family.0, given: given.0, family_kana: family.1, given_kana: given.1 }
    }

    /// 氏, one full-width space, 名; a missing part leaves no space.
    pub fn full(&self) -> String {
        Self::joined((self.family, self.given))
    }

    /// The reading in the same shape.
    pub fn full_kana(&self) -> String {
        Self::joined((self.family_kana, self.given_kana))
    }

    /// Appends two parts in that shape.
    pub(crate) fn join(text: &mut String, (family, given): (&str, &str)) {
        let space = if family.is_empty() || given.is_empty() { "" } else { "　" };
        text.extend([family, space, given]);
    }

    fn joined(parts: (&str, &str)) -> String {
        let mut text = String::new();
        Self::join(&mut text, parts);
        text
    }
}

impl Person {
    /// Whole years lived by `today` (年齢), whether or not the record is removed.
    pub fn age(&self, today: Date) -> i32 {
        age(self.birth.day(), today)
    }
}

impl Birth {
    /// The day that ages are counted from.
    pub fn day(&self) -> Date {
        match *self {
            Self::Certain(date) => date,
            Self::Uncertain { assumed, .. } => assumed,
        }
    }
}

impl fmt::Display for Birth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certain(date) => write!(out, "{date}"),
            Self::Uncertain { text, .. } => out.write_str(text),
        }
    }
}

/// A number in full-width digits, as the standard's type Ｎ asks of addresses.
struct Wide(u16);

impl fmt::Display for Wide {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wide(number) = *self;
        if number > 9 {
            Wide(number / 10).fmt(out)?;
        }
        let digit = 0xFF10 + u32::from(number % 10);
        fmt::Write::write_char(out, char::from_u32(digit).unwrap_or_default())
    }
}

impl Address {
    /// 番地号表記, such as １２番地３, １２番地 or １番５号.
    pub fn lot(&self) -> String {
        match (self.town.residence, self.house) {
            (true, house) => format!("{}番{}号", Wide(self.block), Wide(house)),
            (false, 0) => format!("{}番地", Wide(self.block)),
            (false, house) => format!("{}番地{}", Wide(self.block), Wide(house)),
        }
    }
}

impl fmt::Display for Address {
    /// The whole address without building (方書).
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", Place::Sample(self.organisation, self.town), self.lot())
    }
}

impl fmt::Display for Building {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.room {
            0 => out.write_str(self.name),
            room => write!(out, "{}　{}号室", self.name, Wide(room)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sample(body, town) => {
                write!(out, "{}{}{}{}", body.prefecture, body.district, body.name, town.name)
            }
            Self::Real(town) => write!(out, "{town}"),
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}番地", self.place, Wide(self.lot))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Town(town, lot, 0) => write!(out, "{town}{}番地", Wide(*lot)),
            Self::Town(town, lot, branch) => {
                write!(out, "{town}{}番地{}", Wide(*lot), Wide(*branch))
            }
            Self::Sample(address) => write!(out, "{address}"),
            Self::Abroad(nation) => write!(out, "国外（{nation}）"),
            Self::NoFixedAddress => out.write_str("住所不定"),
        }
    }
}

impl State {
    /// 消除事由 of a removed record.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Living => None,
            Self::Dead(_) => Some("死亡"),
            Self::MovedOut(..) => Some("転出"),
        }
    }
}

impl Reason {
    /// As the record writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Birth => "出生",
            Self::MovedIn => "転入",
            Self::Official => "職権記載",
        }
    }
}
