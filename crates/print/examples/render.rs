//! Prints one document or measures: a tool for authors of templates.
//!
//! `render TEMPLATE.typ DATA.json OUT.pdf` writes a PDF;
//! `render TEMPLATE.typ DATA.json bench COUNT` prints the throughput of one core;
//! `render TEMPLATE.typ LIST.json bundle OUT.pdf` prints a list of data as one file, and measures.

use std::error::Error;
use std::{env, fs};

use print::{
    BundleHead, Printer, Template, WorkerCommand, bench_bundle, bench_documents, run_worker,
};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let command = WorkerCommand::new(env::current_exe()?, &["worker"]);
    match args[..] {
        ["worker"] => run_worker()?,
        [template, data, "bench", count] => {
            let data = data_read(data)?;
            let items: Vec<Value> =
                (0..count.parse()?).map(|index| numbered(&data, index)).collect();
            let report = bench_documents(command, &template_read(template)?, &items).await?;
            println!("{report:?} {:.1}/s/core", report.documents_a_second_a_core());
        }
        [template, data, "bundle", out] => {
            let items: Vec<Value> = serde_json::from_str(&fs::read_to_string(data)?)?;
            let template = template_read(template)?;
            let (bundle, report) = bench_bundle(command, &template, &head(), &items).await?;
            println!("{report:?} {:.1} pages/s/core", report.pages_a_second_a_core());
            fs::write(out, bundle.document.map(|document| document.pdf).unwrap_or_default())?;
        }
        [template, data, out] => {
            let printer = Printer::new(command);
            let document = printer.render(&template_read(template)?, &data_read(data)?).await?;
            fs::write(out, &document.pdf)?;
            println!("{out}: {} pages, {} bytes", document.pages, document.pdf.len());
        }
        _ => eprintln!("render TEMPLATE.typ DATA.json (OUT.pdf | bench COUNT | bundle OUT.pdf)"),
    }
    Ok(())
}

fn head() -> BundleHead {
    BundleHead {
        title: "束".to_owned(),
        number: "20260610-999011-C01".to_owned(),
        issued_iso: "2026-06-10".to_owned(),
    }
}

fn template_read(path: &str) -> Result<Template, Box<dyn Error>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Ok(Template::single(format!("/{name}"), fs::read_to_string(path)?))
}

fn data_read(path: &str) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// A document of its own: another number and another name, so that no cache helps.
fn numbered(data: &Value, index: usize) -> Value {
    let mut data = data.clone();
    data["document"]["number"] = format!("20261121-999011-C01-{index:06}").into();
    data["subjects"][0]["氏名"] = format!("見本　{}郎", kanji(index)).into();
    data
}

fn kanji(index: usize) -> String {
    let digits = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    index.to_string().bytes().map(|digit| digits[usize::from(digit - b'0')]).collect()
}
