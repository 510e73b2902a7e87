//! 見直しの試算: a run reckoned for everybody twice, by the law as it is and with other values of
//! its parameters. Nothing is written; who gains and who loses is told by group. Values of the
//! body's own ordinance can then be put to a decision, with the difference in sight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::date::{Date, LooseDate};
use base::said;
use definition::model::System;
use jiff::Timestamp;
use rules::law::Parameter;
use rules::value::{Decimal, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::parameter::{ordinance_value_set, ordinance_values};
use store::run::{Run, run_propose, run_read, stage};

use super::compile::{Frame, compile};
use super::{MAY_ENTER, awaits, defaults, run_of, submit};
use crate::plan::Finding;
use crate::{Actor, Office, OfficeError};

/// Where the changed values stand in what was asked, and where the proposal.
const CHANGES: &str = "changes";
const PROPOSAL: &str = "proposal";
/// What a trace says of a changed value.
const SOURCE: &str = "見直しの案";
/// Bounds of the sizes of differences, in the unit of the amount.
pub const SIZES: [i64; 8] = [-100_000, -30_000, -10_000, 0, 1, 10_001, 30_001, 100_001];

/// A parameter that a run uses, as it is in force.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Name.
    pub name: String,
    /// The value in words, with its unit.
    pub value: String,
    /// Since when; none for a value of the body's own.
    pub from: Option<Date>,
    /// Article; of a value of the body's own, none.
    pub source: String,
    /// Each body has its own.
    pub ordinance: bool,
}

/// Every parameter that the calculations of a run use, those of ordinances first.
///
/// # Errors
/// [`OfficeError::NotFound`]; [`OfficeError::Definition`] when it cannot be run.
pub async fn figures(
    office: &Office,
    actor: &Actor,
    (system, run): (&str, &str),
) -> Result<Vec<Figure>, OfficeError> {
    actor.require(MAY_ENTER)?;
    let system = office.system(system)?;
    let run = run_of(system, run)?;
    let today = actor.today();
    let client = office.database.client().await?;
    let ordinance = ordinance_values(&*client, today).await?;
    let frame = Frame { ordinance, ..Frame::new(defaults(run, today), today) };
    let compiled = compile(&office.systems, (system, run), &frame)?;
    let mut out: BTreeMap<(bool, String), Figure> = BTreeMap::new();
    for found in compiled.plans().flat_map(|plan| &plan.parameters) {
        let (name, found) = found;
        let Some(parameter) = system.parameters.get(&**name) else { continue };
        let figure = Figure {
            name: name.to_string(),
            value: crate::assess::value_words(&found.value, found.unit),
            from: found.period.map(|(from, _)| from),
            source: found.source.clone(),
            ordinance: parameter.ordinance,
        };
        out.insert((!parameter.ordinance, figure.name.clone()), figure);
    }
    Ok(out.into_values().collect())
}

/// Enters a revision: a trial with other values, by parameter as a person wrote them.
///
/// # Errors
/// [`OfficeError::Invalid`] when a value is no number, nothing is changed, or something asked is
/// wrong; [`OfficeError::Forbidden`].
pub async fn enter(
    office: &Office,
    actor: &Actor,
    (system, run): (&str, &str),
    (given, values): (&Json, &BTreeMap<String, String>),
) -> Result<i64, OfficeError> {
    actor.require(MAY_ENTER)?;
    let own = office.system(system)?;
    let mut findings = Vec::new();
    let mut changes = Map::new();
    for (name, text) in values.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let Some(parameter) = own.parameters.get(name) else { continue };
        let plain = base::text::to_half_width(text.trim()).replace(',', "");
        match plain.parse::<Decimal>() {
            Ok(value) if parameter.ordinance && value.to_integer().is_none() => {
                findings.push(Finding::at(
                    name,
                    said!(
                        "条例の値は整数で入れてください（「{text}」）",
                        "A value of an ordinance is a whole number, not “{text}”"
                    ),
                ));
            }
            Ok(_) => {
                changes.insert(name.clone(), json!(plain));
            }
            Err(_) => findings.push(Finding::at(
                name,
                said!("「{text}」は数ではありません", "“{text}” is no number"),
            )),
        }
    }
    if changes.is_empty() && findings.is_empty() {
        let nothing = said!(
            "変える値を一つ以上入れてください",
            "Enter at least one value that is to be changed"
        );
        findings.push(Finding::error(None, nothing));
    }
    match submit(office, actor, (system, run), (given, true, &changes)).await {
        _ if !findings.is_empty() => Err(OfficeError::Invalid(findings)),
        result => result,
    }
}

/// The changed values of a run, as they were entered; none of a run that is no revision.
pub fn changes(run: &Run) -> BTreeMap<String, String> {
    let own = run.entered.asked.get(CHANGES).and_then(Json::as_object);
    let text = |(name, value): (&String, &Json)| Some((name.clone(), value.as_str()?.to_owned()));
    own.into_iter().flatten().filter_map(text).collect()
}

/// Puts the changed values beside what was asked.
pub(super) fn keep(asked: &mut Map<String, Json>, changes: &Map<String, Json>) {
    if !changes.is_empty() {
        asked.insert(CHANGES.to_owned(), Json::Object(changes.clone()));
    }
}

/// The system with the changed values of a run, and the ordinance's values that stay.
pub(super) fn revised(system: &Arc<System>, run: &Run, frame: &Frame) -> (Arc<System>, Frame) {
    let changes = changes(run);
    let parameters: BTreeMap<String, Parameter> = changes
        .iter()
        .filter_map(|(name, value)| {
            let value = Value::from(value.parse::<Decimal>().ok()?);
            Some((name.clone(), system.parameters.get(name)?.proposed(value, SOURCE)))
        })
        .collect();
    let mut own = (**system).clone();
    for calculated in &mut own.calculations {
        calculated.law = calculated.law.revised(&parameters);
    }
    own.parameters.extend(parameters);
    let mut frame = frame.clone();
    frame.ordinance.retain(|(name, _)| !changes.contains_key(name));
    (Arc::new(own), frame)
}

/// A proposal to make the changed values the ordinance's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The first day in force.
    pub from: Date,
    /// The ordinance and its article.
    pub source: String,
}

/// The proposal of a run.
pub fn proposal(run: &Run) -> Option<Proposal> {
    serde_json::from_value(run.entered.asked.get(PROPOSAL)?.clone()).ok()
}

/// Whether the changed values of a run can become the ordinance's: all of them are.
pub fn is_of_ordinance(system: &System, run: &Run) -> bool {
    let changes = changes(run);
    let of = |name: &String| system.parameters.get(name).is_some_and(|own| own.ordinance);
    !changes.is_empty() && changes.keys().all(of)
}

/// Puts the changed values of a finished revision to a decision.
///
/// # Errors
/// [`OfficeError::Invalid`] without a day or a source; [`OfficeError::Conflict`] when it is not
/// finished or has values of a statute; [`OfficeError::Forbidden`] for who did not enter it.
pub async fn propose(
    office: &Office,
    actor: &Actor,
    id: i64,
    (from, source): (&str, &str),
) -> Result<(), OfficeError> {
    actor.require(MAY_ENTER)?;
    let mut findings = Vec::new();
    let day = LooseDate::parse(from).ok().and_then(|date| date.certain());
    if day.is_none() {
        let said = said!(
            "施行日を入れてください（例 令和9年4月1日、2027-04-01）",
            "Enter the first day in force (such as 2027-04-01)"
        );
        findings.push(Finding::at("from", said));
    }
    if source.trim().is_empty() {
        let said = said!("条例の名前と条を入れてください", "Name the ordinance and its article");
        findings.push(Finding::at("source", said));
    }
    let (Some(from), true) = (day, findings.is_empty()) else {
        return Err(OfficeError::Invalid(findings));
    };
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let run = run_read(&transaction, id, true).await?;
    awaits(&run, &[stage::DONE])?;
    let system = office.version(&transaction, &run.entered.system, &run.entered.package).await?;
    if !is_of_ordinance(&system, &run) || proposal(&run).is_some() {
        return Err(OfficeError::Conflict(said!(
            "条例の値だけの見直しを、一度だけ決裁に出せます。法律の値は業務システムの版で変わります",
            "Only values of the ordinance can be put to a decision, once; those of a statute \
             change with the version of the system"
        )));
    }
    if run.entered.entered_by != actor.id {
        return Err(OfficeError::Forbidden(said!(
            "見直しを試算した人が決裁に出します",
            "Who reckoned the revision submits it"
        )));
    }
    let proposal = Proposal { from, source: source.trim().to_owned() };
    let kept = serde_json::to_value(&proposal).unwrap_or_default();
    run_propose(&transaction, id, (PROPOSAL, &kept)).await?;
    let detail = json!({ "run": id, "proposal": kept, "changes": changes(&run) });
    actor.audit(&transaction, "ordinance.propose", "条例の値", Vec::new(), detail).await?;
    transaction.commit().await?;
    Ok(())
}

/// Writes the values of an approved proposal.
pub(super) async fn adopt(
    transaction: &store::Transaction<'_>,
    actor: &Actor,
    run: &mut Run,
    own: &Proposal,
) -> Result<(), OfficeError> {
    for (name, value) in changes(run) {
        let Ok(value) = value.parse::<i64>() else { continue };
        ordinance_value_set(transaction, &name, own.from, value, &own.source).await?;
    }
    let detail = json!({ "run": run.id, "proposal": own, "changes": changes(run) });
    actor.audit(transaction, "ordinance.adopt", "条例の値", Vec::new(), detail).await?;
    run.stage = stage::DONE.to_owned();
    run.ended_at = Some(Timestamp::now());
    Ok(())
}

/// How two reckonings differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// By item of the row.
    pub items: BTreeMap<String, Change>,
    /// Of the first item: by group and word.
    pub groups: BTreeMap<String, BTreeMap<String, Change>>,
    /// Of the first item: subjects by the size of the difference, between [`SIZES`].
    pub sizes: [i64; SIZES.len() + 1],
    /// Subjects that only one of the two could decide.
    pub one_sided: i64,
}

/// What one item comes to before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Subjects that both decided.
    pub subjects: i64,
    /// Sum by the law as it is.
    pub before: i64,
    /// Sum with the changed values.
    pub after: i64,
    /// Subjects with more, and how much.
    pub more: (i64, i64),
    /// Subjects with less, and how much.
    pub less: (i64, i64),
}

impl Change {
    fn take(&mut self, before: i64, after: i64) {
        self.subjects += 1;
        self.before = self.before.saturating_add(before);
        self.after = self.after.saturating_add(after);
        let side = match after.cmp(&before) {
            std::cmp::Ordering::Greater => &mut self.more,
            std::cmp::Ordering::Less => &mut self.less,
            std::cmp::Ordering::Equal => return,
        };
        side.0 += 1;
        side.1 = side.1.saturating_add(after - before);
    }

    fn add(&mut self, other: &Change) {
        let add = |own: &mut i64, other: i64| *own = own.saturating_add(other);
        add(&mut self.subjects, other.subjects);
        add(&mut self.before, other.before);
        add(&mut self.after, other.after);
        add(&mut self.more.0, other.more.0);
        add(&mut self.more.1, other.more.1);
        add(&mut self.less.0, other.less.0);
        add(&mut self.less.1, other.less.1);
    }
}

/// The amounts of one reckoning, by place in the chunk: items in order, nothing where somebody
/// waits or has no row.
pub(super) type Amounts = BTreeMap<u32, Vec<Option<i64>>>;

impl Difference {
    /// Between two reckonings of a chunk; `words` tells the groups of a place.
    pub(super) fn of(
        items: &[String],
        (before, after): (&Amounts, &Amounts),
        words: impl Fn(u32) -> Vec<(String, String)>,
    ) -> Difference {
        let mut own = Difference::default();
        let places: BTreeSet<u32> = before.keys().chain(after.keys()).copied().collect();
        for place in places {
            let (Some(before), Some(after)) = (before.get(&place), after.get(&place)) else {
                own.one_sided += 1;
                continue;
            };
            for (at, item) in items.iter().enumerate() {
                let (Some(before), Some(after)) = (before[at], after[at]) else { continue };
                own.items.entry(item.clone()).or_default().take(before, after);
                if at > 0 {
                    continue;
                }
                let size = SIZES.iter().take_while(|bound| after - before >= **bound).count();
                own.sizes[size] += 1;
                for (group, word) in words(place) {
                    let group = own.groups.entry(group).or_default();
                    group.entry(word).or_default().take(before, after);
                }
            }
        }
        own
    }

    /// Adds that of further subjects.
    pub fn add(&mut self, other: &Difference) {
        for (item, change) in &other.items {
            self.items.entry(item.clone()).or_default().add(change);
        }
        for (group, words) in &other.groups {
            let own = self.groups.entry(group.clone()).or_default();
            for (word, change) in words {
                own.entry(word.clone()).or_default().add(change);
            }
        }
        for (own, other) in self.sizes.iter_mut().zip(other.sizes) {
            *own += other;
        }
        self.one_sided += other.one_sided;
    }
}
