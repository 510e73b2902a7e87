//! The books of a month: what the database holds, ready to be allocated; and an allocation kept
//! with everything that it was derived from.

use std::collections::{BTreeMap, BTreeSet};

use base::date::Date;
use jiff::Span;
use serde_json::json;
use store::control::cost::{
    self, Day, MadeCurrency, MadeService, Owner, Rate, Run, Share as Kept, day_list, made_add,
    measure_list, owner_list, rate_list, run_add, scope_list,
};
use store::control::{Contract, contract_list, metered};
use store::{Connection, GenericClient};

use super::allocate::{Allocation, Basis, Ledger, Makeup, POPULATION, allocate};
use super::export::{Part, Parts};
use super::focus::ascii;
use super::metered::accounts;
use super::rate::Rates;
use crate::CloudError;

/// The books of a month.
#[derive(Clone, Debug)]
pub struct Books {
    /// First day of the month.
    pub month: Date,
    /// Daily sums of the bills in force.
    pub days: Vec<Day>,
    /// Whose accounts are.
    pub owners: Vec<Owner>,
    /// Rates of exchange.
    pub rates: Vec<Rate>,
    /// Figures and points.
    pub basis: Basis,
    /// Numbers of the imports in force that the month is made of.
    pub imports: Vec<i64>,
}

/// Opens the books of a month. The population is what was metered last in the month, unless a
/// figure says otherwise.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn books_open(client: &impl GenericClient, month: Date) -> Result<Books, CloudError> {
    let until = month.saturating_add(Span::new().months(1));
    // Before the days: what comes in meanwhile makes the books stale, never fresh.
    let imports = imports_of(client, month).await?;
    let mut basis = Basis::default();
    let signed = contract_list(client).await?;
    // The environment of a contract is its organisation's, whoever says so or not.
    let mut owners: Vec<Owner> = signed.iter().map(owner_of).collect();
    owners.extend(owner_list(client).await?);
    let contracts: BTreeMap<i64, String> =
        signed.into_iter().map(|contract| (contract.id, contract.organisation)).collect();
    let mut last: BTreeMap<&str, (Date, i32)> = BTreeMap::new();
    for (contract, day, residents) in metered(client, (month, until)).await? {
        if let Some(organisation) = contracts.get(&contract) {
            let entry = last.entry(organisation).or_insert((day, residents));
            *entry = (*entry).max((day, residents));
        }
    }
    for (organisation, (day, residents)) in last {
        let key = (organisation.to_owned(), POPULATION.to_owned());
        basis.measures.insert(key, (i64::from(residents), format!("{day} の計測")));
    }
    for one in measure_list(client, month).await? {
        basis.measures.insert((one.organisation, one.measure), (one.value, one.source));
    }
    Ok(Books {
        month,
        days: day_list(client, (month, until)).await?,
        owners,
        rates: rate_list(client).await?,
        basis,
        imports,
    })
}

/// Numbers of the imports in force that a month is made of.
pub(super) async fn imports_of(
    client: &impl GenericClient,
    month: Date,
) -> Result<Vec<i64>, CloudError> {
    let until = month.saturating_add(Span::new().months(1));
    let mut imports: Vec<i64> = scope_list(client)
        .await?
        .into_iter()
        .filter(|scope| (month..until).contains(&base::date::day_in_japan(scope.period.0)))
        .map(|scope| scope.import)
        .collect();
    imports.sort_unstable();
    imports.dedup();
    Ok(imports)
}

/// Whatever name its vendor has in the bill.
fn owner_of(contract: &Contract) -> Owner {
    let [_, account] = accounts(contract);
    Owner {
        provider: String::new(),
        account: ascii(&account),
        environment: String::new(),
        organisation: Some(contract.organisation.clone()),
        system: contract.offer.system.clone(),
    }
}

impl Books {
    /// The cost by owners and services at the table's rates.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when a rate is missing.
    pub fn ledger(&self) -> Result<Ledger, CloudError> {
        self.ledger_at(&Rates::of(&self.rates)?)
    }

    /// The same at other rates.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when a rate is missing.
    pub fn ledger_at(&self, rates: &Rates) -> Result<Ledger, CloudError> {
        Ledger::of(&self.days, &self.owners, rates)
    }

    /// Allocates the month.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when there is no bill, or a rate is missing.
    pub fn allocate(&self) -> Result<Allocation, CloudError> {
        if self.days.is_empty() {
            let month = self.month.strftime("%Y年%-m月");
            return Err(CloudError::Cost(format!("{month}の請求がまだ取り込まれていません")));
        }
        allocate(&self.ledger()?, &self.basis)
    }

    /// A figure of an organisation.
    pub fn measure(&self, organisation: &str, name: &str) -> Option<i64> {
        let key = (organisation.to_owned(), name.to_owned());
        self.basis.measures.get(&key).map(|it| it.0)
    }
}

/// Keeps an allocation with what it was derived from; its number.
///
/// # Errors
/// [`CloudError::Store`].
pub async fn allocation_keep(
    client: &mut Connection,
    (books, allocation): (&Books, &Allocation),
    actor: &str,
) -> Result<i64, CloudError> {
    let (mut shares, mut open) = (Vec::new(), BTreeMap::new());
    for outcome in &allocation.outcomes {
        let method = outcome.method.term().to_owned();
        match &outcome.shares {
            Ok(parts) => shares.extend(parts.iter().map(|part| Kept {
                method: method.clone(),
                organisation: part.organisation.clone(),
                system: part.system.clone(),
                yen: part.yen,
                residents: books.measure(&part.organisation, POPULATION),
                trace: part.trace.clone(),
                working: part.working.clone(),
            })),
            Err(questions) => {
                open.insert(method, questions.clone());
            }
        }
    }
    let rate = |it: &Rate| {
        json!({"currency": it.currency, "from": it.from, "micro_yen": it.micro_yen,
               "source": it.source, "certainty": it.certainty})
    };
    let basis = json!({
        "imports": books.imports,
        "rates": books.rates.iter().map(rate).collect::<Vec<_>>(),
        "points": books.basis.points,
        "nobody": allocation.nobody,
        "taxes": allocation.taxes,
        "open": open,
    });
    let run = Run {
        id: 0,
        actor: actor.to_owned(),
        month: books.month,
        total_yen: allocation.total,
        unassigned_yen: allocation.nobody.iter().map(|it| it.2).sum(),
        basis,
    };
    let (services, currencies) = made(&books.ledger()?, allocation)?;
    let transaction = cost::transaction_begin(client).await?;
    let id = run_add(&transaction, &run, &shares).await?;
    made_add(&transaction, id, (&services, &currencies)).await?;
    cost::transaction_commit(transaction).await?;
    Ok(id)
}

/// What the shares are made of, so that each body can be told of its own.
fn made(
    ledger: &Ledger,
    allocation: &Allocation,
) -> Result<(Vec<MadeService>, Vec<MadeCurrency>), CloudError> {
    let parts = Parts::of(ledger);
    let owners = allocation.owners();
    let mut services = Vec::new();
    for (organisation, system) in &owners {
        let mut keep = |credit: bool, list: Vec<Part>| {
            services.extend(list.into_iter().map(|part| MadeService {
                organisation: organisation.clone(),
                system: system.clone(),
                credit,
                provider: part.provider,
                service: part.service,
                category: part.category,
                weight: part.weight.to_string(),
            }));
        };
        keep(false, parts.charges(organisation, system));
        keep(true, parts.credits(organisation, system));
    }
    let makeup = Makeup::of(ledger);
    let mut currencies = Vec::new();
    for organisation in owners.iter().map(|it| &it.0).collect::<BTreeSet<_>>() {
        let own = makeup.currencies_of(organisation)?.into_iter();
        currencies.extend(own.map(|part| MadeCurrency {
            organisation: organisation.clone(),
            currency: part.currency,
            micro: [part.amount.to_string(), part.yen.to_string()],
        }));
    }
    Ok((services, currencies))
}
