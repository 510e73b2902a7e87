//! Which cases of the queue are shown, and how many there are of each sort. It only narrows what
//! the office gave; it never asks for more.

use maud::{Markup, html};
use office::access::role;
use office::case::stage;
use serde::Deserialize;
use store::case::Case;

use crate::component::form::{
    ButtonKind, Choice, Field, Width, button, button_link, get_form, select,
};
use crate::component::notice::{Tile, Tone};
use crate::counter::desk::Desk;
use crate::counter::words::word;

/// What the reader asks for; empty texts ask nothing.
#[derive(Default, Deserialize)]
pub struct Filter {
    /// `system/procedure`.
    #[serde(default)]
    procedure: String,
    /// A stage, or [`DECISION`], [`BACK`].
    #[serde(default)]
    stage: String,
    /// [`OWN`] or [`TO_DECIDE`].
    #[serde(default)]
    whose: String,
    /// [`LATE`].
    #[serde(default)]
    due: String,
}

/// Waiting for a decision: entered or reviewed.
const DECISION: &str = "decision";
/// Returned, or set going by a day or an event.
const BACK: &str = "back";
/// Registered, and still to be looked at afterwards (後閲).
const AFTER: &str = "after";
/// Entered by this person.
const OWN: &str = "own";
/// Entered by others and waiting for a decision.
const TO_DECIDE: &str = "others";
/// Past their due day.
const LATE: &str = "late";

/// How many of one sort: address, label, count with unit, tone.
pub struct Count {
    href: String,
    label: &'static str,
    words: String,
    tone: Tone,
}

fn in_stage(case: &Case, wanted: &str) -> bool {
    let own = case.entered.stage.as_str();
    match wanted {
        DECISION => [stage::ENTERED, stage::REVIEWED].contains(&own),
        BACK => [stage::RETURNED, stage::TO_DO].contains(&own),
        AFTER => case.post_review_due,
        other => own == other,
    }
}

impl Filter {
    /// Nothing is asked for.
    pub fn is_empty(&self) -> bool {
        [&self.procedure, &self.stage, &self.whose, &self.due].iter().all(|text| text.is_empty())
    }

    /// Whether a case meets every condition.
    pub fn keeps(&self, desk: &Desk, case: &Case) -> bool {
        let entered = &case.entered;
        let own = entered.entered_by == desk.actor.id;
        let procedure = self.procedure.is_empty()
            || self.procedure == format!("{}/{}", entered.system, entered.procedure);
        let whose = match self.whose.as_str() {
            OWN => own,
            TO_DECIDE => !own && in_stage(case, DECISION),
            _ => true,
        };
        let open = !stage::DONE.contains(&entered.stage.as_str());
        let due = self.due != LATE || (open && entered.due_on < desk.actor.today());
        let stage = self.stage.is_empty() || in_stage(case, &self.stage);
        procedure && whose && due && stage
    }

    /// The conditions as a form; procedures are those of the queue.
    pub fn form(&self, desk: &Desk, all: &[Case]) -> Markup {
        let mut procedures: Vec<(String, String)> = Vec::new();
        for case in all {
            let entered = &case.entered;
            let id = format!("{}/{}", entered.system, entered.procedure);
            let found = desk.place.office.procedure(&entered.system, &entered.procedure);
            if let (Ok((_, one)), false) = (found, procedures.iter().any(|(known, _)| *known == id))
            {
                procedures.push((id, desk.say(&one.name, &one.name_en).to_owned()));
            }
        }
        let procedures: Vec<Choice<'_>> =
            procedures.iter().map(|(id, name)| Choice::new(id, name)).collect();
        let one = |id| Choice::new(id, word(desk.language, id));
        let stages = [
            Choice::new(DECISION, desk.say("決裁待ち", "To be decided")),
            Choice::new(BACK, desk.say("差戻し・要処理", "Returned or to do")),
            Choice::new(AFTER, desk.say("後閲待ち", "Post-review due")),
            one(stage::ENTERED),
            one(stage::REVIEWED),
            one(stage::RETURNED),
            one(stage::TO_DO),
        ];
        let mut whose = vec![Choice::new(OWN, desk.say("自分が入力した", "Entered by me"))];
        if desk.actor.has(role::CHIEF) || desk.actor.has(role::MANAGER) {
            let label = desk.say("ほかの職員の決裁待ち", "Of others, to be decided");
            whose.push(Choice::new(TO_DECIDE, label));
        }
        let due = [Choice::new(LATE, desk.say("期限切れ", "Overdue"))];
        let field = |name, label, value: &str, choices: &[Choice<'_>]| {
            let any = desk.say("すべて", "All");
            let field = Field::new(desk.language, name, label).value(value).width(Width::Medium);
            select(&field.empty_choice(any), choices)
        };
        let label = desk.say("一覧の絞り込み", "Narrow the list");
        let home = desk.href("");
        get_form(
            label,
            &home,
            html! {
                (field("procedure", desk.say("手続", "Procedure"), &self.procedure, &procedures))
                (field("stage", desk.say("状態", "Stage"), &self.stage, &stages))
                (field("whose", desk.say("担当", "Whose"), &self.whose, &whose))
                (field("due", desk.say("期限", "Due"), &self.due, &due))
                (button(ButtonKind::Secondary, desk.say("絞り込む", "Narrow")))
                @if !self.is_empty() {
                    (button_link(ButtonKind::Secondary, desk.say("条件を外す", "Clear"), &home))
                }
            },
        )
    }
}

/// How many of each sort there are, each leading to them.
pub fn counts(desk: &Desk, all: &[Case]) -> Vec<Count> {
    let count = |query: &str, label: &'static str, tone: Tone, filter: Filter| {
        let found = all.iter().filter(|case| filter.keeps(desk, case)).count();
        let words = match desk.language {
            crate::component::language::Language::Japanese => format!("{found}件"),
            crate::component::language::Language::English => found.to_string(),
        };
        Count { href: desk.href(&format!("?{query}")), label, words, tone }
    };
    let stage = |text: &str| Filter { stage: text.to_owned(), ..Filter::default() };
    let due = Filter { due: LATE.to_owned(), ..Filter::default() };
    let own = Filter { whose: OWN.to_owned(), ..Filter::default() };
    vec![
        count("due=late", desk.say("期限切れ", "Overdue"), Tone::Danger, due),
        count(
            "stage=decision",
            desk.say("決裁待ち", "To be decided"),
            Tone::Information,
            stage(DECISION),
        ),
        count(
            "stage=back",
            desk.say("差戻し・要処理", "Returned or to do"),
            Tone::Warning,
            stage(BACK),
        ),
        count("whose=own", desk.say("自分が入力した", "Entered by me"), Tone::Information, own),
    ]
}

/// The counts as tiles.
pub fn tile_list(counts: &[Count]) -> Vec<Tile<'_>> {
    counts
        .iter()
        .map(|one| Tile { href: &one.href, label: one.label, count: &one.words, tone: one.tone })
        .collect()
}
