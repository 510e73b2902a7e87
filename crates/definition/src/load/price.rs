//! `price.yaml`: the price list of a package. A package without one loads; the gate asks for it.

use base::date::Date;
use base::dated::Dated;
use base::diagnostic::Diagnostic;

use super::{Package, with_file};
use crate::keys::{OWNERS, PRICE, PRICE_VALUE};
use crate::model::{DataOwner, MonthlyPrice, Price};
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

const FILE: &str = "price.yaml";
/// The largest price in yen: beyond it sums of many bodies and months would not hold.
const LARGEST: u64 = 1_000_000_000_000;

/// Reads the price list, where there is one.
pub(super) fn read(package: &Package, out: &mut Vec<Diagnostic>) -> Option<Price> {
    with_file(FILE, package.files.get(FILE)?, out, read_price)
}

fn read_price(reader: &mut Reader<'_>, node: &Node) -> Price {
    let fields = reader.map(node, PRICE);
    if fields.get("data_owner").is_none() {
        reader.missing(&fields, "data_owner");
    }
    Price {
        values: read_values(reader, &fields),
        terms: reader.required(&fields, "terms"),
        owner: fields
            .get("data_owner")
            .and_then(|node| reader.choice(node, OWNERS))
            .unwrap_or(DataOwner::Vendor),
        data_terms: reader.required(&fields, "data_terms"),
        source: reader.located(fields.get("data_owner")).unwrap_or_default(),
    }
}

fn read_values(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Dated<MonthlyPrice> {
    let mut values = Dated::default();
    for (day, place, node) in reader.free_map(fields.get("values")) {
        let Ok(from) = day.parse::<Date>() else {
            let help = "2026-04-01 の形で、適用の始まる日を書いてください".to_owned();
            reader.error(place, format!("「{day}」は日付ではありません"), Some(help));
            continue;
        };
        let inner = reader.map(node, PRICE_VALUE);
        for name in ["base_yen", "resident_yen"] {
            if inner.get(name).is_none() {
                reader.missing(&inner, name);
            }
        }
        let value = MonthlyPrice {
            base_yen: amount(reader, &inner, "base_yen"),
            resident_yen: amount(reader, &inner, "resident_yen"),
        };
        if let Err(duplicate) = values.insert(from, Some(value)) {
            let help = "適用日が同じ料金を一つにしてください".to_owned();
            reader.error(place, duplicate.to_string(), Some(help));
        }
    }
    if values.is_empty() {
        let help = "values: に「2026-04-01: { base_yen: …, resident_yen: … }」を書いてください";
        reader.error(fields.place_of("values"), "料金が一つもありません", Some(help.to_owned()));
    }
    values
}

/// An amount in yen, within what can be added up.
fn amount(reader: &mut Reader<'_>, fields: &Fields<'_>, name: &str) -> u64 {
    let yen: u64 = reader.parsed(fields, name, 0);
    if yen > LARGEST {
        let help = format!("0 から {LARGEST} までの円で書いてください");
        reader.error(fields.place_of(name), format!("「{name}」が大きすぎます"), Some(help));
    }
    yen.min(LARGEST)
}
