//! The two worst things a plane can do: make an account again that is there, and take guardrails
//! away from environments that a wish does not speak of.

use std::collections::BTreeSet;

use cloud::CloudError;
use cloud::plane::blueprint::{Blueprint, Scope};
use cloud::plane::environment::Kind;
use cloud::plane::part::{Act, Part};

use crate::line::Spoil;
use crate::world::World;

const QUOTA: &str = r#"{"__type":"ConstraintViolationException",
    "Reason":"ACCOUNT_NUMBER_LIMIT_EXCEEDED","Message":"no more"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_blueprint_planned_during_another_makes_nothing_again() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let first = world.approved(&wanted).await;
    // The first stands still half-way: an account is not made yet.
    world.line.spoil("131016.production.aws+", Spoil::Instead(400, QUOTA), 1);
    assert!(!world.apply(first).await.unwrap().ended);
    // Planned now, on the generation of now: the account is not on the books.
    let second = Blueprint::make(&wanted, &world.books().await, &Scope::Everything).unwrap();
    let makes = |step: &&cloud::plane::blueprint::Step| {
        step.lane == "131016.production.aws" && step.part == Part::Account
    };
    assert_eq!(second.steps.iter().filter(makes).count(), 1);
    let second = world.approved_as(&second).await;
    world.ended(first).await;
    let refused = world.apply(second).await.unwrap_err();
    assert!(matches!(refused, CloudError::Stale { base: 1, now: 1, .. }), "{refused}");
    let words = refused.to_string();
    assert!(words.contains("131016.production.aws の account の作成"), "{words}");
    // Each name once, or this says which is there twice.
    assert_eq!(world.accounts().await.len(), 3);
    world.settled(&wanted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_makes_an_older_plan_stale() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let first = world.approved(&wanted).await;
    world.line.spoil("131016.production.aws+", Spoil::Instead(400, QUOTA), 1);
    assert!(!world.apply(first).await.unwrap().ended);
    let second = world.approved(&wanted).await;
    let mut control = store::control::control_open(&world.installer).await.unwrap();
    // Neither a draft nor what is approved can be cut: that is what withdrawing is for.
    let refused = store::control::plane::blueprint_cut(&mut control, second, ("made", "")).await;
    assert!(refused.unwrap_err().to_string().contains("適用中"));
    store::control::plane::blueprint_cut(&mut control, first, ("made", "")).await.unwrap();
    let refused = world.apply(second).await.unwrap_err();
    assert!(matches!(refused, CloudError::Stale { .. }), "{refused}");
    world.ended(world.approved(&wanted).await).await;
    assert_eq!(world.accounts().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_about_some_takes_no_guardrail_from_the_rest() {
    let world = World::new().await;
    let both = world.environments(&["131016", "011002"]);
    world.ended(world.approved(&world.wanted(both.clone())).await).await;
    let policies = |books: &cloud::plane::books::Books| {
        let shared = books.lanes["nation.shared.aws"].keys().cloned();
        shared.filter(|id| id.starts_with("policy.")).collect::<BTreeSet<String>>()
    };
    let before = policies(&world.books().await);
    // One body, production only; then everything but with production only; then nothing at all.
    let mut one = world.environments(&["131016"]);
    one.retain(|it| it.lane.kind == Kind::Production);
    let bodies = Scope::Lanes(BTreeSet::from(["131016.production.aws".to_owned()]));
    for (wish, scope) in
        [(one.clone(), bodies), (one, Scope::Everything), (Vec::new(), Scope::Everything)]
    {
        let books = world.books().await;
        let blueprint = Blueprint::make(&world.wanted(wish), &books, &scope).unwrap();
        let shared = blueprint.steps.iter().filter(|step| step.lane == "nation.shared.aws");
        assert!(shared.clone().all(|step| step.act != Act::Remove), "{:?}", shared.last());
        world.ended(world.approved_as(&blueprint).await).await;
        assert_eq!(policies(&world.books().await), before);
    }
}
