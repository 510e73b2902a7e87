//! 研修環境 and 検証環境: organisations that are made from templates and samples, emptied and taken away
//! again. Refuses everything that is not one: nothing of a body's own can be lost here.

use tokio_postgres::Client;

use super::{Installer, Login, Organisation, Templates, alone, database_drop};
use crate::StoreError;
use crate::relocation::{databases_of, roles_of};

/// What the identifier of a training copy ends with; no other organisation's does.
pub const TRAINING: &str = "_kenshu";
/// What the identifier of a vendor's sandbox ends with; no other organisation's does.
pub const SANDBOX: &str = "_kensho";

/// Whether an identifier is that of a training copy or a sandbox.
pub fn is_copy(id: &str) -> bool {
    id.ends_with(TRAINING) || id.ends_with(SANDBOX)
}

/// What is asked for of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyWish {
    /// 開く.
    Open,
    /// 作り直す: emptied, and filled with sample people anew.
    Renew,
    /// 閉じる: taken away with its keys.
    Close,
}

const WISHES: &[(CopyWish, &str)] =
    &[(CopyWish::Open, "開く"), (CopyWish::Renew, "作り直す"), (CopyWish::Close, "閉じる")];

impl CopyWish {
    /// The word that stands for it in the books.
    pub fn word(self) -> &'static str {
        WISHES.iter().find(|(one, _)| *one == self).map_or("", |(_, word)| word)
    }

    /// The wish that a word stands for.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a word of a newer program.
    pub(crate) fn of_word(word: &str) -> Result<CopyWish, StoreError> {
        let wish = WISHES.iter().find(|(_, known)| *known == word).map(|(wish, _)| *wish);
        wish.ok_or_else(|| StoreError::Refused(format!("「{word}」という求めを知りません")))
    }
}

impl Installer {
    /// Takes the databases of a copy away and makes them anew, for the same logins. Everything in
    /// them is lost.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for what is no copy; [`StoreError::Database`].
    pub async fn copy_empty(
        &self,
        copy: &Organisation,
        templates: &Templates,
    ) -> Result<(), StoreError> {
        self.copy_drop(copy).await?;
        let client = self.connect("postgres").await?;
        let id = &copy.id;
        alone(&client, id).await?;
        let [office, lgwan, internet, reader, mesh] =
            roles_of(id).map(|user| Login { database: id.clone(), user, password: String::new() });
        let databases = [
            (id.clone(), &templates.office, vec![&office, &reader, &mesh]),
            (format!("{id}_staff"), &templates.staff, vec![&office, &lgwan]),
            (format!("{id}_front"), &templates.front, vec![&office, &internet]),
        ];
        for (name, template, logins) in &databases {
            self.clone_database(&client, name, template, logins).await?;
        }
        self.write_organisation(copy).await
    }

    /// Takes the databases and roles of a copy away.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for what is no copy; [`StoreError::Database`].
    pub async fn copy_close(&self, copy: &Organisation) -> Result<(), StoreError> {
        self.copy_drop(copy).await?;
        let client = self.connect("postgres").await?;
        for role in roles_of(&copy.id) {
            client.batch_execute(&format!("drop role if exists {role}")).await?;
        }
        Ok(())
    }

    /// Whether all databases of a copy are there and say whose they are: not after an emptying or a
    /// closing was broken off.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn copy_whole(&self, copy: &Organisation) -> Result<bool, StoreError> {
        let client = self.connect("postgres").await?;
        let names = databases_of(&copy.id).to_vec();
        let there = "select count(*) from pg_database where datname = any($1)";
        let count: i64 = client.query_one(there, &[&names]).await?.try_get(0)?;
        if usize::try_from(count).ok() != Some(names.len()) {
            return Ok(false);
        }
        let logins = roles_of(&copy.id).to_vec();
        let there = "select count(*) from pg_roles where rolname = any($1)";
        let count: i64 = client.query_one(there, &[&logins]).await?.try_get(0)?;
        let client = self.connect(&copy.id).await?;
        let named = client.query_opt("select 1 from core.organisation", &[]).await?.is_some();
        Ok(named && usize::try_from(count).ok() == Some(logins.len()))
    }

    async fn copy_drop(&self, copy: &Organisation) -> Result<(), StoreError> {
        let id = &copy.id;
        super::check_identifier(id)?;
        if !copy.sample || !is_copy(id) {
            let message = format!("「{id}」は研修環境でも検証環境でもありません");
            return Err(StoreError::Refused(message));
        }
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        // Sessions of its logins end with it: PostgreSQL lets only a member of a role end them.
        membership(&client, id, "grant {} to current_user").await?;
        for database in databases_of(id) {
            database_drop(&client, &database).await?;
        }
        membership(&client, id, "revoke {} from current_user").await
    }
}

/// Does this with each login of an organisation that is there.
async fn membership(client: &Client, id: &str, act: &str) -> Result<(), StoreError> {
    for login in roles_of(id) {
        let there = "select 1 from pg_roles where rolname = $1";
        if client.query_opt(there, &[&login]).await?.is_some() {
            client.batch_execute(&act.replace("{}", &login)).await?;
        }
    }
    Ok(())
}
