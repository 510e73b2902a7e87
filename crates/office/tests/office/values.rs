//! Values that rules hand on without knowing them: uncertain dates as written, secrets as they are.

use base::date::LooseDate;
use serde_json::json;
use store::ItemValue;

use crate::conflicts::{RESIDENT, SEAL, move_in, refused, residents, row_of, sealed, world};
use crate::world::{noon, run};

#[test]
fn two_dates_with_one_effective_day_keep_their_words() {
    run(async {
        let world = world().await;
        let dates = ["昭和15年4月日不詳", "1940-04-30", "1940年4月頃"];
        let people: Vec<(&str, &str, &str)> = ["世帯主", "弟", "妹"]
            .iter()
            .zip(["霞　健", "霞　康", "霞　恵"])
            .zip(dates)
            .map(|((relationship, name), date)| (name, date, *relationship))
            .collect();
        let effective: Vec<_> =
            dates.iter().map(|date| LooseDate::parse(date).unwrap().effective()).collect();
        assert!(effective.windows(2).all(|pair| pair[0] == pair[1]), "{effective:?}");
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let people: Vec<_> = order.iter().map(|at| people[*at]).collect();
            let mut form = move_in(&people);
            form["住所"] = json!(format!("雲居県雲居市中央{}丁目2番3号", order[0] + 1));
            let names = ["甲", "乙", "丙"];
            for (at, name) in names.iter().enumerate() {
                form["転入者"][at]["氏名"] = json!(format!("霞　{name}{}", order[0]));
            }
            world.register(noon("2024-04-05"), (RESIDENT, "move-in"), form).await;
            let keys = residents(&world.office).await;
            for (key, (_, date, _)) in keys[keys.len() - 3..].iter().zip(&people) {
                let row = row_of(&world.office, (RESIDENT, "resident"), key).await;
                let written = Some(ItemValue::Date(LooseDate::parse(date).unwrap()));
                let own: Vec<_> = row.values.iter().filter(|value| **value == written).collect();
                assert_eq!(own.len(), 1, "{date} in {order:?}: {:?}", row.values);
            }
        }
    });
}

#[test]
fn defaults_and_conditions_hold_on_the_server() {
    run(async {
        let world = world().await;
        let (_, seal) = sealed(&world).await;
        let at = noon("2024-06-03");
        let abolish = (SEAL, "abolish");
        let form = |more: serde_json::Value| {
            let mut form = json!({ "対象者": [{ "key": &seal }], "登録証の返納": true });
            for (name, value) in more.as_object().unwrap() {
                form[name] = value.clone();
            }
            form
        };
        let case = world.enter(at, abolish, form(json!({}))).await.unwrap();
        let client = world.office.database.client().await.unwrap();
        let case = store::case::case_read(&**client, case, false).await.unwrap().entered;
        assert_eq!(case.form["届出日"], "2024-06-03", "not sent: the default");
        assert_eq!(case.form["申請者"], "1");
        assert_eq!(case.filed_on, Some(crate::world::date("2024-06-03")));
        let empty = form(json!({ "届出日": "" }));
        refused(world.enter(at, abolish, empty).await, "申請日を入力してください");
        let hidden = form(json!({ "代理人氏名": "霞　恵" }));
        refused(world.enter(at, abolish, hidden).await, "いまの入力では使わない欄です");
        let shown = form(json!({ "申請者": "2", "代理人氏名": "霞　恵" }));
        world.enter(at, abolish, shown).await.unwrap();
    });
}

#[test]
fn a_household_that_is_joined_is_there_and_open() {
    run(async {
        let world = world().await;
        let people = [("霞　健", "1985-06-01", "世帯主")];
        world.register(noon("2024-04-05"), (RESIDENT, "move-in"), move_in(&people)).await;
        let sql = "select setai_bango from resident_record.household";
        let client = world.office.database.client().await.unwrap();
        let household: String = client.query_one(sql, &[]).await.unwrap().get(0);
        let join = |number: &str| {
            let mut form = move_in(&[("霞　恵", "1987-02-11", "妻")]);
            form["世帯の扱い"] = json!("2");
            form["入る世帯番号"] = json!(number);
            form
        };
        let at = noon("2024-04-08");
        let place = (RESIDENT, "move-in");
        refused(world.enter(at, place, join("9999999999")).await, "台帳「世帯」にありません");
        world.enter(at, place, join(&household)).await.unwrap();
        world.behind("update resident_record.household set closed_on = '2024-04-07'").await;
        refused(world.enter(at, place, join(&household)).await, "令和6年4月7日に閉じています");
    });
}
