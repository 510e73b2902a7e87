//! The worker's life: errors, crashes, timeouts; the printer stays usable.

use std::time::Duration;

use expect_test::{Expect, expect};
use print::{PrintError, Printer, Template, WorkerCommand, bench_documents};
use serde_json::Value;

use crate::support::{body_template, data, printer, value_template, worker_kill};

/// The message for a broken template.
async fn check(printer: &Printer, source: &str, expect: Expect) {
    let template = Template::single("/broken.typ", source);
    let error = printer.render(&template, &data()).await.expect_err("broken");
    expect.assert_eq(&error.to_string());
}

#[tokio::test]
async fn a_broken_template_says_file_line_and_column_and_the_next_one_prints() {
    let printer = printer("broken");
    check(
        &printer,
        "一行目\n#unknown",
        expect!["様式の誤り: broken.typ の2行2桁: unknown variable: unknown"],
    )
    .await;
    check(&printer, "#let a = (", expect!["様式の誤り: broken.typ の1行10桁: unclosed delimiter"])
        .await;
    check(
        &printer,
        "#panic(\"印影がありません\")",
        expect!["様式の誤り: broken.typ の1行2桁: panicked with: 印影がありません"],
    )
    .await;
    check(
        &printer,
        "#import \"@preview/x:1.0.0\": y",
        expect!["様式の誤り: broken.typ の1行9桁: file not found (searched at /typst.toml)"],
    )
    .await;
    check(
        &printer,
        "#read(\"/etc/passwd\")",
        expect!["様式の誤り: broken.typ の1行7桁: file not found (searched at /etc/passwd)"],
    )
    .await;
    check(
        &printer,
        "#datetime.today()",
        expect!["様式の誤り: broken.typ の1行2桁: unable to get the current date"],
    )
    .await;
    check(
        &printer,
        "#let f(x) = f(x)\n#f(1)",
        expect!["様式の誤り: broken.typ の1行13桁: maximum function call depth exceeded"],
    )
    .await;
    check(
        &printer,
        "本文",
        expect!["様式の誤り: kumoi-main.typ の4行44桁: panicked with: broken.typ に document(data) がありません"],
    )
    .await;
    let template = body_template("本文");
    assert_eq!(printer.render(&template, &data()).await.expect("printed").pages, 1);
}

#[tokio::test]
async fn reserved_and_missing_files_are_refused() {
    let printer = printer("files");
    let mut template = body_template("本文");
    template.files.insert("/kumoi.typ".to_owned(), String::new());
    let error = printer.render(&template, &data()).await.expect_err("reserved");
    assert!(error.to_string().contains("/kumoi.typ は予約された名前"), "{error}");
    template.files.remove("/kumoi.typ");
    template.entry = "/other.typ".to_owned();
    let error = printer.render(&template, &data()).await.expect_err("missing");
    assert!(matches!(error, PrintError::Template(_)), "{error}");
}

#[tokio::test]
async fn after_a_killed_worker_the_next_document_prints() {
    // Of this run alone: another one on the machine has workers of its own.
    let mark = &format!("killed-by-{}", std::process::id());
    let printer = printer(mark);
    let template = body_template("本文");
    for _ in 0..3 {
        printer.render(&template, &data()).await.expect("printed");
        worker_kill(mark);
    }
    let data = data();
    let both = tokio::join!(printer.render(&template, &data), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        worker_kill(mark);
    });
    both.0.expect("printed in the second attempt");
}

#[tokio::test]
async fn a_worker_that_cannot_work_is_reported() {
    let template = body_template("本文");
    for (program, args) in
        [("/bin/false", &[][..]), ("/nonexistent/worker", &[]), ("/bin/echo", &["x"])]
    {
        let printer = Printer::new(WorkerCommand::new(program, args));
        let error = printer.render(&template, &data()).await.expect_err("no worker");
        assert!(matches!(error, PrintError::Worker(_)), "{error}");
    }
    let mut command = WorkerCommand::new("/bin/sleep", &["30"]);
    command.timeout_ms = 100;
    let error = Printer::new(command).render(&template, &data()).await.expect_err("slow");
    assert_eq!(error, PrintError::Timeout);
}

#[tokio::test]
async fn a_slow_template_times_out_and_the_others_print() {
    let mut command = WorkerCommand::new(env!("CARGO_BIN_EXE_print-worker"), &["slow"]);
    // Long enough for the start of a worker with its fonts on a loaded machine.
    command.timeout_ms = 10_000;
    let printer = Printer::new(command);
    let slow = "#let n = range(9000)\n#for a in n { for b in n { for c in n { let d = a * b } } }";
    let slow = Template::single("/slow.typ", slow);
    let quick = body_template("本文");
    let data = data();
    let (first, second, third) = tokio::join!(
        printer.render(&quick, &data),
        printer.render(&slow, &data),
        printer.render(&quick, &data)
    );
    assert!(first.is_ok() && third.is_ok(), "{first:?} {third:?}");
    assert_eq!(second.expect_err("slow"), PrintError::Timeout);
}

#[tokio::test]
async fn a_batch_keeps_its_order_over_several_processes() {
    let mut command = WorkerCommand::new(env!("CARGO_BIN_EXE_print-worker"), &["batch"]);
    command.processes = 2;
    let template = body_template("#for page in range(data.pages) { [頁]; pagebreak(weak: true) }");
    let items: Vec<Value> = (1..=12)
        .map(|pages| {
            let mut data = data();
            data["pages"] = pages.into();
            data
        })
        .collect();
    let printed = Printer::new(command.clone()).render_batch(&template, &items).await;
    let pages: Vec<u32> = printed.into_iter().map(|one| one.expect("printed").pages).collect();
    assert_eq!(pages, (1..=12).collect::<Vec<u32>>());
    let report = bench_documents(command, &template, &items).await.expect("measured");
    assert_eq!((report.documents, report.pages, report.processes), (12, 78, 2));
}

#[tokio::test]
async fn a_batch_reports_a_refused_item_alone() {
    let items: Vec<Value> = ["見本", "外\u{E000}字", "見本"]
        .into_iter()
        .map(|value| {
            let mut data = data();
            data["value"] = value.into();
            data
        })
        .collect();
    let printed = printer("alone").render_batch(&value_template(), &items).await;
    assert!(printed[0].is_ok() && printed[2].is_ok());
    assert!(matches!(printed[1], Err(PrintError::MissingGlyphs(_))));
}
