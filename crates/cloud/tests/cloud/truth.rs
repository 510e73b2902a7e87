//! What AWS asks for beyond what the sample AWS enforces: asserted on the requests that go over the
//! line. And what comes back when it is not ready, busy or not telling.

use std::collections::BTreeMap;

use base::date::Date;
use cloud::guardrail::{Actor, Guardrails};
use cloud::plane::audit;
use cloud::plane::environment::{Kind, Lane};
use cloud::plane::execute::{Limits, Providers};
use cloud::plane::part::{Act, Part, Work};
use cloud::provider::{Provider, aws, local};
use store::control::plane as rows;

use crate::carry_out::keys_are_single;
use crate::line::Spoil;
use crate::world::{World, limits};

const RATE: &str = r#"{"__type":"ConstraintViolationException",
    "Reason":"ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED","Message":"slower"}"#;
const REFUSED: &str = r#"{"__type":"InvalidParameterException","message":"no"}"#;
const DENIED: &str = "<E><Error><Code>AccessDenied</Code><Message>m</Message></Error></E>";
const EXPIRED: &str = "<Error><Code>ExpiredToken</Code><Message>m</Message></Error>";
/// The management account's own key, and its number in the sample AWS.
const OWN: &str = "Credential=AKIAMIHON00000000000/";
const MANAGEMENT: &str = "123456789012";

/// Every request with this mark holds all of these.
#[track_caller]
fn check(world: &World, mark: &str, wanted: &[&str]) {
    let texts = world.line.texts(mark);
    assert!(!texts.is_empty(), "nothing with {mark}");
    for text in texts {
        for one in wanted {
            assert!(text.contains(one), "{mark} without {one}:\n{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_over_the_line_is_what_aws_asks_for() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    for mark in ["?encryption=", "?publicAccessBlock=", "?object-lock=", "?policy=", "?tagging="] {
        check(&world, mark, &["x-amz-checksum-sha256: ", "x-amz-content-sha256"]);
    }
    let books = world.books().await;
    let named = |lane: &str, part: &str| books.lanes[lane][part].reference.clone().unwrap();
    // The organisation's trail is the management account's, into the archive of another account.
    let archive = named("nation.shared.aws", "archive.east");
    let (account, key) =
        (named("nation.shared.aws", "account"), named("nation.shared.aws", "key.east"));
    let key = format!("\"KmsKeyId\":\"arn:aws:kms:ap-northeast-1:{account}:key/{key}\"");
    let bucket = format!("\"S3BucketName\":\"{archive}\"");
    check(&world, "CreateTrail", &[OWN, "\"IsOrganizationTrail\":true", &key, &bucket]);
    check(&world, "EnableAWSServiceAccess", &[OWN, "cloudtrail.amazonaws.com"]);
    let trail = format!("arn:aws:cloudtrail:ap-northeast-1:{MANAGEMENT}:trail/kumoi-east");
    check(&world, "?policy=", &[&trail, "/AWSLogs/o-", &format!("/AWSLogs/{MANAGEMENT}/*")]);
    // A budget is kept where the member cannot change it, counts that member and tells somebody.
    for lane in ["131016.production.aws", "131016.verification.aws"] {
        let filter = format!("\"LinkedAccount\":[\"{}\"]", named(lane, "account"));
        let owner = format!("\"AccountId\":\"{MANAGEMENT}\"");
        let mark = format!("\"BudgetName\":\"kumoi-{lane}\"");
        check(&world, &mark, &[OWN, &filter, &owner, "\"SubscriptionType\":\"EMAIL\""]);
    }
    // Nobody signs in at the environment itself, and only people of the body get in.
    let trust = format!("arn%3Aaws%3Aiam%3A%3A{MANAGEMENT}%3Aroot");
    check(&world, "Action=CreateRole", &[&trust, "kumoi-body%22%3A%22131016"]);
    // What a policy forbids of the other group names that group.
    let other = named("nation.shared.aws", "group.verification");
    check(&world, "kumoi-production-1", &[&other]);
    assert_eq!(world.line.count("{group."), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_there_by_its_state() {
    let world = World::new().await;
    let answer = r#"{"Accounts":[
        {"Id":"1","Name":"a.production.aws","State":"ACTIVE"},
        {"Id":"2","Name":"b.production.aws","State":"PENDING_ACTIVATION"},
        {"Id":"3","Name":"c.production.aws","State":"CLOSED"},
        {"Id":"4","Name":"d.production.aws","State":"SUSPENDED","Status":"ACTIVE"},
        {"Id":"5","Name":"e.production.aws","Status":"ACTIVE"}]}"#;
    world.line.spoil("ListAccounts", Spoil::Instead(200, answer), 1);
    let seen = world.aws.survey().await.unwrap();
    let seen: Vec<&str> = seen.iter().map(|it| it.reference.as_str()).collect();
    assert_eq!(seen, ["1", "2", "5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_is_waited_for() {
    let world = World::new().await;
    world.line.spoil("131016.production.aws+", Spoil::Instead(400, RATE), 2);
    world.line.spoil("Action=AssumeRole", Spoil::Instead(403, DENIED), 3);
    world.line.spoil("?tagging=", Spoil::Instead(403, EXPIRED), 1);
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    world.settled(&wanted).await;
    // Three accounts: their sessions, three that were refused, one for the session that ended.
    assert_eq!(world.line.count("Action=AssumeRole"), 7);
    assert_eq!(world.accounts().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_gives_up_makes_nothing_twice() {
    let world = World::new().await;
    // It was done, and whoever stands between says only that it could not wait.
    for mark in ["CreateAccount\r\n", "CreateKey", "CreatePolicy", "CreateBudget"] {
        world.line.spoil(mark, Spoil::After(503, ""), 2);
    }
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    assert_eq!(world.accounts().await.len(), 3);
    keys_are_single(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_given_up_half_made_is_found_by_its_mark() {
    let world = World::with(Limits { attempts: 1, ..limits() }).await;
    let wanted = world.wanted(world.environments(&["131016"]));
    // The one is made without its name, the answer about the other is lost.
    world.line.spoil("CreateAlias", Spoil::Instead(400, REFUSED), 2);
    world.line.spoil("CreateKey", Spoil::Cut, 1);
    let mut id = world.approved(&wanted).await;
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    for _ in 0..4 {
        if world.apply(id).await.unwrap().ended {
            break;
        }
        rows::blueprint_cut(&mut control, id, ("made", "")).await.unwrap();
        id = world.approved(&wanted).await;
    }
    world.settled(&wanted).await;
    keys_are_single(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_guards_holds_everybody_up() {
    let world = World::new().await;
    // The archive is refused for good, and so is the group of one prefecture.
    world.line.spoil("CreateTrail", Spoil::Instead(400, REFUSED), 9);
    world.line.spoil("\"Name\":\"01\"", Spoil::Instead(400, REFUSED), 9);
    let wanted = world.wanted(world.environments(&["131016", "011002"]));
    let id = world.approved(&wanted).await;
    let report = world.apply(id).await.unwrap();
    assert_eq!(report.held.len(), 3, "{report:?}");
    assert_eq!(report.waiting, 12, "{report:?}");
    let names = world.accounts().await;
    assert_eq!(names, ["131016.production.aws", "131016.verification.aws", "nation.shared.aws"]);
    let control = store::control::control_open(&world.installer).await.unwrap();
    let health = rows::health_read(&control).await.unwrap();
    let count = |kind: &str, state: &str| {
        let mut found = health.counts.iter().filter(|it| it.kind == kind && it.state == state);
        found.next().map(|it| it.count)
    };
    assert_eq!(count("shared", "保留"), Some(1));
    assert_eq!((count("production", "稼働"), count("production", "適用中")), (Some(1), Some(1)));
    assert_eq!((health.begun, health.waiting), (3, 12));
    assert!(health.needs_somebody() && health.stuck.len() == 3);
    // Without a guardrail nobody is placed anywhere.
    world.line.heal();
    world.ended(id).await;
    let health = rows::health_read(&control).await.unwrap();
    assert!(!health.needs_somebody() && health.stuck.is_empty());
    let world = World::new().await;
    world.line.spoil("CreatePolicy", Spoil::Instead(400, REFUSED), 9);
    let wanted = world.wanted(world.environments(&["131016"]));
    let report = world.apply(world.approved(&wanted).await).await.unwrap();
    assert!(!report.ended && report.waiting >= 12, "{report:?}");
    assert_eq!(world.accounts().await, ["nation.shared.aws"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_afterwards_sees_what_is_gone() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    let books = world.books().await;
    let look = async |times: &[(&str, Spoil)]| {
        for (mark, spoil) in times {
            world.line.spoil(mark, spoil.clone(), 1);
        }
        let rules = &world.executor.guardrails;
        let found = audit::survey(&books, &world.executor.providers, rules).await;
        let line = |it: cloud::guardrail::Finding| format!("{}: {}", it.place, it.what);
        found.findings.into_iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(look(&[]).await, Vec::<String>::new());
    let gone = r#"{"__type":"NotFoundException","message":"m"}"#;
    let moved = r#"{"Parents":[{"Id":"r-0000","Type":"ROOT"}]}"#;
    let spoils = [
        ("DescribeBudget", Spoil::Instead(400, gone)),
        ("ListParents", Spoil::Instead(200, moved)),
        ("ListTargetsForPolicy", Spoil::Instead(200, r#"{"Targets":[]}"#)),
        ("Action=GetRole", Spoil::Instead(500, "")),
    ];
    let said = look(&spoils).await;
    let has = |words: &str| said.iter().any(|line| line.contains(words));
    assert!(has("budget: 予算の上限がプロバイダーにありません"), "{said:#?}");
    assert!(has("placement: 区画が台帳と違う組に置かれています"), "{said:#?}");
    assert!(has("守りごとが外されています"), "{said:#?}");
    assert!(has("administrator: 照合できません"), "{said:#?}");
    assert_eq!(said.len(), 4, "{said:#?}");
    // Who cannot be asked at all is not passed over in silence.
    let rules = &world.executor.guardrails;
    let found = audit::survey(&books, &Providers::new(), rules).await;
    assert_eq!(found.findings.len(), books.lanes.len());
    assert_eq!(found.astray, [], "what was not seen is not known to be astray");
}

fn work(act: Act, part: Part) -> Work {
    Work {
        step: "step".to_owned(),
        lane: Lane {
            body: "131016".to_owned(),
            kind: Kind::Production,
            provider: "aws".to_owned(),
        },
        act,
        part,
        again: false,
        leaving: false,
        reference: None,
        own: BTreeMap::new(),
        shared: Default::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_allowed_where_no_rule_holds() {
    let world = World::new().await;
    let actor = Actor { made_by: "a", approved_by: Some("b") };
    let before = Guardrails::builtin(Date::constant(2020, 1, 1)).unwrap();
    let refused = before.permit(world.aws.as_ref(), work(Act::Make, Part::Account), actor);
    assert_eq!(refused.unwrap_err().rule, "no-rules");
    let mut other = work(Act::Make, Part::Account);
    other.lane.provider = "local".to_owned();
    let today = &world.executor.guardrails;
    let refused = today.permit(world.aws.as_ref(), other, actor).unwrap_err();
    assert_eq!(refused.rule, "same-work");
    // A plan hears of it before anybody is asked to approve it.
    let services = audit::Services::from([
        ("aws", aws::service as fn(&Part) -> &'static str),
        ("local", local::service),
    ]);
    let wanted = world.wanted(world.environments(&["131016"]));
    let books = world.books().await;
    let steps = cloud::plane::blueprint::Blueprint::make(
        &wanted,
        &books,
        &cloud::plane::blueprint::Scope::Everything,
    );
    let steps = steps.unwrap().steps;
    assert_eq!(audit::plan_judge(today, &services, &steps), []);
    let late = Guardrails::builtin(Date::constant(2028, 1, 1)).unwrap();
    let found = audit::plan_judge(&late, &services, &steps);
    assert_eq!(found.len(), steps.len());
    assert!(found.iter().any(|it| it.rule == "registered-services"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_its_number_is_removed_by_its_name() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    let books = world.books().await;
    let shared = &books.lanes["nation.shared.aws"];
    let held = &shared["policy.kumoi-production-1"];
    let own = shared.iter().filter_map(|(id, it)| Some((id.clone(), it.reference.clone()?)));
    let remove = Work {
        lane: Lane::shared("aws"),
        own: own.collect(),
        ..work(Act::Remove, held.part.clone())
    };
    let actor = Actor { made_by: "a", approved_by: Some("b") };
    let permit = world.executor.guardrails.permit(world.aws.as_ref(), remove, actor).unwrap();
    world.aws.remove(permit).await.unwrap();
    let id = held.reference.as_deref().unwrap();
    check(&world, "DeletePolicy", &[id]);
}
