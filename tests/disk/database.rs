//! A SQLite file of its own for each test.

use std::path::PathBuf;
use std::sync::Arc;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db_conformance::golden;
use rusqlite::Connection;

/// A file that nobody else uses, open, with the schema.
pub(crate) struct Database {
    /// The file.
    pub(crate) path: PathBuf,
    /// The database, open.
    pub(crate) repository: Arc<dyn Repository>,
}

impl Database {
    async fn open(path: PathBuf) -> Self {
        let url = DatabaseUrl::sqlite(&path).expect("a path");
        let repository = decnet_db::connect_with(&Config::new(url)).await.expect("the database opens");
        Self { path, repository }
    }

    /// The file that the original wrote, open.
    pub(crate) async fn golden(&self) -> Self {
        let path = self.path.with_file_name("original.db");
        Connection::open(&path).unwrap().execute_batch(golden::CORE).unwrap();
        Self::open(path).await
    }

    /// Another file, without tables.
    pub(crate) async fn without_schema(&self) -> Self {
        Self::open(self.path.with_file_name("empty.db")).await
    }
}

impl std::ops::Deref for Database {
    type Target = dyn Repository;

    fn deref(&self) -> &Self::Target {
        &*self.repository
    }
}

/// Runs a test body on a file.
pub(crate) fn sqlite<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let database = Database::open(folder.path().join("decnet.db")).await;
        database.initialize().await.expect("the schema is created");
        let repository = Arc::clone(&database.repository);
        body(database).await;
        repository.close().await;
    });
}
