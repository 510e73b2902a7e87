//! What stands beside an offer: the report of the conformity gate, and the vendor's documents. They
//! stay readable after an offer was withdrawn. Nothing is changed here.

use axum::extract::Path;
use axum::response::Response;
use cloud::gate::Report;
use cloud::parcel::DOCUMENT_KINDS;
use maud::html;
use store::control::{offer_documents, offer_report};

use super::Buyer;
use crate::component::writing::writing;
use crate::counter::refusal::Refusal;
use crate::report_view;

/// The report of the gate on an offer.
pub async fn report(buyer: Buyer, Path((_, offer)): Path<(String, i64)>) -> Response {
    let made = async {
        let kept = offer_report(&*buyer.cloud().await?, offer).await?;
        let found = kept.as_ref().and_then(Report::recorded).ok_or(Refusal::NotFound)?;
        let content = report_view::report(buyer.language, &found);
        Ok(buyer.page(buyer.say("適合性の報告", "Report of conformity"), Vec::new(), content))
    };
    buyer.answer(made.await)
}

/// One of the vendor's documents.
pub async fn document(
    buyer: Buyer,
    Path((_, offer, file)): Path<(String, i64, String)>,
) -> Response {
    let made = async {
        let documents = offer_documents(&*buyer.cloud().await?, offer).await?;
        let text = documents.get(&file).ok_or(Refusal::NotFound)?;
        let kind = DOCUMENT_KINDS.iter().find(|(name, _)| *name == file);
        let title = kind.map_or(file.as_str(), |(_, word)| word).to_owned();
        let content = match file.ends_with(".md") {
            true => html! { div.section lang="ja" { (writing(text, "表")) } },
            false => html! { pre lang="ja" { (text) } },
        };
        Ok(buyer.page(&title, Vec::new(), content))
    };
    buyer.answer(made.await)
}
