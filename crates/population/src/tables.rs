//! The real reference tables under `data/`, embedded: municipalities and towns. They serve former
//! addresses (前住所) and family registers (本籍); residents live only in sample towns. Never writes.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

const MUNICIPALITIES: &str = include_str!("../../../data/municipalities.csv");
const TOWNS: [&str; 47] = [
    include_str!("../../../data/towns/01.csv"),
    include_str!("../../../data/towns/02.csv"),
    include_str!("../../../data/towns/03.csv"),
    include_str!("../../../data/towns/04.csv"),
    include_str!("../../../data/towns/05.csv"),
    include_str!("../../../data/towns/06.csv"),
    include_str!("../../../data/towns/07.csv"),
    include_str!("../../../data/towns/08.csv"),
    include_str!("../../../data/towns/09.csv"),
    include_str!("../../../data/towns/10.csv"),
    include_str!("../../../data/towns/11.csv"),
    include_str!("../../../data/towns/12.csv"),
    include_str!("../../../data/towns/13.csv"),
    include_str!("../../../data/towns/14.csv"),
    include_str!("../../../data/towns/15.csv"),
    include_str!("../../../data/towns/16.csv"),
    include_str!("../../../data/towns/17.csv"),
    include_str!("../../../data/towns/18.csv"),
    include_str!("../../../data/towns/19.csv"),
    include_str!("../../../data/towns/20.csv"),
    include_str!("../../../data/towns/21.csv"),
    include_str!("../../../data/towns/22.csv"),
    include_str!("../../../data/towns/23.csv"),
    include_str!("../../../data/towns/24.csv"),
    include_str!("../../../data/towns/25.csv"),
    include_str!("../../../data/towns/26.csv"),
    include_str!("../../../data/towns/27.csv"),
    include_str!("../../../data/towns/28.csv"),
    include_str!("../../../data/towns/29.csv"),
    include_str!("../../../data/towns/30.csv"),
    include_str!("../../../data/towns/31.csv"),
    include_str!("../../../data/towns/32.csv"),
    include_str!("../../../data/towns/33.csv"),
    include_str!("../../../data/towns/34.csv"),
    include_str!("../../../data/towns/35.csv"),
    include_str!("../../../data/towns/36.csv"),
    include_str!("../../../data/towns/37.csv"),
    include_str!("../../../data/towns/38.csv"),
    include_str!("../../../data/towns/39.csv"),
    include_str!("../../../data/towns/40.csv"),
    include_str!("../../../data/towns/41.csv"),
    include_str!("../../../data/towns/42.csv"),
    include_str!("../../../data/towns/43.csv"),
    include_str!("../../../data/towns/44.csv"),
    include_str!("../../../data/towns/45.csv"),
    include_str!("../../../data/towns/46.csv"),
    include_str!("../../../data/towns/47.csv"),
];

/// A prefecture, municipality or ward (都道府県・市区町村・行政区) of the real table.
#[derive(Debug)]
pub struct Municipality {
    /// 全国地方公共団体コード, six digits.
    pub code: &'static str,
    /// The kind as `data/README.md` lists them, such as `designated_city`.
    pub kind: &'static str,
    /// Prefecture, district (郡), parent city and own name in one, as an address begins.
    pub full_name: String,
}

/// A town (大字・町) of the real table.
#[derive(Debug)]
pub struct Town {
    /// The municipality it lies in; the ward in a designated city.
    pub municipality: &'static Municipality,
    /// 町字名 without 丁目.
    pub name: &'static str,
    /// Katakana reading.
    pub kana: &'static str,
    /// 郵便番号, seven digits.
    pub postal: &'static str,
}

impl fmt::Display for Town {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.municipality.full_name, self.name)
    }
}

/// Every prefecture, municipality and ward, in the order of their codes.
pub fn municipalities() -> &'static [Municipality] {
    static TABLE: OnceLock<Vec<Municipality>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows = || lines(MUNICIPALITIES).map(fields::<9>);
        let cities: HashMap<&str, &str> = rows().map(|row| (row[0], row[6])).collect();
        rows()
            .map(|[code, kind, prefecture, _, district, _, name, _, parent]| {
                let parent = cities.get(parent).unwrap_or(&"");
                let own = if kind == "prefecture" { "" } else { name };
                let full_name = format!("{prefecture}{district}{parent}{own}");
                Municipality { code, kind, full_name }
            })
            .collect()
    })
}

/// Every town of Japan, in the order of codes and names.
pub fn towns() -> &'static [Town] {
    static TABLE: OnceLock<Vec<Town>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let known: HashMap<&str, &Municipality> =
            municipalities().iter().map(|one| (one.code, one)).collect();
        let rows = TOWNS.iter().flat_map(|part| lines(part).map(fields::<4>));
        rows.filter_map(|[code, name, kana, postal]| {
            let municipality = known.get(code)?;
            Some(Town { municipality, name, kana, postal })
        })
        .collect()
    })
}

/// The lines of an embedded table after its header.
pub(crate) fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().skip(1)
}

/// The fields of one line; our tables quote nothing. Missing fields are empty.
pub(crate) fn fields<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut parts = line.split(',');
    std::array::from_fn(|_| parts.next().unwrap_or(""))
}
