//! The invented bodies and towns (見本団体) of `data/sample`: prefecture 99 and postal codes that are
//! given to nobody. No real municipality is ever a sample organisation.

use std::sync::OnceLock;

use crate::tables::{fields, lines};

const ORGANISATIONS: &str = include_str!("../../../data/sample/organisations.csv");
const TOWNS: &str = include_str!("../../../data/sample/towns.csv");

/// An invented municipality (見本団体).
#[derive(Debug)]
pub struct SampleOrganisation {
    /// 全国地方公共団体コード: six digits, valid check digit, prefecture part 99.
    pub code: &'static str,
    /// `village`, `city` or `special_ward`.
    pub kind: &'static str,
    /// 都道府県名.
    pub prefecture: &'static str,
    /// 郡名, empty outside a district.
    pub district: &'static str,
    /// 市区町村名.
    pub name: &'static str,
    /// Katakana reading of the name.
    pub kana: &'static str,
    /// How many people it is meant to have.
    pub people: u32,
    /// Its towns (町字), in the order of their codes.
    pub towns: Vec<SampleTown>,
}

/// An invented town (町字).
#[derive(Debug)]
pub struct SampleTown {
    /// 町字コード, seven digits, unique within the organisation.
    pub code: &'static str,
    /// 町字名, with 丁目.
    pub name: &'static str,
    /// Katakana reading.
    pub kana: &'static str,
    /// 郵便番号, seven digits, assigned to nobody.
    pub postal: &'static str,
    /// Whether 住居表示 is in force (1番5号 instead of 12番地3).
    pub residence: bool,
}

impl SampleOrganisation {
    /// 郡名 and 市区町村名 in one, as 住所_市区郡町村名.
    pub fn city(&self) -> String {
        format!("{}{}", self.district, self.name)
    }

    /// The sample organisation of a six-digit code or a name, such as 雲居市.
    pub fn find(code_or_name: &str) -> Option<&'static SampleOrganisation> {
        let mut all = sample_organisations().iter();
        all.find(|one| one.code == code_or_name || one.name == code_or_name)
    }
}

/// 霞村 (1,000 people), 雲居市 (50,000) and 暁区 (340,000).
pub fn sample_organisations() -> &'static [SampleOrganisation] {
    static TABLE: OnceLock<Vec<SampleOrganisation>> = OnceLock::new();
    TABLE.get_or_init(|| lines(ORGANISATIONS).map(organisation).collect())
}

fn organisation(line: &'static str) -> SampleOrganisation {
    let [code, kind, prefecture, _, district, _, name, kana, people] = fields(line);
    let towns = lines(TOWNS)
        .map(fields::<6>)
        .filter(|row| row[0] == code)
        .map(|[_, code, name, kana, postal, addressing]| SampleTown {
            code,
            name,
            kana,
            postal,
            residence: addressing == "residence",
        })
        .collect();
    let people = people.parse().unwrap_or(0);
    SampleOrganisation { code, kind, prefecture, district, name, kana, people, towns }
}
