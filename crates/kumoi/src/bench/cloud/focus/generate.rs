//! Invented bills by seed, in the shape of real ones: one file a billing account, quoted JSON, the
//! literal `NULL`, empty texts, moments without a zone, exponents. It counts what it writes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow};
use base::date::Date;
use cloud::cost::amount::Amount;

/// The month of the bills.
pub(super) const MONTH: Date = Date::constant(2026, 5, 1);
/// Accounts of all providers.
pub(super) const ACCOUNTS: u64 = 400;
/// Files, one a billing account.
const FILES: u64 = 4;

/// What was written.
pub(super) struct Generated {
    pub(super) files: Vec<PathBuf>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) usd: Amount,
    pub(super) jpy: Amount,
}

const HEADER: &str = "AvailabilityZone,BilledCost,BillingAccountId,BillingAccountName,\
BillingAccountType,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,\
ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,CommitmentDiscountId,\
ConsumedQuantity,ConsumedUnit,ContractedCost,ContractedUnitPrice,EffectiveCost,InvoiceId,\
InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,PricingCurrency,PricingQuantity,\
PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,ResourceType,\
ServiceCategory,\
ServiceName,ServiceSubcategory,SkuId,SkuMeter,SkuPriceId,SubAccountId,SubAccountName,\
SubAccountType,Tags\n";

const SERVICES: [(&str, &str, &str); 6] = [
    ("仮想サーバー", "Compute", "Virtual Machines"),
    ("データベース", "Databases", "Relational Databases"),
    ("保管", "Storage", "Object Storage"),
    ("網", "Networking", "Network Connectivity"),
    ("鍵", "Security", "Other (Security)"),
    ("監視", "Management and Governance", "Observability"),
];

/// Who provides an account.
pub(super) fn provider(at: u64) -> &'static str {
    if at % 4 == 3 { "見本国産クラウド" } else { "Sample Cloud" }
}

/// An account's number.
pub(super) fn account(at: u64) -> String {
    format!("{:012}", 200_000_000_000 + at)
}

/// Its system.
pub(super) fn system(at: u64) -> &'static str {
    if at < 200 { "first-system" } else { "second-system" }
}

/// Writes `rows` rows into a folder, two files at a time.
pub(super) fn generate(folder: &Path, rows: u64) -> Result<Generated> {
    fs::create_dir_all(folder)?;
    let one = |number: u64| {
        let rows = rows / FILES + u64::from(number < rows % FILES);
        let path = folder.join(format!("bill-{number}.csv"));
        thread::spawn(move || file_write(&path, number, rows).map(|sum| (path, rows, sum)))
    };
    let mut made =
        Generated { files: Vec::new(), rows: 0, bytes: 0, usd: Amount::ZERO, jpy: Amount::ZERO };
    for pair in [[0, 1], [2, 3]] {
        for running in pair.map(one) {
            let (path, rows, sum) = running.join().map_err(|_| anyhow!("generating failed"))??;
            let total = if made.files.len() == 3 { &mut made.jpy } else { &mut made.usd };
            total.0 += sum;
            made.bytes += fs::metadata(&path)?.len();
            made.rows += rows;
            made.files.push(path);
        }
    }
    Ok(made)
}

/// A file of one billing account; the sum of its costs in units of an amount.
fn file_write(path: &Path, number: u64, rows: u64) -> Result<i128> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(HEADER.as_bytes())?;
    let (mut random, mut sum, mut line) = (Random(number + 1), 0, String::new());
    for row in 0..rows {
        line.clear();
        sum += row_write(&mut line, (number, row), &mut random)?;
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(sum)
}

fn row_write(line: &mut String, (file, row): (u64, u64), random: &mut Random) -> Result<i128> {
    let at = random.below(ACCOUNTS / 4) * 4 + file;
    let service = random.below(6) as usize;
    let (name, category, kind) = SERVICES[service];
    let (day, hour) = (random.below(31) + 1, random.below(24));
    // Millionths, now and then a refund.
    let units = random.below(5_000_000) as i64 - if row % 97 == 0 { 5_000_000 } else { 0 };
    let cost = match row % 50 {
        0 => format!("{units}E-6"),
        _ => {
            format!("{}{}.{:06}0000", sign(units), units.abs() / 1_000_000, units.abs() % 1_000_000)
        }
    };
    let zone = if row % 40 == 0 { "" } else { "Z" };
    let null = if row % 3 == 0 { "NULL" } else { "" };
    let (currency, region) =
        if file == 3 { ("JPY", "jp-east-1") } else { ("USD", "ap-northeast-1") };
    let (account, provider) = (account(at), provider(at));
    let resource = random.below(50_000);
    write!(
        line,
        ",{cost},B{file},\"見本, 請求先\",Payer,{currency},2026-06-01T00:00:00{zone},\
         2026-05-01T00:00:00{zone},Usage,{null},\"{name}\",Usage-Based,\
         2026-05-{day:02}T{hour:02}:59:59{zone},2026-05-{day:02}T{hour:02}:00:00{zone},{null},\
         {}.{:03},Hours,{cost},0.0126,{cost},INV-{file},{provider},{cost},0.0140,Standard,USD,1,\
         Hours,{provider},{provider},{region},見本地域,res-{resource:08x},res-{resource},\
         {category}-resource,\
         {category},{name},{kind},SKU-{service:03},Meter-{service},PRICE-{service:03},{account},\
         env-{at},Linked,\
         \"{{\"\"kumoi:environment\"\":\"\"env-{at}\"\",\"\"cost\"\":\"\"c{}\"\"}}\"\n",
        row % 24,
        row % 1000,
        row % 10,
    )?;
    Ok(i128::from(units) * 10_i128.pow(14))
}

fn sign(units: i64) -> &'static str {
    if units < 0 { "-" } else { "" }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
