//! `kumoi move`: an organisation to another cluster while it works, back again, and the end of it.
//!
//! Broken off at whatever moment, the same command goes on. It makes the other cluster if its
//! folder is new; what is moved and in which order is `transfer`'s.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use store::cluster::{Cluster, ClusterOptions, stop_unused};
use store::control::{Relocation, RelocationState, control_open, relocation_home, relocation_last};
use store::organisation::Installer;
use store::relocation::Seat;
use transfer::{Mover, Remaining};

use crate::demo::{Places, elsewhere};

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
    /// 移行を取り止め、移行先の写しを消す（移行先で書いているときは、先に --back）。移行先が失われていても使えます
    #[arg(long, conflicts_with = "to")]
    give_up: bool,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// Carries the command out. Servers that nobody else uses end with it, whatever came of it;
/// beside a running Kumoi those stay that an organisation is on or follows to, until that ends.
///
/// # Errors
/// With what to do; the organisation is then written where it was.
pub async fn relocate(arguments: MoveArguments) -> Result<()> {
    let home = Cluster::start(&ClusterOptions::new(arguments.var.join("postgres"))).await?;
    let mut others = Vec::new();
    let done = carry_out(&arguments, &home, &mut others).await;
    // The home may be among them, held twice.
    let folders = others.drain(..).map(|one| one.folder().to_owned()).collect();
    leave(home, &arguments.organisation, folders).await?;
    say(&done?);
    Ok(())
}

/// Lets go of the servers in `folders` and of those of the last way: a command that was killed may
/// have left them.
async fn leave(home: Cluster, id: &str, mut folders: Vec<PathBuf>) -> Result<()> {
    let known = async {
        let control = control_open(&Installer::new(home.installer("postgres"))).await?;
        let last = relocation_last(&control, id).await?;
        anyhow::Ok((last, elsewhere(&home).await?))
    };
    let known = known.await;
    let alone = home.leave().await?;
    // A home that ends meanwhile ends with a Kumoi, which lets go of the others.
    let served = match known {
        Ok((last, served)) => {
            let sides = last.into_iter().flat_map(|way| [way.source, way.target]);
            folders.extend(sides.filter_map(|side| Path::new(&side).canonicalize().ok()));
            served
        }
        Err(_) if alone => Vec::new(),
        Err(_) => return Ok(()),
    };
    for folder in folders.iter().filter(|folder| alone || !served.contains(folder)) {
        stop_unused(folder, Duration::ZERO).await?;
    }
    Ok(())
}

async fn carry_out(
    arguments: &MoveArguments,
    home: &Cluster,
    others: &mut Vec<Cluster>,
) -> Result<Relocation> {
    let id = &arguments.organisation;
    let installer = Installer::new(home.installer("postgres"));
    let control = control_open(&installer).await?;
    let last = relocation_last(&control, id).await?;
    let first = relocation_home(&control, id).await?;
    drop(control);
    let here = std::path::absolute(arguments.var.join("postgres"))?.display().to_string();
    let [source, target] = ends(arguments, last.as_ref(), first.as_deref().unwrap_or(&here))?;
    // The home goes by the name that it had first: its folder may have been moved.
    let folder = |name: &str| match first.as_deref() == Some(name) {
        true => PathBuf::from(&here),
        false => PathBuf::from(name),
    };
    let ending = arguments.finish || arguments.give_up;
    if ending {
        check_end(arguments, last.as_ref())?;
    }
    let main = usize::from(last.as_ref().is_some_and(|way| ending && way.on_target));
    let new = !ending && last_is_ended(last.as_ref());
    let names = [source, target];
    let mut seats = [None, None];
    for at in [main, 1 - main] {
        match side(&folder(&names[at]), id, new && at == 1).await {
            Ok(cluster) => {
                seats[at] = Some(Seat::of(&cluster)?);
                others.push(cluster);
            }
            Err(error) if ending && at != main => lost(&folder(&names[at]), &error),
            Err(error) => return Err(error),
        }
    }
    let places = Places::open(&arguments.var)?;
    let links = places
        .links(id)
        .context("データのフォルダの名前が長すぎて、引越しできません。短い場所に移してください")?;
    if links.current(id)?.is_none() {
        let help = "新しい雲居で一度起動してから、もう一度実行してください";
        bail!("「{id}」は古い雲居が開いたままで、引越しできません。{help}");
    }
    if ending && is_lost(last.as_ref(), id, seats[1 - main].as_ref()).await? {
        let here = seats[main].take().context("移行の両側とも起動できません")?;
        let here = (names[main].as_str(), here);
        let left = Remaining { organisation: id, here, home: &installer, places: links };
        return Ok(left.end().await?);
    }
    let [Some(source), Some(target)] = seats else {
        bail!("移行の両側を起動できません")
    };
    let mover = Mover {
        organisation: id,
        source: (&names[0], source),
        target: (&names[1], target),
        home: &installer,
        places: links,
    };
    Ok(match (arguments.back, ending) {
        (true, _) => mover.back().await?,
        (_, true) => mover.finish().await?,
        _ => mover.forth().await?,
    })
}

/// One of the two clusters; only a new way makes a folder.
async fn side(folder: &Path, id: &str, new: bool) -> Result<Cluster> {
    let shown = folder.display();
    ensure!(new || folder.is_dir(), "「{id}」のクラスターのフォルダ {shown} がありません");
    cluster(folder, id).await
}

/// Says that the way is ended without the other side.
fn lost(folder: &Path, error: &anyhow::Error) {
    eprintln!("{} は使えません（{error:#}）。こちら側だけで終えます", folder.display());
    eprintln!("後で戻っても、その写しは古いので使わず、フォルダごと消してください");
}

/// Whether the side that is given up is gone: it does not start, or in the middle of a switch has
/// nothing of the organisation any more.
async fn is_lost(last: Option<&Relocation>, id: &str, other: Option<&Seat>) -> Result<bool> {
    let Some(other) = other else { return Ok(true) };
    let switching = last.is_some_and(|way| way.state == RelocationState::Switching);
    Ok(switching && !other.holds(id).await?)
}

/// A cluster that is made by a new way need not be there yet.
fn last_is_ended(last: Option<&Relocation>) -> bool {
    last.is_none_or(|way| matches!(way.state, RelocationState::Ended | RelocationState::Receiving))
}

/// The names of the two clusters in the journal, by the way that is open or was the last: a new way
/// begins where the organisation is, `first` if it never moved.
fn ends(arguments: &MoveArguments, last: Option<&Relocation>, first: &str) -> Result<[String; 2]> {
    let id = &arguments.organisation;
    let wanted = arguments.to.as_ref().map(std::path::absolute).transpose()?;
    let here = std::path::absolute(arguments.var.join("postgres"))?;
    // The home by its path of now is the home by its first name.
    let wanted = wanted.map(|to| match to == here {
        true => first.to_owned(),
        false => to.display().to_string(),
    });
    if let Some(way) = last.filter(|way| way.state != RelocationState::Ended) {
        if wanted.is_some_and(|to| to != way.target) {
            let shown = &way.target;
            bail!("{shown} への引越しの途中です。先に --finish か --give-up で終えてください");
        }
        return Ok([way.source.clone(), way.target.clone()]);
    }
    let Some(target) = wanted else { bail!("「{id}」の引越しは始まっていません") };
    let source = last.map_or(first, Relocation::now).to_owned();
    if source == target {
        bail!("「{id}」はもう {target} にあります");
    }
    Ok([source, target])
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
    let place = way.now();
    println!("{}は {place} にあります（{}）", way.organisation, way.state.word());
    if let (Some(held), Some(rows), Some(different)) = (way.read_only_ms, way.rows, way.different) {
        println!("書込みを止めた時間 {held} ミリ秒、照合した行 {rows}、違う行 {different}");
    }
    if way.state == RelocationState::Ended && way.returns {
        println!(
            "切替の時点で違う行があったまま終えました。もう一方で書かれた行が足りないことがあります"
        );
    }
    if way.state == RelocationState::Switched {
        let end = if way.on_target { "--finish（戻すときは --back）" } else { "--give-up" };
        println!("もう一方の写しは変更に追従しています。終えるときは {end}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(to: Option<&str>) -> MoveArguments {
        MoveArguments {
            organisation: "mura".into(),
            to: to.map(PathBuf::from),
            back: false,
            finish: false,
            give_up: false,
            var: PathBuf::from("/now"),
        }
    }

    fn way(ends: [&str; 2], on_target: bool, state: RelocationState) -> Relocation {
        Relocation {
            id: 1,
            organisation: "mura".into(),
            source: ends[0].into(),
            target: ends[1].into(),
            on_target,
            state,
            read_only_ms: None,
            rows: None,
            different: None,
            returns: false,
        }
    }

    #[track_caller]
    fn check(to: Option<&str>, last: Option<Relocation>, expect: Result<[&str; 2], &str>) {
        let found = ends(&arguments(to), last.as_ref(), "/old/postgres");
        match (found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(said), Err(words)) => assert!(said.to_string().contains(words), "{said}"),
            (found, expect) => panic!("{found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn a_new_way_begins_where_the_last_one_ended() {
        use RelocationState::{Ended, Following};
        check(Some("/b"), None, Ok(["/old/postgres", "/b"]));
        check(Some("/now/postgres"), None, Err("もう"));
        let moved = || Some(way(["/old/postgres", "/b"], true, Ended));
        check(Some("/c"), moved(), Ok(["/b", "/c"]));
        check(Some("/b"), moved(), Err("もう /b にあります"));
        check(Some("/now/postgres"), moved(), Ok(["/b", "/old/postgres"]));
        // Given up on the way to a third: it is still on the second.
        let given_up = || Some(way(["/b", "/c"], false, Ended));
        check(Some("/c"), given_up(), Ok(["/b", "/c"]));
        let open = || Some(way(["/b", "/c"], false, Following));
        check(None, open(), Ok(["/b", "/c"]));
        check(Some("/d"), open(), Err("途中です"));
        check(None, moved(), Err("始まっていません"));
    }
}
