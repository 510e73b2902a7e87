//! The columns of a FOCUS 1.2 cost and usage file: their types, and what a bill cannot be read
//! without. Columns that are not listed are kept as texts.
//!
//! Source: FinOps Open Cost and Usage Specification 1.2; `ServiceProviderName` and
//! `HostProviderName` are those of 1.3, which replace `ProviderName`.

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, also JSON.
    Text,
    /// A decimal number.
    Number,
    /// A moment.
    Time,
}

/// Whether a bill can do without a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The column is there, and every row has a value.
    Value,
    /// The column is there; a row may lack its value.
    Column,
    /// Either this one or its later name.
    OneOf(&'static str),
    /// It may be missing.
    Free,
}

/// A column of the specification.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Whether it may be missing.
    pub need: Need,
}

const fn of(name: &'static str, kind: Kind, need: Need) -> Column {
    Column { name, kind, need }
}

use Kind::{Number, Text, Time};
use Need::{Free, OneOf, Value};

/// The specification's columns by name.
pub const COLUMNS: &[Column] = &[
    of("AvailabilityZone", Text, Free),
    of("BilledCost", Number, Value),
    of("BillingAccountId", Text, Value),
    of("BillingAccountName", Text, Need::Column),
    of("BillingAccountType", Text, Free),
    of("BillingCurrency", Text, Value),
    of("BillingPeriodEnd", Time, Value),
    of("BillingPeriodStart", Time, Value),
    of("CapacityReservationId", Text, Free),
    of("CapacityReservationStatus", Text, Free),
    of("ChargeCategory", Text, Value),
    of("ChargeClass", Text, Need::Column),
    of("ChargeDescription", Text, Need::Column),
    of("ChargeFrequency", Text, Free),
    of("ChargePeriodEnd", Time, Value),
    of("ChargePeriodStart", Time, Value),
    of("CommitmentDiscountCategory", Text, Free),
    of("CommitmentDiscountId", Text, Free),
    of("CommitmentDiscountName", Text, Free),
    of("CommitmentDiscountQuantity", Number, Free),
    of("CommitmentDiscountStatus", Text, Free),
    of("CommitmentDiscountType", Text, Free),
    of("CommitmentDiscountUnit", Text, Free),
    of("ConsumedQuantity", Number, Free),
    of("ConsumedUnit", Text, Free),
    of("ContractedCost", Number, Value),
    of("ContractedUnitPrice", Number, Free),
    of("EffectiveCost", Number, Value),
    of("HostProviderName", Text, Free),
    of("InvoiceId", Text, Free),
    of("InvoiceIssuerName", Text, Need::Column),
    of("ListCost", Number, Value),
    of("ListUnitPrice", Number, Free),
    of("PricingCategory", Text, Free),
    of("PricingCurrency", Text, Free),
    of("PricingCurrencyContractedUnitPrice", Number, Free),
    of("PricingCurrencyEffectiveCost", Number, Free),
    of("PricingCurrencyListUnitPrice", Number, Free),
    of("PricingQuantity", Number, Need::Column),
    of("PricingUnit", Text, Need::Column),
    of("ProviderName", Text, OneOf("ServiceProviderName")),
    of("PublisherName", Text, OneOf("ServiceProviderName")),
    of("RegionId", Text, Free),
    of("RegionName", Text, Free),
    of("ResourceId", Text, Free),
    of("ResourceName", Text, Free),
    of("ResourceType", Text, Free),
    of("ServiceCategory", Text, Value),
    of("ServiceName", Text, Value),
    of("ServiceProviderName", Text, Free),
    of("ServiceSubcategory", Text, Free),
    of("SkuId", Text, Free),
    of("SkuMeter", Text, Free),
    of("SkuPriceDetails", Text, Free),
    of("SkuPriceId", Text, Free),
    of("SubAccountId", Text, Free),
    of("SubAccountName", Text, Free),
    of("SubAccountType", Text, Free),
    of("Tags", Text, Free),
];

/// The numbers that are summed. The others only stay in the raw files, as they are written: what
/// nobody counts refuses no bill.
pub const COSTS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

/// Columns of the specification that may be a map of texts in a Parquet file.
pub const MAPS: [&str; 2] = ["SkuPriceDetails", "Tags"];

/// Allowed values of `ChargeCategory`.
pub const CHARGE_CATEGORIES: &[&str] = &["Usage", "Purchase", "Tax", "Credit", "Adjustment"];

/// Allowed values of `ServiceCategory`.
pub const SERVICE_CATEGORIES: &[&str] = &[
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
];

/// A column of the specification by its name.
pub fn find(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// What a header lacks, in the specification's order; an alternative is said with it.
pub fn missing(header: &[String]) -> Vec<String> {
    let has = |name: &str| header.iter().any(|one| one == name);
    let lacks = |column: &Column| match column.need {
        Need::Value | Need::Column if !has(column.name) => Some(column.name.to_owned()),
        OneOf(later) if !has(column.name) && !has(later) => {
            Some(format!("{}（又は{later}）", column.name))
        }
        _ => None,
    };
    COLUMNS.iter().filter_map(lacks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_once() {
        assert!(COLUMNS.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(COLUMNS.len(), 59);
    }

    #[test]
    fn a_header_without_the_older_names_is_whole() {
        let mut header: Vec<String> = COLUMNS.iter().map(|it| it.name.to_owned()).collect();
        assert_eq!(missing(&header), [""; 0]);
        header.retain(|name| !name.starts_with("Provider") && name != "PublisherName");
        assert_eq!(missing(&header), [""; 0]);
        header.retain(|name| name != "ServiceProviderName" && name != "BilledCost");
        let expect = [
            "BilledCost",
            "ProviderName（又はServiceProviderName）",
            "PublisherName（又はServiceProviderName）",
        ];
        assert_eq!(missing(&header), expect);
    }
}
