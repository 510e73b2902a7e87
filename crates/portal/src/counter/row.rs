//! One row of a register: record, household and other relations, history, any past state, and what
//! can be done with it.

use axum::Form;
use axum::extract::{Path, Query};
use axum::response::Response;
use base::date::LooseDate;
use definition::model::{ProcedureKind, Selection};
use jiff::Timestamp;
use maud::{Markup, html};
use office::access::role;
use office::register::{
    HistoryView, Page, Related, RowView, Shown, Standing, page as read, secret,
};
use serde::Deserialize;

use super::cancel_link::cancel_links;
use super::desk::{Desk, label};
use super::queue::case_table;
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Field, PostForm, Width, button, button_link, button_row, button_with, date,
    field_row, get_form, post_form, text,
};
use crate::component::notice::{Notice, Tone};
use crate::component::page::{disclosure, section};
use crate::component::record::{
    Entry, EntryState, Group, Household, Item, Member, Record, Value, history, household,
    protected_banner, record, resident_page,
};

/// Which state is asked for.
#[derive(Default, Deserialize)]
pub struct AsOf {
    #[serde(default)]
    on: String,
    #[serde(default)]
    at: String,
}

type Place = (String, String, String, String);

/// The page of a row.
pub async fn page(
    desk: Desk,
    Path((_, system, register, key)): Path<Place>,
    Query(asked): Query<AsOf>,
) -> Response {
    match show(&desk, (&system, &register), &key, &asked).await {
        Ok(response) => response,
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn show(
    desk: &Desk,
    (system, register): (&str, &str),
    key: &str,
    asked: &AsOf,
) -> Result<Response, Refusal> {
    let as_of = moment(asked, desk.actor.today())?;
    let office = &desk.place.office;
    let found = read(office, &desk.actor, (system, register), key, as_of, "記録の閲覧").await?;
    let model = office.system(system)?.register(register).ok_or(Refusal::NotFound)?;
    let mut notices = Vec::new();
    let then = as_of.map(|(day, at)| {
        let at = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
        format!(
            "{}の時点の状態です（{}までの処理による）",
            base::era::japanese(day),
            at.strftime("%Y-%m-%d %H:%M")
        )
    });
    if let Some(then) = &then {
        let here = desk.say("いまの状態に戻る", "Back to now");
        notices
            .push(Notice { link: Some((&desk.address, here)), ..Notice::new(Tone::Warning, then) });
    }
    if found.withdrawn {
        notices.push(Notice::new(
            Tone::Warning,
            desk.say("取り消された記載です", "The event that opened this record was cancelled"),
        ));
    } else if let Some(day) = found.row.closed_on {
        let _ = day;
        notices.push(Notice::new(
            Tone::Warning,
            desk.say("消除された記録（除票）です", "This record is removed"),
        ));
    }
    let content = html! {
        @if found.row.concealed { (protected_banner(desk.language)) }
        @let place = (system, register);
        (resident_page(aside(desk, place, &found), work(desk, place, &found)))
    };
    Ok(desk.page(desk.say(&model.name, &model.name_en), notices, content))
}

fn moment(
    asked: &AsOf,
    today: base::date::Date,
) -> Result<Option<(base::date::Date, Timestamp)>, Refusal> {
    if asked.on.trim().is_empty() && asked.at.trim().is_empty() {
        return Ok(None);
    }
    let invalid = |field: &str, message: String| {
        Refusal::Office(office::OfficeError::Invalid(vec![office::plan::Finding::error(
            Some(field.to_owned()),
            message,
        )]))
    };
    let day = |field: &str, text: &str| match text.trim() {
        "" => Ok(today),
        text => LooseDate::parse(text)
            .map_err(|error| invalid(field, error.to_string()))?
            .certain()
            .ok_or_else(|| invalid(field, "年月日をすべて入力してください".to_owned())),
    };
    let on = day("on", &asked.on)?;
    let at = day("at", &asked.at)?;
    let end = at.saturating_add(jiff::Span::new().days(1));
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let end = end.to_zoned(zone).map_err(|error| invalid("at", error.to_string()))?;
    Ok(Some((on, end.timestamp())))
}

/// Household and other relations, and what can be started.
fn aside(desk: &Desk, place: (&str, &str), found: &Page) -> Markup {
    html! {
        @for (name, name_en, related) in &found.relations {
            (relation(desk, desk.say(name, name_en), related, &found.row.key))
        }
        @let shown = !found.row.concealed || found.row.cleared;
        @if shown && !found.withdrawn { (starts(desk, place, found)) }
        (as_of_form(desk))
    }
}

fn relation(desk: &Desk, name: &str, related: &[Related], own: &str) -> Markup {
    let hrefs: Vec<String> = related
        .iter()
        .map(|r| desk.href(&format!("/rows/{}/{}/{}", r.system, r.register, r.key)))
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
            current: r.key == own,
            remark: if r.closed { desk.say("消除", "Removed") } else { "" },
            protected: r.concealed,
        })
        .collect();
    if members.is_empty() {
        return html! {};
    }
    household(&Household { language: desk.language, heading: name, number: "", members: &members })
}

/// Procedures that can be started from this row.
fn starts(desk: &Desk, (system, register): (&str, &str), found: &Page) -> Markup {
    if !desk.actor.has(role::COUNTER) && !desk.actor.has(role::PROTECTION) {
        return html! {};
    }
    let Ok(model) = desk.place.office.system(system) else { return html! {} };
    let closed = found.row.closed_on.is_some();
    let fits = |kind: &[ProcedureKind]| {
        let mut out = Vec::new();
        for procedure in &model.procedures {
            let open = procedure.open_subjects.is_none_or(|open| open != closed);
            if procedure.register == register
                && procedure.selection != Selection::New
                && kind.contains(&procedure.kind)
                && open
            {
                let href = desk
                    .href(&format!("/start/{system}/{}?subject={}", procedure.id, found.row.key));
                let label = desk.say(&procedure.name, &procedure.name_en);
                out.push(button_link(ButtonKind::Secondary, label, &href));
            }
        }
        out
    };
    let groups = [
        (desk.say("届出", "Notifications"), fits(&[ProcedureKind::Notification])),
        (desk.say("証明", "Certificates"), fits(&[ProcedureKind::Certificate])),
        (desk.say("職権", "By the office"), fits(&[ProcedureKind::Official])),
    ];
    html! {
        @for (heading, buttons) in &groups {
            @if !buttons.is_empty() { (section(heading, button_row(buttons))) }
        }
    }
}

fn as_of_form(desk: &Desk) -> Markup {
    let fields = html! {
        (field_row(&[
            date(&Field::new(desk.language, "on", desk.say("異動日の時点", "Valid on")).width(Width::Medium)),
            date(&Field::new(desk.language, "at", desk.say("処理日の時点", "As recorded on")).width(Width::Medium)),
        ]))
        (button(ButtonKind::Secondary, desk.say("その時点の状態を見る", "Show that state")))
    };
    let label = desk.say("過去の状態", "A past state");
    disclosure(label, get_form(label, &desk.address, fields))
}

fn work(desk: &Desk, (system, register): (&str, &str), found: &Page) -> Markup {
    let href = desk.href(&format!("/rows/{system}/{register}/{}/reveal", found.row.key));
    html! {
        (record_view(desk, &found.row))
        (reveal_form(desk, &href, &found.row))
        (section(desk.say("履歴", "History"), history_view(desk, &found.history)))
        (cancel_links(desk, (system, register), found))
        (section(desk.say("この人の事案", "Cases"), case_table(desk, &found.cases)))
        (super::certificate::document_table(desk, &found.documents))
    }
}

fn record_view(desk: &Desk, row: &RowView) -> Markup {
    let since = format!("履歴番号 {}　{}から", row.version_no, base::era::japanese(row.valid_from));
    let labels: Vec<Vec<String>> = row
        .groups
        .iter()
        .map(|(_, values)| values.iter().map(|v| label(desk.say(&v.name, &v.name_en))).collect())
        .collect();
    let mut groups: Vec<Group<'_>> = row
        .groups
        .iter()
        .zip(&labels)
        .map(|((heading, values), labels)| Group {
            heading,
            items: values.iter().zip(labels).map(|(v, label)| item(label, v)).collect(),
        })
        .filter(|group| !group.items.is_empty())
        .collect();
    let derived: Vec<Item<'_>> =
        row.derived.iter().map(|(name, text, _)| Item::new(name, Value::Plain(text))).collect();
    if !derived.is_empty() {
        groups.insert(
            1.min(groups.len()),
            Group { heading: desk.say("計算した項目", "Derived"), items: derived },
        );
    }
    let view = Record {
        language: desk.language,
        heading: &row.title,
        note: &since,
        groups,
        actions: Vec::new(),
    };
    record(&view)
}

fn item<'a>(label: &'a str, shown: &'a Shown) -> Item<'a> {
    let value = match &shown.text {
        _ if shown.hidden => Value::Masked { reveal: None },
        _ if shown.masked => Value::Masked { reveal: None },
        Some(text) if shown.uncertain => Value::Unknown(text),
        Some(text) => Value::Glyphs(text),
        None => Value::Absent,
    };
    let long = shown.text.as_ref().is_some_and(|text| text.chars().count() > 20);
    if long { Item::wide(label, value) } else { Item::new(label, value) }
}

/// A secret is shown once, after its purpose is written down.
fn reveal_form(desk: &Desk, action: &str, row: &RowView) -> Markup {
    let secrets: Vec<&Shown> =
        row.groups.iter().flat_map(|(_, values)| values).filter(|value| value.masked).collect();
    if secrets.is_empty() || !row.cleared {
        return html! {};
    }
    let form = PostForm { action, csrf: &desk.csrf, enter: None, multipart: false };
    let label =
        desk.say("番号を表示する（目的を記録します）", "Show a number (the purpose is recorded)");
    let fields = html! {
        (text(&Field::new(desk.language, "purpose", desk.say("表示する目的", "Purpose")).required(true)))
        @for value in &secrets {
            @let label = desk.say(&value.name, &value.name_en);
            (button_with(ButtonKind::Secondary, label, "item", &value.name))
        }
    };
    disclosure(label, post_form(&form, fields))
}

/// What revealing carries.
#[derive(Deserialize)]
pub struct Reveal {
    csrf: Option<String>,
    #[serde(default)]
    item: String,
    #[serde(default)]
    purpose: String,
}

/// Shows one secret.
pub async fn reveal(
    desk: Desk,
    Path((_, system, register, key)): Path<Place>,
    Form(asked): Form<Reveal>,
) -> Response {
    if let Err(refusal) = desk.check(asked.csrf.as_deref()) {
        return desk.refuse(refusal);
    }
    let back = desk.href(&format!("/rows/{system}/{register}/{key}"));
    let place = (system.as_str(), register.as_str());
    let what = (key.as_str(), asked.item.as_str());
    match secret(&desk.place.office, &desk.actor, place, what, &asked.purpose).await {
        Ok(text) => {
            let text = text.unwrap_or_else(|| desk.say("記録なし", "None").to_owned());
            let content = html! {
                p { (asked.item) "　" strong.glyphs { (text) } }
                (button_link(ButtonKind::Secondary, desk.say("記録に戻る", "Back"), &back))
            };
            desk.page(desk.say("番号の表示", "Number"), Vec::new(), content)
        }
        Err(error) => desk.refuse(error),
    }
}

fn history_view(desk: &Desk, versions: &[HistoryView]) -> Markup {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let texts: Vec<(String, String, String, String)> = versions
        .iter()
        .map(|v| {
            let changes: Vec<String> = v
                .changes
                .iter()
                .map(|(name, old, new)| {
                    let word =
                        |text: &Option<String>| text.clone().unwrap_or_else(|| "（なし）".into());
                    format!("{name}: {} → {}", word(old), word(new))
                })
                .collect();
            let processed = v.recorded_from.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M");
            let filed = v.filed_on.map(base::era::japanese).unwrap_or_default();
            (base::era::japanese(v.valid_from), filed, processed.to_string(), changes.join("、"))
        })
        .collect();
    let entries: Vec<Entry<'_>> = versions
        .iter()
        .zip(&texts)
        .rev()
        .map(|(v, (valid, filed, processed, changes))| Entry {
            reason: &v.reason,
            href: None,
            event: Value::Plain(valid),
            notified: if filed.is_empty() { Value::Absent } else { Value::Plain(filed) },
            processed: Value::Plain(processed),
            by: &v.actor,
            changes,
            state: match v.standing {
                Standing::Current => EntryState::Current,
                Standing::Followed => EntryState::Superseded,
                Standing::Corrected => EntryState::Corrected,
            },
        })
        .collect();
    history(desk.language, desk.say("記録された順（新しいものが上）", "Newest first"), &entries)
}
