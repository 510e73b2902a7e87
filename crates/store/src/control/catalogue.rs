//! カタログの検索, as a municipality's LGWAN login asks: offers by words of their names, by items
//! and procedures, by price for a number of residents, by conformity and own contract. Reads the
//! narrow table that the database keeps beside the offers, never a package or a report.

use base::date::Date;
use definition::System;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::offer::{self, Offer};
use crate::{GenericClient, StoreError};

/// The most offers that a question finds.
pub const MOST_FOUND: usize = 500;
/// The most words of packages that a question for an item looks for.
const MOST_WORDS: i64 = 16;
/// The states of a contract that is over.
const OVER: [&str; 2] = ["終了", "取下げ"];
/// The most businesses that are listed.
const MOST_BUSINESSES: i64 = 500;

/// What is asked; everything that is not empty must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Words of the names of system, business and vendor.
    pub text: &'a str,
    /// Part of the name of an item or a procedure, or the number of an item.
    pub item: &'a str,
    /// The business, by the id of its system.
    pub system: &'a str,
    /// Yen a month for `residents`: at least, at most.
    pub yen: (Option<i64>, Option<i64>),
    /// For how many residents the price is meant.
    pub residents: i64,
    /// Whether the gate found it conforming; `Some(None)` for what is being checked.
    pub conforms: Option<Option<bool>>,
    /// Whether the own organisation has a contract for the business that is not over.
    pub contracted: Option<bool>,
}

/// An offer that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub offer: i64,
    /// System offered.
    pub system: String,
    /// Who offers it.
    pub vendor: String,
    /// Its name.
    pub name: String,
    /// Its English name.
    pub name_en: String,
    /// Its version.
    pub version: String,
    /// Yen a month whatever the size, and yen a resident and month, in force on the day.
    pub price: Option<(i64, i64)>,
    /// Whether the gate found it conforming; `None` while the report is not there.
    pub conforms: Option<bool>,
    /// The state of the own organisation's contract for the offer.
    pub contract: Option<String>,
}

/// Of each vendor and system the newest offer in force that meets what is asked on `day`, by system
/// and vendor, at most [`MOST_FOUND`]; and whether more words of packages fit the item asked for
/// than were looked for.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offer_search(
    client: &impl GenericClient,
    asked: &Asked<'_>,
    day: Date,
) -> Result<(Vec<Found>, bool), StoreError> {
    let own = own_states(client).await?;
    let systems: Vec<&str> = own.iter().map(|(_, system, _)| system.as_str()).collect();
    let terms = terms(client, asked.text).await?;
    let (grams, patterns) = (grams(&terms), patterns(&terms));
    let (words, cut) = match asked.item.trim() {
        "" => (Vec::new(), false),
        item => words_of(client, item).await?,
    };
    let mut question = Question::new(&day);
    if !terms.is_empty() {
        question.by_index(&[&grams, &patterns], |at| {
            format!("control.grams(folded) @> ${at} and folded like all(${})", at + 1)
        });
    }
    if !asked.item.trim().is_empty() {
        question.when(&[&words], |at| {
            let word = "select from control.package_word w where w.hash = e.hash";
            format!("exists ({word} and w.words && ${at})")
        });
    }
    if !asked.system.is_empty() {
        question.when(&[&asked.system], |at| format!("e.system = ${at}"));
    }
    for (yen, sign) in [(&asked.yen.0, ">="), (&asked.yen.1, "<=")] {
        if yen.is_some() {
            question.when(&[&asked.residents, yen], |at| {
                let month = format!("e.base_yen::float8 + e.resident_yen::float8 * ${at}::bigint");
                format!("{month} {sign} ${}::bigint", at + 1)
            });
        }
    }
    if let Some(conforms) = &asked.conforms {
        question.when(&[conforms], |at| format!("e.conforms is not distinct from ${at}"));
    }
    if let Some(contracted) = &asked.contracted {
        question
            .when(&[contracted, &systems], |at| format!("${at} = (e.system = any(${}))", at + 1));
    }
    let rows = client.query(&question.sql(), &question.parameters).await?;
    Ok((rows.iter().map(|row| found(row, &own)).collect::<Result<_, _>>()?, cut))
}

/// A statement of only those conditions that are asked, planned for its values.
struct Question<'q> {
    /// Conditions that an index answers, each by itself: beside another one, a plan may work the
    /// dear functions of the indexes out row by row.
    sources: Vec<String>,
    conditions: String,
    parameters: Vec<&'q (dyn ToSql + Sync)>,
}

impl<'q> Question<'q> {
    fn new(day: &'q Date) -> Question<'q> {
        let conditions = "e.newest and e.from_day <= $1 and $1 < e.until_day".to_owned();
        Question { sources: Vec::new(), conditions, parameters: vec![day] }
    }

    /// Takes parameters; the number of the first.
    fn with(&mut self, parameters: &[&'q (dyn ToSql + Sync)]) -> usize {
        let first = self.parameters.len() + 1;
        self.parameters.extend_from_slice(parameters);
        first
    }

    /// Adds a condition; it is told the number of the first of its parameters.
    fn when(
        &mut self,
        parameters: &[&'q (dyn ToSql + Sync)],
        condition: impl FnOnce(usize) -> String,
    ) {
        let first = self.with(parameters);
        self.conditions.push_str("\n and ");
        self.conditions.push_str(&condition(first));
    }

    /// Adds a condition that an index answers.
    fn by_index(
        &mut self,
        parameters: &[&'q (dyn ToSql + Sync)],
        condition: impl FnOnce(usize) -> String,
    ) {
        let first = self.with(parameters);
        self.sources.push(condition(first));
    }

    fn sql(&self) -> String {
        let source = |(at, condition): (usize, &String)| {
            let what = if at == 0 { "*" } else { "offer" };
            format!(
                "source{at} as materialized
                   (select {what} from control.offer_entry where newest and {condition})"
            )
        };
        let sources: Vec<String> = self.sources.iter().enumerate().map(source).collect();
        let (with, from) = match sources.as_slice() {
            [] => (String::new(), "control.offer_entry"),
            some => (format!("with {}", some.join(", ")), "source0"),
        };
        let others: String = (1..sources.len())
            .map(|at| format!(" and e.offer in (select offer from source{at})"))
            .collect();
        format!(
            "{with} select e.offer, e.system, e.vendor, e.name, e.name_en, e.version, e.base_yen,
               e.resident_yen, e.conforms
             from {from} e where {}{others}
             order by e.system, e.vendor, e.offer limit {MOST_FOUND}",
            self.conditions
        )
    }
}

/// Offer, system and state of the own contracts that are not over.
async fn own_states(client: &impl GenericClient) -> Result<Vec<(i64, String, String)>, StoreError> {
    let sql = "select c.offer, o.system, c.state from control.contract c
               join control.offer o on o.id = c.offer where c.state <> all($1) order by c.id";
    let rows = client.query(sql, &[&OVER.as_slice()]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

fn found(row: &Row, own: &[(i64, String, String)]) -> Result<Found, StoreError> {
    let (base, resident): (Option<i64>, Option<i64>) = (row.try_get(6)?, row.try_get(7)?);
    let offer = row.try_get(0)?;
    let contract = own.iter().find(|(of, ..)| *of == offer).map(|(.., state)| state.clone());
    Ok(Found {
        offer,
        system: row.try_get(1)?,
        vendor: row.try_get(2)?,
        name: row.try_get(3)?,
        name_en: row.try_get(4)?,
        version: row.try_get(5)?,
        price: base.zip(resident),
        conforms: row.try_get(8)?,
        contract,
    })
}

async fn terms(client: &impl GenericClient, text: &str) -> Result<Vec<String>, StoreError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(client.query_one("select control.terms($1)", &[&text]).await?.try_get(0)?)
}

/// Pairs of neighbours in the keys, or the only character of a key.
fn grams(terms: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for term in terms {
        let signs: Vec<char> = term.chars().collect();
        out.extend(signs.windows(signs.len().clamp(1, 2)).map(|pair| pair.iter().collect()));
    }
    out
}

/// Each key anywhere in a line; of what is no longer than a pair, the pair tells.
fn patterns(terms: &[String]) -> Vec<String> {
    let escaped = |term: &String| {
        let plain = term.chars().flat_map(|sign| {
            let escape = matches!(sign, '%' | '_' | '\\').then_some('\\');
            escape.into_iter().chain([sign])
        });
        format!("%{}%", plain.collect::<String>())
    };
    terms.iter().filter(|term| term.chars().count() > 2).map(escaped).collect()
}

/// The words of packages that hold a text: what is exactly it first, then the shortest; and whether
/// there are more.
async fn words_of(client: &impl GenericClient, item: &str) -> Result<(Vec<i32>, bool), StoreError> {
    let terms = terms(client, item).await?;
    if terms.is_empty() {
        return Ok((Vec::new(), false));
    }
    let sql = "select id from control.word where grams @> $1 and folded like all($2::text[])
               order by length(folded), id limit $3";
    let (grams, patterns) = (grams(&terms), patterns(&terms));
    let rows = client.query(sql, &[&grams, &patterns, &(MOST_WORDS + 1)]).await?;
    let mut ids: Vec<i32> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let most = usize::try_from(MOST_WORDS).unwrap_or(usize::MAX);
    let cut = ids.len() > most;
    ids.truncate(most);
    Ok((ids, cut))
}

/// The businesses that are on offer: id of the system, name and English name of the first offer.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn business_list(
    client: &impl GenericClient,
) -> Result<Vec<(String, String, String)>, StoreError> {
    // From one system to the next through the index: the offers between are not read.
    let sql = "
        with recursive one as (
            (select system, name, name_en from control.offer_entry where newest
             order by system, vendor, offer limit 1)
            union all
            select next.system, next.name, next.name_en from one, lateral (
                select e.system, e.name, e.name_en from control.offer_entry e
                where e.newest and e.system > one.system
                order by e.system, e.vendor, e.offer limit 1) next)
        select system, name, name_en from one limit $1";
    let rows = client.query(sql, &[&MOST_BUSINESSES]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The offers for one business, the newest in force of each vendor, what conforms first, at most
/// `most`.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offers_of(
    client: &impl GenericClient,
    system: &str,
    most: i64,
) -> Result<Vec<Offer>, StoreError> {
    let sql = format!(
        "select {} from control.offer o
         join (select distinct offer, vendor, conforms from control.offer_entry
               where system = $1 and newest
               order by conforms desc nulls last, vendor, offer limit $2) e on e.offer = o.id
         order by e.conforms desc nulls last, e.vendor, o.id",
        offer::COLUMNS
    );
    let rows = client.query(&sql, &[&system, &most]).await?;
    rows.iter().map(|row| offer::read(row, 0)).collect()
}

/// Offers by their numbers, also those that were withdrawn.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn offers_numbered(
    client: &impl GenericClient,
    ids: &[i64],
) -> Result<Vec<Offer>, StoreError> {
    let sql = format!(
        "select {} from control.offer o where o.id = any($1) order by o.vendor, o.id",
        offer::COLUMNS
    );
    client.query(&sql, &[&ids]).await?.iter().map(|row| offer::read(row, 0)).collect()
}

/// Keeps the words of a package that offers are found by: names and numbers of its items, names of
/// its procedures.
///
/// # Errors
/// [`StoreError::Database`].
pub(super) async fn words_keep(client: &Client, system: &System) -> Result<(), StoreError> {
    let items = system.registers.iter().flat_map(|register| &register.items);
    let items = items.flat_map(|item| item.number.iter().chain([&item.name]));
    let procedures = system.procedures.iter().map(|procedure| &procedure.name);
    let mut words: Vec<&String> = items.chain(procedures).collect();
    words.sort_unstable();
    words.dedup();
    let sql = "insert into control.word (word) select unnest($1::text[]) on conflict do nothing";
    client.execute(sql, &[&words]).await?;
    // By itself, to see also what somebody else wrote meanwhile.
    let sql = "insert into control.package_word (hash, words)
               select $1, array(select id from control.word where word = any($2) order by id)
               on conflict do nothing";
    client.execute(sql, &[&system.hash, &words]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_taken_apart() {
        let terms = ["インカン", "a", "1%_"].map(str::to_owned);
        assert_eq!(grams(&terms), ["イン", "ンカ", "カン", "a", "1%", "%_"]);
        assert_eq!(patterns(&terms), ["%インカン%", "%1\\%\\_%"]);
        assert_eq!((grams(&[]), patterns(&[])), (Vec::new(), Vec::new()));
    }
}
