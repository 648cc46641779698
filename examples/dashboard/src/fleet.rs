//! The deckies.

use axum::Json;
use decnet_db::contract::FleetDecky;
use decnet_db::json::JsonOrText;

use crate::error::ApiResult;
use crate::repo::Repo;

/// `GET /deckies`: their configurations, as DECNET has it.
pub(crate) async fn configurations(repo: Repo) -> ApiResult<Json<Vec<JsonOrText>>> {
    Ok(Json(repo.get_deckies().await?))
}

/// `GET /fleet`: their states.
pub(crate) async fn states(repo: Repo) -> ApiResult<Json<Vec<FleetDecky>>> {
    Ok(Json(repo.list_fleet_deckies(None).await?))
}
