//! 事業者の変更 as the books of contracts follow it: what was carried out in a body's own database is
//! the truth, and the contracts are brought to it by whoever comes next, command or executor.

use store::control::{
    Contract, ROLLED_BY, change_alone, change_due, change_let_go, contract_changed,
    contract_in_service, contract_is_moving, contract_moving, hash_vendors,
};
use store::install::{Ended, packages_left, vendor_change_last};
use store::parameter::systems_installed;
use store::{Connection, GenericClient, StoreError};

use crate::CloudError;

/// Brings an organisation's contracts that wait for a change of vendor to what was carried out in
/// its database (`office`): 移行中 once the records went over, 移行待ち again where they came back, and,
/// once the change is finished, the one in service and the other, where there is one, ended; those
/// pairs, old and new.
/// Leaves everything to whoever carries a change out right now.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn changes_settle(
    control: &Connection,
    office: &impl GenericClient,
    organisation: &str,
) -> Result<Vec<(Option<i64>, i64)>, CloudError> {
    if !change_alone(control, organisation).await? {
        return Ok(Vec::new());
    }
    let settled = settle(control, office, organisation).await;
    change_let_go(control, organisation).await?;
    Ok(settled?)
}

async fn settle(
    control: &Connection,
    office: &impl GenericClient,
    organisation: &str,
) -> Result<Vec<(Option<i64>, i64)>, StoreError> {
    let mut changed = Vec::new();
    for new in change_due(control, organisation).await? {
        let old = new.draft.replaces;
        let last = vendor_change_last(office, &new.offer.system).await?;
        match last.filter(|last| last.to_hash == new.offer.hash).map(|last| last.ended) {
            // One that takes nobody's place is the change's only where its records went over.
            Some(Some(Ended::Finished)) => {
                match old {
                    Some(old) => contract_changed(control, old, new.id).await?,
                    None if contract_is_moving(control, new.id).await? => {
                        contract_in_service(control, new.id).await?;
                    }
                    None => continue,
                }
                changed.push((old, new.id));
            }
            Some(None) => drop(contract_moving(control, new.id, true).await?),
            Some(Some(Ended::Back)) | None => drop(contract_moving(control, new.id, false).await?),
        }
    }
    Ok(changed)
}

/// Why the package of a contract may not be installed over the one that is there: that one is
/// another vendor's, the vendor's own was left by a change of vendor, or it came by a roll-out and
/// was withdrawn meanwhile.
pub(super) async fn stranger(
    control: &Connection,
    office: &impl GenericClient,
    contract: &Contract,
) -> Result<Option<String>, StoreError> {
    let offer = &contract.offer;
    let all = systems_installed(office).await?;
    let there = all.into_iter().find(|(id, ..)| *id == offer.system).map(|(.., hash)| hash);
    let Some(hash) = there.filter(|hash| *hash != offer.hash) else { return Ok(None) };
    if contract.drafted_by == ROLLED_BY && offer.withdrawn_at.is_some() {
        return Ok(Some("事業者がこの版を取り下げました。前の版の提供を続けます".to_owned()));
    }
    let owners = hash_vendors(control, &[hash]).await?;
    let is_other = match owners.is_empty() {
        false => !owners.contains(&offer.vendor_id),
        true => {
            let left = packages_left(office, &offer.system).await?;
            hash_vendors(control, &left).await?.contains(&offer.vendor_id)
        }
    };
    Ok(is_other.then(|| {
        "この業務の記録は、別の事業者の製品で持っています。事業者の変更（kumoi vendor-change）で記録を移すと、\
         提供を始められます"
            .to_owned()
    }))
}
