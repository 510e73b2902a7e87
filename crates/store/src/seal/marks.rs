//! Marks that bound the search for rows that are not sealed yet, without ever skipping one.
//!
//! A row's number is taken before its transaction commits, so a lower number may appear late. A
//! transaction that holds a number holds the table's `ROW EXCLUSIVE` lock until it has ended. So:
//! note the highest number seen, then who holds that lock; once all those have ended, and a later
//! search has sealed what they left, no row up to that number can appear any more. Pure.

use super::Kind;

/// What one batch took of a table, in the order of the numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// The highest number taken.
    pub highest: Option<i64>,
    /// The batch was full: more rows may wait above the highest.
    pub full: bool,
    /// The highest number sealed so far, by this batch or an earlier one; 0 if none.
    pub top: i64,
}

/// The marks after a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Every row up to here is sealed and none can appear any more; by [`Kind`].
    pub floor: [i64; 3],
    /// The floor once all holders have ended.
    pub seen: [i64; 3],
    /// Transactions that may still bring a row up to `seen`.
    pub holders: Vec<String>,
}

impl Marks {
    /// The floor of a table.
    pub fn floor_of(&self, kind: Kind) -> i64 {
        self.floor[kind.place()]
    }

    /// True when the other marks bound the search in the same way.
    pub fn bound_alike(&self, other: &Marks) -> bool {
        self.floor == other.floor && self.seen == other.seen
    }

    /// The marks after a batch. `before` were the holders when its search began, `after` when it
    /// had ended.
    #[must_use]
    pub fn advance(&self, before: &[String], after: Vec<String>, taken: [Taken; 3]) -> Marks {
        let waiting: Vec<String> =
            self.holders.iter().filter(|holder| before.contains(holder)).cloned().collect();
        if !waiting.is_empty() {
            return Marks { holders: waiting, ..self.clone() };
        }
        let mut next = Marks { holders: after, ..self.clone() };
        for (place, taken) in taken.iter().enumerate() {
            let searched = match taken.highest {
                Some(highest) if taken.full => self.seen[place].min(highest),
                _ => self.seen[place],
            };
            next.floor[place] = self.floor[place].max(searched);
            next.seen[place] = self.seen[place].max(taken.top);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(holders: &[&str]) -> Vec<String> {
        holders.iter().map(|&holder| holder.to_owned()).collect()
    }

    fn took(highest: i64, full: bool) -> [Taken; 3] {
        let none = Taken::default();
        [Taken { highest: Some(highest), full, top: highest }, none, none]
    }

    #[test]
    fn the_floor_waits_for_every_holder() {
        let first = Marks::default().advance(&[], names(&["3/1", "4/9"]), took(10, false));
        assert_eq!((first.floor[0], first.seen[0]), (0, 10));
        let second = first.advance(&names(&["4/9", "5/5"]), names(&["5/5"]), took(20, false));
        assert_eq!((second.floor[0], second.seen[0]), (0, 10));
        assert_eq!(second.holders, names(&["4/9"]));
        let third = second.advance(&names(&["5/5"]), names(&["5/5"]), took(30, false));
        assert_eq!((third.floor[0], third.seen[0]), (10, 30));
        assert_eq!(third.holders, names(&["5/5"]));
        let none = Taken::default();
        let idle = [Taken { top: 40, ..none }, none, none];
        let fourth = third.advance(&[], vec![], idle);
        assert_eq!((fourth.floor[0], fourth.seen[0]), (30, 40));
        let fifth = fourth.advance(&[], vec![], idle);
        assert_eq!((fifth.floor[0], fifth.seen[0]), (40, 40));
        assert!(fifth.bound_alike(&fifth.advance(&[], names(&["9/9"]), idle)));
        assert!(!fifth.bound_alike(&fourth));
    }

    #[test]
    fn a_full_batch_vouches_only_for_what_it_took() {
        let marks = Marks { floor: [5, 0, 0], seen: [100, 0, 0], holders: vec![] };
        let next = marks.advance(&[], vec![], took(40, true));
        assert_eq!((next.floor[0], next.seen[0]), (40, 100));
        let next = marks.advance(&[], vec![], took(140, true));
        assert_eq!((next.floor[0], next.seen[0]), (100, 140));
    }
}
