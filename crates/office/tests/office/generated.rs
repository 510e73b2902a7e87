//! Systems that nobody has seen: made from a seed, installed, driven, and compared with a model of
//! both times. 20 seeds; `KUMOI_SOAK=1` takes 300.

mod model;
mod package;

use jiff::Timestamp;
use office::register::page;
use office::{OfficeError, reaction};
use serde_json::{Map, Value as Json, json};
use store::ItemValue;
use store::register::{Table, row, rows_as_of};

use crate::world::{World, clerk, later, noon, run};
use model::{DAYS, Event, Model, Patch, cancellable, day};
use package::{Dice, Generated, Kind, Spec};

/// Key, title and group number stand before the generated items.
const BEFORE: usize = 3;
/// Titles of the rows, in order.
const TITLES: [&str; 3] = ["甲", "乙", "丙"];
/// Changes made in each system.
const STEPS: usize = 14;

struct Drive {
    seed: u64,
    dice: Dice,
    world: World,
    items: Vec<Spec>,
    scheme: bool,
    at: Timestamp,
    rows: Vec<Model>,
    /// Rows of the second system: key, number of the watched row, model.
    watches: Vec<(usize, Model)>,
    /// What was recorded of the rows, and of the watches.
    events: Vec<Event>,
    watch_events: Vec<Event>,
}

#[test]
fn systems_that_nobody_has_seen() {
    let soak = std::env::var_os("KUMOI_SOAK").is_some_and(|value| value == "1");
    for seed in 1..=if soak { 300 } else { 20 } {
        run(drive(seed));
    }
}

async fn drive(seed: u64) {
    let Generated { first, second, items, scheme } = Generated::new(seed);
    let world = World::new(vec![first, second]).await;
    let at = noon("2024-06-01");
    let dice = Dice::new(seed ^ 0xABCD);
    let (rows, watches) = (Vec::new(), Vec::new());
    let (events, watch_events) = (Vec::new(), Vec::new());
    let mut drive =
        Drive { seed, dice, world, items, scheme, at, rows, watches, events, watch_events };
    drive.enter().await;
    drive.watch().await;
    for _ in 0..STEPS {
        drive.step().await;
        drive.work().await;
    }
    drive.compare().await;
    drive.look().await;
    drive.unwind().await;
    drive.compare().await;
    drive.look().await;
}

impl Drive {
    fn tick(&mut self) -> Timestamp {
        self.at = later(self.at, 60);
        self.at
    }

    /// A day of the first two thirds, so that changes can come late and early.
    fn day(&mut self) -> usize {
        self.dice.below(DAYS - 1)
    }

    async fn enter(&mut self) {
        let at = self.tick();
        let from = self.day();
        let mut entries = Vec::new();
        let mut expected = Vec::new();
        for title in &TITLES[..=self.dice.below(3)] {
            let mut entry = Map::from_iter([("名称".to_owned(), json!(title))]);
            let mut values = Vec::new();
            for item in &self.items {
                let given = matches!(item.kind, Kind::Flag) || self.dice.chance(70);
                let value = given.then(|| item.value(&mut self.dice));
                if let Some((entered, _)) = &value {
                    entry.insert(item.name.clone(), entered.clone());
                }
                values.push(value.map(|(_, kept)| kept));
            }
            entries.push(Json::Object(entry));
            expected.push(values);
        }
        let form = json!({ "異動日": day(from).to_string(), "新規": entries });
        let event = self.world.register(at, ("gen-a", "enter"), form).await;
        let all = (0..expected.len()).collect();
        self.events.push(Event { number: event, at, rows: all, stands: true });
        let client = self.world.office.database.client().await.unwrap();
        let entry = store::journal::journal_entry(&**client, event).await.unwrap();
        let group = self.world.count("select count(*) from gen_a.\"group\"").await;
        assert_eq!(group, 1, "seed {}", self.seed);
        let table = Table::new(self.world.office.system("gen-a").unwrap(), "thing").unwrap();
        for (title, (key, own)) in TITLES.iter().zip(entry.entry.subjects.iter().zip(expected)) {
            let found = row(&**client, table, key).await.unwrap().unwrap();
            let mut values = found.values[..BEFORE].to_vec();
            assert_eq!(values[1], Some(ItemValue::Text((*title).to_owned())));
            values.extend(own);
            self.rows.push(Model::new(key.clone(), from, values, at));
        }
    }

    async fn watch(&mut self) {
        for (number, title) in TITLES.iter().enumerate().take(self.rows.len()) {
            let at = self.tick();
            let from = self.day();
            let key = self.rows[number].key.clone();
            let form = json!({ "異動日": day(from).to_string(), "番号": key });
            let event = self.world.register(at, ("gen-b", "watch"), form.clone()).await;
            let again = self.world.enter(at, ("gen-b", "watch"), form).await;
            assert!(matches!(again, Err(OfficeError::Invalid(_))), "seed {}: twice", self.seed);
            let client = self.world.office.database.client().await.unwrap();
            let entry = store::journal::journal_entry(&**client, event).await.unwrap();
            let own = entry.entry.subjects[0].clone();
            self.watch_events.push(Event { number: event, at, rows: vec![number], stands: true });
            let text = |text: &str| Some(ItemValue::Text(text.to_owned()));
            let copy = text(title);
            let values = vec![text(&own), text(&key), copy, Some(ItemValue::Integer(0))];
            self.watches.push((number, Model::new(own, from, values, at)));
        }
    }

    /// Some values of the items: as entered, and as the plan must hand them over.
    fn patch(&mut self, present: &[Option<ItemValue>], secret: bool) -> (Json, Patch, bool) {
        let mut form = Map::new();
        let mut patch = Vec::new();
        let mut changes = false;
        for (number, item) in self.items.iter().enumerate().filter(|(_, i)| i.secret == secret) {
            let at = BEFORE + number;
            let value = self.dice.chance(40).then(|| item.value(&mut self.dice));
            let kept = match (&value, &item.kind) {
                (Some((_, kept)), _) => Some(kept.clone()),
                (None, Kind::Flag) => Some(ItemValue::Flag(false)),
                (None, _) => present[at].clone(),
            };
            // Rules cannot see that a secret is the same again.
            changes |= if secret { value.is_some() } else { kept != present[at] };
            if let Some((entered, _)) = value {
                form.insert(format!("新_{}", item.name), entered);
            }
            patch.push((at, kept));
        }
        (Json::Object(form), patch, changes)
    }

    async fn step(&mut self) {
        let at = self.tick();
        let which = self.dice.below(self.rows.len());
        let number = self.day();
        if self.rows[which].is_gone() {
            return;
        }
        let closed = self.rows[which].now().closed_on.is_some();
        let has_secret = self.items.iter().any(|item| item.secret);
        let procedure = match self.dice.below(10) {
            0..=3 => "amend",
            4 | 5 => "correct",
            6 | 7 => return self.cancel_some(at, which).await,
            8 if has_secret => "secret",
            _ => "close",
        };
        let present = self.rows[which].values().clone();
        let (mut form, patch, changes) = match procedure {
            "close" => (json!({}), Vec::new(), true),
            _ => self.patch(&present, procedure == "secret"),
        };
        form["異動日"] = json!(day(number).to_string());
        form["対象者"] = json!([{ "key": self.rows[which].key }]);
        let entered = self.world.enter(at, ("gen-a", procedure), form).await;
        let place = format!("seed {} {procedure} {}", self.seed, self.rows[which].key);
        if closed || !changes {
            assert!(matches!(entered, Err(OfficeError::Invalid(_))), "{place}: refused");
            return;
        }
        let case = entered.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        let done = self.world.approve(at, case).await;
        let event = done.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        self.events.push(Event { number: event, at, rows: vec![which], stands: true });
        let model = &mut self.rows[which];
        match procedure {
            "correct" => model.correct(at, &patch),
            "close" => model.close(at, number),
            "amend" | "secret" => model.amend(at, number, &patch),
            _ => {}
        }
        self.react(which, procedure, number);
    }

    async fn work(&mut self) {
        self.at = later(self.at, 30);
        while reaction::work(&self.world.office, self.at).await.unwrap() > 0 {}
        let sql = "select c.origin_event, c.event_id from core.cases c where c.stage = '自動処理済'
                   order by c.event_id";
        let client = self.world.office.database.client().await.unwrap();
        for row in client.query(sql, &[]).await.unwrap() {
            let (origin, number): (i64, i64) = (row.get(0), row.get(1));
            let known = |events: &[Event], number| events.iter().any(|e| e.number == number);
            if !known(&self.watch_events, number) {
                let of = self.events.iter().find(|event| event.number == origin).unwrap();
                let event = Event { number, at: self.at, rows: of.rows.clone(), stands: true };
                self.watch_events.push(event);
            }
        }
    }

    /// Any event on any row: it is cancelled when it may be, and refused when not.
    async fn cancel_some(&mut self, at: Timestamp, which: usize) {
        let number = self.dice.one(&self.events).number;
        self.cancel(at, which, number).await;
    }

    async fn cancel(&mut self, at: Timestamp, which: usize, number: i64) {
        let place = format!("seed {} cancel {number} at row {which}", self.seed);
        let key = self.rows[which].key.clone();
        let fits = cancellable(&self.events, number)
            .filter(|own| self.events[*own].rows.contains(&which) && !self.rows[which].is_gone());
        let entered = self.world.enter(at, ("gen-a", "cancel"), undo(&key, number)).await;
        let Some(own) = fits else {
            assert!(matches!(entered, Err(OfficeError::Invalid(_))), "{place}: {entered:?}");
            return;
        };
        let case = entered.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        self.world.approve(at, case).await.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        self.events[own].stands = false;
        let Event { at: since, rows, .. } = self.events[own].clone();
        rows.iter().for_each(|row| self.rows[*row].cancel(at, since));
        let again = self.world.enter(at, ("gen-a", "cancel"), undo(&key, number)).await;
        assert!(matches!(again, Err(OfficeError::Invalid(_))), "{place}: twice");
        self.cancel_reaction(number).await;
    }

    /// What the second system did waits for a person, who cancels it there when that is possible.
    async fn cancel_reaction(&mut self, origin: i64) {
        let sql = format!(
            "select coalesce(max(event_id), 0) from core.cases where origin_event = {origin}"
        );
        let number = self.world.count(&sql).await;
        if number == 0 {
            return;
        }
        let place = format!("seed {} reaction {number} to {origin}", self.seed);
        let waiting = format!(
            "select count(*) from core.cases where origin_event = {number} and stage = '要処理'"
        );
        assert_eq!(self.world.count(&waiting).await, 1, "{place}");
        let at = self.tick();
        let known = self.watch_events.iter().find(|event| event.number == number).unwrap();
        let which = known.rows[0];
        let (_, model) = self.watches.iter_mut().find(|(watched, _)| *watched == which).unwrap();
        let entered = self.world.enter(at, ("gen-b", "cancel"), undo(&model.key, number)).await;
        let Some(own) = cancellable(&self.watch_events, number) else {
            assert!(matches!(entered, Err(OfficeError::Invalid(_))), "{place}: {entered:?}");
            return;
        };
        let case = entered.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        self.world.approve(at, case).await.unwrap_or_else(|error| panic!("{place}: {error:?}"));
        self.watch_events[own].stands = false;
        model.cancel(at, self.watch_events[own].at);
    }

    /// Everything is cancelled, the latest first, until the rows were never there.
    async fn unwind(&mut self) {
        let standing = |event: &&Event| event.stands;
        let events: Vec<Event> = self.events.iter().filter(standing).cloned().collect();
        for event in events.iter().rev() {
            let at = self.tick();
            self.cancel(at, event.rows[0], event.number).await;
        }
        assert!(self.rows.iter().all(Model::is_gone), "seed {}", self.seed);
        for table in ["thing", "\"group\""] {
            let left = self.world.count(&format!("select count(*) from gen_a.{table}")).await;
            assert_eq!(left, 0, "seed {}: {table}", self.seed);
        }
    }

    /// What the second system must make of it.
    fn react(&mut self, which: usize, procedure: &str, number: usize) {
        let at = later(self.at, 30);
        let own = self.watches.iter_mut().filter(|(watched, _)| *watched == which);
        for (_, model) in own.filter(|(_, model)| model.now().closed_on.is_none()) {
            match procedure {
                "amend" => {
                    let Some(ItemValue::Integer(count)) = model.values()[3] else {
                        panic!("a count")
                    };
                    model.amend(at, number, &vec![(3, Some(ItemValue::Integer(count + 1)))]);
                }
                "close" => model.close(at, number),
                _ => {}
            }
        }
    }

    /// Both times, at every day and after every step.
    async fn compare(&self) {
        let watches = self.watches.iter().map(|(_, model)| (("gen-b", "watch"), model));
        let things = self.rows.iter().map(|model| (("gen-a", "thing"), model));
        let client = self.world.office.database.client().await.unwrap();
        for ((system, register), model) in things.chain(watches) {
            let table = Table::new(self.world.office.system(system).unwrap(), register).unwrap();
            let keys = [model.key.clone()];
            let mut at = noon("2024-06-01");
            while at <= later(self.at, 60) {
                for number in (0..DAYS).step_by(11) {
                    let found = rows_as_of(&**client, table, &keys, day(number), at).await.unwrap();
                    let place =
                        format!("seed {} {register} {keys:?} {} {at}", self.seed, day(number));
                    assert!(found.len() <= 1, "{place}: {} rows", found.len());
                    let found = found.first().map(|row| row.values.clone());
                    let expect = model.on(number, at).map(|values| self.masked(table, values));
                    assert_eq!(found, expect, "{place}");
                }
                at = later(at, 420);
            }
            let now = row(&**client, table, &model.key).await.unwrap();
            assert_eq!(now.is_none(), model.is_gone(), "seed {}", self.seed);
            let Some(now) = now else { continue };
            assert_eq!(now.meta.closed_on, model.now().closed_on, "seed {}", self.seed);
            assert_eq!(now.values, self.masked(table, model.values()), "seed {}", self.seed);
        }
    }

    fn masked(&self, table: Table<'_>, values: &[Option<ItemValue>]) -> Vec<Option<ItemValue>> {
        let items = table.register.items.iter().zip(values);
        items
            .map(|(item, value)| match value {
                Some(_) if item.secret => Some(ItemValue::Masked),
                other => other.clone(),
            })
            .collect()
    }

    /// The pages that people see, and what they reveal.
    async fn look(&self) {
        let actor = clerk(later(self.at, 60));
        let office = &self.world.office;
        for model in &self.rows {
            let place = ("gen-a", "thing");
            let page = page(office, &actor, place, &model.key, None, "確認").await.unwrap();
            assert_eq!(page.withdrawn, model.is_gone());
            if !page.withdrawn {
                assert_eq!(page.row.closed_on, model.now().closed_on);
            }
            let mut versions: Vec<i32> = page.history.iter().map(|one| one.version_no).collect();
            let count = versions.len();
            versions.sort_unstable();
            versions.dedup();
            assert_eq!(versions.len(), count, "seed {}: a version twice", self.seed);
            if page.withdrawn {
                continue;
            }
            let watched = page.relations.iter().any(|(name, ..)| name == "台帳乙");
            assert_eq!(watched, self.scheme, "seed {}", self.seed);
            for (item, value) in self.items.iter().zip(&model.values()[BEFORE..]) {
                if item.secret {
                    let what = (model.key.as_str(), item.name.as_str());
                    let plain = office::register::secret(office, &actor, place, what, "確認").await;
                    let expect = value.as_ref().and_then(ItemValue::as_text).map(str::to_owned);
                    assert_eq!(plain.unwrap(), expect, "seed {}", self.seed);
                }
            }
        }
        let troubled = "select count(*) from core.job where last_error is not null";
        assert_eq!(self.world.count(troubled).await, 0, "seed {}", self.seed);
    }
}

/// The form that cancels an event.
fn undo(key: &str, event: i64) -> Json {
    json!({
        "異動日": "2024-12-31", "取り消す異動": event.to_string(), "対象者": [{ "key": key }],
    })
}
