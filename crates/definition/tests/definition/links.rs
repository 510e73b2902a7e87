//! What one system expects of another and does not get.

use definition::{Package, System};
use expect_test::{Expect, expect};

use crate::support::{package_of, shown, systems_folder};
use crate::systems::loaded;

/// The seal registration with one text of one file replaced.
#[track_caller]
fn changed(file: &str, from: &str, to: &str) -> System {
    let mut package: Package = package_of(&systems_folder().join("seal-registration"));
    let text = package.files.get_mut(file).expect("the file");
    assert!(text.contains(from), "{file} does not hold {from}");
    *text = text.replacen(from, to, 1);
    definition::load(&package).unwrap_or_else(|errors| panic!("{}", shown(&errors))).0
}

#[track_caller]
fn check(file: &str, (from, to): (&str, &str), expected: Expect) {
    let resident = loaded("resident-record");
    let seal = changed(file, from, to);
    expected.assert_eq(&shown(&definition::link(&[&resident, &seal])));
    assert_eq!(shown(&definition::link(&[&seal])), "", "a system that is absent is no error");
}

#[test]
fn what_is_not_published_is_said() {
    check(
        "system.yaml",
        ("register: resident\n", "register: residents\n"),
        expect![[r#"
        seal-registration/system.yaml:10:5 error: 「住民基本台帳」に台帳「residents」がありません
          → 「resident」の書き誤りではありませんか
    "#]],
    );
    check(
        "system.yaml",
        ("key: 宛名番号", "key: 世帯番号"),
        expect![[r#"
        seal-registration/system.yaml:10:5 error: 台帳「住民」の主キーは「宛名番号」です
          → 「key: 宛名番号」にしてください
    "#]],
    );
    let secret = "{ name: 個人番号, name_en: Number, romaji: kojin_bango, type: X, length: 12 }";
    let state = "{ name: 記載状態, name_en: State, romaji: kisai_jotai, type: X, length: 2 }";
    let both = format!("{state}\n      - {secret}");
    check(
        "system.yaml",
        (state, &both),
        expect![[r#"
        seal-registration/system.yaml:10:5 error: 秘密の項目「個人番号」は他の業務から読めません
          → uses の items から消してください
    "#]],
    );
    check(
        "system.yaml",
        ("romaji: jusho, type: Ｎ, length: 300", "romaji: jusho, type: Ｎ, length: 30"),
        expect![[r#"
        seal-registration/system.yaml:10:5 error: 項目「住所」の型が「住民基本台帳」の公開する型と違います
          → 型と桁数を、公開する側に揃えてください
    "#]],
    );
    check(
        "procedures/died.yaml",
        ("resident-record.died", "resident-record.dead"),
        expect![[r#"
        seal-registration/procedures/died.yaml:6:6 error: 「住民基本台帳」は事象「dead」を公開していません
          → 使える名前: moved-in、move-out-planned、moved-out、moved-within、household-changed、born、died、removed、name-changed、corrected
    "#]],
    );
    check(
        "procedures/died.yaml",
        ("by: 宛名番号", "by: 登録番号"),
        expect![[r#"
        seal-registration/procedures/died.yaml:6:6 error: 事象「死亡」は、対象者を探す項目「登録番号」を載せていません
          → by: を次から選んでください: 宛名番号、氏名、消除日
    "#]],
    );
    check(
        "procedures/died.yaml",
        (
            "type: date, uncertain: true }",
            "type: date, uncertain: true }\n      - { name: 届出人, name_en: By, type: text, length: 10, required: true }",
        ),
        expect![[r#"
            seal-registration/procedures/died.yaml:6:6 error: 必ず入れる欄「届出人」を、事象「死亡」は載せていません
              → 「required: false」にするか、default: を書いてください
        "#]],
    );
}
