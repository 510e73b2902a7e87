//! Every page × who asks, against a real organisation: what is answered, which audit row is left,
//! what is refused without the token of the session, and what another organisation answers.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use expect_test::expect_file;
use jiff::{SignedDuration, Timestamp};
use mesh::directory::{Certificate, Directory, DirectoryKey, Member};
use mesh::key::SigningKey;
use mesh::net::{
    Ask, Door, Hosted, Identity, Ledger, Node, OfficeKey, Running, fingerprint, pin_text,
};
use office::staff::{session_actor, sign_in};
use serde_json::json;
use store::audit::audit_latest;
use store::intake::{NewIntake, intake_enter, intake_read, intake_rows_add, intake_update};
use store::run::{NewRun, run_enter};

use store::Database;
use store::organisation::Installer;
use store::seal::seal_all;
use tokio::net::TcpListener;

use super::PAGES;
use crate::counter::api::tests::stage::{ACCOUNTS, PASSWORD, Reply, Stage};
use crate::counter::api::tests::walk::move_in;
use crate::counter::desk::{COOKIE, ZONE};
use crate::counter::{CounterState, Gate};
use crate::route::{Access, Leaves, Page, Verb};

type Fields = Vec<(&'static str, String)>;

/// What the pages are asked about.
struct World {
    stage: Stage,
    key: String,
    case: String,
    document: String,
    run: String,
    intake: String,
    /// The number of an exchange.
    request: String,
    _node: Running,
}

/// A bulk run that waits for its decision, in a municipality that has a system with runs.
async fn submitted_run(stage: &Stage) -> String {
    stage.install("first_city", "resident-tax").await;
    stage.state.refresh("first_city").await.expect("its systems").expect("a place");
    let place = stage.state.place("first_city").expect("a place");
    let client = place.office.database.client().await.expect("a connection");
    let new = NewRun {
        system: "resident-tax".to_owned(),
        run: "initial-levy".to_owned(),
        package: String::new(),
        asked: json!({"年度の初日": "2026-04-01"}),
        trial: false,
        entered_by: "kakari".to_owned(),
    };
    run_enter(&**client, &new).await.expect("it is entered").to_string()
}

/// An intake that broke off, with a line that waits.
async fn halted_intake(stage: &Stage) -> String {
    let place = stage.state.place("first_city").expect("a place");
    let client = place.office.database.client().await.expect("a connection");
    let new = NewIntake {
        system: "resident-tax".to_owned(),
        intake: "salary-report".to_owned(),
        package: String::new(),
        file_name: "給報.csv".to_owned(),
        encoding: "UTF-8".to_owned(),
        digest: "ab".repeat(32),
        asked: json!({"年度の初日": "2026-04-01"}),
        trial: false,
        entered_by: "kakari".to_owned(),
        lines: 2,
    };
    let id = intake_enter(&**client, &new, b"sealed").await.expect("it is entered").expect("new");
    let wrong = json!([{"at": "宛名番号", "message": "該当する人がいません"}]);
    let row = (2, json!({"氏名": "見本　一"}), wrong);
    intake_rows_add(&**client, id, &[row]).await.expect("it waits");
    let mut own = intake_read(&**client, id, false).await.expect("it is there");
    own.stage = store::intake::stage::HALTED.to_owned();
    own.waiting = 1;
    intake_update(&**client, &own).await.expect("it is kept");
    id.to_string()
}

/// A node for the first city, and an inquiry that found nobody home.
async fn member(stage: &Stage) -> (Running, String) {
    let place = stage.state.place("first_city").expect("a place");
    let installer = Installer::new(stage.cluster.installer("postgres"));
    let login = installer.mesh_login("first_city").await.expect("a login");
    let mut config = stage.cluster.installer("first_city");
    config.user(&login.user).password(&login.password).dbname("first_city");
    let database = Database::new(config, 2, None).expect("a pool");
    let until = Timestamp::now() + SignedDuration::from_hours(240);
    let made = || Identity::generate("first_city", until).expect("a certificate");
    let (shown, office, key) = (made(), made(), SigningKey::generate().expect("a key"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let certificate = Certificate { sha256: pin_text(&shown.certificate), expires: until };
    let listed = |id: &str, address: String| Member {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: "municipality".to_owned(),
        address,
        certificates: vec![certificate.clone()],
        keys: Vec::new(),
        log: place.seal.verifier_text(),
    };
    let own = listener.local_addr().expect("an address").to_string();
    let (address, gone) = (own.clone(), "127.0.0.1:1".to_owned());
    let door = OfficeKey {
        member: "first_city".to_owned(),
        address,
        node: pin_text(&shown.certificate),
        certificate: STANDARD.encode(&office.certificate),
        key: STANDARD.encode(&office.key),
    };
    let directory = Directory {
        version: 1,
        issued: Timestamp::now(),
        expires: until,
        members: vec![listed("first_city", own), listed("gone", gone)],
    };
    let hosted = Hosted {
        id: "first_city".to_owned(),
        key_id: "first_city/1".to_owned(),
        key: SigningKey::from_pkcs8(&key).expect("a key"),
        identity: shown,
        ledger: Ledger::new(database),
        services: HashMap::new(),
        offices: vec![fingerprint(&office.certificate)],
    };
    let signer = DirectoryKey::from_seed(&[1; 32]).expect("a key");
    let node = Node::new(vec![hosted], &signer.verifier());
    node.directory_take(&signer.sign(&directory).expect("a note")).expect("it is taken");
    let running = node.serve(listener).expect("it listens");
    let door = Arc::new(Door::new(&door).expect("a door"));
    let ask =
        Ask { to: "gone", service: "inquiry", affair: Some("child-allowance"), ..Ask::default() };
    let given = door.ask(&ask).await.expect("the node answers");
    assert_eq!(given.status, 502);
    seal_all(&place.office.database, &place.seal).await.expect("it is sealed");
    let gate = Gate { door, statute: Arc::default() };
    let _ = stage.state.clone().with_gates([("first_city".to_owned(), gate)].into());
    (running, given.request)
}

/// The parts of a form, in order, the one named `file` as a file.
fn multipart(boundary: &str, fields: &[(&'static str, String)]) -> String {
    let part = |(name, value): &(&'static str, String)| {
        let file = if *name == "file" { "; filename=\"slips.csv\"" } else { "" };
        let head = format!("Content-Disposition: form-data; name=\"{name}\"{file}");
        format!("--{boundary}\r\n{head}\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    format!("{parts}--{boundary}--\r\n")
}

impl World {
    async fn build() -> World {
        let stage = Stage::build().await;
        let entered = |name: &'static str| stage.enter(move_in(name, "1980-02-03"));
        let (first, second) = (entered("見本　一").await, entered("見本　二").await);
        let approve = json!({"revision": 1});
        let path = format!("/cases/{first}/approve");
        let reply = stage.first("kakari", ("POST", &path), Some(approve)).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        let asked = json!({"system": "resident-record", "register": "resident", "q": "見本"});
        let reply = stage.first("madoguchi", ("POST", "/search"), Some(asked)).await;
        let key = reply.body["rows"][0]["key"].as_str().expect("a row").to_owned();
        let document = "20260401-999999-madoguchi-000001".to_owned();
        stage.issued(&document).await;
        stage.unprintable(&key, "一").await;
        let run = submitted_run(&stage).await;
        let intake = halted_intake(&stage).await;
        let (node, request) = member(&stage).await;
        World { stage, key, case: second, document, run, intake, request, _node: node }
    }

    /// The address of a page that names what is there.
    fn path(&self, page: &Page<CounterState>, organisation: &str) -> String {
        let run = format!("/runs/{}", self.run);
        let intake = format!("/intakes/{}", self.intake);
        let named = [
            ("/runs/{id}", run.as_str()),
            ("/start-run/{system}/{run}", "/start-run/resident-tax/initial-levy"),
            ("/revisions/{system}/{run}", "/revisions/resident-tax/initial-levy"),
            ("/intakes/{id}", intake.as_str()),
            ("{line}", "2"),
            ("/start-intake/{system}/{intake}", "/start-intake/resident-tax/salary-report"),
            ("{organisation}", organisation),
            ("{request}", &self.request),
            ("{file}", "tokens.css"),
            ("{system}", "resident-record"),
            ("{register}", "resident"),
            ("{key}", &self.key),
            ("{procedure}", "move-in"),
            ("/identification/{id}", "/identification/1"),
            ("/forwarding/{act}", "/forwarding/write"),
            ("{id}", &self.case),
            ("{number}", &self.document),
            ("/administration/{act}", "/administration/account-unlock"),
            ("{act}", "withdraw"),
        ];
        let path = page.path.to_owned();
        named.iter().fold(path, |path, (name, value)| path.replace(name, value))
    }

    /// Asks with the session of somebody; a form without its token of the session.
    async fn ask(&self, page: &Page<CounterState>, at: &str, who: Option<&str>) -> Reply {
        self.send(page, &self.path(page, at), who, &[]).await
    }

    async fn send(
        &self,
        page: &Page<CounterState>,
        path: &str,
        token: Option<&str>,
        fields: &[(&'static str, String)],
    ) -> Reply {
        let method = page.verb.word().to_uppercase();
        let mut request = Request::builder().method(method.as_str()).uri(path);
        if let Some(token) = token {
            request = request.header(header::COOKIE, format!("{COOKIE}={token}"));
        }
        let mut body = String::new();
        let is_file = page.path == "/{organisation}/start-intake/{system}/{intake}";
        if page.verb == Verb::Post && is_file {
            request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=parts");
            let own: Fields = fields.iter().cloned().chain(self.form(page)).collect();
            body = multipart("parts", &own);
        } else if page.verb == Verb::Post {
            let kind = "application/x-www-form-urlencoded";
            request = request.header(header::CONTENT_TYPE, kind);
            let mut url = reqwest::Url::parse("http://form/").expect("an address");
            url.query_pairs_mut().extend_pairs(self.form(page)).extend_pairs(fields);
            body = url.query().unwrap_or_default().to_owned();
        }
        self.stage.answer(request.body(Body::from(body)).expect("a request")).await
    }

    /// A form that does what the page is for. A page without a line here fails.
    fn form(&self, page: &Page<CounterState>) -> Fields {
        let text = |pairs: &[(&'static str, &str)]| {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        match page.path {
            "/{organisation}/sign-in" => {
                text(&[("id", "madoguchi"), ("password", "wrong"), ("code", "000000")])
            }
            "/{organisation}/sign-out" => Vec::new(),
            "/{organisation}/password" => {
                text(&[("old", PASSWORD), ("new", "a-quite-new-one"), ("again", "a-quite-new-one")])
            }
            "/{organisation}/one-time-code" => text(&[("code", "000000")]),
            "/{organisation}/search" => text(&[("q", "見本")]),
            "/{organisation}/rows/{system}/{register}/{key}/reveal" => {
                text(&[("item", "個人番号"), ("purpose", "本人の求め")])
            }
            "/{organisation}/start/{system}/{procedure}" => text(&[("act", "check")]),
            "/{organisation}/cases/{id}/{act}" => text(&[("revision", "1")]),
            "/{organisation}/links" => text(&[
                ("handle", &URL_SAFE_NO_PAD.encode([7; 32])),
                ("register", "resident-record/resident"),
            ]),
            "/{organisation}/documents/{number}/void" => text(&[("reason", "印刷の乱れ")]),
            "/{organisation}/administration/{act}" => text(&[("id", "madoguchi")]),
            "/{organisation}/identification/{id}" => {
                text(&[("act", "choose"), ("character", "弌"), ("reason", "届書で確かめた")])
            }
            "/{organisation}/forwarding/{act}" | "/{organisation}/runs/{id}/{act}" => Vec::new(),
            "/{organisation}/start-run/{system}/{run}" => {
                text(&[("年度の初日", "令和8年4月1日"), ("how", "trial")])
            }
            "/{organisation}/revisions/{system}/{run}" => {
                text(&[("年度の初日", "令和8年4月1日"), ("value.市町村民税の所得割の税率", "7000")])
            }
            "/{organisation}/start-intake/{system}/{intake}" => text(&[
                ("年度の初日", "令和8年4月1日"),
                ("how", "trial"),
                ("file", "受給者の氏名,支払金額,宛名番号,支払者の番号\n見本　一,5000000,,\n"),
            ]),
            "/{organisation}/intakes/{id}/resume" => Vec::new(),
            "/{organisation}/intakes/{id}/lines/{line}" => {
                text(&[("act", "leave-out"), ("reason", "この団体の人ではない")])
            }
            "/{organisation}/start-inquiry/{system}/{register}/{key}" => {
                text(&[("affair", "child-allowance")])
            }
            other => panic!("{other} has no act in this matrix"),
        }
    }

    async fn audits(&self) -> usize {
        self.stage.audits(None).await
    }

    async fn last_audit(&self) -> (String, String) {
        let place = self.stage.state.place("first_city").expect("a place");
        let client = place.office.database.client().await.expect("a connection");
        let rows = audit_latest(&**client, None, 1).await.expect("a row");
        (rows[0].audit.actor.clone(), rows[0].audit.purpose.clone())
    }

    async fn csrf(&self, who: &str) -> String {
        let place = self.stage.state.place("first_city").expect("a place");
        let token = self.stage.token("first_city", who);
        let found = session_actor(&place.staff, token, ZONE, String::new(), Timestamp::now());
        found.await.expect("a session").expect("somebody").1
    }
}

fn below_organisation(page: &&Page<CounterState>) -> bool {
    page.path.starts_with("/{organisation}")
}

fn lets_in(access: Access, role: &str) -> bool {
    match access {
        Access::Open | Access::Signed | Access::Renewing | Access::Beginning => true,
        Access::Roles(roles) => roles.contains(&role),
    }
}

/// What is said of a form without its token, and what of a person without the role.
const NO_TOKEN: &str = "送信の確認ができません";
const NO_ROLE: &str = "この操作はできません";
/// The print worker is not there, so the page fails after its audit row.
const NOT_PRINTED: &str = "/{organisation}/documents/{number}/pdf";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_by_role_organisation_audit_and_token() {
    let world = World::build().await;
    let mut lines = String::new();
    for page in PAGES {
        let line = asked_by_all(&world, page).await;
        lines.push_str(&format!("{:4} {} {line}\n", page.verb.word(), page.path));
    }
    expect_file!["matrix.txt"].assert_eq(&lines);
    for page in PAGES.iter().filter(below_organisation) {
        strangers(&world, page).await;
    }
    acts(&world).await;
    world.stage.cluster.stop().await.expect("it stops");
}

/// Asks as everybody; the answers in one line.
async fn asked_by_all(world: &World, page: &Page<CounterState>) -> String {
    let nobody = world.ask(page, "first_city", None).await;
    let open = page.access == Access::Open;
    let refused = nobody.location == "/first_city/sign-in";
    assert_eq!(refused, !open, "{}: nobody", page.path);
    let mut line = format!("nobody {}", nobody.status.as_u16());
    for (id, role) in ACCOUNTS {
        let before = world.audits().await;
        let token = world.stage.token("first_city", id);
        let reply = world.ask(page, "first_city", Some(token)).await;
        let left = world.audits().await - before;
        let name = format!("{} {}: {role}: {}", page.verb.word(), page.path, reply.text);
        line.push_str(&format!(", {role} {}", reply.status.as_u16()));
        let expected = match (lets_in(page.access, role), page.leaves) {
            (false, _) => {
                assert!(reply.text.contains(NO_ROLE), "{name}");
                (StatusCode::FORBIDDEN, 0)
            }
            (true, Leaves::Change) => {
                assert!(reply.text.contains(NO_TOKEN), "{name}");
                (StatusCode::FORBIDDEN, 0)
            }
            (true, Leaves::Opening) => (StatusCode::UNAUTHORIZED, 0),
            (true, Leaves::Look) if page.path == NOT_PRINTED => {
                (StatusCode::INTERNAL_SERVER_ERROR, 1)
            }
            (true, Leaves::Look) => (StatusCode::OK, 1),
            (true, Leaves::Nothing) => (StatusCode::OK, 0),
        };
        assert_eq!((reply.status, left), expected, "{name}");
        if left == 1 {
            let (actor, purpose) = world.last_audit().await;
            assert_eq!(actor, *id, "{name}");
            assert!(!purpose.trim().is_empty(), "{name}");
        }
    }
    line
}

/// No such organisation; a session of another; the own one asking for what another has.
async fn strangers(world: &World, page: &Page<CounterState>) {
    let own = world.stage.token("first_city", "kacho");
    for token in [None, Some(own)] {
        let reply = world.ask(page, "third_city", token).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{}: no such place", page.path);
    }
    if page.access == Access::Open {
        return;
    }
    let before = world.audits().await;
    let foreign = world.stage.token("second_city", "madoguchi");
    for token in [foreign, "made-up"] {
        let reply = world.ask(page, "first_city", Some(token)).await;
        assert_eq!(reply.location, "/first_city/sign-in", "{}: {token}", page.path);
    }
    let named =
        ["{key}", "{id}", "{number}", "{request}"].iter().any(|name| page.path.contains(name));
    if named && page.verb == Verb::Get {
        let reply = world.ask(page, "second_city", Some(foreign)).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{}: of another", page.path);
    }
    assert_eq!(world.audits().await, before, "{}: nothing was shown", page.path);
}

/// Each form sent as it should be, by somebody who may: the answer and its audit row.
async fn acts(world: &World) {
    let stage = &world.stage;
    let posts = PAGES.iter().filter(|page| page.verb == Verb::Post);
    for page in posts {
        let (who, status, rows) = match page.path {
            "/{organisation}/sign-in" => continue,
            // The session that changed it is over too: a new one is opened.
            "/{organisation}/password" => ("kakari", 303, 1),
            "/{organisation}/sign-out" => ("kacho", 303, 1),
            "/{organisation}/administration/{act}" => ("kanri", 303, 1),
            // The codes of this session are set up already.
            "/{organisation}/one-time-code" => ("madoguchi", 409, 1),
            "/{organisation}/links" => ("madoguchi", 409, 1),
            "/{organisation}/cases/{id}/{act}" => ("madoguchi", 303, 1),
            "/{organisation}/documents/{number}/void" => ("madoguchi", 303, 1),
            // The case that corrects the register, and the decision itself.
            "/{organisation}/identification/{id}" => ("madoguchi", 303, 2),
            "/{organisation}/forwarding/{act}" => ("hogo", 303, 1),
            "/{organisation}/runs/{id}/{act}"
            | "/{organisation}/start-run/{system}/{run}"
            | "/{organisation}/revisions/{system}/{run}"
            | "/{organisation}/start-intake/{system}/{intake}"
            | "/{organisation}/intakes/{id}/resume" => ("madoguchi", 303, 1),
            // What is missing is said at the form, which shows the person.
            "/{organisation}/start-inquiry/{system}/{register}/{key}" => ("madoguchi", 422, 1),
            // What was looked at, and what was done with it.
            "/{organisation}/intakes/{id}/lines/{line}" => ("madoguchi", 303, 2),
            _ => ("madoguchi", 200, 1),
        };
        let before = world.audits().await;
        let token = stage.token("first_city", who);
        let fields = [("csrf", world.csrf(who).await)];
        let path = world.path(page, "first_city");
        let reply = world.send(page, &path, Some(token), &fields).await;
        assert_eq!(reply.status.as_u16(), status, "{}: {}", page.path, reply.text);
        assert_eq!(world.audits().await - before, rows, "{}: audit rows", page.path);
        let (actor, purpose) = world.last_audit().await;
        assert_eq!((actor.as_str(), purpose.trim().is_empty()), (who, false), "{}", page.path);
    }
    let left = PAGES.iter().find(|page| page.path == "/{organisation}").expect("the first page");
    let token = stage.token("first_city", "kacho");
    let reply = world.ask(left, "first_city", Some(token)).await;
    assert_eq!(reply.location, "/first_city/sign-in", "the session is over");
    signing_in(world).await;
}

/// Signing in opens a session that pages take, and leaves its audit row.
async fn signing_in(world: &World) {
    let stage = &world.stage;
    let code = stage.newcomer("first_city", "shinki").await;
    let page = PAGES.iter().find(|page| page.leaves == Leaves::Opening).expect("a page");
    let before = world.audits().await;
    let path = world.path(page, "first_city");
    let mut url = reqwest::Url::parse("http://form/").expect("an address");
    url.query_pairs_mut().extend_pairs([("id", "shinki"), ("password", PASSWORD)]);
    url.query_pairs_mut().append_pair("code", &code);
    let request = Request::builder().method("POST").uri(path);
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = Body::from(url.query().unwrap_or_default().to_owned());
    let reply = stage.answer(request.body(body).expect("a request")).await;
    assert_eq!((reply.status, reply.location.as_str()), (StatusCode::SEE_OTHER, "/first_city"));
    assert_eq!(world.audits().await, before + 1);
    assert_eq!(world.last_audit().await.0, "shinki");
    let place = stage.state.place("first_city").expect("a place");
    let given = ("shinki", PASSWORD, code.as_str());
    assert!(sign_in(&place.staff, given, ZONE, Timestamp::now()).await.is_err(), "used twice");
}
