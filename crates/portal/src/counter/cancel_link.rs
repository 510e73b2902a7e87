//! 取消 at the counter: which recorded event of a row is to be cancelled. Links and choices only;
//! what may be cancelled is decided by the office.

use base::date::day_in_japan;
use maud::{Markup, html};
use office::access::role;
use office::case::canceller;
use office::register::Page;

use super::desk::Desk;
use crate::component::language::{Language, quoted};
use crate::component::page::disclosure;

/// A link for each event of a row that can be cancelled, for who may enter it.
pub fn cancel_links(desk: &Desk, (system, register): (&str, &str), page: &Page) -> Markup {
    let may = desk.actor.has(role::COUNTER) || desk.actor.has(role::PROTECTION);
    let hidden = page.withdrawn || (page.row.concealed && !page.row.cleared);
    let events = event_choices(desk, page);
    let Some(system) = desk.place.office.system(system).ok().filter(|_| may && !hidden) else {
        return html! {};
    };
    let Some((procedure, _)) = canceller(system, register).filter(|_| !events.is_empty()) else {
        return html! {};
    };
    let start = format!("/start/{}/{}?subject={}", system.id, procedure.id, page.row.key);
    disclosure(
        desk.say(&procedure.name, &procedure.name_en),
        html! {
            ul {
                @for (event, words) in &events {
                    li { a href=(desk.href(&format!("{start}&event={event}"))) { (quoted(words)) } }
                }
            }
        },
    )
}

/// The events of a row that can be chosen for cancellation, newest first: number and words.
pub fn event_choices(desk: &Desk, page: &Page) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for version in page.history.iter().rev().filter(|version| version.cancellable) {
        let number = version.event_id.to_string();
        if out.iter().all(|(known, _)| *known != number) {
            let day = day_in_japan(version.recorded_from);
            let (reason, valid) = (&version.reason, version.valid_from);
            let (written, recorded) = (base::era::japanese(valid), base::era::japanese(day));
            let words = match desk.language {
                Language::Japanese => format!("{reason}　異動日 {written}　処理日 {recorded}"),
                Language::English => format!("“{reason}”, effective {valid}, recorded {day}"),
            };
            out.push((number, words));
        }
    }
    out
}
