//! 事案: from entry (仮登録) through 審査 and 決裁 to final registration (本登録).
//!
//! Nothing leaves the system before final registration. Who enters never approves; who may approve
//! follows the organisation's 事務決裁規程 as data.

mod assemble;
mod assessed;
mod cancel;
mod decide;
mod enter;
mod gather;
mod reference;
mod register;

use definition::model::{Procedure, System};
use serde_json::Value as Json;

use crate::plan::Plan;

pub use assemble::{Found, Gathered, UsedRow};
pub(crate) use assemble::{assemble, used_key};
pub use assessed::case_assessed;
pub use cancel::canceller;
pub(crate) use cancel::standing;
pub(crate) use decide::may_decide;
pub use decide::{
    case_approve, case_post_review, case_return, case_reviewed, case_withdraw, purpose,
};
pub use enter::{
    CaseInput, case_enter, case_form, case_preview, case_preview_in, case_revise, protected_person,
};
pub(crate) use enter::{due, duplicates, refuse_concealed, refuse_findings};
pub use gather::gather;
pub(crate) use gather::used_row;
pub(crate) use reference::references;
pub use register::{ChangeView, changes_of, register_finally};
pub(crate) use register::{issue_many, write};

/// Stages of a case.
pub mod stage {
    /// 仮登録: entered, waiting for review and decision.
    pub const ENTERED: &str = "仮登録";
    /// 審査済: reviewed, waiting for the decision.
    pub const REVIEWED: &str = "審査済";
    /// 差戻し: back to the clerk.
    pub const RETURNED: &str = "差戻し";
    /// 要処理: set going by a timer or an event, to be worked on.
    pub const TO_DO: &str = "要処理";
    /// 登録済: final.
    pub const REGISTERED: &str = "登録済";
    /// 取下げ: undone before the decision.
    pub const WITHDRAWN: &str = "取下げ";
    /// 自動処理済: done by a reaction.
    pub const AUTOMATIC: &str = "自動処理済";

    /// Stages in which nothing is left to do.
    pub const DONE: &[&str] = &[REGISTERED, WITHDRAWN, AUTOMATIC, "却下"];
}

/// The whole life of a case. Pairs that are absent are refused.
const STEPS: &[(&str, Act, &str)] = &[
    (stage::ENTERED, Act::Review, stage::REVIEWED),
    (stage::ENTERED, Act::Approve, stage::REGISTERED),
    (stage::ENTERED, Act::Return, stage::RETURNED),
    (stage::ENTERED, Act::Withdraw, stage::WITHDRAWN),
    (stage::REVIEWED, Act::Approve, stage::REGISTERED),
    (stage::REVIEWED, Act::Return, stage::RETURNED),
    (stage::REVIEWED, Act::Withdraw, stage::WITHDRAWN),
    (stage::RETURNED, Act::Revise, stage::ENTERED),
    (stage::RETURNED, Act::Withdraw, stage::WITHDRAWN),
    (stage::TO_DO, Act::Revise, stage::ENTERED),
    (stage::TO_DO, Act::Withdraw, stage::WITHDRAWN),
];

/// Acts on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// 審査.
    Review,
    /// 決裁.
    Approve,
    /// 差戻し.
    Return,
    /// 訂正して再提出.
    Revise,
    /// 取下げ.
    Withdraw,
}

impl Act {
    /// The stage after this act, if it is possible in `stage`.
    pub fn after(self, stage: &str) -> Option<&'static str> {
        STEPS.iter().find(|(from, act, _)| *from == stage && *act == self).map(|(.., to)| *to)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Act::Review => "審査",
            Act::Approve => "決裁",
            Act::Return => "差戻し",
            Act::Revise => "訂正",
            Act::Withdraw => "取下げ",
        }
    }
}

/// What a procedure would do with an input: shown before anything is entered.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The plan with its findings.
    pub plan: Plan,
    /// The changes in words.
    pub changes: Vec<ChangeView>,
    /// The normalised form, secrets sealed.
    pub stored: Json,
    /// Keys of the subjects.
    pub subjects: Vec<String>,
    /// Versions of their rows.
    pub versions: Vec<i32>,
    /// What the queue will call it.
    pub title: String,
}

/// The title of a case: its procedure and the first person, with how many more.
fn title(system: &System, procedure: &Procedure, names: &[String]) -> String {
    let _ = system;
    match names {
        [] => procedure.name.clone(),
        [one] => format!("{}　{one}", procedure.name),
        [first, rest @ ..] => format!("{}　{first}　ほか{}人", procedure.name, rest.len()),
    }
}
