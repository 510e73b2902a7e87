//! Vendors that were admitted on their own application while everything runs: a staff database, the
//! login to the market, credentials for the internet zone, and the first person's account, whose
//! set-up is left for the operator once. Admits nobody: that was decided before.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use base::date::day_in_japan;
use jiff::Timestamp;
use office::access::role;
use office::staff::{NewAccount, account_issue, new_totp_secret, totp_secret_text};
use store::Connection;
use store::control::{control_open, organisation_list};
use store::identity::account_list;
use store::market::{
    admitted_listen, application_list, application_opened, entrance_open, market_open,
    vendor_admit, vendors_admitted,
};
use store::organisation::{Credentials, Installer, Organisation, Templates};
use tokio::time::{sleep, timeout};

use super::KeyFolder;
use super::newcomers::setup_leave;
use crate::up::{Layout, Zone};

/// How often everything is looked at without a hint.
const SWEEP: Duration = Duration::from_secs(60);
/// The pause after an error.
const PAUSE: Duration = Duration::from_secs(2);
/// The sign-in name of the first person of a vendor.
const FIRST: &str = "kokai";

/// What the internet zone may know at the start: the entrance, and the vendors that were admitted.
pub(super) async fn known(installer: &Installer, keys: &KeyFolder) -> Result<Vec<Credentials>> {
    let market = market_open(installer).await?;
    let mut all = vec![entrance_open(installer, &market).await?];
    for vendor in vendors_admitted(&market).await? {
        all.extend(keys.vendor_load(&vendor.id)?);
    }
    Ok(all)
}

/// Everything that is needed to open a vendor.
pub(super) struct Registrar {
    installer: Installer,
    layout: Arc<Layout>,
    /// The folder of the server's socket.
    socket: String,
}

impl Registrar {
    pub(super) fn new(installer: Installer, layout: &Arc<Layout>, socket: String) -> Registrar {
        Registrar { installer, layout: Arc::clone(layout), socket }
    }

    /// Works for ever; an error is said and tried again.
    pub(super) async fn serve(&self) {
        loop {
            if let Err(error) = self.work().await {
                tracing::warn!(error = format!("{error:#}"), "registration of vendors");
            }
            sleep(PAUSE).await;
        }
    }

    /// Listens before it looks, so that nobody admitted in between is missed.
    async fn work(&self) -> Result<()> {
        let market = market_open(&self.installer).await?;
        let (_listening, mut told) = admitted_listen(&self.installer).await?;
        loop {
            for one in application_list(&market).await? {
                if one.state != "承認" {
                    continue;
                }
                let vendor = one.applicant.vendor();
                // What cannot be done for one holds nobody else up.
                match self.open(&market, &vendor).await {
                    Ok(()) => application_opened(&market, one.id).await?,
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(vendor = vendor.id, error, "registration of a vendor");
                    }
                }
            }
            if let Ok(None) = timeout(SWEEP, told.recv()).await {
                // The connection has ended: the server may have been started again.
                return Ok(());
            }
        }
    }

    /// Makes what is missing of a vendor. Repeatable at every step.
    async fn open(&self, market: &Connection, vendor: &Organisation) -> Result<()> {
        let keys = KeyFolder::open(self.layout.var())?;
        let mut own = match keys.vendor_load(&vendor.id)? {
            Some(own) => own,
            None => {
                let control = control_open(&self.installer).await?;
                let taken = organisation_list(&control).await?;
                ensure!(
                    taken.iter().all(|one| one.id != vendor.id),
                    "識別子 {} の団体があるため、事業者を開けません",
                    vendor.id
                );
                let bare: Templates = self.installer.prepare(&[]).await?;
                let made = self.installer.vendor_create(vendor, &bare).await?;
                keys.vendor_store(&vendor.id, &made)?;
                made
            }
        };
        vendor_admit(market, vendor).await?;
        if !keys.has_accounts(&vendor.id) {
            first_person(self.layout.var(), &own).await?;
            keys.accounts_made(&vendor.id)?;
        }
        own.host.clone_from(&self.socket);
        let name = format!("{}.json", vendor.id);
        self.layout.credential_write(Zone::Internet, &name, &serde_json::to_vec_pretty(&own)?)?;
        Ok(())
    }
}

/// The first person, with a password that serves for a few days and must be changed. The set-up is
/// on the disk before the account is: who is cut off in between writes it anew with the account.
async fn first_person(var: &Path, own: &Credentials) -> Result<()> {
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 1)?;
    if !account_list(&**staff.client().await?).await?.is_empty() {
        return Ok(());
    }
    let (now, secret) = (Timestamp::now(), new_totp_secret()?);
    let account = NewAccount {
        id: FIRST.to_owned(),
        name: "公開担当".to_owned(),
        password: totp_secret_text(&new_totp_secret()?),
        totp_secret: secret.clone(),
        roles: vec![role::PUBLISHER.to_owned()],
        valid_from: day_in_japan(now),
    };
    let vendor = &own.organisation;
    let text = format!(
        "{}（{}）の初めの担当者\n入口: /vendors/{}/sign-in（インターネット接続系）\n担当者ID: {FIRST}\n\
         初期パスワード: {}（7日間使えます。初めてのサインインで変更します）\n\
         認証アプリの鍵: {}\n\n申請の担当者に安全な方法で届けたら、このファイルを消してください。\n",
        vendor.name,
        vendor.id,
        vendor.id,
        account.password,
        totp_secret_text(&secret),
    );
    setup_leave(var, &vendor.id, &text)?;
    Ok(account_issue(&staff, &account, now).await?)
}
