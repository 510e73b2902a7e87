//! 取消 of whole events of the real systems: every row goes back, what follows is told.

use office::case::{case_preview, case_revise};
use office::reaction;
use office::register::page;
use serde_json::{Value as Json, json};
use store::register::{Table, rows_as_of};

use crate::conflicts::move_in;
use crate::conflicts::{RESIDENT, SEAL, refused, residents, row_of, sealed, text, world};
use crate::world::{World, clerk, date, input, later, noon, run};

const PEOPLE: &[(&str, &str, &str)] =
    &[("霞　健", "1985-06-01", "世帯主"), ("霞　恵", "1987-02-11", "妻")];

fn cancel(key: &str, event: i64) -> Json {
    json!({
        "異動日": "2024-07-01", "取り消す異動": event.to_string(), "取消の理由": "届出の誤り",
        "対象者": [{ "key": key }],
    })
}

/// The second person moves out of the household into one of her own.
async fn divide(world: &World, key: &str) -> i64 {
    let form = json!({
        "異動日": "2024-05-01", "届出日": "2024-05-02", "世帯の扱い": "1",
        "対象者": [{ "key": key, "新しい続柄": "世帯主" }],
    });
    world.register(noon("2024-05-02"), (RESIDENT, "household-change"), form).await
}

#[test]
fn an_event_is_cancelled_on_every_row_that_it_wrote() {
    run(async {
        let world = world().await;
        let first =
            world.register(noon("2024-04-05"), (RESIDENT, "move-in"), move_in(PEOPLE)).await;
        let keys = residents(&world.office).await;
        let place = (RESIDENT, "resident");
        let before = row_of(&world.office, place, &keys[1]).await;
        let event = divide(&world, &keys[1]).await;
        let apart = row_of(&world.office, place, &keys[1]).await;
        let own = text(&world.office, place, &apart, "世帯番号");
        assert_ne!(own, text(&world.office, place, &before, "世帯番号"));
        let at = noon("2024-07-01");
        // The move-in wrote both people; the second was changed afterwards.
        let early = world.enter(at, (RESIDENT, "cancel"), cancel(&keys[0], first)).await;
        refused(early, "受付番号 2、事由 世帯変更、処理日 令和6年5月2日");
        let done = world.register(at, (RESIDENT, "cancel"), cancel(&keys[1], event)).await;
        let now = row_of(&world.office, place, &keys[1]).await;
        assert_eq!(now.values, before.values);
        assert!(now.meta.version_no > apart.meta.version_no, "a new 履歴番号");
        let client = world.office.database.client().await.unwrap();
        let entry = store::journal::journal_entry(&**client, done).await.unwrap().entry;
        assert_eq!(entry.content["cancels"], event);
        let table = Table::new(world.office.system(RESIDENT).unwrap(), "household").unwrap();
        let households = "select count(*) from resident_record.household";
        assert_eq!(world.count(households).await, 1, "the opened household is gone");
        let then = (date("2024-05-03"), noon("2024-06-01"));
        let past =
            rows_as_of(&**client, table, std::slice::from_ref(&own), then.0, then.1).await.unwrap();
        assert_eq!(past.len(), 1, "what was believed stays readable");
        let actor = clerk(later(at, 1));
        let place = (RESIDENT, "household");
        let seen = page(&world.office, &actor, place, &own, None, "確認").await.unwrap();
        assert!(seen.withdrawn && seen.history.len() == 1, "{:?}", seen.history);
        let again = world.enter(later(at, 2), (RESIDENT, "cancel"), cancel(&keys[1], event)).await;
        refused(again, "もう取り消されています");
        let back = world.enter(later(at, 3), (RESIDENT, "cancel"), cancel(&keys[1], done)).await;
        refused(back, "取消の記録は取り消せません");
        let other = world.enter(later(at, 4), (RESIDENT, "cancel"), cancel(&keys[0], event)).await;
        refused(other, "取り消");
        world.register(later(at, 5), (RESIDENT, "cancel"), cancel(&keys[0], first)).await;
        assert_eq!(residents(&world.office).await.len(), 0, "a first entry can be cancelled");
        assert_eq!(world.count(households).await, 0);
        let again = later(at, 6);
        world.register(again, (RESIDENT, "move-in"), move_in(PEOPLE)).await;
        assert_eq!(residents(&world.office).await.len(), 2, "no double registration");
    });
}

#[test]
fn what_was_registered_under_another_vendor_is_not_cancelled() {
    run(async {
        let world = world().await;
        let event =
            world.register(noon("2024-04-05"), (RESIDENT, "move-in"), move_in(PEOPLE)).await;
        let keys = residents(&world.office).await;
        let hash = &world.office.system(RESIDENT).unwrap().hash;
        let note = |event: i64| {
            format!(
                "insert into core.vendor_change (system, from_hash, to_hash, aside, event_id,
                   annex, annex_sha256, changed_by)
                 values ('{RESIDENT}', '{hash}', '{hash}', 'x', {event}, '', '', '')"
            )
        };
        let later_event = divide(&world, &keys[1]).await;
        world.behind(&note(later_event)).await;
        let at = noon("2024-07-01");
        let early = world.enter(at, (RESIDENT, "cancel"), cancel(&keys[0], event)).await;
        refused(early, "事業者の変更の前に登録されたもの");
        // A change that was taken back stands in nobody's way.
        let back =
            "update core.vendor_change set ended_at = now(), ended_by = '', ended_as = '戻した'";
        world.behind(back).await;
        let form = cancel(&keys[1], later_event);
        world.register(later(at, 1), (RESIDENT, "cancel"), form).await;
    });
}

async fn died(world: &World, key: &str) -> i64 {
    let form = json!({
        "異動日": "2024-05-01", "届出日": "2024-05-02", "対象者": [{ "key": key }],
    });
    world.register(noon("2024-05-02"), (RESIDENT, "death"), form).await
}

#[test]
fn a_reaction_to_a_cancelled_event_waits_for_its_own_cancellation() {
    run(async {
        let world = world().await;
        let (key, seal) = sealed(&world).await;
        let event = died(&world, &key).await;
        let at = noon("2024-07-01");
        while reaction::work(&world.office, at).await.unwrap() > 0 {}
        let place = (SEAL, "seal");
        assert!(row_of(&world.office, place, &seal).await.meta.closed_on.is_some());
        let form = cancel(&key, event);
        let asked = input((RESIDENT, "cancel"), form.clone());
        let preview = case_preview(&world.office, &clerk(at), &asked).await.unwrap();
        let told = preview
            .plan
            .findings
            .iter()
            .any(|finding| finding.warning && finding.message.contains("死亡による職権抹消"));
        assert!(told, "{:?}", preview.plan.findings);
        assert!(preview.changes.iter().any(|change| change.verb == "取消"));
        world.register(at, (RESIDENT, "cancel"), form).await;
        assert_eq!(row_of(&world.office, (RESIDENT, "resident"), &key).await.meta.closed_on, None);
        let client = world.office.database.client().await.unwrap();
        let sql = "select form, subjects, id, revision from core.cases
                   where system = 'seal-registration' and procedure = 'cancel' and stage = '要処理'";
        let waiting = client.query_one(sql, &[]).await.unwrap();
        let (mut form, subjects): (Json, Vec<String>) = (waiting.get(0), waiting.get(1));
        assert_eq!(subjects, std::slice::from_ref(&seal));
        form["異動日"] = json!("2024-07-01");
        form["取消の理由"] = json!("死亡の取消のため");
        // The waiting case itself is entered and decided.
        let case: i64 = waiting.get(2);
        let asked = input((SEAL, "cancel"), form);
        let of_case = (case, waiting.get(3));
        case_revise(&world.office, &clerk(later(at, 1)), of_case, &asked).await.unwrap();
        world.approve(later(at, 2), case).await.unwrap();
        let row = row_of(&world.office, place, &seal).await;
        assert_eq!(
            (row.meta.closed_on, text(&world.office, place, &row, "登録状態")),
            (None, "1".into())
        );
    });
}

#[test]
fn what_did_not_follow_yet_does_not_follow_any_more() {
    run(async {
        let world = world().await;
        let (key, seal) = sealed(&world).await;
        let event = died(&world, &key).await;
        let at = noon("2024-07-01");
        world.register(at, (RESIDENT, "cancel"), cancel(&key, event)).await;
        while reaction::work(&world.office, later(at, 1)).await.unwrap() > 0 {}
        let of_event = format!("select count(*) from core.cases where origin_event = {event}");
        assert_eq!(world.count(&of_event).await, 0);
        assert_eq!(row_of(&world.office, (SEAL, "seal"), &seal).await.meta.closed_on, None);
        let start = json!({
            "異動日": "2024-07-02", "申出日": "2024-07-02", "支援措置区分": "1",
            "支援措置の状態": "1", "対象者": [{ "key": &key }],
        });
        let at = noon("2024-07-02");
        let protector = crate::world::protector(at);
        let case = world.enter_as(&protector, (RESIDENT, "protection-start"), start).await.unwrap();
        let event = world.approve(at, case).await.unwrap();
        let timers = "select count(*) from core.job where kind = 'timer' and done_at is null";
        assert_eq!(world.count(timers).await, 1);
        refused(world.enter(at, (RESIDENT, "cancel"), cancel(&key, event)).await, "取扱注意");
        let form = cancel(&key, event);
        let case = world.enter_as(&protector, (RESIDENT, "cancel"), form).await.unwrap();
        world.approve(later(at, 1), case).await.unwrap();
        assert_eq!(world.count(timers).await, 0, "the timer is withdrawn");
    });
}

/// A protection whose term was over long ago, so that its timer is due; its event and the case that
/// the timer opened.
async fn reminded(world: &World, key: &str) -> (i64, i64) {
    let start = json!({
        "異動日": "2024-05-02", "申出日": "2024-05-02", "支援措置区分": "1",
        "支援措置の状態": "1", "対象者": [{ "key": key }],
    });
    let at = noon("2024-05-02");
    let protector = crate::world::protector(at);
    let case = world.enter_as(&protector, (RESIDENT, "protection-start"), start).await.unwrap();
    let event = world.approve(at, case).await.unwrap();
    while reaction::work(&world.office, later(at, 1)).await.unwrap() > 0 {}
    let sql = "select max(id) from core.cases where origin = '期日' and stage = '要処理'";
    (event, world.count(sql).await)
}

/// Cancels a protection's event as the officer for it.
async fn cancel_protected(world: &World, key: &str, event: i64) {
    let at = noon("2024-07-01");
    let protector = crate::world::protector(at);
    let asked = input((RESIDENT, "cancel"), cancel(key, event));
    let preview = case_preview(&world.office, &protector, &asked).await.unwrap();
    let told = |finding: &office::plan::Finding| {
        finding.warning && finding.message.contains("「支援措置の延長」")
    };
    assert!(preview.plan.findings.iter().any(told), "{:?}", preview.plan.findings);
    let form = cancel(key, event);
    let case = world.enter_as(&protector, (RESIDENT, "cancel"), form).await.unwrap();
    world.approve(later(at, 1), case).await.unwrap();
}

#[test]
fn what_a_timer_opened_is_withdrawn_with_the_event_that_set_it() {
    run(async {
        let world = world().await;
        let (key, _) = sealed(&world).await;
        let (event, waiting) = reminded(&world, &key).await;
        cancel_protected(&world, &key, event).await;
        let client = world.office.database.client().await.unwrap();
        let case = store::case::case_read(&**client, waiting, false).await.unwrap();
        assert_eq!(case.entered.stage, "取下げ");
        let acts = store::case::case_acts(&**client, waiting).await.unwrap();
        let notes: Vec<_> = acts.iter().filter_map(|act| act.note.as_deref()).collect();
        assert_eq!(notes, ["きっかけの異動が取り消されたため"]);
        // The same once more, with the reminder entered by a clerk and not decided yet.
        let (event, waiting) = reminded(&world, &key).await;
        let at = noon("2024-06-03");
        let form = json!({ "異動日": "2024-06-03", "対象者": [{ "key": &key }] });
        let asked = input((RESIDENT, "protection-extend"), form);
        let protector = crate::world::protector(at);
        let of_case = (waiting, 1);
        case_revise(&world.office, &protector, of_case, &asked).await.unwrap();
        cancel_protected(&world, &key, event).await;
        let case = store::case::case_read(&**client, waiting, false).await.unwrap();
        assert_eq!(case.entered.stage, "取下げ");
    });
}
