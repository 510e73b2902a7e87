//! The exchange between authorities (公共サービスメッシュ): messages with proof, the statutory table,
//! the directory, linkage codes. Everything but [`net`] is pure; no intermediate server, no copy.
//!
//! A node hosts members. What a member asks or answers is signed by it, decided at the owner of the
//! fact, and on its disk before the answer goes out. A node never holds an individual number.

pub mod directory;
pub mod evidence;
pub mod inquiry;
pub mod key;
pub mod linkage;
pub mod message;
pub mod net;
pub mod statute;

use thiserror::Error;

/// What can go wrong, by what the caller can do.
#[derive(Debug, Error)]
pub enum MeshError {
    /// A key is missing, of another form or unusable.
    #[error("鍵が使えません（{0}）")]
    Key(&'static str),
    /// The directory cannot be believed.
    #[error("名簿が使えません（{0}）")]
    Directory(&'static str),
    /// The other member, or its node, cannot be reached; trying again may help.
    #[error("{0}に届きません（{1}）")]
    Unreachable(String, String),
    /// What came is not a message as the protocol has it.
    #[error("規約に合わない電文です（{0}）")]
    Message(String),
    /// The set-up of a node is wrong.
    #[error("ノードの設定（{0}）")]
    Setting(String),
    /// The office refused it: who asks, the purpose, the record.
    #[error(transparent)]
    Office(#[from] office::OfficeError),
    /// The member's database.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
