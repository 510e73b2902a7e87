//! Certificates: who asks, what may be shown, a number, the page, the record of it. 書損 voids the
//! page and keeps its number.
//!
//! A certificate never prints a missing or reduced character: printing stops, the character waits
//! for identification by a person, and no number is used up.

mod content;

use std::collections::BTreeSet;

use base::said;
use definition::System;
use definition::model::Procedure;
use serde_json::{Value as Json, json};
use store::GenericClient;
use store::Row;
use store::document::{NewDocument, document_issue, document_read, document_void};
use store::glyph::{GlyphPlace, NewGlyph, glyph_report};
use store::register::{Table, reveal};
use store::series::series_take;

use crate::access::role;
use crate::case::{CaseInput, Gathered, gather};
use crate::plan::{Placeholders, Plan, Step, plan};
use crate::{Actor, Office, OfficeError, procedure_of};
use content::{Around, Request, content, household, lent};

pub(crate) use content::{head, printable};

/// A page to be rendered: template files, the entry among them, and its data.
#[derive(Clone, Debug)]
pub struct Job {
    /// Entry file (`residents-copy.typ`).
    pub entry: String,
    /// All template files of the system.
    pub files: std::collections::BTreeMap<String, String>,
    /// Data.
    pub data: Json,
}

/// A rendered page.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// PDF/A.
    pub pdf: Vec<u8>,
    /// Pages.
    pub pages: u32,
}

/// Why a page could not be rendered.
#[derive(Clone, Debug)]
pub enum RenderError {
    /// Characters without a glyph: place in the data, text, code points.
    Glyphs(Vec<(String, String, String)>),
    /// Anything else.
    Failed(String),
}

/// Issues a certificate; its number and the page are returned.
///
/// # Errors
/// [`OfficeError::Invalid`] for the request, [`OfficeError::Glyphs`] when a character cannot be
/// printed, [`OfficeError::Forbidden`] for concealed people.
pub async fn certificate_issue<R>(
    office: &Office,
    actor: &Actor,
    input: &CaseInput,
    render: R,
) -> Result<(String, Rendered), OfficeError>
where
    R: AsyncFnOnce(Job) -> Result<Rendered, RenderError>,
{
    let (system, procedure) = office.procedure(&input.system, &input.procedure)?;
    let (system, procedure): (&System, &Procedure) = (system, procedure);
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    let mut client = office.database.client().await?;
    let chosen = gather(office, &*client, actor, (system, procedure), (&input.form, false)).await?;
    crate::case::refuse_concealed(actor, system, procedure, &chosen)?;
    let Gathered { facts, findings, subjects, stored, keys, .. } = chosen;
    let planned = plan(system, procedure, facts, findings, &mut Placeholders::default())?;
    crate::case::refuse_findings(&planned, input.acknowledged)?;
    let Some((notice, allowed, fee_yen)) = notice_of(system, procedure, planned) else {
        return Err(OfficeError::Definition("証明の手続に notify がありません".to_owned()));
    };
    let transaction = client.transaction().await?;
    let (number, lent, head, household) = tokio::try_join!(
        take_number(office, &transaction, actor),
        lent(office, &transaction, actor, (system, procedure), &subjects),
        head(office, &transaction),
        household(&transaction, (system, procedure), subjects.first(), actor.at),
    )?;
    let request = Request { allowed: &allowed, stored: &stored };
    let around = Around { head, household };
    let document = NewDocument {
        number: number.clone(),
        case_id: None,
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        notice,
        package: system.hash.clone(),
        title: procedure.name.clone(),
        subjects: keys.clone(),
        content: content((system, procedure), (&subjects, &lent), around, request),
        fee_yen,
        issued_by: actor.id.clone(),
    };
    let job = job(office, &transaction, actor, system, (&document, &subjects, &allowed)).await?;
    let rendered = match render(job).await {
        Ok(rendered) => rendered,
        Err(RenderError::Failed(message)) => return Err(OfficeError::Definition(message)),
        Err(RenderError::Glyphs(missing)) => {
            transaction.rollback().await?;
            let table = Table::new(system, &procedure.register)?;
            let place = (table, subjects.as_slice());
            return Err(report_glyphs(office, actor, &document, place, missing).await?);
        }
    };
    let detail = json!({
        "number": number, "items": allowed, "fee_yen": fee_yen, "request": stored,
        "identity": input.identity,
    });
    tokio::try_join!(
        async {
            let page = (&*rendered.pdf, rendered.pages);
            document_issue(&transaction, &document, page).await.map_err(OfficeError::from)
        },
        actor.audit(&transaction, "document.issue", &procedure.name, keys, detail),
    )?;
    transaction.commit().await?;
    Ok((number, rendered))
}

/// The template, the items that may be printed and the fee.
fn notice_of(
    system: &System,
    procedure: &Procedure,
    planned: Plan,
) -> Option<(String, Vec<String>, i64)> {
    planned.steps.into_iter().find_map(|step| match step {
        Step::Notify { notice, items, requested, fee_yen } => {
            Some((notice, printable(system, procedure, &items, requested.as_deref()), fee_yen))
        }
        _ => None,
    })
}

/// 発行番号: day, 団体コード, terminal, serial.
///
/// Each clerk has a series: it stays locked while the page is rendered, so that a page that fails
/// leaves no gap, and no other clerk waits for it.
pub(crate) async fn take_number(
    office: &Office,
    client: &impl GenericClient,
    actor: &Actor,
) -> Result<String, OfficeError> {
    let serial = series_take(client, &format!("document.{}", actor.id), 1).await?;
    let day = actor.today().strftime("%Y%m%d");
    Ok(format!("{day}-{}-{}-{serial:06}", office.organisation.code, actor.id))
}

/// The page's data: the kept content, what is printed around it, and secrets opened for it alone.
async fn job(
    office: &Office,
    client: &impl GenericClient,
    actor: &Actor,
    system: &System,
    (document, subjects, allowed): (&NewDocument, &[Row], &[String]),
) -> Result<Job, OfficeError> {
    let procedure = system.procedure(&document.procedure);
    let register = procedure.map(|procedure| procedure.register.clone()).unwrap_or_default();
    let table = Table::new(system, &register)?;
    let mut data = document.content.clone();
    for (index, row) in subjects.iter().enumerate() {
        let secrets = table.register.items.iter().filter(|item| item.secret);
        for item in secrets.filter(|item| allowed.contains(&item.name)) {
            let key = table.key_of(row);
            let text = reveal(client, table, item, key, office.database.vault()?).await?;
            data["subjects"][index][&item.name] = text.map_or(Json::Null, Json::from);
        }
    }
    data["document"] = document_head(office, actor, document);
    let entry = format!("{}.typ", document.notice);
    Ok(Job { entry, files: system.notices.clone(), data })
}

/// What every page says of its document.
pub(crate) fn document_head(office: &Office, actor: &Actor, document: &NewDocument) -> Json {
    json!({
        "title": document.title,
        "number": document.number,
        "issued": base::era::japanese(actor.today()),
        "issued_iso": actor.today().to_string(),
        "sample": office.organisation.sample,
        "void": false,
    })
}

/// Each character joins the waiting list at its row and item; what was read for the page is in the
/// audit, too.
async fn report_glyphs(
    office: &Office,
    actor: &Actor,
    document: &NewDocument,
    (table, subjects): (Table<'_>, &[Row]),
    missing: Vec<(String, String, String)>,
) -> Result<OfficeError, OfficeError> {
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut words = Vec::new();
    let places: Vec<GlyphPlace> =
        missing.iter().map(|(path, ..)| place_of(table, subjects, path)).collect();
    let recorded: BTreeSet<String> = missing
        .iter()
        .zip(&places)
        .filter(|(_, place)| !place.subject.is_empty())
        .map(|((.., code), _)| code.clone())
        .collect();
    for ((path, source, code), place) in missing.into_iter().zip(places) {
        let word = format!("{source}（{code}）");
        if !words.contains(&word) {
            words.push(word);
        }
        // Outside of a row it follows the row that holds the same character.
        if place.subject.is_empty() && recorded.contains(&code) {
            continue;
        }
        let reported_by = actor.id.clone();
        glyph_report(&transaction, &NewGlyph { code, source, path, place, reported_by }).await?;
    }
    let detail = json!({"procedure": document.procedure, "characters": words});
    let subjects = document.subjects.clone();
    actor.audit(&transaction, "document.stop", &document.title, subjects, detail).await?;
    transaction.commit().await?;
    Ok(OfficeError::Glyphs(words))
}

/// The row and item of `/subjects/<index>/<item>`; a text that stands in no row has neither.
fn place_of(table: Table<'_>, subjects: &[Row], path: &str) -> GlyphPlace {
    let mut place = GlyphPlace {
        system: table.system.id.clone(),
        register: table.register.id.clone(),
        ..GlyphPlace::default()
    };
    let mut parts = path.strip_prefix("/subjects/").unwrap_or_default().split('/');
    let row = parts.next().and_then(|index| subjects.get(index.parse::<usize>().ok()?));
    let item = parts.next().map(|name| name.replace("~1", "/").replace("~0", "~"));
    if let (Some(row), Some(item)) = (row, item.filter(|i| table.register.item(i).is_some())) {
        place.subject = table.key_of(row).to_owned();
        place.item = item;
    }
    place
}

/// The page of an issued document again; a voided one carries its mark.
///
/// # Errors
/// [`OfficeError::NotFound`].
pub async fn certificate_page<R>(
    office: &Office,
    actor: &Actor,
    number: &str,
    render: R,
) -> Result<Rendered, OfficeError>
where
    R: AsyncFnOnce(Job) -> Result<Rendered, RenderError>,
{
    actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let client = office.database.client().await?;
    let found = document_read(&**client, number).await?;
    let document = &found.document;
    let system = &*office.version(&**client, &document.system, &document.package).await?;
    let procedure = procedure_of(system, &document.procedure)?;
    let table = Table::new(system, &procedure.register)?;
    let subjects = store::register::rows(&**client, table, &document.subjects).await?;
    let hidden = subjects.iter().any(|row| crate::register::concealed(table, row));
    if hidden && !actor.has(role::PROTECTION) {
        return Err(crate::error::protected());
    }
    // Whoever another system conceals by now is not shown either.
    lent(office, &*client, actor, (system, procedure), &subjects).await?;
    let allowed: Vec<String> =
        serde_json::from_value(document.content["form"]["show"].clone()).unwrap_or_default();
    let detail = json!({"number": number});
    let keys = document.subjects.clone();
    actor.audit(&**client, "document.view", &document.title, keys, detail).await?;
    let issued = Actor { at: found.issued_at, ..actor.clone() };
    let mut job = job(office, &**client, &issued, system, (document, &subjects, &allowed)).await?;
    job.data["document"]["void"] = json!(found.voided_at.is_some());
    if job.data.get("household").is_none() {
        // Documents of earlier versions did not keep it.
        let place = (system, procedure);
        job.data["household"] =
            household(&*client, place, subjects.first(), found.issued_at).await?;
    }
    match render(job).await {
        Ok(rendered) => Ok(rendered),
        Err(RenderError::Failed(message)) => Err(OfficeError::Definition(message)),
        Err(RenderError::Glyphs(missing)) => {
            Err(report_glyphs(office, actor, document, (table, &subjects), missing).await?)
        }
    }
}

/// 書損: the document is void; its number is never used again.
///
/// # Errors
/// [`OfficeError::Invalid`] without a reason, [`OfficeError::Conflict`] when it is void already.
pub async fn certificate_void(
    office: &Office,
    actor: &Actor,
    number: &str,
    reason: &str,
) -> Result<(), OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    if reason.trim().is_empty() {
        let said = said!("書損の理由を入力してください", "Enter the reason why it is void");
        return Err(OfficeError::invalid("reason", said));
    }
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let found = document_read(&*transaction, number).await?;
    document_void(&*transaction, number, &actor.id, reason).await?;
    let detail = json!({"number": number, "reason": reason});
    let subjects = found.document.subjects;
    actor.audit(&*transaction, "document.void", &found.document.title, subjects, detail).await?;
    transaction.commit().await?;
    Ok(())
}
