//! The report of the conformity gate as people read it: the outcome, what to do, then every
//! question with its answer. The report itself is in Japanese; nothing is judged here.

use cloud::gate::{Area, Finding, Report, Verdict};
use maud::{Markup, html};

use crate::component::language::{Language, pick};
use crate::component::page::{disclosure, section};
use crate::component::table::{Cell, Column, Row, Table, table};

/// A verdict in the reader's language.
pub fn verdict(language: Language, verdict: Verdict) -> &'static str {
    let english = match verdict {
        Verdict::Pass => "Conforms",
        Verdict::Fail => "Does not conform",
        Verdict::Unchecked => "Not checked",
    };
    pick(language, verdict.word(), english)
}

fn area_words(language: Language, area: Area) -> &'static str {
    let english = match area {
        Area::Parcel => "Signature and content",
        Area::Definition => "Definition",
        Area::Business => "Business and version",
        Area::Item => "Data items",
        Area::Procedure => "Procedures and documents",
        Area::Publication => "Published events and items",
        Area::Reading => "Read of other businesses",
        Area::Price => "Price",
        Area::Ownership => "Owner of the data",
        Area::Example => "Examples",
        Area::Running => "Installation, export and import",
        Area::Document => "The vendor's documents",
        Area::Elsewhere => "Not checked here",
    };
    pick(language, area.word(), english)
}

/// The whole report.
pub fn report(language: Language, report: &Report) -> Markup {
    let say = |ja, en| pick(language, ja, en);
    let outcome = if report.passes() { Verdict::Pass } else { Verdict::Fail };
    let failed: Vec<&Finding> = report.failed().collect();
    let mut areas: Vec<Area> = report.findings.iter().map(|one| one.area).collect();
    areas.dedup();
    html! {
        p { strong { (verdict(language, outcome)) } "　"
            (say("適合", "Conforms: ")) " " (report.count(Verdict::Pass)) "　"
            (say("不適合", "Does not: ")) " " (report.count(Verdict::Fail)) "　"
            (say("未確認", "Not checked: ")) " " (report.count(Verdict::Unchecked)) }
        p lang="ja" { (report.package.name) " " (report.package.version)
            @if let Some(standard) = &report.standard {
                "　" (standard.name) " " (standard.version) "　" (report.note)
            } }
        @if let Some(hash) = &report.package.hash { p { "SHA-256 " code { (hash) } } }
        @if !failed.is_empty() {
            (section(say("直すこと", "To be put right"), findings(language, &failed)))
        }
        @for area in areas {
            @let own: Vec<&Finding> =
                report.findings.iter().filter(|one| one.area == area).collect();
            @let title = format!("{}（{}）", area_words(language, area), own.len());
            (disclosure(&title, findings(language, &own)))
        }
    }
}

fn findings(language: Language, list: &[&Finding]) -> Markup {
    let say = |ja, en| pick(language, ja, en);
    let found: Vec<String> = list
        .iter()
        .map(|one| match &one.remedy {
            Some(remedy) => format!("{}。{remedy}", one.found),
            None => one.found.clone(),
        })
        .collect();
    let rows = list
        .iter()
        .zip(&found)
        .map(|(one, found)| Row {
            href: None,
            cells: vec![
                Cell::Japanese(&one.asked),
                Cell::Text(verdict(language, one.verdict)),
                Cell::Japanese(found),
                Cell::Japanese(&one.place),
                Cell::Japanese(&one.source),
            ],
        })
        .collect();
    table(&Table {
        caption: say("問うことと答え", "Questions and answers"),
        columns: vec![
            Column::text(say("問うこと", "Asked")),
            Column::text(say("判定", "Verdict")),
            Column::text(say("見つかったもの・直し方", "Found, and what to do")),
            Column::text(say("提出物の箇所", "Place in the package")),
            Column::text(say("定めた箇所", "Asked by")),
        ],
        rows,
        empty: say("ありません。", "None."),
        stacked: true,
    })
}
