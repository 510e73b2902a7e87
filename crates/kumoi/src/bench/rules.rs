//! `kumoi bench rules`: law over one household with its trace and over a million in columns, and
//! the same amount as one statement of PostgreSQL in the same run; the resident tax of one person
//! with its trace and of all in columns, and their notices in bulk. Invented people only.

mod allowance;
mod levy;
mod nation;
mod notices;
mod statement;
mod tax;

use anyhow::{Result, bail};
use clap::Args;

use super::place::Folder;

/// Options of `kumoi bench rules`.
#[derive(Args, Clone, Debug)]
pub(super) struct RulesArguments {
    /// 一つの計測だけ: trace、columns、sql、tax、nation、levy、notices
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// 子のいる世帯の数（columns、sql）
    #[arg(long, default_value_t = 1_000_000)]
    households: usize,
    /// 住民税を計算する人の数（tax）
    #[arg(long, default_value_t = 500_000)]
    persons: usize,
    /// 全国の住民税を計算する人の数（nation）
    #[arg(long, default_value_t = 124_000_000)]
    nation: u32,
    /// 一括処理をする住民の数（levy。既定の 0 では測らない。横浜市は 3770000）
    #[arg(long, default_value_t = 0)]
    residents: u32,
    /// 一括印刷する納税通知書の数（notices）
    #[arg(long, default_value_t = 5_000)]
    notices: usize,
    /// 印刷処理の数。それぞれが一束を刷る（notices）
    #[arg(long, default_value_t = 1)]
    printers: usize,
    /// 何回測るか
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// The measurements.
const NAMES: [&str; 7] = ["trace", "columns", "sql", "tax", "nation", "levy", "notices"];

/// Measures what was asked for, or everything.
pub(super) async fn rules(folder: &Folder, arguments: RulesArguments) -> Result<()> {
    if let Some(only) = &arguments.only
        && !NAMES.contains(&only.as_str())
    {
        bail!("「{only}」という計測はありません。{} から選んでください", NAMES.join("、"));
    }
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    let law = allowance::Allowance::new()?;
    if wanted("trace") {
        law.trace()?;
    }
    if wanted("tax") {
        tax::Tax::new()?.measure(arguments.persons, arguments.rounds)?;
    }
    if wanted("nation") {
        nation::nation(&tax::Tax::new()?, arguments.nation)?;
    }
    if wanted("levy") && arguments.residents > 0 {
        levy::levy(folder, arguments.residents).await?;
    }
    if wanted("notices") {
        notices::notices(arguments.notices, arguments.printers).await?;
    }
    if !wanted("columns") && !wanted("sql") {
        return Ok(());
    }
    let families = allowance::families(arguments.households);
    println!(
        "rules, {} households with {} people up to 24 years of age",
        families.households(),
        families.births.len()
    );
    let (sums, seconds) = law.columns(&families, arguments.rounds)?;
    if wanted("sql") {
        let (said, statement) = statement::statement(folder, &families, arguments.rounds).await?;
        if said != sums {
            bail!("the statement says {said:?}, the rules say {sums:?}");
        }
        println!(
            "rules, one statement / rules on one core: {:.1} times (both say {} yen a month)",
            statement / seconds,
            sums.0
        );
    }
    Ok(())
}
