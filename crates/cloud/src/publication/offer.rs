//! Offering what was judged. The judgement is in the market's books before the offer is in the
//! catalogue's: whoever is cut off in between offers the same package with the same report again,
//! which changes nothing, and never judges it twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::System;
use store::Connection;
use store::market::{content_read, submission_offered, submission_read, vendor_name};
use tokio::sync::Semaphore;

use super::Reading;
use super::examine::aside;
use crate::parcel::Parcel;
use crate::{CloudError, package_publish};

/// Far above what reading takes.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(120);

fn lost(why: &str) -> CloudError {
    CloudError::Judging(format!("判定した提出物を読めません（{why}）"))
}

/// Reads what was judged before, aside: the system and its documents.
///
/// # Errors
/// [`CloudError::Judging`] when it cannot be read any more.
pub async fn judged_read(
    places: &Arc<Semaphore>,
    content: Vec<u8>,
) -> Result<(System, BTreeMap<String, String>), CloudError> {
    let read = aside(places, DEADLINE, move || {
        let parcel = Parcel::reopen(&content)?;
        let system = definition::load_installed(&parcel.package);
        let first = |found: Vec<definition::Diagnostic>| found.first().map(ToString::to_string);
        let system = system.map_err(|found| first(found).unwrap_or_default())?;
        Ok((system, parcel.documents))
    });
    read.await?.map_err(|why: String| lost(&why))
}

/// Offers a submission that was found conforming, and says so beside it. One that is not waiting
/// for this is left as it is.
///
/// # Errors
/// [`CloudError::Store`]; [`CloudError::Judging`] when what was sent in cannot be read any more.
pub async fn submission_offer(
    (market, control): (&Connection, &Connection),
    places: &Arc<Semaphore>,
    id: i64,
) -> Result<(), CloudError> {
    let Some(submission) = submission_read(market, id).await? else { return Ok(()) };
    let (Some(named), Some(report)) = (&submission.named, &submission.report) else {
        return Ok(());
    };
    if submission.state != "公開待ち" {
        return Ok(());
    }
    let (system, documents) = judged_read(places, content_read(market, id).await?).await?;
    if system.hash != named.hash {
        return Err(lost("判定したものと違う"));
    }
    let vendor = vendor_name(market, &submission.vendor).await?;
    let reading = Reading::carried(system.clone(), documents);
    let vendor = (submission.vendor.as_str(), vendor.as_str());
    package_publish(control, (vendor, &reading), &system, (report, submission.received_at)).await?;
    submission_offered(market, id).await?;
    Ok(())
}
