//! The page of a training copy or a sandbox: how it stands, what it holds, and asking for it to be
//! opened, made anew or closed. One page for two zones; what may be asked for is the database's
//! rule.

use std::collections::HashMap;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said::Said;
use jiff::Timestamp;
use maud::{Markup, html};
use store::StoreError;
use store::copybook::{CopyBook, CopyBooks, copy_acts, copy_ask_own, copy_list};
use store::organisation::CopyWish;

use crate::component::day::moment_text;
use crate::component::form::{ButtonKind, PostForm, button, hidden, post_form};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::copy_view::{Standing, act_word, course, holdings};
use crate::counter::refusal::Refusal;
use crate::member::{Member, Zone};

/// How much of the course is shown.
const MOST: i64 = 50;
/// What may be asked for, by the word in addresses.
const STEPS: [(&str, CopyWish); 3] =
    [("open", CopyWish::Open), ("renew", CopyWish::Renew), ("close", CopyWish::Close)];

/// Words in Japanese and English.
type Words = (&'static str, &'static str);

/// What is said of the one kind or the other.
pub struct Kind {
    /// Its books.
    pub books: &'static CopyBooks,
    /// Its address below the organisation's.
    pub below: &'static str,
    /// Its name.
    pub name: Words,
    /// What it is.
    pub lead: Words,
    /// To open it.
    pub open: Words,
    /// To bring it up to date, and what that does.
    pub refresh: (Words, Words),
    /// To make it anew, and what is lost.
    pub renew: (Words, Words),
    /// To close it, and what is lost.
    pub close: (Words, Words),
    /// Who may ask.
    pub who: Words,
}

/// What stands around it on a page.
#[derive(Default)]
pub struct Around<'a> {
    /// Whether the reader may ask.
    pub may: bool,
    /// Why it can neither be opened nor made anew.
    pub barred: Option<&'a str>,
    /// What follows what it holds.
    pub more: Option<Markup>,
}

fn wish_of(step: &str) -> Result<CopyWish, Refusal> {
    let wish = STEPS.iter().find(|(word, _)| *word == step).map(|(_, wish)| *wish);
    wish.ok_or(Refusal::NotFound)
}

/// The own one, if it was ever asked for.
pub async fn read<Z: Zone>(member: &Member<Z>, kind: &Kind) -> Result<Option<CopyBook>, Refusal> {
    let own = &member.body.organisation.id;
    let all = copy_list(&*member.cloud().await?, kind.books).await?;
    Ok(all.into_iter().find(|one| one.of == *own))
}

/// Asks before something is lost.
pub async fn confirm<Z: Zone>(
    member: &Member<Z>,
    kind: &Kind,
    step: &str,
) -> Result<Response, Refusal> {
    let (wish, book) = (wish_of(step)?, read(member, kind).await?);
    let Some(book) = book.filter(|_| wish != CopyWish::Open) else {
        return Err(Refusal::NotFound);
    };
    let (title, lost) = if wish == CopyWish::Close { kind.close } else { kind.renew };
    let title = member.say(title.0, title.1);
    let content = html! {
        p { (member.say(lost.0, lost.1)) }
        (post(member, (kind, step), Some(&book), (ButtonKind::Danger, title)))
        p { a href=(member.href(kind.below)) { (member.say("やめて戻る", "Go back")) } }
    };
    Ok(member.page(title, Vec::new(), content))
}

/// Asks for one thing; why it was refused, where it was.
pub async fn ask<Z: Zone>(
    member: &Member<Z>,
    (kind, step): (&Kind, &str),
    entered: &HashMap<String, String>,
) -> Result<Option<Said>, Refusal> {
    member.check(entered.get("csrf").map(String::as_str))?;
    let wish = wish_of(step)?;
    let seen = entered.get("seen").and_then(|text| text.parse::<Timestamp>().ok());
    let client = member.cloud().await?;
    match copy_ask_own(&*client, kind.books, (wish, &member.actor.id), seen).await {
        Ok(()) => Ok(None),
        Err(StoreError::Conflict(said)) => Ok(Some(said)),
        Err(error) => Err(error.into()),
    }
}

/// Back to the page.
pub fn seen<Z: Zone>(member: &Member<Z>, kind: &Kind) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, member.href(kind.below))]).into_response()
}

/// The page; 409 with why something could not be asked for.
pub async fn shown<Z: Zone>(
    member: &Member<Z>,
    kind: &Kind,
    around: Around<'_>,
    refused: Option<&Said>,
) -> Result<Response, Refusal> {
    let (book, client) = (read(member, kind).await?, member.cloud().await?);
    let acts = copy_acts(&*client, (kind.books, &member.body.organisation.id), MOST).await?;
    let standing =
        book.as_ref().map_or(Standing::Never, |one| Standing::of(one.wish, one.done_at, &one.note));
    let (tone, words) = standing.said(member.language);
    let refusal = refused.map(|said| pick(member.language, said.ja.as_str(), said.en.as_str()));
    let mut notices = vec![Notice::new(tone, &words)];
    notices.extend(refusal.map(|words| Notice::new(Tone::Danger, words)));
    let say = |words: Words| member.say(words.0, words.1);
    let content = html! {
        p { (say(kind.lead)) }
        @if let Some(book) = &book { (card(member, (kind, book), standing)) }
        @if let (Some(book), Standing::Open(_)) = (&book, standing) {
            (section(say(("中身", "What is in it")), holdings(member.language, &book.holds)))
        }
        @if let Some(more) = &around.more { (more) }
        @if around.may {
            (section(say(("できること", "What can be done")),
                actions(member, (kind, book.as_ref()), (standing, around.barred))))
        } @else {
            p { (say(kind.who)) }
        }
        (section(say(("経過", "Course")), course(member.language, &acts)))
    };
    let mut response = member.page(say(kind.name), notices, content);
    if refused.is_some() {
        *response.status_mut() = StatusCode::CONFLICT;
    }
    Ok(response)
}

fn card<Z: Zone>(
    member: &Member<Z>,
    (kind, book): (&Kind, &CopyBook),
    standing: Standing<'_>,
) -> Markup {
    let say = |ja, en| member.say(ja, en);
    let asked = format!(
        "{}　{}　{}",
        act_word(member.language, book.wish.word()),
        moment_text(member.language, book.asked_at),
        book.asked_by
    );
    let since = match standing {
        Standing::Open(at) | Standing::Closed(at) => moment_text(member.language, at),
        _ => say("まだ", "Not yet").to_owned(),
    };
    let zone = say("個人番号利用事務系（窓口）の ", "Office zone: ");
    let address = format!("{zone}/{}/sign-in", book.organisation);
    let mut items = vec![
        Item::new(say("求めたこと", "Asked for"), Value::Glyphs(&asked)),
        Item::new(say("できた時", "Done at"), Value::Plain(&since)),
    ];
    if matches!(standing, Standing::Open(_)) {
        items.push(Item::wide(say("入口", "Where to sign in"), Value::Plain(&address)));
    }
    record(&Record {
        language: member.language,
        heading: html! { (say(kind.name.0, kind.name.1)) " " (book.organisation) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

/// The form of a step; it carries what its reader knew as the last thing asked for.
fn post<Z: Zone>(
    member: &Member<Z>,
    (kind, step): (&Kind, &str),
    book: Option<&CopyBook>,
    (look, label): (ButtonKind, &str),
) -> Markup {
    let action = member.href(&format!("{}/{step}", kind.below));
    let seen = book.map(|one| one.asked_at.to_string()).unwrap_or_default();
    post_form(
        &PostForm { action: &action, csrf: &member.csrf, enter: None, multipart: false },
        html! { (hidden("seen", &seen)) (button(look, label)) },
    )
}

fn actions<Z: Zone>(
    member: &Member<Z>,
    (kind, book): (&Kind, Option<&CopyBook>),
    (standing, barred): (Standing<'_>, Option<&str>),
) -> Markup {
    let say = |words: Words| member.say(words.0, words.1);
    let waits = matches!(standing, Standing::Waits(_));
    let open = if standing.is_there() { kind.refresh.0 } else { kind.open };
    let link = |step: &str, label: Words| {
        let href = member.href(&format!("{}/{step}", kind.below));
        html! { p { a href=(href) { (say(label)) } } }
    };
    html! {
        @if let Some(why) = barred { p { (why) } }
        @if barred.is_none() && !waits {
            @if standing.is_there() { p { (say(kind.refresh.1)) } }
            (post(member, (kind, "open"), book, (ButtonKind::Primary, say(open))))
            @if standing.is_there() {
                (link("renew", ("作り直す（中身は消えます）", "Make it anew (what is in it is lost)")))
            }
        }
        @if standing.is_there() && standing != Standing::Waits(CopyWish::Close) {
            (link("close", ("閉じる（中身は消えます）", "Close it (what is in it is lost)")))
        }
    }
}
