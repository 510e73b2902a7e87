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
use store::control::deposit::{Entry, Kind, entry_add, entry_list};
use store::control::invoice::{Issued, invoice_list};

use super::ACTOR;
use crate::cost::invoice::issuer;

/// To whom the money is owed in the end.
const SEVERAL: &str = "按分した各社";

/// Issues the invoices of a month, once it is over.
pub(super) async fn issue(client: &mut Connection, month: Date, today: Date) -> Result<()> {
    let names: BTreeMap<String, String> =
        organisation_names(client).await?.into_iter().map(|[id, name, _]| (id, name)).collect();
    // Not on a day that is still to come.
    let issued = (&issuer(), after(month, 1, 10).min(today));
    invoices_issue(client, (month, Method::Usage), issued, (&names, ACTOR)).await?;
    Ok(())
}

/// Books what became of the invoices of a month and is not booked yet. `today` is the last day on
/// which anything happens.
pub(super) async fn book(client: &mut Connection, month: Date, today: Date) -> Result<()> {
    let transaction = transaction_begin(client).await?;
    let invoices = invoice_list(&transaction, month).await?;
    let booked = entry_list(&transaction, today, i64::MAX).await?;
    for invoice in invoices.iter().filter(|it| it.total_yen > 0 && it.cancels.is_none()) {
        let paid = [(Kind::Received, after(month, 1, 25)), (Kind::HandedOn, after(month, 2, 5))];
        // Nothing of the last month yet, and the month before is not handed on.
        for (kind, day) in paid.into_iter().filter(|(_, day)| settled(*day, today)) {
            let new = entry(invoice, kind, day);
            if !booked.iter().any(|it| it.kind == kind.term() && it.note == new.note) {
                entry_add(&transaction, &new).await?;
            }
        }
    }
    Ok(transaction_commit(transaction).await?)
}

/// A day of a later month.
fn after(month: Date, months: i64, day: i64) -> Date {
    let first = month.saturating_add(Span::new().months(months));
    first.saturating_add(Span::new().days(day - 1))
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
