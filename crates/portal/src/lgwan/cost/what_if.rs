//! 為替の想定: a rate is typed, and the page says what this fiscal year would come to at it, beside what
//! it comes to now, with its working. Nothing is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::extract::Query;
use axum::response::Response;
use base::date::Date;
use base::money::Yen;
use cloud::cost::allocate::Foreign;
use cloud::cost::forecast::{Forecast, year_forecast_from};
use cloud::cost::rate;
use cloud::cost::what_if::{Other, month_at, written};
use maud::{Markup, html};
use store::control::cost::{MadeCurrency, own_currencies};

use super::{Buyer, Known, known, month_words, yen};
use crate::component::form::{
    ButtonKind, Choice, Width, button, error_summary, get_form, select, text,
};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone};
use crate::component::page::disclosure;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::counter::refusal::Refusal;
use crate::lgwan::group::Given;

/// What a month has in each currency.
type Made = BTreeMap<Date, Vec<Foreign>>;

/// The page: the form, and what was asked for.
pub async fn form(buyer: Buyer, Query(asked): Query<HashMap<String, String>>) -> Response {
    buyer.answer(shown(&buyer, Given::of(asked)).await)
}

async fn shown(buyer: &Buyer, mut given: Given) -> Result<Response, Refusal> {
    let client = buyer.cloud().await?;
    let known = known(buyer, &client).await?;
    let april = known.of_year.keys().next().copied().unwrap_or(buyer.actor.today());
    let made = made_of(own_currencies(&*client, april).await?);
    let older: Vec<Date> =
        known.of_year.keys().filter(|month| !made.contains_key(month)).copied().collect();
    let foreign: BTreeSet<&str> = made
        .iter()
        .filter(|(month, _)| known.of_year.contains_key(month))
        .flat_map(|(_, parts)| parts.iter().map(|it| it.currency.as_str()))
        .filter(|it| *it != "JPY")
        .collect();
    let title = buyer.say("もし為替が別だったら", "At another rate of exchange");
    let notice = nothing(buyer, &known, (&older, &foreign));
    if let Some(said) = notice {
        let notice = Notice::new(Tone::Information, &said);
        return Ok(buyer.page(title, vec![notice], back(buyer)));
    }
    if given.value("currency").is_empty() {
        let first = foreign.first().copied().unwrap_or_default().to_owned();
        given.entered.insert("currency".to_owned(), first);
    }
    let worked = worked(buyer, (&known, &made, &foreign), &mut given);
    let content = html! {
        (error_summary(buyer.language, &given.errors()))
        p { (buyer.say("為替を入れると、今年度の費用がいくらになるかを、いまの額と並べて示します。何も保存しません。",
            "Type a rate to see what this fiscal year would come to, beside what it comes to now. \
             Nothing is kept.")) }
        (asking(buyer, &foreign, &given))
        @if let Some(content) = worked { (content) }
        (back(buyer))
    };
    Ok(given.status(buyer.page(title, Vec::new(), content)))
}

fn back(buyer: &Buyer) -> Markup {
    html! { p { a href=(buyer.href("/cost")) { (buyer.say("費用に戻る", "Back to cost")) } } }
}

fn made_of(rows: Vec<(Date, MadeCurrency)>) -> Made {
    let mut made = Made::new();
    for (month, row) in rows {
        let [amount, yen] = row.micro.map(|it| it.parse::<i128>().unwrap_or_default());
        made.entry(month).or_default().push(Foreign { currency: row.currency, amount, yen });
    }
    made
}

/// Why there is nothing to ask.
fn nothing(
    buyer: &Buyer,
    known: &Known,
    (older, foreign): (&[Date], &BTreeSet<&str>),
) -> Option<String> {
    if known.of_year.is_empty() {
        let said = buyer.say(
            "今年度の請求がまだ按分されていません。",
            "No bill of this fiscal year was allocated yet.",
        );
        return Some(said.to_owned());
    }
    if !older.is_empty() {
        let months: Vec<String> = older.iter().map(|it| month_words(buyer, *it)).collect();
        let months = months.join(buyer.say("、", ", "));
        let why = super::focus::older_words(buyer);
        return Some(match buyer.language {
            Language::Japanese => format!("{months}の通貨ごとの内訳がありません。{why}"),
            Language::English => format!("No currencies are known of {months}. {why}"),
        });
    }
    foreign.is_empty().then(|| {
        buyer
            .say(
                "今年度の費用に、外国の通貨で請求されたものはありません。為替が変わっても額は同じです。",
                "Nothing of this fiscal year was billed in a foreign currency: no rate changes it.",
            )
            .to_owned()
    })
}

fn asking(buyer: &Buyer, foreign: &BTreeSet<&str>, given: &Given) -> Markup {
    let choices: Vec<Choice<'_>> = foreign.iter().map(|it| Choice::new(it, it)).collect();
    let label = buyer.say("1 単位が何円か", "Yen a unit");
    let hint = buyer.say("例：160、139.55（小数は六桁まで）", "For example 160 or 139.55");
    get_form(
        buyer.say("為替の想定", "Another rate"),
        &buyer.href("/cost/what-if"),
        html! {
            (select(&given.field(buyer, "currency", buyer.say("通貨", "Currency")), &choices))
            (text(&given.field(buyer, "rate", label).width(Width::Short).hint(hint)))
            (button(ButtonKind::Primary, buyer.say("計算する", "Work it out")))
        },
    )
}

/// What was asked for; nothing before a rate is typed, faults at the fields.
fn worked(
    buyer: &Buyer,
    (known, made, foreign): (&Known, &Made, &BTreeSet<&str>),
    given: &mut Given,
) -> Option<Markup> {
    given.entered.get("rate")?;
    let currency = given.value("currency").to_owned();
    if !foreign.contains(currency.as_str()) {
        given.fault("currency", buyer.say("通貨を選んでください", "Choose a currency"));
    }
    let plain = base::text::to_half_width(given.value("rate")).replace(',', "");
    let rate = rate::read(plain.trim().trim_end_matches('円').trim_end());
    let Some(rate) = rate.filter(|_| given.faults.is_empty()) else {
        if rate.is_none() {
            given.fault(
                "rate",
                buyer.say(
                    "0 より大きい数で入れてください（例：160、139.55。小数は六桁まで）",
                    "Enter a number above 0, for example 160 or 139.55 (at most six decimals)",
                ),
            );
        }
        return None;
    };
    let months = at_rate(known, made, (&currency, rate));
    if months.is_none() {
        given.fault(
            "rate",
            buyer.say(
                "大きすぎて計算できません。為替を確かめてください",
                "Too large to work out; look at the rate again",
            ),
        );
    }
    Some(result(buyer, known, (&currency, rate), &months?))
}

/// The months of the year at the rate; `None` beyond all bounds.
fn at_rate(
    known: &Known,
    made: &Made,
    (currency, rate): (&str, i64),
) -> Option<Vec<(Date, i64, Foreign, Other)>> {
    let month = |(month, (yen, _)): (&Date, &(i64, i64))| {
        let none = Foreign { currency: currency.to_owned(), amount: 0, yen: 0 };
        let part = made.get(month)?.iter().find(|it| it.currency == currency);
        let part = part.cloned().unwrap_or(none);
        let other = month_at(*month, *yen, &part, rate)?;
        Some((*month, *yen, part, other))
    };
    known.of_year.iter().map(month).collect()
}

fn result(
    buyer: &Buyer,
    known: &Known,
    (currency, rate): (&str, i64),
    months: &[(Date, i64, Foreign, Other)],
) -> Markup {
    let others = months.iter().map(|(month, .., other)| (*month, (other.yen, other.yen)));
    let others: BTreeMap<Date, (i64, i64)> = others.collect();
    let then = known.first.map(|first| year_forecast_from(&others, first));
    let at = format!("1 {currency} = {}{}", rate::written(rate), buyer.say("円", " yen"));
    html! {
        h2 { (at) }
        @match (&known.forecast, then) {
            (Ok(now), Some(Ok(then))) => (year(buyer, known.year, (now, &then))),
            (Err(open), _) => p lang="ja" { (open) },
            (_, Some(Err(open))) => p lang="ja" { (open) },
            _ => {},
        }
        (in_rows(buyer, months))
        (disclosure(buyer.say("額がどう出たか", "How the amounts come about"), html! {
            @for (.., other) in months { p lang="ja" { (other.trace) } }
        }))
        p { (buyer.say("前提: 年度のどの日もこの為替とします。利用量による按分で、消費税を除きます。円で請求される分は変わりません。\
            共通費を分ける割合はいまのままとします。請求済みの月の請求額は、為替で変わることはありません。",
            "Assumed: this rate on every day of the year; by usage, without tax. What is billed in \
             yen stays, and so does the proportion of the shared part. Invoices that were issued \
             do not change.")) }
    }
}

/// The year at both rates, and with only the months that are left at the other one.
fn year(buyer: &Buyer, year: i16, (now, then): (&Forecast, &Forecast)) -> Markup {
    let left = then.forecast.checked_sub(then.actual).and_then(|it| it.checked_add(now.actual));
    let signed = |from: i64, to: i64| {
        let difference = to.saturating_sub(from);
        let sign = if difference > 0 { "+" } else { "" };
        format!("{sign}{}", yen(buyer, difference))
    };
    html! {
        p { strong { (year) (buyer.say("年度の見込み ", ": ")) (yen(buyer, now.forecast)) " → "
            (yen(buyer, then.forecast)) "（" (signed(now.forecast, then.forecast)) "）" } }
        @if let Some(left) = left {
            p { (buyer.say("請求の済んだ月はそのままで、残りの月だけこの為替とすると ",
                "With the months so far as they are, and only the rest at this rate: "))
                (yen(buyer, left)) "（" (signed(now.forecast, left)) "）" }
        }
        p lang="ja" { "いまの為替の表: " (now.trace) }
        p lang="ja" { "この為替: " (then.trace) }
    }
}

fn in_rows(buyer: &Buyer, months: &[(Date, i64, Foreign, Other)]) -> Markup {
    let words: Vec<[String; 5]> = months
        .iter()
        .map(|(month, now, part, other)| {
            [
                month_words(buyer, *month),
                format!("{} {}", written(part.amount), part.currency),
                Yen(*now).grouped(),
                Yen(other.yen).grouped(),
                Yen(other.yen.saturating_sub(*now)).grouped(),
            ]
        })
        .collect();
    let rows = words
        .iter()
        .map(|cells| Row { href: None, cells: cells.iter().map(|it| Cell::Text(it)).collect() })
        .collect();
    table(&Table {
        caption: buyer.say("月ごと（円）", "By month (yen)"),
        columns: vec![
            Column::text(buyer.say("月", "Month")),
            Column::number(buyer.say("この通貨の分", "In this currency")),
            Column::number(buyer.say("いまの為替の表で", "At the table's rates")),
            Column::number(buyer.say("この為替なら", "At this rate")),
            Column::number(buyer.say("差", "Difference")),
        ],
        rows,
        empty: "",
        stacked: true,
    })
}
