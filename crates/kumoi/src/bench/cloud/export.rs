//! The FOCUS files that we write of the sample bills, judged by the official validator: which of
//! its rules fail. Its version and that of its rules are held, as an older one judges by older
//! rules.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use base::date::{Date, day_in_japan};
use cloud::cost::allocate::Method;
use cloud::cost::books::books_open;
use cloud::cost::export::{APPLICABLE, CONTRADICTION, Export, export as lines_of};
use cloud::cost::focus::lines_write;
use jiff::{Span, Timestamp};
use store::Connection;
use store::control::cost::organisation_names;
use store::control::{control_open, organisation_register};

use super::super::place::{Folder, Place};
use crate::demo::costs_make;
use crate::sample::samples;

/// Validator, its rules, FOCUS.
const VERSIONS: &str = "2.2.1 1.2.0.1 1.2";
/// Prints where its packages lie, and the versions.
const ASK: &str = "import importlib.metadata as m, importlib.util as u, json, pathlib
p = pathlib.Path(u.find_spec('focus_validator').origin).parent
d = json.load(open(p / 'rules' / 'model-1.2.0.1.json'))['Details']
print(p.parent); print(m.version('focus-validator'), d['ModelVersion'], d['FOCUSVersion'])";

/// The last month of the three sample bodies by every method, and each body's own by use.
pub(super) async fn export(folder: &Folder, validator: Option<&Path>) -> Result<()> {
    let validator = Validator::find(validator)?;
    let place = Place::open(folder).await?;
    let written = written(folder, &place).await;
    place.close().await?;
    for (name, rows, file) in written? {
        let begin = Instant::now();
        let judged = validator.judge(&file)?;
        println!(
            "export, {name}: {rows} rows; {} rules passed, {} failed, 1 of two that contradict \
             each other ({}); {:.1} s",
            judged.passed,
            judged.failed.len(),
            CONTRADICTION.0,
            begin.elapsed().as_secs_f64()
        );
        ensure!(judged.failed.is_empty(), "{}", judged.failed.join("\n"));
    }
    Ok(())
}

/// The files: what is in it, how many rows, where.
async fn written(folder: &Folder, place: &Place) -> Result<Vec<(String, usize, PathBuf)>> {
    let control = control_open(&place.installer).await?;
    let bodies = samples(None);
    for sample in &bodies {
        organisation_register(&control, &sample.organisation).await?;
    }
    let system = place.systems.first().context("no system")?;
    costs_make(&place.installer, folder.path(), (&bodies, &system.id)).await?;
    let this = day_in_japan(Timestamp::now()).first_of_month();
    let month = this.saturating_sub(Span::new().months(1));
    let mut files = Vec::new();
    for method in Method::ALL {
        let file = folder.path().join(format!("export-{}.csv", files.len()));
        let rows = file_write(&control, (month, method, None), &file).await?;
        files.push((format!("all by {}", method.term()), rows, file));
    }
    for sample in &bodies {
        let id = sample.organisation.id.as_str();
        let file = folder.path().join(format!("export-{id}.csv"));
        let rows = file_write(&control, (month, Method::Usage, Some(id)), &file).await?;
        files.push((format!("{id} by {}", Method::Usage.term()), rows, file));
    }
    Ok(files)
}

async fn file_write(
    control: &Connection,
    (month, method, organisation): (Date, Method, Option<&str>),
    file: &Path,
) -> Result<usize> {
    let mut books = books_open(control, month).await?;
    books.basis.points = vec![("人口".to_owned(), 7), ("業務量".to_owned(), 3)];
    let names = organisation_names(control).await?;
    let names = names.into_iter().map(|[id, _, latin]| (id, latin)).collect();
    let wanted = Export { month, method, organisation, names: &names };
    let lines = lines_of(&books.ledger()?, &books.allocate()?, &wanted)?;
    lines_write(File::create(file)?, &lines)?;
    Ok(lines.len())
}

/// The official validator, of the version asked for.
struct Validator {
    folder: PathBuf,
    /// It finds its table of currencies from where its packages lie.
    packages: PathBuf,
}

/// What it says of a file.
struct Judged {
    passed: usize,
    failed: Vec<String>,
}

impl Validator {
    fn find(given: Option<&Path>) -> Result<Validator> {
        let known = std::env::var_os("KUMOI_FOCUS_VALIDATOR").map(PathBuf::from);
        let folder = given.map(Path::to_owned).or(known).context(
            "FOCUS の検証器がどこにあるか分かりません。`source xtask/packages.sh` の後、\
             KUMOI_FOCUS_VALIDATOR=$(focus_validator_ensure) を添えてください",
        )?;
        let folder = std::path::absolute(folder)?;
        let told = Command::new(folder.join("bin/python")).args(["-c", ASK]).output();
        let told = told.with_context(|| format!("{} に検証器がありません", folder.display()))?;
        let told = String::from_utf8(told.stdout)?;
        let (packages, versions) = told.trim().split_once('\n').context("no version")?;
        ensure!(versions == VERSIONS, "検証器の版が違います（{versions}、{VERSIONS} ではなく）");
        Ok(Validator { packages: PathBuf::from(packages), folder })
    }

    fn judge(&self, file: &Path) -> Result<Judged> {
        let ran = Command::new(self.folder.join("bin/focus-validator"))
            .current_dir(&self.packages)
            .arg("--data-file")
            .arg(file)
            .args(["--validate-version", "1.2.0.1", "--block-download"])
            .args(["--focus-dataset", "CostAndUsage", "--output-type", "console"])
            .args(["--show-violations", "--applicability-criteria", APPLICABLE])
            .output()?;
        let text = String::from_utf8(ran.stdout)?;
        ensure!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
        let lines = |word: &'static str| text.lines().filter(move |line| line.contains(word));
        let passed = lines(": PASS").count();
        ensure!(passed > 0 && text.contains(CONTRADICTION.1), "{text}");
        let failed = lines(": FAIL").filter(|line| !line.contains(CONTRADICTION.0));
        Ok(Judged { passed, failed: failed.map(str::to_owned).collect() })
    }
}
