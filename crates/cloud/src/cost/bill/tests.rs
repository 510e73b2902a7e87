//! Bills of every kind, clean and dirty, read into raw files and daily sums.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use expect_test::{Expect, expect};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use store::testing::Place;

use super::{Bill, Noted, ReadOptions, bill_read};
use crate::CloudError;

const HEADER: &str = "ProviderName,PublisherName,InvoiceIssuerName,BillingAccountId,\
BillingAccountName,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,\
ChargePeriodEnd,ChargeCategory,ChargeClass,ChargeDescription,BilledCost,EffectiveCost,ListCost,\
ContractedCost,PricingQuantity,PricingUnit,BillingCurrency,ServiceName,ServiceCategory,RegionId,\
Tags,x_Note";

/// A row of an invented provider.
fn row(account: &str, day: u32, cost: &str) -> String {
    format!(
        "見本クラウド,見本,見本,B1,\"請求, 本\",{account},2026-05-01T00:00:00Z,2026-06-01T00:00:00Z,\
         2026-05-{day:02}T00:00:00Z,2026-05-{:02}T01:00:00Z,Usage,NULL,\"計算\n（一時間）\",{cost},{cost},\
         {cost},{cost},1,Hours,USD,計算,Compute,jp-east,\
         \"{{\"\"kumoi:environment\"\":\"\"{account}-prod\"\"}}\",",
        day
    )
}

fn options() -> ReadOptions {
    ReadOptions { threads: 2, ..ReadOptions::new(BTreeSet::from(["JPY".into(), "USD".into()])) }
}

/// Reads texts, each as a file of its own.
fn read(place: &Place, texts: &[&[u8]]) -> Result<Bill, CloudError> {
    let folder = place.path().join("raw");
    fs::create_dir_all(&folder).unwrap();
    let file = |(at, text): (usize, &&[u8])| {
        let path = place.path().join(format!("bill{at}.csv"));
        fs::write(&path, text).unwrap();
        path
    };
    let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
    bill_read(&files, &folder, &options())
}

fn lines(rows: &[String]) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        text.push('\n');
        text.push_str(row);
    }
    text
}

fn said(bill: &Bill) -> String {
    let mut text =
        format!("{} rows, NULL {}, zoneless {}\n", bill.rows, bill.literal_nulls, bill.zoneless);
    for day in &bill.days {
        let key = &day.key;
        text.push_str(&format!(
            "{} {} {} {} {} {} {}: {} rows {}\n",
            key.day,
            key.provider(),
            key.account,
            key.service,
            key.charge,
            key.region,
            key.environment,
            day.rows,
            day.billed
        ));
    }
    text
}

#[track_caller]
fn check_fault(change: impl Fn(&str) -> String, expect: Expect) {
    let place = Place::new();
    let text = lines(&[row("a1", 1, "0.1"), row("a2", 2, "0.2"), row("a3", 3, "0.3")]);
    let error = read(&place, &[change(&text).as_bytes()]).unwrap_err();
    expect.assert_eq(&error.to_string().replace(['。', '、'], "\n"));
}

#[test]
fn a_bill_becomes_daily_sums_and_raw_files() {
    let place = Place::new();
    let rows = [row("a1", 1, "0.1"), row("a1", 1, "0.000000000000000001"), row("a2", 2, "1E-7")];
    let second = lines(&[row("a1", 1, "2"), row("a2", 3, "-1.5")])
        .replace("T00:00:00Z", " 00:00:00")
        .replace("ProviderName", "ServiceProviderName");
    let second = format!("\u{feff}{second}\r\n");
    let bill = read(&place, &[lines(&rows).as_bytes(), second.as_bytes()]).unwrap();
    expect![[r#"
        5 rows, NULL 5, zoneless 6
        2026-05-01 見本クラウド a1 計算 Usage jp-east a1-prod: 1 rows 2
        2026-05-01 見本クラウド a1 計算 Usage jp-east a1-prod: 2 rows 0.100000000000000001
        2026-05-02 見本クラウド a2 計算 Usage jp-east a2-prod: 1 rows 0.0000001
        2026-05-03 見本クラウド a2 計算 Usage jp-east a2-prod: 1 rows -1.5
    "#]]
    .assert_eq(&said(&bill));
    // The raw files are bills again: every row, exactly.
    let again = place.path().join("again");
    fs::create_dir_all(&again).unwrap();
    let raw = bill_read(&bill.parts, &again, &options()).unwrap();
    assert_eq!((raw.rows, &raw.days), (bill.rows, &bill.days));
}

#[test]
fn what_real_bills_carry_is_read_and_told() {
    let place = Place::new();
    let noise =
        row("a2", 2, "0.2").replace("0.2,0.2,0.2,0.2", "0.2,4.440892098500626e-16,0.2,-5e-324");
    let unused = row("a1", 3, "0.3").replace(",1,Hours", ",4.440892098500626e-16,Hours");
    let unread = row("a1", 3, "0.3").replace(",1,Hours", ",about one,Hours");
    let moment = row("a3", 4, "1").replace("2026-05-04T01:00:00Z", "2026-05-04T00:00:00Z");
    let first = lines(&[row("a1", 1, "0.1"), noise.clone()]);
    let second = lines(&[noise, unused, unread, moment.clone(), moment]);
    let bill = read(&place, &[first.as_bytes(), second.as_bytes()]).unwrap();
    let noted = |count, file, line, column: &str| Noted {
        count,
        first: Some((file, line, column.to_owned())),
    };
    assert_eq!(bill.rounded, noted(4, 0, 4, "EffectiveCost"));
    assert_eq!(bill.momentary, noted(2, 1, 8, "ChargePeriodEnd"));
    assert_eq!(bill.files, ["bill0.csv", "bill1.csv"]);
    expect![[r#"
        7 rows, NULL 7, zoneless 0
        2026-05-01 見本クラウド a1 計算 Usage jp-east a1-prod: 1 rows 0.1
        2026-05-02 見本クラウド a2 計算 Usage jp-east a2-prod: 2 rows 0.4
        2026-05-03 見本クラウド a1 計算 Usage jp-east a1-prod: 2 rows 0.6
        2026-05-04 見本クラウド a3 計算 Usage jp-east a3-prod: 2 rows 2
    "#]]
    .assert_eq(&said(&bill));
    let effective: i128 = bill.days.iter().map(|day| day.effective.0).sum();
    assert_eq!(crate::cost::amount::Amount(effective).to_string(), "2.70000000000000088818");
}

#[test]
fn a_compressed_bill_of_many_pieces_is_the_same_bill() {
    let rows: Vec<String> =
        (0..70_000).map(|at| row(&format!("a{}", at % 7), at % 28 + 1, "0.013")).collect();
    let text = lines(&rows);
    assert!(text.len() > 17_000_000, "{}", text.len());
    let plain = read(&Place::new(), &[text.as_bytes()]).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let packed = read(&Place::new(), &[&gzip]).unwrap();
    assert_eq!((plain.rows, packed.rows), (70_000, 70_000));
    assert_eq!(plain.days, packed.days);
    let sum: i128 = plain.days.iter().map(|day| day.billed.0).sum();
    assert_eq!(crate::cost::amount::Amount(sum).to_string(), "910");
    let place = Place::new();
    let broken = read(&place, &[&gzip[..gzip.len() / 2]]).unwrap_err();
    expect!["bill0.csv: 圧縮が途中で終わっているか、壊れています。もう一度取り寄せてください"]
        .assert_eq(&broken.to_string());
}

#[test]
fn faults_say_file_line_and_column() {
    check_fault(
        |text| text.replace("BilledCost,", "Cost,").replace("ServiceName,", "Service,"),
        expect![[r#"
            bill0.csv の 1 行目: 必須の列がありません: BilledCost
            ServiceName
            FOCUS 1.2 の形で出し直してください"#]],
    );
    check_fault(
        |text| text.replace("x_Note", "Tags"),
        expect!["bill0.csv の 1 行目: 列 Tags が二つあります"],
    );
    check_fault(
        |text| text.replace(",0.3,0.3", ",0.3,abc"),
        expect![[r#"
            bill0.csv の 6 行目
            列 EffectiveCost: 「abc」は数として読めません
            12.345 や 1.2E-7 のように書いてください"#]],
    );
    check_fault(
        |text| text.replace(",0.3,0.3", ",0.3,abc").replace('\n', "\r\n"),
        expect![[r#"
            bill0.csv の 6 行目
            列 EffectiveCost: 「abc」は数として読めません
            12.345 や 1.2E-7 のように書いてください"#]],
    );
    check_fault(
        |text| text.replace('\n', "\r"),
        expect![[r#"
            bill0.csv の 1 行目: 行の終わりが CR だけです
            改行を LF か CRLF にして出し直してください"#]],
    );
    check_fault(
        |text| text.replace("0.2,0.2,0.2,0.2", "NULL,0.2,x,0.2").replace("0.3,0.3", "y,0.3"),
        expect![[r#"
            bill0.csv の 4 行目
            列 BilledCost: 値がありません（必須の列です）"#]],
    );
    check_fault(
        |text| text.replacen("USD", "XBT", 2),
        expect![[r#"
            bill0.csv の 2 行目
            列 BillingCurrency: 通貨「XBT」は扱えません
            円と
            為替の表にある通貨（いま JPY
            USD）だけです
            正しい通貨なら
            先に為替の表に加えてください"#]],
    );
    check_fault(
        |text| text.replace("2026-05-02T00:00:00Z", "5/2/2026"),
        expect![[r#"
            bill0.csv の 4 行目
            列 ChargePeriodStart: 「5/2/2026」は日時として読めません
            2026-05-01T00:00:00Z のように書いてください"#]],
    );
}

#[test]
fn faults_of_what_rows_say_are_named() {
    check_fault(
        |text| text.replace("2026-05-02T01:00:00Z", "2026-05-01T01:00:00Z"),
        expect![[r#"
            bill0.csv の 4 行目
            列 ChargePeriodEnd: 終わりが始まり（ChargePeriodStart）より前です"#]],
    );
    check_fault(
        |text| text.replace("2026-06-01T00", "2026-04-01T00"),
        expect![[r#"
            bill0.csv の 2 行目
            列 BillingPeriodEnd: 請求期間の終わりが始まり（BillingPeriodStart）より後ではありません"#]],
    );
    check_fault(
        |text| text.replace("Usage", "Consumption"),
        expect![[r#"
            bill0.csv の 2 行目
            列 ChargeCategory: 「Consumption」は FOCUS の値ではありません（Usage
            Purchase
            Tax
            Credit
            Adjustment）"#]],
    );
    check_fault(
        |text| text.replace("見本クラウド", ""),
        expect![[r#"
            bill0.csv の 2 行目
            列 ProviderName: 提供者の名がありません（ProviderName と ServiceProviderName のどちらも空です）"#]],
    );
    check_fault(
        |text| text.replacen(",計算,Compute", ",計算", 1),
        expect![[r#"
            bill0.csv の 2 行目: 列が 24 個あります
            見出しは 25 個です"#]],
    );
    check_fault(
        |text| text.replacen("\"計算", "\"計\"算", 1),
        expect![[r#"
            bill0.csv の 2 行目: 引用符が閉じていません
            この行より後を確かめてください"#]],
    );
    check_fault(|_| String::new(), expect!["bill0.csv: 空のファイルです"]);
    check_fault(|_| HEADER.to_owned(), expect!["請求の明細に行がありません"]);
}

#[test]
fn other_texts_and_files_are_refused() {
    let mut text = lines(&[row("a1", 1, "0.1"), row("a2", 2, "0.2")]).into_bytes();
    let at = text.windows(5).rposition(|it| it == b"Hours").unwrap();
    text[at] = 0x82;
    let error = read(&Place::new(), &[&text]).unwrap_err();
    expect!["bill0.csv の 4 行目: UTF-8 ではない文字か、文字コード 0 があります。UTF-8 で出し直してください"]
        .assert_eq(&error.to_string());
    text[at] = 0;
    assert!(read(&Place::new(), &[&text]).unwrap_err().to_string().contains("文字コード 0"));
    let place = Place::new();
    let error = bill_read(&["/nowhere.csv".into()], place.path(), &options()).unwrap_err();
    expect!["nowhere.csv: ファイルがありません"].assert_eq(&error.to_string());
    let error = read(&Place::new(), &[b"PAR1 and nothing more"]).unwrap_err();
    assert!(error.to_string().starts_with("bill0.csv: Parquet として読めません"), "{error}");
}

/// A Parquet file with one row of what is mandatory, and with columns that have no value in it.
fn columnar(place: &Place, more: &str) -> PathBuf {
    let plain = HEADER.split(',').filter(|it| !more.contains(&format!(" {it} ")));
    let fields: String = plain.map(|it| format!("optional binary {it} (UTF8);\n")).collect();
    let schema = parse_message_type(&format!("message bill {{ {fields} {more} }}")).unwrap();
    fs::create_dir_all(place.path()).unwrap();
    let path = place.path().join("bill.parquet");
    let file = fs::File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema.into(), Arc::default()).unwrap();
    let names: Vec<String> =
        writer.schema_descr().columns().iter().map(|it| it.path().string()).collect();
    let row = row("a1", 1, "0.1");
    let record = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
    let record = record.into_records().next().unwrap().unwrap();
    let mut group = writer.next_row_group().unwrap();
    for name in names {
        let mut column = group.next_column().unwrap().unwrap();
        let text = HEADER.split(',').position(|it| it == name).and_then(|at| record.get(at));
        let cells: Vec<ByteArray> = text.map(ByteArray::from).into_iter().collect();
        let there = [i16::from(text.is_some())];
        let typed = column.typed::<ByteArrayType>();
        typed.write_batch(&cells, Some(&there), Some(&[0])).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    path
}

#[test]
fn nested_columns_of_providers_are_left_out_and_told() {
    let place = Place::new();
    let more = "
        optional group x_Credits (LIST) { repeated group list { optional group element {
            optional binary Name (UTF8); optional binary Value (UTF8); } } }
        optional group x_Owner { optional binary Mail (UTF8); }
        optional group x_Labels (MAP) { repeated group key_value {
            required binary key (UTF8); optional binary value (UTF8); } }
        optional group Tags (MAP) { repeated group key_value {
            required binary key (UTF8); optional binary value (UTF8); } }";
    let file = columnar(&place, more);
    let raw = place.path().join("raw");
    fs::create_dir_all(&raw).unwrap();
    let bill = bill_read(&[file], &raw, &options()).unwrap();
    assert_eq!(bill.dropped, [(0, "x_Credits".to_owned()), (0, "x_Owner".to_owned())]);
    expect![[r#"
        1 rows, NULL 1, zoneless 0
        2026-05-01 見本クラウド a1 計算 Usage jp-east : 1 rows 0.1
    "#]]
    .assert_eq(&said(&bill));
}

#[test]
fn nested_columns_of_the_specification_are_refused_by_name() {
    let check = |more: &str, column: &str| {
        let place = Place::new();
        let file = columnar(&place, more);
        let error = bill_read(&[file], place.path(), &options()).unwrap_err().to_string();
        let expect = format!("bill.parquet、列 {column}: 入れ子の列です");
        assert!(error.starts_with(&expect), "{error}");
    };
    check("optional group RegionId { optional binary Code (UTF8); }", "RegionId");
    let pairs = "{ repeated group list { optional group element {
        optional binary Key (UTF8); optional binary Value (UTF8); } } }";
    // A list of pairs is no map.
    check(&format!("optional group Tags (LIST) {pairs}"), "Tags");
    let map = "{ repeated group key_value {
        required binary key (UTF8); optional binary value (UTF8); } }";
    check(&format!("optional group ServiceName (MAP) {map}"), "ServiceName");
}
