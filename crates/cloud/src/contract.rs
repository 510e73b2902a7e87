//! From an offer over a contract to a system in service: the thin way through the catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::date::Date;
use definition::System;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::control::{self, Publication};
use store::identity;
use store::organisation::{Credentials, Installer, Login, Organisation, Templates};
use store::register::{Table, open_count};

use crate::publication::Reading;
use crate::{CloudError, Packages, Upgraded, price};

/// The state of a contract whose system runs.
const IN_SERVICE: &str = "提供中";

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

/// Publishes systems in the catalogue; what is published stays as it is.
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
            vendor,
            price: price.as_ref(),
            report: None,
            documents: documents.get(&system.id).unwrap_or(&none),
        };
        let id = control::offer_publish(&control, &publication, system).await?;
        offers.push(Offer { id, system: system.id.clone() });
    }
    Ok(offers)
}

/// Offers a judged package in the catalogue.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn package_publish(
    control: &Connection,
    (vendor, reading): (&str, &Reading),
    system: &System,
    report: &Value,
) -> Result<i64, CloudError> {
    let price = price::listed(system);
    let publication = Publication {
        vendor,
        price: price.as_ref(),
        report: Some(report),
        documents: &reading.documents,
    };
    Ok(control::offer_publish(control, &publication, system).await?)
}

/// Signs the contracts of an organisation for offers; their numbers. Signing again changes nothing.
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
        contracts.push(control::contract_sign(&control, &organisation.id, offer.id).await?);
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
        let mut signed = control::contract_list(&control).await?;
        signed.retain(|contract| contracts.contains(&contract.id));
        let mut wanted: Vec<Arc<System>> = Vec::new();
        for contract in &signed {
            wanted.extend(self.packages.load(&control, &contract.offer.hash).await?);
        }
        let upgraded = self.systems_bring_up(organisation, &wanted).await?;
        for contract in signed {
            if !upgraded.systems.iter().any(|system| system.hash == contract.offer.hash) {
                continue;
            }
            control::contract_in_service(&control, contract.id).await?;
            if contract.state != IN_SERVICE {
                let note = &contract.offer.version;
                control::executor_act(&control, contract.id, "提供開始", note).await?;
            }
        }
        Ok(Opened { kept, upgraded })
    }

    /// Meters an organisation: how many residents the register of people of its systems in service
    /// holds today. A day is metered once.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn meter(&self, organisation: &str, day: Date) -> Result<(), CloudError> {
        let control = control::control_open(self.installer).await?;
        let mut systems = Vec::new();
        for contract in control::contract_list(&control).await? {
            if contract.organisation == organisation && contract.state == IN_SERVICE {
                systems.extend(self.packages.load(&control, &contract.offer.hash).await?);
            }
        }
        let people = systems.iter().find_map(|system| {
            let register = system.registers.iter().find(|one| one.published.is_some())?;
            Table::new(system, &register.id).ok()
        });
        let Some(table) = people else { return Ok(()) };
        let client = self.installer.connect(organisation).await?;
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
