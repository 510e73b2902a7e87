//! Days and moments as a clerk compares them: 和暦 with the western year beside it, one form on every
//! page. Values of records keep the form in which the record is written and do not come here.

use base::date::Date;
use jiff::Timestamp;
use maud::{Markup, html};

use super::language::Language;

/// `令和8年4月1日（2026年）`; in English `2026-04-01`.
pub fn day_text(language: Language, day: Date) -> String {
    match language {
        Language::Japanese => {
            format!("{}{}", base::era::japanese(day), western(day).unwrap_or_default())
        }
        Language::English => day.to_string(),
    }
}

/// The same for a cell: it breaks before the western year and nowhere else.
pub fn day(language: Language, day: Date) -> Markup {
    let western = western(day).filter(|_| language == Language::Japanese);
    html! {
        time.day datetime=(day) {
            @if language == Language::Japanese { span { (base::era::japanese(day)) } }
            @else { span { (day) } }
            @if let Some(western) = western { wbr; span { (western) } }
        }
    }
}

/// A moment in Japan to the minute: `令和8年4月1日（2026年）09:05`.
pub fn moment(language: Language, at: Timestamp) -> Markup {
    let (day_here, clock) = here(at);
    html! { span.moment { (day(language, day_here)) " " span.day { (clock) } } }
}

/// The same in a sentence.
pub fn moment_text(language: Language, at: Timestamp) -> String {
    let (day_here, clock) = here(at);
    format!("{} {clock}", day_text(language, day_here))
}

fn here(at: Timestamp) -> (Date, String) {
    let here = at.to_zoned(base::date::japan());
    (here.date(), here.strftime("%H:%M").to_string())
}

fn western(day: Date) -> Option<String> {
    base::era::Era::of(day).map(|_| format!("（{}年）", day.year()))
}
