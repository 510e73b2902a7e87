//! 検証報告: what the pilots are asked to verify, filled from what was measured of this municipality;
//! gaps are shown as gaps. Nothing is entered here.

use std::collections::BTreeMap;

use axum::response::Response;
use base::date::Date;
use cloud::gate::Report;
use cloud::service_level::{Availability, availability, level_on};
use cloud::sheet;
use cloud::verification::{Aspect, Facts, Line, lines, pattern};
use jiff::{Span, Timestamp};
use maud::{Markup, html};
use store::control::cost::own_shares;
use store::control::evidence::{cloud_count, moved_list};
use store::control::watch::{incident_list, watched_list};
use store::control::{act_list, contract_list, offer_report};

use store::copybook::{CopyAct, TRAININGS, copy_acts};
use store::organisation::CopyWish;

use super::Buyer;
use crate::attached;
use crate::component::notice::{Tone, badge};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Months that the report looks back.
const MONTHS: i64 = 12;
/// Acts of training copies that are looked at.
const MOST_ACTS: i64 = 1_000;
/// The state of a contract whose system runs.
const IN_SERVICE: &str = "提供中";

/// The whole page.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(shown(&buyer).await)
}

async fn shown(buyer: &Buyer) -> Result<Response, Refusal> {
    let (facts, surrounding) = facts(buyer).await?;
    let clouds = cloud_count(&*buyer.cloud().await?).await?;
    let found = lines(&facts);
    let gaps = found.iter().filter(|line| line.found.is_err()).count();
    let day = buyer.actor.today().to_string();
    let content = html! {
        p { a href=(buyer.href("/verification/csv")) {
            (buyer.say("CSV で保存する", "Save as CSV")) } }
        p { (buyer.say("作った日 ", "Made on ")) (day) "　"
            (buyer.say("項目 ", "Items ")) (found.len()) "　"
            (buyer.say("まだ測っていないもの ", "Not measured ")) (gaps) }
        p lang="ja" { "検証の型　"
            @match pattern(clouds, surrounding) {
                Ok((letter, words)) => strong { (letter) "（" (words) "）" },
                Err(why) => (why),
            } }
        @for aspect in Aspect::ALL {
            (section(aspect.term(), part(buyer, &found, aspect)))
        }
    };
    let title = buyer.say("検証報告", "Report of the trial");
    Ok(buyer.page(title, Vec::new(), content))
}

/// The same as CSV.
pub async fn csv(buyer: Buyer) -> Response {
    let made = async {
        let (facts, _) = facts(&buyer).await?;
        let head = ["区分", "項目", "測定", "結果、又は測っていない理由", "もと"];
        let mut sheet_lines = vec![head.map(str::to_owned).to_vec()];
        sheet_lines.extend(lines(&facts).into_iter().map(|line| {
            let (measured, words, source) = match line.found {
                Ok((words, source)) => ("測った", words, source),
                Err(why) => ("未測定", why, String::new()),
            };
            let head = [line.aspect.term(), line.item, measured].map(str::to_owned);
            [head.to_vec(), vec![words, source]].concat()
        }));
        Ok(attached::csv("verification.csv", sheet(&sheet_lines)))
    };
    buyer.answer(made.await)
}

/// What is known, and whether systems beside the standardised ones are in use.
async fn facts(buyer: &Buyer) -> Result<(Facts, bool), Refusal> {
    let client = buyer.cloud().await?;
    let today = buyer.actor.today();
    let from = today.first_of_month().saturating_sub(Span::new().months(MONTHS));
    let at = Timestamp::now();
    let mut facts = Facts { level: level_on(today).ok(), at, ..Facts::default() };
    for contract in contract_list(&*client).await? {
        if contract.state == IN_SERVICE {
            let kept = offer_report(&*client, contract.offer.id).await?;
            facts.reports.extend(kept.as_ref().and_then(Report::recorded));
        }
        let acts = act_list(&*client, contract.id).await?;
        facts.contracts.push((contract, acts));
    }
    facts.moves = moved_list(&*client).await?;
    facts.availability = whole(availability(&watched_list(&*client, from).await?));
    let since = at - Span::new().hours(24 * 31 * MONTHS);
    facts.incidents = incident_list(&*client, since).await?;
    facts.shares = own_shares(&*client, from).await?;
    let own = (&TRAININGS, buyer.body.organisation.id.as_str());
    facts.trainings = prepared(copy_acts(&*client, own, MOST_ACTS).await?);
    let surrounding = facts.reports.iter().any(|one| one.standard.is_none());
    Ok((facts, surrounding))
}

/// When a training copy was ready; what was closed prepared nothing. The last act comes first.
fn prepared(acts: Vec<CopyAct>) -> Vec<Timestamp> {
    let (open, renew) = (CopyWish::Open.word(), CopyWish::Renew.word());
    let mut out = Vec::new();
    let mut wanted = false;
    for act in acts.into_iter().rev() {
        match act.act.as_str() {
            "済" if wanted => {
                out.push(act.at);
                wanted = false;
            }
            word if word == open || word == renew => wanted = true,
            word if word == CopyWish::Close.word() => wanted = false,
            _ => {}
        }
    }
    out
}

/// All months of each service together.
fn whole(parts: BTreeMap<(Date, String), Availability>) -> Vec<(String, Availability)> {
    let mut out: BTreeMap<String, Availability> = BTreeMap::new();
    for ((_, service), one) in parts {
        let sum = out.entry(service).or_default();
        sum.checks += one.checks;
        sum.failures += one.failures;
        sum.slowest_ms = sum.slowest_ms.max(one.slowest_ms);
    }
    out.into_iter().collect()
}

fn part(buyer: &Buyer, found: &[Line], aspect: Aspect) -> Markup {
    let own: Vec<&Line> = found.iter().filter(|line| line.aspect == aspect).collect();
    let rows = own
        .iter()
        .map(|line| {
            let (mark, words, source) = match &line.found {
                Ok((words, source)) => {
                    (badge(Tone::Success, buyer.say("測った", "Measured")), words, source.as_str())
                }
                Err(why) => (badge(Tone::Warning, buyer.say("未測定", "Gap")), why, ""),
            };
            Row {
                href: None,
                cells: vec![
                    Cell::Text(line.item),
                    Cell::Component(mark),
                    Cell::Text(words),
                    Cell::Text(source),
                ],
            }
        })
        .collect();
    table(&Table {
        caption: buyer.say("確かめることと結果", "Items and results"),
        columns: vec![
            Column::text(buyer.say("項目", "Item")),
            Column::text(buyer.say("測定", "Measured")),
            Column::text(buyer.say("結果、又は測っていない理由", "Result, or why there is a gap")),
            Column::text(buyer.say("もと", "Source")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
