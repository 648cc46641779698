//! Attackers and what they did.

use axum::Json;
use axum::extract::Path;
use decnet_db::contract::{
    Attacker, AttackerCursor, AttackerFilter, AttackerOrder, AttackerQuery, SmtpTarget,
};
use decnet_db::json::Json as StoredJson;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::params::{Limit, Listing, Offset, Params, parsed, search};
use crate::repo::Repo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParams {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    offset: Offset,
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(default, deserialize_with = "search")]
    service: Option<String>,
    #[serde(default, deserialize_with = "parsed")]
    after: Option<AttackerCursor>,
}

/// The contract takes any text for `recent`; a caller who wrote another one is better told.
#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum SortBy {
    #[default]
    Recent,
    Active,
    Traversals,
}

impl From<SortBy> for AttackerOrder {
    fn from(sort_by: SortBy) -> Self {
        match sort_by {
            SortBy::Recent => Self::Recent,
            SortBy::Active => Self::Active,
            SortBy::Traversals => Self::Traversals,
        }
    }
}

/// `GET /attackers`
pub(crate) async fn list(
    repo: Repo,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<Attacker, AttackerCursor>>> {
    let ListParams { limit, offset, search, sort_by, service, after } = params;
    let order = AttackerOrder::from(sort_by);
    let mut filter = AttackerFilter::all();
    (filter.search, filter.service) = (search, service);
    let query = AttackerQuery::from(filter.clone()).limit(limit.0).offset(offset.0);
    Listing::of(
        (limit, offset, after),
        repo.get_total_attackers(filter.clone()),
        |after| repo.get_attackers_page(limit.0, order, filter, after),
        repo.get_attackers(query, order),
    )
    .await
}

/// `GET /attackers/{uuid}`
pub(crate) async fn one(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Attacker>> {
    Ok(Json(known(&repo, &uuid).await?))
}

async fn known(repo: &Repo, uuid: &str) -> ApiResult<Attacker> {
    repo.get_attacker_by_uuid(uuid).await?.ok_or_else(|| ApiError::not_found("attacker"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandParams {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    offset: Offset,
    #[serde(default, deserialize_with = "search")]
    service: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Commands {
    total: u64,
    limit: Limit,
    offset: Offset,
    data: Vec<StoredJson>,
}

/// `GET /attackers/{uuid}/commands`
pub(crate) async fn commands(
    repo: Repo,
    Path(uuid): Path<String>,
    Params(params): Params<CommandParams>,
) -> ApiResult<Json<Commands>> {
    known(&repo, &uuid).await?;
    let CommandParams { limit, offset, service } = params;
    let page = repo.get_attacker_commands(&uuid, limit.0, offset.0, service.as_deref()).await?;
    Ok(Json(Commands { total: page.total, limit, offset, data: page.data }))
}

/// `GET /attackers/{uuid}/smtp-targets`
pub(crate) async fn smtp_targets(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Vec<SmtpTarget>>> {
    known(&repo, &uuid).await?;
    Ok(Json(repo.list_smtp_targets(&uuid).await?))
}
