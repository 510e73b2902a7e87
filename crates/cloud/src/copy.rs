//! 研修環境 and 検証環境: systems beside a body's own, with nothing of any body in them. Their databases
//! come from templates; what people they have are samples. No row of a body's own is read here.

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
        let control = control::control_open(self.installer).await?;
        let mut wanted: Vec<Arc<System>> = Vec::new();
        for contract in control::contracts_of(&control, &of.id).await? {
            if contract.state == IN_SERVICE {
                wanted.extend(self.packages.load(&control, &contract.offer.hash).await?);
            }
        }
        self.copy_open(&training, &wanted).await
    }

    /// Opens a copy, or what is missing of it, with these packages.
    ///
    /// # Errors
    /// [`CloudError`]; repeatable at every step.
    pub async fn copy_open(
        &self,
        copy: &Organisation,
        wanted: &[Arc<System>],
    ) -> Result<Opened, CloudError> {
        let kept = self.databases_open(copy).await?;
        let upgraded = self.systems_bring_up(copy, wanted).await?;
        Ok(Opened { kept, upgraded })
    }

    /// Empties a copy: its databases are made anew, for the same logins. Broken off, it is begun
    /// anew.
    ///
    /// # Errors
    /// [`CloudError::Store`], also for what is no copy.
    pub async fn copy_empty(&self, copy: &Organisation) -> Result<(), CloudError> {
        Ok(self.installer.copy_empty(copy, self.templates).await?)
    }

    /// Takes the databases and roles of a copy away.
    ///
    /// # Errors
    /// [`CloudError::Store`], also for what is no copy.
    pub async fn copy_close(&self, copy: &Organisation) -> Result<(), CloudError> {
        Ok(self.installer.copy_close(copy).await?)
    }
}
