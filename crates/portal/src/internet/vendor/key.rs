//! 検証鍵: the public keys that a vendor's packages are checked with. A private key is refused, and
//! after the first key so is one that no key in force speaks for.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloud::parcel::{endorsement_check, public_key_check};
use maud::{Markup, html};
use store::market::{Key, key_add, key_list, key_revoke};

use super::{Seller, publishes};
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, post_form, text, textarea,
};
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The keys, and a form for another.
pub async fn all(seller: Seller) -> Response {
    seller.answer(page(&seller, ("", ""), None).await)
}

async fn page(
    seller: &Seller,
    (entered, endorsement): (&str, &str),
    failure: Option<(&'static str, &'static str)>,
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
        let post = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
        let revoke = html! {
            @if key.revoked.is_none() && publishes(seller) {
                (post_form(&post, button(ButtonKind::Secondary, seller.say("失効させる", "Revoke"))))
            } @else { (until) }
        };
        Row {
            href: None,
            cells: vec![
                Cell::Text(&key.content),
                Cell::Text(at),
                Cell::Japanese(&key.added_by),
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
    let form = key_form(seller, !keys.is_empty(), (entered, endorsement), failure);
    let may = publishes(seller);
    let content = html! { @if may { (form.0) } (list) @if may { (form.1) } };
    let notices = lost(seller, &keys).into_iter().collect();
    let mut response = seller.page(seller.say("検証鍵", "Keys"), notices, content);
    if failure.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// What to do without a key in force, and what to mind before the last one is revoked.
fn lost<'n>(seller: &Seller, keys: &[Key]) -> Option<Notice<'n>> {
    let in_force = keys.iter().filter(|key| key.revoked.is_none()).count();
    let said = match in_force {
        _ if keys.is_empty() => return None,
        0 => seller.say(
            "使える検証鍵がありません。kumoi parcel key で新しい鍵を作り、表示された検証鍵の一行をデジタル庁に\
             申し出てください。確かめたうえで基盤の運用担当が登録すると、また提出できます。",
            "No key is in force. Make one with kumoi parcel key and tell the Digital Agency the \
             line that it prints; once an operator has admitted it, you can send packages in.",
        ),
        1 => seller.say(
            "使える検証鍵は一つです。失効させると、次の検証鍵はデジタル庁に申し出ないと登録できません。鍵を替えるときは、\
             先に新しい検証鍵を登録してください。",
            "One key is in force. Once it is revoked, the next one must be admitted by the Digital \
             Agency. To change keys, register the new one first.",
        ),
        _ => return None,
    };
    let tone = if in_force == 0 { Tone::Warning } else { Tone::Information };
    Some(Notice::new(tone, said))
}

/// The summary of errors, and the form for a key; a further one needs a word for it.
fn key_form(
    seller: &Seller,
    is_further: bool,
    (entered, endorsement): (&str, &str),
    failure: Option<(&'static str, &'static str)>,
) -> (Markup, Markup) {
    let errors: Vec<FieldError<'_>> =
        failure.map(|(field, message)| FieldError { field, message }).into_iter().collect();
    let of = |field: &str| failure.filter(|(at, _)| *at == field).map(|(_, message)| message);
    let action = seller.href("/keys");
    let post = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let label = seller.say("検証鍵（一行）", "Public key (one line)");
    let form = html! {
        (section(seller.say("検証鍵を登録する", "Register a key"), post_form(&post, html! {
            (text(&Field::new(seller.language, "key", label).required(true).value(entered)
                .hint(seller.say("kumoi parcel key が表示する、vendor/ で始まる一行",
                    "The line that kumoi parcel key prints, beginning with vendor/"))
                .error(of("key"))))
            @if is_further {
                (textarea(&Field::new(seller.language, "endorsement",
                    seller.say("使える検証鍵の署名", "Signature of a key in force"))
                    .required(true).value(endorsement).error(of("endorsement"))
                    .hint(seller.say("二つめからの検証鍵には、いま使える鍵の署名が要ります。kumoi parcel endorse が\
                        表示する文を入れてください。鍵を失ったときは、デジタル庁に申し出てください",
                        "A key in force speaks for every further key: what kumoi parcel endorse \
                        prints. If your keys are lost, ask the Digital Agency")), 6))
            }
            (button(ButtonKind::Primary, seller.say("登録する", "Register")))
        })))
    };
    (error_summary(seller.language, &errors), form)
}

fn listed(seller: &Seller) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, seller.href("/keys"))]).into_response()
}

/// A key is registered once, and one that was revoked never comes back.
fn known_already(key: &Key) -> &'static str {
    match key.revoked {
        Some(_) => {
            "この検証鍵は失効しています。kumoi parcel key で新しい鍵を作り、登録してください"
        }
        None => "この検証鍵は、もう登録されています",
    }
}

/// Registers a key.
pub async fn add(seller: Seller, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        let field = |name: &str| entered.get(name).map(String::as_str).unwrap_or_default();
        let (line, note) = (field("key"), field("endorsement"));
        let vendor = seller.body.organisation.id.as_str();
        let known = key_list(&*seller.cloud().await?, vendor).await?;
        let key = match public_key_check(line, vendor) {
            Ok(key) => key,
            Err(why) => {
                // What looks like a secret is not sent back.
                let line = if line.trim().starts_with("PRIVATE") { "" } else { line };
                return page(&seller, (line, note), Some(("key", why))).await;
            }
        };
        if let Some(known) = known.iter().find(|known| known.content == key) {
            return page(&seller, (&key, note), Some(("key", known_already(known)))).await;
        }
        let note = match spoken_for(&known, (vendor, &key), note) {
            Ok(note) => note,
            Err(why) => {
                let note = if note.contains("PRIVATE") { "" } else { note };
                return page(&seller, (line, note), Some(("endorsement", why))).await;
            }
        };
        let given = (key.as_str(), note.as_deref());
        key_add(&*seller.cloud().await?, given, &seller.actor.id).await?;
        Ok(listed(&seller))
    };
    seller.answer(made.await)
}

/// What a key in force signed for a new one; nothing for the first.
fn spoken_for(
    known: &[Key],
    (vendor, key): (&str, &str),
    note: &str,
) -> Result<Option<String>, &'static str> {
    if known.is_empty() {
        return Ok(None);
    }
    let in_force = known.iter().filter(|one| one.revoked.is_none());
    let in_force: Vec<String> = in_force.map(|one| one.content.clone()).collect();
    if in_force.is_empty() {
        return Err("使える検証鍵がありません。デジタル庁に、新しい検証鍵の登録を申し出てください");
    }
    endorsement_check(note, (vendor, key), &in_force).map(Some)
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
