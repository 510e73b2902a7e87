//! A blueprint carried out: everything is made once, whatever breaks off, and nothing is forgotten.

use std::time::Duration;

use cloud::plane::audit;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::books::Wanted;
use cloud::plane::environment::{Kind, Lane, Origin};
use cloud::plane::part::Act;
use cloud::provider::Provider;
use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_small_nation_is_made_changed_and_removed() {
    let world = World::new().await;
    let mut environments = world.environments(&["131016", "011002"]);
    let wanted = world.wanted(environments.clone());
    world.ended(world.approved(&wanted).await).await;
    world.settled(&wanted).await;
    let names = world.accounts().await;
    let own = [
        "011002.production.aws",
        "011002.verification.aws",
        "131016.production.aws",
        "131016.verification.aws",
        "nation.shared.aws",
    ];
    assert_eq!(names, own);
    stores_keep_the_rules(&world).await;

    environments[0].budget_yen = 2_000_000;
    environments[0].systems.insert("resident-record".to_owned(), "1.0".to_owned());
    environments.pop();
    let wanted = world.wanted(environments);
    let blueprint = Blueprint::make(&wanted, &world.books().await, &Scope::Everything).unwrap();
    let acts: Vec<Act> = blueprint.steps.iter().map(|step| step.act).collect();
    assert_eq!(acts.iter().filter(|act| **act == Act::Change).count(), 1);
    assert_eq!(acts.iter().filter(|act| **act == Act::Make).count(), 1);
    world.ended(world.approved_as(&blueprint).await).await;
    world.settled(&wanted).await;
    assert!(!world.accounts().await.contains(&"011002.verification.aws".to_owned()));
}

/// What the provider itself says of its stores breaks no rule; the archive is locked.
async fn stores_keep_the_rules(world: &World) {
    let books = world.books().await;
    let rules = &world.executor.guardrails;
    let (mut stores, mut archives) = (0, 0);
    for (name, parts) in &books.lanes {
        let Some(account) = parts.get("account").and_then(|it| it.reference.as_deref()) else {
            continue;
        };
        let lane: Lane = name.parse().unwrap();
        for seen in world.aws.inspect(&lane, account).await.unwrap() {
            stores += 1;
            archives += usize::from(seen.resource.logs == Some((true, 365)));
            assert_eq!(audit::judge(rules, &lane, &[seen]), []);
        }
    }
    // The stores of two bodies' environments, and the archive.
    assert_eq!((stores, archives), (5, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_anywhere_it_goes_on_and_makes_nothing_twice() {
    let points: &[usize] = match std::env::var_os("KUMOI_SOAK") {
        Some(_) => &[0, 1, 2, 3, 5, 7, 9, 11, 13, 17, 19, 23, 25, 29, 31, 37, 41, 43, 47, 53],
        None => &[1, 6, 13, 22, 31, 40],
    };
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016", "011002"]));
    let id = world.approved(&wanted).await;
    for point in points {
        // As a process that is killed: nothing of the run goes on, its connections end.
        let begun = world.line.count("POST") + world.line.count("PUT");
        let until = async {
            while world.line.count("POST") + world.line.count("PUT") < begun + point {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            ended = world.apply(id) => assert!(ended.unwrap().ended),
            () = until => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let report = world.apply(id).await;
    // Already done by one of the runs above, or done now.
    assert!(report.is_err() || report.is_ok_and(|it| it.ended));
    world.settled(&wanted).await;
    assert_eq!(world.accounts().await.len(), 5);
    keys_are_single(&world).await;
}

/// Each account has the one key that the books know.
pub async fn keys_are_single(world: &World) {
    let books = world.books().await;
    let control = store::control::control_open(&world.installer).await.unwrap();
    let made = control
        .query("select reference from control.part where part like 'key.%'", &[])
        .await
        .unwrap();
    let lanes = books.lanes.values().filter(|parts| parts.contains_key("account")).count();
    assert_eq!(made.len(), lanes);
    let address = format!("http://127.0.0.1:{}/moto-api/data.json", world.moto_port());
    let data: Value = reqwest::get(address).await.unwrap().json().await.unwrap();
    let keys = data["kms"]["Key"].as_array().map_or(0, Vec::len);
    assert_eq!(keys, lanes, "keys at the provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_enrolled_and_never_touched() {
    let world = World::new().await;
    let first = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&first).await).await;
    let account = world.books().await.lanes["131016.production.aws"]["account"].reference.clone();
    let account = account.unwrap();
    let enrol = async |lane: &str, origin: Origin| {
        let mut one = world.tree.bodies[lane].environment(Kind::Production, "aws");
        one.origin = origin;
        let scope = Scope::Lanes([one.lane.to_string()].into());
        let wanted = Wanted { foundations: Vec::new(), environments: vec![one] };
        Blueprint::make(&wanted, &world.books().await, &scope)
    };
    // What the books know as made here is nobody else's.
    let own = enrol("011002", Origin::Lifted(account.clone())).await.unwrap_err().to_string();
    assert!(own.contains("131016.production.aws として台帳にあります"), "{own}");
    let own = enrol("131016", Origin::Lifted("1".to_owned())).await.unwrap_err().to_string();
    assert!(own.contains("作った環境です"), "{own}");
    // Somebody else's account, as far as these books are concerned.
    let control = store::control::control_open(&world.installer).await.unwrap();
    let forget = "delete from control.part where environment = '131016.production.aws'";
    control.batch_execute(forget).await.unwrap();
    let before = world.line.count("CreateAccount\r\n") + world.line.count("MoveAccount");
    let lifted = enrol("011002", Origin::Lifted(account)).await.unwrap();
    assert_eq!(lifted.steps.iter().map(|it| it.act).collect::<Vec<_>>(), [Act::Enrol]);
    world.ended(world.approved_as(&lifted).await).await;
    assert_eq!(world.line.count("CreateAccount\r\n") + world.line.count("MoveAccount"), before);
    // One that is not there cannot be enrolled, and says so; nor in the place of another.
    for body in ["012025", "011002"] {
        let absent = Origin::CommonPlatform("999999999999".to_owned());
        let absent = enrol(body, absent).await.unwrap();
        let report = world.apply(world.approved_as(&absent).await).await.unwrap();
        assert!(!report.ended);
        let reason = &report.held[0].2;
        assert!(reason.contains("登録する環境がプロバイダーに見つかりません"), "{reason}");
    }
}
