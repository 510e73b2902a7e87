//! What can go wrong with the private cluster, in the words shown to the person who starts it.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the private PostgreSQL: what happened, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No server programs were found.
    #[error(
        "PostgreSQL（15以上）のサーバープログラムが見つかりません。探した場所: {searched}。\
         Debian・Ubuntu では「apt-get install postgresql」を実行するか、環境変数 KUMOI_PG_BIN に \
         initdb と postgres のあるフォルダを指定してください"
    )]
    NotInstalled {
        /// The folders that were searched.
        searched: String,
    },
    /// Only versions before 15 were found.
    #[error(
        "見つかった PostgreSQL は古すぎます（{found}）。15以上が必要です。apt.postgresql.org の\
         手順で新しい版を入れるか、環境変数 KUMOI_PG_BIN で場所を指定してください"
    )]
    TooOld {
        /// The versions that were found.
        found: String,
    },
    /// The data was made by a major version that is not installed.
    #[error(
        "データのフォルダ {path} は PostgreSQL {made_by} で作られましたが、この機械にあるのは {have} \
         です。postgresql-{made_by} を入れるか、pg_upgrade で移行してください。見本のデータを捨てて\
         よければ「--fresh」で作り直せます"
    )]
    OtherVersion {
        /// The data folder.
        path: PathBuf,
        /// The version that made it.
        made_by: u32,
        /// The versions at hand.
        have: String,
    },
    /// The folder holds something else.
    #[error(
        "{path} は空でなく、PostgreSQL のデータでもありません。中身を確かめ、別の場所へ移すか、\
         ほかのフォルダを指定してください"
    )]
    NotACluster {
        /// The folder in question.
        path: PathBuf,
    },
    /// The folder belongs to somebody else.
    #[error(
        "{path} の所有者は利用者番号 {owner} ですが、{expected} で動かそうとしています。\
         作ったときと同じ利用者で実行するか、ほかのフォルダを指定してください"
    )]
    NotOurs {
        /// The folder in question.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Who we are.
        expected: String,
    },
    /// A parent folder cannot be passed through by the server's user.
    #[error(
        "利用者 {user} がフォルダ {path} を通れないため、PostgreSQL を動かせません。\
         「chmod o+x {path}」を実行するか、/srv など誰でも通れる場所を指定してください"
    )]
    NotTraversable {
        /// The closed folder.
        path: PathBuf,
        /// The server's user.
        user: String,
    },
    /// We are root and have no user for the server.
    #[error(
        "root で動いていますが、PostgreSQL 用の利用者 postgres がいません。\
         「apt-get install postgresql」または「useradd --system postgres」を実行してください"
    )]
    NoServerUser,
    /// The disk is (nearly) full.
    #[error(
        "{path} の空き容量が足りません（残り {free_mib} MiB、必要 {need_mib} MiB 以上）。\
         不要なファイルを消すか、空きのある場所を指定してください"
    )]
    DiskFull {
        /// The folder in question.
        path: PathBuf,
        /// Free space in MiB.
        free_mib: u64,
        /// Space asked for in MiB.
        need_mib: u64,
    },
    /// `initdb` failed.
    #[error("PostgreSQL のデータを作れませんでした（initdb）: {text}")]
    Initialise {
        /// What the program said.
        text: String,
    },
    /// The server ended while starting.
    #[error("PostgreSQL が起動しませんでした。記録 {log} の終わり: {text}")]
    Start {
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        text: String,
    },
    /// The server does not answer in time.
    #[error("PostgreSQL が {seconds} 秒たっても応答しません。記録 {log} を確かめてください")]
    Silent {
        /// How long we waited.
        seconds: u64,
        /// The log file.
        log: PathBuf,
    },
    /// The server did not end.
    #[error("PostgreSQL（プロセス {pid}）が止まりません。「kill -QUIT {pid}」で止めてください")]
    StillRunning {
        /// The server's process id.
        pid: i32,
    },
    /// A password file is lost.
    #[error(
        "パスワードのファイル {path} がありません。控えから戻してください。\
         見本のデータを捨ててよければ「--fresh」で作り直せます"
    )]
    SecretMissing {
        /// The missing file.
        path: PathBuf,
    },
    /// The server refused us or a statement.
    #[error("PostgreSQL に接続して設定できませんでした: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// A file operation failed.
    #[error("{doing}に失敗しました（{path}）: {source}")]
    Io {
        /// What was being done, in Japanese.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ClusterError {
    /// A failed file operation.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> ClusterError {
        ClusterError::Io { doing, path: path.to_owned(), source }
    }
}
