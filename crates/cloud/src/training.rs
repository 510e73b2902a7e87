//! 研修環境: a body's systems once more, beside its own, with nothing of it in them. Its databases come
//! from templates; what people it has are samples. No row of the body's own is read here.

use std::sync::Arc;

use definition::System;
use store::control::{self, training_of};
use store::organisation::Organisation;

use crate::contract::IN_SERVICE;
use crate::{CloudError, Executor, Opened};

impl Executor<'_> {
    /// Opens the training copy of an organisation, or what is missing of it, with the packages of
    /// its contracts in service. Nothing is contracted or metered for it.
    ///
    /// # Errors
    /// [`CloudError`]; repeatable at every step.
    pub async fn training_open(&self, of: &Organisation) -> Result<Opened, CloudError> {
        let training = training_of(of)?;
        let kept = self.databases_open(&training).await?;
        let control = control::control_open(self.installer).await?;
        let mut wanted: Vec<Arc<System>> = Vec::new();
        for contract in control::contracts_of(&control, &of.id).await? {
            if contract.state == IN_SERVICE {
                wanted.extend(self.packages.load(&control, &contract.offer.hash).await?);
            }
        }
        let upgraded = self.systems_bring_up(&training, &wanted).await?;
        Ok(Opened { kept, upgraded })
    }

    /// Empties the training copy of an organisation: its databases are made anew, for the same
    /// logins. Broken off, it is begun anew.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn training_empty(&self, of: &Organisation) -> Result<(), CloudError> {
        Ok(self.installer.training_empty(&training_of(of)?, self.templates).await?)
    }

    /// Takes the databases and roles of the training copy of an organisation away.
    ///
    /// # Errors
    /// [`CloudError::Store`].
    pub async fn training_close(&self, of: &Organisation) -> Result<(), CloudError> {
        Ok(self.installer.training_close(&training_of(of)?).await?)
    }
}
