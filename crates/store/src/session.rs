//! One face for every kind of connection and transaction. Those of the pool remember the statements
//! they prepared, so that the server parses and plans a text once for each connection.
//!
//! Who passes the plain connection behind a pooled one (`&**client`) gets no memory: right for
//! texts that hardly ever come again.

use std::future::Future;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

/// Values of a statement.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection or a transaction.
pub trait GenericClient: Sync {
    /// Rows.
    fn query(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// Exactly one row.
    fn query_one(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> impl Future<Output = Result<Row, Error>> + Send;

    /// At most one row.
    fn query_opt(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> impl Future<Output = Result<Option<Row>, Error>> + Send;

    /// How many rows were written.
    fn execute(
        &self,
        sql: &str,
        values: Values<'_>,
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Rows of a text that is planned anew for its values, whose types are given: right where the
    /// best plan depends on them.
    fn query_typed(
        &self,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// Statements without values.
    fn batch_execute(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Implements the face for `$own` over what it dereferences to; the expression makes the statement.
macro_rules! generic_client {
    ($own:ty, $below:ty, |$client:ident, $sql:ident| $statement:expr) => {
        impl GenericClient for $own {
            async fn query(&self, $sql: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
                let $client = self;
                <$below>::query($client, $statement, values).await
            }

            async fn query_one(&self, $sql: &str, values: Values<'_>) -> Result<Row, Error> {
                let $client = self;
                <$below>::query_one($client, $statement, values).await
            }

            async fn query_opt(
                &self,
                $sql: &str,
                values: Values<'_>,
            ) -> Result<Option<Row>, Error> {
                let $client = self;
                <$below>::query_opt($client, $statement, values).await
            }

            async fn execute(&self, $sql: &str, values: Values<'_>) -> Result<u64, Error> {
                let $client = self;
                <$below>::execute($client, $statement, values).await
            }

            async fn query_typed(
                &self,
                $sql: &str,
                values: &[(&(dyn ToSql + Sync), Type)],
            ) -> Result<Vec<Row>, Error> {
                let $client = self;
                <$below>::query_typed($client, $sql, values).await
            }

            async fn batch_execute(&self, $sql: &str) -> Result<(), Error> {
                let $client = self;
                <$below>::batch_execute($client, $sql).await
            }
        }
    };
}

type Client = tokio_postgres::Client;
type Transaction<'c> = tokio_postgres::Transaction<'c>;
type Pooled<'c> = deadpool_postgres::Transaction<'c>;

generic_client!(Client, Client, |client, sql| sql);
generic_client!(Transaction<'_>, Transaction<'_>, |client, sql| sql);
generic_client!(ClientWrapper, Client, |client, sql| &client.prepare_cached(sql).await?);
generic_client!(Pooled<'_>, Transaction<'_>, |client, sql| &client.prepare_cached(sql).await?);
