//! 見直しの試算: other values of parameters for everybody at once, who has more and who has less,
//! and the proposal that makes them the ordinance's.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use office::OfficeError;
use office::plan::Finding;
use office::run;
use office::run::revision::{self, Change, Difference, Figure, Proposal, SIZES};
use serde_json::{Map, Value as Json};
use store::run::{Run, stage};

use super::desk::Desk;
use super::refusal::Refusal;
use super::runs::{amount, ask_fields, count, definition, see};
use crate::component::chart::{Chart, Month, chart};
use crate::component::day::day_text;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, Width, button, date, error_summary, post_form, text,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone, notice};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// The prefix of a field that holds a value.
const VALUE: &str = "value.";

/// The form of a run.
pub async fn form(desk: Desk, Path((_, system, of)): Path<(String, String, String)>) -> Response {
    match view(&desk, (&system, &of), (&Map::new(), &[])).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn view(
    desk: &Desk,
    (system, of): (&str, &str),
    (given, findings): (&Map<String, Json>, &[Finding]),
) -> Result<Response, Refusal> {
    let office = &desk.place.office;
    let own = run::run_of(office.system(system)?, of)?;
    let figures = revision::figures(office, &desk.actor, (system, of)).await?;
    let is_figure = |at: &str| figures.iter().any(|figure| figure.name == at);
    let placed: Vec<(String, &str)> = findings
        .iter()
        .map(|one| match one.at.as_deref() {
            Some(at) if is_figure(at) => (format!("{VALUE}{at}"), desk.message(one)),
            at => (at.unwrap_or_default().to_owned(), desk.message(one)),
        })
        .collect();
    let errors: Vec<FieldError<'_>> =
        placed.iter().map(|(field, message)| FieldError { field, message }).collect();
    let action = desk.href(&format!("/revisions/{system}/{of}"));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let (ordinance, statute): (Vec<&Figure>, Vec<&Figure>) =
        figures.iter().partition(|figure| figure.ordinance);
    let grid = |figures: &[&Figure], caption| grid(desk, figures, caption, (given, &errors));
    let of_statute = grid(&statute, desk.say("法律の値", "Values of statutes"));
    let is_statute = |error: &FieldError<'_>| {
        statute.iter().any(|figure| error.field.strip_prefix(VALUE) == Some(&figure.name))
    };
    let content = html! {
        p { (desk.say(
            "変えてみる値だけを入れます。いまの資料のある人すべてを、いまの値と変えた値で計算して比べます。\
             台帳には何も書き込みません。",
            "Enter only what is to be changed. Everybody is reckoned with the values of now and \
             with yours; nothing is written.")) }
        (error_summary(desk.language, &errors))
        (post_form(&form, html! {
            (ask_fields(desk, own, Some(given), &errors))
            (grid(&ordinance, desk.say("条例の値（この団体が定める）", "Values of the ordinance")))
            @if errors.iter().any(is_statute) { (of_statute) }
            @else { (disclosure(desk.say("法律の値を変えてみる", "Values of statutes"), of_statute)) }
            (button(ButtonKind::Primary, desk.say("試算する", "Reckon")))
        }))
        p { a href=(desk.href("/runs")) { (desk.say("一括処理の一覧へ", "To all bulk runs")) } }
    };
    let title = match desk.language {
        Language::Japanese => format!("見直しの試算　{}", own.name),
        Language::English => format!("Revision: {}", own.name_en),
    };
    let mut response = desk.page(&title, Vec::new(), content);
    if !findings.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Every value with where it stands and a field for another.
fn grid(
    desk: &Desk,
    figures: &[&Figure],
    caption: &str,
    (given, errors): (&Map<String, Json>, &[FieldError<'_>]),
) -> Markup {
    let field = |figure: &Figure| {
        let name = format!("{VALUE}{}", figure.name);
        let value = given.get(&name).and_then(Json::as_str).unwrap_or_default();
        let error = errors.iter().find(|one| one.field == name).map(|one| one.message);
        let label = desk.say("変えた値", "Other value");
        let field = Field::new(desk.language, &name, label).value(value).error(error);
        text(&field.width(Width::Short))
    };
    let rows = figures.iter().map(|figure| Row {
        href: None,
        cells: vec![
            Cell::Component(html! { span lang="ja" { (figure.name) } }),
            Cell::Component(html! { span lang="ja" { (figure.value) } }),
            Cell::Component(html! { span lang="ja" {
                @match figure.from {
                    Some(from) => { (day_text(desk.language, from)) "から　" (figure.source) }
                    None => { (desk.say("この団体の条例", "This body’s ordinance")) }
                }
            } }),
            Cell::Component(field(figure)),
        ],
    });
    table(&Table {
        caption,
        columns: vec![
            Column::text(desk.say("値の名前", "Name")),
            Column::text(desk.say("いまの値", "Value")),
            Column::text(desk.say("根拠", "Source")),
            Column::text(desk.say("変えた値", "Other value")),
        ],
        rows: rows.collect(),
        empty: desk.say("ありません。", "None."),
        stacked: true,
    })
}

/// Begins the reckoning.
pub async fn start(
    desk: Desk,
    Path((_, system, of)): Path<(String, String, String)>,
    Form(given): Form<Map<String, Json>>,
) -> Response {
    let begun = async {
        desk.check(given.get("csrf").and_then(Json::as_str))?;
        let value = |(name, value): (&String, &Json)| {
            Some((name.strip_prefix(VALUE)?.to_owned(), value.as_str()?.to_owned()))
        };
        let values: BTreeMap<String, String> = given.iter().filter_map(value).collect();
        let (office, asked) = (&desk.place.office, Json::Object(given.clone()));
        let entered = revision::enter(office, &desk.actor, (&system, &of), (&asked, &values)).await;
        match entered {
            Ok(id) => Ok(see(&desk, id)),
            Err(OfficeError::Invalid(findings)) => {
                view(&desk, (&system, &of), (&given, &findings)).await
            }
            Err(other) => Err(other.into()),
        }
    };
    match begun.await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

/// The changed values of a run; nothing of a run that is no revision.
pub fn changed(desk: &Desk, own: &Run) -> Markup {
    let changes = revision::changes(own);
    let rows = changes.iter().map(|(name, value)| Row {
        href: None,
        cells: vec![
            Cell::Component(html! { span lang="ja" { (name) } }),
            Cell::Component(html! { (value) }),
        ],
    });
    let shown = table(&Table {
        caption: desk.say("変えた値", "Other values"),
        columns: vec![
            Column::text(desk.say("値の名前", "Name")),
            Column::text(desk.say("値", "Value")),
        ],
        rows: rows.collect(),
        empty: "",
        stacked: true,
    });
    html! { @if !changes.is_empty() { (shown) } }
}

/// How the two reckonings differ.
pub fn difference(desk: &Desk, own: &Run, found: &Difference) -> Markup {
    if revision::changes(own).is_empty() {
        return html! {};
    }
    let items = definition(desk, own).map(|(_, own)| own.totals.as_slice()).unwrap_or_default();
    let amounts: Vec<(&str, &Change)> =
        items.iter().filter_map(|item| Some((&**item, found.items.get(item)?))).collect();
    let titles = definition(desk, own).map(|(_, own)| own.groups.as_slice()).unwrap_or_default();
    let title = |group: &str| {
        let own = titles.iter().find(|own| own.name == group);
        own.map_or(group.to_owned(), |own| desk.say(&own.name, &own.name_en).to_owned())
    };
    let sides = desk.say("いまの値と変えた値", "Now and as revised");
    html! {
        (section(desk.say("いまとの違い", "The difference"), html! {
            (change_table(desk, sides, &amounts))
            @if found.one_sided > 0 {
                p { (desk.say("片方でしか決まらず、比べられない人: ", "Decided by only one: "))
                    (count(desk, found.one_sided, ("人", ""))) }
            }
            (sizes(desk, found))
            @for (group, words) in &found.groups {
                @let rows: Vec<(&str, &Change)> =
                    words.iter().map(|(word, change)| (&**word, change)).collect();
                (change_table(desk, &title(group), &rows))
            }
        }))
    }
}

fn change_table(desk: &Desk, caption: &str, changes: &[(&str, &Change)]) -> Markup {
    let side = |(persons, sum): (i64, i64)| {
        html! { (count(desk, persons, ("人", ""))) "　" (amount(desk, sum)) }
    };
    let rows = changes.iter().map(|(name, change)| Row {
        href: None,
        cells: vec![
            Cell::Component(html! { span lang="ja" { (name) } }),
            Cell::Component(html! { (count(desk, change.subjects, ("人", ""))) }),
            Cell::Component(html! { (amount(desk, change.before)) }),
            Cell::Component(html! { (amount(desk, change.after)) }),
            Cell::Component(html! { (amount(desk, change.after - change.before)) }),
            Cell::Component(side(change.more)),
            Cell::Component(side(change.less)),
        ],
    });
    table(&Table {
        caption,
        columns: vec![
            Column::text(desk.say("区分", "Kind")),
            Column::number(desk.say("人数", "Persons")),
            Column::number(desk.say("いまの値", "Now")),
            Column::number(desk.say("変えた値", "Revised")),
            Column::number(desk.say("差", "Difference")),
            Column::number(desk.say("増える人", "More")),
            Column::number(desk.say("減る人", "Less")),
        ],
        rows: rows.collect(),
        empty: desk.say("比べられる人がいません。", "Nobody can be compared."),
        stacked: true,
    })
}

/// How many have how much more or less.
fn sizes(desk: &Desk, found: &Difference) -> Markup {
    let bound = |yen: i64| match yen.abs() >= 10_000 {
        true => format!("{}万", yen / 10_000),
        false => yen.to_string(),
    };
    let label = |at: usize| match (at.checked_sub(1).map(|at| SIZES[at]), SIZES.get(at)) {
        (Some(0), _) => "0".to_owned(),
        (None, Some(to)) => format!("～{}", bound(*to)),
        (Some(from), Some(0)) => format!("{}～", bound(from)),
        (Some(1), _) => "＋～1万".to_owned(),
        (Some(from), Some(_)) | (Some(from), None) => format!("{}～", bound(from)),
        (None, None) => String::new(),
    };
    let months: Vec<Month> = found
        .sizes
        .iter()
        .enumerate()
        .map(|(at, number)| Month { label: label(at), value: *number, number: number.to_string() })
        .collect();
    let words: Vec<String> =
        months.iter().map(|one| format!("{}円 {}人", one.label, one.number)).collect();
    let title =
        desk.say("差の大きさごとの人数（円）", "Persons by the size of the difference (yen)");
    html! {
        p { (title) }
        (chart(&Chart { title, words: &words.join("、"), months: &months, line: None }))
    }
}

/// What is proposed, or the form that proposes it.
pub fn proposing(desk: &Desk, own: &Run, (given, findings): (&Proposed, &[Finding])) -> Markup {
    let system = desk.place.office.system(&own.entered.system).ok();
    if let Some(Proposal { from, source }) = revision::proposal(own) {
        let day = day_text(desk.language, from);
        let words = match own.stage.as_str() {
            stage::DONE => desk.say("条例の値として登録しました", "Recorded as the ordinance’s"),
            stage::WITHDRAWN => desk.say("取り下げた案です", "The proposal was withdrawn"),
            _ => desk.say("この値を条例の値とする案です", "Proposed as the ordinance’s values"),
        };
        let body = format!("{day}から　{source}");
        let said = Notice { body: &body, ..Notice::new(Tone::Information, words) };
        return notice(desk.language, &said);
    }
    let can = own.stage == stage::DONE
        && own.entered.entered_by == desk.actor.id
        && system.is_some_and(|system| revision::is_of_ordinance(system, own));
    if !can {
        return html! {};
    }
    let errors: Vec<FieldError<'_>> = findings
        .iter()
        .map(|one| FieldError {
            field: one.at.as_deref().unwrap_or("source"),
            message: desk.message(one),
        })
        .collect();
    let error = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let action = desk.href(&format!("/runs/{}/propose", own.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let from = Field::new(desk.language, "from", desk.say("施行日", "First day in force"));
    let source = desk.say("根拠（条例の名前と条）", "Source (ordinance and article)");
    let source = Field::new(desk.language, "source", source);
    section(
        desk.say("条例の値にする", "Make them the ordinance’s"),
        html! {
            p { (desk.say(
                "議決された値を、施行日と根拠とともに決裁に出します。ほかの職員が、上の違いを見て決裁します。",
                "Submit enacted values; somebody else decides with the difference in sight.")) }
            (error_summary(desk.language, &errors))
            (post_form(&form, html! {
                (date(&from.required(true).value(&given.from).error(error("from"))))
                (text(&source.required(true).value(&given.source).error(error("source"))))
                (button(ButtonKind::Primary, desk.say("決裁に出す", "Submit for decision")))
            }))
        },
    )
}

/// What was entered of a proposal.
#[derive(Clone, Debug, Default)]
pub struct Proposed {
    /// The first day in force.
    pub from: String,
    /// Where it stands.
    pub source: String,
}
