//! Accounts of staff, for the administrator. A registration code stands in one answer only; the
//! secret of somebody's one-time codes never does.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Body, Caller};
use super::failure::Failure;
use crate::counter::administration;

/// Why somebody registers anew.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeReissueInput {
    reason: String,
}

/// ワンタイムパスワードの再登録.
pub async fn code_reissue(
    Caller(desk): Caller,
    Path((_, id)): Path<(String, String)>,
    Body(entered): Body<CodeReissueInput>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let made = administration::code_reissue(&desk, &id, &entered.reason).await?;
    let content = json!({ "id": id, "registration_code": made.code, "until": made.until });
    Ok((StatusCode::CREATED, Json(content)))
}
