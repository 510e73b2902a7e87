//! The sample operators: their database, their people, and a first blueprint that waits for one of
//! them. Never for a real operator.

use anyhow::{Context, Result};
use base::date::day_in_japan;
use cloud::guardrail::Guardrails;
use cloud::plane::blueprint::Blueprint;
use cloud::plane::execute::{blueprint_keep, books_read, wanted};
use cloud::plane::tree::Tree;
use cloud::plane::wish::wish_read;
use jiff::Timestamp;
use office::access::role;
use store::control::control_open;
use store::control::plane::{head_list, operator_admit, operator_register};
use store::organisation::{Credentials, Installer, Templates};

use super::accounts;
use super::keys::KeyFolder;
use crate::sample;

/// Makes what is missing of each sample operator; what the LGWAN zone may know of them.
pub(super) async fn open(
    installer: &Installer,
    templates: &Templates,
    keys: &KeyFolder,
) -> Result<Vec<Credentials>> {
    let control = control_open(installer).await?;
    let mut all = Vec::new();
    for operator in sample::operators() {
        let own = match keys.vendor_load(&operator.id)? {
            Some(own) => own,
            None => {
                let made = installer.operator_create(&operator, templates).await?;
                keys.vendor_store(&operator.id, &made)?;
                made
            }
        };
        operator_admit(&control, &operator).await?;
        // Who only looks is not admitted to the plane's acts: the database refuses them, too.
        let acting =
            |it: &sample::SampleAccount| it.roles.split(' ').any(|it| it == role::OPERATOR);
        for account in sample::operator_accounts().filter(acting) {
            operator_register(&control, &operator, (account.id, account.name)).await?;
        }
        if !keys.has_accounts(&operator.id) {
            accounts::people(&own, sample::operator_accounts())
                .await
                .with_context(|| format!("{}の利用者を作れません", operator.name))?;
            keys.accounts_made(&operator.id)?;
        }
        all.push(own);
    }
    if head_list(&control).await?.is_empty() {
        plan(installer).await?;
    }
    Ok(all)
}

/// The sample blueprint, so that there is something to look at.
async fn plan(installer: &Installer) -> Result<()> {
    let tree = Tree::nation()?;
    let wished = wish_read("data/sample/wish.yaml", sample::WISH, &tree)?;
    let scope = wished.scope();
    let rules = Guardrails::builtin(day_in_japan(Timestamp::now()))?;
    let wanted = wanted(&tree, wished.environments, &rules)?;
    let blueprint = Blueprint::make(&wanted, &books_read(installer).await?, &scope)?;
    let note = "見本の青写真（実在の団体の計画ではありません）";
    blueprint_keep(installer, &blueprint, ("", note)).await?;
    Ok(())
}
