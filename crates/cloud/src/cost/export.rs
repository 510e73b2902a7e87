//! FOCUS 書出し: what was allocated to organisations, as rows by service that sum to the allocation.

use std::collections::{BTreeMap, BTreeSet};

use base::date::Date;
use jiff::Span;

use super::allocate::{Allocation, Ledger, Makeup, Method, Service, Share};
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

/// A service that a share is made of, and what it weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who provides.
    pub provider: String,
    /// Its name, as it is written.
    pub service: String,
    /// Its category.
    pub category: String,
    /// Its weight.
    pub weight: i128,
}

/// What the shares of a month are made of.
pub struct Parts<'l> {
    makeup: Makeup<'l>,
    names: BTreeMap<&'l Service, String>,
}

impl<'l> Parts<'l> {
    /// Of a month's ledger.
    pub fn of(ledger: &'l Ledger) -> Parts<'l> {
        Parts { makeup: Makeup::of(ledger), names: service_names(ledger) }
    }

    /// What a charge of a system is spread over.
    pub fn charges(&self, organisation: &str, system: &str) -> Vec<Part> {
        self.named(self.makeup.services_of(organisation, system))
    }

    /// What a credit of a system is spread over; nothing where it is spread like a charge.
    pub fn credits(&self, organisation: &str, system: &str) -> Vec<Part> {
        self.named(self.makeup.credits_of(organisation, system))
    }

    /// What a share is spread over.
    fn of_share(&self, share: &Share) -> Vec<Part> {
        let credits = match share.yen {
            ..0 => self.credits(&share.organisation, &share.system),
            _ => Vec::new(),
        };
        match credits.is_empty() {
            true => self.charges(&share.organisation, &share.system),
            false => credits,
        }
    }

    fn named(&self, services: Vec<(&'l Service, i128)>) -> Vec<Part> {
        let part = |(key, weight): (&'l Service, i128)| Part {
            provider: key.0.clone(),
            service: self.names[key].clone(),
            category: key.2.clone(),
            weight,
        };
        services.into_iter().map(part).collect()
    }
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
    let made = Parts::of(ledger);
    let mut lines = Vec::new();
    for share in shares {
        if share.yen != 0 && wanted.organisation.is_none_or(|it| it == share.organisation) {
            lines.extend(share_lines(share, &made.of_share(share), wanted)?);
        }
    }
    Ok(lines)
}

/// The rows of a share over what it is made of.
///
/// # Errors
/// [`CloudError::Cost`] when none of that weighs anything.
pub fn share_lines(
    share: &Share,
    made: &[Part],
    wanted: &Export<'_>,
) -> Result<Vec<Line>, CloudError> {
    if share.yen == 0 {
        return Ok(Vec::new());
    }
    let billing = (wanted.month, wanted.month.saturating_add(Span::new().months(1)));
    let name = |id: &str| wanted.names.get(id).map_or(id, String::as_str).to_owned();
    let weights: Vec<i128> = made.iter().map(|it| it.weight).collect();
    let parts = split(share.yen, &weights).ok_or_else(|| {
        let (organisation, system) = (&share.organisation, &share.system);
        CloudError::Cost(format!("{organisation} の {system} のサービスの費用がどれも 0 以下です"))
    })?;
    let method = wanted.method.term();
    let line = |(made, part): (&Part, super::share::Part)| Line {
        provider: made.provider.clone(),
        accounts: None,
        organisation: (share.organisation.clone(), name(&share.organisation)),
        system: (share.system.clone(), name(&share.system)),
        billing,
        charge: billing,
        service: (made.service.clone(), made.category.clone()),
        description: format!("{}（{method}による按分）", made.service),
        pricing_unit: "Months",
        consumed: (1, "Months"),
        yen: part.yen,
        derived: (method.to_owned(), share.trace.clone()),
    };
    Ok(made.iter().zip(parts).filter(|(_, part)| part.yen != 0).map(line).collect())
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
