//! Organisations: one database each, cloned from a template, with roles of its own.
//!
//! Privileges hang on group roles that cannot sign in; each organisation's login roles are members
//! and may connect to its own databases only. Only the installer creates and installs.

mod copy;
mod environment;
mod limit;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use definition::System;
use serde::{Deserialize, Serialize};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::schema::{self, Shape};
use crate::vault::Vault;
use crate::{Database, StoreError, install};

pub use copy::{CopyWish, SANDBOX, TRAINING, is_copy};
pub use environment::{Databases, ENVIRONMENT};

/// The kind of an organisation that publishes systems (事業者) and holds no registers.
pub const VENDOR: &str = "vendor";
/// The kind of an organisation that operates the plane (運用担当、デジタル庁) and holds no registers.
pub const OPERATOR: &str = "operator";

/// The kind of a prefecture (都道府県) as it looks after its municipalities; it holds no registers.
pub const PREFECTURE: &str = "prefecture";

/// How often a database that is in use is tried to be dropped again.
const DROPS: u32 = 3;

/// Group roles; none can sign in.
const GROUPS: &[&str] = &[
    "kumoi_owner",
    "kumoi_office",
    "kumoi_reader",
    "kumoi_mesh",
    "kumoi_staff",
    "kumoi_front",
    "kumoi_front_office",
];

/// 団体: who an organisation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Identifier in addresses; the database's name.
    pub id: String,
    /// 団体コード.
    pub code: String,
    /// Name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Kind of body (`municipality`).
    pub kind: String,
    /// Invented: everything it prints is marked 見本, valid real numbers are refused.
    pub sample: bool,
}

/// How a zone signs in to one database.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// Database.
    pub database: String,
    /// Role.
    pub user: String,
    /// Password; never logged.
    pub password: String,
}

/// What a zone holds for one organisation: a file only this zone can read.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The organisation.
    pub organisation: Organisation,
    /// Folder of the server's socket, or its host.
    pub host: String,
    /// The same of the server with the control database, where that is another.
    #[serde(default)]
    pub home: Option<String>,
    /// The register database (office zone only).
    pub office: Option<Login>,
    /// The front database.
    pub front: Option<Login>,
    /// The staff database.
    pub staff: Option<Login>,
    /// Master key of secret items, base64url (office zone only).
    pub vault: Option<String>,
    /// Master key of staff secrets.
    pub staff_vault: Option<String>,
}

impl Credentials {
    /// The login to the catalogue and the own contracts, or an operator's to the plane; only the
    /// LGWAN zone's is let in.
    pub fn control(&self) -> Option<Login> {
        let lgwan = self.office.is_none() && self.organisation.kind != VENDOR;
        let own = self.staff.as_ref().filter(|_| lgwan)?;
        Some(Login { database: crate::control::DATABASE.to_owned(), ..own.clone() })
    }

    /// The login to what a vendor publishes; only a vendor's is let in.
    pub fn market(&self) -> Option<Login> {
        let own = self.staff.as_ref().filter(|_| self.organisation.kind == VENDOR)?;
        Some(Login { database: crate::market::DATABASE.to_owned(), ..own.clone() })
    }

    /// Opens a pool for one of the logins.
    ///
    /// # Errors
    /// When this zone holds no such login.
    pub fn database(
        &self,
        login: Option<&Login>,
        key: Option<&str>,
        size: usize,
    ) -> Result<Database, StoreError> {
        let login = login.ok_or(StoreError::Vault("この区画には資格情報がありません"))?;
        let vault = match key {
            Some(key) => {
                let master =
                    URL_SAFE_NO_PAD.decode(key).map_err(|_| StoreError::Vault("鍵の形"))?;
                Some(Arc::new(Vault::from_master(&master)?))
            }
            None => None,
        };
        let at_home = self.home.as_ref().filter(|_| login.database == crate::control::DATABASE);
        let mut config = Config::new();
        config
            .host(at_home.unwrap_or(&self.host))
            .user(&login.user)
            .password(&login.password)
            .dbname(&login.database)
            .application_name("kumoi");
        Database::new(config, size, vault)
    }
}

/// The installer: the only identity that may create databases and install systems.
#[derive(Clone)]
pub struct Installer {
    config: Config,
    /// How to reach the cluster with the control database, where that is another.
    home: Option<Config>,
}

impl Installer {
    /// An installer that signs in with `config` (any database of the cluster).
    pub fn new(config: Config) -> Installer {
        Installer { config, home: None }
    }

    /// The same for an organisation that has moved: the control database stays where `home` is.
    pub fn led_by(self, home: &Installer) -> Installer {
        Installer { home: Some(home.config.clone()), ..self }
    }

    /// Signs in to a database.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the server refuses.
    pub async fn connect(&self, database: &str) -> Result<Client, StoreError> {
        let (client, connection) = self.config(database).connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "installer connection ended");
            }
        });
        Ok(client)
    }

    /// Signs in to a database and acts as the owner of its tables.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the server refuses.
    pub async fn connect_owner(&self, database: &str) -> Result<Client, StoreError> {
        let client = self.connect(database).await?;
        client.batch_execute("set role kumoi_owner").await?;
        Ok(client)
    }

    /// How to sign in to a database.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = self.config.clone();
        config.dbname(database);
        config
    }

    /// The folder of the server's socket or its host.
    fn host(&self) -> String {
        use tokio_postgres::config::Host;
        match self.config.get_hosts().first() {
            Some(Host::Unix(path)) => path.display().to_string(),
            Some(Host::Tcp(name)) => name.clone(),
            None => String::new(),
        }
    }

    /// Makes group roles and templates ready; cheap when they are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prepare(&self, systems: &[Arc<System>]) -> Result<Templates, StoreError> {
        let client = self.connect("postgres").await?;
        alone(&client, "kumoi groups").await?;
        for group in GROUPS {
            let sql = "select 1 from pg_roles where rolname = $1";
            if client.query_opt(sql, &[group]).await?.is_none() {
                client.batch_execute(&format!("create role {group} nologin")).await?;
            }
        }
        client.batch_execute("grant kumoi_owner to current_user").await?;
        let hashes: String = systems.iter().map(|s| s.hash.as_str()).collect();
        let name = |kind: &str, shape: &Shape, more: &str| {
            template_name(kind, &format!("{}{more}", shape.text()))
        };
        let templates = Templates {
            office: name("office", &schema::OFFICE, &hashes),
            staff: name("staff", &schema::STAFF, ""),
            front: name("front", &schema::FRONT, ""),
        };
        self.template(&client, &templates.office, &schema::OFFICE, systems).await?;
        self.template(&client, &templates.staff, &schema::STAFF, &[]).await?;
        self.template(&client, &templates.front, &schema::FRONT, &[]).await?;
        Ok(templates)
    }

    async fn template(
        &self,
        client: &Client,
        name: &str,
        shape: &Shape,
        systems: &[Arc<System>],
    ) -> Result<(), StoreError> {
        alone(client, name).await?;
        let ready = client
            .query_opt("select 1 from pg_database where datname = $1 and datistemplate", &[&name])
            .await?;
        if ready.is_some() {
            return Ok(());
        }
        // With force: the session that filled one may still be at work after its program.
        database_drop(client, name).await?;
        client.batch_execute(&format!("create database {name} owner kumoi_owner")).await?;
        client.batch_execute(&format!("revoke all on database {name} from public")).await?;
        let mut inner = self.connect(name).await?;
        let transaction = inner.transaction().await?;
        transaction.batch_execute("set local role kumoi_owner").await?;
        transaction.batch_execute("revoke all on schema public from public").await?;
        shape.bring_up(&transaction).await?;
        for system in systems {
            install::install(&transaction, system).await?;
        }
        transaction.commit().await?;
        drop(inner);
        client.batch_execute(&format!("alter database {name} is_template true")).await?;
        Ok(())
    }

    /// Brings the house's own tables of an organisation's databases up to this program, each in a
    /// transaction; how many steps were done.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a database was made otherwise than any step says.
    pub async fn schemas_bring_up(
        &self,
        organisation: &str,
        templates: &Templates,
    ) -> Result<usize, StoreError> {
        let staff = format!("{organisation}_staff");
        let front = format!("{organisation}_front");
        let all = [
            (organisation, &templates.office, &schema::OFFICE),
            (staff.as_str(), &templates.staff, &schema::STAFF),
            (front.as_str(), &templates.front, &schema::FRONT),
        ];
        let mut steps = 0;
        for (database, template, shape) in all {
            let wanted = shape.catalogue(&self.connect(template).await?).await?;
            let mut client = self.connect(database).await?;
            let transaction = client.transaction().await?;
            transaction.batch_execute("set local role kumoi_owner").await?;
            steps += shape.bring_up(&transaction).await?.len();
            shape.check(&transaction, &wanted).await?;
            transaction.commit().await?;
        }
        Ok(steps)
    }

    /// The organisations whose register database is in this cluster, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn organisation_list(&self) -> Result<Vec<String>, StoreError> {
        let sql = "select d.datname::text from pg_database d
                   where not d.datistemplate and d.datdba = 'kumoi_owner'::regrole
                     and exists (select from pg_database s where s.datname = d.datname || '_staff')
                   order by 1";
        let rows = self.connect("postgres").await?.query(sql, &[]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Creates an organisation's databases and roles; what exists is kept, so it can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn organisation_create(
        &self,
        organisation: &Organisation,
        templates: &Templates,
    ) -> Result<ZoneCredentials, StoreError> {
        check_identifier(&organisation.id)?;
        let id = &organisation.id;
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        let office = self.login(&client, &format!("{id}_office"), id).await?;
        let lgwan = self.login(&client, &format!("{id}_lgwan"), id).await?;
        let internet = self.login(&client, &format!("{id}_internet"), id).await?;
        let reader = self.login(&client, &format!("{id}_reader"), id).await?;
        let mesh = self.login(&client, &format!("{id}_mesh"), id).await?;
        let grants = [
            ("kumoi_office", &office),
            ("kumoi_staff", &office),
            ("kumoi_front_office", &office),
            ("kumoi_staff", &lgwan),
            ("kumoi_front", &internet),
            ("kumoi_reader", &reader),
            ("kumoi_mesh", &mesh),
            ("kumoi_reader", &mesh),
        ];
        for (group, login) in grants {
            client.batch_execute(&format!("grant {group} to {}", login.user)).await?;
        }
        let databases = [
            (id.clone(), &templates.office, vec![&office, &reader, &mesh]),
            (format!("{id}_staff"), &templates.staff, vec![&office, &lgwan]),
            (format!("{id}_front"), &templates.front, vec![&office, &internet]),
        ];
        for (name, template, logins) in &databases {
            self.clone_database(&client, name, template, logins).await?;
        }
        self.write_organisation(organisation).await?;
        let on = |login: &Login, database: String| Some(Login { database, ..login.clone() });
        let master = || Vault::new_master().map(|key| URL_SAFE_NO_PAD.encode(key));
        let base = Credentials {
            organisation: organisation.clone(),
            host: self.host(),
            home: None,
            office: None,
            front: None,
            staff: None,
            vault: None,
            staff_vault: Some(master()?),
        };
        Ok(ZoneCredentials {
            office: Credentials {
                office: Some(office.clone()),
                front: on(&office, format!("{id}_front")),
                staff: on(&office, format!("{id}_staff")),
                vault: Some(master()?),
                ..base.clone()
            },
            lgwan: Credentials { staff: on(&lgwan, format!("{id}_staff")), ..base.clone() },
            internet: Credentials {
                front: on(&internet, format!("{id}_front")),
                staff_vault: None,
                ..base
            },
            reader: reader.clone(),
        })
    }

    /// Creates a vendor's staff database and login; what exists is kept, so it can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn vendor_create(
        &self,
        vendor: &Organisation,
        templates: &Templates,
    ) -> Result<Credentials, StoreError> {
        self.staff_create(vendor, "vendor", templates).await
    }

    /// Creates an operator's staff database and login; what exists is kept, so it can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn operator_create(
        &self,
        operator: &Organisation,
        templates: &Templates,
    ) -> Result<Credentials, StoreError> {
        self.staff_create(operator, "operator", templates).await
    }

    /// Creates a prefecture's staff database and login; what exists is kept, so it can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prefecture_create(
        &self,
        prefecture: &Organisation,
        templates: &Templates,
    ) -> Result<Credentials, StoreError> {
        self.staff_create(prefecture, "prefecture", templates).await
    }

    /// An organisation that holds no registers: people only, and one login.
    async fn staff_create(
        &self,
        organisation: &Organisation,
        login: &str,
        templates: &Templates,
    ) -> Result<Credentials, StoreError> {
        let id = &organisation.id;
        check_identifier(id)?;
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        let database = format!("{id}_staff");
        let login = self.login(&client, &format!("{id}_{login}"), &database).await?;
        client.batch_execute(&format!("grant kumoi_staff to {}", login.user)).await?;
        self.clone_database(&client, &database, &templates.staff, &[&login]).await?;
        Ok(Credentials {
            organisation: organisation.clone(),
            host: self.host(),
            home: None,
            office: None,
            front: None,
            staff: Some(login),
            vault: None,
            staff_vault: Some(URL_SAFE_NO_PAD.encode(Vault::new_master()?)),
        })
    }

    /// The login with which a node of the mesh works for an organisation: it reads masked views and
    /// appends exchanges; its password is new each time.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn mesh_login(&self, id: &str) -> Result<Login, StoreError> {
        check_identifier(id)?;
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        let login = self.login(&client, &format!("{id}_mesh"), id).await?;
        let sql = format!(
            "grant kumoi_mesh, kumoi_reader to {0}; grant connect on database {id} to {0}",
            login.user
        );
        client.batch_execute(&sql).await?;
        Ok(login)
    }

    /// Creates the database of a member of the mesh that has no office here (a state authority),
    /// and the login with which its node works and seals; what exists is kept, the password is new.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn member_create(
        &self,
        organisation: &Organisation,
        templates: &Templates,
    ) -> Result<Login, StoreError> {
        let id = &organisation.id;
        check_identifier(id)?;
        let client = self.connect("postgres").await?;
        alone(&client, id).await?;
        let login = self.login(&client, &format!("{id}_mesh"), id).await?;
        let sql = format!("grant kumoi_mesh, kumoi_office to {}", login.user);
        client.batch_execute(&sql).await?;
        self.clone_database(&client, id, &templates.office, &[&login]).await?;
        self.write_organisation(organisation).await?;
        Ok(login)
    }

    /// A login to one database, which belongs to no organisation and is given no rights here; its
    /// password is new each time.
    pub(crate) async fn login_alone(
        &self,
        user: &str,
        database: &str,
        kind: &str,
    ) -> Result<Credentials, StoreError> {
        let client = self.connect("postgres").await?;
        alone(&client, user).await?;
        let login = self.login(&client, user, database).await?;
        let organisation = Organisation {
            id: user.to_owned(),
            code: user.to_owned(),
            name: String::new(),
            name_en: String::new(),
            kind: kind.to_owned(),
            sample: false,
        };
        Ok(Credentials {
            organisation,
            host: self.host(),
            home: None,
            office: None,
            front: None,
            staff: Some(login),
            vault: None,
            staff_vault: None,
        })
    }

    /// Opens a database of the cluster that is nobody's own, creating it the first time.
    pub(crate) async fn shared_open(
        &self,
        name: &str,
        shape: &Shape,
    ) -> Result<Client, StoreError> {
        if let Some(home) = &self.home {
            return Box::pin(Installer::new(home.clone()).shared_open(name, shape)).await;
        }
        let postgres = self.connect("postgres").await?;
        alone(&postgres, name).await?;
        let sql = "select 1 from pg_database where datname = $1";
        if postgres.query_opt(sql, &[&name]).await?.is_none() {
            postgres.batch_execute(&format!("create database {name}")).await?;
            let sql = format!("revoke all on database {name} from public");
            postgres.batch_execute(&sql).await?;
        }
        let mut client = self.connect(name).await?;
        let transaction = client.transaction().await?;
        shape.bring_up(&transaction).await?;
        transaction.commit().await?;
        Ok(client)
    }

    async fn login(
        &self,
        client: &Client,
        user: &str,
        database: &str,
    ) -> Result<Login, StoreError> {
        let password = random_text()?;
        let exists =
            client.query_opt("select 1 from pg_roles where rolname = $1", &[&user]).await?;
        let verb = if exists.is_some() { "alter" } else { "create" };
        let sql = format!("{verb} role {user} login password '{password}' connection limit 40");
        client.batch_execute(&sql).await?;
        Ok(Login { database: database.to_owned(), user: user.to_owned(), password })
    }

    async fn clone_database(
        &self,
        client: &Client,
        name: &str,
        template: &str,
        logins: &[&Login],
    ) -> Result<(), StoreError> {
        let exists =
            client.query_opt("select 1 from pg_database where datname = $1", &[&name]).await?;
        if exists.is_none() {
            let sql = format!("create database {name} owner kumoi_owner template {template}");
            client.batch_execute(&sql).await?;
        }
        client.batch_execute(&format!("revoke all on database {name} from public")).await?;
        for login in logins {
            let sql = format!("grant connect on database {name} to {}", login.user);
            client.batch_execute(&sql).await?;
        }
        Ok(())
    }

    async fn write_organisation(&self, organisation: &Organisation) -> Result<(), StoreError> {
        let client = self.connect(&organisation.id).await?;
        client.batch_execute("set role kumoi_owner").await?;
        if client.query_opt("select 1 from core.organisation", &[]).await?.is_none() {
            // The template's systems are installed here from now on.
            let sql = "update core.system set installed_at = now();
                       update core.system_version set installed_at = now()";
            client.batch_execute(sql).await?;
        }
        client
            .execute(
                "insert into core.organisation (id, code, name, name_en, kind, sample)
                 values ($1, $2, $3, $4, $5, $6)
                 on conflict (only_one) do update set code = excluded.code, name = excluded.name,
                   name_en = excluded.name_en, kind = excluded.kind, sample = excluded.sample",
                &[
                    &organisation.id,
                    &organisation.code,
                    &organisation.name,
                    &organisation.name_en,
                    &organisation.kind,
                    &organisation.sample,
                ],
            )
            .await?;
        Ok(())
    }
}

/// Waits until nobody else makes or removes what bears this name, and keeps it so until the session
/// ends. What a program that was cut off had begun still runs in the server: the next one waits.
pub(crate) async fn alone(client: &Client, name: &str) -> Result<(), StoreError> {
    client.execute("select pg_advisory_lock(hashtextextended($1, 0))", &[&name]).await?;
    Ok(())
}

/// Drops a database with the sessions of our own in it. PostgreSQL 15 lets only a superuser force
/// out a vacuum that runs by itself; without force it asks that to end, and waits five seconds.
pub(crate) async fn database_drop(client: &Client, name: &str) -> Result<(), StoreError> {
    let sql = format!("drop database if exists {name}");
    for _ in 0..DROPS {
        match client.batch_execute(&format!("{sql} with (force)")).await {
            Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {}
            other => return Ok(other?),
        }
        match client.batch_execute(&sql).await {
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
            other => return Ok(other?),
        }
    }
    Ok(client.batch_execute(&sql).await?)
}

/// Names of the template databases in force.
#[derive(Clone, Debug)]
pub struct Templates {
    office: String,
    staff: String,
    front: String,
}

/// What each zone is handed for an organisation.
pub struct ZoneCredentials {
    /// Individual-number affairs.
    pub office: Credentials,
    /// LGWAN.
    pub lgwan: Credentials,
    /// Internet.
    pub internet: Credentials,
    /// The masked reader, for the organisation's own tools.
    pub reader: Login,
}

/// Writes credentials for a zone, readable by its owner only, replacing the file whole.
///
/// # Errors
/// [`StoreError::Files`].
pub fn credentials_write(
    folder: &Path,
    credentials: &Credentials,
    owner: Option<(u32, u32)>,
) -> Result<PathBuf, StoreError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join(format!("{}.json", credentials.organisation.id));
    let fresh = folder.join(format!(".{}.json.new", credentials.organisation.id));
    let text = serde_json::to_vec_pretty(credentials).map_err(std::io::Error::other)?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&text)?;
    file.sync_all()?;
    if let Some((user, group)) = owner {
        std::os::unix::fs::chown(&fresh, Some(user), Some(group))?;
    }
    std::fs::rename(&fresh, &path)?;
    Ok(path)
}

/// Reads all credentials of a zone's folder.
///
/// # Errors
/// [`StoreError::Files`] when the folder or a file cannot be read.
pub fn credentials_read(folder: &Path) -> Result<Vec<Credentials>, StoreError> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "json") {
            let text = std::fs::read(&path)?;
            out.push(serde_json::from_slice(&text).map_err(std::io::Error::other)?);
        }
    }
    out.sort_by(|a: &Credentials, b| a.organisation.code.cmp(&b.organisation.code));
    Ok(out)
}

fn template_name(kind: &str, content: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
    let short: String = digest.as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("template_kumoi_{kind}_{short}")
}

fn random_text() -> Result<String, StoreError> {
    let mut bytes = [0_u8; 24];
    rand::fill(&mut bytes).map_err(|_| StoreError::Vault("乱数"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Names that are taken: databases of the server, and what stands where an organisation does in
/// addresses (`vendors` and `operators` are where those come in).
const RESERVED: &[&str] = &[
    "postgres",
    "template0",
    "template1",
    "vendors",
    "operators",
    "prefectures",
    "assets",
    "health",
];
/// What follows an organisation in the names of its own databases and roles: another one that ended
/// so would be taken for them.
const ENDINGS: &[&str] = &[
    "_staff",
    "_front",
    "_office",
    "_lgwan",
    "_internet",
    "_reader",
    "_mesh",
    "_move",
    "_vendor",
    "_operator",
];

/// Identifiers go into SQL text: only lower-case ASCII, digits and underscore pass.
pub(crate) fn check_identifier(id: &str) -> Result<(), StoreError> {
    let fits = id.len() <= 40
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved = RESERVED.contains(&id)
        || id.starts_with("kumoi_")
        || ENDINGS.iter().any(|ending| id.ends_with(ending));
    if fits && !reserved {
        Ok(())
    } else {
        Err(StoreError::Refused(format!(
            "団体の識別子「{id}」は使えません。英小文字で始まる英小文字・数字・_ の40字までで、_staff など\
             データベースの名の終わりと、vendors など画面の名は除きます"
        )))
    }
}
