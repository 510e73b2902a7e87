//! One PostgreSQL a run, one organisation a test, cloned from the template of its systems.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use definition::System;
use jiff::Timestamp;
use office::access::role;
use office::case::{CaseInput, case_approve, case_enter};
use office::{Actor, Office, OfficeError};
use serde_json::{Value as Json, json};
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::{Installer, Organisation, ZoneCredentials};
use store::parameter::{DecisionRule, decision_rule_add};
use tokio::sync::{Mutex, OnceCell};

/// The server of this run; a watcher ends it and removes its folder when the run ends, however
/// it ends.
struct Server {
    installer: Installer,
    _watcher: Child,
}

/// An organisation with systems, and its installer for looking behind the office.
pub struct World {
    pub office: Office,
    pub installer: Installer,
    /// Logins of the zones.
    pub zones: ZoneCredentials,
}

async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let place = std::env::var_os("KUMOI_TEST_FOLDER");
            let place = place.map_or_else(std::env::temp_dir, Into::into);
            let place = place.join(format!("kumoi-office-{}", std::process::id()));
            let options = ClusterOptions::for_tests(place.join("postgres"));
            let cluster = Cluster::start(&options).await.expect("the cluster starts");
            // The server outlives the process that started it, so a shell waits for our end.
            let script = "cat >/dev/null; kill -QUIT \"$1\"; sleep 1; rm -rf \"$2\"";
            let watcher = Command::new("sh")
                .args(["-c", script, "sh", &cluster.pid().to_string()])
                .arg(&place)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            let installer = Installer::new(cluster.installer("postgres"));
            Server { installer, _watcher: watcher }
        })
        .await
}

impl World {
    /// A new organisation with these systems installed; a chief may decide everything.
    pub async fn new(systems: Vec<System>) -> World {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        static TURN: Mutex<()> = Mutex::const_new(());
        let installer = server().await.installer.clone();
        let systems: Vec<Arc<System>> = systems.into_iter().map(Arc::new).collect();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let organisation = Organisation {
            id: format!("mihon{number}"),
            code: "999999".to_owned(),
            name: "雲居市".to_owned(),
            name_en: "Kumoi".to_owned(),
            kind: "municipality".to_owned(),
            sample: true,
        };
        // A template can be cloned by one at a time.
        let turn = TURN.lock().await;
        let templates = installer.prepare(&systems).await.expect("templates");
        let zones = installer.organisation_create(&organisation, &templates).await;
        let zones = zones.expect("an organisation");
        let credentials = &zones.office;
        drop(turn);
        let key = credentials.vault.as_deref();
        let database = credentials.database(credentials.office.as_ref(), key, 4).expect("a pool");
        let world = World {
            office: Office {
                organisation,
                database,
                systems: Arc::new(systems),
                ended: Arc::default(),
            },
            installer,
            zones,
        };
        let rule = DecisionRule {
            id: 0,
            procedure: "*".to_owned(),
            approver_role: role::CHIEF.to_owned(),
            manner: "専決".to_owned(),
            post_review: false,
        };
        let client = world.office.database.client().await.expect("a connection");
        decision_rule_add(&**client, &rule, date("2000-01-01")).await.expect("a rule");
        world
    }

    /// Runs statements as the owner of the tables.
    pub async fn behind(&self, sql: &str) {
        let id = &self.office.organisation.id;
        let client = self.installer.connect(id).await.expect("the installer");
        client.batch_execute(&format!("set role kumoi_owner; {sql}")).await.expect("statements");
    }

    /// One number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        let client = self.office.database.client().await.expect("a connection");
        client.query_one(sql, &[]).await.expect("a row").get(0)
    }

    /// Enters a case at a moment.
    pub async fn enter(
        &self,
        at: Timestamp,
        (system, procedure): (&str, &str),
        form: Json,
    ) -> Result<i64, OfficeError> {
        self.enter_as(&clerk(at), (system, procedure), form).await
    }

    /// Enters a case as somebody; warnings are acknowledged.
    pub async fn enter_as(
        &self,
        actor: &Actor,
        (system, procedure): (&str, &str),
        form: Json,
    ) -> Result<i64, OfficeError> {
        case_enter(&self.office, actor, &input((system, procedure), form)).await
    }

    /// The chief decides a case at a moment.
    pub async fn approve(&self, at: Timestamp, case: i64) -> Result<i64, OfficeError> {
        let client = self.office.database.client().await.expect("a connection");
        let revision = store::case::case_read(&**client, case, false).await?.revision;
        drop(client);
        case_approve(&self.office, &chief(at), (case, revision), None).await
    }

    /// Enters and decides.
    #[track_caller]
    pub fn register<'a>(
        &'a self,
        at: Timestamp,
        procedure: (&'a str, &'a str),
        form: Json,
    ) -> impl Future<Output = i64> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let fail = |error: OfficeError| panic!("{place}: {procedure:?}: {error:?}");
            let case = self.enter(at, procedure, form).await.unwrap_or_else(fail);
            self.approve(at, case).await.unwrap_or_else(fail)
        }
    }
}

/// What is entered.
pub fn input((system, procedure): (&str, &str), form: Json) -> CaseInput {
    CaseInput {
        system: system.to_owned(),
        procedure: procedure.to_owned(),
        form,
        identity: json!({ "方法": "個人番号カード" }),
        acknowledged: true,
    }
}

/// Somebody with roles.
pub fn actor(id: &str, roles: &[&str], at: Timestamp) -> Actor {
    Actor {
        id: id.to_owned(),
        name: id.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        zone: "office",
        request: "test".to_owned(),
        at,
    }
}

/// 窓口.
pub fn clerk(at: Timestamp) -> Actor {
    actor("mado", &[role::COUNTER], at)
}

/// 係長.
pub fn chief(at: Timestamp) -> Actor {
    actor("kakaricho", &[role::CHIEF], at)
}

/// 支援措置担当.
pub fn protector(at: Timestamp) -> Actor {
    actor("shien", &[role::COUNTER, role::PROTECTION], at)
}

/// A day.
#[track_caller]
pub fn date(text: &str) -> base::date::Date {
    text.parse().expect("a date")
}

/// Noon in Japan on a day.
#[track_caller]
pub fn noon(day: &str) -> Timestamp {
    format!("{day}T12:00:00+09:00").parse().expect("a moment")
}

/// Somewhat later.
pub fn later(at: Timestamp, minutes: u64) -> Timestamp {
    at + Duration::from_secs(60 * minutes)
}

/// Runs a test with the database on the one runtime that all of them share: pools and the server's
/// connections live longer than a test.
pub fn run<F: Future>(test: F) -> F::Output {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
    });
    runtime.block_on(test)
}
