//! A database of its own for each test.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use decnet_db::call::call;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::json::Json;
use decnet_db::{ErrorKind, Repository, Result};
use serde_json::Value;
use tokio::task::JoinSet;

/// A database that nobody else uses, open, with the schema.
pub(crate) struct Database {
    pub(crate) repository: Arc<dyn Repository>,
    folder: tempfile::TempDir,
}

impl std::ops::Deref for Database {
    type Target = dyn Repository;

    fn deref(&self) -> &Self::Target {
        &*self.repository
    }
}

impl Database {
    /// The database that the original wrote (`tests/golden/core.sql`), open.
    pub(crate) async fn golden(&self) -> Arc<dyn Repository> {
        let path = self.folder.path().join("golden.db");
        let file = rusqlite::Connection::open(&path).expect("the file is made");
        file.execute_batch(include_str!("../golden/core.sql")).expect("the original's SQL runs");
        open(&path).await
    }

    /// Runs SQL of another program on the file; references are not checked, as DECNET leaves them.
    pub(crate) fn other_program(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.folder.path().join("decnet.db")).expect("the file opens");
        file.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).expect("the SQL runs");
    }
}

async fn open(path: &Path) -> Arc<dyn Repository> {
    let url = DatabaseUrl::sqlite(path.to_str().expect("the folder's name is text")).expect("a path");
    decnet_db::connect_with(&Config::new(url)).await.expect("the database opens")
}

/// Runs a test body on an empty database.
pub(crate) fn sqlite<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let repository = open(&folder.path().join("decnet.db")).await;
        repository.initialize().await.expect("the schema is created");
        body(Database { repository: Arc::clone(&repository), folder }).await;
        repository.close().await;
    });
}

macro_rules! each_backend {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::support::sqlite(super::$name);
            })*
        }
    };
}
pub(crate) use each_backend;

/// Calls a method that must succeed.
pub(crate) async fn called(repository: &dyn Repository, method: &str, arguments: impl Into<Json>) -> Value {
    let result = call(repository, method, arguments).await;
    result.unwrap_or_else(|error| panic!("{method} failed: {error}")).to_value().expect("the result is JSON")
}

/// Calls a method that must fail, and returns kind and message.
pub(crate) async fn refused(
    repository: &dyn Repository,
    method: &str,
    arguments: impl Into<Json>,
) -> (ErrorKind, String) {
    let error = call(repository, method, arguments).await.expect_err(method);
    assert!(!error.to_string().contains('\n'), "{error}");
    (error.kind(), error.to_string())
}

/// Runs `count` calls at once and returns what they returned.
pub(crate) async fn at_once<F, T>(
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

/// A worker host's columns.
pub(crate) fn host(uuid: &str, name: &str) -> Value {
    serde_json::json!({
        "uuid": uuid, "name": name, "address": "10.0.0.1", "client_cert_fingerprint": "ab", "cert_bundle_path": "/c",
    })
}
