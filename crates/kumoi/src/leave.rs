//! `kumoi export` and `kumoi delete`: an organisation takes everything along, can check it, and is
//! then taken away for good.
//!
//! Wires only: what is written out, checked and deleted, and in which order, is `transfer`'s.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use cloud::{Keeper, Kept};
use definition::System;
use definition::standard::Standard;
use jiff::Timestamp;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, relocation_last};
use store::organisation::Installer;
use store::relocation::Seat;
use store::seal::SealKey;
use transfer::{Deleter, Layout, Side, Whole, whole_verify};

use crate::demo::KeyFolder;
use crate::standard::standards_load;

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
    /// 契約の終わりの、最後の書き出し。団体を書込みできないようにしてから書き出す
    #[arg(long = "final", requires_all = ["requested_by", "approved_by"])]
    last: bool,
    /// 消去を求める人
    #[arg(long, value_name = "NAME")]
    requested_by: Option<String>,
    /// 消去を承認する人（求める人とは別の人）
    #[arg(long, value_name = "NAME")]
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
    #[arg(long, value_name = "SHA256")]
    export: String,
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
        let way = relocation_last(&control_open(&installer).await?, id).await?;
        let away = match way.filter(|way| way.on_target) {
            Some(way) => Some(Cluster::start(&ClusterOptions::new(way.target)).await?),
            None => None,
        };
        Ok(Place { home, away, installer, kept })
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

    /// Servers end with the command when nothing ran before it.
    pub(crate) async fn close(self) -> Result<()> {
        if self.home.adopted() {
            return Ok(());
        }
        if let Some(away) = self.away {
            away.stop().await?;
        }
        Ok(self.home.stop().await?)
    }
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
    let organisation = &place.kept.office.organisation;
    let seats = place.seats()?;
    let deleter = Deleter { organisation, seats: &seats, home: &place.installer };
    if arguments.last {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let people = (name(&arguments.requested_by), name(&arguments.approved_by));
        deleter.freeze((&people.0, &people.1)).await?;
    }
    let (name, taken_at) = write(&place, &seats[0], (id, folder)).await?;
    println!("{}を {} に書き出しました\n要約値 {name}", organisation.name, folder.display());
    let sound = verify(folder)?;
    if arguments.last && sound {
        deleter.exported((&name, taken_at)).await?;
        println!("消去するときは: kumoi delete --organisation {id} --export {name}");
    }
    place.close().await?;
    Ok(sound)
}

async fn write(
    place: &Place,
    seat: &Seat,
    (id, folder): (&str, &Path),
) -> Result<(String, Timestamp)> {
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
    let whole = Whole {
        organisation: &organisation,
        office: Side { client: &mut registers, vault: database.vault()? },
        staff: &mut staff,
        log: &database,
        key: &SealKey::from_credentials(office)?,
        layouts: &layouts,
    };
    let (manifest, name) = whole.export(folder, Timestamp::now()).await?;
    Ok((name, manifest.exported_at))
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
    let id = &arguments.organisation;
    let place = Place::open(&arguments.var, id).await?;
    let key = SealKey::from_credentials(&place.kept.office)?;
    let seats = place.seats()?;
    let organisation = &place.kept.office.organisation;
    let deleter = Deleter { organisation, seats: &seats, home: &place.installer };
    let var = std::path::absolute(&arguments.var)?;
    let zones = ["office", "lgwan", "internet"];
    let mut keys: Vec<PathBuf> =
        zones.map(|zone| var.join("credentials").join(zone).join(format!("{id}.json"))).into();
    let own = var.join("secrets").join("organisations");
    keys.extend([var.join("places").join(id), own.join(format!("{id}.accounts"))]);
    // The last: with it the command can be given again when it was broken off.
    keys.push(own.join(format!("{id}.json")));
    let (_, note) = deleter.delete((&arguments.export, &key), &keys).await?;
    println!("{}を消去しました。署名した記録:\n\n{note}", organisation.name);
    println!("検証鍵 {}", key.verifier_text());
    place.close().await
}
