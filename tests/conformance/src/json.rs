//! Calls by name, with values that tests compare.

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::json::Json;
use serde_json::Value;

/// Calls a method that must succeed.
pub(crate) async fn called(repository: &dyn Repository, method: &str, arguments: impl Into<Json>) -> Value {
    let result = call(repository, method, arguments).await;
    result.unwrap_or_else(|error| panic!("{method} failed: {error}")).to_value().expect("the result is JSON")
}

/// Calls a method that must fail, and says how; the message must be one line.
pub(crate) async fn kind_of_call(
    repository: &dyn Repository,
    method: &str,
    arguments: impl Into<Json>,
) -> ErrorKind {
    let error = call(repository, method, arguments).await.expect_err(method);
    assert!(!error.to_string().contains('\n'), "{error}");
    error.kind()
}
