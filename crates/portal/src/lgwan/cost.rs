//! What the cloud costs a municipality and why: its shares of the bills by the four methods side by
//! side, month by month, against its budget; its deposit and its subsidies. Every amount is derived
//! elsewhere; nothing is entered here but the figures of the goal.

mod deposit;
pub mod focus;
pub mod goal;
pub mod what_if;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Query;
use axum::response::Response;
use base::date::{Date, day_in_japan};
use base::money::Yen;
use cloud::cost::allocate::Method;
use cloud::cost::forecast::{
    Alarm, Forecast, alarms, first_month, fiscal_year, year_forecast_from,
};
use jiff::Span;
use maud::{Markup, html};
use serde::Deserialize;
use store::Client;
use store::control::cost::{Budget, OwnShare, budget_list, goal_stated, own_shares};
use store::control::deposit::{entry_list, statement_list};
use store::control::subsidy::{Subsidy, subsidy_list};
use store::control::{Contract, contract_list};

use super::Buyer;
use super::contract::name;
use crate::component::bar::bar;
use crate::component::chart::{Chart, Month, chart};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;

/// Months that are shown.
const MONTHS: i64 = 13;

/// Which month is shown in detail.
#[derive(Deserialize)]
pub struct Asked {
    month: Option<String>,
}

/// The whole page.
pub async fn all(buyer: Buyer, Query(asked): Query<Asked>) -> Response {
    buyer.answer(shown(&buyer, asked.month.as_deref()).await)
}

/// What is known of the cost.
struct Known {
    shares: Vec<OwnShare>,
    budget: Option<Budget>,
    /// The present fiscal year.
    year: i16,
    /// Yen of its months by usage, so far and in the end.
    of_year: BTreeMap<Date, (i64, i64)>,
    /// The month of it from which the body pays.
    first: Option<Date>,
    forecast: Result<Forecast, String>,
    /// System → its name.
    names: BTreeMap<String, String>,
}

impl Known {
    /// Yen of a month by a method.
    fn total(&self, month: Date, method: Method) -> Option<i64> {
        let own = self.shares.iter().filter(|it| it.month == month && it.method == method.term());
        own.map(|it| it.yen).reduce(|sum, yen| sum.saturating_add(yen))
    }

    fn months(&self) -> BTreeSet<Date> {
        self.shares.iter().map(|it| it.month).collect()
    }
}

async fn known(buyer: &Buyer, client: &Client) -> Result<Known, Refusal> {
    let today = buyer.actor.today();
    let since = today.first_of_month().saturating_sub(Span::new().months(MONTHS));
    let year = fiscal_year(today);
    let budgets = budget_list(&**client, i32::from(year)).await?;
    let mut known = Known {
        shares: own_shares(&**client, since).await?,
        budget: budgets.into_iter().find(|it| it.organisation.is_some()),
        year,
        of_year: BTreeMap::new(),
        first: None,
        forecast: Err(String::new()),
        names: BTreeMap::new(),
    };
    let contracts = contract_list(&**client).await?;
    let since = contracts.iter().filter_map(began).min();
    for contract in contracts {
        let words = name(buyer, &contract.offer).to_owned();
        known.names.insert(contract.offer.system, words);
    }
    known.of_year = known
        .months()
        .into_iter()
        .filter(|month| fiscal_year(*month) == year)
        .filter_map(|month| known.total(month, Method::Usage).map(|yen| (month, (yen, yen))))
        .collect();
    known.first = first_month(&known.of_year, since, year);
    if let Some(first) = known.first {
        known.forecast = year_forecast_from(&known.of_year, first);
    }
    Ok(known)
}

async fn shown(buyer: &Buyer, month: Option<&str>) -> Result<Response, Refusal> {
    let today = buyer.actor.today();
    let client = buyer.cloud().await?;
    let known = known(buyer, &client).await?;
    let months = known.months();
    let asked = month.and_then(|text| format!("{text}-01").parse::<Date>().ok());
    let month = asked.filter(|it| months.contains(it)).or(months.last().copied());
    let deposits = statement_list(&*client, today).await?;
    let booked = entry_list(&*client, today, deposit::ENTRIES).await?;
    let subsidies = subsidy_list(&*client).await?;
    let stated = goal_stated(&*client).await?;
    let warned = warnings(&known);
    let notices = warned.iter().map(|it| Notice::new(tone(it), &it.words)).collect();
    let content = html! {
        (section(buyer.say("今年度の見込み", "This fiscal year"), outlook(buyer, &known)))
        (section(buyer.say("月ごとの費用", "By month"), by_month(buyer, &known)))
        @if let Some(month) = month {
            (section(&month_words(buyer, month), in_detail(buyer, &known, month)))
        }
        (section(buyer.say("三割削減の目標", "The goal: 30 % less"),
            goal::brief(buyer, &known, &stated)))
        (section(buyer.say("保管金", "Deposit"), html! {
            p { a href=(buyer.href("/bill/invoices")) { (buyer.say("発行された請求書", "Invoices")) } }
            (deposit::all(buyer, &deposits, &booked))
        }))
        (section(buyer.say("補助金", "Subsidies"), subsidy(buyer, &subsidies)))
    };
    Ok(buyer.page(buyer.say("クラウドの費用", "Cost of the cloud"), notices, content))
}

/// The month in which a contract came into service.
fn began(contract: &Contract) -> Option<Date> {
    contract.opened_at.map(|at| day_in_japan(at).first_of_month())
}

fn warnings(known: &Known) -> Vec<Alarm> {
    match (&known.forecast, &known.budget) {
        (Ok(forecast), Some(budget)) => alarms(forecast, budget.yen).into_iter().take(1).collect(),
        _ => Vec::new(),
    }
}

fn tone(alarm: &Alarm) -> Tone {
    match (alarm.reached, alarm.part) {
        (true, 100..) => Tone::Danger,
        (_, 100..) => Tone::Warning,
        _ => Tone::Information,
    }
}

fn yen(buyer: &Buyer, amount: i64) -> String {
    let unit = buyer.say("円", " yen");
    format!("{}{unit}", Yen(amount).grouped())
}

pub(super) fn month_words(buyer: &Buyer, month: Date) -> String {
    match buyer.language {
        Language::Japanese => month.strftime("%Y年%-m月").to_string(),
        Language::English => month.strftime("%Y-%m").to_string(),
    }
}

fn outlook(buyer: &Buyer, known: &Known) -> Markup {
    html! {
        @match &known.forecast {
            Ok(forecast) => {
                p { strong { (known.year) (buyer.say("年度の見込み ", ": ")) (yen(buyer, forecast.forecast)) } }
                p lang="ja" { (forecast.trace) }
            }
            Err(open) if open.is_empty() => p {
                (buyer.say("今年度の請求がまだないため、見込みを出せません。",
                    "No bill of this fiscal year yet: nothing can be forecast."))
            }
            Err(open) => {
                p { (buyer.say("今年度の見込みを出せません。足りない月の請求が取り込まれると出ます。",
                    "The year cannot be forecast until the bill of the month below is imported.")) }
                p lang="ja" { (open) }
            }
        }
        @match &known.budget {
            Some(budget) => p { (buyer.say("予算（消費税を除いて比べます） ",
                "Budget (compared without tax) ")) (yen(buyer, budget.yen))
                "（" span lang="ja" { (budget.source) } "）" }
            None => p { (buyer.say("予算は登録されていません。", "No budget is entered.")) }
        }
        @if !known.of_year.is_empty() {
            p { a href=(buyer.href("/cost/what-if")) {
                (buyer.say("もし為替が別だったら", "At another rate of exchange")) } }
        }
    }
}

/// The months as a chart, the oldest first, against an even part of the budget.
fn drawn(buyer: &Buyer, known: &Known, months: &[(Date, i64)]) -> Markup {
    let label = |month: Date| match buyer.language {
        Language::Japanese => month.strftime("%-m月").to_string(),
        Language::English => month.strftime("%b").to_string(),
    };
    let columns: Vec<Month> = months
        .iter()
        .rev()
        .map(|(month, total)| Month {
            label: label(*month),
            value: *total,
            number: short(buyer, *total),
        })
        .collect();
    let line = known.budget.as_ref().map(|it| it.yen / 12);
    let name = line.map(|it| {
        format!("{} {}", buyer.say("予算の一か月分", "A twelfth of the budget"), yen(buyer, it))
    });
    chart(&Chart {
        title: buyer.say("月ごとの費用の図", "Chart of the cost by month"),
        words: buyer.say("同じ数が下の表にあります。", "The table below has the same numbers."),
        months: &columns,
        line: line.zip(name.as_deref()),
    })
}

/// An amount as short as a column is wide: ten thousands of yen with one decimal, cut.
fn short(buyer: &Buyer, amount: i64) -> String {
    match buyer.language {
        Language::Japanese => {
            let sign = if amount < 0 { "-" } else { "" };
            let tenths = amount.unsigned_abs() / 1_000;
            format!("{sign}{}.{}万", tenths / 10, tenths % 10)
        }
        Language::English => format!("{}k", amount / 1_000),
    }
}

fn by_month(buyer: &Buyer, known: &Known) -> Markup {
    let months = known.months().into_iter().rev();
    // A month that is open by usage is no month of nothing: the table below says so.
    let months: Vec<(Date, i64)> =
        months.filter_map(|it| Some((it, known.total(it, Method::Usage)?))).collect();
    let totals: Vec<i64> = months.iter().map(|it| it.1).collect();
    let most = totals.iter().copied().max().unwrap_or_default();
    html! {
        (drawn(buyer, known, &months))
        (in_rows(buyer, known, (&months, most)))
    }
}

fn in_rows(buyer: &Buyer, known: &Known, (months, most): (&[(Date, i64)], i64)) -> Markup {
    let words: Vec<(String, String, String, String)> = months
        .iter()
        .map(|(month, total)| {
            let residents =
                known.shares.iter().find(|it| it.month == *month && it.residents.is_some());
            let each = residents.and_then(|it| it.residents).filter(|it| *it > 0);
            let each =
                each.map_or("―".to_owned(), |it| format!("{:.1}", *total as f64 / it as f64));
            let href = buyer.href(&format!("/cost?month={}", month.strftime("%Y-%m")));
            (month_words(buyer, *month), Yen(*total).grouped(), each, href)
        })
        .collect();
    let rows = words
        .iter()
        .zip(months)
        .map(|((month, total, each, href), (_, value))| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(month),
                Cell::Text(total),
                Cell::Text(each),
                Cell::Component(bar(*value, most)),
            ],
        })
        .collect();
    table(&Table {
        caption: buyer.say(
            "利用量による按分の額（消費税を除く。請求書では加わります）",
            "By usage, without tax (the invoice adds it)",
        ),
        columns: vec![
            Column::text(buyer.say("月", "Month")),
            Column::number(buyer.say("額（円）", "Yen")),
            Column::number(buyer.say("住民一人当たり（円）", "Yen a resident")),
            Column::text(buyer.say("比べる", "Compared")),
        ],
        rows,
        empty: buyer.say(
            "請求がまだ按分されていません。国の運用担当が毎月の請求を取り込むと、ここに出ます。",
            "No bill was allocated yet. It appears here when the operator has imported it.",
        ),
        stacked: true,
    })
}

fn method_words(buyer: &Buyer, method: Method) -> &'static str {
    let english = match method {
        Method::Usage => "By usage",
        Method::Equal => "Equal parts",
        Method::Score => "By points",
        Method::Legacy => "As before",
    };
    match buyer.language {
        Language::Japanese => method.term(),
        Language::English => english,
    }
}

fn in_detail(buyer: &Buyer, known: &Known, month: Date) -> Markup {
    let own: Vec<&OwnShare> = known.shares.iter().filter(|it| it.month == month).collect();
    let systems: BTreeSet<&str> = own.iter().map(|it| it.system.as_str()).collect();
    let amount = |system: Option<&str>, method: Method| {
        let of = |it: &&&OwnShare| {
            it.method == method.term() && system.is_none_or(|system| it.system == system)
        };
        let found = own.iter().filter(of).map(|it| it.yen).reduce(|sum, it| sum.saturating_add(it));
        found.map_or("―".to_owned(), |it| Yen(it).grouped())
    };
    let line = |words: &str, system: Option<&str>| {
        let mut cells = vec![words.to_owned()];
        cells.extend(Method::ALL.map(|method| amount(system, method)));
        cells
    };
    let named = |system: &str| known.names.get(system).cloned().unwrap_or(system.to_owned());
    let mut words: Vec<Vec<String>> =
        systems.iter().map(|system| line(&named(system), Some(system))).collect();
    words.push(line(buyer.say("合計", "Total"), None));
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    let mut columns = vec![Column::text(buyer.say("業務", "Business"))];
    columns.extend(Method::ALL.map(|method| Column::number(method_words(buyer, method))));
    html! {
        (table(&Table {
            caption: buyer.say(
                "四つの按分を並べたもの（円、消費税を除く）",
                "Four allocations side by side (yen, without tax)",
            ),
            columns,
            rows,
            empty: "",
            stacked: true,
        }))
        (disclosure(buyer.say("額がどう出たか", "How the amounts come about"), html! {
            @for share in &own {
                p lang="ja" { (named(&share.system)) "　" (share.method) "　" (share.trace) }
            }
        }))
        (focus::links(buyer, (month, &own)))
    }
}

fn subsidy(buyer: &Buyer, list: &[Subsidy]) -> Markup {
    let amount = |yen: Option<i64>| yen.map_or("―".to_owned(), |it| Yen(it).grouped());
    let words: Vec<[String; 6]> = list
        .iter()
        .map(|it| {
            let year = it.fiscal_year.to_string();
            let (applied, decided) = (amount(Some(it.applied_yen)), amount(it.decided_yen));
            let settled = amount(it.settled_yen);
            [it.programme.clone(), year, it.state.clone(), applied, decided, settled]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Japanese(it)).collect() })
        .collect();
    html! {
        (table(&Table {
            caption: buyer.say("申請から精算まで（円）", "From application to settlement (yen)"),
            columns: vec![
                Column::text(buyer.say("事業", "Programme")),
                Column::number(buyer.say("年度", "Year")),
                Column::text(buyer.say("状態", "State")),
                Column::number(buyer.say("申請", "Applied for")),
                Column::number(buyer.say("交付決定", "Decided")),
                Column::number(buyer.say("額の確定", "Settled")),
            ],
            rows,
            empty: buyer.say("申請した補助金はありません。", "No subsidy was applied for."),
            stacked: true,
        }))
        @for one in list.iter().filter(|it| !it.trace.is_empty()) {
            p lang="ja" { (one.programme) "　" (one.trace) }
        }
    }
}
