//! The bill of a month: every contract with how its amount comes about, from the price list and
//! from what was metered day by day. No amount is entered by anybody.

use axum::extract::Query;
use axum::response::Response;
use base::date::Date;
use base::money::Yen;
use cloud::Charge;
use jiff::Span;
use maud::html;
use serde::Deserialize;
use store::control::{Contract, contract_list, metered};

use super::Buyer;
use super::contract::name;
use crate::component::language::Language;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Which month.
#[derive(Deserialize)]
pub struct Asked {
    month: Option<String>,
}

/// The bill of a month, the present one when none is asked for.
pub async fn month(buyer: Buyer, Query(asked): Query<Asked>) -> Response {
    buyer.answer(billed(&buyer, asked.month.as_deref()).await)
}

/// The first day of a month written as 2026-11; of the present month for anything else.
fn first_of(month: Option<&str>, today: Date) -> Date {
    let asked = month.and_then(|text| format!("{text}-01").parse::<Date>().ok());
    asked.unwrap_or(today).first_of_month()
}

/// One line of the bill.
struct Line<'a> {
    contract: &'a Contract,
    charge: Option<Charge>,
}

async fn billed(buyer: &Buyer, month: Option<&str>) -> Result<Response, Refusal> {
    let first = first_of(month, buyer.actor.today());
    let next = first.checked_add(Span::new().months(1)).map_err(|_| Refusal::NotFound)?;
    let before = first.checked_sub(Span::new().months(1)).map_err(|_| Refusal::NotFound)?;
    let client = buyer.cloud().await?;
    let (contracts, days) =
        (contract_list(&*client).await?, metered(&*client, (first, next)).await?);
    let line = |contract| line(contract, &days, first);
    let lines: Vec<Line<'_>> = contracts.iter().filter_map(line).collect();
    let yen = lines.iter().filter_map(|line| line.charge).map(|charge| charge.yen);
    let total = yen.fold(0, i64::saturating_add);
    let words: Vec<[String; 6]> = lines.iter().map(|line| cells(buyer, line)).collect();
    let rows = words
        .iter()
        .map(|words| Row { href: None, cells: words.iter().map(|one| Cell::Text(one)).collect() })
        .collect();
    let shown = |day: Date| day.strftime("%Y-%m").to_string();
    let caption = match buyer.language {
        Language::Japanese => {
            format!("{}年{}月の利用料（消費税は別）", first.year(), first.month())
        }
        Language::English => format!("Bill of {}, without tax", shown(first)),
    };
    let content = html! {
        (table(&Table {
            caption: &caption,
            columns: vec![
                Column::text(buyer.say("業務", "Business")),
                Column::text(buyer.say("事業者", "Vendor")),
                Column::number(buyer.say("計った日数", "Days metered")),
                Column::number(buyer.say("住民の延べ数", "Residents, all days")),
                Column::text(buyer.say("計算", "How")),
                Column::number(buyer.say("額（円）", "Yen")),
            ],
            rows,
            empty: buyer.say("この月に計ったものはありません。", "Nothing was metered in this month."),
            stacked: true,
        }))
        p { strong { (buyer.say("合計 ", "Total ")) (Yen(total).grouped()) (buyer.say("円", " yen")) } }
        p { a href=(buyer.href("/bill/invoices")) { (buyer.say("発行された請求書", "Invoices")) } }
        p {
            a href=(buyer.href(&format!("/bill?month={}", shown(before)))) {
                (buyer.say("前の月", "Month before")) }
            "　"
            a href=(buyer.href(&format!("/bill?month={}", shown(next)))) {
                (buyer.say("次の月", "Next month")) }
        }
    };
    Ok(buyer.page(buyer.say("利用料", "Bill"), Vec::new(), content))
}

/// The charge of a contract that was metered in the month.
fn line<'a>(contract: &'a Contract, all: &[(i64, Date, i32)], first: Date) -> Option<Line<'a>> {
    let own: Vec<i32> = all
        .iter()
        .filter(|(id, ..)| *id == contract.id)
        .map(|(_, _, residents)| *residents)
        .collect();
    if own.is_empty() {
        return None;
    }
    Some(Line { contract, charge: Charge::of_month(contract.offer.price.as_ref(), first, &own) })
}

fn cells(buyer: &Buyer, line: &Line<'_>) -> [String; 6] {
    let offer = &line.contract.offer;
    let name = name(buyer, offer).to_owned();
    let Some(charge) = line.charge else {
        let none = buyer.say("料金表がありません", "No price list").to_owned();
        return [name, offer.vendor.clone(), String::new(), String::new(), none, String::new()];
    };
    let Charge { price, days, metered, residents, yen } = charge;
    let grouped = |number: i64| Yen(number).grouped();
    let how = format!(
        "（{} × {metered} ＋ {} × {}）÷ {days}",
        grouped(price.base_yen),
        price.resident_yen,
        grouped(residents)
    );
    [name, offer.vendor.clone(), metered.to_string(), grouped(residents), how, grouped(yen)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_or_is_the_present_one() {
        let today: Date = "2026-11-22".parse().unwrap();
        for (text, first) in [
            (Some("2026-02"), "2026-02-01"),
            (Some("2026-13"), "2026-11-01"),
            (Some("令和8年"), "2026-11-01"),
            (None, "2026-11-01"),
        ] {
            assert_eq!(first_of(text, today).to_string(), first, "{text:?}");
        }
    }
}
