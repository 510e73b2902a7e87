//! The program: every command of Kumoi. It wires the crates together and decides nothing itself.

mod bench;
mod check;
mod cost;
mod demo;
mod evidence;
mod gate;
mod incident;
mod leave;
mod log;
mod member;
mod node;
mod organisation;
mod parcel;
mod pipe;
mod plane;
mod relocate;
mod rules_kit;
mod sample;
mod seed;
mod serve;
mod standard;
mod systems;
mod up;
mod vendor;
mod vendor_admission;
mod xlsx;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// 雲居: 自治体のためのガバメントクラウド（見本を動かすには kumoi up）
#[derive(Parser)]
#[command(name = "kumoi", version, about)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 見本の団体で、すべてを動かす
    Up(demo::UpArguments),
    /// 区画を一つ動かす（up が使います）
    #[command(hide = true)]
    Serve(serve::ServeArguments),
    /// 印刷する（窓口が使います）
    #[command(hide = true)]
    PrintWorker,
    /// 業務システムのフォルダを検査する
    Check {
        /// 業務システムのフォルダ、又はそれらを入れたフォルダ
        folder: PathBuf,
        /// 例（examples/*.md）の決定を、いまの定義が出す決定で書き改める
        #[arg(long)]
        write: bool,
        /// 入っている版のフォルダ。更新すると壊れるものを示す
        #[arg(long, value_name = "DIR", conflicts_with = "write")]
        against: Option<PathBuf>,
    },
    /// 業務システムを、その業務の標準に照らして報告する
    Gate(gate::GateArguments),
    /// 事業者が業務システムを提出するファイルと、署名の鍵を作る
    #[command(subcommand)]
    Parcel(parcel::ParcelCommand),
    /// 規則の言語: 意思決定モデル（DMN）の適合性試験
    #[command(subcommand)]
    Rules(rules_kit::RulesCommand),
    /// 業務の標準そのものを検査する
    #[command(subcommand)]
    Standard(standard::StandardCommand),
    /// 開いている見本の団体に見本住民を読み込む（途中からでも続けます）
    Seed(demo::SeedArguments),
    /// 改ざんを検知する記録を検証し、控えを取る
    Log(log::LogArguments),
    /// 情報連携の機関: 一覧、名簿から外す、戻す
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// 情報連携の証拠: 書き出す、確かめる
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    /// 団体のすべてを書き出す。書き出したものを確かめる
    Export(leave::ExportArguments),
    /// 最後の書き出しの後、団体を消し、消したことの記録を残す
    Delete(leave::DeleteArguments),
    /// 団体を、動かしたまま別のクラスターへ移す（元に戻すこともできます）
    Move(relocate::MoveArguments),
    /// 団体を登録する（動いている kumoi up が、止まらずに開きます）
    #[command(subcommand)]
    Organisation(organisation::OrganisationCommand),
    /// 国の運用者の仕事: 団体の木、守りごと、青写真、照合
    Plane(plane::PlaneArguments),
    /// クラウドの費用: 請求の取込み、按分、保管金、予測、FOCUS の書出し
    Cost(cost::CostArguments),
    /// 障害を知らせる: 始まり、分かったこと、終わり。団体の「稼働と障害」の頁に出ます
    Incident(incident::IncidentArguments),
    /// 事業者: 登録の申請を承認・却下する。鍵を失った事業者の検証鍵を登録する
    Vendor(vendor_admission::AdmissionArguments),
    /// ほかの事業者の製品へ移す。指定がなければ、何がどうなるかを調べるだけ（何も変えません）
    VendorChange(vendor::VendorArguments),
    /// 速さと記憶域を測る
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    pipe::quiet();
    pipe::run(|| match run(Program::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kumoi: {error:#}");
            ExitCode::FAILURE
        }
    })
}

fn run(command: Command) -> Result<ExitCode> {
    if let Command::PrintWorker = command {
        // Needs no runtime: it only answers on its standard input.
        print::run_worker()?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Check { folder, write, against } = command {
        let good = match against {
            Some(old) => check::check_against(&folder, &old)?,
            None => check::check(&folder, write)?,
        };
        return Ok(code_of(good));
    }
    if let Command::Rules(command) = &command {
        return Ok(code_of(rules_kit::rules(command)?));
    }
    if let Command::Gate(arguments) = &command {
        return Ok(code_of(gate::report(arguments)?));
    }
    if let Command::Parcel(command) = &command {
        parcel::parcel(command)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Standard(standard::StandardCommand::Lint(arguments)) = &command {
        return Ok(code_of(standard::lint(arguments)?));
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("KUMOI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match command {
            Command::Up(arguments) => demo::up(arguments).await,
            Command::Serve(arguments) => serve::serve(arguments).await,
            Command::Seed(arguments) => demo::seed(arguments).await,
            Command::Export(arguments) => {
                let sound = leave::export(arguments).await?;
                return Ok(code_of(sound));
            }
            Command::Delete(arguments) => leave::delete(arguments).await,
            Command::Vendor(arguments) => vendor_admission::vendor(arguments).await,
            Command::VendorChange(arguments) => vendor::change(arguments).await,
            Command::Organisation(command) => organisation::organisation(command).await,
            Command::Move(arguments) => relocate::relocate(arguments).await,
            Command::Cost(arguments) => cost::cost(arguments).await,
            Command::Incident(arguments) => incident::incident(arguments).await,
            Command::Bench(arguments) => bench::bench(arguments).await,
            Command::Log(arguments) => {
                let intact = log::log(arguments).await?;
                return Ok(code_of(intact));
            }
            Command::Member(command) => member::member(command),
            Command::Evidence(command) => return Ok(code_of(evidence::evidence(command).await?)),
            Command::Plane(arguments) => return Ok(code_of(plane::plane(arguments).await?)),
            Command::PrintWorker
            | Command::Check { .. }
            | Command::Gate(_)
            | Command::Rules(_)
            | Command::Parcel(_)
            | Command::Standard(_) => Ok(()),
        }
        .map(|()| ExitCode::SUCCESS)
    });
    // Work on threads of its own (making people) is not waited for.
    runtime.shutdown_background();
    ended
}

fn code_of(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
