//! The sample prefectures: their people, and their login to what they see of their municipalities.
//! Never for a real prefecture.

use anyhow::{Context, Result};
use store::control::prefecture::prefecture_admit;
use store::control::{control_open, organisation_register};
use store::organisation::{Credentials, Installer, Templates};

use super::accounts;
use super::keys::KeyFolder;
use crate::sample;

/// Makes what is missing of each sample prefecture; what the LGWAN zone may know of them.
pub(super) async fn open(
    installer: &Installer,
    templates: &Templates,
    keys: &KeyFolder,
) -> Result<Vec<Credentials>> {
    let control = control_open(installer).await?;
    let mut all = Vec::new();
    for prefecture in sample::prefectures() {
        organisation_register(&control, &prefecture).await?;
        let own = match keys.vendor_load(&prefecture.id)? {
            Some(own) => own,
            None => {
                let made = installer.prefecture_create(&prefecture, templates).await?;
                keys.vendor_store(&prefecture.id, &made)?;
                made
            }
        };
        prefecture_admit(&control, &prefecture).await?;
        if !keys.has_accounts(&prefecture.id) {
            accounts::people(&own, sample::prefecture_accounts())
                .await
                .with_context(|| format!("{}の利用者を作れません", prefecture.name))?;
            keys.accounts_made(&prefecture.id)?;
        }
        all.push(own);
    }
    Ok(all)
}
