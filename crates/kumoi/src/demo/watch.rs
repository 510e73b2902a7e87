//! The watch: every minute each zone is asked for the first page of every organisation. What comes
//! is counted by day; two failures in a row open an incident, and the next answer ends it. While
//! the program does not run nothing is asked, and nothing is claimed for that time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use base::date::day_in_japan;
use jiff::Timestamp;
use store::Connection;
use store::control::control_open;
use store::control::watch::{
    Incident, incident_end, incident_note, incident_open, incident_watched, watch_book,
};
use store::organisation::{Installer, Organisation};
use tokio::time::sleep;

use crate::up::{Zone, answer_time};

/// How often everything is asked.
const ROUND: Duration = Duration::from_secs(60);
/// Failures in a row that make an incident.
const FAILURES: u32 = 2;
/// Who says what the watch says.
const WATCH: &str = "見張り";

/// Everything that is watched.
pub(super) struct Watch {
    installer: Installer,
    organisations: Vec<Organisation>,
    zones: Vec<(Zone, SocketAddr)>,
    /// Failures in a row by organisation and zone.
    failing: HashMap<(String, &'static str), u32>,
}

impl Watch {
    /// For these organisations in these zones.
    pub(super) fn new(
        installer: Installer,
        organisations: Vec<Organisation>,
        zones: Vec<(Zone, SocketAddr)>,
    ) -> Watch {
        Watch { installer, organisations, zones, failing: HashMap::new() }
    }

    /// Works for ever; an error is said and the next round comes all the same.
    pub(super) async fn serve(mut self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "watch");
            }
            sleep(ROUND).await;
        }
    }

    async fn round(&mut self) -> Result<()> {
        let control = control_open(&self.installer).await?;
        for organisation in self.organisations.clone() {
            for (zone, address) in self.zones.clone() {
                // The first page: it needs the zone and the organisation's database.
                let path = match zone {
                    Zone::Internet => format!("/{}/", organisation.id),
                    Zone::Office | Zone::Lgwan => format!("/{}/sign-in", organisation.id),
                };
                let took = answer_time(address, &path).await;
                let day = day_in_japan(Timestamp::now());
                let ms = took.map(|it| i32::try_from(it.as_millis()).unwrap_or(i32::MAX));
                let asked = (organisation.id.as_str(), zone.label());
                watch_book(&control, (asked.0, asked.1, day), ms).await?;
                self.noted(&control, asked, ms.is_some()).await?;
            }
        }
        Ok(())
    }

    /// Opens or ends the incident of a zone for an organisation.
    async fn noted(
        &mut self,
        control: &Connection,
        (organisation, zone): (&str, &'static str),
        answered: bool,
    ) -> Result<()> {
        let failing = self.failing.entry((organisation.to_owned(), zone)).or_default();
        if answered {
            *failing = 0;
            if let Some(id) = incident_watched(control, (organisation, zone)).await? {
                incident_end(control, id, (WATCH, "応答が戻りました")).await?;
            }
            return Ok(());
        }
        *failing += 1;
        if *failing != FAILURES {
            return Ok(());
        }
        let incident = Incident {
            id: 0,
            organisation: Some(organisation.to_owned()),
            service: zone.to_owned(),
            layer: "運用管理".to_owned(),
            title: format!("{zone}が応答しません"),
            began_at: Timestamp::now(),
            ended_at: None,
            by_watch: true,
            notes: Vec::new(),
        };
        if let Some(id) = incident_open(control, &incident).await? {
            let words = format!("{FAILURES} 回続けて応答がありませんでした。一分ごとに確かめます");
            incident_note(control, id, (WATCH, &words)).await?;
        }
        Ok(())
    }
}
