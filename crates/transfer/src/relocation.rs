//! 引越し: an organisation from one cluster to another while it works, and back again.
//!
//! The other side is made ready, copies, follows; every row is compared; then, within a second or
//! so, the sides change places and the side that was left follows the new one. Every step is
//! journalled in the home's control database and looks first whether it is done: who was killed
//! goes on, and nothing that was committed is lost. Nobody writes on both sides.

mod places;
mod remaining;
mod switch;
mod verify;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::try_join_all;
use store::control::{
    Relocation, RelocationState, control_open, deletion_last, leaving_alone, relocation_begin,
    relocation_end, relocation_last, relocation_measured, relocation_step,
};
use store::organisation::Installer;
use store::relocation::{Seat, databases_of};
use store::{Connection, StoreError};

pub use self::places::PlaceFolder;
pub use self::remaining::Remaining;
use crate::TransferError;

/// How often it is looked how far a copy is.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether another mover has ended.
const TRIES: u32 = 300;

/// Where the zones find an organisation.
pub trait Places {
    /// From now on every new connection of the organisation goes to `host`; durable when it
    /// returns, and done once more changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    fn point(&self, organisation: &str, host: &str) -> io::Result<()>;

    /// Where its connections go now; `None` before it was ever pointed anywhere.
    ///
    /// # Errors
    /// When it cannot be read.
    fn leads(&self, organisation: &str) -> io::Result<Option<PathBuf>>;
}

/// Moves one organisation between two clusters.
pub struct Mover<'m> {
    /// The organisation.
    pub organisation: &'m str,
    /// The cluster it came from, with its name in the journal (its folder).
    pub source: (&'m str, Seat),
    /// The other cluster.
    pub target: (&'m str, Seat),
    /// The installer of the cluster with the control database.
    pub home: &'m Installer,
    /// Where the zones find it.
    pub places: &'m (dyn Places + Sync),
}

impl Mover<'_> {
    /// Moves it to the target, going on where an earlier run was broken off. The source follows
    /// afterwards, until [`Mover::finish`].
    ///
    /// # Errors
    /// [`TransferError::Refused`] with what to do; the organisation is then written where it was.
    pub async fn forth(&self) -> Result<Relocation, TransferError> {
        let mut control = self.begin().await?;
        if deletion_last(&control, self.organisation).await?.is_some() {
            return Err(TransferError::Refused(format!(
                "「{}」は消去のため凍結しているか、消去しました。引越しはできません",
                self.organisation
            )));
        }
        let open = self.open(&control).await?;
        if open.is_none() {
            let said =
                "引越しの前に、「kumoi vendor-change」の --finish か --back で終えてください";
            check_changes(&self.source.1, self.organisation, said).await?;
        }
        if open.is_none() && self.target.1.holds(self.organisation).await? {
            return Err(TransferError::Refused(format!(
                "移行先には「{}」がもうあります。団体の識別子と移行先を確かめてください",
                self.organisation
            )));
        }
        let ends = (self.source.0, self.target.0);
        let mut way = relocation_begin(&mut control, self.organisation, ends).await?;
        loop {
            match way.state {
                RelocationState::Receiving => self.receive(&control, &mut way).await?,
                RelocationState::Copying => self.copy(&control, &mut way).await?,
                RelocationState::Following => self.switch(&control, &mut way).await?,
                RelocationState::Switching => self.switch_on(&control, &mut way).await?,
                RelocationState::Switched => {
                    self.settle(&control, &mut way).await?;
                    if way.on_target {
                        break;
                    }
                    self.switch(&control, &mut way).await?;
                }
                RelocationState::Ended => break,
            }
        }
        Ok(way)
    }

    /// Moves it back to the source, with all that was written on the target meanwhile.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when nothing was moved.
    pub async fn back(&self) -> Result<Relocation, TransferError> {
        let control = self.begin().await?;
        let mut way = self.open_or_refuse(&control).await?;
        if way.state == RelocationState::Switching {
            self.switch_on(&control, &mut way).await?;
        }
        if way.on_target {
            // What a switch back would be judged by says nothing of the one before it.
            let known = std::mem::take(&mut way.returns);
            if !known {
                self.settle(&control, &mut way).await?;
            }
            self.switch(&control, &mut way).await?;
        }
        self.settle(&control, &mut way).await?;
        Ok(way)
    }

    /// Ends the way where it is: the side that only follows gives up its copy for good. After
    /// [`Mover::forth`] the move is final, after [`Mover::back`] or before a switch it is given up.
    ///
    /// # Errors
    /// [`TransferError::Refused`] in the middle of a switch, and after one that was not found to
    /// have every row on both sides.
    pub async fn finish(&self) -> Result<Relocation, TransferError> {
        let control = self.begin().await?;
        let mut way = self.open_or_refuse(&control).await?;
        if way.state == RelocationState::Switching {
            let help = "もう一度「kumoi move」を実行して切替を済ませてから、終えてください";
            return Err(TransferError::Refused(format!("切替の途中です。{help}")));
        }
        if self.ends_already(&way).await? {
            return self.end(&control, way).await;
        }
        self.settle(&control, &mut way).await?;
        if way.state == RelocationState::Switched && way.different != Some(0) {
            let count = way.different.unwrap_or_default();
            return Err(TransferError::Refused(format!(
                "切替の時点で {count} 行が違ったため、どちらの写しも消せません。                 もう一度「kumoi move」で移すか戻すかして、違う行がないことを確かめてください"
            )));
        }
        self.end(&control, way).await
    }

    /// Whether an earlier [`Mover::finish`] found every row and then was broken off: then nothing
    /// follows any more that could be compared.
    async fn ends_already(&self, way: &Relocation) -> Result<bool, TransferError> {
        let (_, other) = self.sides(way.on_target);
        if way.state == RelocationState::Switched && way.different != Some(0) {
            return Ok(false);
        }
        for database in databases_of(self.organisation) {
            if !other.holds(&database).await? || !other.follows(&database).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn end(
        &self,
        control: &Connection,
        mut way: Relocation,
    ) -> Result<Relocation, TransferError> {
        let (main, other) = self.sides(way.on_target);
        self.places.point(self.organisation, main.socket()).map_err(places_failed)?;
        for database in databases_of(self.organisation) {
            if other.holds(&database).await? {
                other.unsubscribe(&database).await?;
            }
        }
        for database in databases_of(self.organisation) {
            main.unsubscribe(&database).await?;
        }
        main.unpublish(self.organisation).await?;
        other.unfreeze(self.organisation).await?;
        other.unpublish(self.organisation).await?;
        other.remove(self.organisation).await?;
        main.unfreeze(self.organisation).await?;
        // Who ended it without the other side and was cut off may have left it so.
        main.read_only(self.organisation, false).await?;
        if way.state == RelocationState::Following {
            main.sessions_end(self.organisation, switch::PATIENCE).await?;
        }
        relocation_end(control, &mut way).await?;
        Ok(way)
    }

    /// The control database, alone with this organisation, once nothing of a mover that was cut off
    /// is at work any more.
    async fn begin(&self) -> Result<Connection, TransferError> {
        let control = alone(self.home, self.organisation).await?;
        self.source.1.remains_end(self.organisation).await?;
        self.target.1.remains_end(self.organisation).await?;
        Ok(control)
    }

    async fn open(&self, control: &Connection) -> Result<Option<Relocation>, TransferError> {
        let last = relocation_last(control, self.organisation).await?;
        Ok(last.filter(|way| way.state != RelocationState::Ended))
    }

    async fn open_or_refuse(&self, control: &Connection) -> Result<Relocation, TransferError> {
        self.open(control).await?.ok_or_else(|| {
            TransferError::Refused(format!("「{}」の引越しは始まっていません", self.organisation))
        })
    }

    /// The side that is written and the other.
    fn sides(&self, on_target: bool) -> (&Seat, &Seat) {
        match on_target {
            true => (&self.target.1, &self.source.1),
            false => (&self.source.1, &self.target.1),
        }
    }

    /// Databases and roles on the target; no installation from now on.
    async fn receive(
        &self,
        control: &Connection,
        way: &mut Relocation,
    ) -> Result<(), TransferError> {
        let (source, target) = (&self.source.1, &self.target.1);
        source.freeze(self.organisation).await?;
        target.receive(source, self.organisation).await?;
        let note = "移行先にデータベースと役割を作った";
        relocation_step(control, way, RelocationState::Copying, (false, note)).await?;
        Ok(())
    }

    /// The target copies and follows.
    async fn copy(&self, control: &Connection, way: &mut Relocation) -> Result<(), TransferError> {
        let (source, target) = (&self.source.1, &self.target.1);
        let door = source.publish(self.organisation).await?;
        let databases = databases_of(self.organisation);
        for database in &databases {
            if !target.follows(database).await? {
                target.unsubscribe(database).await?;
                target.empty(database).await?;
                source.slot_make(database).await?;
            }
            target.subscribe(&door, database, true).await?;
        }
        for database in &databases {
            while target.copies_left(database).await? > 0 {
                source.slots_check(&databases).await?;
                tokio::time::sleep(LOOK).await;
            }
        }
        try_join_all(databases.iter().map(|database| target.analyze(database))).await?;
        target.freeze(self.organisation).await?;
        let note = "移行先がすべての変更に追従している";
        relocation_step(control, way, RelocationState::Following, (false, note)).await?;
        Ok(())
    }

    /// After a switch, whoever made it: the zones are pointed there, nothing of the way before is
    /// left, every row has been compared. Where one differs, the switch is taken back and refused.
    async fn settle(
        &self,
        control: &Connection,
        way: &mut Relocation,
    ) -> Result<(), TransferError> {
        if way.state != RelocationState::Switched {
            return Ok(());
        }
        let (main, other) = self.sides(way.on_target);
        self.places.point(self.organisation, main.socket()).map_err(places_failed)?;
        other.sessions_end(self.organisation, Duration::ZERO).await?;
        other.slots_drop(self.organisation).await?;
        if way.different.is_none() {
            let compared = verify::live(self.organisation, main, other).await?;
            relocation_measured(control, way, None, Some(compared)).await?;
        }
        self.judge(control, way).await
    }
}

/// The control database, as long as which nobody else moves the organisation or takes it away.
pub(crate) async fn alone(
    home: &Installer,
    organisation: &str,
) -> Result<Connection, TransferError> {
    let control = control_open(home).await?;
    // A program that was cut off lets go as soon as its last statement ends.
    for _ in 0..TRIES {
        if leaving_alone(&control, organisation).await? {
            return Ok(control);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(TransferError::Refused(format!(
        "「{organisation}」の引越しか消去が、ほかで動いています。終わってから、もう一度実行してください"
    )))
}

/// No change of vendor is open: the package that was left waits in a schema that is in no shape.
pub(crate) async fn check_changes(
    seat: &Seat,
    organisation: &str,
    help: &str,
) -> Result<(), TransferError> {
    let open = seat.changes_open(organisation).await?;
    if open.is_empty() {
        return Ok(());
    }
    let names = open.join("、");
    Err(TransferError::Refused(format!("{names}の事業者の変更が終わっていません。{help}")))
}

fn places_failed(error: io::Error) -> TransferError {
    TransferError::Store(StoreError::Files(error))
}
