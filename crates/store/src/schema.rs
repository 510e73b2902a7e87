//! The house's own tables in each kind of database, made by numbered steps that the database
//! records. A new database and an older one go the same way.
//!
//! The first step is the file as it was first written; a change is a new step, never an edit. A
//! database that lacks something after all steps was made by an edited step and is refused.

use tokio_postgres::GenericClient;

use crate::StoreError;

/// A kind of database: its schema, and its steps as (name, statements) in order.
pub(crate) struct Shape {
    schema: &'static str,
    steps: &'static [(&'static str, &'static str)],
}

/// 団体の業務のデータベース.
pub(crate) const OFFICE: Shape = Shape {
    schema: "core",
    steps: &[
        ("core", concat!(include_str!("../sql/core.sql"), include_str!("../sql/log.sql"))),
        ("system-version", include_str!("../sql/steps/core-0002-system-version.sql")),
        ("reaction-cases", include_str!("../sql/steps/core-0003-reaction-cases.sql")),
        ("vendor-change", include_str!("../sql/steps/core-0004-vendor-change.sql")),
        ("system-ended", include_str!("../sql/steps/core-0005-system-ended.sql")),
        ("run", include_str!("../sql/steps/core-0006-run.sql")),
        ("intake", include_str!("../sql/steps/core-0007-intake.sql")),
        ("exchange", include_str!("../sql/steps/core-0008-exchange.sql")),
    ],
};
/// 職員のデータベース.
pub(crate) const STAFF: Shape =
    Shape { schema: "staff", steps: &[("staff", include_str!("../sql/staff.sql"))] };
/// 住民向けの窓口のデータベース.
pub(crate) const FRONT: Shape =
    Shape { schema: "front", steps: &[("front", include_str!("../sql/front.sql"))] };
/// クラスターの管理のデータベース.
pub(crate) const CONTROL: Shape = Shape {
    schema: "control",
    steps: &[
        ("control", include_str!("../sql/control.sql")),
        ("contract", include_str!("../sql/steps/control-0002-contract.sql")),
        ("publication", include_str!("../sql/steps/control-0003-publication.sql")),
        ("relocation", include_str!("../sql/steps/control-0004-relocation.sql")),
        ("deletion", include_str!("../sql/steps/control-0005-deletion.sql")),
        ("plane", include_str!("../sql/steps/control-0006-plane.sql")),
        ("cost", include_str!("../sql/steps/control-0007-cost.sql")),
        ("fit", include_str!("../sql/steps/control-0008-fit.sql")),
        ("catalogue", include_str!("../sql/steps/control-0009-catalogue.sql")),
        ("watch", include_str!("../sql/steps/control-0010-watch.sql")),
        ("training", include_str!("../sql/steps/control-0011-training.sql")),
        ("mail", include_str!("../sql/steps/control-0012-mail.sql")),
        ("wave", include_str!("../sql/steps/control-0013-wave.sql")),
        ("group", include_str!("../sql/steps/control-0014-group.sql")),
        ("plane", include_str!("../sql/steps/control-0015-plane.sql")),
        ("quota", include_str!("../sql/steps/control-0016-quota.sql")),
        ("sandbox", include_str!("../sql/steps/control-0017-sandbox.sql")),
        ("bounds", include_str!("../sql/steps/control-0018-bounds.sql")),
        ("words", include_str!("../sql/steps/control-0019-words.sql")),
        ("budget", include_str!("../sql/steps/control-0020-budget.sql")),
        ("guard", include_str!("../sql/steps/control-0021-guard.sql")),
        ("cost", include_str!("../sql/steps/control-0022-cost.sql")),
        ("refusals", include_str!("../sql/steps/control-0023-refusals.sql")),
    ],
};
/// 業務システムの提出のデータベース.
pub(crate) const MARKET: Shape = Shape {
    schema: "market",
    steps: &[
        ("market", include_str!("../sql/market.sql")),
        ("sandbox", include_str!("../sql/steps/market-0002-sandbox.sql")),
        ("rollout", include_str!("../sql/steps/market-0003-rollout.sql")),
        ("sandbox", include_str!("../sql/steps/market-0004-sandbox.sql")),
    ],
};

impl Shape {
    /// All statements, for a name that changes with them.
    pub(crate) fn text(&self) -> String {
        self.steps.iter().map(|(_, sql)| *sql).collect()
    }

    /// Does the steps that are missing, in the caller's transaction and role; their names.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when a newer program made the database.
    pub(crate) async fn bring_up(
        &self,
        client: &impl GenericClient,
    ) -> Result<Vec<&'static str>, StoreError> {
        let schema = self.schema;
        let recorded = format!("{schema}.step");
        let done = match self.recorded(client).await? {
            Some(done) => done,
            None => {
                let sql = "select 1 from pg_namespace where nspname = $1";
                // A database from before steps were recorded has had the first one.
                let first = client.query_opt(sql, &[&schema]).await?.is_some();
                if !first {
                    client.batch_execute(self.steps[0].1).await?;
                }
                let sql = format!(
                    "create table {recorded} (number integer primary key, name text not null,
                       done_at timestamptz not null default now());
                     insert into {recorded} (number, name) values (1, '{}')",
                    self.steps[0].0
                );
                client.batch_execute(&sql).await?;
                1
            }
        };
        if done > self.steps.len() {
            return Err(StoreError::Refused(format!(
                "データベースの土台（{schema}、段階 {done}）は新しい雲居で作られました。\
                 新しいプログラムを使ってください"
            )));
        }
        let mut names = Vec::new();
        for (at, (name, sql)) in self.steps.iter().enumerate().skip(done) {
            client.batch_execute(sql).await?;
            let number = i32::try_from(at + 1).unwrap_or(i32::MAX);
            let sql = format!("insert into {recorded} (number, name) values ($1, $2)");
            client.execute(&sql, &[&number, name]).await?;
            names.push(*name);
        }
        Ok(names)
    }

    /// The number of the last step done; `None` where steps were never recorded.
    async fn recorded(&self, client: &impl GenericClient) -> Result<Option<usize>, StoreError> {
        let recorded = format!("{}.step", self.schema);
        let there: bool = client
            .query_one("select to_regclass($1) is not null", &[&recorded])
            .await?
            .try_get(0)?;
        if !there {
            return Ok(None);
        }
        let sql = format!("select coalesce(max(number), 0) from {recorded}");
        let last: i32 = client.query_one(&sql, &[]).await?.try_get(0)?;
        Ok(Some(usize::try_from(last).unwrap_or_default()))
    }

    /// Refuses a database that lacks something of `wanted`, the catalogue of a new one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with what is missing and what to do.
    pub(crate) async fn check(
        &self,
        client: &impl GenericClient,
        wanted: &[String],
    ) -> Result<(), StoreError> {
        let found = self.catalogue(client).await?;
        let missing: Vec<&str> =
            wanted.iter().filter(|line| !found.contains(line)).map(String::as_str).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        Err(StoreError::Refused(format!(
            "データベースの土台（{}）に、このプログラムに要るもの {} 件がありません（例: {first}）。\
             移す手順のない版で作られています。控えを取り、消してよければ bin/up --fresh で作り直してください",
            self.schema,
            missing.len()
        )))
    }

    /// The catalogue of this schema.
    pub(crate) async fn catalogue(
        &self,
        client: &impl GenericClient,
    ) -> Result<Vec<String>, StoreError> {
        catalogue(client, &[self.schema]).await
    }
}

/// Every column, constraint, index and privilege of these schemas, a line each, in order. Where a
/// column stands among the others does not matter.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn catalogue(
    client: &impl GenericClient,
    schemas: &[&str],
) -> Result<Vec<String>, StoreError> {
    let sql = "
        with one as (
            select c.oid, n.nspname || '.' || c.relname as name, c.relkind, c.relacl
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = any($1) and c.relkind in ('r', 'v', 'p'))
        select line collate \"C\" from (
            select name || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || case when a.attnotnull then ' not null' else '' end as line
            from one join pg_attribute a on a.attrelid = one.oid
            where a.attnum > 0 and not a.attisdropped
            union all
            select name || ' ' || a.attname || ' ' || acl::text
            from one join pg_attribute a on a.attrelid = one.oid, unnest(a.attacl) acl
            union all
            select name || ' ' || pg_get_constraintdef(k.oid)
            from one join pg_constraint k on k.conrelid = one.oid
            union all
            select pg_get_indexdef(i.indexrelid) from one join pg_index i on i.indrelid = one.oid
            union all
            select name || ' ' || acl::text from one, unnest(relacl) acl
        ) lines order by 1";
    let rows = client.query(sql, &[&schemas]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
