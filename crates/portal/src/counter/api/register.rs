//! Looking at registers. The office audits each look and hides what a concealed row must not show.

use axum::Json;
use axum::extract::Path;
use base::date::{Date, LooseDate};
use base::said;
use jiff::Timestamp;
use office::register::{LIMIT, Query, page, search};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Asked, Body, Caller};
use super::failure::Failure;
use super::view;

/// What is searched for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchInput {
    system: String,
    register: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    address: String,
    purpose: Option<String>,
}

/// The rows found, at most fifty.
pub async fn search_rows(
    Caller(desk): Caller,
    Body(asked): Body<SearchInput>,
) -> Result<Json<Value>, Failure> {
    let query = Query { text: asked.q, date: asked.date, address: asked.address };
    let place = (asked.system.as_str(), asked.register.as_str());
    let purpose = asked.purpose.as_deref().filter(|text| !text.trim().is_empty());
    let purpose = purpose.unwrap_or("APIの検索");
    let found = search(&desk.place.office, &desk.actor, place, &query, purpose).await?;
    let limit = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let rows: Vec<Value> = found.iter().take(limit).map(view::summary).collect();
    Ok(Json(json!({ "rows": rows, "more": found.len() > limit })))
}

/// Which state is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    #[serde(default)]
    on: String,
    #[serde(default)]
    at: String,
}

/// One row with everything around it.
pub async fn read(
    Caller(desk): Caller,
    Path((_, system, register, key)): Path<(String, String, String, String)>,
    Asked(asked): Asked<AsOf>,
) -> Result<Json<Value>, Failure> {
    let as_of = moment(&asked, desk.actor.today())?;
    let place = (system.as_str(), register.as_str());
    let purpose = "APIの閲覧";
    let found = page(&desk.place.office, &desk.actor, place, &key, as_of, purpose).await?;
    Ok(Json(view::page(&found)))
}

/// The state on a day (異動日) as believed at the end of a day (処理日) in Japan.
fn moment(asked: &AsOf, today: Date) -> Result<Option<(Date, Timestamp)>, Failure> {
    if asked.on.trim().is_empty() && asked.at.trim().is_empty() {
        return Ok(None);
    }
    let day = |field: &str, text: &str| match text.trim() {
        "" => Ok(today),
        text => LooseDate::parse(text)
            .map_err(|error| Failure::field(field, error.said()))?
            .certain()
            .ok_or_else(|| {
                Failure::field(
                    field,
                    said!("年月日をすべて指定してください", "Give year, month and day"),
                )
            }),
    };
    let (on, at) = (day("on", &asked.on)?, day("at", &asked.at)?);
    let end = at.saturating_add(jiff::Span::new().days(1)).to_zoned(base::date::japan());
    let end = end.map_err(|_| {
        Failure::field("at", said!("この日は扱える範囲にありません", "This day is out of range"))
    })?;
    Ok(Some((on, end.timestamp())))
}
