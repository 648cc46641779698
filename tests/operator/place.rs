//! Databases for the tests.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl, SeedConfig};
use decnet_db::driver::Backend;
use decnet_db::transfer::{ResetMode, reset};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

/// The databases that the original wrote.
pub(crate) const GOLDEN: [&str; 3] = [
    include_str!("../conformance/golden/core.sql"),
    include_str!("../conformance/golden/intelligence.sql"),
    include_str!("../conformance/golden/deployment.sql"),
];

/// The rows of each table.
pub(crate) type Dump = BTreeMap<String, Vec<Vec<Value>>>;

/// Fails with the first row that differs, not with two whole databases.
#[track_caller]
pub(crate) fn same(found: &Dump, expected: &Dump) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (table, rows) in expected {
        for (position, row) in rows.iter().enumerate() {
            assert_eq!(found[table].get(position), Some(row), "{table}");
        }
        assert_eq!(found[table].len(), rows.len(), "{table}");
    }
}

/// Makes one test per backend in the middle of each test body: `sqlite::name` and `mysql::name`.
macro_rules! each_middle {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                $crate::place::sqlite(super::$name);
            })*
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(#[test]
            fn $name() {
                $crate::place::mysql(super::$name);
            })*
        }
    };
}
pub(crate) use each_middle;

/// Where the database between two files is: the test's own.
pub(crate) enum Middle {
    /// A new file each time.
    File,
    /// One database on a server, emptied each time.
    #[cfg(feature = "mysql")]
    Server(DatabaseUrl),
}

impl Middle {
    /// The database, without a table.
    pub(crate) async fn without_tables(&self) -> Place {
        self.reset(ResetMode::DropTables).await
    }

    /// The same with tables, if it has them from an earlier time: creating them takes servers long.
    pub(crate) async fn emptied(&self) -> Place {
        self.reset(ResetMode::Truncate).await
    }

    /// Of how many places where a copy can be cut short a test tries one. All are tried on files: what comes next is decided
    /// above the driver, and a server takes as long for one as a file for a hundred.
    pub(crate) fn stride(&self) -> usize {
        match self {
            Self::File => 1,
            #[cfg(feature = "mysql")]
            Self::Server(_) => 5,
        }
    }

    async fn reset(&self, mode: ResetMode) -> Place {
        let place = match self {
            Self::File => return Place::file(),
            #[cfg(feature = "mysql")]
            Self::Server(url) => Place { url: url.clone(), folder: None },
        };
        let repository = place.open().await;
        reset(&*repository, mode).await.unwrap();
        repository.close().await;
        place
    }
}

/// Runs a test body with a file in the middle.
pub(crate) fn sqlite<F: Future<Output = ()>>(body: impl FnOnce(Middle) -> F) {
    block_on(body(Middle::File));
}

/// Runs a test body with a database on the server that `DECNET_TEST_MYSQL_URL` names in the middle; it is dropped at the
/// end, and left there for a look when the body fails.
#[cfg(feature = "mysql")]
pub(crate) fn mysql<F: Future<Output = ()>>(body: impl FnOnce(Middle) -> F) {
    use mysql_async::prelude::Queryable;

    let server = std::env::var("DECNET_TEST_MYSQL_URL")
        .expect("tests/run sets DECNET_TEST_MYSQL_URL, or let it name a server (mysql://user:password@host:port/database)");
    let name = format!("decnet_test_{}", uuid::Uuid::new_v4().simple());
    let url = server.parse::<DatabaseUrl>().unwrap().with_database(&name);
    let run = async |statement: String| {
        let mut connection = mysql_async::Conn::from_url(&server).await.unwrap();
        connection.query_drop(statement).await.unwrap();
        connection.disconnect().await.unwrap();
    };
    block_on(async {
        run(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await;
        body(Middle::Server(url)).await;
        run(format!("DROP DATABASE {name}")).await;
    });
}

/// One database.
pub(crate) struct Place {
    pub(crate) url: DatabaseUrl,
    folder: Option<TempDir>,
}

impl Place {
    /// A SQLite file that is not there yet.
    pub(crate) fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(folder.path().join("decnet.db")).unwrap();
        Self { url, folder: Some(folder) }
    }

    /// A SQLite file with what the statements make.
    pub(crate) fn with(sql: &str) -> Self {
        let place = Self::file();
        place.sqlite().execute_batch(sql).unwrap();
        place
    }

    /// Whether [`dump`](Self::dump) works.
    pub(crate) fn is_file(&self) -> bool {
        self.folder.is_some()
    }

    fn path(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("decnet.db")
    }

    /// The file, as another program sees it.
    pub(crate) fn sqlite(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) async fn backend(&self) -> Arc<dyn Backend> {
        let driver = decnet_db::registry().find(self.url.scheme()).unwrap();
        driver.backend(&Config::new(self.url.clone())).await.unwrap()
    }

    pub(crate) async fn open(&self) -> Arc<dyn Repository> {
        decnet_db::testing::repository(self.backend().await, SeedConfig::default())
    }

    /// Every row of every table of the file but the stamp's, with SQLite's own types.
    pub(crate) fn dump(&self) -> Dump {
        let file = self.sqlite();
        let mut names = file
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
            .unwrap();
        let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        names.into_iter().map(|name| (name.clone(), rows(&file, &name))).collect()
    }
}

fn rows(file: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut select = file.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap_or_else(|_| {
        // A table of one column.
        file.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap()
    });
    let width = select.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|column| row.get(column)).collect();
    select.query_map([], row).unwrap().map(Result::unwrap).collect()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
