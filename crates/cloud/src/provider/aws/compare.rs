//! あとからの照合, part by part: what AWS holds against what the books say was made. Reads only.

use reqwest::Method;
use serde_json::{Value, json};

use super::archive::trail_name;
use super::call::{Fault, element, text};
use super::grant::administrator_trust;
use super::member::{ROLE, budget_name};
use super::organization::{policy_target, policy_text};
use super::{Aws, account_of, key_of};
use crate::plane::environment::Region;
use crate::plane::part::{Part, Work};
use crate::provider::ProviderError;

type Difference = Result<Option<String>, ProviderError>;

impl Aws {
    pub(super) async fn part_compare(&self, work: &Work) -> Difference {
        let named = work.reference.as_deref().unwrap_or_default();
        match &work.part {
            Part::Root => {
                let roots = self.organizations("ListRoots", json!({})).await?;
                Ok(differs(text(&roots, "/Roots/0/Id")? != named, "統治の木の根が台帳と違います"))
            }
            Part::Group { path } => {
                let body = json!({"OrganizationalUnitId": named});
                let found = self.organizations("DescribeOrganizationalUnit", body).await;
                let Some(found) = there(found)? else { return Ok(absent("組")) };
                let name = path.rsplit('/').next().unwrap_or_default();
                let same = found["OrganizationalUnit"]["Name"] == name;
                Ok(differs(!same, "組の名が台帳と違います"))
            }
            Part::Policy { .. } => self.policy_compare(work, named).await,
            Part::Placement { .. } => {
                let parent = self.parent(account_of(work)?).await?;
                Ok(differs(parent != named, "区画が台帳と違う組に置かれています"))
            }
            Part::Administrator => self.administrator_compare(work).await,
            Part::Budget { limit_yen } => self.budget_compare(work, *limit_yen).await,
            Part::Key { region } => {
                let who = self.session(account_of(work)?).await?;
                let place = (&*who, self.region(*region));
                let found = self.kms(place, "DescribeKey", json!({"KeyId": named})).await;
                let Some(found) = there(found)? else { return Ok(absent("団体の鍵")) };
                let enabled = found["KeyMetadata"]["KeyState"] == "Enabled";
                Ok(differs(!enabled, "団体の鍵が使える状態ではありません"))
            }
            Part::System { region, .. } => self.store_compare(work, (named, *region)).await,
            Part::Archive { region, .. } => {
                if let Some(words) = self.store_compare(work, (named, *region)).await? {
                    return Ok(Some(words));
                }
                let (place, name) = (self.region(*region), json!({"Name": trail_name(*region)}));
                let Some(found) = there(self.trails(place, "GetTrail", name.clone()).await)? else {
                    return Ok(absent("記録の送り出し"));
                };
                let status = self.trails(place, "GetTrailStatus", name).await?;
                let whole = found["Trail"]["S3BucketName"] == named
                    && found["Trail"]["IsOrganizationTrail"] == true
                    && status["IsLogging"] == true;
                Ok(differs(!whole, "記録の送り出しが止まっているか、送り先が台帳と違います"))
            }
            Part::Account | Part::Enrolment { .. } => Ok(None),
        }
    }

    /// That a store is there and encrypts with the very key of the books.
    async fn store_compare(&self, work: &Work, (bucket, region): (&str, Region)) -> Difference {
        let who = self.session(account_of(work)?).await?;
        let (place, target) = ((&*who, self.region(region)), format!("/{bucket}?encryption="));
        let found = self.caller.storage(place, (Method::GET, &target), &[], "").await;
        match found {
            Err(fault) if fault.is(&["NoSuchBucket"]) => Ok(absent("保管場所")),
            Err(fault) if fault.is(&["ServerSideEncryptionConfigurationNotFoundError"]) => {
                Ok(Some("保管場所が暗号化されていません".to_owned()))
            }
            found => {
                let key = element(&found?, "KMSMasterKeyID").unwrap_or_default();
                let same = key.rsplit('/').next() == Some(key_of(work, region)?);
                Ok(differs(!same, "保管場所が台帳の鍵で暗号化されていません"))
            }
        }
    }

    async fn policy_compare(&self, work: &Work, id: &str) -> Difference {
        let Part::Policy { kind, text: content, .. } = &work.part else { return Ok(None) };
        let body = json!({"PolicyId": id});
        let found = self.organizations("DescribePolicy", body.clone()).await;
        let Some(found) = there(found)? else { return Ok(absent("守りごと")) };
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let is = found["Policy"]["Content"].as_str().and_then(json);
        if is.is_none() || is != json(&policy_text(work, content)?) {
            return Ok(Some("守りごとの文が台帳と違います".to_owned()));
        }
        let targets = self.listed("ListTargetsForPolicy", "Targets", body).await?;
        let target = policy_target(work, *kind)?;
        let attached = targets.iter().any(|it| it["TargetId"] == target);
        Ok(differs(!attached, "守りごとが外されています"))
    }

    async fn administrator_compare(&self, work: &Work) -> Difference {
        let who = self.session(account_of(work)?).await?;
        let found = self.iam(&who, &[("Action", "GetRole"), ("RoleName", ROLE)]).await;
        let Some(xml) = there(found)? else { return Ok(absent("管理者の役割")) };
        let trust = element(&xml, "AssumeRolePolicyDocument").map(|it| plain(&it));
        let trust: Option<Value> = trust.and_then(|it| serde_json::from_str(&it).ok());
        let wanted = administrator_trust(&self.home().await?.management, &work.lane);
        Ok(differs(trust != Some(wanted), "管理者の役割に就ける人が台帳と違います"))
    }

    async fn budget_compare(&self, work: &Work, limit_yen: u64) -> Difference {
        let management = &self.home().await?.management;
        let body = json!({"AccountId": management, "BudgetName": budget_name(&work.lane)});
        let found = self.budgets("DescribeBudget", body).await;
        let Some(found) = there(found)? else { return Ok(absent("予算の上限")) };
        let number = |text: &str| text.parse::<f64>().ok();
        let is = found["Budget"]["BudgetLimit"]["Amount"].as_str().and_then(number);
        let wanted = number(&self.budget_amount(limit_yen));
        let same = matches!((is, wanted), (Some(a), Some(b)) if (a - b).abs() < 0.005);
        Ok(differs(!same, "予算の上限が台帳と違います"))
    }
}

fn differs(differs: bool, words: &str) -> Option<String> {
    differs.then(|| words.to_owned())
}

fn absent(what: &str) -> Option<String> {
    Some(format!("{what}がプロバイダーにありません"))
}

/// What was answered; `None` where AWS says that there is no such thing.
fn there<T>(answer: Result<T, Fault>) -> Result<Option<T>, ProviderError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is_absent() => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// A text as it was before it was encoded for an address.
fn plain(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &more[2..];
            }
            _ => {
                out.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
