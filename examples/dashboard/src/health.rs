//! Whether the service lives, whether it can work, and how it is.

use std::time::Duration;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;

use crate::error::ApiError;
use crate::repo::Repo;
use crate::state::State;

/// Whoever asks has better to do than to wait for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /livez`: the process answers. The database is not asked: a restart would not mend it.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// `GET /readyz`: requests may come, since the database answers, has a schema, and the service is not about to end.
pub(crate) async fn ready(Shared(state): Shared<State>, repo: Repo) -> Result<&'static str, ApiError> {
    if state.shutdown.is_cancelled() {
        return Err(ApiError::busy("the service is about to end"));
    }
    match timeout(PATIENCE, repo.revisions()).await {
        Ok(Ok(revisions)) if revisions.is_empty() => Err(ApiError::busy("the database has no schema")),
        Ok(Ok(_)) => Ok("ready\n"),
        // Anybody may ask: whatever it is, the log has it, and the answer only that it is so.
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err(ApiError::busy("the database does not answer"))
        }
        Err(_) => Err(ApiError::busy("the database does not answer in time")),
    }
}

#[derive(Serialize)]
struct Health {
    /// `healthy` or `unhealthy`.
    status: &'static str,
    uptime_seconds: u64,
    components: Components,
}

#[derive(Serialize)]
struct Components {
    database: Database,
}

#[derive(Serialize)]
struct Database {
    /// `ok` or `failing`.
    status: &'static str,
    detail: Option<String>,
    system: &'static str,
    version: Option<String>,
    pool: Pool,
}

#[derive(Serialize)]
struct Pool {
    open: u32,
    idle: u32,
    max: u32,
    queued: u32,
}

/// `GET /health`
pub(crate) async fn health(Shared(state): Shared<State>, repo: Repo) -> Response {
    let (version, detail) = match timeout(PATIENCE, repo.ping()).await {
        Ok(Ok(server)) => (Some(server.version), None),
        Ok(Err(error)) => (None, Some(error.to_string())),
        Err(_) => (None, Some(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let pool = repo.pool();
    let fine = detail.is_none();
    let health = Health {
        status: if fine { "healthy" } else { "unhealthy" },
        uptime_seconds: state.since.elapsed().as_secs(),
        components: Components {
            database: Database {
                status: if fine { "ok" } else { "failing" },
                detail,
                system: repo.system(),
                version,
                pool: Pool { open: pool.open, idle: pool.idle, max: pool.max, queued: pool.queued },
            },
        },
    };
    let status = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}
