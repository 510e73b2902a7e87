//! 同定: the list of characters that could not be printed, and the sheet on which a person says
//! which character it is. The change itself is an ordinary case.

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::said;
use maud::{Markup, html};
use office::OfficeError;
use office::access::role;
use office::identification::{Candidate, Choice, Entry, Hints, Nearness, Reading, Sheet, Standing};
use office::identification::{list, settle, sheet};
use office::plan::Finding;
use serde::Deserialize;

use super::desk::{Desk, label};
use super::refusal::Refusal;
use super::words::People;
use crate::component::form::{
    ButtonKind, Choice as FormChoice, Field, FieldError, PostForm, button, button_row, button_with,
    error_summary, get_form, post_form, radios, text,
};
use crate::component::language::{Language, quoted};
use crate::component::notice::{Tone, badge};
use crate::component::page::section;
use crate::component::table::{Cell, Column, Row, Table, table};

/// Which characters are asked for.
#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    settled: bool,
}

/// The list.
pub async fn page(desk: Desk, Query(asked): Query<Asked>) -> Response {
    match listed(&desk, asked.settled).await {
        Ok(content) => {
            desk.page(desk.say("文字の同定", "Characters to identify"), Vec::new(), content)
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn listed(desk: &Desk, settled: bool) -> Result<Markup, Refusal> {
    let entries = list(&desk.place.office, &desk.actor, settled).await?;
    let people = People::read(desk).await?;
    Ok(list_view(desk, &entries, settled, &people))
}

fn standing(desk: &Desk, standing: Standing) -> Markup {
    let (tone, ja, en) = match standing {
        Standing::Waiting => (Tone::Warning, "同定待ち", "Waiting"),
        Standing::Correcting => (Tone::Information, "修正の決裁待ち", "Correction to be decided"),
        Standing::Corrected => (Tone::Success, "修正済み", "Corrected"),
        Standing::Kept => (Tone::Information, "該当なしとして保持", "Kept, no match"),
    };
    badge(tone, desk.say(ja, en))
}

fn list_view(desk: &Desk, entries: &[Entry], settled: bool, people: &People) -> Markup {
    let hrefs: Vec<String> = entries
        .iter()
        .map(|entry| desk.href(&format!("/identification/{}", entry.glyph.id)))
        .collect();
    let places: Vec<String> = entries.iter().map(|entry| place(desk, entry)).collect();
    let rows = entries
        .iter()
        .zip(&hrefs)
        .zip(&places)
        .map(|((entry, href), place)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(&entry.glyph.met.code),
                Cell::Glyphs(&entry.glyph.met.source),
                Cell::Component(quoted(place)),
                Cell::Component(people.show(desk.language, &entry.glyph.met.reported_by)),
                Cell::Component(standing(desk, entry.standing)),
            ],
        })
        .collect();
    let other = desk.href(&format!("/identification?settled={}", !settled));
    html! {
        p { (desk.say("証明書に印字できなかった文字です。字形を資料で確かめてから選びます。",
            "Characters that could not be printed. Check the shape against the source first.")) }
        (table(&Table {
            caption: if settled { desk.say("終わった文字", "Settled") } else { desk.say("終わっていない文字", "Open") },
            columns: vec![
                Column::text(desk.say("符号位置", "Code")),
                Column::text(desk.say("元の文字", "Source")),
                Column::text(desk.say("場所", "Place")),
                Column::text(desk.say("報告した職員", "Reported by")),
                Column::text(desk.say("状態", "State")),
            ],
            rows,
            empty: desk.say("ありません。", "None."),
            stacked: true,
        }))
        p { a href=(other) {
            @if settled { (desk.say("終わっていない文字を見る", "Open ones")) }
            @else { (desk.say("終わった文字を見る", "Settled ones")) }
        } }
    }
}

/// Where the character stands: the register, the number and the item, as the reader calls them.
fn place(desk: &Desk, entry: &Entry) -> String {
    let at = &entry.glyph.met.place;
    if at.subject.is_empty() {
        let words = desk.say("様式・団体の設定", "Form or settings");
        return match desk.language {
            Language::Japanese => format!("{words}（{}）", entry.glyph.met.path),
            Language::English => format!("{words} (“{}”)", entry.glyph.met.path),
        };
    }
    let system = desk.place.office.system(&at.system).ok();
    let register = system.and_then(|system| system.register(&at.register));
    match (desk.language, register) {
        (Language::English, Some(register)) => {
            let item = register.item(&at.item).map_or(at.item.as_str(), |one| &one.name_en);
            format!("{} {}, {item}", register.name_en, at.subject)
        }
        (Language::English, None) => {
            format!("“{}” {}, “{}”", entry.register, at.subject, at.item)
        }
        (Language::Japanese, _) => {
            format!("{} {} の{}", entry.register, at.subject, label(&at.item))
        }
    }
}

/// What a person knows of a character, as it is asked for.
#[derive(Default, Deserialize)]
pub struct Known {
    #[serde(default)]
    reading: String,
    #[serde(default)]
    strokes: String,
    #[serde(default)]
    like: String,
}

impl Known {
    /// Strokes in any width; `None` where none are given, an error where they are no number.
    fn strokes(&self) -> Result<Option<u32>, ()> {
        match base::text::to_half_width(self.strokes.trim()).as_str() {
            "" => Ok(None),
            text => {
                text.parse().ok().filter(|strokes| (1..=84).contains(strokes)).map(Some).ok_or(())
            }
        }
    }
}

/// One character.
pub async fn one(
    desk: Desk,
    Path((_, id)): Path<(String, i64)>,
    Query(known): Query<Known>,
) -> Response {
    let strokes = known.strokes().unwrap_or_default();
    let hints = Hints { reading: known.reading.clone(), strokes, like: known.like.clone() };
    match sheet(&desk.place.office, &desk.actor, (id, &hints)).await {
        Ok(sheet) => {
            let title = desk.say("文字の同定", "Identify a character");
            desk.page(title, Vec::new(), sheet_view(&desk, &sheet, &known, &Refused::default()))
        }
        Err(error) => desk.refuse(error),
    }
}

/// What was entered and why it was not accepted; empty at first.
#[derive(Default)]
struct Refused<'a> {
    findings: &'a [Finding],
    candidate: &'a str,
    character: &'a str,
    reason: &'a str,
}

impl Refused<'_> {
    fn errors<'s>(&'s self, desk: &Desk) -> Vec<FieldError<'s>> {
        let field = |one: &Finding| match one.at.as_deref() {
            Some("reason") => "reason",
            _ => "character",
        };
        let error = |one: &'s Finding| FieldError { field: field(one), message: desk.message(one) };
        self.findings.iter().map(error).collect()
    }

    fn error(&self, desk: &Desk, name: &str) -> Option<&str> {
        self.errors(desk).into_iter().find(|error| error.field == name).map(|error| error.message)
    }
}

fn sheet_view(desk: &Desk, sheet: &Sheet, known: &Known, refused: &Refused<'_>) -> Markup {
    let entry = &sheet.entry;
    let glyph = &entry.glyph;
    let at = &glyph.met.place;
    let row = desk.href(&format!("/rows/{}/{}/{}", at.system, at.register, at.subject));
    let enters = desk.actor.has(role::COUNTER) || desk.actor.has(role::PROTECTION);
    let item =
        |name: &str, content: Markup| html! { div.item.wide { dt { (name) } dd { (content) } } };
    html! {
        (error_summary(desk.language, &refused.errors(desk)))
        dl.items.subjects {
            (item(desk.say("元の文字（来たまま）", "Source, as it came"), html! {
                strong.glyphs lang="ja" { (glyph.met.source) } "　" code { (glyph.met.code) }
            }))
            (item(desk.say("場所", "Place"), html! {
                @if at.subject.is_empty() { (quoted(&place(desk, entry))) }
                @else { a href=(row) { (quoted(&place(desk, entry))) } }
            }))
            (item(desk.say("いまの記録", "As recorded now"), html! { @match &sheet.text {
                Some(text) => span.glyphs lang="ja" { (text) },
                None if entry.hidden => (desk.say("取扱注意のため表示しません", "Not shown")),
                None => (desk.say("記録なし", "None")),
            } }))
            (item(desk.say("状態", "State"), html! {
                (standing(desk, entry.standing))
                @if let Some((case, _)) = &glyph.case {
                    "　" a href=(desk.href(&format!("/cases/{case}"))) { (desk.say("受付番号 ", "Case ")) (case) }
                }
                @if let Some(chosen) = &glyph.settled_as { "　" span.glyphs lang="ja" { (chosen) } }
                @if let Some(reason) = &glyph.reason { "　" span lang="ja" { (reason) } }
            }))
        }
        @if entry.standing == Standing::Waiting && enters && !entry.hidden {
            (search_form(desk, sheet, known))
            (choice_form(desk, sheet, refused))
        }
    }
}

fn nearness(desk: &Desk, candidate: &Candidate) -> &'static str {
    let (ja, en) = match candidate.nearness {
        Nearness::Same => ("同じ字の異体", "same character"),
        Nearness::Reduced => ("縮退先", "reduces to"),
        Nearness::Sibling => ("同じ縮退先", "same reduction"),
        Nearness::Found => ("読み・画数", "reading, strokes"),
    };
    desk.say(ja, en)
}

/// What may help to tell a candidate: its MJ name, radical, strokes and readings.
fn marks(desk: &Desk, candidate: &Candidate) -> String {
    let mut out = vec![nearness(desk, candidate).to_owned()];
    out.extend((!candidate.mj.is_empty()).then(|| candidate.mj.clone()));
    if let Some(kanji) = candidate.kanji() {
        let radical = kanji.radical_sign().map(String::from).unwrap_or_default();
        out.push(match desk.language {
            Language::Japanese => format!("部首 {radical}　{}画", kanji.strokes),
            Language::English => format!("radical “{radical}”, {} strokes", kanji.strokes),
        });
        let readings = kanji.readings.replace(' ', "・");
        out.push(match desk.language {
            Language::Japanese => readings,
            Language::English => format!("“{readings}”"),
        });
    }
    out.join("　")
}

/// The character itself, with its marks.
fn candidate_label(desk: &Desk, candidate: &Candidate) -> String {
    let marks = marks(desk, candidate);
    match desk.language {
        Language::Japanese => format!("{}　{marks}", candidate.text),
        Language::English => format!("“{}”　{marks}", candidate.text),
    }
}

/// Finds candidates by what a person reads off the source document; it only looks up.
fn search_form(desk: &Desk, sheet: &Sheet, known: &Known) -> Markup {
    let action = desk.href(&format!("/identification/{}", sheet.entry.glyph.id));
    let wrong = desk.say("画数は1から84までの数字で入れてください", "A number from 1 to 84");
    let suggested = match (&sheet.reading, desk.language) {
        (Some(reading @ Reading::Of(_)), Language::Japanese) => {
            format!("空欄のときは、振り仮名「{}」の中の読みから候補を出します", reading.kana())
        }
        (Some(reading @ Reading::Of(_)), Language::English) => {
            format!("When empty, a part of “{}” in the record is used", reading.kana())
        }
        _ => desk.say("例：ハシ", "In kana").to_owned(),
    };
    let field = |name, label, value| Field::new(desk.language, name, label).value(value);
    let heading = desk.say("候補を探す", "Find candidates");
    let strokes = field("strokes", desk.say("画数", "Strokes"), &known.strokes)
        .hint(desk.say("前後1画まで探します", "One more or less is found too"))
        .error(known.strokes().is_err().then_some(wrong));
    let like = field("like", desk.say("似た文字", "A character like it"), &known.like)
        .hint(desk.say("その文字と異体字を候補に出します", "It and its variants are offered"));
    section(
        heading,
        get_form(
            heading,
            &action,
            html! {
                (text(&field("reading", desk.say("読み", "Reading"), &known.reading).hint(&suggested)))
                (text(&strokes))
                (text(&like))
                (button_row(&[button(ButtonKind::Secondary, desk.say("候補を出す", "Find"))]))
            },
        ),
    )
}

fn choice_form(desk: &Desk, sheet: &Sheet, refused: &Refused<'_>) -> Markup {
    let action = desk.href(&format!("/identification/{}", sheet.entry.glyph.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let other = desk.say("候補にない文字、またはMJ文字図形名", "Another character, or its MJ name");
    let reason = desk.say("判断の理由（確かめた資料）", "Reason (what it was checked against)");
    let corrects = sheet.correction.is_some();
    let choose = desk.say("この文字に決める", "Choose");
    let mut buttons = vec![button_with(
        ButtonKind::Danger,
        desk.say("該当なしとして元のまま残す", "Keep, no match"),
        "act",
        "keep",
    )];
    if corrects {
        buttons.insert(0, button_with(ButtonKind::Primary, choose, "act", "choose"));
    }
    let heading = desk.say("どの文字かを決める", "Decide which character it is");
    let character = text(
        &Field::new(desk.language, "character", other)
            .value(refused.character)
            .error(refused.error(desk, "character"))
            .glyphs(),
    );
    let reason = text(
        &Field::new(desk.language, "reason", reason)
            .required(true)
            .value(refused.reason)
            .error(refused.error(desk, "reason")),
    );
    let content = html! {
        p { (correction_words(desk, sheet)) }
        (post_form(&form, html! {
            @if corrects { (candidates(desk, sheet, refused.candidate)) (character) }
            (reason) (button_row(&buttons))
        }))
    };
    section(heading, content)
}

/// What a decision leads to.
fn correction_words(desk: &Desk, sheet: &Sheet) -> String {
    let at = &sheet.entry.glyph.met.place;
    let system = desk.place.office.system(&at.system).ok();
    match (&sheet.correction, desk.language) {
        (Some(name), Language::Japanese) => format!(
            "決めると「{name}」の事案を仮登録します。別の職員の決裁で台帳が正され、\
             証明書を発行できるようになります。"
        ),
        (Some(name), Language::English) => {
            let known = system.and_then(|one| one.procedures.iter().find(|one| one.name == *name));
            let name = known.map_or(name, |one| &one.name_en);
            format!(
                "It enters the case “{name}”, which another person decides; \
                 then the document can be issued."
            )
        }
        (None, Language::Japanese) => {
            "この項目を正す職権の手続がありません。該当なしとしてだけ終えられます。".to_owned()
        }
        (None, Language::English) => {
            "No procedure corrects this item; it can only be kept.".to_owned()
        }
    }
}

fn candidates(desk: &Desk, sheet: &Sheet, chosen: &str) -> Markup {
    let legend = desk.say(
        "候補（縮退マップ、読み、画数による）",
        "Candidates (reduction map, reading, strokes)",
    );
    if sheet.candidates.is_empty() {
        let none = desk.say(
            "候補はありません。上の「候補を探す」に、資料で分かる読みや画数を入れてください。",
            "No candidates. Give a reading or strokes above.",
        );
        return html! { p { (none) } };
    }
    let labels: Vec<String> =
        sheet.candidates.iter().map(|one| candidate_label(desk, one)).collect();
    let choices: Vec<FormChoice<'_>> = sheet
        .candidates
        .iter()
        .zip(&labels)
        .map(|(one, label)| FormChoice::new(&one.text, label))
        .collect();
    html! {
        div.glyphs {
            (radios(&Field::new(desk.language, "candidate", legend).value(chosen), &choices))
        }
    }
}

/// What a decision carries.
#[derive(Deserialize)]
pub struct Entered {
    csrf: Option<String>,
    #[serde(default)]
    act: String,
    #[serde(default)]
    candidate: String,
    #[serde(default)]
    character: String,
    #[serde(default)]
    reason: String,
}

/// Settles one character.
pub async fn submit(
    desk: Desk,
    Path((_, id)): Path<(String, i64)>,
    Form(entered): Form<Entered>,
) -> Response {
    match perform(&desk, id, &entered).await {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(Refusal::Office(OfficeError::Invalid(findings))) => {
            // What was chosen is among the candidates again, however it was found.
            let hints = Hints { like: entered.candidate.clone(), ..Hints::default() };
            match sheet(&desk.place.office, &desk.actor, (id, &hints)).await {
                Ok(sheet) => again(&desk, &sheet, &entered, &findings),
                Err(error) => desk.refuse(error),
            }
        }
        Err(refusal) => desk.refuse(refusal),
    }
}

/// The sheet with what was entered and what is wrong with it.
fn again(desk: &Desk, sheet: &Sheet, entered: &Entered, findings: &[Finding]) -> Response {
    let refused = Refused {
        findings,
        candidate: &entered.candidate,
        character: &entered.character,
        reason: &entered.reason,
    };
    let title = desk.say("文字の同定", "Identify a character");
    let mut response =
        desk.page(title, Vec::new(), sheet_view(desk, sheet, &Known::default(), &refused));
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

async fn perform(desk: &Desk, id: i64, entered: &Entered) -> Result<String, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let written = match entered.character.trim() {
        "" => &entered.candidate,
        _ => &entered.character,
    };
    let choice = match entered.act.as_str() {
        "choose" if written.trim().is_empty() => {
            let said = said!(
                "候補を選ぶか、文字を入力してください",
                "Choose a candidate or enter a character"
            );
            return Err(OfficeError::invalid("character", said).into());
        }
        "choose" => Choice::Character(written.clone()),
        "keep" => Choice::Keep,
        _ => return Err(Refusal::NotFound),
    };
    let case = settle(&desk.place.office, &desk.actor, (id, &choice), &entered.reason).await?;
    Ok(match case {
        Some(case) => desk.href(&format!("/cases/{case}")),
        None => desk.href("/identification"),
    })
}
