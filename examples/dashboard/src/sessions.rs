//! One session of an attacker with a decky.

use axum::Json;
use axum::extract::Path;
use decnet_db::reports::{self, SessionReport};
use serde::Deserialize;

use crate::error::{ApiError, ApiResult};
use crate::params::{Limit, Params};
use crate::repo::Repo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionParams {
    #[serde(default)]
    limit: Limit,
}

/// `GET /sessions/{id}`: the latest events that name it, oldest first.
pub(crate) async fn one(
    repo: Repo,
    Path(id): Path<String>,
    Params(params): Params<SessionParams>,
) -> ApiResult<Json<SessionReport>> {
    let report = reports::session(&*repo, &id, params.limit.0).await?;
    report.map(Json).ok_or_else(|| ApiError::not_found("session"))
}
