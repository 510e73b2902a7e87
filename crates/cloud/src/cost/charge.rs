//! 請求 of what was allocated: an invoice for each organisation from the last allocation of a month,
//! and its total in the books of deposits. Billed once; a wrong bill is reversed first.

use std::collections::BTreeMap;

use base::date::Date;
use jiff::Span;
use store::Connection;
use store::control::cost::{self, Run, run_last, share_list};
use store::control::deposit::{Entry, Kind, entry_add, is_billed};

use super::allocate::Method;
use super::invoice::{Invoice, Issuer, Line, invoice_make};
use crate::CloudError;

/// What the provider of an allocated charge is called: there are several.
const SEVERAL: &str = "按分した各社";

/// The invoices of a month by a method, by organisation.
///
/// # Errors
/// [`CloudError::Cost`] when the month was not allocated, or not by this method.
pub async fn invoice_list(
    client: &Connection,
    (month, method): (Date, Method),
    (issuer, issued): (&Issuer, Date),
    names: &BTreeMap<String, String>,
) -> Result<(Run, Vec<(String, Invoice)>), CloudError> {
    let said = month.strftime("%Y年%-m月");
    let run = run_last(client, month)
        .await?
        .ok_or_else(|| CloudError::Cost(format!("{said}はまだ按分されていません")))?;
    let last = month.saturating_add(Span::new().months(1)).saturating_sub(Span::new().days(1));
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for share in share_list(client, run.id).await? {
        if share.method != method.term() {
            continue;
        }
        lines.entry(share.organisation).or_default().push(Line {
            contents: format!("ガバメントクラウドの利用料 {}（{said}）", share.system),
            period: (month, last),
            net_yen: share.yen,
            trace: share.trace,
        });
    }
    if lines.is_empty() {
        let term = method.term();
        return Err(CloudError::Cost(format!("{said}には{term}による按分がありません")));
    }
    let mut invoices = Vec::new();
    for (organisation, lines) in lines {
        let number = format!("{}-{}-{organisation}", run.id, month.strftime("%Y%m"));
        let recipient = names.get(&organisation).map_or(organisation.as_str(), String::as_str);
        let invoice = invoice_make(&number, (issuer.clone(), recipient), issued, lines)?;
        invoices.push((organisation, invoice));
    }
    Ok((run, invoices))
}

/// Writes the invoices of a month to the books of deposits, all or none; how many.
///
/// # Errors
/// [`CloudError::Cost`] when an organisation is billed for that month already.
pub async fn invoices_bill(
    client: &mut Connection,
    month: Date,
    invoices: &[(String, Invoice)],
    actor: &str,
) -> Result<usize, CloudError> {
    let transaction = cost::transaction_begin(client).await?;
    cost::import_turn(&transaction).await?;
    let note = format!("{}の利用料", month.strftime("%Y年%-m月"));
    let mut count = 0;
    for (organisation, invoice) in invoices.iter().filter(|it| it.1.total_yen != 0) {
        if is_billed(&transaction, organisation, &note).await? {
            return Err(CloudError::Cost(format!(
                "{organisation} には{note}をもう請求しています。直すときは、先にその記帳を取り消してください"
            )));
        }
        let entry = Entry {
            day: invoice.issued,
            organisation: organisation.clone(),
            kind: Kind::Billed,
            provider: SEVERAL.to_owned(),
            yen: invoice.total_yen,
            note: note.clone(),
            actor: actor.to_owned(),
        };
        entry_add(&transaction, &entry).await?;
        count += 1;
    }
    cost::transaction_commit(transaction).await?;
    Ok(count)
}

#[cfg(test)]
mod tests;
