//! The list of attackers.

use axum::Json;
use decnet_db::contract::{
    Attacker, AttackerBehavior, AttackerCursor, AttackerFilter, AttackerOrder, AttackerQuery,
};
use serde::{Deserialize, Serialize};

use crate::error::ApiResult;
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

/// An attacker, and what was inferred about it.
#[derive(Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    attacker: Attacker,
    behavior: Option<AttackerBehavior>,
}

/// `GET /attackers`
pub(crate) async fn list(
    repo: Repo,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<Listed, AttackerCursor>>> {
    let ListParams { limit, offset, search, sort_by, service, after } = params;
    let order = AttackerOrder::from(sort_by);
    let mut filter = AttackerFilter::all();
    (filter.search, filter.service) = (search, service);
    let query = AttackerQuery::from(filter.clone()).limit(limit.0).offset(offset.0);
    let attackers = Listing::of(
        (limit, offset, after),
        repo.get_total_attackers(filter.clone()),
        |after| repo.get_attackers_page(limit.0, order, filter, after),
        repo.get_attackers(query, order),
    )
    .await?;
    // One read for the whole page.
    let ips: Vec<String> = attackers.data.iter().map(|attacker| attacker.ip.clone()).collect();
    let mut behaviors = repo.get_behaviors_for_ips(&ips).await?;
    Ok(Json(attackers.map(|attacker| Listed { behavior: behaviors.remove(&attacker.ip), attacker })))
}
