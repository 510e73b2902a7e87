//! Certificates: numbers without gaps whatever fails, and who may have which item printed.

use office::certificate::{Job, RenderError, Rendered, certificate_issue, certificate_page};
use office::{Actor, OfficeError};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::folder::system;
use crate::world::{World, actor, clerk, input, later, noon, protector, run};

const COPY: (&str, &str) = ("resident-record", "residents-copy");
const ITEMS: (&str, &str) = ("resident-record", "item-certificate");
const SECRETS: [&str; 2] = ["個人番号", "住民票コード"];

/// A city with one person who has both numbers; the person's key.
async fn city() -> (World, String) {
    let world = World::new(vec![system("resident-record")]).await;
    let form = json!({
        "異動日": "2024-04-01", "届出日": "2024-04-05", "住所": "雲居県雲居市東二丁目5番6号",
        "前住所": "霞県霞村大字霞1番地", "世帯の扱い": "1",
        "転入者": [{
            "氏名": "霞　健", "氏名_振り仮名": "カスミ　ケン", "生年月日": "1985-06-01",
            "性別": "1", "続柄": "世帯主", "本籍": "霞県霞村大字霞1番地", "筆頭者": "霞　健",
            "住民種別": "1",
        }],
    });
    world.register(noon("2024-04-05"), ("resident-record", "move-in"), form).await;
    let client = world.office.database.client().await.unwrap();
    let sql = "select atena_bango from resident_record.resident";
    let key: String = client.query_one(sql, &[]).await.unwrap().get(0);
    drop(client);
    (world, key)
}

fn request(key: &str, requester: &str, items: &[&str]) -> Json {
    json!({
        "届出日": "2024-06-03", "請求者区分": requester, "請求者氏名": "霞　健",
        "使いみち": "提出のため", "手数料の扱い": "0", "記載事項": items,
        "対象者": [{ "key": key }],
    })
}

async fn page(_: Job) -> Result<Rendered, RenderError> {
    Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
}

async fn issue(world: &World, actor: &Actor, key: &str) -> Result<String, OfficeError> {
    let asked = input(COPY, request(key, "1", &[]));
    certificate_issue(&world.office, actor, &asked, page).await.map(|(number, _)| number)
}

/// The serials of all documents of a clerk, in order.
async fn serials(world: &World, id: &str) -> Vec<String> {
    let client = world.office.database.client().await.unwrap();
    let sql = "select right(number, 6) from core.document where issued_by = $1 order by number";
    let rows = client.query(sql, &[&id]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn one_counter_does_not_wait_for_the_page_of_another() {
    run(async {
        let (world, key) = city().await;
        let at = noon("2024-06-03");
        let (started, other_done) = (Notify::new(), Notify::new());
        let slow = async |_: Job| {
            started.notify_one();
            other_done.notified().await;
            Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
        };
        let asked = input(COPY, request(&key, "1", &[]));
        let first = clerk(at);
        let second = actor("mado2", &["counter"], at);
        let both = async {
            tokio::join!(certificate_issue(&world.office, &first, &asked, slow), async {
                started.notified().await;
                let issued = issue(&world, &second, &key).await;
                other_done.notify_one();
                issued
            })
        };
        let patience = std::time::Duration::from_secs(60);
        let (slow, quick) = tokio::time::timeout(patience, both).await.expect("nobody waits");
        let (slow, quick) = (slow.unwrap().0, quick.unwrap());
        assert_ne!(slow, quick);
        assert!(slow.ends_with("-mado-000001") && quick.ends_with("-mado2-000001"));
    });
}

#[test]
fn one_clerk_at_two_windows_gets_numbers_without_gap_though_pages_fail() {
    run(async {
        let (world, key) = city().await;
        let at = noon("2024-06-03");
        let many = async |failing: bool| {
            for round in 0..6 {
                let asked = input(COPY, request(&key, "1", &[]));
                let broken = async |_: Job| match round % 3 {
                    0 if failing => Err(RenderError::Failed("様式の誤り".to_owned())),
                    1 if failing => {
                        let place = ("/subjects/0/氏名".to_owned(), "霞".to_owned());
                        Err(RenderError::Glyphs(vec![(place.0, place.1, "U+971E".to_owned())]))
                    }
                    _ => Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 }),
                };
                let _ = certificate_issue(&world.office, &clerk(at), &asked, broken).await;
            }
        };
        tokio::join!(many(true), many(false));
        let expected: Vec<String> = (1..=8).map(|serial| format!("{serial:06}")).collect();
        assert_eq!(serials(&world, "mado").await, expected);
        let of =
            |action: &str| format!("select count(*) from core.audit where action = '{action}'");
        assert_eq!(world.count(&of("document.issue")).await, 8);
        // What was read for a page that stopped is in the audit, and the character waits.
        assert_eq!(world.count(&of("document.stop")).await, 2);
        assert_eq!(world.count("select count(*) from core.glyph").await, 1);
        let kept = "select count(*) from core.document where digest is not null and pages = 1";
        assert_eq!(world.count(kept).await, 8);
    });
}

/// What the page's data hold of the numbers; `None` when the request is refused.
async fn printed(
    world: &World,
    key: &str,
    place: (&str, &str),
    (requester, items): (&str, &[&str]),
) -> Option<Vec<String>> {
    let data = std::sync::Mutex::new(Json::Null);
    let render = async |job: Job| {
        *data.lock().unwrap() = job.data;
        Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
    };
    let asked = input(place, request(key, requester, items));
    let at = noon("2024-06-03");
    let issued = certificate_issue(&world.office, &clerk(at), &asked, render).await;
    match issued {
        Ok(_) => {
            let data = data.into_inner().unwrap();
            let person = data["subjects"][0].as_object().unwrap().clone();
            let optional = ["続柄", "本籍", "筆頭者", "個人番号", "住民票コード"];
            let there = |name: &&&str| person.get(**name).is_some_and(|text| !text.is_null());
            Some(optional.iter().filter(there).map(|name| (*name).to_owned()).collect())
        }
        Err(OfficeError::Invalid(findings)) => {
            assert!(findings.iter().any(|finding| !finding.warning), "{findings:?}");
            None
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn only_what_was_asked_for_by_who_may_have_it_is_printed() {
    run(async {
        let (world, key) = city().await;
        for place in [COPY, ITEMS] {
            for requester in ["1", "2", "3", "4", "5"] {
                let none = printed(&world, &key, place, (requester, &[])).await;
                assert_eq!(none, Some(Vec::new()), "{place:?} {requester}");
                for item in ["続柄", "本籍", "筆頭者"] {
                    let one = printed(&world, &key, place, (requester, &[item])).await;
                    assert_eq!(one, Some(vec![item.to_owned()]), "{place:?} {requester}");
                }
                for secret in SECRETS {
                    let found = printed(&world, &key, place, (requester, &[secret])).await;
                    assert_eq!(found.is_some(), requester == "1", "{place:?} {requester} {secret}");
                }
            }
        }
    });
}

/// 外国人住民 have their day of birth in 西暦; what the office itself dates stays in 和暦.
#[test]
fn a_day_of_birth_reads_as_the_register_wants_it_for_this_row() {
    run(async {
        let (world, key) = city().await;
        for (sql, expect) in [
            ("select 1", "昭和60年6月1日"),
            ("update resident_record.resident set kokuseki_chiiki = '霧国'", "1985年6月1日"),
        ] {
            world.behind(sql).await;
            let data = std::sync::Mutex::new(Json::Null);
            let render = async |job: Job| {
                *data.lock().unwrap() = job.data;
                Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
            };
            let asked = input(COPY, request(&key, "1", &[]));
            let at = noon("2024-06-03");
            certificate_issue(&world.office, &clerk(at), &asked, render).await.unwrap();
            let data = data.into_inner().unwrap();
            assert_eq!(data["subjects"][0]["生年月日"], expect);
            assert_eq!(data["subjects"][0]["住民となった日"], "令和6年4月1日");
        }
    });
}

#[test]
fn a_dead_person_asks_for_nothing() {
    run(async {
        let (world, key) = city().await;
        let form = json!({
            "異動日": "2024-05-01", "届出日": "2024-05-02", "対象者": [{ "key": &key }],
        });
        world.register(noon("2024-05-02"), ("resident-record", "death"), form).await;
        for place in [COPY, ITEMS] {
            assert_eq!(printed(&world, &key, place, ("1", &[])).await, None, "{place:?}");
            assert_eq!(printed(&world, &key, place, ("3", &[])).await, Some(Vec::new()));
        }
    });
}

#[test]
fn a_page_issued_again_is_the_page_that_was_issued() {
    run(async {
        let (world, key) = city().await;
        let at = noon("2024-06-03");
        let data = std::sync::Mutex::new(Vec::<Json>::new());
        let render = async |job: Job| {
            data.lock().unwrap().push(job.data);
            Ok(Rendered { pdf: b"%PDF".to_vec(), pages: 1 })
        };
        let asked = input(COPY, request(&key, "1", &["続柄"]));
        let (number, _) =
            certificate_issue(&world.office, &clerk(at), &asked, &render).await.unwrap();
        world.behind("update resident_record.household set setainushi_shimei = '別人'").await;
        let again = protector(later(at, 9));
        certificate_page(&world.office, &again, &number, &render).await.unwrap();
        let pages = data.into_inner().unwrap();
        assert_eq!(pages[0]["household"], pages[1]["household"]);
        assert_eq!(pages[0]["subjects"], pages[1]["subjects"]);
        assert_eq!(pages[1]["household"]["世帯主氏名"], "霞　健");
    });
}
