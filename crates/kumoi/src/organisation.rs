//! `kumoi organisation`: registers a sample organisation under the code and name of the real table
//! (the executor of a running `kumoi up` opens it; nothing is opened here), issues the first
//! administrator's set-up anew where it was lost, and asks for training copies.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, organisation_add, organisation_list, training_of};
use store::copybook::{CopyBook, TRAININGS, copy_ask, copy_list};
use store::market::{market_open, vendor_bears};
use store::organisation::{CopyWish, Installer, Organisation};
use tokio::time::sleep;

use crate::demo::newcomers::{BODY, reissue, setup_file};
use crate::leave::Place;

const MUNICIPALITIES: &str = include_str!("../../../data/municipalities.csv");
/// Rows of the table that are no municipalities of their own.
const NOT_OWN: &[&str] = &["kind", "prefecture", "ward"];
/// How long the executor is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// 団体
#[derive(Subcommand, Debug)]
pub enum OrganisationCommand {
    /// 団体（見本）を登録する。動いている kumoi up が、止まらずに開きます
    Add(AddArguments),
    /// 初めの管理者の設定（パスワードと認証アプリの鍵）を出し直す。まだ誰もサインインしていないときだけ
    Reissue(ReissueArguments),
    /// 団体の研修環境（見本の住民だけの写し）を開く、作り直す、閉じる。動いている kumoi up が行います
    Training(TrainingArguments),
}

/// 研修環境の指定
#[derive(Args, Debug)]
pub struct TrainingArguments {
    /// 団体の識別子
    #[arg(long, value_name = "ID")]
    of: String,
    /// 空にして、見本の住民で作り直す
    #[arg(long, conflicts_with = "close")]
    renew: bool,
    /// 閉じて、消す
    #[arg(long)]
    close: bool,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// 設定を出し直す団体
#[derive(Args, Debug)]
pub struct ReissueArguments {
    /// 団体の識別子
    #[arg(long, value_name = "ID")]
    id: String,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// 登録する団体
#[derive(Args, Debug)]
pub struct AddArguments {
    /// 団体の識別子（英小文字、数字、_）。アドレスとデータベースの名になります
    #[arg(long, value_name = "ID")]
    id: String,
    /// 団体コード（検査数字を含む6桁）
    #[arg(long, value_name = "CODE")]
    code: String,
    /// 英語の名（指定がなければ識別子）
    #[arg(long, value_name = "NAME")]
    name_en: Option<String>,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// Prefecture and name of the municipality with a code.
fn municipality(code: &str) -> Option<String> {
    let cells = MUNICIPALITIES.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let mut own = cells.filter(|cells| cells.first() == Some(&code));
    let found = own.find(|cells| cells.get(1).is_some_and(|kind| !NOT_OWN.contains(kind)))?;
    Some(format!("{}{}", found.get(2)?, found.get(6)?))
}

/// Registers an organisation and says where its first administrator's set-up lies.
///
/// # Errors
/// With what to do; nothing is registered then.
pub async fn organisation(command: OrganisationCommand) -> Result<()> {
    let arguments = match command {
        OrganisationCommand::Add(arguments) => arguments,
        OrganisationCommand::Reissue(arguments) => return reissued(arguments).await,
        OrganisationCommand::Training(arguments) => return training(arguments).await,
    };
    let AddArguments { id, code, name_en, var } = arguments;
    let name = municipality(&code).with_context(|| {
        format!("団体コード {code} の市区町村は表にありません。検査数字を含む6桁で指定してください")
    })?;
    let var = std::path::absolute(&var)?;
    let folder = var.join("postgres");
    if !folder.exists() {
        anyhow::bail!("{} にデータがありません。先に kumoi up を実行してください", var.display());
    }
    let cluster = Cluster::start(&ClusterOptions::new(folder)).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let organisation = Organisation {
        name_en: name_en.unwrap_or_else(|| id.clone()),
        id,
        code,
        name,
        kind: BODY.to_owned(),
        sample: true,
    };
    let added = add(&installer, &organisation).await;
    let is_running = !cluster.leave().await?;
    added?;
    println!("{}（{}、見本）を登録しました", organisation.name, organisation.code);
    let file = setup_file(&var, &organisation.id);
    let begin = Instant::now();
    while is_running && !file.exists() && begin.elapsed() < PATIENCE {
        sleep(Duration::from_millis(200)).await;
    }
    match file.exists() {
        true => println!("初めの管理者のサインインのしかた: {}", file.display()),
        false => println!(
            "kumoi up が開くと、初めの管理者のサインインのしかたを {} に置きます",
            file.display()
        ),
    }
    Ok(())
}

/// Registers it where nobody bears its identifier: roles and databases are named by it.
async fn add(installer: &Installer, organisation: &Organisation) -> Result<()> {
    let id = &organisation.id;
    anyhow::ensure!(
        !vendor_bears(&market_open(installer).await?, id).await?,
        "識別子「{id}」は、登録したか申請中の事業者のものです。ほかの識別子にしてください"
    );
    Ok(organisation_add(&control_open(installer).await?, organisation).await?)
}

async fn reissued(arguments: ReissueArguments) -> Result<()> {
    let ReissueArguments { id, var } = arguments;
    let var = std::path::absolute(&var)?;
    let place = Place::open(&var, &id).await?;
    let work = async |place: &Place| {
        let mut own = place.kept.office.clone();
        // Straight to where it is: its link is for the zones.
        own.host = place.now().socket().display().to_string();
        reissue(&var, &own).await
    };
    place.with(work).await?;
    println!("初めの管理者のサインインのしかた: {}", setup_file(&var, &id).display());
    Ok(())
}

async fn training(arguments: TrainingArguments) -> Result<()> {
    let folder = std::path::absolute(&arguments.var)?.join("postgres");
    if !folder.exists() {
        anyhow::bail!(
            "{} にデータがありません。先に kumoi up を実行してください",
            folder.display()
        );
    }
    let cluster = Cluster::start(&ClusterOptions::new(folder)).await?;
    let control = control_open(&Installer::new(cluster.installer("postgres"))).await;
    let is_running = cluster.adopted();
    let asked = match control {
        Ok(control) => training_asked(&arguments, &control, is_running).await,
        Err(error) => Err(error.into()),
    };
    cluster.leave().await?;
    asked
}

/// Asks, and waits for what comes of it where somebody is there to do it.
async fn training_asked(
    arguments: &TrainingArguments,
    control: &Connection,
    is_running: bool,
) -> Result<()> {
    let id = &arguments.of;
    let all = organisation_list(control).await?;
    let of = all.into_iter().find(|one| one.id == *id && one.kind == BODY);
    let of = of.with_context(|| format!("団体「{id}」はありません"))?;
    let copy = training_of(&of)?;
    let wish = match (arguments.close, arguments.renew) {
        (true, _) => CopyWish::Close,
        (_, true) => CopyWish::Renew,
        _ => CopyWish::Open,
    };
    let last = training_read(control, id).await?;
    let asked = (wish, "kumoi organisation training");
    let books = (&TRAININGS, id.as_str());
    copy_ask(control, books, asked, last.map(|last| last.asked_at)).await?;
    let begin = Instant::now();
    loop {
        let now = training_read(control, id).await?.context("求めたことが残っていません")?;
        if now.done_at.is_some() {
            return done(&copy, now.wish);
        }
        if !now.note.is_empty() {
            anyhow::bail!("{}: {}。原因は kumoi up の記録にあります", copy.name, now.note);
        }
        if !is_running || begin.elapsed() >= PATIENCE {
            println!(
                "{}は、まだできていません。動いている kumoi up が行います。\
                 様子は LGWAN接続系の /{id}/training で分かります",
                copy.name
            );
            return Ok(());
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn training_read(control: &Connection, of: &str) -> Result<Option<CopyBook>> {
    Ok(copy_list(control, &TRAININGS).await?.into_iter().find(|one| one.of == of))
}

fn done(copy: &Organisation, wish: CopyWish) -> Result<()> {
    match wish {
        CopyWish::Close => println!("{}を閉じました", copy.name),
        _ => println!(
            "{}が動いています。入口: /{}/sign-in（個人番号利用事務系、見本の利用者でサインイン）",
            copy.name, copy.id
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::municipality;

    #[test]
    fn a_code_names_one_municipality() {
        for (code, name) in [
            ("131016", Some("東京都千代田区")),
            ("011002", Some("北海道札幌市")),
            ("010006", None),
            ("131017", None),
            ("13101", None),
            ("code", None),
        ] {
            assert_eq!(municipality(code).as_deref(), name, "{code}");
        }
    }
}
