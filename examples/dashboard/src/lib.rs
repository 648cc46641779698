//! A dashboard over decnet-db, to be copied from: DECNET's web API on axum over any backend, and a page that uses it.
//!
//! ```text
//! cargo run -p decnet-dashboard -- --sample
//! ```
//!
//! What a service of one's own would do alike:
//!
//! - The repository is opened once, is part of the [`State`], and handlers take it by the extractor `Repo`.
//! - Errors of the contract become answers in one place, `error.rs`: `unavailable` is 503, `invalid_input` 422, …
//! - What is computed slowly on purpose (bcrypt) runs on threads for that, and on a few of them only.
//! - What many ask for at about the same moment is read once (`coalesce.rs`).
//! - Streams of events share one reader ([`decnet_db::watch`]) and one computation of the figures (`live.rs`).
//! - At the end, streams are told, requests under way are answered, and the repository is closed.

mod attackers;
mod auth;
mod bounties;
mod coalesce;
mod error;
mod fleet;
mod headers;
mod health;
mod live;
mod logs;
mod page;
mod params;
mod repo;
pub mod sample;
mod sessions;
mod state;
mod stream;
mod top;

use axum::routing::{get, post};
use axum::{Router, middleware};

pub use crate::auth::TokenSettings;
pub use crate::state::State;

/// Everything that the service answers: the API below `/api/v1`, the page at `/`, and what supervisors ask.
pub fn router(state: State) -> Router {
    // What everybody who has the page open asks for.
    let common = Router::new()
        .route("/logs", get(logs::list))
        .route("/logs/histogram", get(logs::histogram))
        .route("/stats", get(logs::stats))
        .route("/attackers", get(attackers::list))
        .route("/bounty", get(bounties::list))
        .route("/deckies", get(fleet::configurations))
        .route("/fleet", get(fleet::states))
        .route("/top", get(top::top))
        .route_layer(middleware::from_fn_with_state(state.clone(), coalesce::coalesce));
    let data = common
        .route("/stream", get(stream::stream))
        .route("/attackers/export", get(attackers::export))
        .route("/attackers/{uuid}", get(attackers::one))
        .route("/attackers/{uuid}/artifacts", get(attackers::artifacts))
        .route("/attackers/{uuid}/commands", get(attackers::commands))
        .route("/attackers/{uuid}/intel", get(attackers::intel))
        .route("/attackers/{uuid}/mail", get(attackers::mail))
        .route("/attackers/{uuid}/smtp-targets", get(attackers::smtp_targets))
        .route("/attackers/{uuid}/transcripts", get(attackers::transcripts))
        .route("/health", get(health::health))
        .route("/sessions/{id}", get(sessions::one))
        .route_layer(middleware::from_fn(auth::require_chosen_password));
    let account = Router::new()
        .route("/auth/me", get(auth::me))
        .route("/auth/change-password", post(auth::change_password))
        .route("/auth/logout", post(auth::logout));
    let api = data
        .merge(account)
        // The layer that is added last sees a request first.
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::require_session))
        .route("/auth/login", post(auth::login))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(middleware::map_response(headers::never_stored));
    Router::new()
        .nest("/api/v1", api)
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .merge(page::routes())
        .layer(middleware::map_response(headers::secured))
        .with_state(state)
}
