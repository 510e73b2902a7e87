//! A procedure for every resident of a large city in one run, from PostgreSQL to PostgreSQL: a
//! trial, which writes nothing, and the run itself.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use definition::System;
use jiff::Timestamp;
use office::Office;
use office::access::role;
use office::run::{Report, advance, approve, enter, read};
use serde_json::json;

use super::super::memory::peak;
use super::super::place::{City, Folder, Place, actor};

/// The built-in run.
const RUN: &str = "initial-levy";

/// The system that has it.
fn system(office: &Office) -> Result<&Arc<System>> {
    let found = office.systems.iter().find(|system| system.run(RUN).is_some());
    found.context("the built-in run")
}

/// Opens and fills the city, tries, runs and says how long each took.
pub(super) async fn levy(folder: &Folder, residents: u32) -> Result<()> {
    let place = Place::open(folder).await?;
    let measured = measured(&place, residents).await;
    place.close().await?;
    measured
}

async fn measured(place: &Place, residents: u32) -> Result<()> {
    let begin = Instant::now();
    let city = place.city_with_people(residents).await?;
    println!("rules, residents with their slips loaded: {:.1} s", begin.elapsed().as_secs_f64());
    for trial in [true, false] {
        once(&city, residents, trial).await?;
    }
    Ok(())
}

async fn once(city: &City, residents: u32, trial: bool) -> Result<()> {
    let office = &city.office;
    let asked = json!({ "年度の初日": "2026-04-01" });
    let clerk = actor("clerk", role::COUNTER);
    let id = enter(office, &clerk, (&system(office)?.id, RUN), (&asked, trial)).await?;
    if !trial {
        approve(office, &actor("chief", role::CHIEF), id).await?;
    }
    let begin = Instant::now();
    ensure!(advance(office, id, Timestamp::now(), None).await?, "the run is not done");
    let seconds = begin.elapsed().as_secs_f64();
    let run = read(office, id).await?;
    let report: Report = serde_json::from_value(run.totals.clone())?;
    let tax = report.totals.0.get("年税額").context("the total")?;
    println!(
        "rules, {} of {residents} residents: {seconds:.1} s, {} assessed ({} taxed, {} yen), \
         {} wait; peak of this process {:.0} MiB",
        if trial { "trial" } else { "assessment" },
        run.written,
        tax.rows,
        tax.sum,
        run.waiting,
        peak()?
    );
    ensure!(run.written > 0 && run.written + run.waiting == run.chosen, "{run:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use office::OfficeError;
    use office::plan::Step;
    use office::run::{revision, run_explain, waiting};
    use store::register::{Table, row, rows_by};
    use store::run::stage;
    use store::{ItemValue, Row};

    use super::*;

    const RESIDENTS: u32 = 1_500;

    async fn run(city: &City, trial: bool) -> store::run::Run {
        let office = &city.office;
        let asked = json!({ "年度の初日": "令和8年4月1日" });
        let clerk = actor("clerk", role::COUNTER);
        let id = enter(office, &clerk, (&system(office).unwrap().id, RUN), (&asked, trial))
            .await
            .unwrap();
        if !trial {
            let own = approve(office, &actor("clerk", role::CHIEF), id).await;
            assert!(matches!(own, Err(OfficeError::Forbidden(_))), "{own:?}");
            let early = advance(office, id, Timestamp::now(), None).await;
            assert!(matches!(early, Err(OfficeError::Conflict(_))), "{early:?}");
            approve(office, &actor("chief", role::CHIEF), id).await.unwrap();
            // A slice without time writes nothing and loses nothing.
            let slice = advance(office, id, Timestamp::now(), Some(Duration::ZERO)).await;
            assert!(!slice.unwrap());
        }
        assert!(advance(office, id, Timestamp::now(), None).await.unwrap());
        read(office, id).await.unwrap()
    }

    /// What the counter would have written, item by item, but for the numbers of the rows.
    async fn compare(city: &City, id: i64, found: &Row, table: Table<'_>) {
        let at = |name: &str| table.register.items.iter().position(|item| item.name == name);
        let key = found.values[at("宛名番号").unwrap()].as_ref().and_then(ItemValue::as_text);
        let clerk = actor("clerk", role::COUNTER);
        let said = run_explain(&city.office, &clerk, (id, key.unwrap())).await.unwrap();
        assert!(said.plan.findings.is_empty(), "{key:?}: {:?}", said.plan.findings);
        let mut opened = said.plan.steps.iter().filter_map(|step| match step {
            Step::Open { register, values, .. } if *register == table.register.id => Some(values),
            _ => None,
        });
        let values = opened.next().unwrap();
        for (place, item) in table.register.items.iter().enumerate() {
            if item.name != table.register.key {
                assert_eq!(found.values[place], values[place], "{key:?} {}", item.name);
            }
        }
        let of = Table::new(table.system, "dependant").unwrap();
        let by = of.register.item("賦課番号").unwrap();
        let client = city.office.database.client().await.unwrap();
        let own = rows_by(&*client, of, by, table.key_of(found)).await.unwrap();
        let wanted =
            said.plan.steps.iter().filter(
                |step| matches!(step, Step::Open { register, .. } if register == "dependant"),
            );
        assert_eq!(own.len(), wanted.count(), "{key:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn everybody_is_assessed_as_at_the_counter() {
        let folder = Folder::open(None).unwrap();
        let place = Place::open(&folder).await.unwrap();
        let city = place.city_filled("everybody", RESIDENTS).await.unwrap();
        let trial = run(&city, true).await;
        let done = run(&city, false).await;
        assert_eq!((&*trial.stage, &*done.stage), (stage::DONE, stage::DONE));
        assert_eq!(trial.totals, done.totals);
        assert!(done.written > 600 && done.seen > 1_000, "{done:?}");
        assert_eq!(done.written + done.waiting, done.chosen);
        let system = system(&city.office).unwrap().clone();
        let table = Table::new(&system, "levy").unwrap();
        let client = city.office.database.client().await.unwrap();
        let mut sum = 0;
        for number in 1..=done.written {
            let key = format!("{number:08}");
            let found = row(&*client, table, &key).await.unwrap().unwrap();
            let at = table.register.items.iter().position(|item| item.name == "年税額").unwrap();
            if let Some(ItemValue::Integer(tax)) = found.values[at] {
                sum += tax;
            }
            if number % 7 == 1 {
                compare(&city, done.id, &found, table).await;
            }
        }
        let report: Report = serde_json::from_value(done.totals.clone()).unwrap();
        assert_eq!(report.totals.0["年税額"].sum, sum);
        // Who waits has a reason, and the counter says one, too.
        let clerk = actor("clerk", role::COUNTER);
        let waits = waiting(&city.office, &clerk, done.id, ("", 1_000)).await.unwrap();
        assert_eq!(i64::try_from(waits.len()).unwrap(), done.waiting);
        for one in waits.iter().take(5) {
            let said = run_explain(&city.office, &clerk, (done.id, &one.subject)).await.unwrap();
            assert!(!one.reasons.is_empty() && !said.plan.findings.is_empty(), "{one:?}");
        }
        // Everybody is assessed once.
        let again = run(&city, false).await;
        assert_eq!((again.written, again.chosen), (0, done.waiting));
        drop(client);
        place.close().await.unwrap();
    }

    /// A revision with other values, reckoned to its end.
    async fn revised(city: &City, values: &[(&str, &str)]) -> Result<store::run::Run, OfficeError> {
        let office = &city.office;
        let asked = json!({ "年度の初日": "2026-04-01" });
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let place = (&*system(office).unwrap().id, RUN);
        let clerk = actor("clerk", role::COUNTER);
        let id = revision::enter(office, &clerk, place, (&asked, &values.collect())).await?;
        assert!(advance(office, id, Timestamp::now(), None).await?);
        read(office, id).await
    }

    fn report(run: &store::run::Run) -> Report {
        serde_json::from_value(run.totals.clone()).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_revision_tells_the_difference_and_becomes_the_ordinance() {
        let folder = Folder::open(None).unwrap();
        let place = Place::open(&folder).await.unwrap();
        let city = place.city_filled("revised", RESIDENTS).await.unwrap();
        let (clerk, chief) = (actor("clerk", role::COUNTER), actor("chief", role::CHIEF));
        const RATE: &str = "市町村民税の所得割の税率";
        for wrong in [&[(RATE, "6.5")][..], &[(RATE, "六")], &[(RATE, " ")], &[("ない値", "1")]]
        {
            let refused = revised(&city, wrong).await;
            assert!(matches!(refused, Err(OfficeError::Invalid(_))), "{refused:?}");
        }
        let now = report(&run(&city, true).await).totals.0["年税額"].sum;
        let assessed = run(&city, false).await;
        // Who is assessed already is reckoned like the others, and nothing is written.
        let first = revised(&city, &[(RATE, "7,000")]).await.unwrap();
        let found = report(&first).difference;
        let tax = &found.items["年税額"];
        assert_eq!((tax.before, tax.subjects, tax.less), (now, assessed.written, (0, 0)));
        assert!(tax.more.0 > 300 && tax.after - tax.before == tax.more.1, "{tax:?}");
        assert_eq!(found.sizes.iter().sum::<i64>(), tax.subjects);
        assert_eq!((found.one_sided, found.groups.len()), (0, 3));
        for words in found.groups.values() {
            let sum = |of: fn(&revision::Change) -> i64| words.values().map(of).sum::<i64>();
            assert!(words.len() > 1, "{words:?}");
            assert_eq!(sum(|one| one.subjects), tax.subjects);
            assert_eq!((sum(|one| one.before), sum(|one| one.after)), (tax.before, tax.after));
        }
        assert_eq!(run(&city, true).await.chosen, assessed.waiting);
        // Of one person the trace has the other value.
        let client = city.office.database.client().await.unwrap();
        let table = Table::new(system(&city.office).unwrap(), "levy").unwrap();
        let one = row(&*client, table, "00000001").await.unwrap().unwrap();
        let at = |name: &str| table.register.items.iter().position(|item| item.name == name);
        let key =
            one.values[at("宛名番号").unwrap()].as_ref().and_then(ItemValue::as_text).unwrap();
        let said = run_explain(&city.office, &clerk, (first.id, key)).await.unwrap();
        let figures = said.plan.assessed.iter().flat_map(|one| &one.parameters);
        assert!(figures.clone().any(|one| one.source == "見直しの案"), "{:?}", figures.count());
        // Values of a statute are not the body's to decide.
        let statute = revised(&city, &[("調整控除の最低の額", "0")]).await.unwrap();
        let refused =
            revision::propose(&city.office, &clerk, statute.id, ("2026-04-01", "条例")).await;
        assert!(matches!(refused, Err(OfficeError::Conflict(_))), "{refused:?}");
        // The ordinance's are: by who reckoned them, with a day and a source, and by two people.
        let propose = async |who, from, source| {
            revision::propose(&city.office, who, first.id, (from, source)).await
        };
        for (from, source) in [("", "税条例"), ("2026-04-01", " ")] {
            let refused = propose(&clerk, from, source).await;
            assert!(matches!(refused, Err(OfficeError::Invalid(_))), "{refused:?}");
        }
        let other = propose(&chief, "2026-04-01", "税条例 第1条").await;
        assert!(matches!(other, Err(OfficeError::Forbidden(_))), "{other:?}");
        propose(&clerk, "令和8年4月1日", "税条例 第1条").await.unwrap();
        let own = approve(&city.office, &actor("clerk", role::CHIEF), first.id).await;
        assert!(matches!(own, Err(OfficeError::Forbidden(_))), "{own:?}");
        approve(&city.office, &chief, first.id).await.unwrap();
        let again = propose(&clerk, "2026-04-01", "税条例 第1条").await;
        assert!(matches!(again, Err(OfficeError::Conflict(_))), "{again:?}");
        let kept = store::parameter::ordinance_values(&*client, clerk.today()).await.unwrap();
        assert_eq!(kept, [(RATE.to_owned(), 7000)]);
        // From now on it is the law as it is.
        let next = revised(&city, &[("市町村の割合", "8")]).await.unwrap();
        assert_eq!(report(&next).difference.items["年税額"].before, tax.after);
        drop(client);
        place.close().await.unwrap();
    }
}
