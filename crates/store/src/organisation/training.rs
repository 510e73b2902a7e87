//! The databases of 研修環境, emptied and taken away. Refuses everything that is not one: nothing of a
//! body's own can be lost here.

use super::{Installer, Login, Organisation, Templates, alone};
use crate::StoreError;

/// What the identifier of a training copy ends with; no other organisation's does.
pub const TRAINING: &str = "_kenshu";
/// The logins of an organisation, by the ends of their names.
const LOGINS: [&str; 4] = ["office", "lgwan", "internet", "reader"];

impl Installer {
    /// Takes the databases of a training copy away and makes them anew, for the same logins.
    /// Everything in them is lost.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for what is no training copy; [`StoreError::Database`].
    pub async fn training_empty(
        &self,
        training: &Organisation,
        templates: &Templates,
    ) -> Result<(), StoreError> {
        self.training_drop(training).await?;
        let client = self.connect("postgres").await?;
        let id = &training.id;
        alone(&client, id).await?;
        let [office, lgwan, internet, reader] = LOGINS.map(|end| Login {
            database: id.clone(),
            user: format!("{id}_{end}"),
            password: String::new(),
        });
        let databases = [
            (id.clone(), &templates.office, vec![&office, &reader]),
            (format!("{id}_staff"), &templates.staff, vec![&office, &lgwan]),
            (format!("{id}_front"), &templates.front, vec![&office, &internet]),
        ];
        for (name, template, logins) in &databases {
            self.clone_database(&client, name, template, logins).await?;
        }
        self.write_organisation(training).await
    }

    /// Takes the databases and roles of a training copy away.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for what is no training copy; [`StoreError::Database`].
    pub async fn training_close(&self, training: &Organisation) -> Result<(), StoreError> {
        self.training_drop(training).await?;
        let client = self.connect("postgres").await?;
        for end in LOGINS {
            client.batch_execute(&format!("drop role if exists {}_{end}", training.id)).await?;
        }
        Ok(())
    }

    async fn training_drop(&self, training: &Organisation) -> Result<(), StoreError> {
        let id = &training.id;
        super::check_identifier(id)?;
        if !training.sample || !id.ends_with(TRAINING) {
            return Err(StoreError::Refused(format!("「{id}」は研修環境ではありません")));
        }
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        for database in crate::relocation::databases_of(id) {
            let sql = format!("drop database if exists {database} with (force)");
            client.batch_execute(&sql).await?;
        }
        Ok(())
    }
}
