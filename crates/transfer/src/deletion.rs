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
use store::Connection;
use store::control::{
    Deletion, DeletionState, LastExport, RelocationState, contracts_end, deletion_begin,
    deletion_export, deletion_last, deletion_note, deletion_record, deletion_step, relocation_last,
    training_of,
};
use store::copybook::{TRAININGS, copy_list};
use store::organisation::{Installer, Organisation};
use store::relocation::{Seat, databases_of};
use store::seal::{SealKey, seal_all};

use crate::TransferError;
use crate::error::at;
use crate::relocation::{alone, check_changes};
use crate::whole::{WholeManifest, whole_verify};

/// How long what is at work may take when everything is frozen.
const PATIENCE: Duration = Duration::from_secs(2);

/// What to do where a change of vendor is open: the export would lack the tables that were left.
const CHANGES: &str =
    "「kumoi vendor-change」の --finish か --back で終えてから、もう一度実行してください";

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
    /// From now on nothing of the organisation can be written; what was written last is sealed with
    /// the log's key.
    ///
    /// # Errors
    /// [`TransferError::Refused`] while it moves, or while applications of residents wait to be
    /// fetched: it is then written as before; [`TransferError::Store`] when one person is both.
    pub async fn freeze(
        &self,
        people: (&str, &str),
        key: &SealKey,
    ) -> Result<Deletion, TransferError> {
        let control = alone(self.home, &self.organisation.id).await?;
        let (id, seat) = (&self.organisation.id, self.now()?);
        self.check_still(&control).await?;
        if deletion_last(&control, id).await?.is_none() {
            check_changes(seat, id, CHANGES).await?;
            check_fetched(seat, id).await?;
        }
        let mut deletion = deletion_begin(&control, id, people).await?;
        if !matches!(deletion.state, DeletionState::Frozen | DeletionState::Exported) {
            return Ok(deletion);
        }
        seat.read_only(id, true).await?;
        seat.sessions_end(id, PATIENCE).await?;
        // One may have come in until now.
        if let Err(error) = check_fetched(seat, id).await {
            seat.read_only(id, false).await?;
            let note = "住民の申請が届いたため";
            deletion_step(&control, &mut deletion, DeletionState::Cancelled, note).await?;
            return Err(error);
        }
        seal_all(&seat.database(id)?, key).await?;
        Ok(deletion)
    }

    /// Takes a freeze back: it is written again. `by` and why stand in the record.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when nothing was frozen, or something is gone already.
    pub async fn cancel(&self, (by, why): (&str, &str)) -> Result<Deletion, TransferError> {
        let control = alone(self.home, &self.organisation.id).await?;
        let mut deletion = self.begun(deletion_last(&control, &self.organisation.id).await?)?;
        if !matches!(deletion.state, DeletionState::Frozen | DeletionState::Exported) {
            return Err(TransferError::Refused(format!(
                "「{}」は消し始めているため、取り消せません",
                self.organisation.id
            )));
        }
        let (id, seat) = (&self.organisation.id, self.now()?);
        seat.read_only(id, false).await?;
        // Sessions that began meanwhile can only read.
        seat.sessions_end(id, PATIENCE).await?;
        let note = format!("{by}: {why}");
        deletion_step(&control, &mut deletion, DeletionState::Cancelled, &note).await?;
        Ok(deletion)
    }

    /// Checks and records the export that was taken after the freeze.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when it was taken before it, something in it is wrong, or rows of
    /// it are not sealed.
    pub async fn exported(&self, folder: &Path) -> Result<Deletion, TransferError> {
        let control = alone(self.home, &self.organisation.id).await?;
        let mut deletion = self.begun(deletion_last(&control, &self.organisation.id).await?)?;
        let (manifest, report) = (WholeManifest::read(folder)?, whole_verify(folder)?);
        let refuse = |what: &str| {
            Err(TransferError::Refused(format!("この書き出しは{what}。もう一度書き出してください")))
        };
        if manifest.organisation.id != self.organisation.id {
            return refuse("ほかの団体のものです");
        }
        if manifest.exported_at < deletion.begun_at {
            return refuse("、凍結する前のものです");
        }
        if !report.wrong.is_empty() {
            return refuse("書き換えられています");
        }
        if report.unsealed > 0 {
            return refuse("、封印されていない異動・監査を含みます");
        }
        let export = LastExport { name: report.name, last: manifest.last };
        deletion_export(&control, &mut deletion, &export).await?;
        Ok(deletion)
    }

    /// Takes everything away: databases and roles, then, once that was looked at and signed, the
    /// files with its keys; the one that the command is given with comes last. `name` is the digest
    /// of the last export's manifest, `key` the log's. Broken off, it goes on when called again.
    ///
    /// # Errors
    /// [`TransferError::Refused`] without the last export, when something was written after it, or
    /// when something was still there.
    pub async fn delete(
        &self,
        (name, key): (&str, &SealKey),
        keys: &[PathBuf],
    ) -> Result<(Deletion, String), TransferError> {
        let id = &self.organisation.id;
        let control = alone(self.home, id).await?;
        let mut deletion = self.begun(deletion_last(&control, id).await?)?;
        if deletion.state == DeletionState::Frozen || deletion.export.as_deref() != Some(name) {
            return Err(TransferError::Refused(format!(
                "「{id}」の最後の書き出しと違います。最後の書き出しの要約値を指定してください"
            )));
        }
        self.check_still(&control).await?;
        if deletion.state == DeletionState::Exported {
            self.check_last(&deletion).await?;
            deletion_step(&control, &mut deletion, DeletionState::Erasing, name).await?;
        }
        if deletion.state == DeletionState::Erasing {
            self.erase().await?;
            self.training_end(&control).await?;
            contracts_end(&control, id).await?;
            let note = key.sign_text(&self.record(&deletion, keys))?;
            deletion_record(&control, &deletion, &note).await?;
            let note = "データベース・役割・複製の口がない";
            deletion_step(&control, &mut deletion, DeletionState::Checked, note).await?;
        }
        // Written before the last one goes: without that file the command is not given again.
        let (last, others) = keys.split_last().map_or((None, keys), |(it, them)| (Some(it), them));
        for path in others {
            remove(path)?;
        }
        if deletion.state == DeletionState::Checked {
            let note = "鍵を消した";
            deletion_step(&control, &mut deletion, DeletionState::Done, note).await?;
        }
        last.map_or(Ok(()), |path| remove(path))?;
        let note = deletion_note(&control, &deletion).await?.unwrap_or_default();
        Ok((deletion, note))
    }

    /// The cluster it is on now.
    fn now(&self) -> Result<&Seat, TransferError> {
        self.seats.first().ok_or_else(|| {
            let id = &self.organisation.id;
            TransferError::Refused(format!("「{id}」のあるクラスターが分かりません"))
        })
    }

    /// Nothing on its way to elsewhere.
    async fn check_still(&self, control: &Connection) -> Result<(), TransferError> {
        let id = &self.organisation.id;
        let way = relocation_last(control, id).await?;
        if way.is_some_and(|way| way.state != RelocationState::Ended) {
            let help = "先に kumoi move の --finish か --give-up で終えてください";
            return Err(TransferError::Refused(format!("「{id}」は引越しの途中です。{help}")));
        }
        Ok(())
    }

    /// What is there is what was taken along: nothing can be written, and nothing was.
    async fn check_last(&self, deletion: &Deletion) -> Result<(), TransferError> {
        let (id, seat) = (&self.organisation.id, self.now()?);
        if !seat.holds(id).await? {
            let place = seat.socket();
            return Err(TransferError::Refused(format!(
                "「{id}」は {place} にありません。どこにあるかを確かめてください。何も消していません"
            )));
        }
        seat.read_only(id, true).await?;
        seat.sessions_end(id, PATIENCE).await?;
        check_changes(seat, id, CHANGES).await?;
        check_fetched(seat, id).await?;
        if deletion.last != Some(seat.last_written(id).await?) {
            return Err(TransferError::Refused(format!(
                "最後の書き出しの後に「{id}」に書かれたものがあります。何も消していません。\
                 もう一度 kumoi export --final を実行してください"
            )));
        }
        Ok(())
    }

    /// Its training copy goes with it, if there ever was one. That this was asked for stands in the
    /// books since its state is 消去中, so that the executor looks once more.
    async fn training_end(&self, control: &Connection) -> Result<(), TransferError> {
        let all = copy_list(control, &TRAININGS).await?;
        if all.iter().any(|one| one.of == self.organisation.id) {
            self.home.copy_close(&training_of(self.organisation)?).await?;
        }
        Ok(())
    }

    async fn erase(&self) -> Result<(), TransferError> {
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
        Ok(())
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

/// No application of a resident waits: it would be lost unread.
async fn check_fetched(seat: &Seat, id: &str) -> Result<(), TransferError> {
    match seat.front_waiting(id).await? {
        0 => Ok(()),
        waiting => Err(TransferError::Refused(format!(
            "「{id}」には、まだ受け取っていない住民の申請が {waiting} 件あります。窓口を動かして\
             受け取ってから、もう一度実行してください"
        ))),
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
