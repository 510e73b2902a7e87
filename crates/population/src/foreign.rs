//! Foreign residents (外国人住民): nationality, status and period of stay. Shares are rounded from the
//! end of 2024 (在留外国人統計). Makes no card numbers.

use crate::calendar::{Day, date};
use crate::person::Foreign;
use crate::random::{Draw, Field};

/// Households of foreigners in per mille of all.
const HOUSEHOLDS: u32 = 31;

const PERMANENT: &str = "永住者";
const SPECIAL: &str = "特別永住者";
const DEPENDANT: &str = "家族滞在";
const PERIODS: [&str; 3] = ["1年", "3年", "5年"];

/// Running shares in per mille of the statuses of heads.
const STATUSES: [(u32, &str); 10] = [
    (280, PERMANENT),
    (420, "技術・人文知識・国際業務"),
    (550, "留学"),
    (690, "技能実習２号ロ"),
    (780, "特定技能１号"),
    (860, "定住者"),
    (910, "日本人の配偶者等"),
    (930, "永住者の配偶者等"),
    (970, "特定活動"),
    (1000, "経営・管理"),
];

pub(crate) fn is_foreign(draw: Draw) -> bool {
    draw.per_mille(Field::Foreign, HOUSEHOLDS)
}

/// The head's status.
pub(crate) fn head(nation: &'static str, draw: Draw, today: Day) -> Foreign {
    let at = draw.below(Field::Status, 1000);
    if nation == "韓国" && at < 550 {
        return Foreign { nation, status: SPECIAL, period: None, until: None };
    }
    let status = STATUSES.iter().find(|one| at < one.0).map_or(PERMANENT, |one| one.1);
    stay(nation, status, draw, today)
}

/// The status of a member whose head has `head`: the same if permanent, else a dependant's.
pub(crate) fn member(head: Foreign, draw: Draw, today: Day) -> Foreign {
    if head.period.is_none() { head } else { stay(head.nation, DEPENDANT, draw, today) }
}

fn stay(nation: &'static str, status: &'static str, draw: Draw, today: Day) -> Foreign {
    if status == PERMANENT {
        return Foreign { nation, status, period: None, until: None };
    }
    let years = draw.below(Field::Alias, 3);
    let days = draw.below(Field::Nation, 365 * (1 + 2 * years));
    let period = PERIODS.get(years as usize).copied();
    Foreign { nation, status, period, until: Some(date(today + 1 + days as Day)) }
}
