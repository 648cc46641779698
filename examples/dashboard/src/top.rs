//! The most frequent values.

use axum::Json;
use decnet_db::reports::{self, Facet, TopValues};
use decnet_db::time::Timestamp;
use serde::Deserialize;

use crate::error::ApiResult;
use crate::params::{Limit, Params, log_filter, parsed, search};
use crate::repo::Repo;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopParams {
    column: Column,
    #[serde(default)]
    limit: Limit,
    #[serde(default, deserialize_with = "search")]
    search: Option<String>,
    #[serde(default, deserialize_with = "parsed")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "parsed")]
    end_time: Option<Timestamp>,
}

/// What events are counted by; named as in `decnet-db top`.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Column {
    Attackers,
    Services,
    Deckies,
    Events,
    Countries,
    Usernames,
    Passwords,
    Commands,
}

/// `GET /top`
pub(crate) async fn top(repo: Repo, Params(params): Params<TopParams>) -> ApiResult<Json<TopValues>> {
    let facet = match params.column {
        Column::Attackers => Facet::Attackers,
        Column::Services => Facet::Services,
        Column::Deckies => Facet::Deckies,
        Column::Events => Facet::EventTypes,
        Column::Countries => Facet::Countries,
        Column::Usernames => Facet::USERNAMES,
        Column::Passwords => Facet::PASSWORDS,
        Column::Commands => Facet::COMMANDS,
    };
    let filter = log_filter(params.search, params.start_time, params.end_time);
    let most = usize::try_from(params.limit.0).unwrap_or(usize::MAX);
    Ok(Json(reports::top_values(&*repo, facet, filter, most).await?))
}
