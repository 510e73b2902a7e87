//! 段階的な配信: a vendor's newer version goes to the bodies that have the older one, stage by stage,
//! each by a contract on the same terms that is opened as every other. It stops by itself where a
//! body cannot be brought up or the watch finds it silent. Nothing here touches a body's database.

use std::collections::BTreeMap;

use base::date::{Date, day_in_japan};
use base::said;
use base::said::Said;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::control::{
    Contract, act_list, contract_list, contract_roll, contract_roll_back, contract_rolled,
    incident_since, offer_in_force, offer_same_terms, organisation_list,
};
use store::market::{
    Rollout, RolloutBody, rollout_begin, rollout_bodies, rollout_body_set, rollout_hold,
    rollout_let_go, rollout_list, rollout_state,
};

use crate::CloudError;
use crate::contract::{IN_SERVICE, REFUSED};

/// How long a contract may take to be opened, refused or not.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// How long a stage is watched before the next one begins.
const SETTLING: SignedDuration = SignedDuration::from_mins(10);

/// Whom a stage takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// These bodies, by identifier.
    Bodies(Vec<String>),
    /// So many bodies, those before it among them.
    First(usize),
    /// So many in a hundred, those before it among them.
    Percent(usize),
}

/// 段階.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Whom.
    pub share: Share,
    /// From which day.
    pub from: Date,
}

/// The stages of what was entered: `first` (a number, or identifiers) and `first_from`, `percent`
/// and `percent_from`, both of which may be left out, and `rest_from`, when everybody else follows.
///
/// # Errors
/// Each field with what is wrong and what to do.
pub fn stages_check<'e>(
    entered: impl Fn(&str) -> &'e str,
    today: Date,
) -> Result<Vec<Stage>, Vec<(&'static str, Said)>> {
    let (mut stages, mut wrong) = (Vec::new(), Vec::new());
    let (first, percent) = (entered("first").trim(), entered("percent").trim());
    if !first.is_empty() {
        match share(first) {
            Ok(share) => stages.push(("first_from", share)),
            Err(said) => wrong.push(("first", said)),
        }
    }
    for (share, day) in [("first", "first_from"), ("percent", "percent_from")] {
        if entered(share).trim().is_empty() && !entered(day).trim().is_empty() {
            wrong.push((
                share,
                said!(
                    "開始日を入れた段階には、団体の数か割合も入れてください。この段階を設けないなら、開始日も空にしてください",
                    "A stage with a day needs its bodies or its share; leave both empty for none"
                ),
            ));
        }
    }
    match percent.parse() {
        Ok(share @ 1..=99) => stages.push(("percent_from", Share::Percent(share))),
        _ if percent.is_empty() => {}
        _ => wrong.push(("percent", said!("1から99までの数を入れてください", "Enter 1 to 99"))),
    }
    stages.push(("rest_from", Share::Percent(100)));
    let (mut out, mut last) = (Vec::new(), today);
    for (field, share) in stages {
        match base::era::parse(entered(field)) {
            Ok(from) if from >= last => {
                last = from;
                out.push(Stage { share, from });
            }
            Ok(_) => wrong.push((
                field,
                said!(
                    "今日以後で、前の段階の日以後の日を入れてください",
                    "Enter a day from today on, and not before the stage above"
                ),
            )),
            Err(why) => {
                let english = "Enter a day, for example 2027-03-31".to_owned();
                wrong.push((field, Said::beside(&why, english)));
            }
        }
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

fn share(text: &str) -> Result<Share, Said> {
    let split = |sign: char| ['、', ',', '，'].contains(&sign) || sign.is_whitespace();
    let parts: Vec<&str> = text.split(split).filter(|part| !part.is_empty()).collect();
    let is_id = |part: &&str| {
        part.len() <= 40
            && part.starts_with(|sign: char| sign.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    match parts.as_slice() {
        [one] if one.parse::<usize>().is_ok_and(|count| (1..=9_999).contains(&count)) => {
            Ok(Share::First(one.parse().unwrap_or(1)))
        }
        all if !all.is_empty() && all.len() <= 100 && all.iter().all(is_id) => {
            Ok(Share::Bodies(all.iter().map(|&part| part.to_owned()).collect()))
        }
        _ => Err(said!(
            "団体の数（例 2）か、団体の識別子を「、」で区切って入れてください（例 kasumi、akatsuki）",
            "Enter a number of bodies (2), or their identifiers (kasumi, akatsuki)"
        )),
    }
}

/// The stage of each body, from 1, of bodies in the order of their turn.
///
/// # Errors
/// Which named body is none of them.
pub fn stages_assign(
    stages: &[Stage],
    bodies: &[String],
) -> Result<BTreeMap<String, usize>, String> {
    let mut out = BTreeMap::new();
    for (place, stage) in stages.iter().enumerate() {
        if let Share::Bodies(named) = &stage.share {
            for one in named {
                if !bodies.contains(one) {
                    return Err(format!(
                        "段階{}の団体「{one}」は、前の版を使う団体ではありません",
                        place + 1
                    ));
                }
                out.entry(one.clone()).or_insert(place + 1);
            }
        }
    }
    for (place, stage) in stages.iter().enumerate() {
        let upto = match stage.share {
            Share::Bodies(_) => continue,
            Share::First(count) => count,
            Share::Percent(share) => (bodies.len() * share).div_ceil(100),
        };
        let before = out.values().filter(|stage| **stage <= place + 1).count();
        let free: Vec<&String> = bodies.iter().filter(|one| !out.contains_key(*one)).collect();
        let more = free.into_iter().take(upto.saturating_sub(before)).cloned();
        out.extend(more.map(|one| (one, place + 1)).collect::<Vec<_>>());
    }
    // Whoever is left comes last.
    for one in bodies {
        out.entry(one.clone()).or_insert(stages.len());
    }
    Ok(out)
}

fn is_named(stages: &[Stage], id: &str) -> bool {
    stages.iter().any(|stage| match &stage.share {
        Share::Bodies(named) => named.iter().any(|one| one == id),
        _ => false,
    })
}

/// Takes every roll-out that is not over as far as it comes now; how many go on.
///
/// # Errors
/// [`CloudError::Store`] when they cannot be read; what fails of one is said and holds nobody up.
pub async fn rollouts_go_on(
    market: &Connection,
    control: &Connection,
    now: Timestamp,
) -> Result<usize, CloudError> {
    let mut all = rollout_list(market).await?;
    all.retain(|one| ["申出", "配信中", "中断"].contains(&one.state.as_str()));
    for rollout in &all {
        let turn = Turn { market, control, rollout, now };
        if let Err(error) = turn.go_on().await {
            tracing::warn!(rollout = rollout.id, %error, "rollout");
        }
    }
    Ok(all.len())
}

/// One roll-out at work.
struct Turn<'t> {
    market: &'t Connection,
    control: &'t Connection,
    rollout: &'t Rollout,
    now: Timestamp,
}

impl Turn<'_> {
    async fn go_on(&self) -> Result<(), CloudError> {
        let Rollout { id, state, wish, .. } = self.rollout;
        if wish == "取りやめ" {
            return self.stop().await;
        }
        match (state.as_str(), wish.as_str()) {
            ("申出", _) => self.plan().await,
            ("中断", "再開") => {
                for body in rollout_bodies(self.market, *id).await? {
                    if body.state == "失敗" {
                        self.set(&body, "待ち", None, "").await?;
                    }
                }
                Ok(rollout_state(self.market, *id, ("配信中", "")).await?)
            }
            ("配信中", _) => self.serve().await,
            // What was on its way when it halted still comes to its end.
            _ => self.look_after_begun().await.map(|_| ()),
        }
    }

    async fn set(
        &self,
        body: &RolloutBody,
        state: &str,
        contract: Option<i64>,
        note: &str,
    ) -> Result<(), CloudError> {
        let of = (self.rollout.id, body.organisation.as_str());
        Ok(rollout_body_set(self.market, of, (state, contract, note)).await?)
    }

    /// What is being opened comes to its end first; whoever has the newer version keeps it.
    async fn stop(&self) -> Result<(), CloudError> {
        if self.look_after_begun().await? {
            return Ok(());
        }
        let reason = "事業者が取りやめました。更新した団体は、新しい版のままです";
        Ok(rollout_state(self.market, self.rollout.id, ("取りやめ", reason)).await?)
    }

    async fn halt(&self, reason: &str) -> Result<(), CloudError> {
        Ok(rollout_state(self.market, self.rollout.id, ("中断", reason)).await?)
    }

    /// The offer that is rolled out, while it is in force.
    async fn offer(&self) -> Result<Option<i64>, CloudError> {
        let of = (self.rollout.vendor.as_str(), self.rollout.named.hash.as_str());
        Ok(offer_in_force(self.control, of).await?)
    }

    /// Who has an older version, in which stage, and who is left out and why.
    async fn plan(&self) -> Result<(), CloudError> {
        let impossible = async |why: &str| -> Result<(), CloudError> {
            Ok(rollout_state(self.market, self.rollout.id, ("不可", why)).await?)
        };
        let Some(offer) = self.offer().await? else {
            return impossible("この版は、カタログでいま有効な申出ではありません").await;
        };
        let Ok(stages) = serde_json::from_value::<Vec<Stage>>(self.rollout.stages.clone()) else {
            return impossible("段階の指定を読めません").await;
        };
        let mut old = contract_list(self.control).await?;
        old.retain(|one| {
            one.state == IN_SERVICE
                && one.offer.vendor_id == self.rollout.vendor
                && one.offer.system == self.rollout.named.system
                && one.offer.id != offer
        });
        let mut notes = Vec::new();
        for contract in &old {
            notes.push(self.left_out(contract, offer).await?.unwrap_or_default());
        }
        // Who is left out fills no stage: the first bodies are those that really go first.
        let with_notes = || old.iter().map(|one| &one.organisation).zip(&notes);
        let ids: Vec<String> = with_notes()
            .filter(|(id, note)| note.is_empty() || is_named(&stages, id))
            .map(|(id, _)| id.clone())
            .collect();
        let assigned = match stages_assign(&stages, &ids) {
            _ if old.is_empty() => return impossible("前の版を使う団体がありません").await,
            Err(why) => return impossible(&why).await,
            Ok(assigned) => assigned,
        };
        let known = organisation_list(self.control).await?;
        let mut bodies = Vec::new();
        for (contract, note) in old.iter().zip(notes) {
            let whose = known.iter().find(|one| one.id == contract.organisation);
            let stage = assigned.get(&contract.organisation).copied().unwrap_or(stages.len());
            bodies.push(RolloutBody {
                organisation: contract.organisation.clone(),
                name: whose.map_or_else(String::new, |one| one.name.clone()),
                stage: i32::try_from(stage).unwrap_or(1),
                state: if note.is_empty() { "待ち" } else { "対象外" }.to_owned(),
                old_contract: contract.id,
                contract: None,
                at: self.now,
                note,
            });
        }
        Ok(rollout_begin(self.market, self.rollout.id, &bodies).await?)
    }

    /// Why a body does not take part: what it has not agreed to, it must contract itself.
    async fn left_out(
        &self,
        contract: &Contract,
        offer: i64,
    ) -> Result<Option<String>, CloudError> {
        if contract.ending.is_some() {
            return Ok(Some("契約の終了の申出がある".to_owned()));
        }
        let same = offer_same_terms(self.control, contract.offer.id, offer).await?;
        let why = "業務ID、料金又は契約条件が変わるため、団体が新しい版を契約する";
        Ok((!same).then(|| why.to_owned()))
    }

    /// Looks after those that were begun, and begins with those whose turn has come.
    async fn serve(&self) -> Result<(), CloudError> {
        let Some(offer) = self.offer().await? else {
            self.halt("この版が取り下げられたか、もっと新しい版に替わりました").await?;
            return self.look_after_begun().await.map(|_| ());
        };
        let bodies = rollout_bodies(self.market, self.rollout.id).await?;
        for body in bodies.iter().filter(|one| one.state == "更新済") {
            let Some(contract) = body.contract else { continue };
            let found = incident_since(self.control, &body.organisation, contract).await?;
            if let Some((incident, title)) = found {
                let why =
                    format!("更新した{}に障害があります（障害 {incident}、{title}）", body.name);
                return self.halt(&why).await;
            }
        }
        let mut is_busy = false;
        for body in bodies.iter().filter(|one| one.state == "更新中") {
            is_busy |= self.turn(body, offer).await?;
        }
        if is_busy {
            return Ok(());
        }
        let bodies = rollout_bodies(self.market, self.rollout.id).await?;
        if let Some(body) = bodies.iter().find(|one| one.state == "失敗") {
            // Cut off between the two notes of a failure.
            return self.halt_at(body, &body.note).await;
        }
        match bodies.iter().find(|one| one.state == "待ち") {
            Some(next) if self.has_come(next.stage) && self.has_settled(&bodies, next.stage) => {
                self.begin(next, offer).await
            }
            Some(_) => Ok(()),
            None => Ok(rollout_state(self.market, self.rollout.id, ("完了", "")).await?),
        }
    }

    fn has_come(&self, stage: i32) -> bool {
        let place = usize::try_from(stage - 1).unwrap_or_default();
        let from = self.rollout.stages.get(place).and_then(|stage| stage.get("from"));
        let from = from.and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
        from.is_some_and(|from| from <= day_in_japan(self.now))
    }

    /// Whether what went before a stage has been in service long enough for the watch to speak.
    fn has_settled(&self, bodies: &[RolloutBody], stage: i32) -> bool {
        let before = bodies.iter().filter(|one| one.state == "更新済" && one.stage < stage);
        let last = before.map(|one| one.at).max();
        last.is_none_or(|last| self.now.duration_since(last) >= SETTLING)
    }

    /// The turn is noted before the contract is made: who is cut off in between makes it then.
    async fn begin(&self, body: &RolloutBody, offer: i64) -> Result<(), CloudError> {
        self.set(body, "更新中", None, "").await?;
        self.turn(body, offer).await.map(|_| ())
    }

    /// Makes the contract where it is missing, or sees what came of it; true while it is opened.
    /// Whoever stops the roll-out at this moment comes before the contract or after it.
    async fn turn(&self, body: &RolloutBody, offer: i64) -> Result<bool, CloudError> {
        let Rollout { id, named, .. } = self.rollout;
        let note = format!("段階的な配信 {id}: 版{}へ。料金と契約条件は同じ", named.version);
        let made = match rollout_hold(self.market, *id).await {
            Ok(true) => {
                contract_roll(self.control, (body.old_contract, offer), &note).await.map(Some)
            }
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        rollout_let_go(self.market).await?;
        match made? {
            Some(Some(made)) => self.see(body, made).await,
            Some(None) => {
                let why = "前の版の契約が提供中でないか、団体がこの業務の別の契約を進めています";
                self.failed(body, None, why).await
            }
            // It was stopped meanwhile: the next look takes the turn back.
            None => Ok(true),
        }
    }

    /// Looks after those that were begun without beginning with any; true while one is opened. A
    /// turn that has no contract yet is taken back.
    async fn look_after_begun(&self) -> Result<bool, CloudError> {
        let of = (self.rollout.vendor.as_str(), self.rollout.named.hash.as_str());
        let mut is_busy = false;
        for body in rollout_bodies(self.market, self.rollout.id).await? {
            if body.state != "更新中" {
                continue;
            }
            match contract_rolled(self.control, body.old_contract, of).await? {
                Some(made) => is_busy |= self.see(&body, made).await?,
                None => self.set(&body, "待ち", None, "").await?,
            }
        }
        Ok(is_busy)
    }

    /// Sees what came of a contract that was made; true while it is opened.
    async fn see(&self, body: &RolloutBody, made: i64) -> Result<bool, CloudError> {
        let all = contract_list(self.control).await?;
        let state = all.iter().find(|one| one.id == made).map_or("", |one| one.state.as_str());
        if state == IN_SERVICE {
            self.set(body, "更新済", Some(made), "").await?;
            return Ok(false);
        }
        let last = act_list(self.control, made).await?.pop();
        if let Some(refused) = last.filter(|act| act.act == REFUSED) {
            contract_roll_back(self.control, made, &refused.note).await?;
            self.failed(body, Some(made), &refused.note).await?;
            return Ok(false);
        }
        let is_late = self.now.duration_since(body.at) > PATIENCE;
        if is_late && body.state == "更新中" && self.rollout.state == "配信中" {
            // The executor may be at it this moment: the contract is not taken from under it.
            self.halt(&format!("{}の更新が15分たっても終わりません", body.name)).await?;
        }
        Ok(true)
    }

    /// A body that could not be brought up ends the roll-out until somebody has it go on.
    async fn failed(
        &self,
        body: &RolloutBody,
        contract: Option<i64>,
        why: &str,
    ) -> Result<bool, CloudError> {
        self.set(body, "失敗", contract, why).await?;
        self.halt_at(body, why).await?;
        Ok(true)
    }

    async fn halt_at(&self, body: &RolloutBody, why: &str) -> Result<(), CloudError> {
        self.halt(&format!("{}を更新できませんでした: {why}", body.name)).await
    }
}

#[cfg(test)]
mod tests;
