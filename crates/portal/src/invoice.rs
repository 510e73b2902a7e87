//! How a 請求書 looks on paper: one template for the command and the page. What it says is `cloud`'s;
//! the compiler runs in the print worker. Nothing is decided here.

use cloud::cost::charge::{invoice_sheet, number_text};
use print::{Document, PrintError, Printer, Template};
use serde_json::json;
use store::control::invoice::Issued;

const TEMPLATE: &str = include_str!("invoice.typ");

/// Makes the PDF of an invoice of record.
///
/// # Errors
/// [`PrintError`], also for a character that no font has.
pub async fn invoice_print(printer: &Printer, issued: &Issued) -> Result<Document, PrintError> {
    let title = if issued.cancels.is_some() { "請求書（取消し）" } else { "請求書" };
    let head = json!({
        "title": title,
        "number": number_text(issued.number),
        "issued_iso": issued.issued.to_string(),
        "sample": issued.sample,
    });
    let data = json!({ "document": head, "invoice": invoice_sheet(issued) });
    printer.render(&Template::single("/invoice.typ", TEMPLATE), &data).await
}
