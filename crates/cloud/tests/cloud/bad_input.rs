//! A provider that does not answer, answers twice, forgets, refuses: nothing is made twice, nothing
//! is forgotten, and nobody else waits.

use std::time::Duration;

use cloud::plane::execute::{Limits, blueprint_read};
use cloud::provider::Provider;
use store::control::plane as rows;

use crate::carry_out::keys_are_single;
use crate::line::Spoil;
use crate::world::{World, limits};

const QUOTA: &str =
    r#"{"__type":"ConstraintViolationException","message":"ACCOUNT_NUMBER_LIMIT_EXCEEDED"}"#;
const BUSY: &str = r#"{"__type":"TooManyRequestsException","message":"slow down"}"#;
const ABSENT: &str = r#"{"__type":"AccountNotFoundException","message":"not yet"}"#;

/// One body is made although the line spoils these requests.
async fn check(spoils: &[(&str, Spoil, usize)]) -> World {
    let world = World::new().await;
    for (mark, spoil, times) in spoils {
        world.line.spoil(mark, spoil.clone(), *times);
    }
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    world.settled(&wanted).await;
    assert_eq!(world.accounts().await.len(), 3);
    keys_are_single(&world).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_nothing_twice() {
    let each = [
        "CreateAccount\r\n",
        "MoveAccount",
        "Action=CreateRole",
        "CreateBudget",
        "CreateKey",
        "CreateAlias",
        "CreateOrganizationalUnit",
        "CreatePolicy",
        "AttachPolicy",
        "encryption=",
        "Action=AssumeRole",
        "CreateTrail",
    ];
    check(&each.map(|mark| (mark, Spoil::Cut, 2))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_busy_is_asked_again() {
    let spoil = Spoil::Instead(400, BUSY);
    let world =
        check(&[("AWSOrganizations", spoil, 4), ("TrentService", Spoil::Instead(503, ""), 2)])
            .await;
    // What was refused for being busy was not done: nobody had to look for it.
    assert_eq!(world.line.count("CreateAccount\r\n"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_seen_yet_is_waited_for() {
    check(&[
        ("MoveAccount", Spoil::Instead(400, ABSENT), 3),
        (
            "Action=CreateRole",
            Spoil::Instead(404, "<E><Error><Code>NoSuchEntity</Code></Error></E>"),
            2,
        ),
        // Made, its answer lost, and the first lists do not show it.
        ("CreateAccount\r\n", Spoil::Cut, 1),
        ("ListAccounts", Spoil::Instead(200, r#"{"Accounts":[]}"#), 1),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_arrives_twice_is_seen() {
    let world = World::new().await;
    // The second of two for the very same environment: one of them is nobody's.
    world.line.spoil("131016.production.aws+", Spoil::Twice, 1);
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    let seen = world.aws.survey().await.unwrap();
    let findings = cloud::plane::audit::compare(&world.books().await, "aws", &seen);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].what.contains("131016.production.aws"), "{findings:?}");
    assert_eq!(findings[0].rule, "no-orphans");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_twice_is_left_to_a_person() {
    let world = World::new().await;
    // Arrives twice, and neither answer comes back: nobody can say which is meant.
    world.line.spoil("131016.production.aws+", Spoil::TwiceCut, 1);
    let wanted = world.wanted(world.environments(&["131016"]));
    let report = world.apply(world.approved(&wanted).await).await.unwrap();
    assert!(!report.ended && report.held.len() == 1, "{report:?}");
    assert!(report.held[0].2.contains("同じ名のものが複数あります"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_holds_one_body_and_nobody_else() {
    let world = World::new().await;
    world.line.spoil("131016.production.aws+", Spoil::Instead(400, QUOTA), 1);
    let wanted = world.wanted(world.environments(&["131016", "011002"]));
    let id = world.approved(&wanted).await;
    let report = world.apply(id).await.unwrap();
    assert!(!report.ended && report.held.len() == 1 && report.waiting == 5, "{report:?}");
    let (lane, _, reason) = &report.held[0];
    assert_eq!(lane, "131016.production.aws");
    assert!(reason.contains("上限の引上げを申請してください"), "{reason}");
    assert_eq!(world.accounts().await.len(), 4);
    // Once the limit is lifted, applying again does the rest.
    world.ended(id).await;
    world.settled(&wanted).await;
    assert_eq!(world.accounts().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_holds_nobody_up_and_raises_an_alarm() {
    let patient = Duration::from_secs(300);
    let limits = Limits { alarm: Duration::from_secs(2), call: patient, calls: 1, ..limits() };
    let world = World::with(limits).await;
    let wanted = world.wanted(world.environments(&["131016", "011002"]));
    world.line.spoil("011002.production.aws+", Spoil::Hang, 1);
    let id = world.approved(&wanted).await;
    // With one call at a time everybody else is done, and somebody is told, while it still hangs.
    let others = async {
        loop {
            let lanes = world.books().await.lanes;
            let done = |lane: &str| lanes.get(lane).is_some_and(|it| it.len() == 6);
            if done("131016.production.aws") && done("131016.verification.aws") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let alarmed = async {
        let control = store::control::control_open(&world.installer).await.unwrap();
        loop {
            let alarms = rows::alarm_list(&control).await.unwrap();
            let own = "011002.production.aws の 作成 account";
            if alarms.iter().any(|(_, words)| words.contains(own)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let meanwhile = async {
        let both = async { tokio::join!(others, alarmed) };
        tokio::time::timeout(patient, both).await.unwrap();
        let slow = world.books().await.lanes.remove("011002.production.aws");
        assert!(slow.is_none_or(|it| !it.contains_key("account")), "it did not hang any more");
        world.line.release();
    };
    let (report, ()) = tokio::join!(world.apply(id), meanwhile);
    assert!(report.unwrap().ended);
    assert_eq!(world.accounts().await.len(), 5);
    // What is done needs no alarm any more.
    let control = store::control::control_open(&world.installer).await.unwrap();
    assert_eq!(rows::alarm_list(&control).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_turn_has_not_begun() {
    let patient = Duration::from_secs(300);
    let world = World::with(Limits { call: patient, ..limits() }).await;
    let four = ["131016", "011002", "271004", "401307"];
    let wanted = world.wanted(world.environments(&four));
    world.line.spoil(".aws+", Spoil::Hang, 100);
    let id = world.approved(&wanted).await;
    let begun = async || {
        let (_, _, kept) = blueprint_read(&world.installer, id).await.unwrap();
        kept.iter().filter(|it| it.attempts > 0 && it.state != "済み").count()
    };
    // The provider makes five accounts at a time: whoever goes on after a kill looks for five.
    let meanwhile = async {
        while begun().await < 5 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(begun().await, 5);
        world.line.release();
    };
    let meanwhile = tokio::time::timeout(patient, meanwhile);
    let (report, looked) = tokio::join!(world.apply(id), meanwhile);
    looked.unwrap();
    assert!(report.unwrap().ended);
    assert_eq!(world.accounts().await.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_cannot_be_reached_stays_on_the_books() {
    let world = World::with(Limits { attempts: 2, ..limits() }).await;
    let both = world.wanted(world.environments(&["131016", "011002"]));
    world.ended(world.approved(&both).await).await;
    let one = world.wanted(world.environments(&["131016"]));
    world.line.spoil("CloseAccount", Spoil::Instead(500, ""), 100);
    let id = world.approved(&one).await;
    let report = world.apply(id).await.unwrap();
    assert!(!report.ended && report.held.len() == 2, "{report:?}");
    let books = world.books().await;
    assert!(books.lanes["011002.production.aws"].contains_key("account"));
    // Not even giving up the rest forgets it.
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    rows::blueprint_cut(&mut control, id, ("made", "test")).await.unwrap();
    assert!(world.books().await.lanes["011002.production.aws"].contains_key("account"));
    world.line.heal();
    world.ended(world.approved(&one).await).await;
    assert!(!world.books().await.lanes.contains_key("011002.production.aws"));
    assert_eq!(world.accounts().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_half_made_is_found_again() {
    let world = World::with(Limits { attempts: 1, ..limits() }).await;
    // It arrives, but nobody hears of it, and then the operator gives up.
    world.line.spoil("131016.production.aws+", Spoil::Cut, 1);
    let wanted = world.wanted(world.environments(&["131016"]));
    let id = world.approved(&wanted).await;
    let report = world.apply(id).await.unwrap();
    assert_eq!(report.held.len(), 1, "{report:?}");
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    assert_eq!(rows::blueprint_cut(&mut control, id, ("made", "")).await.unwrap(), 6);
    let held = world.books().await.lanes["131016.production.aws"]["account"].clone();
    assert!(held.doubt.is_some() && held.reference.is_none());
    // Nobody wants it any more: it is looked for and closed.
    let none = world.wanted(world.environments(&["011002"]));
    world.ended(world.approved(&none).await).await;
    let left = world.accounts().await;
    assert!(!left.iter().any(|name| name.starts_with("131016")), "{left:?}");
    // The same again, and now it is wanted after all: the one that is there is taken up.
    let more = world.wanted(world.environments(&["011002", "131024"]));
    world.line.spoil("131024.production.aws+", Spoil::Cut, 1);
    let id = world.approved(&more).await;
    assert!(!world.apply(id).await.unwrap().ended);
    rows::blueprint_cut(&mut control, id, ("made", "")).await.unwrap();
    world.ended(world.approved(&more).await).await;
    world.settled(&more).await;
    assert_eq!(world.accounts().await.len(), 5);
}
