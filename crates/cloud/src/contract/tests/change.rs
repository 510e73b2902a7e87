//! The change of vendor between the body's own database and the books of contracts: whoever is cut
//! off in between, the next look brings both together; and what such a change means for ends, days
//! that are metered, and packages that may be installed.

use base::date::Date;
use store::install::{NewVendorChange, Switch, VendorChange, vendor_change_last};
use store::journal::NewEntry;

use super::*;

fn entry(what: &str) -> NewEntry {
    NewEntry {
        recorded_at: Timestamp::now(),
        system: "reading-card".to_owned(),
        procedure: what.to_owned(),
        event: None,
        reason: String::new(),
        case_id: None,
        subjects: Vec::new(),
        effective_on: Date::constant(2026, 4, 1),
        filed_on: None,
        actor: "見本".to_owned(),
        approver: None,
        run_id: None,
        content: json!({}),
    }
}

impl World {
    async fn office(&self) -> Connection {
        self.installer.connect(ID).await.unwrap()
    }

    /// Carries a change out in the body's database only.
    async fn carry_out(&self, from: &System, to: &System) {
        let mut office = self.office().await;
        let switch = Switch::begin(&mut office, from).await.unwrap();
        let aside = switch.replace(from, to).await.unwrap();
        let entry = entry("vendor-change");
        let new = NewVendorChange { annex: "", annex_sha256: "", entry };
        switch.commit((from, to), (&aside, &new)).await.unwrap();
    }

    async fn change(&self) -> VendorChange {
        vendor_change_last(&self.office().await, "reading-card").await.unwrap().unwrap()
    }

    async fn back(&self, from: &System, to: &System) {
        let (mut office, change) = (self.office().await, self.change().await);
        let switch = Switch::begin(&mut office, to).await.unwrap();
        switch.back(&change, from, &entry("vendor-change-back")).await.unwrap();
    }

    async fn finish(&self, to: &System) {
        let (mut office, change) = (self.office().await, self.change().await);
        let switch = Switch::begin(&mut office, to).await.unwrap();
        switch.finish(&change, &entry("vendor-change-finish")).await.unwrap();
    }

    /// What the executor does at each look.
    async fn settle(&self) -> Vec<(Option<i64>, i64)> {
        changes_settle(&self.control, &self.office().await, ID).await.unwrap()
    }

    /// As if the end of a contract had been asked for, decided, and its day were over.
    async fn over(&self, id: i64) {
        let sql = format!(
            "alter table control.contract disable trigger guarded;
             update control.contract set ends_on = current_date - 2, end_reason = 'x',
               end_asked_by = 'a', end_asked_at = now(), end_decided_by = 'b',
               end_decided_at = now() where id = {id};
             alter table control.contract enable trigger guarded"
        );
        self.control.batch_execute(&sql).await.unwrap();
    }

    async fn end(&self) -> Vec<String> {
        let today = base::date::day_in_japan(Timestamp::now());
        self.executor().contracts_end(&sample_organisation(ID), today).await.unwrap()
    }
}

#[tokio::test]
async fn cut_off_between_both_databases_the_next_look_brings_them_together() {
    let world = World::new().await;
    let (a, b) = (system("reading-card", "900", "1"), system("reading-card", "900", "b"));
    let offer = world.offer("vendor_b", &b).await;
    let new = world.signed(offer, Some(world.base)).await;
    world.open().await;
    assert!(world.settle().await.is_empty());
    assert_eq!(world.acts(new).await, "起案 決裁 締結 移行待ち", "nothing to say");
    world.carry_out(&a, &b).await;
    for _ in 0..2 {
        assert!(world.settle().await.is_empty());
    }
    assert_eq!(world.acts(new).await, "起案 決裁 締結 移行待ち 移行中");
    conflict(world.step(new, Step::Withdraw, ("kanri", "やめる")).await, "移し終えたため");
    let forced = "update control.contract set state = '取下げ' where id = $1";
    assert!(world.buyer().await.execute(forced, &[&new]).await.is_err());
    world.back(&a, &b).await;
    world.settle().await;
    assert!(world.acts(new).await.ends_with("移行中 移行待ち"));
    // Somebody who carries a change out is not disturbed.
    world.carry_out(&a, &b).await;
    let other = control::control_open(&world.installer).await.unwrap();
    assert!(control::change_alone(&other, ID).await.unwrap());
    world.finish(&b).await;
    assert!(world.settle().await.is_empty());
    control::change_let_go(&other, ID).await.unwrap();
    // The end is committed, its contracts are not: killed here, they follow.
    assert_eq!((world.state(new).await, world.state(world.base).await).0, "移行待ち");
    assert_eq!(world.settle().await, [(Some(world.base), new)]);
    assert_eq!(world.state(new).await, "提供中");
    assert_eq!(world.state(world.base).await, "終了");
    assert!(world.settle().await.is_empty(), "once");
    drop(other);
    world.stop().await;
}

#[tokio::test]
async fn the_end_of_the_old_contract_does_not_close_the_new_one() {
    let world = World::new().await;
    let (a, b) = (system("reading-card", "900", "1"), system("reading-card", "900", "b"));
    let offer = world.offer("vendor_b", &b).await;
    let new = world.signed(offer, Some(world.base)).await;
    world.open().await;
    world.carry_out(&a, &b).await;
    world.over(world.base).await;
    assert_eq!(world.end().await, ["reading-card"]);
    assert!(world.ended().await.is_empty(), "the other package is in service");
    world.finish(&b).await;
    assert_eq!(world.settle().await, [(Some(world.base), new)]);
    assert_eq!(world.open().await.systems.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_system_whose_contract_had_ended_is_served_after_the_change_and_not_after_the_way_back() {
    let world = World::new().await;
    let (a, b) = (system("reading-card", "900", "1"), system("reading-card", "900", "b"));
    let offer = world.offer("vendor_b", &b).await;
    world.signed(offer, Some(world.base)).await;
    world.open().await;
    world.over(world.base).await;
    world.end().await;
    assert_eq!(world.ended().await, ["reading-card"]);
    world.carry_out(&a, &b).await;
    assert!(world.ended().await.is_empty());
    world.back(&a, &b).await;
    assert_eq!(world.ended().await, ["reading-card"]);
    world.stop().await;
}

#[tokio::test]
async fn an_end_that_fails_says_so_and_comes_later() {
    let world = World::new().await;
    world.over(world.base).await;
    let office = world.office().await;
    office.batch_execute("alter table core.system_ended rename to hidden").await.unwrap();
    for _ in 0..2 {
        assert!(world.end().await.is_empty());
    }
    assert_eq!(world.acts(world.base).await, "提供開始 終了できない", "said once");
    assert_eq!(world.state(world.base).await, "提供中");
    office.batch_execute("alter table core.hidden rename to system_ended").await.unwrap();
    assert_eq!(world.end().await, ["reading-card"]);
    drop(office);
    world.stop().await;
}

#[tokio::test]
async fn what_nothing_could_carry_out_is_not_drafted() {
    let world = World::new().await;
    offer_report_set(&world.control, 1, &json!({"passes": true})).await.unwrap();
    conflict(world.draft(1, Some(world.base)).await, "この申出の契約がもうあります");
    conflict(world.draft(1, None).await, "この申出の契約がもうあります");
    let offer = world.offer("vendor_b", &system("library-card", "900", "1")).await;
    let differs = "識別子が「reading-card」と「library-card」";
    conflict(world.draft(offer, Some(world.base)).await, differs);
    let sql = "insert into control.contract
                 (organisation, offer, state, method, reason, budget, drafted_by, replaces)
               values ('sakura', $1, '起案', '随意契約', '', '', 'x', $2)";
    let refused = world.buyer().await.execute(sql, &[&offer, &world.base]).await.unwrap_err();
    let said = refused.as_db_error().map(|error| error.message().to_owned()).unwrap();
    assert_eq!(said, "another system takes no place");
    world.stop().await;
}

#[tokio::test]
async fn another_vendors_package_is_not_installed_over_records_it_did_not_write() {
    let world = World::new().await;
    world.over(world.base).await;
    world.end().await;
    // With nothing in force, it need not say whose place it takes.
    let b = system("reading-card", "900", "b");
    let new = world.signed(world.offer("vendor_b", &b).await, None).await;
    world.open().await;
    let last = act_list(&world.control, new).await.unwrap().pop().unwrap();
    assert!(last.act == REFUSED && last.note.contains("別の事業者の製品"), "{last:?}");
    assert_eq!(world.state(new).await, "締結");
    // It can be taken back as long as nothing goes over.
    world.step(new, Step::Withdraw, ("kanri", "やめる")).await.unwrap();
    assert!(change_due(&world.control, ID).await.unwrap().is_empty());
    world.stop().await;
}

/// Another vendor begins where one has ended: from the carrying out to its end or its way back the
/// contract is not taken back, not opened, and the mark of the end stays away.
#[tokio::test]
async fn a_contract_in_nobodys_place_stays_while_its_records_go_over() {
    let world = World::new().await;
    world.over(world.base).await;
    world.end().await;
    let (a, b) = (system("reading-card", "900", "1"), system("reading-card", "900", "b"));
    let new = world.signed(world.offer("vendor_b", &b).await, None).await;
    world.open().await;
    assert!(world.settle().await.is_empty());
    assert_eq!(world.acts(new).await, "起案 決裁 締結 提供できない");
    // As `kumoi vendor-change --contract` says it before it begins.
    assert_eq!(change_due(&world.control, ID).await.unwrap()[0].id, new);
    assert!(control::contract_moving(&world.control, new.to_owned(), true).await.unwrap());
    world.carry_out(&a, &b).await;
    for _ in 0..2 {
        world.settle().await;
        world.open().await;
        assert!(world.end().await.is_empty());
        assert!(world.ended().await.is_empty(), "the mark has come back by itself");
    }
    assert_eq!(world.acts(new).await, "起案 決裁 締結 提供できない 移行中");
    assert_eq!(world.state(new).await, "締結", "it may still go back");
    conflict(world.step(new, Step::Withdraw, ("kanri", "やめる")).await, "移し終えたため");
    let forced = "update control.contract set state = '取下げ' where id = $1";
    let refused = world.buyer().await.execute(forced, &[&new]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "KM019");
    world.back(&a, &b).await;
    world.settle().await;
    assert_eq!(world.ended().await, ["reading-card"], "as it was");
    world.open().await;
    assert!(world.acts(new).await.ends_with("移行中 移行待ち 提供できない"));
    world.carry_out(&a, &b).await;
    world.settle().await;
    world.finish(&b).await;
    assert_eq!(world.settle().await, [(None, new)]);
    assert_eq!(world.state(new).await, "提供中");
    world.end().await;
    assert!(world.ended().await.is_empty());
    assert!(world.settle().await.is_empty(), "once");
    world.stop().await;
}

/// A system of 業務ID 001 whose people residents never see, and a small list that is not for all.
fn people(version: &str) -> Arc<System> {
    let mut package = Package { files: (*system("roll", "001", version).files).clone() };
    let register = |id: &str, more: &str| {
        format!(
            "id: {id}\nname: {id}\nname_en: R\nsubject: person\n{more}key: 宛名番号\n\
             title: 宛名番号\nitems:\n  - {{ name: 宛名番号, name_en: N, romaji: bango, type: X, \
             length: 15, required: true, format: 宛名番号 }}\n"
        )
    };
    package.files.insert("registers/card.yaml".to_owned(), register("card", ""));
    package.files.insert("registers/few.yaml".to_owned(), register("few", "restricted: true\n"));
    let found = definition::load(&package);
    Arc::new(found.unwrap_or_else(|errors| panic!("{errors:?}")).0)
}

#[tokio::test]
async fn a_day_is_metered_once_also_when_the_version_changes_on_it() {
    let world = World::new().await;
    let first = world.signed(world.offer("vendor_a", &people("1")).await, None).await;
    world.open().await;
    let day = Date::constant(2026, 11, 1);
    let meter = async |day| world.executor().meter(ID, day).await.unwrap();
    meter(day).await;
    let second = world.signed(world.offer("vendor_a", &people("2")).await, Some(first)).await;
    world.open().await;
    assert_eq!(world.state(second).await, "提供中");
    meter(day).await;
    meter(day.tomorrow().unwrap()).await;
    let until = day.tomorrow().unwrap().tomorrow().unwrap();
    let lines = store::control::metered(&world.control, (day, until)).await.unwrap();
    let of = |id: i64| lines.iter().filter(|one| one.0 == id).map(|one| one.1).collect::<Vec<_>>();
    assert_eq!(of(first), [day]);
    assert_eq!(of(second), [day.tomorrow().unwrap()]);
    // Every other contract is metered each day.
    assert_eq!(of(world.base).len(), 2);
    world.stop().await;
}
