//! What a vendor sent in: the list, the form, one with its report, and taking an offer back.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Multipart, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use base::said::Said;
use cloud::gate::Report;
use cloud::parcel::digest_text;
use maud::{Markup, html};
use store::StoreError;
use store::market::{
    FILE_BYTES, OFFER, Sent, Submission, TRIAL, submission_add, submission_drop, submission_list,
    submission_read, withdrawal_ask,
};

use super::tie::ties;
use super::{Seller, publishes};
use crate::component::day::moment_text;
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, file, post_form, textarea,
};
use crate::component::language::pick;
use crate::component::notice::{Notice, Tone};
use crate::component::page::section;
use crate::component::record::{Group, Item, Record, Value, record};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::report_view;

/// The states, as recorded, and in English.
const STATES: [(&str, &str); 8] = [
    ("受付", "Received, being checked"),
    ("判定不能", "Not judged: trouble of the platform"),
    ("不適合", "Does not conform"),
    ("公開待ち", "Conforms, about to be offered"),
    ("公開", "On offer"),
    ("取下げ", "Withdrawn"),
    ("取りやめ", "Taken back before it was judged"),
    ("検証", "To be run in the sandbox"),
];

/// What may be contracted and rolled out.
pub(super) const ON_OFFER: &str = "公開";
/// What the platform could not judge.
const STUCK: &str = "判定不能";

/// Its state in the reader's language.
pub(super) fn state<'s>(seller: &Seller, submission: &'s Submission) -> &'s str {
    let english = STATES.iter().find(|(ja, _)| *ja == submission.state).map(|(_, en)| *en);
    pick(seller.language, submission.state.as_str(), english.unwrap_or_default())
}

/// What the vendor sent in, the newest first.
pub async fn all(seller: Seller) -> Response {
    let made = async {
        let list = submission_list(&*seller.cloud().await?).await?;
        let lines: Vec<(String, String, String, String)> = list
            .iter()
            .map(|one| {
                let href = seller.href(&format!("/submissions/{}", one.id));
                let name =
                    one.named.as_ref().map(|named| format!("{}　{}", named.name, named.version));
                let at = moment_text(seller.language, one.received_at);
                (href, name.unwrap_or_else(|| one.file_name.clone()), at, one.in_use.to_string())
            })
            .collect();
        let rows = list
            .iter()
            .zip(&lines)
            .map(|(one, (href, name, at, in_use))| Row {
                href: Some(href),
                cells: vec![
                    Cell::Japanese(name),
                    Cell::Text(state(&seller, one)),
                    Cell::Text(at),
                    Cell::Japanese(&one.sent_by),
                    Cell::Text(in_use),
                ],
            })
            .collect();
        let content = table(&Table {
            caption: seller.say("提出した業務システム", "Packages sent in"),
            columns: vec![
                Column::text(seller.say("業務システムと版", "System and version")),
                Column::text(seller.say("状態", "State")),
                Column::text(seller.say("提出の時", "Sent at")),
                Column::text(seller.say("提出した人", "By")),
                Column::number(seller.say("使う団体の数", "Bodies using it")),
            ],
            rows,
            empty: seller.say("提出したものはまだありません。", "Nothing was sent in yet."),
            stacked: true,
        });
        Ok(seller.page(seller.say("提出と公開", "Submissions"), Vec::new(), content))
    };
    seller.answer(made.await)
}

/// What a package is sent in for.
#[derive(Clone, Copy)]
pub(super) enum Sending {
    /// To be offered.
    Offer,
    /// To be tried in the sandbox.
    Trial,
}

impl Sending {
    /// The word in the books, the address of the form, and its title.
    fn words(self) -> (&'static str, &'static str, (&'static str, &'static str)) {
        match self {
            Sending::Offer => (OFFER, "/publish", ("業務システムを提出する", "Send a package in")),
            Sending::Trial => (
                TRIAL,
                "/sandbox/package",
                ("業務システムを検証用に送る", "Send a package in to be tried"),
            ),
        }
    }

    fn lead(self, seller: &Seller) -> &'static str {
        match self {
            Sending::Offer => pick(
                seller.language,
                "kumoi parcel make で、業務システムのフォルダと文書（手引き、契約条件、部品表）を署名した一つの\
                 ファイルにして、提出してください。基盤が署名、標準、例、設置、出し入れを確かめ、すべて適合すると\
                 カタログに公開します。",
                "Make one signed file of the system's folder and its documents with \
                 kumoi parcel make. The platform checks signature, standard, examples, \
                 installation, export and import; what conforms is offered in the catalogue.",
            ),
            Sending::Trial => pick(
                seller.language,
                "提出と同じ、署名した一つのファイルを送ってください。基盤が同じ検査をして報告し、標準に適合しなくても、定義が読めて\
                 設置できれば検証環境に入れます。公開はしません。部品だけでは入れられません。",
                "Send the same signed file as for an offer. The platform checks and reports in the \
                 same way; what loads and can be installed goes into the sandbox, conforming or \
                 not. It is never offered. A part alone cannot be installed.",
            ),
        }
    }
}

/// The form.
pub async fn form(seller: Seller) -> Response {
    form_page(&seller, Sending::Offer, None)
}

pub(super) fn form_page(seller: &Seller, sending: Sending, failure: Option<&Said>) -> Response {
    let failure = failure.map(|said| pick(seller.language, said.ja.as_str(), said.en.as_str()));
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "file", message }).into_iter().collect();
    let (_, below, title) = sending.words();
    let action = seller.href(below);
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: true };
    let label = seller.say("署名した業務システムのファイル", "The signed package");
    let content = html! {
        (error_summary(seller.language, &errors))
        p { (sending.lead(seller)) }
        (post_form(&form, html! {
            (file(&Field::new(seller.language, "file", label).required(true).error(failure),
                ".parcel,application/gzip"))
            (button(ButtonKind::Primary, seller.say("提出する", "Send in")))
        }))
    };
    let title = seller.say(title.0, title.1);
    let mut response = seller.page(title, Vec::new(), content);
    if !errors.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Takes a package in.
pub async fn send(seller: Seller, parts: Multipart) -> Response {
    received(seller, Sending::Offer, parts).await
}

/// Takes a package in. The token comes before the file, so that a stranger's file is not read.
pub(super) async fn received(seller: Seller, sending: Sending, mut parts: Multipart) -> Response {
    let form_page = |seller: &Seller, failure: Option<&Said>| form_page(seller, sending, failure);
    let (mut token, mut sent) = (None, None);
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => return form_page(&seller, Some(&unreadable())),
        };
        match part.name() {
            Some("csrf") => token = part.text().await.ok(),
            Some("file") => {
                if let Err(refusal) = seller.check(token.as_deref()) {
                    return seller.refuse(refusal);
                }
                let name = part.file_name().unwrap_or_default().to_owned();
                match part.bytes().await {
                    Ok(bytes) => sent = Some((name, bytes)),
                    Err(_) => return form_page(&seller, Some(&unreadable())),
                }
            }
            _ => {}
        }
    }
    if sent.as_ref().is_some_and(|(_, bytes)| bytes.len() > FILE_BYTES) {
        return form_page(&seller, Some(&unreadable()));
    }
    let sent = sent.filter(|(_, bytes)| !bytes.is_empty());
    let Some((name, bytes)) = sent else {
        let said = said!("ファイルを選んでください", "Choose a file");
        return match seller.check(token.as_deref()) {
            Ok(()) => form_page(&seller, Some(&said)),
            Err(refusal) => seller.refuse(refusal),
        };
    };
    let made = async {
        let name: String = name.chars().filter(|sign| !sign.is_control()).take(200).collect();
        let digest = digest_text(&bytes);
        let purpose = sending.words().0;
        let sent = Sent { purpose, file_name: &name, content: &bytes, digest: &digest };
        match submission_add(&*seller.cloud().await?, &sent, &seller.actor.id).await {
            Ok(id) => Ok(seen(&seller, id)),
            Err(StoreError::Conflict(said)) => Ok(form_page(&seller, Some(&said))),
            Err(error) => Err(error.into()),
        }
    };
    seller.answer(made.await)
}

fn unreadable() -> Said {
    said!(
        "ファイルを最後まで受け取れませんでした。8メガバイトまでのファイルを、もう一度送ってください",
        "The file did not arrive whole. Send a file of at most 8 megabytes again"
    )
}

fn seen(seller: &Seller, id: i64) -> Response {
    let to = seller.href(&format!("/submissions/{id}"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// One with its report.
pub async fn one(seller: Seller, Path((_, id)): Path<(String, i64)>) -> Response {
    let made = async {
        let submission = read(&seller, id).await?;
        Ok(shown(&seller, &submission, None))
    };
    seller.answer(made.await)
}

/// One that this vendor sent in.
pub(super) async fn read(seller: &Seller, id: i64) -> Result<Submission, Refusal> {
    submission_read(&*seller.cloud().await?, id).await?.ok_or(Refusal::NotFound)
}

fn shown(seller: &Seller, submission: &Submission, failure: Option<&Said>) -> Response {
    let named = submission.named.as_ref();
    let title = named.map_or(submission.file_name.as_str(), |named| &named.name).to_owned();
    let report = submission.report.as_ref().and_then(Report::recorded);
    let content = html! {
        (card(seller, submission))
        (ties(seller, submission))
        @if let Some(report) = &report {
            (section(seller.say("適合性の報告", "Report of conformity"),
                report_view::report(seller.language, report)))
        }
        @if submission.state == "公開" && submission.withdrawal.is_none() && publishes(seller) {
            (section(seller.say("公開を取り下げる", "Withdraw the offer"),
                withdrawal(seller, submission, failure)))
        }
        @if submission.state == ON_OFFER && submission.withdrawal.is_none() && publishes(seller)
            && !submission.ties.0 {
            p { a href=(seller.href(&format!("/submissions/{}/rollout", submission.id))) {
                (seller.say("この版を段階的に配信する", "Roll this version out in stages")) } }
        }
        @if submission.state == STUCK && publishes(seller) {
            (section(seller.say("判定を待たない", "Wait no longer"), taking_back(seller, submission)))
        }
    };
    let notice = notice(seller, submission);
    let mut response = seller.page(&title, notice.into_iter().collect(), content);
    if failure.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// What there is to wait for, and what to do meanwhile.
fn notice<'n>(seller: &Seller, submission: &Submission) -> Option<Notice<'n>> {
    let again = submission.attempts > 1;
    let (tone, said) = match submission.state.as_str() {
        "受付" | "公開待ち" if again => (
            Tone::Information,
            seller.say(
                "受け付けました。審査しています。基盤の不具合で時間がかかっています。自動で試し直しますので、\
                 することはありません。",
                "Received and being checked. The platform has trouble and tries again by itself; \
                 there is nothing for you to do.",
            ),
        ),
        "受付" | "公開待ち" => (
            Tone::Information,
            seller.say(
                "受け付けました。審査しています。数秒後にこの頁を開き直してください。",
                "Received and being checked. Open this page again in a few seconds.",
            ),
        ),
        "判定不能" => (
            Tone::Warning,
            seller.say(
                "基盤の不具合で判定できません。提出したものが不適合ということではありません。\
                 ファイルは基盤に残っていて、不具合が直ると、もう一度判定します。お急ぎのときは、\
                 提出の番号を添えてデジタル庁に知らせてください。",
                "The platform could not judge this through trouble of its own; it does not mean \
                 that the package fails. The file is kept and judged again once that is \
                 repaired. If it is urgent, tell the Agency the number of the submission.",
            ),
        ),
        TRIAL => (
            Tone::Information,
            seller.say(
                "検証環境に入れます。入ったかどうかは「検証環境」の頁に出ます。",
                "It goes into the sandbox. The page of the sandbox says what became of it.",
            ),
        ),
        _ => return None,
    };
    Some(Notice::new(tone, said))
}

fn card(seller: &Seller, submission: &Submission) -> Markup {
    let say = |ja, en| seller.say(ja, en);
    let received = moment_text(seller.language, submission.received_at);
    let in_use = submission.in_use.to_string();
    let purpose = match submission.purpose.as_str() {
        TRIAL => say("検証（公開しない）", "A trial, never offered"),
        _ => say("公開", "An offer"),
    };
    let version = submission.named.as_ref().map_or("", |named| named.version.as_str());
    let withdrawal = submission
        .withdrawal
        .as_ref()
        .map(|(at, by, reason)| format!("{}　{by}　{reason}", moment_text(seller.language, *at)));
    let mut items = vec![
        Item::new(say("状態", "State"), Value::Plain(state(seller, submission))),
        Item::new(say("送った目的", "Sent in for"), Value::Plain(purpose)),
        Item::new(say("版", "Version"), Value::Plain(version)),
        Item::new(say("提出の時", "Sent at"), Value::Plain(&received)),
        Item::new(say("提出した人", "By"), Value::Glyphs(&submission.sent_by)),
        Item::new(say("使う団体の数", "Bodies using it"), Value::Plain(&in_use)),
        Item::wide(say("ファイル", "File"), Value::Glyphs(&submission.file_name)),
        Item::wide("SHA-256", Value::Plain(&submission.digest)),
    ];
    if let Some(withdrawal) = &withdrawal {
        items.push(Item::wide(say("取下げ", "Withdrawal"), Value::Glyphs(withdrawal)));
    }
    record(&Record {
        language: seller.language,
        heading: html! { (say("提出", "Submission")) " " (submission.id) },
        note: "",
        groups: vec![Group { heading: "", items }],
        actions: Vec::new(),
    })
}

fn withdrawal(seller: &Seller, submission: &Submission, failure: Option<&Said>) -> Markup {
    let failure = failure.map(|said| pick(seller.language, said.ja.as_str(), said.en.as_str()));
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "reason", message }).into_iter().collect();
    let action = seller.href(&format!("/submissions/{}/withdraw", submission.id));
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    let label = seller.say("理由", "Reason");
    html! {
        (error_summary(seller.language, &errors))
        p { (seller.say("取り下げると、新しい契約はできなくなります。使っている団体への提供は、\
            契約の終わるまで続きます。", "There will be no new contract. Bodies that use it keep it \
            until their contracts end.")) }
        (post_form(&form, html! {
            (textarea(&Field::new(seller.language, "reason", label).required(true)
                .error(failure), 3))
            (button(ButtonKind::Secondary, seller.say("取り下げる", "Withdraw")))
        }))
    }
}

fn taking_back(seller: &Seller, submission: &Submission) -> Markup {
    let action = seller.href(&format!("/submissions/{}/drop", submission.id));
    let form = PostForm { action: &action, csrf: &seller.csrf, enter: None, multipart: false };
    html! {
        p { (seller.say("要らなくなったものは取りやめられます。提出したファイルは消え、判定もしません。",
            "What is not needed can be taken back. Its file goes, and it is not judged.")) }
        (post_form(&form, button(ButtonKind::Secondary, seller.say("取りやめる", "Take back"))))
    }
}

/// Takes back what the platform could not judge.
pub async fn take_back(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        let submission = read(&seller, id).await?;
        submission_drop(&*seller.cloud().await?, submission.id).await?;
        Ok(seen(&seller, id))
    };
    seller.answer(made.await)
}

/// Asks for an offer to be taken back.
pub async fn withdraw(
    seller: Seller,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        seller.check(entered.get("csrf").map(String::as_str))?;
        let submission = read(&seller, id).await?;
        let reason = entered.get("reason").map(|text| text.trim()).unwrap_or_default();
        if reason.is_empty() {
            let said = said!("取り下げる理由を入れてください", "Enter why it is withdrawn");
            return Ok(shown(&seller, &submission, Some(&said)));
        }
        let client = seller.cloud().await?;
        withdrawal_ask(&*client, id, (&seller.actor.id, reason)).await?;
        Ok(seen(&seller, id))
    };
    seller.answer(made.await)
}
