//! What there is to tell: alarms of budgets, invoices that were issued or cancelled, 利用枠 that are
//! nearly full or were decided, incidents.
//! Each has a key under which it is told once. Free words that somebody typed stay on their
//! pages.

use std::collections::BTreeMap;

use base::date::{Date, day_in_japan};
use base::money::Yen;
use jiff::{SignedDuration, Span, Timestamp};
use store::Connection;
use store::control::contract_list;
use store::control::cost::{budget_list, organisation_names, run_last, share_list};
use store::control::invoice::invoice_list;
use store::control::mail::Notice;
use store::control::quota::{QuotaAct, QuotaKind, quota_acts, quota_list};
use store::control::watch::{Incident, incident_list};

use crate::CloudError;
use crate::cost::allocate::Method;
use crate::cost::charge::number_text;
use crate::cost::forecast::{alarms, first_month, fiscal_year, year_forecast_from};
use crate::quota::{FULL, NEARLY};

/// How long an incident that is over is looked at.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a decision is told of, if that was not done.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Months whose invoices are looked at.
const MONTHS: i64 = 6;

/// What bodies are to be told now, said before or not.
///
/// # Errors
/// [`CloudError::Store`].
pub(super) async fn notices(
    client: &Connection,
    now: Timestamp,
) -> Result<Vec<Notice>, CloudError> {
    let today = day_in_japan(now);
    let mut all = of_budgets(client, today).await?;
    all.extend(of_invoices(client, today).await?);
    all.extend(of_quotas(client, today).await?);
    let recent = now.checked_sub(RECENT).unwrap_or(now);
    let acts = quota_acts(client).await?;
    all.extend(acts.iter().filter(|act| act.at >= recent).filter_map(of_decision));
    let names = organisation_names(client).await?;
    let bodies: Vec<&str> = names.iter().map(|[id, ..]| id.as_str()).collect();
    for incident in incident_list(client, now.checked_sub(DAY).unwrap_or(now)).await? {
        all.extend(of_incident(&incident, &bodies));
    }
    Ok(all)
}

/// The highest parts of a budget that is reached and that will be.
async fn of_budgets(client: &Connection, today: Date) -> Result<Vec<Notice>, CloudError> {
    let year = fiscal_year(today);
    let mut months: BTreeMap<String, BTreeMap<Date, (i64, i64)>> = BTreeMap::new();
    let mut month = Date::new(year, 4, 1).unwrap_or(today);
    while month <= today {
        if let Some(run) = run_last(client, month).await? {
            for share in share_list(client, run.id).await? {
                if share.method == Method::Usage.term() {
                    let own = months.entry(share.organisation).or_default();
                    let sum = own.entry(month).or_default();
                    *sum = (sum.0.saturating_add(share.yen), sum.1.saturating_add(share.yen));
                }
            }
        }
        month = month.saturating_add(Span::new().months(1));
    }
    let contracts = contract_list(client).await?;
    let since = |organisation: &str| {
        let own = contracts.iter().filter(|it| it.organisation == organisation);
        own.filter_map(|it| it.opened_at.map(|at| day_in_japan(at).first_of_month())).min()
    };
    let mut all = Vec::new();
    for budget in budget_list(client, i32::from(year)).await? {
        let Some(organisation) = budget.organisation else { continue };
        let Some(own) = months.get(&organisation) else { continue };
        let Some(first) = first_month(own, since(&organisation), year) else { continue };
        let Ok(forecast) = year_forecast_from(own, first) else { continue };
        let all_alarms = alarms(&forecast, budget.yen);
        // The highest of what was reached and of what will be: one does not hide the other.
        for reached in [true, false] {
            let Some(alarm) = all_alarms.iter().find(|it| it.reached == reached) else { continue };
            let (how, does) =
                if reached { ("実績", "達しました") } else { ("予測", "達します") };
            all.push(Notice {
                organisation: organisation.clone(),
                key: format!("budget {year} {} {} {how}", budget.yen, alarm.part),
                subject: format!("クラウドの費用が予算の {}％に{how}で{does}", alarm.part),
                words: format!("{year}年度: {}。\n内訳: {}", alarm.words, forecast.trace),
            });
        }
    }
    Ok(all)
}

/// Invoices of the last months.
async fn of_invoices(client: &Connection, today: Date) -> Result<Vec<Notice>, CloudError> {
    let mut all = Vec::new();
    for back in 1..=MONTHS {
        let month = today.first_of_month().saturating_sub(Span::new().months(back));
        for one in invoice_list(client, month).await? {
            let (number, said) = (number_text(one.number), month.strftime("%Y年%-m月"));
            let (subject, what) = match &one.cancels {
                Some((before, _)) => {
                    let before = number_text(*before);
                    (
                        format!("請求書 {before} を取り消しました"),
                        format!("取消しの請求書 {number}"),
                    )
                }
                None => (format!("請求書 {number} を発行しました"), format!("請求書 {number}")),
            };
            let sample = if one.sample { "（見本。架空の額です）" } else { "" };
            all.push(Notice {
                organisation: one.organisation,
                key: format!("invoice {} {number}", one.registration),
                subject,
                words: format!(
                    "{said}の利用料の{what}: {}（税込）{sample}。内訳は「費用」の画面にあります。",
                    Yen(one.total_yen)
                ),
            });
        }
    }
    Ok(all)
}

/// That the 容量 in force is nearly full, or full: once a month as long as it is.
async fn of_quotas(client: &Connection, today: Date) -> Result<Vec<Notice>, CloudError> {
    let mut all = Vec::new();
    for quota in quota_list(client).await? {
        let (Some(percent), Some(value)) = (quota.percent(), quota.value) else { continue };
        if quota.kind != QuotaKind::Capacity || percent < NEARLY {
            continue;
        }
        let (part, what) = match percent {
            FULL.. => (
                FULL,
                "窓口の仕事はこのまま続けられますが、新しい契約の締結と研修環境の開設ができません。",
            ),
            _ => (NEARLY, "使い切ると、新しい契約の締結と研修環境の開設ができなくなります。"),
        };
        let used = quota.used.map_or(0, |(used, _)| used);
        all.push(Notice {
            organisation: quota.organisation,
            key: format!("quota {} {value} {part} {}", quota.kind.word(), today.strftime("%Y-%m")),
            subject: format!("容量が利用枠の {part}％に達しました"),
            words: format!(
                "利用枠 {} のうち {} を使っています。{what}増やす申込みは「利用枠」の画面でできます。",
                quota.kind.amount(value),
                quota.kind.amount(used)
            ),
        });
    }
    Ok(all)
}

/// What an operator said to a request.
fn of_decision(act: &QuotaAct) -> Option<Notice> {
    let (kind, value) = (act.kind.word(), act.kind.amount(act.value));
    let words = match act.act.as_str() {
        "承認" => format!("{kind}の利用枠が {value} になりました。"),
        "却下" => format!("{kind}の利用枠を {value} にする申込みは認められませんでした。"),
        _ => return None,
    };
    Some(Notice {
        organisation: act.organisation.clone(),
        key: format!("quota request {}", act.request),
        subject: format!("利用枠の申込み {} が決まりました", act.request),
        words: format!("{words}経過は「利用枠」の画面にあります。"),
    })
}

/// That an incident goes on, or is over, for whom it concerns.
fn of_incident(incident: &Incident, bodies: &[&str]) -> Vec<Notice> {
    let (state, words) = match incident.ended_at {
        None => ("begun", "で障害が起きています"),
        Some(_) => ("ended", "の障害は終わりました"),
    };
    let concerned = match &incident.organisation {
        Some(one) => vec![one.as_str()],
        None => bodies.to_vec(),
    };
    let notice = |organisation: &str| Notice {
        organisation: organisation.to_owned(),
        key: format!("incident {} {state}", incident.id),
        subject: format!("障害 {}: {}", incident.id, words.trim_start_matches(['で', 'の'])),
        words: format!(
            "{}{words}（対応するのは: {}）。いつから、何が分かっているかは「稼働と障害」の画面にあります。",
            incident.service, incident.layer
        ),
    };
    concerned.into_iter().map(notice).collect()
}
