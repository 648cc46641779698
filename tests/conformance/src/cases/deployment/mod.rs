//! Swarm hosts, shards, the fleet and deployments (contract document 60).

pub(crate) mod deckies;
pub(crate) mod hosts;
pub(crate) mod operations;

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::json::Json;
use serde_json::Value;

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

/// A worker host's columns, without those that have a default.
fn host(uuid: &str, name: &str) -> Value {
    serde_json::json!({
        "uuid": uuid, "name": name, "address": "10.0.0.1", "client_cert_fingerprint": "ab", "cert_bundle_path": "/c",
    })
}
