//! The sample vendors: their databases and accounts, their registered keys, and their packages,
//! sent in as any vendor sends them. Never for a real vendor.

use std::path::Path;

use anyhow::{Context, Result};
use cloud::parcel::{PublisherKey, digest_text};
use store::market::{OFFER, Sent, key_admit, market_open, submission_admit, vendor_admit};
use store::organisation::{Credentials, Installer, Organisation, Templates};

use super::accounts;
use super::keys::KeyFolder;
use crate::parcel::key_write;
use crate::sample;
use crate::systems::parcels;

/// Makes what is missing of each sample vendor; what the internet zone may know of them.
pub(super) async fn open(
    installer: &Installer,
    templates: &Templates,
    (keys, var): (&KeyFolder, &Path),
) -> Result<Vec<Credentials>> {
    let market = market_open(installer).await?;
    let mut all = Vec::new();
    for (folder, vendor) in sample::vendors() {
        let own = match keys.vendor_load(&vendor.id)? {
            Some(own) => own,
            None => {
                let made = installer.vendor_create(&vendor, templates).await?;
                keys.vendor_store(&vendor.id, &made)?;
                made
            }
        };
        vendor_admit(&market, &vendor).await?;
        if !keys.has_accounts(&vendor.id) {
            accounts::people(&own, sample::vendor_accounts())
                .await
                .with_context(|| format!("{}の利用者を作れません", vendor.name))?;
            keys.accounts_made(&vendor.id)?;
        }
        let key = PublisherKey::from_seed(&vendor.id, &sample::signing_seed(&vendor.id))?;
        key_admit(&market, &vendor.id, key.public_text()).await?;
        key_leave(var, &vendor, &key)?;
        for parcel in parcels(folder) {
            let content = parcel.pack(&key)?;
            let file_name = format!("{}.parcel", digest_text(&content).split_at(12).0);
            let digest = digest_text(&content);
            let (purpose, file_name) = (OFFER, file_name.as_str());
            let sent = Sent { purpose, file_name, content: &content, digest: &digest };
            submission_admit(&market, &vendor.id, &sent).await?;
        }
        all.push(own);
    }
    Ok(all)
}

/// The signing key of a sample vendor, so that anybody can publish as the sample.
fn key_leave(var: &Path, vendor: &Organisation, key: &PublisherKey) -> Result<()> {
    let folder = var.join("sample");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.key", vendor.id));
    if !path.exists() {
        key_write(&path, key)?;
    }
    Ok(())
}
