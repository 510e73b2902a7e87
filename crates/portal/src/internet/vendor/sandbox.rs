//! 検証環境: the vendor's sandbox organisation, and sending a package in that is only tried there.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Multipart, Path};
use axum::response::Response;
use base::said::Said;
use maud::{Markup, html};
use store::copybook::SANDBOXES;
use store::market::{Submission, TRIAL, submission_list};

use super::submission::{self, Sending, state};
use super::{Seller, publishes};
use crate::component::day::moment_text;
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::copy_page::{self, Around, Kind};
use crate::counter::refusal::Refusal;

const SANDBOX: Kind = Kind {
    books: &SANDBOXES,
    below: "/sandbox",
    name: ("検証環境", "Sandbox"),
    lead: (
        "提出する前に、業務システムを見本の団体で動かしてみる場所です。見本の住民だけが入り、どの団体の記録も入りません。\
         カタログには出ず、契約も費用もありません。",
        "A sample organisation to run your package in before you offer it. Only sample people are \
         in it, never a record of any body. Nothing in it is offered, contracted or charged.",
    ),
    open: ("検証環境を開く", "Open the sandbox"),
    refresh: (
        ("もう一度入れ直す", "Install again"),
        (
            "検証用に送った最新の版と、つながる基盤の業務システムに合わせます。中身は残ります。",
            "Brings it to what was sent in last and to the platform's systems that it links to. \
             What is in it stays.",
        ),
    ),
    renew: (
        ("検証環境を作り直す", "Make the sandbox anew"),
        (
            "検証環境で入れたものはすべて消え、元に戻せません。見本の住民だけの初めの状態になり、検証用に送った最新の版が\
             入ります。版の更新では入らない版も、ここからは入ります。",
            "All that was entered in it is lost for good. It begins again with the sample people \
             and what was sent in last; also with a version that the one before cannot be \
             brought up to.",
        ),
    ),
    close: (
        ("検証環境を閉じる", "Close the sandbox"),
        (
            "検証環境で入れたものはすべて消え、元に戻せません。サインインもできなくなります。提出と公開には、何も起きません。\
             後でまた開けます。",
            "All that was entered in it is lost for good, and nobody can sign in any more. What \
             you have sent in and offered is untouched. It can be opened again later.",
        ),
    ),
    who: ("求められるのは、公開担当です。", "A publisher asks for it."),
};

/// What the platform offers to build on, and where that is in the sandbox.
const LAYERS: [((&str, &str), (&str, &str)); 6] = [
    (
        ("データベース", "Database"),
        (
            "PostgreSQL のデータベースと役割を、この環境だけのために作ります。台帳の表は定義から作られ、直接には触れません。",
            "A PostgreSQL database with roles of its own. Tables of registers are made from the \
             definition and are not reached directly.",
        ),
    ),
    (
        ("鍵", "Keys"),
        (
            "秘密の項目を封じる鍵と、記録を封印する鍵を、この環境だけのために作ります。",
            "Keys of its own for secret items and for the sealed log.",
        ),
    ),
    (
        ("サインイン", "Sign-in"),
        (
            "見本の利用者（パスワードとワンタイムコードは公開）で、窓口にサインインします。だれでも入れるので、\
             人に見せられないものは入れないでください。",
            "Published sample accounts with password and one-time code, at the counter. Anybody \
             can sign in so: nothing secret belongs there.",
        ),
    ),
    (
        ("API", "API"),
        (
            "窓口と同じことが JSON の API でできます。同じ利用者で api/session にサインインし、\
             説明（OpenAPI 3.1）を api/openapi.json で読みます（どちらも入口のアドレスの sign-in と同じ所）。",
            "All that the counter does, as JSON. Sign in at api/session as one of the accounts \
             and read its description (OpenAPI 3.1) at api/openapi.json, both beside sign-in.",
        ),
    ),
    (
        ("CSV の書き出し", "CSV export"),
        (
            "画面からは未提供です。提出したときの検査は、台帳を CSV で書き出して読み直すところまで確かめます。",
            "Not offered on a page yet. The check of what you send in exports registers as CSV and \
             reads them again.",
        ),
    ),
    (("公共サービスメッシュ", "Public service mesh"), ("未提供です。", "Not offered yet.")),
];

/// The whole page.
pub async fn all(seller: Seller) -> Response {
    let made = async { page(&seller, None).await };
    seller.answer(made.await)
}

async fn page(seller: &Seller, refused: Option<&Said>) -> Result<Response, Refusal> {
    let tried = submission_list(&*seller.cloud().await?).await?;
    let tried: Vec<&Submission> = tried.iter().filter(|one| one.purpose == TRIAL).collect();
    let more = html! {
        (section(seller.say("検証用に送った業務システム", "Packages sent in to be tried"), html! {
            (list(seller, &tried))
            @if publishes(seller) {
                p { a href=(seller.href("/sandbox/package")) {
                    (seller.say("業務システムを検証用に送る", "Send a package in to be tried")) } }
            }
        }))
        (section(seller.say("使える土台", "What there is to build on"), layers(seller)))
    };
    let around = Around { may: publishes(seller), barred: None, more: Some(more) };
    copy_page::shown(seller, &SANDBOX, around, refused).await
}

fn list(seller: &Seller, tried: &[&Submission]) -> Markup {
    let lines: Vec<(String, String, String)> = tried
        .iter()
        .map(|one| {
            let href = seller.href(&format!("/submissions/{}", one.id));
            let named = one.named.as_ref();
            let name = named.map(|named| format!("{}　{}", named.name, named.version));
            let at = moment_text(seller.language, one.received_at);
            (href, name.unwrap_or_else(|| one.file_name.clone()), at)
        })
        .collect();
    let rows = tried
        .iter()
        .zip(&lines)
        .map(|(one, (href, name, at))| Row {
            href: Some(href),
            cells: vec![
                Cell::Japanese(name),
                Cell::Text(state(seller, one)),
                Cell::Text(at),
                Cell::Japanese(&one.sent_by),
            ],
        })
        .collect();
    table(&Table {
        caption: seller.say("新しいものから", "The newest first"),
        columns: vec![
            Column::text(seller.say("業務システムと版", "System and version")),
            Column::text(seller.say("状態", "State")),
            Column::text(seller.say("送った時", "Sent at")),
            Column::text(seller.say("送った人", "By")),
        ],
        rows,
        empty: seller.say("まだありません。", "Nothing yet."),
        stacked: true,
    })
}

fn layers(seller: &Seller) -> Markup {
    let rows = LAYERS
        .iter()
        .map(|(name, what)| Row {
            href: None,
            cells: vec![
                Cell::Text(seller.say(name.0, name.1)),
                Cell::Text(seller.say(what.0, what.1)),
            ],
        })
        .collect();
    table(&Table {
        caption: seller.say("基盤が出すもの", "What the platform gives"),
        columns: vec![
            Column::text(seller.say("土台", "Layer")),
            Column::text(seller.say("検証環境では", "In the sandbox")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}

/// The form of a package that is only to be tried.
pub async fn form(seller: Seller) -> Response {
    submission::form_page(&seller, Sending::Trial, None)
}

/// Takes a package in that is only to be tried.
pub async fn send(seller: Seller, parts: Multipart) -> Response {
    submission::received(seller, Sending::Trial, parts).await
}

/// Asks before something is lost.
pub async fn confirm(seller: Seller, Path((_, step)): Path<(String, String)>) -> Response {
    seller.answer(copy_page::confirm(&seller, &SANDBOX, &step).await)
}

/// Asks for one thing.
pub async fn ask(
    seller: Seller,
    Path((_, step)): Path<(String, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        match copy_page::ask(&seller, (&SANDBOX, &step), &entered).await? {
            None => Ok(copy_page::seen(&seller, &SANDBOX)),
            said => page(&seller, said.as_ref()).await,
        }
    };
    seller.answer(made.await)
}
