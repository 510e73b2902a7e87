//! `kumoi plane check`: books, providers, bills and approvals against each other and the
//! guardrails. Keeps what it found for the pages of the operators; changes nothing else but what
//! it is to mark.

use anyhow::Result;
use base::date::day_in_japan;
use cloud::guardrail::Finding;
use cloud::plane::audit;
use cloud::plane::billed::{DAYS, billed_judge};
use cloud::plane::duties::duties_judge;
use cloud::plane::execute::books_read;
use jiff::{Span, Timestamp};
use store::control::{control_open, cost, plane as rows};
use store::organisation::Installer;

use super::work::{providers, tell};
use super::{PlaneArguments, today};

/// Shows and keeps what was found; `false` when somebody has to look at something.
pub(super) async fn check(
    arguments: &PlaneArguments,
    installer: &Installer,
    mark: bool,
) -> Result<bool> {
    let (rules, books) = (today()?, books_read(installer).await?);
    let found = audit::survey(&books, &providers(arguments, installer).await?, &rules).await;
    let control = control_open(installer).await?;
    let mut findings = found.findings;
    let since = day_in_japan(Timestamp::now()).saturating_sub(Span::new().days(DAYS));
    let used = cost::used_list(&control, since).await?;
    let owners = cost::owner_list(&control).await?;
    findings.extend(billed_judge(&rules, (&books, &owners), &used));
    let signed = rows::signed_list(&control).await?;
    findings.extend(duties_judge(&rules, &signed, &rows::admitted_list(&control).await?));
    tell(&findings);
    println!("所見 {}", findings.len());
    let environments = i32::try_from(books.lanes.len()).unwrap_or(i32::MAX);
    let kept: Vec<rows::Found> = findings.iter().map(kept).collect();
    rows::check_book(&control, environments, &kept).await?;
    if mark {
        let count = rows::astray_mark(&control, &found.astray).await?;
        println!("台帳で未確定にした部分 {count}。次の青写真が作り直します");
    } else if !found.astray.is_empty() {
        println!(
            "台帳と違う部分 {}。青写真で作り直すには kumoi plane check --mark",
            found.astray.len()
        );
    }
    Ok(findings.is_empty())
}

fn kept(one: &Finding) -> rows::Found {
    let head = one.place.split(['.', ' ']).next().unwrap_or_default();
    let is_body = head.len() == 6 && head.bytes().all(|it| it.is_ascii_digit());
    rows::Found {
        body: is_body.then(|| head.to_owned()),
        place: one.place.clone(),
        what: one.what.clone(),
        remedy: one.remedy.clone(),
        rule: one.rule.clone(),
    }
}
