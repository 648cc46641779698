//! A database of its own for each test.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use decnet_db::call::call;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::json::Json;
use decnet_db::{ErrorKind, Repository};
use serde_json::Value;

/// A database, open, and its file.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) repository: Arc<dyn Repository>,
    pub(crate) path: PathBuf,
}

impl Database {
    /// Calls a method that must succeed.
    pub(crate) async fn called(&self, method: &str, arguments: impl Into<Json>) -> Value {
        let result = call(&*self.repository, method, arguments).await;
        result
            .unwrap_or_else(|error| panic!("{method} failed: {error}"))
            .to_value()
            .expect("the result is JSON")
    }

    /// Calls a method that must fail; says how, and the message.
    pub(crate) async fn refused(&self, method: &str, arguments: impl Into<Json>) -> (ErrorKind, String) {
        let error = call(&*self.repository, method, arguments).await.expect_err(method);
        assert!(!error.to_string().contains('\n'), "{error}");
        (error.kind(), error.to_string())
    }

    /// Runs statements as another program would.
    pub(crate) fn execute(&self, sql: &str) {
        let file = rusqlite::Connection::open(&self.path).expect("the file opens");
        file.execute_batch(sql).expect("the statements run");
    }

    /// One value from the file.
    pub(crate) fn stored<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let file = rusqlite::Connection::open(&self.path).expect("the file opens");
        file.query_row(sql, [], |row| row.get(0)).expect("a row")
    }

    /// An attacker with this address; its uuid.
    pub(crate) async fn attacker(&self, ip: &str) -> String {
        let data =
            serde_json::json!({"data": {"ip": ip, "first_seen": "2026-01-01", "last_seen": "2026-01-02"}});
        self.called("upsert_attacker", data).await.as_str().expect("a uuid").to_owned()
    }
}

fn run<F: Future<Output = ()>>(path: &Path, body: impl FnOnce(Database) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let url = DatabaseUrl::sqlite(path.to_str().expect("the folder's name is text")).expect("a path");
        let repository = decnet_db::connect_with(&Config::new(url)).await.expect("the database opens");
        repository.initialize().await.expect("the schema is there");
        body(Database { repository: Arc::clone(&repository), path: path.to_owned() }).await;
        repository.close().await;
    });
}

/// Runs a test body on an empty database.
pub(crate) fn empty<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let folder = tempfile::tempdir().expect("a folder is made");
    run(&folder.path().join("decnet.db"), body);
}

/// Runs a test body on the database that the original wrote.
pub(crate) fn original<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let path = folder.path().join("decnet.db");
    let file = rusqlite::Connection::open(&path).expect("the file is made");
    file.execute_batch(include_str!("../golden/core.sql")).expect("the original's SQL runs");
    drop(file);
    run(&path, body);
}

/// Runs so many calls at once and waits for all.
pub(crate) async fn at_once<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
    count: usize,
    call: impl Fn(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(call(number))).collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.expect("no call panics"));
    }
    results
}
