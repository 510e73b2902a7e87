//! This very cluster as a provider: an environment is an organisation's databases, and its systems
//! are installed in them. A thin face over the executor of contracts; it holds no keys itself.
//!
//! It removes an environment that it opened and in which nobody has entered anything; everything
//! else leaves by the walk of leaving and proven deletion.

use std::sync::Arc;

use definition::System;
use store::organisation::{Databases, Installer, Organisation, Templates};
use store::parameter::systems_installed;

use super::{Answer, Inventory, Provider, ProviderError, Seen};
use crate::guardrail::{Encryption, Permit, Resource};
use crate::plane::environment::{Kind, Lane, Origin};
use crate::plane::part::{Act, Part, Work};
use crate::plane::tree::Tree;
use crate::{CloudError, Executor, Keeper, Packages};

/// One machine is one place, whichever regions an environment names.
const PLACE: &str = "local-east";
/// Why a blueprint takes no system out of an environment that stays.
const KEPT: &str = "環境を残したままシステムだけを外すことはできません";

/// The own cluster.
pub struct Local {
    /// Signs in to it.
    pub installer: Installer,
    /// Templates without systems: those are steps of their own.
    pub templates: Templates,
    /// The packages that can be installed.
    pub systems: Arc<Vec<Arc<System>>>,
    /// Packages of the catalogue; the plane asks for none by hash.
    pub packages: Packages,
    /// Where credentials are kept.
    pub keeper: Arc<dyn Keeper + Send + Sync>,
    /// Names of bodies.
    pub tree: Tree,
}

impl Local {
    fn executor(&self) -> Executor<'_> {
        Executor {
            installer: &self.installer,
            templates: &self.templates,
            packages: &self.packages,
            keeper: &*self.keeper,
        }
    }

    fn organisation(&self, lane: &Lane) -> Result<Organisation, ProviderError> {
        let unknown = || ProviderError::Refused(format!("団体「{}」が木にありません", lane.body));
        let body = self.tree.bodies.get(&lane.body).ok_or_else(unknown)?;
        let note = if lane.kind == Kind::Verification { "（検証）" } else { "" };
        Ok(Organisation {
            id: database(lane),
            code: body.id.clone(),
            name: format!("{}{note}", body.name),
            name_en: format!("{} ({})", body.id, lane.kind.id()),
            kind: "municipality".to_owned(),
            // What the plane opens here holds no real person until the body takes it into service.
            sample: true,
        })
    }

    async fn account_make(&self, lane: &Lane) -> Result<Option<String>, ProviderError> {
        let organisation = self.organisation(lane)?;
        let found = self.installer.environment_look(&organisation.id).await;
        match found.map_err(|it| failed(it.into()))? {
            Databases::Whole => self.executor().databases_open(&organisation).await,
            // Credentials that were kept open nothing any more.
            Databases::Lost => self.executor().databases_anew(&organisation).await,
        }
        .map_err(failed)?;
        Ok(Some(organisation.id))
    }

    /// An environment goes as a whole: with the first of its systems, so that no step says of one
    /// that it is away while it is there.
    async fn environment_remove(&self, work: &Work) -> Result<(), ProviderError> {
        if work.lane.kind == Kind::Shared {
            return Ok(());
        }
        if !work.leaving {
            return Err(ProviderError::Refused(KEPT.to_owned()));
        }
        let id = database(&work.lane);
        self.installer.environment_drop(&id).await.map_err(|it| failed(it.into()))
    }

    async fn system_make(
        &self,
        lane: &Lane,
        (system, version): (&str, &str),
    ) -> Result<Option<String>, ProviderError> {
        let known = self.systems.iter().find(|it| it.id == system && it.version == version);
        let known = known.ok_or_else(|| {
            ProviderError::Refused(format!(
                "{system} {version} という業務システムがここにはありません"
            ))
        })?;
        let organisation = self.organisation(lane)?;
        let wanted = [known.clone()];
        let done =
            self.executor().systems_bring_up(&organisation, &wanted).await.map_err(failed)?;
        match done.refused.first() {
            Some(refused) => Err(ProviderError::Refused(refused.reasons.join("、"))),
            None => Ok(Some(known.hash.clone())),
        }
    }

    async fn system_compare(
        &self,
        work: &Work,
        system: &str,
    ) -> Result<Option<String>, ProviderError> {
        let client = self.installer.connect(&database(&work.lane)).await;
        let client = client.map_err(|it| failed(it.into()))?;
        let installed = systems_installed(&client).await.map_err(|it| failed(it.into()))?;
        let known = installed.iter().find(|(id, ..)| id == system);
        Ok(match known {
            None => Some("業務システムが入っていません".to_owned()),
            Some((_, _, version, hash)) if work.reference.as_ref() != Some(hash) => {
                Some(format!("台帳と違う版（{version}）の業務システムが入っています"))
            }
            Some(_) => None,
        })
    }

    async fn seen(&self) -> Result<Vec<Seen>, ProviderError> {
        let all = self.installer.organisation_list().await.map_err(|it| failed(it.into()))?;
        let seen = |id: String| Seen {
            name: lane_name(&id),
            reference: id,
            region: None,
            resource: Resource::default(),
            service: "directory",
        };
        Ok(all.into_iter().map(seen).collect())
    }
}

/// The database of an environment.
fn database(lane: &Lane) -> String {
    format!("env_{}_{}", lane.body, lane.kind.id())
}

/// The environment of a database; any other database is called by its own name.
fn lane_name(id: &str) -> String {
    let parts = id.strip_prefix("env_").and_then(|rest| rest.rsplit_once('_'));
    parts.map_or_else(|| id.to_owned(), |(body, kind)| format!("{body}.{kind}.local"))
}

/// The service by which a part is made.
pub fn service(part: &Part) -> &'static str {
    match part {
        Part::System { .. } | Part::Key { .. } | Part::Archive { .. } => "database",
        _ => "directory",
    }
}

/// What is not done here for a part although its step counts as done: then the part is an entry of
/// the books, and people are told so.
pub fn only_noted(part: &Part) -> Option<&'static str> {
    match part {
        Part::Budget { .. } => Some("予算は台帳に控えるだけで、超えても知らせません"),
        Part::Archive { .. } => {
            Some("記録の保管庫は作りません。団体の記録は kumoi log で検証し、控えを取ります")
        }
        Part::Administrator => Some("管理者のアカウントは、団体を開くときに作ります"),
        Part::Key { .. } => Some("鍵はデータベースとともに作り、まとめて控えます"),
        Part::Root | Part::Group { .. } | Part::Placement { .. } | Part::Policy { .. } => {
            Some("統治の木と守りごとは台帳の上だけにあります")
        }
        Part::Account | Part::System { .. } | Part::Enrolment { .. } => None,
    }
}

/// What is never done here in an environment that stays, and what to do instead: said before
/// anybody approves it.
pub fn never(act: Act, part: &Part) -> Option<(&'static str, &'static str)> {
    let holds = matches!(part, Part::System { .. });
    (act == Act::Remove && holds).then_some((
        KEPT,
        "要望にこのシステムを残すか、環境ごと close に書いてください。中身のある環境は退去の手順で消えます",
    ))
}

fn failed(error: CloudError) -> ProviderError {
    match &error {
        CloudError::Store(inner) if inner.is_transient() => {
            ProviderError::Unreachable(error.to_string())
        }
        _ => ProviderError::Refused(error.to_string()),
    }
}

impl Provider for Local {
    fn name(&self) -> &str {
        "local"
    }

    fn service(&self, part: &Part) -> &'static str {
        service(part)
    }

    // Databases have their own names.
    fn doubles(&self, _: &Part) -> bool {
        false
    }

    fn find<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let Part::Enrolment { origin } = &work.part else { return Ok(None) };
            let (Origin::CommonPlatform(id) | Origin::Lifted(id)) = origin else { return Ok(None) };
            let found = self.seen().await?.into_iter().find(|it| it.reference == *id);
            Ok(found.map(|it| it.reference))
        })
    }

    fn make(&self, permit: Permit) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let work = permit.work();
            match &work.part {
                // What is shared holds nothing of a body; its account is this cluster itself.
                Part::Account if work.lane.kind == Kind::Shared => Ok(None),
                Part::Account => self.account_make(&work.lane).await,
                Part::System { system, version, .. } => {
                    self.system_make(&work.lane, (system, version)).await
                }
                // The keys come with the databases; the log of each organisation is sealed and
                // copied by `kumoi log`; groups and budgets are entries of the books.
                _ => Ok(None),
            }
        })
    }

    fn remove(&self, permit: Permit) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let work = permit.work();
            if matches!(work.part, Part::Account | Part::System { .. }) {
                self.environment_remove(work).await?;
            }
            Ok(None)
        })
    }

    fn survey(&self) -> Answer<'_, Vec<Seen>> {
        Box::pin(self.seen())
    }

    // Databases are in the survey; what is an entry of the books only cannot differ from them.
    fn compare<'a>(&'a self, work: &'a Work) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let Part::System { system, .. } = &work.part else { return Ok(None) };
            self.system_compare(work, system).await
        })
    }

    // Databases are all that there is, and they are in the survey.
    fn inventory<'a>(&'a self, _: &'a str) -> Answer<'a, Inventory> {
        Box::pin(async { Ok(Inventory::default()) })
    }

    fn inspect<'a>(&'a self, lane: &'a Lane, reference: &'a str) -> Answer<'a, Vec<Seen>> {
        Box::pin(async move {
            let all = self.seen().await?;
            let own = all.into_iter().filter(|it| it.reference == reference);
            // Secret items are sealed with the organisation's own key; its roles alone may connect.
            let resource =
                Resource { stores: true, encryption: Encryption::Own, ..Resource::default() };
            let region = Some(PLACE.to_owned());
            let (name, service) = (lane.to_string(), "database");
            let seen =
                |it| Seen { name: name.clone(), resource, region: region.clone(), service, ..it };
            Ok(own.map(seen).collect())
        })
    }
}
