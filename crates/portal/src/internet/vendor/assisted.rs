//! 運用管理補助者, as the vendor sees it: the bodies that named it, their systems, the states of their
//! contracts, and their incidents. No resident, no amount and no person; it changes nothing.

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use store::market::{Assisted, assisted_list};

use super::Seller;
use crate::component::day::{day_text, moment_text};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// What is told of a body.
#[derive(Default, Deserialize)]
struct State {
    systems: Vec<Served>,
    incidents: Vec<Disturbed>,
}

/// A system under contract.
#[derive(Deserialize)]
struct Served {
    name: String,
    vendor: String,
    version: String,
    state: String,
}

/// What went wrong.
#[derive(Deserialize)]
struct Disturbed {
    title: String,
    service: String,
    layer: String,
    began_at: Timestamp,
    ended_at: Option<Timestamp>,
}

/// Every body that named this vendor.
pub async fn all(seller: Seller) -> Response {
    seller.answer(shown(&seller).await)
}

async fn shown(seller: &Seller) -> Result<Response, Refusal> {
    let bodies = assisted_list(&*seller.cloud().await?).await?;
    let content = html! {
        p { (seller.say("この事業者を運用管理補助者に指定した団体の、業務システムと障害です。指定が取り消されるか\
            期間が過ぎると、一分ほどで見えなくなります。", "Systems and incidents of the bodies that named \
            this vendor. What is taken back or over is gone within about a minute.")) }
        @if bodies.is_empty() {
            p { (seller.say("指定した団体はありません。", "No body named this vendor.")) }
        }
        @for one in &bodies { (section(&one.body, body(seller, one))) }
    };
    let title = seller.say("運用管理補助者として", "As an assistant");
    Ok(seller.page(title, Vec::new(), content))
}

fn body(seller: &Seller, one: &Assisted) -> Markup {
    let state = State::deserialize(&one.state).unwrap_or_default();
    let until = day_text(seller.language, one.until);
    let told = moment_text(seller.language, one.told_at);
    let systems: Vec<[&str; 4]> = state
        .systems
        .iter()
        .map(|it| [it.name.as_str(), &it.vendor, &it.version, &it.state])
        .collect();
    let moment = |at| moment_text(seller.language, at);
    let incidents: Vec<[String; 5]> = state
        .incidents
        .iter()
        .map(|it| {
            let until = it.ended_at.map_or_else(|| "続いている".to_owned(), moment);
            let began = moment(it.began_at);
            [it.title.clone(), it.service.clone(), it.layer.clone(), began, until]
        })
        .collect();
    html! {
        p lang="ja" { (one.duties) "　" (until) "まで　（" (told) " の状態）" }
        (table(&Table {
            caption: seller.say("業務システム", "Systems"),
            columns: vec![
                Column::text(seller.say("業務", "Business")),
                Column::text(seller.say("事業者", "Vendor")),
                Column::text(seller.say("版", "Version")),
                Column::text(seller.say("状態", "State")),
            ],
            rows: systems.iter().map(|cells| Row {
                href: None,
                cells: cells.iter().map(|it| Cell::Japanese(it)).collect(),
            }).collect(),
            empty: seller.say("ありません。", "None."),
            stacked: true,
        }))
        (table(&Table {
            caption: seller.say("障害（続いているものと、この90日）", "Incidents (90 days)"),
            columns: vec![
                Column::text(seller.say("何が", "What")),
                Column::text(seller.say("影響を受けたもの", "Affected")),
                Column::text(seller.say("層", "Layer")),
                Column::text(seller.say("始まり", "From")),
                Column::text(seller.say("終わり", "Until")),
            ],
            rows: incidents.iter().map(|cells| Row {
                href: None,
                cells: cells.iter().map(|it| Cell::Japanese(it)).collect(),
            }).collect(),
            empty: seller.say("ありません。", "None."),
            stacked: true,
        }))
    }
}
