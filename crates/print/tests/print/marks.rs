//! What no template can switch off, and the form of the file.

use print::Document;
use serde_json::{Value, json};

use crate::support::{body_template, data, page_texts, printer};

const NOTICE: &str = "この書類は見本であり、証明書としての効力はありません。";

async fn print(source: &str, data: &Value) -> Document {
    let template = body_template(source);
    printer("marks").render(&template, data).await.expect("printed")
}

#[tokio::test]
async fn a_template_cannot_switch_off_the_sample_mark() {
    let mut data = data();
    data["document"]["sample"] = true.into();
    let sources = [
        "本文",
        "#set page(foreground: none, background: none, footer: none, margin: 0pt)\n本文",
        "#set page(foreground: rect(width: 100%, height: 100%, fill: white))\n本文#pagebreak()次",
        "#set page(paper: \"a5\", flipped: true)\n#show regex(\".\"): none\n本文",
        "#show: body => []\n本文",
    ];
    for source in sources {
        let document = print(source, &data).await;
        for page in page_texts(&document) {
            assert!(page.contains(NOTICE), "{source}: {page}");
        }
    }
}

#[tokio::test]
async fn every_page_bears_its_number_and_a_void_one_says_so() {
    let mut data = data();
    data["document"]["void"] = true.into();
    let document = print("一#pagebreak()二#pagebreak()三", &data).await;
    assert_eq!(document.pages, 3);
    for (index, page) in page_texts(&document).iter().enumerate() {
        assert!(page.contains("発行番号20261121-999011-C01-000001"), "{page}");
        assert!(page.contains(&format!("{}／3頁", index + 1)), "{page}");
        assert_eq!(page.contains("次頁につづく"), index < 2, "{page}");
        assert!(page.contains("書損") && !page.contains(NOTICE), "{page}");
    }
}

#[tokio::test]
async fn the_same_document_has_the_same_bytes_in_every_worker() {
    let source = "#show: notice\n#closing(data)[証明する。]";
    let first = print(source, &data()).await;
    let second = print(source, &data()).await;
    assert_eq!(first, second);
    let mut other = data();
    other["document"]["number"] = "20261121-999011-C01-000002".into();
    assert_ne!(first.pdf, print(source, &other).await.pdf);
}

#[tokio::test]
async fn the_file_is_an_archive_with_title_and_date_of_the_data() {
    let source = "#set std.document(title: \"ほかの題\", date: none)\n本文";
    let document = print(source, &data()).await;
    let text = String::from_utf8_lossy(&document.pdf);
    assert!(text.contains("<pdfaid:part>2</pdfaid:part>"), "no PDF/A part");
    assert!(text.contains("<pdfaid:conformance>B</pdfaid:conformance>"), "no level");
    assert!(text.contains("試し刷り") && !text.contains("ほかの題"), "wrong title");
    assert!(text.contains("2026-11-21"), "no date");
}

#[tokio::test]
async fn data_without_a_clear_sample_flag_are_refused() {
    for (key, value) in
        [("sample", Value::Null), ("issued_iso", json!("令和8年")), ("title", json!(1))]
    {
        let mut data = data();
        data["document"][key] = value;
        let template = body_template("本文");
        let error = printer("flags").render(&template, &data).await.expect_err("refused");
        assert!(error.to_string().contains("issued_iso"), "{error}");
    }
}
