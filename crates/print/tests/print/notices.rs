//! The notices of resident records and seal registration with invented people.

use print::PrintError;
use serde_json::Value;

use crate::support::{data_file, edges, notice, page_texts, printer};

const RESIDENTS_COPY: &str = "resident-record/notices/residents-copy.typ";
const ITEM_CERTIFICATE: &str = "resident-record/notices/item-certificate.typ";
const MOVE_OUT: &str = "resident-record/notices/move-out-certificate.typ";
const SEAL: &str = "seal-registration/notices/seal-certificate.typ";

/// Prints and checks the number of pages, what must and what must not be there.
async fn check(path: &str, data: &Value, pages: u32, present: &[&str], absent: &[&str]) {
    let document = printer("notices").render(&notice(path), data).await.expect("printed");
    assert_eq!(document.pages, pages, "{path}");
    let text = page_texts(&document).concat();
    for word in present {
        assert!(text.contains(word), "{path}: {word} is missing in {text}");
    }
    for word in absent {
        assert!(!text.contains(word), "{path}: {word} must not be in {text}");
    }
}

#[tokio::test]
async fn a_household_of_nine_takes_three_pages() {
    let data = data_file("household-of-nine.json");
    let present = [
        "髙橋　𠮷男",
        "美﨑",
        "MARIA",
        "日本人の配偶者等",
        "以下余白",
        "3／3頁",
        "相違ないことを証明",
    ];
    let present: Vec<String> = present.iter().map(|word| word.replace('　', "")).collect();
    let present: Vec<&str> = present.iter().map(String::as_str).collect();
    check(RESIDENTS_COPY, &data, 3, &present, &["除票", "0000123456"]).await;
}

/// A name of two lines keeps clear of the next row: its lines are nearer to each other.
#[tokio::test]
async fn a_name_of_two_lines_stays_in_its_row() {
    let mut data = data_file("household-of-nine.json");
    let foreign = |one: &&Value| one["国籍・地域"].is_string();
    let subjects = data["subjects"].as_array().expect("subjects");
    let alone = subjects.iter().find(foreign).expect("a foreign resident").clone();
    data["subjects"] = serde_json::json!([alone]);
    let document = printer("rows").render(&notice(RESIDENTS_COPY), &data).await.expect("printed");
    let [first, second, next] =
        ["外国人住民", "となった日", "国籍・地域"].map(|word| edges(&document, word));
    let (between, below) = (second.0 - first.1, next.0 - second.1);
    assert!(below > between + 2.0, "{between} between the lines, {below} below");
}

#[tokio::test]
async fn what_was_not_asked_for_is_left_out_even_when_the_data_carry_it() {
    let mut data = data_file("one-person.json");
    data["subjects"][0]["個人番号"] = "000000000000".into();
    data["subjects"][0]["住民票コード"] = "00000000000".into();
    let absent = ["00000000000", "筆頭者髙橋", "大字空四丁目5番地髙橋"];
    check(RESIDENTS_COPY, &data, 1, &["省略", "昭和30年1月15日"], &absent).await;
    data["form"]["show"] = serde_json::json!(["個人番号"]);
    check(RESIDENTS_COPY, &data, 1, &["000000000000"], &[]).await;
}

#[tokio::test]
async fn removed_records_are_named_as_such() {
    let data = data_file("removed.json");
    let present = ["除票の写し", "消除日", "死亡", "除票の原本", "霞村長見本太郎"];
    check(RESIDENTS_COPY, &data, 1, &present, &["住民票の原本", "効力はありません"]).await;
}

#[tokio::test]
async fn an_item_certificate_shows_the_requested_items_alone() {
    let mut data = data_file("items.json");
    check(ITEM_CERTIFICATE, &data, 1, &["子の妻", "1985年3月14日"], &["前住所", "本籍"]).await;
    data["form"]["items"] = serde_json::json!(["氏名", "住所"]);
    check(ITEM_CERTIFICATE, &data, 1, &["MARIA"], &["1985年", "子の妻", "性別"]).await;
}

#[tokio::test]
async fn a_move_out_certificate_names_destination_and_entitlements() {
    let data = data_file("move-out.json");
    let present = ["転出予定日", "令和8年12月1日", "メゾン見本405号", "国民年金（", "（未確認）"];
    check(MOVE_OUT, &data, 2, &present, &["該当なし"]).await;
}

#[tokio::test]
async fn a_seal_certificate_needs_an_impression_within_25_millimetres() {
    let mut data = data_file("seal.json");
    // Tabs and line ends of a drawing are no characters of a name.
    let drawing = data["subjects"][0]["印影"].as_str().expect("SVG").replace("><", ">\r\n\t<");
    data["subjects"][0]["印影"] = drawing.into();
    check(SEAL, &data, 1, &["印鑑登録証明書", "印影", "昭和33年7月7日"], &["性別"]).await;
    let drawing = data["subjects"][0]["印影"].as_str().expect("SVG").replace("15mm", "30mm");
    for (drawing, reason) in
        [(Value::from(drawing), "25mmを超えて"), (Value::Null, "印影がありません")]
    {
        data["subjects"][0]["印影"] = drawing;
        let error = printer("seal").render(&notice(SEAL), &data).await.expect_err("refused");
        assert!(matches!(&error, PrintError::Template(text) if text.contains(reason)), "{error}");
    }
}
