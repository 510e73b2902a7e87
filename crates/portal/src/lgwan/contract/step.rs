//! What can be done about a contract now, and doing it: 決裁, 締結, 取下げ, 再試行, 適合確認, and its end.
//! What may follow what is the database's own rule; this only offers it.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use base::said;
use base::said::Said;
use cloud::gate::Report;
use cloud::parcel::digest_text;
use maud::{Markup, html};
use store::control::{
    Contract, Step, contract_confirm, contract_step, ending_ask, ending_call_off, ending_decide,
    offer_report,
};
use store::{Connection, StoreError};

use super::standing::Scene;
use super::{scene, seen, shown};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, date, error_summary, hidden, post_form,
    textarea,
};
use crate::component::language::pick;
use crate::component::page::section;
use crate::counter::refusal::Refusal;
use crate::lgwan::{BUYERS, Buyer, LgwanState};
use crate::route::Access;

/// What was refused of a form: field and message, and what was entered.
#[derive(Default)]
pub(super) struct Refused {
    findings: Vec<(&'static str, Said)>,
    entered: HashMap<String, String>,
}

impl Refused {
    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    fn value(&self, field: &str) -> &str {
        self.entered.get(field).map(|text| text.trim()).unwrap_or_default()
    }
}

/// The digest of a report that says that what is in service conforms, to be confirmed by.
pub(super) async fn report_of(
    client: &Connection,
    contract: &Contract,
) -> Result<Option<String>, Refusal> {
    if contract.state != "提供中" {
        return Ok(None);
    }
    let report = offer_report(client, contract.offer.id).await?;
    let passes = |kept: &serde_json::Value| Report::recorded(kept).is_some_and(|it| it.passes());
    Ok(report.filter(passes).map(|kept| digest_text(kept.to_string().as_bytes())))
}

/// The forms that are open now, for who may send them.
pub(super) fn actions(buyer: &Buyer, scene: &Scene, refused: &Refused) -> Markup {
    let Scene { contract, report, .. } = scene;
    let errors: Vec<FieldError<'_>> = refused
        .findings
        .iter()
        .map(|(field, said)| FieldError {
            field,
            message: pick(buyer.language, &said.ja, &said.en),
        })
        .collect();
    let may = matches!(BUYERS, Access::Roles(roles) if roles.iter().any(|r| buyer.actor.has(r)));
    html! {
        (error_summary(buyer.language, &errors))
        @if contract.offer.conforms.is_some() {
            p { a href=(buyer.href(&format!("/offers/{}/report", contract.offer.id))) {
                (buyer.say("適合性の報告", "Report of conformity")) }
                @if let Some(digest) = report { "　SHA-256 " (digest) } }
        }
        @if may {
            (steps(buyer, scene))
            @if let (Some(digest), None) = (report, &contract.confirmed) {
                (confirmation(buyer, contract, digest))
            }
            @let waits = contract.state == "移行待ち" && !scene.is_moving();
            @if scene.refusal().is_some() || waits {
                (section(buyer.say("取り下げる", "Withdraw"),
                    reasoned(buyer, (contract, "withdraw"), (refused, &errors))))
            }
            @if contract.state == "提供中" {
                (section(buyer.say("契約を終える", "End the contract"),
                    ending(buyer, scene, (refused, &errors))))
            }
        }
    }
}

fn post(buyer: &Buyer, contract: &Contract, step: &str, content: Markup) -> Markup {
    let action = buyer.href(&format!("/contracts/{}/{step}", contract.id));
    post_form(
        &PostForm { action: &action, csrf: &buyer.csrf, enter: None, multipart: false },
        content,
    )
}

/// The steps that need nothing but a button.
fn steps(buyer: &Buyer, scene: &Scene) -> Markup {
    let contract = &scene.contract;
    let is_own = contract.drafted_by == buyer.actor.id;
    let offer = &contract.offer;
    let can = offer.withdrawn_at.is_none() && offer.conforms == Some(true);
    let withdraw = ("withdraw", "取り下げる", "Withdraw");
    let open: Vec<(&str, &str, &str)> = match contract.state.as_str() {
        "起案" if is_own || !can => vec![withdraw],
        "起案" => vec![("decide", "決裁する", "Decide"), withdraw],
        "決裁済" if !can => vec![withdraw],
        "決裁済" => vec![("sign", "電子契約を締結する", "Sign"), withdraw],
        "締結" if scene.refusal().is_some() => vec![("retry", "もう一度試す", "Try again")],
        _ => Vec::new(),
    };
    html! {
        @if contract.state == "起案" && is_own {
            p { (buyer.say("決裁は、起案した人とは別の人がします。", "Somebody else decides.")) }
        }
        @for (number, (step, ja, en)) in open.iter().enumerate() {
            @let kind = if number == 0 { ButtonKind::Primary } else { ButtonKind::Secondary };
            (post(buyer, contract, step, button(kind, buyer.say(ja, en))))
        }
    }
}

/// The form carries which report was read: another one is refused.
fn confirmation(buyer: &Buyer, contract: &Contract, digest: &str) -> Markup {
    let label = buyer.say("適合を確認する", "Confirm conformity");
    html! {
        p { (buyer.say("標準に適合していることは、使う団体が確認します（標準化法9条）。報告を読んでから\
            確認してください。", "The body that uses a system confirms that it conforms \
            (Standardisation Act, article 9). Read the report first.")) }
        (post(buyer, contract, "confirm", html! {
            (hidden("digest", digest))
            (button(ButtonKind::Primary, label))
        }))
    }
}

/// A form with a reason.
fn reasoned(
    buyer: &Buyer,
    (contract, step): (&Contract, &str),
    (refused, errors): (&Refused, &[FieldError<'_>]),
) -> Markup {
    let error = errors.iter().find(|one| one.field == "reason").map(|one| one.message);
    let field = Field::new(buyer.language, "reason", buyer.say("理由", "Reason")).required(true);
    let label = match step {
        "withdraw" => buyer.say("取り下げる", "Withdraw"),
        _ => buyer.say("終了を取り消す", "Call the end off"),
    };
    post(
        buyer,
        contract,
        step,
        html! {
            (textarea(&field.value(refused.value("reason")).error(error), 3))
            (button(ButtonKind::Secondary, label))
        },
    )
}

/// Asking for the end, deciding it, or calling it off.
fn ending(buyer: &Buyer, scene: &Scene, given: (&Refused, &[FieldError<'_>])) -> Markup {
    let contract = &scene.contract;
    let Some(ending) = &contract.ending else { return ending_form(buyer, scene, given) };
    let is_open = ending.decided.is_none();
    let can_decide = is_open && ending.asked.1 != buyer.actor.id;
    html! {
        p { (buyer.say("理由: ", "Reason: ")) span lang="ja" { (ending.reason) } }
        @if can_decide {
            (post(buyer, contract, "end-decide",
                button(ButtonKind::Primary, buyer.say("終了を決裁する", "Decide the end"))))
        }
        @if is_open || ending.on >= buyer.actor.today() {
            (reasoned(buyer, (contract, "end-call-off"), given))
        }
    }
}

fn ending_form(
    buyer: &Buyer,
    scene: &Scene,
    (refused, errors): (&Refused, &[FieldError<'_>]),
) -> Markup {
    let error = |field: &str| errors.iter().find(|one| one.field == field).map(|one| one.message);
    let language = buyer.language;
    html! {
        p { (buyer.say("終了日まで提供し、その翌日から画面で使えなくなります。記録は残ります。別の人の決裁が要ります。",
            "In service until that day, and served no more from the day after. The records stay. \
            Somebody else decides.")) }
        @if !scene.relying.is_empty() {
            p { (buyer.say("この業務の事実を使う業務があります。終えると、そこでは事実が「不明」になります: ",
                "Other businesses use facts of this one; there they will be unknown: "))
                span lang="ja" { (scene.relying.join("、")) } }
        }
        (post(buyer, &scene.contract, "end", html! {
            (date(&Field::new(language, "on", buyer.say("終了日", "Last day")).required(true)
                .value(refused.value("on")).error(error("on"))))
            (textarea(&Field::new(language, "reason", buyer.say("理由", "Reason")).required(true)
                .value(refused.value("reason")).error(error("reason")), 3))
            (button(ButtonKind::Secondary, buyer.say("終了を申し出る", "Ask for the end")))
        }))
    }
}

/// Takes a step.
pub async fn take(
    buyer: Buyer,
    State(state): State<LgwanState>,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let scene = scene(&buyer, &state, id).await?;
        let mut refused = Refused { findings: Vec::new(), entered };
        if taken(&buyer, (&scene, &step), &mut refused).await? {
            return Ok(seen(&buyer, id));
        }
        shown(&buyer, &state, id, &refused).await
    };
    buyer.answer(made.await)
}

/// Whether the step was taken; false when something of the form is missing, noted in it.
async fn taken(
    buyer: &Buyer,
    (scene, step): (&Scene, &str),
    given: &mut Refused,
) -> Result<bool, Refusal> {
    let (id, actor) = (scene.contract.id, buyer.actor.id.as_str());
    let reason = given.value("reason").to_owned();
    let is_unsigned = ["起案", "決裁済"].contains(&scene.contract.state.as_str());
    let needs_reason =
        ["end", "end-call-off"].contains(&step) || step == "withdraw" && !is_unsigned;
    if needs_reason && reason.is_empty() {
        given.findings.push(("reason", said!("理由を入れてください", "Enter why")));
    }
    let on = (step == "end").then(|| base::era::parse(given.value("on")));
    if let Some(Err(why)) = &on {
        let english = "Enter the last day, for example 2027-03-31".to_owned();
        given.findings.push(("on", Said::beside(why, english)));
    }
    if let Some(Ok(day)) = &on
        && *day < buyer.actor.today()
    {
        let said = said!("終了日は今日以後の日を入れてください", "Enter today or a later day");
        given.findings.push(("on", said));
    }
    if !given.is_empty() {
        return Ok(false);
    }
    let mut client = buyer.cloud().await?;
    let transaction = client.transaction().await.map_err(StoreError::from)?;
    let note = (actor, reason.as_str());
    match (step, on) {
        ("decide", _) => contract_step(&transaction, (id, Step::Decide), (actor, "")).await?,
        ("sign", _) => contract_step(&transaction, (id, Step::Sign), (actor, "")).await?,
        ("withdraw", _) => contract_step(&transaction, (id, Step::Withdraw), note).await?,
        ("retry", _) => contract_step(&transaction, (id, Step::Retry), (actor, "")).await?,
        ("confirm", _) => {
            let evidence = evidence(scene, given.value("digest"))?;
            contract_confirm(&transaction, id, (actor, &evidence)).await?;
        }
        ("end", Some(Ok(day))) => ending_ask(&transaction, (id, day), note).await?,
        ("end-decide", _) => ending_decide(&transaction, id, actor).await?,
        ("end-call-off", _) => ending_call_off(&transaction, id, note).await?,
        _ => return Err(Refusal::NotFound),
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(true)
}

/// What a confirmation points to: the report that was read, if it still is the one that counts.
fn evidence(scene: &Scene, read: &str) -> Result<String, StoreError> {
    match scene.report.as_deref() {
        Some(digest) if digest == read => Ok(format!("適合性の報告（SHA-256 {digest}）")),
        _ => Err(StoreError::Conflict(said!(
            "読んだ報告と、いまの報告が違うか、適合の報告がありません。報告を読み直してください",
            "The report that was read is not the one that counts now, or none says that it \
             conforms. Read the report again"
        ))),
    }
}
