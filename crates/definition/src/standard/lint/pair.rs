//! Which parameter carries which item, also where their names differ.
//!
//! By romaji, then by name; what is left pairs with what stands at the same place between two pairs
//! and is as long. Nothing is guessed from what the names mean.

use super::super::{Parameter, StandardItem};

/// For each item the position of its parameter, if it has one.
pub(super) fn pairs(items: &[StandardItem], parameters: &[Parameter]) -> Vec<Option<usize>> {
    let place = |is: &dyn Fn(&Parameter) -> bool| parameters.iter().position(is);
    let mut out: Vec<Option<usize>> = items
        .iter()
        .map(|item| {
            place(&|one| one.romaji == item.romaji).or_else(|| place(&|one| one.name == item.name))
        })
        .collect();
    for index in 0..items.len() {
        if out[index].is_some() {
            continue;
        }
        let before = out[..index].iter().rev().flatten().next().copied();
        let after = named_after(&out[index..]);
        let (from, to) = (before.map_or(0, |at| at + 1), after.unwrap_or(parameters.len()));
        out[index] = (from..to).find(|at| {
            let one = &parameters[*at];
            !one.control && one.length == items[index].length && !out.contains(&Some(*at))
        });
    }
    out
}

/// The position of the next pair.
fn named_after(rest: &[Option<usize>]) -> Option<usize> {
    rest.iter().flatten().next().copied()
}
