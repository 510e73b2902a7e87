//! 適合性の関門: a package against the national standard of its business, as a report that a
//! municipality can keep as evidence of its own 適合確認.
//!
//! Pure: the same texts give the same report. Nothing is installed here; what only a running body
//! or an auditor can show is said to be checked elsewhere, never counted as passed.

mod example;
mod item;
mod link;
mod report;
#[cfg(test)]
mod tests;

use definition::System;
use definition::model::{DataOwner, Located};
use definition::standard::{Standard, Trust};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use example::Examples;

/// What a package is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// 署名と中身.
    Parcel,
    /// 定義.
    Definition,
    /// 業務と版.
    Business,
    /// データ項目.
    Item,
    /// 手続と文書.
    Procedure,
    /// 公開する事象と項目.
    Publication,
    /// ほかの業務から読むもの.
    Reading,
    /// 料金.
    Price,
    /// データの持ち主.
    Ownership,
    /// 例.
    Example,
    /// 設置と出し入れ.
    Running,
    /// 事業者の文書.
    Document,
    /// What is shown elsewhere.
    Elsewhere,
}

impl Area {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Area::Parcel => "署名と中身",
            Area::Definition => "定義",
            Area::Business => "業務と版",
            Area::Item => "データ項目",
            Area::Procedure => "手続と文書",
            Area::Publication => "公開する事象と項目",
            Area::Reading => "ほかの業務から読むもの",
            Area::Price => "料金",
            Area::Ownership => "データの持ち主",
            Area::Example => "例",
            Area::Running => "設置と出し入れ",
            Area::Document => "事業者の文書",
            Area::Elsewhere => "ここでは確かめないこと",
        }
    }
}

/// How an answer came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 適合.
    Pass,
    /// 不適合.
    Fail,
    /// ここでは確かめられない.
    Unchecked,
}

impl Verdict {
    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "適合",
            Verdict::Fail => "不適合",
            Verdict::Unchecked => "未確認",
        }
    }
}

/// One thing that is asked, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub area: Area,
    /// What is asked.
    pub asked: String,
    /// Where the standard asks it.
    pub source: String,
    /// Where the package answers it; the file that should, when it does not.
    pub place: String,
    /// The answer.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, when it fails.
    pub remedy: Option<String>,
}

/// 適合性の報告.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The package: name, version, hash.
    pub package: Named,
    /// The standard: title, version; `None` for a business that the state sets none for.
    pub standard: Option<Named>,
    /// Whether the standard's layout is the official one.
    pub official: bool,
    /// How sure the layout is, in a sentence.
    pub note: String,
    /// Findings by area, in the standard's order.
    pub findings: Vec<Finding>,
}

/// Something with a name and a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version; empty where none is stated.
    pub version: String,
    /// SHA-256 of the texts, for a package.
    pub hash: Option<String>,
}

impl Report {
    /// A report on a package that nothing was asked of yet.
    pub fn empty(system: &System) -> Report {
        Report {
            package: Named {
                id: system.id.clone(),
                name: system.name.clone(),
                version: system.version.clone(),
                hash: Some(system.hash.clone()),
            },
            standard: None,
            official: false,
            note: String::new(),
            findings: Vec::new(),
        }
    }

    /// Findings that fail.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.verdict == Verdict::Fail)
    }

    /// How many findings have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    /// Nothing fails.
    pub fn passes(&self) -> bool {
        self.count(Verdict::Fail) == 0
    }

    /// The report with what an installation has shown, in the place of what was left open for it.
    pub fn with(mut self, running: Vec<Finding>) -> Report {
        let shown = |one: &Finding| running.iter().any(|other| other.asked == one.asked);
        self.findings.retain(|one| one.area != Area::Elsewhere || !shown(one));
        self.findings.extend(running);
        self.findings.sort_by_key(|finding| finding.area);
        self
    }

    /// The report as it is kept beside an offer, with its outcome.
    pub fn record(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        tidied(&mut value);
        value["passes"] = Value::Bool(self.passes());
        value
    }

    /// Reads [`Report::record`]; `None` when another program kept something else.
    pub fn recorded(value: &Value) -> Option<Report> {
        Report::deserialize(value).ok()
    }
}

/// A report quotes what a vendor has written: no database takes U+0000, and nobody reads on for
/// ever.
fn tidied(value: &mut Value) {
    const LONGEST: usize = 2_000;
    match value {
        Value::String(text) => {
            if text.contains('\0') {
                *text = text.replace('\0', "␀");
            }
            if let Some((end, _)) = text.char_indices().nth(LONGEST) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(values) => values.iter_mut().for_each(tidied),
        Value::Object(fields) => fields.values_mut().for_each(tidied),
        _ => {}
    }
}

/// The 業務ID of a business that the state sets no standard for.
pub const SURROUNDING: &str = "周辺";

/// Holds a package against the standard of its business, or, without one, against what is asked of
/// every package.
pub fn gate(standard: Option<&Standard>, system: &System, examples: &Examples) -> Report {
    let mut findings = Vec::new();
    match standard {
        Some(standard) => {
            findings.extend([business(standard, system), version(standard, system)]);
            item::check(standard, system, &mut findings);
            link::check(standard, system, &mut findings);
        }
        None => findings.push(surrounding(system)),
    }
    findings.push(price(system));
    findings.push(ownership(system));
    findings.push(worked(system, examples));
    elsewhere(&mut findings);
    findings.sort_by_key(|finding| finding.area);
    Report {
        standard: standard.map(|standard| Named {
            id: standard.id.clone(),
            name: standard.title.clone(),
            version: standard.version.clone().unwrap_or_default(),
            hash: None,
        }),
        official: standard.is_some_and(|standard| standard.trust == Trust::Official),
        note: standard.map(|standard| standard.note.clone()).unwrap_or_default(),
        findings,
        ..Report::empty(system)
    }
}

fn surrounding(system: &System) -> Finding {
    let rule = "業務システムの適合の条件（業務ID）".to_owned();
    let asked = "国の標準のない業務（団体の条例などによる業務）である";
    let finding = asking(Area::Business, asked, rule, HEAD.into());
    match &system.standard {
        None => finding.pass(system.statute.clone()),
        Some(declared) => finding.fail(
            format!("{} に準拠すると表明している", declared.name),
            "業務IDを標準のものにするか、standard を外す",
        ),
    }
}

/// A place in the standard, as people look it up.
fn source(standard: &Standard, place: &Located) -> String {
    format!("standards/{}/{}:{}", standard.id, place.file, place.line)
}

/// A finding before the answer is known.
pub fn asking(area: Area, asked: impl Into<String>, source: String, place: String) -> Finding {
    Finding {
        area,
        asked: asked.into(),
        source,
        place,
        verdict: Verdict::Pass,
        found: String::new(),
        remedy: None,
    }
}

impl Finding {
    /// It conforms.
    pub fn pass(self, found: impl Into<String>) -> Finding {
        Finding { found: found.into(), ..self }
    }

    /// It does not, and what to do.
    pub fn fail(self, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Fail, found: found.into(), remedy: Some(remedy.into()), ..self }
    }

    /// It cannot be told here.
    pub fn unchecked(self, found: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Unchecked, found: found.into(), ..self }
    }
}

const HEAD: &str = "system.yaml";
const PRICES: &str = "price.yaml";

fn business(standard: &Standard, system: &System) -> Finding {
    let asked = format!("業務ID {}（{}）の業務システムである", standard.id, standard.name);
    let finding = asking(Area::Business, asked, source(standard, &standard.place), HEAD.into());
    if system.code == standard.id {
        return finding.pass(format!("業務ID {}", system.code));
    }
    let remedy = format!("code を「{}」にするか、その業務の標準で確かめる", standard.id);
    finding.fail(format!("業務ID {} の業務システム", system.code), remedy)
}

fn version(standard: &Standard, system: &System) -> Finding {
    let wanted = standard.version.as_deref().unwrap_or("（版の記載なし）");
    let asked = format!("{} {wanted} に準拠すると表明している", standard.title);
    let finding = asking(Area::Business, asked, source(standard, &standard.place), HEAD.into());
    let Some(declared) = &system.standard else {
        return finding.fail("準拠する標準の表明がない", "standard に名称と版を書く");
    };
    let found = format!("{} {}", declared.name, declared.version);
    let same_version = standard.version.as_ref().is_none_or(|it| *it == declared.version);
    if declared.name == standard.title && same_version {
        return finding.pass(found);
    }
    finding.fail(found, "今の版に合わせて作り直し、standard の名称と版を改める")
}

fn price(system: &System) -> Finding {
    let rule = "業務システムの適合の条件（料金表の公表）".to_owned();
    let asked = "料金（一月の基本料金と住民一人当たり、適用日、条件）を公表している";
    let finding = asking(Area::Price, asked, rule, PRICES.into());
    let Some(price) = &system.price else {
        return finding.fail("料金表がない", "price.yaml に values と terms を書く");
    };
    let rows = price.values.entries().filter_map(|(from, value)| Some((from, value?)));
    let rows: Vec<String> = rows
        .map(|(from, value)| {
            format!("{from} から月 {} 円＋住民一人 {} 円", value.base_yen, value.resident_yen)
        })
        .collect();
    finding.pass(rows.join("、"))
}

fn ownership(system: &System) -> Finding {
    let rule = "業務システムの適合の条件（データは利用する団体が持ち、管理する）".to_owned();
    let asked = "データは利用する団体のものだと表明している";
    let finding = asking(Area::Ownership, asked, rule, PRICES.into());
    let remedy = "price.yaml に「data_owner: body」と data_terms を書く";
    match &system.price {
        None => finding.fail("表明がない", remedy),
        Some(price) if price.owner == DataOwner::Body => Finding {
            place: format!("{PRICES}:{}", price.source.line),
            ..finding.pass(price.data_terms.clone())
        },
        Some(price) => Finding {
            place: format!("{PRICES}:{}", price.source.line),
            ..finding.fail("データを事業者のものとしている", remedy)
        },
    }
}

fn worked(system: &System, examples: &Examples) -> Finding {
    let rule = "業務システムの適合の条件（例のとおりに決定する）".to_owned();
    let place = "examples/".to_owned();
    let finding = asking(Area::Example, "例が、書かれたとおりに決定する", rule, place);
    let remedy = "kumoi check で違いを見て、定義か例を直す";
    let count = system.examples.len();
    if count == 0 {
        return finding.fail("例が一つもない", "手続ごとに examples/*.md を書く");
    }
    if let Some(why) = &examples.broken {
        return finding.fail(format!("例を動かせない: {why}"), remedy);
    }
    let differing = &examples.differing;
    if differing.is_empty() {
        return finding.pass(format!("{count} 例のすべて"));
    }
    let list: Vec<&str> = differing.iter().map(|(file, _)| file.as_str()).collect();
    let found = format!("{count} 例のうち {} 例が違う: {}", list.len(), list.join("、"));
    finding.fail(found, remedy)
}

/// What only an installation can show.
pub const ROUND_TRIP: &str = "台帳を標準の項目で出力し、取り込み直して元と同じになる";

/// What no reading of texts can show.
fn elsewhere(findings: &mut Vec<Finding>) {
    const LIST: &[(&str, &str)] = &[
        (ROUND_TRIP, "団体の環境で実際に出し入れして確かめる"),
        (
            "ガバメントクラウドの上で動き、登録されたサービスだけを使う",
            "基盤の統制と配置の記録で確かめる",
        ),
        ("事業者に内部統制がある", "監査の報告書で確かめる"),
    ];
    for (asked, how) in LIST {
        let rule = "業務システムの適合の条件".to_owned();
        findings.push(asking(Area::Elsewhere, *asked, rule, "–".to_owned()).unchecked(*how));
    }
}
