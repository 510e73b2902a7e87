//! 人による判断: an official settles an answer that the packages leave unknown, with its source and
//! why. It stands apart from what the packages answer; what was said before stays readable.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use cloud::fit::{ByHand, OfferFit, Requirement, Settled, Verdict};
use maud::{Markup, html};
use store::control::{NewSettled, Offer, Settled as Said, fit_settle};

use super::fit::{Worked, worked};
use super::fit_view::offer_view;
use super::group::{Given, may, see, sending};
use super::{Buyer, LgwanState};
use crate::component::day::moment_text;
use crate::component::form::{ButtonKind, Choice, button, error_summary, radios, select, textarea};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Where an official knows it from.
const SOURCES: [(&str, &str); 4] = [
    ("事業者の文書", "A document of the vendor"),
    ("事業者への照会", "The vendor was asked"),
    ("実機での確認", "Tried on the system"),
    ("ほかの団体への照会", "Another body was asked"),
];
/// What may be said of an unknown answer.
const VERDICTS: [(&str, &str); 4] = [
    ("適合", "Fits"),
    ("要調整", "Fits once arranged"),
    ("不適合", "Gap"),
    (Settled::BACK, "Unknown again"),
];
/// The most letters of a reason.
const TEXT: usize = 2000;

/// What was settled of one offer.
pub(super) fn by_hand(worked: &Worked, fit: &OfferFit) -> ByHand {
    let own = worked.settled.iter().filter(|one| one.offer == fit.offer);
    let words = own.map(|one| (one.number.as_str(), one.verdict.as_str()));
    ByHand::of(fit, &worked.requirements, words)
}

/// The answers of one offer with what was settled of them, and the form for more.
pub(super) fn page(
    buyer: &Buyer,
    (worked, offer, fit): (&Worked, &Offer, &OfferFit),
    given: &Given,
) -> Response {
    let title = format!("{} {}", offer.vendor, buyer.say("の適合度", "– fit and gap"));
    let content = html! {
        (error_summary(buyer.language, &given.errors()))
        (offer_view(buyer, worked, (offer, fit)))
        (section(buyer.say("人による判断（機械の判定とは別に数える）", "Settled by officials"), html! {
            (history(buyer, (worked, fit)))
            @if may(buyer) { (settling(buyer, (worked, fit), given)) }
        }))
    };
    given.status(buyer.page(&title, Vec::new(), content))
}

/// A word that is kept in Japanese, in the reader's language.
fn said<'w>(buyer: &Buyer, words: &[(&'static str, &'static str)], kept: &'w str) -> &'w str {
    words.iter().find(|(ja, _)| *ja == kept).map_or(kept, |(ja, en)| buyer.say(ja, en))
}

/// All that was said, the newest first; what counts is marked.
fn history(buyer: &Buyer, (worked, fit): (&Worked, &OfferFit)) -> Markup {
    let own: Vec<&Said> = worked.settled.iter().filter(|one| one.offer == fit.offer).collect();
    let hand = by_hand(worked, fit);
    let lines: Vec<[String; 6]> = own
        .iter()
        .enumerate()
        .rev()
        .map(|(at, one)| {
            let later = own.iter().skip(at + 1).any(|other| other.number == one.number);
            let counts = match later {
                true => buyer.say("（後で改めた）", " (changed later)"),
                false => "",
            };
            let when = format!("{}　{}", moment_text(buyer.language, one.at), one.by);
            let (number, source) = (one.number.clone(), one.source.clone());
            let step = worked.requirements.iter().find(|it| it.number == one.number);
            let step = step.map(|it| it.step.clone()).unwrap_or_default();
            let source = said(buyer, &SOURCES, &source).to_owned();
            let verdict = format!("{}{counts}", said(buyer, &VERDICTS, &one.verdict));
            [number, step, verdict, source, one.reason.clone(), when]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    html! {
        @if !hand.steps.is_empty() { p lang="ja" { (hand.trace(fit)) } }
        (table(&Table {
            caption: buyer.say("判断の経過", "What was settled"),
            columns: vec![
                Column::text(buyer.say("番号", "Number")),
                Column::text(buyer.say("作業", "Step")),
                Column::text(buyer.say("判断", "Judgement")),
                Column::text(buyer.say("何で確かめたか", "Source")),
                Column::text(buyer.say("理由", "Reason")),
                Column::text(buyer.say("いつ、誰が", "When and by whom")),
            ],
            rows,
            empty: buyer.say("まだありません。", "None yet."),
            stacked: true,
        }))
    }
}

fn unknown<'w>(worked: &'w Worked, fit: &OfferFit) -> Vec<&'w Requirement> {
    let all = worked.requirements.iter().zip(&fit.answers);
    let open = all.filter(|(_, answer)| answer.verdict == Verdict::Unknown);
    open.map(|(one, _)| one).collect()
}

fn settling(buyer: &Buyer, (worked, fit): (&Worked, &OfferFit), given: &Given) -> Markup {
    let open = unknown(worked, fit);
    let labels: Vec<String> =
        open.iter().map(|one| format!("{}　{}", one.number, one.step)).collect();
    let steps: Vec<Choice<'_>> =
        open.iter().zip(&labels).map(|(one, label)| Choice::recorded(&one.number, label)).collect();
    let verdicts = VERDICTS.map(|(ja, en)| Choice::new(ja, buyer.say(ja, en)));
    let sources = SOURCES.map(|(ja, en)| Choice::new(ja, buyer.say(ja, en)));
    let at = format!("/fit/{}/offers/{}", worked.fit.id, fit.offer);
    html! {
        @if open.is_empty() {
            p { (buyer.say("不明のものはありません。", "Nothing is unknown.")) }
        } @else {
            (sending(buyer, &at, html! {
                (select(&given.field(buyer, "number",
                    buyer.say("不明の作業", "Unknown step")), &steps))
                (radios(&given.field(buyer, "verdict", buyer.say("判断", "Judgement")), &verdicts))
                (select(&given.field(buyer, "source",
                    buyer.say("何で確かめたか", "Source")), &sources))
                (textarea(&given.field(buyer, "reason", buyer.say("理由", "Reason")), 3))
                (button(ButtonKind::Primary, buyer.say("判断を残す", "Keep")))
            }))
        }
    }
}

/// Keeps what an official says of one unknown answer.
pub async fn settle(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id, offer)): Path<(String, i64, i64)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let worked = worked(&buyer, &state.packages, id).await?;
        let found = worked.offers.iter().find(|(one, _)| one.id == offer);
        let (found, fit) = found.ok_or(Refusal::NotFound)?;
        if unknown(&worked, fit).iter().all(|one| one.number != given.value("number")) {
            given.fault(
                "number",
                buyer.say(
                    "不明の作業から選んでください。機械が判定したものは変えられません",
                    "Choose an unknown step; what the machine has judged stays",
                ),
            );
        }
        if VERDICTS.iter().all(|(word, _)| *word != given.value("verdict")) {
            given.fault("verdict", buyer.say("判断を選んでください", "Choose a judgement"));
        }
        if SOURCES.iter().all(|(word, _)| *word != given.value("source")) {
            let ja = "何で確かめたかを選んでください";
            given.fault("source", buyer.say(ja, "Choose where it is known from"));
        }
        given.needs("reason", (buyer.say("理由を入れてください", "Enter the reason"), TEXT));
        if !given.faults.is_empty() {
            return Ok(page(&buyer, (&worked, found, fit), &given));
        }
        let new = NewSettled {
            offer,
            number: given.value("number"),
            verdict: given.value("verdict"),
            source: given.value("source"),
            reason: given.value("reason"),
        };
        fit_settle(&*buyer.cloud().await?, id, &new, &buyer.actor.id).await?;
        Ok(see(&buyer, &format!("/fit/{id}/offers/{offer}")))
    };
    buyer.answer(made.await)
}
