//! The members of a household as a list of links. It shows what tells members apart, no more.

use maud::{Markup, html};

use crate::component::language::{Language, pick};

/// One member.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Where the member's record is.
    pub href: &'a str,
    /// 氏名, in mincho.
    pub name: &'a str,
    /// 続柄, for example 「世帯主」 or 「妻」.
    pub relation: &'a str,
    /// 生年月日 and age as they are to be read.
    pub birth: &'a str,
    /// Whether the page shows this member.
    pub current: bool,
    /// A remark, for example 「転出予定」; empty for none.
    pub remark: &'a str,
    /// Whether the member's record is protected (支援措置): shows 取扱注意 and nothing else.
    pub protected: bool,
}

/// A household.
#[derive(Clone, Copy, Debug)]
pub struct Household<'a> {
    /// The language of the page.
    pub language: Language,
    /// The heading, for example 「世帯」.
    pub heading: &'a str,
    /// 世帯番号; empty for none.
    pub number: &'a str,
    /// The members, in the order of the record.
    pub members: &'a [Member<'a>],
}

/// The list of the members.
pub fn household(household: &Household<'_>) -> Markup {
    html! {
        section.household {
            h2 { (household.heading) }
            @if !household.number.is_empty() {
                p.household-number {
                    (pick(household.language, "世帯番号 ", "Household no. ")) (household.number)
                }
            }
            ol { @for member in household.members { (member_item(household.language, member)) } }
        }
    }
}

fn member_item(language: Language, member: &Member<'_>) -> Markup {
    html! {
        li {
            a href=(member.href) aria-current=[member.current.then_some("true")] {
                span.relation lang="ja" { (member.relation) }
                span.glyphs lang="ja" { (member.name) }
                span.birth lang="ja" { (member.birth) }
                @if !member.remark.is_empty() { span.remark { (member.remark) } }
                @if member.protected {
                    span.badge.danger { (pick(language, "取扱注意", "Handle with care")) }
                }
            }
        }
    }
}
