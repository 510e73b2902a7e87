//! A PostgreSQL cluster of its own, two invented municipalities with the real definition of the
//! resident record, and a caller that speaks to the router in process.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::date::day_in_japan;
use definition::{Package, System};
use jiff::Timestamp;
use office::staff::{NewAccount, account_create, sample_codes};
use print::{Printer, WorkerCommand};
use serde_json::{Value, json};
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Credentials, Installer};
use store::parameter::{DecisionRule, decision_rule_add};
use store::testing::{Place, sample_organisation};
use tower::ServiceExt;

use crate::counter::{CounterState, router};

/// Accounts of each municipality: name and role.
pub const ACCOUNTS: &[(&str, &str)] = &[
    ("madoguchi", "counter"),
    ("kakari", "chief"),
    ("kacho", "manager"),
    ("hogo", "protection"),
    ("kanri", "administrator"),
];
pub const PASSWORD: &str = "only-for-this-test";

/// Everything together.
pub struct Stage {
    pub cluster: Cluster,
    pub state: CounterState,
    router: Router,
    tokens: BTreeMap<(String, String), String>,
    _place: Place,
}

/// An answer.
pub struct Reply {
    pub status: StatusCode,
    pub kind: String,
    pub location: String,
    pub retry_after: String,
    pub text: String,
    pub body: Value,
}

/// The system in a folder of the repository.
pub fn system(name: &str) -> Arc<System> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems").join(name);
    let mut files = BTreeMap::new();
    read_into(&top, &top, &mut files);
    Arc::new(definition::load(&Package { files }).expect("the definition is right").0)
}

fn read_into(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_into(top, &path, files);
        } else {
            let below = path.strip_prefix(top).expect("below").to_string_lossy().into_owned();
            files.insert(below, fs::read_to_string(&path).expect("a text"));
        }
    }
}

async fn people(own: &Credentials) {
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 2).expect("staff");
    for (index, (id, role)) in ACCOUNTS.iter().enumerate() {
        let account = NewAccount {
            id: (*id).to_owned(),
            name: format!("見本　{id}"),
            password: PASSWORD.to_owned(),
            totp_secret: vec![u8::try_from(index).expect("few") + 1; 20],
            roles: vec![(*role).to_owned()],
            valid_from: day_in_japan(Timestamp::now()),
        };
        account_create(&staff, &account).await.expect("an account");
    }
    let office = own.database(own.office.as_ref(), None, 1).expect("office");
    let client = office.client().await.expect("a connection");
    let rule = DecisionRule {
        id: 0,
        procedure: "*".to_owned(),
        approver_role: "chief".to_owned(),
        manner: "専決".to_owned(),
        post_review: true,
    };
    let from = "2020-04-01".parse().expect("a day");
    decision_rule_add(&**client, &rule, from).await.expect("a rule");
}

impl Stage {
    /// Builds it.
    pub async fn build() -> Stage {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let systems = vec![system("resident-record")];
        let templates = installer.prepare(&systems).await.expect("templates");
        let mut held = Vec::new();
        for id in ["first_city", "second_city"] {
            let made = installer.organisation_create(&sample_organisation(id), &templates).await;
            let zones = made.expect("the organisation is made");
            people(&zones.office).await;
            held.push(zones.office);
        }
        let printer = Printer::new(WorkerCommand::new("/nonexistent", &[]));
        let state = CounterState::new(held, Arc::new(systems), printer).expect("a state");
        let router = router(state.clone());
        let mut stage = Stage { cluster, state, router, tokens: BTreeMap::new(), _place: place };
        for city in ["first_city", "second_city"] {
            for (id, _) in ACCOUNTS {
                let token = stage.sign_in(city, id).await;
                stage.tokens.insert((city.to_owned(), (*id).to_owned()), token);
            }
        }
        stage
    }

    async fn sign_in(&self, city: &str, id: &str) -> String {
        let place = self.state.place(city).expect("a place");
        let codes = sample_codes(&place.staff, Timestamp::now()).await.expect("codes");
        let (.., code) = codes.into_iter().find(|(one, ..)| one == id).expect("an account");
        let entered = json!({"id": id, "password": PASSWORD, "code": code});
        let reply = self.send("POST", city, "/session", None, Some(&entered)).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        reply.body["token"].as_str().expect("a token").to_owned()
    }

    /// Installs another system of the repository for a municipality.
    pub async fn install(&self, city: &str, name: &str) {
        let installer = Installer::new(self.cluster.installer("postgres"));
        let mut client = installer.connect(city).await.expect("a connection");
        let transaction = client.transaction().await.expect("a transaction");
        transaction.batch_execute("set local role kumoi_owner").await.expect("the owner");
        store::install::install(&transaction, &system(name)).await.expect("it is installed");
        transaction.commit().await.expect("it is kept");
    }

    /// The token of a person.
    pub fn token(&self, city: &str, id: &str) -> &str {
        &self.tokens[&(city.to_owned(), id.to_owned())]
    }

    /// Sends a request to the router.
    pub async fn send(
        &self,
        method: &str,
        city: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/{city}/api{path}"));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        self.answer(request.body(body).expect("a request")).await
    }

    /// The plain answer of the router.
    pub async fn respond(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// The answer to a request.
    pub async fn answer(&self, request: Request<Body>) -> Reply {
        let response = self.respond(request).await;
        let status = response.status();
        let named = |name| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().expect("a text").to_owned()).unwrap_or_default()
        };
        let (kind, location) = (named(header::CONTENT_TYPE), named(header::LOCATION));
        let retry_after = named(header::RETRY_AFTER);
        let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status, kind, location, retry_after, text, body }
    }

    /// A request of somebody in the first city.
    pub async fn first(&self, who: &str, ask: (&str, &str), body: Option<Value>) -> Reply {
        let token = self.token("first_city", who);
        self.send(ask.0, "first_city", ask.1, Some(token), body.as_ref()).await
    }

    /// How many audit rows of an action the first city has.
    pub async fn audits(&self, action: Option<&str>) -> usize {
        let place = self.state.place("first_city").expect("a place");
        let client = place.office.database.client().await.expect("a connection");
        let rows = store::audit::audit_latest(&**client, None, 10_000).await.expect("rows");
        rows.iter().filter(|row| action.is_none_or(|one| row.audit.action == one)).count()
    }

    /// Enters a case; its number.
    pub async fn enter(&self, input: Value) -> String {
        let reply = self.first("madoguchi", ("POST", "/cases"), Some(input)).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        reply.body["id"].to_string()
    }

    /// A document of the first city as the office records it, without its page.
    pub async fn issued(&self, number: &str) {
        let place = self.state.place("first_city").expect("a place");
        let client = place.office.database.client().await.expect("a connection");
        let document = store::document::NewDocument {
            number: number.to_owned(),
            case_id: None,
            system: "resident-record".to_owned(),
            procedure: "residents-copy".to_owned(),
            notice: "residents-copy".to_owned(),
            package: String::new(),
            title: "住民票の写し".to_owned(),
            subjects: Vec::new(),
            content: json!({}),
            fee_yen: 300,
            issued_by: "madoguchi".to_owned(),
        };
        store::document::document_issue(&**client, &document, (b"", 1)).await.expect("a document");
    }

    /// A new account at the counter; its one-time code of now.
    pub async fn newcomer(&self, city: &str, id: &str) -> String {
        let place = self.state.place(city).expect("a place");
        let account = NewAccount {
            id: id.to_owned(),
            name: "見本　新規".to_owned(),
            password: PASSWORD.to_owned(),
            totp_secret: vec![99; 20],
            roles: vec!["counter".to_owned()],
            valid_from: day_in_japan(Timestamp::now()),
        };
        account_create(&place.staff, &account).await.expect("an account");
        let codes = sample_codes(&place.staff, Timestamp::now()).await.expect("codes");
        let found = codes.into_iter().find(|(one, ..)| one == id);
        found.expect("the account").3
    }

    /// A character of somebody's name that could not be printed.
    pub async fn unprintable(&self, key: &str, source: &str) {
        let place = self.state.place("first_city").expect("a place");
        let client = place.office.database.client().await.expect("a connection");
        let new = store::glyph::NewGlyph {
            code: "U+4E00".to_owned(),
            source: source.to_owned(),
            path: "/subjects/0/氏名".to_owned(),
            place: store::glyph::GlyphPlace {
                system: "resident-record".to_owned(),
                register: "resident".to_owned(),
                subject: key.to_owned(),
                item: "氏名".to_owned(),
            },
            reported_by: "madoguchi".to_owned(),
        };
        store::glyph::glyph_report(&**client, &new).await.expect("it is kept");
    }

    /// A person of the first city at work.
    pub async fn actor(&self, who: &str) -> office::Actor {
        let place = self.state.place("first_city").expect("a place");
        let (token, request) = (self.token("first_city", who), String::new());
        let found = office::staff::session_actor(
            &place.staff,
            token,
            crate::counter::desk::ZONE,
            request,
            Timestamp::now(),
        );
        found.await.expect("a session").expect("somebody").0
    }
}
