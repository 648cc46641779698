//! A database of its own for each test of the library's.

use std::sync::Arc;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::Repository;
use decnet_db_postgres as _;

use crate::server;

/// Makes a test of each body.
macro_rules! each_backend {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                crate::support::with_database(stringify!($name), super::$name).await;
            })*
        }
    };
}
pub(crate) use each_backend;

/// An empty database that nobody else uses, opened, with the schema.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) repository: Arc<dyn Repository>,
}

impl Database {
    pub(crate) async fn open_again(&self) -> Arc<dyn Repository> {
        decnet_db::connect_with(&self.config()).await.expect("the database opens")
    }

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

/// An initialized database of its own, which is dropped when the body is through.
pub(crate) async fn with_database<F: Future<Output = ()>>(name: &str, body: impl FnOnce(Database) -> F) {
    let server = server::client(&server::url()).await.expect("the server answers");
    // Names have 63 bytes at most.
    let name = format!("decnet_{}_{name:.40}", std::process::id());
    server.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database is made");
    let url = server::url().parse::<DatabaseUrl>().expect("a URL").with_database(&name).expose();
    let repository =
        decnet_db::connect_with(&Config::new(url.parse().expect("a URL"))).await.expect("it opens");
    repository.initialize().await.expect("the schema is made");
    body(Database { url, repository: Arc::clone(&repository) }).await;
    repository.close().await;
    server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("it is dropped");
}
