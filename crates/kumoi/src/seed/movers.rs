//! People whom two sample organisations know: households that moved from the city to the village,
//! removed there and current here, under the same names and numbers. Without them no inquiry
//! between the samples would find anybody.

use base::date::Date;
use population::{Arrival, Household, Origin, Population, Reason, State};

use super::population;
use crate::sample::{DAY, Sample, samples};

/// From where to where, by kind of the sample.
const FROM: &str = "city";
const TO: &str = "village";
/// How many households moved, and every which household of the village is one of them.
const HOUSEHOLDS: u32 = 12;
const EVERY: u32 = 17;
/// Where the search in the city begins for each.
const STRIDE: u32 = 1_000;
/// The day of the move.
const MOVED: Date = Date::constant(2026, 3, 20);

/// Where a household moved: its place in the city's population and in the village's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    from: u32,
    to: u32,
}

/// Which households of an organisation are movers.
pub(super) struct Movers {
    moves: Vec<Move>,
    /// The population at the other end.
    other: Option<Population>,
    leaves: bool,
}

impl Movers {
    /// Those of a sample organisation; none where it is neither the city nor the village.
    pub(super) fn of(sample: &Sample) -> Movers {
        let kind = sample.source.kind;
        let end = |kind: &str| samples(Some(kind)).first().map(population);
        let none = Movers { moves: Vec::new(), other: None, leaves: false };
        if kind != FROM && kind != TO {
            return none;
        }
        let (Some(city), Some(village)) = (end(FROM), end(TO)) else { return none };
        let moves = moves(&city, &village);
        let leaves = kind == FROM;
        Movers { moves, other: Some(if leaves { village } else { city }), leaves }
    }

    /// A household of `own`, as it stands there after the moves.
    pub(super) fn household(&self, own: &Population, index: u32) -> Household {
        let here = |one: &&Move| if self.leaves { one.from == index } else { one.to == index };
        let found = self.moves.iter().find(here).zip(self.other.as_ref());
        let Some((moved, other)) = found else { return own.household(index) };
        if self.leaves {
            let gone = State::MovedOut(MOVED, Origin::Sample(other.address(moved.to)));
            let mut household = own.household(index);
            household.members.iter_mut().for_each(|one| one.state = gone);
            return household;
        }
        let from = Some(Origin::Sample(other.address(moved.from)));
        let arrival = Arrival { on: MOVED, reason: Reason::MovedIn, from };
        let mut household = other.household(moved.from);
        (household.index, household.address) = (index, own.address(index));
        for one in &mut household.members {
            (one.arrival, one.address_since) = (arrival, MOVED);
        }
        household
    }
}

/// Households of the same size, whose members all lived in the city before.
fn moves(city: &Population, village: &Population) -> Vec<Move> {
    let mut moves = Vec::new();
    for number in 1..=HOUSEHOLDS {
        let to = number * EVERY;
        if to + 1 >= village.households() {
            break;
        }
        let begin = number * STRIDE;
        let fits = |from: &u32| {
            let size = city.size(*from) == village.size(to);
            size && plain(&city.household(*from)) && plain(&village.household(to))
        };
        if let Some(from) = (begin..city.households().min(begin + STRIDE)).find(fits) {
            moves.push(Move { from, to });
        }
    }
    moves
}

/// Nobody in it is protected, gone, foreign or lately come: a move says nothing else of them.
fn plain(household: &Household) -> bool {
    household.members.iter().all(|one| {
        let settled = one.arrival.on < MOVED && one.address_since < MOVED;
        let certain = one.birth.day() < MOVED && one.foreign.is_none() && !one.protected;
        settled && certain && matches!(one.state, State::Living) && one.birth.day() < DAY
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_know_the_same_people() {
        let [city, village] = [FROM, TO].map(|kind| samples(Some(kind)).remove(0));
        let (leaves, comes) = (Movers::of(&city), Movers::of(&village));
        assert_eq!(leaves.moves, comes.moves);
        assert!(leaves.moves.len() >= 8, "{}", leaves.moves.len());
        let (city, village) = (population(&city), population(&village));
        for one in &leaves.moves {
            let (there, here) =
                (leaves.household(&city, one.from), comes.household(&village, one.to));
            assert_eq!(there.members.len(), here.members.len());
            assert_eq!(here.members.len() as u32, village.size(one.to));
            for (there, here) in there.members.iter().zip(&here.members) {
                assert_eq!(there.individual_number, here.individual_number);
                assert_eq!(there.name, here.name);
                assert!(matches!(there.state, State::MovedOut(MOVED, Origin::Sample(_))));
                assert!(matches!(here.state, State::Living));
                assert!(matches!(here.arrival.from, Some(Origin::Sample(_))));
            }
        }
    }
}
