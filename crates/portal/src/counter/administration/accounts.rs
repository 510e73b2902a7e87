//! The accounts of the staff: who they are, and the forms that change them. It never shows a
//! password or a secret.

use maud::{Markup, html};
use office::access::role;
use store::identity::{account_list, roles_of};

use super::grid;
use crate::component::day::day_text;
use crate::component::form::{
    ButtonKind, Choice, Field, PasswordUse, PostForm, Width, button, field_row, fieldset, password,
    post_form, select, text,
};
use crate::component::language::Language;
use crate::component::page::disclosure;
use crate::counter::desk::Desk;
use crate::counter::refusal::Refusal;

/// The section's content.
pub(super) async fn accounts(desk: &Desk) -> Result<Markup, Refusal> {
    let client = desk.place.staff.client().await?;
    let today = desk.actor.today();
    let mut rows = Vec::new();
    for account in account_list(&**client).await? {
        let roles = roles_of(&**client, &account.id, today).await?;
        let names: Vec<&str> = roles.iter().map(|id| role_name(desk, id)).collect();
        let state = match account.locked_until {
            _ if account.valid_to <= today => desk.say("終了", "Ended"),
            Some(until) if until > desk.actor.at => desk.say("ロック中", "Locked"),
            _ => desk.say("有効", "Valid"),
        };
        let expires = day_text(desk.language, account.password_expires_on);
        let texts = vec![
            account.id.clone(),
            named(desk, &account.name),
            names.join(desk.say("・", ", ")),
            state.to_owned(),
            expires,
        ];
        rows.push((account.id, texts));
    }
    let heads = [
        desk.say("職員ID", "Staff ID"),
        desk.say("氏名", "Name"),
        desk.say("役割", "Roles"),
        desk.say("状態", "State"),
        desk.say("パスワードの期限", "Password until"),
    ];
    let texts: Vec<Vec<String>> = rows.iter().map(|(_, texts)| texts.clone()).collect();
    let acts = desk.say(
        "役割・ロック・パスワード・ワンタイムコード・終了",
        "Roles, locks, passwords, codes, ends",
    );
    Ok(html! {
        (grid(desk, desk.say("職員の一覧", "Accounts"), &heads, &texts))
        (disclosure(acts, account_act(desk, &rows)))
        (account_form(desk))
    })
}

/// The name of a person, quoted where the page is English.
fn named(desk: &Desk, name: &str) -> String {
    match desk.language {
        Language::Japanese => name.to_owned(),
        Language::English => format!("“{name}”"),
    }
}

fn account_act(desk: &Desk, rows: &[(String, Vec<String>)]) -> Markup {
    let names: Vec<(&str, String)> =
        rows.iter().map(|(id, texts)| (id.as_str(), format!("{} ({id})", texts[1]))).collect();
    let choices: Vec<Choice<'_>> = names.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let roles = role_choices(desk);
    let acts = [
        ("role-grant", "役割を与える", "Grant the role"),
        ("role-end", "役割を終える", "End the role"),
        ("account-unlock", "ロックを解除する", "Unlock"),
        (
            "password-issue",
            "一度だけのパスワードを発行する（忘れたとき）",
            "Issue a one-time password",
        ),
        (
            "code-reissue",
            "ワンタイムパスワードを再登録させる（端末をなくしたとき）",
            "Have one-time codes registered anew",
        ),
        ("account-end", "職員IDを終える", "End the account"),
    ];
    html! {
        @for (act, ja, en) in acts {
            @let action = desk.href(&format!("/administration/{act}"));
            @let csrf = &desk.csrf;
            @let form = PostForm { action: &action, csrf, enter: None, multipart: false };
            @let ends = act == "account-end";
            @let kind = if ends { ButtonKind::Danger } else { ButtonKind::Secondary };
            (post_form(&form, fieldset(desk.say(ja, en), "", html! {
                (field_row(&[
                    select(&Field::new(desk.language, "id", desk.say("職員", "Account")).required(true).width(Width::Medium), &choices),
                    if act.starts_with("role") {
                        select(&Field::new(desk.language, "role", desk.say("役割", "Role")).required(true).width(Width::Medium), &roles)
                    } else { html! {} },
                ]))
                @if act == "code-reissue" {
                    (text(&Field::new(desk.language, "reason",
                        desk.say("理由と、本人をどう確かめたか", "Reason, and how the person was checked"))
                        .required(true)))
                }
                (button(kind, desk.say(ja, en)))
            })))
        }
    }
}

/// Every role, to choose from.
pub(super) fn role_choices(desk: &Desk) -> Vec<Choice<'static>> {
    role::ALL.iter().map(|(id, ja, en)| Choice::new(id, desk.say(ja, en))).collect()
}

/// What a role is called in the reader's language.
pub(super) fn role_name<'a>(desk: &Desk, id: &'a str) -> &'a str {
    let known = role::ALL.iter().find(|(known, ..)| *known == id);
    known.map_or(id, |(_, ja, en)| desk.say(ja, en))
}

fn account_form(desk: &Desk) -> Markup {
    let action = desk.href("/administration/account-create");
    let roles = role_choices(desk);
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
                    select(&Field::new(desk.language, "role", desk.say("役割", "Role")).required(true).width(Width::Medium), &roles),
                ]))
                (password(&Field::new(desk.language, "password",
                    desk.say("初期パスワード（12文字以上）", "First password (12 characters or more)")).required(true),
                    PasswordUse::New))
                (button(ButtonKind::Primary, label))
            },
        ),
    )
}
