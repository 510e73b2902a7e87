//! Settings and values that belong to one organisation: who it is, ordinance values, 決裁 rules.

use base::date::Date;
use base::said;

use crate::organisation::Organisation;
use crate::{GenericClient, StoreError};

/// The organisation of this database.
///
/// # Errors
/// [`StoreError::NotFound`] when it was never written.
pub async fn organisation_read(client: &impl GenericClient) -> Result<Organisation, StoreError> {
    let row = client
        .query_opt("select id, code, name, name_en, kind, sample from core.organisation", &[])
        .await?
        .ok_or_else(|| StoreError::NotFound(said!("団体", "The organisation")))?;
    Ok(Organisation {
        id: row.try_get(0)?,
        code: row.try_get(1)?,
        name: row.try_get(2)?,
        name_en: row.try_get(3)?,
        kind: row.try_get(4)?,
        sample: row.try_get(5)?,
    })
}

/// 長: who signs the documents of the organisation, from its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganisationHead {
    /// 職名 (雲居市長).
    pub title: Option<String>,
    /// 氏名.
    pub name: Option<String>,
}

/// The head of the organisation as its settings say (`head_title`, `head`).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn organisation_head(
    client: &impl GenericClient,
) -> Result<OrganisationHead, StoreError> {
    let row = client
        .query_opt(
            "select settings ->> 'head_title', settings ->> 'head' from core.organisation",
            &[],
        )
        .await?;
    match row {
        Some(row) => Ok(OrganisationHead { title: row.try_get(0)?, name: row.try_get(1)? }),
        None => Ok(OrganisationHead::default()),
    }
}

/// Installed systems: (id, name, version, hash).
///
/// # Errors
/// [`StoreError::Database`].
pub async fn systems_installed(
    client: &impl GenericClient,
) -> Result<Vec<(String, String, String, String)>, StoreError> {
    let rows =
        client.query("select id, name, version, hash from core.system order by id", &[]).await?;
    rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?, r.try_get(3)?))).collect()
}

/// The ordinance's value in force on a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn ordinance_values(
    client: &impl GenericClient,
    day: Date,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = client
        .query(
            "select distinct on (name) name, value from core.ordinance_value
             where valid_from <= $1 order by name, valid_from desc",
            &[&day],
        )
        .await?;
    rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?))).collect()
}

/// Writes an ordinance's value.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn ordinance_value_set(
    client: &impl GenericClient,
    name: &str,
    from: Date,
    value: i64,
    source: &str,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.ordinance_value (name, valid_from, value, source)
             values ($1, $2, $3, $4)
             on conflict (name, valid_from) do update set value = $3, source = $4",
            &[&name, &from, &value, &source],
        )
        .await?;
    Ok(())
}

/// 事務決裁規程: who decides which procedure, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRule {
    /// Its number.
    pub id: i32,
    /// `system/procedure`, `system/*` or `*`.
    pub procedure: String,
    /// Role that decides.
    pub approver_role: String,
    /// 決裁, 専決 or 代決.
    pub manner: String,
    /// 後閲 by the proper approver afterwards.
    pub post_review: bool,
}

/// The rules in force on a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn decision_rules(
    client: &impl GenericClient,
    day: Date,
) -> Result<Vec<DecisionRule>, StoreError> {
    let rows = client
        .query(
            "select id, procedure, approver_role, manner, post_review from core.decision_rule
             where valid_from <= $1 and $1 < valid_to order by id",
            &[&day],
        )
        .await?;
    rows.iter()
        .map(|r| {
            Ok(DecisionRule {
                id: r.try_get(0)?,
                procedure: r.try_get(1)?,
                approver_role: r.try_get(2)?,
                manner: r.try_get(3)?,
                post_review: r.try_get(4)?,
            })
        })
        .collect()
}

/// Adds a rule from a day on.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn decision_rule_add(
    client: &impl GenericClient,
    rule: &DecisionRule,
    from: Date,
) -> Result<(), StoreError> {
    client
        .execute(
            "insert into core.decision_rule (procedure, approver_role, manner, post_review,
               valid_from) values ($1, $2, $3, $4, $5)",
            &[&rule.procedure, &rule.approver_role, &rule.manner, &rule.post_review, &from],
        )
        .await?;
    Ok(())
}

/// Ends a rule on a day.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn decision_rule_end(
    client: &impl GenericClient,
    id: i32,
    on: Date,
) -> Result<(), StoreError> {
    client
        .execute("update core.decision_rule set valid_to = $2 where id = $1", &[&id, &on])
        .await?;
    Ok(())
}
