//! `kumoi serve`: one zone, with the credentials of that zone and no others.
//!
//! Started by `kumoi up`; it ends on SIGTERM and leaves nothing behind.

mod newcomers;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use clap::{Args, ValueEnum};
use portal::counter::{self, CounterState};
use portal::internet::{self, InternetState};
use portal::lgwan::{self, LgwanState};
use print::{Printer, WorkerCommand};
use store::organisation::{Credentials, credentials_read, is_copy};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use self::newcomers::{Newcomers, pass};
use crate::node;
use crate::systems::systems_load;
use crate::up::Signals;

/// How long open requests may take once the end was asked for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a connection of the internet zone may be idle.
const IDLE: Duration = Duration::from_secs(60);

/// The zones by their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ZoneName {
    /// 個人番号利用事務系
    Office,
    /// LGWAN接続系
    Lgwan,
    /// インターネット接続系
    Internet,
}

/// Options of `kumoi serve`.
#[derive(Args, Debug)]
pub struct ServeArguments {
    /// 区画
    #[arg(long, value_enum, required_unless_present = "member", conflicts_with = "member")]
    pub zone: Option<ZoneName>,
    /// 情報連携のノード: 機関の鍵と証明書のファイル
    #[arg(long, value_name = "FILE")]
    pub member: Option<PathBuf>,
    /// ノードが、ほかの機関と自分の窓口のために待ち受けるアドレス
    #[arg(long, value_name = "ADDRESS", requires = "member")]
    pub mesh: Option<SocketAddr>,
    /// 待ち受けるアドレス（ノードでは、動いているかを答えるところ）
    #[arg(long)]
    pub address: SocketAddr,
    /// この区画の資格情報のフォルダ
    #[arg(long, required_unless_present = "member")]
    pub credentials: Option<PathBuf>,
    /// 認証アプリのアドレス（インターネット接続系、個人番号利用事務系）
    #[arg(long, default_value = "")]
    pub issuer: String,
    /// 住民から見たアドレス（インターネット接続系）
    #[arg(long, default_value = "")]
    pub public_url: String,
}

/// Serves the zone until a signal asks for the end.
pub async fn serve(arguments: ServeArguments) -> Result<()> {
    let mut signals = Signals::listen()?;
    let (router, _node) = match (&arguments.member, arguments.mesh, arguments.zone) {
        (Some(file), Some(mesh), _) => {
            let node = node::start(file, mesh).await?;
            (Router::new().route("/health", get(|| async { "ok\n" })), Some(node))
        }
        (_, _, Some(zone)) => (router(&arguments, zone).await?, None),
        _ => bail!("--member には --mesh が要ります"),
    };
    let listener = TcpListener::bind(arguments.address)
        .await
        .with_context(|| format!("{} を開けません", arguments.address))?;
    let (ask, asked) = oneshot::channel::<()>();
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = asked.await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        () = signals.received() => {}
    }
    let _ = ask.send(());
    // Browsers keep connections open: they are not waited for for ever.
    let _ = tokio::time::timeout(PATIENCE, serving).await;
    Ok(())
}

/// Lets go of connections that no resident needs: the office sees that nobody is there.
async fn close_idle(state: InternetState) {
    loop {
        tokio::time::sleep(IDLE / 2).await;
        state.close_idle(IDLE);
    }
}

/// What every router of this zone is made with.
#[derive(Clone)]
struct Making {
    zone: ZoneName,
    issuer: String,
    public_url: String,
    printer: Option<Printer>,
    /// Where the office's keys to its nodes lie.
    doors: PathBuf,
}

impl Making {
    fn of(arguments: &ServeArguments, zone: ZoneName) -> Result<Making> {
        let printer = match zone {
            ZoneName::Office | ZoneName::Lgwan => {
                let program = std::env::current_exe()?;
                Some(Printer::new(WorkerCommand::new(program, &["print-worker"])))
            }
            ZoneName::Internet => None,
        };
        let (issuer, public_url) = (arguments.issuer.clone(), arguments.public_url.clone());
        let doors = credentials(arguments)?.to_owned();
        Ok(Making { zone, issuer, public_url, printer, doors })
    }

    /// The pages of these organisations, and their work in the background: it ends with the set.
    async fn router(&self, credentials: Vec<Credentials>) -> Result<(Router, JoinSet<()>)> {
        let mut working = JoinSet::new();
        let router = match (self.zone, &self.printer) {
            (ZoneName::Office, Some(printer)) => {
                let state =
                    CounterState::open(credentials, systems_load()?, printer.clone()).await?;
                let state = match self.issuer.as_str() {
                    "" => state,
                    issuer => state.with_issuer(issuer)?,
                };
                let state = state.with_gates(node::gates_read(&self.doors)?);
                working = state.spawn_workers();
                counter::router(state)
            }
            (ZoneName::Lgwan, Some(printer)) => {
                lgwan::router(LgwanState::new(credentials, printer.clone())?)
            }
            (ZoneName::Office | ZoneName::Lgwan, None) => bail!("印刷の用意がありません"),
            (ZoneName::Internet, _) => {
                let (issuer, public_url) = (self.issuer.clone(), self.public_url.clone());
                let state = InternetState::new(credentials, issuer, public_url)?;
                working.spawn(close_idle(state.clone()));
                internet::router(state)
            }
        };
        Ok((router, working))
    }
}

/// The folder of the credentials of a zone.
fn credentials(arguments: &ServeArguments) -> Result<&Path> {
    arguments.credentials.as_deref().context("--credentials がありません")
}

async fn router(arguments: &ServeArguments, zone: ZoneName) -> Result<Router> {
    let folder = credentials(arguments)?;
    let mut credentials = credentials_read(folder)
        .with_context(|| format!("資格情報 {} を読めません", folder.display()))?;
    // Training copies and sandboxes come and go: they are taken up beside the others.
    credentials.retain(|own| !is_copy(&own.organisation.id));
    let known = credentials.iter().map(|own| own.organisation.id.clone()).collect();
    let making = Making::of(arguments, zone)?;
    let (zone, mut working) = making.router(credentials).await?;
    working.detach_all();
    let newcomers = Newcomers::new(folder.to_owned(), known);
    tokio::spawn(newcomers.clone().watch(making));
    // Asked by the supervisor; answers before any page of the zone is looked for.
    let zone = Router::new().fallback_service(zone).layer(from_fn_with_state(newcomers, pass));
    Ok(Router::new().route("/health", get(|| async { "ok\n" })).fallback_service(zone))
}
