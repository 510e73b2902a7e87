//! The texts of the guardrails → rules that can judge. An unknown name, an empty source or a period
//! that ends before it begins is refused: a guardrail that is half read guards nothing.

use std::collections::BTreeMap;

use base::date::Date;
use definition::plain_read;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Check, Cloud, Guardrails, Rule};
use crate::CloudError;

const RULES: &str = include_str!("../../../../guardrails/rules.yaml");
const SERVICES: &str = include_str!("../../../../guardrails/services.yaml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    name: String,
    says: String,
    check: String,
    days: Option<u32>,
    source: String,
    from: Date,
    until: Option<Date>,
    remedy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServicesText {
    sample: bool,
    clouds: Vec<CloudText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudText {
    provider: String,
    name: String,
    from: Date,
    until: Date,
    services: Vec<String>,
    domestic: BTreeMap<String, String>,
    worldwide: Vec<String>,
    #[serde(default)]
    billed_as: Vec<String>,
    #[serde(default)]
    billed: BTreeMap<String, Vec<String>>,
}

impl Guardrails {
    /// The rules of this program that are in force on a day.
    ///
    /// # Errors
    /// [`CloudError::Guardrail`] when the built-in texts are broken.
    pub fn builtin(day: Date) -> Result<Guardrails, CloudError> {
        Guardrails::read(RULES, SERVICES, day)
    }

    /// The rules of two texts that are in force on a day.
    ///
    /// # Errors
    /// [`CloudError::Guardrail`] with the first thing that is wrong.
    pub fn read(rules: &str, services: &str, day: Date) -> Result<Guardrails, CloudError> {
        let rules: Vec<RuleText> = typed("guardrails/rules.yaml", rules)?;
        let services: ServicesText = typed("guardrails/services.yaml", services)?;
        let mut read: Vec<Rule> = Vec::with_capacity(rules.len());
        for text in rules {
            let rule = rule(text)?;
            if read.iter().any(|it| it.id == rule.id) {
                return Err(wrong(format!("守りごと「{}」が二つあります", rule.id)));
            }
            read.push(rule);
        }
        read.retain(|rule| rule.from <= day && rule.until.is_none_or(|until| day <= until));
        let clouds = services.clouds.into_iter().map(cloud).collect::<Result<_, _>>()?;
        Ok(Guardrails { rules: read, clouds, day, sample: services.sample })
    }
}

fn typed<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, CloudError> {
    let value = plain_read(file, text).map_err(|diagnostic| wrong(diagnostic.to_string()))?;
    serde_json::from_value(value).map_err(|error| wrong(format!("{file}: {error}")))
}

fn rule(text: RuleText) -> Result<Rule, CloudError> {
    let check = match (text.check.as_str(), text.days) {
        ("domestic", None) => Check::Domestic,
        ("registered", None) => Check::Registered,
        ("own_key", None) => Check::OwnKey,
        ("not_public", None) => Check::NotPublic,
        ("logs_locked", Some(days)) if days > 0 => Check::LogsLocked(days),
        ("two_people", None) => Check::TwoPeople,
        ("kinds_apart", None) => Check::KindsApart,
        ("no_users", None) => Check::NoUsers,
        (name, days) => {
            let days = days.map_or(String::new(), |days| format!("、days: {days}"));
            return Err(wrong(format!(
                "守りごと「{}」の check「{name}」{days} は使えません。domestic、registered、own_key、\
                 not_public、logs_locked（days とともに）、two_people、kinds_apart、no_users から選んで\
                 ください",
                text.id
            )));
        }
    };
    let empty = [&text.id, &text.name, &text.says, &text.source, &text.remedy];
    if empty.iter().any(|it| it.trim().is_empty()) {
        return Err(wrong(format!("守りごと「{}」に空の欄があります", text.id)));
    }
    if text.until.is_some_and(|until| until < text.from) {
        return Err(wrong(format!("守りごと「{}」の期間が逆です", text.id)));
    }
    let RuleText { id, name, says, source, remedy, from, until, .. } = text;
    Ok(Rule { id, name, says, source, remedy, from, until, check })
}

fn cloud(mut text: CloudText) -> Result<Cloud, CloudError> {
    let mut region = |name: &str| {
        let found = text.domestic.remove(name);
        found.ok_or_else(|| wrong(format!("{} の domestic に {name} がありません", text.provider)))
    };
    let domestic = [region("east")?, region("west")?];
    if let Some(name) = text.domestic.keys().next() {
        return Err(wrong(format!("{} の domestic の {name} は使えません", text.provider)));
    }
    if let Some(name) = text.billed.keys().find(|it| !text.services.contains(it)) {
        return Err(wrong(format!(
            "{} の billed の {name} は services にありません",
            text.provider
        )));
    }
    let CloudText { provider, name, from, until, services, worldwide, .. } = text;
    let (billed_as, billed) = (text.billed_as, text.billed);
    Ok(Cloud { provider, name, services, worldwide, domestic, billed_as, billed, from, until })
}

fn wrong(what: String) -> CloudError {
    CloudError::Guardrail(what)
}
