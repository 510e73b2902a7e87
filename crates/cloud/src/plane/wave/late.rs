//! What comes late, and the one cause that would have to change first. Says it; judges nobody.

use serde::Serialize;

use super::{Frame, Month, Move};

/// Why a move comes late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 事業者の人手が足りない.
    Capacity,
    /// 先に移るシステムが遅れた.
    Prerequisite(String),
    /// 期限までに動かせる月がない（繁忙期、又は期限が過ぎている）.
    Closed,
    /// 引き受ける事業者がいない.
    NoVendor,
}

impl Cause {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Cause::Capacity => "事業者の月の作業量が足りません".to_owned(),
            Cause::Prerequisite(system) => format!("先に移る {system} が終わりません"),
            Cause::Closed => {
                "期限までに動かせる月がありません（繁忙期、又は期限が過ぎています）".to_owned()
            }
            Cause::NoVendor => "引き受ける事業者がいません".to_owned(),
        }
    }
}

/// A move after its deadline, or without any month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Body.
    pub body: String,
    /// System.
    pub system: String,
    /// The last month in time.
    pub deadline: Month,
    /// When it is finished.
    pub month: Option<Month>,
    /// Why.
    pub cause: Cause,
}

/// The cause of a late move that was ready in `ready`, behind the system `held`.
pub(super) fn cause(
    (late, frame): (&Move, &Frame),
    ready: Option<Month>,
    held: Option<&str>,
) -> Cause {
    let vendor = frame.vendors.get(&late.vendor);
    if vendor.is_none_or(|it| it.capacity == 0) {
        return Cause::NoVendor;
    }
    let Some(ready) = ready else {
        let first = frame.after.iter().find(|(system, _)| *system == late.system);
        let first = first.map_or("", |(_, first)| first.as_str());
        return Cause::Prerequisite(held.unwrap_or(first).to_owned());
    };
    if ready > late.deadline
        && let Some(held) = held
    {
        return Cause::Prerequisite(held.to_owned());
    }
    let mut month = ready;
    while month <= late.deadline {
        if !frame.closed.contains(&month.of_year()) {
            return Cause::Capacity;
        }
        month = month.after(1);
    }
    // Nothing was open, not even before it could have been ready.
    Cause::Closed
}
