//! A past state of a row: which day and which belief is asked for, said in words above the page,
//! with the way back. It never guesses a day from part of one.

use axum::http::StatusCode;
use axum::response::Response;
use base::date::{Date, LooseDate};
use base::said;
use base::said::Said;
use maud::{Markup, html};
use office::OfficeError;
use office::register::AsOf;
use serde::Deserialize;

use crate::component::day::day_text;
use crate::component::form::{ButtonKind, Field, Width, button, date, field_row, get_form};
use crate::component::language::Language;
use crate::component::notice::{Notice, Tone};
use crate::component::page::disclosure;
use crate::counter::desk::Desk;
use crate::counter::refusal::Refusal;

/// Which state is asked for, as it was typed.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    on: String,
    #[serde(default)]
    at: String,
}

/// A past state: as it stood on a day, by what had been recorded at the end of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// 異動日.
    pub on: Date,
    /// 処理日, to its end.
    pub at: Date,
}

impl Asked {
    /// The state asked for; `None` for the present one.
    ///
    /// # Errors
    /// [`Refusal`] naming the field that is no whole day.
    pub fn past(&self, today: Date) -> Result<Option<Past>, Refusal> {
        if self.on.trim().is_empty() && self.at.trim().is_empty() {
            return Ok(None);
        }
        let day = |field: &str, text: &str| match text.trim() {
            "" => Ok(today),
            text => LooseDate::parse(text)
                .map_err(|error| invalid(field, error.said()))?
                .certain()
                .ok_or_else(|| invalid(field, whole_day())),
        };
        Ok(Some(Past { on: day("on", &self.on)?, at: day("at", &self.at)? }))
    }
}

fn invalid(field: &str, said: Said) -> Refusal {
    Refusal::Office(OfficeError::invalid(field, said))
}

/// Part of a day is no day.
pub fn whole_day() -> Said {
    said!("年月日をすべて入力してください", "Enter year, month and day")
}

impl Past {
    /// As the office asks for it.
    ///
    /// # Errors
    /// [`Refusal`] for a day beyond all time.
    pub fn as_of(self) -> Result<AsOf, Refusal> {
        let end = self.at.saturating_add(jiff::Span::new().days(1)).to_zoned(base::date::japan());
        let end = end.map_err(|_| {
            invalid("at", said!("この日は扱える範囲にありません", "This day is out of range"))
        })?;
        Ok((self.on, end.timestamp()))
    }

    /// The query that asks for the same state of another row.
    pub fn query(self) -> String {
        format!("?on={}&at={}", self.on, self.at)
    }

    /// The day and the belief in words: heading and body of the notice.
    pub fn words(self, language: Language, today: Date) -> (String, String) {
        let (on, at) = (day_text(language, self.on), day_text(language, self.at));
        let known = self.at < today;
        match language {
            Language::Japanese => (
                format!("{on}の時点の状態です"),
                match known {
                    true => format!(
                        "{at}までに処理した記録によります。その後の届出や訂正は含みません。\
                         世帯もこの時点のものです。手続は始められません。"
                    ),
                    false => "いままでに処理した記録（後からの届出や訂正を含む）によります。\
                              世帯もこの時点のものです。手続は始められません。"
                        .to_owned(),
                },
            ),
            Language::English => (
                format!("As it stood on {on}"),
                match known {
                    true => format!(
                        "By what had been recorded until {at}, without later notifications and \
                         corrections. The household is of that day too. Nothing can be started."
                    ),
                    false => "By everything recorded until now, later notifications and \
                              corrections included. The household is of that day too. Nothing \
                              can be started."
                        .to_owned(),
                },
            ),
        }
    }
}

/// The form that asks for a past state.
pub fn form(desk: &Desk, past: Option<Past>) -> Markup {
    let shown = |day: fn(Past) -> Date| past.map(|past| base::era::japanese(day(past)));
    let (on, at) = (shown(|past| past.on), shown(|past| past.at));
    let field = |name, label, hint, value: &Option<String>| {
        let value = value.as_deref().unwrap_or_default();
        date(&Field::new(desk.language, name, label).hint(hint).value(value).width(Width::Medium))
    };
    let fields = html! {
        (field_row(&[
            field("on", desk.say("異動日の時点", "As it stood on"),
                desk.say("空ならきょう。例：令和6年4月1日", "Today if empty. 2024-04-01"), &on),
            field("at", desk.say("処理日の時点", "By what was recorded until"),
                desk.say("空ならいま。例：令和6年4月1日", "Now if empty. 2024-04-01"), &at),
        ]))
        (button(ButtonKind::Secondary, desk.say("その時点の状態を見る", "Show that state")))
    };
    let label = desk.say("過去の状態", "A past state");
    disclosure(label, get_form(label, &desk.address, fields))
}

/// The answer when there was nothing then: what was asked for, and the way back.
pub fn nothing(desk: &Desk, past: Past) -> Response {
    let (heading, _) = past.words(desk.language, desk.actor.today());
    let at = day_text(desk.language, past.at);
    let body = match desk.language {
        Language::Japanese => format!(
            "この時点の記録は見つかりません。まだ記載される前か、{at}までには処理されていません。"
        ),
        Language::English => format!(
            "There is no record of that day: it was not yet entered, or not recorded until {at}."
        ),
    };
    let link =
        Some((desk.address.as_str(), desk.say("いまの状態を見る", "Show the present state")));
    let notice = Notice { tone: Tone::Warning, heading: &heading, body: &body, link };
    let title = desk.say("過去の状態", "A past state");
    let mut response = desk.page(title, vec![notice], form(desk, Some(past)));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
