//! Sample accounts, and 決裁 rules of a sample organisation. Never for a real one.

use anyhow::{Result, bail};
use base::date::day_in_japan;
use cloud::Kept;
use jiff::Timestamp;
use office::staff::{NewAccount, account_create};
use store::identity::account_list;
use store::organisation::Credentials;
use store::parameter::{DecisionRule, decision_rule_add, decision_rules};

use super::keys::KeyFolder;
use crate::sample::{self, SampleAccount};

/// Makes what is missing; once all are there, nothing is looked at again.
pub async fn make(keys: &KeyFolder, kept: &Kept) -> Result<()> {
    let organisation = &kept.office.organisation;
    if !organisation.sample {
        bail!("{}は見本の団体ではありません", organisation.name);
    }
    if keys.has_accounts(&organisation.id) {
        return Ok(());
    }
    rules(kept).await?;
    people(&kept.office, sample::accounts()).await?;
    Ok(keys.accounts_made(&organisation.id)?)
}

/// Makes the sample accounts that are missing.
pub async fn people(
    own: &Credentials,
    accounts: impl Iterator<Item = SampleAccount>,
) -> Result<()> {
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2)?;
    let there = account_list(&**staff.client().await?).await?;
    for account in accounts {
        if there.iter().any(|one| one.id == account.id) {
            continue;
        }
        let new = NewAccount {
            id: account.id.to_owned(),
            name: account.name.to_owned(),
            password: sample::PASSWORD.to_owned(),
            totp_secret: sample::totp_secret(&own.organisation.id, account.id),
            roles: account.roles.split_whitespace().map(str::to_owned).collect(),
            valid_from: day_in_japan(Timestamp::now()),
        };
        account_create(&staff, &new).await?;
    }
    Ok(())
}

async fn rules(kept: &Kept) -> Result<()> {
    let database = kept.office.database(kept.office.office.as_ref(), None, 1)?;
    let mut client = database.client().await?;
    let transaction = client.transaction().await.map_err(store::StoreError::from)?;
    if !decision_rules(&*transaction, sample::RULES_FROM).await?.is_empty() {
        return Ok(());
    }
    for [procedure, approver_role, manner, post_review] in sample::decision_rules() {
        let rule = DecisionRule {
            id: 0,
            procedure: procedure.to_owned(),
            approver_role: approver_role.to_owned(),
            manner: manner.to_owned(),
            post_review: post_review == "true",
        };
        decision_rule_add(&*transaction, &rule, sample::RULES_FROM).await?;
    }
    transaction.commit().await.map_err(store::StoreError::from)?;
    Ok(())
}
