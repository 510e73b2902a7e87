//! 起案: a contract for an offer, with its method, reason and budget, and with the contract in force
//! that it takes the place of. Nothing is decided here.

use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use base::money::Yen;
use base::said;
use base::said::Said;
use cloud::Price;
use maud::{Markup, html};
use office::plan::Finding;
use serde::Deserialize;
use store::StoreError;
use store::control::{Bid, Contract, Draft, Offer, contract_draft, contract_list, offers_numbered};

use super::{METHODS, bid, name, seen};
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, PostForm, button, checkboxes, error_summary, number,
    post_form, radios, text, textarea,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone};
use crate::counter::refusal::Refusal;
use crate::lgwan::Buyer;
use crate::lgwan::catalogue::residents;
use crate::lgwan::quota::no_room;

/// What is entered in a draft.
#[derive(Default, Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    budget: String,
    /// 予算額: yen a year, if it is to be held against the price.
    #[serde(default)]
    budget_yen: String,
    /// 入札の結果, a line a bidder.
    #[serde(default)]
    bids: String,
    /// 替えることの確認: the number of the contract in force that this one takes the place of.
    #[serde(default)]
    replaces: String,
}

/// The form of a draft.
pub async fn form(buyer: Buyer, Path((_, offer)): Path<(String, i64)>) -> Response {
    let made = async {
        let (offer, old, is_open) = offer_read(&buyer, offer).await?;
        if !is_open {
            return Err(Refusal::NotFound);
        }
        if let Some(same) = old.as_ref().filter(|old| old.offer.id == offer.id) {
            return Ok(seen(&buyer, same.id));
        }
        if let Some(old) = old.as_ref().filter(|old| old.offer.system != offer.system) {
            return Ok(other_system(&buyer, (&offer, old)));
        }
        let content = draft_view(&buyer, (&offer, old.as_ref()), (&Entered::default(), &[]));
        // What takes the place of another needs no room.
        let said = match old {
            None => no_room(&buyer, &*buyer.cloud().await?).await?,
            Some(_) => None,
        };
        let href = buyer.href("/quotas");
        let notice = said.iter().map(|said| Notice {
            link: Some((&href, buyer.say("利用枠", "Quotas"))),
            ..Notice::new(Tone::Warning, said)
        });
        Ok(buyer.page(buyer.say("契約の起案", "Draft a contract"), notice.collect(), content))
    };
    buyer.answer(made.await)
}

/// An offer, the own contract in force for the same business, and whether it can be contracted.
async fn offer_read(buyer: &Buyer, id: i64) -> Result<(Offer, Option<Contract>, bool), Refusal> {
    let client = buyer.cloud().await?;
    let offer = offers_numbered(&*client, &[id]).await?.pop().ok_or(Refusal::NotFound)?;
    let mut own = contract_list(&*client).await?;
    own.retain(|one| one.state == "提供中" && is_same_business(&one.offer, &offer));
    // Replaced by a newer one it is not drafted any more; one's own is still shown.
    let is_replaced = offer.replaced_at.is_some() && own.iter().all(|it| it.offer.id != offer.id);
    let is_open = offer.withdrawn_at.is_none() && offer.conforms != Some(false) && !is_replaced;
    Ok((offer, own.pop(), is_open))
}

/// What cannot take the place of the contract in force: nothing could carry it out.
fn other_system(buyer: &Buyer, (offer, old): (&Offer, &Contract)) -> Response {
    let (own, other) = (&old.offer.system, &offer.system);
    let ja = format!(
        "業務システムの識別子が「{own}」と「{other}」で違うため、記録を移せません。事業者に識別子を合わせて\
         もらうか、カタログからほかの申出を選んでください。"
    );
    let en = format!(
        "The systems have different identifiers (“{own}”, “{other}”), so the records cannot go \
         over. Ask the vendor, or choose another offer."
    );
    let notice = Notice {
        tone: Tone::Warning,
        heading: buyer.say(
            "いまの契約に替えることはできません",
            "It cannot take the place of the present contract",
        ),
        body: buyer.say(&ja, &en),
        link: None,
    };
    let content = html! { p { (name(buyer, offer)) "　" span lang="ja" { (offer.vendor) } } };
    buyer.page(buyer.say("契約の起案", "Draft a contract"), vec![notice], content)
}

fn is_same_business(one: &Offer, other: &Offer) -> bool {
    one.system == other.system || (one.code.is_some() && one.code == other.code)
}

fn draft_view(
    buyer: &Buyer,
    (offer, old): (&Offer, Option<&Contract>),
    (entered, findings): (&Entered, &[Finding]),
) -> Markup {
    let message = |one: &'_ Finding| buyer.say(&one.message, &one.message_en).to_owned();
    let errors: Vec<(String, String)> =
        findings.iter().map(|one| (one.at.clone().unwrap_or_default(), message(one))).collect();
    let errors: Vec<FieldError<'_>> =
        errors.iter().map(|(field, message)| FieldError { field, message }).collect();
    let error = |field: &str| errors.iter().find(|e| e.field == field).map(|e| e.message);
    let action = buyer.href(&format!("/offers/{}", offer.id));
    let form = PostForm { action: &action, csrf: &buyer.csrf, enter: None, multipart: false };
    let field = |name: &'static str, label: &'static str| {
        Field::new(buyer.language, name, label).required(true).error(error(name))
    };
    let methods = METHODS.map(|(ja, en)| Choice::new(ja, buyer.say(ja, en)));
    let method = match entered.method.as_str() {
        "" => METHODS[0].0,
        chosen => chosen,
    };
    html! {
        (error_summary(buyer.language, &errors))
        p { (name(buyer, offer)) "　" span lang="ja" { (offer.vendor) } "　"
            (buyer.say("版", "version ")) (offer.version) }
        (post_form(&form, html! {
            @if let Some(old) = old {
                (replacement(buyer, (offer, old), (entered, error("replaces"))))
            }
            (radios(&field("method", buyer.say("契約の方法", "Method")).value(method), &methods))
            (textarea(&field("reason", buyer.say("方法と相手を選んだ理由", "Why this method and vendor"))
                .hint(buyer.say("随意契約のときは根拠の条項も", "With the article for a negotiated contract"))
                .value(&entered.reason), 4))
            (text(&field("budget", buyer.say("予算科目・債務負担行為", "Budget item or commitment"))
                .value(&entered.budget)))
            (number(&Field::new(buyer.language, "budget_yen",
                buyer.say("予算額（年額。書けば、料金の年額と照らします）",
                    "Budget a year (held against the price if entered)"))
                .value(&entered.budget_yen).error(error("budget_yen")), buyer.say("円", "yen")))
            (textarea(&Field::new(buyer.language, "bids",
                buyer.say("入札の結果（競争入札のとき）", "Result of the tender"))
                .hint(buyer.say("一行に一者: 見本情報、1,200,000、落札（ほかに 不落、失格、辞退）",
                    "A line a bidder: name, yen, 落札 (won), 不落, 失格 or 辞退"))
                .value(&entered.bids).error(error("bids")), 4))
            (button(ButtonKind::Primary, buyer.say("起案する", "Draft")))
        }))
    }
}

/// What becomes of the contract in force, and the tick that it is meant.
fn replacement(
    buyer: &Buyer,
    (offer, old): (&Offer, &Contract),
    (entered, error): (&Entered, Option<&str>),
) -> Markup {
    let id = old.id.to_string();
    let label = match buyer.language {
        Language::Japanese => {
            format!("提供中の契約 {id}（{} 版 {}）に替える", old.offer.vendor, old.offer.version)
        }
        Language::English => format!(
            "Take the place of contract {id} in service (“{}”, version {})",
            old.offer.vendor, old.offer.version
        ),
    };
    let hint = match old.offer.vendor_id == offer.vendor_id {
        true => buyer.say(
            "同じ事業者の新しい版です。締結すると、記録を残したまま版を替えます。\
             記録の壊れる替え方は行わず、理由を示します。",
            "A newer version of the same vendor: signed, it is upgraded with its records. What \
             would break them is not done, and the reasons are shown.",
        ),
        false => buyer.say(
            "事業者の変更です。締結の後は「移行待ち」になり、記録を標準の項目で移し終えるまで、\
             いまの契約のシステムを使い続けます。\
             移し終えると、いまの契約が終わり、新しい契約が提供中になります。",
            "A change of vendor: signed, it waits until the records have gone over by the items of \
             the standard. Until then the present system stays in service; then its contract ends.",
        ),
    };
    let chosen = if entered.replaces == id { vec![id.as_str()] } else { Vec::new() };
    let heading = buyer.say("いまの契約", "The present contract");
    let field = Field::new(buyer.language, "replaces", heading).required(true).hint(hint);
    checkboxes(&field.error(error), &[Choice::new(&id, &label)], &chosen)
}

/// Takes in a draft.
pub async fn enter(
    buyer: Buyer,
    Path((_, offer)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    let made = async {
        buyer.check(entered.csrf.as_deref())?;
        let (offer, old, is_open) = offer_read(&buyer, offer).await?;
        let (mut findings, bids) = findings(&entered);
        if !is_open {
            findings.push(Finding::error(None, closed()));
        }
        let budget_yen = match budget_read(&buyer, &offer, &entered.budget_yen).await? {
            Ok(yen) => yen,
            Err(said) => {
                findings.push(Finding::error(Some("budget_yen".to_owned()), said));
                None
            }
        };
        if old.as_ref().is_some_and(|old| entered.replaces != old.id.to_string()) {
            let said = said!(
                "いまの契約に替えることを確かめて、印を付けてください",
                "Confirm that it takes the place of the present contract"
            );
            findings.push(Finding::error(Some("replaces".to_owned()), said));
        }
        if !findings.is_empty() {
            let given = (&offer, old.as_ref());
            let content = draft_view(&buyer, given, (&entered, &findings));
            return Ok(again(&buyer, StatusCode::UNPROCESSABLE_ENTITY, content));
        }
        let text = |text: &str| text.trim().to_owned();
        let draft = Draft {
            method: entered.method.clone(),
            reason: text(&entered.reason),
            budget: text(&entered.budget),
            budget_yen,
            bids,
            replaces: old.as_ref().map(|old| old.id),
        };
        let mut client = buyer.cloud().await?;
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let said = match contract_draft(&transaction, offer.id, &draft, &buyer.actor.id).await {
            Ok(id) => {
                transaction.commit().await.map_err(StoreError::from)?;
                return Ok(seen(&buyer, id));
            }
            // Somebody was faster: with the draft, or with a withdrawal.
            Err(StoreError::Conflict(said)) => said,
            Err(StoreError::NotFound(_)) => closed(),
            Err(error) => return Err(error.into()),
        };
        let findings = [Finding::error(None, said)];
        let content = draft_view(&buyer, (&offer, old.as_ref()), (&entered, &findings));
        Ok(again(&buyer, StatusCode::CONFLICT, content))
    };
    buyer.answer(made.await)
}

fn closed() -> Said {
    said!(
        "この申出では、いま契約できません（取り下げられたか、新しい版に替わりました）。入れた内容は下に残っています。\
         控えてから、カタログの申出を選び直してください",
        "This offer is not open any more: withdrawn, or a newer version took its place. What was \
         entered is below. Keep it, and choose another offer from the catalogue"
    )
}

/// The form with what was entered, and what is wrong with it.
fn again(buyer: &Buyer, status: StatusCode, content: Markup) -> Response {
    let title = buyer.say("契約の起案", "Draft a contract");
    let mut response = buyer.page(title, Vec::new(), content);
    *response.status_mut() = status;
    response
}

/// 予算額 as typed, held against a year of the price in force, where that is known.
async fn budget_read(
    buyer: &Buyer,
    offer: &Offer,
    typed: &str,
) -> Result<Result<Option<i64>, Said>, Refusal> {
    if typed.trim().is_empty() {
        return Ok(Ok(None));
    }
    let budget = match Yen::parse(typed) {
        Ok(Yen(yen @ 1..)) => yen,
        _ => {
            return Ok(Err(said!(
                "予算額を円の整数で入れてください（1,200,000 のように）",
                "Enter whole yen, above zero"
            )));
        }
    };
    let price = Price::on(offer.price.as_ref(), buyer.actor.today());
    let residents = residents(buyer).await?;
    let year = price.zip(residents).map(|(price, all)| price.month(all).saturating_mul(12));
    Ok(match year {
        Some(year) if year > budget => {
            let year = Yen(year).grouped();
            Err(said!(
                "いまの料金表と住民の数では、料金の年額は {year} 円で、予算額を超えます",
                "At the price in force a year comes to {year} yen: more than this budget"
            ))
        }
        _ => Ok(Some(budget)),
    })
}

/// What is missing of a draft, and its bids: a contract needs its method, its reason and its
/// budget; a tender its result.
fn findings(entered: &Entered) -> (Vec<Finding>, Vec<Bid>) {
    let (mut out, mut bids) = (Vec::new(), Vec::new());
    if METHODS.iter().all(|(word, _)| *word != entered.method) {
        let said = said!("契約の方法を選んでください", "Choose the method of the contract");
        out.push(Finding::error(Some("method".to_owned()), said));
    }
    if entered.reason.trim().is_empty() {
        let said = said!(
            "方法と相手を選んだ理由を入れてください",
            "Enter why this method and this vendor were chosen"
        );
        out.push(Finding::error(Some("reason".to_owned()), said));
    }
    if entered.budget.trim().is_empty() {
        let said = said!(
            "予算科目か債務負担行為を入れてください。予算のない契約はできません",
            "Enter the budget item or commitment: there is no contract without a budget"
        );
        out.push(Finding::error(Some("budget".to_owned()), said));
    }
    let is_tender = entered.method == METHODS[1].0;
    if is_tender {
        match bid::read(&entered.bids) {
            Ok(read) => bids = read,
            Err(said) => out.push(Finding::error(Some("bids".to_owned()), said)),
        }
    } else if !entered.bids.trim().is_empty() {
        let said = said!(
            "入札の結果は、契約の方法が競争入札のときに入れます。方法を確かめてください",
            "A tender's result belongs to a competitive tender: check the method"
        );
        out.push(Finding::error(Some("bids".to_owned()), said));
    }
    (out, bids)
}
