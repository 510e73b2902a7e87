//! 共同調達の案: the offers for a business with what each member would pay, one plan for all of them,
//! and the own contract that a member's official drafts from it. It goes its own way from there.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use base::money::Yen;
use base::said;
use cloud::Price;
use cloud::group::Shares;
use maud::{Markup, html};
use serde::Deserialize;
use store::control::group::{
    JointPlan, NewPlan, Progress, plan_draft, plan_list, plan_make, plan_step, progress_list,
};
use store::control::{Contract, Offer, business_list, contract_list, offers_numbered, offers_of};
use store::{Client, StoreError};

use super::{Given, Scene, TEXT, called, may, scene, see, sending};
use crate::component::form::{
    ButtonKind, Choice, button, checkboxes, error_summary, hidden, radios, select, text, textarea,
};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::lgwan::{Buyer, contract};
use crate::member::{Member, Zone};

/// The most offers that stand side by side, and the most letters of a specification.
const MOST: i64 = 20;
const SPECIFICATION: usize = 8000;
/// How a contract may come about.
const METHODS: [(&str, &str); 2] =
    [("随意契約", "Negotiated contract"), ("競争入札", "Competitive tender")];

/// Which business.
#[derive(Default, Deserialize)]
pub struct Chosen {
    #[serde(default)]
    system: String,
}

/// The offers for a business beside the members, and the form of a plan for the lead.
pub async fn form<Z: Zone>(
    member: Member<Z>,
    Path((_, id)): Path<(String, i64)>,
    Query(chosen): Query<Chosen>,
) -> Response {
    member.answer(compared(&member, (id, &chosen.system), &Given::default()).await)
}

async fn compared<Z: Zone>(
    member: &Member<Z>,
    (id, system): (i64, &str),
    given: &Given,
) -> Result<Response, Refusal> {
    let client = member.cloud().await?;
    let scene = scene(member, &client, id).await?;
    let businesses = business_list(&*client).await?;
    let mut offers = match system {
        "" => Vec::new(),
        system => offers_of(&*client, system, MOST).await?,
    };
    offers.retain(|offer| offer.conforms == Some(true));
    let choices: Vec<Choice<'_>> =
        businesses.iter().map(|(id, name, _)| Choice::recorded(id, name)).collect();
    let business = crate::component::form::Field::new(
        member.language,
        "system",
        member.say("業務", "Business"),
    );
    let title = member.say("共同調達の案を作る", "Make a joint plan");
    let content = html! {
        (error_summary(member.language, &given.errors()))
        (crate::component::form::get_form(member.say("業務を選ぶ", "Choose a business"),
            &member.href(&format!("/groups/{id}/plans")), html! {
                (select(&business.required(true).value(system), &choices))
                (button(ButtonKind::Secondary, member.say("比べる", "Compare")))
            }))
        @if !system.is_empty() {
            (comparison(member, &scene, &offers))
            @if scene.leads && may(member) && !offers.is_empty() {
                (entering(member, (&scene, system), (&offers, given)))
            }
        }
    };
    Ok(given.status(member.page(title, Vec::new(), content)))
}

/// Members down, offers across, the sum below.
fn comparison<Z: Zone>(member: &Member<Z>, scene: &Scene, offers: &[Offer]) -> Markup {
    let today = member.actor.today();
    let all: Vec<Shares> = offers
        .iter()
        .map(|offer| Shares::of(Price::on(offer.price.as_ref(), today), &scene.members))
        .collect();
    let yen = |yen: Option<i64>| {
        yen.map_or_else(|| member.say("―", "–").to_owned(), |it| Yen(it).grouped())
    };
    let joined: Vec<&str> = scene
        .members
        .iter()
        .filter(|one| one.has_joined())
        .map(|one| called(&scene.bodies, &one.organisation))
        .collect();
    let mut lines: Vec<(String, Vec<String>)> = joined
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values = all.iter().map(|one| yen(one.each.get(at).and_then(|it| it.yen)));
            ((*name).to_owned(), values.collect())
        })
        .collect();
    let sums = all.iter().map(|one| Yen(one.sum).grouped()).collect();
    lines.push((member.say("合計", "Sum").to_owned(), sums));
    let rows = lines
        .iter()
        .map(|(name, values)| {
            let mut cells = vec![Cell::Japanese(name)];
            cells.extend(values.iter().map(|value| Cell::Text(value)));
            Row { href: None, cells }
        })
        .collect();
    let mut columns = vec![Column::text(member.say("団体", "Body"))];
    columns.extend(offers.iter().map(|offer| Column::number(&offer.vendor)));
    let caption = member.say(
        "団体ごとの月額（円、料金表と計った住民の数による。消費税は別）",
        "A month of each body (yen, without tax)",
    );
    section(
        member.say("事業者と団体", "Vendors and bodies"),
        html! {
            (table(&Table { caption, columns, rows, empty: "", stacked: false }))
            @for (offer, shares) in offers.iter().zip(&all) {
                p lang="ja" { (offer.vendor) "　" (shares.trace()) }
            }
            @if offers.is_empty() {
                p { (member.say("適合と判定された申出がありません。", "No offer conforms.")) }
            }
        },
    )
}

fn entering<Z: Zone>(
    member: &Member<Z>,
    (scene, system): (&Scene, &str),
    (offers, given): (&[Offer], &Given),
) -> Markup {
    let labels: Vec<(String, String)> = offers
        .iter()
        .map(|it| (it.id.to_string(), format!("{} {}", it.vendor, it.version)))
        .collect();
    let choices: Vec<Choice<'_>> =
        labels.iter().map(|(id, label)| Choice::recorded(id, label)).collect();
    let methods = METHODS.map(|(ja, en)| Choice::new(ja, member.say(ja, en)));
    section(
        member.say("案にする", "Make it a plan"),
        sending(
            member,
            &format!("/groups/{}/plans", scene.group.id),
            html! {
                (hidden("system", system))
                (radios(&given.field(member, "offer", member.say("申出", "Offer")), &choices))
                (radios(&given.field(member, "method", member.say("契約の方法", "Method")), &methods))
                (textarea(&given.field(member, "specification",
                    member.say("仕様（全団体に共通）", "Specification for all")), 6))
                (textarea(&given.field(member, "reason",
                    member.say("方法と相手を選んだ理由", "Why this method and vendor")), 3))
                (button(ButtonKind::Primary, member.say("案を作る", "Make the plan")))
            },
        ),
    )
}

/// Makes a plan.
pub async fn make<Z: Zone>(
    member: Member<Z>,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        member.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let offer = given.value("offer").parse::<i64>().ok();
        if offer.is_none() {
            given.fault("offer", "申出を選んでください");
        }
        if METHODS.iter().all(|(word, _)| *word != given.value("method")) {
            given.fault("method", "契約の方法を選んでください");
        }
        given.needs("specification", ("仕様を入れてください", SPECIFICATION));
        given.needs("reason", ("方法と相手を選んだ理由を入れてください", TEXT));
        let (Some(offer), true) = (offer, given.faults.is_empty()) else {
            return compared(&member, (id, given.value("system")), &given).await;
        };
        let client = member.cloud().await?;
        scene(&member, &client, id).await?;
        let new = NewPlan {
            offer,
            method: given.value("method"),
            specification: given.value("specification"),
            reason: given.value("reason"),
        };
        match plan_make(&*client, id, &new, &member.actor.id).await {
            Err(StoreError::Conflict(said)) => {
                given.fault("offer", member.say(&said.ja, &said.en));
                drop(client);
                compared(&member, (id, given.value("system")), &given).await
            }
            made => Ok(see(&member, &format!("/groups/{id}/plans/{}", made?))),
        }
    };
    member.answer(made.await)
}

/// A plan with all that stands around it.
struct Planned {
    scene: Scene,
    plan: JointPlan,
    offer: Offer,
    progress: Vec<Progress>,
}

async fn planned<Z: Zone>(
    member: &Member<Z>,
    client: &Client,
    (id, plan): (i64, i64),
) -> Result<Planned, Refusal> {
    let scene = scene(member, client, id).await?;
    let plans = plan_list(&**client, id).await?;
    let plan = plans.into_iter().find(|one| one.id == plan).ok_or(Refusal::NotFound)?;
    let offer = offers_numbered(&**client, &[plan.offer]).await?.pop().ok_or(Refusal::NotFound)?;
    let mut progress = progress_list(&**client, id).await?;
    progress.retain(|one| one.plan == plan.id);
    Ok(Planned { scene, plan, offer, progress })
}

/// One plan, as the lead or a prefecture sees it.
pub async fn one<Z: Zone>(
    member: Member<Z>,
    Path((_, id, plan)): Path<(String, i64, i64)>,
) -> Response {
    let made = async {
        let client = member.cloud().await?;
        let planned = planned(&member, &client, (id, plan)).await?;
        Ok(page(&member, &planned, html! {}))
    };
    member.answer(made.await)
}

/// One plan, as a municipality sees it: with the draft of its own contract.
pub async fn own(buyer: Buyer, Path((_, id, plan)): Path<(String, i64, i64)>) -> Response {
    buyer.answer(shown(&buyer, (id, plan), &Given::default()).await)
}

async fn shown(buyer: &Buyer, which: (i64, i64), given: &Given) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let planned = planned(buyer, &client, which).await?;
    let old = in_service(&client, &planned.offer).await?;
    let drafting = drafting(buyer, &planned, (old.as_ref(), given));
    Ok(given.status(page(buyer, &planned, drafting)))
}

/// The own contract in service for the same business.
async fn in_service(client: &Client, offer: &Offer) -> Result<Option<Contract>, Refusal> {
    let same =
        |one: &Offer| one.system == offer.system || (one.code.is_some() && one.code == offer.code);
    let mut own = contract_list(&**client).await?;
    own.retain(|one| one.state == "提供中" && same(&one.offer));
    Ok(own.pop())
}

fn page<Z: Zone>(member: &Member<Z>, planned: &Planned, drafting: Markup) -> Response {
    let Planned { scene, plan, offer, .. } = planned;
    let at = |step: &str| format!("/groups/{}/plans/{}/{step}", scene.group.id, plan.id);
    let is_own = plan.made.1 == member.actor.id;
    let content = html! {
        (card(member, planned))
        (section(member.say("団体ごとの月額と契約", "A month and the contract of each body"),
            shares(member, planned)))
        @if scene.leads && may(member) {
            @if plan.state == "案" && !is_own {
                (sending(member, &at("decide"),
                    button(ButtonKind::Primary, member.say("案を決定する", "Decide the plan"))))
            }
            @if plan.state == "案" && is_own {
                p { (member.say("決定は、作った人とは別の人がします。", "Somebody else decides.")) }
            }
            @if plan.state != "取下げ" {
                (sending(member, &at("withdraw"),
                    button(ButtonKind::Secondary, member.say("取り下げる", "Withdraw"))))
            }
        }
        (drafting)
        p { a href=(member.href(&format!("/groups/{}", scene.group.id))) {
            (member.say("共同利用に戻る", "Back to the group")) } }
    };
    let title = format!("{}　{}", member.say("共同調達", "Joint plan"), offer.name);
    member.page(&title, Vec::new(), content)
}

fn card<Z: Zone>(member: &Member<Z>, planned: &Planned) -> Markup {
    let Planned { scene, plan, offer, .. } = planned;
    let decided = plan.decided.as_ref().map_or(member.say("まだ", "Not yet"), |(_, who)| who);
    let vendor = format!("{} {}", offer.vendor, offer.version);
    let items = vec![
        Item::new(member.say("状態", "State"), Value::Plain(&plan.state)),
        Item::new(member.say("申出", "Offer"), Value::Glyphs(&vendor)),
        Item::new(member.say("契約の方法", "Method"), Value::Glyphs(&plan.method)),
        Item::new(member.say("作った人", "Made by"), Value::Glyphs(&plan.made.1)),
        Item::new(member.say("決定した人", "Decided by"), Value::Glyphs(decided)),
        Item::wide(member.say("仕様", "Specification"), Value::Glyphs(&plan.specification)),
        Item::wide(member.say("理由", "Reason"), Value::Glyphs(&plan.reason)),
    ];
    record(&Record {
        language: member.language,
        heading: html! { span lang="ja" { (scene.group.name) } },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

/// What each pays by the price of today, and how far its own contract is.
fn shares<Z: Zone>(member: &Member<Z>, planned: &Planned) -> Markup {
    let Planned { scene, offer, progress, .. } = planned;
    let price = Price::on(offer.price.as_ref(), member.actor.today());
    let shares = Shares::of(price, &scene.members);
    let lines: Vec<[String; 4]> = shares
        .each
        .iter()
        .map(|one| {
            let grouped = |count: i64| Yen(count).grouped();
            let none = || member.say("まだ計っていない", "not metered yet").to_owned();
            let residents = one.residents.map(|(_, count)| grouped(i64::from(count)));
            // A draft that was withdrawn may stand beside a later one: the last counts.
            let of = progress.iter().rev().find(|it| it.organisation == one.organisation);
            [
                called(&scene.bodies, &one.organisation).to_owned(),
                residents.unwrap_or_else(none),
                one.yen.map_or_else(|| "―".to_owned(), grouped),
                of.map_or_else(|| "―".to_owned(), |it| it.state.clone()),
            ]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    html! {
        (table(&Table {
            caption: member.say("参加した団体", "Bodies that joined"),
            columns: vec![
                Column::text(member.say("団体", "Body")),
                Column::number(member.say("住民", "Residents")),
                Column::number(member.say("月額（円）", "A month (yen)")),
                Column::text(member.say("その団体の契約", "Its contract")),
            ],
            rows,
            empty: member.say("参加した団体はまだありません。", "Nobody has joined yet."),
            stacked: true,
        }))
        @if shares.each.len() > 1 { p lang="ja" { "合計: " (shares.trace()) } }
    }
}

/// Whether the own contract may be drafted from a plan: decided, joined, and not drafted yet.
fn is_open(buyer: &Buyer, planned: &Planned, old: Option<&Contract>) -> bool {
    let Planned { scene, plan, offer, progress } = planned;
    let mut own = progress.iter().rev().filter(|it| it.own_contract.is_some());
    let open = own.next().is_none_or(|it| ["取下げ", "終了"].contains(&it.state.as_str()));
    let joined = scene.own(buyer).is_some_and(store::control::group::JointMember::has_joined);
    let other = old.is_none_or(|old| old.offer.id != offer.id);
    plan.state == "決定" && joined && open && may(buyer) && other
}

/// The draft of the own contract, or where it is.
fn drafting(buyer: &Buyer, planned: &Planned, (old, given): (Option<&Contract>, &Given)) -> Markup {
    let Planned { scene, plan, progress, .. } = planned;
    let own = progress.iter().rev().find_map(|it| it.own_contract.map(|id| (id, &it.state)));
    let link = own.map(|(id, state)| (buyer.href(&format!("/contracts/{id}")), id, state));
    let replaced = old.map(|old| {
        let label = format!("提供中の契約 {}（{}）に替える", old.id, old.offer.vendor);
        (old.id.to_string(), label)
    });
    let at = format!("/groups/{}/plans/{}/draft", scene.group.id, plan.id);
    html! {
        @if let Some((href, id, state)) = &link {
            p { a href=(href) { (buyer.say("この団体の契約", "This body's contract")) " " (id) }
                "　" (contract::word(buyer, &contract::STATES, state)) }
        }
        @if is_open(buyer, planned, old) {
            (section(buyer.say("この団体の契約を起案する", "Draft this body's contract"), html! {
                (error_summary(buyer.language, &given.errors()))
                p { (buyer.say("起案のあとは、この団体の決裁と電子契約で進みます。ほかの団体の契約とは別です。",
                    "From here it goes its own way: decision and signature of this body.")) }
                (sending(buyer, &at, html! {
                    @if let Some((id, label)) = &replaced {
                        @let entered = given.value("replaces");
                        @let chosen: &[&str] = if entered == id { &[entered] } else { &[] };
                        (checkboxes(&given.field(buyer, "replaces",
                            buyer.say("いまの契約", "The present contract")),
                            &[Choice::recorded(id, label)], chosen))
                    }
                    (text(&given.field(buyer, "budget",
                        buyer.say("予算科目・債務負担行為", "Budget item or commitment"))))
                    (button(ButtonKind::Primary, buyer.say("起案する", "Draft")))
                }))
            }))
        }
    }
}

/// Decides a plan or takes it back, as the lead.
async fn led<Z: Zone>(
    member: &Member<Z>,
    (id, plan): (i64, i64),
    step: &str,
) -> Result<Response, Refusal> {
    let client = member.cloud().await?;
    planned(member, &client, (id, plan)).await?;
    let decide = match step {
        "decide" => true,
        "withdraw" => false,
        _ => return Err(Refusal::NotFound),
    };
    plan_step(&*client, (plan, decide), &member.actor.id).await?;
    Ok(see(member, &format!("/groups/{id}/plans/{plan}")))
}

/// Takes a step with a plan, as a prefecture that leads.
pub async fn step<Z: Zone>(
    member: Member<Z>,
    Path((_, id, plan, step)): Path<(String, i64, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        member.check(entered.get("csrf").map(String::as_str))?;
        led(&member, (id, plan), &step).await
    };
    member.answer(made.await)
}

/// Takes a step with a plan, as a municipality: also the draft of its own contract.
pub async fn own_step(
    buyer: Buyer,
    Path((_, id, plan, step)): Path<(String, i64, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        if step != "draft" {
            return led(&buyer, (id, plan), &step).await;
        }
        draft(&buyer, (id, plan), Given::of(entered)).await
    };
    buyer.answer(made.await)
}

/// Why nothing was drafted.
fn undrafted(buyer: &Buyer, error: &StoreError) -> String {
    let said = match error {
        StoreError::Conflict(said) => said.clone(),
        _ => said!(
            "この申出は、事業者が取り下げたか新しい版に替えたため、起案できません。代表に案の見直しを求めてください",
            "The offer was withdrawn or replaced by a newer version. Ask the lead for another plan"
        ),
    };
    buyer.say(&said.ja, &said.en).to_owned()
}

async fn draft(buyer: &Buyer, which: (i64, i64), mut given: Given) -> Result<Response, Refusal> {
    let mut client = buyer.cloud().await?;
    let planned = planned(buyer, &client, which).await?;
    let old = in_service(&client, &planned.offer).await?;
    given.needs(
        "budget",
        ("予算科目か債務負担行為を入れてください。予算のない契約はできません", TEXT),
    );
    if old.as_ref().is_some_and(|old| given.value("replaces") != old.id.to_string()) {
        given.fault("replaces", "いまの契約に替えることを確かめて、印を付けてください");
    }
    if !given.faults.is_empty() {
        drop(client);
        return shown(buyer, which, &given).await;
    }
    let Planned { scene, plan, .. } = &planned;
    let lead = called(&scene.bodies, &scene.group.lead);
    let (name, number) = (&scene.group.name, plan.id);
    let reason = format!("共同調達「{name}」の案 {number}（代表 {lead}）。{}", plan.reason);
    let transaction = client.transaction().await.map_err(StoreError::from)?;
    let is_open = is_open(buyer, &planned, old.as_ref());
    let replaces = (plan.id, old.map(|old| old.id));
    let words = (reason.as_str(), given.value("budget"));
    let id = match plan_draft(&transaction, replaces, words, &buyer.actor.id).await {
        // What was typed stays, whatever happened meanwhile.
        Err(error @ (StoreError::Conflict(_) | StoreError::NotFound(_))) if is_open => {
            given.fault("budget", &undrafted(buyer, &error));
            drop(transaction);
            drop(client);
            return shown(buyer, which, &given).await;
        }
        made => made?,
    };
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(see(buyer, &format!("/contracts/{id}")))
}
