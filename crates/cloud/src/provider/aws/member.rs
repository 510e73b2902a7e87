//! What lies in the account of one environment: the administrator's role, the budget, the keys, the
//! stores of systems. Acts with keys to that account only.

use reqwest::Method;
use serde_json::{Value, json};

use super::call::{At, Fault, element, elements, text};
use super::organization::gone;
use super::{Aws, Session, account_of};
use crate::guardrail::{Encryption, Resource};
use crate::plane::environment::{Kind, Lane, Region};
use crate::plane::part::Work;
use crate::provider::{ProviderError, Seen};

const ROLE: &str = "kumoi-administrator";
const POLICY: &str = "kumoi-administrator";
const BUDGET: &str = "kumoi-monthly";
const KEY: &str = "alias/kumoi-body";
/// The fewest and the most days that AWS keeps a key that is given up: 7 and 30.
const KEY_DAYS: u32 = 30;

impl Aws {
    async fn iam(&self, who: &Session, pairs: &[(&str, &str)]) -> Result<String, Fault> {
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
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]})
        .to_string();
        let pairs = [
            ("Action", "CreateRole"),
            ("RoleName", ROLE),
            ("AssumeRolePolicyDocument", trust.as_str()),
            ("Tags.member.1.Key", "kumoi-kind"),
            ("Tags.member.1.Value", work.lane.kind.id()),
        ];
        match self.iam(&who, &pairs).await {
            Err(fault) if !fault.is(&["EntityAlreadyExists"]) => return Err(fault.into()),
            _ => {}
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

    async fn budgets(&self, who: &Session, act: &str, body: Value) -> Result<Value, Fault> {
        let target = format!("AWSBudgetServiceGateway.{act}");
        self.caller.json(Some(who), At::world("budgets"), &target, body).await
    }

    pub(super) async fn budget_make(
        &self,
        work: &Work,
        limit_yen: u64,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let rate = self.settings.yen_per_dollar.max(1);
        let amount = format!("{}.{:02}", limit_yen / rate, limit_yen % rate * 100 / rate);
        let body = json!({"AccountId": account, "Budget": {
            "BudgetName": BUDGET, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"}}});
        let duplicate = ["DuplicateRecordException"];
        let made = self.budgets(&who, "CreateBudget", body.clone()).await;
        if made.as_ref().is_err_and(|fault| fault.is(&duplicate)) {
            // The limit cannot be compared reliably (rates change): it is set anew.
            let name = json!({"AccountId": account, "BudgetName": BUDGET});
            gone(self.budgets(&who, "DeleteBudget", name).await, &["NotFoundException"])?;
            self.budgets(&who, "CreateBudget", body).await?;
        } else {
            made?;
        }
        Ok(Some(BUDGET.to_owned()))
    }

    pub(super) async fn budget_remove(&self, work: &Work) -> Result<(), ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let name = json!({"AccountId": account, "BudgetName": BUDGET});
        gone(self.budgets(&who, "DeleteBudget", name).await, &["NotFoundException"])
    }

    async fn kms(
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
        match self.kms((&who, self.region(region)), "DescribeKey", json!({"KeyId": KEY})).await {
            Ok(found) => Ok(Some(text(&found, "/KeyMetadata/KeyId")?)),
            Err(fault) if fault.is(&["NotFoundException"]) => Ok(None),
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
        // A key without its name yet is known by the step that made it.
        let left = if work.again { self.key_of_step(place, &work.step).await? } else { None };
        let id = match left {
            Some(id) => id,
            None => {
                let tags = json!([{"TagKey": "kumoi-step", "TagValue": work.step}]);
                let account = account_of(work)?;
                let policy = key_policy(account, work.lane.kind).to_string();
                let body = json!({"Description": "団体の鍵", "Tags": tags, "Policy": policy});
                text(&self.kms(place, "CreateKey", body).await?, "/KeyMetadata/KeyId")?
            }
        };
        let alias = json!({"AliasName": KEY, "TargetKeyId": id});
        match self.kms(place, "CreateAlias", alias).await {
            Err(fault) if !fault.is(&["AlreadyExistsException"]) => Err(fault.into()),
            _ => Ok(Some(id)),
        }
    }

    async fn key_of_step(
        &self,
        place: (&Session, &str),
        step: &str,
    ) -> Result<Option<String>, ProviderError> {
        let mut body = json!({"Limit": 100});
        loop {
            let page = self.kms(place, "ListKeys", body.clone()).await?;
            for key in page["Keys"].as_array().into_iter().flatten() {
                let id = text(key, "/KeyId")?;
                let tags = self.kms(place, "ListResourceTags", json!({"KeyId": id})).await?;
                let mut tags = tags["Tags"].as_array().into_iter().flatten();
                if tags.any(|tag| tag["TagKey"] == "kumoi-step" && tag["TagValue"] == step) {
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
                },
            });
        }
        Ok(all)
    }
}

/// Who may use a key: the own account; for the archives' also the service that writes the logs.
fn key_policy(account: &str, kind: Kind) -> Value {
    let mut statements = vec![json!({"Sid": "Own", "Effect": "Allow", "Resource": "*",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "kms:*"})];
    if kind == Kind::Shared {
        statements.push(json!({"Sid": "Logs", "Effect": "Allow", "Resource": "*",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"]}));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
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
