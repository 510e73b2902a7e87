//! `kumoi cost budget`, `forecast`, `goal`: what a year will come to, against the budget and the
//! goal.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base::date::{Date, day_in_japan};
use base::money::Yen;
use clap::Args;
use cloud::cost::amount::{Amount, ExactYen};
use cloud::cost::books::books_open;
use cloud::cost::forecast::{alarms, month_forecast, year_forecast};
use cloud::cost::goal::{INPUTS, Input, goal as goal_of};
use cloud::cost::rate::Rates;
use store::control::cost::{Budget, budget_list, budget_put};

use super::{Desk, month_after, rows_read};

/// The input that the books know.
const NOW: &str = INPUTS[1];

/// Options of `kumoi cost budget`.
#[derive(Args, Debug)]
pub(super) struct BudgetArguments {
    /// 年度
    year: i16,
    /// 円
    yen: i64,
    /// 出典（議決、内示など）
    #[arg(long)]
    source: String,
}

/// Options of `kumoi cost forecast`.
#[derive(Args, Debug)]
pub(super) struct ForecastArguments {
    /// 年度
    year: i16,
    /// この日に見る（指定がなければ今日）
    #[arg(long)]
    day: Option<Date>,
}

/// Sets the budget of the whole.
pub(super) async fn budget(desk: &Desk, arguments: &BudgetArguments) -> Result<()> {
    ensure!(arguments.yen > 0, "予算は 1 円以上です");
    let budget = Budget {
        organisation: None,
        fiscal_year: i32::from(arguments.year),
        yen: arguments.yen,
        source: arguments.source.clone(),
    };
    budget_put(&desk.client, &budget).await?;
    println!("{} 年度の予算 {}", arguments.year, Yen(arguments.yen));
    Ok(())
}

/// Forecasts month by month and the year, and alarms.
pub(super) async fn forecast(desk: &Desk, arguments: &ForecastArguments) -> Result<()> {
    let today = arguments.day.unwrap_or_else(|| day_in_japan(jiff::Timestamp::now()));
    let mut month = Date::new(arguments.year, 4, 1).context("年度")?;
    let mut months = BTreeMap::new();
    for _ in 0..12 {
        let books = books_open(&desk.client, month).await?;
        if !books.days.is_empty() && month <= today {
            let rates = Rates::of(&books.rates)?;
            let mut days: BTreeMap<Date, ExactYen> = BTreeMap::new();
            for day in &books.days {
                let billed = Amount::parse(day.costs[0].as_bytes())?;
                let yen = rates.yen(billed, &day.currency, day.day)?;
                let sum = days.entry(day.day).or_default();
                *sum = sum.checked_add(yen).context("費用の合計が大きすぎます")?;
            }
            match month_forecast(&days, month, today) {
                Ok(it) => {
                    println!("{}: {}（{}）", month.strftime("%Y-%m"), Yen(it.forecast), it.trace);
                    months.insert(month, (it.actual, it.forecast));
                }
                Err(question) => println!("{}: {question}", month.strftime("%Y-%m")),
            }
        }
        month = month_after(month);
    }
    let year = match year_forecast(&months, arguments.year) {
        Ok(year) => year,
        Err(question) => bail!("{} 年度は予測できません: {question}", arguments.year),
    };
    println!("{} 年度: {}（{}）", arguments.year, Yen(year.forecast), year.trace);
    for budget in budget_list(&desk.client, i32::from(arguments.year)).await? {
        if budget.organisation.is_none() {
            alarms(&year, budget.yen).iter().for_each(|alarm| println!("警報: {}", alarm.words));
        }
    }
    Ok(())
}

/// The running cost of a fiscal year by the bills in the books; each of its months must be there.
async fn spent(desk: &Desk, year: i16) -> Result<Input> {
    let (mut month, mut sum, mut missing) =
        (Date::new(year, 4, 1).context("年度")?, 0_i64, Vec::new());
    for _ in 0..12 {
        let books = books_open(&desk.client, month).await?;
        match books.days.is_empty() {
            true => missing.push(month.strftime("%-m月").to_string()),
            false => {
                let yen = books.ledger()?.total()?.0;
                sum = sum.checked_add(yen).context("費用の合計が大きすぎます")?;
            }
        }
        month = month_after(month);
    }
    ensure!(missing.is_empty(), "{year} 年度の {} の請求がありません", missing.join("、"));
    let source = format!("取り込んだ請求の {year} 年度の合計（消費税等を含む）");
    Ok(Input { name: NOW.to_owned(), yen: sum, source })
}

/// Holds the inputs of a file against the goal.
pub(super) async fn goal(desk: &Desk, file: &Path, year: Option<i16>) -> Result<()> {
    let mut inputs = Vec::new();
    for (line, [name, yen, source]) in rows_read(file, ["name", "yen", "source"])? {
        let yen = yen.parse().with_context(|| {
            format!("{} の {line} 行目: 「{yen}」は整数ではありません", file.display())
        })?;
        inputs.push(Input { name, yen, source });
    }
    if let Some(year) = year {
        ensure!(
            inputs.iter().all(|it| it.name != NOW),
            "「{NOW}」がファイルにもあります。--year か、ファイルの行の、どちらかだけにしてください"
        );
        inputs.push(spent(desk, year).await?);
    }
    match goal_of(&inputs, day_in_japan(jiff::Timestamp::now())) {
        Ok(goal) => {
            goal.trace.iter().for_each(|line| println!("{line}"));
            println!("目標{}", if goal.reached { "に達しています" } else { "に達していません" });
            Ok(())
        }
        Err(open) => {
            bail!("分からないことがあるため、目標に照らせません:\n  {}", open.join("\n  "))
        }
    }
}
