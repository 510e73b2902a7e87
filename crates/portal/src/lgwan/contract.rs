//! Contracts: the list, and one with its course and what comes next. Each step stands beside the
//! contract; what is signed the executor carries out by itself.

mod bid;
pub mod draft;
mod standing;
pub mod step;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::money::Yen;
use maud::{Markup, html};
use store::control::{Act, Contract, Offer, act_list, bid_list, contract_list, deletion_own};

use self::standing::{Scene, standing};
use self::step::{Refused, actions};
use super::{Buyer, LgwanState, assistant};
use crate::component::day::{day_text, moment, moment_text};
use crate::component::language::pick;
use crate::component::notice::Notice;
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// How a contract may come about: as recorded, and in English.
const METHODS: [(&str, &str); 2] =
    [("随意契約", "Negotiated contract"), ("競争入札", "Competitive tender")];
/// The states, as recorded, and in English.
pub const STATES: [(&str, &str); 7] = [
    ("起案", "Drafted"),
    ("決裁済", "Decided"),
    ("締結", "Signed, being opened"),
    ("移行待ち", "Signed, waiting for the change of vendor"),
    ("提供中", "In service"),
    ("終了", "Ended"),
    ("取下げ", "Withdrawn"),
];

/// What is done about a contract, as recorded, and in English.
const ACTS: [(&str, &str); 15] = [
    ("起案", "Drafted"),
    ("決裁", "Decided"),
    ("締結", "Signed"),
    ("取下げ", "Withdrawn"),
    ("提供開始", "Brought into service"),
    ("適合確認", "Conformity confirmed"),
    ("提供できない", "Cannot be brought into service"),
    ("再試行", "To be tried again"),
    ("移行待ち", "Waits for the change of vendor"),
    ("移行中", "Records are going over"),
    ("終了できない", "Could not be ended yet"),
    ("終了の申出", "End asked for"),
    ("終了の決裁", "End decided"),
    ("終了の取消", "End called off"),
    ("終了", "Ended"),
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

/// The state in the reader's language, with the day on which it will end.
fn state_text(buyer: &Buyer, contract: &Contract) -> String {
    let state = word(buyer, &STATES, &contract.state);
    let ending = contract.ending.as_ref().filter(|ending| ending.decided.is_some());
    match ending.filter(|_| contract.state == "提供中") {
        Some(ending) => {
            let day = day_text(buyer.language, ending.on);
            format!("{state}{}{day}{}", buyer.say("（", " (until "), buyer.say("まで）", ")"))
        }
        None => state.to_owned(),
    }
}

async fn listed(buyer: &Buyer) -> Result<Response, Refusal> {
    let mut contracts = contract_list(&*buyer.cloud().await?).await?;
    // What is in force or on its way first, the newest of each first.
    let is_over = |one: &Contract| ["終了", "取下げ"].contains(&one.state.as_str());
    contracts.sort_by_key(|one| (is_over(one), std::cmp::Reverse(one.id)));
    let lines: Vec<(String, &Contract, String, String)> = contracts
        .iter()
        .map(|one| {
            let since = one.opened_at.map(|at| moment_text(buyer.language, at));
            let href = buyer.href(&format!("/contracts/{}", one.id));
            (href, one, state_text(buyer, one), since.unwrap_or_default())
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(href, one, state, since)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(name(buyer, &one.offer)),
                Cell::Japanese(&one.offer.vendor),
                Cell::Text(&one.offer.version),
                Cell::Text(state),
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

fn seen(buyer: &Buyer, id: i64) -> Response {
    let to = buyer.href(&format!("/contracts/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// One contract with what was done and what comes next.
pub async fn one(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, i64)>,
) -> Response {
    buyer.answer(shown(&buyer, &state, id, &Refused::default()).await)
}

/// The page of a contract; 422 with what was refused of a form on it.
async fn shown(
    buyer: &Buyer,
    state: &LgwanState,
    id: i64,
    refused: &Refused,
) -> Result<Response, Refusal> {
    let scene = scene(buyer, state, id).await?;
    let title = name(buyer, &scene.contract.offer).to_owned();
    let standing = standing(buyer, &scene);
    let notices = standing.iter().map(|one| Notice {
        tone: one.tone,
        heading: &one.heading,
        body: &one.body,
        link: None,
    });
    let client = buyer.cloud().await?;
    let assistants = assistant::in_force(buyer, &client).await?;
    let bids = bid_list(&*client, id).await?;
    let content = html! {
        (card(buyer, &scene.contract))
        (bid::bids(buyer, &bids))
        (assistants)
        (actions(buyer, &scene, refused))
        (section(buyer.say("経過", "Course"), course(buyer, &scene.acts)))
    };
    let mut response = buyer.page(&title, notices.collect(), content);
    if !refused.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// A contract with all that stands around it.
async fn scene(buyer: &Buyer, state: &LgwanState, id: i64) -> Result<Scene, Refusal> {
    let client = buyer.cloud().await?;
    let all = contract_list(&*client).await?;
    let contract = all.iter().find(|one| one.id == id).cloned().ok_or(Refusal::NotFound)?;
    let report = step::report_of(&client, &contract).await?;
    let mut served = Vec::new();
    for other in all.iter().filter(|one| one.state == "提供中") {
        // One that cannot be read here says nothing of what it relies on.
        served.extend(state.packages.load(&*client, &other.offer.hash).await.ok().flatten());
    }
    let relying = cloud::relying(&contract.offer.system, &served);
    Ok(Scene {
        relying: relying.iter().map(|one| buyer.say(&one.name, &one.name_en).to_owned()).collect(),
        acts: act_list(&*client, id).await?,
        deletion: deletion_own(&*client).await?,
        waiting: all
            .iter()
            .find(|one| one.draft.replaces == Some(id) && one.state == "移行待ち")
            .map(|one| one.id),
        contract,
        report,
    })
}

fn course(buyer: &Buyer, acts: &[Act]) -> Markup {
    let rows = acts
        .iter()
        .map(|act| Row {
            href: None,
            cells: vec![
                Cell::Component(moment(buyer.language, act.at)),
                Cell::Text(word(buyer, &ACTS, &act.act)),
                Cell::Japanese(&act.actor),
                Cell::Japanese(&act.note),
            ],
        })
        .collect();
    table(&Table {
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
    })
}

fn card(buyer: &Buyer, contract: &Contract) -> Markup {
    let by = |done: &Option<(jiff::Timestamp, String)>| match done {
        Some((at, who)) => format!("{}　{who}", moment_text(buyer.language, *at)),
        None => buyer.say("まだ", "Not yet").to_owned(),
    };
    let (decided, signed) = (by(&contract.decided), by(&contract.signed));
    let confirmed = by(&contract.confirmed);
    let state = state_text(buyer, contract);
    let replaces = contract.draft.replaces.map(|id| id.to_string()).unwrap_or_default();
    let budget_yen = contract.draft.budget_yen.map(|yen| Yen(yen).grouped()).unwrap_or_default();
    let ended = contract.ended_at.map(|at| moment_text(buyer.language, at)).unwrap_or_default();
    let since = contract.opened_at.map(|at| moment_text(buyer.language, at));
    let since = since.unwrap_or_else(|| buyer.say("まだ", "Not yet").to_owned());
    let say = |ja, en| buyer.say(ja, en);
    let mut items = vec![
        Item::new(say("状態", "State"), Value::Plain(&state)),
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
    if !budget_yen.is_empty() {
        items.push(Item::new(say("予算額（年額、円）", "Yen a year"), Value::Plain(&budget_yen)));
    }
    if !replaces.is_empty() {
        items.push(Item::new(say("替える契約", "Takes the place of"), Value::Plain(&replaces)));
    }
    if !ended.is_empty() {
        items.push(Item::new(say("終わった時", "Ended"), Value::Plain(&ended)));
    }
    record(&Record {
        language: buyer.language,
        heading: html! { (say("契約", "Contract")) " " (contract.id) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}
