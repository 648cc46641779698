//! What attackers left behind.

use axum::Json;
use decnet_db::contract::{Bounty, BountyCursor, BountyFilter, BountyQuery};
use serde::Deserialize;

use crate::error::ApiResult;
use crate::params::{Limit, Listing, Offset, Params, one_beginning, parsed, search};
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
    one_beginning(offset, after.as_ref())?;
    let mut filter = BountyFilter::all();
    (filter.bounty_type, filter.search) = (bounty_type, search);
    if after.is_some() {
        let page = repo.get_bounties_page(limit.0, filter, after).await?;
        return Ok(Json(Listing { total: None, limit, offset, data: page.data, next: page.next }));
    }
    let total = repo.get_total_bounties(filter.clone()).await?;
    let (data, next) = if offset.0 == 0 {
        let page = repo.get_bounties_page(limit.0, filter, None).await?;
        (page.data, page.next)
    } else {
        (repo.get_bounties(BountyQuery::from(filter).limit(limit.0).offset(offset.0)).await?, None)
    };
    Ok(Json(Listing { total: Some(total), limit, offset, data, next }))
}
