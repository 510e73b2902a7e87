//! `kumoi rules`: decision tables out to spreadsheets and DMN and back in; and `tck`, the
//! compatibility kit of DMN over a folder of models and test files.
//!
//! Every case of the kit passes, is refused when its model is compiled, with the reason, or is
//! wrong. A table is brought in whole or not at all.

mod export;
mod import;
mod sheet;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use rules::dmn::tck::{self, Verdict};

/// What is asked of the language.
#[derive(Subcommand, Clone, Debug)]
pub enum RulesCommand {
    /// 適合性試験（OMG DMN TCK）を動かす。合格、断る（理由つき）、誤りを数える
    Tck {
        /// モデル（.dmn）と試験（.xml）のフォルダを入れたフォルダ
        folder: PathBuf,
    },
    /// 判定表を表計算（.xlsx）か DMN の XML に書き出す
    Export {
        /// 業務システムのフォルダ
        folder: PathBuf,
        /// 規則の名前（rules/ のファイル名から .feel を除いたもの）
        rule: String,
        /// 書き出す形（指定しなければ --out の拡張子による）
        #[arg(long)]
        format: Option<export::Format>,
        /// 書き出すファイル（まだないもの）
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// 表計算（.xlsx）か DMN の XML から判定表を取り込む。誤りがあれば何も変えない
    Import {
        /// 取り込むファイル
        file: PathBuf,
        /// 業務システムのフォルダ
        #[arg(long, value_name = "FOLDER")]
        into: PathBuf,
        /// 取り込む先の規則（指定しなければファイルの言う名前）
        #[arg(long)]
        rule: Option<String>,
        /// DMN に判定表が二つ以上あるとき、そのうちの決定の名前
        #[arg(long)]
        decision: Option<String>,
        /// 決定が変わる例を書き改める
        #[arg(long)]
        write: bool,
    },
}

/// Carries a command out. True when all is as it must be.
pub fn rules(command: &RulesCommand) -> Result<bool> {
    match command {
        RulesCommand::Tck { folder } => run_kit(folder),
        RulesCommand::Export { folder, rule, format, out } => {
            export::export(folder, rule, *format, out).map(|()| true)
        }
        RulesCommand::Import { file, into, rule, decision, write } => {
            let wanted = import::Wanted { rule: rule.as_deref(), decision: decision.as_deref() };
            import::import(file, into, wanted, *write)
        }
    }
}

/// Where the file of a rule lies in its package.
fn path_of(rule: &str) -> String {
    format!("rules/{rule}.feel")
}

/// The level of which every case must pass.
const WHOLE_LEVEL: &str = "compliance-level-2";
/// Refusals shown of one folder.
const SHOWN: usize = 3;

/// Cases counted by what came of them.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    refused: usize,
    wrong: usize,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.refused += other.refused;
        self.wrong += other.wrong;
    }

    fn line(self, name: &str) -> String {
        let Count { passed, refused, wrong } = self;
        format!("{passed:6} 合格 {refused:5} 断る {wrong:4} 誤り  {name}")
    }
}

fn run_kit(folder: &Path) -> Result<bool> {
    let mut folders = Vec::new();
    gather(folder, &mut folders)?;
    folders.sort();
    if folders.is_empty() {
        bail!("{} に .dmn のファイルがありません", folder.display());
    }
    let (mut levels, mut good) = (BTreeMap::<String, Count>::new(), true);
    for folder in &folders {
        let level = level_of(folder);
        let (count, lines) = one_folder(folder)?;
        println!("{}", count.line(&folder.display().to_string()));
        for line in &lines {
            println!("    {line}");
        }
        good &= count.wrong == 0 && (level != WHOLE_LEVEL || count.refused == 0);
        levels.entry(level).or_default().add(count);
    }
    for (level, count) in &levels {
        println!("{}", count.line(&format!("計 {level}")));
    }
    Ok(good)
}

/// The folders that hold models, at any depth.
fn gather(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let read = || format!("{} を読めません", folder.display());
    let mut with_models = false;
    for entry in fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.is_dir() {
            gather(&path, found)?;
        } else {
            with_models |= has_ending(&path, "dmn");
        }
    }
    if with_models {
        found.push(folder.to_owned());
    }
    Ok(())
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

/// `compliance-level-2` for `…/compliance-level-2/0004-…`.
fn level_of(folder: &Path) -> String {
    let parent = folder.parent().and_then(Path::file_name);
    parent.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn files(folder: &Path, ending: &str) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && has_ending(&path, ending) {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(found)
}

/// Runs the test files of a folder; what is wrong, and why some are refused.
fn one_folder(folder: &Path) -> Result<(Count, Vec<String>)> {
    let models = files(folder, "dmn")?;
    let (mut count, mut lines) = (Count::default(), Vec::new());
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (file, test) in files(folder, "xml")? {
        let named = tck::model_name(&test).filter(|name| models.contains_key(name));
        let Some(name) = named else {
            count.wrong += 1;
            lines.push(format!("{file}: 試験のモデル（modelName）がこのフォルダにありません"));
            continue;
        };
        let others = models.iter().filter(|(other, _)| **other != name);
        let texts = [&models[&name]].into_iter().chain(others.map(|(_, text)| text));
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        let outcomes = match tck::run(&texts, &test) {
            Ok(outcomes) => outcomes,
            Err(reason) => {
                count.wrong += 1;
                lines.push(format!("{file}: {reason}"));
                continue;
            }
        };
        for outcome in outcomes {
            match outcome.verdict {
                Verdict::Passed => count.passed += 1,
                Verdict::Refused(refusal) => {
                    count.refused += 1;
                    *reasons.entry(refusal.to_string()).or_default() += 1;
                }
                Verdict::Wrong { expected, found } => {
                    count.wrong += 1;
                    let (case, result) = (outcome.case, outcome.result);
                    lines.push(format!("誤り {case} {result}: 期待 {expected}、答え {found}"));
                }
            }
        }
    }
    let more = reasons.len().saturating_sub(SHOWN);
    let shown = reasons.into_iter().take(SHOWN);
    lines.extend(shown.map(|(reason, cases)| format!("断る {cases}: {reason}")));
    if more > 0 {
        lines.push(format!("断る理由はほかに {more}"));
    }
    Ok((count, lines))
}
