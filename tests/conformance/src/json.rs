//! Calls by name, with values that tests compare.

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use decnet_db_core::json::Json;
use serde_json::Value;

/// Calls a method that must succeed. A client that reads the result into the method's type must have the same.
pub(crate) async fn called(repository: &dyn Repository, method: &str, arguments: impl Into<Json>) -> Value {
    let result = call(repository, method, arguments).await;
    let result = result.unwrap_or_else(|error| panic!("{method} failed: {error}"));
    let shown = result.to_value().expect("the result is JSON");
    let read = decnet_db_core::call::method(method).and_then(|method| method.read_and_shown(&result));
    match read.and_then(|read| read.to_value()) {
        Ok(read) => assert_eq!(read, shown, "{method}: what a client reads"),
        Err(error) => panic!("{method}: a client can't read {result:?}: {error}"),
    }
    shown
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
