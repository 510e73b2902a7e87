//! A procedure at the counter: form → confirmation (what will change) → entry as 仮登録, or the
//! certificate at once. Nothing is stored before the last step.

mod confirm;

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said::Said;
use definition::model::{FieldKind, Procedure, ProcedureKind, Selection, System};
use maud::{Markup, html};
use office::OfficeError;
use office::access::role;
use office::case::{
    CaseInput, Preview, case_enter, case_form, case_preview_in, case_revise, protected_person,
};
use office::plan::Finding;
use office::procedure_of;
use serde::Deserialize;
use serde_json::Value as Json;

use super::desk::{Desk, label};
use super::entered::METHODS;
use super::form_input::{Posted, read};
use super::form_view::FormView;
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button_row, button_with, checkboxes,
    error_summary, fieldset, hidden, post_form, select, text,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone, notice};
pub use confirm::change_views;

/// Where the procedure begins.
#[derive(Default, Deserialize)]
pub struct Start {
    subject: Option<String>,
    case: Option<i64>,
    event: Option<i64>,
}

type Place = (String, String, String);

struct Scene<'d> {
    desk: &'d Desk,
    system: &'d System,
    procedure: &'d Procedure,
    start: Option<String>,
    case: Option<(i64, i32)>,
    rows: Vec<(String, String)>,
    events: Vec<(String, String)>,
    /// Why the procedure cannot begin on the row it was started from.
    refusal: Option<Finding>,
}

/// The empty form, or the form of a waiting case.
pub async fn form(
    desk: Desk,
    Path((_, system, procedure)): Path<Place>,
    Query(start): Query<Start>,
) -> Response {
    match begin(&desk, (&system, &procedure), start).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn begin(
    desk: &Desk,
    (system, procedure): (&str, &str),
    start: Start,
) -> Result<Response, Refusal> {
    let system = &*version(desk, system, start.case).await?;
    let procedure = procedure_of(system, procedure)?;
    desk.actor.require(&[role::COUNTER, role::PROTECTION])?;
    let mut posted = Posted { start: start.subject.clone(), ..Posted::default() };
    posted.subjects.extend(start.subject);
    posted.form = serde_json::json!({});
    let field = procedure.fields().find(|(_, field)| field.kind == FieldKind::Event);
    if let (Some((_, field)), Some(event)) = (field, start.event) {
        posted.form[&field.name] = Json::from(event.to_string());
    }
    if let Some(id) = start.case {
        let place = (system.id.as_str(), procedure.id.as_str());
        let case = case_form(&desk.place.office, &desk.actor, id, place).await?;
        posted.case = Some((case.id, case.revision));
        posted.subjects.clone_from(&case.entered.subjects);
        posted.start = case.entered.subjects.first().cloned();
        posted.form = case.entered.form.clone();
        posted.identity = case.entered.identity.clone();
    }
    let posted = posted.with_subjects();
    let scene = scene(desk, system, procedure, &posted).await?;
    if let (Some(reason), None) = (&scene.refusal, posted.case) {
        let said = Said { ja: reason.message.clone(), en: reason.message_en.clone() };
        return Err(OfficeError::Conflict(said).into());
    }
    Ok(scene.form_page(&posted, &[]))
}

async fn scene<'d>(
    desk: &'d Desk,
    system: &'d System,
    procedure: &'d Procedure,
    posted: &Posted,
) -> Result<Scene<'d>, Refusal> {
    let start = posted.start.clone().or_else(|| posted.subjects.first().cloned());
    let (mut rows, mut events) = (Vec::new(), Vec::new());
    let mut refusal = None;
    if let (Some(key), true) = (&start, procedure.selection != Selection::New) {
        let place = (system.id.as_str(), procedure.register.as_str());
        let office = &desk.place.office;
        let found =
            office::register::page(office, &desk.actor, place, key, None, &procedure.name).await?;
        if found.row.concealed && !found.row.cleared {
            return Err(protected_person().into());
        }
        events = super::cancel_link::event_choices(desk, &found);
        let own = found.starts.into_iter().find(|one| one.procedure == procedure.id);
        refusal = own.and_then(|one| one.refusal);
        // A waiting case keeps its subject in sight even if it could not begin today.
        if refusal.is_none() || posted.case.is_some() || procedure.selection == Selection::One {
            rows.push((found.row.key.clone(), found.row.title.clone()));
        }
        if procedure.selection == Selection::Related {
            let related = found.relations.iter().flat_map(|(.., related)| related);
            let own = related
                .filter(|r| r.system == system.id && r.register == procedure.register)
                .filter(|r| r.startable.contains(&procedure.id) && r.key != found.row.key);
            rows.extend(own.map(|other| (other.key.clone(), other.title.clone())));
        }
    }
    let case = posted.case;
    Ok(Scene { desk, system, procedure, start, case, rows, events, refusal })
}

/// The version of a system in which a procedure is worked on: the one that the case began with, or
/// the installed one. Whether this person may see the case is asked where its content is read.
async fn version(desk: &Desk, system: &str, case: Option<i64>) -> Result<Arc<System>, Refusal> {
    let office = &desk.place.office;
    let Some(id) = case else { return Ok(Arc::clone(office.system(system)?)) };
    let client = office.database.client().await?;
    let entered = store::case::case_read(&**client, id, false).await?.entered;
    let hash = if entered.system == system { entered.package } else { String::new() };
    Ok(office.version(&**client, system, &hash).await?)
}

/// Every step after the first.
pub async fn submit(
    mut desk: Desk,
    Path((_, system, procedure)): Path<Place>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let kept = |(name, _): &&(String, String)| name == "start" || name == "case";
    desk.query = pairs.iter().find(kept).map_or_else(String::new, switch_query);
    match step(&desk, (&system, &procedure), pairs).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

/// What the language switch of a posted page asks for: the empty form on the same row or case.
fn switch_query((name, value): &(String, String)) -> String {
    let plain: String = value.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    match name.as_str() {
        "case" => format!("case={}", plain.split('.').next().unwrap_or_default()),
        _ => format!("subject={plain}"),
    }
}

async fn step(
    desk: &Desk,
    (system, procedure): (&str, &str),
    pairs: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let case = pairs.iter().find(|(name, _)| name == "case");
    let case = case.and_then(|(_, value)| value.split_once('.')?.0.parse().ok());
    let system = &*version(desk, system, case).await?;
    let procedure = procedure_of(system, procedure)?;
    let many = |name: &str| {
        procedure.field(name).is_some_and(|field| matches!(field.kind, FieldKind::Codes(_)))
    };
    let mut posted = read(pairs, &many).with_subjects();
    desk.check(posted.csrf.as_deref())?;
    desk.actor.require(&[role::COUNTER, role::PROTECTION])?;
    let scene = scene(desk, system, procedure, &posted).await?;
    if posted.add.is_some() || posted.remove.is_some() || posted.act == "edit" {
        posted.apply_repeat();
        return Ok(scene.form_page(&posted, &[]));
    }
    let input = CaseInput {
        system: system.id.clone(),
        procedure: procedure.id.clone(),
        form: posted.form.clone(),
        identity: posted.identity.clone(),
        acknowledged: posted.acknowledged,
    };
    let office = &desk.place.office;
    if posted.act != "enter" {
        return Ok(scene.answer(&posted, &scene.preview(&input).await?, false));
    }
    let done = match (procedure.kind, posted.case) {
        (ProcedureKind::Certificate, _) => super::certificate::issue(desk, &input)
            .await
            .map(|number| format!("/documents/{number}")),
        (_, None) => case_enter(office, &desk.actor, &input).await.map(|id| format!("/cases/{id}")),
        (_, Some(case)) => case_revise(office, &desk.actor, case, &input)
            .await
            .map(|()| format!("/cases/{}", case.0)),
    };
    match done {
        Ok(path) => {
            let to = desk.href(&path);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
        }
        Err(OfficeError::Invalid(findings)) if findings.iter().all(|finding| finding.warning) => {
            Ok(scene.answer(&posted, &scene.preview(&input).await?, true))
        }
        Err(OfficeError::Invalid(findings)) => Ok(scene.form_page(&posted, &findings)),
        Err(other) => Err(other.into()),
    }
}

impl Scene<'_> {
    /// What entering it would do, with its row in the audit.
    async fn preview(&self, input: &CaseInput) -> Result<Preview, Refusal> {
        let (desk, office) = (self.desk, &self.desk.place.office);
        let preview = case_preview_in(office, &desk.actor, self.system, input).await?;
        let client = office.database.client().await?;
        let detail = serde_json::json!({"procedure": self.procedure.id});
        let subjects = preview.subjects.clone();
        desk.actor.audit(&**client, "case.preview", &self.procedure.name, subjects, detail).await?;
        Ok(preview)
    }

    fn answer(&self, posted: &Posted, preview: &Preview, unsaid: bool) -> Response {
        if preview.plan.has_errors() {
            return self.form_page(posted, &preview.plan.findings);
        }
        self.confirm_page(posted, preview, unsaid)
    }

    fn title(&self) -> &str {
        self.desk.say(&self.procedure.name, &self.procedure.name_en)
    }

    fn action(&self) -> String {
        self.desk.href(&format!("/start/{}/{}", self.system.id, self.procedure.id))
    }

    fn form_page(&self, posted: &Posted, findings: &[Finding]) -> Response {
        let desk = self.desk;
        // Warnings are read and acknowledged on the confirmation, not put right here.
        let findings: Vec<Finding> = findings.iter().filter(|one| !one.warning).cloned().collect();
        let findings = findings.as_slice();
        let places: Vec<(String, String)> =
            findings.iter().map(|one| (self.place_of(one), self.said(one, posted))).collect();
        let errors: Vec<FieldError<'_>> =
            places.iter().map(|(field, message)| FieldError { field, message }).collect();
        let action = self.action();
        let form = PostForm {
            action: &action,
            csrf: &desk.csrf,
            enter: Some(("act", "check")),
            multipart: false,
        };
        let view = FormView {
            desk,
            system: self.system,
            procedure: self.procedure,
            form: &posted.form,
            findings,
            rows: &self.rows,
            events: &self.events,
        };
        let (guidance, words) = desk.text(&self.procedure.guidance, &self.procedure.guidance_en);
        let content = html! {
            (error_summary(desk.language, &errors))
            p.statute lang="ja" { (self.procedure.statute) }
            @if !guidance.is_empty() {
                div lang=(words.tag()) {
                    (notice(desk.language, &Notice::new(Tone::Information, guidance)))
                }
            }
            (post_form(&form, html! {
                (self.kept())
                (self.chooser(posted))
                (self.identity(posted, findings))
                (view.groups())
                (button_row(&[
                    button_with(ButtonKind::Primary, desk.say("確認へ進む", "Check"), "act", "check"),
                ]))
            }))
        };
        desk.page(self.title(), Vec::new(), content)
    }

    /// The field of a finding; one without a field belongs to the choice of subjects.
    fn place_of(&self, finding: &Finding) -> String {
        match finding.at.as_deref() {
            Some("本人確認.方法") => "identity.方法".to_owned(),
            Some(at) => format!("f.{at}"),
            None => "subject".to_owned(),
        }
    }

    /// The message with the field it speaks of, and which entry, unless it names the field itself.
    fn said(&self, finding: &Finding, posted: &Posted) -> String {
        let message = self.desk.message(finding);
        let parts: Vec<&str> = finding.at.as_deref().unwrap_or_default().split('.').collect();
        let (entry, name) = match parts.as_slice() {
            [name] => (String::new(), *name),
            [group, index, name] => (self.entry(group, index, posted), *name),
            _ => return message.to_owned(),
        };
        let field = self.procedure.field(name);
        let field = field.map(|one| label(self.desk.say(&one.label, &one.name_en)));
        let field = field.filter(|label| !message.contains(label.as_str())).unwrap_or_default();
        match (self.desk.language, entry.is_empty() || field.is_empty()) {
            _ if entry.is_empty() && field.is_empty() => message.to_owned(),
            (Language::Japanese, true) => format!("{entry}{field}：{message}"),
            (Language::Japanese, false) => format!("{entry}の{field}：{message}"),
            (Language::English, true) => format!("{entry}{field}: {message}"),
            (Language::English, false) => format!("{entry}, {field}: {message}"),
        }
    }

    /// Which entry of a group: its heading and position, or the person it is about.
    fn entry(&self, group: &str, index: &str, posted: &Posted) -> String {
        let index: usize = index.parse().unwrap_or_default();
        let entry = &posted.form[group][index];
        let key = entry.get("key").and_then(Json::as_str);
        let row = self.rows.iter().find(|(one, _)| Some(one.as_str()) == key);
        if let Some((_, title)) = row {
            return match self.desk.language {
                Language::Japanese => title.clone(),
                Language::English => format!("“{title}”"),
            };
        }
        let known = self.procedure.form.iter().find(|one| one.name == group);
        let heading = known.map_or(group, |one| self.desk.say(&one.name, &one.name_en));
        format!("{heading} {}", index + 1)
    }

    fn kept(&self) -> Markup {
        html! {
            @if let Some(start) = &self.start { (hidden("start", start)) }
            @if let Some((id, revision)) = self.case {
                (hidden("case", &format!("{id}.{revision}")))
            }
        }
    }

    /// Whom it concerns: one, or some of the related rows.
    fn chooser(&self, posted: &Posted) -> Markup {
        let desk = self.desk;
        match self.procedure.selection {
            Selection::New => html! {},
            Selection::One => html! {
                @if let Some((key, title)) = self.rows.first() {
                    (hidden("subject", key))
                    p { (desk.say("対象: ", "For: ")) strong.glyphs lang="ja" { (title) } " (" (key) ")" }
                }
            },
            Selection::Related => {
                let chosen: Vec<&str> = posted.subjects.iter().map(String::as_str).collect();
                let choices: Vec<Choice<'_>> =
                    self.rows.iter().map(|(key, title)| Choice::recorded(key, title)).collect();
                let label = desk.say("対象者", "Persons concerned");
                let field = Field::new(desk.language, "subject", label).required(true);
                let per_subject = self.procedure.form.iter().any(|group| group.per_subject);
                html! {
                    (checkboxes(&field, &choices, &chosen))
                    @if per_subject {
                        (button_row(&[button_with(ButtonKind::Secondary,
                            desk.say("選んだ人の欄を出す", "Show fields of the chosen"), "act", "edit")]))
                    }
                }
            }
        }
    }

    /// How the person who came was identified.
    fn identity(&self, posted: &Posted, findings: &[Finding]) -> Markup {
        if !self.procedure.identity_check {
            return html! {};
        }
        let desk = self.desk;
        let text_of = |name: &str| {
            posted.identity.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        let (method, note) = (text_of("方法"), text_of("備考"));
        let error = findings
            .iter()
            .find(|f| f.at.as_deref() == Some("本人確認.方法"))
            .map(|f| desk.message(f));
        let choices: Vec<Choice<'_>> =
            METHODS.iter().map(|(id, ja, en)| Choice::new(id, desk.say(ja, en))).collect();
        fieldset(
            desk.say("来庁した人の本人確認", "Identity of the person who came"),
            "",
            html! {
                (select(&Field::new(desk.language, "identity.方法", desk.say("方法", "Method"))
                    .required(true).value(&method).error(error), &choices))
                (text(&Field::new(desk.language, "identity.備考", desk.say("来庁者の氏名・続柄・代理の権限", "Name and authority"))
                    .value(&note)))
            },
        )
    }
}
