//! What bills say was used where, against the guardrails: a bill names also what bears no tag and
//! what is gone again. Pure; only clouds that the list knows by their names in bills are judged.

use std::collections::BTreeMap;

use store::control::cost::{Owner, Used};

use super::audit::LATER;
use super::books::Books;
use super::environment::{Kind, Lane};
use super::part::Act;
use crate::guardrail::{Cloud, Finding, Guardrails, Request, Resource, Rule};

/// So far back bills are looked at: what a month shows stays a finding until the next bill came.
pub const DAYS: i64 = 62;

/// Every service and region of an owned account that breaks a guardrail.
pub fn billed_judge(
    rules: &Guardrails,
    (books, owners): (&Books, &[Owner]),
    used: &[Used],
) -> Vec<Finding> {
    let lanes = books.references();
    let owned: BTreeMap<(&str, &str), &Owner> =
        owners.iter().map(|it| ((it.provider.as_str(), it.account.as_str()), it)).collect();
    let judged = used.iter().filter_map(|one| {
        let cloud = rules.cloud_billed(&one.provider)?;
        let account = one.account.as_str();
        let lane = lanes.get(&(cloud.provider.as_str(), account));
        let owner = owned.get(&(one.provider.as_str(), account));
        let whose = match (lane, owner) {
            (Some(lane), _) => (*lane).to_owned(),
            (None, Some(owner)) => {
                format!("{} {account}", owner.organisation.as_deref().unwrap_or("共通"))
            }
            (None, None) => return None,
        };
        Some(broken(rules, cloud, (&whose, one)))
    });
    judged.flatten().collect()
}

fn broken(rules: &Guardrails, cloud: &Cloud, (whose, one): (&str, &Used)) -> Vec<Finding> {
    let kind = whose.parse::<Lane>().map_or(Kind::Production, |lane| lane.kind);
    let service = cloud.billed_service(&one.service).unwrap_or(&one.service);
    let said = Some(one.region.as_str()).filter(|it| !it.is_empty());
    let request = Request {
        provider: &cloud.provider,
        service,
        act: Act::Make,
        region: cloud.placed(service, said),
        kind,
        reaches: kind,
        // A bill does not say how it is.
        resource: Resource::default(),
        actor: LATER,
    };
    let region = said.unwrap_or("場所の記載なし");
    let (first, last) = one.days;
    let finding = |rule: &Rule| Finding {
        place: format!("{whose} {} {region}", one.service),
        what: format!("{}（請求、{first} から {last} まで）", rule.says),
        remedy: rule.remedy.clone(),
        rule: rule.id.clone(),
    };
    rules.broken(&request).into_iter().map(finding).collect()
}
