//! The end of a way whose other side is lost for good: what is left is opened again by itself,
//! once it is sure that nobody was let to the side that is gone. Asks that side for nothing.

use std::path::Path;
use std::time::Duration;

use store::control::{
    Relocation, RelocationState, relocation_end, relocation_last, relocation_step,
};
use store::organisation::Installer;
use store::relocation::{Seat, databases_of};

use super::{Places, alone, places_failed};
use crate::TransferError;

/// How long transactions at work may take that can only read.
const PATIENCE: Duration = Duration::from_millis(300);

/// The side that is left of a way between two clusters.
pub struct Remaining<'r> {
    /// The organisation.
    pub organisation: &'r str,
    /// The cluster that is there, with its name in the journal (its folder).
    pub here: (&'r str, Seat),
    /// The installer of the cluster with the control database.
    pub home: &'r Installer,
    /// Where the zones find it.
    pub places: &'r (dyn Places + Sync),
}

impl Remaining<'_> {
    /// Ends the way here without the other side: written again, and nothing is kept for a follower.
    /// A copy that is found on the other side later is of no use and must not be used.
    ///
    /// # Errors
    /// [`TransferError::Refused`] when it is written on the side that is gone, or may have been.
    pub async fn end(&self) -> Result<Relocation, TransferError> {
        let (name, here) = (self.organisation, &self.here.1);
        let control = alone(self.home, name).await?;
        here.remains_end(name).await?;
        let last = relocation_last(&control, name).await?;
        let open = last.filter(|way| way.state != RelocationState::Ended);
        let mut way = open.ok_or_else(|| {
            TransferError::Refused(format!("「{name}」の引越しは始まっていません"))
        })?;
        self.check(&way)?;
        // First of all no switch any more: if the other side comes back after all, whoever goes on
        // compares every row before anything.
        let before = match (way.state, way.on_target) {
            (RelocationState::Switching, true) => RelocationState::Switched,
            (RelocationState::Switching, false) => RelocationState::Following,
            (state, _) => state,
        };
        let note = "もう一方のクラスターが失われたため、これ以上切り替えずに終える";
        let on_target = way.on_target;
        relocation_step(&control, &mut way, before, (on_target, note)).await?;
        here.read_only(name, false).await?;
        // Who came while it could only be read does not know that it is written again.
        here.sessions_end(name, PATIENCE).await?;
        for database in databases_of(name) {
            here.unsubscribe(&database).await?;
        }
        here.unpublish(name).await?;
        here.unfreeze(name).await?;
        relocation_end(&control, &mut way).await?;
        Ok(way)
    }

    /// Nobody wrote on the other side since the journal last said where it is written: the zones
    /// are pointed elsewhere only after the journal has said so.
    fn check(&self, way: &Relocation) -> Result<(), TransferError> {
        let name = self.organisation;
        if way.now() != self.here.0 {
            return Err(TransferError::Refused(format!(
                "「{name}」は、失われた {} で書かれていました。控えから戻してください。ここで開くと、\
                 切替の後に書かれたものが失われます",
                way.now()
            )));
        }
        let leads = self.places.leads(name).map_err(places_failed)?;
        let is_here = leads.as_deref() == Some(Path::new(self.here.1.socket()));
        // After a switch the zones are pointed here by whoever goes on; before one they never left.
        if way.state == RelocationState::Switching && !is_here {
            return Err(TransferError::Refused(format!(
                "「{name}」の行き先が {} を向いていません。もう一方で書かれたかもしれないため、終えられません。\
                 行き先のリンクと記録（control.relocation_act）を調べてください",
                self.here.0
            )));
        }
        self.places.point(name, self.here.1.socket()).map_err(places_failed)
    }
}
