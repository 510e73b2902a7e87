//! Checks of a procedure, and the constraints of items on planned values.

use definition::model::{Check, Item, ItemKind, System};
use rules::value::Value;
use store::ItemValue;

use crate::facts::Facts;
use crate::plan::{Finding, TO_BE_NUMBERED};

/// What a check says of the facts. A fact that is missing is an open question, never a guess; while
/// fields are broken, checks that cannot be decided keep silent.
pub(super) fn check(check: &Check, facts: &Facts, form_is_broken: bool) -> Option<Finding> {
    let outcome = check.must.evaluate(&facts.record);
    match outcome.value {
        Ok(Value::Boolean(true)) => None,
        Ok(Value::Boolean(false)) => Some(finding(check, check.message.clone())),
        _ if form_is_broken => None,
        Ok(_) => {
            let open: Vec<String> = outcome
                .open_questions
                .iter()
                .map(|question| format!("{}（{}）", question.fact, question.reason))
                .collect();
            let open = if open.is_empty() { "空の欄".to_owned() } else { open.join("、") };
            let message = format!("{}　※ 確かめられない事実: {open}", check.message);
            Some(finding(check, message))
        }
        Err(error) => Some(finding(check, format!("{}（{error}）", check.message))),
    }
}

fn finding(check: &Check, message: String) -> Finding {
    Finding {
        at: check.at.clone(),
        message,
        message_en: check.message_en.clone(),
        warning: check.warning,
    }
}

/// What is wrong with a planned value of an item.
pub(super) fn item(system: &System, item: &Item, value: Option<&ItemValue>) -> Option<String> {
    let Some(value) = value else {
        let message = format!("「{}」が空のままでは登録できません", item.name);
        return item.required.then_some(message);
    };
    match (&item.kind, value) {
        (ItemKind::Code(list), ItemValue::Text(code)) => {
            let known = system.codes.get(list).and_then(|codes| codes.name_of(code));
            known
                .is_none()
                .then(|| format!("「{}」のコード「{code}」は「{list}」にありません", item.name))
        }
        (ItemKind::HalfWidth(limit) | ItemKind::FullWidth(limit), ItemValue::Text(text)) => {
            let length = base::text::length(text);
            let fits = length <= *limit as usize || text.starts_with(TO_BE_NUMBERED);
            (!fits).then(|| format!("「{}」は{limit}文字までです（いま{length}文字）", item.name))
        }
        (ItemKind::Date { uncertain: false }, ItemValue::Date(date)) => {
            let message = format!("「{}」に不詳の日付は使えません", item.name);
            date.certain().is_none().then_some(message)
        }
        _ => None,
    }
}
