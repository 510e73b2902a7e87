//! 審査, 決裁, 差戻し, 取下げ, 後閲: acts of people on a case, each under the rules of the office.

use base::said;
use base::said::Said;
use definition::model::FieldKind;
use serde_json::json;
use store::GenericClient;
use store::case::{Case, case_act, case_read, case_supersede, case_update};
use store::parameter::{DecisionRule, decision_rules};

use super::{Act, register::register_finally};
use crate::access::role;
use crate::words::{english, manner};
use crate::{Actor, Office, OfficeError};

/// The stage after an act.
///
/// # Errors
/// [`OfficeError::Conflict`] when the case is not in a stage for it.
pub(super) fn next_stage(case: &Case, act: Act) -> Result<&'static str, OfficeError> {
    act.after(&case.entered.stage).ok_or_else(|| {
        let (id, now, word) = (case.id, &case.entered.stage, act.word());
        let (now_en, word_en) = (english(now), english(word).to_lowercase());
        OfficeError::Conflict(said!(
            "受付番号 {id} はいま「{now}」のため、{word}はできません",
            "Case no. {id} is at the stage “{now_en}”, so it cannot be {word_en}"
        ))
    })
}

/// The purpose for the audit from the title of a case: the procedure's name, without the names of
/// people, because everybody whom the case names is told the purpose.
pub fn purpose(title: &str) -> &str {
    title.split('　').next().unwrap_or_default()
}

/// Leave of a person to decide a case, made by [`permit`] only and used up by the decision.
pub struct Permit {
    rule: DecisionRule,
}

/// Whether this person may decide this case under the 事務決裁規程 in force.
async fn permit(
    client: &impl GenericClient,
    actor: &Actor,
    case: &Case,
) -> Result<Permit, OfficeError> {
    let place = (case.entered.system.as_str(), case.entered.procedure.as_str());
    let rule = may_decide(client, actor, place, &case.entered.entered_by).await?;
    Ok(Permit { rule })
}

/// The rule of the 事務決裁規程 under which this person may decide what somebody else entered for
/// a procedure of a system.
///
/// # Errors
/// [`OfficeError::Forbidden`] for who entered it, and with those who may decide.
pub(crate) async fn may_decide(
    client: &impl GenericClient,
    actor: &Actor,
    (system, procedure): (&str, &str),
    entered_by: &str,
) -> Result<DecisionRule, OfficeError> {
    if entered_by == actor.id {
        return Err(OfficeError::Forbidden(said!(
            "自分が入力した事案は決裁できません。ほかの職員が決裁してください",
            "Who entered a case cannot decide it. Another member of staff must"
        )));
    }
    let own = format!("{system}/{procedure}");
    let whole = format!("{system}/*");
    let rules = decision_rules(client, actor.today()).await?;
    let rank = |rule: &DecisionRule| match rule.procedure.as_str() {
        name if name == own => 0,
        name if name == whole => 1,
        "*" => 2,
        _ => 3,
    };
    let mut fitting: Vec<&DecisionRule> = rules.iter().filter(|rule| rank(rule) < 3).collect();
    fitting.sort_by_key(|rule| (rank(rule), rule.manner == "代決"));
    match fitting.iter().find(|rule| actor.has(&rule.approver_role)) {
        Some(rule) => Ok((*rule).clone()),
        None => {
            let who = who_decides(&fitting);
            let (ja, en) = (who.ja, who.en);
            Err(OfficeError::Forbidden(said!(
                "この事案を決裁できるのは次の職員です: {ja}",
                "This case may be decided by: {en}"
            )))
        }
    }
}

/// Roles with the manner in which each decides.
fn who_decides(rules: &[&DecisionRule]) -> Said {
    let one = |rule: &&DecisionRule| {
        let (id, how) = (rule.approver_role.as_str(), rule.manner.as_str());
        let (ja, en, how_en) = (role::name(id), role::name_en(id), manner(how).to_lowercase());
        said!("{ja}（{how}）", "{en} ({how_en})")
    };
    match rules {
        [] => said!("決裁規程に定めがありません", "nobody, no rule is in force for it"),
        rules => Said::join(&rules.iter().map(one).collect::<Vec<_>>(), "、", "; "),
    }
}

/// 決裁: the case is decided and finally registered, in one transaction.
///
/// # Errors
/// [`OfficeError::Forbidden`] for who entered it or may not decide; [`OfficeError::Conflict`] when
/// a subject was changed since entry; [`OfficeError::Invalid`] when the checks no longer hold.
pub async fn case_approve(
    office: &Office,
    actor: &Actor,
    (id, revision): (i64, i32),
    note: Option<&str>,
) -> Result<i64, OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut case = case_read(&transaction, id, true).await?;
    let next = next_stage(&case, Act::Approve)?;
    let Permit { rule } = permit(&transaction, actor, &case).await?;
    case.revision = revision;
    let (event_id, touched) = register_finally(office, &transaction, actor, &case).await?;
    case.entered.subjects = touched;
    case.entered.stage = next.to_owned();
    case.event_id = Some(event_id);
    case.approved_by = Some(actor.id.clone());
    case.approved_as = Some(rule.manner.clone());
    case.post_review_due = rule.post_review;
    case_update(&transaction, &case).await?;
    case_act(&transaction, id, &rule.manner, &actor.id, note).await?;
    supersede(office, &transaction, actor, &case).await?;
    let detail = json!({"case": id, "event": event_id, "manner": rule.manner});
    let subjects = case.entered.subjects.clone();
    actor
        .audit(&transaction, "case.approve", purpose(&case.entered.title), subjects, detail)
        .await?;
    transaction.commit().await?;
    office.database.work_left();
    Ok(event_id)
}

/// Waiting cases that this one has settled are withdrawn; one cancellation settles no other.
async fn supersede(
    office: &Office,
    transaction: &store::Transaction<'_>,
    actor: &Actor,
    case: &Case,
) -> Result<(), OfficeError> {
    let (_, procedure) = office.procedure(&case.entered.system, &case.entered.procedure)?;
    if procedure.fields().any(|(_, field)| field.kind == FieldKind::Event) {
        return Ok(());
    }
    let stages = (super::stage::TO_DO, super::stage::WITHDRAWN);
    for settled in case_supersede(transaction, case, stages).await? {
        let note = format!("受付番号 {} で登録されたため", case.id);
        let act = Act::Withdraw.word();
        case_act(transaction, settled, act, &actor.id, Some(&note)).await?;
    }
    Ok(())
}

/// 審査: a second person has looked it through.
///
/// # Errors
/// As [`case_approve`].
pub async fn case_reviewed(
    office: &Office,
    actor: &Actor,
    case: (i64, i32),
    note: Option<&str>,
) -> Result<(), OfficeError> {
    actor.require(&[role::COUNTER, role::CHIEF, role::MANAGER])?;
    act(office, actor, case, Act::Review, note).await
}

/// 差戻し: back to the clerk, with the reason.
///
/// # Errors
/// [`OfficeError::Forbidden`] without a role for it; [`OfficeError::Conflict`].
pub async fn case_return(
    office: &Office,
    actor: &Actor,
    case: (i64, i32),
    reason: &str,
) -> Result<(), OfficeError> {
    actor.require(&[role::CHIEF, role::MANAGER])?;
    if reason.trim().is_empty() {
        let said = said!("差戻しの理由を入力してください", "Enter the reason for returning it");
        return Err(OfficeError::invalid("note", said));
    }
    act(office, actor, case, Act::Return, Some(reason)).await
}

/// 取下げ: undone before the decision; the case stays readable.
///
/// # Errors
/// [`OfficeError::Conflict`] after the decision.
pub async fn case_withdraw(
    office: &Office,
    actor: &Actor,
    case: (i64, i32),
    reason: Option<&str>,
) -> Result<(), OfficeError> {
    actor.require(&[role::COUNTER, role::PROTECTION, role::CHIEF, role::MANAGER])?;
    act(office, actor, case, Act::Withdraw, reason).await
}

async fn act(
    office: &Office,
    actor: &Actor,
    (id, revision): (i64, i32),
    act: Act,
    note: Option<&str>,
) -> Result<(), OfficeError> {
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut case = case_read(&transaction, id, true).await?;
    let next = next_stage(&case, act)?;
    if act == Act::Review && case.entered.entered_by == actor.id {
        return Err(OfficeError::Forbidden(said!(
            "自分が入力した事案は審査できません",
            "Who entered a case cannot review it"
        )));
    }
    case.entered.stage = next.to_owned();
    case.revision = revision;
    case_update(&transaction, &case).await?;
    case_act(&transaction, id, act.word(), &actor.id, note).await?;
    let action = format!("case.{}", format!("{act:?}").to_lowercase());
    let subjects = case.entered.subjects.clone();
    let detail = json!({"case": id});
    actor.audit(&transaction, &action, purpose(&case.entered.title), subjects, detail).await?;
    transaction.commit().await?;
    Ok(())
}

/// 後閲: the proper approver has seen what was decided in his place.
///
/// # Errors
/// [`OfficeError::Forbidden`] without the role; [`OfficeError::Conflict`] when none is due.
pub async fn case_post_review(
    office: &Office,
    actor: &Actor,
    (id, revision): (i64, i32),
) -> Result<(), OfficeError> {
    actor.require(&[role::MANAGER])?;
    let mut client = office.database.client().await?;
    let transaction = client.transaction().await?;
    let mut case = case_read(&transaction, id, true).await?;
    if !case.post_review_due || case.approved_by.as_deref() == Some(actor.id.as_str()) {
        return Err(OfficeError::Conflict(said!(
            "受付番号 {id} に、この職員の後閲はありません",
            "Case no. {id} waits for no post-review by this member of staff"
        )));
    }
    case.post_review_due = false;
    case.revision = revision;
    case_update(&transaction, &case).await?;
    case_act(&transaction, id, "後閲", &actor.id, None).await?;
    let subjects = case.entered.subjects.clone();
    let detail = json!({"case": id});
    actor
        .audit(&transaction, "case.post_review", purpose(&case.entered.title), subjects, detail)
        .await?;
    transaction.commit().await?;
    Ok(())
}
