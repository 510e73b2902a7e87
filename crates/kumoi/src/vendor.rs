//! `kumoi vendor-change`: to another vendor's package of the same business, first as a rehearsal,
//! then within the body's own database while it is in service, and back or to its end.
//!
//! Prints names of items and counts, never a value. Without an act it changes nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use cloud::changes_settle;
use definition::System;
use definition::standard::Standard;
use jiff::Timestamp;
use store::Connection;
use store::control::{
    RelocationState, change_alone, change_due, contract_moving, contracts_of, control_open,
    deletion_last, package_load, relocation_last,
};
use store::install::{Ended, vendor_change_last};
use store::organisation::Installer;
use store::relocation::Seat;
use transfer::{
    ChangeInService, ChangeReport, Layout, Mapping, Side, vendor_change_back, vendor_change_finish,
    vendor_change_in_service, vendor_open_work, vendor_rehearse,
};

use crate::leave::Place;
use crate::standard::standards_load;
use crate::systems::system_read;

/// Who carries it out, in journal and audit.
const ACTOR: &str = "基盤";
/// How long a visit to the front database lasts: the office zone looks there every second, and
/// takes up what is installed when somebody is there.
const VISIT: Duration = Duration::from_millis(2500);

/// How often it is looked whether somebody else has ended, and the pause between.
const TRIES: u32 = 30;
const LOOK: Duration = Duration::from_millis(100);

/// 事業者の変更の指定
#[derive(Args, Debug)]
pub struct VendorArguments {
    /// 団体の識別子（kasumi など）
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// 移る先の製品（業務システム）のフォルダ
    #[arg(long, value_name = "DIR", required_unless_present_any = ["contract", "system"])]
    package: Option<PathBuf>,
    /// 移る先の製品の契約番号
    #[arg(long, value_name = "N", conflicts_with = "package")]
    contract: Option<i64>,
    /// 戻す・終える業務システムの識別子
    #[arg(long, value_name = "SYSTEM", conflicts_with_all = ["package", "contract"])]
    system: Option<String>,
    /// 下調べでなく、実際に移す
    #[arg(long, requires = "annex", conflicts_with_all = ["back", "finish", "system"])]
    carry_out: bool,
    /// 別紙のフォルダ。移すときは新しい名前（秘密の項目も平文で入ります）、終えるときは移したときのもの
    #[arg(long, value_name = "DIR")]
    annex: Option<PathBuf>,
    /// 移行先に入らない行と期日の仕事を、別紙だけに残すことを認める
    #[arg(long, requires = "carry_out")]
    hold: bool,
    /// 前の製品に戻す（移した後に何も書いていないとき）
    #[arg(long, conflicts_with = "finish", requires = "system")]
    back: bool,
    /// 前の製品の台帳を消して終える。別紙を確かめてから消す。戻せなくなる
    #[arg(long, requires_all = ["system", "annex"])]
    finish: bool,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// A body as the change reaches it.
struct Body<'p> {
    id: &'p str,
    /// The control database; while a change is carried out nobody else settles its contracts.
    control: Connection,
    place: &'p Place,
    seat: Seat,
    installer: Installer,
    systems: Vec<Arc<System>>,
}

/// Rehearses, carries out, goes back or ends.
///
/// # Errors
/// With what stands in the way and what to do; the package in service is then still there.
pub async fn change(arguments: VendorArguments) -> Result<()> {
    let id = &arguments.organisation;
    let place = Place::open(&arguments.var, id).await?;
    place.with(async |place| act(&arguments, id, place).await).await
}

async fn act(arguments: &VendorArguments, id: &str, place: &Place) -> Result<()> {
    let seat = place.seats()?.into_iter().next().context("クラスターがありません")?;
    let (_, systems) = seat.systems(id).await?;
    let installer = Installer::new(place.now().installer("postgres"));
    let control = control_open(place.home_installer()).await?;
    let body = Body { id, control, place, seat, installer, systems };
    if let Some(system) = &arguments.system {
        let now = body.systems.iter().find(|one| one.id == *system);
        let now = now.with_context(|| format!("業務システム「{system}」は入っていません"))?;
        return match (arguments.back, &arguments.annex) {
            (true, _) => body.back(now).await,
            (false, Some(annex)) if arguments.finish => body.finish(now, annex).await,
            _ => bail!("--system には、--back か --finish を添えてください"),
        };
    }
    let to = package(arguments, &body.control).await?;
    let from = body.systems.iter().find(|system| system.code == to.code && system.id == to.id);
    let from = from.or_else(|| body.systems.iter().find(|system| system.code == to.code));
    let from =
        from.with_context(|| format!("業務ID {} の業務システムは入っていません", to.code))?;
    let mapping = Mapping::of(from, &to)?;
    println!("{}（版{}）から {}（版{}）へ", from.name, from.version, to.name, to.version);
    match &arguments.annex {
        Some(annex) if arguments.carry_out => body.carry_out(&mapping, arguments.hold, annex).await,
        _ => body.rehearse(&mapping).await,
    }
}

/// The package of a folder, or that of a contract of the body.
async fn package(arguments: &VendorArguments, control: &Connection) -> Result<System> {
    if let Some(folder) = &arguments.package {
        return system_read(folder);
    }
    let id = &arguments.organisation;
    let number = arguments.contract.context("--package か --contract を指定してください")?;
    let all = contracts_of(control, id).await?;
    let own = all.into_iter().find(|one| one.id == number);
    let own = own.with_context(|| format!("{id}に契約 {number} はありません"))?;
    // Before the signature nobody has agreed to it; what is over is over.
    ensure!(
        ["締結", "移行待ち"].contains(&own.state.as_str()),
        "契約 {number} は「{}」です。移せるのは、締結して移行を待っている契約の製品だけです",
        own.state
    );
    let found = package_load(control, &own.offer.hash).await?;
    found.with_context(|| format!("契約 {number} の製品の控えがありません"))
}

impl Body<'_> {
    /// Its keys, and a connection that acts as the owner.
    async fn owner(&self) -> Result<(store::Database, Connection)> {
        let office = &self.place.kept.office;
        let database = office.database(office.office.as_ref(), office.vault.as_deref(), 1)?;
        Ok((database, self.installer.connect_owner(self.id).await?))
    }

    async fn rehearse(&self, mapping: &Mapping<'_>) -> Result<()> {
        for item in mapping.items() {
            let number = item.number.unwrap_or_else(|| "番号なし".to_owned());
            let home = match item.home {
                Some((register, name)) => format!("→ {register}・{name}"),
                None => format!("行き先なし（{}）", item.why),
            };
            println!("  {}・{}（{number}） {home}", item.register, item.item);
        }
        for (register, item) in mapping.unfilled() {
            println!("  移行先の必須項目 {register}・{item} に入れる項目がありません");
        }
        let (database, mut client) = self.owner().await?;
        let vault = database.vault()?;
        let report = vendor_rehearse(Side { client: &mut client, vault }, mapping).await?;
        say(&report);
        let side = Side { client: &mut client, vault };
        let (open, timers) = vendor_open_work(side, mapping).await?;
        println!(
            "先に終えるもの: 事案 {} 件、受けていない事象 {} 件。移行先に続きのない期日の仕事 {} 件",
            open.cases.len(),
            open.events.len(),
            timers.len()
        );
        println!(
            "何も変えていません。移すときは --carry-out --annex 新しいフォルダ を添えてください"
        );
        Ok(())
    }

    async fn carry_out(
        &self,
        mapping: &Mapping<'_>,
        hold: bool,
        annex: &std::path::Path,
    ) -> Result<()> {
        let (from, to) = (mapping.from, mapping.to);
        self.begin().await?;
        let standards = standards_load()?;
        let standard = standards.iter().find(|one: &&Standard| one.id == from.code);
        let layout = Layout::of(from, standard);
        let (database, mut reader) = self.owner().await?;
        let mut client = self.installer.connect(self.id).await?;
        let office = Side { client: &mut client, vault: database.vault()? };
        let (actor, at) = (ACTOR, Timestamp::now());
        let systems = &self.systems;
        let wish = ChangeInService { mapping, systems, layout: &layout, hold, actor, at };
        let annex = std::path::absolute(annex)?;
        // From here on the contract cannot be withdrawn; it can again when nothing came of it.
        self.announce(to).await?;
        let done = vendor_change_in_service(&mut reader, office, &wish, &annex).await;
        self.settle().await?;
        let done = done?;
        say(&done.report);
        println!(
            "{}（版{}）が動いています。書込みを止めた時間 {} ミリ秒、別紙 {}（要約値 {}）",
            to.name,
            to.version,
            done.read_only.as_millis(),
            annex.display(),
            done.change.annex_sha256
        );
        println!(
            "何も書かないうちは --system {} --back で戻せます。終えるときは --system {} --finish --annex {}",
            to.id,
            to.id,
            annex.display()
        );
        self.taken_up().await
    }

    async fn back(&self, now: &System) -> Result<()> {
        self.begin().await?;
        let mut client = self.installer.connect(self.id).await?;
        let by = (ACTOR, Timestamp::now());
        let held = vendor_change_back(&mut client, now, &self.systems, by).await?;
        self.settle().await?;
        let name = &now.name;
        println!("{name}を前の製品に戻しました。書込みを止めた時間 {} ミリ秒", held.as_millis());
        self.taken_up().await
    }

    /// Ends the change, and brings the contracts to it; one that was ended before only the latter:
    /// whoever was cut off in between says it again.
    async fn finish(&self, now: &System, annex: &std::path::Path) -> Result<()> {
        self.begin().await?;
        let mut client = self.installer.connect(self.id).await?;
        let last = vendor_change_last(&client, &now.id).await?;
        let is_over = |change: &store::install::VendorChange| {
            change.ended == Some(Ended::Finished) && change.to_hash == now.hash
        };
        if last.as_ref().is_some_and(is_over) {
            println!("{}の事業者の変更は、もう終えています", now.name);
        } else {
            let by = (ACTOR, Timestamp::now());
            let ended = vendor_change_finish(&mut client, now, annex, by).await?;
            println!(
                "{}の事業者の変更（{}）を終え、前の製品の台帳を消しました。別紙 {} は保存を続けてください",
                now.name,
                ended.id,
                annex.display()
            );
        }
        if self.settle().await?.is_empty() {
            println!("これを待つ契約はありません。契約はそのままです");
        }
        Ok(())
    }

    /// Alone with the body's changes of vendor, as long as it neither moves nor leaves.
    async fn begin(&self) -> Result<()> {
        let way = relocation_last(&self.control, self.id).await?;
        ensure!(
            way.is_none_or(|way| way.state == RelocationState::Ended),
            "「{}」は引越しの途中です。先に kumoi move の --finish か --give-up で終えてください",
            self.id
        );
        ensure!(
            deletion_last(&self.control, self.id).await?.is_none(),
            "「{}」は消去のため凍結しています。事業者の変更はできません",
            self.id
        );
        for _ in 0..TRIES {
            if change_alone(&self.control, self.id).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("「{}」の事業者の変更が、ほかで動いています。終わってから実行してください", self.id)
    }

    /// Says beside the contract that waits for this package that its records go over.
    async fn announce(&self, to: &System) -> Result<()> {
        let due = change_due(&self.control, self.id).await?;
        let Some(new) = due.into_iter().find(|new| new.offer.hash == to.hash) else {
            return Ok(());
        };
        let waits = contract_moving(&self.control, new.id, true).await?;
        ensure!(waits, "契約 {} は、もう移行を待っていません。何も変えていません", new.id);
        Ok(())
    }

    /// Brings the contracts to what was carried out, and says which have changed.
    async fn settle(&self) -> Result<Vec<(Option<i64>, i64)>> {
        let office = self.installer.connect(self.id).await?;
        let changed = changes_settle(&self.control, &office, self.id).await?;
        for change in &changed {
            println!("{}", changed_said(*change));
        }
        Ok(changed)
    }

    /// Lets the zones serve what is installed now: sessions that remember the old tables end, and
    /// the office zone looks again because somebody is at the front database.
    async fn taken_up(&self) -> Result<()> {
        self.seat.sessions_end(self.id, VISIT).await?;
        let visit = self.installer.connect(&format!("{}_front", self.id)).await?;
        tokio::time::sleep(VISIT).await;
        drop(visit);
        Ok(())
    }
}

/// Which contracts a change of vendor has changed, in words.
pub(crate) fn changed_said((old, new): (Option<i64>, i64)) -> String {
    match old {
        Some(old) => format!("契約 {old} を終え、契約 {new} を提供中にしました"),
        None => format!("契約 {new} を提供中にしました"),
    }
}

fn say(report: &ChangeReport) {
    println!(
        "行 {}（履歴を含む）: 移せる {}、移せない {}、別紙に残る値 {}",
        report.rows, report.taken, report.held, report.homeless
    );
    for (why, count) in &report.held_why {
        println!("  移せない行 {why}: {count}");
    }
    for (why, count) in &report.homeless_why {
        println!("  残る値 {why}: {count}");
    }
}
