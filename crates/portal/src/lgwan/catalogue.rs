//! The catalogue, by business, and the comparison of all offers for one: price for the own number
//! of residents, and what each does that another does not. Nothing is changed here.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use base::money::Yen;
use cloud::Price;
use cloud::parcel::DOCUMENT_KINDS;
use definition::System;
use definition::model::ProcedureKind;
use maud::{Markup, html};
use store::StoreError;
use store::control::{Offer, contract_list, metered, offer_list};

use super::contract::{STATES, name, word};
use super::{Buyer, LgwanState};
use crate::component::form::{ButtonKind, button_link};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Every business with its offers.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer).await)
}

async fn listed(buyer: &Buyer) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let (offers, contracts) = (offer_list(&*client).await?, contract_list(&*client).await?);
    let mut ids: Vec<&str> = offers.iter().map(|offer| offer.system.as_str()).collect();
    ids.dedup();
    let lines: Vec<(String, String, String, String)> = ids
        .into_iter()
        .map(|id| {
            let own: Vec<&Offer> = offers.iter().filter(|offer| offer.system == id).collect();
            let vendors: BTreeSet<&str> = own.iter().map(|offer| offer.vendor.as_str()).collect();
            let vendors: Vec<&str> = vendors.into_iter().collect();
            let states = contracts.iter().filter(|one| one.offer.system == id);
            let in_force = states.filter(|one| !["終了", "取下げ"].contains(&one.state.as_str()));
            let states: Vec<&str> = in_force.map(|one| word(buyer, &STATES, &one.state)).collect();
            let name = own.first().map_or("", |offer| name(buyer, offer));
            let href = buyer.href(&format!("/catalogue/{id}"));
            (href, name.to_owned(), vendors.join("、"), states.join(buyer.say("、", ", ")))
        })
        .collect();
    let rows = lines
        .iter()
        .map(|(href, name, vendors, states)| Row {
            href: Some(href),
            cells: vec![Cell::Text(name), Cell::Glyphs(vendors), Cell::Text(states)],
        })
        .collect();
    let content = table(&Table {
        caption: buyer.say("業務システム", "Systems"),
        columns: vec![
            Column::text(buyer.say("業務", "Business")),
            Column::text(buyer.say("事業者", "Vendors")),
            Column::text(buyer.say("この団体の契約", "Own contract")),
        ],
        rows,
        empty: buyer.say("公開されている業務システムはありません。", "No system is on offer."),
        stacked: true,
    });
    Ok(buyer.page(buyer.say("カタログ", "Catalogue"), Vec::new(), content))
}

/// All offers for one business side by side.
pub async fn compare(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    buyer.answer(compared(&buyer, &state, &id).await)
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

async fn compared(buyer: &Buyer, state: &LgwanState, id: &str) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let mut offers = offer_list(&*client).await?;
    // Of each vendor the newest package only.
    offers.retain(|offer| offer.system == id);
    offers.dedup_by(|later, first| later.vendor_id == first.vendor_id);
    let mut found: Vec<(Offer, Arc<System>)> = Vec::new();
    let mut unreadable: Vec<Offer> = Vec::new();
    for offer in offers {
        match state.packages.load(&*client, &offer.hash).await {
            Ok(Some(system)) => found.push((offer, system)),
            // One that cannot be read here does not keep the others from being compared.
            Ok(None) | Err(StoreError::Refused(_)) => unreadable.push(offer),
            Err(error) => return Err(error.into()),
        }
    }
    let Some((_, first)) = found.first() else { return Err(Refusal::NotFound) };
    let residents = residents(buyer).await?;
    let title = buyer.say(&first.name, &first.name_en).to_owned();
    let content = html! {
        p lang="ja" { (first.statute) }
        @for offer in &unreadable {
            p { span lang="ja" { (offer.vendor) } "　" (offer.version) "　"
                (buyer.say("この申出の中身は、いまの基盤では読めないため比べられません。",
                    "This package cannot be read by the platform now and is not compared.")) }
        }
        (terms(buyer, &found, residents))
        (section(buyer.say("事業者ごとの報告と文書", "Report and documents of each vendor"),
            papers(buyer, &found)))
        (section(buyer.say("手続の違い", "Procedures compared"), procedures(buyer, &found)))
        (section(buyer.say("起案する", "Draft a contract"), html! {
            @for (offer, _) in found.iter().filter(|(offer, _)| offer.conforms != Some(false)) {
                @let href = buyer.href(&format!("/offers/{}", offer.id));
                p { (button_link(ButtonKind::Secondary, &format!("{} {}", offer.vendor,
                    buyer.say("で起案する", "– draft")), &href)) }
            }
        }))
    };
    Ok(buyer.page(&title, Vec::new(), content))
}

/// Price and size of each.
fn terms(buyer: &Buyer, found: &[(Offer, Arc<System>)], residents: Option<i64>) -> Markup {
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
        let ja = format!("この団体の月額（住民{}人、円）", Yen(residents).grouped());
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
    let caption =
        buyer.say("料金と規模（料金表による。消費税は別）", "Price and size, without tax");
    table(&Table { caption, columns, rows, empty: "", stacked: false })
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
fn procedures(buyer: &Buyer, found: &[(Offer, Arc<System>)]) -> Markup {
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
    let has = |system: &System, name: &str| system.procedures.iter().any(|one| one.name == name);
    let rows = names
        .iter()
        .map(|(name, label)| {
            let mut cells = vec![Cell::Text(label)];
            cells.extend(found.iter().map(|(_, system)| match has(system, name) {
                true => Cell::Text(buyer.say("あり", "Yes")),
                false => Cell::Text(buyer.say("なし", "No")),
            }));
            Row { href: None, cells }
        })
        .collect();
    let mut columns = vec![Column::text(buyer.say("手続", "Procedure"))];
    columns.extend(found.iter().map(|(offer, _)| Column::text(&offer.vendor)));
    let caption = buyer.say("手続", "Procedures");
    table(&Table { caption, columns, rows, empty: "", stacked: false })
}
