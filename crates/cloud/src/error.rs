//! What can go wrong when a contract is signed or opened.

use store::StoreError;

/// Errors of the cloud.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The organisation's data is there, but the keys that open it are not.
    #[error(
        "{0}のデータはありますが、鍵の控えがありません。var/secrets/organisations の控えを戻すか、\
         消してよければ bin/up --fresh で作り直してください"
    )]
    KeysLost(String),
    /// The keys of an organisation cannot be kept or read.
    #[error("{name}の鍵の控えを扱えません")]
    Keys {
        /// The organisation's name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The texts of an installed version were never kept: nothing can be compared with it.
    #[error(
        "{organisation}に入っている{system}の版{version}は、版の控えを残さないころの雲居で\
         入れられたため、更新も使用もできません。消してよければ bin/up --fresh で作り直してください"
    )]
    VersionLost {
        /// The organisation's name.
        organisation: String,
        /// The system's name.
        system: String,
        /// Its installed version.
        version: String,
    },
    /// The texts of the guardrails are broken.
    #[error("守りごとを読めません。{0}")]
    Guardrail(String),
    /// The plane cannot do what was asked: what and why.
    #[error("{0}")]
    Plane(String),
    /// A blueprint was made on a state that is no more: what changed meanwhile.
    #[error(
        "青写真が世代 {base} の台帳から作られたあと、台帳が変わりました（いまは世代 {now}）。\
         その間に変わったもの: {changed}。いまの台帳から青写真を作り直してください"
    )]
    Stale {
        /// The generation it was made on.
        base: i64,
        /// The generation of now.
        now: i64,
        /// What changed, for people.
        changed: String,
    },
    /// A bill cannot be taken as it is: where and why.
    #[error("{0}")]
    Bill(crate::cost::bill::Fault),
    /// A step with costs is refused: why, and what to do.
    #[error("{0}")]
    Cost(String),
    /// Where mail is to go cannot be: why.
    #[error("{0}")]
    Mail(String),
    /// A package cannot be judged now, through no fault of its own: why.
    #[error("{0}")]
    Judging(String),
    /// A raw file of a bill cannot be written.
    #[error("明細の列指向ファイルを書けません（{0}）")]
    Columnar(parquet::errors::ParquetError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
