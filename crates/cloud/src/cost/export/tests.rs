//! What is written out, held against the official validator (`focus_validator_ensure` of
//! `xtask/packages.sh` puts it in its place; `bin/test` calls it).

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use expect_test::expect;
use store::control::cost::{Day, Owner, Rate};
use store::testing::Place;

use super::*;
use crate::cost::allocate::{Basis, allocate};
use crate::cost::bill::{ReadOptions, bill_read};
use crate::cost::focus::lines_write;
use crate::cost::rate::Rates;

/// An invented month: two services of one name, a credit, three organisations.
fn month() -> (Ledger, Allocation) {
    let day = |account: &str, (service, category): (&str, &str), billed: &str| Day {
        day: "2026-05-10".parse().unwrap(),
        period_from: "2026-05-01T00:00:00Z".parse().unwrap(),
        provider: "見本クラウド".to_owned(),
        names: ["見本クラウド".to_owned(), String::new()],
        billing_account: "B".to_owned(),
        account: account.to_owned(),
        service: service.to_owned(),
        service_category: category.to_owned(),
        region: String::new(),
        charge: String::new(),
        environment: String::new(),
        currency: "USD".to_owned(),
        rows: 1,
        costs: [billed, billed, billed, billed].map(str::to_owned),
    };
    let mut days = Vec::new();
    for at in 0..40 {
        let account = format!("a{}", at % 5);
        let service =
            [("計算", "Compute"), ("網", "Networking"), ("網", "Security"), ("他", "Other")]
                [at % 4];
        days.push(day(&account, service, &format!("{}.{at:02}5", 10 + at * 3)));
    }
    days.push(day("a0", ("計算", "Compute"), "-7.77"));
    let owner = |at: usize| Owner {
        provider: "見本クラウド".to_owned(),
        account: format!("a{at}"),
        environment: String::new(),
        organisation: (at < 4).then(|| ["kasumi", "kumoi", "akatsuki"][at % 3].to_owned()),
        system: ["resident-record", "seal-registration"][at / 3 % 2].to_owned(),
    };
    let rate = Rate {
        currency: "USD".to_owned(),
        from: "2026-04-01".parse().unwrap(),
        micro_yen: 139_000_000,
        source: "見本".to_owned(),
        certainty: "U".to_owned(),
    };
    let owners: Vec<Owner> = (0..5).map(owner).collect();
    let ledger = Ledger::of(&days, &owners, &Rates::of(&[rate]).unwrap()).unwrap();
    let allocation = allocate(&ledger, &Basis::default()).unwrap();
    (ledger, allocation)
}

fn lines(organisation: Option<&str>) -> Vec<Line> {
    let (ledger, allocation) = month();
    let names = BTreeMap::from([("kasumi".to_owned(), "霞村".to_owned())]);
    let wanted = Export {
        month: "2026-05-01".parse().unwrap(),
        method: Method::Usage,
        organisation,
        names: &names,
    };
    export(&ledger, &allocation, &wanted).unwrap()
}

/// The validator's folder.
fn validator() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = root.join(target).join("focus-validator");
    assert!(
        folder.join("ready-2.2.1").exists(),
        "{} is missing: bash -c 'source xtask/packages.sh; focus_validator_ensure'",
        folder.display()
    );
    folder
}

/// What the validator says of a file: rules passed, and rules failed but for that of
/// [`CONTRADICTION`].
fn validated(file: &std::path::Path, criteria: &str) -> (usize, Vec<String>) {
    let folder = validator();
    let python = folder.join("bin/python");
    let told = Command::new(&python)
        .args([
            "-c",
            "import importlib.metadata as m, importlib.util as u, json, pathlib
p = pathlib.Path(u.find_spec('focus_validator').origin).parent
d = json.load(open(p / 'rules' / 'model-1.2.0.1.json'))['Details']
print(p.parent); print(m.version('focus-validator'), d['ModelVersion'], d['FOCUSVersion'])",
        ])
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let (packages, version) = told.trim().split_once('\n').unwrap();
    assert_eq!(version, "2.2.1 1.2.0.1 1.2");
    // It finds its table of currencies from where its packages lie, and writes a log there.
    let ran = Command::new(folder.join("bin/focus-validator"))
        .current_dir(packages)
        .arg("--data-file")
        .arg(file)
        .args(["--validate-version", "1.2.0.1", "--block-download"])
        .args(["--focus-dataset", "CostAndUsage", "--output-type", "console"])
        .args(["--show-violations", "--applicability-criteria", criteria])
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    let passed = text.lines().filter(|line| line.contains(": PASS")).count();
    assert!(text.contains(CONTRADICTION.1), "{text}");
    let failed =
        text.lines().filter(|line| line.contains(": FAIL") && !line.contains(CONTRADICTION.0));
    (passed, failed.map(str::to_owned).collect())
}

#[test]
fn what_is_written_sums_to_the_allocation() {
    let (_, allocation) = month();
    assert_eq!(lines(None).iter().map(|it| it.yen).sum::<i64>(), allocation.spread);
    let own = lines(Some("kasumi"));
    let share = |it: &&crate::cost::allocate::Share| it.organisation == "kasumi";
    let shares = allocation.shares(Method::Usage).unwrap().iter().filter(share);
    assert_eq!(own.iter().map(|it| it.yen).sum::<i64>(), shares.map(|it| it.yen).sum::<i64>());
    assert_eq!(own[0].organisation.1, "霞村");
    let (ledger, allocation) = month();
    let wanted = Export { method: Method::Legacy, ..WANTED };
    let error = export(&ledger, &allocation, &wanted).unwrap_err();
    expect![
        "従前の比の按分には、まだ分からない数があります。kumoi cost allocate で確かめてください"
    ]
    .assert_eq(&error.to_string());
}

const WANTED: Export<'static> = Export {
    month: Date::constant(2026, 5, 1),
    method: Method::Usage,
    organisation: None,
    names: &BTreeMap::new(),
};

#[test]
fn the_official_validator_fails_nothing() {
    let place = Place::new();
    fs::create_dir_all(place.path()).unwrap();
    let file = place.path().join("export.csv");
    let mut lines = lines(None);
    let mut credit = lines[0].clone();
    credit.yen = -1_234;
    lines.push(credit);
    lines_write(fs::File::create(&file).unwrap(), &lines).unwrap();
    let (passed, failed) = validated(&file, APPLICABLE);
    assert_eq!(failed, [""; 0]);
    assert!(passed > 290, "{passed} rules passed");
    // What is written can be read again, to the yen.
    let raw = place.path().join("raw");
    fs::create_dir_all(&raw).unwrap();
    let options = ReadOptions::new(["JPY".to_owned()].into());
    let bill = bill_read(&[file.clone()], &raw, &options).unwrap();
    let sum: i128 = bill.days.iter().map(|day| day.billed.0).sum();
    let yen: i64 = lines.iter().map(|line| line.yen).sum();
    assert_eq!(crate::cost::amount::Amount(sum), crate::cost::amount::Amount::whole(yen));
    // A validator that fails nothing would prove nothing: a spoilt file fails.
    let spoilt = fs::read_to_string(&file).unwrap().replace("JPY", "ZZZ");
    fs::write(&file, spoilt).unwrap();
    let (_, failed) = validated(&file, APPLICABLE);
    assert!(failed.iter().any(|line| line.contains("BillingCurrency")), "{failed:?}");
}
