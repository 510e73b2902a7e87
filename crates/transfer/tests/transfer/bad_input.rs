//! Files that were altered on the way: the place is said, and nothing is taken over.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use transfer::{Layout, MANIFEST, export, import};

use crate::folder::things;
use crate::world::World;

const AT: Timestamp = Timestamp::constant(1_775_000_000, 0);
const FILE: &str = "999_small-thing_1.csv";

/// Each: the file, what is replaced by what in it (once), and what is said.
const ALTERED: &[(&str, &str, &str, &str)] = &[
    (FILE, "bango,version_no", "bango,version", "999_small-thing_1.csv の 1 行: 見出しが"),
    (FILE, "000000000000001,2,", "000000000000001,x,", "の 3 行 2 列（履歴番号）: 履歴番号が"),
    (FILE, "000000000000001,2,", "000000000000000,2,", "の 3 行 1 列（番号）: 主キーが前の行と"),
    (FILE, "000000000000001,2,", "0000000000000001,2,", "の 3 行 1 列（番号）: 15 文字を"),
    (FILE, "000000000000001,2,", ",2,", "の 3 行 1 列（番号）: 必須の項目が空です"),
    (FILE, "000000000000001,2,", "000000000000001,2,,", "の 3 行: 欄が 20 あります。19 で"),
    (FILE, ",9999-12-31,", ",9999-12-32,", "列（"),
    (FILE, "Z,9999", "Z,8000-01-01T00:00:00Z,9999", "欄が 20 あります"),
    (FILE, "試し", "\"試し", "の 2 行 18 列: 欄の終わりに"),
    (FILE, "試し", "転出", "目録のものと違います"),
    (
        "999_small-thing_1_history.csv",
        "\r\n000000000000002,1",
        "\r\n000000000000002,0",
        "履歴番号が 1 以上",
    ),
    (MANIFEST, "999_small-thing_1.csv", "other.csv", "目録に 999_small-thing_1.csv がありません"),
    (MANIFEST, "kumoi-registers-1", "kumoi-registers-9", "読める版の目録ではありません"),
    (MANIFEST, "{", "[", "目録の形ではありません"),
];

#[tokio::test]
async fn what_is_wrong_is_said_by_its_place_and_nothing_stays() {
    let system = Arc::new(things("0.1.0"));
    let world = World::new(std::slice::from_ref(&system)).await;
    let (mut from, mut to) = (world.body("moto").await, world.body("saki").await);
    from.fill(&system, 20).await;
    let empty = to.digest(&system).await;
    let layout = Layout::of(&system, None);
    let folder = world.folder("csv");
    export(from.side(), &layout, &folder, AT).await.unwrap();
    for (file, before, after, expect) in ALTERED {
        let path = folder.join(file);
        let sound = fs::read_to_string(&path).unwrap();
        assert!(sound.contains(before), "{file} does not hold {before}");
        fs::write(&path, sound.replacen(before, after, 1)).unwrap();
        let outcome = import(to.side(), &layout, &folder, ("見本", AT)).await;
        let said = outcome.unwrap_err().to_string();
        assert!(said.contains(expect), "{after}: {said}");
        assert_eq!(to.digest(&system).await, empty, "{after}");
        fs::write(&path, sound).unwrap();
    }
    let path = folder.join(FILE);
    let sound = fs::read(&path).unwrap();
    fs::write(&path, &sound[..sound.len() * 2 / 3]).unwrap();
    let said = import(to.side(), &layout, &folder, ("見本", AT)).await.unwrap_err().to_string();
    assert!(said.contains(FILE), "{said}");
    assert_eq!(to.digest(&system).await, empty);
    fs::write(&path, sound).unwrap();
    import(to.side(), &layout, &folder, ("見本", AT)).await.unwrap();
}
