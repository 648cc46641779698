//! A database of its own for each test.

use std::future::Future;
use std::sync::Arc;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl};

use super::golden;

/// An empty database that nobody else uses, opened, with the schema.
pub(crate) struct Database {
    /// How to open it again.
    pub(crate) url: String,
    /// The database, open.
    pub(crate) repository: Arc<dyn Repository>,
    original: Original,
}

/// How a database gets what the original wrote.
#[derive(Clone)]
enum Original {
    /// As a file that the original's own SQL makes, in this folder.
    #[cfg(feature = "sqlite")]
    File(std::path::PathBuf),
    /// Row by row into our tables.
    #[cfg(feature = "mysql")]
    Rows,
}

impl Database {
    async fn create(url: String, original: Original) -> Self {
        let repository = open(&url).await;
        repository.initialize().await.expect("the schema is created");
        Self { url, repository, original }
    }

    /// The database that the original wrote (`tests/golden/core.sql`), open.
    pub(crate) async fn golden(&self) -> Self {
        match &self.original {
            #[cfg(feature = "sqlite")]
            Original::File(folder) => {
                let path = folder.join("golden.db");
                golden::write(&path);
                let url = sqlite_url(&path);
                Self { repository: open(&url).await, url, original: self.original.clone() }
            }
            #[cfg(feature = "mysql")]
            Original::Rows => {
                let unit = golden::rows();
                self.committer().commit(unit).await.expect("the original's rows go in");
                Self { url: self.url.clone(), repository: self.open_again().await, original: Original::Rows }
            }
        }
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

    /// Another database, which nobody has initialized.
    pub(crate) async fn without_schema(&self) -> Self {
        let url = match &self.original {
            #[cfg(feature = "sqlite")]
            Original::File(folder) => sqlite_url(&folder.join("empty.db")),
            #[cfg(feature = "mysql")]
            Original::Rows => {
                let url = format!("{}_empty", self.url);
                let (_, name) = url.rsplit_once('/').expect("the URL names a database");
                on_the_server(&[format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")]).await;
                url
            }
        };
        Self { repository: open(&url).await, url, original: self.original.clone() }
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
        let original = Original::File(folder.path().to_owned());
        let database = Database::create(url, original).await;
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
        let database = Database::create(url, Original::Rows).await;
        let repository = Arc::clone(&database.repository);
        body(database).await;
        repository.close().await;
        let databases = [name.clone(), format!("{name}_empty")];
        on_the_server(&databases.map(|name| format!("DROP DATABASE IF EXISTS {name}"))).await;
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
