//! Sessions of residents. The database holds the token's digest and the content sealed under the
//! token, so that a copy of it signs nobody in and shows nobody's name.

use tokio_postgres::GenericClient;

use crate::StoreError;

/// Keeps a session for `seconds`; expired ones are swept on the way.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_put(
    client: &impl GenericClient,
    token_digest: &[u8],
    handle: &[u8],
    sealed: &[u8],
    seconds: i32,
) -> Result<(), StoreError> {
    client.execute("delete from front.session where expires_at < now()", &[]).await?;
    client
        .execute(
            "insert into front.session (token, subject_handle, sealed, expires_at)
             values ($1, $2, $3, now() + make_interval(secs => $4::int))",
            &[&token_digest, &handle, &sealed, &seconds],
        )
        .await?;
    Ok(())
}

/// The sealed content of a session in force.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_read(
    client: &impl GenericClient,
    token_digest: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "select sealed from front.session where token = $1 and expires_at > now()";
    let row = client.query_opt(sql, &[&token_digest]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Ends a session.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn session_delete(
    client: &impl GenericClient,
    token_digest: &[u8],
) -> Result<(), StoreError> {
    client.execute("delete from front.session where token = $1", &[&token_digest]).await?;
    Ok(())
}
