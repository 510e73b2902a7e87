//! Who acts, in which roles, from where and why: what every operation and audit row carries.

use base::said;
use serde_json::Value;
use store::GenericClient;
use store::audit::{NewAudit, audit_append};

use crate::OfficeError;

/// Roles of staff. They say what a person may do; the 決裁 rules say what a person may decide.
pub mod role {
    /// 窓口: enters cases, issues certificates.
    pub const COUNTER: &str = "counter";
    /// 係長.
    pub const CHIEF: &str = "chief";
    /// 課長.
    pub const MANAGER: &str = "manager";
    /// 支援措置担当: sees concealed rows.
    pub const PROTECTION: &str = "protection";
    /// システム管理者: accounts, rules, audit; no cases.
    pub const ADMINISTRATOR: &str = "administrator";

    /// 公開担当 of a vendor: sends packages in and takes offers back.
    pub const PUBLISHER: &str = "publisher";

    /// The roles of a vendor's people, with their names.
    pub const OF_VENDORS: &[(&str, &str, &str)] = &[(PUBLISHER, "公開担当", "Publisher")];

    /// 運用担当 of the national operator: plans, approves, has blueprints applied.
    pub const OPERATOR: &str = "operator";

    /// 監査担当 of the national operator: looks, and changes nothing.
    const AUDITOR: &str = "auditor";

    /// The roles of an operator's people, with their names.
    pub const OF_OPERATORS: &[(&str, &str, &str)] =
        &[(OPERATOR, "運用担当", "Operator"), (AUDITOR, "監査担当", "Auditor")];

    /// All roles of a body's staff, with their names.
    pub const ALL: &[(&str, &str, &str)] = &[
        (COUNTER, "窓口", "Counter"),
        (CHIEF, "係長", "Chief"),
        (MANAGER, "課長", "Manager"),
        (PROTECTION, "支援措置担当", "Protection officer"),
        (ADMINISTRATOR, "システム管理者", "Administrator"),
    ];

    /// The Japanese name of a role.
    pub fn name(role: &str) -> &str {
        found(role).map_or(role, |(_, name, _)| name)
    }

    /// The English name of a role.
    pub fn name_en(role: &str) -> &str {
        found(role).map_or(role, |(.., name)| name)
    }

    fn found(role: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
        ALL.iter().chain(OF_VENDORS).chain(OF_OPERATORS).find(|(id, ..)| *id == role)
    }
}

/// A person at work.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Sign-in name.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// Roles in force today.
    pub roles: Vec<String>,
    /// Zone.
    pub zone: &'static str,
    /// The request, for the audit.
    pub request: String,
    /// The moment of the request.
    pub at: jiff::Timestamp,
}

impl Actor {
    /// The office's automatic work: reactions and timers.
    pub fn automatic(at: jiff::Timestamp) -> Actor {
        Actor {
            id: "自動処理".to_owned(),
            name: "自動処理".to_owned(),
            roles: vec![role::PROTECTION.to_owned()],
            zone: "office",
            request: "job".to_owned(),
            at,
        }
    }

    /// Today in Japan.
    pub fn today(&self) -> base::date::Date {
        base::date::day_in_japan(self.at)
    }

    /// True when the person has the role.
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Refuses who has none of the roles.
    ///
    /// # Errors
    /// [`OfficeError::Forbidden`] with the roles that may.
    pub fn require(&self, roles: &[&str]) -> Result<(), OfficeError> {
        if roles.iter().any(|role| self.has(role)) {
            return Ok(());
        }
        let names: Vec<&str> = roles.iter().map(|r| role::name(r)).collect();
        let english: Vec<&str> = roles.iter().map(|r| role::name_en(r)).collect();
        let (ja, en) = (names.join("、"), english.join(", "));
        Err(OfficeError::Forbidden(said!("この操作ができるのは{ja}です", "Who may do this: {en}")))
    }

    /// Writes an audit row in the caller's transaction or connection.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn audit(
        &self,
        client: &impl GenericClient,
        action: &str,
        purpose: &str,
        subjects: Vec<String>,
        detail: Value,
    ) -> Result<(), OfficeError> {
        let audit = NewAudit {
            actor: self.id.clone(),
            role: self.roles.join(","),
            zone: self.zone.to_owned(),
            purpose: purpose.to_owned(),
            action: action.to_owned(),
            subjects,
            detail,
            request: self.request.clone(),
        };
        audit_append(client, &audit).await?;
        Ok(())
    }
}
