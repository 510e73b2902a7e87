//! `kumoi move`: an organisation to another cluster while it works, back again, and the end of it.
//!
//! Broken off at whatever moment, the same command goes on. It makes the other cluster if its
//! folder is new; what is moved and in which order is `transfer`'s.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{Relocation, RelocationState, control_open, relocation_last};
use store::organisation::Installer;
use store::relocation::Seat;
use transfer::Mover;

use crate::demo::Places;

/// 引越しの指定
#[derive(Args, Debug)]
pub struct MoveArguments {
    /// 団体の識別子（kasumi など）
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// 移行先のクラスターのフォルダ（なければ作ります）
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// 移行元へ戻す（移行先で書かれたものも持ち帰ります）
    #[arg(long, conflicts_with_all = ["to", "finish", "give_up"])]
    back: bool,
    /// 移行を終え、移行元の写しを消す
    #[arg(long, conflicts_with_all = ["to", "give_up"])]
    finish: bool,
    /// 移行を取り止め、移行先の写しを消す（移行先で書いているときは、先に --back）
    #[arg(long, conflicts_with = "to")]
    give_up: bool,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// Carries the command out.
///
/// # Errors
/// With what to do; the organisation is then written where it was.
pub async fn relocate(arguments: MoveArguments) -> Result<()> {
    let id = &arguments.organisation;
    let home = Cluster::start(&ClusterOptions::new(arguments.var.join("postgres"))).await?;
    let installer = Installer::new(home.installer("postgres"));
    let last = relocation_last(&control_open(&installer).await?, id).await?;
    let (source, target) = ends(&arguments, last.as_ref())?;
    let clusters = (cluster(&source, id).await?, cluster(&target, id).await?);
    let places = Places::open(&arguments.var)?;
    let links = places
        .links(id)
        .context("データのフォルダの名前が長すぎて、引越しできません。短い場所に移してください")?;
    if links.current(id)?.is_none() {
        let help = "新しい雲居で一度起動してから、もう一度実行してください";
        bail!("「{id}」は古い雲居が開いたままで、引越しできません。{help}");
    }
    let (source, target) = (source.display().to_string(), target.display().to_string());
    let mover = Mover {
        organisation: id,
        source: (&source, Seat::of(&clusters.0)?),
        target: (&target, Seat::of(&clusters.1)?),
        home: &installer,
        places: links,
    };
    let way = match (arguments.back, arguments.finish || arguments.give_up) {
        (true, _) => mover.back().await?,
        (_, true) => {
            check_end(&arguments, last.as_ref())?;
            mover.finish().await?
        }
        _ => mover.forth().await?,
    };
    say(&way);
    stop_unneeded(home, clusters).await
}

/// Servers end with this command when nothing ran before it.
async fn stop_unneeded(home: Cluster, (source, target): (Cluster, Cluster)) -> Result<()> {
    if home.adopted() {
        return Ok(());
    }
    let mut stopped = Vec::new();
    for one in [home, source, target] {
        if !stopped.contains(&one.pid()) {
            stopped.push(one.pid());
            one.stop().await?;
        }
    }
    Ok(())
}

/// The folders of the two clusters, by the way that is open or was the last.
fn ends(arguments: &MoveArguments, last: Option<&Relocation>) -> Result<(PathBuf, PathBuf)> {
    let id = &arguments.organisation;
    if let Some(way) = last.filter(|way| way.state != RelocationState::Ended) {
        let target = PathBuf::from(&way.target);
        if let Some(to) = &arguments.to
            && std::path::absolute(to)? != target
        {
            let shown = target.display();
            bail!("{shown} への引越しの途中です。先に --finish か --give-up で終えてください");
        }
        return Ok((PathBuf::from(&way.source), target));
    }
    let Some(to) = &arguments.to else {
        bail!("「{id}」の引越しは始まっていません")
    };
    let source = match last.filter(|way| way.on_target) {
        Some(way) => PathBuf::from(&way.target),
        None => std::path::absolute(arguments.var.join("postgres"))?,
    };
    let target = std::path::absolute(to)?;
    if source == target {
        bail!("「{id}」はもう {} にあります", target.display());
    }
    Ok((source, target))
}

/// What is to end must be what is there.
fn check_end(arguments: &MoveArguments, way: Option<&Relocation>) -> Result<()> {
    match (arguments.finish, way.is_some_and(|way| way.on_target)) {
        (true, false) => {
            bail!("まだ切り替えていません。先に --to で移すか、--give-up で取り止めてください")
        }
        (false, true) => {
            bail!("移行先で書いています。先に --back で戻すか、--finish で終えてください")
        }
        _ => Ok(()),
    }
}

async fn cluster(folder: &Path, id: &str) -> Result<Cluster> {
    let started = Cluster::start(&ClusterOptions::new(folder)).await;
    started.with_context(|| format!("「{id}」のクラスター {} を起動できません", folder.display()))
}

fn say(way: &Relocation) {
    let place = if way.on_target { &way.target } else { &way.source };
    println!("{}は {place} にあります（{}）", way.organisation, way.state.word());
    if let (Some(held), Some(rows), Some(different)) = (way.read_only_ms, way.rows, way.different) {
        println!("書込みを止めた時間 {held} ミリ秒、照合した行 {rows}、違う行 {different}");
    }
    if way.state == RelocationState::Switched {
        let end = if way.on_target { "--finish（戻すときは --back）" } else { "--give-up" };
        println!("もう一方の写しは変更に追従しています。終えるときは {end}");
    }
}
