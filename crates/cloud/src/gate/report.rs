//! A report as Markdown for people and as JSON for programs.

use std::fmt::Write as _;

use super::{Area, Finding, Report, Verdict};

impl Report {
    /// The report as Markdown: the outcome, what to do, then every question with its answer.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.remedies(&mut out);
        let mut area: Option<Area> = None;
        for finding in &self.findings {
            if area != Some(finding.area) {
                area = Some(finding.area);
                let _ = writeln!(out, "\n## {}\n", finding.area.word());
                out.push_str("| 判定 | 問うこと | 標準の箇所 | 定義の箇所 | 見つかったもの |\n");
                out.push_str("|---|---|---|---|---|\n");
            }
            row(&mut out, finding);
        }
        out
    }

    /// The report as JSON.
    ///
    /// # Errors
    /// Never for a report that this module made; the type of the library is handed on.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    fn head(&self, out: &mut String) {
        let verdict = if self.passes() { Verdict::Pass } else { Verdict::Fail };
        let (package, standard) = (&self.package, &self.standard);
        let hash = package.hash.as_deref().unwrap_or_default();
        let short: String = hash.chars().take(12).collect();
        let _ = writeln!(out, "# 適合性の報告: {}（{}）\n", package.name, verdict.word());
        let _ = writeln!(out, "- 業務システム: `{}` 版 {} {short}", package.id, package.version);
        if let Some(standard) = standard {
            let (name, version) = (&standard.name, &standard.version);
            let _ = writeln!(out, "- 標準: {name} {version}（{}）", standard.id);
            let sure = if self.official {
                "公式の原典による"
            } else {
                "公式のものではない"
            };
            let _ = writeln!(out, "- 標準の内容: {sure}。{}", self.note);
        }
        let _ = writeln!(
            out,
            "- 結果: 適合 {}、不適合 {}、未確認 {}",
            self.count(Verdict::Pass),
            self.count(Verdict::Fail),
            self.count(Verdict::Unchecked),
        );
    }

    fn remedies(&self, out: &mut String) {
        if self.passes() {
            return;
        }
        let _ = writeln!(out, "\n## 直すこと\n");
        for finding in self.failed() {
            let _ = writeln!(out, "- {}: {}（{}）", finding.place, finding.found, finding.source);
            if let Some(remedy) = &finding.remedy {
                let _ = writeln!(out, "  - 対処: {remedy}");
            }
        }
    }
}

fn row(out: &mut String, finding: &Finding) {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} |",
        finding.verdict.word(),
        cell(&finding.asked),
        cell(&finding.source),
        cell(&finding.place),
        cell(&finding.found),
    );
}
