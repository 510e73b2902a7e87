//! Beside a row: its household and other relations, and what can be started from it.

use definition::model::ProcedureKind;
use maud::{Markup, html};
use office::register::{Page, Related};
use office::start::Start;

use super::past::Past;
use crate::component::form::{ButtonKind, button_link, button_row};
use crate::component::language::quoted;
use crate::component::page::{disclosure, section};
use crate::component::record::{Household, Member, household};
use crate::counter::desk::Desk;

/// Everything beside the row. A past state has its relations of that day and nothing to start.
pub fn around(
    desk: &Desk,
    (system, register): (&str, &str),
    found: &Page,
    past: Option<Past>,
) -> Markup {
    let own = (system, register, found.row.key.as_str());
    html! {
        @for (name, name_en, related) in &found.relations {
            (relation(desk, desk.say(name, name_en), (related, own), past))
        }
        @if past.is_none() {
            (starts(desk, system, found))
            (inquiry(desk, own, found))
        }
        (super::past::form(desk, past))
    }
}

fn relation(
    desk: &Desk,
    name: &str,
    (related, own): (&[Related], (&str, &str, &str)),
    past: Option<Past>,
) -> Markup {
    let query = past.map(Past::query).unwrap_or_default();
    let hrefs: Vec<String> = related
        .iter()
        .map(|r| desk.href(&format!("/rows/{}/{}/{}{query}", r.system, r.register, r.key)))
        .collect();
    let value = |r: &Related, wanted: &str| {
        let found = r.values.iter().find(|v| v.name == wanted && !v.hidden);
        found.and_then(|v| v.text.clone()).unwrap_or_default()
    };
    let texts: Vec<(String, String)> =
        related.iter().map(|r| (value(r, "続柄"), value(r, "生年月日"))).collect();
    let members: Vec<Member<'_>> = related
        .iter()
        .zip(&hrefs)
        .zip(&texts)
        .map(|((r, href), (relation, birth))| Member {
            href,
            name: &r.title,
            relation,
            birth,
            current: (r.system.as_str(), r.register.as_str(), r.key.as_str()) == own,
            remark: if r.closed { desk.say("消除", "Removed") } else { "" },
            protected: r.concealed,
        })
        .collect();
    if members.is_empty() {
        return html! {};
    }
    let then = match past {
        Some(_) => format!("{name}{}", desk.say("（その時点）", " (of that day)")),
        None => name.to_owned(),
    };
    household(&Household { language: desk.language, heading: &then, number: "", members: &members })
}

/// Other authorities can be asked about whom the mesh can name.
fn inquiry(desk: &Desk, (system, register, key): (&str, &str, &str), found: &Page) -> Markup {
    let model = desk.place.office.system(system).ok();
    let people = model.and_then(|model| mesh::inquiry::people(model));
    let known = people.is_some_and(|(own, _)| own.id == register) && desk.place.gate.is_some();
    if !known || found.starts.is_empty() {
        return html! {};
    }
    let label = desk.say("ほかの機関に照会する", "Ask another authority");
    let href = desk.href(&format!("/start-inquiry/{system}/{register}/{key}"));
    section(
        desk.say("情報照会", "Inquiry"),
        button_row(&[button_link(ButtonKind::Secondary, label, &href)]),
    )
}

/// Procedures that can be started from this row, and why the others cannot.
fn starts(desk: &Desk, system: &str, found: &Page) -> Markup {
    let groups = [
        (desk.say("届出", "Notifications"), ProcedureKind::Notification),
        (desk.say("証明", "Certificates"), ProcedureKind::Certificate),
        (desk.say("職権", "By the office"), ProcedureKind::Official),
    ];
    let buttons = |kind: ProcedureKind| -> Vec<Markup> {
        let open = found.starts.iter().filter(|one| one.kind == kind && one.refusal.is_none());
        open.map(|one| {
            let rest = format!("/start/{system}/{}?subject={}", one.procedure, found.row.key);
            let label = desk.say(&one.name, &one.name_en);
            button_link(ButtonKind::Secondary, label, &desk.href(&rest))
        })
        .collect()
    };
    let refused: Vec<&Start> = found.starts.iter().filter(|one| one.refusal.is_some()).collect();
    html! {
        @for (heading, kind) in groups {
            @let buttons = buttons(kind);
            @if !buttons.is_empty() { (section(heading, button_row(&buttons))) }
        }
        @if !refused.is_empty() {
            (disclosure(desk.say("いまは始められない手続", "Not possible now"), html! {
                dl.reasons {
                    @for one in refused {
                        div {
                            dt { (desk.say(&one.name, &one.name_en)) }
                            @if let Some(reason) = &one.refusal {
                                dd { (quoted(desk.message(reason))) }
                            }
                        }
                    }
                }
            }))
        }
    }
}
