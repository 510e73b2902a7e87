//! `kumoi bench`: measures the paths that a city waits for, on a private PostgreSQL with fsync.
//!
//! Invented people only. It prints what it measured and judges nothing; which figure is asked for
//! stands in `docs/benchmarks.md`.

mod case;
mod certificates;
mod cloud;
mod cpu;
mod disk;
mod figure;
mod load;
mod many;
mod memory;
mod mesh;
mod open;
mod place;
mod process;
mod rules;
mod search;
mod visitor;
mod work;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Options of `kumoi bench`.
#[derive(Args, Debug)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
    /// データを残すフォルダ（指定がなければ一時フォルダを作り、終われば消します）
    #[arg(long, global = true, value_name = "DIR")]
    var: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// 見本住民の読込みを、同じ行の COPY と比べる
    Load {
        /// 人数
        #[arg(long, default_value_t = 100_000)]
        people: u32,
        /// 何回測るか
        #[arg(long, default_value_t = 1)]
        rounds: u32,
    },
    /// 氏名のカナと漢字で住民を探す
    Search(Looks),
    /// 一人の記録を開く
    Page(Looks),
    /// 四人家族の届出を入力し、決裁し、反応を済ませる
    Case(Looks),
    /// 証明を発行する（検索、付番、記録、PDF/A）
    Certificates(Looks),
    /// 業務システムの入った団体を開く
    Open {
        /// 何回測るか
        #[arg(long, default_value_t = 10)]
        count: u32,
    },
    /// 多数の団体を一台で受け持つ: 待機中の負荷、全団体への混ざった仕事、接続、記憶域
    Many(Crowd),
    /// 国の運用者の仕事: 守りごとの判定、全国の青写真、移行の波、全国の環境の作成
    Cloud(cloud::CloudArguments),
    /// 法令の計算: 一世帯の過程、百万世帯の一括、同じ額を求める PostgreSQL の一文
    Rules(rules::RulesArguments),
    /// 情報連携: 二つのノードの間の照会。nginx があれば、相互の TLS だけの二つを物差しにする
    Mesh(mesh::MeshArguments),
    /// 三つの団体を受け持つ区画と印刷係の記憶域（PSS）
    Memory {
        /// 開く画面の数
        #[arg(long, default_value_t = 200)]
        count: u32,
        /// 一つの団体だけ: village、city、special_ward
        #[arg(long, value_name = "KIND")]
        only: Option<String>,
    },
}

/// How many people there are and how often is measured.
#[derive(Args, Clone, Copy, Debug)]
struct Looks {
    /// 人数
    #[arg(long, default_value_t = 340_000)]
    people: u32,
    /// 何回測るか
    #[arg(long, default_value_t = 2_000)]
    count: u32,
}

/// How many organisations there are and what is asked of them.
#[derive(Args, Clone, Copy, Debug)]
struct Crowd {
    /// 団体の数
    #[arg(long, default_value_t = 100)]
    bodies: u32,
    /// 一団体の人数
    #[arg(long, default_value_t = 8_000)]
    people: u32,
    /// 仕事を続ける秒数
    #[arg(long, default_value_t = 120)]
    seconds: u32,
    /// 全団体で一秒に始める仕事の数
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// 待機中の負荷を測る秒数
    #[arg(long, default_value_t = 60)]
    idle: u32,
}

/// Measures and prints.
pub async fn bench(arguments: BenchArguments) -> Result<()> {
    let folder = place::Folder::open(arguments.var.as_deref())?;
    match arguments.what {
        What::Load { people, rounds } => load::load(&folder, people, rounds).await,
        What::Search(looks) => search::search(&folder, looks).await,
        What::Page(looks) => search::page(&folder, looks).await,
        What::Case(looks) => case::case(&folder, looks).await,
        What::Certificates(looks) => certificates::certificates(&folder, looks).await,
        What::Mesh(arguments) => mesh::measure(&folder, arguments).await,
        What::Open { count } => open::open(&folder, count).await,
        What::Many(crowd) => many::many(&folder, crowd).await,
        What::Cloud(arguments) => cloud::cloud(&folder, arguments).await,
        What::Rules(arguments) => rules::rules(&folder, arguments).await,
        What::Memory { count, only } => memory::memory(&folder, count, only.as_deref()).await,
    }
}
