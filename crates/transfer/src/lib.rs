//! Moving data in, out and between systems: registers as CSV by the standard's groups, back again,
//! and the proof that nothing differs.
//!
//! What is written out holds secrets in plain text (個人番号 among them): folders are made for their
//! owner alone, and where they lie afterwards is for the caller to make safe. Nothing here logs a
//! value of a row, and an import stays whole or not at all.

mod cell;
mod compare;
mod csv;
mod deletion;
mod error;
mod export;
mod file;
mod import;
mod layout;
mod manifest;
mod relocation;
mod round_trip;
pub mod trial;
mod vendor;
mod whole;

pub use compare::{Compared, Comparison, Difference, compare};
pub use csv::BadCsv;
pub use deletion::Deleter;
pub use error::TransferError;
pub use export::export;
pub use import::{Imported, import};
pub use layout::Layout;
pub use manifest::{Column, FileEntry, MANIFEST, Manifest};
pub use relocation::{Mover, PlaceFolder, Places, Remaining};
pub use round_trip::{RoundTrip, round_trip};

pub use vendor::{
    ANNEX, ANNEX_MANIFEST, ChangeInService, ChangeReport, Changed, ItemHome, Mapping, RegisterHome,
    TIMERS, vendor_change_back, vendor_change_finish, vendor_change_in_service, vendor_open_work,
    vendor_rehearse,
};
pub use whole::{WHOLE_MANIFEST, Whole, WholeManifest, WholeReport, whole_verify};

use store::Connection;
use store::vault::Vault;

/// One database as somebody reaches it: a connection and the keys of its organisation.
pub struct Side<'s> {
    /// The connection; to be written to, it must be the installer's.
    pub client: &'s mut Connection,
    /// The organisation's keys.
    pub vault: &'s Vault,
}

impl Side<'_> {
    /// The same side for a shorter time.
    pub fn again(&mut self) -> Side<'_> {
        Side { client: self.client, vault: self.vault }
    }
}
