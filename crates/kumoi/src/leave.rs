//! `kumoi export` and `kumoi delete`: an organisation takes everything along, can check it, and is
//! then taken away for good.
//!
//! Wires only: what is written out, checked and deleted, and in which order, is `transfer`'s.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use cloud::{Keeper, Kept};
use definition::System;
use definition::standard::Standard;
use jiff::Timestamp;
use office::access::role;
use office::staff::{session_actor, sign_in, sign_out, try_count};
use store::Database;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, deletion_last, relocation_seat};
use store::organisation::{Installer, TRAINING};
use store::relocation::Seat;
use store::seal::SealKey;
use transfer::{Deleter, Layout, Side, Whole, whole_verify};

use crate::demo::KeyFolder;
use crate::standard::standards_load;

/// The zone of a session that serves only to prove who somebody is.
const ZONE: &str = "leave";

/// 書き出しの指定
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// 団体の識別子（kasumi など）
    #[arg(long, value_name = "ID", required_unless_present = "verify")]
    organisation: Option<String>,
    /// 書き出すフォルダ（新しい名前か、空のフォルダ）。秘密の項目も平文で入ります
    #[arg(long, value_name = "DIR", required_unless_present = "verify")]
    to: Option<PathBuf>,
    /// 書き出したフォルダを確かめる（データベースは要りません）
    #[arg(long, value_name = "DIR", conflicts_with_all = ["organisation", "to", "last"])]
    verify: Option<PathBuf>,
    /// 契約の終わりの、最後の書き出し。団体を書込みできないようにしてから書き出す。
    /// 求める人と承認する人の、二人の管理者がサインインする
    #[arg(long = "final")]
    last: bool,
    /// 消去を求める管理者の職員ID（指定がなければ尋ねます）
    #[arg(long, value_name = "ID")]
    requested_by: Option<String>,
    /// 消去を承認する管理者の職員ID（求める人とは別の人）
    #[arg(long, value_name = "ID")]
    approved_by: Option<String>,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// 消去の指定
#[derive(Args, Debug)]
pub struct DeleteArguments {
    /// 団体の識別子（kasumi など）
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// 最後の書き出しの要約値（kumoi export --final が示したもの）
    #[arg(long, value_name = "SHA256", required_unless_present = "cancel")]
    export: Option<String>,
    /// 消去をやめる理由。何も消していないうちだけ。団体はまた書き込めるようになる
    #[arg(long, value_name = "REASON", conflicts_with = "export")]
    cancel: Option<String>,
    /// 取り消す人
    #[arg(long, value_name = "NAME", default_value = "kumoi delete")]
    actor: String,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// An organisation and the clusters it is and was on.
pub(crate) struct Place {
    home: Cluster,
    away: Option<Cluster>,
    installer: Installer,
    /// Its credentials.
    pub(crate) kept: Kept,
}

impl Place {
    /// Where the organisation is now; the servers run when this returns.
    pub(crate) async fn open(var: &Path, id: &str) -> Result<Place> {
        let kept = KeyFolder::open(var)?
            .load(id)?
            .with_context(|| format!("団体「{id}」は {} にありません", var.display()))?;
        let home = Cluster::start(&ClusterOptions::new(var.join("postgres"))).await?;
        let installer = Installer::new(home.installer("postgres"));
        let mut place = Place { home, away: None, installer, kept };
        match seat_open(&place.installer, var, id).await {
            Ok(away) => place.away = away,
            Err(error) => {
                place.close().await?;
                return Err(error);
            }
        }
        Ok(place)
    }

    /// Does something here; servers end with the command, whatever came of it.
    pub(crate) async fn with<T>(self, work: impl AsyncFnOnce(&Place) -> Result<T>) -> Result<T> {
        let done = work(&self).await;
        self.close().await?;
        done
    }

    /// The cluster it is on now.
    pub(crate) fn now(&self) -> &Cluster {
        self.away.as_ref().unwrap_or(&self.home)
    }

    /// The installer of the cluster with the control database.
    pub(crate) fn home_installer(&self) -> &Installer {
        &self.installer
    }

    /// Every cluster it is or was on, the present one first.
    pub(crate) fn seats(&self) -> Result<Vec<Seat>> {
        let all = self.away.iter().chain(std::iter::once(&self.home));
        Ok(all.map(Seat::of).collect::<Result<_, _>>()?)
    }

    /// Servers end with the command when nobody else uses them; beside a running Kumoi the one that
    /// its zones work with stays.
    async fn close(self) -> Result<()> {
        if let (true, Some(away)) = (self.home.leave().await?, self.away) {
            away.leave().await?;
        }
        Ok(())
    }
}

/// The cluster that an organisation is on, where that is not the home.
async fn seat_open(installer: &Installer, var: &Path, id: &str) -> Result<Option<Cluster>> {
    let home = std::path::absolute(var.join("postgres"))?.display().to_string();
    let seat = relocation_seat(&control_open(installer).await?, id, &home).await?;
    if seat == home {
        return Ok(None);
    }
    ensure!(Path::new(&seat).is_dir(), "「{id}」のクラスターのフォルダ {seat} がありません");
    Ok(Some(Cluster::start(&ClusterOptions::new(seat)).await?))
}

/// Writes an organisation out, or checks what was; false when something in it is wrong.
///
/// # Errors
/// With what to do; no folder is left half filled.
pub async fn export(arguments: ExportArguments) -> Result<bool> {
    if let Some(folder) = &arguments.verify {
        return verify(folder);
    }
    let (Some(id), Some(folder)) = (&arguments.organisation, &arguments.to) else {
        bail!("--organisation と --to を指定してください");
    };
    let place = Place::open(&arguments.var, id).await?;
    place.with(async |place| export_here(&arguments, place, (id, folder)).await).await
}

async fn export_here(
    arguments: &ExportArguments,
    place: &Place,
    (id, folder): (&str, &Path),
) -> Result<bool> {
    let organisation = &place.kept.office.organisation;
    let seats = place.seats()?;
    let deleter = Deleter { organisation, seats: &seats, home: &place.installer };
    if arguments.last {
        let (requested_by, approved_by) = people(arguments, place, id).await?;
        let key = SealKey::from_credentials(&place.kept.office)?;
        deleter.freeze((&requested_by, &approved_by), &key).await?;
    }
    let (name, unopened) = write(place, &seats[0], (id, folder)).await?;
    println!("{}を {} に書き出しました\n要約値 {name}", organisation.name, folder.display());
    for one in unopened {
        println!("- {one} の秘密の値は開けないため、封緘したままです");
    }
    let sound = verify(folder)?;
    if arguments.last && sound {
        deleter.exported(folder).await?;
        println!("消去するときは: kumoi delete --organisation {id} --export {name}");
        println!("やめるときは: kumoi delete --organisation {id} --cancel 理由");
    }
    Ok(sound)
}

/// The two who answer for a deletion: administrators who sign in, each with password and one-time
/// code. What was begun goes on in the names it was begun in.
async fn people(arguments: &ExportArguments, place: &Place, id: &str) -> Result<(String, String)> {
    if let Some(begun) = deletion_last(&control_open(&place.installer).await?, id).await? {
        return Ok((begun.requested_by, begun.approved_by));
    }
    let mut kept = place.kept.office.clone();
    // Straight to where it is: its link is for the zones.
    kept.host = place.seats()?[0].socket().to_owned();
    let staff = kept.database(kept.staff.as_ref(), kept.staff_vault.as_deref(), 1)?;
    let requested = administrator(&staff, ("求める人", arguments.requested_by.as_deref())).await?;
    let approved = administrator(&staff, ("承認する人", arguments.approved_by.as_deref())).await?;
    Ok((requested, approved))
}

/// Signs an administrator in at the terminal; the name with the staff ID.
async fn administrator(staff: &Database, (who, id): (&str, Option<&str>)) -> Result<String> {
    let id = match id {
        Some(id) => id.to_owned(),
        None => ask(&format!("{who}の職員ID"), true)?,
    };
    let password = ask(&format!("{who}（{id}）のパスワード"), false)?;
    let code = ask(&format!("{who}（{id}）のワンタイムコード"), true)?;
    try_count(staff, "kumoi export", &id).await?;
    let now = Timestamp::now();
    let opened = sign_in(staff, (&id, &password, &code), ZONE, now).await?;
    let found = session_actor(staff, &opened.token, ZONE, "kumoi export".to_owned(), now).await;
    sign_out(staff, &opened.token).await?;
    let actor = found?
        .map(|(actor, _)| actor)
        .filter(|actor| actor.roles.iter().any(|it| it == role::ADMINISTRATOR));
    let actor = actor.with_context(|| {
        format!("{who}（{id}）は管理者ではないか、先にパスワードかコードの登録が要ります")
    })?;
    Ok(format!("{}（{}）", actor.name, actor.id))
}

/// Asks at the terminal; a password is not shown while it is typed.
fn ask(what: &str, shown: bool) -> Result<String> {
    use std::io::{BufRead, IsTerminal, Write};
    let input = std::io::stdin();
    eprint!("{what}: ");
    std::io::stderr().flush()?;
    let quiet = (!shown && input.is_terminal()).then(Quiet::begin).transpose()?;
    let mut line = String::new();
    input.lock().read_line(&mut line)?;
    drop(quiet);
    ensure!(!line.trim().is_empty(), "{what}がありません");
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that does not show what is typed, until the value goes.
struct Quiet;

impl Quiet {
    fn begin() -> Result<Quiet> {
        let status = std::process::Command::new("stty").arg("-echo").status();
        ensure!(status.context("stty を使えません")?.success(), "端末の表示を止められません");
        Ok(Quiet)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that does not answer.
        let _ = std::process::Command::new("stty").arg("echo").status();
        eprintln!();
    }
}

async fn write(
    place: &Place,
    seat: &Seat,
    (id, folder): (&str, &Path),
) -> Result<(String, Vec<String>)> {
    let installer = Installer::new(place.now().installer("postgres"));
    let (organisation, systems) = seat.systems(id).await?;
    let standards = standards_load()?;
    let of = |system: &System| standards.iter().find(|one: &&Standard| one.id == system.code);
    let layouts: Vec<Layout<'_>> =
        systems.iter().map(|system| Layout::of(system, of(system))).collect();
    let office = &place.kept.office;
    let database = office.database(office.office.as_ref(), office.vault.as_deref(), 2)?;
    let mut registers = installer.connect_owner(id).await?;
    let mut staff = installer.connect_owner(&format!("{id}_staff")).await?;
    let mut control = control_open(place.home_installer()).await?;
    let whole = Whole {
        organisation: &organisation,
        office: Side { client: &mut registers, vault: database.vault()? },
        staff: &mut staff,
        control: &mut control,
        log: &database,
        key: &SealKey::from_credentials(office)?,
        layouts: &layouts,
    };
    let (manifest, name) = whole.export(folder, Timestamp::now()).await?;
    Ok((name, manifest.unopened))
}

fn verify(folder: &Path) -> Result<bool> {
    let report = whole_verify(folder)?;
    println!(
        "ファイル {} 個、記録 {} 件、封印された異動・監査 {} 行（封印の前 {} 行）\n要約値 {}",
        report.files, report.records, report.sealed, report.unsealed, report.name
    );
    if report.wrong.is_empty() {
        println!("すべて、書き出したときのままです");
    }
    for wrong in &report.wrong {
        println!("- {wrong}");
    }
    Ok(report.wrong.is_empty())
}

/// Takes an organisation away for good, after its last export.
///
/// # Errors
/// With what to do; broken off, the same command goes on.
pub async fn delete(arguments: DeleteArguments) -> Result<()> {
    let place = Place::open(&arguments.var, &arguments.organisation).await?;
    place.with(async |place| delete_here(&arguments, place).await).await
}

async fn delete_here(arguments: &DeleteArguments, place: &Place) -> Result<()> {
    let id = &arguments.organisation;
    let key = SealKey::from_credentials(&place.kept.office)?;
    let seats = place.seats()?;
    let organisation = &place.kept.office.organisation;
    let deleter = Deleter { organisation, seats: &seats, home: &place.installer };
    if let Some(why) = &arguments.cancel {
        deleter.cancel((&arguments.actor, why)).await?;
        println!("{}の消去を取り消しました。また書き込めます", organisation.name);
        return Ok(());
    }
    let export = arguments.export.as_deref().unwrap_or_default();
    let var = std::path::absolute(&arguments.var)?;
    let zones = ["office", "lgwan", "internet"];
    let mut keys: Vec<PathBuf> =
        zones.map(|zone| var.join("credentials").join(zone).join(format!("{id}.json"))).into();
    let own = var.join("secrets").join("organisations");
    keys.extend([var.join("places").join(id), own.join(format!("{id}.accounts"))]);
    // Its training copy goes with it.
    let copy = format!("{id}{TRAINING}");
    keys.push(var.join("credentials").join("office").join(format!("{copy}.json")));
    keys.extend([var.join("places").join(&copy), own.join(format!("{copy}.accounts"))]);
    keys.push(own.join(format!("{copy}.json")));
    // The last: with it the command can be given again when it was broken off.
    keys.push(own.join(format!("{id}.json")));
    let (_, note) = deleter.delete((export, &key), &keys).await?;
    println!("{}を消去しました。署名した記録:\n\n{note}", organisation.name);
    println!("検証鍵 {}", key.verifier_text());
    Ok(())
}
