//! The administrator: accounts and roles, 決裁 rules, installed systems, journal, audit, work that
//! fails, characters waiting for identification. The administrator handles no cases.

mod accounts;
mod records;
mod rules;
mod systems;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::date::LooseDate;
use maud::{Markup, html};
use office::access::role;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};
use serde_json::json;
use store::identity::{account_end, account_unlock, role_end, role_grant};
use store::parameter::{DecisionRule, decision_rule_add, decision_rule_end, decision_rules};

use super::desk::Desk;
use super::refusal::Refusal;
use super::row::whole_day;
use super::words::People;
use crate::component::day::moment;
use crate::component::language::quoted;
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};
use accounts::accounts;
use records::records;
use rules::rule_section;
use systems::systems;

/// Everything at a glance.
pub async fn page(desk: Desk) -> Response {
    match show(&desk).await {
        Ok(content) => desk.page(desk.say("管理", "Administration"), Vec::new(), content),
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn show(desk: &Desk) -> Result<Markup, Refusal> {
    desk.actor.require(&[role::ADMINISTRATOR])?;
    let people = People::read(desk).await?;
    let client = desk.place.office.database.client().await?;
    let today = desk.actor.today();
    let rules = decision_rules(&**client, today).await?;
    let systems = systems(desk, &client).await?;
    let records = records(desk, &client, &people).await?;
    let (detail, subjects) = (json!({"latest": records::LATEST}), Vec::new());
    desk.actor.audit(&**client, "administration.view", "管理", subjects, detail).await?;
    drop(client);
    let accounts = accounts(desk).await?;
    Ok(html! {
        (section(desk.say("職員", "Staff"), accounts))
        (section(desk.say("事務決裁規程", "Decision rules"), rule_section(desk, &rules)))
        (section(desk.say("業務システム", "Systems"), systems))
        (records)
    })
}

/// A table of texts; an English one quotes what is Japanese.
fn grid(desk: &Desk, caption: &str, heads: &[&str], rows: &[Vec<String>]) -> Markup {
    table(&Table {
        caption,
        columns: heads.iter().map(|head| Column::text(head)).collect(),
        rows: rows
            .iter()
            .map(|row| {
                let cells = row.iter().map(|text| Cell::Component(quoted(text)));
                Row { href: None, cells: cells.collect() }
            })
            .collect(),
        empty: desk.say("ありません。", "None."),
        stacked: true,
    })
}

/// What an act carries.
#[derive(Default, Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    procedure: String,
    #[serde(default)]
    manner: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    post_review: String,
    #[serde(default)]
    reason: String,
}

/// Every act; another is neither done nor audited.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Act {
    RoleGrant,
    RoleEnd,
    AccountUnlock,
    AccountEnd,
    AccountCreate,
    PasswordIssue,
    CodeReissue,
    RuleAdd,
    RuleEnd,
}

/// Does an act and returns to the page.
pub async fn act(
    desk: Desk,
    Path((_, act)): Path<(String, String)>,
    Form(entered): Form<Entered>,
) -> Response {
    match perform(&desk, &act, &entered).await {
        Ok(Some(content)) => desk.page(desk.say("管理", "Administration"), Vec::new(), content),
        Ok(None) => {
            let to = desk.href("/administration");
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, name: &str, entered: &Entered) -> Result<Option<Markup>, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    desk.actor.require(&[role::ADMINISTRATOR])?;
    let named: StrDeserializer<'_, value::Error> = name.into_deserializer();
    let act = Act::deserialize(named).map_err(|_| Refusal::NotFound)?;
    let today = desk.actor.today();
    let staff_client = desk.place.staff.client().await?;
    let client = desk.place.office.database.client().await?;
    if !matches!(act, Act::CodeReissue) {
        let detail = json!({
            "id": entered.id, "role": entered.role, "procedure": entered.procedure,
            "manner": entered.manner,
        });
        let action = format!("administration.{name}");
        desk.actor.audit(&**client, &action, "管理", Vec::new(), detail).await?;
    }
    match act {
        Act::RoleGrant => role_grant(&**staff_client, &entered.id, &entered.role, today).await?,
        Act::RoleEnd => role_end(&**staff_client, &entered.id, &entered.role, today).await?,
        Act::AccountUnlock => account_unlock(&**staff_client, &entered.id).await?,
        Act::AccountEnd => account_end(&**staff_client, &entered.id, today).await?,
        Act::AccountCreate => return create(desk, entered).await.map(Some),
        Act::PasswordIssue => return issue(desk, entered).await.map(Some),
        Act::CodeReissue => return reissue(desk, entered).await.map(Some),
        Act::RuleAdd => {
            let from = day_of(&entered.from)?;
            let rule = DecisionRule {
                id: 0,
                procedure: entered.procedure.clone(),
                approver_role: entered.role.clone(),
                manner: entered.manner.clone(),
                post_review: entered.post_review == "yes",
            };
            decision_rule_add(&**client, &rule, from).await?;
        }
        Act::RuleEnd => {
            let id = entered.id.parse().map_err(|_| Refusal::NotFound)?;
            decision_rule_end(&**client, id, today).await?;
        }
    }
    Ok(None)
}

fn day_of(text: &str) -> Result<base::date::Date, Refusal> {
    let invalid = |said| Refusal::Office(OfficeError::invalid("from", said));
    let date = LooseDate::parse(text).map_err(|error| invalid(error.said()))?;
    date.certain().ok_or_else(|| invalid(whole_day()))
}

/// A new account; the secret of its one-time codes is shown this once.
async fn create(desk: &Desk, entered: &Entered) -> Result<Markup, Refusal> {
    let secret = staff::new_totp_secret()?;
    let account = staff::NewAccount {
        id: entered.id.trim().to_owned(),
        name: entered.name.trim().to_owned(),
        password: entered.password.clone(),
        totp_secret: secret.clone(),
        roles: vec![entered.role.clone()],
        valid_from: desk.actor.today(),
    };
    staff::account_issue(&desk.place.staff, &account, desk.actor.at).await?;
    let text = staff::totp_secret_text(&secret);
    Ok(html! {
        p { (desk.say("職員を加えました。認証アプリに次の鍵を登録してもらってください。この画面でしか表示しません。\
             初めてのサインインで、パスワードの変更を求めます。初期パスワードは7日間使えます。",
            "Added. Register this key in an authenticator app; it is shown only here. \
             The first sign-in asks for a new password; the first one serves for 7 days.")) }
        p { code { (text) } }
        p { a href=(desk.href("/administration")) { (desk.say("管理に戻る", "Back")) } }
    })
}

/// A password for who forgot the own one; shown this once.
async fn issue(desk: &Desk, entered: &Entered) -> Result<Markup, Refusal> {
    let issued = staff::password_issue(&desk.place.staff, &entered.id, desk.actor.at).await?;
    Ok(html! {
        p { (desk.say("本人を確かめてから、次のパスワードを渡してください。\
             24時間使え、サインインすると変更を求めます。この画面でしか表示しません。",
            "Hand this over after checking who asks. \
             It serves for 24 hours and only to be changed; it is shown only here.")) }
        p { (entered.id) "　" code { (issued) } }
        p { a href=(desk.href("/administration")) { (desk.say("管理に戻る", "Back")) } }
    })
}

/// Has somebody register one-time codes anew, with the reason in the audit first.
///
/// # Errors
/// [`OfficeError::Invalid`] without a reason, [`OfficeError::NotFound`] without such an account.
pub async fn code_reissue(
    desk: &Desk,
    id: &str,
    reason: &str,
) -> Result<staff::Registration, OfficeError> {
    let client = desk.place.office.database.client().await?;
    let detail = json!({"id": id, "reason": reason});
    let purpose = "ワンタイムパスワードの再登録";
    desk.actor.audit(&**client, "administration.code-reissue", purpose, Vec::new(), detail).await?;
    staff::code_reissue(&desk.place.staff, (id, reason), desk.actor.at).await
}

/// A registration code for who lost the device of the one-time codes; shown this once.
async fn reissue(desk: &Desk, entered: &Entered) -> Result<Markup, Refusal> {
    let made = code_reissue(desk, &entered.id, &entered.reason).await?;
    Ok(html! {
        p { (desk.say(
            "本人を確かめてから、次の登録用コードを渡してください。この画面でしか表示しません。\
             前の認証アプリのコードはもう使えず、この職員のサインインはすべて終わりました。",
            "Hand this registration code over after checking who asks; it is shown only here. \
             Codes of the old device no longer work and every session has ended.")) }
        dl.items.subjects {
            div.item.wide { dt { (desk.say("職員ID", "Staff ID")) } dd { (entered.id) } }
            div.item.wide {
                dt { (desk.say("登録用コード", "Registration code")) } dd { code { (made.code) } }
            }
            div.item.wide {
                dt { (desk.say("使える期限", "Serves until")) }
                dd { (moment(desk.language, made.until)) }
            }
        }
        p { (desk.say(
            "本人は、サインインの画面で職員IDとパスワードを入れ、ワンタイムコードの欄にこのコードを入れます。\
             続く画面で、新しい鍵を認証アプリに登録します。",
            "The person signs in with the own password and this code in the place of the one-time \
             code, and then sets the new key up.")) }
        p { a href=(desk.href("/administration")) { (desk.say("管理に戻る", "Back")) } }
    })
}
