//! `inquiry`: a fact from the member's own registers. Lawful by the statutory table, only the items
//! of the asked set, of nobody whom the masked view does not show.

use std::collections::HashMap;
use std::sync::Arc;

use base::date::day_in_japan;
use bytes::Bytes;
use definition::System;
use definition::model::{Format, Item, Register, Subject};
use jiff::Timestamp;
use store::exchange::Outcome;
use store::register::{MaskedRead, MaskedRows, Table};
use store::{Database, StoreError};

use super::service::{Answering, Asked, Reply, Service};
use crate::linkage::{MemberKey, index};
use crate::statute::{ItemSet, Question, Statute};

/// Answers inquiries from one organisation's registers.
#[derive(Debug)]
pub struct RegisterService {
    /// Kind of the authority, as in the statutory table.
    kind: String,
    statute: Arc<Statute>,
    database: Database,
    member_key: MemberKey,
    index_key: Vec<u8>,
    sets: HashMap<String, MaskedRead>,
}

impl RegisterService {
    /// A service over the installed systems. `keys` are the member's key of codes and the key of
    /// its index.
    pub fn new(
        (kind, statute): (&str, Arc<Statute>),
        (database, systems): (Database, &[Arc<System>]),
        (member_key, index_key): (MemberKey, Vec<u8>),
    ) -> RegisterService {
        // Registers of people that conceal some: who is not shown there is not spoken of.
        let mut people = Vec::new();
        for system in systems {
            let conceals =
                |one: &&Register| one.subject == Subject::Person && one.concealed_by.is_some();
            let registers = system.registers.iter().filter(conceals);
            people.extend(registers.map(|register| Table { system, register }));
        }
        let mut sets = HashMap::new();
        for set in statute.item_sets() {
            if let Some(read) = read_of(systems, set, &people) {
                sets.insert(set.id.clone(), read);
            }
        }
        let kind = kind.to_owned();
        RegisterService { kind, statute, database, member_key, index_key, sets }
    }

    async fn reply(&self, asked: Asked<'_>) -> Reply {
        match self.found(asked).await {
            Ok(reply) => reply,
            Err(error) => {
                tracing::error!(%error, "an inquiry could not be answered");
                Reply::no(
                    Outcome::Lost,
                    "提供機関の台帳を読めませんでした。あとでもう一度照会してください",
                )
            }
        }
    }

    async fn found(&self, asked: Asked<'_>) -> Result<Reply, StoreError> {
        let (Some(affair), Some(set), Some(code)) =
            (&asked.head.affair, &asked.head.item_set, &asked.head.subject)
        else {
            return Ok(Reply::no(
                Outcome::Refused,
                "照会には、事務、情報の名、符号の三つが要ります",
            ));
        };
        let now = Timestamp::now();
        let question = Question {
            affair,
            item_set: set,
            inquirer: &asked.from.kind,
            provider: &self.kind,
            day: day_in_japan(now),
        };
        let basis = match self.statute.decide(&question) {
            Ok(basis) => basis,
            Err(unlawful) => return Ok(Reply::no(Outcome::Refused, unlawful.to_string())),
        };
        let Some(read) = self.sets.get(set) else {
            return Ok(Reply::no(
                Outcome::Nothing,
                "この機関は、この情報を持つシステムを使っていません",
            ));
        };
        let nobody = || Reply::no(Outcome::Nothing, "この機関に、この人の記録はありません");
        let Some(linkage) = self.member_key.linkage(&asked.from.id, code) else {
            return Ok(Reply::no(Outcome::Refused, "符号の形が規約と違います"));
        };
        let client = self.database.client().await?;
        let found = read.rows(&*client, &index(&self.index_key, &linkage)).await?;
        drop(client);
        let Some(MaskedRows { subject, is_shown, rows }) = found else { return Ok(nobody()) };
        if !is_shown {
            let held = "提供機関の職員が確かめてから答えます。急ぐときは、提供機関に電話で確かめてください";
            return Ok(Reply { subject: Some(subject), ..Reply::no(Outcome::Held, held) });
        }
        if rows.is_empty() {
            return Ok(Reply { subject: Some(subject), ..nobody() });
        }
        let body = format!("{{\"as_of\":\"{now}\",\"records\":[{}]}}", rows.join(","));
        let (basis, body) = (Some(basis.to_owned()), Bytes::from(body));
        Ok(Reply { outcome: Outcome::Answered, reason: None, basis, subject: Some(subject), body })
    }
}

impl Service for RegisterService {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(self.reply(asked))
    }
}

/// How the items of a set are read; `None` when no installed system has them. A set belongs to one
/// register, whose people are found by their own number.
fn read_of(systems: &[Arc<System>], set: &ItemSet, people: &[Table<'_>]) -> Option<MaskedRead> {
    let numbered = |item: &&Item| {
        item.number.as_ref().is_some_and(|number| set.items.contains(number)) && !item.secret
    };
    systems.iter().filter(|system| system.id == set.business).find_map(|system| {
        system.registers.iter().find_map(|register| {
            let items: Vec<&Item> = register.items.iter().filter(numbered).collect();
            let person = |item: &&Item| item.format == Some(Format::AddresseeNumber);
            let by = register.items.iter().find(person)?;
            let whole = !items.is_empty();
            whole.then(|| MaskedRead::new((Table { system, register }, by), &items, people))
        })
    })
}
