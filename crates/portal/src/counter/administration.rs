//! The administrator: accounts and roles, 決裁 rules, installed systems, journal, audit, work that
//! fails, characters waiting for identification. The administrator handles no cases.

mod systems;

use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::date::LooseDate;
use maud::{Markup, html};
use office::access::role;
use office::plan::Finding;
use office::{OfficeError, staff};
use serde::Deserialize;
use serde_json::json;
use store::audit::audit_latest;
use store::glyph::glyph_list;
use store::identity::{account_end, account_list, account_unlock, role_end, role_grant, roles_of};
use store::job::job_troubled;
use store::journal::journal_latest;
use store::parameter::{DecisionRule, decision_rule_add, decision_rule_end, decision_rules};

use super::desk::Desk;
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Choice, Field, PasswordUse, PostForm, Width, button, checkbox, date, field_row,
    hidden, password, post_form, select, text,
};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
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
    let accounts = accounts(desk).await?;
    let client = desk.place.office.database.client().await?;
    let today = desk.actor.today();
    let rules = decision_rules(&**client, today).await?;
    let systems = systems(desk, &client).await?;
    let journal = journal_latest(&**client, None, 50).await?;
    let audit = audit_latest(&**client, None, 50).await?;
    let troubled = job_troubled(&**client).await?;
    let glyphs = glyph_list(&**client, office::case::stage::REGISTERED, false).await?;
    let detail = json!({"journal": journal.len(), "audit": audit.len()});
    desk.actor.audit(&**client, "administration.view", "管理", Vec::new(), detail).await?;
    let lines = |rows: Vec<Vec<String>>, caption: &str, heads: &[&str]| grid(caption, heads, &rows);
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let when =
        |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S").to_string();
    let journal: Vec<Vec<String>> = journal
        .into_iter()
        .map(|e| {
            let approver = e.entry.approver.unwrap_or_default();
            vec![
                e.event_id.to_string(),
                when(e.entry.recorded_at),
                e.entry.reason,
                e.entry.effective_on.to_string(),
                e.entry.subjects.len().to_string(),
                e.entry.actor,
                approver,
            ]
        })
        .collect();
    let audit: Vec<Vec<String>> = audit
        .into_iter()
        .map(|a| {
            vec![
                a.id.to_string(),
                when(a.at),
                a.audit.actor,
                a.audit.action,
                a.audit.purpose,
                a.audit.subjects.len().to_string(),
                a.audit.request,
            ]
        })
        .collect();
    let troubled: Vec<Vec<String>> = troubled
        .into_iter()
        .map(|(id, kind, attempts, error)| vec![id.to_string(), kind, attempts.to_string(), error])
        .collect();
    let glyphs: Vec<Vec<String>> =
        glyphs.into_iter().map(|g| vec![g.met.code, g.met.path, g.met.reported_by]).collect();
    Ok(html! {
        (section(desk.say("職員", "Staff"), html! { (accounts) (account_form(desk)) }))
        (section(desk.say("事務決裁規程", "Decision rules"), html! {
            (rule_table(desk, &rules)) (rule_form(desk))
        }))
        (section(desk.say("業務システム", "Systems"), systems))
        (section(desk.say("失敗している自動処理", "Failing work"), lines(troubled, "自動処理", &["番号", "種類", "試行", "理由"])))
        (section(desk.say("同定を待つ文字", "Characters to identify"), lines(glyphs, "文字", &["符号位置", "場所", "報告者"])))
        (section(desk.say("異動の記録", "Journal"), lines(journal, "新しい順 50件", &["番号", "処理日時", "事由", "異動日", "人数", "入力", "決裁"])))
        (section(desk.say("監査の記録", "Audit"), lines(audit, "新しい順 50件", &["番号", "日時", "職員", "操作", "目的", "人数", "要求"])))
    })
}

/// A table of texts.
fn grid(caption: &str, heads: &[&str], rows: &[Vec<String>]) -> Markup {
    table(&Table {
        caption,
        columns: heads.iter().map(|head| Column::text(head)).collect(),
        rows: rows
            .iter()
            .map(|row| Row { href: None, cells: row.iter().map(|t| Cell::Text(t)).collect() })
            .collect(),
        empty: "ありません。",
        stacked: false,
    })
}

async fn accounts(desk: &Desk) -> Result<Markup, Refusal> {
    let client = desk.place.staff.client().await?;
    let today = desk.actor.today();
    let mut rows = Vec::new();
    for account in account_list(&**client).await? {
        let roles = roles_of(&**client, &account.id, today).await?;
        let names: Vec<&str> = roles.iter().map(|id| role::name(id)).collect();
        let state = match account.locked_until {
            _ if account.valid_to <= today => "終了",
            Some(until) if until > desk.actor.at => "ロック中",
            _ => "有効",
        };
        let expires = account.password_expires_on.to_string();
        let texts =
            vec![account.id.clone(), account.name, names.join("・"), state.to_owned(), expires];
        rows.push((account.id, texts));
    }
    Ok(html! {
        (grid("職員ID", &["職員ID", "氏名", "役割", "状態", "パスワード期限"],
            &rows.iter().map(|(_, texts)| texts.clone()).collect::<Vec<_>>()))
        (disclosure(desk.say("役割・ロック・終了", "Roles, locks, ends"), html! {
            (account_act(desk, &rows))
        }))
    })
}

fn account_act(desk: &Desk, rows: &[(String, Vec<String>)]) -> Markup {
    let choices: Vec<Choice<'_>> =
        rows.iter().map(|(id, texts)| Choice::new(id, &texts[1])).collect();
    let roles: Vec<Choice<'_>> =
        role::ALL.iter().map(|(id, ja, en)| Choice::new(id, desk.say(ja, en))).collect();
    let acts = [
        ("role-grant", "役割を与える", "Grant the role"),
        ("role-end", "役割を終える", "End the role"),
        ("account-unlock", "ロックを解除する", "Unlock"),
        (
            "password-issue",
            "一度だけのパスワードを発行する（忘れたとき）",
            "Issue a one-time password",
        ),
        ("account-end", "職員IDを終える", "End the account"),
    ];
    html! {
        @for (act, ja, en) in acts {
            @let action = desk.href(&format!("/administration/{act}"));
            @let csrf = &desk.csrf;
            @let form = PostForm { action: &action, csrf, enter: None, multipart: false };
            (post_form(&form, html! {
                (field_row(&[
                    select(&Field::new(desk.language, "id", desk.say("職員", "Account")).width(Width::Medium), &choices),
                    if act.starts_with("role") {
                        select(&Field::new(desk.language, "role", desk.say("役割", "Role")).width(Width::Medium), &roles)
                    } else { html! {} },
                    button(ButtonKind::Secondary, desk.say(ja, en)),
                ]))
            }))
        }
    }
}

fn account_form(desk: &Desk) -> Markup {
    let action = desk.href("/administration/account-create");
    let roles: Vec<Choice<'_>> =
        role::ALL.iter().map(|(id, ja, en)| Choice::new(id, desk.say(ja, en))).collect();
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("職員を加える", "Add a member of staff");
    disclosure(
        label,
        post_form(
            &form,
            html! {
                (field_row(&[
                    text(&Field::new(desk.language, "id", desk.say("職員ID", "Staff ID")).required(true).width(Width::Medium)),
                    text(&Field::new(desk.language, "name", desk.say("氏名", "Name")).required(true).width(Width::Medium)),
                    select(&Field::new(desk.language, "role", desk.say("役割", "Role")).width(Width::Medium), &roles),
                ]))
                (password(&Field::new(desk.language, "password",
                    desk.say("初期パスワード（12文字以上）", "First password")).required(true),
                    PasswordUse::New))
                (button(ButtonKind::Primary, label))
            },
        ),
    )
}

fn rule_table(desk: &Desk, rules: &[DecisionRule]) -> Markup {
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            vec![
                rule.id.to_string(),
                rule.procedure.clone(),
                role::name(&rule.approver_role).to_owned(),
                rule.manner.clone(),
                if rule.post_review { "要".to_owned() } else { String::new() },
            ]
        })
        .collect();
    let choices: Vec<Choice<'_>> = rows.iter().map(|row| Choice::new(&row[0], &row[1])).collect();
    let action = desk.href("/administration/rule-end");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    html! {
        (grid("効力のある決裁規程", &["番号", "手続", "決裁者", "方法", "後閲"], &rows))
        @if !choices.is_empty() {
            (disclosure(desk.say("規程を終える", "End a rule"), post_form(&form, html! {
                (select(&Field::new(desk.language, "id", desk.say("規程", "Rule")).width(Width::Medium), &choices))
                (button(ButtonKind::Danger, desk.say("本日で終える", "End today")))
            })))
        }
    }
}

fn rule_form(desk: &Desk) -> Markup {
    let action = desk.href("/administration/rule-add");
    let mut procedures: Vec<(String, String)> = vec![("*".to_owned(), "すべての手続".to_owned())];
    for system in desk.place.office.systems.iter() {
        procedures.push((format!("{}/*", system.id), format!("{}のすべて", system.name)));
        for procedure in &system.procedures {
            procedures.push((format!("{}/{}", system.id, procedure.id), procedure.name.clone()));
        }
    }
    let choices: Vec<Choice<'_>> =
        procedures.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let roles: Vec<Choice<'_>> =
        role::ALL.iter().map(|(id, ja, en)| Choice::new(id, desk.say(ja, en))).collect();
    let manners = ["決裁", "専決", "代決"].map(|m| Choice::new(m, m));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("規程を加える", "Add a rule");
    let today = base::era::japanese(desk.actor.today());
    disclosure(
        label,
        post_form(
            &form,
            html! {
                (field_row(&[
                    select(&Field::new(desk.language, "procedure", desk.say("手続", "Procedure")), &choices),
                    select(&Field::new(desk.language, "role", desk.say("決裁者", "Approver")).width(Width::Medium), &roles),
                    select(&Field::new(desk.language, "manner", desk.say("方法", "Manner")).width(Width::Medium), &manners),
                ]))
                (date(&Field::new(desk.language, "from", desk.say("施行日", "From")).value(&today).width(Width::Medium)))
                (checkbox(&Field::new(desk.language, "post_review", desk.say("後閲が要る", "Post-review"))))
                (hidden("id", "-"))
                (button(ButtonKind::Primary, label))
            },
        ),
    )
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
}

/// Every act; another is neither done nor audited.
const ACTS: &[&str] = &[
    "role-grant",
    "role-end",
    "account-unlock",
    "account-end",
    "account-create",
    "password-issue",
    "rule-add",
    "rule-end",
];

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

async fn perform(desk: &Desk, act: &str, entered: &Entered) -> Result<Option<Markup>, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    desk.actor.require(&[role::ADMINISTRATOR])?;
    let today = desk.actor.today();
    let staff_client = desk.place.staff.client().await?;
    let client = desk.place.office.database.client().await?;
    let detail = json!({
        "id": entered.id, "role": entered.role, "procedure": entered.procedure,
        "manner": entered.manner,
    });
    if !ACTS.contains(&act) {
        return Err(Refusal::NotFound);
    }
    let action = format!("administration.{act}");
    desk.actor.audit(&**client, &action, "管理", Vec::new(), detail).await?;
    match act {
        "role-grant" => role_grant(&**staff_client, &entered.id, &entered.role, today).await?,
        "role-end" => role_end(&**staff_client, &entered.id, &entered.role, today).await?,
        "account-unlock" => account_unlock(&**staff_client, &entered.id).await?,
        "account-end" => account_end(&**staff_client, &entered.id, today).await?,
        "account-create" => return create(desk, entered).await.map(Some),
        "password-issue" => return issue(desk, entered).await.map(Some),
        "rule-add" => {
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
        "rule-end" => {
            let id = entered.id.parse().map_err(|_| Refusal::NotFound)?;
            decision_rule_end(&**client, id, today).await?;
        }
        _ => return Err(Refusal::NotFound),
    }
    Ok(None)
}

fn day_of(text: &str) -> Result<base::date::Date, Refusal> {
    let invalid = |message: String| {
        Refusal::Office(OfficeError::Invalid(vec![Finding::error(Some("from".into()), message)]))
    };
    let date = LooseDate::parse(text).map_err(|error| invalid(error.to_string()))?;
    date.certain().ok_or_else(|| invalid("年月日をすべて入力してください".to_owned()))
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
             The first sign-in asks for a new password.")) }
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
