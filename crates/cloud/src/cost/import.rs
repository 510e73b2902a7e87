//! 取込み: a bill becomes part of the books whole or not at all. A re-issued bill replaces the earlier
//! one whole, with the difference; what overlaps otherwise is refused.
//!
//! Raw files lie under a folder of costs: `incoming` while they are read, then `raw`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use store::Connection;
use store::cluster::system;
use store::control::cost::{
    self, Import, Scope as Written, day_copy, folder_list, import_add, import_turn,
    import_withdraw, owners_renamed, rate_list, scope_list,
};

use super::amount::Amount;
use super::bill::{Bill, Daily, ReadOptions, Scope, bill_read};
use super::instant;
use crate::CloudError;

/// A bill in the books.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Number of the import.
    pub id: i64,
    /// The bill.
    pub bill: Bill,
    /// The import that it replaces.
    pub replaces: Option<i64>,
    /// For each scope its billed cost, and what was billed before if it was re-issued.
    pub scopes: Vec<(Scope, Amount, Option<Amount>)>,
}

/// What is known of a bill in the books for the same account and time by a provider of another
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namesake {
    /// Nothing: such a bill is refused.
    Unknown,
    /// The provider goes by another name now: a bill of the same accounts and time is the same,
    /// issued again, and whose its accounts are stays so.
    Renamed,
    /// It is another provider's, who happens to number accounts alike.
    Other,
}

/// Imports a bill of one or several files into the control database and the folder of costs.
///
/// # Errors
/// [`CloudError::Bill`] and [`CloudError::Cost`] with the reason; nothing of the bill stays then.
pub async fn bill_import(
    client: &mut Connection,
    root: &Path,
    files: (&[PathBuf], &str),
) -> Result<Imported, CloudError> {
    bill_import_as(client, root, files, Namesake::Unknown).await
}

/// The same where it is known whether a provider was renamed.
///
/// # Errors
/// As [`bill_import`].
pub async fn bill_import_as(
    client: &mut Connection,
    root: &Path,
    (files, actor): (&[PathBuf], &str),
    namesake: Namesake,
) -> Result<Imported, CloudError> {
    once_each(files)?;
    let mut currencies = BTreeSet::from(["JPY".to_owned()]);
    currencies.extend(rate_list(client).await?.into_iter().map(|rate| rate.currency));
    let incoming = Incoming::make(root)?;
    let (paths, folder) = (files.to_vec(), incoming.path.clone());
    let options = ReadOptions::new(currencies);
    let read = tokio::task::spawn_blocking(move || bill_read(&paths, &folder, &options));
    let bill = read.await.map_err(|_| stopped())??;
    let known = Known { root, namesake };
    write(client, known, incoming, (bill, files, actor)).await
}

/// Refuses a file that is named twice: its rows would count twice.
fn once_each(files: &[PathBuf]) -> Result<(), CloudError> {
    let mut seen = BTreeSet::new();
    for path in files {
        if fs::canonicalize(path).is_ok_and(|real| !seen.insert(real)) {
            let name = path.display();
            return Err(CloudError::Cost(format!(
                "{name} が二度指定されています。一つのファイルは一度だけ指定してください"
            )));
        }
    }
    Ok(())
}

fn stopped() -> CloudError {
    CloudError::Cost("請求の読込みが途中で止まりました。何も取り込んでいません".to_owned())
}

fn unwritten(path: &Path, error: &std::io::Error) -> CloudError {
    CloudError::Cost(format!("フォルダ {} を使えません（{error}）", path.display()))
}

/// Where raw files lie, and what is known of names.
struct Known<'k> {
    root: &'k Path,
    namesake: Namesake,
}

/// Rows and aggregates become visible with the commit; the raw files are in their place before it.
async fn write(
    client: &mut Connection,
    Known { root, namesake }: Known<'_>,
    mut incoming: Incoming,
    (mut bill, files, actor): (Bill, &[PathBuf], &str),
) -> Result<Imported, CloudError> {
    let transaction = cost::transaction_begin(client).await?;
    import_turn(&transaction).await?;
    sweep(root, &folder_list(&transaction).await?)?;
    let scopes = bill.scopes();
    let current = scope_list(&transaction).await?;
    let replaces = replaced(&current, &scopes.keys().cloned().collect::<Vec<_>>(), namesake)?;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let import = Import {
        actor: actor.to_owned(),
        files: files.iter().map(name).collect(),
        rows: count(bill.rows),
        raw_bytes: count(bill.raw_bytes),
        zoneless: count(bill.zoneless),
        literal_nulls: count(bill.literal_nulls),
        folder: incoming.name.clone(),
        replaces,
    };
    let written: Vec<Written> = scopes.iter().map(written).collect::<Result<_, _>>()?;
    let id = import_add(&transaction, &import, &written).await?;
    day_copy(&transaction, id, bill.days.iter().map(day)).await?;
    if namesake == Namesake::Renamed {
        for names in renamed(&current, scopes.keys(), replaces) {
            owners_renamed(&transaction, names).await?;
        }
    }
    incoming.settle(root)?;
    cost::transaction_commit(transaction).await?;
    let place = incoming.path.clone();
    bill.parts = bill.parts.iter().map(|part| place.join(name(part))).collect();
    let former: Vec<&Written> = current.iter().filter(|it| Some(it.import) == replaces).collect();
    let scopes = scopes.iter().map(|(scope, (_, billed))| {
        let before = before(&former, scope, scopes.keys());
        (scope.clone(), *billed, before)
    });
    Ok(Imported { id, scopes: scopes.collect(), bill, replaces })
}

/// What was billed before for a scope: by its own name, or, where there is one of each, by the one
/// name that the provider went by.
fn before<'s>(
    former: &[&Written],
    scope: &Scope,
    mut all: impl Iterator<Item = &'s Scope>,
) -> Option<Amount> {
    let alike = |a: &Scope| Scope { provider: scope.provider.clone(), ..a.clone() } == *scope;
    let same = former.iter().find(|it| key(it) == *scope);
    let mut others = former.iter().filter(|it| alike(&key(it)));
    let only = others.next().filter(|_| others.next().is_none());
    let is_one = all.all(|it| it == scope || !alike(it));
    let found = same.or(only.filter(|_| is_one))?;
    Amount::parse(found.billed.as_bytes()).ok()
}

/// The names that renamed providers went by, former and later: in the bill that is replaced, or in
/// all that are in force, for the same account. Where there are several it is nobody's guess.
fn renamed<'s>(
    current: &'s [Written],
    new: impl Iterator<Item = &'s Scope>,
    replaces: Option<i64>,
) -> BTreeSet<(&'s str, &'s str)> {
    let new: Vec<&'s Scope> = new.collect();
    let names = |one: &Scope| -> BTreeSet<&'s str> {
        let same = |it: &&Written| {
            it.billing_account == one.billing_account
                && replaces.is_none_or(|import| it.import == import)
        };
        current.iter().filter(same).map(|it| it.provider.as_str()).collect()
    };
    let stays = |name: &str, one: &Scope| {
        new.iter().any(|it| it.provider == name && it.billing_account == one.billing_account)
    };
    let only = |one: &'s Scope| {
        let former = names(one);
        // Who kept its name was not renamed, and nobody took it over.
        if former.contains(one.provider.as_str()) {
            return None;
        }
        let mut names = former.into_iter().filter(|name| !stays(name, one));
        let name = names.next().filter(|_| names.next().is_none())?;
        Some((name, one.provider.as_str()))
    };
    new.iter().copied().filter_map(only).collect()
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn moment(seconds: i64) -> Result<Timestamp, CloudError> {
    Timestamp::from_second(seconds)
        .map_err(|_| CloudError::Cost("請求期間が暦の範囲を超えています".to_owned()))
}

fn written((scope, (rows, billed)): (&Scope, &(u64, Amount))) -> Result<Written, CloudError> {
    Ok(Written {
        import: 0,
        provider: scope.provider.clone(),
        billing_account: scope.billing_account.clone(),
        period: (moment(scope.period.0)?, moment(scope.period.1)?),
        currency: scope.currency.clone(),
        rows: count(*rows),
        billed: billed.to_string(),
    })
}

fn day(daily: &Daily) -> cost::Day {
    let key = &daily.key;
    cost::Day {
        day: key.day,
        period_from: Timestamp::from_second(key.period.0).unwrap_or_default(),
        provider: key.provider().to_owned(),
        names: [key.provider_name.clone(), key.service_provider_name.clone()],
        billing_account: key.billing_account.clone(),
        account: key.account.clone(),
        service: key.service.clone(),
        service_category: key.service_category.clone(),
        region: key.region.clone(),
        charge: key.charge.clone(),
        environment: key.environment.clone(),
        currency: key.currency.clone(),
        rows: count(daily.rows),
        costs: [daily.billed, daily.effective, daily.list, daily.contracted]
            .map(|cost| cost.to_string()),
    }
}

fn key(scope: &Written) -> Scope {
    Scope {
        provider: scope.provider.clone(),
        billing_account: scope.billing_account.clone(),
        period: (scope.period.0.as_second(), scope.period.1.as_second()),
        currency: scope.currency.clone(),
    }
}

fn named(scope: &Scope) -> String {
    format!(
        "{} の請求先 {}、{} から {} まで（{}）",
        scope.provider,
        scope.billing_account,
        instant::text(scope.period.0),
        instant::text(scope.period.1),
        scope.currency
    )
}

/// The import that a bill replaces: the one that bills the same accounts for the same periods; who
/// provides and in what currency may differ in a bill that is issued again. Refused if it overlaps
/// with something else, or if nobody said what another name means.
fn replaced(
    current: &[Written],
    new: &[Scope],
    namesake: Namesake,
) -> Result<Option<i64>, CloudError> {
    let meets = |a: &Scope, b: &Scope| {
        a.billing_account == b.billing_account && a.period.0 < b.period.1 && b.period.0 < a.period.1
    };
    let overlaps = |a: &Scope, b: &Scope| a.provider == b.provider && meets(a, b);
    let refuse = |words: String| Err(CloudError::Cost(words));
    for (at, one) in new.iter().enumerate() {
        let other = new[..at].iter().find(|it| overlaps(it, one) && it.period != one.period);
        if let Some(other) = other {
            return refuse(format!(
                "一つの請求の中で請求期間が重なっています: {} と {}",
                named(other),
                named(one)
            ));
        }
    }
    let mut imports: BTreeMap<i64, BTreeSet<Scope>> = BTreeMap::new();
    for scope in current {
        imports.entry(scope.import).or_default().insert(key(scope));
    }
    let wanted: BTreeSet<Scope> = new.iter().cloned().collect();
    let mut found = None;
    for (import, scopes) in imports {
        let pair = |alike: &dyn Fn(&Scope, &Scope) -> bool| {
            let found = |theirs| Some((wanted.iter().find(|it| alike(it, theirs))?, theirs));
            scopes.iter().find_map(found)
        };
        let (mine, theirs) = match (pair(&overlaps), pair(&meets), namesake) {
            (Some(pair), _, _) | (None, Some(pair), Namesake::Renamed) => pair,
            (None, None, _) | (None, Some(_), Namesake::Other) => continue,
            (None, Some((mine, theirs)), Namesake::Unknown) => {
                return refuse(namesakes(import, mine, theirs));
            }
        };
        if billed(&scopes) != billed(&wanted) {
            return refuse(format!(
                "取込み済みの請求（{import}）と範囲が重なりますが、同じ範囲ではありません。\
                 取込み済み: {}（ほかを合わせ {} 件）。今回: {}（{} 件）。出し直された請求なら、同じ請求先と期間の\
                 すべてをまとめて取り込んでください。誤って取り込んだものなら、kumoi cost withdraw {import} で除けます",
                named(theirs),
                scopes.len(),
                named(mine),
                wanted.len()
            ));
        }
        if let Some(other) = found.replace(import) {
            return refuse(format!(
                "取込み済みの二つの請求（{other} と {import}）と重なります。どれを置き換えるのか分かりません"
            ));
        }
    }
    Ok(found)
}

fn namesakes(import: i64, mine: &Scope, theirs: &Scope) -> String {
    format!(
        "取込み済みの請求（{import}）と請求先と期間が同じで、提供者の名前だけが違います。取込み済み: {}。今回: {}。\
         提供者の名前が変わったのなら --renamed を付けて置き換え、別の提供者の請求なら --other-provider を付けて\
         並べて取り込んでください",
        named(theirs),
        named(mine)
    )
}

/// Who is billed for when.
fn billed(scopes: &BTreeSet<Scope>) -> BTreeSet<(&str, (i64, i64))> {
    scopes.iter().map(|it| (it.billing_account.as_str(), it.period)).collect()
}

/// Takes a bill out of the books that was imported by mistake; its raw files stay.
///
/// # Errors
/// [`CloudError::Store`] when there is no such bill in force.
pub async fn bill_withdraw(
    client: &mut Connection,
    import: i64,
    (actor, reason): (&str, &str),
) -> Result<(), CloudError> {
    let transaction = cost::transaction_begin(client).await?;
    import_turn(&transaction).await?;
    import_withdraw(&transaction, import, (actor, reason)).await?;
    cost::transaction_commit(transaction).await?;
    Ok(())
}

/// A folder for a bill that is being read; gone unless it came to its place.
struct Incoming {
    name: String,
    path: PathBuf,
    kept: bool,
}

impl Incoming {
    fn make(root: &Path) -> Result<Incoming, CloudError> {
        let at = Timestamp::now().as_nanosecond();
        let name = format!("{at}-{}", std::process::id());
        let path = root.join("incoming").join(&name);
        fs::create_dir_all(&path).map_err(|error| unwritten(&path, &error))?;
        Ok(Incoming { name, path, kept: false })
    }

    /// Moves it to its place, durable, where it is kept.
    fn settle(&mut self, root: &Path) -> Result<(), CloudError> {
        let raw = root.join("raw");
        let to = raw.join(&self.name);
        let moved = fs::create_dir_all(&raw)
            .and_then(|()| fs::File::open(&self.path)?.sync_all())
            .and_then(|()| fs::rename(&self.path, &to))
            .and_then(|()| fs::File::open(&raw)?.sync_all());
        moved.map_err(|error| unwritten(&to, &error))?;
        self.path = to;
        // From now on only the books say whether it is wanted: an answer to the commit may be lost
        // that was a yes. What nobody wants is swept by the next import.
        self.kept = true;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            // What stays is swept by the next import.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what broken-off imports left: raw files without an import, and incoming ones whose
/// process has ended.
fn sweep(root: &Path, known: &[String]) -> Result<(), CloudError> {
    let each = |name: &str, is_left: &dyn Fn(&str) -> bool| -> std::io::Result<()> {
        let folder = root.join(name);
        if !folder.exists() {
            return Ok(());
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if is_left(&entry.file_name().to_string_lossy()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    };
    let ended = |name: &str| {
        let process = name.rsplit('-').next().and_then(|pid| pid.parse().ok());
        process.is_none_or(|pid| !system::is_alive(pid))
    };
    each("raw", &|name| !known.iter().any(|it| it == name))
        .and_then(|()| each("incoming", &ended))
        .map_err(|error| unwritten(root, &error))
}

#[cfg(test)]
mod tests;
