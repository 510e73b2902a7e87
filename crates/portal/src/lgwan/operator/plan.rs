//! 計画する: an operator writes the environments that are to be there; the difference from the books
//! becomes a draft in the operator's name, which somebody else approves. It touches no provider.

use std::collections::HashMap;

use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use base::date::day_in_japan;
use cloud::CloudError;
use cloud::guardrail::Guardrails;
use cloud::plane::audit::{plan_judge, services};
use cloud::plane::blueprint::Blueprint;
use cloud::plane::execute::{blueprint_keep_as, books_look, wanted};
use cloud::plane::wish::wish_read;
use maud::{Markup, html};
use store::StoreError;

use super::{Operator, nation, refusal, see};
use crate::component::form::{
    ButtonKind, Field, FieldError, PostForm, button, error_summary, post_form, text, textarea,
};
use crate::component::language::pick;

/// The largest wish that is taken in: a whole nation with two environments a body is well below.
pub const LARGEST: usize = 4 << 20;

/// A wish to begin with.
const EXAMPLE: &str = "environments:
  - body: \"131016\"
    kind: production
    provider: local
    regions: [east]
    budget_yen: 1000000
";

/// The form.
pub async fn form(operator: Operator) -> Response {
    view(&operator, (EXAMPLE, ""), None)
}

fn view(operator: &Operator, entered: (&str, &str), failure: Option<&str>) -> Response {
    let content = fields(operator, entered, failure);
    let title = operator.say("計画する", "Plan");
    let mut response = operator.page(title, Vec::new(), content);
    if failure.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

fn fields(operator: &Operator, (wish, note): (&str, &str), failure: Option<&str>) -> Markup {
    let errors: Vec<FieldError<'_>> =
        failure.map(|message| FieldError { field: "wish", message }).into_iter().collect();
    let action = operator.href("/plan");
    let form = PostForm { action: &action, csrf: &operator.csrf, enter: None, multipart: false };
    let label = operator.say("要望（YAML）", "Wish (YAML)");
    html! {
        (error_summary(operator.language, &errors))
        p { (operator.say("あるべき環境を書いてください。台帳との差が青写真の案になります。書かれた環境の\
            ほかには触れません。閉じる環境は close に書きます。何も作られず、ほかの人の承認と適用を待ちます。",
            "Write the environments that are to be there. The difference from the books becomes a \
            draft, about the environments named here only; those to be closed stand under close. \
            Nothing is made before somebody else approves and it is applied.")) }
        (post_form(&form, html! {
            (textarea(&Field::new(operator.language, "wish", label).required(true).value(wish)
                .error(failure), 14))
            (text(&Field::new(operator.language, "note", operator.say("添える言葉", "Note"))
                .value(note)))
            (button(ButtonKind::Primary, operator.say("案を作る", "Make a draft")))
        }))
    }
}

/// Makes a draft of a wish.
pub async fn plan(operator: Operator, Form(entered): Form<HashMap<String, String>>) -> Response {
    let made = async {
        operator.check(entered.get("csrf").map(String::as_str))?;
        let text = |name: &str| entered.get(name).map(String::as_str).unwrap_or_default();
        let (wish, note) = (text("wish"), text("note").trim());
        match drafted(&operator, wish, note).await {
            Ok(Some(id)) => Ok(see(&operator, &format!("/blueprints/{id}"))),
            Ok(None) => {
                let said = operator.say(
                    "台帳はもうこの通りです。変えるものはありません",
                    "The books say so already: nothing is to be changed",
                );
                Ok(view(&operator, (wish, note), Some(said)))
            }
            Err(CloudError::Plane(why)) => {
                // The reason quotes the wish: it stays as it is in either language.
                Ok(view(&operator, (wish, note), Some(&why)))
            }
            // Who is not admitted, say: what was written stays on the page.
            Err(CloudError::Store(StoreError::Conflict(said))) => {
                Ok(view(&operator, (wish, note), Some(pick(operator.language, &said.ja, &said.en))))
            }
            Err(error) => Err(refusal(error)),
        }
    };
    operator.answer(made.await)
}

async fn drafted(operator: &Operator, wish: &str, note: &str) -> Result<Option<i64>, CloudError> {
    let tree = nation().map_err(|_| CloudError::Plane("団体の表を読めません".to_owned()))?;
    let wished = wish_read(operator.say("要望", "wish"), wish, tree)?;
    let scope = wished.scope();
    let rules = Guardrails::builtin(day_in_japan(operator.actor.at))?;
    let wanted = wanted(tree, wished.environments, &rules)?;
    let mut client = operator.body.cloud.client().await?;
    let books = books_look(&*client).await?;
    let blueprint = Blueprint::make(&wanted, &books, &scope)?;
    if blueprint.steps.is_empty() {
        return Ok(None);
    }
    let refused = plan_judge(&rules, &services(), &blueprint.steps);
    if !refused.is_empty() {
        let lines: Vec<String> = refused
            .iter()
            .map(|one| format!("{}: {}。{}（{}）", one.place, one.what, one.remedy, one.rule))
            .collect();
        return Err(CloudError::Plane(format!(
            "守りごとが断るため、案を残しませんでした。{}",
            lines.join("　")
        )));
    }
    let said = (operator.actor.id.as_str(), note);
    Ok(Some(blueprint_keep_as(&mut client, &blueprint, said).await?))
}
