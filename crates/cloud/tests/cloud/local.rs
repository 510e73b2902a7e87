//! The own cluster as a provider: environments become databases with their systems, beside AWS.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud::Packages;
use cloud::plane::audit;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::environment::Kind;
use cloud::plane::execute::Limits;
use cloud::provider::Provider;
use cloud::provider::local::Local;
use cloud::{Keeper, Kept};
use definition::{Package, System};

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
    // Nothing that holds data is dropped by a blueprint: a plan hears of it before anybody approves
    // it, and if it is done all the same it stays on the books and says why.
    environments.pop();
    let less = world.wanted(environments);
    let blueprint = Blueprint::make(&less, &world.books().await, &Scope::Everything).unwrap();
    let services = audit::services();
    let judged = audit::plan_judge(&world.executor.guardrails, &services, &blueprint.steps);
    let says = |it: &cloud::guardrail::Finding| it.what.contains("削除の手順で消します");
    assert_eq!(judged.iter().filter(|it| says(it)).count(), judged.len());
    assert!(!judged.is_empty());
    let report = world.apply(world.approved_as(&blueprint).await).await.unwrap();
    assert!(report.held[0].2.contains("削除の手順で消します"), "{report:?}");
    assert!(world.books().await.lanes.contains_key("011002.verification.local"));
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
