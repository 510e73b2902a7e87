//! The cluster's own roles: the bootstrap superuser and the installer that it makes.
//!
//! Passwords travel as bound values, never in a statement's text.

use std::path::Path;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls};

use super::secret::Secret;
use super::{ClusterError, INSTALLER, PORT};

/// How `role` reaches `database` over the socket.
pub(super) fn config(socket: &Path, role: &str, secret: &Secret, database: &str) -> Config {
    let mut config = Config::new();
    config.host_path(socket).port(PORT).user(role).password(secret.reveal()).dbname(database);
    config.application_name("kumoi").connect_timeout(Duration::from_secs(10));
    config
}

/// Makes the installer, or gives it the kept password.
pub(super) async fn ensure_installer(boot: &Config, secret: &Secret) -> Result<(), ClusterError> {
    let client = connect(boot).await?;
    client.execute("SELECT set_config('kumoi.secret', $1, false)", &[secret]).await?;
    let found =
        client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&INSTALLER]).await?;
    let verb = if found.is_some() { "ALTER" } else { "CREATE" };
    let statement = format!(
        "DO $$ BEGIN EXECUTE format(
           '{verb} ROLE {INSTALLER} LOGIN CREATEDB CREATEROLE PASSWORD %L',
           current_setting('kumoi.secret')); END $$"
    );
    client.batch_execute(&statement).await?;
    // Nobody but their owners gets into the databases that come with the server.
    client.batch_execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC").await?;
    let grant = format!("GRANT CONNECT, TEMPORARY ON DATABASE postgres, template1 TO {INSTALLER}");
    client.batch_execute(&grant).await?;
    Ok(())
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection of the cluster's own roles ended");
        }
    });
    Ok(client)
}
