//! Swarm hosts, shards, the fleet and deployments (contract document 60).

mod deckies;
mod hosts;
mod operations;

use std::sync::Arc;

use decnet_db::call::call;
use decnet_db::json::Json;
use decnet_db::{ErrorKind, Repository, Result};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::support::Database;

/// Calls a method that must fail, and returns kind and message.
async fn refused(
    repository: &dyn Repository,
    method: &str,
    arguments: impl Into<Json>,
) -> (ErrorKind, String) {
    let error = call(repository, method, arguments).await.expect_err(method);
    assert!(!error.to_string().contains('\n'), "{error}");
    (error.kind(), error.to_string())
}

/// Runs `count` calls at once and returns what they returned.
async fn at_once<F, T>(
    db: &Database,
    count: usize,
    call: impl Fn(Arc<dyn Repository>, usize) -> F,
) -> Vec<Result<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(call(Arc::clone(&db.repository), number));
    }
    tasks.join_all().await
}

/// A worker host's columns, without those that have a default.
fn host(uuid: &str, name: &str) -> Value {
    serde_json::json!({
        "uuid": uuid, "name": name, "address": "10.0.0.1", "client_cert_fingerprint": "ab", "cert_bundle_path": "/c",
    })
}

/// Another database with the schema and nothing else.
async fn another(db: &Database) -> Database {
    let other = db.without_schema().await;
    other.initialize().await.expect("the schema is created");
    other
}
