//! The part of `kumoi plane` that needs the control database: a running cluster is used as it is,
//! otherwise it is started for this command and stopped after it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use cloud::Packages;
use cloud::guardrail::Finding;
use cloud::plane::audit;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::books::Wanted;
use cloud::plane::difference::difference;
use cloud::plane::enrol::enrol_read;
use cloud::plane::execute::{
    Executor, Limits, Providers, blueprint_keep, blueprint_read, books_read, wanted,
};
use cloud::plane::tree::Tree;
use cloud::plane::wish::wish_read;
use cloud::provider::Provider;
use cloud::provider::aws::{Aws, AwsSettings};
use cloud::provider::local::{self, Local};
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, plane as rows};
use store::organisation::Installer;

use super::check::check;
use super::health::health;
use super::wave::wave;
use super::{PlaneArguments, What, today};
use crate::demo::KeyFolder;
use crate::systems::systems_load;

/// Yen for a dollar where the operator names no rate: a planning figure, not a market's.
const YEN_PER_DOLLAR: u64 = 160;

pub(super) async fn work(arguments: &PlaneArguments) -> Result<bool> {
    let cluster = Cluster::start(&ClusterOptions::new(arguments.var.join("postgres"))).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let done = asked(arguments, &installer).await;
    cluster.leave().await?;
    done
}

async fn asked(arguments: &PlaneArguments, installer: &Installer) -> Result<bool> {
    let mut control = control_open(installer).await?;
    match &arguments.what {
        What::Plan { file, note, everything } => {
            return plan(installer, (file, *everything), note).await;
        }
        What::List => list(&rows::head_list(&control).await?),
        What::Show { id, json } => show(installer, *id, *json).await?,
        What::Approve { id, emergency, hash } => {
            rows::blueprint_approve_in_emergency(&mut control, *id, (hash, emergency)).await?;
            println!(
                "青写真 {id} を緊急に承認しました。理由を残しました。適用: kumoi plane apply {id}"
            );
        }
        What::Withdraw { id } => {
            rows::blueprint_withdraw(&mut control, *id, ("", "")).await?;
            println!("青写真 {id} を取り下げました");
        }
        What::Cut { id } => {
            let count = rows::blueprint_cut(&mut control, *id, ("", "")).await?;
            println!(
                "手順 {count} を取り止めました。始めていたものは、作るか廃止するまで台帳に残ります"
            );
        }
        What::Apply { id } => return apply(arguments, installer, *id).await,
        What::Alarms => return alarms(&control).await,
        What::Check { mark } => return check(arguments, installer, *mark).await,
        What::Health { json } => return health(&control, *json).await,
        What::Enrol { file, note } => return enrol(installer, file, note).await,
        What::Wave(arguments) => return wave(arguments, installer).await,
        What::Tree | What::Guardrails { .. } => {}
    }
    Ok(true)
}

async fn plan(
    installer: &Installer,
    (file, everything): (&Path, bool),
    note: &str,
) -> Result<bool> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("要望 {} を読めません", file.display()))?;
    let tree = Tree::nation()?;
    let wished = wish_read(&file.display().to_string(), &text, &tree)?;
    let scope = if everything { Scope::Everything } else { wished.scope() };
    let wanted = wanted(&tree, wished.environments, &today()?)?;
    draft(installer, (&wanted, &scope), note).await
}

/// Makes a draft of environments that are only enrolled.
async fn enrol(installer: &Installer, file: &Path, note: &str) -> Result<bool> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("一覧 {} を読めません", file.display()))?;
    let books = books_read(installer).await?;
    let (wanted, scope) =
        enrol_read((&file.display().to_string(), &text), &Tree::nation()?, &books)?;
    draft(installer, (&wanted, &scope), note).await
}

/// Shows what a blueprint would do and keeps it as a draft, unless the guardrails would refuse it.
async fn draft(
    installer: &Installer,
    (wanted, scope): (&Wanted, &Scope),
    note: &str,
) -> Result<bool> {
    let blueprint = Blueprint::make(wanted, &books_read(installer).await?, scope)?;
    print!("{}", difference(&blueprint, &Tree::nation()?));
    let refused = audit::plan_judge(&today()?, &audit::services(), &blueprint.steps);
    if !refused.is_empty() {
        tell(&refused);
        println!("守りごとが {} 件を断るため、案を残しませんでした", refused.len());
        return Ok(false);
    }
    noted(&blueprint);
    if !blueprint.steps.is_empty() {
        let id = blueprint_keep(installer, &blueprint, ("", note)).await?;
        println!(
            "\n案 {id}（{}）として残しました。運用担当が二人、LGWAN接続系の画面（/operators）で承認します",
            blueprint.hash
        );
    }
    Ok(true)
}

/// What a step only writes in the books at a provider that has no such thing.
fn noted(blueprint: &Blueprint) {
    let own = blueprint.steps.iter().filter(|step| step.lane.ends_with(".local"));
    let words: BTreeSet<&str> = own.filter_map(|step| local::only_noted(&step.part)).collect();
    for one in words {
        println!("local では、{one}");
    }
}

fn list(heads: &[rows::Head]) {
    for head in heads {
        let approved = head.approved_by.as_deref().unwrap_or("–");
        println!(
            "{} {}{} 世代{} 作成 {} 承認 {approved} {} {}",
            head.id,
            head.state,
            if head.emergency.is_some() { "（緊急）" } else { "" },
            head.base,
            head.made_by,
            &head.hash[..head.hash.len().min(12)],
            head.note
        );
    }
}

async fn show(installer: &Installer, id: i64, json: bool) -> Result<()> {
    let (_, blueprint, kept) = blueprint_read(installer, id).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&blueprint)?);
        return Ok(());
    }
    print!("{}", difference(&blueprint, &Tree::nation()?));
    for step in kept.iter().filter(|step| step.state == "保留") {
        let reason = step.reason.as_deref().unwrap_or_default();
        println!("保留: {} の {}: {reason}", step.planned.environment, step.planned.part);
    }
    Ok(())
}

async fn apply(arguments: &PlaneArguments, installer: &Installer, id: i64) -> Result<bool> {
    let executor = Executor {
        installer: installer.clone(),
        providers: providers(arguments, installer).await?,
        guardrails: Arc::new(today()?),
        limits: Limits::default(),
    };
    let report = executor.blueprint_apply(id).await?;
    println!("済んだ手順 {}、あとに残る手順 {}", report.done, report.waiting);
    for (lane, _, reason) in &report.held {
        println!("保留: {lane}: {reason}");
    }
    if report.ended {
        println!("青写真 {id} は終わりました");
    } else {
        println!("原因を除いてから、もう一度 kumoi plane apply {id} を行ってください");
    }
    Ok(report.ended)
}

/// The own cluster, and AWS where its address is given.
pub(super) async fn providers(
    arguments: &PlaneArguments,
    installer: &Installer,
) -> Result<Providers> {
    let local: Arc<dyn Provider> = Arc::new(Local {
        installer: installer.clone(),
        templates: installer.prepare(&[]).await?,
        systems: systems_load()?,
        packages: Packages::default(),
        keeper: Arc::new(KeyFolder::open(&arguments.var)?),
        tree: Tree::nation()?,
    });
    let mut all = Providers::from([("local".to_owned(), local)]);
    if let Some(endpoint) = &arguments.aws {
        let key = |name: &str| {
            std::env::var(name)
                .with_context(|| format!("環境変数 {name} に AWS の鍵を入れてください"))
        };
        let rules = today()?;
        let cloud = rules.cloud("aws").context("きょうの一覧に aws がありません")?;
        let aws: Arc<dyn Provider> = Arc::new(Aws::new(AwsSettings {
            endpoint: endpoint.clone(),
            access_key: key("KUMOI_AWS_ACCESS_KEY")?,
            secret_key: key("KUMOI_AWS_SECRET_KEY")?,
            regions: cloud.domestic.clone(),
            yen_per_dollar: YEN_PER_DOLLAR,
            mail_domain: "accounts.kumoi.example".to_owned(),
        })?);
        all.insert("aws".to_owned(), aws);
    }
    Ok(all)
}

async fn alarms(control: &store::Connection) -> Result<bool> {
    rows::alarm_raise(control, Limits::default().alarm.as_secs_f64()).await?;
    let alarms = rows::alarm_list(control).await?;
    for (at, words) in &alarms {
        println!("{at} {words}");
    }
    Ok(alarms.is_empty())
}

pub(super) fn tell(findings: &[Finding]) {
    for one in findings {
        println!("{} {}: {}。{}", one.rule, one.place, one.what, one.remedy);
    }
}
