//! The national operator's part of the LGWAN zone (基盤の運用): how far the nation is, what is stuck,
//! blueprints with what they change, approving and rejecting them, having them applied. It reaches
//! the plane as the operator's own login; whoever acts is signed by the database. It applies
//! nothing itself: the executor does.

mod application;
mod blueprint;
mod health;
mod overview;
mod plan;
mod quota;
mod tree;
mod warning;
mod wave;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use base::said::Said;
use cloud::CloudError;
use cloud::plane::environment::{Kind, Lane};
use cloud::plane::tree::Tree;
use jiff::Timestamp;
use office::OfficeError;
use office::access::role;

use crate::component::language::Language;
use crate::counter::refusal::Refusal;
use crate::entrance::{OPERATORS, People};
use crate::member::{Body, Member, Zone, sign_in};
use crate::route::Access::{Open, Signed};
use crate::route::Leaves::{Change, Nothing, Opening};
use crate::route::{Access, Page};

/// Who may plan, approve and have applied; whoever else is signed in looks.
const ACTING: Access = Access::Roles(&[role::OPERATOR]);
/// A step that was begun so many seconds ago and is not done is stuck.
const STUCK_SECONDS: f64 = 900.0;

/// The operators of this node.
#[derive(Clone, Debug)]
pub struct OperatorState {
    bodies: Arc<BTreeMap<String, Arc<Body>>>,
}

impl OperatorState {
    /// With these operators.
    pub fn new(bodies: BTreeMap<String, Arc<Body>>) -> OperatorState {
        OperatorState { bodies: Arc::new(bodies) }
    }
}

impl Zone for OperatorState {
    const NAME: &'static str = "operator";
    const TITLE: (&'static str, &'static str) = ("基盤の運用", "Operations");
    const COOKIE: &'static str = "kumoi_operator";
    const BASE: &'static str = "/operators";
    const PEOPLE: &'static People = &OPERATORS;
    const MENU: &'static [(&'static str, &'static str, &'static str)] = &[
        ("", "全体", "Overview"),
        ("/health", "監視", "Health"),
        ("/tree", "団体の木", "Bodies"),
        ("/blueprints", "青写真", "Blueprints"),
        ("/plan", "計画する", "Plan"),
        ("/waves", "移行の波", "Waves"),
        ("/quotas", "利用枠", "Quotas"),
    ];

    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.bodies.get(id).cloned()
    }

    fn bodies(&self) -> Vec<Arc<Body>> {
        self.bodies.values().cloned().collect()
    }
}

/// Somebody of an operator.
type Operator = Member<OperatorState>;

/// Every page of the operators' part. What is done leaves its row beside the blueprint.
pub static PAGES: &[Page<OperatorState>] = &[
    Page::get("/operators", Open, Nothing, |f| on(f, sign_in::entrance::<OperatorState>)),
    Page::get("/operators/{organisation}/sign-in", Open, Nothing, |f| {
        on(f, sign_in::form::<OperatorState>)
    }),
    Page::post("/operators/{organisation}/sign-in", Open, Opening, |f| {
        on(f, sign_in::submit::<OperatorState>)
    }),
    Page::post("/operators/{organisation}/sign-out", Signed, Change, |f| {
        on(f, sign_in::sign_out::<OperatorState>)
    }),
    Page::get("/operators/{organisation}", Signed, Nothing, |f| on(f, overview::overview)),
    Page::get("/operators/{organisation}/health", Signed, Nothing, |f| on(f, health::health)),
    Page::get("/operators/{organisation}/tree", Signed, Nothing, |f| on(f, tree::all)),
    Page::get("/operators/{organisation}/tree/{prefecture}", Signed, Nothing, |f| {
        on(f, tree::prefecture)
    }),
    Page::get("/operators/{organisation}/bodies/{body}", Signed, Nothing, |f| on(f, tree::one)),
    Page::get("/operators/{organisation}/blueprints", Signed, Nothing, |f| on(f, blueprint::all)),
    Page::get("/operators/{organisation}/blueprints/{blueprint}", Signed, Nothing, |f| {
        on(f, blueprint::one)
    }),
    Page::post("/operators/{organisation}/blueprints/{blueprint}/{step}", ACTING, Change, |f| {
        on(f, blueprint::step)
    }),
    Page::get(
        "/operators/{organisation}/blueprints/{blueprint}/application",
        Signed,
        Nothing,
        |f| on(f, application::application),
    ),
    Page::get("/operators/{organisation}/waves", Signed, Nothing, |f| on(f, wave::all)),
    Page::post("/operators/{organisation}/waves", ACTING, Change, |f| on(f, wave::make))
        .largest(wave::LARGEST),
    Page::get("/operators/{organisation}/waves/{wave}", Signed, Nothing, |f| on(f, wave::one)),
    Page::get("/operators/{organisation}/waves/{wave}/csv", Signed, Nothing, |f| on(f, wave::csv)),
    Page::post("/operators/{organisation}/waves/{wave}/{step}", ACTING, Change, |f| {
        on(f, wave::step)
    }),
    Page::get("/operators/{organisation}/quotas", Signed, Nothing, |f| on(f, quota::all)),
    Page::post("/operators/{organisation}/quotas/{request}/{step}", ACTING, Change, |f| {
        on(f, quota::step)
    }),
    Page::get("/operators/{organisation}/plan", ACTING, Nothing, |f| on(f, plan::form)),
    Page::post("/operators/{organisation}/plan", ACTING, Change, |f| on(f, plan::plan))
        .largest(plan::LARGEST),
];

/// The tree of bodies, read once.
fn nation() -> Result<&'static Tree, Refusal> {
    static TREE: OnceLock<Tree> = OnceLock::new();
    if let Some(tree) = TREE.get() {
        return Ok(tree);
    }
    let read = Tree::nation().map_err(refusal)?;
    Ok(TREE.get_or_init(|| read))
}

/// What the cloud says it cannot do.
fn refusal(error: CloudError) -> Refusal {
    match error {
        CloudError::Store(inner) => inner.into(),
        other => {
            let english = "The plane cannot do this; the Japanese page says why".to_owned();
            Refusal::Office(OfficeError::Conflict(Said::beside(&other, english)))
        }
    }
}

/// A recorded word in the reader's language.
fn word<'a>(operator: &Operator, words: &[(&'a str, &'a str)], word: &'a str) -> &'a str {
    let english = words.iter().find(|(ja, _)| *ja == word).map_or(word, |(_, en)| en);
    operator.say(word, english)
}

/// What is done with a part.
const ACTS: [(&str, &str); 4] =
    [("登録", "Enrol"), ("作成", "Make"), ("変更", "Change"), ("廃止", "Remove")];

/// How a step is.
const STEP_STATES: [(&str, &str); 2] = [("実行中", "Being asked for"), ("保留", "Held")];

/// An environment for people: the body's name, the kind, the provider.
fn environment(operator: &Operator, tree: &Tree, lane: &str) -> String {
    let Ok(lane) = lane.parse::<Lane>() else { return lane.to_owned() };
    let kind = operator.say(lane.kind.word(), lane.kind.id());
    match lane.kind {
        Kind::Shared => {
            format!("{}　{}", operator.say("全体で一つのもの", "Shared by all"), lane.provider)
        }
        _ => format!("{}　{kind}　{}", tree.name(&lane.body), lane.provider),
    }
}

/// How long ago, in the two largest units that matter.
fn ago(language: Language, since: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(since).as_secs().max(0) / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (language, days, hours) {
        (Language::Japanese, 0, 0) => format!("{minutes}分"),
        (Language::Japanese, 0, _) => format!("{hours}時間{minutes}分"),
        (Language::Japanese, ..) => format!("{days}日{hours}時間"),
        (Language::English, 0, 0) => format!("{minutes} min"),
        (Language::English, 0, _) => format!("{hours} h {minutes} min"),
        (Language::English, ..) => format!("{days} d {hours} h"),
    }
}

fn see(operator: &Operator, rest: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, operator.href(rest))]).into_response()
}

#[cfg(test)]
mod tests;
