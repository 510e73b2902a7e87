//! Tables out and in: every table of the repository comes back as it was, changes are checked
//! before they are written, and what is hostile or unknown is refused with its place.

use std::fs;
use std::path::{Path, PathBuf};

use rules::law::WrittenTable;

use super::export::{Format, export};
use super::import::{Wanted, import};
use super::sheet;
use crate::systems::{package_read, system_folders};
use crate::xlsx::write::{Look, Page, archive, workbook};
use crate::xlsx::{Kind, SMALL, sheets};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../systems")
}

/// A folder of this test alone.
fn place(name: &str) -> PathBuf {
    let place = std::env::temp_dir().join(format!("kumoi-tables-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

const CALCULATION: &str = "id: fee\nname: 料金\nname_en: Fee\nstatute: 料金条例 第1条\nday: 基準日\n\
    facts:\n  - { name: 基準日, name_en: Day, type: date }\n  \
    - { name: 使用量, name_en: Amount, type: integer }\n  \
    - { name: 区分, name_en: Class, type: text }\nresults: [料金]\n";
const HEAD: &str = "// 算定: fee\n// 根拠: 料金条例 第1条\n// 出典: 料金条例 別表\n// 確度: K\n\
    // 施行: 2026-04-01..\n// 判定表: 一意\n// 税を含まない。\n";
const GRID: &str = "\
| 区分      | 使用量 | →                 |
|-----------|--------|--------------------|
| \"甲\"      | <= 10  | 100                |
| \"甲\"      | > 10   | 切上げ(使用量 / 2) |
// 甲のほか
| not(\"甲\") | -      | 0                  |
";
const EXAMPLE: &str = "# 甲で少し\n\n```facts\n算定: fee\n基準日: 2026-05-01\n使用量: 5\n区分: 甲\n```\n\n\
    ```decision\n料金: 100\n```\n";

/// A small package with one table, 料金.
fn package(name: &str) -> PathBuf {
    let folder = place(name);
    let head = "id: fee\ncode: 周辺\nname: 料金\nname_en: Fee\nstatute: 料金条例\nversion: '1'\n\
        bodies: [municipality]\n";
    for inner in ["calculations", "rules", "examples"] {
        fs::create_dir_all(folder.join(inner)).unwrap();
    }
    fs::write(folder.join("system.yaml"), head).unwrap();
    fs::write(folder.join("calculations/fee.yaml"), CALCULATION).unwrap();
    fs::write(folder.join("rules/料金.feel"), format!("{HEAD}{GRID}")).unwrap();
    fs::write(folder.join("examples/甲.md"), EXAMPLE).unwrap();
    assert!(crate::check::check(&folder, true).unwrap());
    folder
}

fn rule(folder: &Path) -> String {
    fs::read_to_string(folder.join("rules/料金.feel")).unwrap()
}

/// Exports 料金 and gives the file's place.
fn exported(folder: &Path, format: Format) -> PathBuf {
    let file = folder.join(format!(".料金.{format:?}").to_lowercase());
    let _ = fs::remove_file(&file);
    export(folder, "料金", Some(format), &file).unwrap();
    file
}

/// Brings 料金 in with this done to the model.
fn edited(folder: &Path, edit: impl Fn(&str) -> String, write: bool) -> anyhow::Result<bool> {
    let file = exported(folder, Format::Dmn);
    let text = fs::read_to_string(&file).unwrap();
    let changed = edit(&text);
    assert_ne!(text, changed);
    fs::write(&file, changed).unwrap();
    import(&file, folder, Wanted::default(), write)
}

#[test]
fn every_table_of_the_repository_comes_back_as_it_was() {
    let out = place("out");
    let mut tables = 0;
    for folder in system_folders(&repository()).unwrap() {
        let package = package_read(&folder).unwrap();
        let copy = out.join(folder.file_name().unwrap());
        for (path, text) in &package.files {
            fs::create_dir_all(copy.join(path).parent().unwrap()).unwrap();
            fs::write(copy.join(path), text).unwrap();
        }
        for (path, text) in package.files.iter().filter(|(_, text)| text.contains("// 判定表:"))
        {
            let stem = path.strip_prefix("rules/").and_then(|it| it.strip_suffix(".feel"));
            let stem = stem.unwrap();
            for format in [Format::Xlsx, Format::Dmn] {
                let file = out.join(format!("{stem}.{format:?}"));
                export(&copy, stem, Some(format), &file).unwrap();
                assert!(export(&copy, stem, Some(format), &file).is_err(), "never written over");
                assert!(import(&file, &copy, Wanted::default(), false).unwrap(), "{path}");
                assert_eq!(&fs::read_to_string(copy.join(path)).unwrap(), text, "{path}");
            }
            let table = WrittenTable::read(text).unwrap();
            let (named, back, _) = sheet::read(&sheet::write(stem, &table).unwrap()).unwrap();
            assert_eq!((named.as_str(), back), (stem, table));
            tables += 1;
        }
    }
    assert!(tables >= 31, "{tables}");
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn a_table_that_was_deleted_comes_back_from_its_model_and_its_sheet() {
    let folder = package("deleted");
    let before = WrittenTable::read(&rule(&folder)).unwrap();
    let files = [Format::Xlsx, Format::Dmn].map(|format| exported(&folder, format));
    for file in &files {
        // The package without the rule does not load: its result is missing. A model needs the
        // names of the calculation, a sheet does not.
        let formula = format!("{}0\n", HEAD.replace("// 判定表: 一意\n", ""));
        fs::write(folder.join("rules/料金.feel"), &formula).unwrap();
        let said = import(file, &folder, Wanted::default(), false).unwrap_err();
        assert!(format!("{said:#}").contains("判定表ではなく、式です"), "{said:#}");
        fs::remove_file(folder.join("rules/料金.feel")).unwrap();
        let found = import(file, &folder, Wanted::default(), false);
        if file.ends_with(".料金.xlsx") {
            assert!(found.unwrap());
        } else {
            assert!(format!("{:#}", found.unwrap_err()).contains("誤りがあります"));
            fs::write(folder.join("rules/料金.feel"), before.text(None)).unwrap();
            assert!(import(file, &folder, Wanted::default(), false).unwrap());
        }
        assert_eq!(WrittenTable::read(&rule(&folder)), Some(before.clone()));
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_edited_rows_change_and_a_broken_edit_changes_nothing() {
    let folder = package("edited");
    let before = rule(&folder);
    let edit = |text: &str| text.replace("round up(使用量 / 2, 0)", "round up(使用量 / 4, -1) + 7");
    assert!(edited(&folder, edit, false).unwrap());
    let after = before.replace("切上げ(使用量 / 2) |", "切上げ(使用量 / 4, 10) + 7 |");
    assert_eq!(rule(&folder), after);
    // A gap, a name that is not there, a function that is not ours: nothing changes.
    let gap = |text: &str| text.replace("&gt; 10<", "&gt; 20<");
    assert!(!edited(&folder, gap, false).unwrap());
    for (from, to, wanted) in [
        ("使用量 / 4", "消費量 / 4", "名前「消費量」"),
        ("round up(", "floor(", "関数「floor」"),
        ("hitPolicy=\"UNIQUE\"", "hitPolicy=\"PRIORITY\"", "PRIORITY"),
        ("</outputEntry>", "</outputEntry><outputEntry/>", "欄の数"),
        ("file=\"料金\"", "file=\"../料金\"", "使えません"),
        ("kumoi:head key=\"算定\">fee", "kumoi:head key=\"算定\">tax", "算定「tax」がありません"),
    ] {
        let said = edited(&folder, |text| text.replace(from, to), false).unwrap_err();
        assert!(format!("{said:#}").contains(wanted), "{said:#}");
    }
    // An example decides otherwise: only when that is wanted, and then with the example.
    let cheaper = |text: &str| text.replace("<text>100<", "<text>90<");
    assert!(!edited(&folder, cheaper, false).unwrap());
    assert_eq!(rule(&folder), after);
    assert!(edited(&folder, cheaper, true).unwrap());
    assert_eq!(rule(&folder), after.replace("| 100                |", "| 90                 |"));
    assert!(fs::read_to_string(folder.join("examples/甲.md")).unwrap().contains("90"));
    assert!(crate::check::check(&folder, false).unwrap());
    let left: Vec<_> = fs::read_dir(folder.join("rules")).unwrap().collect();
    assert_eq!(left.len(), 1);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_model_made_elsewhere_comes_in_under_its_names() {
    let folder = package("elsewhere");
    let model = |input: &str, first: &str| {
        format!(
            "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' name='m' \
             namespace='urn:m'><inputData id='a' name='{input}'/><inputData id='b' name='区分'/>\
             <decision id='d' name='料 金'><decisionTable hitPolicy='FIRST'>\
             <input><inputExpression><text>{input}</text></inputExpression></input>\
             <input><inputExpression><text>区分</text></inputExpression></input><output/>\
             <rule><inputEntry><text>]10..20[</text></inputEntry><inputEntry><text/></inputEntry>\
             <outputEntry><text>{input} * 3</text></outputEntry></rule>\
             <rule><inputEntry><text>&lt;= 10</text></inputEntry>\
             <inputEntry><text>\"甲\",\"乙\"</text></inputEntry>\
             <outputEntry><text>{first}</text></outputEntry></rule>\
             <rule><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry>\
             <outputEntry><text>0</text></outputEntry></rule>\
             </decisionTable></decision></definitions>"
        )
    };
    let file = folder.join(".elsewhere.dmn");
    fs::write(&file, model("使用 量", "100")).unwrap();
    // The example names its row, which has another number now.
    assert!(!import(&file, &folder, Wanted::default(), false).unwrap());
    assert!(import(&file, &folder, Wanted::default(), true).unwrap());
    let text = rule(&folder);
    assert!(text.starts_with(&HEAD.replace("一意", "先勝ち")), "{text}");
    assert!(text.contains("| (10..20)") && text.contains("使用量 * 3"), "{text}");
    fs::write(&file, model("Usage Amount", "100")).unwrap();
    let said = format!("{:#}", import(&file, &folder, Wanted::default(), false).unwrap_err());
    assert!(said.contains("名前「Usage Amount」") && said.contains("1行"), "{said}");
    assert_eq!(rule(&folder), text);
    fs::remove_dir_all(folder).unwrap();
}

/// A sheet from rows of texts.
fn book(rows: &[&[&str]]) -> Vec<u8> {
    let row = |row: &&[&str]| row.iter().map(|text| ((*text).to_owned(), Look::Plain)).collect();
    let page = Page { name: "判定表", rows: rows.iter().map(row).collect(), frozen: 0 };
    workbook(&page).unwrap()
}

#[test]
fn what_is_wrong_on_a_sheet_is_said_with_its_cell() {
    for (rows, wanted) in [
        (vec![&["規則", "料金"][..], &["a", "b", "→"], &["1", "2", "3", "", "x"]], "E3"),
        (vec![&["規則", "料金"][..], &["速さ", "5"], &["a", "→"]], "A2: 見出し「速さ」"),
        (vec![&["規則", "料金", "?"][..], &["a", "→"]], "C1"),
        (vec![&["a", "→"][..], &["1", "2"]], "規則の名前がありません"),
        (vec![&["規則", "料金"][..]], "見出しの行"),
    ] {
        let said = format!("{:#}", sheet::read(&book(&rows)).unwrap_err());
        assert!(said.contains(wanted), "{said}");
    }
    let rows: [&[&str]; 3] = [&["規則", "料金"], &["使用量", "→"], &["", "a | b"]];
    let (_, table, places) = sheet::read(&book(&rows)).unwrap();
    let found = table.misfits(&places);
    assert!(found[0].starts_with("A3: 欄が空です") && found[1].starts_with("B3: "), "{found:?}");
}

/// A spreadsheet with this sheet and these styles.
fn raw(cells: &str, styles: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    let list = "<workbook><sheets><sheet name='a' id='r1'/></sheets></workbook>";
    let links = "<a><Relationship Id='r1' Target='sheet1.xml'/></a>";
    let parts = [
        ("xl/workbook.xml", list),
        ("xl/_rels/workbook.xml.rels", links),
        ("xl/styles.xml", styles),
        ("xl/sheet1.xml", &sheet),
    ];
    archive(&parts).unwrap()
}

#[test]
fn cells_that_a_program_turned_are_known_by_their_kind() {
    let cells = "<row><c r='A1' s='0'><v>0.10000000000000001</v></c>\
        <c r='B1' s='1'><v>46113</v></c>\
        <c r='C1' t='b'><v>1</v></c><c r='D1'><f>1+1</f></c><c r='E1' t='e'><v>#N/A</v></c>\
        <c r='F1' s='2'><v>5</v></c></row>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='[$-411]ggge\"年\"'/>\
        <numFmt numFmtId='171' formatCode='[Red]0\"yen\"'/></numFmts><cellXfs><xf numFmtId='0'/>\
        <xf numFmtId='170'/><xf numFmtId='171'/></cellXfs></styleSheet>";
    let sheets = sheets(&raw(cells, styles), SMALL).unwrap();
    let kinds: Vec<Kind> = sheets[0].1[&1].values().map(|cell| cell.kind).collect();
    let wanted = [Kind::Number, Kind::Day, Kind::Truth, Kind::Formula, Kind::Fault, Kind::Number];
    assert_eq!(kinds, wanted);
}

#[test]
fn hostile_spreadsheets_are_refused_within_bounds() {
    let long = "あ".repeat(400_000);
    let one = format!("<row><c r='A1' t='inlineStr'><is><t>{long}</t></is></c></row>");
    let many: String =
        (1..30_000).map(|at| format!("<row><c r='A{at}'><v>1</v></c></row>")).collect();
    let deep = "<a>".repeat(3_000) + &"</a>".repeat(3_000);
    let wide = "<b/>".repeat(600_000);
    let packed = " ".repeat(9 << 20);
    for (cells, wanted) in [
        (one, "多すぎます"),
        (many, "多すぎます"),
        (deep, "深すぎます"),
        (wide, "読めません"),
        (packed, "大きすぎます"),
    ] {
        let said = format!("{:#}", sheet::read(&raw(&cells, "<a/>")).unwrap_err());
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let entity = "<!DOCTYPE a [<!ENTITY b \"cc\">]><a>&b;</a>";
    let said = format!("{:#}", sheet::read(&raw("", entity)).unwrap_err());
    assert!(said.contains("読めません"), "{said}");
    let whole = book(&[&["規則", "料金"], &["使用量", "→"], &["-", "1"]]);
    for at in (0..whole.len()).step_by(5) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        let _ = sheet::read(&flipped);
        let _ = sheet::read(&whole[..at]);
    }
}
