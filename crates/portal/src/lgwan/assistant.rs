//! 運用管理補助者: vendors that the body names for its own environment, by two of its people, for a time,
//! and until it takes that back. No vendor sees a resident by it.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use base::date::Date;
use maud::{Markup, html};
use store::control::assistant::{
    Assistant, NewAssistant, assistant_list, assistant_name, assistant_step, assistant_vendors,
};
use store::{Client, StoreError};

use super::Buyer;
use super::group::{Given, may, see, sending};
use crate::component::day::day_text;
use crate::component::form::{
    ButtonKind, Choice, button, date, error_summary, field_row, select, text, textarea,
};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// The most letters of a text, and the most days.
const TEXT: usize = 2000;
const DAYS: i64 = 1830;

/// Those that were named, and the form for another.
pub async fn all(buyer: Buyer) -> Response {
    buyer.answer(listed(&buyer, &Given::default()).await)
}

async fn listed(buyer: &Buyer, given: &Given) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let named = assistant_list(&*client).await?;
    let vendors = assistant_vendors(&*client).await?;
    let content = html! {
        (error_summary(buyer.language, &given.errors()))
        p { (buyer.say("運用管理補助者は、この団体の環境の状態（業務システムと契約の状態）と障害を見守る事業者です。\
            住民の情報、金額、職員は見えません。二人で決め、期間を区切り、いつでも取り消せます。",
            "A vendor that looks after this body's environment: systems, states of contracts and \
            incidents. No resident, no amount, no staff. Named by two, for a time, revocable.")) }
        (list(buyer, &named))
        @if may(buyer) {
            @for one in named.iter().filter(|it| ["案", "指定"].contains(&it.state.as_str())) {
                (open(buyer, one, given))
            }
            (naming(buyer, &vendors, given))
        }
    };
    let title = buyer.say("運用管理補助者", "Assistants");
    Ok(given.status(buyer.page(title, Vec::new(), content)))
}

/// Who looks after the environment today, in one sentence; nothing where nobody does.
pub(super) async fn in_force(buyer: &Buyer, client: &Client) -> Result<Markup, Refusal> {
    let today = buyer.actor.today();
    let named = assistant_list(&**client).await?;
    let names: Vec<String> = named
        .iter()
        .filter(|one| one.is_in_force(today))
        .map(|one| format!("{}（{}まで）", one.vendor_name, day_text(buyer.language, one.days.1)))
        .collect();
    Ok(html! {
        @if !names.is_empty() {
            p { (buyer.say("運用管理補助者: ", "Assistants: ")) span lang="ja" { (names.join("、")) } "　"
                (buyer.say("見えるのは業務システムの状態と障害だけです。",
                    "They see states of systems and incidents only.")) " "
                a href=(buyer.href("/assistants")) { (buyer.say("指定と取消し", "Name and take back")) } }
        }
    })
}

/// How one stands on a day.
fn standing(one: &Assistant, today: Date) -> String {
    match one.state.as_str() {
        "指定" if today < one.days.0 => "指定（期間の前）".to_owned(),
        "指定" if one.days.1 < today => "指定（期間が過ぎた）".to_owned(),
        "指定" => "指定（期間中）".to_owned(),
        state => state.to_owned(),
    }
}

fn list(buyer: &Buyer, named: &[Assistant]) -> Markup {
    let lines: Vec<[String; 6]> = named
        .iter()
        .map(|one| {
            let day = |day| day_text(buyer.language, day);
            let decided = one.decided.as_ref().map(|(_, who)| who.clone()).unwrap_or_default();
            let ended = one.ended.as_ref().map(|(_, who)| format!("{who}　{}", one.reason));
            [
                one.vendor_name.clone(),
                standing(one, buyer.actor.today()),
                format!("{}～{}", day(one.days.0), day(one.days.1)),
                one.duties.clone(),
                format!("{}　→　{decided}", one.named.1),
                ended.unwrap_or_default(),
            ]
        })
        .collect();
    let rows = lines
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("この団体の運用管理補助者", "Assistants of this body"),
        columns: vec![
            Column::text(buyer.say("事業者", "Vendor")),
            Column::text(buyer.say("状態", "State")),
            Column::text(buyer.say("期間", "Days")),
            Column::text(buyer.say("すること", "Duties")),
            Column::text(buyer.say("起案 → 決裁", "Named → decided")),
            Column::text(buyer.say("取りやめた人と理由", "Taken back")),
        ],
        rows,
        empty: buyer.say("いません。", "None."),
        stacked: true,
    })
}

/// What can be done about one that waits or is in force.
fn open(buyer: &Buyer, one: &Assistant, given: &Given) -> Markup {
    let at = |step: &str| format!("/assistants/{}/{step}", one.id);
    let is_own = one.named.1 == buyer.actor.id;
    let which = given.value("assistant") == one.id.to_string();
    let empty = Given::default();
    let given = if which { given } else { &empty };
    let revoke = format!("{}　{}", one.vendor_name, buyer.say("を取り消す", "– take back"));
    section(
        &one.vendor_name,
        html! {
            @if one.state == "案" {
                @if is_own {
                    p { (buyer.say("決裁は、起案した人とは別の人がします。", "Somebody else decides.")) }
                } @else {
                    (sending(buyer, &at("decide"),
                        button(ButtonKind::Primary, buyer.say("指定を決裁する", "Decide"))))
                }
                (sending(buyer, &at("withdraw"),
                    button(ButtonKind::Secondary, buyer.say("取り下げる", "Withdraw"))))
            } @else {
                (disclosure(&revoke, sending(buyer, &at("revoke"), html! {
                    (crate::component::form::hidden("assistant", &one.id.to_string()))
                    (textarea(&given.field(buyer, "reason", buyer.say("取消しの理由", "Reason")), 2))
                    (button(ButtonKind::Secondary, buyer.say("取り消す", "Take back")))
                })))
            }
        },
    )
}

fn naming(buyer: &Buyer, vendors: &[(String, String)], given: &Given) -> Markup {
    let choices: Vec<Choice<'_>> =
        vendors.iter().map(|(id, name)| Choice::recorded(id, name)).collect();
    section(
        buyer.say("指定を起案する", "Name a vendor"),
        sending(
            buyer,
            "/assistants",
            html! {
                (select(&given.field(buyer, "vendor", buyer.say("事業者", "Vendor")), &choices))
                (text(&given.field(buyer, "duties", buyer.say("すること", "Duties"))))
                (field_row(&[
                    date(&given.field(buyer, "from", buyer.say("初めの日", "First day"))),
                    date(&given.field(buyer, "until", buyer.say("終わりの日", "Last day"))),
                ]))
                (button(ButtonKind::Primary, buyer.say("起案する", "Draft")))
            },
        ),
    )
}

/// A day that was entered, or what is wrong with it.
fn day(given: &mut Given, field: &'static str) -> Option<Date> {
    match base::era::parse(given.value(field)) {
        Ok(day) => Some(day),
        Err(why) => {
            given.fault(field, &why.to_string());
            None
        }
    }
}

/// Names a vendor.
pub async fn name(buyer: Buyer, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let client = buyer.cloud().await?;
        let vendors = assistant_vendors(&*client).await?;
        if vendors.iter().all(|(id, _)| id != given.value("vendor")) {
            given.fault("vendor", "カタログに申出のある事業者から選んでください");
        }
        given.needs("duties", ("何をしてもらうかを入れてください", TEXT));
        let days = day(&mut given, "from").zip(day(&mut given, "until"));
        if let Some((from, until)) = days {
            if until < from || until < buyer.actor.today() {
                given.fault("until", "初めの日と今日より前にはできません");
            } else if from.until(until).is_ok_and(|span| i64::from(span.get_days()) >= DAYS) {
                given.fault("until", "五年を超える期間にはできません");
            }
        }
        let (Some(days), true) = (days, given.faults.is_empty()) else {
            drop(client);
            return listed(&buyer, &given).await;
        };
        let new =
            NewAssistant { vendor: given.value("vendor"), duties: given.value("duties"), days };
        match assistant_name(&*client, &new, &buyer.actor.id).await {
            Err(StoreError::Conflict(said)) => {
                given.fault("vendor", buyer.say(&said.ja, &said.en));
                drop(client);
                listed(&buyer, &given).await
            }
            named => named.map(|_| see(&buyer, "/assistants")).map_err(Refusal::from),
        }
    };
    buyer.answer(made.await)
}

/// Decides, withdraws or takes back.
pub async fn step(
    buyer: Buyer,
    Path((_, id, step)): Path<(String, i64, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        buyer.check(entered.get("csrf").map(String::as_str))?;
        let mut given = Given::of(entered);
        let to = match step.as_str() {
            "decide" => "指定",
            "withdraw" => "取下げ",
            "revoke" => "取消",
            _ => return Err(Refusal::NotFound),
        };
        if to == "取消" {
            given.needs("reason", ("取消しの理由を入れてください", TEXT));
        }
        if !given.faults.is_empty() {
            return listed(&buyer, &given).await;
        }
        let client = buyer.cloud().await?;
        if assistant_list(&*client).await?.iter().all(|one| one.id != id) {
            return Err(Refusal::NotFound);
        }
        let said = (buyer.actor.id.as_str(), given.value("reason"));
        assistant_step(&*client, (id, to), said).await?;
        Ok(see(&buyer, "/assistants"))
    };
    buyer.answer(made.await)
}
