//! What a hostile or unlucky package comes to: a report, or trouble that is not its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use tokio::sync::Semaphore;

use super::examine::aside;
use super::*;
use crate::CloudError;
use crate::gate::Verdict;
use crate::parcel::{PublisherKey, materials_of};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let (mut files, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn package(path: &str) -> Package {
    Package { files: texts(&root().join(path)) }
}

fn judge() -> Judge {
    let standards = ["001", "002"].map(|id| package(&format!("standards/{id}")));
    let standards = standards.map(|one| Standard::load(&one).unwrap().0);
    let others = ["systems/resident-record", "systems/seal-registration"];
    let others = others.map(|path| Arc::new(definition::load(&package(path)).unwrap().0));
    let (standards, others) = (Arc::new(standards.into()), Arc::new(others.into()));
    Judge { standards, others, parts: Arc::default(), offered: Arc::default() }
}

/// The first vendor's package, changed, signed and read again.
fn reading(path: &str, change: impl FnOnce(&mut Parcel)) -> Reading {
    let package = package(path);
    let documents = root().join("vendors/a/documents/child-medical-subsidy");
    let mut documents = texts(&documents);
    documents.insert(MATERIALS.to_owned(), materials_of(&package, ("x", "1"), "vendor_a"));
    let mut parcel = Parcel { package, documents };
    change(&mut parcel);
    let key = PublisherKey::from_seed("vendor_a", &[1; 32]).unwrap();
    let keys = [key.public_text().to_owned()];
    Reading::of("x.parcel", &parcel.pack(&key).unwrap(), ("vendor_a", &keys))
}

const OWN: &str = "vendors/a/child-medical-subsidy";

/// What fails of the first vendor's package after a change.
#[track_caller]
fn check(path: &str, change: impl FnOnce(&mut Parcel), expected: Expect) {
    let report = judge().report(&reading(path, change));
    let shown = |one: &Finding| {
        let remedy = one.remedy.as_deref().expect("a failure says what to do");
        format!("{} | {} → {remedy}\n", one.place, one.found)
    };
    let shown: String = report.failed().map(shown).collect();
    // Whatever was written in it, the database takes the report.
    assert!(!report.record().to_string().contains("\\u0000"), "{shown}");
    expected.assert_eq(&shown);
}

/// A change of one text of the package.
fn text(file: &'static str, from: &'static str, to: &'static str) -> impl FnOnce(&mut Parcel) {
    move |parcel| {
        let text = parcel.package.files.get_mut(file).unwrap();
        assert!(text.contains(from), "{from} is not in {file}");
        *text = text.replacen(from, to, 1);
        let materials = materials_of(&parcel.package, ("x", "1"), "vendor_a");
        parcel.documents.insert(MATERIALS.to_owned(), materials);
    }
}

#[test]
fn a_sound_package_passes_as_far_as_it_is_read() {
    check(OWN, |_| {}, expect![[""]]);
    let report = judge().report(&reading(OWN, |_| {}));
    assert!(report.passes() && report.count(Verdict::Pass) > 5);
}

#[test]
fn what_no_database_takes_is_refused_by_name() {
    check(
        OWN,
        text("system.yaml", "statute: ", "statute: \0"),
        expect![[r#"
            parcel.note | 「system/system.yaml」の 5 行 10 列に、使えない文字 U+0000 がある → フォルダで直し、kumoi parcel make で作り直す
        "#]],
    );
    check(
        OWN,
        text("system.yaml", "statute: ", "statute: \"\\0\" #"),
        expect![[r#"
        system.yaml:5:10 | 使えない文字 U+0000 があります → この文字（\0、\x00 など）を消してください
    "#]],
    );
    check(
        OWN,
        |parcel| {
            let bill = parcel.documents.get_mut(MATERIALS).unwrap();
            *bill = bill.replacen("system.yaml", "\\u0000", 2);
        },
        expect![[r#"
            documents/sbom.json | 提出されたファイルのうち 1 が載っていない（「system.yaml」など） → sbom.json を除いて kumoi parcel make で作り直す
        "#]],
    );
    check(
        OWN,
        |parcel| drop(parcel.package.files.insert("codes/x\ny.yaml".into(), "name: x\n".into())),
        expect![[r#"
            parcel.note | ファイル名「system/codes/x\ny.yaml」は使えない（制御文字のない UTF-8 で 200 バイトまで） → フォルダで直し、kumoi parcel make で作り直す
        "#]],
    );
}

#[test]
fn a_business_number_is_no_path() {
    check(
        OWN,
        text("system.yaml", "code: 周辺", "code: ../../x"),
        expect![[r#"
        system.yaml:2:7 | code「../../x」は使えません → 標準の業務は業務ID三桁を引用符で囲み（例 "001"）、ほかの業務は「周辺」と書いてください
    "#]],
    );
}

#[test]
fn what_others_read_stays_published() {
    // The seal registration reads the resident record, which is to be replaced.
    let file = "registers/resident.yaml";
    let (from, to) = ("shimei, type: Ｎ, length: 100", "shimei, type: Ｎ, length: 200");
    check(
        "systems/resident-record",
        text(file, from, to),
        expect![[r#"
        registers/resident.yaml:21「氏名」 | 「氏名」がＮ(200)（標準は Ｎ(100)） → 型と桁数を Ｎ(100) に合わせる
        system.yaml | ほかの業務がつながらなくなる: seal-registration/system.yaml:10:5: エラー: 項目「氏名」の型が「住民基本台帳」の公開する型と違います
          対処: 型と桁数を、公開する側に揃えてください → ほかの業務が使っている項目と事象を公開する
    "#]],
    );
}

/// The largest file that is let in, as awkward as it gets, and everything that follows from it.
#[tokio::test]
async fn a_hostile_package_ends_in_a_report() {
    let judge = judge();
    let places = Arc::new(Semaphore::new(1));
    let begin = Instant::now();
    let entries: String = (0..1_000_000).map(|at| format!("  c{at}: n\n")).collect();
    let entries = format!("name: 一覧\nentries:\n{entries}");
    let largest: String = (0..49_000).map(|at| format!("  c{at}: n\n")).collect();
    let largest = format!("name: 一覧\nentries:\n{largest}");
    for (text, wanted) in [(entries, "メガバイトまで"), (largest, "二つのコード")] {
        let read = move || {
            reading(OWN, |parcel| {
                parcel.package.files.insert("codes/long.yaml".to_owned(), text);
            })
        };
        let mut ticks = 0;
        let examined = async { super::examine(&judge, &places, read).await.unwrap() };
        tokio::pin!(examined);
        // The executor goes on with other things meanwhile.
        let examined = loop {
            tokio::select! {
                examined = &mut examined => break examined,
                () = tokio::time::sleep(Duration::from_millis(5)) => ticks += 1,
            }
        };
        assert!(ticks > 3, "{ticks}");
        assert!(examined.reading.system.is_none());
        let failed: String = examined.report.failed().map(|one| one.found.clone()).collect();
        assert!(failed.contains(wanted), "{failed}");
        assert!(examined.report.record().to_string().len() < 1 << 20);
    }
    assert!(begin.elapsed() < Duration::from_secs(100), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_judgement_that_does_not_end_is_the_platforms_trouble() {
    let places = Arc::new(Semaphore::new(1));
    // To say what it panicked of takes a moment, too.
    let (long, short) = (Duration::from_secs(60), Duration::from_millis(50));
    let panicked = aside(&places, long, || -> u8 { panic!("a sample of a panic") }).await;
    assert!(matches!(panicked, Err(CloudError::Judging(why)) if why.contains("落ちました")));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let late = aside(&places, short, move || stopped.recv().is_ok()).await;
    assert!(matches!(late, Err(CloudError::Judging(why)) if why.contains("終わりません")));
    // It still has its place: nothing else runs beside it.
    assert!(aside(&places, short, || 1).await.is_err());
    drop(stop);
    assert_eq!(aside(&places, Duration::from_secs(30), || 2).await.unwrap(), 2);
}

#[test]
fn a_part_is_judged_on_its_own_and_where_it_is_built_in() {
    let named = crate::part::Named {
        vendor: "vendor_b".to_owned(),
        id: "words".to_owned(),
        version: "1".to_owned(),
        hash: "0".repeat(64),
    };
    let bill = |parcel: &mut Parcel, own: &[crate::part::Named]| {
        let bill = materials_of(&parcel.package, ("x", "1"), "vendor_a");
        let bill = crate::part::parts_name(&bill, own).unwrap();
        parcel.documents.insert(MATERIALS.to_owned(), bill);
    };
    let own = [named];
    check(
        OWN,
        |parcel| bill(parcel, &own),
        expect![[r#"
            documents/sbom.json | この事業者、識別名、版、ハッシュの部品はカタログにない → 公開されている部品を kumoi parcel make --part で組み込み直す
        "#]],
    );
    // It may be named after what it is used for.
    let words = |parcel: &mut Parcel| {
        let head = "id: words\ncode: 周辺\nname: 印鑑登録\nname_en: Words\nstatute: なし\nversion: 1\n\
                    bodies: [municipality]\n";
        let codes = "name: 語\nentries: { '1': { name: 一, name_en: One } }\n";
        let files = [("system.yaml", head), ("codes/words.yaml", codes)];
        parcel.package.files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    };
    // Neither price nor examples are asked of a part.
    let sound = |parcel: &mut Parcel| {
        words(parcel);
        bill(parcel, &[]);
    };
    check(OWN, sound, expect![[""]]);
    check(
        OWN,
        |parcel| {
            words(parcel);
            bill(parcel, &own);
        },
        expect![[r#"
            system.yaml | vendor_b/words を組み込んでいる → 部品を分け、業務システムがそれぞれを組み込む
        "#]],
    );
}

/// The seal registration as a business of a body's own, under these names.
fn evading(id: &'static str, name: &'static str) -> impl FnOnce(&mut Parcel) {
    move |parcel| {
        for (file, text) in &mut parcel.package.files {
            let mut lines: Vec<String> = Vec::new();
            for line in text.lines().filter(|line| !line.starts_with("standard:")) {
                let line = line.replace("code: \"002\"", "code: 周辺");
                let line = line.replace("id: seal-registration", &format!("id: {id}"));
                lines.push(match line.split_once("no: \"0029") {
                    Some((before, after)) => format!("{before}{}", &after["0001\", ".len()..]),
                    None if file == "system.yaml" && line == "name: 印鑑登録" => {
                        format!("name: {name}")
                    }
                    None => line,
                });
            }
            *text = lines.join("\n") + "\n";
        }
        let materials = materials_of(&parcel.package, ("x", "1"), "vendor_a");
        parcel.documents.insert(MATERIALS.to_owned(), materials);
    }
}

#[test]
fn a_standardised_business_is_not_offered_as_one_of_a_bodys_own() {
    let path = "vendors/a/seal-registration";
    check(
        path,
        evading("seal-registration", "帳簿"),
        expect![[r#"
        system.yaml:1 | 識別名「seal-registration」は業務ID 002 の業務のもので、業務ID 周辺 では使えない → code を「002」にしてその業務の条件をそろえるか、id を別の識別名にする
    "#]],
    );
    for name in
        ["印鑑登録管理", "印鑑 登録", "印 鑑・登錄", "印鑑", "新・国保システムα", "住民記録2"]
    {
        let report = judge().report(&reading(path, evading("seal-book", name)));
        let failed: Vec<&str> = report.failed().map(|one| one.place.as_str()).collect();
        assert_eq!(failed, ["system.yaml:3"], "{name}");
    }
    // Another business may hold the words: whoever contracts it settles that.
    for name in ["職員健康管理", "心身障害者福祉手当", "介護保険外サービス助成", "手当", "こせき"]
    {
        let report = judge().report(&reading(path, evading("seal-book", name)));
        let failed: Vec<&str> = report.failed().map(|one| one.found.as_str()).collect();
        assert!(failed.is_empty(), "{name}: {failed:?}");
        let open = report.findings.iter().any(|one| one.found.contains("契約する団体が確かめる"));
        assert_eq!(open, !["手当", "こせき"].contains(&name), "{name}");
    }
    check(
        path,
        evading("seal-book", "国民健康保険の給付"),
        expect![[r#"
        system.yaml:3 | 「国民健康保険の給付」は標準の対象の業務「国民健康保険」に当たる → 「国民健康保険」の標準が基盤に載るのを待つ。別の業務なら、それと紛れない名称にする
    "#]],
    );
}

#[test]
fn an_identifier_is_of_one_business() {
    let offered = [("child-medical-subsidy".to_owned(), "003".to_owned())].into();
    let judge = Judge { offered: Arc::new(offered), ..judge() };
    let report = judge.report(&reading(OWN, |_| {}));
    let failed: Vec<&str> = report.failed().map(|one| one.found.as_str()).collect();
    assert_eq!(
        failed,
        ["識別名「child-medical-subsidy」は業務ID 003 の業務のもので、業務ID 周辺 では使えない"]
    );
    // What was offered since takes no name from what the platform brings.
    let offered = [("seal-registration".to_owned(), SURROUNDING.to_owned())].into();
    let judge = Judge { offered: Arc::new(offered), ..judge };
    assert!(judge.report(&reading("vendors/a/seal-registration", |_| {})).passes());
}
