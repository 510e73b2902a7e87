//! The sample cards of the sample authenticator: invented people of the sample organisations.
//!
//! Their keys are made once and kept, so that a card is the same person after every start.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use axum::Router;
use population::Household;
use portal::authenticator::{AuthenticatorConfig, Card, router};

use super::plan::url;
use super::{Opened, UpArguments};
use crate::sample::DAY;
use crate::seed::population;

/// Households of which somebody has a card; none of them is a forced edge case.
const HOUSEHOLDS: [u32; 3] = [1, 2, 3];

/// The authenticator with the cards of all opened organisations.
pub(super) fn authenticator(
    arguments: &UpArguments,
    opened: &[Opened],
    var: &Path,
) -> Result<Router> {
    let path = var.join("secrets").join("sample-cards.json");
    let mut cards: Vec<Card> = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{} が壊れています", path.display()))?,
        Err(_) => Vec::new(),
    };
    let before = cards.len();
    for one in opened {
        let people = population(&one.sample);
        for index in HOUSEHOLDS {
            let card = card(&people.household(index))?;
            let is_same = |it: &&Card| (&it.name, &it.address) == (&card.name, &card.address);
            if !cards.iter().any(|it| is_same(&it)) {
                cards.push(card);
            }
        }
    }
    if cards.len() > before {
        let unfinished = path.with_extension("unfinished");
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(&cards)?)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
    }
    Ok(router(AuthenticatorConfig {
        issuer_url: url(arguments.authenticator_port),
        relying_party: url(arguments.internet_port),
        cards,
    })?)
}

/// The card of a household's first member.
fn card(household: &Household) -> Result<Card> {
    let person = household.members.first().context("見本の世帯に人がいません")?;
    let building = household.address.building.map(|it| format!("　{it}")).unwrap_or_default();
    Ok(Card::new(
        person.name.full(),
        format!("{}{building}", household.address),
        person.birth.day().min(DAY).to_string(),
        (person.sex as u8).to_string(),
    )?)
}
