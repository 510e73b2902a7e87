//! Daily sums: day × provider × account × service × region × charge category (and environment),
//! with the four costs. What is checked of a whole group is checked once, where it first appears.

use std::collections::{BTreeSet, HashMap};

use base::date::Date;

use super::batch::Batch;
use super::fault::{Fault, Noted, shown};
use super::typed::{Layout, Typed};
use crate::cost::amount::Amount;
use crate::cost::column::{CHARGE_CATEGORIES, COSTS, SERVICE_CATEGORIES};
use crate::cost::instant;

/// Groups that one thread may hold: bounded memory.
const GROUPS_MAX: usize = 2_000_000;

/// What a daily sum is of. Texts are empty where the bill says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Day of the charge's begin, UTC.
    pub day: Date,
    /// `ProviderName`.
    pub provider_name: String,
    /// `ServiceProviderName`, its later name.
    pub service_provider_name: String,
    /// `BillingAccountId`.
    pub billing_account: String,
    /// `SubAccountId`.
    pub account: String,
    /// `ServiceName`.
    pub service: String,
    /// `ServiceCategory`.
    pub service_category: String,
    /// `RegionId`.
    pub region: String,
    /// `ChargeCategory`.
    pub charge: String,
    /// Value of the tag that names the environment.
    pub environment: String,
    /// `BillingCurrency`.
    pub currency: String,
    /// Billing period, seconds since 1970, end excluded.
    pub period: (i64, i64),
}

impl Key {
    /// Who provides: the older name, or else the later one.
    pub fn provider(&self) -> &str {
        if self.provider_name.is_empty() {
            &self.service_provider_name
        } else {
            &self.provider_name
        }
    }
}

/// A daily sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daily {
    /// What it is of.
    pub key: Key,
    /// Rows of the bill.
    pub rows: u64,
    /// `BilledCost`.
    pub billed: Amount,
    /// `EffectiveCost`.
    pub effective: Amount,
    /// `ListCost`.
    pub list: Amount,
    /// `ContractedCost`.
    pub contracted: Amount,
}

impl Daily {
    /// Adds another sum; `None` on overflow.
    fn add(&mut self, rows: u64, costs: [Amount; 4]) -> Option<()> {
        self.rows += rows;
        self.billed = self.billed.checked_add(costs[0])?;
        self.effective = self.effective.checked_add(costs[1])?;
        self.list = self.list.checked_add(costs[2])?;
        self.contracted = self.contracted.checked_add(costs[3])?;
        Some(())
    }

    fn costs(&self) -> [Amount; 4] {
        [self.billed, self.effective, self.list, self.contracted]
    }
}

/// Where the columns stand that make a group.
struct Places {
    texts: [Option<usize>; 10],
    times: [Option<usize>; 4],
    costs: [Option<usize>; 4],
    tags: Option<usize>,
}

impl Places {
    fn of(layout: &Layout) -> Places {
        let at = |name| layout.at(name);
        Places {
            texts: TEXTS.map(at),
            times: [
                "ChargePeriodStart",
                "ChargePeriodEnd",
                "BillingPeriodStart",
                "BillingPeriodEnd",
            ]
            .map(at),
            costs: COSTS.map(at),
            tags: at("Tags"),
        }
    }
}

const TEXTS: [&str; 10] = [
    "ProviderName",
    "ServiceProviderName",
    "BillingAccountId",
    "SubAccountId",
    "ServiceName",
    "ServiceCategory",
    "RegionId",
    "ChargeCategory",
    "BillingCurrency",
    "PublisherName",
];

/// The sums of one thread.
pub(super) struct Sums {
    tag: String,
    currencies: BTreeSet<String>,
    index: HashMap<Box<[u8]>, usize>,
    pub(super) all: Vec<Daily>,
    key: Vec<u8>,
    last: (Vec<u8>, usize),
}

impl Sums {
    pub(super) fn new(tag: &str, currencies: &BTreeSet<String>) -> Sums {
        Sums {
            tag: format!("\"{tag}\""),
            currencies: currencies.clone(),
            index: HashMap::new(),
            all: Vec::new(),
            key: Vec::new(),
            last: (Vec::new(), usize::MAX),
        }
    }

    /// Adds the rows of a batch; the charges of no length among them, which count on their day.
    pub(super) fn add(
        &mut self,
        layout: &Layout,
        batch: &Batch,
        typed: &Typed,
    ) -> Result<Noted, Fault> {
        let places = Places::of(layout);
        let mut momentary = Noted::default();
        for row in 0..batch.rows() {
            let [start, end, from, to] = places.times.map(|at| typed.time(at, row));
            if end == start {
                momentary.add(batch.line(row), "ChargePeriodEnd");
            }
            if end < start {
                let what = "終わりが始まり（ChargePeriodStart）より前です";
                return Err(Fault::at(batch.line(row), Some("ChargePeriodEnd"), what));
            }
            // A bill counts its days from where its month begins: in UTC or in Japan.
            let start = start + instant::ahead(from);
            let day = start.div_euclid(86_400);
            self.key_write(&places, batch, row, (day, from, to));
            let at = self.group(&places, batch, row, (start, from, to))?;
            let costs = places.costs.map(|at| typed.number(at, row));
            self.all[at].add(1, costs).ok_or_else(|| {
                Fault::at(batch.line(row), None, "金額の合計が大きすぎて持てません")
            })?;
        }
        Ok(momentary)
    }

    fn key_write(
        &mut self,
        places: &Places,
        batch: &Batch,
        row: usize,
        (day, from, to): (i64, i64, i64),
    ) {
        self.key.clear();
        for number in [day, from, to] {
            self.key.extend_from_slice(&number.to_le_bytes());
        }
        for column in &places.texts[..9] {
            if let Some(text) = column.and_then(|at| batch.cell(row, at)) {
                self.key.extend_from_slice(text);
            }
            self.key.push(0);
        }
        let tags = places.tags.and_then(|at| batch.cell(row, at));
        if let Some(value) = tags.and_then(|tags| tag_value(tags, &self.tag)) {
            self.key.extend_from_slice(value.as_bytes());
        }
    }

    /// The group of the key at hand; a new one is checked and added.
    fn group(
        &mut self,
        places: &Places,
        batch: &Batch,
        row: usize,
        (start, from, to): (i64, i64, i64),
    ) -> Result<usize, Fault> {
        if self.key == self.last.0 {
            return Ok(self.last.1);
        }
        let at = match self.index.get(self.key.as_slice()) {
            Some(at) => *at,
            None => {
                let text = |column: usize| {
                    let cell = places.texts[column].and_then(|at| batch.cell(row, at));
                    String::from_utf8_lossy(cell.unwrap_or_default()).into_owned()
                };
                let tags = places.tags.and_then(|at| batch.cell(row, at));
                let key = Key {
                    day: instant::day(start).ok_or_else(|| {
                        let what = "暦の範囲を超えています";
                        Fault::at(batch.line(row), Some("ChargePeriodStart"), what)
                    })?,
                    provider_name: text(0),
                    service_provider_name: text(1),
                    billing_account: text(2),
                    account: text(3),
                    service: text(4),
                    service_category: text(5),
                    region: text(6),
                    charge: text(7),
                    currency: text(8),
                    environment: tags.and_then(|it| tag_value(it, &self.tag)).unwrap_or_default(),
                    period: (from, to),
                };
                self.check(&key)
                    .map_err(|(column, what)| Fault::at(batch.line(row), Some(column), what))?;
                self.insert(key).map_err(|what| Fault::at(batch.line(row), None, what))?
            }
        };
        self.last.0.clone_from(&self.key);
        self.last.1 = at;
        Ok(at)
    }

    fn insert(&mut self, key: Key) -> Result<usize, String> {
        if self.all.len() >= GROUPS_MAX {
            return Err(format!(
                "日別の集計が {GROUPS_MAX} 件を超えます。請求先（BillingAccountId）ごとにファイルを分け、一つずつ\
                 取り込んでください。同じ請求先の期間は分けないでください（後のものが前のものを置き換えます）"
            ));
        }
        let at = self.all.len();
        self.all.push(Daily { key, ..Daily::default() });
        self.index.insert(self.key.as_slice().into(), at);
        Ok(at)
    }

    /// What holds of every row of a group.
    fn check(&self, key: &Key) -> Result<(), (&'static str, String)> {
        if key.provider().is_empty() {
            let what =
                "提供者の名がありません（ProviderName と ServiceProviderName のどちらも空です）";
            return Err(("ProviderName", what.to_owned()));
        }
        if !self.currencies.contains(&key.currency) {
            let known: Vec<&str> = self.currencies.iter().map(String::as_str).collect();
            let what = format!(
                "通貨{}は扱えません。円と、為替の表にある通貨（いま {}）だけです。\
                 正しい通貨なら、先に為替の表に加えてください",
                shown(key.currency.as_bytes()),
                known.join("、")
            );
            return Err(("BillingCurrency", what));
        }
        let one_of = |column, value: &str, allowed: &[&str]| {
            if allowed.contains(&value) {
                return Ok(());
            }
            let what = format!(
                "{}は FOCUS の値ではありません（{}）",
                shown(value.as_bytes()),
                allowed.join("、")
            );
            Err((column, what))
        };
        one_of("ChargeCategory", &key.charge, CHARGE_CATEGORIES)?;
        one_of("ServiceCategory", &key.service_category, SERVICE_CATEGORIES)?;
        if key.period.1 <= key.period.0 {
            let what = "請求期間の終わりが始まり（BillingPeriodStart）より後ではありません";
            return Err(("BillingPeriodEnd", what.to_owned()));
        }
        Ok(())
    }

    /// Takes the sums of another thread in.
    pub(super) fn join(mut self, other: Sums) -> Result<Sums, Fault> {
        for (key, at) in other.index {
            let one = &other.all[at];
            let mine = match self.index.get(&key) {
                Some(mine) => *mine,
                None => {
                    self.key = key.into_vec();
                    self.insert(one.key.clone()).map_err(Fault::of_file)?
                }
            };
            self.all[mine]
                .add(one.rows, one.costs())
                .ok_or_else(|| Fault::of_file("金額の合計が大きすぎて持てません"))?;
        }
        Ok(self)
    }
}

/// The value of a tag in a JSON object of texts; `quoted` is the key in its quotes.
fn tag_value(tags: &[u8], quoted: &str) -> Option<String> {
    let tags = std::str::from_utf8(tags).ok()?;
    // The same word may stand as the value of another tag.
    let after = |(at, _): (usize, &str)| tags[at + quoted.len()..].trim_start().strip_prefix(':');
    let rest = tags.match_indices(quoted).find_map(after)?.trim_start().strip_prefix('"')?;
    match rest.find(['"', '\\']) {
        Some(end) if rest.as_bytes()[end] == b'"' => Some(rest[..end].to_owned()),
        // An escaped text: rare, and read properly.
        _ => {
            let all: serde_json::Value = serde_json::from_str(tags).ok()?;
            let key: String = serde_json::from_str(quoted).ok()?;
            Some(all.get(key)?.as_str()?.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others() {
        let find = |tags: &str| tag_value(tags.as_bytes(), "\"env\"");
        assert_eq!(find(r#"{"a":"b","env":"kasumi-prod"}"#).as_deref(), Some("kasumi-prod"));
        assert_eq!(find(r#"{"env" : "x\"y"}"#).as_deref(), Some("x\"y"));
        assert_eq!(find(r#"{"env":null}"#), None);
        assert_eq!(find(r#"{"environment":"x"}"#), None);
        assert_eq!(find(r#"{"name":"env","env":"y"}"#).as_deref(), Some("y"));
        assert_eq!(find("not json"), None);
    }
}
