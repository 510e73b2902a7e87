//! What went astray: what the check finds is made anew by the next blueprint, a wish touches only
//! what it names, and nothing is begun that cannot be carried out.

use std::sync::Arc;

use cloud::CloudError;
use cloud::guardrail::{Actor, Guardrails};
use cloud::plane::audit;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::execute::{Executor, Limits, Providers, wanted};
use cloud::plane::part::{Act, Work};
use cloud::plane::wish::wish_read;
use cloud::provider::Provider;
use cloud::provider::aws::Aws;
use cloud::testing::sample_settings;
use store::control::plane as rows;

use crate::carry_out::keys_are_single;
use crate::line::Spoil;
use crate::world::{DAY, World, limits};

const BUSY: &str = r#"{"__type":"ThrottlingException","message":"slower"}"#;
const DENIED: &str = "<E><Error><Code>AccessDenied</Code><Message>m</Message></Error></E>";
const REFUSED: &str = r#"{"__type":"InvalidParameterException","message":"no"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_second_request_is_throttled_is_made_once() {
    let world = World::new().await;
    world.line.spoil("CreateAlias", Spoil::Instead(400, BUSY), 2);
    world.line.spoil("DescribeCreateAccountStatus", Spoil::Instead(400, BUSY), 1);
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    world.settled(&wanted).await;
    keys_are_single(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_throttled_finds_nothing_out() {
    // In the same run, and by whoever goes on after a kill.
    for attempts in [6, 1] {
        let world = World::with(Limits { attempts, ..limits() }).await;
        let wanted = world.wanted(world.environments(&["131016"]));
        world.line.spoil("CreateKey", Spoil::Cut, 1);
        world.line.spoil("ListKeys", Spoil::Instead(400, BUSY), 2);
        let id = world.approved(&wanted).await;
        for _ in 0..6 {
            if world.apply(id).await.unwrap().ended {
                break;
            }
        }
        assert!(world.line.count("ListKeys") > 2, "{attempts}");
        world.settled(&wanted).await;
        keys_are_single(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lay_in_a_closed_account_leaves_the_books() {
    for (state, says) in [
        (r#"{"Account":{"Id":"1","State":"CLOSED"}}"#, "閉じられているため（CLOSED）"),
        (r#"{"Account":{"Id":"1","Status":"SUSPENDED"}}"#, "閉じられているため（SUSPENDED）"),
        ("", "組織にないため"),
    ] {
        let world = World::new().await;
        let all = world.wanted(world.environments(&["131016"]));
        world.ended(world.approved(&all).await).await;
        let mut less = world.environments(&["131016"]);
        less.truncate(1);
        let account =
            world.books().await.lanes["131016.verification.aws"]["account"].reference.clone();
        // Nobody gets in any more: the sessions of before have ended, and there are no new ones.
        let entry = format!("iam%3A%3A{}%3A", account.unwrap());
        world.line.spoil(&entry, Spoil::Instead(403, DENIED), 999);
        let fault = r#"{"__type":"AccountNotFoundException","message":"m"}"#;
        let fault_closed = r#"{"__type":"AccountAlreadyClosedException","message":"m"}"#;
        let status = if state.is_empty() { 400 } else { 200 };
        let answer = if state.is_empty() { fault } else { state };
        world.line.spoil("DescribeAccount", Spoil::Instead(status, answer), 999);
        world.line.spoil("CloseAccount", Spoil::Instead(400, fault_closed), 9);
        let fresh = Aws::new(sample_settings(world.line.port)).unwrap();
        let mut world = world;
        world.executor.providers.insert("aws".to_owned(), Arc::new(fresh));
        let id = world.approved(&world.wanted(less)).await;
        world.ended(id).await;
        assert!(!world.books().await.lanes.contains_key("131016.verification.aws"));
        let control = store::control::control_open(&world.installer).await.unwrap();
        let steps = rows::step_list(&control, id).await.unwrap();
        let gone: Vec<&str> = steps.iter().filter_map(|it| it.reason.as_deref()).collect();
        assert!(gone.len() >= 3 && gone.iter().all(|it| it.contains(says)), "{gone:?}");
        let acts = rows::act_list(&control, id).await.unwrap();
        assert!(acts.last().unwrap().note.contains("区画とともに"), "{acts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_was_given_up_is_made_anew_where_it_is_wanted() {
    let world = World::new().await;
    let all = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&all).await).await;
    let mut less = world.environments(&["131016"]);
    less[0].systems.clear();
    // It is removed, and what says so comes as a refusal.
    world.line.spoil("DELETE /kumoi-", Spoil::After(400, REFUSED), 9);
    let id = world.approved(&world.wanted(less)).await;
    assert!(!world.apply(id).await.unwrap().ended);
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    rows::blueprint_cut(&mut control, id, ("", "")).await.unwrap();
    world.line.heal();
    let again = Blueprint::make(&all, &world.books().await, &Scope::Everything).unwrap();
    let acts: Vec<Act> = again.steps.iter().map(|step| step.act).collect();
    assert_eq!(acts, [Act::Make], "the store is gone, whatever the books say");
    world.ended(world.approved_as(&again).await).await;
    let rules = &world.executor.guardrails;
    let found = audit::survey(&world.books().await, &world.executor.providers, rules).await;
    assert_eq!(found, audit::Checked::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_begun_without_its_provider() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let id = world.approved(&wanted).await;
    let nowhere = Executor {
        installer: world.installer.clone(),
        providers: Providers::new(),
        guardrails: Arc::new(Guardrails::builtin(DAY).unwrap()),
        limits: world.executor.limits,
    };
    let refused = nowhere.blueprint_apply(id).await.unwrap_err().to_string();
    assert!(refused.contains("aws"), "{refused}");
    let control = store::control::control_open(&world.installer).await.unwrap();
    assert_eq!(rows::head_read(&control, id).await.unwrap().state, "承認済");
    // Nor what is not any more what was approved.
    let sql = "alter table control.blueprint_step disable trigger keep_says;
               update control.blueprint_step set value = '{\"kind\": \"root\"}'
               where part = 'budget';
               alter table control.blueprint_step enable trigger keep_says";
    control.batch_execute(sql).await.unwrap();
    let refused = world.apply(id).await.unwrap_err().to_string();
    assert!(refused.contains("監査に知らせてください"), "{refused}");
    assert_eq!(rows::head_read(&control, id).await.unwrap().state, "承認済");
    assert_eq!(rows::parts_read(&control).await.unwrap().0, 0, "no generation was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_enrolled_is_never_made_a_second_time() {
    let world = World::new().await;
    let control = store::control::control_open(&world.installer).await.unwrap();
    let enrolled = "insert into control.environment (id, body, kind, provider)
                      values ('131016.production.aws', '131016', 'production', 'aws');
                    insert into control.part (environment, part, value, reference, generation, step)
                      values ('131016.production.aws', 'enrolment',
                        '{\"kind\": \"enrolment\", \"origin\": {\"lifted\": \"1\"}}', '1', 0, 's')";
    control.batch_execute(enrolled).await.unwrap();
    let made = world.environments(&["131016"]).into_iter().take(1).collect();
    let made = wanted(&world.tree, made, &world.executor.guardrails).unwrap();
    let refused = Blueprint::make(&made, &world.books().await, &Scope::Everything);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("登録した既存の環境です"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_check_finds_the_next_blueprint_makes_anew() {
    let world = World::new().await;
    let all = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&all).await).await;
    let before = world.books().await;
    let lane = "131016.production.aws";
    let key = before.lanes[lane]["key.east"].reference.clone().unwrap();
    // A draft of before, and what somebody does behind the plane's back.
    let mut more = world.environments(&["131016"]);
    more[0].budget_yen = 2_000_000;
    let stale = Blueprint::make(&world.wanted(more), &before, &Scope::Everything).unwrap();
    let stale = world.approved_as(&stale).await;
    astray(&world, lane, "budget").await;
    astray(&world, lane, "key.east").await;
    let control = store::control::control_open(&world.installer).await.unwrap();
    let rules = &world.executor.guardrails;
    let found = audit::survey(&before, &world.executor.providers, rules).await;
    let parts: Vec<&str> = found.astray.iter().map(|it| it.part.as_str()).collect();
    assert_eq!(parts, ["budget", "key.east"], "{:#?}", found.findings);
    // Before it is marked nothing is to be done, as far as the books know.
    world.settled(&all).await;
    assert_eq!(rows::astray_mark(&control, &found.astray).await.unwrap(), 2);
    assert_eq!(rows::astray_mark(&control, &found.astray).await.unwrap(), 0, "marked once");
    let refused = world.apply(stale).await.unwrap_err();
    assert!(matches!(refused, CloudError::Stale { .. }), "{refused}");
    let again = Blueprint::make(&all, &world.books().await, &Scope::Everything).unwrap();
    let acts: Vec<_> = again.steps.iter().map(|it| (it.act, it.part.id())).collect();
    assert_eq!(acts, [(Act::Make, "budget".to_owned()), (Act::Make, "key.east".to_owned())]);
    world.ended(world.approved_as(&again).await).await;
    world.settled(&all).await;
    let after = world.books().await;
    let found = audit::survey(&after, &world.executor.providers, rules).await;
    assert_eq!(found, audit::Checked::default());
    // The very key is back: what was stored under it can be read. Another beside it would have been
    // found.
    assert_eq!(after.lanes[lane]["key.east"].reference.as_ref(), Some(&key));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_lost_is_made_anew_with_everything_in_it() {
    let world = World::new().await;
    let all = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&all).await).await;
    let lane = "131016.verification.aws";
    astray(&world, lane, "account").await;
    let rules = &world.executor.guardrails;
    let found = audit::survey(&world.books().await, &world.executor.providers, rules).await;
    assert_eq!((found.findings.len(), found.astray.len()), (1, 6), "{found:#?}");
    let control = store::control::control_open(&world.installer).await.unwrap();
    rows::astray_mark(&control, &found.astray).await.unwrap();
    world.ended(world.approved(&all).await).await;
    world.settled(&all).await;
    assert_eq!(world.accounts().await.len(), 3);
    let found = audit::survey(&world.books().await, &world.executor.providers, rules).await;
    assert_eq!(found, audit::Checked::default());
}

/// Takes a part away at the provider, as somebody who does not ask the plane.
async fn astray(world: &World, lane: &str, part: &str) {
    let books = world.books().await;
    let parts = &books.lanes[lane];
    let own = parts.iter().filter_map(|(id, it)| Some((id.clone(), it.reference.clone()?)));
    let work = Work {
        step: "behind".to_owned(),
        lane: lane.parse().unwrap(),
        act: Act::Remove,
        part: parts[part].part.clone(),
        again: false,
        leaving: false,
        reference: parts[part].reference.clone(),
        own: own.collect(),
        shared: Default::default(),
    };
    let actor = Actor { made_by: "a", approved_by: Some("b") };
    let permit = world.executor.guardrails.permit(world.aws.as_ref(), work, actor).unwrap();
    world.aws.remove(permit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_closes_only_what_it_says() {
    let world = World::new().await;
    let all = world.environments(&["131016"]);
    world.ended(world.approved(&world.wanted(all.clone())).await).await;
    let books = world.books().await;
    let text = |rest: &str| {
        format!(
            "environments:\n  - {{body: '131016', kind: production, provider: aws, \
             regions: [east], budget_yen: 1000000, systems: {{seal-registration: '1.0'}}}}\n{rest}"
        )
    };
    let steps = |text: &str| {
        let wished = wish_read("wish.yaml", text, &world.tree).unwrap();
        let scope = wished.scope();
        let wanted = world.wanted(wished.environments);
        Blueprint::make(&wanted, &books, &scope).unwrap().steps
    };
    // The other environment of the body is not spoken of and stays.
    assert_eq!(steps(&text("")), []);
    let closed = steps(&text("close: [{body: '131016', kind: verification, provider: aws}]\n"));
    assert!(closed.iter().all(|it| it.act == Act::Remove), "{closed:?}");
    assert!(closed.iter().all(|it| it.lane == "131016.verification.aws"), "{closed:?}");
    assert_eq!(closed.len(), books.lanes["131016.verification.aws"].len());
}
