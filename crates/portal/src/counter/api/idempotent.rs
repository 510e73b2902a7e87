//! `Idempotency-Key`: a program that does not know whether its request arrived sends it again under
//! the same key. The same body is answered as before and enters nothing; another body is refused.

use axum::http::{HeaderMap, StatusCode};
use store::idempotency::{Reserved, key_reserve, key_settle};

use super::failure::Failure;
use crate::counter::desk::Desk;

const HEADER: &str = "idempotency-key";
const LENGTH: usize = 100;

fn key(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let right = !text.is_empty() && text.len() <= LENGTH && given.next().is_none();
    if right && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(text));
    }
    let detail = "Idempotency-Key は空白のない ASCII の文字で100文字までです";
    Err(Failure::unreadable(StatusCode::BAD_REQUEST, "見出しを読めません", detail))
}

/// Does the work once for a key; the case of the first time is returned every time.
///
/// # Errors
/// 422 for another body under a known key, 409 while the first is not done; else those of the work.
pub async fn once(
    desk: &Desk,
    (headers, digest): (&HeaderMap, &[u8]),
    work: impl Future<Output = Result<i64, Failure>>,
) -> Result<i64, Failure> {
    let Some(key) = key(headers)? else { return work.await };
    let own = (desk.actor.id.as_str(), key);
    let client = desk.place.office.database.client().await?;
    match key_reserve(&**client, own, digest).await? {
        Reserved::Same(Some(case)) => return Ok(case),
        Reserved::Same(None) => {
            let detail = "同じ Idempotency-Key の要求を処理しています。少し待って、同じ要求を送ってください。変わらないときは、事案の一覧で仮登録されたかを確かめてください";
            let status = StatusCode::CONFLICT;
            return Err(Failure::unreadable(status, "処理の途中です", detail));
        }
        Reserved::Other => {
            let detail = "この Idempotency-Key は別の本文で使われています。新しい要求には新しい値を使ってください";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Failure::unreadable(status, "Idempotency-Key が重なっています", detail));
        }
        Reserved::New => {}
    }
    drop(client);
    let done = work.await;
    let client = desk.place.office.database.client().await?;
    key_settle(&**client, own, done.as_ref().ok().copied()).await?;
    done
}
