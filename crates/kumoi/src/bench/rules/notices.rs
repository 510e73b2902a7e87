//! Tax notices in bulk: invented people who owe the tax of the year, one bundle for each worker
//! process.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use base::era::japanese;
use definition::System;
use definition::model::{Procedure, Verb};
use futures_util::future::try_join_all;
use population::{Household, Person, Population, SampleOrganisation, sample_organisations};
use print::{BundleHead, Template, WorkerCommand, bench_bundle};
use rules::column::{Dictionary, Program};
use rules::law::Plan;
use rules::value::{Record, Value};
use serde_json::{Map, Value as Json, json};

use super::tax::{Tax, YEAR, household_adults};
use crate::systems::systems_load;

/// The built-in notice.
const NOTICE: &str = "tax-notice";
/// The calculation of what is due when.
const INSTALMENTS: &str = "collection";
/// A way of collection and the fact of the calculation that has its tax.
type Way = (&'static str, &'static str);
const BY_NOTICE: Way = ("普通徴収", "普通徴収の税額");
const FROM_SALARY: Way = ("給与からの特別徴収", "給与特別徴収の税額");

/// Prints `count` notices, an equal share in each of `printers` bundles.
pub(super) async fn notices(count: usize, printers: usize) -> Result<()> {
    let paper = Paper::new()?;
    let items = paper.items(count)?;
    ensure!(items.len() == count && count > 0, "{} people owe the tax", items.len());
    let command = WorkerCommand::new(std::env::current_exe()?, &["print-worker"]);
    let head = BundleHead {
        title: paper.procedure()?.name.clone(),
        number: format!("{}-B0001", paper.organisation.code),
        issued_iso: YEAR.to_string(),
    };
    let template = Template { entry: format!("{NOTICE}.typ"), files: paper.system.notices.clone() };
    let shares = items.chunks(count.div_ceil(printers.max(1)));
    let bundles = shares.map(|share| bench_bundle(command.clone(), &template, &head, share));
    for (bundle, report) in try_join_all(bundles).await? {
        ensure!(bundle.parts.len() == report.documents, "{report:?}");
        println!(
            "rules, {} notices in one file: {} pages in {:.2} s, {:.1} pages a second a core, \
             {:.2} MiB",
            report.documents,
            report.pages,
            report.seconds,
            report.pages_a_second_a_core(),
            report.bytes as f64 / 1_048_576.0
        );
    }
    Ok(())
}

/// What all notices have in common.
struct Paper {
    system: Arc<System>,
    organisation: &'static SampleOrganisation,
    tax: Tax,
    instalments: Plan,
}

impl Paper {
    fn new() -> Result<Paper> {
        let systems = systems_load()?;
        let own = systems.iter().find(|system| system.procedure(NOTICE).is_some());
        let system = Arc::clone(own.context("the built-in notice")?);
        let law = &system.calculation(INSTALMENTS).context("the instalments")?.law;
        let instalments =
            law.plan(YEAR, &BTreeMap::new()).map_err(|errors| anyhow!("{errors:?}"))?;
        let organisation = &sample_organisations()[0];
        Ok(Paper { system, organisation, tax: Tax::new()?, instalments })
    }

    fn procedure(&self) -> Result<&Procedure> {
        self.system.procedure(NOTICE).context("the built-in notice")
    }

    /// The data of the first people who owe the tax.
    fn items(&self, count: usize) -> Result<Vec<Json>> {
        let people = Population::new(4, self.organisation, u32::MAX / 64, YEAR);
        let program = Program::new(self.tax.plan(), Dictionary::default());
        let mut program = program.map_err(|refused| anyhow!(refused.join(" ")))?;
        let (mut items, mut adults) = (Vec::with_capacity(count), Vec::new());
        for household in people.iter() {
            adults.clear();
            household_adults(&household, &mut adults);
            let batch = self.tax.batch(&adults, program.dictionary());
            for (row, adult) in adults.iter().enumerate() {
                if items.len() == count {
                    return Ok(items);
                }
                let facts = program.facts(&batch, row);
                let tax = self.tax.plan().run(&facts).results;
                if tax.get("年税額") != Some(&Value::from(0)) {
                    let person = (&household, &household.members[adult.member]);
                    items.push(self.item(items.len() + 1, person, (facts, tax))?);
                }
            }
        }
        Ok(items)
    }

    /// The data of one notice, as the office makes them.
    fn item(
        &self,
        serial: usize,
        (household, person): (&Household, &Person),
        (facts, tax): (Record, Record),
    ) -> Result<Json> {
        let procedure = self.procedure()?;
        let day = japanese(YEAR);
        let salaried = facts.get("給与収入") != Some(&Value::from(0));
        let way = if salaried { FROM_SALARY } else { BY_NOTICE };
        let due = self.instalments(&tax, way);
        let mut texts: BTreeMap<&str, String> = tax
            .iter()
            .chain(due.iter())
            .filter_map(|(name, value)| Some((name, text(value)?)))
            .collect();
        texts.extend([
            ("賦課番号", format!("{serial:08}")),
            ("年度の初日", day.clone()),
            ("氏名", person.name.full()),
            ("住所", household.address.to_string()),
            ("徴収方法", way.0.to_owned()),
        ]);
        texts.extend(household.address.building.map(|building| ("方書", building.to_string())));
        let shown = shown(procedure).context("the items of the notice")?;
        let register = self.system.register(&procedure.register).context("the register")?;
        let mut subject = Map::new();
        for name in register.items.iter().map(|item| &item.name).chain(shown) {
            let text = texts.get(name.as_str()).filter(|_| shown.contains(name));
            subject.insert(name.clone(), text.map_or(Json::Null, |text| text.as_str().into()));
        }
        let name = self.organisation.name;
        Ok(json!({
            "document": {
                "title": procedure.name,
                "number": format!("{}-C01-{serial:06}", self.organisation.code),
                "issued": day,
                "issued_iso": YEAR.to_string(),
                "sample": true,
                "void": false,
            },
            "organisation": {
                "name": name, "head_title": format!("{name}長"), "head": "見本　太郎",
            },
            "form": { "届出日": day, "文書番号": format!("税第{serial}号"), "show": shown },
            "subjects": [subject],
            "household": {},
        }))
    }

    /// What is due when.
    fn instalments(&self, tax: &Record, (_, fact): Way) -> Record {
        let mut facts = Record::default();
        for own in &self.instalments.calculation.facts {
            let value = match own.name.as_str() {
                "年度の初日" => Value::from(YEAR),
                "年金特別徴収の初年度" => Value::from(false),
                name if name == fact => tax.get("年税額").cloned().unwrap_or(Value::Null),
                _ => Value::from(0),
            };
            facts.insert(own.name.clone(), value);
        }
        self.instalments.run(&facts).results
    }
}

/// The items that a procedure prints.
fn shown(procedure: &Procedure) -> Option<&[String]> {
    procedure.effects.iter().find_map(|effect| match &effect.verb {
        Verb::Notify { items, .. } => Some(&**items),
        _ => None,
    })
}

/// As the register says it; what is absent says nothing.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.to_string()),
        Value::Date(day) => Some(japanese(**day)),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_the_tax_and_when_it_is_due() {
        let items = Paper::new().unwrap().items(300).unwrap();
        let mut ways = BTreeMap::new();
        for item in &items {
            let subject = &item["subjects"][0];
            let yen = |name: &str| subject[name].as_str().unwrap().parse::<i64>().unwrap();
            let due = match subject["徴収方法"].as_str().unwrap() {
                "普通徴収" => {
                    assert_eq!(subject["第一期納期限"], "令和8年6月30日", "{subject}");
                    let terms = ["第一期税額", "第二期税額", "第三期税額", "第四期税額"];
                    terms.into_iter().map(yen).sum()
                }
                _ => yen("給与（六月分）") + 11 * yen("給与（七月以降の月分）"),
            };
            assert!(due == yen("年税額") && due > 0, "{subject}");
            *ways.entry(subject["徴収方法"].to_string()).or_insert(0) += 1;
            assert!(subject["住所"].as_str().unwrap().contains("霞村"), "{subject}");
            // The office says the other items of the register, too: that they are not shown.
            assert_eq!(subject["給与収入"], Json::Null);
        }
        assert_eq!(items.len(), 300);
        assert!(ways.len() == 2 && ways.values().all(|people| *people > 30), "{ways:?}");
    }
}
