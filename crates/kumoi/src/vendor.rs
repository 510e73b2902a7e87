//! `kumoi vendor-change`: what would come of changing to another vendor's package of the same
//! business.
//!
//! Rehearses only: reads every row of the organisation and changes nothing. It prints names of
//! items and counts, never a value.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use definition::System;
use store::organisation::Installer;
use transfer::{Mapping, Side, vendor_rehearse};

use crate::leave::Place;
use crate::systems::system_read;

/// 事業者の変更の下調べの指定
#[derive(Args, Debug)]
pub struct VendorArguments {
    /// 団体の識別子（kasumi など）
    #[arg(long, value_name = "ID")]
    organisation: String,
    /// 移る先の製品（業務システム）のフォルダ
    #[arg(long, value_name = "DIR")]
    package: PathBuf,
    /// データのフォルダ（指定がなければ ./var）
    #[arg(long, value_name = "DIR", default_value = "var")]
    var: PathBuf,
}

/// Says which items have a home, and what every row would come to.
///
/// # Errors
/// When the organisation has no package of this business.
pub async fn rehearse(arguments: VendorArguments) -> Result<()> {
    let id = &arguments.organisation;
    let to = system_read(&arguments.package)?;
    let place = Place::open(&arguments.var, id).await?;
    place.with(async |place| rehearse_here(id, &to, place).await).await
}

async fn rehearse_here(id: &str, to: &System, place: &Place) -> Result<()> {
    let (organisation, systems) = place.seats()?[0].systems(id).await?;
    let from = systems.iter().find(|system| system.code == to.code).with_context(|| {
        format!("{}には、業務ID {} の業務システムが入っていません", organisation.name, to.code)
    })?;
    let mapping = Mapping::of(from, to)?;
    println!("{}（版{}）から {}（版{}）へ", from.name, from.version, to.name, to.version);
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
    let office = &place.kept.office;
    let database = office.database(office.office.as_ref(), office.vault.as_deref(), 1)?;
    let installer = Installer::new(place.now().installer("postgres"));
    let mut client = installer.connect_owner(id).await?;
    let side = Side { client: &mut client, vault: database.vault()? };
    let report = vendor_rehearse(side, &mapping).await?;
    println!(
        "行 {}（履歴を含む）: 移せる {}、移せない {}、別紙に残る値 {}",
        report.rows, report.taken, report.held, report.homeless
    );
    for (reason, count) in &report.reasons {
        println!("  {reason}: {count}");
    }
    println!("何も変えていません");
    Ok(())
}
