//! The organisation: its root, units, policies and accounts. Only the management account acts here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::call::{At, Fault, text};
use super::{Aws, account_of};
use crate::guardrail::{Resource, policy};
use crate::plane::environment::{Kind, Origin};
use crate::plane::part::{Part, Work};
use crate::provider::{ProviderError, Seen};

/// How often and how long apart the making of an account is looked at.
const LOOKS: u32 = 600;
const LOOK: Duration = Duration::from_secs(2);

/// Open accounts by name: more than one of a name when something was made twice.
pub(super) type Accounts = HashMap<String, Vec<String>>;

/// The organisation and the account that manages it.
pub(super) struct Home {
    pub id: String,
    pub management: String,
}

impl Aws {
    /// Asked for once: an organisation keeps both for ever.
    pub(super) async fn home(&self) -> Result<&Home, ProviderError> {
        let ask = || async {
            let found = self.organizations("DescribeOrganization", json!({})).await?;
            let id = text(&found, "/Organization/Id")?;
            let management = text(&found, "/Organization/MasterAccountId")?;
            Ok::<_, ProviderError>(Home { id, management })
        };
        self.home.get_or_try_init(ask).await
    }

    pub(super) async fn organizations(&self, act: &str, body: Value) -> Result<Value, Fault> {
        let target = format!("AWSOrganizationsV20161128.{act}");
        self.caller.json(None, At::world("organizations"), &target, body).await
    }

    /// Every page of a list.
    pub(super) async fn listed(
        &self,
        act: &str,
        key: &str,
        mut body: Value,
    ) -> Result<Vec<Value>, Fault> {
        let mut all = Vec::new();
        loop {
            let mut page = self.organizations(act, body.clone()).await?;
            if let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) {
                all.extend(items);
            }
            match page.get("NextToken").and_then(Value::as_str) {
                Some(token) => body["NextToken"] = json!(token),
                None => return Ok(all),
            }
        }
    }

    pub(super) async fn root_make(&self) -> Result<Option<String>, ProviderError> {
        let all = json!({"FeatureSet": "ALL"});
        if let Err(fault) = self.organizations("CreateOrganization", all).await
            && !fault.is(&["AlreadyInOrganizationException"])
        {
            return Err(fault.into());
        }
        let roots = self.organizations("ListRoots", json!({})).await?;
        let root = text(&roots, "/Roots/0/Id")?;
        let kind = json!({"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"});
        if let Err(fault) = self.organizations("EnablePolicyType", kind).await
            && !fault.is(&["PolicyTypeAlreadyEnabledException"])
        {
            return Err(fault.into());
        }
        Ok(Some(root))
    }

    pub(super) async fn group_make(
        &self,
        work: &Work,
        path: &str,
    ) -> Result<Option<String>, ProviderError> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = match above {
            "" => work.own.get("root"),
            _ => work.own.get(&format!("group.{above}")),
        };
        let parent = parent.ok_or_else(|| ProviderError::NotYet(format!("組 {above}")))?;
        let tags = json!([{"Key": "kumoi-step", "Value": work.step}]);
        let body = json!({"ParentId": parent, "Name": name, "Tags": tags});
        match self.organizations("CreateOrganizationalUnit", body).await {
            Ok(made) => Ok(Some(text(&made, "/OrganizationalUnit/Id")?)),
            Err(fault) if fault.is(&["DuplicateOrganizationalUnitException"]) => {
                let act = "ListOrganizationalUnitsForParent";
                let body = json!({"ParentId": parent});
                let units = self.listed(act, "OrganizationalUnits", body).await?;
                let unit = units.iter().find(|unit| unit["Name"] == name);
                let unit = unit.ok_or_else(|| ProviderError::NotYet(format!("組 {path}")))?;
                Ok(Some(text(unit, "/Id")?))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    pub(super) async fn policy_make(
        &self,
        work: &Work,
        kind: Kind,
        (name, content): (&str, &str),
    ) -> Result<Option<String>, ProviderError> {
        let content = &policy_text(work, content)?;
        let about = "雲居の守りごと";
        let body = json!({"Name": name, "Description": about, "Content": content,
            "Type": "SERVICE_CONTROL_POLICY"});
        let id = match self.organizations("CreatePolicy", body).await {
            Ok(made) => text(&made, "/Policy/PolicySummary/Id")?,
            Err(fault) if fault.is(&["DuplicatePolicyException"]) => {
                let id = self.policy_named(name).await?;
                let id = id.ok_or_else(|| ProviderError::NotYet(format!("守りごと {name}")))?;
                let body = json!({"PolicyId": id, "Content": content});
                self.organizations("UpdatePolicy", body).await?;
                id
            }
            Err(fault) => return Err(fault.into()),
        };
        let target = policy_target(work, kind)?;
        let body = json!({"PolicyId": id, "TargetId": target});
        match self.organizations("AttachPolicy", body).await {
            Err(fault) if !fault.is(&["DuplicatePolicyAttachmentException"]) => Err(fault.into()),
            _ => Ok(Some(id)),
        }
    }

    async fn policy_named(&self, name: &str) -> Result<Option<String>, ProviderError> {
        let body = json!({"Filter": "SERVICE_CONTROL_POLICY"});
        let all = self.listed("ListPolicies", "Policies", body).await?;
        let one = all.iter().find(|policy| policy["Name"] == name);
        Ok(one.map(|policy| text(policy, "/Id")).transpose()?)
    }

    pub(super) async fn policy_remove(
        &self,
        work: &Work,
        kind: Kind,
        name: &str,
    ) -> Result<(), ProviderError> {
        // Given up before its number was known, it still has its name.
        let id = match &work.reference {
            Some(id) => Some(id.clone()),
            None => self.policy_named(name).await?,
        };
        let Some(id) = id else { return Ok(()) };
        let absent = ["PolicyNotAttachedException", "PolicyNotFoundException"];
        let body = json!({"PolicyId": id, "TargetId": policy_target(work, kind)?});
        gone(self.organizations("DetachPolicy", body).await, &absent)?;
        gone(self.organizations("DeletePolicy", json!({"PolicyId": id})).await, &absent)
    }

    /// Open accounts by name, as AWS listed them at `since` or later: environments that look at the
    /// same time share a list.
    async fn accounts(&self, since: Instant) -> Result<Arc<Accounts>, ProviderError> {
        let mut kept = self.accounts.lock().await;
        if let Some((begun, accounts)) = &*kept
            && *begun >= since
        {
            return Ok(accounts.clone());
        }
        let begun = Instant::now();
        let mut accounts = Accounts::new();
        for one in self.listed("ListAccounts", "Accounts", json!({})).await? {
            // `State` takes the place of `Status`, which AWS gives up in September 2026. One that
            // is not active yet is there all the same.
            let state = one["State"].as_str().or_else(|| one["Status"].as_str());
            if state.is_some_and(|it| matches!(it, "ACTIVE" | "PENDING_ACTIVATION")) {
                accounts.entry(text(&one, "/Name")?).or_default().push(text(&one, "/Id")?);
            }
        }
        let accounts = Arc::new(accounts);
        *kept = Some((begun, accounts.clone()));
        Ok(accounts)
    }

    pub(super) async fn account_find(&self, name: &str) -> Result<Option<String>, ProviderError> {
        match self.accounts(Instant::now()).await?.get(name).map(Vec::as_slice) {
            None | Some([]) => {}
            Some([one]) => return Ok(Some(one.clone())),
            Some(several) => return Err(ProviderError::Doubled(several.to_vec())),
        }
        // One that is still being made is in no list of accounts.
        let body = json!({"States": ["IN_PROGRESS"]});
        let act = "ListCreateAccountStatus";
        let made = self.listed(act, "CreateAccountStatuses", body).await?;
        match made.iter().find(|one| one["AccountName"] == name) {
            Some(one) => self.account_wait(text(one, "/Id")?).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn account_make(&self, work: &Work) -> Result<Option<String>, ProviderError> {
        let name = work.lane.to_string();
        let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
        let tags = [
            tag("kumoi-step", &work.step),
            tag("kumoi-body", &work.lane.body),
            tag("kumoi-kind", work.lane.kind.id()),
        ];
        self.account_create((&name, &work.step), json!(tags)).await.map(Some)
    }

    /// Makes an account and waits until it is there; its number.
    async fn account_create(
        &self,
        (name, step): (&str, &str),
        tags: Value,
    ) -> Result<String, ProviderError> {
        // AWS takes an address once and for ever: that of a closed account cannot be used again,
        // and that of this step cannot make a second account.
        let mark = step.get(..8).unwrap_or(step);
        let mail = format!("{name}+{mark}@{}", self.settings.mail_domain);
        let body = json!({"AccountName": name, "Email": mail, "Tags": tags,
            "RoleName": super::ENTRY_ROLE, "IamUserAccessToBilling": "DENY"});
        let status = self.organizations("CreateAccount", body).await?;
        match state(&status)? {
            Some(account) => Ok(account),
            None => self.account_wait(text(&status, "/CreateAccountStatus/Id")?).await,
        }
    }

    async fn account_wait(&self, request: String) -> Result<String, ProviderError> {
        let body = json!({"CreateAccountRequestId": request});
        for _ in 0..LOOKS {
            let status = self.organizations("DescribeCreateAccountStatus", body.clone()).await;
            let status = status.map_err(|it| half_done(it.into()))?;
            if let Some(account) = state(&status)? {
                return Ok(account);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(ProviderError::NotYet(format!("区画の作成 {request}")))
    }

    pub(super) async fn account_close(&self, work: &Work) -> Result<(), ProviderError> {
        let Some(account) = &work.reference else { return Ok(()) };
        let gone_already = ["AccountNotFoundException", "AccountAlreadyClosedException"];
        gone(self.organizations("CloseAccount", json!({"AccountId": account})).await, &gone_already)
    }

    /// What could not be removed went with its account, where that is closed or has left the
    /// organisation: nobody can ask for it there any more. In words; else why it was not removed.
    pub(super) async fn account_ended(
        &self,
        work: &Work,
        error: ProviderError,
    ) -> Result<String, ProviderError> {
        let passing = matches!(error, ProviderError::Throttled(_) | ProviderError::Unreachable(_));
        let lies_in = matches!(
            work.part,
            Part::Account | Part::Administrator | Part::Key { .. } | Part::System { .. }
        );
        let Some(account) = work.own.get("account").filter(|_| lies_in && !passing) else {
            return Err(error);
        };
        match self.organizations("DescribeAccount", json!({"AccountId": account})).await {
            Err(fault) if fault.is(&["AccountNotFoundException"]) => {
                Ok(format!("区画 {account} が組織にないため、区画とともになくなったものとしました"))
            }
            Err(fault) => Err(fault.into()),
            Ok(found) => {
                let found = &found["Account"];
                let state = found["State"].as_str().or_else(|| found["Status"].as_str());
                // AWS may lift a mere suspension: the account itself has to be closed then.
                let lifts = work.part == Part::Account && found["State"] == "SUSPENDED";
                let ends = |it: &&str| matches!(*it, "CLOSED" | "PENDING_CLOSURE" | "SUSPENDED");
                let ended = state.filter(ends).filter(|_| !lifts).ok_or(error)?;
                Ok(format!(
                    "区画 {account} が閉じられているため（{ended}）、区画とともになくなったものとしました"
                ))
            }
        }
    }

    pub(super) async fn account_place(
        &self,
        work: &Work,
        group: &str,
    ) -> Result<Option<String>, ProviderError> {
        let account = account_of(work)?;
        let unit = work.shared.get(&format!("group.{group}"));
        let unit =
            unit.ok_or_else(|| ProviderError::Refused(format!("組 {group} がありません")))?;
        let root = work.shared.get("root").map(String::as_str).unwrap_or_default();
        // A new account stands at the root; any other is asked for.
        let known = work.reference.is_none() && !work.again;
        let from = if known { root.to_owned() } else { self.parent(account).await? };
        if from == *unit {
            return Ok(Some(unit.clone()));
        }
        let body = json!({"AccountId": account, "SourceParentId": from,
            "DestinationParentId": unit});
        match self.organizations("MoveAccount", body).await {
            Err(fault) if !fault.is(&["DuplicateAccountException"]) => Err(fault.into()),
            _ => Ok(Some(unit.clone())),
        }
    }

    pub(super) async fn parent(&self, account: &str) -> Result<String, ProviderError> {
        let found = self.organizations("ListParents", json!({"ChildId": account})).await?;
        Ok(text(&found, "/Parents/0/Id")?)
    }

    pub(super) async fn enrolled_find(
        &self,
        origin: &Origin,
    ) -> Result<Option<String>, ProviderError> {
        let (Origin::CommonPlatform(account) | Origin::Lifted(account)) = origin else {
            return Ok(None);
        };
        match self.organizations("DescribeAccount", json!({"AccountId": account})).await {
            Ok(found) => Ok(Some(text(&found, "/Account/Id")?)),
            Err(fault) if fault.is(&["AccountNotFoundException"]) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    pub(super) async fn accounts_survey(&self) -> Result<Vec<Seen>, ProviderError> {
        let accounts = self.accounts(Instant::now()).await?;
        let seen = |name: &String, id: &String| Seen {
            name: name.clone(),
            reference: id.clone(),
            region: None,
            resource: Resource::default(),
            service: "organizations",
        };
        let each = accounts.iter().flat_map(|(name, ids)| ids.iter().map(|id| seen(name, id)));
        let mut all: Vec<Seen> = each.collect();
        all.sort_by(|a, b| (&a.name, &a.reference).cmp(&(&b.name, &b.reference)));
        Ok(all)
    }
}

/// The number of a new account; `None` while it is being made.
fn state(status: &Value) -> Result<Option<String>, ProviderError> {
    let status = &status["CreateAccountStatus"];
    match status["State"].as_str() {
        Some("SUCCEEDED") => Ok(Some(text(status, "/AccountId")?)),
        Some("FAILED") => {
            let reason = status["FailureReason"].as_str().unwrap_or_default().to_owned();
            Err(match reason.as_str() {
                "ACCOUNT_LIMIT_EXCEEDED" => ProviderError::Quota(reason),
                "INTERNAL_FAILURE" | "CONCURRENT_ACCOUNT_MODIFICATION" => {
                    ProviderError::Throttled(reason)
                }
                // Ours from before: the next look finds it.
                "EMAIL_ALREADY_EXISTS" => ProviderError::NotYet(reason),
                _ => ProviderError::Refused(reason),
            })
        }
        _ => Ok(None),
    }
}

pub(super) fn policy_target(work: &Work, kind: Kind) -> Result<&str, ProviderError> {
    let name = match kind {
        Kind::Shared => "root".to_owned(),
        kind => format!("group.{}", kind.id()),
    };
    let target = work.own.get(&name).map(String::as_str);
    target.ok_or_else(|| ProviderError::Refused(format!("守りごとを付ける {name} がありません")))
}

/// The text of a policy with the groups that it names.
pub(super) fn policy_text(work: &Work, text: &str) -> Result<String, ProviderError> {
    let group = |kind: Kind| {
        let id = work.own.get(&format!("group.{}", kind.id()));
        id.ok_or_else(|| ProviderError::NotYet(format!("組 {}", kind.id())))
    };
    let mut text = text.to_owned();
    for kind in [Kind::Production, Kind::Verification] {
        let gap = policy::gap(kind);
        if text.contains(&gap) {
            text = text.replace(&gap, group(kind)?);
        }
    }
    Ok(text)
}

/// A further request about what was begun already was sent away: it may be there, so that it is
/// looked for before it is asked for again.
pub(super) fn half_done(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Throttled(words) => ProviderError::NotYet(words),
        other => other,
    }
}

/// What was not there is gone, too.
pub(super) fn gone<T>(answer: Result<T, Fault>, absent: &[&str]) -> Result<(), ProviderError> {
    match answer {
        Err(fault) if !fault.is(absent) => Err(fault.into()),
        _ => Ok(()),
    }
}
