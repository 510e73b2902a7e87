//! The built-in systems pass; every change of a required item turns the gate red and is named.

use std::fs;
use std::path::{Path, PathBuf};

use definition::model::{Item, ItemKind, Register};
use definition::standard::StandardItem;
use definition::{Package, System};
use expect_test::{Expect, expect};

use super::*;

mod made;

const BUSINESSES: [(&str, &str); 2] = [("001", "resident-record"), ("002", "seal-registration")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn package(folder: &Path) -> Package {
    let mut package = Package::default();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            package.files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    package
}

#[track_caller]
fn standard(id: &str) -> Standard {
    Standard::load(&package(&root().join("standards").join(id))).unwrap().0
}

#[track_caller]
fn system(id: &str) -> System {
    definition::load(&package(&root().join("systems").join(id))).unwrap().0
}

fn judged(standard: &Standard, system: &System) -> Report {
    gate(Some(standard), system, &Examples::default())
}

/// The failures of the seal registration after a change of its model.
#[track_caller]
fn check(change: impl FnOnce(&mut System), expected: Expect) {
    let mut changed = system("seal-registration");
    change(&mut changed);
    let report = judged(&standard("002"), &changed);
    let shown: String = report
        .failed()
        .map(|one| {
            let remedy = one.remedy.as_deref().expect("a failure says what to do");
            format!("{} | {} | {} → {remedy}\n", one.source, one.place, one.found)
        })
        .collect();
    expected.assert_eq(&shown);
}

#[test]
fn both_built_in_systems_pass() {
    for (id, name) in BUSINESSES {
        let report = judged(&standard(id), &system(name));
        let failed: Vec<&Finding> = report.failed().collect();
        assert!(failed.is_empty(), "{name}: {failed:#?}");
        assert!(report.count(Verdict::Pass) > 30, "{name}");
        assert_eq!(report.count(Verdict::Unchecked), 3, "{name}");
        assert!(!report.official, "{name}: an official layout is to be compared with its file");
    }
}

/// What may happen to an item on its way to another version.
#[derive(Clone, Copy, Debug)]
enum Change {
    Removed,
    Renamed,
    OtherRomaji,
    OtherType,
    Shorter,
    NotRequired,
    Required,
    OtherSecrecy,
    OtherNumber,
    NoNumber,
    NumberOfAnother,
    CodeWithOtherMeaning,
    CodeMissing,
}

const CHANGES: &[Change] = &[
    Change::Removed,
    Change::Renamed,
    Change::OtherRomaji,
    Change::OtherType,
    Change::Shorter,
    Change::NotRequired,
    Change::Required,
    Change::OtherSecrecy,
    Change::OtherNumber,
    Change::NoNumber,
    Change::NumberOfAnother,
    Change::CodeWithOtherMeaning,
    Change::CodeMissing,
];

fn item_of<'s>(system: &'s mut System, number: &str) -> &'s mut Item {
    let items = system.registers.iter_mut().flat_map(|register| &mut register.items);
    let mut items = items.filter(|item| item.number.as_deref() == Some(number));
    items.next().expect("the built-in system has the number")
}

/// Makes one change; `false` when it makes no sense for this item.
fn apply(change: Change, standard: &Standard, wanted: &StandardItem, system: &mut System) -> bool {
    let own = item_of(system, &wanted.number).clone();
    match change {
        Change::Removed => {
            let keep = |register: &mut Register| {
                register.items.retain(|item| item.number != own.number);
            };
            system.registers.iter_mut().for_each(keep);
        }
        Change::Renamed => item_of(system, &wanted.number).name.push('等'),
        Change::OtherRomaji => item_of(system, &wanted.number).romaji.push('x'),
        Change::OtherType => {
            item_of(system, &wanted.number).kind = match own.kind {
                ItemKind::Integer { .. } => ItemKind::HalfWidth(1),
                _ => ItemKind::Integer { digits: 7, signed: true },
            };
        }
        Change::Shorter => {
            item_of(system, &wanted.number).kind = match own.kind {
                ItemKind::HalfWidth(length) => ItemKind::HalfWidth(length - 1),
                ItemKind::FullWidth(length) => ItemKind::FullWidth(length - 1),
                ItemKind::Date { uncertain } => ItemKind::Date { uncertain: !uncertain },
                _ => return false,
            };
        }
        Change::NotRequired if own.required => item_of(system, &wanted.number).required = false,
        Change::NotRequired => return false,
        Change::Required if own.required => return false,
        Change::Required => item_of(system, &wanted.number).required = true,
        Change::OtherSecrecy => item_of(system, &wanted.number).secret = !own.secret,
        Change::OtherNumber => {
            let number = format!("{}99999", standard.id);
            item_of(system, &wanted.number).number = Some(number);
        }
        Change::NoNumber => item_of(system, &wanted.number).number = None,
        Change::NumberOfAnother => {
            let mut others = standard.items().map(|(_, item)| &item.number);
            let other = others.find(|number| **number != wanted.number).unwrap().clone();
            item_of(system, &other).number = Some("taken".to_owned());
            item_of(system, &wanted.number).number = Some(other.clone());
            item_of(system, "taken").number = Some(wanted.number.clone());
        }
        Change::CodeWithOtherMeaning | Change::CodeMissing => {
            let ItemKind::Code(list) = &own.kind else { return false };
            let codes = system.codes.get_mut(list).unwrap();
            match change {
                Change::CodeMissing => drop(codes.entries.pop()),
                _ => codes.entries[0].name.push('等'),
            }
        }
    }
    true
}

/// The built-in systems, and a package made of each standard: of 031 there is no other.
fn sound() -> Vec<(Standard, System)> {
    let built_in = BUSINESSES.map(|(id, name)| (standard(id), system(name)));
    let of = |id| {
        let standard = standard(id);
        let made = made::made(&standard);
        (standard, made)
    };
    built_in.into_iter().chain(["001", "002", "031"].map(of)).collect()
}

#[test]
fn a_package_made_of_a_standard_passes() {
    for (standard, made) in sound() {
        let report = judged(&standard, &made);
        let failed: Vec<&Finding> = report.failed().collect();
        assert!(failed.is_empty(), "{}: {failed:#?}", standard.id);
        // What repeats is seen in an export only.
        let repeating = standard.items().filter(|(_, item)| item.repeats > 1).count();
        assert_eq!(report.count(Verdict::Unchecked), 3 + repeating, "{}", standard.id);
    }
}

/// The promise of the gate: whatever happens to a required item, it turns red and says which.
#[test]
fn every_change_of_every_item_is_red() {
    for (standard, sound) in sound() {
        let mut made = 0;
        for (_, wanted) in standard.items() {
            for change in CHANGES {
                // What need not be there may be left out.
                if matches!(change, Change::Removed) && !wanted.implement {
                    continue;
                }
                let mut changed = sound.clone();
                if !apply(*change, &standard, wanted, &mut changed) {
                    continue;
                }
                made += 1;
                let report = judged(&standard, &changed);
                let named = report.failed().any(|finding| {
                    finding.area == Area::Item
                        && finding.asked.starts_with(&wanted.number)
                        && finding.found.contains(&wanted.name)
                            | finding.place.contains(&wanted.name)
                });
                let id = &standard.id;
                assert!(named, "{id} {} {change:?} stays green", wanted.name);
            }
        }
        assert!(made > 130, "only {made} changes of {}", standard.id);
    }
}

#[test]
fn every_required_procedure_event_and_link_is_missed() {
    for (id, name) in BUSINESSES {
        let (standard, sound) = (standard(id), system(name));
        for wanted in &standard.procedures {
            assert_procedure_red(&standard, &sound, &wanted.name);
        }
        for event in &standard.events {
            let mut changed = sound.clone();
            changed.events.retain(|own| own.id != event.id);
            assert_red(&standard, &changed, Area::Publication, &event.id);
            let mut silent = sound.clone();
            for procedure in &mut silent.procedures {
                procedure.event = procedure.event.take().filter(|own| *own != event.id);
            }
            assert_red(&standard, &silent, Area::Publication, &event.id);
        }
        for item in &standard.published {
            let mut changed = sound.clone();
            for own in changed.registers.iter_mut().flat_map(|register| &mut register.items) {
                own.secret |= own.name == item.text;
            }
            assert_red(&standard, &changed, Area::Publication, &item.text);
        }
        if !standard.reads.is_empty() {
            let mut changed = sound.clone();
            changed.uses.clear();
            changed.procedures.iter_mut().for_each(|procedure| procedure.on.clear());
            let report = judged(&standard, &changed);
            let failed = report.failed().filter(|it| it.area == Area::Reading).count();
            let asked: usize =
                standard.reads.iter().map(|it| it.items.len() + it.events.len()).sum();
            assert_eq!(failed, asked, "{name}");
        }
    }
}

#[track_caller]
fn assert_red(standard: &Standard, changed: &System, area: Area, words: &str) {
    let report = judged(standard, changed);
    let mut failed = report.failed().filter(|finding| finding.area == area);
    assert!(failed.any(|finding| finding.asked.contains(words)), "{words} stays green");
}

/// Takes away the procedure that answers, and what stands in for it, until nothing does. What may
/// stand in has the same article; at most two such are in the built-in systems.
#[track_caller]
fn assert_procedure_red(standard: &Standard, sound: &System, name: &str) {
    let mut changed = sound.clone();
    for _ in 0..3 {
        let report = judged(standard, &changed);
        let mut asked = report.findings.iter().filter(|it| it.area == Area::Procedure);
        let finding = asked.find(|it| it.asked.contains(&format!("「{name}」"))).unwrap();
        if finding.verdict == Verdict::Fail {
            return;
        }
        let file = finding.place.trim_start_matches("procedures/").trim_end_matches(".yaml");
        changed.procedures.retain(|procedure| procedure.id != file);
    }
    panic!("{name} stays green");
}

#[test]
fn a_number_with_another_meaning_is_said() {
    check(
        |system| {
            item_of(system, "00290005").name = "申請日".to_owned();
            item_of(system, "00290007").number = None;
            item_of(system, "00290017").number = Some("00299999".to_owned());
        },
        expect![[r#"
            standards/002/items/seal.yaml:8 | registers/seal.yaml:12「申請日」 | 番号 00290005 が別の意味「申請日」に使われている → この番号は「登録日」だけに付ける
            standards/002/items/seal.yaml:10 | registers/seal.yaml「印影の文字」 | 番号が付いていない → 「no: "00290007"」にする
            standards/002/items/seal.yaml:20 | registers/seal.yaml「備考」 | 番号が 00299999 になっている → 「no: "00290017"」にする
            standards/002/items/ | registers/seal.yaml「備考」 | 標準にない番号が「備考」に付いている → 独自の項目からは no を消す
        "#]],
    );
}

#[test]
fn prices_owner_version_and_business_are_asked() {
    check(
        |system| system.price = None,
        expect![[r#"
            業務システムの適合の条件（料金表の公表） | price.yaml | 料金表がない → price.yaml に values と terms を書く
            業務システムの適合の条件（データは利用する団体が持ち、管理する） | price.yaml | 表明がない → price.yaml に「data_owner: body」と data_terms を書く
        "#]],
    );
    check(
        |system| {
            system.price.as_mut().unwrap().owner = DataOwner::Vendor;
            system.code = "004".to_owned();
            system.standard.as_mut().unwrap().version = "2.3".to_owned();
        },
        expect![[r#"
            standards/002/standard.yaml:1 | system.yaml | 業務ID 004 の業務システム → code を「002」にするか、その業務の標準で確かめる
            standards/002/standard.yaml:1 | system.yaml | 印鑑登録システム標準仕様書 2.3 → 今の版に合わせて作り直し、standard の名称と版を改める
            業務システムの適合の条件（データは利用する団体が持ち、管理する） | price.yaml:4 | データを事業者のものとしている → price.yaml に「data_owner: body」と data_terms を書く
        "#]],
    );
}

#[test]
fn examples_that_decide_otherwise_are_red() {
    let (standard, sound) = (standard("002"), system("seal-registration"));
    let differing = vec![("examples/亡失.md".to_owned(), "亡失".to_owned())];
    for examples in [
        Examples { differing, broken: None },
        Examples { differing: Vec::new(), broken: Some("読めない".to_owned()) },
    ] {
        let report = gate(Some(&standard), &sound, &examples);
        let failed: Vec<Area> = report.failed().map(|finding| finding.area).collect();
        assert_eq!(failed, [Area::Example]);
    }
    let none = System { examples: Vec::new(), ..sound };
    assert!(!judged(&standard, &none).passes());
}

#[test]
fn a_procedure_of_a_neighbouring_article_does_not_count() {
    let mut changed = system("resident-record");
    for procedure in &mut changed.procedures {
        procedure.statute = procedure.statute.replace("第12条、", "");
    }
    let standard = standard("001");
    let report = judged(&standard, &changed);
    let failed: Vec<&str> = report.failed().map(|finding| finding.asked.as_str()).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed.iter().all(|asked| asked.contains("第12条")), "{failed:?}");
}

#[test]
fn a_report_is_written_for_people_and_for_programs() {
    let mut changed = system("seal-registration");
    item_of(&mut changed, "00290003").kind = ItemKind::FullWidth(90);
    let report = judged(&standard("002"), &changed);
    let text = report.markdown();
    for words in [
        "# 適合性の報告: 印鑑登録（不適合）",
        "公式のものではない",
        "不適合 1、未確認 3",
        "「氏名表示」がＮ(90)（標準は Ｎ(100)）",
        "  - 対処: 型と桁数を Ｎ(100) に合わせる",
        "## ここでは確かめないこと",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(row.matches(" | ").count(), 4, "{row}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(report.findings.len()));
    let failed = json["findings"].as_array().unwrap().iter().filter(|it| it["verdict"] == "fail");
    assert_eq!(failed.count(), 1);
    assert_eq!(json["package"]["hash"].as_str().map(str::len), Some(64));
}
