//! `kumoi vendor`: applications to become a vendor, admitted or refused, and ways back for a vendor
//! whose keys or sign-in are lost. Opens no vendor itself: a running `kumoi up` does.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use cloud::parcel::public_key_check;
use jiff::Timestamp;
use office::staff::{code_reissue, password_issue};
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::market::{
    Application, application_decide, application_list, key_admit, market_open, vendor_name,
};
use store::organisation::{Credentials, Installer};
use tokio::time::sleep;

use crate::demo::KeyFolder;
use crate::demo::newcomers::setup_file;
use crate::demo::newcomers::setup_leave;

/// Who decides by the command line.
const COMMAND: &str = "基盤の運用（コマンド）";
/// How long the executor is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// 事業者の指定
#[derive(Args, Debug)]
pub struct AdmissionArguments {
    #[command(subcommand)]
    what: What,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var", global = true)]
    var: PathBuf,
}

/// すること
#[derive(Subcommand, Debug)]
enum What {
    /// 登録の申請を示す
    List,
    /// 申請を承認する。動いている kumoi up が、止まらずに事業者を開きます
    Admit {
        /// 受付番号
        number: i64,
    },
    /// 申請を却下する。理由は申請した人に示します
    Refuse {
        /// 受付番号
        number: i64,
        /// 理由
        #[arg(long)]
        reason: String,
    },
    /// パスワードかワンタイムパスワードを失った担当者に、入り直すための用意をする（本人を確かめてから使ってください）
    Reissue {
        /// 事業者の識別子
        #[arg(long, value_name = "ID")]
        vendor: String,
        /// 担当者ID
        #[arg(long, value_name = "ID", default_value = "kokai")]
        account: String,
        /// 理由と、本人をどう確かめたか
        #[arg(long)]
        reason: String,
    },
    /// 検証鍵を登録する（使える検証鍵を失った事業者のため。本人を確かめてから使ってください）
    KeyAdmit {
        /// 事業者の識別子
        #[arg(long, value_name = "ID")]
        vendor: String,
        /// 検証鍵（vendor/ で始まる一行）
        #[arg(long, value_name = "KEY")]
        key: String,
    },
}

/// Does one thing with the market, whose server is started if it does not run.
///
/// # Errors
/// With the reason in words for whoever typed it.
pub async fn vendor(arguments: AdmissionArguments) -> Result<()> {
    let var = std::path::absolute(&arguments.var)?;
    let postgres = var.join("postgres");
    ensure!(
        postgres.is_dir(),
        "{} にデータがありません。先に kumoi up を実行するか、--var で場所を指定してください",
        var.display()
    );
    let cluster = Cluster::start(&ClusterOptions::new(postgres)).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let done = match market_open(&installer).await {
        Ok(market) => run(&market, arguments.what, (&var, &cluster)).await,
        Err(error) => Err(error.into()),
    };
    cluster.leave().await?;
    done
}

async fn run(market: &Connection, what: What, (var, cluster): (&Path, &Cluster)) -> Result<()> {
    match what {
        What::List => {
            application_list(market).await?.iter().for_each(|one| println!("{}", line(one)))
        }
        What::Admit { number } => {
            application_decide(market, number, (COMMAND, None)).await?;
            println!("受付番号 {number} の申請を承認しました");
            let all = application_list(market).await?;
            let own = all.into_iter().find(|one| one.id == number);
            let Some(own) = own else { bail!("受付番号 {number} の申請がありません") };
            let file = setup_file(var, &own.applicant.vendor().id);
            let begin = Instant::now();
            while cluster.adopted() && !file.exists() && begin.elapsed() < PATIENCE {
                sleep(Duration::from_millis(200)).await;
            }
            match file.exists() {
                true => println!("初めの担当者のサインインのしかた: {}", file.display()),
                false => println!(
                    "kumoi up が開くと、初めの担当者のサインインのしかたを {} に置きます",
                    file.display()
                ),
            }
        }
        What::Refuse { number, reason } => {
            ensure!(!reason.trim().is_empty(), "却下する理由を入れてください");
            application_decide(market, number, (COMMAND, Some(reason.trim()))).await?;
            println!("受付番号 {number} の申請を却下しました");
        }
        What::Reissue { vendor, account, reason } => {
            let socket = cluster.socket().display().to_string();
            reissue((var, &socket), (&vendor, &account), &reason).await?;
        }
        What::KeyAdmit { vendor, key } => {
            let Ok(name) = vendor_name(market, &vendor).await else {
                bail!("事業者「{vendor}」はいません。識別子を確かめてください")
            };
            let key = public_key_check(&key, &vendor).map_err(anyhow::Error::msg)?;
            ensure!(
                key_admit(market, &vendor, &key).await?,
                "この検証鍵は失効しています。kumoi parcel key で新しい鍵を作ってもらってください"
            );
            println!("{name}の検証鍵を登録しました");
        }
    }
    Ok(())
}

/// A new password and a registration code, left for the operator in the vendor's set-up file.
async fn reissue(
    (var, socket): (&Path, &str),
    (vendor, account): (&str, &str),
    reason: &str,
) -> Result<()> {
    let own = KeyFolder::open(var)?.vendor_load(vendor)?;
    let own = own.with_context(|| format!("事業者「{vendor}」の資格情報の控えがありません"))?;
    let own = Credentials { host: socket.to_owned(), ..own };
    let staff = own.database(own.staff.as_ref(), own.staff_vault.as_deref(), 1)?;
    let now = Timestamp::now();
    let told = code_reissue(&staff, (account, reason), now).await?;
    let password = password_issue(&staff, account, now).await?;
    let text = format!(
        "{}の担当者 {account} の再登録（{reason}）\n入口: /vendors/{vendor}/sign-in\n\
         パスワード: {password}（初めのサインインで変更します）\n\
         ワンタイムコードの欄に入れる登録用コード: {}（{} まで使えます）\n\n\
         本人に安全な方法で届けたら、このファイルを消してください。\n",
        own.organisation.name, told.code, told.until
    );
    setup_leave(var, vendor, &text)?;
    println!("サインインのしかた: {}", setup_file(var, vendor).display());
    Ok(())
}

fn line(one: &Application) -> String {
    let who = &one.applicant;
    let decided = one.decided.as_ref().map(|(at, by)| format!("\t{at} {by}"));
    let reason = one.reason.as_ref().map(|reason| format!("\t{reason}"));
    format!(
        "{}\t{}\t{}\t{}（{}）\t{} {}\t{}{}{}",
        one.id,
        one.state,
        who.corporate_number,
        who.name,
        who.name_en,
        who.contact,
        who.mail,
        one.applied_at,
        decided.unwrap_or_default(),
        reason.unwrap_or_default()
    )
}
