//! The own cluster as a provider: environments become databases with their systems, beside AWS.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud::Packages;
use cloud::plane::audit::{self, Checked};
use cloud::plane::blueprint::{Blueprint, Scope, Step};
use cloud::plane::environment::{Environment, Kind};
use cloud::plane::execute::Limits;
use cloud::provider::Provider;
use cloud::provider::local::Local;
use cloud::{Keeper, Kept};
use definition::{Package, System};
use store::control::plane as rows;

use crate::world::{World, limits};

#[derive(Default)]
struct Memory(Mutex<HashMap<String, Kept>>);

impl Keeper for Memory {
    fn load(&self, id: &str) -> std::io::Result<Option<Kept>> {
        Ok(self.0.lock().unwrap().get(id).cloned())
    }

    fn store(&self, id: &str, kept: &Kept) -> std::io::Result<()> {
        self.0.lock().unwrap().insert(id.to_owned(), kept.clone());
        Ok(())
    }
}

fn system(id: &str) -> Arc<System> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems").join(id);
    let mut package = Package::default();
    let mut open = vec![folder.clone()];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            package.files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    Arc::new(definition::load(&package).unwrap().0)
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_become_databases_with_their_systems() {
    // Installing a system is work of this machine: it may be busy.
    let call = Duration::from_secs(60);
    let mut world = World::with(Limits { call, ..limits() }).await;
    let systems = Arc::new(vec![system("resident-record")]);
    let templates = world.installer.prepare(&[]).await.unwrap();
    let local = Arc::new(Local {
        installer: world.installer.clone(),
        templates,
        systems: systems.clone(),
        packages: Packages::default(),
        keeper: Arc::new(Memory::default()),
        tree: world.tree.clone(),
    });
    let provider: Arc<dyn Provider> = local.clone();
    world.executor.providers.insert("local".to_owned(), provider);
    let mut environments = world.environments(&["131016"]);
    for kind in [Kind::Production, Kind::Verification] {
        let mut one = world.tree.bodies["011002"].environment(kind, "local");
        one.systems.insert("resident-record".to_owned(), systems[0].version.clone());
        environments.push(one);
    }
    let wanted = world.wanted(environments.clone());
    world.ended(world.approved(&wanted).await).await;
    world.settled(&wanted).await;
    let names: Vec<String> = local.survey().await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["011002.production.local", "011002.verification.local"]);
    let client = world.installer.connect("env_011002_production").await.unwrap();
    let row = client.query_one("select id from core.system", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "resident-record");
    let lane = environments[2].lane.clone();
    let stores = local.inspect(&lane, "env_011002_production").await.unwrap();
    assert_eq!(stores.len(), 1);
    let findings = audit::judge(&world.executor.guardrails, &lane, &stores);
    assert_eq!(findings, []);
    another_version_is_seen(&world).await;
    a_system_alone_stays(&world, &environments).await;
    environments.pop();
    what_somebody_entered_stays(&world, &environments).await;
    what_is_lost_is_made_anew(&world, &environments).await;
}

const ENTERED: &str = "insert into core.ordinance_value values ('x', '2026-04-01', 1, 's')";

/// A plan hears of it before anybody approves it.
async fn a_system_alone_stays(world: &World, environments: &[Environment]) {
    let mut less = environments.to_vec();
    less.last_mut().unwrap().systems.clear();
    let (less, books) = (world.wanted(less), world.books().await);
    let blueprint = Blueprint::make(&less, &books, &Scope::Everything).unwrap();
    let rules = &world.executor.guardrails;
    let judged = audit::plan_judge(rules, &audit::services(), &blueprint.steps);
    assert!(judged[0].what.contains("システムだけを外す"), "{judged:?}");
    let report = world.apply(world.approved_as(&blueprint).await).await.unwrap();
    assert!(report.held[0].2.contains("システムだけを外す"), "{report:?}");
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    let id = rows::head_list(&control).await.unwrap()[0].id;
    rows::blueprint_cut(&mut control, id, ("", "")).await.unwrap();
    assert_eq!(rows::head_read(&control, id).await.unwrap().state, "取止め");
}

/// An environment goes as a whole, or stays as a whole and says why.
async fn what_somebody_entered_stays(world: &World, left: &[Environment]) {
    let (less, books) = (world.wanted(left.to_vec()), world.books().await);
    let blueprint = Blueprint::make(&less, &books, &Scope::Everything).unwrap();
    let rules = &world.executor.guardrails;
    let judged = audit::plan_judge(rules, &audit::services(), &blueprint.steps);
    assert_eq!(judged, []);
    let client = world.installer.connect("env_011002_verification").await.unwrap();
    client.batch_execute(ENTERED).await.unwrap();
    let id = world.approved_as(&blueprint).await;
    let report = world.apply(id).await.unwrap();
    assert!(report.held[0].2.contains("core.ordinance_value に、人が入れた記録"), "{report:?}");
    let logins = "select count(*) from pg_roles where rolname like 'env\\_011002\\_verification%'
                  and rolcanlogin";
    let count = async || {
        let client = world.installer.connect("postgres").await.unwrap();
        client.query_one(logins, &[]).await.unwrap().get::<_, i64>(0)
    };
    assert_eq!(count().await, 5);
    assert!(world.books().await.lanes.contains_key("011002.verification.local"));
    client.batch_execute("delete from core.ordinance_value").await.unwrap();
    drop(client);
    world.ended(id).await;
    assert_eq!(count().await, 0);
    assert!(world.installer.connect("env_011002_verification_staff").await.is_err());
    world.settled(&less).await;
}

/// Databases that are gone are there again, empty, with their systems; what is left of them with
/// something in it is never covered up.
async fn what_is_lost_is_made_anew(world: &World, environments: &[Environment]) {
    let (rules, providers) = (&world.executor.guardrails, &world.executor.providers);
    let postgres = world.installer.connect("postgres").await.unwrap();
    let drop_one = async |name: &str| {
        postgres.batch_execute(&format!("drop database {name} with (force)")).await.unwrap();
    };
    let wanted = world.wanted(environments.to_vec());
    let office = world.installer.connect("env_011002_production").await.unwrap();
    office.batch_execute(ENTERED).await.unwrap();
    drop(office);
    drop_one("env_011002_production_staff").await;
    let mark = async || {
        let found = audit::survey(&world.books().await, providers, rules).await;
        let control = store::control::control_open(&world.installer).await.unwrap();
        rows::astray_mark(&control, &found.astray).await.unwrap();
    };
    mark().await;
    let blueprint = Blueprint::make(&wanted, &world.books().await, &Scope::Everything).unwrap();
    let words: Vec<String> = blueprint.steps.iter().map(Step::words).collect();
    assert!(words[0].contains("空で作り、中身は戻りません"), "{words:?}");
    let id = world.approved_as(&blueprint).await;
    let report = world.apply(id).await.unwrap();
    assert!(report.held[0].2.contains("控えから復元"), "{report:?}");
    // All of it lost: nobody can tell what was in it, and it was never in service.
    for name in ["env_011002_production", "env_011002_production_front"] {
        drop_one(name).await;
    }
    world.ended(id).await;
    let office = world.installer.connect("env_011002_production").await.unwrap();
    let row = office.query_one("select id from core.system", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "resident-record");
    world.settled(&wanted).await;
    assert_eq!(audit::survey(&world.books().await, providers, rules).await, Checked::default());
}

/// What is installed is held against the books, part by part.
async fn another_version_is_seen(world: &World) {
    let rules = &world.executor.guardrails;
    let mut books = world.books().await;
    let found = audit::survey(&books, &world.executor.providers, rules).await;
    assert_eq!(found, audit::Checked::default());
    let parts = books.lanes.get_mut("011002.production.local").unwrap();
    let system = parts.iter_mut().find(|(id, _)| id.starts_with("system.")).unwrap();
    system.1.reference = Some("other".to_owned());
    let found = audit::survey(&books, &world.executor.providers, rules).await;
    let parts: Vec<&str> = found.astray.iter().map(|it| it.part.as_str()).collect();
    assert_eq!(parts, ["system.resident-record.east"]);
    assert!(found.findings[0].what.contains("台帳と違う版"), "{:?}", found.findings);
}
