//! What one system does when another tells of an event: to whom it is about and to nobody else,
//! each with what is said of them.

use office::reaction;
use serde_json::{Value as Json, json};

use crate::conflicts::{RESIDENT, SEAL, move_in, residents, row_of, text, world};
use crate::folder::{changed, system};
use crate::world::{World, noon, run};

const COUPLE: &[(&str, &str, &str)] =
    &[("霞　健", "1985-06-01", "世帯主"), ("霞　恵", "1987-02-11", "妻")];

/// A couple moved in, both with a registered seal: the keys of the people and of the seals.
async fn couple(world: &World) -> (Vec<String>, Vec<String>) {
    world.register(noon("2024-04-05"), (RESIDENT, "move-in"), move_in(COUPLE)).await;
    let people = residents(&world.office).await;
    let mut seals = Vec::new();
    for key in &people {
        let form = json!({
            "届出日": "2024-04-08", "宛名番号": key, "申請者": "1", "意思の確認": true,
            "確認方法": "1", "確認した書類": "運転免許証", "印影の文字": "霞", "印影の表示": "2",
            "印影": "<svg xmlns='http://www.w3.org/2000/svg' width='12mm' height='12mm'/>",
            "印鑑の確認": true,
        });
        world.register(noon("2024-04-08"), (SEAL, "apply"), form).await;
        let client = world.office.database.client().await.unwrap();
        let sql = "select toroku_bango from seal_registration.seal where atena_bango = $1";
        seals.push(client.query_one(sql, &[key]).await.unwrap().get(0));
    }
    (people, seals)
}

async fn react(world: &World) {
    while reaction::work(&world.office, noon("2024-07-01")).await.unwrap() > 0 {}
}

/// Whether each seal is still registered.
async fn standing(world: &World, seals: &[String]) -> Vec<bool> {
    let mut out = Vec::new();
    for seal in seals {
        out.push(row_of(&world.office, (SEAL, "seal"), seal).await.meta.closed_on.is_none());
    }
    out
}

fn about(keys: &[&String], more: Json) -> Json {
    let mut form = more;
    form["対象者"] = keys.iter().map(|key| json!({ "key": key })).collect();
    form
}

/// The head leaves by `procedure`; whoever stays becomes head and keeps the own registration.
#[track_caller]
fn check(procedure: &'static str, more: Json, moves_out: bool) {
    run(async move {
        let world = world().await;
        let (people, seals) = couple(&world).await;
        let head = &people[0];
        if moves_out {
            let form = json!({
                "転出日": "2024-05-01", "届出日": "2024-04-20", "異動日": "2024-04-20",
                "転出先": "霞県霞村大字霞1番地",
            });
            let form = about(&[head], form);
            world.register(noon("2024-04-20"), (RESIDENT, "move-out"), form).await;
        }
        let event =
            world.register(noon("2024-05-02"), (RESIDENT, procedure), about(&[head], more)).await;
        let place = (RESIDENT, "resident");
        let stays = row_of(&world.office, place, &people[1]).await;
        assert_eq!(text(&world.office, place, &stays, "続柄"), "世帯主", "{procedure}");
        react(&world).await;
        assert_eq!(standing(&world, &seals).await, [false, true], "{procedure}");
        // The event is about who left; the history of who stays has it too.
        let client = world.office.database.client().await.unwrap();
        let entry = store::journal::journal_entry(&**client, event).await.unwrap().entry;
        assert_eq!(entry.event_subjects(), std::slice::from_ref(head), "{procedure}");
        assert_eq!(entry.subjects, people, "{procedure}");
        // Cancelled, it is again about who left.
        let form = json!({
            "異動日": "2024-07-01", "取り消す異動": event.to_string(), "取消の理由": "誤り",
        });
        let at = noon("2024-07-01");
        let done = world.register(at, (RESIDENT, "cancel"), about(&[head], form)).await;
        let entry = store::journal::journal_entry(&**client, done).await.unwrap().entry;
        assert_eq!(entry.event_subjects(), std::slice::from_ref(head), "{procedure}");
        assert_eq!(entry.subjects, people, "{procedure}");
    });
}

#[test]
fn a_death_ends_the_registration_of_the_dead_only() {
    check("death", json!({"異動日": "2024-05-01", "届出日": "2024-05-02"}), false);
}

#[test]
fn a_move_out_ends_the_registration_of_who_moves_only() {
    check("move-out-confirm", json!({"異動日": "2024-05-01"}), true);
}

#[test]
fn a_removal_ends_the_registration_of_who_is_removed_only() {
    let form = json!({"異動日": "2024-05-01", "調査の結果": "居住の事実なし"});
    check("official-removal", form, false);
}

/// One event, two people: each registration takes the own name. (The reaction hears of a move-out
/// here, because no event of one person only can show it.)
#[test]
fn each_takes_what_the_event_says_of_them() {
    run(async {
        let heard = ("resident-record.name-changed", "resident-record.move-out-planned");
        let seal = changed(SEAL, ("procedures/name-changed.yaml", heard));
        let world = World::new(vec![system(RESIDENT), seal]).await;
        let (people, seals) = couple(&world).await;
        let form = json!({
            "転出日": "2024-05-01", "届出日": "2024-04-20", "異動日": "2024-04-20",
            "転出先": "霞県霞村大字霞1番地",
        });
        let form = about(&[&people[0], &people[1]], form);
        world.register(noon("2024-04-20"), (RESIDENT, "move-out"), form).await;
        let cases = "select count(*) from core.cases where procedure = 'name-changed'";
        react(&world).await;
        let place = (SEAL, "seal");
        for (seal, (name, ..)) in seals.iter().zip(COUPLE) {
            let row = row_of(&world.office, place, seal).await;
            assert_eq!(text(&world.office, place, &row, "氏名表示"), *name);
        }
        assert_eq!(world.count(cases).await, 2, "what differs is a case of its own");
        assert_eq!(standing(&world, &seals).await, [true, true]);
    });
}
