//! Building and publishing the view of a linked resident.
//!
//! Left out always: secret and internal items, individual number and resident code whatever their
//! definition says, the mark of protection and whatever tells of it, names of officials, titles of
//! cases with several subjects (they may name others), every case and document that also concerns a
//! person who is concealed, and of a resident who is concealed the items that conceal (支援措置):
//! whereabouts of a protected person never lie in the internet zone, even sealed.

use std::collections::BTreeSet;

use definition::model::{Format, Item, ItemKind};
use store::audit::{Audit, audit_latest};
use store::case::{Case, case_of_subject};
use store::document::{Document, document_latest};
use store::front::LinkState;
use store::front::office::{self as shelf, Link};
use store::front::seal::{self, ResidentKeys};
use store::front::view::{View, ViewCase, ViewDocument, ViewGroup, ViewItem, ViewLook};
use store::register::{row, rows_by};
use store::{ItemValue, Row, StoreError};

use super::matching::value;
use super::{Desk, link, protect};
use crate::access::role;
use crate::facts::reads;

/// Rows shown of each list.
const SHOWN: i64 = 50;
/// What stands for a purpose that would tell of a protection.
const NEUTRAL: &str = "窓口の事務";

/// Publishes the view of a link if it differs from the published one; a closed record withdraws
/// it. True when something was written.
pub(super) async fn publish(desk: &Desk<'_>, handle: &[u8]) -> Result<bool, StoreError> {
    let Some(mut link) = shelf::link_read(desk.front(), handle, false).await? else {
        return Ok(false);
    };
    if !matches!(link.state, LinkState::Linked | LinkState::Ended) {
        return Ok(false);
    }
    let particulars = link::particulars(desk, &link)?;
    let (Some(key), Some(secret)) = (&particulars.key, &particulars.secret) else {
        return Ok(false);
    };
    let mark = shelf::mark_of(desk.office(), key).await?;
    link.published_event = mark.event;
    link.published_audit = mark.audit;
    let found = row(desk.office(), desk.table, key).await?;
    let Some(found) = found.filter(|row| row.meta.closed_on.is_none()) else {
        return withdraw(desk, link).await;
    };
    let view = build(desk, key, &found).await?;
    let text = serde_json::to_string(&view).map_err(std::io::Error::other)?;
    let index = desk.vault.index("front/view", &text);
    let differs = link.view_index.as_ref() != Some(&index);
    if differs {
        let keys = ResidentKeys::new(&particulars.issuer, &particulars.subject)?;
        let sealed = keys.view_seal(&seal::from_text(secret)?, text.as_bytes())?;
        shelf::view_put(desk.front(), handle, Some(&sealed)).await?;
    }
    link.view_index = Some(index);
    link.state = LinkState::Linked;
    shelf::link_published(desk.front(), &link).await?;
    Ok(differs)
}

async fn withdraw(desk: &Desk<'_>, mut link: Link) -> Result<bool, StoreError> {
    let differs = link.state != LinkState::Ended;
    shelf::view_put(desk.front(), &link.handle, None).await?;
    link.state = LinkState::Ended;
    link.view_index = None;
    shelf::link_published(desk.front(), &link).await?;
    Ok(differs)
}

async fn build(desk: &Desk<'_>, key: &str, row: &Row) -> Result<View, StoreError> {
    let cases = case_of_subject(desk.office(), key, SHOWN).await?;
    let documents = document_latest(desk.office(), Some(key), SHOWN).await?;
    let members = members(desk, row).await?;
    let mut named: BTreeSet<String> = members.iter().map(|(key, _)| key.clone()).collect();
    named.insert(key.to_owned());
    named.extend(cases.iter().flat_map(|case| case.entered.subjects.iter().cloned()));
    named.extend(documents.iter().flat_map(|one| one.document.subjects.iter().cloned()));
    let named: Vec<String> = named.into_iter().collect();
    let concealed = protect::concealed(desk, &named).await?;
    let open =
        |subjects: &[String]| !subjects.iter().any(|name| name != key && concealed.contains(name));
    let silent = |system: &str, procedure: &str| {
        is_own(desk, system, procedure) && !protect::tells(desk, system, procedure)
    };
    let others = members.into_iter().filter(|(own, _)| own != key && !concealed.contains(own));
    Ok(View {
        groups: groups(desk, row, concealed.contains(key)),
        household: others.map(|(_, name)| name).collect(),
        cases: cases
            .iter()
            .filter(|case| open(&case.entered.subjects))
            .filter(|case| silent(&case.entered.system, &case.entered.procedure))
            .map(|case| view_case(desk, case))
            .collect(),
        documents: documents
            .iter()
            .filter(|one| one.voided_at.is_none() && open(&one.document.subjects))
            .filter(|one| silent(&one.document.system, &one.document.procedure))
            .map(view_document)
            .collect(),
        looks: looks(desk, key).await?,
    })
}

fn groups(desk: &Desk<'_>, row: &Row, concealed: bool) -> Vec<ViewGroup> {
    let mut out: Vec<ViewGroup> = Vec::new();
    let items = &desk.table.register.items;
    for (at, item) in items.iter().enumerate() {
        if !is_published(desk, item) || (concealed && item.conceal) {
            continue;
        }
        let Some(text) = reads(desk.table.system, items, &row.values, at) else { continue };
        let shown = ViewItem {
            label: item.name.replace('_', "の"),
            label_en: item.name_en.clone(),
            value: text,
            glyphs: matches!(item.kind, ItemKind::FullWidth(_)),
        };
        match out.iter_mut().find(|group| group.heading == item.group) {
            Some(group) => group.items.push(shown),
            None => out.push(ViewGroup { heading: item.group.clone(), items: vec![shown] }),
        }
    }
    out
}

fn is_published(desk: &Desk<'_>, item: &Item) -> bool {
    let number = matches!(item.format, Some(Format::IndividualNumber | Format::ResidentCode));
    let mark = desk.table.register.concealed_by.as_ref() == Some(&item.name);
    let withheld = desk.items.withheld.contains(&item.name);
    !(item.secret || item.internal || number || mark || withheld)
}

/// Keys and names of the members of the household, the resident among them; closed ones are left
/// out.
async fn members(desk: &Desk<'_>, row: &Row) -> Result<Vec<(String, String)>, StoreError> {
    let Some(item) = protect::shared(desk) else { return Ok(Vec::new()) };
    let shared = value(desk.table, row, &item.name).and_then(ItemValue::as_text);
    let Some(shared) = shared else { return Ok(Vec::new()) };
    let members = rows_by(desk.office(), desk.table, item, shared).await?;
    let name = |row: &Row| {
        let name = value(desk.table, row, &desk.items.name)?.as_text()?.to_owned();
        Some((desk.table.key_of(row).to_owned(), name))
    };
    Ok(members.iter().filter(|row| row.meta.closed_on.is_none()).filter_map(name).collect())
}

/// A household and a person may have the same number: what names it must mean this register.
fn is_own(desk: &Desk<'_>, system: &str, procedure: &str) -> bool {
    let own = desk.table.system;
    let found = own.procedure(procedure).filter(|_| own.id == system);
    found.is_none_or(|procedure| procedure.register == desk.table.register.id)
}

fn view_case(desk: &Desk<'_>, case: &Case) -> ViewCase {
    let system = desk.table.system;
    let known = (case.entered.system == system.id)
        .then(|| system.procedure(&case.entered.procedure))
        .flatten();
    let (procedure, procedure_en) = match known {
        Some(known) => (known.name.clone(), known.name_en.clone()),
        // Of another system: its title, where it can name nobody else.
        None if case.entered.subjects.len() == 1 => {
            (case.entered.title.clone(), case.entered.title.clone())
        }
        None => ("手続".to_owned(), "Procedure".to_owned()),
    };
    ViewCase {
        number: case.id,
        procedure,
        procedure_en,
        stage: case.entered.stage.clone(),
        entered_at: case.entered_at,
        due_on: case.entered.due_on.to_string(),
    }
}

fn view_document(one: &Document) -> ViewDocument {
    ViewDocument {
        number: one.document.number.clone(),
        title: one.document.title.clone(),
        issued_at: one.issued_at,
    }
}

async fn looks(desk: &Desk<'_>, key: &str) -> Result<Vec<ViewLook>, StoreError> {
    let found = audit_latest(desk.office(), Some(key), SHOWN).await?;
    let telling = protect::telling_purposes(desk);
    let purpose = |purpose: String| match telling.contains(&purpose) {
        true => NEUTRAL.to_owned(),
        false => purpose,
    };
    let look = |one: Audit| ViewLook {
        at: one.at,
        purpose: purpose(one.audit.purpose),
        role: roles(&one.audit.role),
    };
    Ok(found.into_iter().map(look).collect())
}

/// Roles by their names; whoever handles protections was at the counter.
fn roles(ids: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for id in ids.split(',') {
        let name = role::name(if id == role::PROTECTION { role::COUNTER } else { id });
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join("・")
}
