//! The guardrails as AWS service control policies, so that AWS refuses what our own evaluator
//! refuses. What such a policy cannot say (who approved what) stays with the evaluator alone.
//!
//! A policy is at most 5,120 bytes; statements that do not fit go into a further policy.

use serde_json::{Value, json};

use super::{Check, Cloud, Guardrails, Rule};
use crate::CloudError;
use crate::plane::environment::Kind;

/// The most bytes of one policy.
pub const LIMIT: usize = 5120;

/// AWS attaches five policies to a target, of which its own that allows everything is one.
pub const POLICIES: usize = 4;
/// The longest identifier of a group that takes the place of a gap.
const GROUP: usize = 68;
/// What the check afterwards asks in every region, of services of every kind: it only looks, and
/// who could not ask would never hear of what is there.
const LOOKS: [&str; 5] = [
    "tag:GetResources",
    "ec2:DescribeRegions",
    "ec2:DescribeInstances",
    "kms:ListKeys",
    "kms:DescribeKey",
];
/// Who sets an environment up and nobody else: the role of the plane.
const PLANE: &str = "arn:aws:iam::*:role/OrganizationAccountAccessRole";

/// What stands in a text where the provider's name of a kind's group belongs: it is known only once
/// the group is made.
pub fn gap(kind: Kind) -> String {
    format!("{{group.{}}}", kind.id())
}

/// One policy: name, the environments it holds for (共通 for all), text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Name.
    pub name: String,
    /// For which environments.
    pub kind: Kind,
    /// The document.
    pub text: String,
}

/// The policies of the rules in force.
///
/// # Errors
/// [`CloudError::Guardrail`] when AWS is not on the list that day, a statement is too long, or
/// there are more than a target can hold.
pub fn policies(guardrails: &Guardrails) -> Result<Vec<Policy>, CloudError> {
    let cloud = guardrails.cloud("aws").ok_or_else(|| {
        CloudError::Guardrail("この日の一覧に aws がないため、方針を作れません".to_owned())
    })?;
    let mut out = Vec::new();
    for kind in [Kind::Shared, Kind::Production, Kind::Verification] {
        let all = guardrails.rules().iter();
        let statements: Vec<Value> = all.flat_map(|rule| statements(rule, cloud, kind)).collect();
        let texts = packed(&statements)?;
        if texts.len() > POLICIES {
            return Err(CloudError::Guardrail(format!(
                "{}の方針が {} 枚になり、付けられる {POLICIES} 枚を超えます。一覧を短くしてください",
                kind.word(),
                texts.len()
            )));
        }
        for (at, text) in texts.into_iter().enumerate() {
            out.push(Policy { name: format!("kumoi-{}-{}", kind.id(), at + 1), kind, text });
        }
    }
    Ok(out)
}

/// As few documents as the limit allows, in order.
fn packed(statements: &[Value]) -> Result<Vec<String>, CloudError> {
    let document = |part: &[Value]| json!({"Version": "2012-10-17", "Statement": part}).to_string();
    let fits = |part: &[Value]| {
        let text = document(part);
        text.len() + text.matches("{group.").count() * GROUP <= LIMIT
    };
    if statements.iter().any(|one| !fits(std::slice::from_ref(one))) {
        let what = format!("一つの方針が {LIMIT} バイトを超えます。一覧を短くしてください");
        return Err(CloudError::Guardrail(what));
    }
    let (mut out, mut from) = (Vec::new(), 0);
    for to in 1..=statements.len() {
        if !fits(&statements[from..to]) {
            out.push(document(&statements[from..to - 1]));
            from = to - 1;
        }
    }
    if from < statements.len() {
        out.push(document(&statements[from..]));
    }
    Ok(out)
}

fn statements(rule: &Rule, cloud: &Cloud, kind: Kind) -> Vec<Value> {
    let deny = |name: &str, mut more: Value| {
        more["Sid"] = json!(sid(&rule.id, name));
        more["Effect"] = json!("Deny");
        more["Resource"] = json!("*");
        more
    };
    let shared = kind == Kind::Shared;
    match rule.check {
        Check::Domestic if shared => vec![deny(
            "",
            json!({
            "NotAction": and_looks(&cloud.worldwide),
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": cloud.domestic}}}),
        )],
        Check::Registered if shared => {
            vec![deny("", json!({"NotAction": and_looks(&cloud.services)}))]
        }
        Check::OwnKey if shared => own_key(deny),
        Check::NotPublic if shared => vec![
            deny(
                "Acl",
                json!({
                "Action": ["s3:PutBucketAcl", "s3:PutObjectAcl", "s3:PutObject", "s3:CreateBucket"],
                "Condition": {"StringEquals": {"s3:x-amz-acl":
                    ["public-read", "public-read-write", "authenticated-read"]}}}),
            ),
            deny(
                "Block",
                json!({
                "Action": ["s3:PutBucketPublicAccessBlock", "s3:PutAccountPublicAccessBlock"],
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": PLANE}}}),
            ),
        ],
        Check::LogsLocked(_) if shared => vec![deny(
            "",
            json!({
            "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail",
                "cloudtrail:PutEventSelectors", "s3:BypassGovernanceRetention",
                "s3:PutBucketObjectLockConfiguration"],
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": PLANE}}}),
        )],
        // Nobody of one kind reaches what lies in the group of the other.
        Check::KindsApart if !shared => {
            let other = match kind {
                Kind::Production => Kind::Verification,
                _ => Kind::Production,
            };
            let paths = [format!("o-*/r-*/{}/*", gap(other))];
            let is_other = json!({"ForAnyValue:StringLike": {"aws:ResourceOrgPaths": paths}});
            vec![deny(kind.id(), json!({"Action": "*", "Condition": is_other}))]
        }
        Check::NoUsers if shared => vec![deny(
            "",
            json!({
            "Action": ["iam:CreateUser", "iam:CreateLoginProfile", "iam:CreateAccessKey"]}),
        )],
        _ => Vec::new(),
    }
}

/// What is stored is encrypted with a key of the account itself: no other algorithm, no key of AWS
/// and none of another account, and nobody changes what a store does where nothing is said.
fn own_key(deny: impl Fn(&str, Value) -> Value) -> Vec<Value> {
    const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
    const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
    let own = "arn:aws:kms:*:${aws:PrincipalAccount}:key/*";
    vec![
        deny(
            "",
            json!({"Action": "s3:PutObject",
            "Condition": {"StringNotEqualsIfExists": {ALGORITHM: "aws:kms"}}}),
        ),
        // Named without a key, AWS would take its own.
        deny(
            "Named",
            json!({"Action": "s3:PutObject",
            "Condition": {"StringEquals": {ALGORITHM: "aws:kms"}, "Null": {KEY: "true"}}}),
        ),
        deny(
            "Other",
            json!({"Action": "s3:PutObject",
            "Condition": {"StringNotLike": {KEY: own}, "Null": {KEY: "false"}}}),
        ),
        deny(
            "Kept",
            json!({"Action": ["s3:PutEncryptionConfiguration", "kms:ScheduleKeyDeletion",
                "kms:DisableKey", "kms:PutKeyPolicy"],
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": PLANE}}}),
        ),
    ]
}

/// Every action of services, and what only looks.
fn and_looks(services: &[String]) -> Vec<String> {
    let all = services.iter().map(|service| format!("{service}:*"));
    all.chain(LOOKS.map(str::to_owned)).collect()
}

/// Identifiers of statements are letters and digits only.
fn sid(rule: &str, name: &str) -> String {
    let mut out = String::new();
    for word in rule.split('-').chain([name]) {
        let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.extend(letters);
    }
    out
}
