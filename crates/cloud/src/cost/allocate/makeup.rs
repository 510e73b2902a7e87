//! What a share is made of: the services and the currencies of the own accounts, and of the shared
//! ones the part that falls to it. The sums of all are taken once for a month. Pure.

use std::collections::BTreeMap;

use super::{Ledger, Pool, Service, too_large};
use crate::CloudError;

/// What a share was billed in a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Currency.
    pub currency: String,
    /// Millionths of a unit.
    pub amount: i128,
    /// Millionths of a yen at the table's rates.
    pub yen: i128,
}

/// What the shares of a month are made of.
pub struct Makeup<'l> {
    ledger: &'l Ledger,
    /// What the own accounts of each organisation cost, with its sign.
    own: BTreeMap<&'l str, i128>,
    /// What weighs of that, all together.
    all: i128,
    /// Services of what is shared.
    services: Vec<(&'l Service, i128)>,
    /// Currencies of what is shared: amount and yen in millionths.
    currencies: Vec<(&'l str, i128, i128)>,
}

impl<'l> Makeup<'l> {
    /// Of a month's ledger.
    pub fn of(ledger: &'l Ledger) -> Makeup<'l> {
        let own = ledger.own_signed();
        let services = ledger.services.iter().filter(|it| is_shared(it.0));
        let services = services.flat_map(|it| it.1).map(|(service, yen)| (service, yen.micro()));
        let currencies = ledger.currencies.iter().filter(|it| is_shared(it.0));
        let currencies = currencies
            .flat_map(|it| it.1)
            .map(|(currency, (amount, yen))| (currency.as_str(), amount.micro(), yen.micro()));
        Makeup {
            ledger,
            all: own.values().map(|yen| (*yen).max(0)).sum(),
            services: services.collect(),
            currencies: currencies.collect(),
            own,
        }
    }

    /// What the services weigh in the share of a system: those of its own accounts by their cost,
    /// and of the shared ones the part that falls to it. Empty when it costs nothing.
    pub fn services_of(&self, organisation: &str, system: &str) -> Vec<(&'l Service, i128)> {
        let own = Pool::Own(organisation.to_owned(), system.to_owned());
        let mine = self.ledger.pools.get(&own).map_or(0, |yen| yen.micro().max(0));
        let mut weights: BTreeMap<&Service, i128> = BTreeMap::new();
        for (service, yen) in self.ledger.services.get(&own).into_iter().flatten() {
            *weights.entry(service).or_default() += yen.micro();
        }
        for (service, yen) in &self.services {
            // Nobody's accounts weigh anything: what is shared is all there is.
            let part = match self.all == 0 || mine == 0 {
                true => Some(*yen),
                false => yen.checked_mul(mine).map(|product| product / self.all),
            };
            if let Some(part) = part {
                *weights.entry(service).or_default() += part;
            }
        }
        weights.retain(|_, weight| *weight > 0);
        weights.into_iter().collect()
    }

    /// What the services of a system weigh whose credits are beyond its charges.
    pub fn credits_of(&self, organisation: &str, system: &str) -> Vec<(&'l Service, i128)> {
        let own = Pool::Own(organisation.to_owned(), system.to_owned());
        let services = self.ledger.services.get(&own).into_iter().flatten();
        let weights = services.map(|(service, yen)| (service, -yen.micro()));
        weights.filter(|(_, weight)| *weight > 0).collect()
    }

    /// What an organisation bears by usage in each currency, yen among them. Who was credited more
    /// than charged bears nothing of what is shared.
    ///
    /// # Errors
    /// [`CloudError::Cost`] when an amount cannot be held.
    pub fn currencies_of(&self, organisation: &str) -> Result<Vec<Foreign>, CloudError> {
        let mine = self.own.get(organisation).map_or(0, |yen| (*yen).max(0));
        let mut sums: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        let first = Pool::Own(organisation.to_owned(), String::new());
        let pools = self.ledger.currencies.range(first..);
        let own = pools
            .take_while(|(pool, _)| matches!(pool, Pool::Own(whose, _) if whose == organisation));
        for (currency, (amount, yen)) in own.flat_map(|it| it.1) {
            let sum = sums.entry(currency.as_str()).or_default();
            *sum = (sum.0 + amount.micro(), sum.1 + yen.micro());
        }
        for (currency, amount, yen) in self.currencies.iter().filter(|_| mine > 0) {
            let part = |it: i128| {
                it.checked_mul(mine).map(|product| product / self.all).ok_or_else(too_large)
            };
            let sum = sums.entry(currency).or_default();
            *sum = (sum.0 + part(*amount)?, sum.1 + part(*yen)?);
        }
        let foreign = |(currency, (amount, yen)): (&str, (i128, i128))| Foreign {
            currency: currency.to_owned(),
            amount,
            yen,
        };
        Ok(sums.into_iter().map(foreign).collect())
    }
}

fn is_shared(pool: &Pool) -> bool {
    matches!(pool, Pool::Shared(_))
}
