//! Who may do what: the trust of an environment's administrator and the policies of keys. Documents
//! only; asks AWS for nothing.

use serde_json::{Value, json};

use crate::plane::environment::Lane;

/// Who may become the administrator of an environment: people who sign in at the management
/// account with a second factor and whose account there bears the body's mark. Nobody signs in at
/// the environment's own account.
pub(super) fn administrator_trust(management: &str, lane: &Lane) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{management}:root")},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"aws:PrincipalTag/kumoi-body": lane.body}}}]})
}

/// Who may use a key: the own account.
pub(super) fn key_policy(account: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "Own", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": "kms:*", "Resource": "*"}]})
}

/// Who may use the key of an archive: also the service that writes the logs, for the trails of the
/// management account and for no other.
pub(super) fn archive_key_policy(account: &str, management: &str) -> Value {
    let mut policy = key_policy(account);
    let service = json!({"Service": "cloudtrail.amazonaws.com"});
    let trails = format!("arn:aws:cloudtrail:*:{management}:trail/kumoi-*");
    let more = [
        json!({"Sid": "Logs", "Effect": "Allow", "Principal": service, "Resource": "*",
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Condition": {"StringLike":
                {"kms:EncryptionContext:aws:cloudtrail:arn": trails, "aws:SourceArn": trails}}}),
        json!({"Sid": "LogsLook", "Effect": "Allow", "Principal": service, "Resource": "*",
            "Action": "kms:DescribeKey", "Condition": {"StringLike": {"aws:SourceArn": trails}}}),
    ];
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements.extend(more);
    }
    policy
}
