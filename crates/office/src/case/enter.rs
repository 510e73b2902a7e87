//! Entering a case: preview, entry as 仮登録, revision after it came back.

use base::date::Date;
use base::said;
use definition::model::{Procedure, Search, System};
use serde_json::{Value as Json, json};
use store::GenericClient;
use store::ItemValue;
use store::case::{NewCase, case_act, case_open, case_read, case_update};
use store::register::Table;
use store::search::Criterion;

use super::gather::unchanged;
use super::{Act, Gathered, Preview, UsedRow, changes_of, gather, stage, title};
use crate::access::role;
use crate::plan::{Finding, Placeholders, Plan, Step, plan};
use crate::{Actor, Office, OfficeError, procedure_of};

/// What is entered for a case.
#[derive(Clone, Debug)]
pub struct CaseInput {
    /// System.
    pub system: String,
    /// Procedure.
    pub procedure: String,
    /// The form.
    pub form: Json,
    /// How the person who came was identified (method, document), as entered.
    pub identity: Json,
    /// Warnings were read and acknowledged.
    pub acknowledged: bool,
}

/// What the procedure would do; nothing is written. The caller answers for the audit.
///
/// # Errors
/// [`OfficeError::NotFound`], [`OfficeError::Forbidden`] for concealed subjects.
pub async fn case_preview(
    office: &Office,
    actor: &Actor,
    input: &CaseInput,
) -> Result<Preview, OfficeError> {
    let (system, procedure) = office.procedure(&input.system, &input.procedure)?;
    let client = office.database.client().await?;
    preview(office, &**client, actor, (system, procedure), input).await
}

/// What a procedure of this version would do, for a case that began with it.
///
/// # Errors
/// As [`case_preview`].
pub async fn case_preview_in(
    office: &Office,
    actor: &Actor,
    system: &System,
    input: &CaseInput,
) -> Result<Preview, OfficeError> {
    let procedure = procedure_of(system, &input.procedure)?;
    let client = office.database.client().await?;
    preview(office, &**client, actor, (system, procedure), input).await
}

async fn preview(
    office: &Office,
    client: &impl GenericClient,
    actor: &Actor,
    (system, procedure): (&System, &Procedure),
    input: &CaseInput,
) -> Result<Preview, OfficeError> {
    let gathered = gather(office, client, actor, (system, procedure), (&input.form, false)).await?;
    refuse_concealed(actor, system, procedure, &gathered)?;
    let Gathered { facts, mut findings, stored, subjects, keys, .. } = gathered;
    findings.extend(identity_findings(procedure, &input.identity));
    let mut plan = plan(system, procedure, facts, findings, &mut Placeholders::default())?;
    plan.findings.extend(duplicates(office, client, system, procedure, &plan).await?);
    plan.findings.extend(unchanged(client, (system, procedure), &plan).await?);
    let table = Table::new(system, &procedure.register)?;
    let changes = changes_of(client, system, &plan).await?;
    let mut names: Vec<String> = subjects.iter().filter_map(|row| title_of(table, row)).collect();
    names.extend(opened_names(system, procedure, &plan));
    let mut all_keys = keys;
    for step in &plan.steps {
        for (register, key) in step.touched() {
            if register == procedure.register && !all_keys.iter().any(|known| known == key) {
                all_keys.push(key.to_owned());
            }
        }
    }
    let rows = store::register::rows(client, table, &all_keys).await?;
    Ok(Preview {
        changes,
        stored,
        subjects: rows.iter().map(|row| table.key_of(row).to_owned()).collect(),
        versions: rows.iter().map(|row| row.meta.version_no).collect(),
        title: title(system, procedure, &names),
        plan,
    })
}

/// Concealed people are handled by the protection officer only.
pub(crate) fn refuse_concealed(
    actor: &Actor,
    system: &System,
    procedure: &Procedure,
    gathered: &Gathered,
) -> Result<(), OfficeError> {
    let table = Table::new(system, &procedure.register)?;
    let own = gathered.subjects.iter().any(|row| crate::register::concealed(table, row));
    let lent = |row: &UsedRow| matches!(row, UsedRow::Values { concealed: true, .. });
    let taken_back = gathered.facts.events.iter().any(|event| event.concealed);
    if (own || taken_back || gathered.used.iter().any(lent)) && !actor.has(role::PROTECTION) {
        return Err(protected_person());
    }
    Ok(())
}

/// Procedures and certificates of a protected person are for the officer for them only.
pub fn protected_person() -> OfficeError {
    OfficeError::Forbidden(said!(
        "取扱注意の記録です。この人の手続と証明は、支援措置担当に引き継いでください",
        "This record is restricted. Hand the procedures and certificates of this person over to \
         the protection officer"
    ))
}

fn identity_findings(procedure: &Procedure, identity: &Json) -> Vec<Finding> {
    let filled =
        |name: &str| identity.get(name).and_then(Json::as_str).is_some_and(|t| !t.is_empty());
    if !procedure.identity_check || filled("方法") {
        return Vec::new();
    }
    let said = said!(
        "来庁した人の本人確認の方法を選んでください",
        "Choose how the person who came was identified"
    );
    vec![Finding::at("本人確認.方法", said)]
}

fn title_of(table: Table<'_>, row: &store::Row) -> Option<String> {
    let at = table.register.items.iter().position(|item| item.name == table.register.title)?;
    row.values[at].as_ref().and_then(ItemValue::as_text).map(str::to_owned)
}

fn opened_names(system: &System, procedure: &Procedure, plan: &Plan) -> Vec<String> {
    let Some(own) = system.register(&procedure.register) else { return Vec::new() };
    let at = own.items.iter().position(|item| item.name == own.title);
    plan.steps
        .iter()
        .filter_map(|step| match step {
            Step::Open { register, values, .. } if *register == own.id => {
                values.get(at?)?.as_ref()?.as_text().map(str::to_owned)
            }
            _ => None,
        })
        .collect()
}

/// A row to be opened that seems to be there already (二重登録).
pub(crate) async fn duplicates(
    office: &Office,
    client: &impl GenericClient,
    system: &System,
    procedure: &Procedure,
    plan: &Plan,
) -> Result<Vec<Finding>, OfficeError> {
    let mut out = Vec::new();
    if procedure.duplicates.is_empty() {
        return Ok(out);
    }
    let table = Table::new(system, &procedure.register)?;
    let positions: Vec<usize> = procedure
        .duplicates
        .iter()
        .filter_map(|name| table.register.items.iter().position(|item| &item.name == name))
        .collect();
    for step in &plan.steps {
        let Step::Open { register, values, .. } = step else { continue };
        if *register != procedure.register {
            continue;
        }
        let criteria: Vec<Criterion> =
            positions.iter().filter_map(|at| criterion_of(table, *at, values)).collect();
        let vault = office.database.vault().ok();
        let found = store::search::search(client, table, &criteria, 100, vault).await?;
        let same = |row: &&store::Row| {
            // What is empty in both is alike, unless there is nothing else.
            row.meta.closed_on.is_none()
                && positions.iter().any(|at| values[*at].is_some())
                && positions.iter().all(|at| {
                    // A secret was compared through its index.
                    table.register.items[*at].secret || row.values[*at] == values[*at]
                })
        };
        if let Some(row) = found.iter().find(same) {
            let number = table.key_of(row);
            let names = procedure.duplicates.join("・");
            let items = positions.iter().map(|at| table.register.items[*at].name_en.as_str());
            let names_en = items.collect::<Vec<_>>().join(", ");
            out.push(Finding::error(
                None,
                said!(
                    "{names}が同じ人がもう記載されています（{number}）。二重の記載になるため登録できません",
                    "Somebody with the same {names_en} is recorded already ({number}). It cannot \
                     be registered twice"
                ),
            ));
        }
    }
    Ok(out)
}

/// What narrows the search down by one item; its value is compared again with the rows found.
fn criterion_of(table: Table<'_>, at: usize, values: &[Option<ItemValue>]) -> Option<Criterion> {
    let item = &table.register.items[at];
    match (item.search, values[at].as_ref()?) {
        (Some(Search::Date), ItemValue::Date(date)) => Some(Criterion::Date(*date)),
        (_, ItemValue::Text(text)) if item.secret => {
            Some(Criterion::Secret(item.name.clone(), text.clone()))
        }
        (_, ItemValue::Text(text)) => Some(Criterion::Exact(item.name.clone(), text.clone())),
        _ => None,
    }
}

/// Enters a case as 仮登録; its number is returned.
///
/// # Errors
/// [`OfficeError::Invalid`] with every finding; warnings must be acknowledged.
pub async fn case_enter(
    office: &Office,
    actor: &Actor,
    input: &CaseInput,
) -> Result<i64, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    let (system, procedure) = office.procedure(&input.system, &input.procedure)?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let preview = preview(office, &transaction, actor, (system, procedure), input).await?;
    refuse_findings(&preview.plan, input.acknowledged)?;
    let case = new_case(actor, system, procedure, input, &preview);
    let id = case_open(&transaction, &case).await?;
    case_act(&transaction, id, "受付", &actor.id, None).await?;
    let detail = json!({"case": id, "procedure": procedure.id});
    actor.audit(&transaction, "case.enter", &procedure.name, preview.subjects, detail).await?;
    transaction.commit().await?;
    Ok(id)
}

pub(crate) fn refuse_findings(plan: &Plan, acknowledged: bool) -> Result<(), OfficeError> {
    if plan.has_errors() || (plan.has_warnings() && !acknowledged) {
        return Err(OfficeError::Invalid(plan.findings.clone()));
    }
    Ok(())
}

fn new_case(
    actor: &Actor,
    system: &System,
    procedure: &Procedure,
    input: &CaseInput,
    preview: &Preview,
) -> NewCase {
    NewCase {
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        package: system.hash.clone(),
        stage: stage::ENTERED.to_owned(),
        origin: "窓口".to_owned(),
        origin_event: None,
        title: preview.title.clone(),
        subjects: preview.subjects.clone(),
        versions: preview.versions.clone(),
        form: preview.stored.clone(),
        identity: input.identity.clone(),
        acknowledged: input.acknowledged,
        filed_on: preview.plan.filed_on,
        effective_on: preview.plan.effective_on,
        due_on: due(actor.today(), procedure),
        entered_by: actor.id.clone(),
    }
}

/// The day by which the office should be done; never one on which it is closed.
pub(crate) fn due(from: Date, procedure: &Procedure) -> Date {
    let days = i64::from(procedure.handling_days);
    base::holiday::period_end(from, days).unwrap_or(from)
}

/// The form of a case that may be entered again: returned or waiting, of this procedure, and of
/// nobody that this person may not see.
///
/// # Errors
/// [`OfficeError::Forbidden`], [`OfficeError::Conflict`] when the case is not in a stage for it.
pub async fn case_form(
    office: &Office,
    actor: &Actor,
    id: i64,
    (system, procedure): (&str, &str),
) -> Result<store::case::Case, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    let client = office.database.client().await?;
    let case = case_read(&**client, id, false).await?;
    if case.entered.system != system || case.entered.procedure != procedure {
        return Err(no_case(id));
    }
    let model = &*office.version(&**client, system, &case.entered.package).await?;
    let own = procedure_of(model, procedure)?;
    super::decide::next_stage(&case, Act::Revise)?;
    let gathered =
        gather(office, &**client, actor, (model, own), (&case.entered.form, false)).await?;
    refuse_concealed(actor, model, own, &gathered)?;
    let detail = json!({"case": id});
    let subjects = case.entered.subjects.clone();
    actor.audit(&**client, "case.form", &own.name, subjects, detail).await?;
    Ok(case)
}

fn no_case(id: i64) -> OfficeError {
    OfficeError::NotFound(said!("受付番号 {id}", "Case no. {id}"))
}

/// Enters a returned or waiting case again with a new form.
///
/// # Errors
/// As [`case_enter`], and [`OfficeError::Conflict`] when the case is not in a stage for it.
pub async fn case_revise(
    office: &Office,
    actor: &Actor,
    (id, revision): (i64, i32),
    input: &CaseInput,
) -> Result<(), OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION])?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut case = case_read(&transaction, id, true).await?;
    let next = super::decide::next_stage(&case, Act::Revise)?;
    if (&case.entered.system, &case.entered.procedure) != (&input.system, &input.procedure) {
        return Err(no_case(id));
    }
    let system = &*office.version(&transaction, &input.system, &case.entered.package).await?;
    let procedure = procedure_of(system, &input.procedure)?;
    let preview = preview(office, &transaction, actor, (system, procedure), input).await?;
    refuse_findings(&preview.plan, input.acknowledged)?;
    let origin = (case.entered.origin.clone(), case.entered.origin_event);
    case.entered = new_case(actor, system, procedure, input, &preview);
    (case.entered.origin, case.entered.origin_event) = origin;
    case.entered.stage = next.to_owned();
    case.revision = revision;
    case_update(&transaction, &case).await?;
    case_act(&transaction, id, Act::Revise.word(), &actor.id, None).await?;
    let detail = json!({"case": id, "procedure": procedure.id});
    actor.audit(&transaction, "case.revise", &procedure.name, preview.subjects, detail).await?;
    transaction.commit().await?;
    Ok(())
}
