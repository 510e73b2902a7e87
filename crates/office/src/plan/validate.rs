//! Checks of a procedure, and the constraints of items on planned values.

use base::said;
use base::said::Said;
use definition::model::{Check, Item, ItemKind, Procedure, System};
use rules::value::Value;
use store::ItemValue;

use crate::facts::Facts;
use crate::plan::{Finding, TO_BE_NUMBERED, open};

/// What a check says of the facts. A fact that is missing is an open question, never a guess; while
/// fields are broken, checks that cannot be decided keep silent.
pub(super) fn check(
    place: (&System, &Procedure),
    check: &Check,
    facts: &Facts,
    form_is_broken: bool,
) -> Option<Finding> {
    let (ja, en) = (&check.message, &check.message_en);
    let outcome = check.must.evaluate(&facts.record);
    match outcome.value {
        Ok(Value::Boolean(true)) => None,
        Ok(Value::Boolean(false)) => Some(finding(check, said!("{ja}", "{en}"))),
        _ if form_is_broken => None,
        Ok(_) => {
            let open = match outcome.open_questions.as_slice() {
                [] => said!("空の欄", "empty fields"),
                questions => open::facts(place, questions),
            };
            let (open, open_en) = (open.ja, open.en);
            Some(finding(
                check,
                said!(
                    "{ja}　※ 確かめられない事実: {open}",
                    "{en} (facts that cannot be checked: {open_en})"
                ),
            ))
        }
        Err(error) => {
            let (why, why_en) = (error.to_string(), error.said().en);
            Some(finding(check, said!("{ja}（{why}）", "{en} ({why_en})")))
        }
    }
}

fn finding(check: &Check, said: Said) -> Finding {
    Finding { warning: check.warning, ..Finding::error(check.at.clone(), said) }
}

/// What is wrong with a planned value of an item.
pub(super) fn item(system: &System, item: &Item, value: Option<&ItemValue>) -> Option<Said> {
    let (name, name_en) = (&item.name, &item.name_en);
    let Some(value) = value else {
        let empty = || {
            said!(
                "「{name}」が空のままでは登録できません",
                "{name_en} is empty: it cannot be registered like this"
            )
        };
        return item.required.then(empty);
    };
    match (&item.kind, value) {
        (ItemKind::Code(list), ItemValue::Text(code)) => {
            let known = system.codes.get(list).and_then(|codes| codes.name_of(code));
            known.is_none().then(|| {
                said!(
                    "「{name}」のコード「{code}」は「{list}」にありません",
                    "{name_en}: the code “{code}” is not in the list “{list}”"
                )
            })
        }
        (ItemKind::HalfWidth(limit) | ItemKind::FullWidth(limit), ItemValue::Text(text)) => {
            let length = base::text::length(text);
            let fits = length <= *limit as usize || text.starts_with(TO_BE_NUMBERED);
            (!fits).then(|| {
                said!(
                    "「{name}」は{limit}文字までです（いま{length}文字）",
                    "{name_en} takes at most {limit} characters (now {length})"
                )
            })
        }
        (ItemKind::Time, ItemValue::Text(text)) => {
            let known = base::clock::from_standard_text(text);
            known.is_none().then(|| {
                said!(
                    "「{name}」に時刻でない値「{text}」は入れられません",
                    "{name_en} cannot take “{text}”, which is no time of day"
                )
            })
        }
        (ItemKind::Date { uncertain: false }, ItemValue::Date(date)) => {
            let uncertain =
                || said!("「{name}」に不詳の日付は使えません", "{name_en} must be a certain day");
            date.certain().is_none().then(uncertain)
        }
        _ => None,
    }
}
