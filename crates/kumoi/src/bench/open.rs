//! Opening an organisation with every system installed: databases from templates, roles, keys.

use std::time::Instant;

use anyhow::{Context, Result};

use super::figure::Figure;
use super::place::{Folder, Place};
use crate::sample::samples;

/// Opens `count` organisations one after the other.
pub(super) async fn open(folder: &Folder, count: u32) -> Result<()> {
    let place = Place::open(folder).await?;
    let stamp = jiff::Timestamp::now().as_second();
    let mut organisation = samples(None).pop().context("no sample organisation")?.organisation;
    let mut figure = Figure::default();
    for number in 0..count {
        organisation.id = format!("open_{stamp}_{number}");
        let begin = Instant::now();
        place.installer.organisation_create(&organisation, &place.templates).await?;
        figure.since(begin);
    }
    figure.print("open, an organisation with its systems");
    place.close().await
}
