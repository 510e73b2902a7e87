//! Fees of systems as bills: what was metered ourselves (contract, day, residents) becomes FOCUS
//! rows of the system's vendor, so that cloud and systems stand in one ledger. Nothing is typed
//! in.

use std::collections::BTreeMap;

use base::date::Date;
use jiff::Span;
use store::GenericClient;
use store::control::{Contract, contract_list, metered};

use super::focus::Line;
use super::share::split;
use crate::{Charge, CloudError};

/// The category of a business system's fee.
const CATEGORY: &str = "Business Applications";

/// The rows of a month, one bill for each vendor and organisation. A contract without a published
/// price cannot be billed: it is said by its number.
#[derive(Clone, Debug, Default)]
pub struct Fees {
    /// Rows by vendor, whose name may change, and organisation.
    pub bills: BTreeMap<(String, String), Vec<Line>>,
    /// Contracts that were metered but have no price.
    pub unpriced: Vec<i64>,
}

/// What the systems in service cost in a month, by the days that were metered.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn fees(
    client: &impl GenericClient,
    month: Date,
    names: &BTreeMap<String, String>,
) -> Result<Fees, CloudError> {
    let until = month.saturating_add(Span::new().months(1));
    let mut days: BTreeMap<i64, Vec<(Date, i32)>> = BTreeMap::new();
    for (contract, day, residents) in metered(client, (month, until)).await? {
        days.entry(contract).or_default().push((day, residents));
    }
    let mut fees = Fees::default();
    for contract in contract_list(client).await? {
        let Some(days) = days.get(&contract.id) else { continue };
        let residents: Vec<i32> = days.iter().map(|it| it.1).collect();
        match Charge::of_month(contract.offer.price.as_ref(), month, &residents) {
            Some(charge) => {
                let lines = contract_lines(&contract, charge, (month, until), (days, names));
                let bill = (contract.offer.vendor_id.clone(), contract.organisation.clone());
                fees.bills.entry(bill).or_default().extend(lines);
            }
            None => fees.unpriced.push(contract.id),
        }
    }
    Ok(fees)
}

/// The numbers of who is billed for a contract, and of its account: by the vendor's identifier, so
/// that a vendor of another name bills the same, and two vendors bill one organisation apart.
pub(super) fn accounts(contract: &Contract) -> [String; 2] {
    let (offer, organisation) = (&contract.offer, &contract.organisation);
    let billed = format!("{}/{organisation}", offer.vendor_id);
    let account = format!("{billed}/{}", offer.system);
    [billed, account]
}

/// A row a day; together they are the month's charge to the yen.
fn contract_lines(
    contract: &Contract,
    charge: Charge,
    (month, until): (Date, Date),
    (days, names): (&[(Date, i32)], &BTreeMap<String, String>),
) -> Vec<Line> {
    let (price, length) = (charge.price, charge.days);
    let weights: Vec<i128> =
        days.iter().map(|it| i128::from(price.month(i64::from(it.1)))).collect();
    let parts = split(charge.yen, &weights).unwrap_or_default();
    let offer = &contract.offer;
    let name = names.get(&contract.organisation).unwrap_or(&contract.organisation);
    let line = |((day, residents), part): (&(Date, i32), super::share::Part)| Line {
        provider: offer.vendor.clone(),
        accounts: Some(accounts(contract)),
        organisation: (contract.organisation.clone(), name.clone()),
        system: (offer.system.clone(), offer.name.clone()),
        billing: (month, until),
        charge: (*day, day.saturating_add(Span::new().days(1))),
        service: (offer.name.clone(), CATEGORY.to_owned()),
        description: format!("{} の利用料（契約 {}）", offer.name, contract.id),
        pricing_unit: "Days",
        consumed: (i64::from(*residents), "Residents"),
        yen: part.yen,
        derived: (
            "計測".to_owned(),
            format!(
                "月額 {}円＋住民一人 {}円 × {residents} 人、{length} 日のうちの一日。契約の月の額 {}円を日に分けた額",
                price.base_yen, price.resident_yen, charge.yen
            ),
        ),
    };
    days.iter().zip(parts).map(line).collect()
}
