//! The databases of an environment that the national operator's plane opened for a body: whether
//! they are there, and taken away again. Refuses everything in which anybody has entered anything,
//! and everything that a body has a contract for: nothing of a body's own can be lost here.

use tokio_postgres::Client;

use super::{Installer, alone, database_drop};
use crate::StoreError;
use crate::relocation::{databases_of, roles_of};

/// What the identifier of such an environment begins with; no other organisation's does.
pub const ENVIRONMENT: &str = "env_";
/// What installing writes: every other table is empty until somebody enters something.
const INSTALLED: [&str; 4] =
    ["core.organisation", "core.system", "core.system_version", "core.system_refusal"];

/// The rows of other tables that installing writes, too.
const BY_INSTALLER: [(&str, &str); 2] = [
    ("core.audit", "role = 'installer' and zone = 'executor'"),
    ("core.journal", "actor = '基盤' and case_id is null and subjects = '{}'"),
];

/// Databases of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Databases {
    /// All are there.
    Whole,
    /// None is there, or what is left holds nothing: it can be made, empty.
    Lost,
}

impl Installer {
    /// Whether the databases of an environment are there.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when some are lost and the rest holds what somebody entered, or a
    /// body has it in service: then an empty one in its place would hide the loss.
    pub async fn environment_look(&self, id: &str) -> Result<Databases, StoreError> {
        check_environment(id)?;
        let client = self.connect("postgres").await?;
        let there = databases_there(&client, id).await?;
        if there.len() == databases_of(id).len() {
            return Ok(Databases::Whole);
        }
        let why = match self.is_contracted(id).await? {
            true => Some("団体が契約して使っている環境です".to_owned()),
            false => self.entered(&there).await?,
        };
        match why {
            None => Ok(Databases::Lost),
            Some(why) => Err(StoreError::Refused(format!(
                "{id} のデータベースの一部か全部が失われていますが、{why}。空で作り直しません。控えから復元してください"
            ))),
        }
    }

    /// Takes the databases and logins of an environment away; what is not there is away. Its logins
    /// are shut out before it is looked at, so that nothing is entered meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when somebody has entered anything in it, or a body has a contract
    /// for it: then everything is as it was.
    pub async fn environment_drop(&self, id: &str) -> Result<(), StoreError> {
        check_environment(id)?;
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        let there = databases_there(&client, id).await?;
        let kept = |why: &str| {
            StoreError::Refused(format!(
                "{why}。中身のある環境は青写真では消しません。書き出して引き渡し、退去の手順で消してください"
            ))
        };
        if self.is_contracted(id).await? {
            return Err(kept("団体が契約して使っている環境です"));
        }
        logins_let(&client, id, "nologin").await?;
        let entered = self.entered(&there).await;
        if !matches!(entered, Ok(None)) {
            logins_let(&client, id, "login").await?;
            return Err(entered?.map_or_else(|| kept(""), |why| kept(&why)));
        }
        for database in &there {
            database_drop(&client, database).await?;
        }
        for role in roles_of(id) {
            client.batch_execute(&format!("drop role if exists {role}")).await?;
        }
        Ok(())
    }

    /// Whether a body is on the books of contracts under this name: it was taken into service.
    async fn is_contracted(&self, id: &str) -> Result<bool, StoreError> {
        let control = crate::control::control_open(self).await?;
        let sql = "select exists (select from control.organisation where id = $1)";
        Ok(control.query_one(sql, &[&id]).await?.try_get(0)?)
    }

    /// The first table in which somebody entered something, in words; `None` where there is none.
    async fn entered(&self, databases: &[String]) -> Result<Option<String>, StoreError> {
        for database in databases {
            let client = self.connect(database).await?;
            let sql = "select format('%I.%I', n.nspname, c.relname),
                         n.nspname || '.' || c.relname from pg_class c
                       join pg_namespace n on n.oid = c.relnamespace
                       where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)'
                       order by 1";
            for row in client.query(sql, &[]).await? {
                let (table, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let is_installed = INSTALLED.contains(&name.as_str()) || name.ends_with(".step");
                let by_installer = BY_INSTALLER.iter().find(|(known, _)| *known == name);
                let by_installer = by_installer.map_or("false", |(_, rows)| rows);
                let sql = format!("select exists (select from {table} where not ({by_installer}))");
                if !is_installed && client.query_one(&sql, &[]).await?.try_get(0)? {
                    return Ok(Some(format!("{database} の {name} に、人が入れた記録があります")));
                }
            }
        }
        Ok(None)
    }
}

fn check_environment(id: &str) -> Result<(), StoreError> {
    super::check_identifier(id)?;
    if id.starts_with(ENVIRONMENT) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("「{id}」は統治の面が開いた環境ではありません")))
}

async fn databases_there(client: &Client, id: &str) -> Result<Vec<String>, StoreError> {
    let all = databases_of(id);
    let sql = "select datname::text from pg_database where datname = any($1) order by 1";
    let rows = client.query(sql, &[&all.as_slice()]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Lets the logins in or shuts them out; who is in is thrown out then.
async fn logins_let(client: &Client, id: &str, how: &str) -> Result<(), StoreError> {
    let roles = roles_of(id);
    let sql = "select rolname::text from pg_roles where rolname = any($1)";
    for row in client.query(sql, &[&roles.as_slice()]).await? {
        let role: String = row.try_get(0)?;
        client.batch_execute(&format!("alter role {role} {how}")).await?;
    }
    if how == "nologin" {
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity where usename = any($1)";
        client.execute(sql, &[&roles.as_slice()]).await?;
    }
    Ok(())
}
