//! The 決裁 rules in force, and the forms that add and end one. Who may decide is data; nothing here
//! knows a procedure.

use definition::model::{Procedure, ProcedureKind};
use maud::{Markup, html};
use store::parameter::DecisionRule;

use super::accounts::{role_choices, role_name};
use super::grid;
use crate::component::form::{
    ButtonKind, Choice, Field, PostForm, Width, button, checkbox, date, field_row, hidden,
    post_form, select,
};
use crate::component::language::Language;
use crate::component::page::disclosure;
use crate::counter::desk::Desk;

/// The section's content.
pub(super) fn rule_section(desk: &Desk, rules: &[DecisionRule]) -> Markup {
    html! { (rule_table(desk, rules)) (rule_form(desk)) }
}

/// What a rule is about, in words: every procedure, all of one system, or one.
fn procedure_words(desk: &Desk, pattern: &str) -> String {
    let every = desk.say("すべての手続", "Every procedure");
    let Some((system, procedure)) = pattern.split_once('/') else { return every.to_owned() };
    let Ok(known) = desk.place.office.system(system) else { return pattern.to_owned() };
    let name = desk.say(&known.name, &known.name_en);
    match known.procedure(procedure) {
        Some(one) => format!("{name}　{}", desk.say(&one.name, &one.name_en)),
        None if procedure == "*" => match desk.language {
            Language::Japanese => format!("{name}のすべて"),
            Language::English => format!("{name}: every procedure"),
        },
        None => pattern.to_owned(),
    }
}

/// 決裁, 専決 or 代決 in the reader's language.
fn manner_words<'a>(desk: &Desk, manner: &'a str) -> &'a str {
    desk.say(manner, office::words::manner(manner))
}

fn rule_table(desk: &Desk, rules: &[DecisionRule]) -> Markup {
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            vec![
                rule.id.to_string(),
                procedure_words(desk, &rule.procedure),
                role_name(desk, &rule.approver_role).to_owned(),
                manner_words(desk, &rule.manner).to_owned(),
                if rule.post_review { desk.say("要", "Needed").to_owned() } else { String::new() },
            ]
        })
        .collect();
    let names: Vec<(&String, String)> = rows
        .iter()
        .map(|row| (&row[0], format!("{}. {} ({} {})", row[0], row[1], row[2], row[3])))
        .collect();
    let choices: Vec<Choice<'_>> = names.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let heads = [
        desk.say("番号", "No."),
        desk.say("手続", "Procedure"),
        desk.say("決裁者", "Approver"),
        desk.say("方法", "Manner"),
        desk.say("後閲", "Post-review"),
    ];
    let caption = desk.say("効力のある決裁規程", "Rules in force");
    let action = desk.href("/administration/rule-end");
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    html! {
        (grid(desk, caption, &heads, &rows))
        @if !choices.is_empty() {
            (disclosure(desk.say("規程を終える", "End a rule"), post_form(&form, html! {
                (select(&Field::new(desk.language, "id", desk.say("規程", "Rule")).required(true), &choices))
                (button(ButtonKind::Danger, desk.say("本日で終える", "End today")))
            })))
        }
    }
}

fn rule_form(desk: &Desk) -> Markup {
    let action = desk.href("/administration/rule-add");
    let mut patterns = vec!["*".to_owned()];
    for system in desk.place.office.systems.iter() {
        patterns.push(format!("{}/*", system.id));
        let decided = |procedure: &&Procedure| procedure.kind != ProcedureKind::Certificate;
        for procedure in system.procedures.iter().filter(decided) {
            patterns.push(format!("{}/{}", system.id, procedure.id));
        }
    }
    let procedures: Vec<(String, String)> = patterns
        .into_iter()
        .map(|pattern| (procedure_words(desk, &pattern), pattern))
        .map(|(words, pattern)| (pattern, words))
        .collect();
    let choices: Vec<Choice<'_>> =
        procedures.iter().map(|(id, name)| Choice::new(id, name)).collect();
    let roles = role_choices(desk);
    let manners =
        ["決裁", "専決", "代決"].map(|manner| Choice::new(manner, manner_words(desk, manner)));
    let form = PostForm { action: &action, csrf: &desk.csrf, enter: None, multipart: false };
    let label = desk.say("規程を加える", "Add a rule");
    let today = base::era::japanese(desk.actor.today());
    disclosure(
        label,
        post_form(
            &form,
            html! {
                (field_row(&[
                    select(&Field::new(desk.language, "procedure", desk.say("手続", "Procedure")).required(true), &choices),
                    select(&Field::new(desk.language, "role", desk.say("決裁者", "Approver")).required(true).width(Width::Medium), &roles),
                    select(&Field::new(desk.language, "manner", desk.say("方法", "Manner")).required(true).width(Width::Medium), &manners),
                ]))
                (date(&Field::new(desk.language, "from", desk.say("施行日", "From")).required(true).value(&today).width(Width::Medium)))
                (checkbox(&Field::new(desk.language, "post_review", desk.say("後閲が要る", "Post-review"))))
                (hidden("id", "-"))
                (button(ButtonKind::Primary, label))
            },
        ),
    )
}
