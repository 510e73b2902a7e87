//! Invented bills of invented clouds for the sample organisations, so that the pages about cost
//! show something at once. They go the way of every bill: a file is written, imported, allocated.
//! Made once, and never where any bill was imported before.

mod deposits;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use base::date::{Date, day_in_japan, start_in_japan};
use cloud::cost::allocate::{LEGACY, POPULATION};
use cloud::cost::books::{allocation_keep, books_open};
use cloud::cost::import::bill_import;
use jiff::{Span, Timestamp};
use store::control::control_open;
use store::control::cost::{
    Budget, Measure, Owner, Rate, budget_put, measure_put, owner_put, rate_put, scope_list,
};
use store::control::invoice::invoice_list;
use store::organisation::Installer;

use crate::sample::Sample;

/// Months that are billed, all of them over.
const MONTHS: i64 = 3;
/// Under whose name it is done, and where it is from.
const ACTOR: &str = "見本";
const SOURCE: &str = "見本（架空の値）";
/// The points of 独自点数.
const POINTS: [(&str, u32); 2] = [("人口", 7), ("業務量", 3)];

/// An invented cloud.
struct Provider {
    name: &'static str,
    currency: &'static str,
    region: &'static str,
    /// Services: name, category, thousandths of the currency a day and a thousand residents.
    services: [(&'static str, &'static str, i64); 3],
}

const PROVIDERS: [Provider; 2] = [
    Provider {
        name: "Sample Cloud",
        currency: "USD",
        region: "ap-northeast-1",
        services: [
            ("仮想サーバー", "Compute", 420),
            ("データベース", "Databases", 610),
            ("保管", "Storage", 90),
        ],
    },
    Provider {
        name: "見本国産クラウド",
        currency: "JPY",
        region: "jp-east-1",
        services: [
            ("仮想サーバー", "Compute", 21_000),
            ("データベース", "Databases", 33_000),
            ("閉域網", "Networking", 9_000),
        ],
    },
];

const HEADER: &str = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,\
BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,\
ChargePeriodStart,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,PricingQuantity,\
PricingUnit,ProviderName,PublisherName,RegionId,ServiceCategory,ServiceName,SubAccountId\n";

/// Makes the bills of the last months and allocates them.
///
/// # Errors
/// When the control database cannot be reached, or a file cannot be written.
pub(crate) async fn make(
    installer: &Installer,
    var: &Path,
    (samples, system): (&[Sample], &str),
) -> Result<()> {
    let mut client = control_open(installer).await?;
    let root = var.join("costs");
    let folder = root.join("sample");
    // There as long as they are being made: who was cut off goes on with the month that is missing.
    let begun = folder.join("begun");
    if !scope_list(&client).await?.is_empty() && !begun.exists() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    fs::write(&begun, "")?;
    let today = day_in_japan(Timestamp::now());
    let this = today.first_of_month();
    let first = this.saturating_sub(Span::new().months(MONTHS));
    let rate = Rate {
        currency: "USD".to_owned(),
        from: first,
        micro_yen: 150_000_000,
        source: SOURCE.to_owned(),
        certainty: "U".to_owned(),
    };
    rate_put(&client, &rate).await?;
    for (at, sample) in samples.iter().enumerate() {
        belongings(&client, (at, sample, system), this).await?;
    }
    for back in (1..=MONTHS).rev() {
        let month = this.saturating_sub(Span::new().months(back));
        // What is invoiced is allocated, and stays as it is.
        if invoice_list(&client, month).await?.is_empty() {
            for sample in samples {
                measures(&client, sample, month).await?;
            }
            for file in bills(&folder, samples, month)? {
                bill_import(&mut client, &root, (&[file], ACTOR)).await?;
            }
            let mut books = books_open(&client, month).await?;
            books.basis.points = POINTS.map(|(name, points)| (name.to_owned(), points)).to_vec();
            let allocation = books.allocate()?;
            allocation_keep(&mut client, (&books, &allocation), ACTOR).await?;
            deposits::issue(&mut client, month, today).await?;
        }
        deposits::book(&mut client, month, today).await?;
    }
    Ok(fs::remove_file(&begun)?)
}

fn account(at: usize) -> String {
    format!("{:012}", 900_000_000_001_u64 + at as u64)
}

/// Whose the accounts are, and the budget of the year.
async fn belongings(
    client: &store::Connection,
    (at, sample, system): (usize, &Sample, &str),
    today: Date,
) -> Result<()> {
    let organisation = &sample.organisation.id;
    for provider in &PROVIDERS {
        let owner = Owner {
            provider: provider.name.to_owned(),
            account: account(at),
            environment: String::new(),
            organisation: Some(organisation.clone()),
            system: system.to_owned(),
        };
        owner_put(client, &owner).await?;
    }
    let year = if today.month() >= 4 { today.year() } else { today.year() - 1 };
    let budget = Budget {
        organisation: Some(organisation.clone()),
        fiscal_year: i32::from(year),
        yen: i64::try_from(sample.source.people)? * 600 + 2_000_000,
        source: SOURCE.to_owned(),
    };
    budget_put(client, &budget).await?;
    Ok(())
}

async fn measures(client: &store::Connection, sample: &Sample, month: Date) -> Result<()> {
    let people = i64::try_from(sample.source.people)?;
    for (measure, value) in [(POPULATION, people), (LEGACY, people * 40 + 300_000)] {
        let one = Measure {
            organisation: sample.organisation.id.clone(),
            measure: measure.to_owned(),
            month,
            value,
            source: SOURCE.to_owned(),
        };
        measure_put(client, &one).await?;
    }
    Ok(())
}

/// A file for each provider.
fn bills(folder: &Path, samples: &[Sample], month: Date) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (number, provider) in PROVIDERS.iter().enumerate() {
        let mut text = HEADER.to_owned();
        let until = month.saturating_add(Span::new().months(1));
        let mut day = month;
        while day < until {
            for (at, sample) in samples.iter().enumerate() {
                lines(&mut text, provider, (at, sample), (month, until, day))?;
            }
            day = day.saturating_add(Span::new().days(1));
        }
        let path = folder.join(format!("{}-{number}.csv", month.strftime("%Y-%m")));
        fs::write(&path, text)?;
        files.push(path);
    }
    Ok(files)
}

/// The rows of an account on a day: a little more than the day before, as bills grow.
fn lines(
    text: &mut String,
    provider: &Provider,
    (at, sample): (usize, &Sample),
    (month, until, day): (Date, Date, Date),
) -> Result<()> {
    let moment = |day: Date| start_in_japan(day).map(|at| at.to_string()).unwrap_or_default();
    let (from, to, begin, end) = (
        moment(month),
        moment(until),
        moment(day),
        moment(day.saturating_add(Span::new().days(1))),
    );
    let people = i64::try_from(sample.source.people)?;
    for (service, category, rate) in provider.services {
        let grown = 1000 + i64::from(month.month()) * 4 + i64::from(day.day());
        // Thousandths of the currency: a part for being there, a part by residents.
        let units = (rate * 20 + rate * people / 1000) * grown / 1000;
        let cost = format!("{}.{:03}", units / 1000, units % 1000);
        writeln!(
            text,
            "{cost},MIHON-{0},見本,{1},{to},{from},Usage,,{service}（架空）,{end},{begin},{cost},{cost},\
             {0},{cost},24,Hours,{0},{0},{2},{category},{service},{3}",
            provider.name,
            provider.currency,
            provider.region,
            account(at),
        )?;
    }
    Ok(())
}
