//! 検証鍵: the public keys that a vendor's packages are checked with. A private key is refused.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloud::parcel::public_key_check;
use maud::html;
use store::market::{key_add, key_list, key_revoke};

use super::Seller;
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, post_form, text,
};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The keys, and a form for another.
pub async fn all(seller: Seller) -> Response {
    seller.answer(page(&seller, "", None).await)
}

async fn page(
    seller: &Seller,
    entered: &str,
    failure: Option<&'static str>,
) -> Result<Response, Refusal> {
    let keys = key_list(&*seller.cloud().await?, &seller.body.organisation.id).await?;
    let lines: Vec<(String, String)> = keys
        .iter()
        .map(|key| {
            let at = moment_text(seller.language, key.added_at);
            let until = key.revoked.as_ref();
            let until =
                until.map(|(at, by)| format!("{}　{by}", moment_text(seller.language, *at)));
            (at, until.unwrap_or_default())
        })
        .collect();
    let rows = keys.iter().zip(&lines).map(|(key, (at, until))| {
        let action = seller.href(&format!("/keys/{}/revoke", key.id));
        let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
        let revoke = html! {
            @if key.revoked.is_none() {
                (post_form(&form, button(ButtonKind::Secondary, seller.say("失効させる", "Revoke"))))
            } @else { (until) }
        };
        Row {
            href: None,
            cells: vec![
                Cell::Text(&key.content),
                Cell::Text(at),
                Cell::Glyphs(&key.added_by),
                Cell::Component(revoke),
            ],
        }
    });
    let rows = rows.collect();
    let list = table(&Table {
        caption: seller.say("登録した検証鍵", "Registered keys"),
        columns: vec![
            Column::text(seller.say("検証鍵", "Key")),
            Column::text(seller.say("登録の時", "Since")),
            Column::text(seller.say("登録した人", "By")),
            Column::text(seller.say("失効", "Revoked")),
        ],
        rows,
        empty: seller.say("検証鍵がありません。登録するまで提出は適合しません。", "No key yet."),
        stacked: true,
    });
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "key", message }).into_iter().collect();
    let action = seller.href("/keys");
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let label = seller.say("検証鍵（一行）", "Public key (one line)");
    let content = html! {
        (error_summary(seller.language, &errors))
        (list)
        (section(seller.say("検証鍵を登録する", "Register a key"), post_form(&form, html! {
            (text(&Field::new(seller.language, "key", label).required(true).value(entered)
                .hint(seller.say("kumoi parcel key が表示する、vendor/ で始まる一行",
                    "The line that kumoi parcel key prints, beginning with vendor/"))
                .error(failure)))
            (button(ButtonKind::Primary, seller.say("登録する", "Register")))
        })))
    };
    let mut response = seller.page(seller.say("検証鍵", "Keys"), Vec::new(), content);
    if failure.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

fn listed(seller: &Seller) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, seller.href("/keys"))]).into_response()
}

/// Registers a key.
pub async fn add(seller: Seller, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        let line = entered.get("key").map(String::as_str).unwrap_or_default();
        match public_key_check(line, &seller.body.organisation.id) {
            Ok(key) => {
                key_add(&*seller.cloud().await?, &key, &seller.actor.id).await?;
                Ok(listed(&seller))
            }
            // What looks like a secret is not sent back.
            Err(why) if line.trim().starts_with("PRIVATE") => page(&seller, "", Some(why)).await,
            Err(why) => page(&seller, line, Some(why)).await,
        }
    };
    seller.answer(made.await)
}

/// Makes a key good for no new package.
pub async fn revoke(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        key_revoke(&*seller.cloud().await?, id, &seller.actor.id).await?;
        Ok(listed(&seller))
    };
    seller.answer(made.await)
}
