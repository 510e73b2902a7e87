//! Bundles: many documents in one file, each as if it were printed alone.

use print::{Bundle, BundleHead, Document, PrintError, Printer, Template, WorkerCommand};
use print::{Part, bench_bundle};
use serde_json::{Value, json};

use crate::support::{body_template, data, data_file, notice, page_texts, printer, worker_kill};

/// A page for each of `data.pages`, with its number in the document.
const PAGES: &str = "#for nth in range(data.pages) { \
    if nth > 0 { pagebreak() }; [#data.name #context counter(page).display()] }";

fn head() -> BundleHead {
    BundleHead {
        title: "納税通知書（霞村）".to_owned(),
        number: "20260610-999011-C01-B0001".to_owned(),
        issued_iso: "2026-06-10".to_owned(),
    }
}

/// An item with a number of its own.
fn item(serial: u32, name: &str, pages: u32) -> Value {
    let mut data = data();
    data["document"]["number"] = format!("20260610-999011-C01-{serial:06}").into();
    data["name"] = name.into();
    data["pages"] = pages.into();
    data
}

async fn bundle(mark: &str, template: &Template, items: &[Value]) -> Bundle {
    printer(mark).render_bundle(template, &head(), items).await.expect("a bundle")
}

/// The file of a bundle.
fn file(bundle: &Bundle) -> &Document {
    bundle.document.as_ref().expect("a file")
}

/// The places of the items; a word for those that were left out.
fn places(bundle: &Bundle) -> Vec<Result<(u32, u32), &'static str>> {
    let place = |part: &Result<Part, PrintError>| match part {
        Ok(part) => Ok((part.first_page, part.pages)),
        Err(PrintError::MissingGlyphs(_)) => Err("glyph"),
        Err(PrintError::Template(_)) => Err("template"),
        Err(PrintError::Worker(_)) => Err("worker"),
        Err(PrintError::Timeout) => Err("timeout"),
        Err(PrintError::TooLarge) => Err("large"),
    };
    bundle.parts.iter().map(place).collect()
}

#[tokio::test]
async fn a_bundle_shows_what_its_items_show_alone() {
    let (household, mut void) = (data_file("household-of-nine.json"), data_file("removed.json"));
    void["document"]["void"] = true.into();
    let items = [household, void, data_file("one-person.json")];
    let template = notice("resident-record/notices/residents-copy.typ");
    let bundle = bundle("alone", &template, &items).await;
    assert_eq!(places(&bundle), [Ok((1, 3)), Ok((4, 1)), Ok((5, 1))]);
    let (whole, alone) = (page_texts(file(&bundle)), printer("one by one"));
    let mut expected = Vec::new();
    for item in &items {
        expected.extend(page_texts(&alone.render(&template, item).await.expect("printed")));
    }
    assert_eq!(whole, expected);
    for (page, words) in [(1, "2／3頁"), (2, "3／3頁"), (3, "書損"), (4, "1／1頁")] {
        assert!(whole[page].contains(words), "{words}: {}", whole[page]);
    }
}

#[tokio::test]
async fn every_item_counts_its_pages_from_one() {
    let items = [item(1, "甲", 2), item(2, "乙", 1), item(3, "丙", 3)];
    let bundle = bundle("counts", &body_template(PAGES), &items).await;
    assert_eq!(places(&bundle), [Ok((1, 2)), Ok((3, 1)), Ok((4, 3))]);
    let texts = page_texts(file(&bundle));
    let expected = [(1, "甲1", "1／2"), (1, "甲2", "2／2"), (2, "乙1", "1／1"), (3, "丙1", "1／3")];
    for (text, (serial, name, foot)) in texts.iter().zip(expected) {
        let number = format!("発行番号20260610-999011-C01-{serial:06}");
        assert!(text.starts_with(name) && text.contains(foot) && text.contains(&number), "{text}");
    }
    assert_eq!((texts.len(), file(&bundle).pages), (6, 6));
}

#[tokio::test]
async fn what_cannot_be_printed_is_left_out_and_named() {
    let template = body_template(
        "#if data.name == \"丁\" { panic(\"額がありません\") }\n\
         #set text(fill: cmyk(0%, 0%, 0%, 100%)) if data.name == \"戊\"\n#data.name",
    );
    let mut items: Vec<Value> =
        ["甲", "外\u{E000}字", "乙", "丁", "戊", "己"].map(|name| item(1, name, 1)).into();
    items.push(json!({ "document": { "title": "題だけ" } }));
    let bundle = bundle("left out", &template, &items).await;
    let left_out = |word| Err::<(u32, u32), _>(word);
    let expected = [
        Ok((1, 1)),
        left_out("glyph"),
        Ok((2, 1)),
        left_out("template"),
        left_out("template"),
        Ok((3, 1)),
        left_out("template"),
    ];
    assert_eq!(places(&bundle), expected);
    let said: Vec<String> =
        bundle.parts.iter().filter_map(|part| Some(part.as_ref().err()?.to_string())).collect();
    for (said, words) in
        said.iter().zip(["/name の U+E000", "額がありません", "PDF/A-2b", "number"])
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let texts = page_texts(file(&bundle));
    assert!(texts.iter().zip(["甲", "乙", "己"]).all(|(text, name)| text.starts_with(name)));
    assert_eq!(texts.len(), 3);
}

#[tokio::test]
async fn without_a_page_there_is_no_file() {
    let template = body_template("#data.name");
    let empty = bundle("empty", &template, &[]).await;
    assert_eq!(empty, Bundle { document: None, parts: Vec::new() });
    let items = [item(1, "\u{E000}", 1), item(2, "\u{E001}", 1)];
    let failed = bundle("failed", &template, &items).await;
    assert_eq!(places(&failed), [Err("glyph"), Err("glyph")]);
    assert_eq!(failed.document, None);
}

#[tokio::test]
async fn a_bundle_is_an_archive_with_its_own_head_and_each_face_once() {
    let template = body_template("#set std.document(title: \"ほかの題\")\n#data.name #data.pages");
    let items: Vec<Value> = (1..=40).map(|serial| item(serial, "髙橋　𠮷男", serial)).collect();
    let first = bundle("first", &template, &items).await;
    assert_eq!(first, bundle("second", &template, &items).await);
    let text = String::from_utf8_lossy(&file(&first).pdf);
    assert!(text.contains("<pdfaid:part>2</pdfaid:part>"), "no PDF/A part");
    assert!(text.contains("納税通知書（霞村）") && !text.contains("ほかの題"), "wrong title");
    assert!(text.contains("2026-06-10") && !text.contains("2026-11-21"), "wrong date");
    assert_eq!(text.matches("/FontFile").count(), 1, "faces");
    let other = BundleHead { number: "B0002".to_owned(), ..head() };
    let other = printer("other").render_bundle(&template, &other, &items).await.expect("a bundle");
    assert_ne!(file(&first).pdf, file(&other).pdf);
    let undated = BundleHead { issued_iso: "令和8年".to_owned(), ..head() };
    let error = printer("undated").render_bundle(&template, &undated, &items).await;
    assert!(error.expect_err("no date").to_string().contains("「令和8年」は日付ではありません"));
}

/// Each item has the same places within it, so that a link would lead to the pages of another.
#[tokio::test]
async fn no_link_and_no_bookmark_leads_into_an_item() {
    let template = body_template(
        "= 見出し <here>\n#data.name #link(<here>)[上へ] #link(\"https://example.jp\")[外へ]",
    );
    let items = [item(1, "甲", 1), item(2, "乙", 1)];
    let alone = printer("linked").render(&template, &items[0]).await.expect("printed");
    let bundle = bundle("unlinked", &template, &items).await;
    let count = |document: &Document, word: &str| {
        String::from_utf8_lossy(&document.pdf).matches(word).count()
    };
    let counts = ["/Outlines", "(here)", "/Link", "example.jp"]
        .map(|word| (count(&alone, word), count(file(&bundle), word)));
    assert_eq!(counts, [(2, 0), (3, 0), (4, 4), (2, 4)]);
}

#[tokio::test]
async fn an_item_that_hangs_is_left_out() {
    let mut command = WorkerCommand::new(env!("CARGO_BIN_EXE_print-worker"), &["hangs"]);
    // Long enough for the start of a worker with its fonts on a loaded machine.
    command.timeout_ms = 5_000;
    let slow = "#let n = range(if data.name == \"遅\" { 9000 } else { 1 })\n\
        #for a in n { for b in n { for c in n { let d = a * b } } }\n#data.name";
    let items = [item(1, "甲", 1), item(2, "遅", 1), item(3, "乙", 1)];
    let printer = Printer::new(command);
    let template = body_template(slow);
    let bundle = printer.render_bundle(&template, &head(), &items).await.expect("a bundle");
    assert_eq!(places(&bundle), [Ok((1, 1)), Err("timeout"), Ok((2, 1))]);
}

#[tokio::test]
async fn after_a_killed_worker_the_bundle_is_printed_again() {
    let mark = &format!("bundle-killed-by-{}", std::process::id());
    let template = body_template(PAGES);
    let items: Vec<Value> = (1..=400).map(|serial| item(serial, "甲", 2)).collect();
    let (bundle, ()) = tokio::join!(bundle(mark, &template, &items), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        worker_kill(mark);
    });
    assert_eq!((bundle.parts.len(), file(&bundle).pages), (400, 800));
    assert_eq!(bundle.parts[399], Ok(Part { first_page: 799, pages: 2 }));
}

#[tokio::test]
async fn a_worker_that_cannot_work_refuses_the_bundle() {
    let items: Vec<Value> = (1..=9).map(|serial| item(serial, "甲", 1)).collect();
    let printer = Printer::new(WorkerCommand::new("/bin/false", &[]));
    let template = body_template(PAGES);
    let error = printer.render_bundle(&template, &head(), &items).await.expect_err("no worker");
    assert_eq!(error, PrintError::Worker("1、2、3、4件目で印刷処理が止まりました".to_owned()));
}

#[tokio::test]
async fn a_measured_bundle_counts_pages() {
    let command = WorkerCommand::new(env!("CARGO_BIN_EXE_print-worker"), &["measured"]);
    let items = [item(1, "甲", 2), item(2, "乙", 3)];
    let template = body_template(PAGES);
    let measured = bench_bundle(command.clone(), &template, &head(), &items).await;
    let (_, report) = measured.expect("measured");
    assert_eq!((report.documents, report.pages, report.processes), (2, 5, 1));
    let items = [item(1, "甲", 1), item(2, "\u{E000}", 1)];
    let error = bench_bundle(command, &template, &head(), &items).await.expect_err("left out");
    assert!(matches!(error, PrintError::MissingGlyphs(_)), "{error}");
}
