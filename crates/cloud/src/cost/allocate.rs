//! 按分: whose the cost of a month is, by four methods side by side. Yen sum exactly to the bill by
//! every method; what nobody owns stays apart and is never spread silently.
//!
//! - 利用量: what an organisation's own accounts cost, and the shared part in the same proportion
//! - 均等: everything in equal parts
//! - 独自点数: everything by points, such as population 7 : workload 3
//! - 従前の比: everything by what was paid before
//!
//! Each has a defect, which is why they stand side by side. Pure.

mod makeup;
mod shares;

use std::collections::{BTreeMap, BTreeSet};

use base::money::Yen;
use store::control::cost::{Day, Owner};

use self::shares::shares;
use super::amount::{Amount, ExactYen};
use super::rate::Rates;
use super::share::settle;
use crate::CloudError;
pub use makeup::{Foreign, Makeup};

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
    /// What each pool was billed in each currency, and what that is in yen.
    pub currencies: BTreeMap<Pool, BTreeMap<String, (Amount, ExactYen)>>,
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
    /// How it comes about, by what is the organisation's own: it tells nothing of others' cost.
    pub trace: String,
    /// The same with the sums of all: for who allocates.
    pub working: String,
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
        let mut tries = tries.map(|(a, e)| (provider, a, e));
        let found = tries.find_map(|key| self.0.get(&key).copied());
        // Accounts that are numbered here are their owner's by whatever name the vendor bills.
        found.or_else(|| self.0.get(&("", account, "")).copied())
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
            let currencies = ledger.currencies.entry(pool.clone()).or_default();
            let part = currencies.entry(day.currency.clone()).or_default();
            part.0 = part.0.checked_add(billed).ok_or_else(too_large)?;
            part.1 = part.1.checked_add(yen).ok_or_else(too_large)?;
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
        self.sum(|_| true).map(ExactYen::cut)
    }

    /// What the pools of a kind come to, not cut.
    fn sum(&self, wanted: impl Fn(&Pool) -> bool) -> Result<ExactYen, CloudError> {
        let pools = self.pools.iter().filter(|it| wanted(it.0));
        let sum = |sum: ExactYen, (_, one): (&Pool, &ExactYen)| sum.checked_add(*one);
        pools.into_iter().try_fold(ExactYen::default(), sum).ok_or_else(too_large)
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

    /// Organisations that own something, with what their own accounts cost as a weight.
    fn own(&self) -> BTreeMap<&str, i128> {
        let mut own = self.own_signed();
        // A credit beyond the charges weighs nothing, not less than nothing.
        own.values_mut().for_each(|yen| *yen = (*yen).max(0));
        own
    }

    /// The same with its sign: below zero who was credited more than charged.
    fn own_signed(&self) -> BTreeMap<&str, i128> {
        let mut own: BTreeMap<&str, i128> = BTreeMap::new();
        for (pool, yen) in &self.pools {
            if let Pool::Own(organisation, _) = pool {
                *own.entry(organisation).or_default() += yen.micro();
            }
        }
        own
    }
}

/// Whether a pool is nobody's to bear, so that it stands apart.
fn stays(pool: &Pool) -> bool {
    matches!(pool, Pool::Nobody(..) | Pool::Tax(_))
}

/// Allocates a month by all four methods.
///
/// # Errors
/// [`CloudError::Cost`] when the numbers are beyond all bounds.
pub fn allocate(ledger: &Ledger, basis: &Basis) -> Result<Allocation, CloudError> {
    let beyond =
        || CloudError::Cost("費用が大きすぎるか、負の額ばかりで、按分できません".to_owned());
    let total = ledger.total()?.0;
    // What the bodies bear is cut by itself: no credit or charge of a stranger moves it. Nobody's
    // accounts and taxes keep their own sign, and settle what is cut with the whole.
    let spread = ledger.sum(|pool| !stays(pool))?.cut().0;
    let apart: Vec<(&Pool, i128)> =
        ledger.pools.iter().filter(|it| stays(it.0)).map(|(it, yen)| (it, yen.micro())).collect();
    let exact: Vec<i128> = apart.iter().map(|it| it.1).collect();
    let left = total.checked_sub(spread).ok_or_else(beyond)?;
    let parts = settle(left, &exact).ok_or_else(beyond)?;
    let nobody = apart.iter().zip(&parts).filter_map(|((pool, _), yen)| match pool {
        Pool::Nobody(provider, account) => Some((provider.clone(), account.clone(), *yen)),
        _ => None,
    });
    let taxes = apart.iter().zip(&parts).filter_map(|((pool, _), yen)| match pool {
        Pool::Tax(provider) => Some((provider.clone(), *yen)),
        _ => None,
    });
    let (nobody, taxes) = (nobody.collect(), taxes.collect());
    let outcome = |method| {
        let shares = match weights_of(method, ledger, basis) {
            Ok(weights) => Ok(shares(spread, method, &weights, ledger)?.ok_or_else(beyond)?),
            Err(open) => Err(open),
        };
        Ok(Outcome { method, shares })
    };
    let outcomes = Method::ALL.into_iter().map(outcome).collect::<Result<_, CloudError>>()?;
    Ok(Allocation { total, spread, nobody, taxes, outcomes })
}

/// The weight of an organisation.
struct Weight {
    value: i128,
    /// In the words of its own figures.
    own: String,
    /// With the sums of all that they are held against.
    all: String,
}

/// The weight of each organisation.
type Weights<'w> = BTreeMap<&'w str, Weight>;

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
            let all = format!("{name} {value}（{source}）");
            let own = format!("{all}に応じて分けた分");
            Ok((*organisation, Weight { value: i128::from(value), own, all }))
        });
        collect(found)
    };
    let weights = match method {
        Method::Usage => own.iter().map(|(it, yen)| (*it, usage(*yen))).collect(),
        Method::Equal => own.keys().map(|it| (*it, equal())).collect(),
        Method::Legacy => simple(LEGACY)?,
        Method::Score => score(&own, basis)?,
    };
    if weights.values().all(|it| it.value == 0) {
        return Err(vec![format!("{}の重みがどの団体も 0 です", method.term())]);
    }
    Ok(weights)
}

fn usage(micro: i128) -> Weight {
    let words = format!("自らの環境の費用 {}円", micro / 1_000_000);
    Weight { value: micro, own: words.clone(), all: words }
}

fn equal() -> Weight {
    let own = "すべての団体で等しく分けた一団体分".to_owned();
    Weight { value: 1, own, all: "一団体".to_owned() }
}

fn collect<'w>(
    found: impl Iterator<Item = Result<(&'w str, Weight), String>>,
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
        let (mut value, mut mine_only, mut words) = (0_i128, Vec::new(), Vec::new());
        for (mine, (name, points, column, sum)) in columns.iter().enumerate() {
            let others = columns.iter().enumerate().filter(|(other, _)| *other != mine);
            let mut product = points.checked_mul(column[at]).ok_or_else(large)?;
            for (_, (.., other)) in others {
                product = product.checked_mul(*other).ok_or_else(large)?;
            }
            value = value.checked_add(product).ok_or_else(large)?;
            mine_only.push(format!("{name} {} に {points} 点", column[at]));
            words.push(format!("{name} {}／{sum}×{points}点", column[at]));
        }
        let own = format!("{}の割合で分けた分", mine_only.join("、"));
        weights.insert(*organisation, Weight { value, own, all: words.join("＋") });
    }
    Ok(weights)
}

#[cfg(test)]
mod tests;
