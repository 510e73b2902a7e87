//! FOCUS of the own share: a month by a method as the open format has it, for the body's own tools.
//! The rows are those that the operator's export has for this body; nothing is derived anew.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::date::Date;
use cloud::cost::allocate::{Method, Share};
use cloud::cost::export::{Export, Part, share_lines};
use cloud::cost::focus::lines_write;
use maud::{Markup, html};
use serde::Deserialize;
use store::StoreError;
use store::control::cost::{MadeService, OwnShare, own_services, own_shares};

use super::{Buyer, method_words, month_words};
use crate::component::notice::{Notice, Tone};
use crate::counter::refusal::Refusal;

/// Links to the files of a month, one a method that has shares.
pub(super) fn links(buyer: &Buyer, (month, own): (Date, &[&OwnShare])) -> Markup {
    let has = |method: &Method| own.iter().any(|it| it.method == method.term());
    let file = month.strftime("%Y-%m").to_string();
    html! {
        p {
            (buyer.say("FOCUS 1.2 の CSV（表計算や費用の分析に）: ", "FOCUS 1.2 as CSV: "))
            @for method in Method::ALL.into_iter().filter(has) {
                a href=(buyer.href(&format!("/cost/focus/{file}.csv?method={}", method.term()))) {
                    (method_words(buyer, method)) }
                "　"
            }
        }
    }
}

/// Which method.
#[derive(Deserialize)]
pub struct Asked {
    method: Option<String>,
}

/// The file of a month.
pub async fn csv(
    buyer: Buyer,
    Path((_, file)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let month = file.strip_suffix(".csv").and_then(|it| format!("{it}-01").parse().ok());
        let month: Date = month.ok_or(Refusal::NotFound)?;
        let term = asked.method.as_deref().unwrap_or(Method::Usage.term());
        let method = Method::ALL.into_iter().find(|it| it.term() == term);
        let method = method.ok_or(Refusal::NotFound)?;
        let client = buyer.cloud().await?;
        let shares = own_shares(&*client, month).await?;
        let shares: Vec<Share> = shares
            .into_iter()
            .filter(|it| it.month == month && it.method == term)
            .map(|it| of_own(&buyer, it))
            .collect();
        if shares.is_empty() {
            return Err(Refusal::NotFound);
        }
        let services = own_services(&*client, month).await?;
        if services.is_empty() {
            return Ok(older(&buyer, month));
        }
        let text = written(&buyer, (month, method), (&shares, &services))?;
        let name = format!("attachment; filename=\"focus-{}.csv\"", month.strftime("%Y-%m"));
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ];
        Ok((headers, text).into_response())
    };
    buyer.answer(made.await)
}

fn of_own(buyer: &Buyer, own: OwnShare) -> Share {
    Share {
        organisation: buyer.body.organisation.id.clone(),
        system: own.system,
        yen: own.yen,
        trace: own.trace,
        working: String::new(),
    }
}

/// What a share is spread over, as it was kept.
fn parts(share: &Share, services: &[MadeService]) -> Vec<Part> {
    let of = |credit: bool| -> Vec<Part> {
        let own = services.iter().filter(|it| it.system == share.system && it.credit == credit);
        let part = |it: &MadeService| {
            Some(Part {
                provider: it.provider.clone(),
                service: it.service.clone(),
                category: it.category.clone(),
                weight: it.weight.parse().ok()?,
            })
        };
        own.filter_map(part).collect()
    };
    match share.yen {
        ..0 => Some(of(true)).filter(|it| !it.is_empty()).unwrap_or_else(|| of(false)),
        _ => of(false),
    }
}

fn written(
    buyer: &Buyer,
    (month, method): (Date, Method),
    (shares, services): (&[Share], &[MadeService]),
) -> Result<Vec<u8>, Refusal> {
    let body = &buyer.body.organisation;
    let names = BTreeMap::from([(body.id.clone(), body.name_en.clone())]);
    let wanted = Export { month, method, organisation: Some(&body.id), names: &names };
    let (mut lines, mut text) = (Vec::new(), Vec::new());
    for share in shares {
        lines.extend(share_lines(share, &parts(share, services), &wanted).map_err(broken)?);
    }
    lines_write(&mut text, &lines).map_err(broken)?;
    Ok(text)
}

/// What was kept cannot be written: for the log.
fn broken(error: cloud::CloudError) -> Refusal {
    StoreError::Refused(error.to_string()).into()
}

/// A month that was allocated before services were kept.
fn older(buyer: &Buyer, month: Date) -> Response {
    let heading =
        buyer.say("この月の FOCUS はまだ出せません", "There is no FOCUS file of this month yet");
    let notice = Notice { tone: Tone::Warning, heading, body: older_words(buyer), link: None };
    let back = html! {
        p { a href=(buyer.href("/cost")) { (buyer.say("費用", "Cost")) } }
    };
    let mut response = buyer.page(&month_words(buyer, month), vec![notice], back);
    *response.status_mut() = StatusCode::CONFLICT;
    response
}

/// Why services and currencies of a month are not known.
pub(super) fn older_words(buyer: &Buyer) -> &'static str {
    buyer.say(
        "内訳を残すようになる前の按分です。国の運用担当が按分し直すと出ます。",
        "It was allocated before what shares are made of was kept. It appears when the operator \
         allocates the month again.",
    )
}
