//! Every municipality with production and verification through the sample AWS (moto), killed with
//! SIGKILL half-way and resumed, against the same requests with the same client and nothing else.
//!
//! Both sides have a server of their own, fresh, and the same number of calls at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base::date::day_in_japan;
use cloud::guardrail::{Actor, Guardrails};
use cloud::plane::audit;
use cloud::plane::blueprint::{Blueprint, Scope, Step};
use cloud::plane::books::Wanted;
use cloud::plane::environment::{Kind, Lane};
use cloud::plane::execute::{Executor, Limits, Providers, blueprint_keep, books_read, wanted};
use cloud::plane::part::{References, Work};
use cloud::plane::tree::{BodyKind, Tree};
use cloud::provider::Provider;
use cloud::provider::aws::Aws;
use cloud::testing::{Moto, sample_settings};
use store::cluster::{Cluster, ClusterOptions};
use store::organisation::Installer;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::CloudArguments;
use crate::bench::place::Folder;

const ACTOR: Actor<'static> = Actor { made_by: "bench", approved_by: Some("second") };

fn guardrails() -> Result<Arc<Guardrails>> {
    Ok(Arc::new(Guardrails::builtin(day_in_japan(jiff::Timestamp::now()))?))
}

/// Measures the floor, then the plane.
pub(super) async fn nation(folder: &Folder, arguments: &CloudArguments) -> Result<()> {
    let program = moto_program(arguments)?;
    let tree = Tree::nation()?;
    let bodies = tree.of(BodyKind::Municipality).take(arguments.bodies);
    let kinds = [Kind::Production, Kind::Verification];
    let environments = bodies.flat_map(|body| kinds.map(|kind| body.environment(kind, "aws")));
    let all = wanted(&tree, environments.collect(), &*guardrails()?)?;
    let calls = arguments.calls;
    let floor = floor(&program, &all, calls).await?;
    println!(
        "nation, the same requests alone: {:.1} s ({} environments, {calls} at a time)",
        floor.as_secs_f64(),
        all.environments.len()
    );
    // Books of its own: those of an earlier run would leave nothing to do.
    let own = Folder::open(Some(&folder.path().join(format!("nation-{}", std::process::id()))))?;
    let (ours, runs) = plane((&own, &program), &all, (calls, floor / 2)).await?;
    std::fs::remove_dir_all(own.path())?;
    println!(
        "nation, planned, journalled, killed half-way and resumed: {:.1} s ({:.1} s to the kill)",
        ours.as_secs_f64(),
        runs.as_secs_f64()
    );
    println!("nation, ours / floor: {:.3}", ours.as_secs_f64() / floor.as_secs_f64());
    Ok(())
}

fn moto_program(arguments: &CloudArguments) -> Result<PathBuf> {
    let known = arguments.moto.clone().or_else(|| std::env::var_os("KUMOI_MOTO").map(Into::into));
    known.context(
        "見本の AWS がどこにあるか分かりません。`source xtask/packages.sh && moto_ensure` で用意すると、\
         その場所が KUMOI_MOTO に入ります",
    )
}

/// The requests of a blueprint without blueprint, journal or executor.
async fn floor(program: &Path, wanted: &Wanted, calls: usize) -> Result<Duration> {
    let moto = Moto::start(program)?;
    let aws = Arc::new(Aws::new(sample_settings(moto.port()))?);
    let rules = guardrails()?;
    let blueprint = Blueprint::make(wanted, &Default::default(), &Scope::Everything)?;
    let mut lanes: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for step in blueprint.steps {
        lanes.entry(step.lane.clone()).or_default().push(step);
    }
    let begin = Instant::now();
    let first = lanes.remove("nation.shared.aws").unwrap_or_default();
    let shared = Arc::new(requests((&aws, &rules), first, Arc::default()).await?);
    let slots = Arc::new(Semaphore::new(calls));
    let mut running = JoinSet::new();
    for steps in lanes.into_values() {
        let (aws, rules, shared) = (aws.clone(), rules.clone(), shared.clone());
        let slots = slots.clone();
        running.spawn(async move {
            let _slot = slots.acquire().await?;
            requests((&aws, &rules), steps, shared).await
        });
    }
    while let Some(ran) = running.join_next().await {
        ran??;
    }
    Ok(begin.elapsed())
}

async fn requests(
    (aws, rules): (&Arc<Aws>, &Guardrails),
    steps: Vec<Step>,
    shared: Arc<References>,
) -> Result<References> {
    let mut own = References::new();
    for step in steps {
        let lane: Lane = step.lane.parse()?;
        let part = step.part.id();
        let shared = shared.clone();
        let work = Work {
            step: step.id,
            lane,
            act: step.act,
            part: step.part,
            again: false,
            leaving: false,
            reference: None,
            own: own.clone(),
            shared,
        };
        let permit = rules.permit(aws.as_ref(), work, ACTOR)?;
        if let Some(name) = aws.make(permit).await? {
            own.insert(part, name);
        }
    }
    Ok(own)
}

/// Planned, approved, applied by a child that is killed after `cut`, and by another; the whole
/// time and that until the kill.
async fn plane(
    (folder, program): (&Folder, &Path),
    wanted: &Wanted,
    (calls, cut): (usize, Duration),
) -> Result<(Duration, Duration)> {
    let moto = Moto::start(program)?;
    let cluster = Cluster::start(&ClusterOptions::new(folder.path().join("postgres"))).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    // The control database is there before anybody plans.
    let books = books_read(&installer).await?;
    let begin = Instant::now();
    let blueprint = Blueprint::make(wanted, &books, &Scope::Everything)?;
    let id = blueprint_keep(&installer, &blueprint, ("bench", "")).await?;
    let mut control = store::control::control_open(&installer).await?;
    let why = (blueprint.hash.as_str(), "計測");
    store::control::plane::blueprint_approve_in_emergency(&mut control, id, why).await?;
    println!("nation, planned, kept and approved: {:.2} s", begin.elapsed().as_secs_f64());
    let mut child = child(folder, (id, moto.port()), calls)?;
    tokio::time::sleep_until((begin + cut).into()).await;
    ensure!(child.try_wait()?.is_none(), "the first run ended before it was killed");
    child.kill().await?;
    let killed = begin.elapsed();
    let done = books_read(&installer).await?.lanes.len();
    println!("nation, killed: {done} environments had begun");
    // Killed before anything or after everything there is nothing to resume.
    let all = wanted.environments.len();
    ensure!((1..=all).contains(&done), "killed at {done} of {all} environments");
    // The server notices that the connection with the lock is gone.
    let mut ended = self::child(folder, (id, moto.port()), calls)?.wait().await?;
    for _ in 0..5 {
        if ended.success() {
            break;
        }
        ended = self::child(folder, (id, moto.port()), calls)?.wait().await?;
    }
    let whole = begin.elapsed();
    ensure!(ended.success(), "the second run failed");
    let left = Blueprint::make(wanted, &books_read(&installer).await?, &Scope::Everything)?;
    ensure!(left.steps.is_empty(), "{} steps are left", left.steps.len());
    let aws = Aws::new(sample_settings(moto.port()))?;
    let seen = aws.survey().await?;
    let findings = audit::compare(&books_read(&installer).await?, "aws", &seen);
    ensure!(findings.is_empty(), "{findings:?}");
    let ours = seen.iter().filter(|it| it.name.contains('.')).count();
    println!("nation, accounts afterwards: {ours}, on the books and at the provider alike");
    cluster.stop().await?;
    Ok((whole, killed))
}

fn child(folder: &Folder, (id, port): (i64, u16), calls: usize) -> Result<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("bench").arg("--var").arg(folder.path()).arg("cloud");
    command.args(["--calls", &calls.to_string(), "--apply", &id.to_string(), &port.to_string()]);
    Ok(command.stdin(Stdio::null()).kill_on_drop(true).spawn()?)
}

/// The child: applies a blueprint on the cluster of the folder, which goes on running.
pub(super) async fn apply(folder: &Folder, (id, port): (i64, u16), calls: usize) -> Result<()> {
    let cluster = Cluster::start(&ClusterOptions::new(folder.path().join("postgres"))).await?;
    let aws: Arc<dyn Provider> = Arc::new(Aws::new(sample_settings(port))?);
    let executor = Executor {
        installer: Installer::new(cluster.installer("postgres")),
        providers: Providers::from([("aws".to_owned(), aws)]),
        guardrails: guardrails()?,
        limits: Limits { calls, ..Limits::default() },
    };
    let report = executor.blueprint_apply(id).await?;
    println!("nation, a run: {} steps done, {} held", report.done, report.held.len());
    ensure!(report.ended, "{:?}", report.held.first());
    Ok(())
}
