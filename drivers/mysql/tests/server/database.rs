//! A database for one test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use decnet_db_core::config::{Config, DatabaseUrl, Host};
use decnet_db_core::contract::Repository;
use decnet_db_core::driver::Backend;
use decnet_db_core::registry::Registry;
use decnet_db_mysql::DRIVER;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::client;

pub(crate) struct Database {
    server: String,
    pub(crate) name: String,
}

impl Database {
    /// An empty database, made as `options` say.
    pub(crate) async fn with(options: &str) -> Self {
        Self::on(&server_url(), options).await
    }

    pub(crate) async fn on(server: &str, options: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("decnet_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Self { server: server.to_owned(), name };
        database.admin(&format!("DROP DATABASE IF EXISTS {0}", database.name)).await;
        database.admin(&format!("CREATE DATABASE {} {options}", database.name)).await;
        database
    }

    pub(crate) async fn empty() -> Self {
        Self::with("CHARACTER SET utf8mb4").await
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        self.server.parse::<DatabaseUrl>().unwrap().with_database(&self.name)
    }

    /// The first of the server's addresses that answers.
    pub(crate) async fn address(&self) -> String {
        for host in self.url().hosts() {
            let address = format!("{}:{}", host.name, host.port.unwrap_or(3306));
            if tokio::net::TcpStream::connect(&address).await.is_ok() {
                return address;
            }
        }
        panic!("no host of {} answers", self.url())
    }

    /// The database by way of a proxy on this port.
    pub(crate) fn url_through(&self, port: u16) -> DatabaseUrl {
        let direct = self.url();
        let url = DatabaseUrl::new(direct.scheme()).unwrap().with_host(Host::new("127.0.0.1", Some(port)));
        let url = url.with_user(direct.user().unwrap_or_default()).with_database(&self.name);
        let url = match direct.password() {
            Some(password) => url.with_password(password.expose()),
            None => url,
        };
        direct.options().iter().fold(url, |url, (key, value)| url.with_option(key, value))
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(self.url())
    }

    pub(crate) async fn open(&self) -> Arc<dyn Repository> {
        open(&self.config()).await.unwrap()
    }

    /// Opened, with the schema.
    pub(crate) async fn ready() -> (Self, Arc<dyn Repository>) {
        let database = Self::empty().await;
        let repository = database.open().await;
        repository.initialize().await.unwrap();
        (database, repository)
    }

    pub(crate) async fn backend(&self) -> Arc<dyn Backend> {
        DRIVER.backend(&self.config()).await.unwrap()
    }

    pub(crate) async fn conn(&self) -> Conn {
        client::connect(&self.server.parse().unwrap()).await.unwrap()
    }

    async fn admin(&self, sql: &str) {
        let mut conn = self.conn().await;
        conn.query_drop(sql).await.unwrap();
        conn.disconnect().await.unwrap();
    }

    /// Runs statements in the database, outside of the driver.
    pub(crate) async fn sql(&self, statements: &str) {
        let mut conn = self.conn().await;
        conn.query_drop(format!("USE {}", self.name)).await.unwrap();
        for statement in statements.split(";\n").filter(|text| !text.trim().is_empty()) {
            conn.query_drop(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        conn.disconnect().await.unwrap();
    }

    /// The first column of a query's rows, outside of the driver.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let mut conn = self.conn().await;
        conn.query_drop(format!("USE {}", self.name)).await.unwrap();
        let texts = conn.query(query).await.unwrap();
        conn.disconnect().await.unwrap();
        texts
    }

    /// Waits until so many transactions in the database wait for a lock that another one has.
    pub(crate) async fn wait_for_lock_waits(&self, expected: usize) {
        let count = format!(
            "SELECT CAST(COUNT(*) AS CHAR) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
             ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = '{}'",
            self.name
        );
        while self.texts(&count).await != [expected.to_string()] {
            // The server renews this table only for those who ask less than ten times a second.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// Ends all connections to the database that rest.
    pub(crate) async fn end_connections(&self) {
        let kill = format!(
            "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = '{}' AND command = 'Sleep' \
             AND id <> CONNECTION_ID()",
            self.name
        );
        for id in self.texts(&kill).await {
            self.admin(&format!("KILL {id}")).await;
        }
    }

    pub(crate) async fn drop(self) {
        self.admin(&format!("DROP DATABASE {}", self.name)).await;
    }
}

pub(crate) async fn open(config: &Config) -> decnet_db_core::Result<Arc<dyn Repository>> {
    Registry::collect(&[DRIVER], &[]).connect(config).await
}

pub(crate) fn server_url() -> String {
    std::env::var("DECNET_TEST_MYSQL_URL").unwrap_or_else(|_| {
        panic!(
            "DECNET_TEST_MYSQL_URL names no server: run tests/run, or start one with tests/servers/mariadb.sh start \
             and export DECNET_TEST_MYSQL_URL=$(tests/servers/mariadb.sh url)"
        )
    })
}
