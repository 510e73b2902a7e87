//! `kumoi incident`: what went wrong, told to the municipalities that it concerns. Nothing that was
//! said is changed; what has ended stays as it was.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use cloud::service_level::layers;
use jiff::{Span, Timestamp};
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::control_open;
use store::control::watch::{
    Incident, incident_end, incident_layer, incident_list, incident_note, incident_open,
};
use store::organisation::Installer;

/// How far back `list` looks.
const LIST_DAYS: i64 = 90;

/// Options of `kumoi incident`.
#[derive(Args, Debug)]
pub struct IncidentArguments {
    #[command(subcommand)]
    what: What,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, global = true, value_name = "DIR", default_value = "var")]
    var: PathBuf,
    /// 記録に残す、行った者
    #[arg(long, global = true, default_value = "基盤の運用")]
    actor: String,
}

#[derive(Subcommand, Debug)]
enum What {
    /// 始まったことを知らせる
    Open {
        /// 一文で、何が起きているか
        title: String,
        /// 団体の識別子（指定がなければすべての団体）
        #[arg(long, value_name = "ID")]
        organisation: Option<String>,
        /// 影響を受けるもの（個人番号利用事務系、印鑑登録 など）
        #[arg(long)]
        service: String,
        /// 責任の分かれ目: 団体、業務システム、運用管理、クラウド、国
        #[arg(long, value_parser = layer_read)]
        layer: String,
    },
    /// 分かったことを書き足す
    Note {
        /// 障害の番号
        number: i64,
        /// 書き足すこと
        words: String,
        /// 分かった責任の分かれ目
        #[arg(long, value_parser = layer_read)]
        layer: Option<String>,
    },
    /// 終わったことを知らせる
    End {
        /// 障害の番号
        number: i64,
        /// 原因と、したこと
        words: String,
    },
    /// 続いているものと、この90日のもの
    List,
}

fn layer_read(text: &str) -> Result<String, String> {
    let all: Vec<String> = layers().into_iter().map(|one| one.layer).collect();
    match all.iter().any(|one| one == text) {
        true => Ok(text.to_owned()),
        false => Err(format!("「{text}」という区分はありません（{}）", all.join("、"))),
    }
}

/// Does one thing with the control database, whose server is started if it does not run.
///
/// # Errors
/// With the reason in words for whoever typed it.
pub async fn incident(arguments: IncidentArguments) -> Result<()> {
    let postgres = std::path::absolute(&arguments.var)?.join("postgres");
    ensure!(
        postgres.is_dir(),
        "{} にデータがありません。先に kumoi up を実行するか、--var で場所を指定してください",
        arguments.var.display()
    );
    let cluster = Cluster::start(&ClusterOptions::new(postgres)).await?;
    let installer = Installer::new(cluster.installer("postgres"));
    let done = match control_open(&installer).await {
        Ok(client) => run(&client, arguments.what, &arguments.actor).await,
        Err(error) => Err(error.into()),
    };
    cluster.leave().await?;
    done
}

async fn run(client: &Connection, what: What, actor: &str) -> Result<()> {
    match what {
        What::Open { title, organisation, service, layer } => {
            let incident = Incident {
                id: 0,
                organisation,
                service,
                layer,
                title,
                began_at: Timestamp::now(),
                ended_at: None,
                by_watch: false,
                notes: Vec::new(),
            };
            if let Some(id) = incident_open(client, &incident).await? {
                incident_note(client, id, (actor, "調べています")).await?;
                println!("障害 {id} を知らせました");
            }
        }
        What::Note { number, words, layer } => {
            if let Some(layer) = layer {
                incident_layer(client, number, &layer).await?;
            }
            incident_note(client, number, (actor, &words)).await?;
        }
        What::End { number, words } => {
            incident_end(client, (number, Timestamp::now()), (actor, &words)).await?;
        }
        What::List => {
            let since = Timestamp::now() - Span::new().hours(24 * LIST_DAYS);
            for one in incident_list(client, since).await? {
                let whose = one.organisation.as_deref().unwrap_or("すべての団体");
                let until =
                    one.ended_at.map_or("続いています".to_owned(), |at| at.to_string());
                println!(
                    "{}\t{whose}\t{}\t{}\t{}\t{} から\t{until}",
                    one.id, one.service, one.layer, one.title, one.began_at
                );
                for (at, who, words) in &one.notes {
                    println!("    {at} {who}: {words}");
                }
            }
        }
    }
    Ok(())
}
