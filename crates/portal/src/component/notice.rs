//! Notices, badges, the steps of a case, progress and counts: what tells a reader how things stand.
//!
//! Each tone is said in words as well as in colour. A notice carries plain text, never HTML from
//! outside.

use maud::{Markup, html};

use super::language::{Language, pick, quoted};

/// What a notice or badge means to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// お知らせ: nothing to do.
    #[default]
    Information,
    /// 完了: it is done.
    Success,
    /// 注意: look before you go on.
    Warning,
    /// 重要: something failed or must not be done.
    Danger,
}

impl Tone {
    /// The class that colours the component.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    /// The tone in words.
    pub const fn word(self, language: Language) -> &'static str {
        match self {
            Self::Information => pick(language, "お知らせ", "Information"),
            Self::Success => pick(language, "完了", "Done"),
            Self::Warning => pick(language, "注意", "Warning"),
            Self::Danger => pick(language, "重要", "Important"),
        }
    }

    /// Assistive technology speaks a danger at once and the others when the reader pauses.
    const fn role(self) -> &'static str {
        match self {
            Self::Danger => "alert",
            _ => "status",
        }
    }
}

/// A banner above the content of a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notice<'a> {
    /// What it means.
    pub tone: Tone,
    /// One sentence: what happened.
    pub heading: &'a str,
    /// Where and what to do; empty if the heading says it all.
    pub body: &'a str,
    /// Where to go next: address and words.
    pub link: Option<(&'a str, &'a str)>,
}

impl<'a> Notice<'a> {
    /// A notice of one sentence.
    pub const fn new(tone: Tone, heading: &'a str) -> Self {
        Self { tone, heading, body: "", link: None }
    }
}

/// A banner.
pub fn notice(language: Language, notice: &Notice<'_>) -> Markup {
    html! {
        div class={ "notice " (notice.tone.class()) } role=(notice.tone.role()) {
            span.notice-word { (notice.tone.word(language)) }
            div.notice-text {
                p.notice-heading { (quoted(notice.heading)) }
                @if !notice.body.is_empty() { p { (quoted(notice.body)) } }
                @if let Some((href, words)) = notice.link { p { a href=(href) { (words) } } }
            }
        }
    }
}

/// A short mark in a line or a cell. `text` must say the meaning without the colour.
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// How far one step of a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// 済: it is behind us.
    Done,
    /// 現在: the case stands here.
    Current,
    /// 差戻し: the case came back to this step and stands here.
    Returned,
    /// 未: it is still to come.
    Waiting,
}

/// One step of a case, for example 受付, 審査, 決裁 or 本登録.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The name of the step.
    pub label: &'a str,
    /// How far it is.
    pub state: StepState,
    /// Who and when; empty if nobody yet.
    pub note: &'a str,
}

/// The steps of a case in their order. `label` names the list, for example 「手続の進み」.
pub fn steps(language: Language, label: &str, steps: &[Step<'_>]) -> Markup {
    html! {
        ol.steps aria-label=(label) {
            @for step in steps { (step_item(language, step)) }
        }
    }
}

fn step_item(language: Language, step: &Step<'_>) -> Markup {
    let (class, word) = match step.state {
        StepState::Done => ("done", pick(language, "済", "Done")),
        StepState::Current => ("current", pick(language, "現在", "Now")),
        StepState::Returned => ("returned", pick(language, "差戻し", "Returned")),
        StepState::Waiting => ("waiting", pick(language, "未", "To come")),
    };
    let here = matches!(step.state, StepState::Current | StepState::Returned);
    html! {
        li class={ "step " (class) } aria-current=[here.then_some("step")] {
            span.step-label { (step.label) }
            span.step-word { (word) }
            @if !step.note.is_empty() { span.step-note { (step.note) } }
        }
    }
}

/// A progress bar. `text` says the progress in words and units, for example 「1,200件中300件」.
/// A `total` of 0 shows a bar without measure.
pub fn progress(label: &str, done: u64, total: u64, text: &str) -> Markup {
    let measured = total > 0;
    html! {
        label.progress {
            span.progress-label { (label) }
            progress max=[measured.then_some(total)] value=[measured.then_some(done.min(total))] {
                (text)
            }
            span.progress-text { (text) }
        }
    }
}

/// A count that leads to what it counts, for the first page of a desk.
#[derive(Clone, Copy, Debug)]
pub struct Tile<'a> {
    /// Where the counted things are listed.
    pub href: &'a str,
    /// What is counted, for example 「審査待ち」.
    pub label: &'a str,
    /// The count as it is to be read, with its unit, for example 「12件」.
    pub count: &'a str,
    /// What the count means.
    pub tone: Tone,
}

/// Counts side by side. `label` names the list.
pub fn tiles(label: &str, tiles: &[Tile<'_>]) -> Markup {
    html! {
        ul.tiles aria-label=(label) {
            @for tile in tiles {
                li { a class={ "tile " (tile.tone.class()) } href=(tile.href) {
                    span.tile-label { (tile.label) }
                    span.tile-count { (tile.count) }
                } }
            }
        }
    }
}
