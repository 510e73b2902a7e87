//! Which rules a rule names, and the order in which all can be worked out.

use std::collections::{BTreeMap, BTreeSet};

use crate::syntax::{Syntax, SyntaxKind};

/// Every name that stands in `syntax`, fields included, each once in the order in which they stand.
pub(super) fn names(syntax: &Syntax) -> Vec<&str> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    walk(syntax, &mut found);
    found.retain(|name| seen.insert(*name));
    found
}

fn walk<'s>(syntax: &'s Syntax, found: &mut Vec<&'s str>) {
    match &syntax.kind {
        SyntaxKind::Number(_) | SyntaxKind::Constant(_) => {}
        SyntaxKind::Name(name) => found.push(name),
        SyntaxKind::Field { base, name, .. } => {
            walk(base, found);
            found.push(name);
        }
        SyntaxKind::Call { arguments, .. } => arguments.iter().for_each(|part| walk(part, found)),
        SyntaxKind::Negate(part) => walk(part, found),
        SyntaxKind::Binary { left, right, .. } => {
            walk(left, found);
            walk(right, found);
        }
        SyntaxKind::If { condition, then, otherwise } => {
            [condition, then, otherwise].into_iter().for_each(|part| walk(part, found));
        }
        SyntaxKind::Quantified { iteration, .. } | SyntaxKind::For(iteration) => {
            walk(&iteration.list, found);
            walk(&iteration.body, found);
        }
        SyntaxKind::Filter { base, filter } => {
            walk(base, found);
            walk(filter, found);
        }
        SyntaxKind::List(items) => items.iter().for_each(|part| walk(part, found)),
        SyntaxKind::Record(fields) => fields.iter().for_each(|(.., part)| walk(part, found)),
        SyntaxKind::In { value, list } => {
            walk(value, found);
            walk(list, found);
        }
        SyntaxKind::InRange { value, range } => {
            [&**value, &range.low, &range.high].into_iter().for_each(|part| walk(part, found));
        }
    }
}

/// Names in an order in which each comes after those it needs, right before what first needs it.
///
/// # Errors
/// A cycle: names of which each needs the next, the last the first.
pub(super) fn sort<'n>(
    needs: &BTreeMap<&'n str, Vec<&'n str>>,
    wanted: &[&'n str],
) -> Result<Vec<&'n str>, Vec<&'n str>> {
    let mut order = Vec::new();
    let mut done = BTreeSet::new();
    for name in wanted.iter().chain(needs.keys()) {
        visit(name, needs, &mut Vec::new(), (&mut done, &mut order))?;
    }
    Ok(order)
}

fn visit<'n>(
    name: &'n str,
    needs: &BTreeMap<&'n str, Vec<&'n str>>,
    path: &mut Vec<&'n str>,
    (done, order): (&mut BTreeSet<&'n str>, &mut Vec<&'n str>),
) -> Result<(), Vec<&'n str>> {
    if done.contains(name) {
        return Ok(());
    }
    if let Some(at) = path.iter().position(|known| *known == name) {
        return Err(path[at..].to_vec());
    }
    path.push(name);
    for needed in needs.get(name).into_iter().flatten() {
        visit(needed, needs, path, (done, order))?;
    }
    path.pop();
    done.insert(name);
    order.push(name);
    Ok(())
}
