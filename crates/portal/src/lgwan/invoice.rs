//! 請求書 issued to the body: the list, and each as its PDF, which is made anew from what is of
//! record. Another body's is not there. Nothing is issued or changed here.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::money::Yen;
use cloud::cost::charge::{number_read, number_text};
use maud::html;
use print::PrintError;
use store::control::invoice::{Issued, invoices_seen};

use super::cost::month_words;
use super::{Buyer, LgwanState};
use crate::component::day::day_text;
use crate::component::notice::{Notice, Tone, badge};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::invoice::invoice_print;

/// The invoices, the newest first.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer).await)
}

/// How an invoice stands: it cancels one, was cancelled by one, or is in force.
fn standing(buyer: &Buyer, one: &Issued, all: &[Issued]) -> (Tone, String) {
    if let Some((number, reason)) = &one.cancels {
        let what = buyer.say("を取り消す請求書: ", " is cancelled by this one: ");
        return (Tone::Information, format!("{}{what}{reason}", number_text(*number)));
    }
    let taken = |it: &&Issued| {
        it.registration == one.registration
            && it.cancels.as_ref().is_some_and(|cancelled| cancelled.0 == one.number)
    };
    match all.iter().find(taken) {
        Some(by) => {
            let what = buyer.say("取消済み: ", "Cancelled by ");
            (Tone::Warning, format!("{what}{}", number_text(by.number)))
        }
        None => (Tone::Success, buyer.say("有効", "In force").to_owned()),
    }
}

async fn listed(buyer: &Buyer) -> Result<Response, Refusal> {
    let all = invoices_seen(&*buyer.cloud().await?).await?;
    let words: Vec<[String; 5]> = all
        .iter()
        .map(|one| {
            let number = number_text(one.number);
            let href = buyer.href(&format!("/bill/invoices/{number}.pdf"));
            let (issued, month) =
                (day_text(buyer.language, one.issued), month_words(buyer, one.month));
            [number, href, issued, month, Yen(one.total_yen).grouped()]
        })
        .collect();
    let rows = all
        .iter()
        .zip(&words)
        .map(|(one, [number, href, issued, month, yen])| {
            let (tone, how) = standing(buyer, one, &all);
            Row {
                href: Some(href),
                cells: vec![
                    Cell::Text(number),
                    Cell::Text(issued),
                    Cell::Text(month),
                    Cell::Text(yen),
                    Cell::Component(badge(tone, &how)),
                    Cell::Japanese(&one.issuer),
                ],
            }
        })
        .collect();
    let content = html! {
        p { (buyer.say("番号を選ぶと、その請求書の PDF が開きます。計算の根拠も同じ紙に出ます。支払いの状況は",
            "Choose a number to open the invoice as PDF, with how its amounts come about. What was \
             paid is under "))
            a href=(buyer.href("/cost")) { (buyer.say("費用の「保管金」", "Cost, Deposit")) }
            (buyer.say("にあります。", ".")) }
        (table(&Table {
            caption: buyer.say("この団体あての請求書（税込）", "Invoices to this body, with tax"),
            columns: vec![
                Column::text(buyer.say("番号", "Number")),
                Column::text(buyer.say("発行日", "Issued")),
                Column::text(buyer.say("利用した月", "Month")),
                Column::number(buyer.say("請求額（円）", "Yen")),
                Column::text(buyer.say("状態", "State")),
                Column::text(buyer.say("発行者", "Issuer")),
            ],
            rows,
            empty: buyer.say(
                "請求書はまだありません。国の運用担当が発行すると、ここに出ます。",
                "No invoice yet. It appears here when the operator has issued it.",
            ),
            stacked: true,
        }))
    };
    Ok(buyer.page(buyer.say("請求書", "Invoices"), Vec::new(), content))
}

/// One invoice as PDF.
pub async fn pdf(
    State(state): State<LgwanState>,
    buyer: Buyer,
    Path((_, file)): Path<(String, String)>,
) -> Response {
    let made = async {
        let number = file.strip_suffix(".pdf").and_then(number_read).ok_or(Refusal::NotFound)?;
        let all = invoices_seen(&*buyer.cloud().await?).await?;
        let one = all.iter().find(|it| it.number == number).ok_or(Refusal::NotFound)?;
        Ok(match invoice_print(&state.printer, one).await {
            Ok(document) => {
                let name = format!("inline; filename=\"{}.pdf\"", number_text(number));
                let headers = [
                    (header::CONTENT_TYPE, "application/pdf".to_owned()),
                    (header::CONTENT_DISPOSITION, name),
                ];
                (headers, document.pdf).into_response()
            }
            Err(error) => unprinted(&buyer, &error),
        })
    };
    buyer.answer(made.await)
}

/// What is said when no PDF could be made; the cause is in the log.
fn unprinted(buyer: &Buyer, error: &PrintError) -> Response {
    tracing::error!(%error, "an invoice is not printed");
    let notice = Notice {
        tone: Tone::Danger,
        heading: buyer.say("PDF を作れませんでした", "The PDF could not be made"),
        body: buyer.say(
            "請求書は発行済みで、額は変わりません。しばらく待って、もう一度開いてください。\
             続くときは、国の運用担当に知らせてください。",
            "The invoice stands and its amount with it. Open it again in a while; tell the \
             operator if it goes on.",
        ),
        link: None,
    };
    let back = html! {
        p { a href=(buyer.href("/bill/invoices")) { (buyer.say("請求書の一覧", "Invoices")) } }
    };
    let mut response = buyer.page(buyer.say("請求書", "Invoice"), vec![notice], back);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
