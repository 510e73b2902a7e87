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

/// The tag of a principal that says for which kind of environment it works.
const KIND_TAG: &str = "aws:PrincipalTag/kumoi-kind";

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
/// [`CloudError::Guardrail`] when AWS is not on the list that day or a statement is too long.
pub fn policies(guardrails: &Guardrails) -> Result<Vec<Policy>, CloudError> {
    let cloud = guardrails.cloud("aws").ok_or_else(|| {
        CloudError::Guardrail("この日の一覧に aws がないため、方針を作れません".to_owned())
    })?;
    let mut out = Vec::new();
    for kind in [Kind::Shared, Kind::Production, Kind::Verification] {
        let all = guardrails.rules().iter();
        let statements: Vec<Value> = all.flat_map(|rule| statements(rule, cloud, kind)).collect();
        for (at, text) in packed(&statements)?.into_iter().enumerate() {
            out.push(Policy { name: format!("kumoi-{}-{}", kind.id(), at + 1), kind, text });
        }
    }
    Ok(out)
}

/// As few documents as the limit allows, in order.
fn packed(statements: &[Value]) -> Result<Vec<String>, CloudError> {
    let document = |part: &[Value]| json!({"Version": "2012-10-17", "Statement": part}).to_string();
    let fits = |part: &[Value]| document(part).len() <= LIMIT;
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
            "NotAction": actions(&cloud.worldwide),
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": cloud.domestic}}}),
        )],
        Check::Registered if shared => {
            vec![deny("", json!({"NotAction": actions(&cloud.services)}))]
        }
        Check::OwnKey if shared => vec![deny(
            "",
            json!({
            "Action": "s3:PutObject",
            "Condition": {"StringNotEqualsIfExists":
                {"s3:x-amz-server-side-encryption": "aws:kms"}}}),
        )],
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
                "Condition": {"ArnNotLike": {"aws:PrincipalArn":
                    "arn:aws:iam::*:role/OrganizationAccountAccessRole"}}}),
            ),
        ],
        Check::LogsLocked(_) if shared => vec![deny(
            "",
            json!({
            "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail",
                "s3:BypassGovernanceRetention", "s3:PutBucketObjectLockConfiguration"],
            "Condition": {"ArnNotLike": {"aws:PrincipalArn":
                "arn:aws:iam::*:role/OrganizationAccountAccessRole"}}}),
        )],
        // Who works for the other kind of environment does nothing here.
        Check::KindsApart if !shared => {
            let other = match kind {
                Kind::Production => Kind::Verification,
                _ => Kind::Production,
            };
            let is_other = json!({"StringEquals": {KIND_TAG: other.id()}});
            vec![deny(kind.id(), json!({"Action": "*", "Condition": is_other}))]
        }
        _ => Vec::new(),
    }
}

fn actions(services: &[String]) -> Vec<String> {
    services.iter().map(|service| format!("{service}:*")).collect()
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
