//! `kumoi cost deposit`, `subsidy`: what is paid in, handed on, and subsidised.

use anyhow::{Context, Result};
use base::date::{Date, day_in_japan};
use base::money::Yen;
use clap::{Args, Subcommand};
use cloud::cost::subsidy::{State, Subsidy as Stands, subsidy_apply, subsidy_step};
use store::StoreError;
use store::control::cost::{transaction_begin, transaction_commit};
use store::control::deposit::{Entry, Kind, entry_add, entry_reverse, statement_list};
use store::control::subsidy::{Subsidy, subsidy_add, subsidy_list, subsidy_write};

use super::Desk;

/// What is done with deposits.
#[derive(Subcommand, Debug)]
pub(super) enum DepositCommand {
    /// 受入
    Receive(EntryArguments),
    /// 払渡
    HandOn(EntryArguments),
    /// 払戻
    Return(EntryArguments),
    /// 取消
    Reverse {
        /// 記帳の番号
        entry: i64,
        /// 理由
        note: String,
    },
    /// 団体ごとの計算書
    Statement,
}

/// An entry.
#[derive(Args, Debug)]
pub(super) struct EntryArguments {
    /// 団体
    organisation: String,
    /// 円
    yen: i64,
    /// 提供者
    #[arg(long, default_value = "")]
    provider: String,
    /// 摘要
    #[arg(long)]
    note: String,
    /// 日（指定がなければ今日）
    #[arg(long)]
    day: Option<Date>,
}

/// What is done with subsidies.
#[derive(Subcommand, Debug)]
pub(super) enum SubsidyCommand {
    /// 申請
    Apply {
        /// 団体
        organisation: String,
        /// 補助率の名（data/cost/parameters.csv）
        programme: String,
        /// 年度
        year: i16,
        /// 対象経費（円）
        yen: i64,
    },
    /// 次の状態に進める
    Step {
        /// 番号
        id: i64,
        /// 交付決定、不交付、取下げ、概算払、実績報告、額の確定、精算、返還
        state: String,
        /// 決定、概算払、実績の額（円）
        yen: Option<i64>,
        /// 摘要
        #[arg(long, default_value = "")]
        note: String,
    },
    /// 一覧
    List,
}

pub(super) fn today() -> Date {
    day_in_japan(jiff::Timestamp::now())
}

/// Does one thing with deposits.
pub(super) async fn deposit(mut desk: Desk, what: DepositCommand) -> Result<()> {
    let (kind, arguments) = match what {
        DepositCommand::Receive(it) => (Kind::Received, it),
        DepositCommand::HandOn(it) => (Kind::HandedOn, it),
        DepositCommand::Return(it) => (Kind::Returned, it),
        DepositCommand::Reverse { entry, note } => {
            let transaction = transaction_begin(&mut desk.client).await?;
            let words = (today(), note.as_str(), desk.actor.as_str());
            let id = entry_reverse(&transaction, entry, words).await?;
            let done = transaction_commit(transaction).await;
            done.map_err(|error| unbooked(error, "取り消すと、保管している額を下回ります"))?;
            println!("記帳 {entry} を記帳 {id} で取り消しました");
            return Ok(());
        }
        DepositCommand::Statement => return statement(&desk).await,
    };
    let entry = Entry {
        day: arguments.day.unwrap_or_else(today),
        organisation: arguments.organisation,
        kind,
        provider: arguments.provider,
        yen: arguments.yen,
        note: arguments.note,
        actor: desk.actor,
    };
    let transaction = transaction_begin(&mut desk.client).await?;
    let id = entry_add(&transaction, &entry)
        .await
        .with_context(|| format!("団体「{}」に記帳できません", entry.organisation))?;
    let more = "保管している額より多くは、払い渡しも払い戻しもできません";
    transaction_commit(transaction).await.map_err(|error| unbooked(error, more))?;
    println!("記帳 {id}: {} {} {}", kind.term(), entry.organisation, Yen(entry.yen));
    Ok(())
}

/// Why an entry was not booked; whether it was, where the answer to the commit was lost.
fn unbooked(error: StoreError, more: &'static str) -> anyhow::Error {
    let lost = error.is_transient();
    anyhow::Error::new(error).context(match lost {
        true => {
            "記帳されたか分かりません。kumoi cost deposit statement で確かめてから、やり直してください"
        }
        false => more,
    })
}

async fn statement(desk: &Desk) -> Result<()> {
    println!("団体\t請求\t受入\t払渡\t払戻\t保管金\t未収\t未払");
    for it in statement_list(&desk.client, today()).await? {
        let yen =
            [it.billed, it.received, it.handed_on, it.returned, it.held, it.receivable, it.payable];
        println!("{}\t{}", it.organisation, yen.map(|yen| Yen(yen).grouped()).join("\t"));
    }
    Ok(())
}

/// Does one thing with subsidies.
pub(super) async fn subsidy(mut desk: Desk, what: SubsidyCommand) -> Result<()> {
    match what {
        SubsidyCommand::Apply { organisation, programme, year, yen } => {
            let stands = subsidy_apply(&programme, year, yen)?;
            let row = written(0, &organisation, &stands);
            let transaction = transaction_begin(&mut desk.client).await?;
            let id = subsidy_add(&transaction, &row, (&desk.actor, ""))
                .await
                .with_context(|| format!("団体「{organisation}」は開かれていません"))?;
            transaction_commit(transaction).await?;
            println!("補助金 {id}: {}（{}）", Yen(stands.applied_yen), stands.trace.join("。"));
        }
        SubsidyCommand::Step { id, state, yen, note } => {
            let to = State::of_term(&state)
                .with_context(|| format!("「{state}」という状態はありません"))?;
            let all = subsidy_list(&desk.client).await?;
            let row = all.into_iter().find(|it| it.id == id);
            let row = row.with_context(|| format!("補助金 {id} が見つかりません"))?;
            let stands = subsidy_step(read(&row)?, to, yen)?;
            let transaction = transaction_begin(&mut desk.client).await?;
            let next = written(id, &row.organisation, &stands);
            let about = step_yen(to, yen, &next);
            subsidy_write(&transaction, (&next, &row, about), (&desk.actor, &note)).await?;
            transaction_commit(transaction).await?;
            println!("補助金 {id}: {}", stands.state.term());
        }
        SubsidyCommand::List => {
            for it in subsidy_list(&desk.client).await? {
                let yen = |it: Option<i64>| it.map_or("―".to_owned(), |it| Yen(it).grouped());
                println!(
                    "{} {} {} {} 年度 {}: 申請 {} 決定 {} 概算払 {} 実績 {} 確定 {}",
                    it.id,
                    it.organisation,
                    it.programme,
                    it.fiscal_year,
                    it.state,
                    Yen(it.applied_yen).grouped(),
                    yen(it.decided_yen),
                    Yen(it.advanced_yen).grouped(),
                    yen(it.actual_yen),
                    yen(it.settled_yen)
                );
                it.trace.lines().for_each(|line| println!("    {line}"));
            }
        }
    }
    Ok(())
}

/// What a step is about: what was given, or what is derived.
fn step_yen(to: State, given: Option<i64>, next: &Subsidy) -> Option<i64> {
    let fixed = next.settled_yen;
    match to {
        State::Fixed => fixed,
        State::Settled => fixed.map(|fixed| fixed - next.advanced_yen),
        State::Returned => fixed.map(|fixed| next.advanced_yen - fixed),
        _ => given,
    }
}

fn written(id: i64, organisation: &str, stands: &Stands) -> Subsidy {
    Subsidy {
        id,
        organisation: organisation.to_owned(),
        programme: stands.programme.clone(),
        fiscal_year: i32::from(stands.fiscal_year),
        state: stands.state.term().to_owned(),
        applied_yen: stands.applied_yen,
        decided_yen: stands.decided_yen,
        advanced_yen: stands.advanced_yen,
        actual_yen: stands.actual_yen,
        settled_yen: stands.settled_yen,
        trace: stands.trace.join("\n"),
    }
}

fn read(row: &Subsidy) -> Result<Stands> {
    Ok(Stands {
        programme: row.programme.clone(),
        fiscal_year: i16::try_from(row.fiscal_year)?,
        state: State::of_term(&row.state).context("知らない状態です")?,
        applied_yen: row.applied_yen,
        decided_yen: row.decided_yen,
        advanced_yen: row.advanced_yen,
        actual_yen: row.actual_yen,
        settled_yen: row.settled_yen,
        trace: row.trace.lines().map(str::to_owned).collect(),
    })
}
