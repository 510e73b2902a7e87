//! 料金表: what a vendor publishes beside a system, so that bodies can compare offers.

use base::dated::Dated;

use super::Located;

/// 料金表 and the declaration on the data, as `price.yaml` says.
#[derive(Clone, Debug)]
pub struct Price {
    /// Monthly prices by the first day on which they apply.
    pub values: Dated<MonthlyPrice>,
    /// What is included, payment, ending.
    pub terms: String,
    /// Who owns the recorded data.
    pub owner: DataOwner,
    /// How the data is administered and handed back.
    pub data_terms: String,
    /// Where the owner is declared.
    pub source: Located,
}

/// What a body pays a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthlyPrice {
    /// Yen a month, whatever the size.
    pub base_yen: u64,
    /// Yen a resident and month.
    pub resident_yen: u64,
}

/// Who owns what a body records in the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataOwner {
    /// 利用する団体.
    Body,
    /// 事業者.
    Vendor,
}
