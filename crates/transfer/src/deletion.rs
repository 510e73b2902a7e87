//! 消去: an organisation that has left is taken away for good, and that is proven: what, when, by
//! whom, which export it took along, and what was looked for afterwards and not found.
//!
//! Two people answer for it. The record is signed with the organisation's own log key, whose public
//! half is in its export, just before that key is destroyed. Storage below the files (blocks of a
//! disk, copies taken before) is beyond what a program can prove, and the record says so.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use store::control::{
    Deletion, DeletionState, RelocationState, contracts_end, control_open, deletion_begin,
    deletion_last, deletion_record, deletion_step, relocation_last,
};
use store::organisation::{Installer, Organisation};
use store::relocation::{Seat, databases_of};
use store::seal::SealKey;

use crate::TransferError;
use crate::error::at;

/// How long what is at work may take when everything is frozen.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes one organisation away.
pub struct Deleter<'d> {
    /// Who.
    pub organisation: &'d Organisation,
    /// Every cluster it was on, the one it is on now first.
    pub seats: &'d [Seat],
    /// The installer of the cluster with the control database.
    pub home: &'d Installer,
}

impl Deleter<'_> {
    /// From now on nothing of the organisation can be written.
    ///
    /// # Errors
    /// [`TransferError::Refused`] while it moves; [`TransferError::Store`] when one person is both.
    pub async fn freeze(&self, people: (&str, &str)) -> Result<Deletion, TransferError> {
        let control = control_open(self.home).await?;
        let id = &self.organisation.id;
        let way = relocation_last(&control, id).await?;
        if way.is_some_and(|way| way.state != RelocationState::Ended) {
            let help = "先に kumoi move の --finish か --give-up で終えてください";
            return Err(TransferError::Refused(format!("「{id}」は引越しの途中です。{help}")));
        }
        let deletion = deletion_begin(&control, id, people).await?;
        if deletion.state == DeletionState::Frozen
            && let Some(seat) = self.seats.first()
        {
            seat.read_only(id, true).await?;
            seat.sessions_end(id, PATIENCE).await?;
        }
        Ok(deletion)
    }

    /// Records the export that was taken after the freeze.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when it was taken before it.
    pub async fn exported(
        &self,
        (name, taken_at): (&str, Timestamp),
    ) -> Result<Deletion, TransferError> {
        let control = control_open(self.home).await?;
        let mut deletion = self.begun(deletion_last(&control, &self.organisation.id).await?)?;
        if taken_at < deletion.begun_at {
            return Err(TransferError::Refused(
                "この書き出しは、凍結する前のものです。もう一度書き出してください".to_owned(),
            ));
        }
        deletion_step(&control, &mut deletion, DeletionState::Exported, Some(name)).await?;
        Ok(deletion)
    }

    /// Takes everything away: databases and roles, then, once that was looked at and signed, the
    /// files with its keys. `name` is the digest of the last export's manifest, `key` the log's.
    /// Broken off, it goes on when it is called again.
    ///
    /// # Errors
    /// [`TransferError::Refused`] without the last export, or when something was still there.
    pub async fn delete(
        &self,
        (name, key): (&str, &SealKey),
        keys: &[PathBuf],
    ) -> Result<(Deletion, String), TransferError> {
        let control = control_open(self.home).await?;
        let mut deletion = self.begun(deletion_last(&control, &self.organisation.id).await?)?;
        if deletion.state == DeletionState::Frozen || deletion.export.as_deref() != Some(name) {
            return Err(TransferError::Refused(format!(
                "「{}」の最後の書き出しと違います。最後の書き出しの要約値を指定してください",
                self.organisation.id
            )));
        }
        for seat in self.seats {
            seat.erase(&self.organisation.id).await?;
        }
        for seat in self.seats {
            let traces = seat.traces(&self.organisation.id).await?;
            if !traces.is_empty() {
                let what = traces.join("、");
                let help = "使っているものを止めて、もう一度実行してください";
                return Err(TransferError::Refused(format!("まだ残っています: {what}。{help}")));
            }
        }
        contracts_end(&control, &self.organisation.id).await?;
        let note = key.sign_text(&self.record(&deletion, keys))?;
        deletion_record(&control, &deletion, &note).await?;
        deletion_step(&control, &mut deletion, DeletionState::Checked, None).await?;
        for path in keys {
            remove(path)?;
        }
        deletion_step(&control, &mut deletion, DeletionState::Done, None).await?;
        Ok((deletion, note))
    }

    fn begun(&self, deletion: Option<Deletion>) -> Result<Deletion, TransferError> {
        deletion.ok_or_else(|| {
            let id = &self.organisation.id;
            TransferError::Refused(format!(
                "「{id}」は凍結していません。先に kumoi export --final を実行してください"
            ))
        })
    }

    /// What is signed: every fact a line of its own in JSON.
    fn record(&self, deletion: &Deletion, keys: &[PathBuf]) -> String {
        let files: Vec<String> = keys.iter().map(|path| path.display().to_string()).collect();
        let record = json!({
            "what": "団体の消去",
            "organisation": self.organisation,
            "requested_by": deletion.requested_by,
            "approved_by": deletion.approved_by,
            "frozen_at": deletion.begun_at.to_string(),
            "deleted_at": Timestamp::now().to_string(),
            "export_manifest_sha256": deletion.export,
            "databases_gone": databases_of(&self.organisation.id),
            "checked_on": self.seats.iter().map(Seat::socket).collect::<Vec<_>>(),
            "checked": "データベース・役割・複製の口が残っていないこと",
            "key_files_to_be_destroyed": files,
            "not_proven": "記憶装置の下の層と、それまでに取られた控え",
        });
        let mut text = serde_json::to_string_pretty(&record).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Removes a file, durably; one that is gone is gone.
fn remove(path: &Path) -> Result<(), TransferError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(path)(error)),
        _ => {}
    }
    let Some(folder) = path.parent().filter(|folder| folder.is_dir()) else { return Ok(()) };
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(path))
}
