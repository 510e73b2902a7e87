//! 利用枠 as the executor holds it: the defaults of the table into the books, the ceiling of
//! connections into PostgreSQL, what is used into the daily series. It grants nothing and refuses
//! nothing.

use base::date::Date;
use jiff::{SignedDuration, Timestamp};
use store::Connection;
use store::control::control_open;
use store::control::quota::{
    QuotaDefault, QuotaKind, quota_defaults_put, quota_measured, quotas_of,
};

use crate::{CloudError, Executor};

const TABLE: &str = include_str!("../../../data/cloud/quotas.csv");

/// How old the measured 容量 may be; looking at every file of three databases is not for nothing.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// A share of its quota that a body is told of, in percent: nearly full, and full.
pub const NEARLY: i64 = 80;
/// See [`NEARLY`].
pub const FULL: i64 = 100;

/// The defaults of the table, in base units.
///
/// # Errors
/// [`CloudError::Cost`] with the line that is broken.
pub fn quota_defaults() -> Result<Vec<QuotaDefault>, CloudError> {
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let broken = |line: usize| {
        CloudError::Cost(format!("data/cloud/quotas.csv の {line} 行目が壊れています"))
    };
    let mut all = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let one = record.ok().as_ref().and_then(read);
        all.push(one.ok_or_else(|| broken(at + 2))?);
    }
    Ok(all)
}

fn read(record: &csv::StringRecord) -> Option<QuotaDefault> {
    let kind = QuotaKind::of(record.get(0)?)?;
    let from: Date = record.get(3)?.parse().ok()?;
    let value: i64 = record.get(4)?.parse().ok()?;
    let (least, most) = kind.bounds();
    let value = value.checked_mul(kind.scale()).filter(|it| (least..=most).contains(it))?;
    let has_source = record.get(5)? == kind.unit() && !record.get(6)?.is_empty();
    Some(QuotaDefault {
        kind,
        size: (record.get(1)?.to_owned(), record.get(2)?.parse().ok()?),
        from,
        value: has_source.then_some(value)?,
    })
}

/// Puts the defaults of the table into the books; what is there stays as it is.
///
/// # Errors
/// [`CloudError`].
pub async fn quota_defaults_keep(control: &Connection) -> Result<(), CloudError> {
    Ok(quota_defaults_put(control, &quota_defaults()?).await?)
}

impl Executor<'_> {
    /// Holds a body's logins to its 接続, and measures what it uses. Repeatable; nothing is written
    /// where nothing has changed.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn quota_tend(&self, organisation: &str, now: Timestamp) -> Result<(), CloudError> {
        let control = control_open(self.installer).await?;
        for quota in quotas_of(&control, organisation).await? {
            match quota.kind {
                QuotaKind::Connections => {
                    if let Some(limit) = quota.value {
                        self.installer.connections_limit(organisation, limit).await?;
                    }
                    let used = self.installer.connections_used(organisation).await?;
                    quota_measured(&control, (organisation, quota.kind), used).await?;
                }
                QuotaKind::Capacity => {
                    let fresh = |at: Timestamp| now.duration_since(at) < FRESH;
                    if quota.used.is_none_or(|(_, at)| !fresh(at)) {
                        let used = self.installer.bytes_used(organisation).await?;
                        quota_measured(&control, (organisation, quota.kind), used).await?;
                    }
                }
                QuotaKind::Systems => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_every_kind() {
        let all = quota_defaults().unwrap();
        assert_eq!(all.len(), 12);
        for kind in QuotaKind::ALL {
            let own: Vec<_> = all.iter().filter(|one| one.kind == kind).collect();
            assert_eq!(own.len(), 4, "{kind:?}");
            assert_eq!(own[0].size.1, 0, "the smallest holds before anybody is counted");
            assert!(own.is_sorted_by_key(|one| (one.size.1, one.value)), "{kind:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_is_broken() {
        let check = |line: [&str; 8], good: bool| {
            assert_eq!(read(&csv::StringRecord::from(line.to_vec())).is_some(), good, "{line:?}");
        };
        check(["接続", "小", "0", "2026-04-01", "30", "本", "取決め", "U"], true);
        check(["接続", "小", "0", "2026-04-01", "12", "本", "取決め", "U"], false);
        check(["接続", "小", "0", "2026-04-01", "30", "GB", "取決め", "U"], false);
        check(["容量", "小", "0", "2026-04-01", "30", "GB", "", "U"], false);
        check(["容量", "小", "0", "2026-04-31", "30", "GB", "取決め", "U"], false);
    }
}
