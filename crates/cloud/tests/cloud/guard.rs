//! The guardrails afterwards: what lies outside them is found whatever the service and wherever it
//! is; what a bill shows; who stood behind what was applied.

use base::date::Date;
use cloud::guardrail::Finding;
use cloud::plane::audit::{self, Checked};
use cloud::plane::billed::billed_judge;
use cloud::plane::duties::duties_judge;
use store::control::control_open;
use store::control::cost::{owner_list, used_list};
use store::control::plane as rows;

use crate::line::Spoil;
use crate::world::World;

const BUSY: &str = r#"{"__type":"ThrottlingException","message":"slower"}"#;
const DENIED: &str = "<E><Error><Code>AccessDenied</Code><Message>no</Message></Error></E>";
const PRODUCTION: &str = "131016.production.aws";

/// Somebody with keys to an account, who does not ask the plane.
struct Intruder {
    http: reqwest::Client,
    address: String,
    key: String,
}

impl Intruder {
    async fn into(world: &World, lane: &str) -> Intruder {
        let account = world.books().await.lanes[lane]["account"].reference.clone().unwrap();
        let address = format!("http://127.0.0.1:{}/", world.moto_port());
        let key = "AKIAMIHON00000000000".to_owned();
        let mut one = Intruder { http: reqwest::Client::new(), address, key };
        let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
        let asked = [("Action", "AssumeRole"), ("RoleArn", &role), ("RoleSessionName", "x")];
        let keys = one.form("sts", "us-east-1", ("2011-06-15", &asked)).await;
        let key = keys.split("<AccessKeyId>").nth(1).and_then(|it| it.split('<').next());
        one.key = key.unwrap().to_owned();
        one
    }

    fn request(&self, service: &str, region: &str) -> reqwest::RequestBuilder {
        let place = format!("{}/20261122/{region}/{service}/aws4_request", self.key);
        let sign = format!("AWS4-HMAC-SHA256 Credential={place}, SignedHeaders=host, Signature=0");
        self.http.post(&self.address).header("authorization", sign)
    }

    async fn form(
        &self,
        service: &str,
        region: &str,
        (version, pairs): (&str, &[(&str, &str)]),
    ) -> String {
        let all: Vec<(&str, &str)> = pairs.iter().copied().chain([("Version", version)]).collect();
        let answer = self.request(service, region).form(&all).send().await.unwrap();
        let (good, text) = (answer.status().is_success(), answer.text().await.unwrap());
        assert!(good, "{text}");
        text
    }

    async fn key_make(&self, region: &str) {
        let request = self.request("kms", region).header("x-amz-target", "TrentService.CreateKey");
        let request = request.header("content-type", "application/x-amz-json-1.1");
        let answer = request.body("{}").send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

async fn surveyed(world: &World) -> Checked {
    let (books, rules) = (world.books().await, &world.executor.guardrails);
    audit::survey(&books, &world.executor.providers, rules).await
}

fn lines(all: &[Finding]) -> Vec<String> {
    all.iter().map(|it| format!("{}: {}", it.place, it.rule)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_outside_is_found_whatever_it_is() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    assert_eq!(surveyed(&world).await, Checked::default());
    let intruder = Intruder::into(&world, PRODUCTION).await;
    let machine = [
        ("Action", "RunInstances"),
        ("ImageId", "ami-12c6146b"),
        ("MinCount", "4"),
        ("MaxCount", "4"),
    ];
    intruder.form("ec2", "us-east-1", ("2016-11-15", &machine)).await;
    let queue = [
        ("Action", "CreateQueue"),
        ("QueueName", "orders"),
        ("Tag.1.Key", "a"),
        ("Tag.1.Value", "b"),
    ];
    intruder.form("sqs", "us-west-2", ("2012-11-05", &queue)).await;
    intruder.key_make("us-east-1").await;
    intruder.key_make("ap-northeast-1").await;
    let user = [("Action", "CreateUser"), ("UserName", "taro")];
    intruder.form("iam", "us-east-1", ("2010-05-08", &user)).await;
    let found = surveyed(&world).await;
    let expected = [
        "ec2 instance us-east-1: domestic-regions",
        "ec2 instance us-east-1: registered-services",
        "iam user: no-users",
        "kms key ap-northeast-1: no-orphans",
        "kms key us-east-1: domestic-regions",
        "sqs us-west-2: domestic-regions",
        "sqs us-west-2: registered-services",
    ];
    let expected = expected.map(|it| format!("{PRODUCTION} {it}"));
    let mut said = lines(&found.findings);
    said.sort();
    assert_eq!(said, expected, "{:#?}", found.findings);
    assert_eq!(found.astray, [], "no blueprint makes anew what it never made");
    let has = |words: &str| found.findings.iter().any(|it| it.what.contains(words));
    assert!(has("ほか、計 4") && has("taro") && has(":orders"), "{:#?}", found.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_for_is_not_taken_as_nothing() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    world.ended(world.approved(&wanted).await).await;
    Intruder::into(&world, PRODUCTION).await.key_make("us-east-1").await;
    world.line.spoil("GetResources", Spoil::Instead(400, BUSY), 2);
    world.line.spoil("Action=ListUsers", Spoil::Instead(403, DENIED), 3);
    let found = surveyed(&world).await;
    let said: Vec<&str> = found.findings.iter().map(|it| it.what.as_str()).collect();
    let count = |words: &str| said.iter().filter(|it| it.contains(words)).count();
    assert_eq!(
        count("照合できません。iam ListUsers: 断られました（AccessDenied: no）"),
        3,
        "{said:#?}"
    );
    assert!(count("混み合っています（400 ThrottlingException slower）") > 0, "{said:#?}");
    let abroad = format!("{PRODUCTION} kms key us-east-1: domestic-regions");
    assert!(lines(&found.findings).contains(&abroad), "one refusal hides nothing else: {said:#?}");
    // Where the regions themselves are not told, those at home are looked at all the same.
    world.line.spoil("Action=DescribeRegions", Spoil::Instead(403, DENIED), 3);
    let before = world.line.count("GetResources");
    let found = surveyed(&world).await;
    let told = found.findings.iter().filter(|it| it.what.contains("ec2 DescribeRegions")).count();
    assert_eq!((told, world.line.count("GetResources") - before), (3, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_shows_what_bears_no_tag() {
    let world = World::new().await;
    let control = control_open(&world.installer).await.unwrap();
    let rows = |account: &str, service: &str, region: &str, charge: &str| {
        format!(
            "insert into control.cost_daily values (1, '2026-11-02', '2026-11-01', 'AWS', 'AWS', '',
               'b', '{account}', '{service}', 'Compute', '{region}', '{charge}', '', 'USD', 1,
               1, 1, 1, 1);"
        )
    };
    let sql = [
        "insert into control.environment (id, body, kind, provider)
           values ('131016.production.aws', '131016', 'production', 'aws');
         insert into control.part (environment, part, value, reference, generation, step)
           values ('131016.production.aws', 'account', '{\"kind\": \"account\"}', '111', 0, 's');
         insert into control.cost_import (actor, files, rows, raw_bytes, zoneless, literal_nulls,
             folder) values ('a', '{}', 1, 1, 0, 0, 'f');
         insert into control.cost_scope
           values (1, 'AWS', 'b', '2026-11-01', '2026-12-01', 'USD', 1, 1);"
            .to_owned(),
        rows("111", "Amazon Simple Storage Service", "ap-northeast-1", "Usage"),
        rows("111", "AWS Identity and Access Management", "us-east-1", "Usage"),
        rows("111", "Amazon Elastic Compute Cloud", "ap-northeast-1", "Usage"),
        rows("111", "AWS Key Management Service", "us-east-1", "Usage"),
        rows("111", "Amazon Elastic Compute Cloud", "eu-west-1", "Tax"),
        rows("999", "Amazon Elastic Compute Cloud", "us-east-1", "Usage"),
    ];
    control.batch_execute(&sql.concat()).await.unwrap();
    let look = async |since: Date| {
        let used = used_list(&control, since).await.unwrap();
        let owners = owner_list(&control).await.unwrap();
        billed_judge(&world.executor.guardrails, (&world.books().await, &owners), &used)
    };
    let since = Date::constant(2026, 11, 1);
    let expected = [
        "131016.production.aws AWS Key Management Service us-east-1: domestic-regions",
        "131016.production.aws Amazon Elastic Compute Cloud ap-northeast-1: registered-services",
    ];
    let mut found = look(since).await;
    found.sort_by(|a, b| a.place.cmp(&b.place));
    assert_eq!(lines(&found), expected);
    assert!(found[0].what.contains("請求、2026-11-02 から 2026-11-02 まで"), "{found:?}");
    assert_eq!(look(Date::constant(2026, 11, 3)).await, [], "what is long over is over");
    // An account that has an owner and no environment is a body's, too; one of nobody is not.
    let sql = "insert into control.cost_owner values ('AWS', '999', '', null, '')";
    control.batch_execute(sql).await.unwrap();
    assert_eq!(look(since).await.len(), 4);
    let sql = "update control.cost_scope set current = false";
    control.batch_execute(sql).await.unwrap();
    assert_eq!(look(since).await, [], "a bill that was withdrawn says nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stood_behind_what_was_applied_is_read_again() {
    let world = World::new().await;
    let wanted = world.wanted(world.environments(&["131016"]));
    let id = world.approved(&wanted).await;
    world.ended(id).await;
    let control = control_open(&world.installer).await.unwrap();
    let look = async || {
        let signed = rows::signed_list(&control).await.unwrap();
        let admitted = rows::admitted_list(&control).await.unwrap();
        let found = duties_judge(&world.executor.guardrails, &signed, &admitted);
        assert!(found.iter().all(|it| it.rule == "two-people"), "{found:?}");
        found.into_iter().map(|it| format!("{} {}", it.place, it.what)).collect::<Vec<_>>()
    };
    assert_eq!(look().await, Vec::<String>::new());
    // Somebody with the keys to the database writes past what it refuses.
    let past = "do $$ declare known record; begin
        for known in select conname from pg_constraint
            where conrelid = 'control.blueprint'::regclass and contype = 'c'
        loop execute format('alter table control.blueprint drop constraint %I', known.conname);
        end loop; end $$;
        alter table control.blueprint disable trigger user;
        insert into control.operator (organisation, id, name, admitted_at)
          values ('agency', 'one', '見本', '2026-01-01'), ('agency', 'two', '見本', '2026-01-01')";
    control.batch_execute(past).await.unwrap();
    let set = async |made: &str, approved: &str| {
        let sql = format!(
            "update control.blueprint set made_by = '{made}', approved_by = {approved},
               emergency = null"
        );
        control.batch_execute(&sql).await.unwrap();
    };
    set("one@agency", "'two@agency'").await;
    assert_eq!(look().await, Vec::<String>::new());
    set("one@agency", "'one@agency'").await;
    let same = format!("青写真 {id} 同じ人（one@agency）が作って承認したものが適用されています");
    assert_eq!(look().await, [same]);
    set("one@agency", "null").await;
    assert_eq!(look().await, [format!("青写真 {id} 承認した人のない青写真が適用されています")]);
    set("基盤の運用（コマンド）", "'two@agency'").await;
    assert!(look().await[0].contains("一人（two@agency）だけが承認した"));
    set("one@agency", "'three@agency'").await;
    let said = look().await;
    assert!(said.len() == 1 && said[0].contains("承認をした「three@agency」は"), "{said:?}");
    let gone = "update control.operator set ended_at = '2026-02-01' where id = 'one'";
    control.batch_execute(gone).await.unwrap();
    set("one@agency", "'two@agency'").await;
    let said = look().await;
    assert!(said.len() == 1 && said[0].contains("作成をした「one@agency」は"), "{said:?}");
}
