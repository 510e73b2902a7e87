//! What lies in the account of one environment: the administrator's role, the budget, the keys, the
//! stores of systems. Acts with keys to that account only.

use reqwest::Method;
use serde_json::{Value, json};

use super::call::{At, Fault, element, elements, text};
use super::grant::{administrator_trust, archive_key_policy, key_policy};
use super::organization::{gone, half_done};
use super::{Aws, Session, account_of};
use crate::guardrail::{Encryption, Resource};
use crate::plane::environment::{Kind, Lane, Region};
use crate::plane::part::{Act, Work};
use crate::provider::{ProviderError, Seen};

pub(super) const ROLE: &str = "kumoi-administrator";
const POLICY: &str = "kumoi-administrator";
const KEY: &str = "alias/kumoi-body";
/// The fewest and the most days that AWS keeps a key that is given up: 7 and 30.
const KEY_DAYS: u32 = 30;

impl Aws {
    pub(super) async fn iam(&self, who: &Session, pairs: &[(&str, &str)]) -> Result<String, Fault> {
        let mut all = vec![("Version", "2010-05-08")];
        all.extend_from_slice(pairs);
        self.caller.form(Some(who), At::world("iam"), &all).await
    }

    pub(super) async fn administrator_make(
        &self,
        work: &Work,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let trust = administrator_trust(&self.home().await?.management, &work.lane).to_string();
        let pairs = [
            ("Action", "CreateRole"),
            ("RoleName", ROLE),
            ("AssumeRolePolicyDocument", trust.as_str()),
            ("Tags.member.1.Key", "kumoi-kind"),
            ("Tags.member.1.Value", work.lane.kind.id()),
        ];
        match self.iam(&who, &pairs).await {
            Err(fault) if fault.is(&["EntityAlreadyExists"]) => {
                let pairs = [
                    ("Action", "UpdateAssumeRolePolicy"),
                    ("RoleName", ROLE),
                    ("PolicyDocument", trust.as_str()),
                ];
                self.iam(&who, &pairs).await?;
            }
            made => {
                made?;
            }
        }
        // Everything in the own account but what the plane itself set up.
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:*", "kms:Describe*", "kms:List*", "budgets:View*"],
             "Resource": "*"},
            {"Effect": "Deny", "Action": ["iam:*", "organizations:*", "kms:ScheduleKeyDeletion"],
             "Resource": "*"}]})
        .to_string();
        let pairs = [
            ("Action", "PutRolePolicy"),
            ("RoleName", ROLE),
            ("PolicyName", POLICY),
            ("PolicyDocument", policy.as_str()),
        ];
        self.iam(&who, &pairs).await?;
        Ok(Some(format!("arn:aws:iam::{account}:role/{ROLE}")))
    }

    pub(super) async fn administrator_remove(&self, work: &Work) -> Result<(), ProviderError> {
        let who = self.session(account_of(work)?).await?;
        let absent = ["NoSuchEntity"];
        let pairs = [("Action", "DeleteRolePolicy"), ("RoleName", ROLE), ("PolicyName", POLICY)];
        gone(self.iam(&who, &pairs).await, &absent)?;
        gone(self.iam(&who, &[("Action", "DeleteRole"), ("RoleName", ROLE)]).await, &absent)
    }

    /// Budgets lie in the management account: a member cannot change what watches it.
    pub(super) async fn budgets(&self, act: &str, body: Value) -> Result<Value, Fault> {
        let target = format!("AWSBudgetServiceGateway.{act}");
        self.caller.json(None, At::world("budgets"), &target, body).await
    }

    pub(super) async fn budget_make(
        &self,
        work: &Work,
        limit_yen: u64,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let (name, amount) = (budget_name(&work.lane), self.budget_amount(limit_yen));
        let mail = format!("budgets@{}", self.settings.mail_domain);
        let told = |kind: &str, percent: u32| {
            json!({"Notification": {"NotificationType": kind, "Threshold": percent,
                    "ThresholdType": "PERCENTAGE", "ComparisonOperator": "GREATER_THAN"},
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": mail}]})
        };
        let management = &self.home().await?.management;
        let body = json!({"AccountId": management, "Budget": {
            "BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"},
            "CostFilters": {"LinkedAccount": [account]}},
            "NotificationsWithSubscribers":
                [told("ACTUAL", 80), told("ACTUAL", 100), told("FORECASTED", 100)]});
        let duplicate = ["DuplicateRecordException"];
        let made = self.budgets("CreateBudget", body.clone()).await;
        if made.as_ref().is_err_and(|fault| fault.is(&duplicate)) {
            // Limit, filter and who is told are set anew, all of them.
            let old = json!({"AccountId": management, "BudgetName": name});
            gone(self.budgets("DeleteBudget", old).await, &["NotFoundException"])?;
            self.budgets("CreateBudget", body).await?;
        } else {
            made?;
        }
        Ok(Some(name))
    }

    /// Yen at the planning rate, in dollars and cents.
    pub(super) fn budget_amount(&self, limit_yen: u64) -> String {
        let rate = self.settings.yen_per_dollar.max(1);
        format!("{}.{:02}", limit_yen / rate, limit_yen % rate * 100 / rate)
    }

    pub(super) async fn budget_remove(&self, work: &Work) -> Result<(), ProviderError> {
        let management = &self.home().await?.management;
        let old = json!({"AccountId": management, "BudgetName": budget_name(&work.lane)});
        gone(self.budgets("DeleteBudget", old).await, &["NotFoundException"])
    }

    pub(super) async fn kms(
        &self,
        (who, region): (&Session, &str),
        act: &str,
        body: Value,
    ) -> Result<Value, Fault> {
        let target = format!("TrentService.{act}");
        self.caller.json(Some(who), At { service: "kms", region }, &target, body).await
    }

    pub(super) async fn key_find(
        &self,
        work: &Work,
        region: Region,
    ) -> Result<Option<String>, ProviderError> {
        let who = self.session(account_of(work)?).await?;
        let place = (&*who, self.region(region));
        match self.kms(place, "DescribeKey", json!({"KeyId": KEY})).await {
            // One that cannot be used is not there as it is to be: it is taken up and brought back.
            Ok(found) if work.act == Act::Make && !is_enabled(&found) => Ok(None),
            Ok(found) => Ok(Some(text(&found, "/KeyMetadata/KeyId")?)),
            // One that was given up before it had its name has the mark of its step: to be removed
            // it is found by that, to be made it is taken up and named.
            Err(fault) if fault.is(&["NotFoundException"]) => match work.act {
                Act::Remove => self.key_marked(place).await,
                _ => Ok(None),
            },
            Err(fault) => Err(fault.into()),
        }
    }

    pub(super) async fn key_make(
        &self,
        work: &Work,
        region: Region,
    ) -> Result<Option<String>, ProviderError> {
        let who = self.session(account_of(work)?).await?;
        let place = (&*who, self.region(region));
        // A key without its name yet is known by its mark: an account has one of ours in a region.
        let known = work.reference.as_deref();
        let is_known = work.again || known.is_some();
        let left = if is_known { self.key_left(place, known).await? } else { None };
        let id = match left {
            Some(id) => id,
            None => {
                let tags = json!([{"TagKey": "kumoi-step", "TagValue": work.step}]);
                let account = account_of(work)?;
                let policy = match work.lane.kind {
                    Kind::Shared => archive_key_policy(account, &self.home().await?.management),
                    _ => key_policy(account),
                };
                let policy = policy.to_string();
                let body = json!({"Description": "団体の鍵", "Tags": tags, "Policy": policy});
                text(&self.kms(place, "CreateKey", body).await?, "/KeyMetadata/KeyId")?
            }
        };
        let alias = json!({"AliasName": KEY, "TargetKeyId": id});
        match self.kms(place, "CreateAlias", alias).await {
            // The key is there, whatever the answer: it must not be made a second time.
            Err(fault) if !fault.is(&["AlreadyExistsException"]) => Err(half_done(fault.into())),
            _ => Ok(Some(id)),
        }
    }

    /// The key that is there by its name or by its number, brought back into use: what was stored
    /// under it can be read by no other. Else one with our mark.
    async fn key_left(
        &self,
        place: (&Session, &str),
        known: Option<&str>,
    ) -> Result<Option<String>, ProviderError> {
        for name in [Some(KEY), known].into_iter().flatten() {
            let found = match self.kms(place, "DescribeKey", json!({"KeyId": name})).await {
                Err(fault) if fault.is(&["NotFoundException"]) => continue,
                found => found?,
            };
            let id = text(&found, "/KeyMetadata/KeyId")?;
            if found["KeyMetadata"]["KeyState"] == "PendingDeletion" {
                self.kms(place, "CancelKeyDeletion", json!({"KeyId": id})).await?;
            }
            if !is_enabled(&found) {
                self.kms(place, "EnableKey", json!({"KeyId": id})).await?;
            }
            return Ok(Some(id));
        }
        self.key_marked(place).await
    }

    /// The key in use that a step of ours made.
    async fn key_marked(&self, place: (&Session, &str)) -> Result<Option<String>, ProviderError> {
        let mut body = json!({"Limit": 100});
        loop {
            let page = self.kms(place, "ListKeys", body.clone()).await?;
            for key in page["Keys"].as_array().into_iter().flatten() {
                let id = text(key, "/KeyId")?;
                let tags = self.kms(place, "ListResourceTags", json!({"KeyId": id})).await?;
                let mut tags = tags["Tags"].as_array().into_iter().flatten();
                if !tags.any(|tag| tag["TagKey"] == "kumoi-step") {
                    continue;
                }
                let found = self.kms(place, "DescribeKey", json!({"KeyId": id})).await?;
                if found["KeyMetadata"]["KeyState"] != "PendingDeletion" {
                    return Ok(Some(id));
                }
            }
            match page["NextMarker"].as_str() {
                Some(marker) => body["Marker"] = json!(marker),
                None => return Ok(None),
            }
        }
    }

    pub(super) async fn key_remove(
        &self,
        work: &Work,
        region: Region,
    ) -> Result<(), ProviderError> {
        let Some(id) = &work.reference else { return Ok(()) };
        let who = self.session(account_of(work)?).await?;
        let place = (&*who, self.region(region));
        let absent = ["NotFoundException", "KMSInvalidStateException"];
        let days = json!({"KeyId": id, "PendingWindowInDays": KEY_DAYS});
        gone(self.kms(place, "DeleteAlias", json!({"AliasName": KEY})).await, &absent)?;
        gone(self.kms(place, "ScheduleKeyDeletion", days).await, &absent)
    }

    pub(super) async fn system_make(
        &self,
        work: &Work,
        (system, version): (&str, &str),
        region: Region,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let bucket = store_name(account, system, region);
        let path = format!("/{bucket}");
        let place = (&*who, self.region(region));
        let key = super::key_of(work, region)?;
        self.bucket_make(place, &path, &[]).await?;
        self.bucket_encrypt(place, &path, key).await?;
        self.public_block(place, &path).await?;
        let tags = format!(
            "<Tagging><TagSet><Tag><Key>kumoi-system</Key><Value>{system}</Value></Tag>\
             <Tag><Key>kumoi-version</Key><Value>{version}</Value></Tag></TagSet></Tagging>"
        );
        let target = format!("{path}?tagging=");
        self.caller.storage(place, (Method::PUT, &target), &[], &tags).await?;
        Ok(Some(bucket))
    }

    /// Makes a bucket, or takes up the own one of that name.
    pub(super) async fn bucket_make(
        &self,
        place: (&Session, &str),
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(), ProviderError> {
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint>\
             </CreateBucketConfiguration>",
            place.1
        );
        match self.caller.storage(place, (Method::PUT, path), headers, &body).await {
            Err(fault) if !fault.is(&["BucketAlreadyOwnedByYou"]) => Err(fault.into()),
            _ => Ok(()),
        }
    }

    /// Encrypts what comes into a bucket with a key of its account.
    pub(super) async fn bucket_encrypt(
        &self,
        place: (&Session, &str),
        path: &str,
        key: &str,
    ) -> Result<(), ProviderError> {
        let rule = format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>\
             </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
             </ServerSideEncryptionConfiguration>"
        );
        let target = format!("{path}?encryption=");
        self.caller.storage(place, (Method::PUT, &target), &[], &rule).await?;
        Ok(())
    }

    /// Closes a bucket to the internet in all four ways.
    pub(super) async fn public_block(
        &self,
        place: (&Session, &str),
        path: &str,
    ) -> Result<(), ProviderError> {
        const BLOCK: &str = "<PublicAccessBlockConfiguration>\
            <BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>\
            <BlockPublicPolicy>true</BlockPublicPolicy>\
            <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
        let target = format!("{path}?publicAccessBlock=");
        self.caller.storage(place, (Method::PUT, &target), &[], BLOCK).await?;
        Ok(())
    }

    pub(super) async fn system_remove(
        &self,
        work: &Work,
        system: &str,
        region: Region,
    ) -> Result<(), ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let path = format!("/{}", store_name(account, system, region));
        let place = (&*who, self.region(region));
        gone(self.caller.storage(place, (Method::DELETE, &path), &[], "").await, &["NoSuchBucket"])
    }

    /// Every store of an account as it really is.
    pub(super) async fn stores_inspect(
        &self,
        lane: &Lane,
        account: &str,
    ) -> Result<Vec<Seen>, ProviderError> {
        let who = self.session(account).await?;
        let home = (&*who, self.region(Region::East));
        let list = self.caller.storage(home, (Method::GET, "/"), &[], "").await?;
        let mut all = Vec::new();
        for bucket in elements(&list, "Name") {
            let get = |query: &str| (Method::GET, format!("/{bucket}?{query}="));
            let (method, target) = get("location");
            let place = self.caller.storage(home, (method, &target), &[], "").await?;
            let region = element(&place, "LocationConstraint");
            let region = region.unwrap_or_else(|| super::WORLD.to_owned());
            let (method, target) = get("encryption");
            let encrypted = self.caller.storage((&who, &region), (method, &target), &[], "").await;
            let (method, target) = get("publicAccessBlock");
            let block = self.caller.storage((&who, &region), (method, &target), &[], "").await;
            let logs = self.archive_lock((&who, &region), &bucket).await?;
            all.push(Seen {
                name: lane.to_string(),
                reference: bucket,
                region: Some(region),
                resource: Resource {
                    stores: true,
                    encryption: encryption(encrypted)?,
                    public: is_open(block)?,
                    logs,
                    ..Resource::default()
                },
                service: "s3",
            });
        }
        Ok(all)
    }
}

fn is_enabled(found: &Value) -> bool {
    found["KeyMetadata"]["KeyState"] == "Enabled"
}

/// The budget of an environment; names are the management account's own.
pub(super) fn budget_name(lane: &Lane) -> String {
    format!("kumoi-{lane}")
}

fn encryption(answer: Result<String, Fault>) -> Result<Encryption, ProviderError> {
    match answer {
        Ok(xml) if element(&xml, "KMSMasterKeyID").is_some() => Ok(Encryption::Own),
        Ok(_) => Ok(Encryption::Provider),
        Err(fault) if fault.is(&["ServerSideEncryptionConfigurationNotFoundError"]) => {
            Ok(Encryption::None)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Whether one of the four ways to the internet is open.
fn is_open(answer: Result<String, Fault>) -> Result<bool, ProviderError> {
    const WAYS: [&str; 4] =
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    match answer {
        Ok(xml) => Ok(WAYS
            .iter()
            .any(|way| element(&xml, way).is_none_or(|it| !it.eq_ignore_ascii_case("true")))),
        Err(fault) if fault.is(&["NoSuchPublicAccessBlockConfiguration"]) => Ok(true),
        Err(fault) => Err(fault.into()),
    }
}

/// Names of stores are unique in all of AWS: the account's number makes them so.
fn store_name(account: &str, system: &str, region: Region) -> String {
    format!("kumoi-{account}-{system}-{}", region.id())
}
