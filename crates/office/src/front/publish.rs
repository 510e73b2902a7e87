//! Building and publishing the view of a linked resident.
//!
//! Left out always: secret and internal items, individual number and resident code whatever their
//! definition says, the mark of protection, names of officials, titles of cases with several
//! subjects (they may name others), every case and document that also concerns a person whose
//! record is concealed, and of a resident whose own record is concealed the items that conceal
//! (支援措置): whereabouts of a protected person never lie in the internet zone, even sealed.

use std::collections::BTreeSet;

use definition::model::{Format, Item, ItemKind};
use store::audit::audit_latest;
use store::case::{Case, case_of_subject};
use store::document::{Document, document_latest};
use store::front::LinkState;
use store::front::office::{self as shelf, Link};
use store::front::seal::{self, ResidentKeys};
use store::front::view::{View, ViewCase, ViewDocument, ViewGroup, ViewItem, ViewLook};
use store::register::{row, rows, rows_by};
use store::{ItemValue, Row, StoreError};

use super::matching::value;
use super::{Desk, link};
use crate::access::role;
use crate::facts::display;

/// Rows shown of each list.
const SHOWN: i64 = 50;

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
    let named = cases.iter().flat_map(|case| &case.entered.subjects);
    let named = named.chain(documents.iter().flat_map(|one| &one.document.subjects));
    let others: BTreeSet<String> = named.filter(|name| *name != key).cloned().collect();
    let concealed = concealed(desk, others.into_iter().collect()).await?;
    let open = |subjects: &[String]| !subjects.iter().any(|name| concealed.contains(name));
    Ok(View {
        groups: groups(desk, row),
        household: household(desk, key, row).await?,
        cases: cases
            .iter()
            .filter(|case| open(&case.entered.subjects))
            .map(|case| view_case(desk, case))
            .collect(),
        documents: documents
            .iter()
            .filter(|one| one.voided_at.is_none() && open(&one.document.subjects))
            .map(view_document)
            .collect(),
        looks: looks(desk, key).await?,
    })
}

/// Of these persons, those whose record is concealed.
async fn concealed(desk: &Desk<'_>, keys: Vec<String>) -> Result<BTreeSet<String>, StoreError> {
    if desk.table.register.concealed_by.is_none() || keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found = rows(desk.office(), desk.table, &keys).await?;
    let hidden = found.iter().filter(|row| is_concealed(desk, row));
    Ok(hidden.map(|row| desk.table.key_of(row).to_owned()).collect())
}

fn is_concealed(desk: &Desk<'_>, row: &Row) -> bool {
    let mark = desk.table.register.concealed_by.as_deref();
    mark.is_some_and(|name| value(desk.table, row, name) == Some(&ItemValue::Flag(true)))
}

fn groups(desk: &Desk<'_>, row: &Row) -> Vec<ViewGroup> {
    let mut out: Vec<ViewGroup> = Vec::new();
    let concealed = is_concealed(desk, row);
    for (item, value) in desk.table.register.items.iter().zip(&row.values) {
        if !is_published(desk, item) || (concealed && item.conceal) {
            continue;
        }
        let Some(text) = display(desk.table.system, item, value.as_ref()) else { continue };
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

/// Names of the other members; concealed ones are left out, and closed ones.
async fn household(desk: &Desk<'_>, key: &str, row: &Row) -> Result<Vec<String>, StoreError> {
    let register = desk.table.register;
    let wanted = desk.items.household.as_ref();
    let relation = register.relations.iter().find(|one| Some(&one.name) == wanted);
    let Some(relation) = relation.filter(|one| one.register == register.id) else {
        return Ok(Vec::new());
    };
    let shared = value(desk.table, row, &relation.by).and_then(ItemValue::as_text);
    let (Some(item), Some(shared)) = (register.item(&relation.by), shared) else {
        return Ok(Vec::new());
    };
    let members = rows_by(desk.office(), desk.table, item, shared).await?;
    Ok(members
        .iter()
        .filter(|member| desk.table.key_of(member) != key)
        .filter(|member| member.meta.closed_on.is_none() && !is_concealed(desk, member))
        .filter_map(|member| value(desk.table, member, &desk.items.name)?.as_text())
        .map(str::to_owned)
        .collect())
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
    Ok(found
        .into_iter()
        .map(|one| {
            let roles: Vec<&str> = one.audit.role.split(',').map(role::name).collect();
            ViewLook { at: one.at, purpose: one.audit.purpose, role: roles.join("・") }
        })
        .collect())
}
