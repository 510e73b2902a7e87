//! Values that rules hand on without knowing them: uncertain dates as written, secrets as they are.

use base::date::LooseDate;
use serde_json::json;
use store::ItemValue;

use crate::conflicts::{RESIDENT, move_in, residents, row_of, world};
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
