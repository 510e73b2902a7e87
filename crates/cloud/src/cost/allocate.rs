//! 按分: whose the cost of a month is, by four methods side by side. Yen sum exactly to the bill by
//! every method; what nobody owns stays apart and is never spread silently.
//!
//! - 利用量: what an organisation's own accounts cost, and the shared part in the same proportion
//! - 均等: everything in equal parts
//! - 独自点数: everything by points, such as population 7 : workload 3
//! - 従前の比: everything by what was paid before
//!
//! Each has a defect, which is why they stand side by side. Pure.

use std::collections::{BTreeMap, BTreeSet};

use base::money::Yen;
use store::control::cost::{Day, Owner};

use super::amount::{Amount, ExactYen};
use super::rate::Rates;
use super::share::{Part, split};
use crate::CloudError;

/// How cost is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// 利用量.
    Usage,
    /// 均等.
    Equal,
    /// 独自点数.
    Score,
    /// 従前の比.
    Legacy,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 4] = [Method::Usage, Method::Equal, Method::Score, Method::Legacy];

    /// The term.
    pub fn term(self) -> &'static str {
        match self {
            Method::Usage => "利用量",
            Method::Equal => "均等",
            Method::Score => "独自点数",
            Method::Legacy => "従前の比",
        }
    }
}

/// The figure that the legacy ratio goes by.
pub const LEGACY: &str = "従前の費用";
/// The figure that a cost a resident goes by.
pub const POPULATION: &str = "人口";
/// What is metered of an organisation itself: yen of its own accounts.
pub const WORKLOAD: &str = "業務量";

/// What an allocation goes by beside the bills.
#[derive(Clone, Debug, Default)]
pub struct Basis {
    /// Figures of organisations: (organisation, figure) → (value, where it is from).
    pub measures: BTreeMap<(String, String), (i64, String)>,
    /// 独自点数: figures and their points. [`WORKLOAD`] is metered and needs no figure.
    pub points: Vec<(String, u32)>,
}

/// A pool of cost: an organisation's system, what all share, or nobody's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// 直接費: organisation and system.
    Own(String, String),
    /// 共通費: what is shared (network, security cloud).
    Shared(String),
    /// 未割当: provider and account that nobody owns.
    Nobody(String, String),
    /// 消費税等 on a provider's bill: not a price, so it is not spread; an invoice has its own.
    Tax(String),
}

/// A service: provider, name, category.
pub type Service = (String, String, String);

/// The category of charges that are tax in FOCUS.
const TAX: &str = "Tax";

/// The cost of a month by pools and services, in yen not yet cut.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Cost of each pool.
    pub pools: BTreeMap<Pool, ExactYen>,
    /// Cost of each service in each pool.
    pub services: BTreeMap<Pool, BTreeMap<Service, ExactYen>>,
}

/// A share with its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Organisation.
    pub organisation: String,
    /// System.
    pub system: String,
    /// Yen.
    pub yen: i64,
    /// How it comes about.
    pub trace: String,
}

/// What a method says, or what it would need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Method.
    pub method: Method,
    /// Shares, or the open questions.
    pub shares: Result<Vec<Share>, Vec<String>>,
}

/// An allocation of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Yen of all bills, taxes with them.
    pub total: i64,
    /// Yen that are spread: own and shared.
    pub spread: i64,
    /// 未割当: provider, account, yen.
    pub nobody: Vec<(String, String, i64)>,
    /// 消費税等 of the bills: provider, yen.
    pub taxes: Vec<(String, i64)>,
    /// By each method.
    pub outcomes: Vec<Outcome>,
}

impl Allocation {
    /// Organisations and systems that any method has a share for, in order.
    pub fn owners(&self) -> BTreeSet<(String, String)> {
        let shares = self.outcomes.iter().filter_map(|it| it.shares.as_ref().ok()).flatten();
        shares.map(|share| (share.organisation.clone(), share.system.clone())).collect()
    }

    /// The shares by a method; `None` if it has open questions.
    pub fn shares(&self, method: Method) -> Option<&[Share]> {
        let outcome = self.outcomes.iter().find(|it| it.method == method)?;
        outcome.shares.as_deref().ok()
    }

    /// A share.
    pub fn share(&self, method: Method, organisation: &str, system: &str) -> Option<&Share> {
        let is = |it: &&Share| it.organisation == organisation && it.system == system;
        self.shares(method)?.iter().find(is)
    }
}

/// Whose each daily sum is.
struct Owners<'o>(BTreeMap<(&'o str, &'o str, &'o str), &'o Owner>);

impl<'o> Owners<'o> {
    fn of(owners: &'o [Owner]) -> Owners<'o> {
        let key =
            |it: &'o Owner| (it.provider.as_str(), it.account.as_str(), it.environment.as_str());
        Owners(owners.iter().map(|owner| (key(owner), owner)).collect())
    }

    /// The most exact entry: account and environment, environment, account.
    fn find(&self, day: &Day) -> Option<&'o Owner> {
        let (provider, account) = (day.provider.as_str(), day.account.as_str());
        let environment = day.environment.as_str();
        let tries = [(account, environment), ("", environment), (account, "")];
        let tries = tries.into_iter().filter(|it| *it != ("", ""));
        tries.map(|(a, e)| (provider, a, e)).find_map(|key| self.0.get(&key).copied())
    }
}

fn too_large() -> CloudError {
    CloudError::Cost("費用の合計が大きすぎて持てません".to_owned())
}

impl Ledger {
    /// Puts the daily sums of a month in yen and under their owners.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when a rate is missing or an amount cannot be held.
    pub fn of(days: &[Day], owners: &[Owner], rates: &Rates) -> Result<Ledger, CloudError> {
        let owners = Owners::of(owners);
        let mut ledger = Ledger::default();
        for day in days {
            let billed = Amount::parse(day.costs[0].as_bytes())
                .map_err(|error| CloudError::Cost(format!("{} の費用は{error}", day.day)))?;
            let yen = rates.yen(billed, &day.currency, day.day)?;
            let pool = match owners.find(day) {
                _ if day.charge == TAX => Pool::Tax(day.provider.clone()),
                Some(Owner { organisation: Some(own), system, .. }) => {
                    Pool::Own(own.clone(), system.clone())
                }
                Some(owner) => Pool::Shared(owner.system.clone()),
                None => Pool::Nobody(day.provider.clone(), day.account.clone()),
            };
            let service = (day.provider.clone(), day.service.clone(), day.service_category.clone());
            let services = ledger.services.entry(pool.clone()).or_default();
            for sum in [ledger.pools.entry(pool).or_default(), services.entry(service).or_default()]
            {
                *sum = sum.checked_add(yen).ok_or_else(too_large)?;
            }
        }
        Ok(ledger)
    }

    /// The whole, cut to yen once.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when it cannot be held.
    pub fn total(&self) -> Result<Yen, CloudError> {
        let sum = |sum: ExactYen, one: &ExactYen| sum.checked_add(*one);
        let total = self.pools.values().try_fold(ExactYen::default(), sum);
        total.map(ExactYen::cut).ok_or_else(too_large)
    }

    /// What each service costs in all pools together.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when a sum cannot be held.
    pub fn by_service(&self) -> Result<BTreeMap<Service, ExactYen>, CloudError> {
        let mut all: BTreeMap<Service, ExactYen> = BTreeMap::new();
        for (service, yen) in self.services.values().flatten() {
            let sum = all.entry(service.clone()).or_default();
            *sum = sum.checked_add(*yen).ok_or_else(too_large)?;
        }
        Ok(all)
    }

    /// What the services weigh in the share of a system: those of its own accounts by their cost,
    /// and of the shared ones the part that falls to it. Empty when it costs nothing.
    pub fn services_of(&self, organisation: &str, system: &str) -> Vec<(&Service, i128)> {
        let own = Pool::Own(organisation.to_owned(), system.to_owned());
        let cost = |pool: &Pool| self.pools.get(pool).map_or(0, |yen| yen.micro().max(0));
        let (mine, all) = (cost(&own), self.own().values().sum::<i128>());
        let mut weights: BTreeMap<&Service, i128> = BTreeMap::new();
        for (pool, services) in &self.services {
            let part = |yen: &ExactYen| match pool {
                it if *it == own => Some(yen.micro()),
                // Nobody's accounts weigh anything: what is shared is all there is.
                Pool::Shared(_) if all == 0 || mine == 0 => Some(yen.micro()),
                Pool::Shared(_) => yen.micro().checked_mul(mine).map(|product| product / all),
                _ => None,
            };
            for (service, yen) in services {
                if let Some(part) = part(yen) {
                    *weights.entry(service).or_default() += part;
                }
            }
        }
        weights.retain(|_, weight| *weight > 0);
        weights.into_iter().collect()
    }

    /// Organisations that own something, with what their own accounts cost.
    fn own(&self) -> BTreeMap<&str, i128> {
        let mut own: BTreeMap<&str, i128> = BTreeMap::new();
        for (pool, yen) in &self.pools {
            if let Pool::Own(organisation, _) = pool {
                // A credit beyond the charges weighs nothing, not less than nothing.
                *own.entry(organisation).or_default() += yen.micro();
            }
        }
        own.values_mut().for_each(|yen| *yen = (*yen).max(0));
        own
    }
}

/// Allocates a month by all four methods.
///
/// # Errors
/// [`CloudError::Cost`] when the numbers are beyond all bounds.
pub fn allocate(ledger: &Ledger, basis: &Basis) -> Result<Allocation, CloudError> {
    let beyond =
        || CloudError::Cost("費用が大きすぎるか、負の額ばかりで、按分できません".to_owned());
    let total = ledger.total()?.0;
    let pools: Vec<(&Pool, i128)> =
        ledger.pools.iter().map(|(pool, yen)| (pool, yen.micro())).collect();
    // The cut whole is split over nobody's accounts, taxes and the rest, so that all sums to the
    // bill.
    let stays = |pool: &Pool| matches!(pool, Pool::Nobody(..) | Pool::Tax(_));
    let rest: i128 = pools.iter().filter(|it| !stays(it.0)).map(|it| it.1).sum();
    let apart: Vec<(&Pool, i128)> = pools.iter().filter(|it| stays(it.0)).copied().collect();
    let mut weights = vec![rest.max(0)];
    weights.extend(apart.iter().map(|it| it.1.max(0)));
    let parts = match total {
        0 => vec![0; weights.len()],
        _ => split(total, &weights).ok_or_else(beyond)?.iter().map(|it| it.yen).collect(),
    };
    let nobody = apart.iter().zip(&parts[1..]).filter_map(|((pool, _), yen)| match pool {
        Pool::Nobody(provider, account) => Some((provider.clone(), account.clone(), *yen)),
        _ => None,
    });
    let taxes = apart.iter().zip(&parts[1..]).filter_map(|((pool, _), yen)| match pool {
        Pool::Tax(provider) => Some((provider.clone(), *yen)),
        _ => None,
    });
    let (nobody, taxes) = (nobody.collect(), taxes.collect());
    let outcome = |method| {
        let shares = match weights_of(method, ledger, basis) {
            Ok(weights) => Ok(shares(parts[0], method, &weights, ledger).ok_or_else(beyond)?),
            Err(open) => Err(open),
        };
        Ok(Outcome { method, shares })
    };
    let outcomes = Method::ALL.into_iter().map(outcome).collect::<Result<_, CloudError>>()?;
    Ok(Allocation { total, spread: parts[0], nobody, taxes, outcomes })
}

/// The weight of an organisation, with its words.
type Weights<'w> = BTreeMap<&'w str, (i128, String)>;

/// What a method weighs organisations by; what it would need to know.
fn weights_of<'w>(
    method: Method,
    ledger: &'w Ledger,
    basis: &Basis,
) -> Result<Weights<'w>, Vec<String>> {
    let own = ledger.own();
    if own.is_empty() {
        return Err(vec!["どの団体の環境も決まっていません".to_owned()]);
    }
    let simple = |name: &str| -> Result<Weights<'w>, Vec<String>> {
        let found = own.keys().map(|organisation| {
            let (value, source) = measure(basis, organisation, name)?;
            Ok((*organisation, (i128::from(value), format!("{name} {value}（{source}）"))))
        });
        collect(found)
    };
    let weights = match method {
        Method::Usage => own
            .iter()
            .map(|(it, yen)| (*it, (*yen, format!("自らの環境の費用 {}円", yen / 1_000_000))))
            .collect(),
        Method::Equal => own.keys().map(|it| (*it, (1, "一団体".to_owned()))).collect(),
        Method::Legacy => simple(LEGACY)?,
        Method::Score => score(&own, basis)?,
    };
    if weights.values().all(|it| it.0 == 0) {
        return Err(vec![format!("{}の重みがどの団体も 0 です", method.term())]);
    }
    Ok(weights)
}

fn collect<'w>(
    found: impl Iterator<Item = Result<(&'w str, (i128, String)), String>>,
) -> Result<Weights<'w>, Vec<String>> {
    let (mut weights, mut open) = (Weights::new(), Vec::new());
    for one in found {
        match one {
            Ok((organisation, weight)) => {
                weights.insert(organisation, weight);
            }
            Err(question) => open.push(question),
        }
    }
    if open.is_empty() { Ok(weights) } else { Err(open) }
}

fn measure(basis: &Basis, organisation: &str, name: &str) -> Result<(i64, String), String> {
    let found = basis.measures.get(&(organisation.to_owned(), name.to_owned()));
    found.cloned().ok_or_else(|| format!("{organisation} の{name}が分かりません"))
}

/// Points by figures: each figure's part of the whole, times its points. Over a common denominator,
/// so that everything stays a whole number.
fn score<'w>(own: &BTreeMap<&'w str, i128>, basis: &Basis) -> Result<Weights<'w>, Vec<String>> {
    if basis.points.is_empty() {
        return Err(vec!["独自点数の配点（例: 人口 7、業務量 3）が決まっていません".to_owned()]);
    }
    let (mut columns, mut open) = (Vec::new(), BTreeSet::new());
    for (name, points) in &basis.points {
        let mut column = Vec::new();
        for (organisation, yen) in own {
            let value = match measure(basis, organisation, name) {
                Ok((value, _)) => Ok(i128::from(value)),
                // Thousands of yen keep the products far within bounds.
                Err(_) if name == WORKLOAD => Ok(yen / 1_000_000_000),
                Err(question) => Err(question),
            };
            match value {
                Ok(value) => column.push(value),
                Err(question) => {
                    open.insert(question);
                }
            }
        }
        let sum: i128 = column.iter().sum();
        if sum > 0 {
            columns.push((name, i128::from(*points), column, sum));
        } else if open.is_empty() {
            open.insert(format!("{name}がどの団体も 0 です"));
        }
    }
    if !open.is_empty() {
        return Err(open.into_iter().collect());
    }
    let large = || vec!["独自点数の数が大きすぎます".to_owned()];
    let mut weights = Weights::new();
    for (at, organisation) in own.keys().enumerate() {
        let (mut weight, mut words) = (0_i128, Vec::new());
        for (mine, (name, points, column, sum)) in columns.iter().enumerate() {
            let others = columns.iter().enumerate().filter(|(other, _)| *other != mine);
            let mut product = points.checked_mul(column[at]).ok_or_else(large)?;
            for (_, (.., other)) in others {
                product = product.checked_mul(*other).ok_or_else(large)?;
            }
            weight = weight.checked_add(product).ok_or_else(large)?;
            words.push(format!("{name} {}／{sum}×{points}点", column[at]));
        }
        weights.insert(organisation, (weight, words.join("＋")));
    }
    Ok(weights)
}

/// Splits over organisations, then each organisation's part over its systems by what they cost.
fn shares(yen: i64, method: Method, weights: &Weights<'_>, ledger: &Ledger) -> Option<Vec<Share>> {
    let flat: Vec<i128> = weights.values().map(|it| it.0).collect();
    let mut shares = Vec::new();
    for ((organisation, (_, words)), part) in weights.iter().zip(split(yen, &flat)?) {
        let systems: Vec<(&str, i128)> = ledger
            .pools
            .iter()
            .filter_map(|(pool, yen)| match pool {
                Pool::Own(own, system) if own == organisation => {
                    Some((system.as_str(), yen.micro().max(0)))
                }
                _ => None,
            })
            .collect();
        let mut inner: Vec<i128> = systems.iter().map(|it| it.1).collect();
        if inner.iter().all(|it| *it == 0) {
            inner.fill(1);
        }
        for ((system, _), own) in systems.iter().zip(split(part.yen, &inner)?) {
            shares.push(Share {
                organisation: (*organisation).to_owned(),
                system: (*system).to_owned(),
                yen: own.yen,
                trace: trace(method, words, (yen, part), (systems.len(), own)),
            });
        }
    }
    Some(shares)
}

fn trace(
    method: Method,
    words: &str,
    (whole, part): (i64, Part),
    (systems, own): (usize, Part),
) -> String {
    let extra = |part: Part| if part.extra { "、端数の1円を含む" } else { "" };
    let mut text = format!(
        "{}: {words}。{} × {}／{} = {}{}",
        method.term(),
        Yen(whole),
        part.weight,
        part.weights,
        Yen(part.yen),
        extra(part)
    );
    if systems > 1 {
        text.push_str(&format!(
            "。うちこの業務 {} × {}／{} = {}{}",
            Yen(part.yen),
            own.weight,
            own.weights,
            Yen(own.yen),
            extra(own)
        ));
    }
    text
}

#[cfg(test)]
mod tests;
