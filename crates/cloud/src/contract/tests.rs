//! Contracts against a real PostgreSQL, with a municipality's own login: what the database lets
//! follow what, refusals and other tries, the change of vendor, and the end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use definition::Package;
use jiff::Span;
use serde_json::json;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{
    Draft, Step, act_list, change_due, contract_changed, contract_confirm, contract_draft,
    contract_in_service, contract_list, contract_step, ending_ask, ending_call_off, ending_decide,
    offer_list, offer_report, offer_report_set, offer_uses, offer_withdraw, signed_listen,
};
use store::testing::{Place, sample_organisation};
use store::{Client, Database, GenericClient};

use super::*;

mod change;
mod sandbox;
mod training;

const ID: &str = "sakura";

/// A system of one register in a version.
fn system(id: &str, code: &str, version: &str) -> Arc<System> {
    let head = format!(
        "id: {id}\ncode: '{code}'\nname: {id}\nname_en: Card\nstatute: 図書館条例\n\
         version: '{version}'\nbodies: [municipality]\n"
    );
    let register = "id: card\nname: card\nname_en: R\nkey: key\ntitle: key\nitems:\n  \
                    - { name: key, name_en: I, romaji: key, type: X, length: 9, required: true }\n";
    let mut package = Package::default();
    package.files.insert("system.yaml".to_owned(), head);
    package.files.insert("registers/card.yaml".to_owned(), register.to_owned());
    let found = definition::load(&package);
    Arc::new(found.unwrap_or_else(|errors| panic!("{errors:?}")).0)
}

/// Keeps nothing outside the test.
struct Pocket(PathBuf);

impl Keeper for Pocket {
    fn load(&self, id: &str) -> std::io::Result<Option<Kept>> {
        match std::fs::read(self.0.join(id)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(_) => Ok(None),
        }
    }

    fn store(&self, id: &str, kept: &Kept) -> std::io::Result<()> {
        std::fs::write(self.0.join(id), serde_json::to_vec(kept)?)
    }
}

/// A cluster with one organisation that has one system, and its LGWAN login.
struct World {
    control: Connection,
    buyer: Database,
    installer: Installer,
    templates: Templates,
    keeper: Pocket,
    packages: Packages,
    base: i64,
    cluster: Cluster,
    _place: Place,
}

impl World {
    async fn new() -> World {
        let place = Place::new();
        let options = ClusterOptions::for_tests(place.folder());
        let cluster = Cluster::start(&options).await.expect("the cluster starts");
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let control = control::control_open(&installer).await.unwrap();
        let keeper = Pocket(place.path().to_path_buf());
        let base = system("reading-card", "900", "1");
        let offers = offer_publish(&installer, ("kumoi", &Documents::new()), &[base]).await;
        let organisation = sample_organisation(ID);
        let signed = contract_sign(&installer, &organisation, &offers.unwrap()).await.unwrap();
        let packages = Packages::default();
        let kept = {
            let (installer, templates) = (&installer, &templates);
            let executor = Executor { installer, templates, packages: &packages, keeper: &keeper };
            executor.contract_open(&organisation, &signed).await.unwrap().kept.lgwan
        };
        let buyer = kept.database(kept.control().as_ref(), None, 3).unwrap();
        let base = signed[0];
        let _place = place;
        World { control, buyer, installer, templates, keeper, packages, base, cluster, _place }
    }

    /// Does what is signed, as the executor of a running cloud.
    async fn open(&self) -> Upgraded {
        let all = contract_list(&self.control).await.unwrap();
        let ids: Vec<i64> = all.iter().map(|one| one.id).collect();
        let opened = self.executor().contract_open(&sample_organisation(ID), &ids).await;
        opened.unwrap().upgraded
    }

    fn executor(&self) -> Executor<'_> {
        let World { installer, templates, packages, keeper, .. } = self;
        Executor { installer, templates, packages, keeper }
    }

    /// An offer of a vendor that was found conforming.
    async fn offer(&self, vendor: &str, system: &Arc<System>) -> i64 {
        let (report, none) = (json!({"passes": true}), BTreeMap::new());
        let publication = Publication {
            vendor: (vendor, vendor),
            code: code(system),
            price: None,
            report: Some(&report),
            documents: &none,
            sent_at: None,
            part: false,
        };
        control::offer_publish(&self.control, &publication, system).await.unwrap()
    }

    async fn buyer(&self) -> Client {
        self.buyer.client().await.unwrap()
    }

    async fn draft(&self, offer: i64, replaces: Option<i64>) -> Result<i64, StoreError> {
        let mut client = self.buyer().await;
        let transaction = client.transaction().await.unwrap();
        let id = contract_draft(&transaction, offer, &draft(replaces), "kanri").await?;
        transaction.commit().await.unwrap();
        Ok(id)
    }

    async fn step(&self, id: i64, step: Step, given: (&str, &str)) -> Result<(), StoreError> {
        contract_step(&**self.buyer().await, (id, step), given).await
    }

    /// Drafted, decided and signed.
    async fn signed(&self, offer: i64, replaces: Option<i64>) -> i64 {
        let id = self.draft(offer, replaces).await.unwrap();
        self.step(id, Step::Decide, ("kacho", "")).await.unwrap();
        self.step(id, Step::Sign, ("kanri", "")).await.unwrap();
        id
    }

    async fn state(&self, id: i64) -> String {
        let sql = "select state from control.contract where id = $1";
        self.control.query_one(sql, &[&id]).await.unwrap().get(0)
    }

    async fn acts(&self, id: i64) -> String {
        let acts = act_list(&self.control, id).await.unwrap();
        acts.iter().map(|act| act.act.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Installed systems that are served no more.
    async fn ended(&self) -> Vec<String> {
        let client = self.installer.connect(ID).await.unwrap();
        let found = store::install::ended_list(&client).await.unwrap();
        found.into_iter().map(|one| one.id).collect()
    }

    async fn stop(self) {
        self.cluster.stop().await.unwrap();
    }
}

fn draft(replaces: Option<i64>) -> Draft {
    let text = str::to_owned;
    Draft {
        method: text("随意契約"),
        reason: text("理由"),
        budget: text("民生費"),
        replaces,
        ..Draft::default()
    }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(done: Result<T, StoreError>, word: &str) {
    match done {
        Err(StoreError::Conflict(said)) => assert!(said.ja.contains(word), "{said}"),
        other => panic!("{word}: {other:?}"),
    }
}

#[tokio::test]
async fn no_step_is_taken_out_of_turn_and_nothing_is_written_over() {
    let world = World::new().await;
    let tag = system("tag", "周辺", "1");
    let offer = world.offer("vendor_a", &tag).await;
    let set = async |report: serde_json::Value| {
        offer_report_set(&world.control, offer, &report).await.unwrap();
    };
    set(json!({"passes": false})).await;
    assert!(matches!(world.draft(offer, None).await, Err(StoreError::NotFound(_))));
    set(json!({"passes": true})).await;
    let id = world.draft(offer, None).await.unwrap();
    conflict(world.draft(offer, None).await, "契約がもうあります");
    conflict(world.step(id, Step::Decide, ("kanri", "")).await, "起案した人は決裁できず");
    conflict(world.step(id, Step::Sign, ("kacho", "")).await, "締結は決裁のあと");
    // Found not conforming after the draft; then withdrawn after the decision.
    set(json!({"passes": false})).await;
    conflict(world.step(id, Step::Decide, ("kacho", "")).await, "適合と判定されていない");
    set(json!({"passes": true})).await;
    world.step(id, Step::Decide, ("kacho", "")).await.unwrap();
    offer_withdraw(&world.control, ("vendor_a", &tag.hash), "売らない").await.unwrap();
    conflict(world.step(id, Step::Sign, ("kanri", "")).await, "取り下げた");
    let client = world.buyer().await;
    for sql in [
        "update control.contract set state = '締結', signed_by = 'x' where id = $1",
        "update control.contract set state = '提供中' where id = $1",
        "update control.contract set state = '起案' where id = $1",
        "update control.contract set decided_by = 'x' where id = $1",
        "update control.contract set signed_by = 'x' where id = $1",
        "update control.contract set method = '競争入札' where id = $1",
        "update control.contract set decided_at = now() where id = $1",
        "update control.contract set ends_on = '2099-01-01', end_reason = 'x', end_asked_by = 'x'
         where id = $1",
        "insert into control.contract_act (contract, actor, act, note) values ($1, '基盤', '決裁', '')",
        "insert into control.contract_act (contract, actor, act, note)
         values ($1, 'x', '提供できない', '')",
    ] {
        assert!(client.execute(sql, &[&id]).await.is_err(), "{sql}");
    }
    let begin = "insert into control.contract
                   (organisation, offer, state, method, reason, budget, drafted_by)
                 values ('sakura', $1, '起案', '随意契約', '', '', 'x')";
    assert!(client.execute(begin, &[&offer]).await.is_err(), "withdrawn, and there is one");
    world.step(id, Step::Withdraw, ("kanri", "")).await.unwrap();
    assert_eq!(world.acts(id).await, "起案 決裁 取下げ");
    world.stop().await;
}

#[tokio::test]
async fn two_people_who_draft_at_once_make_one_contract() {
    let world = World::new().await;
    let one = world.offer("vendor_a", &system("tag", "周辺", "1")).await;
    let other = world.offer("vendor_b", &system("tag", "周辺", "2")).await;
    let drafts = tokio::join!(world.draft(one, None), world.draft(other, None));
    assert!(drafts.0.is_ok() != drafts.1.is_ok(), "{drafts:?}");
    // Without the courteous question first, the database itself holds them apart.
    let sql = "insert into control.contract
                 (organisation, offer, state, method, reason, budget, drafted_by)
               values ('sakura', $1, '起案', '随意契約', '', '', 'x')";
    let client = world.buyer().await;
    for offer in [one, other] {
        assert!(client.execute(sql, &[&offer]).await.is_err());
    }
    drop(client);
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_tried_again_or_taken_back() {
    let world = World::new().await;
    let (tag, bag) = (system("tag", "周辺", "1"), system("bag", "周辺", "1"));
    let spoil = "update control.package set files = '{}' where hash = $1";
    let (broken, sound) = (world.offer("a", &tag).await, world.offer("b", &bag).await);
    world.control.execute(spoil, &[&tag.hash]).await.unwrap();
    let (broken, sound) = (world.signed(broken, None).await, world.signed(sound, None).await);
    conflict(world.step(broken, Step::Withdraw, ("kanri", "やめる")).await, "取下げできません");
    conflict(world.step(broken, Step::Retry, ("kanri", "")).await, "再試行できません");
    let forced = "update control.contract set state = '取下げ' where id = $1";
    assert!(world.buyer().await.execute(forced, &[&broken]).await.is_err());
    world.open().await;
    assert_eq!(world.state(sound).await, "提供中");
    assert_eq!(world.state(broken).await, "締結");
    world.open().await;
    assert_eq!(world.acts(broken).await, "起案 決裁 締結 提供できない", "said once");
    // Another try is heard of, and it succeeds once the package can be read.
    let (_listening, mut told) = signed_listen(&world.installer).await.unwrap();
    world.step(broken, Step::Retry, ("kacho", "")).await.unwrap();
    assert_eq!(told.recv().await.as_deref(), Some(ID));
    conflict(world.step(broken, Step::Retry, ("kacho", "")).await, "再試行できません");
    world.open().await;
    conflict(world.step(broken, Step::Withdraw, ("kanri", "")).await, "取下げできません");
    world.step(broken, Step::Retry, ("kacho", "")).await.unwrap();
    let mend = "update control.package set files = $2 where hash = $1";
    let files = serde_json::to_value(&*tag.files).unwrap();
    world.control.execute(mend, &[&tag.hash, &files]).await.unwrap();
    world.open().await;
    assert_eq!(world.state(broken).await, "提供中");
    assert!(world.acts(broken).await.ends_with("再試行 提供できない 再試行 提供開始"));
    world.stop().await;
}

#[tokio::test]
async fn there_is_no_contract_without_a_budget() {
    let world = World::new().await;
    let offer = world.offer("a", &system("tag", "周辺", "1")).await;
    let (client, words) = (world.buyer().await, draft(None));
    for missing in [
        Draft { budget: " ".to_owned(), ..words.clone() },
        Draft { reason: "\n".to_owned(), ..words },
    ] {
        conflict(contract_draft(&**client, offer, &missing, "kanri").await, "理由と予算");
        // Nor past this program: the database asks for both itself.
        let sql = "insert into control.contract (organisation, offer, state, reason, budget,
                     drafted_by) values (control.own(), $1, '起案', $2, $3, 'kanri')";
        let done = client.execute(sql, &[&offer, &missing.reason, &missing.budget]).await;
        let refused = done.unwrap_err();
        let words = refused.as_db_error().map(|it| it.message().to_owned()).unwrap_or_default();
        assert_eq!(words, "a contract needs its reason and its budget");
    }
    drop(client);
    world.stop().await;
}

#[tokio::test]
async fn a_refused_contract_is_taken_back_with_a_reason() {
    let world = World::new().await;
    let tag = system("tag", "周辺", "1");
    let offer = world.offer("a", &tag).await;
    for table in ["package_word", "package"] {
        let sql = format!("delete from control.{table} where hash = $1");
        world.control.execute(&sql, &[&tag.hash]).await.unwrap();
    }
    let id = world.signed(offer, None).await;
    world.open().await;
    world.step(id, Step::Withdraw, ("kanri", "事業者と合意")).await.unwrap();
    assert_eq!(world.state(id).await, "取下げ");
    // It may be drafted anew, as a contract of its own.
    assert_ne!(world.draft(offer, None).await.unwrap(), id);
    world.stop().await;
}

#[tokio::test]
async fn another_vendors_contract_waits_and_changes_in_one_step() {
    let world = World::new().await;
    let offer = world.offer("vendor_b", &system("reading-card", "900", "b")).await;
    conflict(world.draft(offer, None).await, "替えることを示して起案し");
    let new = world.signed(offer, Some(world.base)).await;
    assert!(change_due(&world.control, ID).await.unwrap().is_empty(), "signed only");
    conflict(contract_changed(&world.control, world.base, new).await, "待っていません");
    let served = world.open().await.systems;
    assert_eq!((served.len(), served[0].id.as_str()), (1, "reading-card"));
    assert_eq!(world.state(new).await, "移行待ち");
    assert_eq!(world.state(world.base).await, "提供中");
    let third = world.offer("vendor_c", &system("reading-card", "900", "c")).await;
    conflict(world.draft(third, Some(world.base)).await, "契約がもうあります");
    let due = change_due(&world.control, ID).await.unwrap();
    assert_eq!(due.iter().map(|one| one.id).collect::<Vec<_>>(), [new]);
    conflict(contract_changed(&world.control, new, world.base).await, "待っていません");
    for _ in 0..2 {
        contract_changed(&world.control, world.base, new).await.unwrap();
        assert_eq!(world.state(world.base).await, "終了");
        assert_eq!(world.state(new).await, "提供中");
    }
    assert_eq!(world.acts(new).await, "起案 決裁 締結 移行待ち 提供開始");
    assert_eq!(world.acts(world.base).await, "提供開始 終了");
    assert!(change_due(&world.control, ID).await.unwrap().is_empty());
    // The next start leaves the body with what it chose.
    let base = system("reading-card", "900", "2");
    let offers = offer_publish(&world.installer, ("kumoi", &Documents::new()), &[base]).await;
    let organisation = sample_organisation(ID);
    let signed = contract_sign(&world.installer, &organisation, &offers.unwrap()).await;
    assert_eq!(signed.unwrap(), Vec::<i64>::new());
    world.stop().await;
}

#[tokio::test]
async fn a_newer_version_of_the_same_vendor_is_an_upgrade() {
    let world = World::new().await;
    // The register of the first version is gone: what would break records is not done.
    let mut package = Package { files: (*system("reading-card", "900", "2").files).clone() };
    let card = package.files.remove("registers/card.yaml").unwrap();
    package.files.insert("registers/tag.yaml".to_owned(), card.replace("card", "tag"));
    let broken = Arc::new(definition::load(&package).unwrap().0);
    let refused = world.signed(world.offer("kumoi", &broken).await, Some(world.base)).await;
    assert_eq!(world.open().await.systems[0].version, "1");
    assert_eq!((world.state(refused).await, world.state(world.base).await).0, "締結");
    let last = act_list(&world.control, refused).await.unwrap().pop().unwrap();
    assert!(last.act == REFUSED && last.note.contains("card"), "{last:?}");
    world.step(refused, Step::Withdraw, ("kanri", "壊れる")).await.unwrap();
    let sound = world.offer("kumoi", &system("reading-card", "900", "3")).await;
    let sound = world.signed(sound, Some(world.base)).await;
    assert_eq!(world.open().await.systems[0].version, "3");
    assert_eq!(world.state(sound).await, "提供中");
    assert_eq!(world.state(world.base).await, "終了");
    world.stop().await;
}

/// What a vendor brings by itself is not brought any more once it has withdrawn it.
#[tokio::test]
async fn a_version_of_a_roll_out_that_was_withdrawn_is_not_opened() {
    let world = World::new().await;
    let newer = system("reading-card", "900", "2");
    let offer = world.offer("kumoi", &newer).await;
    let roll = (world.base, offer);
    let made = control::contract_roll(&world.control, roll, "見本").await.unwrap().unwrap();
    offer_withdraw(&world.control, ("kumoi", &newer.hash), "見本").await.unwrap();
    assert_eq!(world.open().await.systems[0].version, "1");
    let last = act_list(&world.control, made).await.unwrap().pop().unwrap();
    assert!(last.act == REFUSED && last.note.contains("この版を取り下げました"), "{last:?}");
    assert_eq!(world.state(world.base).await, "提供中");
    world.stop().await;
}

#[tokio::test]
async fn a_change_that_nothing_was_moved_for_is_given_up_with_a_reason() {
    let world = World::new().await;
    let offer = world.offer("vendor_b", &system("reading-card", "900", "b")).await;
    let new = world.signed(offer, Some(world.base)).await;
    world.open().await;
    conflict(world.step(new, Step::Withdraw, ("kanri", "")).await, "取下げできません");
    world.step(new, Step::Withdraw, ("kanri", "値を補えない")).await.unwrap();
    assert!(change_due(&world.control, ID).await.unwrap().is_empty());
    assert_eq!(world.state(world.base).await, "提供中");
    world.stop().await;
}

#[tokio::test]
async fn an_end_is_asked_decided_called_off_and_carried_out() {
    let world = World::new().await;
    let today = base::date::day_in_japan(Timestamp::now());
    let day = |days: i64| today.checked_add(Span::new().days(days)).unwrap();
    let client = world.buyer().await;
    let base = world.base;
    conflict(ending_ask(&**client, (base, day(-1)), ("kanri", "統合")).await, "終了日が過ぎて");
    conflict(ending_decide(&**client, base, "kacho").await, "申出がない");
    ending_ask(&**client, (base, day(9)), ("kanri", "統合")).await.unwrap();
    conflict(ending_ask(&**client, (base, day(8)), ("kanri", "統合")).await, "もう申し出ている");
    conflict(ending_decide(&**client, base, "kanri").await, "申し出た人は決裁できません");
    ending_decide(&**client, base, "kacho").await.unwrap();
    let moved = "update control.contract set ends_on = ends_on + 9 where id = $1";
    assert!(client.execute(moved, &[&base]).await.is_err());
    ending_call_off(&**client, base, ("kanri", "続ける")).await.unwrap();
    ending_ask(&**client, (base, today), ("kacho", "統合")).await.unwrap();
    let organisation = sample_organisation(ID);
    let over = async |today| world.executor().contracts_end(&organisation, today).await.unwrap();
    assert!(over(day(1)).await.is_empty(), "not decided");
    ending_decide(&**client, base, "kanri").await.unwrap();
    assert!(over(today).await.is_empty(), "the last day");
    // As the day after: the clock of the server cannot be set, its row can.
    let yesterday = "alter table control.contract disable trigger guarded;
        update control.contract set ends_on = ends_on - 1;
        alter table control.contract enable trigger guarded";
    world.control.batch_execute(yesterday).await.unwrap();
    conflict(ending_call_off(&**client, base, ("kanri", "")).await, "終了日が過ぎて");
    assert_eq!(over(today).await, ["reading-card"]);
    assert!(over(today).await.is_empty(), "once");
    assert_eq!(world.state(base).await, "終了");
    let course = "提供開始 終了の申出 終了の決裁 終了の取消 終了の申出 終了の決裁 終了";
    assert_eq!(world.acts(base).await, course);
    assert_eq!(world.ended().await, ["reading-card"]);
    let inner = world.installer.connect(ID).await.unwrap();
    inner.execute("select 1 from reading_card.card", &[]).await.expect("its registers stay");
    assert!(world.open().await.systems.is_empty(), "served no more");
    // The next start does not contract it anew; the body may.
    let offers = vec![Offer { id: 1, system: String::new() }];
    let signed = contract_sign(&world.installer, &organisation, &offers).await.unwrap();
    assert_eq!(signed, Vec::<i64>::new());
    offer_report_set(&world.control, 1, &json!({"passes": true})).await.unwrap();
    let again = world.signed(1, None).await;
    assert_eq!(world.open().await.systems.len(), 1);
    assert_eq!(world.state(again).await, "提供中");
    assert!(world.ended().await.is_empty());
    let journal = "select string_agg(procedure, ' ' order by event_id) from core.journal";
    let journal: String = inner.query_one(journal, &[]).await.unwrap().get(0);
    assert!(journal.ends_with("system-end system-resume"), "{journal}");
    drop((client, inner));
    world.stop().await;
}

#[tokio::test]
async fn the_same_package_of_two_vendors_is_two_offers() {
    let world = World::new().await;
    let (one, two) = (system("tag", "周辺", "1"), system("tag", "周辺", "2"));
    let (a, b) = (world.offer("vendor_a", &one).await, world.offer("vendor_b", &one).await);
    assert_ne!(a, b);
    assert_eq!(world.offer("vendor_a", &one).await, a, "sent in twice, it is one offer");
    world.signed(b, None).await;
    world.open().await;
    offer_withdraw(&world.control, ("vendor_a", &one.hash), "やめる").await.unwrap();
    let gone = offer_withdraw(&world.control, ("vendor_c", &one.hash), "やめる").await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))));
    let on_offer = async || {
        let mut all = offer_list(&**world.buyer().await).await.unwrap();
        all.retain(|offer| offer.system == "tag");
        all.into_iter().map(|offer| (offer.vendor_id, offer.version)).collect::<Vec<_>>()
    };
    let pair = |vendor: &str, version: &str| (vendor.to_owned(), version.to_owned());
    assert_eq!(on_offer().await, [pair("vendor_b", "1")]);
    let uses = offer_uses(&world.control).await.unwrap();
    let used = |vendor: &str| uses.iter().find(|it| it.0 == vendor && it.1 == one.hash).unwrap().2;
    assert_eq!((used("vendor_a"), used("vendor_b")), (0, 1));
    // A newer package takes the place of the older one, and an older one published again its own.
    world.offer("vendor_b", &two).await;
    assert_eq!(on_offer().await, [pair("vendor_b", "2")]);
    world.offer("vendor_b", &one).await;
    assert_eq!(on_offer().await, [pair("vendor_b", "1")]);
    world.stop().await;
}

#[tokio::test]
async fn a_confirmation_needs_a_report_that_conforms_and_the_first_stays() {
    let world = World::new().await;
    let client = world.buyer().await;
    let confirmed = async |report: serde_json::Value| {
        offer_report_set(&world.control, 1, &report).await.unwrap();
        contract_confirm(&**client, world.base, ("kanri", "報告")).await
    };
    conflict(confirmed(json!({"passes": false})).await, "報告が適合でない");
    let sql = "insert into control.confirmation (contract, actor, evidence) values ($1, 'x', 'x')";
    assert!(client.execute(sql, &[&world.base]).await.is_err());
    confirmed(json!({"passes": true, "first": true})).await.unwrap();
    let tag = system("reading-card", "900", "1");
    assert_eq!(world.offer("kumoi", &tag).await, 1);
    let kept = offer_report(&world.control, 1).await.unwrap().unwrap();
    assert_eq!(kept["first"], true, "what was confirmed is not written over");
    contract_in_service(&world.control, world.base).await.unwrap();
    assert_eq!(world.acts(world.base).await, "提供開始 適合確認", "in service already");
    drop(client);
    world.stop().await;
}
