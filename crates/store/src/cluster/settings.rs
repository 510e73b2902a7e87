//! The server's settings and its door (`pg_hba.conf`), written anew at every start.
//!
//! Nothing that a person typed reaches the log: errors go to the client only, since their words
//! can quote values. An operator's own settings go into `local.conf`, which is read last. A
//! follower that is away never fills the disk: what is kept for it has an end.

use std::fs;
use std::path::Path;

use super::account::Account;
use super::folder::Folder;
use super::programs::Programs;
use super::{ClusterError, ClusterOptions};

/// Only the socket, only with a SCRAM password.
const DOOR: &str = "# Written by Kumoi at every start.\nlocal all all scram-sha-256\n";

/// The settings that never change.
const FIXED: &str = "\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0777
password_encryption = scram-sha-256
wal_level = logical
max_wal_senders = 24
max_replication_slots = 24
max_slot_wal_keep_size = 4GB
max_worker_processes = 24
max_logical_replication_workers = 12
max_sync_workers_per_subscription = 2
wal_retrieve_retry_interval = 500ms
recovery_init_sync_method = syncfs
wal_compression = on
checkpoint_timeout = 15min
max_wal_size = 2GB
min_wal_size = 256MB
max_locks_per_transaction = 256
random_page_cost = 1.1
effective_cache_size = 1GB
jit = off
autovacuum_naptime = 2min
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
log_destination = 'stderr'
logging_collector = off
log_min_messages = log
log_min_error_statement = panic
log_min_duration_statement = -1
log_error_verbosity = terse
log_statement = none
log_duration = off
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_connections = off
log_disconnections = off
log_lock_waits = off
log_temp_files = -1
log_autovacuum_min_duration = -1
log_line_prefix = '%m [%p] '
";

/// What was in memory before a stop is read again in the background after the start.
const PREWARM: &str = "shared_preload_libraries = 'pg_prewarm'\n";

/// Without these a crash of the machine loses data: tests only.
const NOT_DURABLE: &str = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";

/// Writes both files. A running server sees them at its next start.
pub(super) fn write(
    folder: &Folder,
    account: &Account,
    options: &ClusterOptions,
    programs: &Programs,
    socket: &Path,
) -> Result<(), ClusterError> {
    let data = folder.data();
    for (name, text) in
        [("postgresql.conf", text(options, programs, socket)), ("pg_hba.conf", DOOR.to_owned())]
    {
        let path = data.join(name);
        if fs::read_to_string(&path).is_ok_and(|before| before == text) {
            continue;
        }
        fs::write(&path, text).map_err(|source| ClusterError::io("設定の書込み", &path, source))?;
        account.give(&path)?;
    }
    Ok(())
}

fn text(options: &ClusterOptions, programs: &Programs, socket: &Path) -> String {
    let socket = socket.display().to_string().replace('\'', "''");
    format!(
        "# Written by Kumoi at every start. Put your own settings into local.conf.\n{FIXED}\
         unix_socket_directories = '{socket}'\n\
         max_connections = {}\nshared_buffers = {}MB\n{}{}\
         include_if_exists = 'local.conf'\n",
        options.max_connections,
        options.shared_buffers_mib,
        if programs.has_library("pg_prewarm") { PREWARM } else { "" },
        if options.durable { "" } else { NOT_DURABLE },
    )
}
