//! 記録の保管庫: in an account of its own a bucket whose objects nobody can remove in time, and the
//! trail of the whole organisation into it.

use reqwest::Method;
use serde_json::json;

use super::call::{At, element};
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
        self.bucket_admit(place, &bucket).await?;
        self.trail_make(place, &bucket, region).await?;
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

    /// Lets the trail write, and nobody else.
    async fn bucket_admit(
        &self,
        place: (&Session, &str),
        bucket: &str,
    ) -> Result<(), ProviderError> {
        let service = json!({"Service": "cloudtrail.amazonaws.com"});
        let arn = format!("arn:aws:s3:::{bucket}");
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn},
            {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
             "Resource": format!("{arn}/AWSLogs/*"),
             "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]});
        let target = format!("/{bucket}?policy=");
        self.caller.storage(place, (Method::PUT, &target), &[], &policy.to_string()).await?;
        Ok(())
    }

    async fn trail_make(
        &self,
        (who, place): (&Session, &str),
        bucket: &str,
        region: Region,
    ) -> Result<(), ProviderError> {
        let name = format!("kumoi-{}", region.id());
        let at = At { service: "cloudtrail", region: place };
        let target =
            |act: &str| format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{act}");
        let body = json!({"Name": name, "S3BucketName": bucket, "IsMultiRegionTrail": true,
            "IsOrganizationTrail": true, "EnableLogFileValidation": true,
            "IncludeGlobalServiceEvents": true});
        match self.caller.json(Some(who), at, &target("CreateTrail"), body).await {
            Err(fault) if !fault.is(&["TrailAlreadyExistsException"]) => return Err(fault.into()),
            _ => {}
        }
        self.caller.json(Some(who), at, &target("StartLogging"), json!({"Name": name})).await?;
        Ok(())
    }
}
