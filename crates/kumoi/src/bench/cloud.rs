//! `kumoi bench cloud`: the figures of the Government Cloud, one file each.

mod focus;

use anyhow::{Result, bail};
use clap::Args;

use super::place::Folder;

/// Options of `kumoi bench cloud`.
#[derive(Args, Clone, Debug)]
pub(super) struct CloudArguments {
    /// 一つの数値だけ: focus
    #[arg(long, value_name = "FIGURE")]
    only: Option<String>,
    /// 請求の明細の行数
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
}

/// Measures every figure, or the one asked for.
pub(super) async fn cloud(folder: &Folder, arguments: &CloudArguments) -> Result<()> {
    let only = arguments.only.as_deref();
    if let Some(name) = only
        && !["focus"].contains(&name)
    {
        bail!("「{name}」という数値はありません（focus）");
    }
    if only.is_none_or(|name| name == "focus") {
        focus::focus(folder, arguments.rows).await?;
    }
    Ok(())
}
