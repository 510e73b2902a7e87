//! The comparison of the offers for one business: price for the own number of residents, and what
//! each does that another does not. Nothing is changed here.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use base::money::Yen;
use cloud::parcel::DOCUMENT_KINDS;
use cloud::{Price, sheet};
use definition::System;
use definition::model::ProcedureKind;
use maud::{Markup, html};
use serde::Deserialize;
use store::StoreError;
use store::control::{Offer, contract_list, metered, offers_of};

use super::reference::{References, references};
use super::search::amount;
use super::{Buyer, LgwanState};
use crate::attached;
use crate::component::form::{ButtonKind, Field, Width, button, button_link, get_form, number};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The most offers that stand side by side.
const MOST_COMPARED: i64 = 20;

/// All offers for one business side by side.
pub async fn compare(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, String)>,
    Query(size): Query<Size>,
) -> Response {
    buyer.answer(compared(&buyer, &state, (&id, &size.residents)).await)
}

/// A number of residents to reckon with, where none was metered.
#[derive(Deserialize)]
pub struct Size {
    #[serde(default)]
    residents: String,
}

/// How many residents were metered last; `None` before anything was.
pub async fn residents(buyer: &Buyer) -> Result<Option<i64>, Refusal> {
    let client = buyer.cloud().await?;
    let today = buyer.actor.today();
    let before = today.checked_sub(jiff::Span::new().days(62)).unwrap_or(today);
    let until = today.tomorrow().unwrap_or(today);
    let lines = metered(&*client, (before, until)).await?;
    let last = lines.into_iter().max_by_key(|(_, day, _)| *day);
    Ok(last.map(|(.., residents)| i64::from(residents)))
}

/// What stands side by side.
#[derive(Default)]
struct Found {
    offers: Vec<(Offer, Arc<System>)>,
    /// Vendors whose packages this program cannot read.
    unreadable: Vec<String>,
    /// Whether there are more.
    more: bool,
}

async fn found_for(buyer: &Buyer, state: &LgwanState, id: &str) -> Result<Found, Refusal> {
    let client = buyer.cloud().await?;
    let offers = offers_of(&*client, id, MOST_COMPARED).await?;
    let more = i64::try_from(offers.len()).is_ok_and(|count| count == MOST_COMPARED);
    let mut found = Found { more, ..Found::default() };
    for offer in offers {
        match state.packages.load(&*client, &offer.hash).await {
            Ok(Some(system)) => found.offers.push((offer, system)),
            Ok(None) => {}
            // What this program cannot read hides nobody else's offer.
            Err(StoreError::Refused(_)) => found.unreadable.push(offer.vendor),
            Err(error) => return Err(error.into()),
        }
    }
    match found.offers.is_empty() {
        true => Err(Refusal::NotFound),
        false => Ok(found),
    }
}

/// The same side by side as CSV.
pub async fn csv(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, String)>,
    Query(size): Query<Size>,
) -> Response {
    let made = async {
        let found = found_for(&buyer, &state, &id).await?.offers;
        let metered = residents(&buyer).await?;
        let residents = metered.or(amount(&size.residents).flatten());
        let mut head = vec![buyer.say("比べること", "What").to_owned()];
        head.extend(found.iter().map(|(offer, _)| offer.vendor.clone()));
        let mut lines = vec![head];
        let all = term_lines(&buyer, &found, (residents, metered.is_some())).into_iter();
        for (name, values) in all.chain(procedure_lines(&buyer, &found)) {
            lines.push([vec![name], values].concat());
        }
        // An identifier of a package: letters, digits and hyphens.
        Ok(attached::csv(&format!("comparison-{id}.csv"), sheet(&lines)))
    };
    buyer.answer(made.await)
}

async fn compared(
    buyer: &Buyer,
    state: &LgwanState,
    (id, entered): (&str, &str),
) -> Result<Response, Refusal> {
    let Found { offers: found, unreadable, more } = found_for(buyer, state, id).await?;
    let Some((_, first)) = found.first() else { return Err(Refusal::NotFound) };
    let client = buyer.cloud().await?;
    let used = References::read(&client, id).await?;
    let mut own = contract_list(&*client).await?;
    own.retain(|one| !["取下げ", "終了"].contains(&one.state.as_str()));
    let metered = residents(buyer).await?;
    let residents = metered.or(amount(entered).flatten());
    let title = buyer.say(&first.name, &first.name_en).to_owned();
    let content = html! {
        p lang="ja" { (first.statute) }
        @if !unreadable.is_empty() {
            p { (buyer.say("この版の雲居では読めないため、並べていない事業者: ",
                "Not shown, as this version cannot read them: ")) (unreadable.join("、")) }
        }
        @if more {
            p { (buyer.say("20者までを並べています。ほかの事業者はカタログの検索で探してください。",
                "These are 20 vendors. Search the catalogue for others.")) }
        }
        @let fit = buyer.href(&format!("/fit?system={id}"));
        p { (button_link(ButtonKind::Secondary, buyer.say("この団体の作業と比べる（適合度分析）",
            "Compare with own work steps (fit and gap)"), &fit)) "　"
            a href=(buyer.href(&format!("/catalogue/{id}/csv?residents={}",
                residents.map(|it| it.to_string()).unwrap_or_default()))) {
                (buyer.say("比べた結果を CSV で保存する", "Save the comparison as CSV")) } }
        @if metered.is_none() { (sizing(buyer, id, entered)) }
        (terms(buyer, &found, (residents, metered.is_some())))
        @let vendors: std::collections::BTreeMap<&str, &str> = found.iter()
            .map(|(offer, _)| (offer.vendor_id.as_str(), offer.vendor.as_str())).collect();
        @let vendors: Vec<(&str, &str)> = vendors.into_iter().collect();
        (section(buyer.say("利用実績と稼働率", "Use and availability"),
            references(buyer, &used, &vendors)))
        (section(buyer.say("事業者ごとの報告と文書", "Report and documents of each vendor"),
            papers(buyer, &found)))
        (section(buyer.say("手続の違い", "Procedures compared"), side_by_side(buyer, &found,
            buyer.say("手続", "Procedures"), &procedure_lines(buyer, &found))))
        (section(buyer.say("起案する", "Draft a contract"), html! {
            @for (offer, _) in found.iter().filter(|(offer, _)| offer.conforms != Some(false)) {
                @let contract = own.iter().find(|one| one.offer.id == offer.id);
                @let (href, words) = match contract {
                    Some(one) => (format!("/contracts/{}", one.id),
                        buyer.say("の契約を見る", "– see the contract")),
                    None => (format!("/offers/{}", offer.id), buyer.say("で起案する", "– draft")),
                };
                p { (button_link(ButtonKind::Secondary, &format!("{} {words}", offer.vendor),
                    &buyer.href(&href))) }
            }
        }))
    };
    Ok(buyer.page(&title, Vec::new(), content))
}

/// Without a day that was metered, what a month comes to is reckoned for a number that is entered.
fn sizing(buyer: &Buyer, id: &str, entered: &str) -> Markup {
    let wrong = buyer.say("0から1兆までの整数で入れてください", "Enter a whole number");
    let field = Field::new(buyer.language, "residents", buyer.say("住民の数", "Residents"));
    let field = field.value(entered).width(Width::Medium);
    let field = field.error(amount(entered).is_none().then_some(wrong));
    let label = buyer.say("月額の計算", "What a month comes to");
    html! {
        p { (buyer.say("住民の数をまだ計っていないため、この団体の月額を出していません。数を入れると計算します。",
            "Residents were not metered yet, so no amount is shown. Enter a number to see it.")) }
        (get_form(label, &buyer.href(&format!("/catalogue/{id}")), html! {
            (number(&field, buyer.say("人", "")))
            (button(ButtonKind::Secondary, buyer.say("計算する", "Reckon")))
        }))
    }
}

/// Price and size of each.
fn terms(buyer: &Buyer, found: &[(Offer, Arc<System>)], residents: (Option<i64>, bool)) -> Markup {
    let caption =
        buyer.say("料金と規模（料金表による。消費税は別）", "Price and size, without tax");
    side_by_side(buyer, found, caption, &term_lines(buyer, found, residents))
}

/// A column a vendor.
fn side_by_side(
    buyer: &Buyer,
    found: &[(Offer, Arc<System>)],
    caption: &str,
    lines: &[(String, Vec<String>)],
) -> Markup {
    let rows = lines
        .iter()
        .map(|(name, values)| {
            let mut cells = vec![Cell::Text(name)];
            cells.extend(values.iter().map(|value| Cell::Text(value)));
            Row { href: None, cells }
        })
        .collect();
    let mut columns = vec![Column::text(buyer.say("比べること", "What"))];
    columns.extend(found.iter().map(|(offer, _)| Column::number(&offer.vendor)));
    table(&Table { caption, columns, rows, empty: "", stacked: false })
}

fn term_lines(
    buyer: &Buyer,
    found: &[(Offer, Arc<System>)],
    (residents, is_metered): (Option<i64>, bool),
) -> Vec<(String, Vec<String>)> {
    let today = buyer.actor.today();
    let price = |offer: &Offer| Price::on(offer.price.as_ref(), today);
    let yen = |amount: i64| Yen(amount).grouped();
    let unknown = || buyer.say("―", "–").to_owned();
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    let mut line = |ja: &str, en: &str, value: &dyn Fn(&Offer, &System) -> String| {
        let values = found.iter().map(|(offer, system)| value(offer, system)).collect();
        lines.push((buyer.say(ja, en).to_owned(), values));
    };
    line("版", "Version", &|offer, _| offer.version.clone());
    line("月額の基本料金（円）", "Base a month (yen)", &|offer, _| {
        price(offer).map_or_else(unknown, |price| yen(price.base_yen))
    });
    line("住民一人当たりの月額（円）", "A resident and month (yen)", &|offer, _| {
        price(offer).map_or_else(unknown, |price| yen(price.resident_yen))
    });
    if let Some(residents) = residents {
        let entered = if is_metered { "" } else { "入れた数の" };
        let ja = format!("この団体の月額（{entered}住民{}人、円）", Yen(residents).grouped());
        let en = format!("A month here ({residents} residents, yen)");
        line(&ja, &en, &|offer, _| {
            price(offer).map_or_else(unknown, |price| yen(price.month(residents)))
        });
        line("この団体の年額（円）", "A year here (yen)", &|offer, _| {
            price(offer)
                .map_or_else(unknown, |price| yen(price.month(residents).saturating_mul(12)))
        });
    }
    line("適合性", "Conformity", &|offer, _| match offer.conforms {
        Some(true) => buyer.say("適合", "Conforms").to_owned(),
        Some(false) => buyer.say("不適合", "Does not conform").to_owned(),
        None => buyer.say("審査中", "Being checked").to_owned(),
    });
    line("手続の数", "Procedures", &|_, system| system.procedures.len().to_string());
    line("証明・通知の書式の数", "Documents", &|_, system| {
        system.notices.len().to_string()
    });
    line("台帳の項目の数", "Items kept", &|_, system| {
        system.registers.iter().map(|register| register.items.len()).sum::<usize>().to_string()
    });
    lines
}

/// Where the report of the gate and the vendor's documents are.
fn papers(buyer: &Buyer, found: &[(Offer, Arc<System>)]) -> Markup {
    let names = [("手引き", "Manual"), ("契約条件", "Terms"), ("部品表", "Bill of materials")];
    html! {
        @for (offer, _) in found {
            @let at = |rest: &str| buyer.href(&format!("/offers/{}/{rest}", offer.id));
            p { span lang="ja" { (offer.vendor) } "　" (offer.version) "　"
                @if offer.conforms.is_some() {
                    a href=(at("report")) { (buyer.say("適合性の報告", "Report of conformity")) }
                }
                @for ((file, _), (ja, en)) in DOCUMENT_KINDS.iter().zip(names)
                    .filter(|((file, _), _)| offer.documents.iter().any(|own| own == file)) {
                    "　" a href=(at(&format!("documents/{file}"))) { (buyer.say(ja, en)) }
                } }
        }
    }
}

/// Which procedure each has: what people start, what a document is, what runs by itself.
fn procedure_lines(buyer: &Buyer, found: &[(Offer, Arc<System>)]) -> Vec<(String, Vec<String>)> {
    let mut names: Vec<(&str, String)> = Vec::new();
    for (_, system) in found {
        for one in &system.procedures {
            if names.iter().all(|(name, _)| *name != one.name) {
                let kind = match one.kind {
                    ProcedureKind::Notification => buyer.say("届出・申請", "Notification"),
                    ProcedureKind::Official => buyer.say("職権", "By the office"),
                    ProcedureKind::Certificate => buyer.say("証明", "Certificate"),
                    ProcedureKind::Reaction => buyer.say("自動", "By itself"),
                };
                let label = format!("{}（{kind}）", buyer.say(&one.name, &one.name_en));
                names.push((&one.name, label));
            }
        }
    }
    let has = |system: &System, name: &str| match system.procedures.iter().any(|it| it.name == name)
    {
        true => buyer.say("あり", "Yes").to_owned(),
        false => buyer.say("なし", "No").to_owned(),
    };
    let answers = |name: &str| found.iter().map(|(_, system)| has(system, name)).collect();
    names.iter().map(|(name, label)| (label.clone(), answers(name))).collect()
}
