//! A cluster, a sample AWS behind a line, and a small nation to plan for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base::date::Date;
use cloud::CloudError;
use cloud::guardrail::Guardrails;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::books::{Books, Wanted};
use cloud::plane::environment::{Environment, Kind};
use cloud::plane::execute::{
    Executor, Limits, Providers, Report, blueprint_keep, books_read, wanted,
};
use cloud::plane::tree::Tree;
use cloud::provider::Provider;
use cloud::provider::aws::Aws;
use cloud::testing::{Moto, sample_settings};
use store::cluster::{Cluster, ClusterOptions};
use store::control::plane as rows;
use store::organisation::Installer;
use store::testing::Place;

use crate::line::Line;

pub const DAY: Date = Date::constant(2026, 11, 22);

pub struct World {
    pub installer: Installer,
    pub executor: Executor,
    pub aws: Arc<Aws>,
    pub line: Line,
    pub tree: Tree,
    moto: Moto,
    _cluster: Cluster,
    _place: Place,
}

/// The server program, made the first time by the house's own script.
fn moto_program() -> PathBuf {
    if let Some(known) = std::env::var_os("KUMOI_MOTO") {
        return known.into();
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let script =
        "set -euo pipefail; source xtask/packages.sh; moto_ensure >&2; echo \"$KUMOI_MOTO\"";
    let made = Command::new("bash").args(["-c", script]).current_dir(root).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

/// Quick to try again, so that a test need not wait.
pub fn limits() -> Limits {
    Limits {
        calls: 4,
        patience: Duration::from_millis(300),
        call: Duration::from_secs(5),
        attempts: 6,
        looks: 3,
        pause: Duration::from_millis(20),
        alarm: Duration::from_secs(900),
    }
}

impl World {
    pub async fn new() -> World {
        World::with(limits()).await
    }

    pub async fn with(limits: Limits) -> World {
        let place = Place::new();
        std::fs::create_dir_all(place.path()).unwrap();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let moto = Moto::start(&moto_program()).unwrap();
        let line = Line::to(moto.port()).await;
        let aws = Arc::new(Aws::new(sample_settings(line.port)).unwrap());
        let guardrails = Arc::new(Guardrails::builtin(DAY).unwrap());
        let provider: Arc<dyn Provider> = aws.clone();
        let providers = Providers::from([("aws".to_owned(), provider)]);
        let executor = Executor { installer: installer.clone(), providers, guardrails, limits };
        let tree = Tree::nation().unwrap();
        World { installer, executor, aws, line, tree, moto, _cluster: cluster, _place: place }
    }

    /// Where the sample AWS itself listens, without the line.
    pub fn moto_port(&self) -> u16 {
        self.moto.port()
    }

    /// Production and verification of bodies, each with one system.
    pub fn environments(&self, bodies: &[&str]) -> Vec<Environment> {
        let kinds = [Kind::Production, Kind::Verification];
        let each = bodies.iter().flat_map(|body| {
            kinds.map(|kind| {
                let mut one = self.tree.bodies[*body].environment(kind, "aws");
                one.systems.insert("seal-registration".to_owned(), "1.0".to_owned());
                one
            })
        });
        each.collect()
    }

    pub fn wanted(&self, environments: Vec<Environment>) -> Wanted {
        wanted(&self.tree, environments, &self.executor.guardrails).unwrap()
    }

    pub async fn books(&self) -> Books {
        books_read(&self.installer).await.unwrap()
    }

    /// Made and approved from the command line, for a reason.
    pub async fn approved(&self, wanted: &Wanted) -> i64 {
        let blueprint = Blueprint::make(wanted, &self.books().await, &Scope::Everything).unwrap();
        self.approved_as(&blueprint).await
    }

    pub async fn approved_as(&self, blueprint: &Blueprint) -> i64 {
        let id = blueprint_keep(&self.installer, blueprint, ("", "")).await.unwrap();
        let mut control = store::control::control_open(&self.installer).await.unwrap();
        let why = (blueprint.hash.as_str(), "試験");
        rows::blueprint_approve_in_emergency(&mut control, id, why).await.unwrap();
        id
    }

    pub async fn apply(&self, id: i64) -> Result<Report, CloudError> {
        self.executor.blueprint_apply(id).await
    }

    pub async fn ended(&self, id: i64) -> Report {
        let report = self.apply(id).await.unwrap();
        assert!(report.ended, "{report:?}");
        report
    }

    /// The names of the open accounts, the management account's left out; each once.
    pub async fn accounts(&self) -> Vec<String> {
        let all = self.aws.survey().await.unwrap();
        let names: Vec<String> =
            all.into_iter().map(|it| it.name).filter(|it| it.contains('.')).collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "made twice: {names:?}");
        names
    }

    /// That the books hold exactly what is wanted, and nothing is left to do.
    pub async fn settled(&self, wanted: &Wanted) {
        let again = Blueprint::make(wanted, &self.books().await, &Scope::Everything).unwrap();
        assert_eq!(again.steps, []);
    }
}
