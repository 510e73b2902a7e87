//! Lines that wait: whose they may be, and what a person does with them.

use office::OfficeError;
use office::access::role;
use office::intake::{Opened, Settling, line, settle};
use serde_json::{Map, Value as Json, json};
use store::intake::intake_row;

use super::{PAYER, Town, sheet};
use crate::conflicts::{RESIDENT, refused};
use crate::world::{actor, chief, clerk, noon, protector, run};

impl Town {
    async fn put_right(&self, line: (i64, i64), fields: Json) -> Result<(), OfficeError> {
        let fields: Map<String, Json> = fields.as_object().unwrap().clone();
        let chief = chief(noon("2026-05-12"));
        settle(&self.world.office, &chief, line, Settling::Take(&fields)).await
    }

    async fn leave_out(&self, line: (i64, i64), reason: &str) -> Result<(), OfficeError> {
        let clerk = clerk(noon("2026-05-12"));
        settle(&self.world.office, &clerk, line, Settling::LeaveOut(reason)).await
    }

    async fn stage(&self, line: (i64, i64)) -> String {
        let client = self.world.office.database.client().await.unwrap();
        intake_row(&**client, line, false).await.unwrap().stage
    }
}

/// A file of which three lines wait, for another reason each.
async fn waiting_lines() -> (Town, i64) {
    let town = Town::new().await;
    let (ken, megumi) = (&town.people[0], &town.people[1]);
    let lines = [
        format!(",佐藤　一郎,サトウ　イチロウ,1970-01-01,{PAYER},100,1,,佐藤　仁,2012-01-02,1"),
        format!("{ken},霞　健,,,{PAYER},たくさん,,,,,"),
        format!(",霞　恵実,カスミ　メグミ,1987-02-12,{PAYER},7,,,,,"),
        format!("{megumi},霞　恵,,,{PAYER},8,,,,,"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let id = town.take(&lines).await;
    assert_eq!(town.counts(id).await, (1, 3, 0));
    (town, id)
}

/// The numbers of those whose line it may be.
fn keys(opened: &Opened) -> Vec<&str> {
    opened.candidates.iter().map(|one| one.key.as_str()).collect()
}

#[test]
fn a_person_says_whose_line_it_is() {
    run(async {
        let (town, id) = waiting_lines().await;
        let (ichiro, other) = (&town.people[2], &town.people[3]);
        let clerk = clerk(noon("2026-05-12"));
        let opened = line(&town.world.office, &clerk, (id, 2)).await.unwrap();
        assert_eq!((keys(&opened), opened.hidden), (vec![ichiro.as_str(), other], false));
        let shown = opened.candidates[0].items.iter();
        let shown: Vec<String> = shown.map(|(name, _, words)| format!("{name} {words}")).collect();
        let all = format!(
            "宛名番号 {ichiro}\n生年月日 昭和45年1月1日\n氏名 佐藤　一郎\n\
             氏名_振り仮名 サトウ　イチロウ\n住所 雲居県雲居市東二丁目５番６号"
        );
        assert_eq!(shown.join("\n"), all);
        town.put_right((id, 2), json!({ "宛名番号": other })).await.unwrap();
        assert_eq!(town.counts(id).await, (2, 2, 0));
        let client = town.world.office.database.client().await.unwrap();
        let sql = "select s.kyuuyo_shuunyuu, s.tokubetsu_choushuu, d.shimei, d.doukyo
                   from resident_tax.slip s join resident_tax.slip_dependant d
                   using (shiryou_bangou) where s.atena_bangou = $1";
        let row = client.query_one(sql, &[other]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, bool>(1)), (100, true));
        assert_eq!((row.get::<_, &str>(2), row.get::<_, bool>(3)), ("佐藤　仁", true));
        let sql = "select actor, content from core.journal where procedure = 'slip'
                   order by event_id desc limit 1";
        let entry = client.query_one(sql, &[]).await.unwrap();
        assert_eq!(entry.get::<_, String>(0), "kakaricho", "who put it right");
        let content: Json = entry.get(1);
        assert_eq!((&content["from"], &content["lines"]), (&json!(2), &json!(1)), "{content}");
        let row = intake_row(&**client, (id, 2), false).await.unwrap();
        assert_eq!((row.stage.as_str(), row.settled_by.as_deref()), ("登録", Some("kakaricho")));
        assert_eq!(row.settled_at, Some(noon("2026-05-12")));
        assert_eq!(row.form["宛名番号"].as_str(), Some(other.as_str()));
        assert_eq!(row.findings, json!([]));
        let shown = "select count(*) from core.audit where action = 'intake.line'
                     and actor = 'mado' and cardinality(subjects) = 2";
        assert_eq!(town.world.count(shown).await, 1, "with those who were shown");
    });
}

#[test]
fn a_line_is_put_right() {
    run(async {
        let (town, id) = waiting_lines().await;
        // What is still wrong is said, and the line waits.
        let wrong = town.put_right((id, 3), json!({ "給与収入": "多額" })).await;
        let Err(OfficeError::Invalid(findings)) = wrong else { panic!("{wrong:?}") };
        let at: Vec<_> = findings.iter().map(|own| (own.at.as_deref(), &*own.message)).collect();
        assert_eq!(at, [(Some("給与収入"), "「多額」は数ではありません")]);
        let strange = town.put_right((id, 3), json!({ "給与": "5", "給与収入": "5" })).await;
        refused(strange, "「給与」という欄はこの手続にありません");
        let flag = town.put_right((id, 3), json!({ "寡婦": "多分", "給与収入": "5" })).await;
        refused(flag, "「多分」は 1（はい）か 0（いいえ）で書いてください");
        assert_eq!(town.stage((id, 3)).await, "待ち");
        assert_eq!((town.counts(id).await, town.slips().await), ((1, 3, 0), 1));
        town.put_right((id, 3), json!({ "給与収入": "５，０００" })).await.unwrap();
        // A corrected name finds its person by itself; that person has a report already.
        let clerk = clerk(noon("2026-05-12"));
        let opened = line(&town.world.office, &clerk, (id, 4)).await.unwrap();
        assert_eq!(keys(&opened), [town.people[1].as_str()], "the same kana");
        let named = json!({ "氏名": "霞　恵", "生年月日": "1987-02-11" });
        refused(town.put_right((id, 4), named).await, "もう記載されています");
        town.leave_out((id, 4), " 二枚目 ").await.unwrap();
        assert_eq!(town.counts(id).await, (2, 1, 1));
        // Settled is settled.
        for number in [3, 4] {
            let settled = format!("{number}行目は、もう処理されたか、確かめるだけの取込の行です");
            let again = town.put_right((id, number), json!({ "宛名番号": "x" })).await;
            refused(again, &settled);
            refused(town.leave_out((id, number), "もう一度").await, &settled);
        }
        let never = town.leave_out((id, 5), "待っていない").await;
        refused(never, &format!("取込 {id} の5行目が見つかりません"));
        assert_eq!((town.counts(id).await, town.slips().await), ((2, 1, 1), 2));
        let client = town.world.office.database.client().await.unwrap();
        let sql = "select string_agg(actor || (detail->>'line') || (detail->>'stage'), ' '
                   order by id) from core.audit where action = 'intake.settle'";
        let settled: String = client.query_one(sql, &[]).await.unwrap().get(0);
        assert_eq!(settled, "kakaricho3登録 mado4除外");
    });
}

#[test]
fn a_line_is_left_out_with_a_reason() {
    run(async {
        let town = Town::new().await;
        let id = town.take(&["x", "y"]).await;
        for none in ["", " ", "　"] {
            refused(town.leave_out((id, 2), none).await, "除外する理由を入れてください");
        }
        assert_eq!(town.counts(id).await, (0, 2, 0));
        town.leave_out((id, 2), "　この市の人ではない ").await.unwrap();
        assert_eq!(town.counts(id).await, (0, 1, 1));
        let client = town.world.office.database.client().await.unwrap();
        let row = intake_row(&**client, (id, 2), false).await.unwrap();
        assert_eq!(
            (row.stage.as_str(), row.reason.as_deref()),
            ("除外", Some("この市の人ではない"))
        );
        assert_eq!(row.settled_by.as_deref(), Some("mado"));
        let waiting: Vec<i64> = town.waiting(id).await.iter().map(|row| row.line).collect();
        assert_eq!(waiting, [3]);
        let stranger = actor("kanri", &[role::ADMINISTRATOR], noon("2026-05-12"));
        let office = &town.world.office;
        let left = settle(office, &stranger, (id, 3), Settling::LeaveOut("理由")).await;
        refused(left, "この操作ができるのは");
        refused(line(office, &stranger, (id, 3)).await, "この操作ができるのは");
        let trial = town.send(sheet(&["z"]).as_bytes(), true).await.unwrap();
        town.work().await;
        refused(town.leave_out((trial, 2), "試し").await, "確かめるだけの取込の行です");
        assert_eq!(town.counts(trial).await, (0, 1, 0));
        assert_eq!(town.slips().await, 0);
    });
}

/// 支援措置: nothing of the person is shown, and only the officer takes the line in.
#[test]
fn a_protected_person_is_for_the_protection_officer() {
    run(async {
        let town = Town::new().await;
        let [_, _, ichiro, other, hanako] = town.people.as_slice() else { panic!("five") };
        for key in [other, hanako] {
            let form = json!({
                "異動日": "2026-03-02", "申出日": "2026-03-02", "支援措置区分": "1",
                "支援措置の状態": "1", "対象者": [{ "key": key }],
            });
            let at = noon("2026-03-02");
            let start = (RESIDENT, "protection-start");
            let case = town.world.enter_as(&protector(at), start, form).await.unwrap();
            town.world.approve(at, case).await.unwrap();
        }
        let id = town
            .take(&[
                &format!(",佐藤　一郎,サトウ　イチロウ,1970-01-01,{PAYER},1,,,,,"),
                &format!(",渡辺　華子,ワタナベ　ハナコ,1990-03-04,{PAYER},2,,,,,"),
            ])
            .await;
        assert_eq!(town.counts(id).await, (0, 2, 0));
        let (clerk, officer) = (clerk(noon("2026-05-12")), protector(noon("2026-05-12")));
        let office = &town.world.office;
        for (number, seen, all) in [
            (2, vec![ichiro.as_str()], vec![ichiro.as_str(), other]),
            (3, vec![], vec![hanako.as_str()]),
        ] {
            let opened = line(office, &clerk, (id, number)).await.unwrap();
            assert_eq!((keys(&opened), opened.hidden), (seen, true), "{number}");
            let opened = line(office, &officer, (id, number)).await.unwrap();
            assert_eq!((keys(&opened), opened.hidden), (all, false), "{number}");
        }
        let named = "select count(*) from core.audit where action = 'intake.line'
                     and actor = 'mado' and subjects && array";
        let named = format!("{named}['{other}', '{hanako}']::text[]");
        assert_eq!(town.world.count(&named).await, 0, "who was not shown is not in the audit");
        let fields = json!({ "宛名番号": other });
        refused(town.put_right((id, 2), fields.clone()).await, "取扱注意の記録です");
        let found = json!({ "氏名": "渡邊　花子", "生年月日": "1990-03-03" });
        refused(town.put_right((id, 3), found).await, "取扱注意の記録です");
        assert_eq!(town.counts(id).await, (0, 2, 0));
        let fields = fields.as_object().unwrap();
        settle(office, &officer, (id, 2), Settling::Take(fields)).await.unwrap();
        assert_eq!(town.counts(id).await, (1, 1, 0));
        assert_eq!(town.slips().await, 1);
    });
}
