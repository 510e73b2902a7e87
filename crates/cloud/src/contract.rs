//! From an offer over a contract to a system in service: the thin way through the catalogue.

mod change;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::date::Date;
use definition::System;
use definition::model::{Format, Register, Subject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::control::{self, Contract, Publication, contract_is_moving};
use store::identity;
use store::install::version_load;
use store::organisation::{Credentials, Installer, Login, Organisation, Templates};
use store::parameter::systems_installed;
use store::register::{Table, open_count};
use store::{Connection, StoreError};

use crate::gate::SURROUNDING;
use crate::parcel::MATERIALS;
use crate::part::{is_part, parts_named};
use crate::publication::Reading;
use crate::quota::quota_defaults_keep;
use crate::{CloudError, Packages, Upgraded, price};

pub use change::changes_settle;

/// The states of a contract that is to be opened, and whose system runs.
const SIGNED: &str = "締結";
pub(crate) const IN_SERVICE: &str = "提供中";
/// What is noted where a contract cannot be brought into service.
pub const REFUSED: &str = "提供できない";
/// 業務ID of the system whose register of people is metered.
const PEOPLE: &str = "001";

/// An offer of the catalogue.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its number.
    pub id: i64,
    /// System offered.
    pub system: String,
}

/// All credentials of an organisation: what the executor hands over once and never makes again,
/// because the keys in them open what is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Individual-number affairs.
    pub office: Credentials,
    /// LGWAN.
    pub lgwan: Credentials,
    /// Internet.
    pub internet: Credentials,
    /// The masked reader, for the organisation's own tools.
    pub reader: Login,
}

/// An organisation in service.
pub struct Opened {
    /// Its credentials.
    pub kept: Kept,
    /// Its systems: what is served, what was brought to another version, what was refused.
    pub upgraded: Upgraded,
}

/// Keeps the credentials of organisations outside the database.
pub trait Keeper {
    /// The credentials of an organisation, if they were kept.
    ///
    /// # Errors
    /// When they are there but cannot be read.
    fn load(&self, id: &str) -> std::io::Result<Option<Kept>>;

    /// Keeps credentials; durable when it returns.
    ///
    /// # Errors
    /// When they cannot be written.
    fn store(&self, id: &str, kept: &Kept) -> std::io::Result<()>;
}

/// The vendor's documents of each system: system → file name → text.
pub type Documents = BTreeMap<String, BTreeMap<String, String>>;

/// 業務ID of a standardised business; `None` for what stands beside them.
fn code(system: &System) -> Option<&str> {
    Some(system.code.as_str()).filter(|code| *code != SURROUNDING)
}

/// Publishes systems in the catalogue, for a vendor whose name is its identifier; what is published
/// stays as it is.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn offer_publish(
    installer: &Installer,
    (vendor, documents): (&str, &Documents),
    systems: &[Arc<System>],
) -> Result<Vec<Offer>, CloudError> {
    let none = BTreeMap::new();
    let control = control::control_open(installer).await?;
    let mut offers = Vec::with_capacity(systems.len());
    for system in systems {
        let price = price::listed(system);
        let publication = Publication {
            vendor: (vendor, vendor),
            code: code(system),
            price: price.as_ref(),
            report: None,
            documents: documents.get(&system.id).unwrap_or(&none),
            sent_at: None,
            part: false,
        };
        let id = control::offer_publish(&control, &publication, system).await?;
        offers.push(Offer { id, system: system.id.clone() });
    }
    Ok(offers)
}

/// Offers a judged package in the catalogue, for a vendor by identifier and name, as of when it was
/// sent in.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn package_publish(
    control: &Connection,
    (vendor, reading): ((&str, &str), &Reading),
    system: &System,
    (report, sent_at): (&Value, Timestamp),
) -> Result<i64, CloudError> {
    let price = price::listed(system);
    let publication = Publication {
        vendor,
        code: code(system),
        price: price.as_ref(),
        report: Some(report),
        documents: &reading.documents,
        sent_at: Some(sent_at),
        part: is_part(system),
    };
    let id = control::offer_publish(control, &publication, system).await?;
    let materials = reading.documents.get(MATERIALS).map(String::as_str).unwrap_or_default();
    let parts: Vec<String> = parts_named(materials).into_iter().map(|one| one.hash).collect();
    control::parts_keep(control, (id, &parts)).await?;
    Ok(id)
}

/// Signs the contracts of an organisation for offers; their numbers. Signing again changes nothing,
/// and what the organisation has ended or changed since stays so.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn contract_sign(
    installer: &Installer,
    organisation: &Organisation,
    offers: &[Offer],
) -> Result<Vec<i64>, CloudError> {
    let control = control::control_open(installer).await?;
    control::organisation_register(&control, organisation).await?;
    let mut contracts = Vec::with_capacity(offers.len());
    for offer in offers {
        match control::contract_sign(&control, &organisation.id, offer.id).await {
            Err(StoreError::Conflict(_)) => {}
            signed => contracts.push(signed?),
        }
    }
    Ok(contracts)
}

/// Carries contracts out: the only holder of the installer.
pub struct Executor<'e> {
    /// The installer.
    pub installer: &'e Installer,
    /// Templates with the systems that a body is opened with.
    pub templates: &'e Templates,
    /// The packages of the catalogue, as they were read.
    pub packages: &'e Packages,
    /// Where credentials are kept.
    pub keeper: &'e (dyn Keeper + Sync),
}

impl Executor<'_> {
    /// Opens an organisation's signed contracts: databases, roles, keys, systems, in service. A
    /// system that is installed in another version is upgraded, or stays where that would break.
    ///
    /// Repeatable at every step. Credentials that are kept are never made anew; where there are
    /// none but the organisation has accounts, its keys are lost and it is refused.
    ///
    /// # Errors
    /// [`CloudError`].
    pub async fn contract_open(
        &self,
        organisation: &Organisation,
        contracts: &[i64],
    ) -> Result<Opened, CloudError> {
        let kept = self.databases_open(organisation).await?;
        let control = control::control_open(self.installer).await?;
        control::buyer_admit(&control, organisation).await?;
        quota_defaults_keep(&control).await?;
        // Nobody waits for a measurement: the executor's round makes up for one that failed.
        if let Err(error) = self.quota_tend(&organisation.id, Timestamp::now()).await {
            tracing::warn!(organisation = organisation.id, %error, "quota");
        }
        let all = control::contracts_of(&control, &organisation.id).await?;
        let office = self.installer.connect(&organisation.id).await?;
        let mut signed: Vec<(Contract, Result<Arc<System>, String>)> = Vec::new();
        for contract in all.iter().filter(|one| contracts.contains(&one.id)) {
            if contract.state != SIGNED && contract.state != IN_SERVICE {
                continue;
            }
            if is_upgraded(contract, contracts, &all) {
                continue;
            }
            if changes_vendor(contract, &all) {
                control::contract_waits(&control, contract.id).await?;
                continue;
            }
            // Its records go over, or may come back: it is in service once that is finished.
            if contract.state == SIGNED && contract_is_moving(&control, contract.id).await? {
                continue;
            }
            let found = match change::stranger(&control, &office, contract).await? {
                Some(why) => Err(why),
                None => self.package(&control, contract).await?,
            };
            signed.push((contract.clone(), found));
        }
        drop(office);
        let wanted: Vec<Arc<System>> =
            signed.iter().filter_map(|(_, found)| found.as_ref().ok().cloned()).collect();
        let upgraded = self.systems_bring_up(organisation, &wanted).await?;
        for (contract, found) in signed.iter().filter(|(one, _)| one.state == SIGNED) {
            match refusal(found.as_deref(), &upgraded) {
                None => control::contract_in_service(&control, contract.id).await?,
                Some(why) => control::executor_act(&control, contract.id, REFUSED, &why).await?,
            }
        }
        Ok(Opened { kept, upgraded })
    }

    /// Notes beside a signed contract why it could not be opened through no fault of its own:
    /// somebody asks for another try later, or withdraws it.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn contract_give_up(&self, contract: i64, why: &str) -> Result<(), CloudError> {
        let control = control::control_open(self.installer).await?;
        Ok(control::executor_act(&control, contract, REFUSED, why).await?)
    }

    /// The package of a contract, or why there is none; what else goes wrong is nobody's refusal.
    async fn package(
        &self,
        control: &Connection,
        contract: &Contract,
    ) -> Result<Result<Arc<System>, String>, CloudError> {
        match self.packages.load(control, &contract.offer.hash).await {
            Ok(Some(system)) => Ok(Ok(system)),
            Ok(None) => Ok(Err("カタログに業務システムの中身がありません".to_owned())),
            Err(StoreError::Refused(why)) => Ok(Err(why)),
            Err(error) => Err(error.into()),
        }
    }

    /// Meters an organisation: how many residents the register of people of the system for 業務ID 001
    /// holds today, by the package that is installed, when that is in service. A day is metered
    /// once.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn meter(&self, organisation: &str, day: Date) -> Result<(), CloudError> {
        let control = control::control_open(self.installer).await?;
        let all = control::contracts_of(&control, organisation).await?;
        let own = |one: &&Contract| one.state == IN_SERVICE;
        let people = all.iter().filter(own).find(|one| one.offer.code.as_deref() == Some(PEOPLE));
        let Some(contract) = people else { return Ok(()) };
        let client = self.installer.connect(organisation).await?;
        let installed = systems_installed(&client).await?;
        let hash = installed.into_iter().find(|(id, ..)| *id == contract.offer.system);
        let Some((id, _, version, hash)) = hash else { return Ok(()) };
        let Some(system) = version_load(&client, &id, &hash).await? else { return Ok(()) };
        let Some(register) = people_of(&system) else {
            // Nobody could be billed: said aloud, each day.
            tracing::error!(organisation, system = id, version, "no register of people to meter");
            return Ok(());
        };
        let table = Table::new(&system, &register.id)?;
        let residents = i32::try_from(open_count(&client, table).await?).unwrap_or(i32::MAX);
        control::meter(&control, (organisation, day), residents).await?;
        Ok(())
    }

    /// An organisation's databases with their credentials: kept ones, or new ones.
    pub(crate) async fn databases_open(
        &self,
        organisation: &Organisation,
    ) -> Result<Kept, CloudError> {
        let failed = |source| CloudError::Keys { name: organisation.name.clone(), source };
        if let Some(kept) = self.keeper.load(&organisation.id).map_err(failed)? {
            return Ok(kept);
        }
        self.databases_anew(organisation).await
    }

    /// The same where there are none: with new credentials, whatever was kept of others.
    pub(crate) async fn databases_anew(
        &self,
        organisation: &Organisation,
    ) -> Result<Kept, CloudError> {
        let failed = |source| CloudError::Keys { name: organisation.name.clone(), source };
        let kept = self.create(organisation).await?;
        self.keeper.store(&organisation.id, &kept).map_err(failed)?;
        Ok(kept)
    }

    async fn create(&self, organisation: &Organisation) -> Result<Kept, CloudError> {
        let made = self.installer.organisation_create(organisation, self.templates).await?;
        let kept = Kept {
            office: made.office,
            lgwan: made.lgwan,
            internet: made.internet,
            reader: made.reader,
        };
        let staff = kept.office.database(kept.office.staff.as_ref(), None, 1)?;
        // Accounts hold the first sealed values: without any, nothing was sealed with older keys.
        if !identity::account_list(&**staff.client().await?).await?.is_empty() {
            return Err(CloudError::KeysLost(organisation.name.clone()));
        }
        Ok(kept)
    }
}

/// The register of all residents: its rows are people by 宛名番号, and open to the office. Of several
/// the one that residents see, or else the one that says most of them.
fn people_of(system: &System) -> Option<&Register> {
    let is_people = |one: &&Register| {
        let key = one.items[one.key_index()].format;
        key == Some(Format::AddresseeNumber) && one.subject == Subject::Person && !one.restricted
    };
    let all = system.registers.iter().filter(is_people);
    all.max_by_key(|one| (one.published.is_some(), one.items.len()))
}

/// Whether a signed contract takes the place of another vendor's: its registers go over first.
fn changes_vendor(contract: &Contract, all: &[Contract]) -> bool {
    let old = all.iter().find(|old| Some(old.id) == contract.draft.replaces);
    contract.state == SIGNED
        && old.is_some_and(|old| old.offer.vendor_id != contract.offer.vendor_id)
}

/// Whether one of these contracts brings this one's system to a newer version of the same vendor.
fn is_upgraded(old: &Contract, contracts: &[i64], all: &[Contract]) -> bool {
    let replaces = |new: &&Contract| new.state == SIGNED && new.draft.replaces == Some(old.id);
    let mut newer = all.iter().filter(replaces);
    newer.any(|new| contracts.contains(&new.id) && !changes_vendor(new, all))
}

/// Why a package is not served after all was brought up; `None` when it is.
fn refusal(found: Result<&System, &String>, upgraded: &Upgraded) -> Option<String> {
    let system = match found {
        Ok(system) => system,
        Err(why) => return Some(why.clone()),
    };
    if upgraded.systems.iter().any(|one| one.hash == system.hash) {
        return None;
    }
    let same = |one: &&crate::Refused| one.system == system.name && one.version == system.version;
    let reasons = upgraded.refused.iter().find(same).map(|one| one.reasons.join("、"));
    Some(reasons.unwrap_or_else(|| "ほかの業務システムと合いません".to_owned()))
}

#[cfg(test)]
mod tests;
