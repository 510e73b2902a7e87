//! Helpers: a printer on this crate's worker, small data, and the text of a PDF.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use print::{Document, Printer, Template, WorkerCommand};
use serde_json::{Value, json};

/// A printer of its own; `mark` shows up in the worker's command line.
pub fn printer(mark: &str) -> Printer {
    Printer::new(WorkerCommand::new(env!("CARGO_BIN_EXE_print-worker"), &[mark]))
}

/// The smallest valid data.
pub fn data() -> Value {
    json!({
        "document": {
            "title": "試し刷り", "number": "20261121-999011-C01-000001",
            "issued": "令和8年11月21日", "issued_iso": "2026-11-21",
            "sample": false, "void": false
        },
        "organisation": { "name": "霞村", "head_title": "霞村長", "head": "見本　太郎" }
    })
}

/// A template that prints `value` of the data.
pub fn value_template() -> Template {
    body_template("#data.value")
}

/// A template whose document is `body`.
pub fn body_template(body: &str) -> Template {
    Template::single("/t.typ", format!("#import \"/kumoi.typ\": *\n#let document(data) = [{body}]"))
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A notice of the systems folder, by its path below it.
pub fn notice(path: &str) -> Template {
    let text = fs::read_to_string(root().join("systems").join(path)).expect("the notice exists");
    Template::single(format!("/{}", path.rsplit('/').next().expect("a name")), text)
}

/// A data file of this crate's tests.
pub fn data_file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&fs::read_to_string(path).expect("the data exist")).expect("JSON")
}

/// The text of a PDF by pages, white space removed.
pub fn page_texts(document: &Document) -> Vec<String> {
    let text = read(document, &[]);
    let mut pages: Vec<String> =
        text.split('\u{c}').map(|page| page.split_whitespace().collect()).collect();
    pages.truncate(document.pages as usize);
    pages
}

/// Where a word stands on the first page that has it: its upper and its lower edge in points.
pub fn edges(document: &Document, word: &str) -> (f64, f64) {
    let text = read(document, &["-bbox"]);
    let line = text.lines().find(|line| line.contains(&format!(">{word}<"))).expect(word);
    let edge = |name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=\"")).expect("an edge");
        rest.split('"').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    (edge("yMin"), edge("yMax"))
}

/// What poppler-utils reads in a PDF.
fn read(document: &Document, how: &[&str]) -> String {
    let mut child = Command::new("pdftotext")
        .args(how)
        .args(["-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext of poppler-utils is installed");
    let mut stdin = child.stdin.take().expect("a pipe");
    let pdf = document.pdf.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&pdf));
    let output = child.wait_with_output().expect("pdftotext ends");
    writer.join().expect("no panic").expect("pdftotext reads");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// `kill -9` to the one worker that carries the mark in its command line.
pub fn worker_kill(mark: &str) {
    let entries = fs::read_dir("/proc").expect("procfs").filter_map(Result::ok);
    for entry in entries {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if line.split(|&byte| byte == 0).any(|part| part == mark.as_bytes()) {
            let pid = entry.file_name();
            Command::new("kill").arg("-9").arg(pid).status().expect("kill runs");
        }
    }
}
