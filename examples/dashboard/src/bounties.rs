//! What attackers left behind.

use axum::Json;
use decnet_db::contract::{Bounty, BountyCursor, BountyFilter, BountyQuery};
use serde::Deserialize;

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
    bounty_type: Option<String>,
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default, deserialize_with = "parsed")]
    after: Option<BountyCursor>,
}

/// `GET /bounty`
pub(crate) async fn list(
    repo: Repo,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<Bounty, BountyCursor>>> {
    let ListParams { limit, offset, bounty_type, search, after } = params;
    let mut filter = BountyFilter::all();
    (filter.bounty_type, filter.search) = (bounty_type, search);
    let query = BountyQuery::from(filter.clone()).limit(limit.0).offset(offset.0);
    Listing::of(
        (limit, offset, after),
        repo.get_total_bounties(filter.clone()),
        |after| repo.get_bounties_page(limit.0, filter, after),
        repo.get_bounties(query),
    )
    .await
    .map(Json)
}
