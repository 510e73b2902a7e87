//! The LGWAN zone: the catalogue, contracts and what they cost; below `/operators` the national
//! operator's part, below `/prefectures` the prefectures'. It signs staff in with their own
//! accounts and reaches the cluster's control database as its organisation, which sees its own
//! contracts only; it holds no credential for an office or front database.

mod assistant;
mod bill;
mod catalogue;
mod contract;
mod cost;
mod fit;
mod fit_settle;
mod fit_view;
mod group;
mod invoice;
mod notices;
mod offer;
mod operator;
mod prefecture;
mod quota;
mod reference;
mod search;
mod status;
mod training;
mod verification;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use base::said;
use base::said::Said;
use cloud::Packages;
use office::access::role;
use print::Printer;
use store::StoreError;
use store::organisation::{Credentials, OPERATOR, PREFECTURE};

use crate::component::asset;
use crate::counter::{headers, refusal};
use crate::entrance::{People, STAFF};
use crate::member::{Body, Member, Zone, sign_in};
use crate::route::{Access, Leaves, Page};
use operator::OperatorState;
use prefecture::PrefectureState;

/// Who may draft, decide and sign.
const BUYERS: Access = Access::Roles(&[role::ADMINISTRATOR, role::MANAGER, role::CHIEF]);

/// Who says where notices go.
const ADMINISTRATORS: Access = Access::Roles(&[role::ADMINISTRATOR]);

/// What the zone holds.
#[derive(Clone)]
pub struct LgwanState {
    bodies: Arc<BTreeMap<String, Arc<Body>>>,
    packages: Arc<Packages>,
    printer: Printer,
    operators: OperatorState,
    prefectures: PrefectureState,
}

impl LgwanState {
    /// The organisations of this zone; `printer` makes their PDFs.
    ///
    /// # Errors
    /// [`StoreError`] when credentials of this zone are incomplete.
    pub fn new(credentials: Vec<Credentials>, printer: Printer) -> Result<LgwanState, StoreError> {
        let (mut bodies, mut operators, mut prefectures) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for own in credentials {
            let body = Arc::new(Body::new(&own, own.control().as_ref())?);
            let all = match own.organisation.kind.as_str() {
                OPERATOR => &mut operators,
                PREFECTURE => &mut prefectures,
                _ => &mut bodies,
            };
            all.insert(own.organisation.id, body);
        }
        let operators = OperatorState::new(operators);
        let prefectures = PrefectureState::new(prefectures);
        Ok(LgwanState {
            bodies: Arc::new(bodies),
            packages: Arc::default(),
            printer,
            operators,
            prefectures,
        })
    }
}

impl Zone for LgwanState {
    const NAME: &'static str = "lgwan";
    const TITLE: (&'static str, &'static str) = ("LGWAN接続系", "LGWAN zone");
    const COOKIE: &'static str = "kumoi_lgwan";
    const BASE: &'static str = "";
    const PEOPLE: &'static People = &STAFF;
    const MENU: &'static [(&'static str, &'static str, &'static str)] = &[
        ("", "契約", "Contracts"),
        ("/catalogue", "カタログ", "Catalogue"),
        ("/fit", "適合度分析", "Fit and gap"),
        ("/groups", "共同利用", "Joint use"),
        ("/bill", "利用料", "Bill"),
        ("/cost", "費用", "Cost"),
        ("/quotas", "利用枠", "Quotas"),
        ("/status", "稼働と障害", "Status"),
        ("/assistants", "運用管理補助者", "Assistants"),
        ("/training", "研修環境", "Training"),
        ("/notices", "通知", "Notices"),
        ("/verification", "検証報告", "Trial"),
    ];

    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.bodies.get(id).cloned()
    }

    fn bodies(&self) -> Vec<Arc<Body>> {
        self.bodies.values().cloned().collect()
    }

    fn elsewhere() -> Said {
        said!(
            "先に個人番号利用事務系の画面でサインインして、パスワードの変更かワンタイムパスワードの\
             登録を済ませてください",
            "Sign in to the office zone first, to change the password or set up one-time codes"
        )
    }
}

/// Somebody of a municipality in this zone.
type Buyer = Member<LgwanState>;

/// The routes of the LGWAN zone.
pub fn router(state: LgwanState) -> Router {
    let operators = crate::route::router(operator::PAGES).with_state(state.operators.clone());
    let prefectures = crate::route::router(prefecture::PAGES).with_state(state.prefectures.clone());
    crate::route::router(PAGES)
        .merge(operators)
        .merge(prefectures)
        .fallback(refusal::not_found)
        .layer(DefaultBodyLimit::max(1 << 18))
        .layer(middleware::from_fn(headers))
        .with_state(state)
}

/// Every page. What is done about a contract leaves a row beside the contract.
pub static PAGES: &[Page<LgwanState>] = &[
    Page::get("/", Access::Open, Leaves::Nothing, |f| on(f, sign_in::entrance::<LgwanState>)),
    Page::get("/health", Access::Open, Leaves::Nothing, |f| on(f, || async { "ok" })),
    Page::get("/assets/{file}", Access::Open, Leaves::Nothing, |f| on(f, asset_file)),
    Page::get("/{organisation}/sign-in", Access::Open, Leaves::Nothing, |f| {
        on(f, sign_in::form::<LgwanState>)
    }),
    Page::post("/{organisation}/sign-in", Access::Open, Leaves::Opening, |f| {
        on(f, sign_in::submit::<LgwanState>)
    }),
    Page::post("/{organisation}/sign-out", Access::Signed, Leaves::Change, |f| {
        on(f, sign_in::sign_out::<LgwanState>)
    }),
    Page::get("/{organisation}", Access::Signed, Leaves::Nothing, |f| on(f, contract::all)),
    Page::get("/{organisation}/catalogue", Access::Signed, Leaves::Nothing, |f| on(f, search::all)),
    Page::get("/{organisation}/catalogue/{system}", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::compare)
    }),
    Page::get("/{organisation}/catalogue/{system}/csv", Access::Signed, Leaves::Nothing, |f| {
        on(f, catalogue::csv)
    }),
    Page::get("/{organisation}/fit", Access::Signed, Leaves::Nothing, |f| on(f, fit::all)),
    Page::post("/{organisation}/fit", BUYERS, Leaves::Change, |f| on(f, fit::make)),
    Page::get("/{organisation}/fit-example", Access::Signed, Leaves::Nothing, |f| {
        on(f, fit::example)
    }),
    Page::get("/{organisation}/fit/{fit}", Access::Signed, Leaves::Nothing, |f| on(f, fit::one)),
    Page::get("/{organisation}/fit/{fit}/csv", Access::Signed, Leaves::Nothing, |f| {
        on(f, fit::csv)
    }),
    Page::get("/{organisation}/fit/{fit}/offers/{offer}", Access::Signed, Leaves::Nothing, |f| {
        on(f, fit::offer)
    }),
    Page::post("/{organisation}/fit/{fit}/offers/{offer}", BUYERS, Leaves::Change, |f| {
        on(f, fit_settle::settle)
    }),
    Page::get("/{organisation}/groups", Access::Signed, Leaves::Nothing, |f| {
        on(f, group::all::<LgwanState>)
    }),
    Page::post("/{organisation}/groups", BUYERS, Leaves::Change, |f| {
        on(f, group::make::<LgwanState>)
    }),
    Page::get("/{organisation}/groups/{group}", Access::Signed, Leaves::Nothing, |f| {
        on(f, group::one::<LgwanState>)
    }),
    Page::post("/{organisation}/groups/{group}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, group::step::<LgwanState>)
    }),
    Page::get("/{organisation}/groups/{group}/plans", Access::Signed, Leaves::Nothing, |f| {
        on(f, group::plan::form::<LgwanState>)
    }),
    Page::post("/{organisation}/groups/{group}/plans", BUYERS, Leaves::Change, |f| {
        on(f, group::plan::make::<LgwanState>)
    }),
    Page::get(
        "/{organisation}/groups/{group}/plans/{plan}",
        Access::Signed,
        Leaves::Nothing,
        |f| on(f, group::plan::own),
    ),
    Page::post("/{organisation}/groups/{group}/plans/{plan}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, group::plan::own_step)
    }),
    Page::get("/{organisation}/assistants", Access::Signed, Leaves::Nothing, |f| {
        on(f, assistant::all)
    }),
    Page::post("/{organisation}/assistants", BUYERS, Leaves::Change, |f| on(f, assistant::name)),
    Page::post("/{organisation}/assistants/{assistant}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, assistant::step)
    }),
    Page::get("/{organisation}/references", Access::Signed, Leaves::Nothing, |f| {
        on(f, reference::all)
    }),
    Page::post("/{organisation}/references/{contract}/{to}", BUYERS, Leaves::Change, |f| {
        on(f, reference::say)
    }),
    Page::get("/{organisation}/offers/{offer}", BUYERS, Leaves::Nothing, |f| {
        on(f, contract::draft::form)
    }),
    Page::post("/{organisation}/offers/{offer}", BUYERS, Leaves::Change, |f| {
        on(f, contract::draft::enter)
    }),
    Page::get("/{organisation}/offers/{offer}/report", Access::Signed, Leaves::Nothing, |f| {
        on(f, offer::report)
    }),
    Page::get(
        "/{organisation}/offers/{offer}/documents/{file}",
        Access::Signed,
        Leaves::Nothing,
        |f| on(f, offer::document),
    ),
    Page::get("/{organisation}/contracts/{contract}", Access::Signed, Leaves::Nothing, |f| {
        on(f, contract::one)
    }),
    Page::post("/{organisation}/contracts/{contract}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, contract::step::take)
    }),
    Page::get("/{organisation}/bill", Access::Signed, Leaves::Nothing, |f| on(f, bill::month)),
    Page::get("/{organisation}/bill/invoices", Access::Signed, Leaves::Nothing, |f| {
        on(f, invoice::all)
    }),
    Page::get("/{organisation}/bill/invoices/{file}", Access::Signed, Leaves::Nothing, |f| {
        on(f, invoice::pdf)
    }),
    Page::get("/{organisation}/cost", Access::Signed, Leaves::Nothing, |f| on(f, cost::all)),
    Page::get("/{organisation}/cost/what-if", Access::Signed, Leaves::Nothing, |f| {
        on(f, cost::what_if::form)
    }),
    Page::get("/{organisation}/cost/goal", Access::Signed, Leaves::Nothing, |f| {
        on(f, cost::goal::all)
    }),
    Page::post("/{organisation}/cost/goal", BUYERS, Leaves::Change, |f| on(f, cost::goal::state)),
    Page::get("/{organisation}/cost/focus/{file}", Access::Signed, Leaves::Nothing, |f| {
        on(f, cost::focus::csv)
    }),
    Page::get("/{organisation}/quotas", Access::Signed, Leaves::Nothing, |f| on(f, quota::all)),
    Page::post("/{organisation}/quotas", BUYERS, Leaves::Change, |f| on(f, quota::ask)),
    Page::post("/{organisation}/quotas/{request}/{step}", BUYERS, Leaves::Change, |f| {
        on(f, quota::step)
    }),
    Page::get("/{organisation}/status", Access::Signed, Leaves::Nothing, |f| on(f, status::all)),
    Page::get("/{organisation}/notices", Access::Signed, Leaves::Nothing, |f| on(f, notices::all)),
    Page::post("/{organisation}/notices/{step}", ADMINISTRATORS, Leaves::Change, |f| {
        on(f, notices::step)
    }),
    Page::get("/{organisation}/training", Access::Signed, Leaves::Nothing, |f| {
        on(f, training::all)
    }),
    Page::get("/{organisation}/training/{step}", BUYERS, Leaves::Nothing, |f| {
        on(f, training::confirm)
    }),
    Page::post("/{organisation}/training/{step}", BUYERS, Leaves::Change, |f| on(f, training::ask)),
    Page::get("/{organisation}/verification", Access::Signed, Leaves::Nothing, |f| {
        on(f, verification::all)
    }),
    Page::get("/{organisation}/verification/csv", Access::Signed, Leaves::Nothing, |f| {
        on(f, verification::csv)
    }),
];

async fn asset_file(axum::extract::Path(file): axum::extract::Path<String>) -> Response {
    let path = format!("/assets/{file}");
    match asset::ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => {
            ([(axum::http::header::CONTENT_TYPE, asset.content_type)], asset.body).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests;
