//! What must be refused, and what must happen once only.

use base::date::LooseDate;
use office::case::{case_approve, case_enter};
use office::certificate::{RenderError, Rendered, certificate_issue};
use office::register::page;
use office::{Office, OfficeError, reaction};
use serde_json::{Value as Json, json};
use store::case::case_read;
use store::register::{Table, row};
use store::{ItemValue, Row};

use crate::folder::system;
use crate::world::{World, chief, clerk, input, later, noon, protector, run};

pub const RESIDENT: &str = "resident-record";
pub const SEAL: &str = "seal-registration";

pub async fn world() -> World {
    World::new(vec![system(RESIDENT), system(SEAL)]).await
}

pub fn move_in(people: &[(&str, &str, &str)]) -> Json {
    let person = |(name, birth, relationship): &(&str, &str, &str)| {
        json!({
            "氏名": name, "氏名_振り仮名": "カスミ　ケン", "生年月日": birth, "性別": "1",
            "続柄": relationship, "本籍": "霞県霞村大字霞1番地", "筆頭者": "霞　健", "住民種別": "1",
        })
    };
    json!({
        "異動日": "2024-04-01", "届出日": "2024-04-05", "住所": "雲居県雲居市東二丁目5番6号",
        "前住所": "霞県霞村大字霞1番地", "世帯の扱い": "1",
        "転入者": people.iter().map(person).collect::<Vec<Json>>(),
    })
}

/// Keys of the residents in order of their numbers.
pub async fn residents(office: &Office) -> Vec<String> {
    let client = office.database.client().await.unwrap();
    let sql = "select atena_bango from resident_record.resident order by atena_bango";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

pub async fn row_of(office: &Office, (system, register): (&str, &str), key: &str) -> Row {
    let client = office.database.client().await.unwrap();
    let system = office.system(system).unwrap();
    row(&**client, Table::new(system, register).unwrap(), key).await.unwrap().expect("a row")
}

pub fn text(office: &Office, place: (&str, &str), row: &Row, item: &str) -> String {
    let system = office.system(place.0).unwrap();
    let register = system.register(place.1).unwrap();
    let at = register.items.iter().position(|i| i.name == item).unwrap();
    row.values[at].as_ref().and_then(ItemValue::as_text).unwrap_or_default().to_owned()
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(found: Result<T, OfficeError>, words: &str) {
    let error = found.expect_err("it must be refused");
    let said = match &error {
        OfficeError::Invalid(findings) => {
            findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    };
    assert!(said.contains(words), "no «{words}» in: {error:?}");
}

#[test]
fn who_entered_does_not_approve() {
    run(async {
        let world = world().await;
        let at = noon("2024-04-05");
        let form = move_in(&[("霞　健", "1985-06-01", "世帯主")]);
        let case = world.enter(at, (RESIDENT, "move-in"), form).await.unwrap();
        let mut same = chief(at);
        same.id = clerk(at).id;
        refused(
            case_approve(&world.office, &same, (case, 1), None).await,
            "自分が入力した事案は決裁できません",
        );
        refused(
            case_approve(&world.office, &protector(at), (case, 1), None).await,
            "この事案を決裁できるのは",
        );
        assert_eq!(residents(&world.office).await.len(), 0, "nothing is written");
        world.approve(at, case).await.unwrap();
        assert_eq!(residents(&world.office).await.len(), 1);
        refused(world.approve(later(at, 1), case).await, "登録済");
    });
}

#[test]
fn a_second_move_in_of_the_same_person_is_refused() {
    run(async {
        let world = world().await;
        let at = noon("2024-04-05");
        let form = || move_in(&[("霞　健", "1985-06-01", "世帯主")]);
        let first = world.enter(at, (RESIDENT, "move-in"), form()).await.unwrap();
        let second = world.enter(at, (RESIDENT, "move-in"), form()).await.unwrap();
        world.approve(at, first).await.unwrap();
        refused(world.approve(later(at, 1), second).await, "二重の記載");
        refused(world.enter(later(at, 2), (RESIDENT, "move-in"), form()).await, "二重の記載");
        let other = move_in(&[("霞　康", "1985-06-01", "世帯主")]);
        world.enter(later(at, 3), (RESIDENT, "move-in"), other).await.unwrap();
        assert_eq!(residents(&world.office).await.len(), 1);
    });
}

#[test]
fn of_two_clerks_on_one_resident_the_second_looks_again() {
    run(async {
        let world = world().await;
        let at = noon("2024-04-05");
        let form = move_in(&[("霞　健", "1985-06-01", "世帯主")]);
        world.register(at, (RESIDENT, "move-in"), form).await;
        let key = residents(&world.office).await.remove(0);
        let change = |name: &str| json!({ "異動日": "2024-05-01", "新しい通称": name, "対象者": [{ "key": &key }] });
        let at = noon("2024-05-02");
        let one = world.enter(at, (RESIDENT, "name-change"), change("甲")).await.unwrap();
        let two = world.enter(at, (RESIDENT, "name-change"), change("乙")).await.unwrap();
        world.approve(later(at, 1), one).await.unwrap();
        refused(world.approve(later(at, 2), two).await, "別の異動が登録されました");
        let place = (RESIDENT, "resident");
        let row = row_of(&world.office, place, &key).await;
        assert_eq!(text(&world.office, place, &row, "通称"), "甲");
        let stale = case_approve(&world.office, &chief(at), (two, 99), None).await;
        assert!(stale.is_err(), "an old revision");
    });
}

#[test]
fn the_last_member_leaving_closes_the_household() {
    run(async {
        let world = world().await;
        let at = noon("2024-04-05");
        let form = move_in(&[("霞　健", "1985-06-01", "世帯主"), ("霞　恵", "1987-02-11", "妻")]);
        world.register(at, (RESIDENT, "move-in"), form).await;
        let keys = residents(&world.office).await;
        let place = (RESIDENT, "resident");
        let head = row_of(&world.office, place, &keys[0]).await;
        let number = text(&world.office, place, &head, "世帯番号");
        let death = |key: &str, day: &str| json!({ "異動日": day, "届出日": day, "対象者": [{ "key": key }] });
        world
            .register(noon("2024-05-02"), (RESIDENT, "death"), death(&keys[0], "2024-05-01"))
            .await;
        let household = (RESIDENT, "household");
        let row = row_of(&world.office, household, &number).await;
        assert_eq!(row.meta.closed_on, None, "one remains");
        assert_eq!(text(&world.office, household, &row, "世帯主宛名番号"), keys[1]);
        let widow = row_of(&world.office, place, &keys[1]).await;
        assert_eq!(text(&world.office, place, &widow, "続柄"), "世帯主");
        let at = noon("2024-06-03");
        let form = json!({
            "転出日": "2024-06-10", "届出日": "2024-06-03", "異動日": "2024-06-03",
            "転出先": "霞県霞村", "対象者": [{ "key": &keys[1] }],
        });
        world.register(at, (RESIDENT, "move-out"), form).await;
        let at = noon("2024-06-12");
        let form = json!({ "異動日": "2024-06-10", "対象者": [{ "key": &keys[1] }] });
        world.register(at, (RESIDENT, "move-out-confirm"), form.clone()).await;
        let row = row_of(&world.office, household, &number).await;
        assert_eq!(row.meta.closed_on, Some(crate::world::date("2024-06-10")));
        let again = world.enter(later(at, 1), (RESIDENT, "move-out-confirm"), form).await;
        refused(again, "もう消除されている");
    });
}

pub async fn sealed(world: &World) -> (String, String) {
    let at = noon("2024-04-05");
    let form = move_in(&[("霞　健", "1985-06-01", "世帯主")]);
    world.register(at, (RESIDENT, "move-in"), form).await;
    let key = residents(&world.office).await.remove(0);
    let form = json!({
        "届出日": "2024-04-08", "宛名番号": &key, "申請者": "1", "意思の確認": true,
        "確認方法": "1", "確認した書類": "運転免許証", "印影の文字": "霞", "印影の表示": "2",
        "印影": "<svg xmlns='http://www.w3.org/2000/svg' width='12mm' height='12mm'/>",
        "印鑑の確認": true,
    });
    world.register(noon("2024-04-08"), (SEAL, "apply"), form).await;
    let client = world.office.database.client().await.unwrap();
    let sql = "select toroku_bango, torokusho_bango from seal_registration.seal";
    let found = client.query_one(sql, &[]).await.unwrap();
    assert!(found.get::<_, Option<String>>(1).is_some(), "a card was numbered");
    (key, found.get(0))
}

#[test]
fn a_concealed_person_is_for_the_protection_officer() {
    run(async {
        let world = world().await;
        let (key, seal) = sealed(&world).await;
        let at = noon("2024-05-02");
        let form = json!({
            "異動日": "2024-05-02", "申出日": "2024-05-02", "支援措置区分": "1",
            "支援措置の状態": "1", "対象者": [{ "key": &key }],
        });
        let start = (RESIDENT, "protection-start");
        let case = world.enter_as(&protector(at), start, form).await.unwrap();
        // The chief has no role for concealed rows and still may decide: he sees no address.
        let revision = {
            let client = world.office.database.client().await.unwrap();
            case_read(&**client, case, false).await.unwrap().revision
        };
        case_approve(&world.office, &chief(at), (case, revision), None).await.unwrap();
        let leave = json!({
            "転出日": "2024-06-10", "届出日": "2024-06-03", "異動日": "2024-06-03",
            "転出先": "霞県霞村", "対象者": [{ "key": &key }],
        });
        let at = noon("2024-06-03");
        refused(world.enter(at, (RESIDENT, "move-out"), leave.clone()).await, "取扱注意");
        world.enter_as(&protector(at), (RESIDENT, "move-out"), leave).await.unwrap();
        let copy = json!({
            "届出日": "2024-06-03", "請求者区分": "1", "請求者氏名": "霞　健", "手数料の扱い": "0",
            "対象者": [{ "key": &key }],
        });
        let asked = input((RESIDENT, "residents-copy"), copy);
        let issued = certificate_issue(&world.office, &clerk(at), &asked, no_page).await;
        refused(issued.map(|(number, _)| number), "取扱注意");
        let asked = input((SEAL, "seal-certificate"), seal_request(&world, &seal).await);
        let issued = certificate_issue(&world.office, &clerk(at), &asked, no_page).await;
        refused(issued.map(|(number, _)| number), "取扱注意");
        let place = (RESIDENT, "resident");
        let seen = page(&world.office, &clerk(at), place, &key, None, "確認").await.unwrap();
        let address = seen.row.groups.iter().flat_map(|(_, values)| values);
        let address: Vec<_> = address.filter(|value| value.name == "住所").collect();
        assert!(address.iter().all(|value| value.hidden && value.text.is_none()));
    });
}

async fn no_page(_: office::certificate::Job) -> Result<Rendered, RenderError> {
    panic!("nothing may be printed")
}

async fn seal_request(world: &World, seal: &str) -> Json {
    let place = (SEAL, "seal");
    let row = row_of(&world.office, place, seal).await;
    json!({
        "届出日": "2024-06-03", "申請者": "1", "請求者氏名": "霞　健", "請求方法": "1",
        "示された登録証番号": text(&world.office, place, &row, "登録証番号"), "手数料の扱い": "0",
        "対象者": [{ "key": seal }],
    })
}

#[test]
fn a_certificate_borrows_what_its_register_lacks() {
    run(async {
        let world = world().await;
        let (key, seal) = sealed(&world).await;
        let at = noon("2024-06-03");
        let asked = input((SEAL, "seal-certificate"), seal_request(&world, &seal).await);
        let data = std::sync::Mutex::new(Json::Null);
        let render = async |job: office::certificate::Job| {
            *data.lock().unwrap() = job.data;
            Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
        };
        certificate_issue(&world.office, &clerk(at), &asked, render).await.unwrap();
        let printed = data.lock().unwrap().clone();
        let subject = &printed["subjects"][0];
        assert_eq!(subject["氏名"], "霞　健");
        assert_eq!(subject["生年月日"], "昭和60年6月1日");
        assert_eq!(subject["住所"], "雲居県雲居市東二丁目５番６号");
        assert!(subject["印影"].as_str().unwrap().starts_with("<svg"), "{subject}");
        assert_eq!(subject["登録証番号"], Json::Null, "not asked for");
        assert_eq!(printed["organisation"]["head"], "見本　太郎");
        world
            .behind(
                "update core.organisation set settings = \
                 '{\"head_title\": \"雲居市長職務代理者\", \"head\": \"雲居　花子\"}'",
            )
            .await;
        certificate_issue(&world.office, &clerk(later(at, 1)), &asked, render).await.unwrap();
        let printed = data.lock().unwrap().clone();
        assert_eq!(printed["organisation"]["head"], "雲居　花子");
        assert_eq!(printed["organisation"]["head_title"], "雲居市長職務代理者");
        // Another register's day of birth reads as that register wants it.
        world.behind("update resident_record.resident set kokuseki_chiiki = '霧国'").await;
        certificate_issue(&world.office, &clerk(later(at, 2)), &asked, render).await.unwrap();
        assert_eq!(data.lock().unwrap()["subjects"][0]["生年月日"], "1985年6月1日");
        let (clerk, place) = (clerk(at), (RESIDENT, "resident"));
        let seen = page(&world.office, &clerk, place, &key, None, "確認").await.unwrap();
        let (_, _, seals) =
            seen.relations.iter().find(|(name, ..)| name == "印鑑登録原票").expect("the seal");
        assert_eq!((seals[0].system.as_str(), seals[0].key.as_str()), (SEAL, seal.as_str()));
    });
}

#[test]
fn a_reaction_happens_once() {
    run(async {
        let world = world().await;
        let (key, seal) = sealed(&world).await;
        let form = json!({
            "異動日": "2024-05-01", "届出日": "2024-05-02", "死亡日の表記": "2024年4月日不詳",
            "対象者": [{ "key": &key }],
        });
        let at = noon("2024-05-02");
        let event = world.register(at, (RESIDENT, "death"), form).await;
        let of_event = format!("select count(*) from core.cases where origin_event = {event}");
        for round in 0..3 {
            while reaction::work(&world.office, later(at, 1)).await.unwrap() > 0 {}
            assert_eq!(world.count(&of_event).await, 1, "round {round}");
            world.behind("update core.job set done_at = null, locked_until = null").await;
        }
        let place = (SEAL, "seal");
        let row = row_of(&world.office, place, &seal).await;
        assert_eq!(row.meta.closed_on, Some(crate::world::date("2024-05-01")));
        assert_eq!(text(&world.office, place, &row, "廃止事由"), "5");
        let uncertain = Some(ItemValue::Date(LooseDate::parse("2024年4月日不詳").unwrap()));
        assert!(row.values.contains(&uncertain), "the day as written goes with the event");
        let troubled = world.count("select count(*) from core.job where last_error is not null");
        assert_eq!(troubled.await, 0);
        let again = input(
            (SEAL, "abolish"),
            json!({ "届出日": "2024-05-02", "申請者": "1",
            "対象者": [{ "key": &seal }] }),
        );
        refused(case_enter(&world.office, &clerk(at), &again).await, "もう消除されている");
    });
}
