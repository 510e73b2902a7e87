//! One line: the form that it fills, whose it is, and what the procedure would do with it.

use base::said;
use definition::model::{
    FieldKind, Intake, IntakeMatch, Item, ItemKind, Procedure, Search, System,
};
use rules::value::Value;
use serde_json::{Map, Value as Json, json};
use store::register::Table;
use store::search::{Criterion, search};
use store::{GenericClient, ItemValue, Row};

use super::file::{Line, Sheet};
use crate::access::role;
use crate::case::{duplicates, gather};
use crate::facts::Facts;
use crate::plan::{Finding, Placeholders, Plan, plan};
use crate::{Actor, Office, OfficeError};

/// Candidates that are shown.
const MOST: i64 = 10;

/// What a line comes to.
#[derive(Debug)]
pub(super) struct Judged {
    /// The form with its words, as the procedure keeps it.
    pub form: Json,
    pub facts: Facts,
    /// Findings of the form; those of the plan are in the plan.
    pub findings: Vec<Finding>,
    pub plan: Plan,
    pub taken: Placeholders,
}

impl Judged {
    /// A line that is no line.
    fn broken(form: Json, finding: Finding) -> Judged {
        let plan = Plan { findings: vec![finding], ..Plan::default() };
        let (facts, taken) = (Facts::default(), Placeholders::default());
        Judged { form, facts, findings: Vec::new(), plan, taken }
    }
}

/// Where lines belong.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub office: &'p Office,
    pub system: &'p System,
    pub procedure: &'p Procedure,
    pub intake: &'p Intake,
    pub asked: &'p Json,
}

/// The form that a line fills.
pub(super) fn form(place: Place<'_>, sheet: &Sheet, line: &Line) -> Json {
    let mut form: Map<String, Json> = place.asked.as_object().cloned().unwrap_or_default();
    for (field, value) in &place.intake.values {
        form.insert(field.clone(), json!(value));
    }
    let cell = |heading: &str| {
        let at = sheet.headings.iter().position(|own| own == heading);
        at.and_then(|at| line.cells.get(at)).unwrap_or_default().trim()
    };
    for (field, heading) in &place.intake.columns {
        form.insert(field.clone(), json!(cell(heading)));
    }
    for list in &place.intake.lists {
        let entry = |number| {
            let fields = list.headings(number).map(|(field, heading)| (field, cell(&heading)));
            let fields: Vec<(&str, &str)> = fields.collect();
            let is_there = fields.iter().any(|(_, text)| !text.is_empty());
            let own = fields.into_iter().map(|(field, text)| (field.to_owned(), json!(text)));
            is_there.then(|| Json::Object(own.collect()))
        };
        let entries: Vec<Json> = (1..=list.most).filter_map(entry).collect();
        form.insert(list.group.clone(), Json::Array(entries));
    }
    Json::Object(form)
}

/// A line of the file.
pub(super) async fn judge_line(
    place: Place<'_>,
    client: &impl GenericClient,
    actor: &Actor,
    (sheet, line): (&Sheet, &Line),
) -> Result<Judged, OfficeError> {
    let form = form(place, sheet, line);
    match sheet.broken(line) {
        Some(finding) => Ok(Judged::broken(form, finding)),
        None => judge(place, client, actor, form).await,
    }
}

/// A form, of a line or as a person put it right.
pub(super) async fn judge(
    place: Place<'_>,
    client: &impl GenericClient,
    actor: &Actor,
    mut form: Json,
) -> Result<Judged, OfficeError> {
    let (office, system, procedure) = (place.office, place.system, place.procedure);
    let unclear = flags(procedure, &mut form);
    let mut unmatched = None;
    if let Some(matching) = &place.intake.matching
        && form.get(&matching.field).and_then(Json::as_str).unwrap_or_default().trim().is_empty()
    {
        match matched(place, client, (actor, matching), &form).await? {
            Ok(key) => form[&matching.field] = json!(key),
            Err(finding) => unmatched = Some(finding),
        }
    }
    let gathered = gather(office, client, actor, (system, procedure), (&form, false)).await?;
    let (facts, mut findings, mut stored) = (gathered.facts, gathered.findings, gathered.stored);
    for (path, word) in unclear {
        findings.push(Finding::at(
            &path,
            said!(
                "「{word}」は 1（はい）か 0（いいえ）で書いてください",
                "Write 1 (yes) or 0 (no) for “{word}”"
            ),
        ));
        if let Some(place) = at_path(&mut stored, &path) {
            *place = json!(word);
        }
    }
    let mut taken = Placeholders::default();
    let mut plan = plan(system, procedure, facts.clone(), findings.clone(), &mut taken)?;
    if let Some(finding) = unmatched {
        plan.findings.retain(|own| own.at != finding.at);
        plan.findings.push(finding);
    }
    plan.findings.extend(duplicates(office, client, system, procedure, &plan).await?);
    Ok(Judged { form: stored, facts, findings, plan, taken })
}

/// The place of a field (`氏名`, `扶養親族.0.同居`) in a form.
pub(super) fn at_path<'f>(form: &'f mut Json, path: &str) -> Option<&'f mut Json> {
    path.split('.').try_fold(form, |at, step| match at {
        Json::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
        Json::Object(map) => map.get_mut(step),
        _ => None,
    })
}

/// Writes the flags of a form as a form takes them; those that cannot be told, with their words.
fn flags(procedure: &Procedure, form: &mut Json) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for (group, field) in procedure.fields().filter(|(_, field)| field.kind == FieldKind::Flag) {
        let entries = form.get(&group.name).and_then(Json::as_array).map_or(0, Vec::len);
        match group.repeat {
            Some(_) => {
                paths.extend((0..entries).map(|at| format!("{}.{at}.{}", group.name, field.name)))
            }
            None => paths.push(field.name.clone()),
        }
    }
    let mut unclear = Vec::new();
    for path in paths {
        let Some(place) = at_path(form, &path) else { continue };
        let Some(word) = place.as_str().map(base::text::to_half_width) else { continue };
        *place = match word.to_lowercase().as_str() {
            "" | "0" | "no" | "false" | "×" | "無" | "いいえ" => json!(""),
            "1" | "yes" | "true" | "○" | "有" | "はい" => json!("yes"),
            _ => {
                unclear.push((path, word));
                json!("")
            }
        };
    }
    unclear
}

/// The register in which people are sought, with its system.
pub(super) fn table<'p>(
    place: Place<'p>,
    matching: &IntakeMatch,
) -> Result<Table<'p>, OfficeError> {
    let used = place.system.uses.iter().find(|used| used.name == matching.subjects);
    let missing = || OfficeError::Definition(format!("「{}」がありません", matching.subjects));
    let used = used.ok_or_else(missing)?;
    Ok(Table::new(place.office.system(&used.system)?, &used.register)?)
}

/// The number of the one person whom the first fitting way finds, or why nobody is found.
async fn matched(
    place: Place<'_>,
    client: &impl GenericClient,
    (actor, matching): (&Actor, &IntakeMatch),
    form: &Json,
) -> Result<Result<String, Finding>, OfficeError> {
    let table = table(place, matching)?;
    let facts = parsed(place, actor, form)?;
    for items in &matching.by {
        let found = alike(place, client, (table, items), &facts).await?;
        match found.as_slice() {
            [] => {}
            [row] => return Ok(Ok(table.key_of(row).to_owned())),
            many => {
                let (count, by) = (many.len(), words_of(items));
                return Ok(Err(Finding::at(
                    &matching.field,
                    said!(
                        "{by}が同じ人が{count}人います。だれの資料かを選んでください",
                        "{count} persons agree by {by}. Choose whose it is"
                    ),
                )));
            }
        }
    }
    let ways: Vec<String> = matching.by.iter().map(|items| words_of(items)).collect();
    let ways = ways.join("、");
    Ok(Err(Finding::at(
        &matching.field,
        said!(
            "該当する人がいません（{ways}の順に探しました）。だれの資料かを選ぶか、除外してください",
            "Nobody agrees (sought by {ways}). Choose whose it is or leave it out"
        ),
    )))
}

fn words_of(items: &[String]) -> String {
    items.join("と").replace('_', "の")
}

/// The form's values, normalised.
fn parsed(place: Place<'_>, actor: &Actor, form: &Json) -> Result<Facts, OfficeError> {
    let context = crate::form::FormContext {
        system: place.system,
        procedure: place.procedure,
        mode: place.office.number_mode(),
        vault: place.office.database.vault()?,
        today: actor.today(),
    };
    Ok(crate::form::parse(context, form).facts)
}

/// Open rows whose items all agree with the fields of the same names; nobody when one is empty.
async fn alike(
    place: Place<'_>,
    client: &impl GenericClient,
    (table, items): (Table<'_>, &[String]),
    facts: &Facts,
) -> Result<Vec<Row>, OfficeError> {
    let mut wanted = Vec::with_capacity(items.len());
    for name in items {
        let at = table.register.items.iter().position(|item| item.name == *name);
        let value = facts.record.get(name).and_then(comparable);
        let (Some(at), Some(value)) = (at, value) else { return Ok(Vec::new()) };
        wanted.push((at, value));
    }
    let criteria: Vec<Criterion> = wanted
        .iter()
        .map(|(at, value)| criterion(table, &table.register.items[*at], value))
        .collect();
    let vault = place.office.database.vault().ok();
    let mut found = search(client, table, &criteria, 100, vault).await?;
    let same = |row: &Row, (at, value): &(usize, ItemValue)| {
        let item = &table.register.items[*at];
        row.values[*at].as_ref().is_some_and(|own| agrees(item, own, value))
    };
    found.retain(|row| row.meta.closed_on.is_none() && wanted.iter().all(|one| same(row, one)));
    Ok(found)
}

fn comparable(value: &Value) -> Option<ItemValue> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(ItemValue::Text(text.to_string())),
        Value::Date(day) => Some(ItemValue::Date(base::date::LooseDate::from(**day))),
        _ => None,
    }
}

fn criterion(table: Table<'_>, item: &Item, value: &ItemValue) -> Criterion {
    match value {
        ItemValue::Date(day) => Criterion::Date(*day),
        ItemValue::Text(text) if item.name == table.register.key => Criterion::Key(text.clone()),
        ItemValue::Text(text) => match item.search {
            Some(how @ (Search::Kana | Search::Name | Search::Address)) => {
                Criterion::Prefix(how, text.clone())
            }
            _ => Criterion::Exact(item.name.clone(), text.clone()),
        },
        _ => Criterion::Exact(item.name.clone(), String::new()),
    }
}

/// As the search compares: old and new forms of a character and kinds of kana are alike, and so
/// are texts that differ in spaces only.
fn agrees(item: &Item, own: &ItemValue, wanted: &ItemValue) -> bool {
    match (own, wanted) {
        (ItemValue::Text(own), ItemValue::Text(wanted)) => {
            let fold = |text: &str| match item.kind {
                ItemKind::FullWidth(_) => store::search::fold_address(text).replace(' ', ""),
                _ => text.to_owned(),
            };
            fold(own) == fold(wanted)
        }
        (own, wanted) => own == wanted,
    }
}

/// Somebody whose line it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Number.
    pub key: String,
    /// The items that the system may read of another: name, English name, words.
    pub items: Vec<(String, String, String)>,
}

/// Those whose line it may be, and whether somebody among them must not be shown.
pub(super) async fn candidates(
    place: Place<'_>,
    client: &impl GenericClient,
    actor: &Actor,
    form: &Json,
) -> Result<(Vec<Candidate>, bool), OfficeError> {
    let Some(matching) = &place.intake.matching else { return Ok((Vec::new(), false)) };
    let table = table(place, matching)?;
    let facts = parsed(place, actor, form)?;
    let mut rows: Vec<Row> = Vec::new();
    for items in matching.by.iter().chain(&matching.near) {
        for row in alike(place, client, (table, items), &facts).await? {
            if rows.iter().all(|known| table.key_of(known) != table.key_of(&row)) {
                rows.push(row);
            }
        }
    }
    let all = rows.len();
    rows.retain(|row| !crate::register::concealed(table, row) || actor.has(role::PROTECTION));
    let hidden = rows.len() < all;
    rows.truncate(usize::try_from(MOST).unwrap_or_default());
    let used = place.system.uses.iter().find(|used| used.name == matching.subjects);
    let names = used.into_iter().flat_map(|used| &used.items);
    let shown = |row: &Row| {
        let words = names.clone().filter_map(|item| {
            let at = table.register.items.iter().position(|own| own.name == item.name)?;
            let own = &table.register.items[at];
            let words = crate::facts::display(place.system, own, row.values[at].as_ref())?;
            Some((item.name.clone(), item.name_en.clone(), words))
        });
        Candidate { key: table.key_of(row).to_owned(), items: words.collect() }
    };
    Ok((rows.iter().map(shown).collect(), hidden))
}
