//! Every rule refuses what it is there for and lets the rest pass; policies stay in their limit.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::policy::{LIMIT, policies};
use super::*;

const DAY: Date = Date::constant(2026, 11, 22);

fn guardrails() -> Guardrails {
    Guardrails::builtin(DAY).unwrap()
}

/// A store of a body as it should be.
fn good() -> Request<'static> {
    Request {
        provider: "aws",
        service: "s3",
        act: Act::Make,
        region: Some("ap-northeast-1"),
        kind: Kind::Production,
        reaches: Kind::Production,
        resource: Resource { stores: true, encryption: Encryption::Own, ..Resource::default() },
        actor: Actor { made_by: "a", approved_by: Some("b") },
    }
}

/// A sentence a line.
fn broken_up(words: &str) -> String {
    words.replace('。', "。\n").replace(", expected one of ", ",\n")
}

#[track_caller]
fn check(change: impl FnOnce(&mut Request<'static>), expected: Expect) {
    let mut request = good();
    change(&mut request);
    let said =
        guardrails().judge(&request).map_or("許可".to_owned(), |it| it.refusal().to_string());
    expected.assert_eq(&broken_up(&said));
}

#[track_caller]
fn refused(change: impl FnOnce(&mut Request<'static>), rule: &str) {
    let mut request = good();
    change(&mut request);
    assert_eq!(guardrails().judge(&request).map(|it| it.id.as_str()), Some(rule));
}

#[test]
fn what_is_in_order_passes() {
    check(|_| (), expect!["許可"]);
    check(|it| it.region = Some("ap-northeast-3"), expect!["許可"]);
    check(|it| (it.service, it.region) = ("organizations", None), expect!["許可"]);
    check(
        |it| (it.provider, it.service, it.region) = ("local", "database", Some("local-west")),
        expect!["許可"],
    );
}

#[test]
fn each_rule_refuses_and_says_what_to_do() {
    check(
        |it| it.region = Some("us-east-1"),
        expect![[r#"
            守りごと「国内のリージョンに限る」（domestic-regions）により行えません。
            データを置く場所は国内のリージョンだけにする。
            東又は西の国内リージョンを選んでください"#]],
    );
    check(
        |it| it.region = None,
        expect![[r#"
            守りごと「国内のリージョンに限る」（domestic-regions）により行えません。
            データを置く場所は国内のリージョンだけにする。
            東又は西の国内リージョンを選んでください"#]],
    );
    check(
        |it| it.service = "sagemaker",
        expect![[r#"
            守りごと「登録されたサービスに限る」（registered-services）により行えません。
            政府情報システムのためのセキュリティ評価制度（ISMAP）の一覧にあるサービスだけを使う。
            一覧にあるサービスに替えるか、登録を確かめて services.yaml に期間とともに加えてください"#]],
    );
    check(
        |it| it.provider = "elsewhere",
        expect![[r#"
            守りごと「国内のリージョンに限る」（domestic-regions）により行えません。
            データを置く場所は国内のリージョンだけにする。
            東又は西の国内リージョンを選んでください"#]],
    );
    check(
        |it| it.resource.encryption = Encryption::Provider,
        expect![[r#"
            守りごと「団体の鍵で暗号化する」（own-key）により行えません。
            データを保存するものは、その団体だけの鍵で暗号化する。
            保存の暗号化に、その環境の鍵を指定してください"#]],
    );
    check(
        |it| it.resource.public = true,
        expect![[r#"
            守りごと「保存場所を公開しない」（no-public-storage）により行えません。
            保存場所をインターネットに公開しない。
            公開の設定を外してください。
            住民に見せるものは公開の窓口から出します"#]],
    );
    let locked = "logs-locked";
    refused(|it| it.resource.logs = Some((true, 364)), locked);
    refused(|it| it.resource.logs = Some((false, 365)), locked);
    refused(|it| (it.resource.logs, it.act) = (Some((true, 365)), Act::Remove), locked);
    refused(|it| it.actor.approved_by = None, "two-people");
    refused(|it| it.actor.approved_by = Some("a"), "two-people");
    refused(|it| it.actor.approved_by = Some(""), "two-people");
    refused(|it| (it.service, it.region, it.resource.person) = ("iam", None, true), "no-users");
    check(
        |it| it.reaches = Kind::Verification,
        expect![[r#"
            守りごと「本番と検証を分ける」（kinds-apart）により行えません。
            本番の区画と検証の区画を同じ組に置かず、互いに触れさせない。
            環境の種類（本番、検証）に合う組に置いてください"#]],
    );
}

#[test]
fn what_should_not_be_there_may_be_removed() {
    check(|it| (it.act, it.region) = (Act::Remove, Some("us-east-1")), expect!["許可"]);
    check(|it| (it.act, it.service) = (Act::Remove, "sagemaker"), expect!["許可"]);
}

#[test]
fn days_of_force_hold() {
    let of = |day| Guardrails::builtin(day).unwrap();
    assert!(of(Date::constant(2020, 1, 1)).rules().is_empty());
    assert_eq!(of(DAY).rules().len(), 8);
    assert!(of(DAY).cloud("aws").is_some() && of(DAY).sample);
    let late = of(Date::constant(2028, 1, 1));
    assert_eq!(late.judge(&good()).map(|it| it.id.as_str()), Some("registered-services"));
}

#[track_caller]
fn broken(rules: &str, expected: Expect) {
    let services = "sample: true\nclouds: []\n";
    let said = Guardrails::read(rules, services, DAY).err().map(|it| it.to_string());
    expected.assert_eq(&broken_up(&said.unwrap_or_default()));
}

#[test]
fn broken_texts_are_refused() {
    let text = |check: &str| {
        format!(
            "- {{id: a, name: 名, says: 文, {check}, source: 出典, from: 2026-04-01, remedy: 対処}}\n"
        )
    };
    broken(&text("check: own_key"), expect![""]);
    broken(
        &text("check: domestik"),
        expect![[r#"
            守りごとを読めません。
            守りごと「a」の check「domestik」 は使えません。
            domestic、registered、own_key、not_public、logs_locked（days とともに）、two_people、kinds_apart、no_users から選んでください"#]],
    );
    broken(
        &text("check: logs_locked"),
        expect![[r#"
            守りごとを読めません。
            守りごと「a」の check「logs_locked」 は使えません。
            domestic、registered、own_key、not_public、logs_locked（days とともに）、two_people、kinds_apart、no_users から選んでください"#]],
    );
    broken(
        &text("check: own_key, until: 2025-01-01"),
        expect![[r#"
            守りごとを読めません。
            守りごと「a」の期間が逆です"#]],
    );
    broken(
        &text("check: own_key").replace("出典", "''"),
        expect![[r#"
            守りごとを読めません。
            守りごと「a」に空の欄があります"#]],
    );
    broken(
        &text("check: own_key").repeat(2),
        expect![[r#"
            守りごとを読めません。
            守りごと「a」が二つあります"#]],
    );
    broken(
        &text("check: own_key, more: 1"),
        expect![[r#"
            守りごとを読めません。
            guardrails/rules.yaml: unknown field `more`,
            `id`, `name`, `says`, `check`, `days`, `source`, `from`, `until`, `remedy`"#]],
    );
}

#[test]
fn the_policies_fit_and_name_their_rules() {
    let all = policies(&guardrails()).unwrap();
    let line = |it: &policy::Policy| {
        let document: serde_json::Value = serde_json::from_str(&it.text).unwrap();
        let sids = document["Statement"].as_array().unwrap().iter();
        let sids: Vec<&str> = sids.map(|one| one["Sid"].as_str().unwrap()).collect();
        assert!(it.text.len() <= LIMIT);
        format!("{} {}\n  {}\n", it.name, it.kind.word(), sids.join("\n  "))
    };
    expect![[r#"
        kumoi-shared-1 共通
          DomesticRegions
          RegisteredServices
          OwnKey
          OwnKeyNamed
          OwnKeyOther
          OwnKeyKept
          NoPublicStorageAcl
          NoPublicStorageBlock
          LogsLocked
          NoUsers
        kumoi-production-1 本番
          KindsApartProduction
        kumoi-verification-1 検証
          KindsApartVerification
    "#]]
    .assert_eq(&all.iter().map(line).collect::<String>());
}

#[test]
fn the_check_afterwards_may_ask_everywhere() {
    let all = policies(&guardrails()).unwrap();
    let text: String = all.iter().map(|it| it.text.as_str()).collect();
    for asked in ["tag:GetResources", "ec2:DescribeRegions", "kms:ListKeys", "kms:DescribeKey"] {
        // Neither for the region nor for the service.
        assert_eq!(text.matches(&format!("\"{asked}\"")).count(), 2, "{asked}");
    }
}

#[test]
fn what_a_bill_calls_so_is_known() {
    let rules = guardrails();
    let cloud = rules.cloud_billed("Amazon Web Services").unwrap();
    assert_eq!(cloud.provider, "aws");
    assert_eq!(cloud.billed_service("AWS Key Management Service"), Some("kms"));
    assert_eq!(cloud.billed_service("Amazon Elastic Compute Cloud"), None);
    assert_eq!(cloud.placed("iam", Some("us-east-1")), None);
    assert_eq!(cloud.placed("kms", Some("us-east-1")), Some("us-east-1"));
    assert!(rules.cloud_billed("Sample Cloud").is_none());
}

#[test]
fn long_lists_are_spread_over_policies() {
    let mut guardrails = guardrails();
    let many = |letter: &str| (0..180).map(|at| format!("{letter}-service-{at:04}")).collect();
    guardrails.clouds[0].services = many("a");
    guardrails.clouds[0].worldwide = many("b");
    let all = policies(&guardrails).unwrap();
    assert!(all.iter().filter(|it| it.kind == Kind::Shared).count() >= 2);
    assert!(all.iter().all(|it| it.text.len() <= LIMIT));
    guardrails.clouds[0].services = (0..400).map(|at| format!("service-{at:04}")).collect();
    assert!(policies(&guardrails).is_err());
}

proptest! {
    /// Whatever is asked: outside the two regions nothing is made.
    #[test]
    fn nothing_is_made_abroad(
        region in "[a-z]{2}-[a-z]{4,9}-[1-4]",
        service in "[a-z0-9]{2,12}",
        shared: bool,
    ) {
        let rules = guardrails();
        let home = rules.cloud("aws").unwrap().domestic.contains(&region);
        let reaches = if shared { Kind::Shared } else { Kind::Production };
        let request = Request { region: Some(&region), service: &service, reaches, ..good() };
        prop_assert!(home || rules.judge(&request).is_some());
    }
}
