//! `kumoi organisation`: registers a sample organisation under the code and name of the real table
//! (the executor of a running `kumoi up` opens it; nothing is opened here), and issues the first
//! administrator's set-up anew where it was lost.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use store::cluster::{Cluster, ClusterOptions};
use store::control::{control_open, organisation_add};
use store::organisation::{Installer, Organisation};
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
    let added = organisation_add(&control_open(&installer).await?, &organisation).await;
    let is_running = cluster.adopted();
    if !is_running {
        cluster.stop().await?;
    }
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
