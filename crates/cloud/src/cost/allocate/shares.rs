//! The shares of organisations and their systems by a method, with how each comes about: once by
//! what is the organisation's own, once with the sums of all. Who was credited more than charged
//! keeps the credit by usage. Pure.

use base::money::Yen;

use super::{Ledger, Method, Pool, Share, Weight, Weights, stays};
use crate::CloudError;
use crate::cost::share::{Part, settle, split};

/// What an organisation bears: what it is a part of, and its part.
struct Borne<'w> {
    organisation: &'w str,
    yen: i64,
    trace: String,
    working: String,
}

/// Splits over organisations, then each organisation's part over its systems by what they cost;
/// nothing when it cannot be split.
pub(super) fn shares(
    yen: i64,
    method: Method,
    weights: &Weights<'_>,
    ledger: &Ledger,
) -> Result<Option<Vec<Share>>, CloudError> {
    let borne = match method {
        Method::Usage => by_usage(yen, weights, ledger)?,
        _ => by_weight(yen, method, weights.iter()),
    };
    let Some(borne) = borne else { return Ok(None) };
    let shares: Option<Vec<Vec<Share>>> = borne.iter().map(|one| by_system(one, ledger)).collect();
    Ok(shares.map(|it| it.into_iter().flatten().collect()))
}

/// By weights alone.
fn by_weight<'w>(
    yen: i64,
    method: Method,
    weights: impl Iterator<Item = (&'w &'w str, &'w Weight)>,
) -> Option<Vec<Borne<'w>>> {
    let weights: Vec<(&str, &Weight)> = weights.map(|(name, weight)| (*name, weight)).collect();
    let flat: Vec<i128> = weights.iter().map(|it| it.1.value).collect();
    let parts = split(yen, &flat)?;
    let borne = weights.into_iter().zip(parts).map(|((organisation, weight), part)| Borne {
        organisation,
        yen: part.yen,
        trace: format!("{}: {}{}", method.term(), said(method, weight, part), extra(part)),
        working: format!(
            "{}: {}。{} × {}／{} = {}{}",
            method.term(),
            weight.all,
            Yen(yen),
            part.weight,
            part.weights,
            Yen(part.yen),
            extra(part)
        ),
    });
    Some(borne.collect())
}

/// By usage: what the accounts of each cost, and of the shared part the same proportion. A credit
/// beyond the charges is its organisation's alone.
fn by_usage<'w>(
    yen: i64,
    weights: &'w Weights<'w>,
    ledger: &Ledger,
) -> Result<Option<Vec<Borne<'w>>>, CloudError> {
    let signed = ledger.own_signed();
    let credited = |name: &str| signed.get(name).is_some_and(|yen| *yen < 0);
    let charged = ledger.sum(|pool| match pool {
        Pool::Own(organisation, _) => !credited(organisation),
        other => !stays(other),
    })?;
    let charged = charged.cut().0;
    let credits: Vec<(&str, i128)> =
        weights.keys().filter(|it| credited(it)).map(|it| (*it, signed[*it])).collect();
    let exact: Vec<i128> = credits.iter().map(|it| it.1).collect();
    let settled = yen.checked_sub(charged).and_then(|left| settle(left, &exact));
    let others = weights.iter().filter(|it| !credited(it.0));
    let (Some(settled), Some(mut borne)) = (settled, by_weight(charged, Method::Usage, others))
    else {
        return Ok(None);
    };
    for ((organisation, _), yen) in credits.into_iter().zip(settled) {
        let words = format!(
            "利用量: 自らの環境の費用 {}（値引きが利用を上回るため、そのまま。共通費は負わない）",
            Yen(yen)
        );
        borne.push(Borne { organisation, yen, trace: words.clone(), working: words });
    }
    borne.sort_by_key(|it| it.organisation);
    Ok(Some(borne))
}

/// A part in words of the organisation's own figures.
fn said(method: Method, weight: &Weight, part: Part) -> String {
    if method != Method::Usage {
        return format!("{} = {}", weight.own, Yen(part.yen));
    }
    let own = i64::try_from(weight.value / 1_000_000).unwrap_or(i64::MAX);
    match part.yen.saturating_sub(own) {
        0 => weight.own.clone(),
        rest => format!(
            "{} + 共通費のうちこの費用に応じた分 {}（端数を含む） = {}",
            weight.own,
            Yen(rest),
            Yen(part.yen)
        ),
    }
}

fn extra(part: Part) -> &'static str {
    if part.extra { "、端数の1円を含む" } else { "" }
}

/// An organisation's part over its systems.
fn by_system(borne: &Borne<'_>, ledger: &Ledger) -> Option<Vec<Share>> {
    let sign = if borne.yen < 0 { -1 } else { 1 };
    let systems: Vec<(&str, i128)> = ledger
        .pools
        .iter()
        .filter_map(|(pool, yen)| match pool {
            Pool::Own(own, system) if own == borne.organisation => {
                Some((system.as_str(), (sign * yen.micro()).max(0)))
            }
            _ => None,
        })
        .collect();
    let mut inner: Vec<i128> = systems.iter().map(|it| it.1).collect();
    if inner.iter().all(|it| *it == 0) {
        inner.fill(1);
    }
    let several = systems.len() > 1;
    let share = |((system, _), part): (&(&str, i128), Part)| {
        let mut tail = String::new();
        if several {
            tail = format!(
                "。うちこの業務 {} × {}／{} = {}{}",
                Yen(borne.yen),
                part.weight,
                part.weights,
                Yen(part.yen),
                extra(part)
            );
        }
        Share {
            organisation: borne.organisation.to_owned(),
            system: (*system).to_owned(),
            yen: part.yen,
            trace: format!("{}{tail}", borne.trace),
            working: format!("{}{tail}", borne.working),
        }
    };
    Some(systems.iter().zip(split(borne.yen, &inner)?).map(share).collect())
}
