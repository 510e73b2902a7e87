//! Rows in FOCUS 1.2 as this house writes them: a charge of an organisation's system for a period,
//! in yen. The columns for what never happens here (commitments, reservations, zones) are left
//! out, but for one that the official rules look at.
//!
//! FOCUS allows ASCII only: other characters are percent-encoded, and the texts as they are follow
//! in columns of our own. The fee is owed to the provider (デジタル手続法 第23条), so the provider issues
//! the invoice, whoever holds the money on its way.

use std::io::Write;

use base::date::{Date, start_in_japan};

use crate::CloudError;

/// A charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who provides.
    pub provider: String,
    /// The number of who is billed, and of the account, where the provider gives its own.
    pub accounts: Option<[String; 2]>,
    /// Organisation billed: identifier and name.
    pub organisation: (String, String),
    /// System: identifier and name.
    pub system: (String, String),
    /// Billing period in Japan, end excluded.
    pub billing: (Date, Date),
    /// Period of the charge in Japan, end excluded.
    pub charge: (Date, Date),
    /// Service and its category.
    pub service: (String, String),
    /// What it is.
    pub description: String,
    /// How often such a quantity is priced, and in what unit.
    pub pricing_unit: &'static str,
    /// What was consumed.
    pub consumed: (i64, &'static str),
    /// Yen; below zero it is a credit.
    pub yen: i64,
    /// How it was allocated, and how the amount comes about.
    pub derived: (String, String),
}

const HEADER: [&str; 53] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountStatus",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
    "x_AllocationMethod",
    "x_AllocationTrace",
    "x_BillingAccountName",
    "x_ProviderName",
    "x_ServiceName",
];

/// Writes rows with their header.
///
/// # Errors
/// [`CloudError::Cost`] when they cannot be written.
pub fn lines_write(out: impl Write, lines: &[Line]) -> Result<(), CloudError> {
    let failed = |error: csv::Error| CloudError::Cost(format!("FOCUS を書き出せません（{error}）"));
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER).map_err(failed)?;
    for line in lines {
        writer.write_record(record(line)).map_err(failed)?;
    }
    writer.flush().map_err(|error| failed(error.into()))
}

/// The begin of a day in Japan, in UTC.
fn moment(day: Date) -> String {
    start_in_japan(day).map(|at| at.to_string()).unwrap_or_default()
}

/// A whole number of yen as the decimal that FOCUS wants.
fn decimal(number: i64) -> String {
    format!("{number}.0")
}

/// A text in ASCII: what is not is percent-encoded, and so is the sign itself.
pub(crate) fn ascii(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text that was percent-encoded for FOCUS, for people to read. A text that was not is left
/// as it is.
pub fn plain(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'%').then(|| more.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    // Only what is no ASCII was encoded: anything else came with its signs from a provider.
    match String::from_utf8(bytes) {
        Ok(plain) if !plain.is_ascii() => plain,
        _ => text.to_owned(),
    }
}

/// The environment's name, and the tags that say whose it is.
fn environment(line: &Line) -> (String, String) {
    let environment = ascii(&format!("{}/{}", line.organisation.0, line.system.0));
    let tags = serde_json::json!({
        "kumoi:environment": environment,
        "kumoi:organisation": ascii(&line.organisation.0),
        "kumoi:system": ascii(&line.system.0),
    });
    (environment, tags.to_string())
}

/// The numbers of who is billed, and of the account.
fn accounts(line: &Line, environment: &str) -> [String; 2] {
    match &line.accounts {
        Some(accounts) => accounts.each_ref().map(|it| ascii(it)),
        None => [ascii(&line.organisation.0), environment.to_owned()],
    }
}

fn record(line: &Line) -> [String; 53] {
    let yen = decimal(line.yen);
    let (name, category) = (ascii(&line.service.0), &line.service.1);
    let provider = ascii(&line.provider);
    let (environment, tags) = environment(line);
    // A credit has no price: a price below nothing is none.
    let charge = line.yen >= 0;
    let priced = |text: &str| if charge { text.to_owned() } else { String::new() };
    let sku = format!("{provider}/{name}");
    let details = serde_json::json!({"x_AllocationMethod": ascii(&line.derived.0)});
    let text = |text: &str| text.to_owned();
    let [billed, account] = accounts(line, &environment);
    let [billing, charged] = [line.billing, line.charge].map(|it| [moment(it.0), moment(it.1)]);
    let ([billing_from, billing_to], [charge_from, charge_to]) = (billing, charged);
    [
        yen.clone(),
        billed,
        ascii(&line.organisation.1),
        text("Organisation"),
        text("JPY"),
        billing_to,
        billing_from,
        text(if charge { "Usage" } else { "Credit" }),
        String::new(),
        ascii(&line.description),
        text(if charge { "Usage-Based" } else { "One-Time" }),
        charge_to,
        charge_from,
        String::new(),
        priced(&decimal(line.consumed.0)),
        priced(line.consumed.1),
        yen.clone(),
        priced(&yen),
        yen.clone(),
        String::new(),
        provider.clone(),
        yen.clone(),
        priced(&yen),
        priced("Standard"),
        text("JPY"),
        priced(&yen),
        yen.clone(),
        priced(&yen),
        priced("1.0"),
        priced(line.pricing_unit),
        provider.clone(),
        provider,
        text("JP"),
        text("Japan"),
        environment.clone(),
        ascii(&line.system.1),
        text("Environment"),
        category.clone(),
        name,
        format!("Other ({category})"),
        priced(&sku),
        priced("Allocated Cost"),
        priced(&details.to_string()),
        priced(&format!("{sku}/{}/{}", line.billing.0, line.yen)),
        account,
        ascii(&line.system.1),
        text("Environment"),
        tags,
        line.derived.0.clone(),
        line.derived.1.clone(),
        line.organisation.1.clone(),
        line.provider.clone(),
        line.service.0.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_characters_are_encoded() {
        assert_eq!(ascii("Sample 5%"), "Sample 5%");
        assert_eq!(ascii("網 5%"), "%E7%B6%B2 5%25");
        for text in ["Sample 5%", "網 5%", "100%41", "%E7%B6", "見本の事業者", "%"] {
            assert_eq!(plain(&ascii(text)), text);
        }
    }
}
