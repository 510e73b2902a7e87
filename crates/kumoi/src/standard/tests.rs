//! Spreadsheets made here: what is read from them, and what is said when they are not ones.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;
use crate::xlsx;

/// An archive with these parts, packed; enough of the format for a reader.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        let at = out.len() as u32;
        let sizes = [packed.len() as u32, text.len() as u32];
        let common = |head: &mut Vec<u8>| {
            head.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            sizes.iter().for_each(|size| head.extend(size.to_le_bytes()));
            head.extend((name.len() as u16).to_le_bytes());
            head.extend([0, 0]);
        };
        out.extend(b"PK\x03\x04");
        common(&mut out);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        common(&mut directory);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (out.len() as u32, directory.len() as u32);
    let count = (parts.len() as u16).to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend([count, count].concat());
    out.extend(length.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Rows of (column, text), by the name of their sheet.
type Book = Vec<(&'static str, Vec<Vec<(&'static str, &'static str)>>)>;

/// A spreadsheet of sheets with their names.
fn spreadsheet(sheets: &Book) -> Vec<u8> {
    let mut parts = Vec::new();
    let (mut list, mut relations) = (String::new(), String::new());
    for (index, (name, rows)) in sheets.iter().enumerate() {
        list += &format!("<sheet name='{name}' r:id='r{index}'/>");
        relations += &format!("<Relationship Id='r{index}' Target='s{index}.xml'/>");
        let mut cells = String::new();
        for (row, columns) in rows.iter().enumerate() {
            for (column, text) in columns {
                cells += &format!(
                    "<c r='{column}{}' t='inlineStr'><is><t>{text}</t><rPh><t>ヨミ</t></rPh></is></c>",
                    row + 1
                );
            }
        }
        parts.push((format!("xl/s{index}.xml"), format!("<worksheet>{cells}</worksheet>")));
    }
    let book = format!("<workbook xmlns:r='u'>{list}</workbook>");
    parts.push(("xl/workbook.xml".to_owned(), book));
    let relations = format!("<Relationships>{relations}</Relationships>");
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations));
    let parts: Vec<(&str, &str)> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    archive(&parts)
}

fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kumoi-{}-{name}.xlsx", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A row of cells `column=text`.
fn row(cells: &'static str) -> Vec<(&'static str, &'static str)> {
    cells.split('|').filter_map(|cell| cell.split_once('=')).collect()
}

/// An item file and an interface file that agree with each other and with [`own`].
fn files() -> [Book; 2] {
    let rows = |lines: &[&'static str]| lines.iter().map(|line| row(line)).collect();
    let items = rows(&[
        "B=データ項目ID|D=データ項目|E=データ項目（ローマ字）|F=グループ|L=データ型|M=桁数|N=コード|\
         O=繰り返し|P=データ出力条件|R=項目説明|T=実装類型",
        "F=名称|G=主キー",
        "B=077|C=1|D=番号|E=bango|F=物|G=○|L=X|M=15|P=必須|T=○",
        "B=077|C=2|D=色|E=iro|F=物|L=X|M=1|N=1|P=条件付き必須|R=※※塗った場合は出力必須|T=○",
        "B=077|C=3|D=日|E=hi|F=物|L=DATE|M=10|P=任意|R=不詳日を許容する",
        "B=07700004|D=所|E=tokoro|F=物|L=X|M=7|P=任意|R=なければ0000000を設定",
        "D=e|F=e",
    ]);
    let codes = rows(&[
        "A=コード一覧表|C=業務名",
        "C=物の管理",
        "A=コードID|B=コード名|C=コード値|D=コード値の内容",
        "A=1|B=色|C=1|D=赤",
        "C=2|D=青",
        "A=999|B=自治体固有コード|C=任意|D=任意",
    ]);
    let calls = rows(&["A=No.|C=APIコール名|V=操作種類", "C=app/v1/mono|V=Create"]);
    let request = rows(&[
        "A=API仕様書|O=仕様名",
        "O=物のAPI",
        "A=処理が30秒以上経過した場合は、タイムアウトとなる。目安である",
        "A=リクエストID|P=mono_R01",
        "A=項番|E=パラメータ名|AK=項目名|CV=必須|CY=データ型|DC=データ長|DK=備考",
        "DC=桁数",
        "E=kubun|AK=区分|CV=◎|CY=X|DC=1",
        "E=bango|AK=番号|CV=◎|CY=X|DC=15",
        "E=iro|AK=色|CY=X|DC=1|DK=※※塗った場合は必須",
        "E=hi|AK=日|CY=DATE|DC=10",
        "E=tokoro|AK=所|CY=X|DC=7|DK=なければ0000000を設定",
    ]);
    let response = rows(&[
        "A=レスポンスID|P=mono_S01",
        "A=項番|I=レスポンスオブジェクト名|AF=項目名|CQ=必須|CX=データ型|DB=データ長|DF=備考",
        "I=階層|DB=桁数",
        "A=■正常系（HTTPステータスコード：200）",
        "J=result|CX=構造化|DB=-",
        "K=bango|AF=番号|CQ=◎|CX=X|DB=15",
        "A=■異常系（HTTPステータスコード：400）",
        "K=code|AF=エラーコード|CX=X|DB=5",
        "A=エラーコード一覧",
        "E=エラーコード|I=エラー名",
        "E=E0001|I=必須エラー",
    ]);
    let cover = rows(&["V=第1.0版"]);
    [
        vec![("項目", items), ("コード", codes)],
        vec![("表紙", cover), ("概要", calls), ("要求", request), ("応答", response)],
    ]
}

/// The same as data.
fn own() -> Standard {
    let head = "id: \"077\"\nname: 物の管理\nname_en: T\ntitle: 物\nsource: 物\n\
                trust: official\nnote: 物\n";
    let items = "group: 物\nname_en: T\nitems:\n  \
        - { no: \"07700001\", name: 番号, romaji: bango, type: X, length: 15, output: must, implement: true, key: true }\n  \
        - { no: \"07700002\", name: 色, romaji: iro, type: X, length: 1, codes: 色, output: conditional, when: 塗った, implement: true }\n  \
        - { no: \"07700003\", name: 日, romaji: hi, type: DATE, uncertain: true, output: optional }\n  \
        - { no: \"07700004\", name: 所, romaji: tokoro, type: X, length: 7, output: optional, special: [\"0000000\"] }\n";
    let codes = "name: 色\nentries:\n  \"1\": { name: 赤, name_en: R }\n  \
                 \"2\": { name: 青, name_en: B }\n";
    let interface = "id: mono\nname: 物のAPI\nversion: \"1.0\"\nsource: 物\ncall: app/v1/mono\n\
        operation: Create\ngroup: 物\ntimeout_seconds: 30\nrequest:\n  id: mono_R01\n  \
        parameters:\n    \
        - { name: 区分, romaji: kubun, type: X, length: 1, required: true, control: true }\n    \
        - { name: 番号, romaji: bango, type: X, length: 15, required: true }\n    \
        - { name: 色, romaji: iro, type: X, length: 1, when: 塗った }\n    \
        - { name: 日, romaji: hi, type: DATE }\n    \
        - { name: 所, romaji: tokoro, type: X, length: 7, special: [\"0000000\"] }\n\
        responses:\n  - status: 200\n    id: mono_S01\n    parameters:\n      \
        - { name: 番号, romaji: bango, type: X, length: 15, required: true }\n  \
        - { status: 400, errors: true }\n\
        errors:\n  - { code: E0001, name: 必須エラー, kind: missing }\n";
    let files = [
        ("standard.yaml", head),
        ("items/mono.yaml", items),
        ("codes/colour.yaml", codes),
        ("interfaces/mono.yaml", interface),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    loaded(&Package { files }, "物").unwrap()
}

/// What is read of the files.
fn official_of(name: &str, books: &[Book; 2]) -> Official {
    let paths = [0, 1].map(|at| kept(&format!("{name}{at}"), &spreadsheet(&books[at])));
    let official = official::read(Some(&paths[0]), Some(&paths[1])).unwrap();
    paths.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    official
}

#[test]
fn the_files_alone_are_linted_and_agree_with_the_standard() {
    let official = official_of("same", &files());
    assert_eq!(official.unread, Vec::<String>::new());
    assert_eq!(official::compare::compare(&official.standard, &own()), Vec::<String>::new());
    let (text, good) = official_text(&official, None);
    assert!(text.contains("食い違い 0 件、定めのないこと 4 件"), "{text}");
    assert!(!good);
    // What is not recorded stands before the key and is no gap of the items.
    let request = &official.standard.interfaces[0].request.parameters;
    assert_eq!(request.iter().filter(|one| one.control).count(), 1);
}

/// One cell changed: file, sheet, row, column, what it says then; what is said of it; how many
/// disagreements of the two files it makes.
type Case = (usize, &'static str, usize, &'static str, &'static str, &'static str, usize);

const CASES: &[Case] = &[
    (0, "項目", 3, "B", "078", "の業務ID: 原典は「078」", 0),
    (0, "項目", 4, "C", "5", "「色」のデータ項目ID: 原典は「07700005」、標準は「07700002」", 0),
    (0, "項目", 6, "B", "07700009", "「所」のデータ項目ID: 原典は「07700009」", 0),
    (0, "項目", 5, "D", "日付", "「日付」の名称", 1),
    (0, "項目", 5, "E", "hizuke", "「日」のローマ字名", 1),
    (0, "項目", 5, "F", "別の物", "「日」のグループ: 原典は「別の物」、標準は「物」", 1),
    (0, "項目", 3, "G", "", "「番号」の主キー", 1),
    (0, "項目", 5, "L", "TIME", "「日」の型", 1),
    (0, "項目", 3, "M", "16", "「番号」の桁数: 原典は「16」、標準は「15」", 1),
    (0, "項目", 4, "N", "", "「色」のコード一覧: 原典は「」、標準は「色」", 0),
    (0, "項目", 4, "N", "999", "「色」の自治体固有コード", 0),
    (0, "項目", 3, "O", "9", "「番号」の繰り返し", 1),
    (0, "項目", 3, "P", "任意", "「番号」の出力条件", 0),
    (
        0,
        "項目",
        4,
        "R",
        "※※剥げた場合は出力必須",
        "「色」の条件: 原典は「剥げた」、標準は「塗った」",
        0,
    ),
    (0, "項目", 5, "R", "", "「日」の不詳日", 0),
    (0, "項目", 6, "R", "なければ9999999を設定", "「所」の特別な値", 1),
    (0, "項目", 4, "T", "", "「色」の実装類型", 0),
    (0, "コード", 2, "C", "物の台帳", "の業務名: 原典は「物の台帳」", 0),
    (0, "コード", 4, "D", "黒", "「色」のコード 1: 原典は「黒」、標準は「赤」", 0),
    (0, "コード", 5, "C", "3", "「色」のコード 3: 原典は「青」、標準は「」", 0),
    (0, "コード", 4, "B", "彩", "「色」のコード一覧: 原典は「彩」", 0),
    (1, "表紙", 1, "V", "第1.1版", "の版: 原典は「1.1」、標準は「1.0」", 0),
    (1, "概要", 2, "C", "app/v2/mono", "のAPIコール名", 0),
    (1, "概要", 2, "V", "Update", "の操作種類", 0),
    (
        1,
        "要求",
        3,
        "A",
        "60秒以上でタイムアウトとなる。目安",
        "のタイムアウト: 原典は「60 秒（目安）」",
        0,
    ),
    (1, "要求", 3, "A", "30秒以上でタイムアウトとなる", "のタイムアウト: 原典は「30 秒」", 0),
    (1, "要求", 4, "P", "mono_R02", "のリクエストID", 0),
    (1, "要求", 8, "DC", "16", "「番号」の引数の桁数", 1),
    (1, "要求", 10, "CY", "TIME", "「日」の引数の型", 1),
    (1, "要求", 10, "CV", "◎", "「日」の引数の必須", 0),
    (1, "要求", 9, "DK", "", "「色」の引数の条件: 原典は「」、標準は「塗った」", 1),
    (1, "要求", 11, "DK", "", "「所」の引数の特別な値", 1),
    (1, "要求", 10, "E", "hizuke", "引数「hizuke」が標準にない", 1),
    (1, "応答", 1, "P", "mono_S02", "のレスポンスID", 0),
    (1, "応答", 6, "DB", "14", "「番号」の引数の桁数: 原典は「14」", 0),
    (1, "応答", 7, "A", "■異常系（HTTPステータスコード：401）", "の応答", 0),
    (1, "応答", 11, "I", "文字エラー", "のエラーコード", 0),
];

#[test]
fn every_cell_that_differs_is_said_and_every_disagreement_of_the_files() {
    let (own, mut wrong) = (own(), Vec::new());
    for (at, (file, sheet, line, column, text, expect, disagreeing)) in CASES.iter().enumerate() {
        let mut books = files();
        let rows = &mut books[*file].iter_mut().find(|(name, _)| name == sheet).unwrap().1;
        let cells = &mut rows[line - 1];
        match cells.iter_mut().find(|(name, _)| name == column) {
            Some(cell) => cell.1 = text,
            None => cells.push((column, text)),
        }
        let official = official_of(&format!("case{at}"), &books);
        let said = official::compare::compare(&official.standard, &own);
        let found = lint::lint(&official.standard);
        let found: Vec<_> = found.iter().filter(|one| one.fault != Fault::Open).collect();
        if !said.iter().any(|one| one.contains(expect)) || found.len() != *disagreeing {
            wrong.push(format!("{expect}: {said:?} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    for (line, column, text, expect) in [
        (3, "C", "", ":3「番号」のデータ項目ID「077」"),
        (4, "L", "9V", ":4「色」のデータ型「9V」"),
        (3, "M", "五", ":3「番号」の桁数「五」"),
        (4, "N", "7", ":4「色」のコード「7」"),
        (4, "P", "要", ":4「色」のデータ出力条件「要」"),
    ] {
        let mut books = files();
        let cells = &mut books[0][0].1[line - 1];
        cells.iter_mut().find(|(name, _)| *name == column).unwrap().1 = text;
        let official = official_of(&format!("unread{line}{column}"), &books);
        assert_eq!(official.unread.len(), 1, "{:?}", official.unread);
        assert!(official.unread[0].ends_with(expect), "{:?}", official.unread);
        assert!(!official_text(&official, Some(&("物".to_owned(), own()))).1);
    }
}

#[test]
fn what_is_no_spreadsheet_is_said_and_never_panics() {
    let whole = spreadsheet(&files()[0]);
    let damaged = (0..whole.len()).step_by(7).flat_map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        [whole[..at].to_vec(), flipped]
    });
    let path = kept("broken", b"");
    for bytes in damaged.chain([b"PK\x05\x06".to_vec(), Vec::new()]) {
        std::fs::write(&path, &bytes).unwrap();
        let _ = xlsx::read(&path);
    }
    std::fs::write(&path, b"no archive").unwrap();
    let said = xlsx::read(&path).unwrap_err();
    assert!(format!("{said:#}").contains("書庫の目録がありません"), "{said:#}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_built_in_standards_load_and_findings_are_counted() {
    let standards = standards_load().unwrap();
    let ids: Vec<&str> = standards.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["001", "002", "031"]);
    let text = found_text("標準", &standards[2], &lint::lint(&standards[2]));
    let last = text.lines().last().unwrap();
    assert!(last.contains("食い違い 23 件、定めのないこと 6 件"), "{last}");
    assert!(
        text.contains("項目定義 標準/items/basic.yaml:21　API 標準/interfaces/numbering.yaml:36")
    );
    let none = found_text("標準", &standards[0], &[]);
    assert!(none.contains("食い違い 0 件"), "{none}");
}
