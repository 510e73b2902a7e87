//! FOCUS 書出し: what was allocated to organisations, as rows by service that sum to the allocation.

use std::collections::{BTreeMap, BTreeSet};

use base::date::Date;
use jiff::Span;

use super::allocate::{Allocation, Ledger, Method, Service};
use super::focus::Line;
use super::share::split;
use crate::CloudError;

/// What holds of a provider like this one, as the official validator asks for it.
pub const APPLICABLE: &str = "ACCOUNT_NAMING_SUPPORTED,\
BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED,\
MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED,MULTIPLE_PRICING_CATEGORIES_SUPPORTED,\
MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED,NEGOTIATED_PRICING_SUPPORTED,\
PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED,PUBLIC_PRICE_LIST_SUPPORTED,REGION_SUPPORTED,\
RESOURCE_TYPE_ASSIGNMENT_SUPPORTED,SUB_ACCOUNT_SUPPORTED,TAGGING_SUPPORTED,UNIT_PRICING_SUPPORTED,\
USAGE_MEASUREMENT_SUPPORTED";

/// The rules want InvoiceId null for charges without an invoice, or else not null, and the
/// validator tests both of all rows: the first of the two fails for any file with rows, and their
/// OR passes.
pub const CONTRADICTION: (&str, &str) = ("InvoiceId-C-005-C", "InvoiceId-C-003-C: PASS");

/// What is written.
#[derive(Clone, Debug)]
pub struct Export<'e> {
    /// First day of the month.
    pub month: Date,
    /// Method.
    pub method: Method,
    /// One organisation, or all.
    pub organisation: Option<&'e str>,
    /// Names of organisations and systems.
    pub names: &'e BTreeMap<String, String>,
}

/// The rows: each share over the services of the month by what they cost.
///
/// # Errors
/// [`CloudError::Cost`] when the method has open questions.
pub fn export(
    ledger: &Ledger,
    allocation: &Allocation,
    wanted: &Export<'_>,
) -> Result<Vec<Line>, CloudError> {
    let shares = allocation.shares(wanted.method).ok_or_else(|| {
        let method = wanted.method.term();
        CloudError::Cost(format!(
            "{method}の按分には、まだ分からない数があります。kumoi cost allocate で確かめてください"
        ))
    })?;
    let names = service_names(ledger);
    let billing = (wanted.month, wanted.month.saturating_add(Span::new().months(1)));
    let name = |id: &str| wanted.names.get(id).map_or(id, String::as_str).to_owned();
    let mut lines = Vec::new();
    for share in shares {
        if wanted.organisation.is_some_and(|it| it != share.organisation) {
            continue;
        }
        let mut services = match share.yen {
            ..0 => ledger.credits_of(&share.organisation, &share.system),
            _ => Vec::new(),
        };
        if services.is_empty() {
            services = ledger.services_of(&share.organisation, &share.system);
        }
        let weights: Vec<i128> = services.iter().map(|it| it.1).collect();
        if share.yen == 0 {
            continue;
        }
        let parts = split(share.yen, &weights).ok_or_else(|| {
            let (organisation, system) = (&share.organisation, &share.system);
            CloudError::Cost(format!(
                "{organisation} の {system} のサービスの費用がどれも 0 以下です"
            ))
        })?;
        for ((key, _), part) in services.iter().zip(parts) {
            let ((provider, _, category), service) = (key, &names[*key]);
            if part.yen == 0 {
                continue;
            }
            lines.push(Line {
                provider: provider.clone(),
                accounts: None,
                organisation: (share.organisation.clone(), name(&share.organisation)),
                system: (share.system.clone(), name(&share.system)),
                billing,
                charge: billing,
                service: (service.clone(), category.clone()),
                description: format!("{service}（{}による按分）", wanted.method.term()),
                pricing_unit: "Months",
                consumed: (1, "Months"),
                yen: part.yen,
                derived: (wanted.method.term().to_owned(), share.trace.clone()),
            });
        }
    }
    Ok(lines)
}

/// Names of the services; FOCUS wants one category a name, so a name that has several is
/// said with its provider and category.
fn service_names(ledger: &Ledger) -> BTreeMap<&Service, String> {
    let all: BTreeSet<&Service> = ledger.services.values().flat_map(BTreeMap::keys).collect();
    let mut categories: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, service, category) in &all {
        categories.entry(service).or_default().insert(category);
    }
    let name = |(provider, service, category): &Service| {
        if categories[service.as_str()].len() == 1 {
            return service.clone();
        }
        format!("{service}（{provider}、{category}）")
    };
    all.into_iter().map(|service| (service, name(service))).collect()
}

#[cfg(test)]
mod tests;
