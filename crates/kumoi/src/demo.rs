//! `kumoi up`: from an empty folder to three zones with sample organisations, and back again.
//!
//! Every step first looks whether it is done: a later start skips what is there, and a start after
//! a crash goes on where it broke off. Nothing made once (keys, people) is ever made again.

mod accounts;
mod banner;
mod cards;
mod contracts;
mod copies;
mod costs;
mod fill;
mod keys;
mod mail;
mod mesh;
mod nation;
pub(crate) mod newcomers;
mod operators;
mod places;
mod plan;
mod prefectures;
mod publication;
pub(crate) mod registration;
mod rollout;
mod upgrade;
mod vendors;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use cloud::mail::Relay;
use cloud::{Executor, Keeper, Kept, Packages};
use definition::System;
use office::version::systems_in_force;
use store::cluster::{Cluster, ClusterOptions, stop_unused};
use store::control::deletion_last;
use store::organisation::{Credentials, Installer};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::sample::{Sample, samples};
use crate::systems::{documents_load, systems_load, systems_read};
use crate::up::{Layout, Signals, Supervisor, Zone, ports_check};
pub(crate) use costs::make as costs_make;
pub(crate) use keys::KeyFolder;
pub(crate) use mesh::{strike, struck, verifier as mesh_verifier};
pub(crate) use places::{Places, away, elsewhere};

/// The pause before a task of the executor that has ended begins again.
const PAUSE: Duration = Duration::from_secs(2);

/// How long a command that moves an organisation has, when its home stops, to let go of the others.
const LETTING_GO: Duration = Duration::from_secs(3);

/// Options of `kumoi up`.
#[derive(Args, Clone, Debug)]
pub struct UpArguments {
    /// 中身を消して、初めから作り直す
    #[arg(long)]
    pub fresh: bool,
    /// データを置くフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR")]
    pub var: Option<PathBuf>,
    /// 個人番号利用事務系（窓口）のポート
    #[arg(long, default_value_t = 8611, value_name = "PORT")]
    pub office_port: u16,
    /// LGWAN接続系のポート
    #[arg(long, default_value_t = 8612, value_name = "PORT")]
    pub lgwan_port: u16,
    /// インターネット接続系のポート
    #[arg(long, default_value_t = 8613, value_name = "PORT")]
    pub internet_port: u16,
    /// 見本の認証アプリのポート
    #[arg(long, default_value_t = 8614, value_name = "PORT")]
    pub authenticator_port: u16,
    /// 情報連携のノードの最初のポート（一つのノードが二つ使います。0 なら空いているもの）
    #[arg(long, default_value_t = 8621, value_name = "PORT")]
    pub mesh_port: u16,
    /// 業務システムのフォルダを入れたフォルダ（指定がなければ組込みのもの）
    #[arg(long, value_name = "DIR")]
    pub systems: Option<PathBuf>,
    /// 通知を渡すメールサーバ（名前:ポート。同じ閉域網の中継。なければ通知は画面だけに出ます）
    #[arg(long, value_name = "HOST:PORT")]
    pub mail_relay: Option<String>,
    /// 通知の差出人
    #[arg(long, value_name = "ADDRESS", default_value = "kumoi@example.lg.jp")]
    pub mail_from: String,
    /// 一部の団体だけで始める: village、city、special_ward（, で並べる）
    #[arg(long, value_name = "KIND", value_delimiter = ',',
        value_parser = ["village", "city", "special_ward"])]
    pub only: Vec<String>,
}

/// A sample organisation in service.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) sample: Sample,
    pub(crate) kept: Kept,
    /// The systems that it is served, in the versions installed.
    pub(crate) systems: Arc<Vec<Arc<System>>>,
}

/// Starts everything, prints the addresses, and runs until a signal asks for the end.
pub async fn up(arguments: UpArguments) -> Result<()> {
    let mut signals = Signals::listen()?;
    let systems = match &arguments.systems {
        Some(folder) => systems_read(folder)?,
        None => systems_load()?,
    };
    let relay = arguments.mail_relay.as_deref();
    let relay = relay.map(|it| Relay::new(it, &arguments.mail_from)).transpose()?;
    let packages = Arc::new(Packages::default());
    let layout = Arc::new(Layout::open(arguments.var.as_deref())?);
    if arguments.fresh {
        layout.clear().await?;
    }
    let mut plans = plan::zones(&arguments, &layout)?;
    ports_check(&plans).await?;
    let authenticator = plan::authenticator_listen(&arguments).await?;
    let cluster = Cluster::start(&ClusterOptions::new(layout.postgres())).await?;
    let mut elsewhere = Vec::new();
    let known = (&systems, &packages);
    let first = tokio::select! {
        opened = open_all(&arguments, &layout, &cluster, (known, &mut elsewhere)) => {
            opened.map(Some)
        }
        () = signals.received() => Ok(None),
    };
    let opened = match first {
        Ok(Some(opened)) => opened,
        other => {
            stop_all(Some(cluster), elsewhere).await?;
            return other.map(|_| ());
        }
    };
    let zones: Vec<_> = plans.iter().map(|plan| (plan.zone, plan.address)).collect();
    let mesh = match mesh::prepare(&cluster, &layout, (&arguments, &opened)).await {
        Ok((mesh, nodes)) => {
            plans.extend(nodes);
            mesh
        }
        Err(error) => {
            stop_all(Some(cluster), elsewhere).await?;
            return Err(error);
        }
    };
    let supervisor = match Supervisor::start(&layout, plans, &mut signals).await {
        Ok(Some(supervisor)) => supervisor,
        other => {
            stop_all(Some(cluster), elsewhere).await?;
            return other.map(|_| ());
        }
    };
    let cards = cards::authenticator(&arguments, &opened, layout.var())?;
    let helper = tokio::spawn(plan::authenticator_serve(authenticator, cards));
    banner::print(&arguments, &opened, layout.var());
    let directory = cloud::watched("directory", PAUSE, move || mesh.clone().serve());
    let installer = Installer::new(cluster.installer("postgres"));
    let socket = cluster.socket().display().to_string();
    let tasks = Tasks { installer, layout: Arc::clone(&layout), socket, zones, relay };
    let running = tasks.begin(known, opened).await?;
    let cluster = supervisor.run(cluster, &mut signals).await;
    running.iter().for_each(JoinHandle::abort);
    directory.abort();
    helper.abort();
    stop_all(cluster, elsewhere).await?;
    eprintln!("kumoi: 停止しました");
    Ok(())
}

/// What works beside the zones, as long as everything runs.
struct Tasks {
    installer: Installer,
    layout: Arc<Layout>,
    /// Where the cluster listens.
    socket: String,
    zones: Vec<(Zone, SocketAddr)>,
    /// Where mail goes.
    relay: Option<Relay>,
}

impl Tasks {
    /// Begins them: contracts, training copies and sandboxes, publication, registration, roll-outs,
    /// the operators' blueprints, the watch, mail, the filling.
    async fn begin(
        self,
        (systems, packages): (&Arc<Vec<Arc<System>>>, &Arc<Packages>),
        opened: Vec<Opened>,
    ) -> Result<Vec<JoinHandle<()>>> {
        let Tasks { installer, layout, socket, zones, relay } = self;
        let var = layout.var().to_owned();
        let press = publication::Press::new(installer.clone(), systems, (packages, &var))?;
        let known = (systems, packages);
        let registrar = registration::Registrar::new(installer.clone(), &layout, socket.clone());
        let yard = copies::Yard::new(installer.clone(), known, (&layout, &socket));
        let desk = contracts::Desk::new(&layout, installer.clone(), known, (&opened, socket));
        let works = nation::Works::new(installer.clone(), systems, var.clone());
        let (desk, press, registrar) = (Arc::new(desk), Arc::new(press), Arc::new(registrar));
        let registration = cloud::watched("registration", PAUSE, move || {
            let registrar = Arc::clone(&registrar);
            async move { registrar.serve().await }
        });
        let contracts = cloud::watched("contracts", PAUSE, move || {
            let desk = Arc::clone(&desk);
            async move { desk.serve().await }
        });
        let copies = cloud::watched("copies", PAUSE, move || yard.clone().serve());
        press.begin().await.unwrap_or_else(|error| tracing::warn!(%error, "publication"));
        let publication = cloud::watched("publication", PAUSE, move || {
            let press = Arc::clone(&press);
            async move { press.serve().await }
        });
        let watcher = installer.clone();
        let watching = cloud::watched("watch", PAUSE, move || {
            watch::Watch::new(watcher.clone(), zones.clone()).serve()
        });
        let roller = installer.clone();
        let rolling = cloud::watched("rollout", PAUSE, move || rollout::serve(roller.clone()));
        let teller = installer.clone();
        let mail =
            cloud::watched("mail", PAUSE, move || mail::serve(teller.clone(), relay.clone()));
        let plane = tokio::spawn(works.serve());
        let filling = tokio::spawn(fill_all(installer, opened, var));
        let platform = [contracts, copies, publication, registration, rolling, watching];
        Ok(platform.into_iter().chain([mail, plane, filling]).collect())
    }
}

/// Fills one organisation after the other. One that fails takes none of the others with it; its
/// rest is filled at the next start.
async fn fill_all(installer: Installer, opened: Vec<Opened>, var: PathBuf) {
    let bodies: Vec<Sample> = opened.iter().map(|one| one.sample.clone()).collect();
    let all = opened.iter().flat_map(|one| one.systems.iter());
    let largest = all.max_by_key(|one| one.registers.len()).map_or("", |one| &one.id).to_owned();
    if let Err(error) = costs::make(&installer, &var, (&bodies, &largest)).await {
        tracing::error!(%error, "bills of the samples");
    }
    for one in opened {
        let (name, systems) = (one.sample.organisation.name.clone(), Arc::clone(&one.systems));
        // Dropped with this task, it ends with it.
        let mut filling = JoinSet::new();
        filling.spawn(fill::fill(installer.clone(), vec![one], systems));
        if let Some(Err(error)) = filling.join_next().await {
            tracing::error!(organisation = name, %error, "filling");
        }
    }
}

/// Stops the home, and after it every other cluster that an organisation is on or follows to,
/// whoever started it, unless another process uses it. One that does not stop says so and keeps
/// none of the others.
async fn stop_all(home: Option<Cluster>, others: Vec<Cluster>) -> Result<()> {
    let mut folders: Vec<PathBuf> = others.iter().map(|one| one.folder().to_owned()).collect();
    drop(others);
    let mut stopped = Ok(());
    if let Some(home) = home {
        // Whoever is cut off at the first start may not have made what would answer.
        match timeout(LETTING_GO, places::elsewhere(&home)).await {
            Ok(Ok(all)) => folders.extend(all),
            Ok(Err(error)) => tracing::warn!(%error, "where the organisations are is not known"),
            Err(_) => tracing::warn!("nobody said in time where the organisations are"),
        }
        stopped = home.stop().await;
    }
    for folder in folders {
        match stop_unused(&folder, LETTING_GO).await {
            Ok(true) => {}
            Ok(false) => {
                eprintln!("kumoi: {} は、ほかで使われているため止めません", folder.display());
            }
            Err(error) => tracing::warn!(%error, "a cluster did not stop"),
        }
    }
    Ok(stopped?)
}

/// Opens the organisations, loads the smallest one, and writes what each zone may know.
async fn open_all(
    arguments: &UpArguments,
    layout: &Layout,
    cluster: &Cluster,
    ((systems, packages), elsewhere): ((&Arc<Vec<Arc<System>>>, &Arc<Packages>), &mut Vec<Cluster>),
) -> Result<Vec<Opened>> {
    let installer = &Installer::new(cluster.installer("postgres"));
    let templates = installer.prepare(systems).await?;
    tracing::info!("templates are ready");
    let keeper = KeyFolder::open(layout.var())?;
    let executor = Executor { installer, templates: &templates, packages, keeper: &keeper };
    let offers = cloud::offer_publish(installer, ("kumoi", &documents_load()), systems).await?;
    let mut vendors = vendors::open(installer, &templates, (&keeper, layout.var())).await?;
    vendors.extend(registration::known(installer, &keeper).await?);
    let mut operators = operators::open(installer, &templates, &keeper).await?;
    // Prefectures come in through the LGWAN zone as the operators do.
    operators.extend(prefectures::open(installer, &templates, &keeper).await?);
    let mut all = Vec::new();
    let places = keeper.places()?;
    let socket = cluster.socket().display().to_string();
    let control = store::control::control_open(installer).await?;
    let wanted =
        |kind: &str| arguments.only.is_empty() || arguments.only.iter().any(|it| it == kind);
    for sample in samples(None).into_iter().filter(|one| wanted(one.source.kind)) {
        let organisation = &sample.organisation;
        let name = organisation.name.clone();
        if deletion_last(&control, &organisation.id).await?.is_some() {
            println!("{name}は、消去のため開きません");
            continue;
        }
        if let Some(away) = away(&control, &organisation.id, &layout.postgres()).await?
            && let Some(mut kept) = keeper.load(&organisation.id)?
        {
            let found =
                places::open((&places, &socket), (&away, &mut kept), systems, elsewhere).await?;
            all.push(Opened { sample, kept, systems: found });
            continue;
        }
        let contracts = cloud::contract_sign(installer, organisation, &offers).await?;
        let opened = executor.contract_open(organisation, &contracts).await?;
        upgrade::say(&name, &opened.upgraded);
        tracing::info!(organisation = organisation.id, "the organisation is open");
        let mut kept = opened.kept;
        places.home(&mut kept, &socket)?;
        accounts::make(&keeper, &kept)
            .await
            .with_context(|| format!("{name}の職員の利用者を作れません"))?;
        tracing::info!(organisation = organisation.id, "the accounts are made");
        let systems = Arc::new(opened.upgraded.systems);
        all.push(Opened { sample, kept, systems });
    }
    if let Some(first) = all.first() {
        fill::first(first, &first.systems).await?;
    }
    for own in vendors.iter_mut().chain(&mut operators) {
        own.host.clone_from(&socket);
    }
    write_credentials(layout, &all, &[(Zone::Internet, &vendors), (Zone::Lgwan, &operators)])?;
    Ok(all)
}

/// Each zone's own copy; a zone forgets organisations that are not opened this time.
fn write_credentials(
    layout: &Layout,
    all: &[Opened],
    others: &[(Zone, &Vec<Credentials>)],
) -> Result<()> {
    for zone in Zone::ALL {
        let folder = layout.credentials(zone)?;
        for entry in std::fs::read_dir(&folder)? {
            std::fs::remove_file(entry?.path())?;
        }
        for one in all {
            let credentials = match zone {
                Zone::Office => &one.kept.office,
                Zone::Lgwan => &one.kept.lgwan,
                Zone::Internet | Zone::Node(_) => &one.kept.internet,
            };
            let name = format!("{}.json", one.sample.organisation.id);
            layout.credential_write(zone, &name, &serde_json::to_vec_pretty(credentials)?)?;
        }
    }
    for (zone, own) in others.iter().flat_map(|(zone, all)| all.iter().map(|own| (*zone, own))) {
        let name = format!("{}.json", own.organisation.id);
        layout.credential_write(zone, &name, &serde_json::to_vec_pretty(own)?)?;
    }
    Ok(())
}

/// Options of `kumoi seed`.
#[derive(Args, Debug)]
pub struct SeedArguments {
    /// 団体の識別子（kasumi など）
    pub organisation: String,
    /// データのフォルダ（指定がなければ ./var）。データベースが動いていること
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub var: PathBuf,
}

/// Loads what is missing of the people of one opened organisation.
pub async fn seed(arguments: SeedArguments) -> Result<()> {
    let id = &arguments.organisation;
    let sample = samples(None).into_iter().find(|one| one.organisation.id == *id);
    let sample = sample.with_context(|| format!("見本の団体「{id}」はありません"))?;
    let kept = KeyFolder::open(&arguments.var)?.load(id)?.with_context(|| {
        format!(
            "{}はまだ開かれていません。先に kumoi up を実行してください",
            sample.organisation.name
        )
    })?;
    let database = kept.office.database(kept.office.office.as_ref(), None, 1)?;
    let (systems, _) = systems_in_force(&database, &systems_load()?).await?;
    let opened = Opened { sample, kept, systems };
    fill::at_terminal(&opened, &opened.systems).await
}
