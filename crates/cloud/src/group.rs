//! 共同調達: what one offer costs each member of a group and all of them together, from the price list
//! and the residents that were metered. Pure; who was not metered is left out of the sum and said.

use base::date::Date;
use base::money::Yen;
use store::control::group::JointMember;

use crate::price::Price;

/// 検証の型 of a group: letter and what it means.
pub const PATTERNS: [(&str, &str); 4] = [
    ("A", "一つのクラウド、基幹業務だけ"),
    ("B", "一つのクラウド、基幹業務と周辺業務"),
    ("C", "複数のクラウド、基幹業務だけ"),
    ("D", "複数のクラウド、基幹業務と周辺業務"),
];

/// What a month comes to for one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The member, by identifier.
    pub organisation: String,
    /// Its residents on the day that was metered last.
    pub residents: Option<(Date, i32)>,
    /// Yen a month, without tax; `None` where nothing was metered yet.
    pub yen: Option<i64>,
}

/// What a month comes to for a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// The members that have joined, in their order.
    pub each: Vec<Share>,
    /// Yen a month for those that were metered.
    pub sum: i64,
    /// How many were not metered yet: not in the sum.
    pub missing: usize,
}

impl Shares {
    /// Of the members that have joined, by a price; `None` prices nobody.
    pub fn of(price: Option<Price>, members: &[JointMember]) -> Shares {
        let mut shares = Shares::default();
        for member in members.iter().filter(|member| member.has_joined()) {
            let month = |(_, residents): (Date, i32)| Some(price?.month(i64::from(residents)));
            let yen = member.residents.and_then(month);
            shares.sum = shares.sum.saturating_add(yen.unwrap_or_default());
            shares.missing += usize::from(yen.is_none());
            let organisation = member.organisation.clone();
            shares.each.push(Share { organisation, residents: member.residents, yen });
        }
        shares
    }

    /// How the sum comes about, in Japanese.
    pub fn trace(&self) -> String {
        let grouped = |yen: i64| Yen(yen).grouped();
        let parts: Vec<String> = self.each.iter().filter_map(|it| it.yen.map(grouped)).collect();
        let sum = match parts.len() {
            0 => "まだ計算できません".to_owned(),
            1 => format!("{} 円", grouped(self.sum)),
            _ => format!("{} ＝ {} 円", parts.join(" ＋ "), grouped(self.sum)),
        };
        match self.missing {
            0 => sum,
            missing => format!("{sum}（住民の数をまだ計っていない {missing} 団体を除く）"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn member(id: &str, state: &str, residents: Option<i32>) -> JointMember {
        JointMember {
            organisation: id.to_owned(),
            state: state.to_owned(),
            drafted_by: None,
            changed_at: Timestamp::UNIX_EPOCH,
            residents: residents.map(|count| (Date::constant(2026, 11, 1), count)),
        }
    }

    #[test]
    fn only_who_joined_and_was_metered_is_in_the_sum() {
        let price = Price { from: Date::constant(2026, 4, 1), base_yen: 10_000, resident_yen: 3 };
        let members = [
            member("a", "参加", Some(1_000)),
            member("b", "脱退の起案", Some(500)),
            member("c", "参加", None),
            member("d", "招待", Some(900)),
        ];
        let shares = Shares::of(Some(price), &members);
        let yen: Vec<Option<i64>> = shares.each.iter().map(|it| it.yen).collect();
        assert_eq!((yen, shares.sum), (vec![Some(13_000), Some(11_500), None], 24_500));
        let trace = "13,000 ＋ 11,500 ＝ 24,500 円（住民の数をまだ計っていない 1 団体を除く）";
        assert_eq!(shares.trace(), trace);
        // Of one there is nothing to add up.
        let one = Shares::of(Some(price), &members[..1]);
        assert_eq!(one.trace(), "13,000 円");
        let none = Shares::of(None, &members);
        assert_eq!((none.sum, none.missing), (0, 3));
        assert!(none.trace().starts_with("まだ計算できません"));
    }
}
