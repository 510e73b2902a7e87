//! 職務の分離 afterwards: who made and approved what was applied, read again. The database refuses one
//! person for both when it happens; this sees what came into the books in another way. Pure.

use jiff::Timestamp;
use store::control::plane::{Admitted, Signed};

use crate::guardrail::{Check, Finding, Guardrails};

/// Who makes by command: nobody that the database knows.
const COMMAND: &str = "基盤の運用（コマンド）";
/// Who approves by command, for a reason that stays beside the blueprint.
const EMERGENCY: &str = "緊急の承認（コマンド）";

/// What is wrong with who stands behind the blueprints that were begun. One that was approved in
/// an emergency was approved by nobody that the database knows: its page says so, this does not.
pub fn duties_judge(rules: &Guardrails, signed: &[Signed], admitted: &[Admitted]) -> Vec<Finding> {
    let Some(rule) = rules.rules().iter().find(|it| it.check == Check::TwoPeople) else {
        return Vec::new();
    };
    let each = signed.iter().flat_map(|one| {
        let whats = alone(one).into_iter().chain(strangers(one, admitted));
        whats.map(|what| Finding {
            place: format!("青写真 {}", one.id),
            what,
            remedy:
                "記録が書き換えられたおそれがあります。監査に知らせ、行われた手順を確かめてください"
                    .to_owned(),
            rule: rule.id.clone(),
        })
    });
    each.collect()
}

/// Where fewer people stand behind it than there have to be.
fn alone(one: &Signed) -> Option<String> {
    let made = one.made.0.as_str();
    let checked = one.checked.as_ref().map(|it| it.0.as_str());
    let Some((approved, _)) = &one.approved else {
        return Some("承認した人のない青写真が適用されています".to_owned());
    };
    let approved = approved.as_str();
    if approved == made || checked == Some(approved) || checked == Some(made) {
        return Some(format!("同じ人（{approved}）が作って承認したものが適用されています"));
    }
    let is_emergency = one.emergency.is_some() && approved == EMERGENCY;
    (made == COMMAND && checked.is_none() && !is_emergency).then(|| {
        format!("コマンドで作られ、一人（{approved}）だけが承認したものが適用されています")
    })
}

/// Who was not admitted when they acted.
fn strangers(one: &Signed, admitted: &[Admitted]) -> Vec<String> {
    let emergency = one.emergency.is_some();
    let signs = [("作成", Some(&one.made)), ("確認", one.checked.as_ref())];
    let signs = signs.into_iter().chain([("承認", one.approved.as_ref())]);
    let signs = signs.filter_map(|(act, sign)| sign.map(|(name, at)| (act, name.as_str(), *at)));
    let known = |name: &str, at: Timestamp| {
        let was = |it: &&Admitted| it.from <= at && it.until.is_none_or(|until| at <= until);
        admitted.iter().filter(|it| it.name == name).any(|it| was(&it))
    };
    let strange = signs.filter(|(act, name, at)| match *act {
        "作成" if *name == COMMAND => false,
        "承認" if emergency && *name == EMERGENCY => false,
        _ => !known(name, *at),
    });
    let told = strange.map(|(act, name, at)| {
        format!("{act}をした「{name}」は、そのとき（{at}）運用担当として登録されていません")
    });
    told.collect()
}
