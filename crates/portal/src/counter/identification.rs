//! 同定: the list of characters that could not be printed, and the sheet on which a person says
//! which character it is. The change itself is an ordinary case.

use axum::Form;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use office::access::role;
use office::identification::{Candidate, Choice, Entry, Hints, Nearness, Reading, Sheet, Standing};
use office::identification::{list, settle, sheet};
use serde::Deserialize;

use super::desk::{Desk, label};
use super::refusal::Refusal;
use crate::component::form::{
    ButtonKind, Field, PostForm, button, button_row, button_with, get_form, post_form, text,
};
use crate::component::language::Language;
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
    match list(&desk.place.office, &desk.actor, asked.settled).await {
        Ok(entries) => {
            let title = desk.say("文字の同定", "Characters to identify");
            desk.page(title, Vec::new(), list_view(&desk, &entries, asked.settled))
        }
        Err(error) => desk.refuse(error),
    }
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

fn list_view(desk: &Desk, entries: &[Entry], settled: bool) -> Markup {
    let hrefs: Vec<String> = entries
        .iter()
        .map(|entry| desk.href(&format!("/identification/{}", entry.glyph.id)))
        .collect();
    let places: Vec<String> = entries.iter().map(place).collect();
    let rows = entries
        .iter()
        .zip(&hrefs)
        .zip(&places)
        .map(|((entry, href), place)| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(&entry.glyph.met.code),
                Cell::Text(&entry.glyph.met.source),
                Cell::Text(place),
                Cell::Text(&entry.glyph.met.reported_by),
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
            stacked: false,
        }))
        p { a href=(other) {
            @if settled { (desk.say("終わっていない文字を見る", "Open ones")) }
            @else { (desk.say("終わった文字を見る", "Settled ones")) }
        } }
    }
}

fn place(entry: &Entry) -> String {
    let at = &entry.glyph.met.place;
    if at.subject.is_empty() {
        return format!("様式・団体の設定（{}）", entry.glyph.met.path);
    }
    format!("{} {} の{}", entry.register, at.subject, label(&at.item))
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
            desk.page(title, Vec::new(), sheet_view(&desk, &sheet, &known))
        }
        Err(error) => desk.refuse(error),
    }
}

fn sheet_view(desk: &Desk, sheet: &Sheet, known: &Known) -> Markup {
    let entry = &sheet.entry;
    let glyph = &entry.glyph;
    let at = &glyph.met.place;
    let row = desk.href(&format!("/rows/{}/{}/{}", at.system, at.register, at.subject));
    let enters = desk.actor.has(role::COUNTER) || desk.actor.has(role::PROTECTION);
    html! {
        dl {
            dt { (desk.say("元の文字（来たまま）", "Source, as it came")) }
            dd { strong.glyphs { (glyph.met.source) } "　" code { (glyph.met.code) } }
            dt { (desk.say("場所", "Place")) }
            dd {
                @if at.subject.is_empty() { (place(entry)) }
                @else { a href=(row) { (place(entry)) } }
            }
            dt { (desk.say("いまの記録", "As recorded now")) }
            dd { @match &sheet.text {
                Some(text) => span.glyphs { (text) },
                None if entry.hidden => (desk.say("取扱注意のため表示しません", "Not shown")),
                None => (desk.say("記録なし", "None")),
            } }
            dt { (desk.say("状態", "State")) }
            dd { (standing(desk, entry.standing))
                @if let Some((case, _)) = &glyph.case {
                    "　" a href=(desk.href(&format!("/cases/{case}"))) { (desk.say("受付番号 ", "Case ")) (case) }
                }
                @if let Some(chosen) = &glyph.settled_as { "　" span.glyphs { (chosen) } }
                @if let Some(reason) = &glyph.reason { "　" (reason) }
            }
        }
        @if entry.standing == Standing::Waiting && enters && !entry.hidden {
            (search_form(desk, sheet, known))
            (choice_form(desk, sheet))
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
            Language::English => format!("radical {radical}, {} strokes", kanji.strokes),
        });
        out.push(kanji.readings.replace(' ', "・"));
    }
    out.join("　")
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

fn choice_form(desk: &Desk, sheet: &Sheet) -> Markup {
    let action = desk.href(&format!("/identification/{}", sheet.entry.glyph.id));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let other = desk.say("候補にない文字、またはMJ文字図形名", "Another character, or its MJ name");
    let reason = desk.say("判断の理由（確かめた資料）", "Reason (what it was checked against)");
    let buttons = [
        button_with(ButtonKind::Primary, desk.say("この文字に決める", "Choose"), "act", "choose"),
        button_with(
            ButtonKind::Danger,
            desk.say("該当なしとして元のまま残す", "Keep, no match"),
            "act",
            "keep",
        ),
    ];
    let heading = desk.say("どの文字かを決める", "Decide which character it is");
    section(
        heading,
        html! {
            @match &sheet.correction {
                Some(procedure) => p { (desk.say("決めると「", "It enters the case “")) (procedure)
                    (desk.say("」の事案を仮登録します。別の職員の決裁で台帳が正され、\
                        証明書を発行できるようになります。",
                        "”, which another person decides; then the document can be issued.")) },
                None => p { (desk.say("この項目を正す職権の手続がありません。該当なしとしてだけ終えられます。",
                    "No procedure corrects this item.")) },
            }
            (post_form(&form, html! {
                fieldset {
                    legend { (desk.say("候補（縮退マップ、読み、画数による）",
                        "Candidates (reduction map, reading, strokes)")) }
                    @if sheet.candidates.is_empty() {
                        p { (desk.say("候補はありません。上の「候補を探す」に、資料で分かる読みや画数を入れてください。",
                            "No candidates. Give a reading or strokes above.")) }
                    }
                    @for (index, candidate) in sheet.candidates.iter().enumerate() {
                        @let id = format!("candidate-{index}");
                        div {
                            input type="radio" name="candidate" id=(id) value=(candidate.text);
                            label for=(id) { strong.glyphs { (candidate.text) } "　" (marks(desk, candidate)) }
                        }
                    }
                }
                (text(&Field::new(desk.language, "character", other)))
                (text(&Field::new(desk.language, "reason", reason).required(true)))
                (button_row(&buttons))
            }))
        },
    )
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
        Err(refusal) => desk.refuse(refusal),
    }
}

async fn perform(desk: &Desk, id: i64, entered: &Entered) -> Result<String, Refusal> {
    desk.check(entered.csrf.as_deref())?;
    let written = match entered.character.trim() {
        "" => &entered.candidate,
        _ => &entered.character,
    };
    let choice = match entered.act.as_str() {
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
