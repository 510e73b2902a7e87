//! A move-in at the counter by keyboard alone: the first stop skips the menu, every field is
//! reached once and in order, mistakes take the focus and lead to their fields, and nothing
//! catches the focus.

use std::collections::BTreeSet;

use testkit::browser::{DOWN, ENTER, TAB};
use testkit::{Browser, VILLAGE};

use crate::world;

/// Another account than those of the other walks, because a code works once.
const CLERK: &str = "kakaricho";
const SUMMARY: &str = "errors";
const CHECK: &str = "確認へ進む";
const ENTER_CASE: &str = "仮登録する（決裁へ）";
const DOMICILE: &str = "和歌山県伊都郡九度山町九度山１２３番地";

#[tokio::test]
async fn a_person_moves_in_by_keyboard() {
    let world = world();
    let browser = Browser::start().await;
    browser.sign_in(&world.office(&format!("/{VILLAGE}/sign-in")), CLERK).await;
    browser.open(&world.office(&format!("/{VILLAGE}"))).await;
    assert_eq!(browser.tab_to("本文へ移動").await, Vec::<String>::new(), "the first stop");
    browser.keys(ENTER).await;
    assert_eq!(browser.focus().await, "main", "the menu is skipped");
    browser.tab_to("転入届").await;
    browser.key_on(ENTER).await;

    let stops = browser.tab_to(CHECK).await;
    let named: Vec<&String> = stops.iter().filter(|stop| stop.contains('.')).collect();
    let once: BTreeSet<&&String> = named.iter().collect();
    assert_eq!(once.len(), named.len(), "a field is reached twice: {stops:?}");
    let at = |name: &str| named.iter().position(|stop| *stop == name).expect("a field");
    assert!(at("identity.方法") < at("f.異動日") && at("f.住所") < at("f.転入者.0.氏名"));
    browser.key_on(ENTER).await;

    // Nothing was entered: the list of mistakes has the focus, its links lead to the fields.
    assert_eq!(browser.focus().await, SUMMARY);
    browser.keys(TAB).await;
    assert_eq!(browser.focus().await, "住所を入力してください");
    browser.keys(ENTER).await;
    assert_eq!(browser.focus().await, "f.住所", "the mistake leads to its field");

    browser.open(&world.office(&format!("/{VILLAGE}/start/resident-record/move-in"))).await;
    type_all(&browser).await;
    browser.tab_to(CHECK).await;
    browser.key_on(ENTER).await;
    browser.see("転入届の確認").await;
    browser.tab_to(ENTER_CASE).await;
    browser.key_on(ENTER).await;
    browser.see("受付番号").await;
}

/// Every field that is asked for, in the order in which the Tab key reaches them.
async fn type_all(browser: &Browser) {
    for (field, keys) in [
        ("identity.方法", DOWN),
        ("f.住所", "見本県霞郡霞村大字霞原２番地"),
        ("f.前住所", DOMICILE),
        ("f.転入者.0.氏名", "鍵　盤子"),
        ("f.転入者.0.氏名_振り仮名", "カギ　バンコ"),
        ("f.転入者.0.生年月日", "S62.12.31"),
        ("f.転入者.0.性別", DOWN),
        ("f.転入者.0.続柄", "世帯主"),
        ("f.転入者.0.本籍", DOMICILE),
        ("f.転入者.0.筆頭者", "鍵　盤子"),
    ] {
        browser.tab_to(field).await;
        browser.keys(keys).await;
    }
}
