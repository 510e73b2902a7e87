//! 記録の保管庫: in an account of its own a bucket whose objects nobody can remove in time, and the
//! trail of the whole organisation into it.

use reqwest::Method;
use serde_json::{Value, json};

use super::call::{At, Fault, element};
use super::organization::Home;
use super::{Aws, Session, account_of};
use crate::plane::environment::Region;
use crate::plane::part::Work;
use crate::provider::ProviderError;

/// Names of archives begin with it.
pub(super) const PREFIX: &str = "kumoi-archive-";

impl Aws {
    pub(super) async fn archive_make(
        &self,
        work: &Work,
        region: Region,
        locked_days: u32,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let who = self.session(account).await?;
        let bucket = format!("{PREFIX}{account}-{}", region.id());
        let (path, place) = (format!("/{bucket}"), (&*who, self.region(region)));
        let lock = [("x-amz-bucket-object-lock-enabled", "true")];
        self.bucket_make(place, &path, &lock).await?;
        let rule = format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
             <DefaultRetention><Mode>COMPLIANCE</Mode><Days>{locked_days}</Days>\
             </DefaultRetention></Rule></ObjectLockConfiguration>"
        );
        let target = format!("{path}?object-lock=");
        self.caller.storage(place, (Method::PUT, &target), &[], &rule).await?;
        self.bucket_encrypt(place, &path, super::key_of(work, region)?).await?;
        self.public_block(place, &path).await?;
        let (place, key) = (self.region(region), super::key_of(work, region)?);
        let management = &self.home().await?.management;
        let trail = format!("arn:aws:cloudtrail:{place}:{management}:trail/{}", trail_name(region));
        self.bucket_admit((&who, place), (&bucket, &trail)).await?;
        let key = format!("arn:aws:kms:{place}:{account}:key/{key}");
        self.trail_make(place, (&bucket, &key), region).await?;
        Ok(Some(bucket))
    }

    /// For an archive: that it is one, and for how many days its objects are locked.
    pub(super) async fn archive_lock(
        &self,
        place: (&Session, &str),
        bucket: &str,
    ) -> Result<Option<(bool, u32)>, ProviderError> {
        if !bucket.starts_with(PREFIX) {
            return Ok(None);
        }
        let target = format!("/{bucket}?object-lock=");
        match self.caller.storage(place, (Method::GET, &target), &[], "").await {
            Ok(xml) => {
                let is_firm = element(&xml, "Mode").is_some_and(|mode| mode == "COMPLIANCE");
                let days = element(&xml, "Days").and_then(|days| days.parse().ok());
                Ok(Some((true, days.filter(|_| is_firm).unwrap_or_default())))
            }
            Err(fault) if fault.is(&["ObjectLockConfigurationNotFoundError"]) => {
                Ok(Some((true, 0)))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Lets the organisation's trail write, and nobody else.
    async fn bucket_admit(
        &self,
        place: (&Session, &str),
        (bucket, trail): (&str, &str),
    ) -> Result<(), ProviderError> {
        let Home { id, management } = self.home().await?;
        let service = json!({"Service": "cloudtrail.amazonaws.com"});
        let arn = format!("arn:aws:s3:::{bucket}");
        // The management account's own logs lie beside those of the organisation.
        let logs = [management, id].map(|it| format!("{arn}/AWSLogs/{it}/*"));
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn,
             "Condition": {"StringEquals": {"aws:SourceArn": trail}}},
            {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": logs,
             "Condition": {"StringEquals": {"aws:SourceArn": trail,
                "s3:x-amz-acl": "bucket-owner-full-control"}}}]});
        let target = format!("/{bucket}?policy=");
        self.caller.storage(place, (Method::PUT, &target), &[], &policy.to_string()).await?;
        Ok(())
    }

    /// The trail of the whole organisation: only the management account can make one, and only once
    /// the service is trusted there.
    async fn trail_make(
        &self,
        place: &str,
        (bucket, key): (&str, &str),
        region: Region,
    ) -> Result<(), ProviderError> {
        let trusted = json!({"ServicePrincipal": "cloudtrail.amazonaws.com"});
        self.organizations("EnableAWSServiceAccess", trusted).await?;
        let name = trail_name(region);
        let body = json!({"Name": name, "S3BucketName": bucket, "IsMultiRegionTrail": true,
            "IsOrganizationTrail": true, "EnableLogFileValidation": true,
            "IncludeGlobalServiceEvents": true, "KmsKeyId": key});
        match self.trails(place, "CreateTrail", body.clone()).await {
            Err(fault) if fault.is(&["TrailAlreadyExistsException"]) => {
                self.trails(place, "UpdateTrail", body).await?;
            }
            made => {
                made?;
            }
        }
        self.trails(place, "StartLogging", json!({"Name": name})).await?;
        Ok(())
    }

    pub(super) async fn trails(&self, place: &str, act: &str, body: Value) -> Result<Value, Fault> {
        let at = At { service: "cloudtrail", region: place };
        let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{act}");
        self.caller.json(None, at, &target, body).await
    }
}

pub(super) fn trail_name(region: Region) -> String {
    format!("kumoi-{}", region.id())
}
