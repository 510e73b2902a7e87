//! 研修環境: the training copies that bodies ask for, opened, made anew and closed while everything
//! runs. Filled with sample people only; served in the office zone, and nowhere else.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use cloud::Executor;
use store::control::{
    Training, TrainingWish, control_open, organisation_list, training_list, training_note,
};
use store::organisation::Organisation;

use super::{KeyFolder, accounts, upgrade};
use crate::sample::{Sample, samples};
use crate::seed;
use crate::up::{Layout, Zone};

/// What is noted where it was the platform that failed; the cause is in this program's log.
const FAULT: &str = "基盤の側で誤りが起きました。自動でもう一度行います";

/// Where a training copy is handed to its zone: the folder, the keys, the server's socket.
pub(super) type Place<'p> = (&'p Layout, &'p KeyFolder, &'p str);

/// Does what is asked for and not done, and opens after a start what is open. One that fails keeps
/// none of the others, and is tried again.
pub(super) async fn tend(
    executor: &Executor<'_>,
    place: Place<'_>,
    taken: &mut BTreeSet<String>,
) -> Result<()> {
    let control = control_open(executor.installer).await?;
    let all = training_list(&control).await?;
    if all.is_empty() {
        return Ok(());
    }
    let bodies = organisation_list(&control).await?;
    for training in &all {
        let Some(of) = bodies.iter().find(|one| one.id == training.of) else { continue };
        let done = one(executor, place, (of, training), taken).await;
        let note = match done {
            Ok(()) => "",
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(organisation = training.organisation, error, "a training copy");
                FAULT
            }
        };
        if training.done_at.is_none() {
            training_note(&control, training, note).await?;
        }
    }
    Ok(())
}

async fn one(
    executor: &Executor<'_>,
    place: Place<'_>,
    (of, training): (&Organisation, &Training),
    taken: &mut BTreeSet<String>,
) -> Result<()> {
    let (id, is_due) = (&training.organisation, training.done_at.is_none());
    match training.wish {
        TrainingWish::Close if !is_due => return Ok(()),
        TrainingWish::Close => {
            close(executor, place, (of, id)).await?;
            taken.remove(id);
            return Ok(());
        }
        TrainingWish::Open | TrainingWish::Renew if !is_due && taken.contains(id) => return Ok(()),
        TrainingWish::Renew if is_due => {
            // Nothing was ever opened where there are no keys: it is simply opened.
            if place.1.is_known(id) {
                executor.training_empty(of).await?;
                place.1.accounts_gone(id)?;
            }
        }
        TrainingWish::Open | TrainingWish::Renew => {}
    }
    open(executor, place, of).await?;
    taken.insert(id.clone());
    Ok(())
}

/// Makes what is missing, fills it with sample people and sample accounts, and hands it to the
/// office zone.
async fn open(
    executor: &Executor<'_>,
    (layout, keys, socket): Place<'_>,
    of: &Organisation,
) -> Result<()> {
    let opened = executor.training_open(of).await?;
    let mut kept = opened.kept;
    keys.places()?.home(&mut kept, socket)?;
    let organisation = kept.office.organisation.clone();
    upgrade::say(&organisation.name, &opened.upgraded);
    accounts::make(keys, &kept).await?;
    let smallest = samples(None).into_iter().next().context("見本の住民がありません")?;
    let sample = Sample { organisation, source: smallest.source };
    seed::load(&sample, &kept, &opened.upgraded.systems, |_| {}).await?;
    let name = format!("{}.json", sample.organisation.id);
    let text = serde_json::to_vec_pretty(&kept.office)?;
    layout.credential_write(Zone::Office, &name, &text)?;
    Ok(())
}

/// Takes it from its zone first, then its databases and roles, and its keys last.
async fn close(
    executor: &Executor<'_>,
    (layout, keys, _): Place<'_>,
    (of, id): (&Organisation, &str),
) -> Result<()> {
    let own = layout.credentials(Zone::Office)?.join(format!("{id}.json"));
    if own.exists() {
        std::fs::remove_file(own)?;
    }
    executor.training_close(of).await?;
    Ok(keys.forget(id)?)
}
