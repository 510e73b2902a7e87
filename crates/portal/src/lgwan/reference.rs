//! 利用実績: what the books say of an offer's use (bodies by size, names of those that agreed, how
//! their zones answered), and the own consent to be named. Nothing of it is typed in by anybody.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use cloud::service_level::Availability;
use maud::{Markup, html};
use store::Client;
use store::control::contract_list;
use store::control::reference::{
    Used, UsedWatched, consent_list, consent_say, used_list, used_watched,
};

use super::Buyer;
use super::group::{may, see, sending};
use crate::component::form::{ButtonKind, button};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The sizes of bodies, by residents.
const SIZES: [(&str, &str); 5] = [
    ("規模はまだ計っていない", "not metered yet"),
    ("1万人未満", "below 10,000"),
    ("1万人以上10万人未満", "below 100,000"),
    ("10万人以上30万人未満", "below 300,000"),
    ("30万人以上", "300,000 and more"),
];

/// Use and availability of the offers for one business.
pub(super) struct References {
    used: Vec<Used>,
    watched: Vec<UsedWatched>,
}

impl References {
    /// Of one business.
    pub(super) async fn read(client: &Client, system: &str) -> Result<References, Refusal> {
        Ok(References {
            used: used_list(&**client, system).await?,
            watched: used_watched(&**client, system).await?,
        })
    }
}

/// Per vendor: who uses it, and how often the zones of those bodies answered.
pub(super) fn references(
    buyer: &Buyer,
    references: &References,
    vendors: &[(&str, &str)],
) -> Markup {
    let mut lines: Vec<[String; 3]> = Vec::new();
    for (id, name) in vendors {
        let used = references.used.iter().find(|one| one.vendor_id == *id);
        let sizes = used.map(|one| sizes(buyer, one)).unwrap_or_default();
        let watched: Vec<String> = references
            .watched
            .iter()
            .filter(|one| one.vendor_id == *id)
            .map(|one| measured(buyer, one))
            .collect();
        lines.push([
            (*name).to_owned(),
            match sizes.as_str() {
                "" => buyer.say("まだありません", "none yet").to_owned(),
                some => some.to_owned(),
            },
            match watched.is_empty() {
                true => buyer.say("まだ測っていない", "not measured yet").to_owned(),
                false => watched.join("；"),
            },
        ]);
    }
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    html! {
        p { (buyer.say("使っている団体の数と、その団体の画面が答えた割合です。契約と見張りの記録から数え、\
            事業者は入れられません。団体の名は、出してよいとした団体だけです。割合は、どの団体のものか分からない\
            ように、3団体から出します。",
            "Counted from contracts and the watch; no vendor enters it. Names only of bodies that \
            agreed; availability from three bodies on, so that it is nobody's own.")) " "
            a href=(buyer.href("/references")) {
                (buyer.say("この団体の名を出すかを決める", "Choose whether this body is named")) } }
        (table(&Table {
            caption: buyer.say("利用実績", "In use"),
            columns: vec![
                Column::text(buyer.say("事業者", "Vendor")),
                Column::text(buyer.say("使っている団体", "Bodies")),
                Column::text(buyer.say("これまでの稼働率", "Availability so far")),
            ],
            rows,
            empty: "",
            stacked: true,
        }))
    }
}

fn sizes(buyer: &Buyer, used: &Used) -> String {
    let parts: Vec<String> = SIZES
        .iter()
        .zip(used.bodies)
        .filter(|(_, count)| *count > 0)
        .map(|((ja, en), count)| match buyer.say(ja, en) {
            word if word == *ja => format!("{word} {count}団体"),
            word => format!("{word}: {count}"),
        })
        .collect();
    let named = match used.named.is_empty() {
        true => String::new(),
        false => format!("（{}）", used.named.join("、")),
    };
    format!("{}{named}", parts.join("、"))
}

fn measured(buyer: &Buyer, one: &UsedWatched) -> String {
    let ((from, until), bodies) = (one.days, one.bodies);
    let Some((checks, failures)) = one.asked else {
        return match buyer.say("ja", "en") {
            "ja" => format!("{} 3団体から出します（いま{bodies}団体）", one.service),
            _ => format!("{} shown from three bodies on ({bodies} now)", one.service),
        };
    };
    let whole = Availability { checks, failures, ..Availability::default() };
    let rate = whole.rate().unwrap_or_default();
    let (service, whole, part) = (&one.service, rate / 100, rate % 100);
    match buyer.say("ja", "en") {
        "ja" => format!(
            "{service} {whole}.{part:02}％（{from}～{until}、{bodies}団体、{checks}回のうち応答なし{failures}回）"
        ),
        _ => format!(
            "{service} {whole}.{part:02}% ({from} to {until}, {bodies} bodies, {failures} of \
             {checks} failed)"
        ),
    }
}

/// The own contracts in service, and whether others are told the name.
pub async fn all(buyer: Buyer) -> Response {
    let made = async {
        let client = buyer.cloud().await?;
        let mut contracts = contract_list(&*client).await?;
        contracts.retain(|one| one.state == "提供中");
        let said = consent_list(&*client).await?;
        let shown = |id: i64| said.iter().any(|(contract, shown)| *contract == id && *shown);
        let rows = contracts
            .iter()
            .map(|one| {
                let is_shown = shown(one.id);
                let (to, ja, en) = match is_shown {
                    true => ("hide", "出さないことにする", "Do not name"),
                    false => ("show", "出してよいことにする", "Name this body"),
                };
                let form = sending(
                    &buyer,
                    &format!("/references/{}/{to}", one.id),
                    button(ButtonKind::Secondary, buyer.say(ja, en)),
                );
                Row {
                    href: None,
                    cells: vec![
                        Cell::Japanese(&one.offer.name),
                        Cell::Japanese(&one.offer.vendor),
                        Cell::Text(match is_shown {
                            true => buyer.say("名を出す", "Named"),
                            false => buyer.say("数だけ", "Counted only"),
                        }),
                        Cell::Component(html! { @if may(&buyer) { (form) } }),
                    ],
                }
            })
            .collect();
        let content = html! {
            p { (buyer.say("カタログで、同じ業務を比べるほかの団体に、この団体の名を利用実績として出すかを決めます。\
                出さない団体は、規模ごとの数にだけ入ります。", "Whether other bodies that compare offers \
                are told this body's name; otherwise it is only counted by size.")) }
            (table(&Table {
                caption: buyer.say("提供中の契約", "Contracts in service"),
                columns: vec![
                    Column::text(buyer.say("業務", "Business")),
                    Column::text(buyer.say("事業者", "Vendor")),
                    Column::text(buyer.say("いま", "Now")),
                    Column::text(buyer.say("変える", "Change")),
                ],
                rows,
                empty: buyer.say("提供中の契約がありません。", "No contract in service."),
                stacked: true,
            }))
        };
        Ok(buyer.page(buyer.say("利用実績の公開", "References"), Vec::new(), content))
    };
    buyer.answer(made.await)
}

/// Agrees to be named, or takes that back.
pub async fn say(
    buyer: Buyer,
    Path((_, id, to)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let shown = match to.as_str() {
            "show" => true,
            "hide" => false,
            _ => return Err(Refusal::NotFound),
        };
        let client = buyer.cloud().await?;
        if contract_list(&*client).await?.iter().all(|one| one.id != id) {
            return Err(Refusal::NotFound);
        }
        consent_say(&*client, (id, shown), &buyer.actor.id).await?;
        Ok(see(&buyer, "/references"))
    };
    buyer.answer(made.await)
}
