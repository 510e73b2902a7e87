//! Two municipalities and two prefectures in one control database: who sees, joins, plans and
//! drafts what; and what an assistant, a reference and a settled answer may be. Every refusal is
//! the database's own, with the logins of the zones.

use tokio_postgres::Client;

use super::*;
use crate::Database;
use crate::cluster::{Cluster, ClusterOptions};
use crate::control::assistant::{
    NewAssistant, assistant_list, assistant_name, assistant_step, assistant_told,
};
use crate::control::prefecture::{
    answered_list, contracted_list, disturbed_list, municipality_list, placed_list,
    prefecture_admit,
};
use crate::control::reference::{consent_list, consent_say, used_list, used_watched};
use crate::control::{
    NewFit, NewSettled, Step, buyer_admit, contract_list, contract_step, control_open, fit_keep,
    fit_settle, organisation_register, settled_list,
};
use crate::organisation::{Installer, Organisation, PREFECTURE};
use crate::testing::{Place, sample_organisation};

struct Room {
    control: Client,
    one: Database,
    two: Database,
    prefecture: Database,
    foreign: Database,
    cluster: Cluster,
    _place: Place,
}

impl Room {
    async fn new() -> Room {
        let place = Place::new();
        let cluster = Cluster::start(&ClusterOptions::for_tests(place.folder())).await.unwrap();
        let installer = Installer::new(cluster.installer("postgres"));
        let templates = installer.prepare(&[]).await.unwrap();
        let control = control_open(&installer).await.unwrap();
        let mut bodies = Vec::new();
        for (id, code) in [("one", "992011"), ("two", "993018")] {
            let body = Organisation { code: code.to_owned(), ..sample_organisation(id) };
            organisation_register(&control, &body).await.unwrap();
            let own = installer.organisation_create(&body, &templates).await.unwrap().lgwan;
            buyer_admit(&control, &body).await.unwrap();
            bodies.push(own.database(own.control().as_ref(), None, 2).unwrap());
        }
        for (id, code) in [("ken", "990001"), ("other", "130001")] {
            let (code, kind) = (code.to_owned(), PREFECTURE.to_owned());
            let ken = Organisation { code, kind, ..sample_organisation(id) };
            organisation_register(&control, &ken).await.unwrap();
            let own = installer.prefecture_create(&ken, &templates).await.unwrap();
            prefecture_admit(&control, &ken).await.unwrap();
            bodies.push(own.database(own.control().as_ref(), None, 2).unwrap());
        }
        let foreign = bodies.pop().unwrap();
        let [one, two, prefecture] = bodies.try_into().ok().unwrap();
        let sql = "insert into control.offer (vendor, vendor_id, system, code, name, version, hash,
                     report, price)
                   select '見本ベンダー' || v, v, s, null, s, '1', v || s, '{\"passes\": true}',
                     '[{\"from\": \"2020-04-01\", \"base_yen\": 100, \"resident_yen\": 2}]'
                   from unnest(array['a', 'b']) v, unnest(array['tax', 'seal']) s order by v, s";
        control.execute(sql, &[]).await.unwrap();
        Room { control, one, two, prefecture, foreign, cluster, _place: place }
    }

    /// A contract of a body for an offer, in service since long ago and metered.
    async fn served(&self, body: &str, offer: i64, residents: i32) -> i64 {
        let sql = "insert into control.contract (organisation, offer, state, drafted_by, decided_by,
                     decided_at, signed_by, signed_at, opened_at)
                   values ($1, $2, '提供中', 'x', 'y', now(), 'x', now(), '2026-01-01') returning id";
        let row = self.control.query_one(sql, &[&body, &offer]).await.unwrap();
        let id: i64 = row.get(0);
        let sql = "insert into control.metered values ($1, '2026-11-01', $2)";
        self.control.execute(sql, &[&id, &residents]).await.unwrap();
        id
    }

    /// That a login cannot do this: an error, or no row.
    async fn cannot(&self, login: &Database, sql: &str) {
        let done = login.client().await.unwrap().execute(sql, &[]).await;
        assert!(done.is_err() || done.is_ok_and(|rows| rows == 0), "{sql}");
    }

    async fn step(&self, login: &Database, group: i64, step: Joining, who: &str) -> bool {
        let client = login.client().await.unwrap();
        member_step(&*client, (group, step), (who, "")).await.is_ok()
    }
}

#[tokio::test]
async fn bodies_join_by_two_persons_and_draft_their_own() {
    let room = Room::new().await;
    room.served("one", 2, 50_000).await;
    let ken = room.prefecture.client().await.unwrap();
    let group = group_make(&*ken, ("見本の会", "A", "税を共同で調達する"), "kikaku").await.unwrap();
    for body in ["one", "two"] {
        member_invite(&*ken, (group, body), ("kikaku", "")).await.unwrap();
    }
    assert!(member_invite(&*ken, (group, "one"), ("kikaku", "")).await.is_err(), "invited twice");
    assert!(member_invite(&*ken, (group, "ken"), ("kikaku", "")).await.is_err(), "a prefecture");
    let (one, two) = (room.one.client().await.unwrap(), room.two.client().await.unwrap());
    assert!(member_invite(&*one, (group, "two"), ("a", "")).await.is_err(), "not the lead");
    assert!(group_list(&*room.foreign.client().await.unwrap()).await.unwrap().is_empty());
    assert!(room.step(&room.one, group, Joining::Draft, "a").await);
    assert!(!room.step(&room.one, group, Joining::Decide, "a").await, "one person alone");
    room.cannot(&room.one, "update control.joint_member set state = '参加', acted_by = 'a'").await;
    room.cannot(&room.one, "update control.joint_member set drafted_by = 'x'").await;
    assert!(room.step(&room.one, group, Joining::Decide, "b").await);
    let plan =
        NewPlan { offer: 1, method: "随意契約", specification: "仕様", reason: "比較" };
    assert!(plan_make(&*one, group, &plan, "a").await.is_err(), "only the lead plans");
    let plan = plan_make(&*ken, group, &plan, "kikaku").await.unwrap();
    assert!(plan_step(&*ken, (plan, true), "kikaku").await.is_err(), "one person alone");
    let drafted = plan_draft(&*one, (plan, None), ("共同", "総務費"), "a").await;
    assert!(drafted.is_err(), "not decided yet");
    plan_step(&*ken, (plan, true), "kacho").await.unwrap();
    assert!(plan_draft(&*two, (plan, None), ("共同", "総務費"), "a").await.is_err(), "not joined");
    let contract = plan_draft(&*one, (plan, None), ("共同", "総務費"), "a").await.unwrap();
    // From here it is a contract as any other.
    assert!(contract_step(&*one, (contract, Step::Decide), ("a", "")).await.is_err());
    contract_step(&*one, (contract, Step::Decide), ("b", "")).await.unwrap();
    let progress = progress_list(&*ken, group).await.unwrap();
    let [own] = progress.as_slice() else { panic!("{progress:?}") };
    assert_eq!((own.state.as_str(), own.own_contract), ("決裁済", None));
    assert_eq!(progress_list(&*one, group).await.unwrap()[0].own_contract, Some(contract));
    assert!(progress_list(&*two, group).await.unwrap().is_empty(), "only invited");
    // Residents are told to who has joined, of who has joined.
    let residents = async |client: &crate::Client| {
        let all = member_list(&**client, group).await.unwrap();
        all.into_iter().map(|it| it.residents.map(|it| it.1)).collect::<Vec<_>>()
    };
    assert_eq!(residents(&ken).await, [Some(50_000), None]);
    assert_eq!(residents(&two).await, [None, None]);
    the_course_is_whole(&room, &one, group).await;
    plan_step(&*ken, (plan, false), "kikaku").await.unwrap();
    assert!(room.step(&room.one, group, Joining::Leave, "a").await);
    assert!(!room.step(&room.one, group, Joining::LeaveDecide, "a").await, "one person alone");
    assert!(room.step(&room.one, group, Joining::LeaveDecide, "b").await);
    member_invite(&*ken, (group, "one"), ("kikaku", "もう一度")).await.unwrap();
    drop((ken, one, two));
    room.cluster.stop().await.unwrap();
}

/// The course says who did what, and no login writes it or anything beside its own place.
async fn the_course_is_whole(room: &Room, one: &crate::Client, group: i64) {
    let acts = group_course(&**one, group).await.unwrap();
    let acts: Vec<String> = acts.into_iter().map(|it| format!("{} {}", it.actor, it.act)).collect();
    assert_eq!(
        acts,
        [
            "kikaku 発足",
            "kikaku 招待",
            "kikaku 招待",
            "a 参加の起案",
            "b 参加",
            "kikaku 調達の案",
            "kacho 調達の決定",
            "a 契約の起案"
        ]
    );
    room.cannot(&room.two, "insert into control.joint_draft values (2, 1)").await;
    room.cannot(
        &room.one,
        "insert into control.joint_act (joint_group, organisation, actor, act,
        note) values (1, 'one', 'x', 'x', '')",
    )
    .await;
    room.cannot(&room.one, "update control.joint_plan set state = '取下げ', acted_by = 'a'").await;
    room.cannot(&room.prefecture, "select from control.contract").await;
    room.cannot(&room.prefecture, "update control.joint_plan set specification = 'x'").await;
}

#[tokio::test]
async fn a_prefecture_sees_its_own_municipalities_only() {
    let room = Room::new().await;
    let contract = room.served("two", 1, 900).await;
    let sql = "insert into control.environment (id, body, kind, provider) values
               ('993018.production.local', '993018', 'production', 'local'),
               ('131016.production.local', '131016', 'production', 'local')";
    room.control.execute(sql, &[]).await.unwrap();
    let sql = "insert into control.incident (organisation, service, layer, title, found_by)
               values ('two', '窓口', 'クラウド', '遅い', '人')";
    room.control.execute(sql, &[]).await.unwrap();
    let sql = "insert into control.watched values ('two', '窓口', '2026-11-02', 10, 1, 5, now())";
    room.control.execute(sql, &[]).await.unwrap();
    let since = Timestamp::UNIX_EPOCH;
    let month = "2026-11-01".parse().unwrap();
    let ken = room.prefecture.client().await.unwrap();
    assert_eq!(municipality_list(&*ken).await.unwrap().len(), 2);
    assert_eq!(contracted_list(&*ken).await.unwrap()[0].organisation, "two");
    assert_eq!(placed_list(&*ken).await.unwrap().len(), 1);
    assert_eq!(disturbed_list(&*ken, since).await.unwrap()[0].title, "遅い");
    assert_eq!(answered_list(&*ken, month).await.unwrap(), [("two".to_owned(), 10, 1)]);
    let other = room.foreign.client().await.unwrap();
    assert_eq!(municipality_list(&*other).await.unwrap(), []);
    assert_eq!(contracted_list(&*other).await.unwrap(), []);
    assert_eq!(placed_list(&*other).await.unwrap()[0].body, "131016");
    assert_eq!(disturbed_list(&*other, since).await.unwrap(), []);
    assert_eq!(answered_list(&*other, month).await.unwrap(), []);
    let one = room.one.client().await.unwrap();
    for sql in ["prefecture_body", "prefecture_contract", "prefecture_environment"] {
        assert!(one.query(&format!("select from control.{sql}"), &[]).await.is_err(), "{sql}");
    }
    for table in ["contract", "metered", "organisation", "incident", "watched", "assistant", "fit"]
    {
        let sql = format!("select from control.{table}");
        assert!(ken.query(&sql, &[]).await.is_err(), "{table}");
    }
    // 利用実績: a number until the body agrees, then its name; measured on the days of use.
    let used = used_list(&*one, "seal").await.unwrap();
    assert_eq!((used[0].bodies, used[0].named.len()), ([0, 1, 0, 0, 0], 0));
    let two = room.two.client().await.unwrap();
    consent_say(&*two, (contract, true), "a").await.unwrap();
    assert!(consent_say(&*one, (contract, false), "a").await.is_err(), "another body's");
    assert_eq!(used_list(&*one, "seal").await.unwrap()[0].named, ["見本市"]);
    consent_say(&*two, (contract, false), "b").await.unwrap();
    assert_eq!(consent_list(&*two).await.unwrap(), [(contract, false)]);
    assert!(used_list(&*one, "seal").await.unwrap()[0].named.is_empty());
    let sql = "insert into control.watched values ('two', '窓口', '2025-12-31', 9, 9, 5, now())";
    room.control.execute(sql, &[]).await.unwrap();
    let watched = used_watched(&*one, "seal").await.unwrap();
    assert_eq!((watched[0].bodies, watched[0].asked), (1, None), "that would be its own rate");
    assert!(used_watched(&*one, "tax").await.unwrap().is_empty());
    three_bodies_are_one_rate(&room).await;
    drop((ken, other, one, two));
    room.cluster.stop().await.unwrap();
}

/// From three bodies on the rate is of all of them together.
async fn three_bodies_are_one_rate(room: &Room) {
    let third = Organisation { code: "994014".to_owned(), ..sample_organisation("three") };
    organisation_register(&room.control, &third).await.unwrap();
    for id in ["one", "three"] {
        room.served(id, 1, 900).await;
        let sql = "insert into control.watched values ($1, '窓口', '2026-11-02', 10, 2, 5, now())";
        room.control.execute(sql, &[&id]).await.unwrap();
        let one = room.one.client().await.unwrap();
        let watched = used_watched(&*one, "seal").await.unwrap().remove(0);
        let expected = if id == "three" { (3, Some((30, 5))) } else { (2, None) };
        assert_eq!((watched.bodies, watched.asked), expected);
    }
}

#[tokio::test]
async fn an_assistant_is_named_by_two_and_told_until_it_is_taken_back() {
    let room = Room::new().await;
    room.served("one", 1, 900).await;
    let one = room.one.client().await.unwrap();
    let (from, until): (Date, Date) =
        ("2026-01-01".parse().unwrap(), "2030-03-31".parse().unwrap());
    let new = NewAssistant { vendor: "b", duties: "見守り", days: (from, until) };
    let id = assistant_name(&*one, &new, "a").await.unwrap();
    assert!(assistant_name(&*one, &new, "a").await.is_err(), "named twice");
    let stranger = NewAssistant { vendor: "nobody", ..new };
    assert!(assistant_name(&*one, &stranger, "a").await.is_err(), "not admitted");
    let day = "2026-11-22".parse().unwrap();
    assert!(assistant_told(&room.control, day).await.unwrap().is_empty(), "not decided");
    assert!(assistant_step(&*one, (id, "指定"), ("a", "")).await.is_err(), "one person alone");
    let two = room.two.client().await.unwrap();
    assert!(assistant_step(&*two, (id, "指定"), ("b", "")).await.is_err(), "another body's");
    assert!(assistant_list(&*two).await.unwrap().is_empty());
    assistant_step(&*one, (id, "指定"), ("b", "")).await.unwrap();
    let told = assistant_told(&room.control, day).await.unwrap();
    assert_eq!((told[0].vendor.as_str(), told[0].body.as_str()), ("b", "見本市"));
    assert_eq!(told[0].state["systems"][0]["state"], "提供中");
    let after = "2030-04-01".parse().unwrap();
    assert!(assistant_told(&room.control, after).await.unwrap().is_empty(), "its time is over");
    assert!(assistant_step(&*one, (id, "取消"), ("a", "")).await.is_err(), "no reason");
    assistant_step(&*one, (id, "取消"), ("a", "交代")).await.unwrap();
    assert!(assistant_told(&room.control, day).await.unwrap().is_empty(), "taken back");
    room.cannot(&room.one, "update control.assistant set until_day = '2031-01-01'").await;
    // 人による判断: of the own analysis, its offers and steps only; nothing is written over.
    let list = serde_json::json!([{"number": "1"}]);
    let fit = NewFit { system: "seal", file_name: "x.csv", requirements: &list, offers: &[1] };
    let fit = fit_keep(&*one, &fit, "a").await.unwrap();
    let good = NewSettled {
        offer: 1,
        number: "1",
        verdict: "要調整",
        source: "実機での確認",
        reason: "様式を一つ足す",
    };
    for wrong in [
        NewSettled { offer: 2, ..good },
        NewSettled { number: "2", ..good },
        NewSettled { reason: "", ..good },
        NewSettled { verdict: "たぶん", ..good },
    ] {
        assert!(fit_settle(&*one, fit, &wrong, "a").await.is_err(), "{wrong:?}");
    }
    assert!(fit_settle(&*two, fit, &good, "a").await.is_err(), "another body's");
    fit_settle(&*one, fit, &good, "a").await.unwrap();
    fit_settle(&*one, fit, &NewSettled { verdict: "適合", ..good }, "b").await.unwrap();
    let settled = settled_list(&*one, fit).await.unwrap();
    let words: Vec<&str> = settled.iter().map(|it| it.verdict.as_str()).collect();
    assert_eq!(words, ["要調整", "適合"]);
    assert!(settled_list(&*two, fit).await.unwrap().is_empty());
    room.cannot(&room.one, "update control.fit_settled set verdict = '不適合'").await;
    assert_eq!(contract_list(&*two).await.unwrap(), []);
    drop((one, two));
    room.cluster.stop().await.unwrap();
}
