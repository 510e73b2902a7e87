//! Contracts: drafted with method, reason and budget, decided by somebody else, signed; from then
//! on the executor brings the system into service by itself. Each step stands beside the contract.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use cloud::parcel::digest_text;
use maud::{Markup, html};
use office::plan::Finding;
use serde::Deserialize;
use store::StoreError;
use store::control::{
    Contract, Draft, Offer, Step, act_list, contract_confirm, contract_draft, contract_list,
    contract_step, offer_list, offer_report,
};

use super::Buyer;
use crate::component::day::{moment, moment_text};
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, error_summary, post_form, radios,
    text, textarea,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// How a contract may come about: as recorded, and in English.
const METHODS: [(&str, &str); 2] =
    [("随意契約", "Negotiated contract"), ("競争入札", "Competitive tender")];
/// The states, as recorded, and in English.
pub const STATES: [(&str, &str); 6] = [
    ("起案", "Drafted"),
    ("決裁済", "Decided"),
    ("締結", "Signed, being opened"),
    ("提供中", "In service"),
    ("終了", "Ended"),
    ("取下げ", "Withdrawn"),
];

/// What is done about a contract, as recorded, and in English.
const ACTS: [(&str, &str); 7] = [
    ("起案", "Drafted"),
    ("決裁", "Decided"),
    ("締結", "Signed"),
    ("取下げ", "Withdrawn"),
    ("提供開始", "Brought into service"),
    ("適合確認", "Conformity confirmed"),
    ("提供できない", "Cannot be brought into service"),
];

/// A recorded word in the reader's language.
pub fn word<'a>(buyer: &Buyer, words: &[(&'a str, &'a str)], word: &'a str) -> &'a str {
    let english = words.iter().find(|(ja, _)| *ja == word).map_or(word, |(_, en)| en);
    buyer.say(word, english)
}

/// The contracts of the organisation.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer).await)
}

/// The name of what is offered.
pub fn name<'a>(buyer: &Buyer, offer: &'a Offer) -> &'a str {
    match offer.name_en.as_str() {
        "" => &offer.name,
        english => pick(buyer.language, &offer.name, english),
    }
}

async fn listed(buyer: &Buyer) -> Result<Response, Refusal> {
    let mut contracts = contract_list(&*buyer.cloud().await?).await?;
    // What is in force or on its way first, the newest of each first.
    let is_over = |one: &Contract| ["終了", "取下げ"].contains(&one.state.as_str());
    contracts.sort_by_key(|one| (is_over(one), std::cmp::Reverse(one.id)));
    let lines: Vec<(String, &Contract, String)> = contracts
        .iter()
        .map(|one| {
            let since = one.opened_at.map(|at| moment_text(buyer.language, at));
            (buyer.href(&format!("/contracts/{}", one.id)), one, since.unwrap_or_default())
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(href, one, since)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(name(buyer, &one.offer)),
                Cell::Glyphs(&one.offer.vendor),
                Cell::Text(&one.offer.version),
                Cell::Text(word(buyer, &STATES, &one.state)),
                Cell::Text(since),
            ],
        })
        .collect();
    let content = table(&Table {
        caption: buyer.say("この団体の契約", "Contracts of this organisation"),
        columns: vec![
            Column::text(buyer.say("業務", "Business")),
            Column::text(buyer.say("事業者", "Vendor")),
            Column::text(buyer.say("版", "Version")),
            Column::text(buyer.say("状態", "State")),
            Column::text(buyer.say("提供を始めた時", "In service since")),
        ],
        rows,
        empty: buyer.say(
            "契約はまだありません。カタログから選んでください。",
            "No contract yet. Choose from the catalogue.",
        ),
        stacked: true,
    });
    Ok(buyer.page(buyer.say("契約", "Contracts"), Vec::new(), content))
}

/// What is entered in a draft.
#[derive(Default, Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    budget: String,
}

/// The form of a draft.
pub async fn draft_form(buyer: Buyer, Path((_, offer)): Path<(String, i64)>) -> Response {
    let made = async {
        let offer = offer_read(&buyer, offer).await?;
        let content = draft_view(&buyer, &offer, (&Entered::default(), &[]));
        Ok(buyer.page(buyer.say("契約の起案", "Draft a contract"), Vec::new(), content))
    };
    buyer.answer(made.await)
}

async fn offer_read(buyer: &Buyer, id: i64) -> Result<Offer, Refusal> {
    let mut offers = offer_list(&*buyer.cloud().await?).await?;
    // What a vendor has replaced by a newer package is not contracted any more.
    offers
        .dedup_by(|later, first| (&later.system, &later.vendor) == (&first.system, &first.vendor));
    offers.into_iter().find(|offer| offer.id == id).ok_or(Refusal::NotFound)
}

fn draft_view(buyer: &Buyer, offer: &Offer, (entered, findings): (&Entered, &[Finding])) -> Markup {
    let message = |one: &'_ Finding| buyer.say(&one.message, &one.message_en).to_owned();
    let errors: Vec<(String, String)> =
        findings.iter().map(|one| (one.at.clone().unwrap_or_default(), message(one))).collect();
    let errors: Vec<FieldError<'_>> =
        errors.iter().map(|(field, message)| FieldError { field, message }).collect();
    let error = |field: &str| errors.iter().find(|e| e.field == field).map(|e| e.message);
    let action = buyer.href(&format!("/offers/{}", offer.id));
    let form = PostForm { action: &action, csrf: &buyer.csrf, enter: None, multipart: false };
    let field = |name: &'static str, label: &'static str| {
        Field::new(buyer.language, name, label).required(true).error(error(name))
    };
    let methods = METHODS.map(|(ja, en)| Choice::new(ja, buyer.say(ja, en)));
    let method = match entered.method.as_str() {
        "" => METHODS[0].0,
        chosen => chosen,
    };
    html! {
        (error_summary(buyer.language, &errors))
        p { (name(buyer, offer)) "　" span lang="ja" { (offer.vendor) } "　"
            (buyer.say("版", "version ")) (offer.version) }
        (post_form(&form, html! {
            (radios(&field("method", buyer.say("契約の方法", "Method")).value(method), &methods))
            (textarea(&field("reason", buyer.say("方法と相手を選んだ理由", "Why this method and vendor"))
                .hint(buyer.say("随意契約のときは根拠の条項も", "With the article for a negotiated contract"))
                .value(&entered.reason), 4))
            (text(&field("budget", buyer.say("予算科目・債務負担行為", "Budget item or commitment"))
                .value(&entered.budget)))
            (button(ButtonKind::Primary, buyer.say("起案する", "Draft")))
        }))
    }
}

/// Takes in a draft.
pub async fn draft(
    buyer: Buyer,
    Path((_, offer)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    let made = async {
        buyer.check(entered.csrf.as_deref())?;
        let offer = offer_read(&buyer, offer).await?;
        let findings = findings(&entered);
        if !findings.is_empty() {
            let content = draft_view(&buyer, &offer, (&entered, &findings));
            let title = buyer.say("契約の起案", "Draft a contract");
            let mut response = buyer.page(title, Vec::new(), content);
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(response);
        }
        let text = |text: &str| text.trim().to_owned();
        let draft = Draft {
            method: entered.method.clone(),
            reason: text(&entered.reason),
            budget: text(&entered.budget),
        };
        let mut client = buyer.cloud().await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let id = contract_draft(&transaction, offer.id, &draft, &buyer.actor.id).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(seen(&buyer, id))
    };
    buyer.answer(made.await)
}

/// What is missing of a draft: a contract needs its method, its reason and its budget.
fn findings(entered: &Entered) -> Vec<Finding> {
    let mut out = Vec::new();
    if METHODS.iter().all(|(word, _)| *word != entered.method) {
        let said = said!("契約の方法を選んでください", "Choose the method of the contract");
        out.push(Finding::error(Some("method".to_owned()), said));
    }
    if entered.reason.trim().is_empty() {
        let said = said!(
            "方法と相手を選んだ理由を入れてください",
            "Enter why this method and this vendor were chosen"
        );
        out.push(Finding::error(Some("reason".to_owned()), said));
    }
    if entered.budget.trim().is_empty() {
        let said = said!(
            "予算科目か債務負担行為を入れてください。予算のない契約はできません",
            "Enter the budget item or commitment: there is no contract without a budget"
        );
        out.push(Finding::error(Some("budget".to_owned()), said));
    }
    out
}

fn seen(buyer: &Buyer, id: i64) -> Response {
    let to = buyer.href(&format!("/contracts/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// One contract with what was done and what comes next.
pub async fn one(buyer: Buyer, Path((_, id)): Path<(String, i64)>) -> Response {
    let made = async {
        let contract = read(&buyer, id).await?;
        let acts = act_list(&*buyer.cloud().await?, id).await?;
        let title = name(&buyer, &contract.offer).to_owned();
        let notices = waiting(&buyer, &contract).into_iter().collect();
        let rows = acts
            .iter()
            .map(|act| Row {
                href: None,
                cells: vec![
                    Cell::Component(moment(buyer.language, act.at)),
                    Cell::Text(word(&buyer, &ACTS, &act.act)),
                    Cell::Glyphs(&act.actor),
                    Cell::Glyphs(&act.note),
                ],
            })
            .collect();
        let content = html! {
            (card(&buyer, &contract))
            (steps(&buyer, &contract))
            (section(buyer.say("経過", "Course"), table(&Table {
                caption: buyer.say("この契約についてしたこと", "What was done"),
                columns: vec![
                    Column::text(buyer.say("時", "When")),
                    Column::text(buyer.say("したこと", "Act")),
                    Column::text(buyer.say("した人", "By")),
                    Column::text(buyer.say("理由・記事", "Note")),
                ],
                rows,
                empty: buyer.say("まだありません。", "Nothing yet."),
                stacked: true,
            })))
        };
        Ok(buyer.page(&title, notices, content))
    };
    buyer.answer(made.await)
}

async fn read(buyer: &Buyer, id: i64) -> Result<Contract, Refusal> {
    let all = contract_list(&*buyer.cloud().await?).await?;
    all.into_iter().find(|contract| contract.id == id).ok_or(Refusal::NotFound)
}

/// What the reader should know of a contract that is on its way.
fn waiting<'a>(buyer: &'a Buyer, contract: &Contract) -> Option<Notice<'a>> {
    (contract.state == "締結").then(|| {
        Notice::new(
            Tone::Information,
            buyer.say(
                "締結しました。環境を開いています。数秒後にこの頁を開き直してください。",
                "Signed. The system is being opened; look again in a few seconds.",
            ),
        )
    })
}

fn card(buyer: &Buyer, contract: &Contract) -> Markup {
    let by = |done: &Option<(jiff::Timestamp, String)>| match done {
        Some((at, who)) => format!("{}　{who}", moment_text(buyer.language, *at)),
        None => buyer.say("まだ", "Not yet").to_owned(),
    };
    let (decided, signed) = (by(&contract.decided), by(&contract.signed));
    let confirmed = by(&contract.confirmed);
    let since = contract.opened_at.map(|at| moment_text(buyer.language, at));
    let since = since.unwrap_or_else(|| buyer.say("まだ", "Not yet").to_owned());
    let say = |ja, en| buyer.say(ja, en);
    let items = vec![
        Item::new(say("状態", "State"), Value::Plain(word(buyer, &STATES, &contract.state))),
        Item::new(say("事業者", "Vendor"), Value::Glyphs(&contract.offer.vendor)),
        Item::new(say("版", "Version"), Value::Plain(&contract.offer.version)),
        Item::new(
            say("方法", "Method"),
            Value::Plain(word(buyer, &METHODS, &contract.draft.method)),
        ),
        Item::wide(say("理由", "Reason"), Value::Glyphs(&contract.draft.reason)),
        Item::wide(say("予算", "Budget"), Value::Glyphs(&contract.draft.budget)),
        Item::new(say("起案した人", "Drafted by"), Value::Glyphs(&contract.drafted_by)),
        Item::new(say("決裁", "Decided"), Value::Glyphs(&decided)),
        Item::new(say("締結", "Signed"), Value::Glyphs(&signed)),
        Item::new(say("提供を始めた時", "In service since"), Value::Plain(&since)),
        Item::new(say("適合確認", "Conformity confirmed"), Value::Glyphs(&confirmed)),
    ];
    record(&Record {
        language: buyer.language,
        heading: html! { (say("契約", "Contract")) " " (contract.id) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

/// The steps that are open now.
fn steps(buyer: &Buyer, contract: &Contract) -> Markup {
    let open: &[(&str, &str, &str)] = match contract.state.as_str() {
        "起案" if contract.drafted_by == buyer.actor.id => {
            &[("withdraw", "取り下げる", "Withdraw")]
        }
        "起案" => &[("decide", "決裁する", "Decide"), ("withdraw", "取り下げる", "Withdraw")],
        "決裁済" => {
            &[("sign", "電子契約を締結する", "Sign"), ("withdraw", "取り下げる", "Withdraw")]
        }
        "提供中" if contract.confirmed.is_none() && contract.offer.conforms == Some(true) => {
            &[("confirm", "適合を確認する", "Confirm conformity")]
        }
        _ => &[],
    };
    html! {
        @if contract.state == "起案" && contract.drafted_by == buyer.actor.id {
            p { (buyer.say("決裁は、起案した人とは別の人がします。", "Somebody else decides.")) }
        }
        @if contract.offer.conforms.is_some() {
            p { a href=(buyer.href(&format!("/offers/{}/report", contract.offer.id))) {
                (buyer.say("適合性の報告", "Report of conformity")) } }
        }
        @if open.iter().any(|(step, ..)| *step == "confirm") {
            p { (buyer.say("標準に適合していることは、使う団体が確認します（標準化法9条）。報告を読んでから\
                確認してください。", "The body that uses a system confirms that it conforms \
                (Standardisation Act, article 9). Read the report first.")) }
        }
        @for (number, (step, ja, en)) in open.iter().enumerate() {
            @let action = buyer.href(&format!("/contracts/{}/{step}", contract.id));
            @let kind = if number == 0 { ButtonKind::Primary } else { ButtonKind::Secondary };
            (post_form(&PostForm { action: &action, csrf: &buyer.csrf, enter: None,
                multipart: false }, button(kind, buyer.say(ja, en))))
        }
    }
}

/// Takes a step.
pub async fn step(
    buyer: Buyer,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let step = match step.as_str() {
            "decide" => Some(Step::Decide),
            "sign" => Some(Step::Sign),
            "withdraw" => Some(Step::Withdraw),
            "confirm" => None,
            _ => return Err(Refusal::NotFound),
        };
        let contract = read(&buyer, id).await?;
        let mut client = buyer.cloud().await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let actor = buyer.actor.id.as_str();
        match step {
            Some(step) => contract_step(&transaction, (id, step), (actor, "")).await?,
            None => {
                let report = offer_report(&transaction, contract.offer.id).await?;
                let digest = digest_text(report.ok_or(Refusal::NotFound)?.to_string().as_bytes());
                let evidence = format!("適合性の報告（SHA-256 {digest}）");
                contract_confirm(&transaction, id, (actor, &evidence)).await?;
            }
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(seen(&buyer, id))
    };
    buyer.answer(made.await)
}
