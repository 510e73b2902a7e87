//! 請求 of what was allocated: an invoice of record for each organisation from the last allocation of
//! a month, and its total in the books of deposits. Billed once; a wrong one is cancelled first.

use std::collections::BTreeMap;

use base::date::Date;
use jiff::Span;
use serde_json::{Value, json};
use store::Connection;
use store::control::cost::{self, Run, run_last, share_list};
use store::control::deposit::{Entry, Kind, entry_add, entry_take_back};
use store::control::invoice::{self, Issued, Number, invoice_add, invoice_read};
use store::control::system_names;

use super::allocate::Method;
use super::books::imports_of;
use super::invoice::{Invoice, Issuer, Line, invoice_make};
use crate::CloudError;

/// What the provider of an allocated charge is called: there are several.
const SEVERAL: &str = "按分した各社";
/// What stands in the place of the number before there is one.
const DRAFT: &str = "未発行";

/// How a number is written: `2026-000012`.
pub fn number_text((year, number): Number) -> String {
    format!("{year}-{number:06}")
}

/// A number that somebody wrote.
pub fn number_read(text: &str) -> Option<Number> {
    let (year, number) = text.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// What would be billed for a month by a method, by organisation; nothing is written.
///
/// # Errors
/// [`CloudError::Cost`] when the month was not allocated, or not by this method.
pub async fn invoice_drafts(
    client: &impl store::GenericClient,
    (month, method): (Date, Method),
    (issuer, issued): (&Issuer, Date),
    names: &BTreeMap<String, String>,
) -> Result<(Run, Vec<(String, Invoice)>), CloudError> {
    let said = month.strftime("%Y年%-m月");
    let run = run_last(client, month)
        .await?
        .ok_or_else(|| CloudError::Cost(format!("{said}はまだ按分されていません")))?;
    let last = month.saturating_add(Span::new().months(1)).saturating_sub(Span::new().days(1));
    let systems = system_names(client).await?;
    let mut lines: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for share in share_list(client, run.id).await? {
        if share.method != method.term() {
            continue;
        }
        let own = (share.organisation.clone(), share.system.clone());
        let system = systems.get(&own).unwrap_or(&share.system);
        lines.entry(share.organisation).or_default().push(Line {
            contents: format!("ガバメントクラウドの利用料 {system}（{said}）"),
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
        let recipient = names.get(&organisation).map_or(organisation.as_str(), String::as_str);
        let invoice = invoice_make(DRAFT, (issuer.clone(), recipient), issued, lines)?;
        invoices.push((organisation, invoice));
    }
    Ok((run, invoices))
}

/// Issues the invoices of a month, all that are wanting or none, each with its entry in the books
/// of deposits. Whose invoice stands keeps it: one that was cancelled is issued anew alone.
///
/// # Errors
/// [`CloudError::Cost`] when the month is not over, when bills came or went since it was allocated,
/// when an invoice by another method stands, or one for everybody.
pub async fn invoices_issue(
    client: &mut Connection,
    wanted: (Date, Method),
    issuer: (&Issuer, Date),
    (names, actor): (&BTreeMap<String, String>, &str),
) -> Result<Vec<Issued>, CloudError> {
    let transaction = cost::transaction_begin(client).await?;
    cost::import_turn(&transaction).await?;
    let (run, drafts) = invoice_drafts(&transaction, wanted, issuer, names).await?;
    check_fresh(&transaction, &run, issuer.1).await?;
    let standing = standing(&invoice::invoice_list(&transaction, wanted.0).await?);
    check_standing(&drafts, &standing, wanted)?;
    let mut all = Vec::new();
    for (organisation, draft) in drafts {
        if standing.contains_key(&organisation) {
            continue;
        }
        let mut issued = Issued {
            number: (0, 0),
            registration: draft.issuer.registration,
            issuer: draft.issuer.name,
            sample: draft.issuer.sample,
            organisation,
            recipient: draft.recipient,
            issued: draft.issued,
            month: wanted.0,
            derived: (wanted.1.term().to_owned(), run.id),
            content: (json!(draft.lines), json!(draft.taxes)),
            total_yen: draft.total_yen,
            entry: None,
            cancels: None,
        };
        if issued.total_yen != 0 {
            issued.entry = Some(entry_add(&transaction, &entry(&issued, actor)).await?);
        }
        issued.number = invoice_add(&transaction, &issued, actor).await?;
        all.push(issued);
    }
    cost::transaction_commit(transaction).await?;
    Ok(all)
}

/// Cancels an invoice by another that takes all of it back, and its entry in the books with it.
///
/// # Errors
/// [`CloudError::Cost`] when it is cancelled already or cancels one itself.
pub async fn invoice_cancel(
    client: &mut Connection,
    (registration, number): (&str, Number),
    (day, reason, actor): (Date, &str, &str),
) -> Result<Issued, CloudError> {
    let transaction = cost::transaction_begin(client).await?;
    cost::import_turn(&transaction).await?;
    let wrong = invoice_read(&transaction, registration, number).await?;
    let all = invoice::invoice_list(&transaction, wrong.month).await?;
    let stands = standing(&all).get(&wrong.organisation).is_some_and(|it| it.0 == number);
    if !stands || reason.trim().is_empty() {
        let number = number_text(number);
        return Err(CloudError::Cost(format!(
            "請求書 {number} は、もう取り消されているか、取消しのものか、理由がありません"
        )));
    }
    let (lines, taxes) = wrong.content.clone();
    let mut counter = Issued {
        issued: day,
        content: (negated(lines, &["net_yen"]), negated(taxes, &["net_yen", "tax_yen"])),
        total_yen: -wrong.total_yen,
        cancels: Some((number, reason.to_owned())),
        ..wrong
    };
    if let Some(entry) = counter.entry {
        let note = format!("請求書 {} の取消し: {reason}", number_text(number));
        counter.entry = Some(entry_take_back(&transaction, entry, (day, &note, actor)).await?);
    }
    counter.number = invoice_add(&transaction, &counter, actor).await?;
    cost::transaction_commit(transaction).await?;
    Ok(counter)
}

/// The month is over, and it was allocated from the bills that are in force now.
async fn check_fresh(
    client: &impl store::GenericClient,
    run: &Run,
    issued: Date,
) -> Result<(), CloudError> {
    let said = run.month.strftime("%Y年%-m月");
    if issued < run.month.saturating_add(Span::new().months(1)) {
        return Err(CloudError::Cost(format!(
            "{said}はまだ終わっていません。請求書は、月が終わってから発行してください"
        )));
    }
    if run.basis["imports"] != json!(imports_of(client, run.month).await?) {
        return Err(CloudError::Cost(format!(
            "{said}を按分した後に、請求が取り込まれたか、除かれました。もう一度按分してから発行してください\
             （kumoi cost allocate {}）",
            run.month.strftime("%Y-%m")
        )));
    }
    Ok(())
}

/// Somebody's invoice is wanting, and those that stand are by the same method.
fn check_standing(
    drafts: &[(String, Invoice)],
    standing: &BTreeMap<String, (Number, String)>,
    (month, method): (Date, Method),
) -> Result<(), CloudError> {
    let said = month.strftime("%Y年%-m月");
    let how = "直すときは、先にそれを取り消してください（kumoi cost invoice-cancel）";
    let other = standing.iter().find(|(_, (_, by))| by != method.term());
    if let Some((organisation, (number, by))) = other {
        return Err(CloudError::Cost(format!(
            "{organisation} には{said}の利用料を、{by}による請求書 {} でもう請求しています。一つの月は一つの方法で\
             請求します。{how}",
            number_text(*number)
        )));
    }
    if drafts.iter().any(|(organisation, _)| !standing.contains_key(organisation)) {
        return Ok(());
    }
    let first = drafts.first().and_then(|(it, _)| Some((it, &standing.get(it)?.0)));
    let Some((organisation, number)) = first else { return Ok(()) };
    Err(CloudError::Cost(format!(
        "{organisation} には{said}の利用料を請求書 {} でもう請求しています（ほかの団体も同じです）。{how}",
        number_text(*number)
    )))
}

/// The invoices that stand, by organisation, with their method: neither cancelled nor cancelling
/// one.
fn standing(all: &[Issued]) -> BTreeMap<String, (Number, String)> {
    let cancelled: Vec<Number> =
        all.iter().filter_map(|it| it.cancels.as_ref().map(|it| it.0)).collect();
    let stands = |it: &&Issued| it.cancels.is_none() && !cancelled.contains(&it.number);
    let one = |it: &Issued| (it.organisation.clone(), (it.number, it.derived.0.clone()));
    all.iter().filter(stands).map(one).collect()
}

/// The same with amounts of the other sign.
fn negated(mut list: Value, names: &[&str]) -> Value {
    for one in list.as_array_mut().into_iter().flatten() {
        for name in names {
            if let Some(yen) = one[*name].as_i64() {
                one[*name] = json!(-yen);
            }
        }
    }
    list
}

fn entry(issued: &Issued, actor: &str) -> Entry {
    // What is owed is a charge; a month of credits is paid back from what is held.
    let kind = if issued.total_yen > 0 { Kind::Billed } else { Kind::Credited };
    Entry {
        day: issued.issued,
        organisation: issued.organisation.clone(),
        kind,
        provider: SEVERAL.to_owned(),
        yen: issued.total_yen.saturating_abs(),
        note: format!("{}の利用料", issued.month.strftime("%Y年%-m月")),
        actor: actor.to_owned(),
    }
}

/// An invoice as a page or a printed sheet shows it: texts with the amounts grouped.
pub fn invoice_sheet(issued: &Issued) -> Value {
    let day = |day: Date| day.strftime("%Y年%-m月%-d日").to_string();
    let read = |text: &Value| text.as_str().and_then(|it| it.parse::<Date>().ok());
    let yen = |value: &Value| base::money::Yen(value.as_i64().unwrap_or_default()).grouped();
    let all = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let line = |it: Value| {
        let period = [&it["period"][0], &it["period"][1]].map(|it| read(it).map(day));
        json!({
            "contents": it["contents"],
            "from": period[0],
            "to": period[1],
            "yen": yen(&it["net_yen"]),
            "trace": it["trace"],
        })
    };
    let tax = |it: Value| {
        let rate = it["rate"].as_i64().unwrap_or_default();
        let percent = match rate % 100 {
            0 => (rate / 100).to_string(),
            rest => format!("{}.{rest:02}", rate / 100),
        };
        json!({"percent": percent, "net": yen(&it["net_yen"]), "tax": yen(&it["tax_yen"]),
               "trace": it["trace"]})
    };
    json!({
        "number": number_text(issued.number),
        "issued": day(issued.issued),
        "month": issued.month.strftime("%Y年%-m月").to_string(),
        "issuer": issued.issuer,
        "registration": issued.registration,
        "sample": issued.sample,
        "recipient": issued.recipient,
        "method": issued.derived.0,
        "run": issued.derived.1,
        "lines": all(&issued.content.0).into_iter().map(line).collect::<Vec<_>>(),
        "taxes": all(&issued.content.1).into_iter().map(tax).collect::<Vec<_>>(),
        "total": base::money::Yen(issued.total_yen).grouped(),
        "cancels": issued.cancels.as_ref().map(|it| number_text(it.0)),
        "reason": issued.cancels.as_ref().map(|it| it.1.clone()),
    })
}

#[cfg(test)]
mod tests;
