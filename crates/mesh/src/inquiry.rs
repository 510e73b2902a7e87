//! The office's side: an inquiry about one person of a register, and the linkages of the own
//! people. The individual number leaves the database only toward the identity authority, after its
//! audit row; to a provider goes a code that means nobody elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use definition::System;
use definition::model::{Format, Item, Register, Subject};
use office::{Actor, Office};
use serde_json::{Value, json};
use store::exchange::{linkages_keep, linkages_missing};
use store::register::Table;

use crate::MeshError;
use crate::linkage::{Linkage, index};
use crate::net::{Ask, Contact, Door, Given, LINKAGES_MOST, code_body, linkages_body};

/// Kind of the identity authority in the directory.
pub const IDENTITY: &str = "identity";
/// Its service.
const LINKAGE: &str = "linkage";

/// An inquiry about a person.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// System and register of the own record.
    pub record: (&'a str, &'a str),
    /// 宛名番号.
    pub subject: &'a str,
    /// The member that is asked.
    pub provider: &'a str,
    /// 事務.
    pub affair: (&'a str, &'a str),
    /// 特定個人情報.
    pub item_set: &'a str,
    /// 事案.
    pub case: Option<&'a str>,
}

/// The register of people with an individual number, and that item.
pub fn people(system: &System) -> Option<(&Register, &Item)> {
    let people = system.registers.iter().filter(|one| one.subject == Subject::Person);
    let mut numbered = people.filter_map(|register| {
        let is_number = |item: &&Item| item.secret && item.format == Some(Format::IndividualNumber);
        Some((register, register.items.iter().find(is_number)?))
    });
    numbered.next()
}

/// Asks a provider about a person.
///
/// # Errors
/// [`MeshError::Office`] when the actor may not, or the person has no number; the rest of
/// [`MeshError`] when the own node or the identity authority does not answer.
pub async fn inquire(
    (office, actor, door): (&Office, &Actor, &Door),
    inquiry: &Inquiry<'_>,
) -> Result<Given, MeshError> {
    let (system, register) = inquiry.record;
    let model = office.system(system)?;
    let number = people(model).filter(|(own, _)| own.id == register);
    let missing = || MeshError::Message("個人番号を持つ台帳の人だけを照会できます".to_owned());
    let (_, number) = number.ok_or_else(missing)?;
    let purpose = format!("情報照会（{}）", inquiry.affair.1);
    let place = (system, register);
    let known = (inquiry.subject, number.name.as_str());
    let number = office::register::secret(office, actor, place, known, &purpose).await?;
    let number = number.ok_or_else(|| {
        MeshError::Message("この人の個人番号が台帳にないため、照会できません".to_owned())
    })?;
    let authority = authority(&door.members().await?.members)?;
    let body = code_body(inquiry.provider, &number);
    let own = Ask {
        to: &authority,
        service: LINKAGE,
        subject: Some(inquiry.subject),
        officer: &actor.id,
        ..Ask::default()
    };
    let given = door.ask(&Ask { body: Some(&body), ..own }).await?;
    let Some(code) = given.body["code"].as_str() else { return Ok(given) };
    let ask = Ask {
        to: inquiry.provider,
        service: "inquiry",
        affair: Some(inquiry.affair.0),
        item_set: Some(inquiry.item_set),
        code: Some(code),
        case: inquiry.case,
        ..own
    };
    door.ask(&ask).await
}

/// Gets the linkages of people who have none yet, a batch at a time, until everybody has one; how
/// many were new.
///
/// # Errors
/// As [`inquire`]; what was kept stays.
pub async fn enrol((office, actor, door): (&Office, &Actor, &Door)) -> Result<usize, MeshError> {
    let mut kept = 0;
    for system in office.systems.iter() {
        let Some((register, number)) = people(system) else { continue };
        let table = Table { system, register };
        loop {
            let client = office.database.client().await?;
            let vault = office.database.vault()?;
            let limit = i64::try_from(LINKAGES_MOST).unwrap_or(i64::MAX);
            let waiting = linkages_missing(&*client, (table, number), vault, limit).await?;
            if waiting.is_empty() {
                break;
            }
            let (subjects, numbers): (Vec<String>, Vec<String>) = waiting.into_iter().unzip();
            let detail = json!({ "register": register.id, "count": subjects.len() });
            let purpose = "利用特定個人情報提供用の符号の取得（番号法第21条の2）";
            let action = format!("{}.linkage", system.id);
            actor.audit(&*client, &action, purpose, subjects.clone(), detail).await?;
            drop(client);
            let authority = authority(&door.members().await?.members)?;
            let body = linkages_body(&numbers);
            let (service, officer) = (LINKAGE, actor.id.as_str());
            let ask = Ask { to: &authority, service, officer, body: Some(&body), ..Ask::default() };
            let given = door.ask(&ask).await?;
            let made = linkages(&given.body["linkages"]).filter(|all| all.len() == subjects.len());
            let made = made.ok_or_else(|| MeshError::Message(given.detail().to_owned()))?;
            let all: Vec<(Vec<u8>, String)> = made
                .iter()
                .zip(subjects)
                .map(|(linkage, subject)| (index(vault.linkage_key(), linkage), subject))
                .collect();
            let client = office.database.client().await?;
            linkages_keep(&*client, &all).await?;
            kept += all.len();
        }
    }
    Ok(kept)
}

fn linkages(all: &Value) -> Option<Vec<Linkage>> {
    let read = |one: &Value| STANDARD.decode(one.as_str()?).ok()?.try_into().ok();
    all.as_array()?.iter().map(read).collect()
}

fn authority(members: &[Contact]) -> Result<String, MeshError> {
    let found = members.iter().find(|one| one.kind == IDENTITY);
    let missing = || MeshError::Setting("名簿に符号を作る機関がありません".to_owned());
    Ok(found.ok_or_else(missing)?.id.clone())
}
