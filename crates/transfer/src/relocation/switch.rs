//! The switch: the moment in which nothing can be written, and after which the sides have changed
//! places. All that takes long is done before it or after it.

use std::time::{Duration, Instant};

use futures_util::future::{try_join, try_join_all};
use store::Connection;
use store::control::{Relocation, RelocationState, relocation_measured, relocation_step};
use store::relocation::{Seat, Still, databases_of, watch};

use super::verify::{self, Pair};
use super::{Mover, places_failed};
use crate::TransferError;

/// How long transactions at work may take when the switch comes.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);
/// How long who still writes may keep the tables from being held still.
const HOLD: Duration = Duration::from_secs(2);
/// How long the other side may take for the last changes before the switch is called off.
const CATCH_UP: Duration = Duration::from_secs(4);

impl Mover<'_> {
    /// Compares every row, then switches; where a row differs nothing is switched. What differs at
    /// the very moment of the switch is for [`Mover::judge`].
    pub(super) async fn switch(
        &self,
        control: &Connection,
        way: &mut Relocation,
    ) -> Result<(), TransferError> {
        let (main, other) = self.sides(way.on_target);
        let (rows, different) = verify::live(self.organisation, main, other).await?;
        if different > 0 {
            let help = match way.on_target {
                false => "「--give-up」で取り止めてから、やり直してください",
                true => "移行元の写しを調べ、違う行をなくしてから、やり直してください",
            };
            return Err(TransferError::Refused(format!(
                "{rows} 行のうち {different} 行が両側で違います。切り替えていません。{help}"
            )));
        }
        way.returns = false;
        self.switch_on(control, way).await
    }

    /// Takes a switch back after which rows differ: the side that was left has them all. It is
    /// journalled as a return, so that whoever goes on with it does not judge it again.
    pub(super) async fn judge(
        &self,
        control: &Connection,
        way: &mut Relocation,
    ) -> Result<(), TransferError> {
        if !way.returns {
            if way.different.is_none_or(|count| count == 0) {
                return Ok(());
            }
            way.returns = true;
            self.switch_on(control, way).await?;
        }
        if way.on_target {
            return Err(TransferError::Refused(
                "切替の時点で違う行があったため、移行先に戻しました。移行元の写しを調べ、\
                 違う行をなくしてから、「--back」をやり直してください"
                    .to_owned(),
            ));
        }
        // It is written where it came from, and the other side is a copy like before any switch.
        way.returns = false;
        let note = "違う行があったため移行元に戻した";
        relocation_step(control, way, RelocationState::Following, (false, note)).await?;
        Err(TransferError::Refused(
            "切替の時点で違う行があったため、移行元に戻しました。\
             「--give-up」で取り止めてから、やり直してください"
                .to_owned(),
        ))
    }

    /// The switch away from where it is written, or what is left of one that was broken off.
    pub(super) async fn switch_on(
        &self,
        control: &Connection,
        way: &mut Relocation,
    ) -> Result<(), TransferError> {
        let (from, to) = self.sides(way.on_target);
        let (name, databases) = (self.organisation, databases_of(self.organisation));
        let door = to.publish(name).await?;
        for database in &databases {
            if to.follows(database).await? {
                to.slot_make(database).await?;
            }
        }
        let watched = databases.iter().map(|it| try_join(watch(from, it), watch(to, it)));
        let watched = try_join_all(watched).await?;
        let on_target = way.on_target;
        let note = "書込みを止めて切り替える";
        relocation_step(control, way, RelocationState::Switching, (on_target, note)).await?;
        let begun = Instant::now();
        from.read_only(name, true).await?;
        from.sessions_end(name, PATIENCE).await?;
        let carried = self.carry(from, to, &databases).await;
        let still = match carried {
            Ok(still) => still,
            Err(error) => {
                // Nothing was switched: it is written again where it was.
                from.read_only(name, false).await?;
                // Who signed in meanwhile does not know that it is written again.
                from.sessions_end(name, PATIENCE).await?;
                way.returns = false;
                let note = "切替を取り止めた";
                let before = match on_target {
                    true => RelocationState::Switched,
                    false => RelocationState::Following,
                };
                relocation_step(control, way, before, (on_target, note)).await?;
                return Err(error);
            }
        };
        let sides = watched.into_iter().map(|(one, other)| try_join(one.moment(), other.moment()));
        let pairs: Vec<Pair> = try_join_all(sides).await?;
        try_join_all(databases.iter().map(|it| to.unsubscribe(it))).await?;
        try_join_all(databases.iter().map(|it| from.subscribe(&door, it, false))).await?;
        to.read_only(name, false).await?;
        let note = "切り替えた";
        relocation_step(control, way, RelocationState::Switched, (!on_target, note)).await?;
        self.places.point(name, to.socket()).map_err(places_failed)?;
        // Who came in the meantime came to the side that is left.
        from.sessions_end(name, Duration::ZERO).await?;
        try_join_all(still.into_iter().map(Still::release)).await?;
        let held = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        from.slots_drop(name).await?;
        let compared = verify::at_rest(&pairs).await?;
        relocation_measured(control, way, Some(held), Some(compared)).await?;
        Ok(())
    }

    /// Everything that was written, and every number that was given, is on the other side; nothing
    /// more is written as long as what is returned lives.
    async fn carry(
        &self,
        from: &Seat,
        to: &Seat,
        databases: &[String],
    ) -> Result<Vec<Still>, TransferError> {
        let still = try_join_all(databases.iter().map(|it| from.still(it, HOLD))).await?;
        let mut following = Vec::new();
        for database in databases {
            // One that follows no more has had everything: that is when it was let go.
            if to.follows(database).await? {
                following.push(database);
            }
        }
        let written = following.iter().map(async |it| {
            let upto = from.written(it).await?;
            Ok::<_, TransferError>(((*it).clone(), upto))
        });
        let written = try_join_all(written).await?;
        verify::taken(from, &written, CATCH_UP).await?;
        try_join_all(following.iter().map(|it| to.sequences_take(from, it))).await?;
        try_join_all(following.iter().map(|it| to.slot_advance(it))).await?;
        Ok(still)
    }
}
