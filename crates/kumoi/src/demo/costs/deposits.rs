//! Invented deposits of the sample organisations over the months that are billed: each is billed
//! by an invoice of the sample issuer; the first was paid in and handed on, the second is paid in
//! and held, the last is owed. The amounts are those of the invoices.

use std::collections::BTreeMap;

use anyhow::Result;
use base::date::Date;
use cloud::cost::allocate::Method;
use cloud::cost::charge::{invoices_issue, number_text};
use jiff::Span;
use store::Connection;
use store::control::cost::{organisation_names, transaction_begin, transaction_commit};
use store::control::deposit::{Entry, Kind, entry_add};
use store::control::invoice::Issued;

use super::ACTOR;
use crate::cost::invoice::issuer;

/// To whom the money is owed in the end.
const SEVERAL: &str = "按分した各社";

/// Books what became of the bills of a month. `today` is the last day on which anything happens.
pub(super) async fn book(client: &mut Connection, month: Date, today: Date) -> Result<()> {
    let names: BTreeMap<String, String> =
        organisation_names(client).await?.into_iter().map(|[id, name, _]| (id, name)).collect();
    let after = |months: i64, day: i64| {
        let first = month.saturating_add(Span::new().months(months));
        first.saturating_add(Span::new().days(day - 1))
    };
    // Issued when the month is over, and not on a day that is still to come.
    let issued = (&issuer(), after(1, 10).min(today));
    let wanted = (month, Method::Usage);
    let invoices = invoices_issue(client, wanted, issued, (&names, ACTOR)).await?;
    let transaction = transaction_begin(client).await?;
    for invoice in invoices.iter().filter(|it| it.total_yen > 0) {
        let paid = [(Kind::Received, after(1, 25)), (Kind::HandedOn, after(2, 5))];
        // Nothing of the last month yet, and the month before is not handed on.
        for (kind, day) in paid.into_iter().filter(|(_, day)| settled(*day, today)) {
            entry_add(&transaction, &entry(invoice, kind, day)).await?;
        }
    }
    Ok(transaction_commit(transaction).await?)
}

/// Whether something of that day is over in the sample: what was due before this month.
fn settled(day: Date, today: Date) -> bool {
    day < today.first_of_month()
}

fn entry(invoice: &Issued, kind: Kind, day: Date) -> Entry {
    Entry {
        day,
        organisation: invoice.organisation.clone(),
        kind,
        provider: SEVERAL.to_owned(),
        yen: invoice.total_yen,
        note: format!("請求書 {} の分（見本、架空の額）", number_text(invoice.number)),
        actor: ACTOR.to_owned(),
    }
}
