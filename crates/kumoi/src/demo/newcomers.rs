//! Organisations that are registered while everything runs: databases of their own, credentials for
//! each zone, and the first administrator's account, whose set-up is left for the operator once.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base::date::day_in_japan;
use cloud::{Executor, Kept};
use jiff::Timestamp;
use office::access::role;
use office::staff::{
    NewAccount, account_issue, account_reissue, new_totp_secret, totp_secret_text,
};
use store::Connection;
use store::audit::{NewAudit, audit_append};
use store::control::{deletion_last, organisation_list};
use store::identity::account_read;
use store::organisation::{Credentials, Organisation};

use super::KeyFolder;
use crate::sample::samples;
use crate::up::{Layout, Zone};

/// The kind of organisation that contracts.
pub(crate) const BODY: &str = "municipality";
/// The sign-in name of the first administrator.
const FIRST: &str = "kanri";

/// Where the set-up of an organisation's first administrator is left.
pub(crate) fn setup_file(var: &Path, id: &str) -> PathBuf {
    var.join("setup").join(format!("{id}.txt"))
}

/// The registered organisations that a start does not open by itself, but those that leave.
pub(super) async fn newcomers(control: &Connection) -> Result<Vec<Organisation>> {
    let own: BTreeSet<String> =
        samples(None).into_iter().map(|sample| sample.organisation.id).collect();
    let mut out = Vec::new();
    for one in organisation_list(control).await? {
        if one.kind == BODY
            && !own.contains(&one.id)
            && deletion_last(control, &one.id).await?.is_none()
        {
            out.push(one);
        }
    }
    Ok(out)
}

/// Makes what is missing of an organisation and hands each zone what it may know. Repeatable.
pub(super) async fn open(
    executor: &Executor<'_>,
    organisation: &Organisation,
    (layout, keys, socket): (&Layout, &KeyFolder, &str),
) -> Result<()> {
    let mut kept = executor.contract_open(organisation, &[]).await?.kept;
    keys.places()?.home(&mut kept, socket)?;
    if !keys.has_accounts(&organisation.id) {
        administrator(layout.var(), &kept)
            .await
            .with_context(|| format!("{}の管理者を作れません", organisation.name))?;
        keys.accounts_made(&organisation.id)?;
    }
    for zone in Zone::ALL {
        let own = match zone {
            Zone::Office => &kept.office,
            Zone::Lgwan => &kept.lgwan,
            Zone::Internet | Zone::Node(_) => &kept.internet,
        };
        let name = format!("{}.json", organisation.id);
        layout.credential_write(zone, &name, &serde_json::to_vec_pretty(own)?)?;
    }
    Ok(())
}

/// The first administrator. The set-up lies there before the account does: whoever is cut off in
/// between begins anew, and no account is left whose password nobody knows.
async fn administrator(var: &Path, kept: &Kept) -> Result<()> {
    let own = &kept.office;
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 1)?;
    if account_read(&**staff.client().await?, FIRST).await?.is_some() {
        return Ok(());
    }
    let account = first()?;
    setup_write(var, &own.organisation, &account)?;
    Ok(account_issue(&staff, &account, Timestamp::now()).await?)
}

/// The first administrator's account, with a password that serves for a few days and must be
/// changed.
fn first() -> Result<NewAccount> {
    Ok(NewAccount {
        id: FIRST.to_owned(),
        name: "管理者".to_owned(),
        password: totp_secret_text(&new_totp_secret()?),
        totp_secret: new_totp_secret()?,
        roles: vec![role::ADMINISTRATOR.to_owned()],
        valid_from: day_in_japan(Timestamp::now()),
    })
}

/// Issues the first administrator's set-up anew and leaves it where the first one lay, audited in
/// the organisation's own database.
///
/// # Errors
/// When somebody has signed in already, or the organisation is not open yet.
pub(crate) async fn reissue(var: &Path, own: &Credentials) -> Result<()> {
    let (staff, office) = (
        own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 1)?,
        own.database(own.office.as_ref(), own.vault.as_deref(), 1)?,
    );
    let row = NewAudit {
        actor: "基盤".to_owned(),
        role: "installer".to_owned(),
        zone: "executor".to_owned(),
        purpose: "初めの管理者の設定の出し直し".to_owned(),
        action: "staff.setup-reissue".to_owned(),
        subjects: Vec::new(),
        detail: serde_json::json!({ "account": FIRST }),
        request: String::new(),
    };
    audit_append(&**office.client().await?, &row).await?;
    let account = first()?;
    account_reissue(&staff, &account, Timestamp::now()).await?;
    setup_write(var, &own.organisation, &account)
}

/// Leaves the set-up of the first administrator for the operator alone.
fn setup_write(var: &Path, organisation: &Organisation, account: &NewAccount) -> Result<()> {
    let text = format!(
        "{}（{}）の初めの管理者\n入口: /{}/sign-in（個人番号利用事務系）\n職員ID: {FIRST}\n\
         初期パスワード: {}（7日間使えます。初めてのサインインで変更します）\n\
         認証アプリの鍵: {}\n\nサインインを済ませたら、このファイルを消してください。\n",
        organisation.name,
        organisation.code,
        organisation.id,
        account.password,
        totp_secret_text(&account.totp_secret),
    );
    setup_leave(var, &organisation.id, &text)
}

/// Leaves a set-up where its owner alone can read it, whole or not at all, on the disk when it
/// returns.
pub(crate) fn setup_leave(var: &Path, id: &str, text: &str) -> Result<()> {
    let path = setup_file(var, id);
    let folder = var.join("setup");
    fs::create_dir_all(&folder)?;
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, &path)?;
    Ok(fs::File::open(&folder)?.sync_all()?)
}
