//! 適合度分析: a body sends its list of work steps, chooses a business, and sees for every offer what
//! fits, what it sets itself, what is missing and what is unknown, with the evidence of each.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloud::Packages;
use cloud::fit::{
    Candidate, OfferFit, Requirement, analyse, analysis_csv, for_business, list_read,
};
use definition::System;
use maud::{Markup, html};
use serde::Deserialize;
use store::StoreError;
use store::control::{
    Fit, NewFit, Offer, Settled, business_list, fit_keep, fit_list, fit_read, offer_documents,
    offers_numbered, offers_of, settled_list,
};

use super::fit_settle;
use super::fit_view::analysis;
use super::group::Given;
use super::{BUYERS, Buyer, LgwanState};
use crate::attached;
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, error_summary, file, post_form, select,
};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::route::Access;

/// The most offers of an analysis.
const MOST_OFFERS: i64 = 50;
/// The most analyses that are listed.
const MOST_LISTED: i64 = 100;
/// A list to try.
const EXAMPLE: &str = include_str!("../../../../data/sample/work-steps.csv");

/// Which business is chosen at first.
#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    system: String,
}

/// What is wrong with what was sent, each with its field.
type Faults = Vec<(&'static str, String)>;

/// The analyses of the organisation, and the form for another.
pub async fn all(buyer: Buyer, Query(chosen): Query<Chosen>) -> Response {
    buyer.answer(listed(&buyer, &chosen.system, &Faults::new()).await)
}

async fn listed(buyer: &Buyer, chosen: &str, faults: &Faults) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let (fits, businesses) =
        (fit_list(&*client, MOST_LISTED).await?, business_list(&*client).await?);
    let name = |system: &str| {
        let known = businesses.iter().find(|(id, ..)| id == system);
        known.map_or_else(|| system.to_owned(), |(_, name, _)| name.clone())
    };
    let lines: Vec<[String; 4]> = fits
        .iter()
        .map(|one| {
            let href = buyer.href(&format!("/fit/{}", one.id));
            let made = moment_text(buyer.language, one.made_at);
            [href, name(&one.system), made, one.offers.len().to_string()]
        })
        .collect();
    let rows = fits
        .iter()
        .zip(&lines)
        .map(|(one, [href, name, made, offers])| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(name),
                Cell::Japanese(&one.file_name),
                Cell::Text(made),
                Cell::Japanese(&one.made_by),
                Cell::Text(offers),
            ],
        })
        .collect();
    let may = matches!(BUYERS, Access::Roles(roles) if buyer.actor.require(roles).is_ok());
    let content = html! {
        @if may { (form(buyer, chosen, (&businesses, faults))) }
        (table(&Table {
            caption: buyer.say("この団体の適合度分析", "Analyses of this organisation"),
            columns: vec![
                Column::text(buyer.say("業務", "Business")),
                Column::text(buyer.say("ファイル", "File")),
                Column::text(buyer.say("作った時", "Made at")),
                Column::text(buyer.say("作った人", "By")),
                Column::number(buyer.say("申出の数", "Offers")),
            ],
            rows,
            empty: buyer.say("まだありません。", "None yet."),
            stacked: true,
        }))
    };
    let title = buyer.say("適合度分析", "Fit and gap");
    let mut response = buyer.page(title, Vec::new(), content);
    if !faults.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn form(
    buyer: &Buyer,
    chosen: &str,
    (businesses, faults): (&[(String, String, String)], &Faults),
) -> Markup {
    let errors: Vec<FieldError<'_>> =
        faults.iter().map(|(field, message)| FieldError { field, message }).collect();
    let wrong = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let choices: Vec<Choice<'_>> =
        businesses.iter().map(|(id, name, _)| Choice::recorded(id, name)).collect();
    let action = buyer.href("/fit");
    let sent = PostForm { action: &action, csrf: &buyer.csrf, enter: None, multipart: true };
    let label = buyer.say("作業の一覧（CSV）", "List of work steps (CSV)");
    let hint = buyer.say(
        "見出しは 番号、業務、作業、必要な機能、重要度。必要な機能には、標準のデータ項目の番号、項目名、\
         手続名を書きます。二つ以上は「；」で分けます。重要度は高、中、低。UTF-8 か Shift_JIS",
        "Columns 番号, 業務, 作業, 必要な機能 (numbers or names of items, names of procedures, \
         divided by ；), 重要度 (高, 中, 低). UTF-8 or Shift_JIS",
    );
    let business = Field::new(buyer.language, "system", buyer.say("業務", "Business"));
    let business = business.required(true).value(chosen).error(wrong("system"));
    let list = Field::new(buyer.language, "file", label).required(true).hint(hint);
    section(
        buyer.say("作業の一覧を送る", "Send a list of work steps"),
        html! {
            (error_summary(buyer.language, &errors))
            p { (buyer.say("各社の業務システムの定義と照らして、適合、設定で適合、不適合、不明を根拠とともに示します。\
                同じ名前が見つからないものは推測せず、不明とします。", "Each step is held against the \
                definitions on offer. What is found under no name is unknown, never guessed.")) " "
                a href=(buyer.href("/fit-example")) {
                    (buyer.say("試すための一覧（見本の団体のもの）", "A list to try (invented body)")) } }
            (post_form(&sent, html! {
                (select(&business, &choices))
                (file(&list.error(wrong("file")), ".csv,text/csv"))
                (button(ButtonKind::Primary, buyer.say("照らし合わせる", "Compare")))
            }))
        },
    )
}

/// A list to try.
pub async fn example(_: Buyer) -> Response {
    attached::csv("work-steps.csv", format!("\u{FEFF}{EXAMPLE}"))
}

/// What was sent with the form.
#[derive(Default)]
struct Sent {
    system: String,
    file_name: String,
    bytes: Vec<u8>,
}

/// Takes the form. The token comes before the file, so that a stranger's file is not read; `None`
/// when it did not arrive whole.
async fn sent(buyer: &Buyer, mut parts: Multipart) -> Result<Option<Sent>, Refusal> {
    let (mut token, mut sent) = (None, Sent::default());
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => return Ok(None),
        };
        match part.name() {
            Some("csrf") => token = part.text().await.ok(),
            Some("system") => {
                let system = part.text().await.ok().filter(|text| !text.contains('\0'));
                sent.system = system.unwrap_or_default();
            }
            Some("file") => {
                buyer.check(token.as_deref())?;
                let name = part.file_name().unwrap_or_default();
                sent.file_name = name.chars().filter(|it| !it.is_control()).take(200).collect();
                let Ok(bytes) = part.bytes().await else { return Ok(None) };
                sent.bytes = bytes.to_vec();
            }
            _ => {}
        }
    }
    buyer.check(token.as_deref())?;
    Ok(Some(sent))
}

/// Reads a list and keeps it with the offers of now.
pub async fn make(buyer: Buyer, State(state): State<LgwanState>, parts: Multipart) -> Response {
    let made = async {
        let unreadable = "ファイルを最後まで受け取れませんでした。250キロバイトまでの CSV を、もう一度送ってください";
        let Some(sent) = sent(&buyer, parts).await? else {
            return listed(&buyer, "", &vec![("file", unreadable.to_owned())]).await;
        };
        match kept(&buyer, &state.packages, &sent).await? {
            Ok(id) => {
                let to = buyer.href(&format!("/fit/{id}"));
                Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
            }
            Err(faults) => listed(&buyer, &sent.system, &faults).await,
        }
    };
    buyer.answer(made.await)
}

/// The number of the new analysis, or what is wrong.
async fn kept(
    buyer: &Buyer,
    packages: &Packages,
    sent: &Sent,
) -> Result<Result<i64, Faults>, Refusal> {
    let mut faults = Faults::new();
    if sent.system.is_empty() {
        faults.push(("system", "業務を選んでください".to_owned()));
    }
    let list = match sent.bytes.is_empty() {
        true => Err(vec!["作業の一覧のファイルを選んでください".to_owned()]),
        false => list_read(&sent.bytes)
            .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    let list = match list {
        Ok(list) if faults.is_empty() => list,
        Ok(_) => return Ok(Err(faults)),
        Err(found) => {
            faults.extend(found.into_iter().map(|message| ("file", message)));
            return Ok(Err(faults));
        }
    };
    let client = buyer.cloud().await?;
    let (mut offers, mut business) = (Vec::new(), None);
    for offer in offers_of(&*client, &sent.system, MOST_OFFERS).await? {
        match packages.load(&*client, &offer.hash).await {
            Ok(Some(system)) => {
                offers.push(offer.id);
                business.get_or_insert(system);
            }
            // What this program cannot read is no offer to compare.
            Ok(None) | Err(StoreError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let Some(business) = business else {
        let none = "この業務の申出がありません。カタログから選んでください";
        return Ok(Err(vec![("system", none.to_owned())]));
    };
    if for_business(&list, (&business.name, &business.code)).is_empty() {
        let there: BTreeSet<&str> = list.iter().map(|one| one.business.as_str()).collect();
        let there: Vec<&str> = there.into_iter().take(10).collect();
        let words = format!(
            "「{}」の作業がありません。業務の列にあるのは {} です",
            business.name,
            there.join("、")
        );
        return Ok(Err(vec![("file", words)]));
    }
    let requirements = serde_json::to_value(&list).map_err(|_| Refusal::NotFound)?;
    let new = NewFit {
        system: &sent.system,
        file_name: &sent.file_name,
        requirements: &requirements,
        offers: &offers,
    };
    Ok(Ok(fit_keep(&*client, &new, &buyer.actor.id).await?))
}

/// An analysis, worked out.
pub struct Worked {
    /// What was kept.
    pub fit: Fit,
    /// The business.
    pub business: Arc<System>,
    /// The steps of that business.
    pub requirements: Vec<Requirement>,
    /// How many steps of the list are of another.
    pub others: usize,
    /// Every offer with its answers, the best first.
    pub offers: Vec<(Offer, OfferFit)>,
    /// What officials settled of what is unknown, in order.
    pub settled: Vec<Settled>,
}

/// Works an analysis out from what was kept and the packages, which never change.
pub(super) async fn worked(buyer: &Buyer, packages: &Packages, id: i64) -> Result<Worked, Refusal> {
    let client = buyer.cloud().await?;
    let fit = fit_read(&*client, id).await?.ok_or(Refusal::NotFound)?;
    let list: Vec<Requirement> = Vec::deserialize(&fit.requirements).map_err(|_| {
        StoreError::Refused("この分析は別の版の雲居で作られ、読めません".to_owned())
    })?;
    let (mut offers, mut candidates) = (Vec::new(), Vec::new());
    for offer in offers_numbered(&*client, &fit.offers).await? {
        if let Some(system) = packages.load(&*client, &offer.hash).await? {
            let documents = offer_documents(&*client, offer.id).await?;
            candidates.push(Candidate { offer: offer.id, system, documents });
            offers.push(offer);
        }
    }
    let settled = settled_list(&*client, id).await?;
    drop(client);
    let Some(first) = candidates.first() else { return Err(Refusal::NotFound) };
    let business = Arc::clone(&first.system);
    let own = for_business(&list, (&business.name, &business.code));
    let requirements: Vec<Requirement> = own.into_iter().cloned().collect();
    let others = list.len() - requirements.len();
    // Pure work of up to a second: not beside the requests of others.
    let work = tokio::task::spawn_blocking(move || {
        let asked: Vec<&Requirement> = requirements.iter().collect();
        let found = analyse(&asked, &candidates);
        (requirements, found)
    });
    let done = work.await;
    let (requirements, found) = done.map_err(|error| StoreError::Pool(error.to_string()))?;
    let mut offers: Vec<(Offer, OfferFit)> = offers.into_iter().zip(found).collect();
    offers.sort_by_key(|(_, fit)| std::cmp::Reverse(fit.score.percent()));
    Ok(Worked { fit, business, requirements, others, offers, settled })
}

/// Offers beside requirements.
pub async fn one(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, i64)>,
) -> Response {
    let made = async {
        let worked = worked(&buyer, &state.packages, id).await?;
        let title = match &*worked.business.name {
            "" => buyer.say("適合度分析", "Fit and gap").to_owned(),
            name => format!("{} {name}", buyer.say("適合度分析", "Fit and gap:")),
        };
        Ok(buyer.page(&title, Vec::new(), analysis(&buyer, &worked)))
    };
    buyer.answer(made.await)
}

/// Every answer of one offer, what does not fit first.
pub async fn offer(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id, offer)): Path<(String, i64, i64)>,
) -> Response {
    let made = async {
        let worked = worked(&buyer, &state.packages, id).await?;
        let found = worked.offers.iter().find(|(one, _)| one.id == offer);
        let (offer, fit) = found.ok_or(Refusal::NotFound)?;
        Ok(fit_settle::page(&buyer, (&worked, offer, fit), &Given::default()))
    };
    buyer.answer(made.await)
}

/// The analysis as CSV.
pub async fn csv(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, i64)>,
) -> Response {
    let made = async {
        let worked = worked(&buyer, &state.packages, id).await?;
        let label = |offer: &Offer| format!("{} {}", offer.vendor, offer.version);
        let labelled: Vec<(String, &OfferFit)> =
            worked.offers.iter().map(|(offer, fit)| (label(offer), fit)).collect();
        let asked: Vec<&Requirement> = worked.requirements.iter().collect();
        Ok(attached::csv(&format!("fit-{id}.csv"), analysis_csv(&asked, &labelled)))
    };
    buyer.answer(made.await)
}
