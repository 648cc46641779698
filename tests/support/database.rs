//! A database of its own for each test.

use std::future::Future;
use std::sync::Arc;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};

/// An empty database that nobody else uses, opened, with the schema.
pub(crate) struct Database {
    /// How to open it again.
    pub(crate) url: String,
    /// The database, open.
    pub(crate) repository: Arc<dyn Repository>,
}

impl Database {
    async fn create(url: String) -> Self {
        let repository = open(&url).await;
        repository.initialize().await.expect("the schema is created");
        Self { url, repository }
    }

    /// Opens it once more, with connections of its own, as another process would.
    pub(crate) async fn open_again(&self) -> Arc<dyn Repository> {
        open(&self.url).await
    }

    /// Closes it, and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        self.repository.close().await;
        Self { repository: self.open_again().await, ..self }
    }

    /// What opens it: for tests that open it with other settings.
    pub(crate) fn config(&self) -> Config {
        Config::new(self.url.parse().expect("the URL is well-formed"))
    }
}

impl std::ops::Deref for Database {
    type Target = dyn Repository;

    fn deref(&self) -> &Self::Target {
        &*self.repository
    }
}

/// Opens a URL with nothing from the environment, whatever a developer has set there.
async fn open(url: &str) -> Arc<dyn Repository> {
    let url: DatabaseUrl = url.parse().expect("the URL is well-formed");
    decnet_db::connect_with(&Config::new(url)).await.expect("the database opens")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

/// Runs a test body on a SQLite file.
#[cfg(feature = "sqlite")]
pub(crate) fn sqlite<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let folder = tempfile::tempdir().expect("a folder is made");
    let url = sqlite_url(&folder.path().join("decnet.db"));
    block_on(async {
        let database = Database::create(url).await;
        let repository = Arc::clone(&database.repository);
        body(database).await;
        repository.close().await;
    });
}

/// The URL of a file.
#[cfg(feature = "sqlite")]
pub(crate) fn sqlite_url(path: &std::path::Path) -> String {
    DatabaseUrl::sqlite(path.to_str().expect("the folder's name is text")).expect("a path").to_string()
}

/// Runs a test body on a database of its own on the server that `DECNET_TEST_MYSQL_URL` names; it is dropped at the end,
/// and left there for a look when the body fails.
#[cfg(feature = "mysql")]
pub(crate) fn mysql<F: Future<Output = ()>>(body: impl FnOnce(Database) -> F) {
    let server = server();
    let name = format!("decnet_test_{}", uuid::Uuid::new_v4().simple());
    let (address, _) = server.rsplit_once('/').expect("the URL names a database");
    let url = format!("{address}/{name}");
    block_on(async {
        on_the_server(&[format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")]).await;
        let database = Database::create(url).await;
        let repository = Arc::clone(&database.repository);
        body(database).await;
        repository.close().await;
        on_the_server(&[format!("DROP DATABASE IF EXISTS {name}")]).await;
    });
}

/// Runs statements on the server, past the library.
#[cfg(feature = "mysql")]
async fn on_the_server(statements: &[String]) {
    use mysql_async::prelude::Queryable;

    let pool = mysql_async::Pool::from_url(server()).expect("the URL is well-formed");
    let mut connection = pool.get_conn().await.expect("the server answers");
    for statement in statements {
        connection.query_drop(statement).await.expect("the server obeys");
    }
    drop(connection);
    pool.disconnect().await.expect("the connection closes");
}

/// The server for the tests.
#[cfg(feature = "mysql")]
fn server() -> String {
    std::env::var("DECNET_TEST_MYSQL_URL").unwrap_or_else(|_| {
        panic!(
            "DECNET_TEST_MYSQL_URL is not set: run the tests with tests/run, which starts a server, \
             or let the variable name one (mysql://user:password@host:port/database)"
        )
    })
}
